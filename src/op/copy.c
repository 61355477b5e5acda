/* copy: a contiguous copy, of any dtype that is not quantized. */
#include "op/shared.h"

static void forward(const sn_call *c) { sn_copy_strided(&c->out[0], &c->in[0]); }
SN_OP_FORWARD(copy)

#if SN_OP_MAIN
#include "base/error.h"

static sn_status infer(const void *attr, const sn_tensor *in, int n_in, sn_tensor *out) {
    (void)attr, (void)n_in;
    SN_TRY(sn_need_plain(&in[0], "the operand"));
    return sn_infer_like(out, &in[0]);
}

static void vjp(sn_graph *g, const sn_node *n, sn_value *const *grad_out, sn_value **grad_in) {
    (void)g, (void)n;
    grad_in[0] = grad_out[0];
}

static const sn_op_case cases[] = {
    {.n_in = 1, .in = {SN_CASE_F32(-1, 1, 3, 2, 3, 5)}},
    {.n_in = 1, .in = {SN_CASE_F32(-1, 1, 0, 0)}},
    {.n_in = 1, .in = {SN_CASE_F32(-1, 1, 2, 4, 0)}},
    {.n_in = 1, .in = {SN_CASE_I32(-9, 9, 2, 3, 4)}},
};
static const sn_op_case bad_cases[] = {{.n_in = 1, .in = {SN_CASE_IN(SN_Q8_0, -1, 1, 2, 2, 32)}}};

static const sn_op_case bench_cases[] = {
    {.n_in = 1, .in = {SN_CASE_F32(-1, 1, 2, 2048, 2048)}},
};

const sn_op_def sn_op_copy = {
    .name = "copy",
    .formula = "out = x, contiguous",
    .source = "",
    .min_in = 1,
    .max_in = 1,
    .n_out = 1,
    .infer = infer,
    .forward_f32 = sn_forward_f32_copy,
    .forward_f64 = sn_forward_f64_copy,
    .vjp = vjp,
    .cost = sn_cost_move,
    .cases = cases,
    .n_cases = SN_COUNT(cases),
    .bad_cases = bad_cases,
    .n_bad_cases = SN_COUNT(bad_cases),
    .random_case = sn_random_unary,
    .bench_cases = bench_cases,
    .n_bench_cases = SN_COUNT(bench_cases),
};

sn_value *sn_copy(sn_graph *g, sn_value *x) { return sn_node_append(g, &sn_op_copy, &x, 1, 0, NULL); }
#endif
