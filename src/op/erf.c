/* erf: the error function. */
#include "op/elementwise.h"

static real element(real x) { return erf(x); }
static void forward(const sn_call *c) { sn_map1(c, element); }
SN_OP_FORWARD(erf)

#if SN_OP_MAIN
static void vjp(sn_graph *g, const sn_node *n, sn_value *const *grad_out, sn_value **grad_in) {
    sn_value *dy = grad_out[0], *x = sn_node_in(n, 0);
    /* 2/sqrt(pi) e^-x^2 */
    sn_value *slope = sn_scale(g, sn_exp(g, sn_neg(g, sn_square(g, x))), 1.1283791670955126, 0);
    grad_in[0] = sn_mul(g, dy, slope);
}

static const sn_op_case cases[] = {SN_UNARY_CASES(-2, 2)};

const sn_op_def sn_op_erf = {
    SN_UNARY(erf),
    .formula = "out = 2/sqrt(pi) * integral from 0 to x of e^-t^2",
    .source = "",
};

sn_value *sn_erf(sn_graph *g, sn_value *x) { return sn_node_append(g, &sn_op_erf, &x, 1, 0, NULL); }
#endif
