/* pick: one element of each row. An index outside the row gives 0. */
#include "op/shared.h"

static void forward(const sn_call *c) {
    const sn_tensor *x = &c->in[0], *index = &c->in[1];
    int64_t rows = sn_n_rows(x), columns = sn_n_columns(x);
    real *y = c->out[0].data;
    for (int64_t i = 0; i < rows; i++) {
        int64_t j = sn_i32_at(index, i);
        y[i] = j >= 0 && j < columns ? *sn_real_at(x, i * columns + j) : 0;
    }
}
SN_OP_FORWARD(pick)

#if SN_OP_MAIN
#include "base/error.h"

static sn_status infer(const void *attr, const sn_tensor *in, int n_in, sn_tensor *out) {
    (void)attr, (void)n_in;
    SN_TRY(sn_need_rows(&in[0], "the operand"));
    SN_TRY(sn_need_i32(&in[1], "the index"));
    sn_tensor rows = in[0];
    rows.n_dims--;
    if (!sn_same_shape(&in[1], &rows))
        return sn_fail(SN_ERR_SHAPE, "the index has shape %s: it must be one number for each row of %s",
                       sn_shape_text(&in[1]), sn_shape_text(&in[0]));
    return sn_infer_out(out, rows.dtype, rows.n_dims, rows.shape);
}

static void vjp(sn_graph *g, const sn_node *n, sn_value *const *grad_out, sn_value **grad_in) {
    sn_value *x = sn_node_in(n, 0);
    grad_in[0] = sn_unpick(g, grad_out[0], sn_node_in(n, 1), sn_n_columns(sn_value_tensor(x)));
}

static const sn_op_case cases[] = {
    {.n_in = 2, .in = {SN_CASE_F32(-1, 1, 2, 7, 5), SN_CASE_I32(0, 5, 1, 7)}},
    {.n_in = 2, .in = {SN_CASE_F32(-1, 1, 3, 2, 3, 4), SN_CASE_I32(-1, 5, 2, 2, 3)}},
    {.n_in = 2, .in = {SN_CASE_F32(-1, 1, 1, 4), SN_CASE_I32(0, 4, 0, 0)}},
    {.n_in = 2, .in = {SN_CASE_F32(-1, 1, 2, 0, 4), SN_CASE_I32(0, 4, 1, 0)}},
};
static const sn_op_case bad_cases[] = {
    {.n_in = 2, .in = {SN_CASE_F32(-1, 1, 2, 7, 5), SN_CASE_I32(0, 5, 1, 5)}},
    {.n_in = 2, .in = {SN_CASE_F32(-1, 1, 2, 7, 5), SN_CASE_F32(0, 5, 1, 7)}},
};

const sn_op_def sn_op_pick = {
    .name = "pick",
    .formula = "out[...] = x[..., index[...]], 0 for an index outside the row",
    .source = "",
    .min_in = 2,
    .max_in = 2,
    .n_out = 1,
    .infer = infer,
    .forward_f32 = sn_forward_f32_pick,
    .forward_f64 = sn_forward_f64_pick,
    .vjp = vjp,
    .cost = sn_cost_move,
    .cases = cases,
    .n_cases = SN_COUNT(cases),
    .bad_cases = bad_cases,
    .n_bad_cases = SN_COUNT(bad_cases),
};

sn_value *sn_pick(sn_graph *g, sn_value *x, sn_value *index) {
    return sn_node_append(g, &sn_op_pick, (sn_value *[]){x, index}, 2, 0, NULL);
}
#endif
