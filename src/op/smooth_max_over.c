/* The smooth maximum of a dim, made of other ops. */
#include "op/shared.h"
#include "op/smooth_max.h"

#if SN_OP_MAIN
#include "suan/ops.h"

/* (1/k) log sum e^{kx}: the largest is taken out as a constant, which changes neither value nor gradient. */
static sn_value *lse_over(sn_graph *g, sn_value *x, int dim, double k, double offset) {
    sn_value *most = sn_stop_gradient(g, sn_max_over(g, x, dim, true));
    sn_value *sum = sn_sum(g, sn_exp(g, sn_scale(g, sn_sub(g, x, most), k, 0)), dim, true);
    return sn_add(g, most, sn_scale(g, sn_log(g, sum), 1 / k, offset));
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
    case SN_SMOOTHMAX_LSE: return lse_over(g, x, dim, k, 0);
    case SN_SMOOTHMAX_LOGCOSH: return lse_over(g, x, dim, 2 * k, 0);
    case SN_SMOOTHMAX_MELLOW: return lse_over(g, x, dim, k, -log((double)n) / k);
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
