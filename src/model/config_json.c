/* config.json of Hugging Face models. */
#include "model/config_suan.h"
#include "model/model.h"

#include "base/error.h"

#include <string.h>

/* Keys with a meaning that are spelled alike in all families; those of sn_hf_names come on top. */
static const char *const read_keys[] = {"vocab_size",
                                        "head_dim",
                                        "tie_word_embeddings",
                                        "use_parallel_residual",
                                        "sliding_window",
                                        "use_sliding_window",
                                        "max_window_layers",
                                        "layer_types",
                                        "no_rope_layers",
                                        "no_rope_layer_interval",
                                        "rope_theta",
                                        "rotary_emb_base",
                                        "rotary_pct",
                                        "partial_rotary_factor",
                                        "rope_scaling",
                                        "rope_parameters",
                                        "original_max_position_embeddings",
                                        NULL};

static bool is_read(const sn_hf_names *names, const char *key) {
    const char *const own[] = {names->width, names->layers, names->heads,   names->kv_heads,
                               names->ffn,   names->length, names->epsilon, names->activation};
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        if (own[i] && strcmp(own[i], key) == 0) return true;
    for (int i = 0; read_keys[i]; i++)
        if (strcmp(read_keys[i], key) == 0) return true;
    return false;
}

static sn_status check_keys(const sn_json *root, const sn_config_draft *d) {
    for (int64_t i = 0; i < root->count; i++) {
        const char *key = root->keys[i].data;
        bool known = is_read(d->family->hf_names, key) || (d->family == &sn_family_suan && sn_suan_json_key(key));
        if (!known) SN_TRY(sn_config_check_key(d->where, key, &root->items[i], &known));
        if (known || root->items[i].kind == SN_JSON_NULL) continue;
        return sn_fail(SN_ERR_UNSUPPORTED,
                       "%s: the key \"%s\" is not known for a %s: it may change what the model computes", d->where, key,
                       d->family->name);
    }
    return SN_OK;
}

/* *out keeps its value where the key is absent or null. */
static sn_status get_size(const sn_json *root, const char *key, int64_t *out) {
    bool found;
    return key ? sn_json_get_i64(root, key, out, &found) : SN_OK;
}

static sn_status read_sizes(const sn_json *root, sn_config_draft *d) {
    const sn_hf_names *n = d->family->hf_names;
    SN_TRY(get_size(root, n->width, &d->n_embd));
    SN_TRY(get_size(root, n->layers, &d->n_layers));
    SN_TRY(get_size(root, n->heads, &d->n_heads));
    SN_TRY(get_size(root, n->kv_heads, &d->n_kv_heads));
    SN_TRY(get_size(root, n->ffn, &d->d_ff));
    SN_TRY(get_size(root, n->length, &d->max_length));
    SN_TRY(get_size(root, "head_dim", &d->d_head));
    SN_TRY(get_size(root, "vocab_size", &d->n_vocab));
    bool found;
    SN_TRY(sn_json_get_f64(root, n->epsilon, &d->norm_epsilon, &found));
    SN_TRY(sn_json_get_bool(root, "tie_word_embeddings", &d->tied_head, &found));
    return sn_json_get_bool(root, "use_parallel_residual", &d->parallel_block, &found);
}

static sn_status read_activation(const sn_json *root, sn_config_draft *d) {
    sn_text name;
    bool found;
    SN_TRY(sn_json_get_text(root, d->family->hf_names->activation, &name, &found));
    if (!found) return SN_OK;
    for (const sn_activation_name *a = sn_activation_names; a->name; a++) {
        if (!sn_text_is(name, a->name)) continue;
        d->activation = a->activation;
        return SN_OK;
    }
    return sn_fail(SN_ERR_UNSUPPORTED, "%s: the activation \"%s\" is not known", d->where, name.data);
}

static sn_status new_flags(sn_config_draft *d, uint8_t **out) {
    if (d->n_layers < 1 || d->n_layers > 4096)
        return sn_fail(SN_ERR_FORMAT, "%s: %lld layers: 1 to 4096 are possible", d->where, (long long)d->n_layers);
    *out = sn_arena_alloc(d->arena, (size_t)d->n_layers);
    return *out ? SN_OK : sn_fail_memory("model");
}

static sn_status check_list(const sn_config_draft *d, const char *key, const sn_json *list) {
    if (list->count == d->n_layers) return SN_OK;
    return sn_fail(SN_ERR_FORMAT, "%s: %s has %lld entries for %lld layers", d->where, key, (long long)list->count,
                   (long long)d->n_layers);
}

