/* Writing GGUF files that llama.cpp reads as well. */
#include "model/config_suan.h"
#include "model/convert.h"

#include "base/error.h"
#include "file/gguf_write.h"
#include "token/export.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct writer {
    sn_converter *k;
    sn_gguf_out *out;
    char key[128];
    float factors[2][SN_MAX_PLANES]; /* rope factors while they are written */
} writer;

static const char *key_of(writer *w, const char *name) {
    snprintf(w->key, sizeof w->key, "%s.%s", w->k->m->family->gguf_arch, name);
    return w->key;
}

static sn_status set_u32(writer *w, const char *name, int64_t value) {
    return sn_gguf_set_u32(w->out, key_of(w, name), (uint32_t)value);
}
static sn_status set_f32(writer *w, const char *name, double value) {
    return sn_gguf_set_f32(w->out, key_of(w, name), (float)value);
}

/* ---- what the model is ---- */

static sn_status write_sizes(writer *w) {
    const sn_model *m = w->k->m;
    const sn_model_config *c = &m->config;
    SN_TRY(sn_gguf_set_string(w->out, "general.architecture", m->family->gguf_arch));
    SN_TRY(sn_gguf_set_string(w->out, "general.name", m->name));
    SN_TRY(set_u32(w, "vocab_size", c->n_vocab));
    SN_TRY(set_u32(w, "context_length", c->train_length));
    SN_TRY(set_u32(w, "embedding_length", c->n_embd));
    SN_TRY(set_u32(w, "block_count", c->n_layers));
    SN_TRY(set_u32(w, "feed_forward_length", c->d_ff));
    SN_TRY(set_u32(w, "attention.head_count", c->n_heads));
    SN_TRY(set_u32(w, "attention.head_count_kv", c->n_kv_heads));
    SN_TRY(set_f32(w, m->family->gguf_epsilon, c->norm_epsilon));
    bool suan = m->family == &sn_family_suan;
    if (c->d_head * c->n_heads != c->n_embd || c->qk_norm || suan) {
        SN_TRY(set_u32(w, "attention.key_length", c->d_head));
        SN_TRY(set_u32(w, "attention.value_length", c->d_value));
    }
    if (suan) return sn_suan_to_gguf(c, w->out);
    if (c->norm == SN_NORM_LAYER && !c->learned_positions)
        SN_TRY(sn_gguf_set_bool(w->out, key_of(w, "use_parallel_residual"), c->parallel_block));
    return SN_OK;
}

static sn_status write_pattern(writer *w, const char *name, const uint8_t *flags) {
    return sn_gguf_set_array(w->out, key_of(w, name), SN_GGUF_BOOL, flags, w->k->m->config.n_layers);
}

static bool all_equal(const uint8_t *flags, int64_t n, uint8_t value) {
    for (int64_t i = 0; i < n; i++)
        if (flags[i] != value) return false;
    return true;
}

static bool default_rotary(const sn_model *m) {
    int64_t interval = m->family->no_rope_interval;
    for (int64_t i = 0; i < m->config.n_layers; i++)
        if (m->config.layer_rotary[i] != (interval == 0 || (i + 1) % interval != 0)) return false;
    return true;
}

static sn_status write_layers(writer *w) {
    const sn_model *m = w->k->m;
    const sn_model_config *c = &m->config;
    if (c->window > 0) {
        SN_TRY(set_u32(w, "attention.sliding_window", c->window));
        if (!all_equal(c->layer_windowed, c->n_layers, 1))
            SN_TRY(write_pattern(w, "attention.sliding_window_pattern", c->layer_windowed));
    }
    bool rotary = default_rotary(m);
    if (!rotary) SN_TRY(write_pattern(w, "attention.rope_pattern", c->layer_rotary));
    if ((c->window > 0 || !rotary) && m->family->gguf_note)
        sn_log_message(SN_LOG_WARN, "convert: %s: %s", m->name, m->family->gguf_note);
    return SN_OK;
}

/* ---- its positions ---- */

static sn_status add_factors(writer *w, const char *name, float *values, int64_t n) {
    return sn_gguf_add_tensor(w->out, name, SN_F32, 1, &n, values, NULL, NULL);
}

