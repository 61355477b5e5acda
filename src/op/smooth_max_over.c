/* The smooth maximum of a dim, made of other ops. */
#include "op/shared.h"
#include "op/smooth_max.h"

#if SN_OP_MAIN
#include "suan/ops.h"

/* k (x - max), the largest taken out as a constant, which changes neither value nor gradient. */
static sn_value *exponents(sn_graph *g, sn_value *x, sn_value *most, double k) {
    return sn_scale(g, sn_sub(g, x, most), k, 0);
}

/* ln of the sum of e^z, the largest z being 0. One of those is the 1 of log1p, so that small others are not lost beside
 * it; further ones are counted, and all have their gradient. */
static sn_value *log_sum(sn_graph *g, sn_value *z, int dim) {
    sn_value *zero = sn_scalar_like(g, z, 0), *below = sn_less(g, z, zero);
    sn_value *others = sn_sum(g, sn_where(g, below, sn_exp(g, z), sn_expm1(g, z)), dim, true);
    sn_value *ties = sn_sum(g, sn_scale(g, below, -1, 1), dim, true);
    return sn_log1p(g, sn_add(g, others, sn_scale(g, ties, 1, -1)));
}

static sn_value *lse_over(sn_graph *g, sn_value *x, int dim, double k) {
    sn_value *most = sn_stop_gradient(g, sn_max_over(g, x, dim, true));
    return sn_add(g, most, sn_scale(g, log_sum(g, exponents(g, x, most, k), dim), 1 / k, 0));
}

/* ln of the mean of e^z by e^z - 1 where that is near 1: at low k the difference of ln of the sum and ln n is lost. */
static sn_value *mellow_over(sn_graph *g, sn_value *x, int dim, int64_t n, double k) {
    sn_value *most = sn_stop_gradient(g, sn_max_over(g, x, dim, true)), *z = exponents(g, x, most, k);
    sn_value *mean = sn_scale(g, sn_sum(g, sn_expm1(g, z), dim, true), 1 / (double)n, 0);
    sn_value *half = sn_scalar_like(g, x, -0.5), *far = sn_less(g, mean, half);
    sn_value *apart = sn_scale(g, log_sum(g, z, dim), 1, -log((double)n));
    sn_value *near = sn_log1p(g, sn_where(g, far, half, mean)); /* a mean of -1 is not taken there: no 0 / 0 */
    return sn_add(g, most, sn_scale(g, sn_where(g, far, apart, near), 1 / k, 0));
}

static sn_value *boltzmann_over(sn_graph *g, sn_value *x, int dim, double k) {
    sn_value *most = sn_stop_gradient(g, sn_max_over(g, x, dim, true));
    sn_value *e = sn_exp(g, sn_scale(g, sn_sub(g, x, most), k, 0));
    sn_value *w = sn_div(g, e, sn_sum(g, e, dim, true));
    return sn_sum(g, sn_mul(g, w, x), dim, true);
}

/* (factor sum x^p)^(1/p) over the largest, which stays a constant: the whole scales with it. */
static sn_value *power_over(sn_graph *g, sn_value *x, int dim, double p, double factor) {
    sn_value *most = sn_stop_gradient(g, sn_max_over(g, x, dim, true));
    most = sn_max(g, most, sn_scalar_like(g, x, 1e-37)); /* of zeros: 0, not NaN */
    sn_value *sum = sn_sum(g, sn_pow(g, sn_div(g, x, most), sn_scalar_like(g, x, p)), dim, true);
    return sn_mul(g, most, sn_pow(g, sn_scale(g, sum, factor, 0), sn_scalar_like(g, x, 1 / p)));
}

/* Pairs, halving the dim until one is left: the same tree as sn_smoothmax has. */
static sn_value *tournament(sn_graph *g, sn_value *x, int dim, int64_t from, int64_t to, sn_smoothmax_family family,
                            double k) {
    if (to - from == 1) return sn_slice(g, x, dim, from, to);
    int64_t middle = from + (to - from + 1) / 2;
    sn_value *u = tournament(g, x, dim, from, middle, family, k);
    return sn_smooth_max(g, u, tournament(g, x, dim, middle, to, family, k), family, k);
}

static sn_value *over(sn_graph *g, sn_value *x, int dim, int64_t n, sn_smoothmax_family family, double k) {
    switch (family) {
    case SN_SMOOTHMAX_LSE: return lse_over(g, x, dim, k);
    case SN_SMOOTHMAX_LOGCOSH: return lse_over(g, x, dim, 2 * k);
    case SN_SMOOTHMAX_MELLOW: return mellow_over(g, x, dim, n, k);
    case SN_SMOOTHMAX_BOLTZMANN: return boltzmann_over(g, x, dim, k);
    case SN_SMOOTHMAX_POWER: return power_over(g, x, dim, k, 1);
    case SN_SMOOTHMAX_POWER_MEAN: return power_over(g, x, dim, k, 1 / (double)n);
    default: return tournament(g, x, dim, 0, n, family, k);
    }
}

sn_value *sn_smooth_max_over(sn_graph *g, sn_value *x, int dim, bool keep, sn_smoothmax_family family, double k) {
    if (!x) return NULL;
    const sn_tensor *t = sn_value_tensor(x);
    int64_t shape[SN_MAX_DIMS] = {0};
    int at = sn_resolve_dim(x, dim), n = 0;
    if (at < 0 || at >= t->n_dims || t->shape[at] < 1)
        return sn_graph_fail(g, SN_ERR_SHAPE, "smooth_max_over: dim %d of %s is none with a value in it", dim,
                             sn_shape_text(t));
    bool power = family == SN_SMOOTHMAX_POWER || family == SN_SMOOTHMAX_POWER_MEAN;
    if (!(k >= (power ? 1 : 1e-300) && k <= 1e300) || (int)family < 0 || family >= SN_N_SMOOTHMAX)
        return sn_graph_fail(g, SN_ERR_SHAPE, "smooth_max_over: family %d with sharpness %g", (int)family, k);
    sn_value *y = over(g, x, at, t->shape[at], family, k);
    if (keep) return y;
    for (int d = 0; d < t->n_dims; d++)
        if (d != at) shape[n++] = t->shape[d];
    return sn_reshape(g, y, n, shape);
}
#endif
