/* Charts: curves with labelled axes, legend, marker lines and error bands, written as PNG, SVG or PDF. */
#ifndef SUAN_PLOT_H
#define SUAN_PLOT_H

#include "suan/status.h"

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* All structs are plain, zero is a sensible default everywhere, texts are UTF-8 and borrowed. */

enum { SN_PLOT_MAX_PANELS = 4, SN_PLOT_MAX_SERIES = 64, SN_PLOT_MAX_MARKERS = 16 };

typedef enum sn_axis_scale { SN_AXIS_LINEAR, SN_AXIS_LOG2, SN_AXIS_LOG10 } sn_axis_scale;

typedef struct sn_plot_axis {
    const char *label; /* with its unit: "loss (nats/token)"; NULL: none */
    sn_axis_scale scale;
    double from, to; /* equal: from the data, widened to ticks; points outside are cut off */
    double step;     /* distance of the ticks of a linear axis; 0: chosen */
} sn_plot_axis;

/* n points joined by a line; a NaN in y breaks it. */
typedef struct sn_plot_series {
    const char *name;    /* for the legend; series of the same name in several panels are one entry; NULL: not listed */
    const double *x, *y; /* n each */
    const double *error; /* half the height of a band around y; NULL: none. NaN: none here */
    int64_t n;
    int style;   /* > 0: colour and dash number; 0: by the order of names. Fixes colours across charts */
    bool points; /* marks only, no line */
} sn_plot_series;

/* A dashed vertical line, named above the frame. */
typedef struct sn_plot_marker {
    double x;
    const char *label; /* NULL: none */
} sn_plot_marker;

typedef struct sn_plot_panel {
    const char *title; /* NULL: none */
    sn_plot_axis x, y;
    const sn_plot_series *series;
    int n_series;
    const sn_plot_marker *markers;
    int n_markers;
} sn_plot_panel;

typedef struct sn_plot {
    const char *title;           /* NULL: none */
    const sn_plot_panel *panels; /* side by side; the legend is shared */
    int n_panels;
    double width, height; /* points, 1/72 inch; 0: 460 x 310 for one panel, wider for more */
    double dpi;           /* of a PNG; 0: 200 */
} sn_plot;

/* Writes the chart in the format of the name's ending, .svg, .png or .pdf. The file appears when it is complete.
 * SN_ERR_ARGUMENT names what is wrong with the chart (no points, a logarithm of values <= 0, too many series, ...);
 * SN_ERR_UNSUPPORTED: another ending, or PNG and PDF in a build without cairo. */
SN_API sn_status sn_plot_write(const sn_plot *plot, const char *path);
/* Can this build write a chart under that name? As sn_plot_write, before there is anything to draw. */
SN_API sn_status sn_plot_check_path(const char *path);

#ifdef __cplusplus
}
#endif
#endif
