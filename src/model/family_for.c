/* Which family holds a configuration: what each cannot hold, as a table of features. */
#include "model/family.h"

#include <string.h>

typedef struct feature {
    const char *name;
    bool (*has)(const sn_model_config *c);
    bool (*holds)(const sn_family *f, const sn_model_config *c); /* NULL: suan's own family alone */
} feature;

static bool all_flags(const uint8_t *flags, int64_t n, uint8_t value) {
    for (int64_t i = 0; flags && i < n; i++)
        if (flags[i] != value) return false;
    return true;
}

static bool like_llama(const sn_family *f) { return f->hf_rules == sn_rules_hf_llama; }

static bool has_gau(const sn_model_config *c) { return c->arch.block == SN_BLOCK_GAU; }
static bool has_post(const sn_model_config *c) { return c->arch.placement == SN_NORM_POST; }
static bool has_residual_scale(const sn_model_config *c) { return c->arch.residual_scale != 0; }
static bool has_plain_norm(const sn_model_config *c) { return c->arch.norm_plain; }
static bool has_embed_norm(const sn_model_config *c) { return c->arch.embed_norm; }
static bool has_qk(const sn_model_config *c) { return c->arch.qk != SN_QK_PLAIN; }
static bool has_logit_scale(const sn_model_config *c) { return c->arch.logit_scale != 0; }
static bool has_logn(const sn_model_config *c) { return c->arch.logn_base != 0; }
static bool has_value_width(const sn_model_config *c) { return c->d_value != 0 && c->d_value != c->d_head; }
static bool always(const sn_model_config *c) { return c != NULL; }
static bool has_windows(const sn_model_config *c) {
    return c->window > 0 && !all_flags(c->layer_windowed, c->n_layers, 0);
}
static bool has_nope(const sn_model_config *c) { return !all_flags(c->layer_rotary, c->n_layers, 1); }
static bool has_part_rotary(const sn_model_config *c) {
    return !c->learned_positions && c->rope.n_rot != 0 && c->rope.n_rot != c->d_head;
}
static bool has_grouped(const sn_model_config *c) { return c->n_kv_heads != 0 && c->n_kv_heads != c->n_heads; }
static bool has_own_heads(const sn_model_config *c) { return c->d_head != 0 && c->d_head * c->n_heads != c->n_embd; }
static bool has_no_biases(const sn_model_config *c) { return !c->biases; }
static bool has_biases(const sn_model_config *c) { return c->biases; }

static bool same_norm(const sn_family *f, const sn_model_config *c) { return f->norm == c->norm; }
static bool same_ffn(const sn_family *f, const sn_model_config *c) { return f->ffn == c->ffn; }
/* GGUF does not say it. */
static bool same_activation(const sn_family *f, const sn_model_config *c) { return f->activation == c->activation; }
static bool same_parallel(const sn_family *f, const sn_model_config *c) {
    return f->parallel_block == c->parallel_block || f == &sn_family_gpt_neox;
}
static bool same_qk_norm(const sn_family *f, const sn_model_config *c) { return f->qk_norm == c->qk_norm; }
static bool same_positions(const sn_family *f, const sn_model_config *c) {
    return f->learned_positions == c->learned_positions;
}
/* Of Mistral every layer has the window. */
static bool holds_windows(const sn_family *f, const sn_model_config *c) {
    if (f == &sn_family_mistral) return all_flags(c->layer_windowed, c->n_layers, 1);
    return f == &sn_family_qwen2 || f == &sn_family_qwen3 || f == &sn_family_smollm3;
}
static bool holds_nope(const sn_family *f, const sn_model_config *c) { return c && f == &sn_family_smollm3; }
static bool holds_part_rotary(const sn_family *f, const sn_model_config *c) { return c && f == &sn_family_gpt_neox; }
static bool holds_grouped(const sn_family *f, const sn_model_config *c) {
    return c && (like_llama(f) || f == &sn_family_phi3);
}
static bool holds_own_heads(const sn_family *f, const sn_model_config *c) { return c && like_llama(f); }
static bool holds_biases(const sn_family *f, const sn_model_config *c) {
    return c && (f == &sn_family_llama || f == &sn_family_gpt2 || f == &sn_family_gpt_neox);
}
/* Their readers expect all biases. */
static bool needs_no_biases(const sn_family *f, const sn_model_config *c) {
    return c && f != &sn_family_gpt2 && f != &sn_family_gpt_neox && f != &sn_family_qwen2;
}

static const feature features[] = {
    {"GAU blocks", has_gau, NULL},
    {"norms after the residual", has_post, NULL},
    {"a residual scale", has_residual_scale, NULL},
    {"norms without gain", has_plain_norm, NULL},
    {"a norm of the embedding", has_embed_norm, NULL},
    {"normalised queries or keys (KNA, QNA, CosA)", has_qk, NULL},
    {"a logit scale of its own", has_logit_scale, NULL},
    {"log-n attention", has_logn, NULL},
    {"values of another width than keys", has_value_width, NULL},
    {"its kind of norm", always, same_norm},
    {"its kind of feed-forward network", always, same_ffn},
    {"its activation", always, same_activation},
    {"its kind of block", always, same_parallel},
    {"its choice of norms of queries and keys", always, same_qk_norm},
    {"its kind of positions", always, same_positions},
    {"windowed layers", has_windows, holds_windows},
    {"layers without rotation", has_nope, holds_nope},
    {"partly rotated heads", has_part_rotary, holds_part_rotary},
    {"fewer key heads than heads", has_grouped, holds_grouped},
    {"heads that do not add up to the width", has_own_heads, holds_own_heads},
    {"biases", has_biases, holds_biases},
    {"projections without biases", has_no_biases, needs_no_biases},
};

const char *sn_family_lacks(const sn_family *f, const sn_model_config *c) {
    if (f == &sn_family_suan) return NULL;
    for (size_t i = 0; i < sizeof features / sizeof features[0]; i++)
        if (features[i].has(c) && !(features[i].holds && features[i].holds(f, c))) return features[i].name;
    return NULL;
}

const sn_family *sn_family_for(const sn_model_config *config) {
    static const sn_family *const tried[] = {&sn_family_llama, &sn_family_gpt2, &sn_family_gpt_neox, &sn_family_qwen3};
    for (size_t i = 0; i < sizeof tried / sizeof tried[0]; i++)
        if (!sn_family_lacks(tried[i], config)) return tried[i];
    return &sn_family_suan;
}
