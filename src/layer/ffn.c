#include "layer/ffn.h"

static bool is_swiglu(const sn_ffn_weights *w, sn_activation_fn activation) {
    return w->gate && activation == sn_silu && !w->gate_bias && !w->up_bias && !w->down_bias;
}

sn_value *sn_layer_ffn(sn_graph *g, sn_value *x, const sn_ffn_weights *w, sn_activation_fn activation) {
    if (w->fused && is_swiglu(w, activation)) return sn_swiglu(g, x, w->gate, w->up, w->down);
    sn_value *up = sn_linear(g, x, w->up, w->up_bias);
    if (!w->gate) return sn_linear(g, activation(g, up), w->down, w->down_bias);
    sn_value *gate = sn_linear(g, x, w->gate, w->gate_bias);
    sn_value *hidden = activation == sn_silu ? sn_silu_mul(g, gate, up) : sn_mul(g, activation(g, gate), up);
    return sn_linear(g, hidden, w->down, w->down_bias);
}
