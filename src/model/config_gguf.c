/* Configurations from GGUF metadata: "<arch>.<key>", and the tensors that hold rope factors. */
#include "model/config_suan.h"

#include "base/error.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct reader {
    const sn_gguf *file;
    const char *arch;
    char key[128];
} reader;

static const char *key_of(reader *r, const char *name) {
    snprintf(r->key, sizeof r->key, "%s.%s", r->arch, name);
    return r->key;
}

/* These keep *out where the key is absent. */
static sn_status get_i64(reader *r, const char *name, int64_t *out) {
    bool found;
    return sn_gguf_get_i64(r->file, key_of(r, name), out, &found);
}
static sn_status get_f64(reader *r, const char *name, double *out) {
    bool found;
    return sn_gguf_get_f64(r->file, key_of(r, name), out, &found);
}
static sn_status get_bool(reader *r, const char *name, bool *out) {
    bool found;
    return sn_gguf_get_bool(r->file, key_of(r, name), out, &found);
}

static sn_status check_keys(const reader *r, const sn_config_draft *d) {
    size_t prefix = strlen(r->arch);
    for (int64_t i = 0; i < sn_gguf_n_values(r->file); i++) {
        sn_text key = sn_gguf_value_at(r->file, i)->key;
        if (key.size <= prefix + 1 || memcmp(key.data, r->arch, prefix) != 0 || key.data[prefix] != '.') continue;
        char name[96];
        snprintf(name, sizeof name, "%.*s", (int)(key.size - prefix - 1), key.data + prefix + 1);
        bool known = sn_config_gguf_key_known(name) || (d->family == &sn_family_suan && sn_suan_gguf_key(name));
        if (key.size - prefix - 1 >= sizeof name || !known)
            return sn_fail(SN_ERR_UNSUPPORTED,
                           "%s: the key \"%.*s\" is not known: it may change what the model computes", d->where,
                           (int)key.size, key.data);
    }
    return SN_OK;
}

static sn_status check_fixed(reader *r, sn_config_draft *d) {
    bool causal = true;
    int64_t experts = 0, values = d->d_head;
    double ext = 1;
    SN_TRY(get_bool(r, "attention.causal", &causal));
    SN_TRY(get_i64(r, "expert_count", &experts));
    SN_TRY(get_i64(r, "attention.value_length", &values));
    SN_TRY(get_f64(r, "rope.scaling.yarn_ext_factor", &ext));
    if (!causal) return sn_fail(SN_ERR_UNSUPPORTED, "%s: attention that is not causal", d->where);
    if (experts > 0) return sn_fail(SN_ERR_UNSUPPORTED, "%s: a mixture of %lld experts", d->where, (long long)experts);
    if (d->family == &sn_family_suan)
        d->d_value = values;
    else if (d->d_head != 0 && values != d->d_head)
        return sn_fail(SN_ERR_UNSUPPORTED, "%s: values of %lld components for keys of %lld", d->where,
                       (long long)values, (long long)d->d_head);
    if (ext != 1) return sn_fail(SN_ERR_UNSUPPORTED, "%s: a yarn_ext_factor of %g", d->where, ext);
    return SN_OK;
}

static sn_status read_sizes(reader *r, sn_config_draft *d) {
    SN_TRY(get_i64(r, "block_count", &d->n_layers));
    SN_TRY(get_i64(r, "embedding_length", &d->n_embd));
    SN_TRY(get_i64(r, "feed_forward_length", &d->d_ff));
    SN_TRY(get_i64(r, "context_length", &d->max_length));
    SN_TRY(get_i64(r, "attention.head_count", &d->n_heads));
    SN_TRY(get_i64(r, "attention.head_count_kv", &d->n_kv_heads));
    SN_TRY(get_i64(r, "attention.key_length", &d->d_head));
    SN_TRY(get_i64(r, "attention.sliding_window", &d->window));
    SN_TRY(get_f64(r, d->family->gguf_epsilon, &d->norm_epsilon));
    SN_TRY(get_bool(r, "use_parallel_residual", &d->parallel_block));
    int64_t i = sn_gguf_find_tensor(r->file, "token_embd.weight"), shape[4];
    if (i < 0)
        return sn_fail(SN_ERR_FORMAT, "%s: the tensor \"token_embd.weight\" is missing: the file holds no model",
                       d->where);
    if (sn_gguf_tensor_shape(r->file, i, shape) != 2)
        return sn_fail(SN_ERR_FORMAT, "%s: the tensor \"token_embd.weight\" is no matrix", d->where);
    d->n_vocab = shape[0];
    return SN_OK;
}

