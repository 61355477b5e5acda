/* target_weight: how much each row counts in the mean of cross_entropy. */
#include "op/shared.h"

static void forward(const sn_call *c) {
    const sn_tensor *targets = &c->in[0];
    int64_t n = sn_tensor_count(targets), n_counted = 0;
    real *y = c->out[0].data;
    for (int64_t i = 0; i < n; i++) n_counted += sn_i32_at(targets, i) >= 0;
    for (int64_t i = 0; i < n; i++) y[i] = sn_i32_at(targets, i) >= 0 ? 1 / (real)n_counted : 0;
}
SN_OP_FORWARD(target_weight)

#if SN_OP_MAIN
#include "base/error.h"

typedef struct weight_attr {
    sn_dtype dtype;
} weight_attr;

static sn_status infer(const void *attr, const sn_tensor *in, int n_in, sn_tensor *out) {
    const weight_attr *a = attr;
    (void)n_in;
    SN_TRY(sn_need_i32(&in[0], "the target"));
    if (a->dtype != SN_F32 && a->dtype != SN_F64)
        return sn_fail(SN_ERR_SHAPE, "weights of dtype %s: use f32 or f64", sn_dtype_name(a->dtype));
    return sn_infer_out(out, a->dtype, in[0].n_dims, in[0].shape);
}

static const weight_attr attr_f32 = {SN_F32}, attr_f16 = {SN_F16};
static const sn_op_case cases[] = {
    {.n_in = 1, .in = {SN_CASE_I32(-4, 9, 2, 3, 5)}, .attr = &attr_f32},
    {.n_in = 1, .in = {SN_CASE_I32(-2, 0, 1, 3)}, .attr = &attr_f32},
    {.n_in = 1, .in = {SN_CASE_I32(0, 9, 0, 0)}, .attr = &attr_f32},
    {.n_in = 1, .in = {SN_CASE_I32(0, 9, 1, 0)}, .attr = &attr_f32},
};
static const sn_op_case bad_cases[] = {
    {.n_in = 1, .in = {SN_CASE_I32(-4, 9, 1, 5)}, .attr = &attr_f16},
    {.n_in = 1, .in = {SN_CASE_F32(-4, 9, 1, 5)}, .attr = &attr_f32},
};

const sn_op_def sn_op_target_weight = {
    .name = "target_weight",
    .formula = "out = 1 / number of targets >= 0 where target >= 0, else 0",
    .source = "",
    .min_in = 1,
    .max_in = 1,
    .n_out = 1,
    .attr_size = sizeof(weight_attr),
    .infer = infer,
    .forward_f32 = sn_forward_f32_target_weight,
    .forward_f64 = sn_forward_f64_target_weight,
    .no_gradient = "its input is a table of integers",
    .cost = sn_cost_move,
    .cases = cases,
    .n_cases = SN_COUNT(cases),
    .bad_cases = bad_cases,
    .n_bad_cases = SN_COUNT(bad_cases),
};

sn_value *sn_target_weight(sn_graph *g, sn_value *targets, sn_dtype dtype) {
    return sn_node_append(g, &sn_op_target_weight, &targets, 1, 0, &(weight_attr){dtype});
}
#endif
