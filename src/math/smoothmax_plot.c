/* Smooth maxima held against their bounds: by numbers, and drawn. */
#include "suan/smoothmax.h"

#include "base/error.h"
#include "suan/plot.h"

#include <math.h>
#include <stdio.h>

enum { n_points = 301, n_measured = 40001 };

static bool is_power(sn_smoothmax_family f) { return f == SN_SMOOTHMAX_POWER || f == SN_SMOOTHMAX_POWER_MEAN; }

/* Two values and how far their smooth maximum is from the larger; u in [-1, 1]. */
static sn_status error_at(sn_smoothmax_family f, double k, double u, double *error) {
    double x[2] = {is_power(f) ? (1 + u) / 2 : 8 * u / k, is_power(f)}, value;
    SN_TRY(sn_smoothmax(f, k, x, 2, &value, NULL, NULL));
    *error = is_power(f) ? value : value - fmax(x[0], x[1]);
    return SN_OK;
}

sn_status sn_smoothmax_measure(sn_smoothmax_family f, double k, sn_smoothmax_bound *out) {
    sn_smoothmax_bound found = {.low = INFINITY, .high = -INFINITY, .relative = is_power(f)};
    for (int i = 0; i < n_measured; i++) {
        double error;
        SN_TRY(error_at(f, k, (2.0 * i - (n_measured - 1)) / (n_measured - 1), &error));
        found.low = fmin(found.low, error);
        found.high = fmax(found.high, error);
    }
    *out = found;
    return SN_OK;
}

/* ---- Picture ---- */

enum { n_drawn = SN_SMOOTHMAX_POWER }; /* the families of values of any sign */

typedef struct curves {
    double x[n_points], max[n_points], value[n_drawn][n_points], error[n_drawn][n_points];
    double ends[2], level[n_drawn][2];
    sn_plot_series values[n_drawn + 1], errors[2 * n_drawn];
} curves;

/* max(d, 0) and its error, both times k, over kd. */
static sn_status fill(curves *c, double k) {
    for (int i = 0; i < n_points; i++) {
        c->x[i] = 8.0 * i / (n_points - 1) - 4;
        c->max[i] = fmax(c->x[i], 0);
        for (int f = 0; f < n_drawn; f++) {
            const double pair[2] = {c->x[i] / k, 0};
            SN_TRY(sn_smoothmax((sn_smoothmax_family)f, k, pair, 2, &c->value[f][i], NULL, NULL));
            c->value[f][i] *= k;
            c->error[f][i] = c->value[f][i] - c->max[i];
        }
    }
    c->ends[0] = c->x[0], c->ends[1] = c->x[n_points - 1];
    for (int f = 0; f < n_drawn; f++) {
        sn_smoothmax_bound b;
        SN_TRY(sn_smoothmax_bounds((sn_smoothmax_family)f, k, 2, &b));
        c->level[f][0] = c->level[f][1] = k * (b.high > 0 ? b.high : b.low);
    }
    return SN_OK;
}

static void set_series(curves *c) {
    c->values[n_drawn] = (sn_plot_series){.name = "max", .x = c->x, .y = c->max, .n = n_points, .style = n_drawn + 1};
    for (int f = 0; f < n_drawn; f++) {
        const char *name = sn_smoothmax_name((sn_smoothmax_family)f);
        c->values[f] = (sn_plot_series){.name = name, .x = c->x, .y = c->value[f], .n = n_points, .style = f + 1};
        c->errors[f] = (sn_plot_series){.name = name, .x = c->x, .y = c->error[f], .n = n_points, .style = f + 1};
        c->errors[n_drawn + f] = (sn_plot_series){.x = c->ends, .y = c->level[f], .n = 2, .style = f + 1};
    }
}

sn_status sn_smoothmax_write_plot(double k, const char *path) {
    static const char *const label = "k d";
    curves c;
    char title[64];
    SN_TRY(fill(&c, k));
    set_series(&c);
    snprintf(title, sizeof title, "Smooth maxima of d and 0, k = %.6g", k);
    const sn_plot_panel panels[] = {{.title = "k times the maximum",
                                     .x = {.label = label, .from = -4, .to = 4, .step = 2},
                                     .y = {.label = "k max", .from = -1, .to = 4, .step = 1},
                                     .series = c.values,
                                     .n_series = n_drawn + 1},
                                    {.title = "k times the error, and its bounds",
                                     .x = {.label = label, .from = -4, .to = 4, .step = 2},
                                     .y = {.label = "k (smooth max - max)", .from = -0.8, .to = 0.8, .step = 0.2},
                                     .series = c.errors,
                                     .n_series = 2 * n_drawn}};
    return sn_plot_write(&(sn_plot){.title = title, .panels = panels, .n_panels = 2}, path);
}
