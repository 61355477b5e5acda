/* Elementary functions over vectors of f32. The largest errors, in units in the last place and over all of f32, are
 * asserted by tests/op/simd_accuracy_test.c: exp 1, tanh 1.3, sigmoid 2, silu 2, erf 2.5; gelu 10 and gelu_tanh 13 in
 * their tails. The polynomials are weighted least-squares fits at Chebyshev points, made for these ranges. */
#ifndef SN_KERNEL_SIMD_MATH_H
#define SN_KERNEL_SIMD_MATH_H

#include "kernel/simd.h"

/* e^x; 0 below -104, inf above 88.73, NaN stays. x = n ln 2 + r, with ln 2 in two parts so that n ln 2 is exact
 * even without fused products. */
static inline vf vf_exp(vf x) {
    x = vf_min(vf_set(89), vf_max(vf_set(-104), x));
    vf n = vf_round(vf_mul(x, vf_set(1.44269504088896341f)));
    vf r = vf_fma(n, vf_set(2.12194440e-4f), vf_fma(n, vf_set(-0.693359375f), x));
    vf p = vf_set(0.001381459886f);
    p = vf_next(p, r, 0.008368716888f);
    p = vf_next(p, r, 0.04166838804f);
    p = vf_next(p, r, 0.1666652063f);
    p = vf_next(p, r, 0.4999999345f);
    vf y = vf_add(vf_fma(p, vf_mul(r, r), r), vf_set(1));
    return vf_scale2(y, n);
}

static inline vf vf_sigmoid(vf x) { return vf_div(vf_set(1), vf_add(vf_set(1), vf_exp(vf_sub(vf_set(0), x)))); }

static inline vf vf_silu(vf x) { return vf_div(x, vf_add(vf_set(1), vf_exp(vf_sub(vf_set(0), x)))); }

/* x with the sign of `sign`, x >= 0 */
static inline vf vf_with_sign(vf x, vf sign) { return vf_less(sign, vf_set(0), vf_sub(vf_set(0), x), x); }

/* An odd polynomial near 0, 1 - 2 / (e^2|x| + 1) elsewhere. */
static inline vf vf_tanh(vf x) {
    vf a = vf_abs(x), square = vf_mul(x, x);
    vf p = vf_set(-0.005704986301f);
    p = vf_next(p, square, 0.02063908653f);
    p = vf_next(p, square, -0.05373971483f);
    p = vf_next(p, square, 0.1333144219f);
    p = vf_next(p, square, -0.3333328194f);
    vf near = vf_fma(vf_mul(p, square), x, x);
    vf far = vf_sub(vf_set(1), vf_div(vf_set(2), vf_add(vf_exp(vf_add(a, a)), vf_set(1))));
    return vf_less(a, vf_set(0.625f), near, vf_with_sign(far, x));
}

/* e^(z^2) erfc(z) for z >= 0, by a polynomial in 1 / (1 + 0.3 z) */
static inline vf vf_erfcx(vf z) {
    vf t = vf_div(vf_set(1), vf_fma(vf_set(0.3f), z, vf_set(1)));
    vf p = vf_set(-0.1295406450f);
    p = vf_next(p, t, 0.4856564125f);
    p = vf_next(p, t, -0.5124880053f);
    p = vf_next(p, t, 0.5479843628f);
    p = vf_next(p, t, -0.09485395545f);
    p = vf_next(p, t, 0.2150235926f);
    p = vf_next(p, t, 0.1483106813f);
    p = vf_next(p, t, 0.1707198505f);
    p = vf_next(p, t, 0.1691876865f);
    return vf_mul(t, p);
}

static inline vf vf_erf(vf x) {
    vf z = vf_abs(x), square = vf_mul(x, x);
    vf far = vf_sub(vf_set(1), vf_mul(vf_exp(vf_sub(vf_set(0), square)), vf_erfcx(vf_min(vf_set(10), z))));
    vf p = vf_set(-6.090360293e-4f);
    p = vf_next(p, square, 0.005011962878f);
    p = vf_next(p, square, -0.02677890895f);
    p = vf_next(p, square, 0.1128214081f);
    p = vf_next(p, square, -0.3761252328f);
    p = vf_next(p, square, 1.128379154f);
    return vf_less(z, vf_set(0.9f), vf_mul(x, p), vf_with_sign(far, x));
}

/* x Phi(x): with q the tail beyond |x|, x q below 0 and x - x q above. */
static inline vf vf_gelu(vf x) {
    vf z = vf_min(vf_set(20), vf_abs(x)), half_square = vf_mul(vf_mul(z, z), vf_set(-0.5f));
    vf q = vf_mul(vf_mul(vf_set(0.5f), vf_exp(half_square)), vf_erfcx(vf_mul(z, vf_set(0.70710678118654752f))));
    vf xq = vf_mul(vf_with_sign(z, x), q); /* not x: infinity times 0 */
    return vf_less(x, vf_set(0), xq, vf_sub(x, xq));
}

/* x/2 (1 + tanh u) = x sigmoid(2 u) */
static inline vf vf_gelu_tanh(vf x) {
    const float k = 2 * 0.79788456080286536f;
    vf u = vf_mul(x, vf_fma(vf_mul(x, x), vf_set(0.044715f * k), vf_set(k)));
    return vf_mul(x, vf_sigmoid(u));
}

#endif
