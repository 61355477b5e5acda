/* gelu_tanh: the tanh form of GELU that GPT-2 uses. */
#include "op/elementwise.h"

static real element(real x) {
    const real k = (real)0.79788456080286536;
    return x * (real)0.5 * (1 + tanh(k * (x + (real)0.044715 * x * x * x)));
}
static void forward(const sn_call *c) { sn_map1(c, element); }
SN_OP_FORWARD(gelu_tanh)

#if SN_OP_MAIN
static void vjp(sn_graph *g, const sn_node *n, sn_value *const *grad_out, sn_value **grad_in) {
    sn_value *dy = grad_out[0], *x = sn_node_in(n, 0);
    const double k = 0.79788456080286536, c = 0.044715 * k;
    sn_value *square = sn_square(g, x);
    sn_value *t = sn_tanh(g, sn_mul(g, x, sn_scale(g, square, c, k)));
    sn_value *inner = sn_mul(g, sn_scale(g, sn_square(g, t), -1, 1), sn_scale(g, square, 3 * c, k));
    sn_value *slope = sn_add(g, sn_scale(g, t, 0.5, 0.5), sn_mul(g, sn_scale(g, x, 0.5, 0), inner));
    grad_in[0] = sn_mul(g, dy, slope);
}

static const sn_op_case cases[] = {SN_UNARY_CASES(-4, 4)};

const sn_op_def sn_op_gelu_tanh = {
    SN_UNARY(gelu_tanh),
    .formula = "out = x/2 * (1 + tanh(sqrt(2/pi) * (x + 0.044715 x^3)))",
    .source = "Hendrycks and Gimpel 2016, arXiv:1606.08415, section 2",
};

sn_value *sn_gelu_tanh(sn_graph *g, sn_value *x) { return sn_node_append(g, &sn_op_gelu_tanh, &x, 1, 0, NULL); }
#endif
