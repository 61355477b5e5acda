/* Axes: ranges, ticks and the way from values to points on the page. */
#ifndef SN_PLOT_AXIS_H
#define SN_PLOT_AXIS_H

#include "suan/plot.h"

enum { SN_MAX_TICKS = 24 };

typedef struct sn_tick {
    double value;
    char label[48];
} sn_tick;

typedef struct sn_axis {
    sn_axis_scale scale;
    double from, to;   /* values */
    double start, end; /* where they are on the page, points */
    sn_tick tick[SN_MAX_TICKS];
    int n_ticks;
} sn_axis;

/* Range and about `wanted` ticks for values from low to high (ordered and finite, positive on a logarithmic scale).
 * A range the user fixed stays; else, with `to_ticks`, a linear one ends on ticks, and without it has a margin. */
void sn_axis_fit(sn_axis *axis, const sn_plot_axis *wish, double low, double high, int wanted, bool to_ticks);
double sn_axis_at(const sn_axis *axis, double value);

#endif
