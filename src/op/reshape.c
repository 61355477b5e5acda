/* reshape: the same elements in the same order under another shape. A view; where the strides of x do not
 * allow one, the builder copies first. */
#include "op/shared.h"

#if SN_OP_MAIN
#include "base/error.h"
#include "base/size.h"

typedef struct reshape_attr {
    int n_dims;
    int64_t shape[SN_MAX_DIMS];
} reshape_attr;

/* Sets out's strides so that it views x: groups of x's dims that lie in memory as one are split as out asks.
 * False where out's dims cut across a gap. Both have the same number of elements, not 0. */
static bool view_strides(const sn_tensor *x, sn_tensor *out) {
    int64_t shape[SN_MAX_DIMS] = {0}, stride[SN_MAX_DIMS] = {0}; /* x without its dims of size 1 */
    int n = 0, d = 0, e = 0;
    for (int k = 0; k < x->n_dims; k++)
        if (x->shape[k] != 1) shape[n] = x->shape[k], stride[n++] = x->stride[k];
    while (e < out->n_dims) {
        if (out->shape[e] == 1) {
            e++;
            continue;
        }
        int first_d = d, first_e = e;
        int64_t have = shape[d++], want = out->shape[e++];
        while (have != want) {
            if (have < want)
                have *= shape[d++];
            else
                want *= out->shape[e++];
        }
        for (int k = first_d; k < d - 1; k++)
            if (stride[k] != stride[k + 1] * shape[k + 1]) return false;
        int64_t step = stride[d - 1];
        for (int k = e - 1; k >= first_e; k--) {
            out->stride[k] = step;
            step *= out->shape[k];
        }
    }
    return true;
}

static bool is_viewable(const sn_tensor *x, sn_tensor *out) {
    if (sn_tensor_is_contiguous(x) || sn_tensor_count(x) == 0) return true;
    return !sn_dtype_is_block(x->dtype) && view_strides(x, out);
}

static sn_status infer(const void *attr, const sn_tensor *in, int n_in, sn_tensor *out) {
    const reshape_attr *a = attr;
    (void)n_in;
    SN_TRY(sn_infer_out(out, in[0].dtype, a->n_dims, a->shape));
    if (sn_tensor_count(out) != sn_tensor_count(&in[0]))
        return sn_fail(SN_ERR_SHAPE, "%s does not have as many elements as %s", sn_shape_text(&in[0]),
                       sn_shape_text(out));
    if (!is_viewable(&in[0], out))
        return sn_fail(SN_ERR_SHAPE, "%s is not contiguous: copy it first", sn_shape_text(&in[0]));
    return SN_OK;
}

static void vjp(sn_graph *g, const sn_node *n, sn_value *const *grad_out, sn_value **grad_in) {
    const sn_tensor *x = sn_value_tensor(sn_node_in(n, 0));
    grad_in[0] = sn_reshape(g, grad_out[0], x->n_dims, x->shape);
}

static const reshape_attr attr_15 = {1, {15}}, attr_split = {3, {3, 1, 5}}, attr_scalar = {0}, attr_none = {2, {0, 7}},
                          attr_16 = {1, {16}};
static const sn_op_case cases[] = {
    {.n_in = 1, .in = {SN_CASE_F32(-1, 1, 2, 3, 5)}, .attr = &attr_split},
    {.n_in = 1, .in = {SN_CASE_F32(-1, 1, 3, 1, 15, 1)}, .attr = &attr_15},
    {.n_in = 1, .in = {SN_CASE_F32(-1, 1, 1, 1)}, .attr = &attr_scalar},
    {.n_in = 1, .in = {SN_CASE_F32(-1, 1, 1, 0)}, .attr = &attr_none},
};
static const sn_op_case bad_cases[] = {{.n_in = 1, .in = {SN_CASE_F32(-1, 1, 2, 3, 5)}, .attr = &attr_16}};

const sn_op_def sn_op_reshape = {
    .name = "reshape",
    .formula = "out has x's elements in row-major order under another shape",
    .source = "",
    .min_in = 1,
    .max_in = 1,
    .n_out = 1,
    .attr_size = sizeof(reshape_attr),
    .flags = SN_OP_VIEW,
    .infer = infer,
    .vjp = vjp,
    .cost = sn_cost_none,
    .cases = cases,
    .n_cases = SN_COUNT(cases),
    .bad_cases = bad_cases,
    .n_bad_cases = SN_COUNT(bad_cases),
};

/* Replaces one -1 by what the other dims leave. */
static bool complete_shape(reshape_attr *a, int64_t count) {
    int64_t known = 1;
    int open = -1;
    for (int d = 0; d < a->n_dims; d++) {
        if (a->shape[d] == -1 && open < 0)
            open = d;
        else if (a->shape[d] < 0 || !sn_mul_i64(known, a->shape[d], &known))
            return false;
    }
    if (open < 0) return known == count;
    if (known == 0 || count % known != 0) return false;
    a->shape[open] = count / known;
    return true;
}

sn_value *sn_reshape(sn_graph *g, sn_value *x, int n_dims, const int64_t *shape) {
    reshape_attr attr = {.n_dims = n_dims};
    if (!x) return NULL;
    const sn_tensor *from = sn_value_tensor(x);
    if (n_dims < 0 || n_dims > SN_MAX_DIMS)
        return sn_graph_fail(g, SN_ERR_SHAPE, "reshape: %d dimensions: 0 to %d are possible", n_dims, SN_MAX_DIMS);
    for (int d = 0; d < n_dims; d++) attr.shape[d] = shape[d];
    if (!complete_shape(&attr, sn_tensor_count(from)))
        return sn_graph_fail(g, SN_ERR_SHAPE, "reshape: the %lld elements of %s do not fill the wanted shape",
                             (long long)sn_tensor_count(from), sn_shape_text(from));
    sn_tensor out = sn_tensor_make(from->dtype, n_dims, attr.shape, NULL);
    if (sn_same_shape(from, &out)) return x;
    if (!is_viewable(from, &out)) x = sn_copy(g, x);
    return sn_node_append(g, &sn_op_reshape, &x, 1, 0, &attr);
}
#endif
