/* less: a comparison. */
#include "op/elementwise.h"

static real element(real a, real b) { return a < b ? 1 : 0; }
static void forward(const sn_call *c) { sn_map2(c, element); }
SN_OP_FORWARD(less)

#if SN_OP_MAIN
static void vjp(sn_graph *g, const sn_node *n, sn_value *const *grad_out, sn_value **grad_in) {
    (void)g, (void)n, (void)grad_out, (void)grad_in; /* piecewise constant: nothing flows back */
}

static const sn_op_case cases[] = {SN_BINARY_CASES(-2, 2, -2, 2)};

const sn_op_def sn_op_less = {
    SN_BINARY(less),
    .formula = "out = 1 where a < b, else 0",
    .source = "",
};

sn_value *sn_less(sn_graph *g, sn_value *a, sn_value *b) {
    return sn_node_append(g, &sn_op_less, (sn_value *[]){a, b}, 2, 0, NULL);
}
#endif
