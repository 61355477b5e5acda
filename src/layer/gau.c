#include "layer/gau.h"

static sn_value *affine(sn_graph *g, sn_value *x, sn_value *gain, sn_value *offset) {
    sn_value *y = sn_mul(g, x, gain);
    return offset ? sn_add(g, y, offset) : y;
}

sn_value *sn_layer_gau(sn_graph *g, sn_value *x, const sn_gau_weights *w, sn_activation_fn activation,
                       const sn_attention_shape *s, const sn_attention_positions *at, const sn_attention_cache *cache) {
    const int64_t z_shape[] = {s->n_rows, 1, s->d_head}, v_shape[] = {s->n_rows, 1, s->d_value};
    sn_value *z = activation(g, sn_linear(g, x, w->z, w->z_bias));
    sn_value *q = sn_reshape(g, affine(g, z, w->q_gain, w->q_offset), 3, z_shape);
    sn_value *k = sn_reshape(g, affine(g, z, w->k_gain, w->k_offset), 3, z_shape);
    sn_value *v = sn_reshape(g, activation(g, sn_linear(g, x, w->v, w->v_bias)), 3, v_shape);
    sn_value *y = sn_layer_attend(g, q, k, v, s, at, cache);
    sn_value *u = sn_linear(g, x, w->u, w->u_bias);
    sn_value *gated = activation == sn_silu ? sn_silu_mul(g, u, y) : sn_mul(g, activation(g, u), y);
    return sn_linear(g, gated, w->o, w->o_bias);
}