/* Llama 3's ramp becomes one factor a plane, as llama.cpp has it. */
static sn_status write_llama3(writer *w) {
    const sn_rope_config *r = &w->k->m->config.rope;
    sn_position scaled;
    SN_TRY(sn_extend_resolve(NULL, r, r->max_length, &scaled, NULL, 0));
    for (int i = 0; i < scaled.n_planes; i++)
        w->factors[0][i] = (float)(pow(r->base, -2.0 * i / r->n_rot) / scaled.frequency[i]);
    return add_factors(w, "rope_freqs.weight", w->factors[0], scaled.n_planes);
}

static sn_status write_longrope(writer *w) {
    const sn_rope_config *r = &w->k->m->config.rope;
    bool same = memcmp(r->short_factor, r->long_factor, (size_t)r->n_factors * sizeof r->short_factor[0]) == 0;
    for (int i = 0; i < r->n_factors; i++) {
        w->factors[0][i] = (float)r->short_factor[i];
        w->factors[1][i] = (float)r->long_factor[i];
    }
    if (same && r->attention_factor == 1) return add_factors(w, "rope_freqs.weight", w->factors[0], r->n_factors);
    double length = (double)r->train_length;
    double attention = r->attention_factor;
    if (attention == 0) attention = r->factor > 1 ? sqrt(1 + log(r->factor) / log(length)) : 1;
    SN_TRY(sn_gguf_set_string(w->out, key_of(w, "rope.scaling.type"), "longrope"));
    SN_TRY(set_f32(w, "rope.scaling.attn_factor", attention));
    SN_TRY(set_u32(w, "rope.scaling.original_context_length", r->train_length));
    SN_TRY(add_factors(w, "rope_factors_short.weight", w->factors[0], r->n_factors));
    return add_factors(w, "rope_factors_long.weight", w->factors[1], r->n_factors);
}

/* The file's attn_factor multiplies YaRN's usual temperature; suan's attention_factor is the whole. */
static sn_status write_yarn(writer *w) {
    const sn_rope_config *r = &w->k->m->config.rope;
    if (r->yarn_no_truncate)
        return sn_fail(SN_ERR_UNSUPPORTED, "convert: GGUF cannot say that YaRN's boundaries are not rounded");
    SN_TRY(sn_gguf_set_string(w->out, key_of(w, "rope.scaling.type"), "yarn"));
    SN_TRY(set_f32(w, "rope.scaling.factor", r->factor));
    SN_TRY(set_u32(w, "rope.scaling.original_context_length", r->train_length));
    if (r->beta_fast > 0) SN_TRY(set_f32(w, "rope.scaling.yarn_beta_fast", r->beta_fast));
    if (r->beta_slow > 0) SN_TRY(set_f32(w, "rope.scaling.yarn_beta_slow", r->beta_slow));
    double growth = fmax(log(r->factor), 0), usual = 0.1 * growth + 1, whole = r->attention_factor;
    if (whole == 0 && r->mscale > 0 && r->mscale_all_dim > 0)
        whole = (0.1 * r->mscale * growth + 1) / (0.1 * r->mscale_all_dim * growth + 1);
    if (whole > 0 && whole != usual) SN_TRY(set_f32(w, "rope.scaling.attn_factor", whole / usual));
    return SN_OK;
}

static sn_status write_rope(writer *w) {
    const sn_rope_config *r = &w->k->m->config.rope;
    if (r->n_rot == 0) return SN_OK;
    SN_TRY(set_u32(w, "rope.dimension_count", r->n_rot));
    SN_TRY(set_f32(w, "rope.freq_base", r->base));
    switch (r->scaling) {
    case SN_ROPE_PLAIN: return SN_OK;
    case SN_ROPE_LINEAR:
        SN_TRY(sn_gguf_set_string(w->out, key_of(w, "rope.scaling.type"), "linear"));
        return set_f32(w, "rope.scaling.factor", r->factor);
    case SN_ROPE_DYNAMIC:
        sn_log_message(SN_LOG_WARN,
                       "convert: GGUF has no dynamic rope scaling: the file is plain up to %lld tokens; beyond, extend "
                       "it with dynamic-ntk:factor=%g",
                       (long long)r->train_length, r->factor);
        return SN_OK;
    case SN_ROPE_YARN: return write_yarn(w);
    case SN_ROPE_LLAMA3: return write_llama3(w);
    case SN_ROPE_LONGROPE: return write_longrope(w);
    }
    return SN_OK;
}

/* ---- the whole ---- */

static bool starts_with(sn_text text, const char *start) {
    return text.size >= strlen(start) && memcmp(text.data, start, strlen(start)) == 0;
}

