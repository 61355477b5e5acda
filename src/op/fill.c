/* fill: a tensor of one repeated value. */
#include "graph/op.h"

typedef struct fill_attr {
    double value;
    sn_dtype dtype;
    int n_dims;
    int64_t shape[SN_MAX_DIMS];
} fill_attr;

static void forward(const sn_call *c) {
    const fill_attr *attr = c->attr;
    int64_t n = sn_tensor_count(&c->out[0]);
    if (attr->dtype == SN_I32) {
        int32_t *out = c->out[0].data;
        for (int64_t i = 0; i < n; i++) out[i] = (int32_t)attr->value;
        return;
    }
    real *out = c->out[0].data;
    for (int64_t i = 0; i < n; i++) out[i] = (real)attr->value;
}
SN_OP_FORWARD(fill)

#if SN_OP_MAIN
#include "base/error.h"

static sn_status infer(const void *attr, const sn_tensor *in, int n_in, sn_tensor *out) {
    const fill_attr *a = attr;
    (void)in, (void)n_in;
    if (a->dtype != SN_F32 && a->dtype != SN_F64 && a->dtype != SN_I32)
        return sn_fail(SN_ERR_SHAPE, "fill: %s cannot be filled: use f32, f64 or i32", sn_dtype_name(a->dtype));
    return sn_infer_out(out, a->dtype, a->n_dims, a->shape);
}

static sn_cost cost(const void *attr, const sn_tensor *in, int n_in, const sn_tensor *out) {
    (void)attr, (void)in, (void)n_in;
    return (sn_cost){0, (double)sn_tensor_bytes(out)};
}

static const fill_attr case_attr = {2.5, SN_F32, 2, {3, 4}};
static const sn_op_case cases[] = {{.attr = &case_attr}};

const sn_op_def sn_op_fill = {
    .name = "fill",
    .formula = "out[...] = value",
    .source = "",
    .n_out = 1,
    .attr_size = sizeof(fill_attr),
    .infer = infer,
    .forward_f32 = sn_forward_f32_fill,
    .forward_f64 = sn_forward_f64_fill,
    .no_gradient = "it has no inputs",
    .cost = cost,
    .cases = cases,
    .n_cases = 1,
};

sn_value *sn_fill(sn_graph *g, sn_dtype dtype, int n_dims, const int64_t *shape, double value) {
    fill_attr attr = {.value = value, .dtype = dtype, .n_dims = n_dims};
    if (n_dims < 0 || n_dims > SN_MAX_DIMS)
        return sn_graph_fail(g, SN_ERR_SHAPE, "fill: %d dimensions: 0 to %d are possible", n_dims, SN_MAX_DIMS);
    for (int d = 0; d < n_dims; d++) attr.shape[d] = shape[d];
    return sn_node_append(g, &sn_op_fill, NULL, 0, 0, &attr);
}
#endif
