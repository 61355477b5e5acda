#include "layer/ffn.h"

sn_value *sn_layer_ffn(sn_graph *g, sn_value *x, const sn_ffn_weights *w, sn_activation_fn activation) {
    sn_value *up = sn_linear(g, x, w->up, w->up_bias);
    sn_value *hidden;
    if (w->gate)
        hidden = sn_mul(g, activation(g, sn_linear(g, x, w->gate, w->gate_bias)), up);
    else
        hidden = activation(g, up);
    return sn_linear(g, hidden, w->down, w->down_bias);
}
