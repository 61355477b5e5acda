/* sign: -1, 0 or 1. */
#include "op/elementwise.h"

static real element(real x) { return (real)((x > 0) - (x < 0)); }
static void forward(const sn_call *c) { sn_map1(c, element); }
SN_OP_FORWARD(sign)

#if SN_OP_MAIN
static void vjp(sn_graph *g, const sn_node *n, sn_value *const *grad_out, sn_value **grad_in) {
    (void)g, (void)n, (void)grad_out, (void)grad_in; /* piecewise constant: nothing flows back */
}

static const sn_op_case cases[] = {SN_UNARY_CASES(-2, 2)};

const sn_op_def sn_op_sign = {
    SN_UNARY(sign),
    .formula = "out = sign(x)",
    .source = "",
};

sn_value *sn_sign(sn_graph *g, sn_value *x) { return sn_node_append(g, &sn_op_sign, &x, 1, 0, NULL); }
#endif
