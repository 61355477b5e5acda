/* Kernel density with Gaussian kernels; the bandwidth by the likelihood of each point under the others. */
#include "base/alloc.h"
#include "base/error.h"
#include "fit/density.h"

#include <math.h>

/* Of more points evenly spaced ones get kernels: every density asked for takes time with their number. */
enum { MOST_KERNELS = 20000 };

static const double reach = 9; /* bandwidths: a kernel beyond adds less than 1e-17 of its height */

typedef struct kde {
    int64_t n;
    double h;
    double *y; /* ascending */
} kde;

/* The first of the points that is not below v. */
static int64_t first_from(const kde *k, double v) {
    int64_t low = 0, high = k->n;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (k->y[middle] < v)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* log of the sum of exp(-(y - y_i)^2 / 2h^2), without the point `left_out` (-1: with all). */
static double log_sum(const kde *k, double y, int64_t left_out) {
    int64_t at = first_from(k, y), near = -1;
    for (int64_t i = at - 2 < 0 ? 0 : at - 2; i < k->n && i <= at + 1; i++)
        if (i != left_out && (near < 0 || fabs(k->y[i] - y) < fabs(k->y[near] - y))) near = i;
    double u = (y - k->y[near < 0 ? 0 : near]) / k->h, nearest = 0.5 * u * u, sum = 0;
    double span = sqrt(u * u + reach * reach) * k->h; /* relative to the nearest kernel, which may be far */
    for (int64_t i = first_from(k, y - span); i < k->n && k->y[i] <= y + span; i++) {
        double v = (y - k->y[i]) / k->h;
        if (i != left_out) sum += exp(nearest - 0.5 * v * v);
    }
    return log(sum) - nearest;
}

static double leave_one_out(const kde *k) {
    double sum = 0;
    for (int64_t i = 0; i < k->n; i++) sum += log_sum(k, k->y[i], i) - log(k->h);
    return sum;
}

/* Tried on at most `FEW` of the points, then scaled by n^(-1/5). */
static double choose_bandwidth(const sn_density_points *p, double step, double *room) {
    enum { FEW = 2000, STEPS = 28, MOST_STEPS = 150 };
    int64_t every = (p->n + FEW - 1) / FEW;
    kde few = {.y = room};
    for (int64_t i = every / 2; i < p->n; i += every) room[few.n++] = p->y[i];
    double best = -INFINITY, chosen = 1, rule = p->deviation * pow((double)few.n, -0.2);
    for (int i = 0, last = 0; i < STEPS || (i - last < STEPS / 2 && i < MOST_STEPS); i++) {
        few.h = rule * 1.5 * pow(0.8, i);
        if (i > 0 && (few.h < step / 2 || (i >= STEPS && !(few.h > p->narrowest / 10 && p->narrowest > 0)))) break;
        double value = leave_one_out(&few);
        if (value > best) best = value, chosen = few.h, last = i;
    }
    return chosen * pow((double)p->n / (double)few.n, -0.2);
}

static void kde_free(void *model) {
    kde *k = model;
    if (!k) return;
    sn_free(k->y);
    sn_free(k);
}

static sn_status kde_fit(const sn_density_points *p, const sn_density_options *o, void **model) {
    kde *k = sn_calloc(1, sizeof *k);
    if (k) k->y = sn_alloc((size_t)p->n * sizeof *k->y);
    if (!k || !k->y) {
        kde_free(k);
        return sn_fail_memory("a density");
    }
    k->h = choose_bandwidth(p, o->step, k->y);
    int64_t every = (p->n + MOST_KERNELS - 1) / MOST_KERNELS;
    for (int64_t i = every / 2; i < p->n; i += every) k->y[k->n++] = p->y[i];
    *model = k;
    return SN_OK;
}

static double kde_log(const void *model, double y) {
    const kde *k = model;
    return log_sum(k, y, -1) - log((double)k->n * k->h) - 0.5 * log(8 * atan(1));
}

static double kde_cdf(const void *model, double y) {
    const kde *k = model;
    int64_t from = first_from(k, y - reach * k->h), to = first_from(k, y + reach * k->h);
    double sum = (double)from;
    for (int64_t i = from; i < to; i++) sum += 0.5 * erfc((k->y[i] - y) / (k->h * sqrt(2)));
    return sum / (double)k->n;
}

static void kde_describe(const void *model, sn_density_info *info) {
    const kde *k = model;
    info->size = k->n;
    info->n_parameters = k->n;
    info->bandwidth = k->h;
}

const sn_density_ops sn_density_kde = {
    .method = {"kde", NULL, "kernel density, Gaussian kernels"},
    .fit = kde_fit,
    .log_density = kde_log,
    .cdf = kde_cdf,
    .describe = kde_describe,
    .free = kde_free,
};
