/* expm1: e^x - 1, exact where x is small. */
#include "op/elementwise.h"

static real element(real x) { return expm1(x); }
static void forward(const sn_call *c) { sn_map1(c, element); }
SN_OP_FORWARD(expm1)

#if SN_OP_MAIN
/* By e^x rather than out + 1, which is 0 where e^x is small. */
static void vjp(sn_graph *g, const sn_node *n, sn_value *const *grad_out, sn_value **grad_in) {
    sn_value *dy = grad_out[0], *x = sn_node_in(n, 0);
    grad_in[0] = sn_mul(g, dy, sn_exp(g, x));
}

static const sn_op_case cases[] = {SN_UNARY_CASES(-3, 3), SN_UNARY_CASES(-1e-6, 1e-6)};

const sn_op_def sn_op_expm1 = {
    SN_UNARY(expm1),
    .formula = "out = e^x - 1",
    .source = "",
};

sn_value *sn_expm1(sn_graph *g, sn_value *x) { return sn_node_append(g, &sn_op_expm1, &x, 1, 0, NULL); }
#endif
