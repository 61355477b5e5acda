/* cross_entropy: the mean negative log-likelihood of the targets. Rows with a negative target do not count;
 * a target beyond the last column gives NaN; no counted row gives 0. */
#include "op/rows.h"

static void forward(const sn_call *c) {
    const sn_tensor *x = &c->in[0], *targets = &c->in[1];
    int64_t rows = sn_n_rows(x), columns = sn_n_columns(x), n_counted = 0;
    double total = 0;
    for (int64_t i = 0; i < rows; i++) {
        int64_t target = sn_i32_at(targets, i);
        double top, log_sum;
        if (target < 0) continue;
        n_counted++;
        if (target >= columns) {
            total = NAN;
            continue;
        }
        sn_row_log_sum(x, i, &top, &log_sum);
        total += top + log_sum - (double)*sn_real_at(x, i * columns + target);
    }
    *(real *)c->out[0].data = (real)(n_counted ? total / (double)n_counted : 0);
}
SN_OP_FORWARD(cross_entropy)

#if SN_OP_MAIN
#include "base/error.h"

static sn_status infer(const void *attr, const sn_tensor *in, int n_in, sn_tensor *out) {
    (void)attr, (void)n_in;
    SN_TRY(sn_need_rows(&in[0], "the logits"));
    SN_TRY(sn_need_i32(&in[1], "the targets"));
    sn_tensor rows = in[0];
    rows.n_dims--;
    if (!sn_same_shape(&in[1], &rows))
        return sn_fail(SN_ERR_SHAPE, "the targets have shape %s: one for each row of %s is needed",
                       sn_shape_text(&in[1]), sn_shape_text(&in[0]));
    return sn_infer_out(out, in[0].dtype, 0, NULL);
}

/* dlogits = dy (softmax - one-hot) / count, row by row. */
static void vjp(sn_graph *g, const sn_node *n, sn_value *const *grad_out, sn_value **grad_in) {
    sn_value *logits = sn_node_in(n, 0), *targets = sn_node_in(n, 1);
    const sn_tensor *t = sn_value_tensor(logits);
    sn_value *weight = sn_mul(g, sn_target_weight(g, targets, t->dtype), grad_out[0]);
    sn_tensor column = *t;
    column.shape[t->n_dims - 1] = 1;
    sn_value *spread = sn_mul(g, sn_softmax(g, logits), sn_reshape(g, weight, column.n_dims, column.shape));
    grad_in[0] = sn_sub(g, spread, sn_unpick(g, weight, targets, sn_n_columns(t)));
}

static const sn_op_case cases[] = {
    {.n_in = 2, .in = {SN_CASE_F32(-3, 3, 2, 5, 7), SN_CASE_I32(0, 7, 1, 5)}},
    {.n_in = 2, .in = {SN_CASE_F32(-3, 3, 3, 2, 3, 19), SN_CASE_I32(-5, 19, 2, 2, 3)}},
    {.n_in = 2, .in = {SN_CASE_F32(-3, 3, 1, 4), SN_CASE_I32(0, 4, 0, 0)}},
    {.n_in = 2, .in = {SN_CASE_F32(-3, 3, 2, 3, 4), SN_CASE_I32(-2, 0, 1, 3)}},
    {.n_in = 2, .in = {SN_CASE_F32(-3, 3, 2, 0, 4), SN_CASE_I32(0, 4, 1, 0)}},
};
static const sn_op_case bad_cases[] = {
    {.n_in = 2, .in = {SN_CASE_F32(-3, 3, 2, 5, 7), SN_CASE_I32(0, 7, 1, 7)}},
    {.n_in = 2, .in = {SN_CASE_F32(-3, 3, 2, 5, 7), SN_CASE_F32(0, 7, 1, 5)}},
    {.n_in = 2, .in = {SN_CASE_F32(-3, 3, 0, 0), SN_CASE_I32(0, 7, 0, 0)}},
};

static void random_case(uint64_t seed, sn_op_case *out) {
    sn_random_rows(seed, out);
    out->n_in = 2;
    out->in[1].n_dims = out->in[0].n_dims - 1;
    for (int d = 0; d < out->in[1].n_dims; d++) out->in[1].shape[d] = out->in[0].shape[d];
    out->in[1].low = -2;
    out->in[1].high = (double)out->in[0].shape[out->in[0].n_dims - 1];
}

static const sn_op_case bench_cases[] = {
    {.n_in = 2, .in = {SN_CASE_F32(-3, 3, 2, 256, 32000), SN_CASE_I32(0, 32000, 1, 256)}},
};

const sn_op_def sn_op_cross_entropy = {
    .name = "cross_entropy",
    .formula = "out = mean over rows with target >= 0 of ln(sum of e^logits) - logits[target]",
    .source = "",
    .min_in = 2,
    .max_in = 2,
    .n_out = 1,
    .infer = infer,
    .forward_f32 = sn_forward_f32_cross_entropy,
    .forward_f64 = sn_forward_f64_cross_entropy,
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

sn_value *sn_cross_entropy(sn_graph *g, sn_value *logits, sn_value *targets) {
    return sn_node_append(g, &sn_op_cross_entropy, (sn_value *[]){logits, targets}, 2, 0, NULL);
}
#endif
