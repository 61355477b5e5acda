/* sum_squares: of all elements, always in f64: a global norm must not overflow where the gradients do not. */
#include "op/shared.h"

/* The same in both builds: the types come from the tensors, because out is f64 for f32 operands too. */
static void forward(const sn_call *c) {
    const sn_tensor *x = &c->in[0];
    double sum = 0;
    for (int64_t i = 0; i < sn_tensor_count(x); i++) {
        const void *at = (const char *)x->data + sn_offset(x, i);
        double value = x->dtype == SN_F64 ? *(const double *)at : (double)*(const float *)at;
        sum += value * value;
    }
    *(double *)c->out[0].data = sum;
}
SN_OP_FORWARD(sum_squares)

#if SN_OP_MAIN
#include "base/error.h"

static sn_status infer(const void *attr, const sn_tensor *in, int n_in, sn_tensor *out) {
    (void)attr, (void)n_in;
    SN_TRY(sn_need_real(&in[0], "the operand"));
    return sn_infer_out(out, SN_F64, 0, NULL);
}

static void vjp(sn_graph *g, const sn_node *n, sn_value *const *grad_out, sn_value **grad_in) {
    sn_value *x = sn_node_in(n, 0);
    grad_in[0] = sn_mul(g, sn_scale(g, x, 2, 0), sn_cast(g, grad_out[0], sn_value_tensor(x)->dtype));
}

static sn_cost cost(const void *attr, const sn_tensor *in, int n_in, const sn_tensor *out) {
    (void)attr, (void)n_in, (void)out;
    return (sn_cost){2 * (double)sn_tensor_count(&in[0]), (double)sn_tensor_bytes(&in[0])};
}

static const sn_op_case cases[] = {
    {.n_in = 1, .in = {SN_CASE_F32(-2, 2, 2, 3, 7)}},
    {.n_in = 1, .in = {SN_CASE_F32(-2, 2, 0, 0)}},
    {.n_in = 1, .in = {SN_CASE_F32(-2, 2, 1, 37)}},
    {.n_in = 1, .in = {SN_CASE_F32(-2, 2, 2, 3, 0)}},
};
static const sn_op_case bad_cases[] = {{.n_in = 1, .in = {SN_CASE_I32(0, 3, 1, 4)}}};

static void random_case(uint64_t seed, sn_op_case *out) {
    out->n_in = 1;
    out->in[0].n_dims = 1;
    out->in[0].shape[0] = sn_random_int(seed, 0, 1, seed % 2 ? 60000 : 300);
}

static const sn_op_case bench_cases[] = {{.n_in = 1, .in = {SN_CASE_F32(-1, 1, 2, 2048, 2048)}}};

const sn_op_def sn_op_sum_squares = {
    .name = "sum_squares",
    .formula = "out = sum of x^2 over all elements, in f64",
    .source = "",
    .min_in = 1,
    .max_in = 1,
    .n_out = 1,
    .infer = infer,
    .forward_f32 = sn_forward_f32_sum_squares,
    .forward_f64 = sn_forward_f64_sum_squares,
    .vjp = vjp,
    .cost = cost,
    .cases = cases,
    .n_cases = SN_COUNT(cases),
    .bad_cases = bad_cases,
    .n_bad_cases = SN_COUNT(bad_cases),
    .random_case = random_case,
    .bench_cases = bench_cases,
    .n_bench_cases = SN_COUNT(bench_cases),
};

sn_value *sn_sum_squares(sn_graph *g, sn_value *x) { return sn_node_append(g, &sn_op_sum_squares, &x, 1, 0, NULL); }
#endif
