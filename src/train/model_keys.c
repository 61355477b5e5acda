/* From the keys of model.* to a model's configuration. */
#include "base/error.h"
#include "train/learner.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static sn_status set_layout(const sn_train_config *c, sn_arena *arena, sn_model_config *out) {
    const sn_model_keys *k = &c->model;
    size_t n = (size_t)k->layers;
    uint8_t *windowed = sn_arena_alloc(arena, n), *rotary = sn_arena_alloc(arena, n);
    if (!windowed || !rotary) return sn_fail_memory("a model's layers");
    memset(rotary, 1, n);
    out->window = k->layout == SN_LAYOUT_FULL ? 0 : k->window;
    if (k->layout == SN_LAYOUT_WINDOW) memset(windowed, 1, n);
    if (k->layout == SN_LAYOUT_HWFA) {
        int64_t chosen = sn_layout_hwfa(k->layers, c->context, k->window_share, windowed, rotary);
        if (out->window == 0) out->window = chosen;
    }
    if (k->layout == SN_LAYOUT_HWFA2) {
        if (k->full_layers >= k->layers)
            return sn_train_config_fail(c, "model.full_layers", "%" PRId64 " of %" PRId64 " layers: some must be left",
                                        k->full_layers, k->layers);
        sn_layout_hwfa2(k->layers, k->full_layers, windowed, rotary);
    }
    if (k->layout != SN_LAYOUT_FULL && out->window < 1)
        return sn_train_config_fail(c, "model.window", "this layout needs a window");
    if (k->positions == SN_POSITIONS_NONE) memset(rotary, 0, n);
    out->layer_windowed = windowed;
    out->layer_rotary = rotary;
    return SN_OK;
}

static void set_arch(const sn_model_keys *k, sn_arch_config *a) {
    a->block = (sn_block_kind)k->block;
    a->placement = (sn_norm_placement)k->norm_place;
    a->residual_scale = k->residual_scale;
    a->norm_plain = !k->norm_gain;
    a->embed_norm = k->embed_norm;
    a->qk = (sn_qk_kind)k->qk;
    a->qk_epsilon = k->qk_epsilon;
    a->logit_scale = k->logit_scale;
    a->logn_base = k->logn_base;
    a->logn_min = k->logn_min;
    a->logn_windowed = k->logn_windowed;
}

sn_status sn_model_from_keys(const sn_train_config *c, int64_t n_vocab, sn_arena *arena, sn_model_config *out) {
    const sn_model_keys *k = &c->model;
    bool gau = k->block == SN_BLOCK_GAU;
    sn_model_config m = {.n_layers = k->layers, .n_embd = k->width, .n_vocab = n_vocab, .train_length = c->context};
    if (snprintf(m.family, sizeof m.family, "%s", k->family) >= (int)sizeof m.family)
        return sn_train_config_fail(c, "model.family", "the name is too long");
    m.n_heads = gau ? 1 : k->heads;
    m.n_kv_heads = gau ? 0 : k->kv_heads;
    m.d_head = k->head_width;
    m.d_ff = k->ffn;
    m.d_value = k->value_width;
    m.norm = (sn_norm_kind)k->norm;
    m.norm_epsilon = k->norm_epsilon;
    m.ffn = (sn_ffn_kind)k->ffn_kind;
    m.activation = (sn_activation)k->activation;
    m.tied_head = k->tied;
    m.biases = k->biases;
    m.parallel_block = k->parallel;
    m.qk_norm = k->qk_norm;
    m.learned_positions = k->positions == SN_POSITIONS_LEARNED;
    m.rope.base = k->rope_base;
    m.rope.n_rot = (int)k->rotary_width;
    m.rope.layout = SN_PAIR_HALVES;
    set_arch(k, &m.arch);
    SN_TRY(set_layout(c, arena, &m));
    *out = m;
    return SN_OK;
}