static sn_status read_layer_types(const sn_json *list, sn_config_draft *d) {
    SN_TRY(check_list(d, "layer_types", list));
    for (int64_t i = 0; i < list->count; i++) {
        const sn_json *item = &list->items[i];
        bool text = item->kind == SN_JSON_STRING;
        if (!text || (!sn_text_is(item->text, "full_attention") && !sn_text_is(item->text, "sliding_attention")))
            return sn_fail(SN_ERR_UNSUPPORTED,
                           "%s: layer %lld has the type \"%s\": full_attention and sliding_attention "
                           "are known",
                           d->where, (long long)i, text ? item->text.data : sn_json_kind_name(item->kind));
        d->layer_windowed[i] = sn_text_is(item->text, "sliding_attention");
    }
    return SN_OK;
}

/* Which layers have a sliding window. Qwen has the keys but uses them only when told to, and only from
 * layer max_window_layers on. */
static sn_status read_windows(const sn_json *root, sn_config_draft *d) {
    bool qwen = strncmp(d->family->name, "qwen", 4) == 0, smollm = strcmp(d->family->name, "smollm3") == 0;
    bool used = !qwen && !smollm, found, has_types;
    int64_t first = qwen ? 28 : 0;
    const sn_json *types;
    SN_TRY(get_size(root, "sliding_window", &d->window));
    SN_TRY(sn_json_get_bool(root, "use_sliding_window", &used, &found));
    SN_TRY(get_size(root, "max_window_layers", &first));
    SN_TRY(sn_json_get_array(root, "layer_types", &types, &has_types));
    SN_TRY(new_flags(d, &d->layer_windowed));
    if (!used) d->window = 0;
    if (has_types) return read_layer_types(types, d);
    for (int64_t i = 0; i < d->n_layers; i++) d->layer_windowed[i] = i >= first;
    return SN_OK;
}

/* no_rope_layers: 1 where a layer does have rotary positions. */
static sn_status read_rotary(const sn_json *root, sn_config_draft *d) {
    const sn_json *list;
    bool found;
    int64_t interval = d->family->no_rope_interval;
    SN_TRY(get_size(root, "no_rope_layer_interval", &interval));
    SN_TRY(sn_json_get_array(root, "no_rope_layers", &list, &found));
    if (!found && (interval <= 0 || d->family->no_rope_interval == 0)) return SN_OK;
    SN_TRY(new_flags(d, &d->layer_rotary));
    if (!found) {
        for (int64_t i = 0; i < d->n_layers; i++) d->layer_rotary[i] = (i + 1) % interval != 0;
        return SN_OK;
    }
    SN_TRY(check_list(d, "no_rope_layers", list));
    for (int64_t i = 0; i < list->count; i++) {
        const sn_json *item = &list->items[i];
        if (item->kind != SN_JSON_INTEGER || (item->integer != 0 && item->integer != 1))
            return sn_fail(SN_ERR_FORMAT, "%s: no_rope_layers must hold 0 and 1", d->where);
        d->layer_rotary[i] = item->integer == 1;
    }
    return SN_OK;
}

static sn_status find_family(const sn_json *root, const char *where, const sn_family **out) {
    sn_text type;
    bool found;
    if (root->kind != SN_JSON_OBJECT) return sn_fail(SN_ERR_FORMAT, "%s: it is no JSON object", where);
    SN_TRY(sn_json_get_text(root, "model_type", &type, &found));
    if (!found) return sn_fail(SN_ERR_FORMAT, "%s: it has no model_type", where);
    *out = sn_family_by_name(type.data);
    if (*out) return SN_OK;
    return sn_fail(SN_ERR_UNSUPPORTED, "%s: the model type \"%s\" is not known: %s are", where, type.data,
                   sn_family_names());
}

sn_status sn_config_from_json(const sn_json *root, const char *where, sn_arena *arena, const sn_family **family,
                              sn_model_config *out) {
    SN_TRY(find_family(root, where, family));
    sn_config_draft d = sn_config_draft_of(*family, where, arena);
    SN_TRY(check_keys(root, &d));
    SN_TRY(read_sizes(root, &d));
    SN_TRY(read_activation(root, &d));
    SN_TRY(read_windows(root, &d));
    SN_TRY(read_rotary(root, &d));
    SN_TRY(sn_config_rope_from_json(root, &d));
    if (*family == &sn_family_suan) SN_TRY(sn_suan_from_json(root, &d));
    return sn_config_finish(&d, SN_PAIR_HALVES, out);
}
