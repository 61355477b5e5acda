/* unpick: one number into each row of zeros; the transpose of pick. An index outside the row writes nothing. */
#include "op/shared.h"

#include <string.h>

static void forward(const sn_call *c) {
    const sn_tensor *x = &c->in[0], *index = &c->in[1], *out = &c->out[0];
    int64_t rows = sn_tensor_count(x), columns = sn_n_columns(out);
    real *y = out->data;
    memset(out->data, 0, (size_t)sn_tensor_bytes(out));
    for (int64_t i = 0; i < rows; i++) {
        int64_t j = sn_i32_at(index, i);
        if (j >= 0 && j < columns) y[i * columns + j] = *sn_real_at(x, i);
    }
}
SN_OP_FORWARD(unpick)

#if SN_OP_MAIN
#include "base/error.h"

typedef struct unpick_attr {
    int64_t n_columns;
} unpick_attr;

static sn_status infer(const void *attr, const sn_tensor *in, int n_in, sn_tensor *out) {
    const unpick_attr *a = attr;
    int64_t shape[SN_MAX_DIMS] = {0};
    (void)n_in;
    SN_TRY(sn_need_real(&in[0], "the operand"));
    SN_TRY(sn_need_i32(&in[1], "the index"));
    if (!sn_same_shape(&in[0], &in[1]))
        return sn_fail(SN_ERR_SHAPE, "the index has shape %s, the operand %s: they must be equal",
                       sn_shape_text(&in[1]), sn_shape_text(&in[0]));
    if (in[0].n_dims == SN_MAX_DIMS || a->n_columns < 0)
        return sn_fail(SN_ERR_SHAPE, "%lld columns cannot be added to %s", (long long)a->n_columns,
                       sn_shape_text(&in[0]));
    for (int d = 0; d < in[0].n_dims; d++) shape[d] = in[0].shape[d];
    shape[in[0].n_dims] = a->n_columns;
    return sn_infer_out(out, in[0].dtype, in[0].n_dims + 1, shape);
}

static void vjp(sn_graph *g, const sn_node *n, sn_value *const *grad_out, sn_value **grad_in) {
    grad_in[0] = sn_pick(g, grad_out[0], sn_node_in(n, 1));
}

static const unpick_attr attr_5 = {5}, attr_0 = {0};
static const sn_op_case cases[] = {
    {.n_in = 2, .in = {SN_CASE_F32(-1, 1, 1, 7), SN_CASE_I32(0, 5, 1, 7)}, .attr = &attr_5},
    {.n_in = 2, .in = {SN_CASE_F32(-1, 1, 2, 2, 3), SN_CASE_I32(-1, 7, 2, 2, 3)}, .attr = &attr_5},
    {.n_in = 2, .in = {SN_CASE_F32(-1, 1, 0, 0), SN_CASE_I32(0, 5, 0, 0)}, .attr = &attr_5},
    {.n_in = 2, .in = {SN_CASE_F32(-1, 1, 1, 3), SN_CASE_I32(0, 5, 1, 3)}, .attr = &attr_0},
};
static const sn_op_case bad_cases[] = {
    {.n_in = 2, .in = {SN_CASE_F32(-1, 1, 1, 7), SN_CASE_I32(0, 5, 1, 6)}, .attr = &attr_5},
    {.n_in = 2,
     .in = {SN_CASE_F32(-1, 1, 6, 1, 1, 1, 1, 1, 1), SN_CASE_I32(0, 5, 6, 1, 1, 1, 1, 1, 1)},
     .attr = &attr_5},
};

const sn_op_def sn_op_unpick = {
    .name = "unpick",
    .formula = "out[..., j] = x[...] where j = index[...], else 0",
    .source = "",
    .min_in = 2,
    .max_in = 2,
    .n_out = 1,
    .attr_size = sizeof(unpick_attr),
    .infer = infer,
    .forward_f32 = sn_forward_f32_unpick,
    .forward_f64 = sn_forward_f64_unpick,
    .vjp = vjp,
    .cost = sn_cost_move,
    .cases = cases,
    .n_cases = SN_COUNT(cases),
    .bad_cases = bad_cases,
    .n_bad_cases = SN_COUNT(bad_cases),
};

sn_value *sn_unpick(sn_graph *g, sn_value *x, sn_value *index, int64_t n_columns) {
    return sn_node_append(g, &sn_op_unpick, (sn_value *[]){x, index}, 2, 0, &(unpick_attr){n_columns});
}
#endif
