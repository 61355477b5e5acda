/* abs: the absolute value. */
#include "op/elementwise.h"

static real element(real x) { return fabs(x); }
static void forward(const sn_call *c) { sn_map1(c, element); }
SN_OP_FORWARD(abs)

#if SN_OP_MAIN
static void vjp(sn_graph *g, const sn_node *n, sn_value *const *grad_out, sn_value **grad_in) {
    sn_value *dy = grad_out[0], *x = sn_node_in(n, 0);
    grad_in[0] = sn_mul(g, dy, sn_sign(g, x));
}

static const sn_op_case cases[] = {SN_UNARY_CASES(-2, 2)};

const sn_op_def sn_op_abs = {
    SN_UNARY(abs),
    .formula = "out = |x|",
    .source = "",
};

sn_value *sn_abs(sn_graph *g, sn_value *x) { return sn_node_append(g, &sn_op_abs, &x, 1, 0, NULL); }
#endif
