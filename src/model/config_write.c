/* Writes config.json in the spelling that old and new transformers read: rope_theta and rope_scaling apart. */
#include "base/error.h"
#include "base/map.h"
#include "file/json_write.h"
#include "model/config_suan.h"
#include "model/convert.h"

#include <string.h>

static const char *activation_name(const sn_model *m) {
    if (strcmp(m->family->name, "gpt2") == 0 && m->config.activation == SN_ACT_GELU_TANH) return "gelu_new";
    if (m->config.activation == SN_ACT_GELU_TANH) return "gelu_pytorch_tanh";
    for (const sn_activation_name *a = sn_activation_names; a->name; a++)
        if (a->activation == m->config.activation) return a->name;
    return "silu";
}

static void put_sizes(sn_json_out *w, const sn_model *m) {
    const sn_model_config *c = &m->config;
    const sn_hf_names *n = m->family->hf_names;
    sn_json_put_i64(w, n->width, c->n_embd);
    sn_json_put_i64(w, n->layers, c->n_layers);
    sn_json_put_i64(w, n->heads, c->n_heads);
    if (n->kv_heads) sn_json_put_i64(w, n->kv_heads, c->n_kv_heads);
    sn_json_put_i64(w, n->ffn, c->d_ff);
    sn_json_put_i64(w, n->length, c->train_length);
    sn_json_put_f64(w, n->epsilon, c->norm_epsilon);
    sn_json_put_string(w, n->activation, activation_name(m));
    sn_json_put_i64(w, "vocab_size", c->n_vocab);
    if (n->kv_heads) sn_json_put_i64(w, "head_dim", c->d_head);
    sn_json_put_bool(w, "tie_word_embeddings", c->tied_head);
    if (m->family == &sn_family_suan) sn_suan_to_json(c, w);
    if (strcmp(m->family->name, "gpt_neox") == 0) sn_json_put_bool(w, "use_parallel_residual", c->parallel_block);
    if (m->family->hf_rules != sn_rules_hf_llama || strcmp(m->family->name, "qwen2") == 0) return;
    sn_json_put_bool(w, "attention_bias", sn_weight_at(m, SN_W_Q_BIAS, 0) != NULL);
    sn_json_put_bool(w, "mlp_bias", sn_weight_at(m, SN_W_UP_BIAS, 0) != NULL);
}

static void put_layers(sn_json_out *w, const sn_model *m) {
    const sn_model_config *c = &m->config;
    bool partly = false;
    for (int64_t i = 0; i < c->n_layers; i++) partly |= !c->layer_windowed[i];
    if (c->window > 0) {
        sn_json_put_i64(w, "sliding_window", c->window);
        sn_json_put_bool(w, "use_sliding_window", true);
    } else if (strcmp(m->family->name, "mistral") == 0 || strcmp(m->family->name, "phi3") == 0) {
        sn_json_put_null(w, "sliding_window"); /* their default is a window */
    }
    if (c->window > 0 && strcmp(m->family->name, "mistral") != 0) {
        sn_json_begin_array(w, "layer_types");
        for (int64_t i = 0; i < c->n_layers; i++)
            sn_json_put_string(w, NULL, c->layer_windowed[i] ? "sliding_attention" : "full_attention");
        sn_json_end(w);
        int64_t first = 0;
        while (first < c->n_layers && !c->layer_windowed[first]) first++;
        if (partly) sn_json_put_i64(w, "max_window_layers", first);
        if (!partly && strncmp(m->family->name, "qwen", 4) == 0) sn_json_put_i64(w, "max_window_layers", 0);
    }
    bool all_rotary = true;
    for (int64_t i = 0; i < c->n_layers; i++) all_rotary &= c->layer_rotary[i] != 0;
    if (m->family->no_rope_interval == 0 && all_rotary) return;
    sn_json_begin_array(w, "no_rope_layers");
    for (int64_t i = 0; i < c->n_layers; i++) sn_json_put_i64(w, NULL, c->layer_rotary[i]);
    sn_json_end(w);
}

