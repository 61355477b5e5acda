#include "fit/mixture.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/philox.h"
#include "base/size.h"

#include <math.h>
#include <string.h>

enum { SCREEN_STEPS = 15, MOST_STEPS = 1000, LAST_STEPS = 30, SCREEN_POINTS = 20000 };

/* ---- Gaussians ---- */

bool sn_cholesky(const double *a, int64_t d, double *l) {
    for (int64_t i = 0; i < d; i++)
        for (int64_t j = 0; j <= i; j++) {
            double sum = a[i * d + j];
            for (int64_t k = 0; k < j; k++) sum -= l[i * d + k] * l[j * d + k];
            if (i == j && !(sum > 0)) return false;
            l[i * d + j] = i == j ? sqrt(sum) : sum / l[j * d + j];
        }
    for (int64_t i = 0; i < d; i++)
        for (int64_t j = i + 1; j < d; j++) l[i * d + j] = 0;
    return true;
}

sn_status sn_mixture_new(int64_t n, int64_t d, sn_mixture **out) {
    int64_t square, size;
    if (n < 1 || d < 1 || !sn_mul_i64(d, d, &square) || !sn_mul_i64(n, 2 * square + d + 2, &size) || size > 1 << 28)
        return sn_fail(SN_ERR_LIMIT, "mixture: %lld components in %lld dimensions are too many", (long long)n,
                       (long long)d);
    sn_mixture *m = sn_calloc(1, sizeof *m);
    double *p = sn_calloc((size_t)size, sizeof *p);
    if (!m || !p) {
        sn_free(m);
        sn_free(p);
        return sn_fail_memory("a mixture");
    }
    *m = (sn_mixture){.n = n, .d = d, .weight = p, .log_norm = p + n, .mean = p + 2 * n};
    m->covariance = m->mean + n * d;
    m->factor = m->covariance + n * square;
    *out = m;
    return SN_OK;
}

void sn_mixture_free(sn_mixture *m) {
    if (!m) return;
    sn_free(m->weight);
    sn_free(m);
}

sn_status sn_mixture_prepare(sn_mixture *m) {
    int64_t d = m->d;
    for (int64_t k = 0; k < m->n; k++) {
        double *l = m->factor + k * d * d;
        if (!sn_cholesky(m->covariance + k * d * d, d, l))
            return sn_fail(SN_ERR_NUMERIC, "mixture: the covariance of component %lld is not positive definite",
                           (long long)k);
        m->log_norm[k] = log(m->weight[k]) - 0.5 * (double)d * log(8 * atan(1));
        for (int64_t i = 0; i < d; i++) m->log_norm[k] -= log(l[i * d + i]);
    }
    return SN_OK;
}

static double log_component(const sn_mixture *m, int64_t k, const double *x) {
    enum { ROOM = 64 };
    double room[ROOM], square = 0;
    int64_t d = m->d;
    const double *l = m->factor + k * d * d, *mean = m->mean + k * d;
    if (d > ROOM) return NAN;
    for (int64_t i = 0; i < d; i++) { /* solves l z = x - mean */
        double z = x[i] - mean[i];
        for (int64_t j = 0; j < i; j++) z -= l[i * d + j] * room[j];
        room[i] = z / l[i * d + i];
        square += room[i] * room[i];
    }
    return m->log_norm[k] - 0.5 * square;
}

/* log density; with share (n, may be NULL) the posterior of each component. */
static double posterior(const sn_mixture *m, const double *x, double *share) {
    double top = -INFINITY, sum = 0;
    for (int64_t k = 0; k < m->n; k++) {
        share[k] = log_component(m, k, x);
        top = fmax(top, share[k]);
    }
    for (int64_t k = 0; k < m->n; k++) sum += share[k] = exp(share[k] - top);
    for (int64_t k = 0; k < m->n; k++) share[k] /= sum;
    return top + log(sum);
}

double sn_mixture_log_density(const sn_mixture *m, const double *x) {
    double top = -INFINITY, sum = 0; /* one pass: rescaled where a larger term comes */
    for (int64_t k = 0; k < m->n; k++) {
        double v = log_component(m, k, x);
        if (v <= top)
            sum += exp(v - top);
        else
            sum = sum * exp(top - v) + 1, top = v;
    }
    return top + log(sum);
}

/* ---- EM ---- */

