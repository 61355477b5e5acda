/* scale: times a constant, plus a constant. */
#include "op/elementwise.h"

static void forward(const sn_call *c) {
    const sn_scale_attr *attr = c->attr;
    const real factor = (real)attr->factor, offset = (real)attr->offset;
    const sn_tensor *in = &c->in[0];
    const sn_row_walk w = sn_walk_rows(in);
    int64_t step = sn_row_step(&w, in, in);
    real *y = c->out[0].data;
    for (int64_t row = 0; row < w.n; row += w.width) {
        const char *x = (const char *)sn_real_at(in, row);
        for (int64_t i = 0; i < w.width; i++) y[row + i] = *(const real *)(x + i * step) * factor + offset;
    }
}
SN_OP_FORWARD(scale)

#if SN_OP_MAIN
static void vjp(sn_graph *g, const sn_node *n, sn_value *const *grad_out, sn_value **grad_in) {
    const sn_scale_attr *attr = sn_node_attr(n);
    grad_in[0] = sn_scale(g, grad_out[0], attr->factor, 0);
}

static const sn_scale_attr attr_both = {-1.5, 0.25}, attr_factor = {0.125, 0};
static const sn_op_case cases[] = {
    {.n_in = 1, .in = {SN_CASE_F32(-2, 2, 2, 3, 5)}, .attr = &attr_both},
    {.n_in = 1, .in = {SN_CASE_F32(-2, 2, 0, 0)}, .attr = &attr_factor},
    {.n_in = 1, .in = {SN_CASE_F32(-2, 2, 2, 0, 5)}, .attr = &attr_both},
    {.n_in = 1, .in = {SN_CASE_F32(-2, 2, 3, 2, 3, 7)}, .attr = &attr_factor},
};

const sn_op_def sn_op_scale = {
    SN_UNARY(scale),
    .formula = "out = x * factor + offset",
    .source = "",
    .attr_size = sizeof(sn_scale_attr),
};

sn_value *sn_scale(sn_graph *g, sn_value *x, double factor, double offset) {
    return sn_node_append(g, &sn_op_scale, &x, 1, 0, &(sn_scale_attr){factor, offset});
}
#endif
