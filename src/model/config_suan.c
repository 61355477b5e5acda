#include "model/config_suan.h"

#include "base/error.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

typedef enum key_kind { KEY_WORD, KEY_FLAG, KEY_NUMBER, KEY_SIZE } key_kind;

typedef struct suan_key {
    const char *gguf, *json; /* NULL: there the value has another, usual place */
    key_kind kind;
    const char *words;    /* of a word, comma-separated; its value is the index */
    size_t draft, config; /* offsets of an enum (int), bool, double or int64_t */
} suan_key;

#define FIELD(name) offsetof(sn_config_draft, name), offsetof(sn_model_config, name)

static const suan_key keys[] = {
    {"block", "block", KEY_WORD, "attention,gau", FIELD(arch.block)},
    {"norm.kind", "norm_kind", KEY_WORD, "rms,layer", FIELD(norm)},
    {"norm.placement", "norm_placement", KEY_WORD, "pre,post", FIELD(arch.placement)},
    {"norm.plain", "norm_plain", KEY_FLAG, NULL, FIELD(arch.norm_plain)},
    {"residual_scale", "residual_scale", KEY_NUMBER, NULL, FIELD(arch.residual_scale)},
    {"embedding_norm", "embedding_norm", KEY_FLAG, NULL, FIELD(arch.embed_norm)},
    {"feed_forward.kind", "feed_forward_kind", KEY_WORD, "gated,plain", FIELD(ffn)},
    {"feed_forward.activation", NULL, KEY_WORD, "silu,gelu,gelu_tanh,relu", FIELD(activation)},
    {"learned_positions", "learned_positions", KEY_FLAG, NULL, FIELD(learned_positions)},
    {NULL, "use_parallel_residual", KEY_FLAG, NULL, FIELD(parallel_block)},
    {"use_parallel_residual", NULL, KEY_FLAG, NULL, FIELD(parallel_block)},
    {NULL, "value_dim", KEY_SIZE, NULL, FIELD(d_value)},
    {"attention.qk_norm", "qk_norm", KEY_FLAG, NULL, FIELD(qk_norm)},
    {"attention.unit", "attention_unit", KEY_WORD, "none,kna,qna,cosa", FIELD(arch.qk)},
    {"attention.unit_epsilon", "attention_unit_epsilon", KEY_NUMBER, NULL, FIELD(arch.qk_epsilon)},
    {"attention.scale", "attention_scale", KEY_NUMBER, NULL, FIELD(arch.logit_scale)},
    {"attention.logn_base", "attention_logn_base", KEY_NUMBER, NULL, FIELD(arch.logn_base)},
    {"attention.logn_min", "attention_logn_min", KEY_NUMBER, NULL, FIELD(arch.logn_min)},
    {"attention.logn_windowed", "attention_logn_windowed", KEY_FLAG, NULL, FIELD(arch.logn_windowed)},
};
enum { N_KEYS = sizeof keys / sizeof keys[0] };

static const char gguf_local_base[] = "rope.local_freq_base", json_local_base[] = "rope_local_theta";

bool sn_suan_gguf_key(const char *name) {
    for (int i = 0; i < N_KEYS; i++)
        if (keys[i].gguf && strcmp(keys[i].gguf, name) == 0) return true;
    return strcmp(name, gguf_local_base) == 0;
}

bool sn_suan_json_key(const char *name) {
    for (int i = 0; i < N_KEYS; i++)
        if (keys[i].json && strcmp(keys[i].json, name) == 0) return true;
    return strcmp(name, json_local_base) == 0;
}

static sn_status set_word(const suan_key *k, const char *key, sn_text text, sn_config_draft *d) {
    const char *word = k->words;
    for (int i = 0; word; i++) {
        size_t size = strcspn(word, ",");
        if (text.size == size && memcmp(word, text.data, size) == 0) {
            memcpy((char *)d + k->draft, &i, sizeof i);
            return SN_OK;
        }
        word = word[size] ? word + size + 1 : NULL;
    }
    return sn_fail(SN_ERR_UNSUPPORTED, "%s: \"%s\" is \"%.*s\": %s are known", d->where, key,
                   (int)(text.size < 64 ? text.size : 64), text.data, k->words);
}

/* Layers with a window may turn at another base. */
static sn_status set_local_base(double base, sn_config_draft *d) {
    if (base == 0) return SN_OK;
    d->rope_local = d->rope;
    d->rope_local.base = base;
    d->has_local = true;
    return SN_OK;
}

