/* softmax: over the last dimension. */
#include "op/rows.h"

static void forward(const sn_call *c) {
    const sn_tensor *x = &c->in[0];
    int64_t rows = sn_n_rows(x), columns = sn_n_columns(x);
    real *y = c->out[0].data;
    for (int64_t i = 0; i < rows && columns > 0; i++) {
        double top, log_sum;
        sn_row_log_sum(x, i, &top, &log_sum);
        for (int64_t j = i * columns; j < (i + 1) * columns; j++)
            y[j] = (real)exp((double)*sn_real_at(x, j) - top - log_sum);
    }
}
SN_OP_FORWARD(softmax)

#if SN_OP_MAIN
static void vjp(sn_graph *g, const sn_node *n, sn_value *const *grad_out, sn_value **grad_in) {
    sn_value *dy = grad_out[0], *y = sn_node_out(n, 0);
    sn_value *mean = sn_sum(g, sn_mul(g, dy, y), -1, true); /* of dy, weighted by y */
    grad_in[0] = sn_mul(g, y, sn_sub(g, dy, mean));
}

static const sn_op_case cases[] = {SN_ROWS_CASES};

static const sn_op_case bench_cases[] = {
    {.n_in = 1, .in = {SN_CASE_F32(-3, 3, 2, 256, 32000)}},
};

const sn_op_def sn_op_softmax = {
    .name = "softmax",
    .formula = "out[..., j] = e^x[..., j] / sum over k of e^x[..., k]",
    .source = "",
    .min_in = 1,
    .max_in = 1,
    .n_out = 1,
    .flags = SN_OP_INPLACE0,
    .infer = sn_infer_rows,
    .forward_f32 = sn_forward_f32_softmax,
    .forward_f64 = sn_forward_f64_softmax,
    .vjp = vjp,
    .cost = sn_cost_rows,
    .cases = cases,
    .n_cases = SN_COUNT(cases),
    .bad_cases = sn_bad_rows,
    .n_bad_cases = SN_N_BAD_ROWS,
    .random_case = sn_random_rows,
    .bench_cases = bench_cases,
    .n_bench_cases = SN_COUNT(bench_cases),
};

sn_value *sn_softmax(sn_graph *g, sn_value *x) { return sn_node_append(g, &sn_op_softmax, &x, 1, 0, NULL); }
#endif
