/* rms_norm_backward: the gradients of rms_norm for x and the weight in one pass over memory.
 *
 * With s = 1/rms, z = x s and dz = dy weight: dx = s (dz - z mean(dz z)), dweight = sum over rows of dy z. */
#include "op/backward.h"
#include "op/rows.h"

static void forward(const sn_call *c) {
    const sn_norm_attr *attr = c->attr;
    const sn_tensor *x = &c->in[0], *weight = sn_call_has(c, 1) ? &c->in[1] : NULL, *dy = &c->in[2];
    int64_t rows = sn_n_rows(x), columns = sn_n_columns(x);
    real *dx = c->out[0].data, *dweight = c->out[1].data;
    for (int64_t j = 0; j < columns; j++) dweight[j] = 0;
    for (int64_t i = 0; i < rows; i++) {
        double square = 0, dot = 0;
        for (int64_t j = 0; j < columns; j++) {
            double v = (double)*sn_real_at(x, i * columns + j), w = weight ? (double)*sn_real_at(weight, j) : 1;
            square += v * v;
            dot += v * w * (double)*sn_real_at(dy, i * columns + j);
        }
        double s = 1 / sqrt(square / (double)columns + attr->epsilon), back = s * s * dot / (double)columns;
        for (int64_t j = 0; j < columns; j++) {
            double v = (double)*sn_real_at(x, i * columns + j), w = weight ? (double)*sn_real_at(weight, j) : 1;
            double d = (double)*sn_real_at(dy, i * columns + j);
            dx[i * columns + j] = (real)(s * (w * d - v * back));
            dweight[j] += (real)(d * v * s);
        }
    }
}
SN_OP_FORWARD(rms_norm_backward)

#if SN_OP_MAIN
#include "base/error.h"

static sn_status infer(const void *attr, const sn_tensor *in, int n_in, sn_tensor *out) {
    (void)attr, (void)n_in;
    SN_TRY(sn_need_rows(&in[0], "x"));
    SN_TRY(sn_need_vector(&in[0], &in[1], "weight"));
    if (!sn_same_shape(&in[0], &in[2]) || in[2].dtype != in[0].dtype)
        return sn_fail(SN_ERR_SHAPE, "the gradient is %s %s: it must be %s %s as x is", sn_dtype_name(in[2].dtype),
                       sn_shape_text(&in[2]), sn_dtype_name(in[0].dtype), sn_shape_text(&in[0]));
    SN_TRY(sn_infer_like(&out[0], &in[0]));
    return sn_infer_out(&out[1], in[0].dtype, 1, &in[0].shape[in[0].n_dims - 1]);
}

static void decomposed(sn_graph *g, const sn_node *n, sn_value *const *in, sn_value **out) {
    const sn_norm_attr *attr = sn_node_attr(n);
    sn_value *x = in[0], *weight = in[1], *dy = in[2];
    sn_value *s = sn_rsqrt(g, sn_scale(g, sn_mean(g, sn_square(g, x), -1, true), 1, attr->epsilon));
    sn_value *z = sn_mul(g, x, s), *dz = weight ? sn_mul(g, dy, weight) : dy;
    out[0] = sn_mul(g, s, sn_sub(g, dz, sn_mul(g, z, sn_mean(g, sn_mul(g, dz, z), -1, true))));
    out[1] = sn_sum_like(g, sn_mul(g, dy, z), sn_node_out(n, 1));
}

static void vjp(sn_graph *g, const sn_node *n, sn_value *const *grad_out, sn_value **grad_in) {
    sn_vjp_decomposed(g, n, decomposed, grad_out, grad_in);
}

static const sn_norm_attr attr_small = {1e-5}, attr_large = {0.1};
#define THREE(...)                                                                                                     \
    { SN_CASE_F32(-2, 2, __VA_ARGS__), SN_CASE_ABSENT, SN_CASE_F32(-1, 1, __VA_ARGS__) }
static const sn_op_case cases[] = {
    {.n_in = 3,
     .in = {SN_CASE_F32(-2, 2, 2, 3, 7), SN_CASE_F32(0.5, 2, 1, 7), SN_CASE_F32(-1, 1, 2, 3, 7)},
     .attr = &attr_small},
    {.n_in = 3, .in = THREE(3, 2, 3, 5), .attr = &attr_large},
    {.n_in = 3,
     .in = {SN_CASE_F32(-2, 2, 1, 33), SN_CASE_F32(0.5, 2, 1, 33), SN_CASE_F32(-1, 1, 1, 33)},
     .attr = &attr_small},
    {.n_in = 3,
     .in = {SN_CASE_F32(1, 2, 2, 4, 1), SN_CASE_F32(0.5, 2, 1, 1), SN_CASE_F32(-1, 1, 2, 4, 1)},
     .attr = &attr_large},
    {.n_in = 3, .in = THREE(2, 0, 4), .attr = &attr_small},
};
static const sn_op_case bad_cases[] = {
    {.n_in = 3,
     .in = {SN_CASE_F32(-2, 2, 2, 3, 7), SN_CASE_F32(0.5, 2, 1, 6), SN_CASE_F32(-1, 1, 2, 3, 7)},
     .attr = &attr_small},
    {.n_in = 3, .in = {SN_CASE_F32(-2, 2, 2, 3, 7), SN_CASE_ABSENT, SN_CASE_F32(-1, 1, 1, 7)}, .attr = &attr_small},
};
static const sn_op_case bench_cases[] = {
    {.n_in = 3,
     .in = {SN_CASE_F32(-2, 2, 2, 4096, 384), SN_CASE_F32(0.5, 2, 1, 384), SN_CASE_F32(-1, 1, 2, 4096, 384)},
     .attr = &attr_small},
};

static void random_case(uint64_t seed, sn_op_case *out) {
    sn_random_rows(seed, out);
    out->n_in = 3;
    out->in[1].n_dims = sn_random_int(seed, 20, 0, 2) ? 1 : -1;
    out->in[1].shape[0] = out->in[0].shape[out->in[0].n_dims - 1];
    out->in[2].n_dims = out->in[0].n_dims;
    for (int d = 0; d < SN_MAX_DIMS; d++) out->in[2].shape[d] = out->in[0].shape[d];
}

const sn_op_def sn_op_rms_norm_backward = {
    .name = "rms_norm_backward",
    .formula = "the gradients of rms_norm for x and weight, from x, weight and grad_out",
    .source = "Zhang and Sennrich 2019, arXiv:1910.07467",
    .min_in = 3,
    .max_in = 3,
    .n_out = 2,
    .attr_size = sizeof(sn_norm_attr),
    .infer = infer,
    .forward_f32 = sn_forward_f32_rms_norm_backward,
    .forward_f64 = sn_forward_f64_rms_norm_backward,
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

void sn_rms_norm_backward(sn_graph *g, sn_value *x, sn_value *weight, sn_value *grad_out, double epsilon,
                          sn_value *grads[2]) {
    sn_value *in[] = {x, weight, grad_out};
    sn_value *first = sn_node_append(g, &sn_op_rms_norm_backward, in, 3, 2, &(sn_norm_attr){epsilon});
    for (int i = 0; i < 2; i++) grads[i] = first ? sn_node_out(sn_value_node(first), i) : NULL;
}
#endif
