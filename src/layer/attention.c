#include "layer/attention.h"

/* A projection to heads, [n_rows, heads, d], with its norm. */
static sn_value *heads(sn_graph *g, sn_value *x, sn_value *w, sn_value *bias, sn_value *norm,
                       const sn_attention_shape *s, int64_t n_heads) {
    sn_value *y = sn_reshape(g, sn_linear(g, x, w, bias), 3, (int64_t[]){s->n_rows, n_heads, s->d_head});
    return norm ? sn_rms_norm(g, y, norm, s->qk_norm_epsilon) : y;
}

sn_value *sn_layer_attention(sn_graph *g, sn_value *x, const sn_attention_weights *w, const sn_attention_shape *s,
                             const sn_attention_positions *at, const sn_attention_cache *cache) {
    sn_value *q = heads(g, x, w->q, w->q_bias, w->q_norm, s, s->n_heads);
    sn_value *k = heads(g, x, w->k, w->k_bias, w->k_norm, s, s->n_kv_heads);
    sn_value *v = heads(g, x, w->v, w->v_bias, NULL, s, s->n_kv_heads);
    sn_pair_layout layout = at->position->layout;
    if (cache->keys) {
        k = sn_cache_write(g, cache->keys, k, cache->slots, at->angles, layout);
        v = sn_cache_write(g, cache->values, v, cache->slots, NULL, layout);
    } else if (at->angles) {
        k = sn_rope(g, k, at->angles, layout);
    }
    sn_value *y = sn_attention(g, q, k, v, at->sequences, at->query_table, at->key_table, at->position, NULL);
    y = sn_reshape(g, y, 2, (int64_t[]){s->n_rows, s->n_heads * s->d_head});
    return sn_linear(g, y, w->o, w->o_bias);
}
