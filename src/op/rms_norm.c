/* rms_norm: rows divided by their root mean square. */
#include "op/backward.h"
#include "op/rows.h"

static void forward(const sn_call *c) {
    const sn_norm_attr *attr = c->attr;
    const sn_tensor *x = &c->in[0], *weight = sn_call_has(c, 1) ? &c->in[1] : NULL;
    int64_t rows = sn_n_rows(x), columns = sn_n_columns(x);
    real *y = c->out[0].data;
    for (int64_t i = 0; i < rows; i++) {
        double square = 0;
        for (int64_t j = 0; j < columns; j++) {
            double v = (double)*sn_real_at(x, i * columns + j);
            square += v * v;
        }
        double scale = 1 / sqrt(square / (double)columns + attr->epsilon);
        for (int64_t j = 0; j < columns; j++) {
            real v = (real)((double)*sn_real_at(x, i * columns + j) * scale);
            y[i * columns + j] = weight ? v * *sn_real_at(weight, j) : v;
        }
    }
}
SN_OP_FORWARD(rms_norm)

#if SN_OP_MAIN
#include "base/error.h"

static sn_status infer(const void *attr, const sn_tensor *in, int n_in, sn_tensor *out) {
    SN_TRY(sn_infer_rows(attr, in, n_in, out));
    return sn_need_vector(&in[0], &in[1], "weight");
}

static void vjp(sn_graph *g, const sn_node *n, sn_value *const *grad_out, sn_value **grad_in) {
    const sn_norm_attr *attr = sn_node_attr(n);
    sn_value *grads[2];
    sn_rms_norm_backward(g, sn_node_in(n, 0), sn_node_in(n, 1), grad_out[0], attr->epsilon, grads);
    grad_in[0] = grads[0];
    if (sn_node_in(n, 1)) grad_in[1] = grads[1];
}

static const sn_norm_attr attr_small = {1e-5}, attr_large = {0.1};
static const sn_op_case cases[] = {
    {.n_in = 2, .in = {SN_CASE_F32(-2, 2, 2, 3, 7), SN_CASE_F32(0.5, 2, 1, 7)}, .attr = &attr_small},
    {.n_in = 2, .in = {SN_CASE_F32(-2, 2, 3, 2, 3, 5), SN_CASE_ABSENT}, .attr = &attr_large},
    {.n_in = 2, .in = {SN_CASE_F32(-2, 2, 1, 33), SN_CASE_F32(0.5, 2, 1, 33)}, .attr = &attr_small},
    {.n_in = 2, .in = {SN_CASE_F32(1, 2, 2, 4, 1), SN_CASE_F32(0.5, 2, 1, 1)}, .attr = &attr_large},
    {.n_in = 2, .in = {SN_CASE_F32(-2, 2, 2, 0, 4), SN_CASE_F32(0.5, 2, 1, 4)}, .attr = &attr_small},
};
static const sn_op_case bad_cases[] = {
    {.n_in = 2, .in = {SN_CASE_F32(-2, 2, 2, 3, 7), SN_CASE_F32(0.5, 2, 1, 6)}, .attr = &attr_small},
    {.n_in = 2, .in = {SN_CASE_F32(-2, 2, 2, 3, 7), SN_CASE_F32(0.5, 2, 2, 3, 7)}, .attr = &attr_small},
    {.n_in = 2, .in = {SN_CASE_F32(-2, 2, 0, 0), SN_CASE_ABSENT}, .attr = &attr_small},
};

static void random_case(uint64_t seed, sn_op_case *out) {
    sn_random_rows(seed, out);
    out->n_in = 2;
    out->in[1].n_dims = sn_random_int(seed, 20, 0, 2) ? 1 : -1;
    out->in[1].shape[0] = out->in[0].shape[out->in[0].n_dims - 1];
}

static const sn_op_case bench_cases[] = {
    {.n_in = 2, .in = {SN_CASE_F32(-2, 2, 2, 2048, 2048), SN_CASE_F32(0.5, 2, 1, 2048)}, .attr = &attr_small},
};

const sn_op_def sn_op_rms_norm = {
    .name = "rms_norm",
    .formula = "out = x / sqrt(mean of x^2 over the last dim + epsilon) * weight",
    .source = "Zhang and Sennrich 2019, arXiv:1910.07467",
    .min_in = 1,
    .max_in = 2,
    .n_out = 1,
    .attr_size = sizeof(sn_norm_attr),
    .flags = SN_OP_CHEAP,
    .infer = infer,
    .forward_f32 = sn_forward_f32_rms_norm,
    .forward_f64 = sn_forward_f64_rms_norm,
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

sn_value *sn_rms_norm(sn_graph *g, sn_value *x, sn_value *weight, double epsilon) {
    return sn_node_append(g, &sn_op_rms_norm, (sn_value *[]){x, weight}, 2, 2, &(sn_norm_attr){epsilon});
}
#endif
