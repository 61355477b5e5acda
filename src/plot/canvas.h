/* Where a chart is drawn: a small set of primitives over SVG text or cairo. Lengths are points, y grows downwards. */
#ifndef SN_PLOT_CANVAS_H
#define SN_PLOT_CANVAS_H

#include "suan/plot.h"

#include "base/map.h"

typedef struct sn_point {
    double x, y;
} sn_point;

typedef struct sn_rect {
    double x, y, width, height;
} sn_rect;

typedef struct sn_paint {
    uint32_t rgb;
    double alpha;         /* 1: opaque */
    double width;         /* of lines */
    const double *dashes; /* n_dashes lengths on, off, ...; NULL: solid */
    int n_dashes;
} sn_paint;

typedef enum sn_anchor { SN_ANCHOR_START, SN_ANCHOR_MIDDLE, SN_ANCHOR_END } sn_anchor;

typedef struct sn_label {
    const char *text;
    double size;
    sn_anchor anchor; /* of (x, y), which is on the base line */
    uint32_t rgb;
    bool bold;
    bool upwards; /* turned by 90 degrees, to be read from below */
} sn_label;

typedef struct sn_canvas sn_canvas;
typedef struct sn_canvas_ops {
    void (*line)(sn_canvas *c, const sn_point *points, int64_t n, const sn_paint *paint);
    void (*fill)(sn_canvas *c, const sn_point *points, int64_t n, const sn_paint *paint);
    void (*text)(sn_canvas *c, double x, double y, const sn_label *label);
    double (*text_width)(sn_canvas *c, const char *text, double size, bool bold);
    void (*clip)(sn_canvas *c, const sn_rect *rect); /* NULL: back to everything */
    sn_status (*finish)(sn_canvas *c);               /* puts the rest; the first failure of any call */
    void (*free)(sn_canvas *c);
} sn_canvas_ops;

struct sn_canvas {
    const sn_canvas_ops *ops;
};

/* A drawing of width x height points on white that goes to `writer`, which outlives it and stays the caller's. */
sn_status sn_canvas_svg(sn_writer *writer, double width, double height, sn_canvas **out);
sn_status sn_canvas_png(sn_writer *writer, double width, double height, double dpi, sn_canvas **out);
sn_status sn_canvas_pdf(sn_writer *writer, double width, double height, sn_canvas **out);
bool sn_canvas_has_cairo(void); /* else the last two are SN_ERR_UNSUPPORTED */

#endif
