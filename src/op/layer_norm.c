/* layer_norm: rows shifted to mean 0 and scaled to variance 1. */
#include "op/rows.h"

static void forward(const sn_call *c) {
    const sn_norm_attr *attr = c->attr;
    const sn_tensor *x = &c->in[0];
    int64_t rows = sn_n_rows(x), columns = sn_n_columns(x);
    real *y = c->out[0].data;
    for (int64_t i = 0; i < rows; i++) {
        double mean = 0, variance = 0;
        for (int64_t j = 0; j < columns; j++) mean += (double)*sn_real_at(x, i * columns + j) / (double)columns;
        for (int64_t j = 0; j < columns; j++) {
            double v = (double)*sn_real_at(x, i * columns + j) - mean;
            variance += v * v / (double)columns;
        }
        double scale = 1 / sqrt(variance + attr->epsilon);
        for (int64_t j = 0; j < columns; j++) {
            double v = ((double)*sn_real_at(x, i * columns + j) - mean) * scale;
            if (sn_call_has(c, 1)) v *= (double)*sn_real_at(&c->in[1], j);
            if (sn_call_has(c, 2)) v += (double)*sn_real_at(&c->in[2], j);
            y[i * columns + j] = (real)v;
        }
    }
}
SN_OP_FORWARD(layer_norm)

#if SN_OP_MAIN
#include "base/error.h"

static sn_status infer(const void *attr, const sn_tensor *in, int n_in, sn_tensor *out) {
    SN_TRY(sn_infer_rows(attr, in, n_in, out));
    SN_TRY(sn_need_vector(&in[0], &in[1], "weight"));
    return sn_need_vector(&in[0], &in[2], "bias");
}

/* With s = 1/sqrt(variance + epsilon) and z = (x - mean) s: dx = s (dz - mean(dz) - z mean(dz z)). */
static void vjp(sn_graph *g, const sn_node *n, sn_value *const *grad_out, sn_value **grad_in) {
    const sn_norm_attr *attr = sn_node_attr(n);
    sn_value *x = sn_node_in(n, 0), *weight = sn_node_in(n, 1), *bias = sn_node_in(n, 2), *dy = grad_out[0];
    sn_value *centred = sn_sub(g, x, sn_mean(g, x, -1, true));
    sn_value *variance = sn_mean(g, sn_square(g, centred), -1, true);
    sn_value *s = sn_rsqrt(g, sn_scale(g, variance, 1, attr->epsilon));
    sn_value *z = sn_mul(g, centred, s), *dz = weight ? sn_mul(g, dy, weight) : dy;
    sn_value *inner = sn_sub(g, dz, sn_mean(g, dz, -1, true));
    grad_in[0] = sn_mul(g, s, sn_sub(g, inner, sn_mul(g, z, sn_mean(g, sn_mul(g, dz, z), -1, true))));
    if (weight) grad_in[1] = sn_sum_like(g, sn_mul(g, dy, z), weight);
    if (bias) grad_in[2] = sn_sum_like(g, dy, bias);
}

static const sn_norm_attr attr_small = {1e-5}, attr_large = {0.1};
static const sn_op_case cases[] = {
    {.n_in = 3,
     .in = {SN_CASE_F32(-2, 2, 2, 3, 7), SN_CASE_F32(0.5, 2, 1, 7), SN_CASE_F32(-1, 1, 1, 7)},
     .attr = &attr_small},
    {.n_in = 3, .in = {SN_CASE_F32(-2, 2, 3, 2, 3, 5), SN_CASE_ABSENT, SN_CASE_ABSENT}, .attr = &attr_large},
    {.n_in = 3, .in = {SN_CASE_F32(-2, 2, 1, 33), SN_CASE_F32(0.5, 2, 1, 33), SN_CASE_ABSENT}, .attr = &attr_small},
    {.n_in = 3, .in = {SN_CASE_F32(-2, 2, 2, 3, 4), SN_CASE_ABSENT, SN_CASE_F32(-1, 1, 1, 4)}, .attr = &attr_small},
    {.n_in = 3, .in = {SN_CASE_F32(1, 2, 2, 4, 1), SN_CASE_F32(0.5, 2, 1, 1), SN_CASE_ABSENT}, .attr = &attr_large},
    {.n_in = 3, .in = {SN_CASE_F32(-2, 2, 2, 0, 4), SN_CASE_F32(0.5, 2, 1, 4), SN_CASE_ABSENT}, .attr = &attr_small},
};
static const sn_op_case bad_cases[] = {
    {.n_in = 3, .in = {SN_CASE_F32(-2, 2, 2, 3, 7), SN_CASE_F32(0.5, 2, 1, 6), SN_CASE_ABSENT}, .attr = &attr_small},
    {.n_in = 3, .in = {SN_CASE_F32(-2, 2, 2, 3, 7), SN_CASE_ABSENT, SN_CASE_F32(0.5, 2, 1, 6)}, .attr = &attr_small},
    {.n_in = 3, .in = {SN_CASE_F32(-2, 2, 0, 0), SN_CASE_ABSENT, SN_CASE_ABSENT}, .attr = &attr_small},
};

static void random_case(uint64_t seed, sn_op_case *out) {
    sn_random_rows(seed, out);
    out->n_in = 3;
    for (int i = 1; i < 3; i++) {
        out->in[i].n_dims = sn_random_int(seed, 20 + (uint64_t)i, 0, 2) ? 1 : -1;
        out->in[i].shape[0] = out->in[0].shape[out->in[0].n_dims - 1];
    }
}

static const sn_op_case bench_cases[] = {
    {.n_in = 3,
     .in = {SN_CASE_F32(-2, 2, 2, 2048, 2048), SN_CASE_F32(0.5, 2, 1, 2048), SN_CASE_F32(-1, 1, 1, 2048)},
     .attr = &attr_small},
};

const sn_op_def sn_op_layer_norm = {
    .name = "layer_norm",
    .formula = "out = (x - mean) / sqrt(variance + epsilon) * weight + bias, over the last dim",
    .source = "Ba, Kiros and Hinton 2016, arXiv:1607.06450",
    .min_in = 1,
    .max_in = 3,
    .n_out = 1,
    .attr_size = sizeof(sn_norm_attr),
    .flags = SN_OP_CHEAP,
    .infer = infer,
    .forward_f32 = sn_forward_f32_layer_norm,
    .forward_f64 = sn_forward_f64_layer_norm,
    .vjp = vjp,
    .cost = sn_cost_rows,
    .cases = cases,
    .n_cases = SN_COUNT(cases),
    .bad_cases = bad_cases,
    .n_bad_cases = SN_COUNT(bad_cases),
    .random_case = random_case,
    .bench_cases = bench_cases,
    .n_bench_cases = SN_COUNT(bench_cases),
};

sn_value *sn_layer_norm(sn_graph *g, sn_value *x, sn_value *weight, sn_value *bias, double epsilon) {
    return sn_node_append(g, &sn_op_layer_norm, (sn_value *[]){x, weight, bias}, 3, 6, &(sn_norm_attr){epsilon});
}
#endif
