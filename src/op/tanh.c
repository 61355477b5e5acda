/* tanh: the hyperbolic tangent. */
#include "op/elementwise.h"

static real element(real x) { return tanh(x); }
static void forward(const sn_call *c) { sn_map1(c, element); }
SN_OP_FORWARD(tanh)

#if SN_OP_MAIN
static void vjp(sn_graph *g, const sn_node *n, sn_value *const *grad_out, sn_value **grad_in) {
    sn_value *dy = grad_out[0], *y = sn_node_out(n, 0);
    grad_in[0] = sn_mul(g, dy, sn_scale(g, sn_square(g, y), -1, 1));
}

static const sn_op_case cases[] = {SN_UNARY_CASES(-3, 3)};

const sn_op_def sn_op_tanh = {
    SN_UNARY(tanh),
    .formula = "out = tanh(x)",
    .source = "",
};

sn_value *sn_tanh(sn_graph *g, sn_value *x) { return sn_node_append(g, &sn_op_tanh, &x, 1, 0, NULL); }
#endif
