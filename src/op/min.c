/* min: the smaller of two. A tie counts as a; NaN in a is kept. */
#include "op/elementwise.h"

static real element(real a, real b) { return b < a ? b : a; }
static void forward(const sn_call *c) { sn_map2(c, element); }
SN_OP_FORWARD(min)

#if SN_OP_MAIN
static void vjp(sn_graph *g, const sn_node *n, sn_value *const *grad_out, sn_value **grad_in) {
    sn_value *dy = grad_out[0], *a = sn_node_in(n, 0), *b = sn_node_in(n, 1);
    sn_value *mask = sn_less(g, b, a), *zero = sn_scalar_like(g, dy, 0);
    grad_in[0] = sn_sum_like(g, sn_where(g, mask, zero, dy), a);
    grad_in[1] = sn_sum_like(g, sn_where(g, mask, dy, zero), b);
}

static const sn_op_case cases[] = {SN_BINARY_CASES(-2, 2, -2, 2)};

const sn_op_def sn_op_min = {
    SN_BINARY(min),
    .formula = "out = min(a, b)",
    .source = "",
};

sn_value *sn_min(sn_graph *g, sn_value *a, sn_value *b) {
    return sn_node_append(g, &sn_op_min, (sn_value *[]){a, b}, 2, 0, NULL);
}
#endif
