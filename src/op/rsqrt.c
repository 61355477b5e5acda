/* rsqrt: the inverse square root. */
#include "op/elementwise.h"

static real element(real x) { return 1 / sqrt(x); }
static void forward(const sn_call *c) { sn_map1(c, element); }
SN_OP_FORWARD(rsqrt)

#if SN_OP_MAIN
static void vjp(sn_graph *g, const sn_node *n, sn_value *const *grad_out, sn_value **grad_in) {
    sn_value *dy = grad_out[0], *y = sn_node_out(n, 0);
    grad_in[0] = sn_scale(g, sn_mul(g, dy, sn_mul(g, y, sn_square(g, y))), -0.5, 0);
}

static const sn_op_case cases[] = {SN_UNARY_CASES(0.3, 3)};

const sn_op_def sn_op_rsqrt = {
    SN_UNARY(rsqrt),
    .formula = "out = 1 / sqrt(x)",
    .source = "",
};

sn_value *sn_rsqrt(sn_graph *g, sn_value *x) { return sn_node_append(g, &sn_op_rsqrt, &x, 1, 0, NULL); }
#endif
