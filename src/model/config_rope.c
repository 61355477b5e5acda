/* rope_scaling and rope_parameters of config.json: a dozen years of spellings, one meaning.
 *
 *   rope_theta beside or inside; "type" or "rope_type"; null for "nothing"; one dictionary, or one for each
 *   kind of layer; original_max_position_embeddings inside or beside; partial_rotary_factor inside or beside. */
#include "model/config.h"

#include "base/error.h"

#include <stddef.h>
#include <string.h>

typedef struct number_key {
    const char *key;
    size_t offset; /* of a double in sn_rope_config */
} number_key;

#define NUMBER(name)                                                                                                   \
    { #name, offsetof(sn_rope_config, name) }
static const number_key numbers[] = {NUMBER(factor),
                                     NUMBER(attention_factor),
                                     NUMBER(beta_fast),
                                     NUMBER(beta_slow),
                                     NUMBER(mscale),
                                     NUMBER(mscale_all_dim),
                                     NUMBER(low_freq_factor),
                                     NUMBER(high_freq_factor),
                                     {"rope_theta", offsetof(sn_rope_config, base)},
                                     {NULL, 0}};
#undef NUMBER

/* Read apart, or without a meaning for the numbers. */
static const char *const others[] = {"type",
                                     "rope_type",
                                     "original_max_position_embeddings",
                                     "short_factor",
                                     "long_factor",
                                     "truncate",
                                     "partial_rotary_factor",
                                     "finetuned",
                                     NULL};

static bool listed(const char *const *list, const char *key) {
    for (; *list; list++)
        if (strcmp(*list, key) == 0) return true;
    return false;
}

static bool is_number_key(const char *key) {
    for (const number_key *n = numbers; n->key; n++)
        if (strcmp(n->key, key) == 0) return true;
    return false;
}

static sn_status check_keys(const sn_json *object, const char *where) {
    for (int64_t i = 0; i < object->count; i++) {
        const char *key = object->keys[i].data;
        if (object->items[i].kind == SN_JSON_NULL || is_number_key(key) || listed(others, key)) continue;
        return sn_fail(SN_ERR_UNSUPPORTED, "%s: rope scaling has the key \"%s\", which suan does not know", where, key);
    }
    return SN_OK;
}

static sn_status scaling_of(const char *where, sn_text name, sn_rope_scaling *out) {
    for (const sn_scaling_name *n = sn_scaling_names; n->name; n++) {
        if (!sn_text_is(name, n->name)) continue;
        *out = n->scaling;
        return SN_OK;
    }
    return sn_fail(SN_ERR_UNSUPPORTED,
                   "%s: rope scaling of type \"%.*s\": default, linear, dynamic, yarn, llama3 and longrope are known",
                   where, (int)(name.size < 64 ? name.size : 64), name.data);
}

static sn_status read_type(const sn_json *object, const char *where, sn_rope_scaling *out) {
    sn_text name, older;
    bool found, found_older;
    SN_TRY(sn_json_get_text(object, "rope_type", &name, &found));
    SN_TRY(sn_json_get_text(object, "type", &older, &found_older));
    sn_rope_scaling scaling = SN_ROPE_PLAIN, by_older = SN_ROPE_PLAIN;
    if (found) SN_TRY(scaling_of(where, name, &scaling));
    if (found_older) SN_TRY(scaling_of(where, older, &by_older));
    if (found && found_older && scaling != by_older)
        return sn_fail(SN_ERR_FORMAT, "%s: rope scaling says rope_type \"%s\" and type \"%s\"", where, name.data,
                       older.data);
    bool any_factor = sn_json_get(object, "factor") && sn_json_get(object, "factor")->kind != SN_JSON_NULL;
    if (!found && !found_older && any_factor)
        return sn_fail(SN_ERR_FORMAT, "%s: rope scaling has a factor but no type", where);
    *out = found ? scaling : by_older;
    return SN_OK;
}

static sn_status read_factors(const sn_json *object, const char *key, const char *where, double *out, int *n) {
    const sn_json *list;
    bool found;
    SN_TRY(sn_json_get_array(object, key, &list, &found));
    *n = 0;
    if (!found) return SN_OK;
    if (list->count > SN_MAX_PLANES)
        return sn_fail(SN_ERR_LIMIT, "%s: %s has %lld entries: at most %d are possible", where, key,
                       (long long)list->count, SN_MAX_PLANES);
    for (int64_t i = 0; i < list->count; i++) {
        const sn_json *item = &list->items[i];
        if (item->kind != SN_JSON_INTEGER && item->kind != SN_JSON_REAL)
            return sn_fail(SN_ERR_FORMAT, "%s: %s holds %s, not a number", where, key, sn_json_kind_name(item->kind));
        out[i] = item->real;
    }
    *n = (int)list->count;
    return SN_OK;
}

static sn_status read_object(const sn_json *object, sn_config_draft *d, sn_rope_config *r) {
    SN_TRY(check_keys(object, d->where));
    SN_TRY(read_type(object, d->where, &r->scaling));
    /* Null leaves it to the ratio of the two lengths; no word at all is a mistake. */
    bool stretches = r->scaling != SN_ROPE_PLAIN && r->scaling != SN_ROPE_LONGROPE;
    if (stretches && !sn_json_get(object, "factor")) return sn_config_fail_factor(d->where, r->scaling);
    bool found;
    for (const number_key *n = numbers; n->key; n++) {
        double value;
        SN_TRY(sn_json_get_f64(object, n->key, &value, &found));
        if (found) memcpy((char *)r + n->offset, &value, sizeof value);
    }
    SN_TRY(sn_json_get_i64(object, "original_max_position_embeddings", &r->train_length, &found));
    double partial;
    SN_TRY(sn_json_get_f64(object, "partial_rotary_factor", &partial, &found));
    if (found) d->partial_rotary = partial;
    bool truncate = true;
    SN_TRY(sn_json_get_bool(object, "truncate", &truncate, &found));
    r->yarn_no_truncate = !truncate;
    int n_short, n_long;
    SN_TRY(read_factors(object, "short_factor", d->where, r->short_factor, &n_short));
    SN_TRY(read_factors(object, "long_factor", d->where, r->long_factor, &n_long));
    if (n_short != n_long)
        return sn_fail(SN_ERR_FORMAT, "%s: %d short and %d long rope factors", d->where, n_short, n_long);
    r->n_factors = n_short;
    if (r->scaling != SN_ROPE_PLAIN && r->scaling != SN_ROPE_LONGROPE) r->n_factors = 0;
    return SN_OK;
}

/* {"full_attention": {...}, "sliding_attention": {...}} */
static sn_status read_by_layer(const sn_json *object, sn_config_draft *d) {
    const sn_json *full, *sliding;
    bool has_full, has_sliding;
    SN_TRY(sn_json_get_object(object, "full_attention", &full, &has_full));
    SN_TRY(sn_json_get_object(object, "sliding_attention", &sliding, &has_sliding));
    for (int64_t i = 0; i < object->count; i++)
        if (!sn_text_is(object->keys[i], "full_attention") && !sn_text_is(object->keys[i], "sliding_attention"))
            return sn_fail(SN_ERR_UNSUPPORTED, "%s: rope parameters for layers of type \"%s\"", d->where,
                           object->keys[i].data);
    if (has_full) SN_TRY(read_object(full, d, &d->rope));
    if (has_sliding) SN_TRY(read_object(sliding, d, has_full ? &d->rope_local : &d->rope));
    d->has_local = has_full && has_sliding;
    return SN_OK;
}

sn_status sn_config_rope_from_json(const sn_json *root, sn_config_draft *d) {
    static const char *const keys[] = {"rope_parameters", "rope_scaling"};
    bool found;
    double base;
    SN_TRY(sn_json_get_f64(root, "rope_theta", &base, &found));
    if (!found) SN_TRY(sn_json_get_f64(root, "rotary_emb_base", &base, &found));
    if (found) d->rope_base = base;
    double partial;
    SN_TRY(sn_json_get_f64(root, "partial_rotary_factor", &partial, &found));
    if (!found) SN_TRY(sn_json_get_f64(root, "rotary_pct", &partial, &found));
    if (found) d->partial_rotary = partial;
    SN_TRY(sn_json_get_i64(root, "original_max_position_embeddings", &d->original_length, &found));
    for (int i = 0; i < 2; i++) {
        const sn_json *object;
        SN_TRY(sn_json_get_object(root, keys[i], &object, &found));
        if (!found || object->count == 0) continue;
        bool by_layer = sn_json_get(object, "full_attention") || sn_json_get(object, "sliding_attention");
        return by_layer ? read_by_layer(object, d) : read_object(object, d, &d->rope);
    }
    return SN_OK;
}
