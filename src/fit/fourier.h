/* The Fourier basis density on [-1, 1]: p(x) = |A(x)|^2 / (2 sum |a_k|^2) with A(x) = sum_k a_k e^(-i pi k x), k from 0
 * (De la Fuente, Singh and Balle, Fourier Basis Density Model, PCS 2024). Coefficients are pairs (real, imaginary). */
#ifndef SN_FIT_FOURIER_H
#define SN_FIT_FOURIER_H

#include "suan/status.h"

#include <stdbool.h>
#include <stdint.h>

double sn_fourier_log_density(const double *a, int64_t n, double x);
/* c_m = sum_k a_k conj(a_(k+m)) for m = 0..n-1, as pairs. */
void sn_fourier_correlate(const double *a, int64_t n, double *c);
/* P(x) = (x + 1) / 2 + Re sum_m (c_m / c_0) (e^(i pi m x) - (-1)^m) / (i pi m), m from 1. */
double sn_fourier_cdf(const double *c, int64_t n, double x);
/* The integral of p'(x)^2 (scale-free, unlike that of |A|^2), and with g (2n, may be NULL) weight times its gradient
 * added. */
double sn_fourier_roughness(const double *a, int64_t n, double weight, double *g);

/* A fit by maximum likelihood. On the line x = tanh((y - shift) / scale), and shift and log scale are unknowns 2n and
 * 2n + 1 behind the coefficients. */
typedef struct sn_fourier_data {
    const double *y; /* count */
    int64_t count, n;
    bool line;        /* else y is x */
    double roughness; /* weight of the regulariser */
} sn_fourier_data;

/* The mean of -log density plus the regulariser, and the gradient; a sn_fit_fn over sn_fourier_data. */
double sn_fourier_objective(void *data, const double *q, double *gradient);

/* The same without the regulariser, with gradient g [u] and Hessian h [u, u] of the u unknowns; room:
 * sn_fourier_room(n) numbers. Infinite where the density vanishes at a point. */
int64_t sn_fourier_room(int64_t n);
double sn_fourier_hessian(const sn_fourier_data *d, const double *q, double *g, double *h, double *room);
/* Minimises it (again without the regulariser) from q in place, until a step promises less than `tolerance`; the
 * coefficients come back with length 1. SN_ERR_NUMERIC where the value at the start is not finite. */
sn_status sn_fourier_newton(const sn_fourier_data *d, double *q, int64_t steps, double tolerance,
                            const volatile int *cancel, double *value);

/* The coefficients a (2n) of a density near that of the points x on -1..1: their Fourier series with Fejer's weights,
 * which is never negative, and its factor without zeros in the unit circle, by the series of its logarithm. */
sn_status sn_fourier_start(const double *x, int64_t count, int64_t n, double *a);
/* How far the mean log density may lie below the highest that n coefficients reach under the same map. The likelihood
 * is concave in the density, and any other density p' has mean log p'/p <= log mean p'/p <= log of the largest
 * eigenvalue of the Toeplitz matrix of the means of w^(k-l) / 2p. */
sn_status sn_fourier_gap(const sn_fourier_data *d, const double *q, double *gap);

#endif
