/* sigmoid: the logistic function. */
#include "op/elementwise.h"

static real element(real x) { return 1 / (1 + exp(-x)); }
static void forward(const sn_call *c) { sn_map1(c, element); }
SN_OP_FORWARD(sigmoid)

#if SN_OP_MAIN
static void vjp(sn_graph *g, const sn_node *n, sn_value *const *grad_out, sn_value **grad_in) {
    sn_value *dy = grad_out[0], *y = sn_node_out(n, 0);
    grad_in[0] = sn_mul(g, dy, sn_mul(g, y, sn_scale(g, y, -1, 1)));
}

static const sn_op_case cases[] = {SN_UNARY_CASES(-4, 4)};

const sn_op_def sn_op_sigmoid = {
    SN_UNARY(sigmoid),
    .formula = "out = 1 / (1 + e^-x)",
    .source = "",
};

sn_value *sn_sigmoid(sn_graph *g, sn_value *x) { return sn_node_append(g, &sn_op_sigmoid, &x, 1, 0, NULL); }
#endif
