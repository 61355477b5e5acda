/* smooth_max: a maximum of two that is smooth where they meet. The gradient is made of other ops, smooth everywhere. */
#include "op/smooth_max.h"

#include "op/elementwise.h"

typedef struct smooth_max_attr {
    double k;
    int32_t family, unused;
} smooth_max_attr;

static double of_powers(const smooth_max_attr *s, double a, double b) {
    double most = fmax(a, b), share = s->family == SN_SMOOTHMAX_POWER_MEAN ? 0.5 : 1;
    if (isnan(a) || isnan(b) || a < 0 || b < 0) return (double)NAN;
    return most > 0 ? most * pow(share * (pow(a / most, s->k) + pow(b / most, s->k)), 1 / s->k) : 0;
}

static real element(const smooth_max_attr *s, real a, real b) {
    sn_smoothmax_family family = (sn_smoothmax_family)s->family;
    if (family >= SN_SMOOTHMAX_POWER) return (real)of_powers(s, (double)a, (double)b);
    double most = a < b || isnan(b) ? (double)b : (double)a;
    return (real)(most + sn_smooth_gap(family, s->k, (double)a / 2 - (double)b / 2));
}

static void forward(const sn_call *c) {
    const sn_tensor *a = &c->in[0], *b = &c->in[1], *out = &c->out[0];
    const sn_row_walk w = sn_walk_rows(out);
    int64_t step_a = sn_row_step(&w, a, out), step_b = sn_row_step(&w, b, out);
    real *y = out->data;
    for (int64_t row = 0; row < w.n; row += w.width) {
        const char *x = sn_broadcast_at(a, out->n_dims, out->shape, row);
        const char *z = sn_broadcast_at(b, out->n_dims, out->shape, row);
        for (int64_t i = 0; i < w.width; i++)
            y[row + i] = element(c->attr, *(const real *)(x + i * step_a), *(const real *)(z + i * step_b));
    }
}
SN_OP_FORWARD(smooth_max)

#if SN_OP_MAIN
#include "base/error.h"

static sn_status infer(const void *attr, const sn_tensor *in, int n_in, sn_tensor *out) {
    const smooth_max_attr *s = attr;
    bool power = s->family >= SN_SMOOTHMAX_POWER;
    if (s->family < 0 || s->family >= SN_N_SMOOTHMAX) return sn_fail(SN_ERR_SHAPE, "there is no family %d", s->family);
    if (!(s->k >= (power ? 1 : 1e-300) && s->k <= 1e300))
        return sn_fail(SN_ERR_SHAPE, "the sharpness %g is not from %g to 1e300", s->k, power ? 1 : 1e-300);
    return sn_infer_binary(NULL, in, n_in, out);
}

/* Keeps infinities out where the weight is 0 or 1 to the last digit. */
static sn_value *clamp(sn_graph *g, sn_value *z, double end) {
    return sn_max(g, sn_min(g, z, sn_scalar_like(g, z, end)), sn_scalar_like(g, z, -end));
}

/* The derivatives to a, of z = k (a - b); that to b is the one of -z. */
static sn_value *sqrt_weight(sn_graph *g, sn_value *z) {
    z = clamp(g, z, 1e9);
    return sn_scale(g, sn_mul(g, z, sn_rsqrt(g, sn_scale(g, sn_square(g, z), 1, 1))), 0.5, 0.5);
}

static sn_value *erf_weight(sn_graph *g, sn_value *z) {
    z = clamp(g, z, 30);
    sn_value *bell = sn_mul(g, z, sn_exp(g, sn_neg(g, sn_square(g, z))));
    return sn_add(g, sn_scale(g, sn_erf(g, z), 0.5, 0.5), sn_scale(g, bell, 1 / sn_root_pi, 0));
}

static sn_value *boltzmann_weight(sn_graph *g, sn_value *z) {
    z = clamp(g, z, 800);
    sn_value *other = sn_mul(g, z, sn_sigmoid(g, sn_neg(g, z)));
    return sn_mul(g, sn_sigmoid(g, z), sn_scale(g, other, 1, 1));
}

static sn_value *weight(sn_graph *g, const smooth_max_attr *s, sn_value *a, sn_value *b) {
    sn_value *d = sn_sub(g, a, b);
    switch (s->family) {
    case SN_SMOOTHMAX_LOGCOSH: return sn_sigmoid(g, sn_scale(g, d, 2 * s->k, 0));
    case SN_SMOOTHMAX_SQRT: return sqrt_weight(g, sn_scale(g, d, s->k, 0));
    case SN_SMOOTHMAX_ERF: return erf_weight(g, sn_scale(g, d, s->k, 0));
    case SN_SMOOTHMAX_BOLTZMANN: return boltzmann_weight(g, sn_scale(g, d, s->k, 0));
    default: return sn_sigmoid(g, sn_scale(g, d, s->k, 0));
    }
}

/* (a / out)^(k-1), half of it for the mean. */
static sn_value *power_weight(sn_graph *g, const smooth_max_attr *s, sn_value *a, sn_value *out) {
    double factor = s->family == SN_SMOOTHMAX_POWER_MEAN ? 0.5 : 1;
    return sn_scale(g, sn_pow(g, sn_div(g, a, out), sn_scalar_like(g, a, s->k - 1)), factor, 0);
}

