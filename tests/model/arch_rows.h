/* One small model of every architecture. */
#ifndef SN_TEST_ARCH_ROWS_H
#define SN_TEST_ARCH_ROWS_H

#include "arch_common.h"

enum { n_layers = 4 };

static uint8_t hwfa_windowed[n_layers], hwfa_rotary[n_layers], two_windowed[n_layers], two_rotary[n_layers];
static uint8_t all[n_layers] = {1, 1, 1, 1};

static sn_model_config base(void) {
    return (sn_model_config){.n_layers = n_layers, .n_embd = 32, .n_heads = 4, .n_vocab = 50, .train_length = 24};
}

static void hwfa(sn_model_config *c) {
    c->window = sn_layout_hwfa(n_layers, 24, 0.75, hwfa_windowed, hwfa_rotary);
    c->layer_windowed = hwfa_windowed, c->layer_rotary = hwfa_rotary;
    c->arch.logn_base = 24;
}
static void hwfa2(sn_model_config *c) {
    sn_layout_hwfa2(n_layers, 1, two_windowed, two_rotary);
    c->window = 9;
    c->layer_windowed = two_windowed, c->layer_rotary = two_rotary;
}
static void logn(sn_model_config *c) { c->arch.logn_base = 24, c->arch.logn_min = 4; }
static void windowed_logn(sn_model_config *c) {
    hwfa(c);
    c->arch.logn_windowed = true;
}
static void sliding(sn_model_config *c) { c->layer_windowed = all, c->window = 7; }
static void kna(sn_model_config *c) { c->arch.qk = SN_QK_KNA; }
static void kna_logn(sn_model_config *c) { kna(c), logn(c); }
static void qna(sn_model_config *c) { c->arch.qk = SN_QK_QNA; }
static void cosa(sn_model_config *c) { c->arch.qk = SN_QK_COSA; }
static void cosa_logn(sn_model_config *c) { cosa(c), logn(c); }
static void post(sn_model_config *c) { c->arch.placement = SN_NORM_POST, c->arch.residual_scale = 1.7; }
static void post_plain(sn_model_config *c) { post(c), c->arch.norm_plain = c->arch.embed_norm = true; }
static void pre_plain(sn_model_config *c) { c->arch.norm_plain = true; }
static void gau(sn_model_config *c) {
    c->arch.block = SN_BLOCK_GAU, c->n_heads = 0, c->arch.logn_base = 24, c->d_head = 16;
}
static void gau_alpha(sn_model_config *c) { gau(c), post_plain(c); }
static void gau_wide(sn_model_config *c) { gau(c), c->d_ff = 1536; }
static void gau_biases(sn_model_config *c) { gau(c), c->biases = true; }
static void gau_hwfa(sn_model_config *c) { gau_alpha(c), hwfa(c); }
static void gau_kna(sn_model_config *c) { gau_alpha(c), kna(c); }
static void values(sn_model_config *c) { c->d_value = 12, c->n_kv_heads = 2, c->norm = SN_NORM_LAYER; }
static void values_learned(sn_model_config *c) { values(c), c->learned_positions = true, c->train_length = 64; }
static void halves(sn_model_config *c) { kna(c), c->rope.layout = SN_PAIR_HALVES, c->rope.n_rot = 6; }
static void plain_net(sn_model_config *c) {
    kna(c), c->ffn = SN_FFN_PLAIN, c->activation = SN_ACT_GELU, c->biases = true;
}

static const struct {
    const char *name;
    void (*change)(sn_model_config *c);
} rows[] = {{"hwfa", hwfa},
            {"hwfa2", hwfa2},
            {"logn", logn},
            {"windowed logn", windowed_logn},
            {"sliding", sliding},
            {"kna", kna},
            {"kna logn", kna_logn},
            {"qna", qna},
            {"cosa", cosa},
            {"cosa logn", cosa_logn},
            {"post", post},
            {"post plain", post_plain},
            {"pre plain", pre_plain},
            {"gau", gau},
            {"gau alpha", gau_alpha},
            {"gau wide", gau_wide},
            {"gau biases", gau_biases},
            {"gau hwfa", gau_hwfa},
            {"gau kna", gau_kna},
            {"values", values},
            {"values learned", values_learned},
            {"halves", halves},
            {"plain net", plain_net}};
enum { N_ROWS = sizeof rows / sizeof rows[0] };

/* Biases and gains that are not all 0 and 1. */
static void disturb(sn_model *m) {
    for (int64_t i = 0; i < sn_model_n_tensors(m); i++) {
        sn_tensor t;
        assert_ok(sn_model_tensor(m, sn_model_tensor_name(m, i), &t));
        float *w = t.data;
        for (int64_t k = 0; k < t.shape[0] && t.n_dims == 1; k++) w[k] += 0.2f * sinf((float)(k + 3 * i));
    }
}

static sn_model *make(int row) {
    sn_model *m = NULL;
    sn_model_config c = base();
    rows[row].change(&c);
    if (sn_model_create(&c, &(sn_model_init){.scheme = "fan_in"}, 11, &m) != SN_OK)
        fail_msg("%s: %s", rows[row].name, sn_last_error());
    disturb(m);
    return m;
}

#endif
