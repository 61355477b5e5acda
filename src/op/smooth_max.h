/* Smooth maxima of two values, in double: what they add to max, and their derivatives. All depend on x - y alone; it
 * comes as half = (x - y) / 2, which never overflows. The power families are in src/math and src/op/smooth_max.c. */
#ifndef SN_OP_SMOOTH_MAX_H
#define SN_OP_SMOOTH_MAX_H

#include "suan/smoothmax.h"

#include <math.h>

static const double sn_root_pi = 1.77245385090551602730;

static inline double sn_logistic(double z) { return z < 0 ? exp(z) / (1 + exp(z)) : 1 / (1 + exp(-z)); }

/* k (x - y), beyond which nothing changes in double, but infinity times zero would. */
static inline double sn_smooth_z(double k, double half) { return fmax(-1e4, fmin(1e4, 2 * (k * half))); }

/* Smooth max - max. */
static inline double sn_smooth_gap(sn_smoothmax_family f, double k, double half) {
    double h = fabs(half), z = sn_smooth_z(k, h), e = 0.5 / k;
    switch (f) {
    case SN_SMOOTHMAX_LOGCOSH: return log1p(exp(-2 * z)) / (2 * k);
    case SN_SMOOTHMAX_SQRT: return e * (e / (hypot(h, e) + h));
    case SN_SMOOTHMAX_ERF: return -(h * erfc(z));
    case SN_SMOOTHMAX_BOLTZMANN: return -(h * (2 / (1 + exp(z))));
    case SN_SMOOTHMAX_MELLOW: return z < 1e-5 ? -h * (1 - z / 4) : log1p(expm1(-z) / 2) / k;
    default: return log1p(exp(-z)) / k;
    }
}

/* The derivative to x; that to y is the weight of -half. */
static inline double sn_smooth_weight(sn_smoothmax_family f, double k, double half) {
    double z = sn_smooth_z(k, half), root;
    switch (f) {
    case SN_SMOOTHMAX_LOGCOSH: return sn_logistic(2 * z);
    case SN_SMOOTHMAX_SQRT:
        z = 2 * (k * half);
        root = hypot(1, z);
        return z < 0 ? 0.5 / root / (root - z) : (1 + (isinf(z) ? 1 : z / root)) / 2;
    case SN_SMOOTHMAX_ERF: return erfc(-z) / 2 + z * exp(-z * z) / sn_root_pi;
    case SN_SMOOTHMAX_BOLTZMANN: return sn_logistic(z) * (1 + z * sn_logistic(-z));
    default: return sn_logistic(z);
    }
}

/* The second derivative to x, and to y; the mixed one is its negative. */
static inline double sn_smooth_curvature(sn_smoothmax_family f, double k, double half) {
    double z = sn_smooth_z(k, half), w = sn_logistic(z), v = sn_logistic(-z), root;
    switch (f) {
    case SN_SMOOTHMAX_LOGCOSH: return 2 * k * sn_logistic(2 * z) * sn_logistic(-2 * z);
    case SN_SMOOTHMAX_SQRT: root = hypot(1, 2 * (k * half)); return k / 2 / root / root / root;
    case SN_SMOOTHMAX_ERF: return 2 * k * exp(-z * z) * (1 - z * z) / sn_root_pi;
    case SN_SMOOTHMAX_BOLTZMANN: return k * w * v * (2 + z * (v - w));
    default: return k * w * v;
    }
}

#endif
