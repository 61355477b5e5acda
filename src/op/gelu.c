/* gelu: the Gaussian error linear unit. erfc keeps its digits where 1 + erf cancels. */
#include "op/elementwise.h"

static real element(real x) { return x * (real)0.5 * erfc(x * (real)-0.70710678118654752); }
static void forward(const sn_call *c) { sn_map1(c, element); }
SN_OP_FORWARD(gelu)

#if SN_OP_MAIN
static void vjp(sn_graph *g, const sn_node *n, sn_value *const *grad_out, sn_value **grad_in) {
    sn_value *dy = grad_out[0], *x = sn_node_in(n, 0);
    sn_value *cdf = sn_scale(g, sn_erf(g, sn_scale(g, x, 0.70710678118654752, 0)), 0.5, 0.5);
    sn_value *pdf = sn_scale(g, sn_exp(g, sn_scale(g, sn_square(g, x), -0.5, 0)), 0.39894228040143268, 0);
    grad_in[0] = sn_mul(g, dy, sn_add(g, cdf, sn_mul(g, x, pdf)));
}

static const sn_op_case cases[] = {SN_UNARY_CASES(-4, 4)};

const sn_op_def sn_op_gelu = {
    SN_UNARY(gelu),
    .formula = "out = x * Phi(x), Phi the standard normal distribution",
    .source = "Hendrycks and Gimpel 2016, arXiv:1606.08415",
};

sn_value *sn_gelu(sn_graph *g, sn_value *x) { return sn_node_append(g, &sn_op_gelu, &x, 1, 0, NULL); }
#endif
