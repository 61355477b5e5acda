/* Where fits of Fourier densities start, and how far they may be from the best. */
#include "base/alloc.h"
#include "base/error.h"
#include "fit/fourier.h"
#include "fit/mixture.h"

#include <math.h>
#include <string.h>

static const double pi = 3.14159265358979323846;

/* Adds weight w^k for k < n, w = e^(-i angle). */
static void add_turns(double angle, double weight, int64_t n, double *out) {
    double wr = cos(angle), wi = -sin(angle), re = weight, im = 0;
    for (int64_t k = 0; k < n; k++) {
        out[2 * k] += re, out[2 * k + 1] += im;
        double turned = re * wr - im * wi;
        im = re * wi + im * wr, re = turned;
    }
}

/* 1 + 2 Re sum_k c_k e^(i k angle), k from 1. */
static double series(const double *c, int64_t n, double angle) {
    double wr = cos(angle), wi = sin(angle), re = wr, im = wi, sum = 1;
    for (int64_t k = 1; k < n; k++) {
        sum += 2 * (c[2 * k] * re - c[2 * k + 1] * im);
        double turned = re * wr - im * wi;
        im = re * wi + im * wr, re = turned;
    }
    return sum;
}

sn_status sn_fourier_start(const double *x, int64_t count, int64_t n, double *a) {
    enum { FINENESS = 8 };
    int64_t grid = FINENESS * n;
    double *c = sn_calloc((size_t)(4 * n), sizeof *c), *log_a = c + 2 * n;
    if (!c) return sn_fail_memory("a density");
    for (int64_t i = 0; i < count; i++) add_turns(pi * x[i], 1 / (double)count, n, c);
    for (int64_t k = 0; k < n; k++) /* Fejer's weights: the series is never negative */
        c[2 * k] *= 1 - (double)k / (double)n, c[2 * k + 1] *= 1 - (double)k / (double)n;
    for (int64_t j = 0; j < grid; j++) { /* the coefficients of log p, so of log A for k > 0 and half of it for 0 */
        double angle = 2 * pi * (double)j / (double)grid;
        add_turns(-angle, log(fmax(series(c, n, angle), 1e-6)) / (double)grid, n, log_a);
    }
    memset(a, 0, (size_t)(2 * n) * sizeof *a);
    a[0] = exp(log_a[0] / 2);
    for (int64_t k = 1; k < n; k++) { /* A' = (log A)' A */
        for (int64_t j = 1; j <= k; j++) {
            const double *l = log_a + 2 * j, *b = a + 2 * (k - j);
            double share = (double)j / (double)k;
            a[2 * k] += share * (l[0] * b[0] - l[1] * b[1]);
            a[2 * k + 1] += share * (l[0] * b[1] + l[1] * b[0]);
        }
    }
    sn_free(c);
    return SN_OK;
}

/* Whether `bound` times the unit matrix exceeds the Hermitian Toeplitz matrix of t, as a real matrix of twice the
 * size; `room` 4 n n. */
static bool bounds(const double *t, int64_t n, double bound, double *room) {
    int64_t u = 2 * n;
    for (int64_t k = 0; k < n; k++)
        for (int64_t j = 0; j < n; j++) {
            int64_t apart = k > j ? k - j : j - k;
            double re = -t[2 * apart], im = k > j ? -t[2 * apart + 1] : t[2 * apart + 1];
            if (k == j) re += bound;
            room[2 * k * u + 2 * j] = room[(2 * k + 1) * u + 2 * j + 1] = re;
            room[2 * k * u + 2 * j + 1] = -im, room[(2 * k + 1) * u + 2 * j] = im;
        }
    return sn_cholesky(room, u, room);
}

sn_status sn_fourier_gap(const sn_fourier_data *d, const double *q, double *gap) {
    int64_t n = d->n;
    double *t = sn_calloc((size_t)(2 * n + 4 * n * n), sizeof *t), scale = d->line ? exp(q[2 * n + 1]) : 1;
    if (!t) return sn_fail_memory("a density");
    for (int64_t i = 0; i < d->count; i++) {
        double x = d->line ? tanh((d->y[i] - q[2 * n]) / scale) : d->y[i];
        add_turns(pi * x, 0.5 / ((double)d->count * exp(sn_fourier_log_density(q, n, x))), n, t);
    }
    double low = 0, high = 1e-9; /* of the largest eigenvalue less 1 */
    while (high < 1e9 && !bounds(t, n, 1 + high, t + 2 * n)) low = high, high *= 8;
    for (int k = 0; k < 12; k++) {
        double middle = low + (high - low) / 2;
        *(bounds(t, n, 1 + middle, t + 2 * n) ? &high : &low) = middle;
    }
    *gap = log1p(high);
    sn_free(t);
    return SN_OK;
}
