/* log: the natural logarithm. */
#include "op/elementwise.h"

static real element(real x) { return log(x); }
static void forward(const sn_call *c) { sn_map1(c, element); }
SN_OP_FORWARD(log)

#if SN_OP_MAIN
static void vjp(sn_graph *g, const sn_node *n, sn_value *const *grad_out, sn_value **grad_in) {
    sn_value *dy = grad_out[0], *x = sn_node_in(n, 0);
    grad_in[0] = sn_div(g, dy, x);
}

static const sn_op_case cases[] = {SN_UNARY_CASES(0.3, 3)};

const sn_op_def sn_op_log = {
    SN_UNARY(log),
    .formula = "out = ln(x)",
    .source = "",
};

sn_value *sn_log(sn_graph *g, sn_value *x) { return sn_node_append(g, &sn_op_log, &x, 1, 0, NULL); }
#endif