typedef struct em {
    const double *x;
    int64_t count, d, n;
    double floor;                      /* variance added */
    double *share, *moment, *distance; /* n; n x (1 + d + d d); count */
    double *few;                       /* room for points to choose among starts by */
    const volatile int *cancel;
} em;

/* One step in place; gives the mean log density before it. */
static double step(em *e, sn_mixture *m) {
    int64_t d = e->d, size = 1 + d + d * d;
    double sum = 0;
    memset(e->moment, 0, (size_t)(e->n * size) * sizeof *e->moment);
    for (int64_t i = 0; i < e->count; i++) {
        const double *x = e->x + i * d;
        sum += posterior(m, x, e->share);
        for (int64_t k = 0; k < e->n; k++) {
            double r = e->share[k], *to = e->moment + k * size;
            if (r < 1e-12) continue;
            to[0] += r;
            for (int64_t a = 0; a < d; a++) { /* about the old mean: no cancellation far from 0 */
                double u = x[a] - m->mean[k * d + a];
                to[1 + a] += r * u;
                for (int64_t b = 0; b <= a; b++) to[1 + d + a * d + b] += r * u * (x[b] - m->mean[k * d + b]);
            }
        }
    }
    for (int64_t k = 0; k < e->n; k++) {
        double *from = e->moment + k * size, mass = from[0], *cov = m->covariance + k * d * d;
        m->weight[k] = (mass + 1e-10) / ((double)e->count + 1e-10 * (double)e->n);
        if (mass < 1e-8) continue; /* a component that nothing belongs to stays where it is */
        for (int64_t a = 0; a < d; a++)
            for (int64_t b = 0; b <= a; b++) {
                double v = from[1 + d + a * d + b] / mass - from[1 + a] / mass * (from[1 + b] / mass);
                cov[a * d + b] = cov[b * d + a] = a == b ? fmax(v, 0) + e->floor : v;
            }
        for (int64_t a = 0; a < d; a++) m->mean[k * d + a] += from[1 + a] / mass;
    }
    return sum / (double)e->count;
}

/* Means as k-means++ seeds them (Arthur and Vassilvitskii 2007); variances from the data's, shared out. */
static sn_status seed_start(em *e, const double *variance, uint64_t seed, uint64_t stream, sn_mixture *m) {
    int64_t d = e->d;
    for (int64_t i = 0; i < e->count; i++) e->distance[i] = 1;
    for (int64_t k = 0; k < e->n; k++) {
        double total = 0, u = sn_uniform_f64(seed, stream, (uint64_t)k);
        for (int64_t i = 0; i < e->count; i++) total += e->distance[i];
        int64_t pick = 0;
        for (double left = u * total; pick < e->count - 1 && (left -= e->distance[pick]) >= 0;) pick++;
        memcpy(m->mean + k * d, e->x + pick * d, (size_t)d * sizeof *m->mean);
        for (int64_t i = 0; i < e->count; i++) {
            double square = 0;
            for (int64_t a = 0; a < d; a++) {
                double u2 = e->x[i * d + a] - m->mean[k * d + a];
                square += u2 * u2;
            }
            e->distance[i] = k == 0 ? square : fmin(e->distance[i], square);
        }
        m->weight[k] = 1 / (double)e->n;
        memset(m->covariance + k * d * d, 0, (size_t)(d * d) * sizeof *m->covariance);
        for (int64_t a = 0; a < d; a++)
            m->covariance[k * d * d + a * d + a] = variance[a] * pow((double)e->n, -2.0 / (double)d) + e->floor;
    }
    return sn_mixture_prepare(m);
}

static sn_status climb(em *e, int64_t steps, sn_mixture *m, double *mean_log) {
    double before = -INFINITY;
    for (int64_t i = 0; i < steps; i++) {
        if (e->cancel && *e->cancel) return sn_fail(SN_ERR_CANCELLED, "mixture: cancelled");
        *mean_log = step(e, m);
        SN_TRY(sn_mixture_prepare(m));
        if (*mean_log - before < 1e-9 * (1 + fabs(*mean_log))) break;
        before = *mean_log;
    }
    return SN_OK;
}

static double mean_variance(const double *x, int64_t count, int64_t d, double *variance) {
    double all = 0;
    for (int64_t a = 0; a < d; a++) {
        double mean = 0, square = 0;
        for (int64_t i = 0; i < count; i++) mean += x[i * d + a] / (double)count;
        for (int64_t i = 0; i < count; i++) square += (x[i * d + a] - mean) * (x[i * d + a] - mean);
        variance[a] = square / (double)count;
        all += variance[a] / (double)d;
    }
    return all;
}

