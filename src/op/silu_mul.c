/* silu_mul: the gated product of a SwiGLU layer in one pass. */
#include "op/backward.h"
#include "op/elementwise.h"

static real element(real gate, real up) { return gate / (1 + exp(-gate)) * up; }
static void forward(const sn_call *c) { sn_map2(c, element); }
SN_OP_FORWARD(silu_mul)

#if SN_OP_MAIN
/* Broadcast operands go through the two ops it stands for. */
static void vjp(sn_graph *g, const sn_node *n, sn_value *const *grad_out, sn_value **grad_in) {
    sn_value *gate = sn_node_in(n, 0), *up = sn_node_in(n, 1), *dy = grad_out[0];
    if (sn_same_shape(sn_value_tensor(gate), sn_value_tensor(up))) {
        sn_silu_mul_backward(g, gate, up, dy, grad_in);
        return;
    }
    sn_value *s = sn_sigmoid(g, gate), *silu = sn_mul(g, gate, s);
    sn_value *slope = sn_add(g, s, sn_mul(g, silu, sn_scale(g, s, -1, 1)));
    grad_in[0] = sn_sum_like(g, sn_mul(g, dy, sn_mul(g, slope, up)), gate);
    grad_in[1] = sn_sum_like(g, sn_mul(g, dy, silu), up);
}

static const sn_op_case cases[] = {SN_BINARY_CASES(-4, 4, -2, 2)};

const sn_op_def sn_op_silu_mul = {
    SN_BINARY_FLAGS(silu_mul, SN_OP_INPLACE0 | SN_OP_CHEAP),
    .formula = "out = gate / (1 + e^-gate) * up",
    .source = "Shazeer 2020, arXiv:2002.05202",
};

sn_value *sn_silu_mul(sn_graph *g, sn_value *gate, sn_value *up) {
    return sn_node_append(g, &sn_op_silu_mul, (sn_value *[]){gate, up}, 2, 0, NULL);
}
#endif
