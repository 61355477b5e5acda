/* What a Gaussian of one variable is expected to become: linear recursions in E mu^2, E sigma^2 and E mu xr, with xr
 * the mean of the first generation's data. With n = n_real + n_synthetic points of which the real ones are the same in
 * each generation (augmented), new (fresh) or none, mu' is the mean of all of them and sigma'^2 their unbiased
 * variance. */
#include "suan/mad.h"

#include <math.h>

/* E of the sample deviation of n standard normal numbers. */
static double unbias(int64_t n) {
    double half = ((double)n - 1) / 2;
    return exp(lgamma(half + 0.5) - lgamma(half)) / sqrt(half);
}

sn_mad_moments sn_mad_moments_first(int64_t n_initial) {
    double n = (double)n_initial;
    return (sn_mad_moments){.mean_square = 1 / n, .variance = 1, .deviation = unbias(n_initial), .shared = 1 / n};
}

sn_mad_moments sn_mad_moments_next(const sn_mad_moments *m, sn_mad_loop loop, int64_t n_real, int64_t n_synthetic,
                                   double lambda) {
    double made = (double)n_synthetic, real = loop == SN_MAD_SYNTHETIC ? 0 : (double)n_real, n = real + made;
    double shared = loop == SN_MAD_AUGMENTED ? m->shared : 0, made_variance = lambda * m->variance;
    sn_mad_moments next = {.deviation = NAN};
    next.mean_square =
        (real + 2 * real * made * shared + made * made_variance + made * made * m->mean_square) / (n * n);
    next.variance = (real + made * (made_variance + m->mean_square) - n * next.mean_square) / (n - 1);
    if (loop == SN_MAD_AUGMENTED) next.shared = (1 + made * shared) / n;
    if (loop == SN_MAD_SYNTHETIC) next.deviation = m->deviation * sqrt(lambda) * unbias(n_synthetic);
    return next;
}

/* The mean moves by n_synthetic / n' of the mean of new points about it; of the squares those within the old data,
 * those within the new and those between their means add up. */
sn_mad_moments sn_mad_moments_pooled(const sn_mad_moments *m, int64_t n_before, int64_t n_synthetic, double lambda) {
    double before = (double)n_before, made = (double)n_synthetic, n = before + made;
    sn_mad_moments next = {.deviation = NAN, .shared = m->shared};
    next.mean_square = m->mean_square + made * lambda * m->variance / (n * n);
    next.variance = m->variance * (before - 1 + lambda * (made - 1 + before / n)) / (n - 1);
    return next;
}

sn_mad_moments sn_mad_moments_limit(const sn_mad_moments *first, sn_mad_loop loop, int64_t n_real, int64_t n_synthetic,
                                    double lambda) {
    double made = (double)n_synthetic, real = (double)n_real, n = real + made;
    sn_mad_moments limit = {.deviation = NAN};
    if (loop == SN_MAD_SYNTHETIC) {
        limit.variance = lambda < 1 ? 0 : first->variance;
        limit.mean_square =
            lambda < 1 ? first->mean_square + first->variance * lambda / (made * (1 - lambda)) : INFINITY;
        return limit;
    }
    /* the recursion stands still: two equations in mean_square and variance */
    limit.shared = loop == SN_MAD_AUGMENTED ? 1 / real : 0;
    double a = n * n - made * made, b = -made * lambda, c = real, d = n - 1 - made * lambda;
    double u = real + 2 * real * made * limit.shared, determinant = a * d - b * c;
    limit.mean_square = (u * d - b * real) / determinant;
    limit.variance = (a * real - c * u) / determinant;
    return limit;
}

double sn_mad_expected_w2(const sn_mad_moments *m) { return m->mean_square + m->variance + 1 - 2 * m->deviation; }