/* Of many points evenly spaced ones are enough to choose a start. */
static void thin(em *e) {
    int64_t every = sn_ceil_div(e->count, SCREEN_POINTS), kept = 0;
    if (every == 1) return;
    for (int64_t i = every / 2; i < e->count; i += every, kept++)
        memcpy(e->few + kept * e->d, e->x + i * e->d, (size_t)e->d * sizeof *e->few);
    e->x = e->few;
    e->count = kept;
}

static sn_status run_starts(em *e, const sn_mixture_options *o, const double *variance, sn_mixture *now,
                            sn_mixture *best, double *mean_log) {
    int64_t size = e->n * (2 + e->d + 2 * e->d * e->d);
    double top = -INFINITY, value = 0;
    em few = *e;
    thin(&few);
    for (int k = 0; k < o->starts; k++) {
        SN_TRY(seed_start(&few, variance, o->seed, o->stream * 256 + (uint64_t)k, now));
        SN_TRY(climb(&few, o->starts > 1 ? SCREEN_STEPS : MOST_STEPS, now, &value));
        if (!(value > top)) continue;
        top = value;
        memcpy(best->weight, now->weight, (size_t)size * sizeof *best->weight);
    }
    if (!isfinite(top)) return sn_fail(SN_ERR_NUMERIC, "mixture: no start gave a finite density");
    if (few.count == e->count) return climb(e, MOST_STEPS, best, mean_log);
    SN_TRY(climb(&few, MOST_STEPS, best, mean_log));
    return climb(e, LAST_STEPS, best, mean_log);
}

sn_status sn_mixture_fit(const double *x, int64_t count, int64_t d, int64_t n, const sn_mixture_options *options,
                         sn_mixture **out, double *mean_log) {
    sn_mixture_options o = options ? *options : (sn_mixture_options){0};
    em e = {.x = x, .count = count, .d = d, .n = n, .cancel = o.cancel};
    sn_mixture *now = NULL, *best = NULL;
    double variance[64], unused;
    if (d < 1 || d > 64 || n < 1 || count < n)
        return sn_fail(SN_ERR_ARGUMENT, "mixture: %lld components for %lld points of %lld dimensions (at most 64)",
                       (long long)n, (long long)count, (long long)d);
    if (o.starts == 0) o.starts = 8;
    double all = mean_variance(x, count, d, variance);
    if (!(all > 0) || !isfinite(all)) return sn_fail(SN_ERR_ARGUMENT, "mixture: the points do not differ");
    e.floor = all * (o.floor > 0 ? o.floor : 1e-6);
    int64_t few = sn_min_i64(count, SCREEN_POINTS) * d;
    e.share = sn_alloc((size_t)(n + n * (1 + d + d * d) + count + few) * sizeof *e.share);
    sn_status status = e.share ? SN_OK : sn_fail_memory("a mixture");
    e.moment = e.share + n, e.distance = e.moment + n * (1 + d + d * d);
    e.few = e.distance + count;
    if (status == SN_OK) status = sn_mixture_new(n, d, &now);
    if (status == SN_OK) status = sn_mixture_new(n, d, &best);
    if (status == SN_OK) status = run_starts(&e, &o, variance, now, best, mean_log ? mean_log : &unused);
    sn_free(e.share);
    sn_mixture_free(now);
    if (status == SN_OK)
        *out = best;
    else
        sn_mixture_free(best);
    return status;
}

/* ---- Sampling ---- */

void sn_mixture_sample(const sn_mixture *m, double spread, uint64_t seed, uint64_t stream, int64_t count, double *out) {
    int64_t d = m->d;
    double root = sqrt(spread), normal[64];
    for (int64_t i = 0; i < count; i++) {
        double u = sn_uniform_f64(seed, 2 * stream, (uint64_t)i);
        int64_t k = 0;
        while (k < m->n - 1 && (u -= m->weight[k]) >= 0) k++;
        const double *l = m->factor + k * d * d;
        for (int64_t a = 0; a < d; a++) normal[a] = sn_normal_f64(seed, 2 * stream + 1, (uint64_t)(i * d + a));
        for (int64_t a = 0; a < d; a++) {
            double y = 0;
            for (int64_t b = 0; b <= a; b++) y += l[a * d + b] * normal[b];
            out[i * d + a] = m->mean[k * d + a] + root * y;
        }
    }
}