/* A GGUF source keeps all it says; another tokenizer replaces the one it has. */
static sn_status copy_metadata(writer *w, bool own_tokenizer) {
    const sn_gguf *from = w->k->m->gguf;
    for (int64_t i = 0; i < sn_gguf_n_values(from); i++) {
        const sn_gguf_value *v = sn_gguf_value_at(from, i);
        if (!own_tokenizer && starts_with(v->key, "tokenizer.")) continue;
        SN_TRY(sn_gguf_set_value(w->out, v));
    }
    static const char *const kept[] = {"rope_freqs.weight", "rope_factors_short.weight", "rope_factors_long.weight"};
    for (int i = 0; i < 3; i++) {
        sn_tensor t;
        if (sn_gguf_find_tensor(from, kept[i]) < 0) continue;
        SN_TRY(sn_gguf_tensor(from, kept[i], &t));
        SN_TRY(sn_gguf_add_tensor(w->out, kept[i], t.dtype, t.n_dims, t.shape, t.data, NULL, NULL));
    }
    return SN_OK;
}

static sn_status write_metadata(writer *w) {
    const sn_model *m = w->k->m;
    if (m->gguf) return copy_metadata(w, w->k->options->tokenizer_path == NULL);
    if (m->config.activation != m->family->activation && m->family != &sn_family_suan)
        return sn_fail(SN_ERR_UNSUPPORTED, "convert: GGUF cannot say that the activation of a %s is another than usual",
                       m->family->name);
    SN_TRY(write_sizes(w));
    SN_TRY(write_layers(w));
    return write_rope(w);
}

static sn_status write_tokenizer(writer *w) {
    sn_tokenizer *owned;
    const sn_tokenizer *tokenizer;
    if (w->k->m->gguf && !w->k->options->tokenizer_path) return SN_OK; /* copied with the rest */
    SN_TRY(sn_convert_tokenizer(w->k, &owned, &tokenizer));
    sn_status status = tokenizer ? sn_tokenizer_write_gguf(tokenizer, w->k->m->config.n_vocab, w->out) : SN_OK;
    if (!tokenizer || status == SN_ERR_UNSUPPORTED)
        sn_log_message(SN_LOG_WARN, "convert: %s is written without a tokenizer: %s", w->k->path,
                       tokenizer ? sn_last_error() : "the model carries none");
    sn_tokenizer_free(owned);
    return status == SN_ERR_UNSUPPORTED ? SN_OK : status;
}

static sn_status write_types(writer *w) {
    static const struct {
        sn_dtype dtype;
        uint32_t number;
    } plain[] = {{SN_F32, 0}, {SN_F16, 1}, {SN_BF16, 32}, {SN_Q8_0, 7}};
    const sn_mixture *x = w->k->mixture;
    bool blocks = false;
    for (int64_t i = 0; i < w->k->n_targets; i++) blocks |= sn_dtype_is_block(w->k->targets[i].dtype);
    if (x) SN_TRY(sn_gguf_set_u32(w->out, "general.file_type", sn_mixture_gguf_number(x)));
    for (int i = 0; i < 4 && !x && (!w->k->m->gguf || w->k->m->writable); i++)
        if (sn_weight_at(w->k->m, SN_W_O, 0)->dtype == plain[i].dtype)
            SN_TRY(sn_gguf_set_u32(w->out, "general.file_type", plain[i].number));
    return blocks ? sn_gguf_set_u32(w->out, "general.quantization_version", 2) : SN_OK;
}

static sn_status write_all(writer *w) {
    sn_converter *k = w->k;
    k->layout = k->m->family->gguf_layout;
    SN_TRY(write_metadata(w));
    SN_TRY(write_tokenizer(w));
    SN_TRY(sn_targets_make(k, k->m->family->gguf_rules, NULL, false));
    SN_TRY(write_types(w));
    for (int64_t i = 0; i < k->n_targets; i++) {
        sn_target *t = &k->targets[i];
        SN_TRY(sn_gguf_add_tensor(w->out, t->name, t->dtype, t->n_dims, t->shape, NULL, sn_target_put, t));
    }
    return sn_gguf_out_write(w->out, k->path);
}

sn_status sn_convert_gguf(sn_converter *k) {
    writer w = {.k = k};
    SN_TRY(sn_gguf_out_new(&w.out));
    sn_status status = write_all(&w);
    sn_gguf_out_free(w.out);
    return status;
}
