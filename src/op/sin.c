/* sin: the sine. */
#include "op/elementwise.h"

static real element(real x) { return sin(x); }
static void forward(const sn_call *c) { sn_map1(c, element); }
SN_OP_FORWARD(sin)

#if SN_OP_MAIN
static void vjp(sn_graph *g, const sn_node *n, sn_value *const *grad_out, sn_value **grad_in) {
    sn_value *dy = grad_out[0], *x = sn_node_in(n, 0);
    grad_in[0] = sn_mul(g, dy, sn_cos(g, x));
}

static const sn_op_case cases[] = {SN_UNARY_CASES(-4, 4)};

const sn_op_def sn_op_sin = {
    SN_UNARY(sin),
    .formula = "out = sin(x), x in radians",
    .source = "",
};

sn_value *sn_sin(sn_graph *g, sn_value *x) { return sn_node_append(g, &sn_op_sin, &x, 1, 0, NULL); }
#endif
