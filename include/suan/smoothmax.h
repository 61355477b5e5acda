/* Smooth maxima: values, derivatives, error bounds. docs/smoothmax.md; as ops of a graph: sn_smooth_max in ops.h. */
#ifndef SUAN_SMOOTHMAX_H
#define SUAN_SMOOTHMAX_H

#include "suan/status.h"

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* k, from 1e-300 to 1e300, is the sharpness, d = x - y. The first six come from a smooth |d|: max = (x + y + |d|) / 2.
 */
typedef enum sn_smoothmax_family {
    SN_SMOOTHMAX_LSE,        /* (1/k) log(e^{kx} + e^{ky}); |d|: (2/k) log(2 cosh(kd/2)) */
    SN_SMOOTHMAX_LOGCOSH,    /* the same of 2k; |d|: (1/k) log(2 cosh(kd)) */
    SN_SMOOTHMAX_SQRT,       /* |d|: sqrt(d^2 + 1/k^2); more than two: a tournament of pairs */
    SN_SMOOTHMAX_ERF,        /* |d|: d erf(kd); more than two: a tournament */
    SN_SMOOTHMAX_BOLTZMANN,  /* sum x e^{kx} / sum e^{kx}; |d|: d tanh(kd/2) */
    SN_SMOOTHMAX_MELLOW,     /* (1/k) log(mean e^{kx}) */
    SN_SMOOTHMAX_POWER,      /* (sum x^k)^{1/k}, k >= 1, x >= 0 */
    SN_SMOOTHMAX_POWER_MEAN, /* (mean x^k)^{1/k}, k >= 1, x >= 0 */
    SN_N_SMOOTHMAX
} sn_smoothmax_family;

SN_API const char *sn_smoothmax_name(sn_smoothmax_family family);    /* "lse", never NULL */
SN_API const char *sn_smoothmax_formula(sn_smoothmax_family family); /* of two arguments */

/* The smooth maximum of n finite values of any size and sign, with the gradient (n) and the Hessian (n x n, row-major)
 * where they are not NULL. Nothing overflows on the way: the value is infinite only where it is beyond double.
 * SN_ERR_ARGUMENT: n < 1, k out of its range, k < 1 or a value below 0 of the power families; SN_ERR_NUMERIC: a value
 * that is not finite, with its place. The power families have no derivatives where all is 0: NaN. */
SN_API sn_status sn_smoothmax(sn_smoothmax_family family, double k, const double *x, int64_t n, double *value,
                              double *gradient, double *hessian);

/* low <= smooth max - max <= high for n values, both reached, one of them at infinity perhaps. `relative`: they are
 * factors on max instead (the power families). A tournament's bounds grow with its depth, ceil(log2 n), and are reached
 * for n = 2. */
typedef struct sn_smoothmax_bound {
    double low, high;
    bool relative;
} sn_smoothmax_bound;
SN_API sn_status sn_smoothmax_bounds(sn_smoothmax_family family, double k, int64_t n, sn_smoothmax_bound *out);

/* The smooth |d| and its first two derivatives (NULL: not wanted). SN_ERR_ARGUMENT for the power families. */
SN_API sn_status sn_smoothabs(sn_smoothmax_family family, double k, double d, double *value, double *first,
                              double *second);

/* The least and the largest error of two values met on a fine grid of k d (of the power families: x in [0, 1], y = 1):
 * to hold against the bounds. */
SN_API sn_status sn_smoothmax_measure(sn_smoothmax_family family, double k, sn_smoothmax_bound *out);

/* A chart: the families around d = 0 (max(x, 0)), and their errors with the bounds as level lines. */
SN_API sn_status sn_smoothmax_write_plot(double k, const char *path);

#ifdef __cplusplus
}
#endif
#endif
