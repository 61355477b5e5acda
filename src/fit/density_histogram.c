/* Histograms of equal bins, each with half a count added; beyond the data's range, on the line, an exponential tail of
 * half a count on either side. */
#include "base/alloc.h"
#include "base/error.h"
#include "fit/density.h"

#include <math.h>

static const double added = 0.5;

typedef struct histogram {
    int64_t bins;
    double from, width; /* of a bin */
    double tail;        /* probability of each tail; 0 on an interval */
    double *share;      /* bins */
    double *below;      /* bins + 1: of what lies below each edge */
} histogram;

static void count(const sn_density_points *p, const histogram *h, double *out) {
    for (int64_t b = 0; b < h->bins; b++) out[b] = 0;
    for (int64_t i = 0; i < p->n; i++) {
        int64_t b = (int64_t)((p->y[i] - h->from) / h->width);
        out[b < 0 ? 0 : b < h->bins ? b : h->bins - 1]++;
    }
}

/* The log likelihood of each point under the histogram of the others. */
static double leave_one_out(const sn_density_points *p, const histogram *h, double *counts) {
    double sum = 0, total = (double)p->n - 1 + added * (double)(h->bins + (p->interval ? 0 : 2));
    count(p, h, counts);
    for (int64_t b = 0; b < h->bins; b++)
        if (counts[b] > 0) sum += counts[b] * log((counts[b] - 1 + added) / (total * h->width));
    return sum;
}

static void set_bins(const sn_density_points *p, int64_t bins, histogram *h) {
    double from = p->interval ? p->low : p->y[0], to = p->interval ? p->high : p->y[p->n - 1];
    h->bins = bins;
    h->from = from;
    h->width = (to - from) / (double)bins;
}

enum { MOST_BINS = 1024 };

static int64_t choose_bins(const sn_density_points *p, double step, double *counts) {
    double best = -INFINITY;
    int64_t chosen = 1;
    for (int64_t bins = 1; bins <= MOST_BINS && bins <= p->n; bins += 1 + bins / 12) {
        histogram h;
        set_bins(p, bins, &h);
        if (bins > 1 && h.width < 2 * step) break;
        double value = leave_one_out(p, &h, counts);
        if (value > best) best = value, chosen = bins;
    }
    return chosen;
}

static void histogram_free(void *model) {
    histogram *h = model;
    if (!h) return;
    sn_free(h->share);
    sn_free(h);
}

static sn_status histogram_fit(const sn_density_points *p, const sn_density_options *o, void **model) {
    histogram *h = sn_calloc(1, sizeof *h);
    int64_t room = o->size > MOST_BINS ? o->size : MOST_BINS;
    if (h) h->share = sn_calloc((size_t)(2 * room + 1), sizeof *h->share);
    if (!h || !h->share) {
        histogram_free(h);
        return sn_fail_memory("a density");
    }
    set_bins(p, o->size > 0 ? o->size : choose_bins(p, o->step, h->share), h);
    count(p, h, h->share);
    double total = (double)p->n + added * (double)(h->bins + (p->interval ? 0 : 2));
    h->tail = p->interval ? 0 : added / total;
    h->below = h->share + h->bins;
    h->below[0] = h->tail;
    for (int64_t b = 0; b < h->bins; b++) {
        h->share[b] = (h->share[b] + added) / total;
        h->below[b + 1] = h->below[b] + h->share[b];
    }
    *model = h;
    return SN_OK;
}

static double histogram_log(const void *model, double y) {
    const histogram *h = model;
    double at = (y - h->from) / h->width, bins = (double)h->bins;
    if (at < 0 || at > bins) return log(h->tail / h->width) - (at < 0 ? -at : at - bins);
    int64_t b = (int64_t)at;
    return log(h->share[b < h->bins ? b : h->bins - 1] / h->width);
}

static double histogram_cdf(const void *model, double y) {
    const histogram *h = model;
    double at = (y - h->from) / h->width, bins = (double)h->bins;
    if (at < 0) return h->tail * exp(at);
    if (at >= bins) return 1 - h->tail * exp(bins - at);
    int64_t b = (int64_t)at;
    return h->below[b] + (at - (double)b) * h->share[b];
}

static void histogram_describe(const void *model, sn_density_info *info) {
    const histogram *h = model;
    info->size = h->bins;
    info->n_parameters = h->bins - 1;
    info->bandwidth = h->width;
}

const sn_density_ops sn_density_histogram = {
    .method = {"histogram", "bins", "histogram of equal bins"},
    .bounded = true,
    .fit = histogram_fit,
    .log_density = histogram_log,
    .cdf = histogram_cdf,
    .describe = histogram_describe,
    .free = histogram_free,
};
