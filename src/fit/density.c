/* Densities of one variable: the methods, and what is the same for all of them. */
#include "fit/density.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/philox.h"
#include "fit/order.h"

#include <math.h>
#include <string.h>

static const sn_density_ops *const methods[] = {&sn_density_fourier, &sn_density_mixture, &sn_density_histogram,
                                                &sn_density_kde};
enum { N_METHODS = sizeof methods / sizeof *methods };

int sn_density_method_count(void) { return N_METHODS; }
const sn_density_method *sn_density_method_get(int i) { return i >= 0 && i < N_METHODS ? &methods[i]->method : NULL; }

const sn_density_method *sn_density_method_find(const char *name) {
    for (int i = 0; i < N_METHODS; i++)
        if (strcmp(methods[i]->method.name, name) == 0) return &methods[i]->method;
    return NULL;
}

struct sn_density {
    const sn_density_ops *ops;
    void *model;
    double low, high;   /* the interval, or infinities */
    double below, mass; /* of the model below the interval, and in it */
    double from, to;    /* of the data: where to look for quantiles */
};

/* ---- Fitting ---- */

sn_status sn_density_check(const double *y, int64_t n, double low, double high) {
    bool interval = low != 0 || high != 0;
    double first = n > 0 ? y[0] : 0, least = first, most = first;
    for (int64_t i = 0; i < n; i++) {
        if (!isfinite(y[i]) || fabs(y[i]) > 1e150)
            return sn_fail(SN_ERR_ARGUMENT, "density: row %lld: %g: numbers up to 1e150 are taken, others want a scale",
                           (long long)i + 1, y[i]);
        if (interval && !(y[i] >= low && y[i] <= high))
            return sn_fail(SN_ERR_ARGUMENT, "density: row %lld: %g lies outside of the interval %g to %g",
                           (long long)i + 1, y[i], low, high);
        least = fmin(least, y[i]), most = fmax(most, y[i]);
    }
    if (least == most)
        return sn_fail(SN_ERR_ARGUMENT,
                       "density: %lld numbers that do not differ: at least two different ones are wanted",
                       (long long)n);
    if (most - least < 1e-150)
        return sn_fail(SN_ERR_ARGUMENT,
                       "density: the numbers differ by %g only: 1e-150 is the least; multiply them by some scale",
                       most - least);
    return SN_OK;
}

static void take_moments(sn_density_points *p) {
    double mean = 0, square = 0;
    for (int64_t i = 0; i < p->n; i++) mean += p->y[i] / (double)p->n;
    for (int64_t i = 0; i < p->n; i++) square += (p->y[i] - mean) * (p->y[i] - mean) / (double)p->n;
    p->mean = mean;
    p->deviation = sqrt(square);
}

/* The least width of a window with a hundredth of the points (at least 5): nothing narrower is fitted. */
static double narrowest(const sn_density_points *p) {
    int64_t in = p->n / 100 > 4 ? p->n / 100 : 4;
    double least = p->y[p->n - 1] - p->y[0];
    for (int64_t i = in; i < p->n; i++) least = fmin(least, p->y[i] - p->y[i - in]);
    return least;
}

/* Where many numbers are equal, a bin or component of no width has a likelihood without bounds. */
static void warn_of_ties(const sn_density_points *p) {
    int64_t ties = 0;
    for (int64_t i = 1; i < p->n; i++) ties += p->y[i] == p->y[i - 1];
    if (p->n >= 20 && 4 * ties > p->n)
        sn_log_message(SN_LOG_WARN,
                       "density: %lld of %lld numbers are there more than once: if they are rounded, say to "
                       "what step",
                       (long long)ties, (long long)p->n);
}

static void set_bounds(sn_density *d, const sn_density_points *p) {
    d->from = p->y[0], d->to = p->y[p->n - 1];
    d->low = p->interval ? p->low : -INFINITY, d->high = p->interval ? p->high : INFINITY;
    d->mass = 1;
    if (!p->interval || d->ops->bounded) return;
    d->below = d->ops->cdf(d->model, p->low);
    d->mass = d->ops->cdf(d->model, p->high) - d->below;
}

static sn_status fit_sorted(const sn_density_ops *ops, const sn_density_points *p, const sn_density_options *o,
                            sn_density **out) {
    sn_density *d = sn_calloc(1, sizeof *d);
    if (!d) return sn_fail_memory("a density");
    d->ops = ops;
    sn_status status = ops->fit(p, o, &d->model);
    if (status != SN_OK) {
        sn_free(d);
        return status;
    }
    set_bounds(d, p);
    *out = d;
    return SN_OK;
}

