/* pad_zero: x among zeros; the transpose of slice. */
#include "op/shared.h"

#include <string.h>

static void forward(const sn_call *c) {
    const sn_pad_attr *attr = c->attr;
    memset(c->out[0].data, 0, (size_t)sn_tensor_bytes(&c->out[0]));
    sn_tensor part = sn_tensor_part(&c->out[0], attr->dim, attr->from, attr->from + c->in[0].shape[attr->dim]);
    sn_copy_strided(&part, &c->in[0]);
}
SN_OP_FORWARD(pad_zero)

#if SN_OP_MAIN
#include "base/error.h"

static sn_status infer(const void *attr, const sn_tensor *in, int n_in, sn_tensor *out) {
    const sn_pad_attr *a = attr;
    const sn_tensor *x = &in[0];
    int64_t shape[SN_MAX_DIMS] = {0};
    (void)n_in;
    SN_TRY(sn_need_plain(x, "the operand"));
    SN_TRY(sn_need_dim(x, a->dim));
    if (a->from < 0 || a->size < x->shape[a->dim] || a->from > a->size - x->shape[a->dim])
        return sn_fail(SN_ERR_SHAPE, "dimension %d of %s does not fit into %lld from %lld", a->dim, sn_shape_text(x),
                       (long long)a->size, (long long)a->from);
    for (int d = 0; d < x->n_dims; d++) shape[d] = d == a->dim ? a->size : x->shape[d];
    return sn_infer_out(out, x->dtype, x->n_dims, shape);
}

static void vjp(sn_graph *g, const sn_node *n, sn_value *const *grad_out, sn_value **grad_in) {
    const sn_pad_attr *a = sn_node_attr(n);
    int64_t length = sn_value_tensor(sn_node_in(n, 0))->shape[a->dim];
    grad_in[0] = sn_slice(g, grad_out[0], a->dim, a->from, a->from + length);
}

static const sn_pad_attr attr_inner = {1, 2, 9}, attr_outer = {0, 0, 4}, attr_short = {0, 2, 4};
static const sn_op_case cases[] = {
    {.n_in = 1, .in = {SN_CASE_F32(-1, 1, 2, 3, 5)}, .attr = &attr_inner},
    {.n_in = 1, .in = {SN_CASE_F32(-1, 1, 3, 3, 2, 5)}, .attr = &attr_outer},
    {.n_in = 1, .in = {SN_CASE_F32(-1, 1, 3, 2, 0, 3)}, .attr = &attr_inner},
};
static const sn_op_case bad_cases[] = {
    {.n_in = 1, .in = {SN_CASE_F32(-1, 1, 2, 3, 5)}, .attr = &attr_short},
    {.n_in = 1, .in = {SN_CASE_F32(-1, 1, 1, 5)}, .attr = &attr_inner},
};

const sn_op_def sn_op_pad_zero = {
    .name = "pad_zero",
    .formula = "out[..., from:from+n, ...] = x along dim of length size, 0 elsewhere",
    .source = "",
    .min_in = 1,
    .max_in = 1,
    .n_out = 1,
    .attr_size = sizeof(sn_pad_attr),
    .infer = infer,
    .forward_f32 = sn_forward_f32_pad_zero,
    .forward_f64 = sn_forward_f64_pad_zero,
    .vjp = vjp,
    .cost = sn_cost_move,
    .cases = cases,
    .n_cases = SN_COUNT(cases),
    .bad_cases = bad_cases,
    .n_bad_cases = SN_COUNT(bad_cases),
};

sn_value *sn_pad_zero(sn_graph *g, sn_value *x, int dim, int64_t from, int64_t size) {
    return sn_node_append(g, &sn_op_pad_zero, &x, 1, 0, &(sn_pad_attr){sn_resolve_dim(x, dim), from, size});
}
#endif
