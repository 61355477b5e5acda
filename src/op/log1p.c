/* log1p: ln(1 + x), exact where x is small. */
#include "op/elementwise.h"

static real element(real x) { return log1p(x); }
static void forward(const sn_call *c) { sn_map1(c, element); }
SN_OP_FORWARD(log1p)

#if SN_OP_MAIN
static void vjp(sn_graph *g, const sn_node *n, sn_value *const *grad_out, sn_value **grad_in) {
    sn_value *dy = grad_out[0], *x = sn_node_in(n, 0);
    grad_in[0] = sn_div(g, dy, sn_scale(g, x, 1, 1));
}

static const sn_op_case cases[] = {SN_UNARY_CASES(-0.7, 3), SN_UNARY_CASES(-1e-6, 1e-6)};

const sn_op_def sn_op_log1p = {
    SN_UNARY(log1p),
    .formula = "out = ln(1 + x)",
    .source = "",
};

sn_value *sn_log1p(sn_graph *g, sn_value *x) { return sn_node_append(g, &sn_op_log1p, &x, 1, 0, NULL); }
#endif
