/* silu: the sigmoid-weighted linear unit, also called swish. */
#include "op/elementwise.h"

static real element(real x) { return x / (1 + exp(-x)); }
static void forward(const sn_call *c) { sn_map1(c, element); }
SN_OP_FORWARD(silu)

#if SN_OP_MAIN
static void vjp(sn_graph *g, const sn_node *n, sn_value *const *grad_out, sn_value **grad_in) {
    sn_value *dy = grad_out[0], *x = sn_node_in(n, 0), *y = sn_node_out(n, 0);
    /* s + x s (1 - s) with s = sigmoid(x) */
    sn_value *s = sn_sigmoid(g, x);
    grad_in[0] = sn_mul(g, dy, sn_add(g, s, sn_mul(g, y, sn_scale(g, s, -1, 1))));
}

static const sn_op_case cases[] = {SN_UNARY_CASES(-4, 4)};

const sn_op_def sn_op_silu = {
    SN_UNARY(silu),
    .formula = "out = x / (1 + e^-x)",
    .source = "Elfwing et al. 2017, arXiv:1702.03118",
};

sn_value *sn_silu(sn_graph *g, sn_value *x) { return sn_node_append(g, &sn_op_silu, &x, 1, 0, NULL); }
#endif