sn_status sn_suan_from_gguf(const sn_gguf *file, sn_config_draft *d) {
    char key[128];
    double base = 0;
    bool found;
    for (int i = 0; i < N_KEYS; i++) {
        const suan_key *k = &keys[i];
        void *field = (char *)d + k->draft;
        sn_text text;
        if (!k->gguf) continue;
        snprintf(key, sizeof key, "suan.%s", k->gguf);
        if (k->kind == KEY_FLAG) SN_TRY(sn_gguf_get_bool(file, key, field, &found));
        if (k->kind == KEY_NUMBER) SN_TRY(sn_gguf_get_f64(file, key, field, &found));
        if (k->kind != KEY_WORD) continue;
        SN_TRY(sn_gguf_get_text(file, key, &text, &found));
        if (found) SN_TRY(set_word(k, key, text, d));
    }
    snprintf(key, sizeof key, "suan.%s", gguf_local_base);
    SN_TRY(sn_gguf_get_f64(file, key, &base, &found));
    return set_local_base(base, d);
}

sn_status sn_suan_from_json(const sn_json *root, sn_config_draft *d) {
    double base = 0;
    bool found;
    for (int i = 0; i < N_KEYS; i++) {
        const suan_key *k = &keys[i];
        void *field = (char *)d + k->draft;
        sn_text text;
        if (!k->json) continue;
        if (k->kind == KEY_FLAG) SN_TRY(sn_json_get_bool(root, k->json, field, &found));
        if (k->kind == KEY_NUMBER) SN_TRY(sn_json_get_f64(root, k->json, field, &found));
        if (k->kind == KEY_SIZE) SN_TRY(sn_json_get_i64(root, k->json, field, &found));
        if (k->kind != KEY_WORD) continue;
        SN_TRY(sn_json_get_text(root, k->json, &text, &found));
        if (found) SN_TRY(set_word(k, k->json, text, d));
    }
    SN_TRY(sn_json_get_f64(root, json_local_base, &base, &found));
    return set_local_base(base, d);
}

static sn_text word_of(const suan_key *k, const void *field) {
    int index;
    memcpy(&index, field, sizeof index);
    const char *word = k->words;
    for (; index > 0; index--) word += strcspn(word, ",") + 1;
    return (sn_text){word, strcspn(word, ",")};
}

sn_status sn_suan_to_gguf(const sn_model_config *c, sn_gguf_out *out) {
    char key[128];
    for (int i = 0; i < N_KEYS; i++) {
        const suan_key *k = &keys[i];
        const void *field = (const char *)c + k->config;
        if (!k->gguf) continue;
        snprintf(key, sizeof key, "suan.%s", k->gguf);
        if (k->kind == KEY_WORD) SN_TRY(sn_gguf_set_text(out, key, word_of(k, field)));
        if (k->kind == KEY_FLAG) SN_TRY(sn_gguf_set_bool(out, key, *(const bool *)field));
        if (k->kind == KEY_NUMBER) SN_TRY(sn_gguf_set_f32(out, key, (float)*(const double *)field));
    }
    if (c->window == 0 || c->rope.n_rot == 0 || c->rope_local.base == c->rope.base) return SN_OK;
    snprintf(key, sizeof key, "suan.%s", gguf_local_base);
    return sn_gguf_set_f32(out, key, (float)c->rope_local.base);
}

void sn_suan_to_json(const sn_model_config *c, sn_json_out *out) {
    for (int i = 0; i < N_KEYS; i++) {
        const suan_key *k = &keys[i];
        const void *field = (const char *)c + k->config;
        char word[32];
        if (!k->json) continue;
        switch (k->kind) {
        case KEY_WORD:
            snprintf(word, sizeof word, "%.*s", (int)word_of(k, field).size, word_of(k, field).data);
            sn_json_put_string(out, k->json, word);
            break;
        case KEY_FLAG: sn_json_put_bool(out, k->json, *(const bool *)field); break;
        case KEY_NUMBER: sn_json_put_f64(out, k->json, *(const double *)field); break;
        case KEY_SIZE: sn_json_put_i64(out, k->json, *(const int64_t *)field); break;
        }
    }
    if (c->window > 0 && c->rope.n_rot > 0 && c->rope_local.base != c->rope.base)
        sn_json_put_f64(out, json_local_base, c->rope_local.base);
}
