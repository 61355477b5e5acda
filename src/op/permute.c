/* permute: the dimensions in another order. A view. */
#include "op/shared.h"

#if SN_OP_MAIN
#include "base/error.h"

typedef struct permute_attr {
    int n_dims;
    int order[SN_MAX_DIMS];
} permute_attr;

static sn_status infer(const void *attr, const sn_tensor *in, int n_in, sn_tensor *out) {
    const permute_attr *a = attr;
    const sn_tensor *x = &in[0];
    unsigned seen = 0;
    (void)n_in;
    if (a->n_dims != x->n_dims)
        return sn_fail(SN_ERR_SHAPE, "an order of %d dimensions for %s", a->n_dims, sn_shape_text(x));
    *out = (sn_tensor){.dtype = x->dtype, .n_dims = x->n_dims};
    for (int d = 0; d < x->n_dims; d++) {
        SN_TRY(sn_need_dim(x, a->order[d]));
        seen |= 1u << a->order[d];
        out->shape[d] = x->shape[a->order[d]];
        out->stride[d] = x->stride[a->order[d]];
    }
    if (seen != (1u << x->n_dims) - 1) return sn_fail(SN_ERR_SHAPE, "the order names a dimension twice");
    if (sn_dtype_is_block(x->dtype) && a->order[x->n_dims - 1] != x->n_dims - 1)
        return sn_fail(SN_ERR_SHAPE, "the rows of a quantized %s tensor cannot be moved", sn_dtype_name(x->dtype));
    return SN_OK;
}

static void vjp(sn_graph *g, const sn_node *n, sn_value *const *grad_out, sn_value **grad_in) {
    const permute_attr *a = sn_node_attr(n);
    int inverse[SN_MAX_DIMS] = {0};
    for (int d = 0; d < a->n_dims; d++) inverse[a->order[d]] = d;
    grad_in[0] = sn_permute(g, grad_out[0], inverse);
}

static const permute_attr attr_swap = {2, {1, 0}}, attr_turn = {3, {2, 0, 1}}, attr_twice = {2, {0, 0}},
                          attr_beyond = {2, {0, 2}};
static const sn_op_case cases[] = {
    {.n_in = 1, .in = {SN_CASE_F32(-1, 1, 2, 3, 5)}, .attr = &attr_swap},
    {.n_in = 1, .in = {SN_CASE_F32(-1, 1, 3, 2, 3, 5)}, .attr = &attr_turn},
    {.n_in = 1, .in = {SN_CASE_F32(-1, 1, 2, 0, 5)}, .attr = &attr_swap},
};
static const sn_op_case bad_cases[] = {
    {.n_in = 1, .in = {SN_CASE_F32(-1, 1, 3, 2, 3, 5)}, .attr = &attr_swap},
    {.n_in = 1, .in = {SN_CASE_F32(-1, 1, 2, 3, 5)}, .attr = &attr_twice},
    {.n_in = 1, .in = {SN_CASE_F32(-1, 1, 2, 3, 5)}, .attr = &attr_beyond},
    {.n_in = 1, .in = {SN_CASE_IN(SN_Q8_0, -1, 1, 2, 3, 32)}, .attr = &attr_swap},
};

const sn_op_def sn_op_permute = {
    .name = "permute",
    .formula = "dim i of out = dim order[i] of x",
    .source = "",
    .min_in = 1,
    .max_in = 1,
    .n_out = 1,
    .attr_size = sizeof(permute_attr),
    .flags = SN_OP_VIEW,
    .infer = infer,
    .vjp = vjp,
    .cost = sn_cost_none,
    .cases = cases,
    .n_cases = SN_COUNT(cases),
    .bad_cases = bad_cases,
    .n_bad_cases = SN_COUNT(bad_cases),
};

sn_value *sn_permute(sn_graph *g, sn_value *x, const int *order) {
    permute_attr attr = {.n_dims = x ? sn_value_tensor(x)->n_dims : 0};
    for (int d = 0; d < attr.n_dims; d++) attr.order[d] = sn_resolve_dim(x, order[d]);
    return sn_node_append(g, &sn_op_permute, &x, 1, 0, &attr);
}

sn_value *sn_transpose(sn_graph *g, sn_value *x, int dim_a, int dim_b) {
    int order[SN_MAX_DIMS] = {0, 1, 2, 3, 4, 5};
    if (!x) return NULL;
    int a = sn_resolve_dim(x, dim_a), b = sn_resolve_dim(x, dim_b), n_dims = sn_value_tensor(x)->n_dims;
    if (a < 0 || a >= n_dims || b < 0 || b >= n_dims)
        return sn_graph_fail(g, SN_ERR_SHAPE, "transpose: %s has no dimensions %d and %d",
                             sn_shape_text(sn_value_tensor(x)), dim_a, dim_b);
    order[a] = b, order[b] = a;
    return sn_permute(g, x, order);
}
#endif
