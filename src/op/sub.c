/* sub: a difference. */
#include "op/elementwise.h"

static real element(real a, real b) { return a - b; }
static void forward(const sn_call *c) { sn_map2(c, element); }
SN_OP_FORWARD(sub)

#if SN_OP_MAIN
static void vjp(sn_graph *g, const sn_node *n, sn_value *const *grad_out, sn_value **grad_in) {
    sn_value *dy = grad_out[0], *a = sn_node_in(n, 0), *b = sn_node_in(n, 1);
    grad_in[0] = sn_sum_like(g, dy, a);
    grad_in[1] = sn_sum_like(g, sn_neg(g, dy), b);
}

static const sn_op_case cases[] = {SN_BINARY_CASES(-2, 2, -2, 2)};

const sn_op_def sn_op_sub = {
    SN_BINARY(sub),
    .formula = "out = a - b",
    .source = "",
};

sn_value *sn_sub(sn_graph *g, sn_value *a, sn_value *b) {
    return sn_node_append(g, &sn_op_sub, (sn_value *[]){a, b}, 2, 0, NULL);
}
#endif