static void vjp(sn_graph *g, const sn_node *n, sn_value *const *grad_out, sn_value **grad_in) {
    const smooth_max_attr *s = sn_node_attr(n);
    sn_value *dy = grad_out[0], *in[2] = {sn_node_in(n, 0), sn_node_in(n, 1)};
    for (int i = 0; i < 2; i++) {
        sn_value *w = s->family >= SN_SMOOTHMAX_POWER ? power_weight(g, s, in[i], sn_node_out(n, 0))
                                                      : weight(g, s, in[i], in[1 - i]);
        grad_in[i] = sn_sum_like(g, sn_mul(g, dy, w), in[i]);
    }
}

static const smooth_max_attr attr_lse = {2.5, SN_SMOOTHMAX_LSE, 0}, attr_logcosh = {1.5, SN_SMOOTHMAX_LOGCOSH, 0},
                             attr_sqrt = {3, SN_SMOOTHMAX_SQRT, 0}, attr_erf = {1.5, SN_SMOOTHMAX_ERF, 0},
                             attr_boltzmann = {2, SN_SMOOTHMAX_BOLTZMANN, 0}, attr_mellow = {4, SN_SMOOTHMAX_MELLOW, 0},
                             attr_power = {3, SN_SMOOTHMAX_POWER, 0}, attr_mean = {2.5, SN_SMOOTHMAX_POWER_MEAN, 0},
                             attr_blunt = {0, SN_SMOOTHMAX_LSE, 0}, attr_root = {0.5, SN_SMOOTHMAX_POWER, 0},
                             attr_none = {1, SN_N_SMOOTHMAX, 0};
#define PAIR(low, high, attr_)                                                                                         \
    { .n_in = 2, .in = {SN_CASE_F32(low, high, 2, 3, 4), SN_CASE_F32(low, high, 3, 2, 1, 4)}, .attr = (attr_) }
static const sn_op_case cases[] = {
    PAIR(-2, 2, &attr_lse),
    PAIR(-2, 2, &attr_logcosh),
    PAIR(-1, 1, &attr_sqrt),
    PAIR(-1, 1, &attr_erf),
    PAIR(-2, 2, &attr_boltzmann),
    PAIR(-1, 1, &attr_mellow),
    PAIR(0.5, 2, &attr_power),
    PAIR(0.5, 2, &attr_mean),
    {.n_in = 2, .in = {SN_CASE_F32(-2, 2, 0, 0), SN_CASE_F32(-2, 2, 1, 5)}, .attr = &attr_lse},
    {.n_in = 2, .in = {SN_CASE_F32(-2, 2, 2, 0, 3), SN_CASE_F32(-2, 2, 1, 3)}, .attr = &attr_sqrt},
    /* equal, to the last digit: where max itself has a corner */
    {.n_in = 2, .in = {SN_CASE_F32(1, 1, 1, 3), SN_CASE_F32(1, 1, 1, 3)}, .attr = &attr_lse},
    {.n_in = 2, .in = {SN_CASE_F32(1, 1, 1, 3), SN_CASE_F32(1, 1, 1, 3)}, .attr = &attr_sqrt},
    {.n_in = 2, .in = {SN_CASE_F32(1, 1, 1, 3), SN_CASE_F32(1, 1, 1, 3)}, .attr = &attr_erf},
    {.n_in = 2, .in = {SN_CASE_F32(1, 1, 1, 3), SN_CASE_F32(1, 1, 1, 3)}, .attr = &attr_boltzmann},
};
static const sn_op_case bad_cases[] = {
    {.n_in = 2, .in = {SN_CASE_F32(-1, 1, 1, 3), SN_CASE_F32(-1, 1, 1, 4)}, .attr = &attr_lse},
    {.n_in = 2, .in = {SN_CASE_F32(-1, 1, 1, 3), SN_CASE_I32(0, 9, 1, 3)}, .attr = &attr_lse},
    {.n_in = 2, .in = {SN_CASE_F32(-1, 1, 1, 3), SN_CASE_F32(-1, 1, 1, 3)}, .attr = &attr_blunt},
    {.n_in = 2, .in = {SN_CASE_F32(-1, 1, 1, 3), SN_CASE_F32(-1, 1, 1, 3)}, .attr = &attr_root},
    {.n_in = 2, .in = {SN_CASE_F32(-1, 1, 1, 3), SN_CASE_F32(-1, 1, 1, 3)}, .attr = &attr_none},
};

#define BENCH(attr_)                                                                                                   \
    { .n_in = 2, .in = {SN_CASE_F32(-2, 2, 2, 2048, 2048), SN_CASE_F32(-2, 2, 2, 2048, 2048)}, .attr = (attr_) }
static const sn_op_case bench_cases[] = {BENCH(&attr_lse), BENCH(&attr_sqrt)};

const sn_op_def sn_op_smooth_max = {
    SN_ELEMENTWISE(smooth_max),
    .formula = "out = a smooth max(a, b) of sharpness k: log-sum-exp, square root, erf, Boltzmann, power means",
    .source = "Su 2015, kexue.fm/archives/3290",
    .min_in = 2,
    .max_in = 2,
    .attr_size = sizeof(smooth_max_attr),
    .infer = infer,
    .bad_cases = bad_cases,
    .n_bad_cases = SN_COUNT(bad_cases),
    .bench_cases = bench_cases,
    .n_bench_cases = SN_COUNT(bench_cases),
};

sn_value *sn_smooth_max(sn_graph *g, sn_value *a, sn_value *b, sn_smoothmax_family family, double k) {
    const smooth_max_attr attr = {k, (int32_t)family, 0};
    return sn_node_append(g, &sn_op_smooth_max, (sn_value *[]){a, b}, 2, 0, &attr);
}
#endif
