/* Fits of densities beside the truth: divergence and modes. */
#include "base/alloc.h"
#include "base/error.h"
#include "fit/density.h"
#include "fit/order.h"

#include <math.h>
#include <string.h>

/* Points at which both are compared: even in asinh of the distance from the middle half, so that peaks and tails of any
 * length are met, and each standing for `width` of the axis. */
enum { GRID = 16384 };

typedef struct grid {
    double y[GRID], width[GRID], value[GRID];
} grid;

static double asinh_of(double y, double middle, double unit) { return asinh((y - middle) / unit); }

static void place(const sn_density_source *s, grid *g) {
    double low, high, draws[255];
    sn_density_source_range(s, &low, &high);
    sn_density_source_draw(s, 255, draws);
    sn_sort_f64(draws, 255);
    double middle = draws[127], unit = draws[191] - draws[63];
    double from = asinh_of(low, middle, unit), step = (asinh_of(high, middle, unit) - from) / GRID;
    for (int i = 0; i < GRID; i++) {
        double edge = middle + unit * sinh(from + i * step), next = middle + unit * sinh(from + (i + 1) * step);
        g->y[i] = middle + unit * sinh(from + (i + 0.5) * step);
        g->width[i] = next - edge;
    }
}

/* ---- Modes ---- */

enum { MOST_MODES = 256 };
static const double prominence = 0.01; /* of the highest density: what a mode must rise over the valleys beside it */

typedef struct modes {
    int n, peak[MOST_MODES], valley[MOST_MODES + 1]; /* peak[k] lies between valley[k] and valley[k + 1] */
} modes;

static void find_modes(const double *value, modes *m) {
    double top = 0;
    for (int i = 0; i < GRID; i++) top = fmax(top, value[i]);
    double needed = prominence * top, extreme = 0;
    int at = 0;
    bool rising = true;
    m->n = 0, m->valley[0] = 0;
    for (int i = 0; i <= GRID && m->n < MOST_MODES; i++) { /* beyond the end it is 0 */
        double v = i < GRID ? value[i] : 0;
        if (rising ? v > extreme : v < extreme) extreme = v, at = i;
        if (fabs(v - extreme) < needed) continue;
        if (rising)
            m->peak[m->n++] = at;
        else
            m->valley[m->n] = at;
        rising = !rising, extreme = v, at = i;
    }
    m->valley[m->n] = GRID;
}

/* How many of the true modes have one of the fit's in their basin. */
static int count_found(const modes *truth, const modes *fit) {
    int found = 0;
    for (int k = 0; k < truth->n; k++)
        for (int j = 0; j < fit->n; j++)
            if (fit->peak[j] >= truth->valley[k] && fit->peak[j] < truth->valley[k + 1]) {
                found++;
                break;
            }
    return found;
}

/* ---- All of it ---- */

sn_status sn_density_truth_of(const sn_density_source *s, sn_density_truth *out) {
    grid *g = sn_alloc(sizeof *g);
    if (!g) return sn_fail_memory("a grid");
    modes m;
    place(s, g);
    *out = (sn_density_truth){0};
    for (int i = 0; i < GRID; i++) {
        double log_p = sn_density_source_log(s, g->y[i]);
        g->value[i] = exp(log_p);
        if (g->value[i] > 0) out->entropy -= g->width[i] * g->value[i] * log_p;
    }
    find_modes(g->value, &m);
    out->modes = m.n;
    sn_free(g);
    return SN_OK;
}

sn_status sn_density_judge(const sn_density *d, const sn_density_source *s, sn_density_score *score) {
    grid *g = sn_alloc(2 * sizeof *g), *fit = g + 1;
    if (!g) return sn_fail_memory("a grid");
    modes truth, fitted;
    double divergence = 0;
    place(s, g);
    for (int i = 0; i < GRID; i++) {
        double log_p = sn_density_source_log(s, g->y[i]), log_q = sn_density_log(d, g->y[i]);
        g->value[i] = exp(log_p), fit->value[i] = exp(log_q);
        if (g->value[i] > 0) divergence += g->width[i] * g->value[i] * (log_p - log_q);
    }
    find_modes(g->value, &truth);
    find_modes(fit->value, &fitted);
    score->kl = divergence;
    score->modes = fitted.n;
    score->found = count_found(&truth, &fitted);
    sn_free(g);
    return SN_OK;
}
