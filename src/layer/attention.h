/* The attention block of a decoder: projections, norms of q and k, rotation, cache, attention. */
#ifndef SN_LAYER_ATTENTION_H
#define SN_LAYER_ATTENTION_H

#include "suan/graph.h"

/* Weights as values of the graph; biases and the norms of q and k may be NULL. */
typedef struct sn_attention_weights {
    sn_value *q, *q_bias, *k, *k_bias, *v, *v_bias, *o, *o_bias, *q_norm, *k_norm;
    bool fused; /* one op for the projections without biases: for training in bf16 */
} sn_attention_weights;

typedef struct sn_attention_shape {
    int64_t n_rows, n_heads, n_kv_heads, d_head, d_value;
    double qk_norm_epsilon;
    bool unit_q, unit_k; /* queries, keys divided by their length: before the rotation, which keeps lengths */
    double unit_epsilon; /* added to the squared length */
} sn_attention_shape;

/* Where rows stand and how that is encoded, for all layers of one kind. */
typedef struct sn_attention_positions {
    const sn_position *position;
    sn_value *query_table, *key_table; /* see sn_attention */
    sn_value *angles;    /* [n_rows, planes, 2]: turns each row's key into its canonical form; NULL: none */
    sn_value *sequences; /* i32 [n_sequences, 4] */
    sn_value *slots;     /* i32 [n_rows]: where each row's key goes; NULL: no cache */
} sn_attention_positions;

/* Keys and values that outlive the graph. slots i32 [n_rows]. All NULL: the keys are those of the rows
 * themselves (training, scoring without a cache); then a sequence's first slot is its first row. */
typedef struct sn_attention_cache {
    sn_value *keys, *values, *slots;
} sn_attention_cache;

/* Attention of q [n_rows, n_heads, d_head] over k and v [n_rows, n_kv_heads, d_head and d_value], and what the cache
 * holds before them: [n_rows, n_heads * d_value]. */
sn_value *sn_layer_attend(sn_graph *g, sn_value *q, sn_value *k, sn_value *v, const sn_attention_shape *shape,
                          const sn_attention_positions *at, const sn_attention_cache *cache);

/* x [n_rows, n_embd] (normalised) to [n_rows, n_embd]. */
sn_value *sn_layer_attention(sn_graph *g, sn_value *x, const sn_attention_weights *w, const sn_attention_shape *shape,
                             const sn_attention_positions *at, const sn_attention_cache *cache);

#endif
