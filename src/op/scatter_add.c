/* scatter_add: adds rows up by index, the transpose of gather. An index outside the result is left out. */
#include "op/shared.h"

#include <string.h>

static void forward(const sn_call *c) {
    const sn_tensor *x = &c->in[0], *index = &c->in[1], *out = &c->out[0];
    int64_t row_size = sn_split_at(x, 0).inner;
    real *y = out->data;
    memset(out->data, 0, (size_t)sn_tensor_bytes(out));
    for (int64_t i = 0; i < x->shape[0]; i++) {
        int64_t row = sn_i32_at(index, i);
        if (row < 0 || row >= out->shape[0]) continue;
        for (int64_t j = 0; j < row_size; j++) y[row * row_size + j] += *sn_real_at(x, i * row_size + j);
    }
}
SN_OP_FORWARD(scatter_add)

#if SN_OP_MAIN
#include "base/error.h"

typedef struct scatter_attr {
    int64_t n_rows;
} scatter_attr;

static sn_status infer(const void *attr, const sn_tensor *in, int n_in, sn_tensor *out) {
    const scatter_attr *a = attr;
    int64_t shape[SN_MAX_DIMS] = {0};
    (void)n_in;
    SN_TRY(sn_need_rows(&in[0], "the operand"));
    SN_TRY(sn_need_i32(&in[1], "the index"));
    if (in[1].n_dims != 1 || in[1].shape[0] != in[0].shape[0])
        return sn_fail(SN_ERR_SHAPE, "the index has shape %s: it must be one number for each row of %s",
                       sn_shape_text(&in[1]), sn_shape_text(&in[0]));
    if (a->n_rows < 0) return sn_fail(SN_ERR_SHAPE, "%lld rows", (long long)a->n_rows);
    for (int d = 0; d < in[0].n_dims; d++) shape[d] = d == 0 ? a->n_rows : in[0].shape[d];
    return sn_infer_out(out, in[0].dtype, in[0].n_dims, shape);
}

static void vjp(sn_graph *g, const sn_node *n, sn_value *const *grad_out, sn_value **grad_in) {
    grad_in[0] = sn_gather(g, grad_out[0], sn_node_in(n, 1));
}

static const scatter_attr attr_4 = {4}, attr_1 = {1};
static const sn_op_case cases[] = {
    {.n_in = 2, .in = {SN_CASE_F32(-1, 1, 2, 7, 5), SN_CASE_I32(0, 4, 1, 7)}, .attr = &attr_4},
    {.n_in = 2, .in = {SN_CASE_F32(-1, 1, 3, 6, 2, 3), SN_CASE_I32(-1, 5, 1, 6)}, .attr = &attr_4},
    {.n_in = 2, .in = {SN_CASE_F32(-1, 1, 1, 5), SN_CASE_I32(0, 1, 1, 5)}, .attr = &attr_1},
    {.n_in = 2, .in = {SN_CASE_F32(-1, 1, 2, 0, 3), SN_CASE_I32(0, 1, 1, 0)}, .attr = &attr_4},
};
static const sn_op_case bad_cases[] = {
    {.n_in = 2, .in = {SN_CASE_F32(-1, 1, 2, 7, 5), SN_CASE_I32(0, 4, 1, 6)}, .attr = &attr_4},
    {.n_in = 2, .in = {SN_CASE_F32(-1, 1, 2, 7, 5), SN_CASE_F32(0, 4, 1, 7)}, .attr = &attr_4},
};

static void random_case(uint64_t seed, sn_op_case *out) {
    sn_random_rows(seed, out);
    out->n_in = 2;
    out->in[1].n_dims = 1;
    out->in[1].shape[0] = out->in[0].shape[0];
}

const sn_op_def sn_op_scatter_add = {
    .name = "scatter_add",
    .formula = "out[r, ...] = sum of x[i, ...] over the i with index[i] = r",
    .source = "",
    .min_in = 2,
    .max_in = 2,
    .n_out = 1,
    .attr_size = sizeof(scatter_attr),
    .infer = infer,
    .forward_f32 = sn_forward_f32_scatter_add,
    .forward_f64 = sn_forward_f64_scatter_add,
    .vjp = vjp,
    .cost = sn_cost_elementwise,
    .cases = cases,
    .n_cases = SN_COUNT(cases),
    .bad_cases = bad_cases,
    .n_bad_cases = SN_COUNT(bad_cases),
    .random_case = random_case,
};

sn_value *sn_scatter_add(sn_graph *g, sn_value *x, sn_value *index, int64_t n_rows) {
    return sn_node_append(g, &sn_op_scatter_add, (sn_value *[]){x, index}, 2, 0, &(scatter_attr){n_rows});
}
#endif
