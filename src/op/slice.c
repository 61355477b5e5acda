/* slice: the part [from, to) of one dimension. A view. */
#include "op/shared.h"

#if SN_OP_MAIN
#include "base/error.h"

typedef struct slice_attr {
    int dim;
    int64_t from, to;
} slice_attr;

static sn_status infer(const void *attr, const sn_tensor *in, int n_in, sn_tensor *out) {
    const slice_attr *a = attr;
    const sn_tensor *x = &in[0];
    (void)n_in;
    SN_TRY(sn_need_dim(x, a->dim));
    if (a->from < 0 || a->to < a->from || a->to > x->shape[a->dim])
        return sn_fail(SN_ERR_SHAPE, "[%lld, %lld) is not inside dimension %d of %s", (long long)a->from,
                       (long long)a->to, a->dim, sn_shape_text(x));
    int64_t block = a->dim == x->n_dims - 1 ? sn_dtype_block(x->dtype) : 1;
    if (a->from % block != 0 || a->to % block != 0)
        return sn_fail(SN_ERR_SHAPE, "[%lld, %lld) cuts blocks of %lld %s elements", (long long)a->from,
                       (long long)a->to, (long long)block, sn_dtype_name(x->dtype));
    *out = *x;
    out->data = NULL;
    out->shape[a->dim] = a->to - a->from;
    return SN_OK;
}

static int64_t view_offset(const void *attr, const sn_tensor *in) {
    const slice_attr *a = attr;
    int64_t block = a->dim == in[0].n_dims - 1 ? sn_dtype_block(in[0].dtype) : 1;
    return a->from / block * in[0].stride[a->dim];
}

static void vjp(sn_graph *g, const sn_node *n, sn_value *const *grad_out, sn_value **grad_in) {
    const slice_attr *a = sn_node_attr(n);
    grad_in[0] = sn_pad_zero(g, grad_out[0], a->dim, a->from, sn_value_tensor(sn_node_in(n, 0))->shape[a->dim]);
}

static const slice_attr attr_inner = {1, 1, 4}, attr_outer = {0, 1, 3}, attr_none = {0, 1, 1}, attr_long = {1, 2, 6},
                        attr_cut = {1, 0, 16};
static const sn_op_case cases[] = {
    {.n_in = 1, .in = {SN_CASE_F32(-1, 1, 2, 3, 5)}, .attr = &attr_inner},
    {.n_in = 1, .in = {SN_CASE_F32(-1, 1, 3, 3, 2, 5)}, .attr = &attr_outer},
    {.n_in = 1, .in = {SN_CASE_F32(-1, 1, 2, 3, 5)}, .attr = &attr_none},
    {.n_in = 1, .in = {SN_CASE_F32(-1, 1, 3, 2, 5, 3)}, .attr = &attr_inner},
};
static const sn_op_case bad_cases[] = {
    {.n_in = 1, .in = {SN_CASE_F32(-1, 1, 2, 3, 5)}, .attr = &attr_long},
    {.n_in = 1, .in = {SN_CASE_F32(-1, 1, 1, 5)}, .attr = &attr_inner},
    {.n_in = 1, .in = {SN_CASE_IN(SN_Q8_0, -1, 1, 2, 3, 64)}, .attr = &attr_cut},
};

const sn_op_def sn_op_slice = {
    .name = "slice",
    .formula = "out = x[..., from:to, ...] along dim",
    .source = "",
    .min_in = 1,
    .max_in = 1,
    .n_out = 1,
    .attr_size = sizeof(slice_attr),
    .flags = SN_OP_VIEW,
    .infer = infer,
    .view_offset = view_offset,
    .vjp = vjp,
    .cost = sn_cost_none,
    .cases = cases,
    .n_cases = SN_COUNT(cases),
    .bad_cases = bad_cases,
    .n_bad_cases = SN_COUNT(bad_cases),
};

sn_value *sn_slice(sn_graph *g, sn_value *x, int dim, int64_t from, int64_t to) {
    return sn_node_append(g, &sn_op_slice, &x, 1, 0, &(slice_attr){sn_resolve_dim(x, dim), from, to});
}
#endif