sn_status sn_density_fit(const sn_density_method *method, const double *y, int64_t n, const sn_density_options *options,
                         sn_density **out) {
    sn_density_options o = options ? *options : (sn_density_options){0};
    const sn_density_ops *ops = NULL;
    bool interval = o.low != 0 || o.high != 0;
    for (int i = 0; i < N_METHODS; i++)
        if (&methods[i]->method == method) ops = methods[i];
    if (!ops) return sn_fail(SN_ERR_ARGUMENT, "density: not a method of sn_density_method_get");
    if (interval && !(o.low < o.high && isfinite(o.high - o.low)))
        return sn_fail(SN_ERR_ARGUMENT, "density: %g to %g is no interval", o.low, o.high);
    if (o.size < 0 || o.size > 4096 || !(o.roughness >= 0) || !(o.step >= 0) || o.starts < 0)
        return sn_fail(SN_ERR_ARGUMENT, "density: size (0 to 4096), roughness, step or starts out of range");
    SN_TRY(sn_density_check(y, n, o.low, o.high));
    if (o.starts == 0) o.starts = 8;
    double *sorted = sn_alloc((size_t)n * sizeof *sorted);
    if (!sorted) return sn_fail_memory("a density");
    memcpy(sorted, y, (size_t)n * sizeof *sorted);
    sn_sort_f64(sorted, n);
    sn_density_points p = {.y = sorted, .n = n, .interval = interval, .low = o.low, .high = o.high};
    take_moments(&p);
    p.narrowest = narrowest(&p);
    if (o.step == 0) warn_of_ties(&p);
    sn_status status = fit_sorted(ops, &p, &o, out);
    sn_free(sorted);
    return status;
}

void sn_density_free(sn_density *d) {
    if (!d) return;
    d->ops->free(d->model);
    sn_free(d);
}

void sn_density_describe(const sn_density *d, sn_density_info *out) {
    *out = (sn_density_info){.method = &d->ops->method};
    d->ops->describe(d->model, out);
}

/* ---- Using ---- */

double sn_density_log(const sn_density *d, double y) {
    if (!(y >= d->low && y <= d->high)) return -INFINITY;
    return d->ops->log_density(d->model, y) - log(d->mass);
}

double sn_density_cdf(const sn_density *d, double y) {
    if (y <= d->low) return 0;
    if (y >= d->high) return 1;
    return fmin(1, fmax(0, (d->ops->cdf(d->model, y) - d->below) / d->mass));
}

/* Widens from..to until the CDF reaches u on both sides. */
static void bracket(const sn_density *d, double u, double *from, double *to) {
    double width = d->to - d->from;
    *from = fmax(d->from, d->low), *to = fmin(d->to, d->high);
    for (int i = 0; i < 200 && *from > d->low && sn_density_cdf(d, *from) > u; i++, width *= 2)
        *from = fmax(*from - width, d->low);
    width = d->to - d->from;
    for (int i = 0; i < 200 && *to < d->high && sn_density_cdf(d, *to) < u; i++, width *= 2)
        *to = fmin(*to + width, d->high);
}

double sn_density_quantile(const sn_density *d, double u) {
    double from, to;
    if (!(u >= 0 && u <= 1)) return NAN;
    if (u == 0 || u == 1) return u == 0 ? d->low : d->high;
    bracket(d, u, &from, &to);
    double y = from + (to - from) / 2;
    for (int i = 0; i < 200; i++) { /* Newton, kept in the bracket by halving */
        double miss = sn_density_cdf(d, y) - u;
        if (miss == 0) return y;
        if (miss > 0)
            to = y;
        else
            from = y;
        double next = y - miss / exp(sn_density_log(d, y));
        if (!(next > from && next < to)) next = from + (to - from) / 2;
        if (next == y || fabs(next - y) <= 1e-15 * (fabs(next) + (d->to - d->from))) return next;
        y = next;
    }
    return y;
}

void sn_density_sample(const sn_density *d, uint64_t seed, uint64_t stream, int64_t n, double *out) {
    for (int64_t i = 0; i < n; i++) { /* never at 0 or 1, where a quantile may be infinite */
        double u = sn_uniform_f64(seed, stream, (uint64_t)i);
        out[i] = sn_density_quantile(d, fmax(u, 0x1p-54));
    }
}

double sn_density_bits(const sn_density *d, const double *y, int64_t n, double step) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) {
        double share = sn_density_cdf(d, y[i] + step / 2) - sn_density_cdf(d, y[i] - step / 2);
        /* far out the difference of the CDF is only rounding */
        sum -= share > 1e-11 ? log2(share) : (sn_density_log(d, y[i]) + log(step)) / log(2);
    }
    return sum / (double)n;
}

double sn_density_distance(const sn_density *d, double *y, int64_t n) {
    double most = 0;
    sn_sort_f64(y, n);
    for (int64_t i = 0; i < n; i++) {
        double p = sn_density_cdf(d, y[i]);
        most = fmax(most, fmax(p - (double)i / (double)n, (double)(i + 1) / (double)n - p));
    }
    return most;
}
