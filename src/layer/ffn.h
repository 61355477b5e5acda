/* The position-wise network of a block. */
#ifndef SN_LAYER_FFN_H
#define SN_LAYER_FFN_H

#include "suan/graph.h"

typedef sn_value *(*sn_activation_fn)(sn_graph *g, sn_value *x);

/* Weights as values of the graph; biases may be NULL. gate NULL: the plain form. */
typedef struct sn_ffn_weights {
    sn_value *gate, *gate_bias, *up, *up_bias, *down, *down_bias;
    bool fused; /* one op (sn_swiglu) where that is the same: for training in bf16 */
} sn_ffn_weights;

/* x [n, n_embd]: down(act(gate x) * up x), or down(act(up x)) without a gate. */
sn_value *sn_layer_ffn(sn_graph *g, sn_value *x, const sn_ffn_weights *w, sn_activation_fn activation);

#endif
