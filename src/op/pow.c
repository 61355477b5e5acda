/* pow: a power. Where a <= 0 the gradient of the exponent is taken as 0. */
#include "op/elementwise.h"

static real element(real a, real b) { return pow(a, b); }
static void forward(const sn_call *c) { sn_map2(c, element); }
SN_OP_FORWARD(pow)

#if SN_OP_MAIN
static void vjp(sn_graph *g, const sn_node *n, sn_value *const *grad_out, sn_value **grad_in) {
    sn_value *dy = grad_out[0], *a = sn_node_in(n, 0), *b = sn_node_in(n, 1), *y = sn_node_out(n, 0);
    sn_value *one = sn_scalar_like(g, a, 1), *zero = sn_scalar_like(g, a, 0);
    sn_value *power = sn_pow(g, a, sn_sub(g, b, one));
    grad_in[0] = sn_sum_like(g, sn_mul(g, dy, sn_mul(g, b, power)), a);
    sn_value *positive = sn_less(g, zero, a);
    sn_value *slope = sn_mul(g, y, sn_log(g, sn_where(g, positive, a, one))); /* ln 1 = 0 elsewhere */
    grad_in[1] = sn_sum_like(g, sn_mul(g, dy, slope), b);
}

static const sn_op_case cases[] = {SN_BINARY_CASES(0.3, 2, -2, 3)};

const sn_op_def sn_op_pow = {
    SN_BINARY(pow),
    .formula = "out = a^b",
    .source = "",
};

sn_value *sn_pow(sn_graph *g, sn_value *a, sn_value *b) {
    return sn_node_append(g, &sn_op_pow, (sn_value *[]){a, b}, 2, 0, NULL);
}
#endif
