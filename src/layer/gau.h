/* Gated attention unit (Hua et al. 2022, arXiv:2202.10447; kexue.fm/archives/8934): attention and network in one,
 * with softmax and one head. */
#ifndef SN_LAYER_GAU_H
#define SN_LAYER_GAU_H

#include "layer/attention.h"
#include "layer/ffn.h"

/* Weights as values of the graph; biases and offsets may be NULL. */
typedef struct sn_gau_weights {
    sn_value *z, *z_bias, *u, *u_bias, *v, *v_bias, *o, *o_bias;
    sn_value *q_gain, *q_offset, *k_gain, *k_offset; /* [d_head] */
} sn_gau_weights;

/* x [n, n_embd]: o(act(u x) * attention(q, k, act(v x))) with z = act(z x), q = z * q_gain + q_offset, k likewise. */
sn_value *sn_layer_gau(sn_graph *g, sn_value *x, const sn_gau_weights *w, sn_activation_fn activation,
                       const sn_attention_shape *shape, const sn_attention_positions *at,
                       const sn_attention_cache *cache);

#endif
