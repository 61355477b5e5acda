/* square: the square. */
#include "op/elementwise.h"

static real element(real x) { return x * x; }
static void forward(const sn_call *c) { sn_map1(c, element); }
SN_OP_FORWARD(square)

#if SN_OP_MAIN
static void vjp(sn_graph *g, const sn_node *n, sn_value *const *grad_out, sn_value **grad_in) {
    sn_value *dy = grad_out[0], *x = sn_node_in(n, 0);
    grad_in[0] = sn_mul(g, dy, sn_scale(g, x, 2, 0));
}

static const sn_op_case cases[] = {SN_UNARY_CASES(-2, 2)};

const sn_op_def sn_op_square = {
    SN_UNARY(square),
    .formula = "out = x^2",
    .source = "",
};

sn_value *sn_square(sn_graph *g, sn_value *x) { return sn_node_append(g, &sn_op_square, &x, 1, 0, NULL); }
#endif
