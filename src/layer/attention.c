#include "layer/attention.h"

#include <math.h>

/* A projection as heads, [n_rows, heads, d], with its norm. */
static sn_value *heads(sn_graph *g, sn_value *y, sn_value *norm, const sn_attention_shape *s, int64_t n_heads,
                       int64_t d) {
    y = sn_reshape(g, y, 3, (int64_t[]){s->n_rows, n_heads, d});
    return norm ? sn_rms_norm(g, y, norm, s->qk_norm_epsilon) : y;
}

/* Queries, keys and values of rows. */
static void project(sn_graph *g, sn_value *x, const sn_attention_weights *w, sn_value *out[3]) {
    if (w->fused && !w->q_bias && !w->k_bias && !w->v_bias) {
        sn_linear3(g, x, (sn_value *[]){w->q, w->k, w->v}, out);
        return;
    }
    out[0] = sn_linear(g, x, w->q, w->q_bias);
    out[1] = sn_linear(g, x, w->k, w->k_bias);
    out[2] = sn_linear(g, x, w->v, w->v_bias);
}

/* x / sqrt(|x|^2 + epsilon), by the norm that divides by the root of the mean. */
static sn_value *unit(sn_graph *g, sn_value *x, const sn_attention_shape *s) {
    double d = (double)s->d_head;
    return sn_scale(g, sn_rms_norm(g, x, NULL, s->unit_epsilon / d), 1 / sqrt(d), 0);
}

sn_value *sn_layer_attend(sn_graph *g, sn_value *q, sn_value *k, sn_value *v, const sn_attention_shape *s,
                          const sn_attention_positions *at, const sn_attention_cache *cache) {
    sn_pair_layout layout = at->position->layout;
    if (s->unit_q) q = unit(g, q, s);
    if (s->unit_k) k = unit(g, k, s);
    if (cache->keys) {
        k = sn_cache_write(g, cache->keys, k, cache->slots, at->angles, layout);
        v = sn_cache_write(g, cache->values, v, cache->slots, NULL, layout);
    } else if (at->angles) {
        k = sn_rope(g, k, at->angles, layout);
    }
    sn_value *y = sn_attention(g, q, k, v, at->sequences, at->query_table, at->key_table, at->position, NULL);
    return sn_reshape(g, y, 2, (int64_t[]){s->n_rows, s->n_heads * s->d_value});
}

sn_value *sn_layer_attention(sn_graph *g, sn_value *x, const sn_attention_weights *w, const sn_attention_shape *s,
                             const sn_attention_positions *at, const sn_attention_cache *cache) {
    sn_value *y[3];
    project(g, x, w, y);
    sn_value *q = heads(g, y[0], w->q_norm, s, s->n_heads, s->d_head);
    sn_value *k = heads(g, y[1], w->k_norm, s, s->n_kv_heads, s->d_head);
    sn_value *v = heads(g, y[2], NULL, s, s->n_kv_heads, s->d_value);
    return sn_linear(g, sn_layer_attend(g, q, k, v, s, at, cache), w->o, w->o_bias);
}
