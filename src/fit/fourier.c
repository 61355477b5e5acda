#include "fit/fourier.h"

#include <complex.h>
#include <math.h>
#include <string.h>

static const double pi = 3.14159265358979323846;
static const double smallest = 1e-20; /* what |A|^2 is taken for where it vanishes, as a share of the mean */

typedef double _Complex cplx;

static cplx complex_of(double re, double im) { return re + im * I; } /* clang with glibc has no CMPLX */

static cplx get(const double *a, int64_t k) { return complex_of(a[2 * k], a[2 * k + 1]); }

static double square(cplx z) { return creal(z) * creal(z) + cimag(z) * cimag(z); }

static cplx times(cplx u, cplx v) { /* without the checks for infinities of C's product */
    return complex_of(creal(u) * creal(v) - cimag(u) * cimag(v), creal(u) * cimag(v) + cimag(u) * creal(v));
}

static double power_of(const double *a, int64_t n) {
    double sum = 0;
    for (int64_t k = 0; k < 2 * n; k++) sum += a[k] * a[k];
    return sum;
}

/* A at w = e^(-i pi x), and w dA/dw. */
static cplx evaluate(const double *a, int64_t n, cplx w, cplx *slope) {
    cplx sum = 0, up = 0;
    for (int64_t k = n - 1; k >= 0; k--) {
        sum = times(sum, w) + get(a, k);
        up = times(up, w) + (double)k * get(a, k);
    }
    *slope = up;
    return sum;
}

double sn_fourier_log_density(const double *a, int64_t n, double x) {
    cplx slope, value = evaluate(a, n, cexp(complex_of(0, -pi * x)), &slope);
    double power = power_of(a, n);
    return log(square(value) + smallest * power) - log(2 * power);
}

void sn_fourier_correlate(const double *a, int64_t n, double *c) {
    for (int64_t m = 0; m < n; m++) {
        cplx sum = 0;
        for (int64_t k = 0; k + m < n; k++) sum += times(get(a, k), conj(get(a, k + m)));
        c[2 * m] = creal(sum), c[2 * m + 1] = cimag(sum);
    }
}

double sn_fourier_cdf(const double *c, int64_t n, double x) {
    double sum = (x + 1) / 2;
    for (int64_t m = 1; m < n; m++) {
        double angle = pi * (double)m * x, sign = m % 2 ? -1 : 1;
        /* (e^(i angle) - sign) / i = sin(angle) - i (cos(angle) - sign) */
        sum += (c[2 * m] * sin(angle) + c[2 * m + 1] * (cos(angle) - sign)) / (c[0] * pi * (double)m);
    }
    return fmin(1, fmax(0, sum));
}

double sn_fourier_roughness(const double *a, int64_t n, double weight, double *g) {
    double power = power_of(a, n), sum = 0;
    for (int64_t m = 1; m < n; m++) {
        cplx c = 0;
        for (int64_t k = 0; k + m < n; k++) c += times(get(a, k), conj(get(a, k + m)));
        double factor = pi * pi * (double)(m * m) / (power * power);
        sum += factor * square(c);
        for (int64_t k = 0; g && k < n; k++) {
            cplx d = 0;
            if (k >= m) d += times(conj(c), get(a, k - m));
            if (k + m < n) d += times(c, get(a, k + m));
            g[2 * k] += 2 * weight * factor * creal(d), g[2 * k + 1] += 2 * weight * factor * cimag(d);
        }
    }
    for (int64_t k = 0; g && k < 2 * n; k++) g[k] -= 4 * weight * sum * a[k] / power;
    return sum;
}

/* ---- The likelihood ---- */

/* log sech^2 z, also where it underflows. */
static double log_sech2(double z) { return 2 * (log(2) - fabs(z) - log1p(exp(-2 * fabs(z)))); }

/* Adds the point's gradient of log density to g; gives the log density without the normaliser. */
static double add_point(const sn_fourier_data *d, const double *q, double y, double power, double *g) {
    int64_t n = d->n;
    double scale = d->line ? exp(q[2 * n + 1]) : 1, z = d->line ? (y - q[2 * n]) / scale : 0, x = d->line ? tanh(z) : y;
    cplx w = complex_of(cos(pi * x), -sin(pi * x)), slope, value = evaluate(q, n, w, &slope);
    double size = square(value) + smallest * power;
    cplx at = conj(value) / size; /* d log |A|^2 = 2 Re(conj(A) dA) / |A|^2 */
    if (d->line) {
        double by_x = 2 * pi * cimag(times(at, slope)); /* dA/dx = -i pi slope */
        double by_z = by_x * (1 - x * x) - 2 * x;
        g[2 * n] -= by_z / scale;
        g[2 * n + 1] -= by_z * z + 1;
    }
    for (int64_t k = 0; k < n; k++) {
        g[2 * k] += 2 * creal(at), g[2 * k + 1] -= 2 * cimag(at);
        at = times(at, w);
    }
    return log(size) + (d->line ? log_sech2(z) - log(scale) : 0);
}

double sn_fourier_objective(void *user, const double *q, double *g) {
    const sn_fourier_data *d = user;
    int64_t n = d->n, unknowns = 2 * n + (d->line ? 2 : 0);
    double power = power_of(q, n), sum = 0;
    memset(g, 0, (size_t)unknowns * sizeof *g);
    for (int64_t i = 0; i < d->count; i++) sum += add_point(d, q, d->y[i], power, g);
    for (int64_t k = 0; k < unknowns; k++) g[k] /= -(double)d->count;
    for (int64_t k = 0; k < 2 * n; k++) g[k] += 2 * q[k] / power;
    double value = log(2 * power) - sum / (double)d->count;
    if (d->roughness > 0) value += d->roughness * sn_fourier_roughness(q, n, d->roughness, g);
    return value;
}