/* Flags of layers, from a pattern array of one entry a layer. *out stays NULL where the key is absent. */
static sn_status read_pattern(reader *r, const char *name, sn_config_draft *d, uint8_t **out) {
    const sn_gguf_value *v = sn_gguf_find(r->file, key_of(r, name));
    if (!v) return SN_OK;
    bool numeric = v->type == SN_GGUF_ARRAY && v->element != SN_GGUF_STRING && v->element != SN_GGUF_ARRAY;
    if (!numeric || v->count != d->n_layers)
        return sn_fail(SN_ERR_UNSUPPORTED, "%s: \"%s\" is no list of one number a layer", d->where, r->key);
    *out = sn_arena_alloc(d->arena, (size_t)d->n_layers);
    if (!*out) return sn_fail_memory("model");
    for (int64_t i = 0; i < v->count; i++) (*out)[i] = sn_gguf_array_i64(v, i) != 0;
    return SN_OK;
}

static sn_status read_layers(reader *r, sn_config_draft *d) {
    if (d->n_layers < 1 || d->n_layers > 4096)
        return sn_fail(SN_ERR_FORMAT, "%s: %lld layers: 1 to 4096 are possible", d->where, (long long)d->n_layers);
    SN_TRY(read_pattern(r, "attention.sliding_window_pattern", d, &d->layer_windowed));
    SN_TRY(read_pattern(r, "attention.rope_pattern", d, &d->layer_rotary));
    if (d->window > 0 && !d->layer_windowed) {
        d->layer_windowed = sn_arena_alloc(d->arena, (size_t)d->n_layers);
        if (!d->layer_windowed) return sn_fail_memory("model");
        memset(d->layer_windowed, 1, (size_t)d->n_layers);
    }
    int64_t interval = d->family->no_rope_interval;
    if (interval == 0 || d->layer_rotary) return SN_OK;
    d->layer_rotary = sn_arena_alloc(d->arena, (size_t)d->n_layers);
    if (!d->layer_rotary) return sn_fail_memory("model");
    for (int64_t i = 0; i < d->n_layers; i++) d->layer_rotary[i] = (i + 1) % interval != 0;
    return SN_OK;
}

static sn_status read_factor_tensor(const reader *r, const char *name, const sn_config_draft *d, double *out, int *n) {
    if (sn_gguf_find_tensor(r->file, name) < 0) return SN_OK;
    sn_tensor t;
    SN_TRY(sn_gguf_tensor(r->file, name, &t));
    if (t.dtype != SN_F32 || t.n_dims != 1 || t.shape[0] > SN_MAX_PLANES)
        return sn_fail(SN_ERR_FORMAT, "%s: the tensor \"%s\" is no list of at most %d f32 factors", d->where, name,
                       SN_MAX_PLANES);
    for (int64_t i = 0; i < t.shape[0]; i++)
        out[i] = (double)sn_load_f32((const unsigned char *)t.data + i * (int64_t)sizeof(float));
    *n = (int)t.shape[0];
    return SN_OK;
}

/* Factors for every length ("rope_freqs", of Llama 3) are LongRoPE with equal short and long lists. */
static sn_status read_factors(const reader *r, sn_config_draft *d, double attention) {
    sn_rope_config *rope = &d->rope;
    int n_short = 0, n_long = 0, n = 0;
    SN_TRY(read_factor_tensor(r, "rope_factors_short.weight", d, rope->short_factor, &n_short));
    SN_TRY(read_factor_tensor(r, "rope_factors_long.weight", d, rope->long_factor, &n_long));
    if (n_short == 0 && n_long == 0) {
        SN_TRY(read_factor_tensor(r, "rope_freqs.weight", d, rope->short_factor, &n));
        memcpy(rope->long_factor, rope->short_factor, sizeof rope->long_factor);
        n_short = n_long = n;
    }
    if (n_short != n_long)
        return sn_fail(SN_ERR_FORMAT, "%s: %d short and %d long rope factors", d->where, n_short, n_long);
    if (n_short == 0) return SN_OK;
    if (rope->scaling != SN_ROPE_PLAIN && rope->scaling != SN_ROPE_LONGROPE)
        return sn_fail(SN_ERR_UNSUPPORTED, "%s: rope factors together with another rope scaling", d->where);
    rope->scaling = SN_ROPE_LONGROPE;
    rope->n_factors = n_short;
    rope->attention_factor = attention > 0 ? attention : 1;
    return SN_OK;
}

