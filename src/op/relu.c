/* relu: the positive part. */
#include "op/elementwise.h"

static real element(real x) { return x < 0 ? 0 : x; }
static void forward(const sn_call *c) { sn_map1(c, element); }
SN_OP_FORWARD(relu)

#if SN_OP_MAIN
static void vjp(sn_graph *g, const sn_node *n, sn_value *const *grad_out, sn_value **grad_in) {
    sn_value *dy = grad_out[0], *x = sn_node_in(n, 0);
    sn_value *zero = sn_scalar_like(g, x, 0);
    grad_in[0] = sn_where(g, sn_less(g, zero, x), dy, zero);
}

static const sn_op_case cases[] = {SN_UNARY_CASES(-2, 2)};

const sn_op_def sn_op_relu = {
    SN_UNARY(relu),
    .formula = "out = max(x, 0)",
    .source = "",
};

sn_value *sn_relu(sn_graph *g, sn_value *x) { return sn_node_append(g, &sn_op_relu, &x, 1, 0, NULL); }
#endif
