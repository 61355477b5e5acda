#include "model/decoder.h"

#include "base/error.h"
#include "graph/op.h"
#include "layer/gau.h"

#include <stdio.h>

static const sn_activation_fn activations[] = {
    [SN_ACT_SILU] = sn_silu, [SN_ACT_GELU] = sn_gelu, [SN_ACT_GELU_TANH] = sn_gelu_tanh, [SN_ACT_RELU] = sn_relu};

/* One build: the graph, the model, the caller's values and the layer at hand. */
typedef struct builder {
    sn_graph *g;
    const sn_model *m;
    const sn_decoder_io *io;
    int64_t layer;
} builder;

/* NULL where the model has no such weight: then it is an optional one. */
static sn_value *weight(const builder *b, sn_weight_id id) {
    const sn_tensor *t = sn_weight_at(b->m, id, b->layer);
    if (!t) return NULL;
    if (b->io->weight) return b->io->weight(b->io->user, b->g, id, b->layer);
    char name[96];
    sn_weight_name(id, b->layer, name, sizeof name);
    return sn_param(b->g, name, t);
}

static sn_value *norm(const builder *b, sn_value *x, sn_weight_id id, sn_weight_id bias) {
    const sn_model_config *c = &b->m->config;
    if (c->norm == SN_NORM_LAYER) return sn_layer_norm(b->g, x, weight(b, id), weight(b, bias), c->norm_epsilon);
    return sn_rms_norm(b->g, x, weight(b, id), c->norm_epsilon);
}

static sn_value *drop(const builder *b, sn_value *x) {
    return b->io->dropout > 0 ? sn_dropout(b->g, x, b->io->dropout, b->io->seed, b->io->step) : x;
}

static sn_attention_shape shape_of(const builder *b) {
    const sn_model_config *c = &b->m->config;
    sn_qk_kind qk = c->arch.qk;
    return (sn_attention_shape){.n_rows = b->io->n_rows,
                                .n_heads = c->n_heads,
                                .n_kv_heads = c->n_kv_heads,
                                .d_head = c->d_head,
                                .d_value = c->d_value,
                                .qk_norm_epsilon = c->norm_epsilon,
                                .unit_q = qk == SN_QK_QNA || qk == SN_QK_COSA,
                                .unit_k = qk == SN_QK_KNA || qk == SN_QK_COSA,
                                .unit_epsilon = c->arch.qk_epsilon > 0 ? c->arch.qk_epsilon : 1e-6};
}

static sn_attention_cache cache_of(const builder *b) {
    const sn_decoder_io *io = b->io;
    sn_attention_cache cache = {0};
    if (!io->keys) return cache;
    char name[32];
    snprintf(name, sizeof name, "keys.%lld", (long long)b->layer);
    cache.keys = sn_param(b->g, name, &io->keys[b->layer]);
    snprintf(name, sizeof name, "values.%lld", (long long)b->layer);
    cache.values = sn_param(b->g, name, &io->values[b->layer]);
    cache.slots = io->kinds[sn_layer_kind(&b->m->config, b->layer)].slots;
    return cache;
}

static sn_value *attention(const builder *b, sn_value *x) {
    const sn_attention_weights w = {.q = weight(b, SN_W_Q),
                                    .q_bias = weight(b, SN_W_Q_BIAS),
                                    .k = weight(b, SN_W_K),
                                    .k_bias = weight(b, SN_W_K_BIAS),
                                    .v = weight(b, SN_W_V),
                                    .v_bias = weight(b, SN_W_V_BIAS),
                                    .o = weight(b, SN_W_O),
                                    .o_bias = weight(b, SN_W_O_BIAS),
                                    .q_norm = weight(b, SN_W_Q_NORM),
                                    .k_norm = weight(b, SN_W_K_NORM),
                                    .fused = b->io->fused};
    const sn_attention_shape shape = shape_of(b);
    const sn_attention_cache cache = cache_of(b);
    const sn_attention_positions *at = &b->io->kinds[sn_layer_kind(&b->m->config, b->layer)];
    return drop(b, sn_layer_attention(b->g, x, &w, &shape, at, &cache));
}