/* llama.cpp multiplies YaRN's usual temperature by attn_factor; suan's attention_factor is the whole. */
static void set_yarn_attention(sn_rope_config *rope, double attention, double log_multiplier) {
    rope->mscale_all_dim = log_multiplier;
    rope->mscale = log_multiplier > 0 ? 1 : 0;
    if (attention <= 0 || attention == 1) return;
    double growth = fmax(log(rope->factor), 0);
    rope->attention_factor = attention * (0.1 * growth + 1);
    if (log_multiplier > 0) rope->attention_factor /= 0.1 * log_multiplier * growth + 1;
}

static sn_status read_rope(reader *r, sn_config_draft *d) {
    sn_rope_config *rope = &d->rope;
    double linear = 0, attention = 0, log_multiplier = 0, other = 0;
    sn_text type = sn_text_of("none");
    bool found;
    SN_TRY(get_i64(r, "rope.dimension_count", &d->n_rot));
    SN_TRY(get_f64(r, "rope.freq_base", &d->rope_base));
    SN_TRY(sn_gguf_get_text(r->file, key_of(r, "rope.scaling.type"), &type, &found));
    SN_TRY(get_f64(r, "rope.scale_linear", &linear));
    SN_TRY(get_f64(r, "rope.scaling.factor", &rope->factor));
    SN_TRY(get_f64(r, "rope.scaling.attn_factor", &attention));
    SN_TRY(get_f64(r, "rope.scaling.yarn_attn_factor", &other));
    SN_TRY(get_f64(r, "rope.scaling.yarn_log_multiplier", &log_multiplier));
    SN_TRY(get_f64(r, "rope.scaling.yarn_beta_fast", &rope->beta_fast));
    SN_TRY(get_f64(r, "rope.scaling.yarn_beta_slow", &rope->beta_slow));
    SN_TRY(get_i64(r, "rope.scaling.original_context_length", &rope->train_length));
    if (rope->factor == 0) rope->factor = linear;
    if (!found && rope->factor > 0 && rope->factor != 1) type = sn_text_of("linear");
    for (const sn_scaling_name *n = sn_scaling_names;; n++) {
        if (!n->name)
            return sn_fail(SN_ERR_UNSUPPORTED, "%s: rope scaling of type \"%.*s\"", d->where,
                           (int)(type.size < 64 ? type.size : 64), type.data);
        if (!sn_text_is(type, n->name)) continue;
        rope->scaling = n->scaling;
        break;
    }
    if (rope->scaling == SN_ROPE_LINEAR && (rope->factor == 0 || rope->factor == 1)) rope->scaling = SN_ROPE_PLAIN;
    if (rope->scaling == SN_ROPE_YARN && rope->factor == 0) return sn_config_fail_factor(d->where, rope->scaling);
    if (rope->scaling == SN_ROPE_YARN) set_yarn_attention(rope, attention > 0 ? attention : other, log_multiplier);
    return read_factors(r, d, attention);
}

sn_status sn_config_from_gguf(const sn_gguf *file, sn_arena *arena, const sn_family **family, sn_model_config *out) {
    sn_text arch_text;
    char arch[64];
    const char *where = sn_gguf_name(file);
    SN_TRY(sn_gguf_get_text(file, "general.architecture", &arch_text, NULL));
    snprintf(arch, sizeof arch, "%.*s", (int)(arch_text.size < 63 ? arch_text.size : 63), arch_text.data);
    *family = sn_family_by_arch(arch);
    if (!*family)
        return sn_fail(SN_ERR_UNSUPPORTED, "%s: the architecture \"%s\" is not known: %s are", where, arch,
                       sn_family_names());
    reader r = {.file = file, .arch = arch};
    sn_config_draft d = sn_config_draft_of(*family, where, arena);
    SN_TRY(check_keys(&r, &d));
    SN_TRY(read_sizes(&r, &d));
    SN_TRY(check_fixed(&r, &d));
    SN_TRY(read_layers(&r, &d));
    bool suan = *family == &sn_family_suan;
    if (suan) SN_TRY(sn_gguf_get_bool(file, "suan.learned_positions", &d.learned_positions, &(bool){0}));
    if (!d.learned_positions) SN_TRY(read_rope(&r, &d));
    if (suan) SN_TRY(sn_suan_from_gguf(file, &d));
    return sn_config_finish(&d, (*family)->gguf_layout, out);
}
