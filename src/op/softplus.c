/* softplus: a smooth max(x, 0). */
#include "op/elementwise.h"

static real element(real x) { return log1p(exp(-fabs(x))) + (x > 0 ? x : 0); }
static void forward(const sn_call *c) { sn_map1(c, element); }
SN_OP_FORWARD(softplus)

#if SN_OP_MAIN
static void vjp(sn_graph *g, const sn_node *n, sn_value *const *grad_out, sn_value **grad_in) {
    sn_value *dy = grad_out[0], *x = sn_node_in(n, 0);
    grad_in[0] = sn_mul(g, dy, sn_sigmoid(g, x));
}

static const sn_op_case cases[] = {SN_UNARY_CASES(-4, 4)};

const sn_op_def sn_op_softplus = {
    SN_UNARY(softplus),
    .formula = "out = ln(1 + e^x)",
    .source = "",
};

sn_value *sn_softplus(sn_graph *g, sn_value *x) { return sn_node_append(g, &sn_op_softplus, &x, 1, 0, NULL); }
#endif
