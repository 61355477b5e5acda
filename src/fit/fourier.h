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

#endif