static sn_value *gau(const builder *b, sn_value *x) {
    const sn_gau_weights w = {.z = weight(b, SN_W_Z),
                              .z_bias = weight(b, SN_W_Z_BIAS),
                              .u = weight(b, SN_W_GATE),
                              .u_bias = weight(b, SN_W_GATE_BIAS),
                              .v = weight(b, SN_W_V),
                              .v_bias = weight(b, SN_W_V_BIAS),
                              .o = weight(b, SN_W_O),
                              .o_bias = weight(b, SN_W_O_BIAS),
                              .q_gain = weight(b, SN_W_Q_GAIN),
                              .q_offset = weight(b, SN_W_Q_OFFSET),
                              .k_gain = weight(b, SN_W_K_GAIN),
                              .k_offset = weight(b, SN_W_K_OFFSET)};
    const sn_attention_shape shape = shape_of(b);
    const sn_attention_cache cache = cache_of(b);
    const sn_attention_positions *at = &b->io->kinds[sn_layer_kind(&b->m->config, b->layer)];
    return drop(b, sn_layer_gau(b->g, x, &w, activations[b->m->config.activation], &shape, at, &cache));
}

static sn_value *ffn(const builder *b, sn_value *x) {
    const sn_ffn_weights w = {.gate = weight(b, SN_W_GATE),
                              .gate_bias = weight(b, SN_W_GATE_BIAS),
                              .up = weight(b, SN_W_UP),
                              .up_bias = weight(b, SN_W_UP_BIAS),
                              .down = weight(b, SN_W_DOWN),
                              .down_bias = weight(b, SN_W_DOWN_BIAS),
                              .fused = b->io->fused};
    return drop(b, sn_layer_ffn(b->g, x, &w, activations[b->m->config.activation]));
}

typedef sn_value *(*branch_fn)(const builder *b, sn_value *x);

/* The residual stream after one branch, with the norm before it or after the sum. */
static sn_value *residual(const builder *b, sn_value *x, branch_fn branch, sn_weight_id id, sn_weight_id bias) {
    const sn_arch_config *a = &b->m->config.arch;
    if (a->placement == SN_NORM_PRE) return sn_add(b->g, x, branch(b, norm(b, x, id, bias)));
    sn_value *y = branch(b, x);
    if (a->residual_scale != 0 && a->residual_scale != 1) x = sn_scale(b->g, x, a->residual_scale, 0);
    return norm(b, sn_add(b->g, x, y), id, bias);
}

static sn_value *block(const builder *b, sn_value *x) {
    if (b->m->config.parallel_block) {
        sn_value *y = attention(b, norm(b, x, SN_W_ATTN_NORM, SN_W_ATTN_NORM_BIAS));
        sn_value *z = ffn(b, norm(b, x, SN_W_FFN_NORM, SN_W_FFN_NORM_BIAS));
        return sn_add(b->g, sn_add(b->g, x, y), z);
    }
    if (b->m->config.arch.block == SN_BLOCK_GAU) return residual(b, x, gau, SN_W_ATTN_NORM, SN_W_ATTN_NORM_BIAS);
    x = residual(b, x, attention, SN_W_ATTN_NORM, SN_W_ATTN_NORM_BIAS);
    return residual(b, x, ffn, SN_W_FFN_NORM, SN_W_FFN_NORM_BIAS);
}

sn_value *sn_decoder_build(sn_graph *g, const sn_model *m, const sn_decoder_io *io) {
    builder b = {g, m, io, 0};
    sn_value *x = sn_embedding(g, weight(&b, SN_W_EMBED), io->tokens);
    if (m->config.learned_positions) x = sn_add(g, x, sn_embedding(g, weight(&b, SN_W_POSITIONS), io->positions));
    if (m->config.arch.embed_norm) {
        double epsilon = m->config.norm_epsilon;
        bool layer = m->config.norm == SN_NORM_LAYER;
        x = layer ? sn_layer_norm(g, x, NULL, NULL, epsilon) : sn_rms_norm(g, x, NULL, epsilon);
    }
    x = drop(&b, x);
    for (b.layer = 0; b.layer < m->config.n_layers; b.layer++) {
        /* The backward pass begins with the last block: what it computes is needed at once. */
        bool again = b.layer + 1 < m->config.n_layers;
        if (again) sn_segment_begin(g, false);
        x = block(&b, x);
        if (again) sn_segment_end(g);
    }
    return x;
}

sn_value *sn_decoder_head(sn_graph *g, const sn_model *m, const sn_decoder_io *io, sn_value *hidden) {
    builder b = {g, m, io, 0};
    bool last_norm = m->config.arch.placement == SN_NORM_PRE;
    sn_value *x = last_norm ? norm(&b, hidden, SN_W_NORM, SN_W_NORM_BIAS) : hidden;
    return sn_linear(g, x, weight(&b, m->config.tied_head ? SN_W_EMBED : SN_W_HEAD), weight(&b, SN_W_HEAD_BIAS));
}
