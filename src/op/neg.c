/* neg: the additive inverse. */
#include "op/elementwise.h"

static real element(real x) { return -x; }
static void forward(const sn_call *c) { sn_map1(c, element); }
SN_OP_FORWARD(neg)

#if SN_OP_MAIN
static void vjp(sn_graph *g, const sn_node *n, sn_value *const *grad_out, sn_value **grad_in) {
    (void)n;
    sn_value *dy = grad_out[0];
    grad_in[0] = sn_neg(g, dy);
}

static const sn_op_case cases[] = {SN_UNARY_CASES(-2, 2)};

const sn_op_def sn_op_neg = {
    SN_UNARY(neg),
    .formula = "out = -x",
    .source = "",
};

sn_value *sn_neg(sn_graph *g, sn_value *x) { return sn_node_append(g, &sn_op_neg, &x, 1, 0, NULL); }
#endif
