/* Colours that stay apart for colour-blind eyes (Okabe and Ito 2008), then dashes, and marks for print in grey. */
#include "plot/chart.h"

#include <math.h>

static const uint32_t palette[] = {0x0072b2, 0xd55e00, 0x009e73, 0xcc79a7, 0xe69f00, 0x56b4e9, 0x000000, 0x8a8a8a};
enum { N_COLOURS = sizeof palette / sizeof *palette };

typedef struct dashes {
    double length[4];
    int n;
} dashes;
static const dashes patterns[] = {{{0}, 0}, {{5, 2.5}, 2}, {{1.5, 2}, 2}, {{6, 2, 1.5, 2}, 4}};
enum { N_PATTERNS = sizeof patterns / sizeof *patterns };

/* Corners of the marks on a circle: number, first angle in units of 45 degrees from the right. */
static const struct {
    int corners;
    double start, size;
} marks[] = {{20, 0, 2.3}, {4, 1, 2.9}, {3, -2, 3.2}, {4, 0, 3.2}, {3, 2, 3.2}, {5, -2, 2.9}, {6, 0, 2.7}};
enum { N_MARKS = sizeof marks / sizeof *marks };

bool sn_series_is_marked(const sn_plot_series *s) { return s->points || s->n <= 40; }

uint32_t sn_style_rgb(int style) { return palette[style % N_COLOURS]; }

void sn_style_line(sn_canvas *canvas, int style, const sn_point *points, int64_t n) {
    const dashes *pattern = &patterns[style / N_COLOURS % N_PATTERNS];
    const sn_paint paint = {
        .rgb = sn_style_rgb(style), .alpha = 1, .width = 1.5, .dashes = pattern->length, .n_dashes = pattern->n};
    canvas->ops->line(canvas, points, n, &paint);
}

void sn_style_mark(sn_canvas *canvas, int style, sn_point at) {
    sn_point corner[20];
    int kind = style % N_MARKS, n = marks[kind].corners;
    for (int i = 0; i < n; i++) {
        double angle = marks[kind].start * atan(1) + i * 8 * atan(1) / n;
        corner[i] = (sn_point){at.x + marks[kind].size * cos(angle), at.y + marks[kind].size * sin(angle)};
    }
    const sn_paint paint = {.rgb = sn_style_rgb(style), .alpha = 1};
    canvas->ops->fill(canvas, corner, n, &paint);
}
