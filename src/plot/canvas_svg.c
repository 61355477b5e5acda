/* SVG as text: words stay words and the numbers are short. Text widths are those of Helvetica. */
#include "plot/canvas.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/number.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

typedef struct svg {
    sn_canvas base;
    sn_writer *writer;
    sn_status status;
    int n_clips;
    bool clipped;
} svg;

static void put(svg *s, const char *text) {
    if (s->status == SN_OK) s->status = sn_writer_put(s->writer, text, strlen(text));
}

/* A length with at most two decimals, independent of the locale. */
static void put_number(svg *s, double x) {
    char text[SN_NUMBER_SIZE];
    double rounded = round(x * 100) / 100;
    put(s, sn_number_format(rounded == 0 ? 0 : rounded, text));
}

static void put_attribute(svg *s, const char *name, double x) {
    put(s, " ");
    put(s, name);
    put(s, "=\"");
    put_number(s, x);
    put(s, "\"");
}

static void put_colour(svg *s, const char *name, uint32_t rgb) {
    char text[48];
    snprintf(text, sizeof text, " %s=\"#%06x\"", name, (unsigned)(rgb & 0xffffff));
    put(s, text);
}

/* Text inside an element; control characters, which XML has no way to write, become blanks. */
static void put_escaped(svg *s, const char *text) {
    for (; *text; text++) {
        char one[2] = {*text, 0};
        const char *as = (unsigned char)*text < ' ' ? " "
                         : *text == '&'             ? "&amp;"
                         : *text == '<'             ? "&lt;"
                         : *text == '>'             ? "&gt;"
                                                    : one;
        put(s, as);
    }
}

static void put_points(svg *s, const sn_point *points, int64_t n) {
    put(s, " points=\"");
    for (int64_t i = 0; i < n; i++) {
        if (i > 0) put(s, " ");
        put_number(s, points[i].x);
        put(s, ",");
        put_number(s, points[i].y);
    }
    put(s, "\"");
}

static void put_clip(svg *s) {
    char text[48];
    if (!s->clipped) return;
    snprintf(text, sizeof text, " clip-path=\"url(#clip%d)\"", s->n_clips);
    put(s, text);
}

static void line(sn_canvas *c, const sn_point *points, int64_t n, const sn_paint *paint) {
    svg *s = (svg *)c;
    put(s, "<polyline fill=\"none\"");
    put_colour(s, "stroke", paint->rgb);
    put_attribute(s, "stroke-width", paint->width);
    if (paint->alpha < 1) put_attribute(s, "stroke-opacity", paint->alpha);
    for (int i = 0; i < paint->n_dashes; i++) {
        put(s, i == 0 ? " stroke-dasharray=\"" : ",");
        put_number(s, paint->dashes[i]);
    }
    put(s, paint->n_dashes > 0 ? "\" stroke-linejoin=\"round\"" : " stroke-linejoin=\"round\"");
    put_clip(s);
    put_points(s, points, n);
    put(s, "/>\n");
}

static void fill(sn_canvas *c, const sn_point *points, int64_t n, const sn_paint *paint) {
    svg *s = (svg *)c;
    put(s, "<polygon");
    put_colour(s, "fill", paint->rgb);
    if (paint->alpha < 1) put_attribute(s, "fill-opacity", paint->alpha);
    put_clip(s);
    put_points(s, points, n);
    put(s, "/>\n");
}

static void text(sn_canvas *c, double x, double y, const sn_label *label) {
    static const char *const anchors[] = {"start", "middle", "end"};
    svg *s = (svg *)c;
    put(s, "<text");
    put_attribute(s, "x", x);
    put_attribute(s, "y", y);
    put_attribute(s, "font-size", label->size);
    put_colour(s, "fill", label->rgb);
    put(s, " text-anchor=\"");
    put(s, anchors[label->anchor]);
    put(s, label->bold ? "\" font-weight=\"bold\"" : "\"");
    if (label->upwards) {
        put(s, " transform=\"rotate(-90 ");
        put_number(s, x);
        put(s, " ");
        put_number(s, y);
        put(s, ")\"");
    }
    put(s, ">");
    put_escaped(s, label->text);
    put(s, "</text>\n");
}

/* Advance widths of Helvetica from ' ' to '~' in thousandths of the size. */
static const short advance[95] = {278,  278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278,
                                  556,  556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556,
                                  1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778,
                                  667,  778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556,
                                  333,  556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556,
                                  556,  556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584};

/* The viewer's font may be wider: a tenth is added. Characters beyond ASCII count as a full em. */
static double text_width(sn_canvas *c, const char *string, double size, bool bold) {
    (void)c;
    double sum = 0;
    for (; *string; string++) {
        unsigned char byte = (unsigned char)*string;
        if (byte >= 0xc0) sum += 1000;
        if (byte >= ' ' && byte <= '~') sum += advance[byte - ' '];
    }
    return sum / 1000 * size * (bold ? 1.17 : 1.1);
}

static void clip(sn_canvas *c, const sn_rect *rect) {
    svg *s = (svg *)c;
    s->clipped = rect != NULL;
    if (!rect) return;
    char head[64];
    snprintf(head, sizeof head, "<clipPath id=\"clip%d\"><rect", ++s->n_clips);
    put(s, head);
    put_attribute(s, "x", rect->x);
    put_attribute(s, "y", rect->y);
    put_attribute(s, "width", rect->width);
    put_attribute(s, "height", rect->height);
    put(s, "/></clipPath>\n");
}

static sn_status finish(sn_canvas *c) {
    svg *s = (svg *)c;
    put(s, "</svg>\n");
    return s->status;
}

static void release(sn_canvas *c) { sn_free(c); }

static const sn_canvas_ops ops = {line, fill, text, text_width, clip, finish, release};

sn_status sn_canvas_svg(sn_writer *writer, double width, double height, sn_canvas **out) {
    svg *s = sn_calloc(1, sizeof *s);
    if (!s) return sn_fail_memory("an SVG drawing");
    s->base.ops = &ops;
    s->writer = writer;
    put(s, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 ");
    put_number(s, width);
    put(s, " ");
    put_number(s, height);
    put(s, "\"");
    put_attribute(s, "width", width);
    put_attribute(s, "height", height);
    put(s, " font-family=\"Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif\">\n");
    put(s, "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n");
    *out = &s->base;
    return SN_OK;
}
