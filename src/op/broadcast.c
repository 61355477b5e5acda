/* broadcast: NumPy's rule. A view whose repeated dimensions have stride 0. */
#include "op/shared.h"

#if SN_OP_MAIN
#include "base/error.h"

typedef struct broadcast_attr {
    int n_dims;
    int64_t shape[SN_MAX_DIMS];
} broadcast_attr;

static sn_status infer(const void *attr, const sn_tensor *in, int n_in, sn_tensor *out) {
    const broadcast_attr *a = attr;
    const sn_tensor *x = &in[0];
    (void)n_in;
    SN_TRY(sn_need_plain(x, "the operand"));
    SN_TRY(sn_infer_out(out, x->dtype, a->n_dims, a->shape));
    int added = a->n_dims - x->n_dims;
    for (int d = 0; d < a->n_dims; d++) {
        bool repeated = d < added || x->shape[d - added] == 1;
        if (!repeated && x->shape[d - added] != a->shape[d]) added = -1;
        if (added < 0) break;
        out->stride[d] = repeated ? 0 : x->stride[d - added];
    }
    if (added < 0) return sn_fail(SN_ERR_SHAPE, "%s cannot be broadcast to %s", sn_shape_text(x), sn_shape_text(out));
    return SN_OK;
}

static void vjp(sn_graph *g, const sn_node *n, sn_value *const *grad_out, sn_value **grad_in) {
    grad_in[0] = sn_sum_like(g, grad_out[0], sn_node_in(n, 0));
}

static const broadcast_attr attr_rows = {2, {3, 5}}, attr_inner = {3, {2, 3, 4}}, attr_none = {2, {0, 5}};
static const sn_op_case cases[] = {
    {.n_in = 1, .in = {SN_CASE_F32(-1, 1, 1, 5)}, .attr = &attr_rows},
    {.n_in = 1, .in = {SN_CASE_F32(-1, 1, 0, 0)}, .attr = &attr_rows},
    {.n_in = 1, .in = {SN_CASE_F32(-1, 1, 3, 2, 1, 4)}, .attr = &attr_inner},
    {.n_in = 1, .in = {SN_CASE_F32(-1, 1, 2, 3, 1)}, .attr = &attr_inner},
    {.n_in = 1, .in = {SN_CASE_F32(-1, 1, 1, 5)}, .attr = &attr_none},
};
static const sn_op_case bad_cases[] = {
    {.n_in = 1, .in = {SN_CASE_F32(-1, 1, 1, 3)}, .attr = &attr_rows},
    {.n_in = 1, .in = {SN_CASE_F32(-1, 1, 3, 1, 3, 5)}, .attr = &attr_rows},
};

const sn_op_def sn_op_broadcast = {
    .name = "broadcast",
    .formula = "out[..., i, ...] = x[..., i or 0, ...]",
    .source = "",
    .min_in = 1,
    .max_in = 1,
    .n_out = 1,
    .attr_size = sizeof(broadcast_attr),
    .flags = SN_OP_VIEW,
    .infer = infer,
    .vjp = vjp,
    .cost = sn_cost_none,
    .cases = cases,
    .n_cases = SN_COUNT(cases),
    .bad_cases = bad_cases,
    .n_bad_cases = SN_COUNT(bad_cases),
};

sn_value *sn_broadcast(sn_graph *g, sn_value *x, int n_dims, const int64_t *shape) {
    broadcast_attr attr = {.n_dims = n_dims};
    if (!x) return NULL;
    if (n_dims < 0 || n_dims > SN_MAX_DIMS)
        return sn_graph_fail(g, SN_ERR_SHAPE, "broadcast: %d dimensions: 0 to %d are possible", n_dims, SN_MAX_DIMS);
    for (int d = 0; d < n_dims; d++) attr.shape[d] = shape[d];
    sn_tensor out = sn_tensor_make(SN_F32, n_dims, attr.shape, NULL);
    if (sn_same_shape(sn_value_tensor(x), &out)) return x;
    return sn_node_append(g, &sn_op_broadcast, &x, 1, 0, &attr);
}
#endif