static void put_number(sn_json_out *w, const char *key, double value) {
    if (value != 0) sn_json_put_f64(w, key, value);
}

static void put_factors(sn_json_out *w, const char *key, const double *values, int n) {
    sn_json_begin_array(w, key);
    for (int i = 0; i < n; i++) sn_json_put_f64(w, NULL, values[i]);
    sn_json_end(w);
}

static const char *scaling_name(sn_rope_scaling scaling) {
    for (const sn_scaling_name *n = sn_scaling_names; n->name; n++)
        if (n->scaling == scaling) return n->name;
    return "default";
}

static void put_scaling(sn_json_out *w, const sn_rope_config *r) {
    if (r->scaling == SN_ROPE_PLAIN) {
        sn_json_put_null(w, "rope_scaling");
        return;
    }
    bool original = r->scaling != SN_ROPE_LINEAR && r->scaling != SN_ROPE_DYNAMIC;
    sn_json_begin_object(w, "rope_scaling");
    sn_json_put_string(w, "rope_type", scaling_name(r->scaling));
    put_number(w, "factor", r->factor);
    put_number(w, "attention_factor", r->attention_factor);
    put_number(w, "beta_fast", r->beta_fast);
    put_number(w, "beta_slow", r->beta_slow);
    put_number(w, "mscale", r->mscale);
    put_number(w, "mscale_all_dim", r->mscale_all_dim);
    put_number(w, "low_freq_factor", r->low_freq_factor);
    put_number(w, "high_freq_factor", r->high_freq_factor);
    if (r->yarn_no_truncate) sn_json_put_bool(w, "truncate", false);
    if (original) sn_json_put_i64(w, "original_max_position_embeddings", r->train_length);
    if (r->scaling == SN_ROPE_LONGROPE) {
        put_factors(w, "short_factor", r->short_factor, r->n_factors);
        put_factors(w, "long_factor", r->long_factor, r->n_factors);
    }
    sn_json_end(w);
    if (original) sn_json_put_i64(w, "original_max_position_embeddings", r->train_length);
}

static void put_rope(sn_json_out *w, const sn_model *m) {
    const sn_rope_config *r = &m->config.rope;
    if (r->n_rot == 0) return;
    bool neox = strcmp(m->family->name, "gpt_neox") == 0;
    double partial = (double)r->n_rot / r->d_head;
    sn_json_put_f64(w, neox ? "rotary_emb_base" : "rope_theta", r->base);
    if (neox || r->n_rot != r->d_head) sn_json_put_f64(w, neox ? "rotary_pct" : "partial_rotary_factor", partial);
    put_scaling(w, r);
}

static void put_token(sn_json_out *w, const char *key, int32_t id) {
    if (id >= 0) sn_json_put_i64(w, key, id);
}

sn_status sn_config_write_json(const sn_model *m, sn_dtype dtype, const sn_tokenizer *tokenizer, const char *path) {
    sn_json_out w = {.lines = 1};
    static const char *const names[SN_N_DTYPES] = {[SN_F16] = "float16", [SN_BF16] = "bfloat16", [SN_F32] = "float32"};
    sn_json_begin_object(&w, NULL);
    sn_json_begin_array(&w, "architectures");
    sn_json_put_string(&w, NULL, m->family->hf_class);
    sn_json_end(&w);
    sn_json_put_string(&w, "model_type", m->family->name);
    sn_json_put_string(&w, "_name", m->name);
    sn_json_put_string(&w, "torch_dtype", names[dtype] ? names[dtype] : "float32");
    put_sizes(&w, m);
    put_layers(&w, m);
    put_rope(&w, m);
    if (tokenizer) {
        put_token(&w, "bos_token_id", sn_tokenizer_bos(tokenizer));
        put_token(&w, "eos_token_id", sn_tokenizer_eos(tokenizer));
    }
    sn_json_put_null(&w, "pad_token_id"); /* some families' default lies outside small vocabularies */
    sn_text text;
    sn_status status = sn_json_finish(&w, &text);
    if (status == SN_OK) status = sn_file_write(path, text.data, text.size);
    sn_json_out_free(&w);
    return status;
}
