/* PNG and PDF by cairo. */
#include "plot/canvas.h"

#include "base/alloc.h"
#include "base/error.h"

bool sn_canvas_has_cairo(void) { return SN_HAVE_CAIRO; }

#if SN_HAVE_CAIRO
#include <cairo.h>
#include <math.h>
#if CAIRO_HAS_PDF_SURFACE
#include <cairo-pdf.h>
#endif

typedef struct drawing {
    sn_canvas base;
    cairo_surface_t *surface;
    cairo_t *cr;
    sn_writer *writer;
    sn_status status;
    bool is_png;
} drawing;

static void set_colour(cairo_t *cr, uint32_t rgb, double alpha) {
    cairo_set_source_rgba(cr, (rgb >> 16 & 255) / 255.0, (rgb >> 8 & 255) / 255.0, (rgb & 255) / 255.0, alpha);
}

static void path(cairo_t *cr, const sn_point *points, int64_t n) {
    cairo_new_path(cr);
    for (int64_t i = 0; i < n; i++) cairo_line_to(cr, points[i].x, points[i].y);
}

static void line(sn_canvas *c, const sn_point *points, int64_t n, const sn_paint *paint) {
    cairo_t *cr = ((drawing *)c)->cr;
    path(cr, points, n);
    set_colour(cr, paint->rgb, paint->alpha);
    cairo_set_line_width(cr, paint->width);
    cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
    cairo_set_dash(cr, paint->dashes, paint->n_dashes, 0);
    cairo_stroke(cr);
}

static void fill(sn_canvas *c, const sn_point *points, int64_t n, const sn_paint *paint) {
    cairo_t *cr = ((drawing *)c)->cr;
    path(cr, points, n);
    set_colour(cr, paint->rgb, paint->alpha);
    cairo_fill(cr);
}

static void choose_font(cairo_t *cr, double size, bool bold) {
    cairo_select_font_face(cr, "sans-serif", CAIRO_FONT_SLANT_NORMAL,
                           bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(cr, size);
}

static double text_width(sn_canvas *c, const char *text, double size, bool bold) {
    cairo_t *cr = ((drawing *)c)->cr;
    cairo_text_extents_t extents;
    choose_font(cr, size, bold);
    cairo_text_extents(cr, text, &extents);
    return extents.x_advance;
}

static void text(sn_canvas *c, double x, double y, const sn_label *label) {
    cairo_t *cr = ((drawing *)c)->cr;
    double width = text_width(c, label->text, label->size, label->bold);
    cairo_save(cr);
    cairo_translate(cr, x, y);
    if (label->upwards) cairo_rotate(cr, -acos(0));
    cairo_move_to(cr, -width * (int)label->anchor / 2, 0);
    set_colour(cr, label->rgb, 1);
    cairo_show_text(cr, label->text);
    cairo_restore(cr);
}

static void clip(sn_canvas *c, const sn_rect *rect) {
    cairo_t *cr = ((drawing *)c)->cr;
    cairo_reset_clip(cr);
    if (!rect) return;
    cairo_rectangle(cr, rect->x, rect->y, rect->width, rect->height);
    cairo_clip(cr);
}

static cairo_status_t put(void *user, const unsigned char *data, unsigned size) {
    drawing *d = user;
    if (d->status == SN_OK) d->status = sn_writer_put(d->writer, data, size);
    return d->status == SN_OK ? CAIRO_STATUS_SUCCESS : CAIRO_STATUS_WRITE_ERROR;
}

static sn_status of_cairo(cairo_status_t status) {
    if (status == CAIRO_STATUS_SUCCESS) return SN_OK;
    if (status == CAIRO_STATUS_NO_MEMORY) return sn_fail_memory("a drawing");
    if (status == CAIRO_STATUS_INVALID_STRING) return sn_fail(SN_ERR_ARGUMENT, "plot: a text is not UTF-8");
    return sn_fail(SN_ERR_IO, "plot: cairo: %s", cairo_status_to_string(status));
}

static sn_status finish(sn_canvas *c) {
    drawing *d = (drawing *)c;
    cairo_status_t status = cairo_status(d->cr);
    if (status == CAIRO_STATUS_SUCCESS && d->is_png) status = cairo_surface_write_to_png_stream(d->surface, put, d);
    if (status == CAIRO_STATUS_SUCCESS && !d->is_png) {
        cairo_show_page(d->cr);
        cairo_surface_finish(d->surface);
        status = cairo_surface_status(d->surface);
    }
    return d->status != SN_OK ? d->status : of_cairo(status);
}

static void release(sn_canvas *c) {
    drawing *d = (drawing *)c;
    d->status = SN_ERR_CANCELLED; /* a PDF dropped half-way writes its rest when destroyed: nowhere */
    if (d->cr) cairo_destroy(d->cr);
    if (d->surface) cairo_surface_destroy(d->surface);
    sn_free(d);
}

static const sn_canvas_ops ops = {line, fill, text, text_width, clip, finish, release};

/* Completes a drawing that has its surface, or frees it. */
static sn_status begin(drawing *d, double scale, sn_canvas **out) {
    d->cr = cairo_create(d->surface);
    cairo_status_t status = cairo_status(d->cr);
    if (status != CAIRO_STATUS_SUCCESS) {
        release(&d->base);
        return of_cairo(status);
    }
    cairo_scale(d->cr, scale, scale);
    cairo_set_source_rgb(d->cr, 1, 1, 1);
    cairo_paint(d->cr);
    *out = &d->base;
    return SN_OK;
}

static drawing *drawing_new(sn_writer *writer, bool is_png) {
    drawing *d = sn_calloc(1, sizeof *d);
    if (d) d->base.ops = &ops, d->writer = writer, d->is_png = is_png;
    return d;
}

sn_status sn_canvas_png(sn_writer *writer, double width, double height, double dpi, sn_canvas **out) {
    drawing *d = drawing_new(writer, true);
    if (!d) return sn_fail_memory("a drawing");
    double scale = dpi / 72;
    d->surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)ceil(width * scale), (int)ceil(height * scale));
    return begin(d, scale, out);
}

sn_status sn_canvas_pdf(sn_writer *writer, double width, double height, sn_canvas **out) {
#if CAIRO_HAS_PDF_SURFACE
    drawing *d = drawing_new(writer, false);
    if (!d) return sn_fail_memory("a drawing");
    d->surface = cairo_pdf_surface_create_for_stream(put, d, width, height);
    return begin(d, 1, out);
#else
    (void)writer, (void)width, (void)height, (void)out;
    return sn_fail(SN_ERR_UNSUPPORTED, "plot: this cairo writes no PDF: choose .svg or .png");
#endif
}

#else

sn_status sn_canvas_png(sn_writer *writer, double width, double height, double dpi, sn_canvas **out) {
    (void)writer, (void)width, (void)height, (void)dpi, (void)out;
    return sn_fail(SN_ERR_UNSUPPORTED, "plot: this build has no cairo, which PNG needs: choose .svg");
}

sn_status sn_canvas_pdf(sn_writer *writer, double width, double height, sn_canvas **out) {
    (void)writer, (void)width, (void)height, (void)out;
    return sn_fail(SN_ERR_UNSUPPORTED, "plot: this build has no cairo, which PDF needs: choose .svg");
}

#endif
