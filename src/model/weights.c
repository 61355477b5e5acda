/* Puts the tensors of a file into the slots of a model. */
#include "model/model.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/size.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GLOBALS = SN_W_FIRST_OF_LAYER, PER_LAYER = SN_N_WEIGHT_IDS - SN_W_FIRST_OF_LAYER };

sn_tensor *sn_weight_slot(const sn_model *m, sn_weight_id id, int64_t layer) {
    if (id < SN_W_FIRST_OF_LAYER) return &m->weights[id];
    return &m->weights[GLOBALS + layer * PER_LAYER + (int64_t)id - SN_W_FIRST_OF_LAYER];
}

const sn_tensor *sn_weight_at(const sn_model *m, sn_weight_id id, int64_t layer) {
    const sn_tensor *slot = sn_weight_slot(m, id, layer);
    return slot->data ? slot : NULL;
}

void sn_name_expand(const char *pattern, int64_t layer, char *buffer, size_t size) {
    const char *mark = strchr(pattern, '#');
    if (mark)
        snprintf(buffer, size, "%.*s%lld%s", (int)(mark - pattern), pattern, (long long)layer, mark + 1);
    else
        snprintf(buffer, size, "%s", pattern);
}

void sn_weight_name(sn_weight_id id, int64_t layer, char *buffer, size_t size) {
    sn_name_expand(sn_tensor_specs[id].name, layer, buffer, size);
}

void *sn_model_block(sn_model *m, int64_t bytes) {
    void **blocks = sn_realloc(m->blocks, (size_t)(m->n_blocks + 1) * sizeof *blocks);
    if (!blocks) return NULL;
    m->blocks = blocks;
    void *block = sn_alloc_aligned((size_t)sn_max_i64(bytes, 1), 64);
    if (block) m->blocks[m->n_blocks++] = block;
    return block;
}

sn_status sn_weights_init(sn_model *m) {
    int64_t n;
    if (!sn_mul_i64(m->config.n_layers, PER_LAYER, &n)) return sn_fail(SN_ERR_LIMIT, "model: too many layers");
    m->weights = sn_arena_array(&m->arena, (size_t)(n + GLOBALS), sizeof *m->weights);
    return m->weights ? SN_OK : sn_fail_memory("model");
}

/* Tensors that files carry and no computation needs. */
static const char *const ignored[] = {
    "model.layers.#.self_attn.rotary_emb.inv_freq",
    "model.rotary_emb.inv_freq",
    "h.#.attn.bias",
    "h.#.attn.masked_bias",
    "gpt_neox.layers.#.attention.bias",
    "gpt_neox.layers.#.attention.masked_bias",
    "gpt_neox.layers.#.attention.rotary_emb.inv_freq",
    "rope_freqs.weight",
    "rope_factors_long.weight",
    "rope_factors_short.weight",
    "blk.#.rope_freqs.weight",
    "blk.#.attn_rot_embd.weight",
    NULL,
};

/* Matches `name` against a pattern with at most one '#', which gets the layer number. */
static bool match(const char *pattern, const char *name, int64_t *layer) {
    const char *mark = strchr(pattern, '#');
    *layer = 0;
    if (!mark) return strcmp(pattern, name) == 0;
    size_t head = (size_t)(mark - pattern);
    if (strncmp(pattern, name, head) != 0) return false;
    const char *digits = name + head, *p = digits;
    while (*p >= '0' && *p <= '9' && p - digits < 9) p++;
    if (p == digits || (*digits == '0' && p - digits > 1)) return false;
    *layer = strtoll(digits, NULL, 10);
    return strcmp(p, mark + 1) == 0;
}

static const char *without_prefix(const char *name, const char *prefix) {
    if (prefix && strncmp(name, prefix, strlen(prefix)) == 0) return name + strlen(prefix);
    return name;
}

static bool is_ignored(const char *name) {
    int64_t layer;
    for (int i = 0; ignored[i]; i++)
        if (match(ignored[i], name, &layer)) return true;
    return false;
}

/* ---- copies: only where a view cannot say it ---- */

static sn_status new_tensor(sn_model *m, sn_dtype dtype, const int64_t *shape, int n_dims, sn_tensor *out) {
    int64_t bytes;
    SN_TRY(sn_shape_bytes(dtype, n_dims, shape, &bytes));
    void *data = sn_model_block(m, bytes);
    if (!data) return sn_fail_memory("a rearranged weight");
    *out = sn_tensor_make(dtype, n_dims, shape, data);
    return SN_OK;
}

/* [in, out] columns from..from+n as [n, in]. */
static sn_status copy_transposed(sn_model *m, const sn_tensor *file, int64_t from, int64_t n, sn_tensor *out) {
    int64_t inner = file->shape[0], size = sn_dtype_bytes(file->dtype);
    SN_TRY(new_tensor(m, file->dtype, (int64_t[]){n, inner}, 2, out));
    for (int64_t c = 0; c < inner; c++) {
        const char *row = (const char *)file->data + c * file->stride[0] + from * size;
        char *to = (char *)out->data + c * size;
        for (int64_t r = 0; r < n; r++) memcpy(to + r * inner * size, row + r * size, (size_t)size);
    }
    return SN_OK;
}

/* Rows h*3d + from .. +d of every head h, one after the other. */
static sn_status copy_by_head(sn_model *m, const sn_tensor *file, int64_t d, int64_t from, int64_t n, sn_tensor *out) {
    int64_t shape[2] = {n, file->n_dims == 2 ? file->shape[1] : 1};
    SN_TRY(new_tensor(m, file->dtype, shape, file->n_dims, out));
    int64_t row = file->stride[0];
    for (int64_t h = 0; h < n / d; h++)
        memcpy((char *)out->data + h * d * row, (const char *)file->data + (h * 3 * d + from) * row, (size_t)(d * row));
    return SN_OK;
}

/* Vectors are read by kernels as f32, and matrices must lie on their element's alignment. */
static sn_status settle(sn_model *m, sn_tensor *t) {
    int64_t n = sn_tensor_count(t);
    bool vector = t->n_dims == 1, odd = false;
    if (t->dtype == SN_F32) odd = (uintptr_t)t->data % sizeof(float) != 0;
    if (t->dtype == SN_F16 || t->dtype == SN_BF16) odd = (uintptr_t)t->data % 2 != 0;
    if (!odd && (!vector || t->dtype == SN_F32) && t->dtype != SN_F64) return SN_OK;
    bool widen = vector || t->dtype == SN_F64;
    sn_tensor copy;
    SN_TRY(new_tensor(m, widen ? SN_F32 : t->dtype, t->shape, t->n_dims, &copy));
    if (t->dtype == SN_F64) {
        for (int64_t i = 0; i < n; i++) {
            double value;
            memcpy(&value, (const char *)t->data + i * 8, sizeof value);
            ((float *)copy.data)[i] = (float)value;
        }
    } else if (widen && t->dtype != SN_F32) {
        sn_to_f32(t->dtype, t->data, copy.data, n);
    } else {
        memcpy(copy.data, t->data, (size_t)sn_tensor_bytes(t));
    }
    *t = copy;
    return SN_OK;
}

/* ---- one tensor of the file into one slot ---- */

static sn_status check_type(const sn_tensor *t, const char *where) {
    if (sn_dtype_is_float(t->dtype) || sn_dtype_is_block(t->dtype)) return SN_OK;
    return sn_fail(SN_ERR_UNSUPPORTED, "model: tensor \"%s\" has type %s: weights are f32, f16, bf16 or quantized",
                   where, sn_dtype_name(t->dtype));
}

sn_status sn_weights_put(sn_model *m, sn_weight_id id, int64_t layer, const sn_tensor *tensor, const char *where) {
    const sn_tensor_spec *spec = &sn_tensor_specs[id];
    SN_TRY(check_type(tensor, where));
    int64_t rows = sn_dim_size(&m->config, spec->rows), columns = sn_dim_size(&m->config, spec->columns);
    int n_dims = spec->columns == SN_DIM_NONE ? 1 : 2;
    if (tensor->n_dims != n_dims || tensor->shape[0] != rows || (n_dims == 2 && tensor->shape[1] != columns)) {
        int64_t second = tensor->n_dims > 1 ? tensor->shape[1] : 1;
        return sn_fail(SN_ERR_SHAPE,
                       "model: tensor \"%s\" is %lld x %lld (%d dims), the configuration says %lld x %lld", where,
                       (long long)(tensor->n_dims > 0 ? tensor->shape[0] : 1), (long long)second, tensor->n_dims,
                       (long long)rows, (long long)(n_dims == 2 ? columns : 1));
    }
    sn_tensor *slot = sn_weight_slot(m, id, layer);
    if (slot->data) return sn_fail(SN_ERR_FORMAT, "model: tensor \"%s\" is there twice", where);
    sn_tensor settled = *tensor;
    SN_TRY(settle(m, &settled));
    *slot = settled;
    return SN_OK;
}

/* The rows `rule` wants of the file's tensor. */
static sn_status take_part(sn_model *m, const sn_name_rule *rule, const sn_tensor *file, const char *name,
                           sn_tensor *out) {
    const sn_model_config *c = &m->config;
    int64_t n = sn_dim_size(c, sn_tensor_specs[rule->id].rows);
    int64_t from = sn_dim_size(c, rule->skip[0]) + sn_dim_size(c, rule->skip[1]);
    bool transposed = rule->flags & SN_RULE_TRANSPOSED;
    int dim = transposed ? 1 : 0;
    *out = *file;
    if (file->n_dims < dim + 1) return SN_OK; /* its shape is refused by the caller's check */
    bool per_head = rule->flags & SN_RULE_PER_HEAD;
    int64_t need = per_head ? 3 * n : from + n;
    if (file->shape[dim] < need || file->n_dims > 2)
        return sn_fail(SN_ERR_SHAPE, "model: tensor \"%s\" has %lld output rows, the configuration needs %lld", name,
                       (long long)file->shape[dim], (long long)need);
    if ((transposed || per_head) && !sn_dtype_is_float(file->dtype))
        return sn_fail(SN_ERR_UNSUPPORTED, "model: tensor \"%s\" of type %s cannot be rearranged", name,
                       sn_dtype_name(file->dtype));
    if (transposed) return copy_transposed(m, file, from, n, out);
    if (per_head) return copy_by_head(m, file, c->d_head, from, n, out);
    /* Only the parts of a fused tensor are cut; a whole one keeps its size for the check. */
    if (from > 0 || rule->id == SN_W_Q || rule->id == SN_W_Q_BIAS || rule->id == SN_W_GATE) {
        out->data = (char *)file->data + from * file->stride[0];
        out->shape[0] = n;
    }
    return SN_OK;
}

/* Rows that the rules take of file tensor `pattern`: it must have no more. */
static int64_t rows_taken(const sn_model *m, const sn_name_rule *rules, const char *pattern) {
    int64_t rows = 0;
    for (const sn_name_rule *r = rules; r->file; r++)
        if (strcmp(r->file, pattern) == 0) rows += sn_dim_size(&m->config, sn_tensor_specs[r->id].rows);
    return rows;
}

static sn_status bind_rule(sn_model *m, const sn_name_rule *rules, const sn_name_rule *rule, int64_t layer,
                           const sn_tensor *file, const char *name) {
    if (layer >= m->config.n_layers)
        return sn_fail(SN_ERR_FORMAT, "model: tensor \"%s\" is of a layer beyond the %lld the configuration has", name,
                       (long long)m->config.n_layers);
    if (rule->id == SN_W_HEAD && m->config.tied_head) return SN_OK; /* a copy of the embedding */
    if (!sn_weight_allowed(&m->config, rule->id))
        return sn_fail(SN_ERR_UNSUPPORTED, "model: tensor \"%s\" does not fit the configuration of a %s", name,
                       m->config.family);
    int dim = rule->flags & SN_RULE_TRANSPOSED ? 1 : 0;
    int64_t rows = rows_taken(m, rules, rule->file);
    if (file->n_dims > dim && file->shape[dim] != rows)
        return sn_fail(SN_ERR_SHAPE, "model: tensor \"%s\" has %lld output rows, the configuration says %lld", name,
                       (long long)file->shape[dim], (long long)rows);
    SN_TRY(check_type(file, name));
    sn_tensor part;
    SN_TRY(take_part(m, rule, file, name, &part));
    return sn_weights_put(m, rule->id, layer, &part, name);
}

static sn_status bind_tensor(sn_model *m, const sn_tensor_source *source, int64_t i, const sn_name_rule *rules,
                             const char *prefix) {
    const char *full = source->name(source->file, i), *name = without_prefix(full, prefix);
    int64_t layer;
    bool known = false;
    sn_tensor file;
    for (const sn_name_rule *rule = rules; rule->file; rule++) {
        if (!match(rule->file, name, &layer)) continue;
        if (!known) SN_TRY(source->tensor(source->file, i, &file));
        if (!known) m->stored_bytes += sn_tensor_bytes(&file);
        known = true;
        SN_TRY(bind_rule(m, rules, rule, layer, &file, full));
    }
    if (known || is_ignored(name)) return SN_OK;
    return sn_fail(SN_ERR_UNSUPPORTED,
                   "model: tensor \"%s\" is not one that a %s has: the file holds another architecture", full,
                   m->config.family);
}

static bool has_tensor(const sn_tensor_source *source, const char *prefix, const sn_name_rule *rules, sn_weight_id id) {
    int64_t layer;
    for (const sn_name_rule *rule = rules; rule->file; rule++)
        if (rule->id == id)
            for (int64_t i = 0; i < source->n; i++)
                if (match(rule->file, without_prefix(source->name(source->file, i), prefix), &layer)) return true;
    return false;
}

sn_status sn_weights_bind(sn_model *m, const sn_tensor_source *source, const sn_name_rule *rules, const char *prefix,
                          bool tie_if_missing) {
    if (tie_if_missing) m->config.tied_head = !has_tensor(source, prefix, rules, SN_W_HEAD);
    SN_TRY(sn_weights_init(m));
    for (int64_t i = 0; i < source->n; i++) SN_TRY(bind_tensor(m, source, i, rules, prefix));
    return sn_weights_finish(m);
}

static bool is_norm(int id) { return id == SN_W_ATTN_NORM_BIAS || id == SN_W_FFN_NORM_BIAS; }

sn_status sn_weights_finish(sn_model *m) {
    m->n_params = 0;
    m->config.biases = false;
    for (int64_t layer = 0; layer < m->config.n_layers; layer++) {
        for (int i = layer == 0 ? 0 : SN_W_FIRST_OF_LAYER; i < SN_N_WEIGHT_IDS; i++) {
            const sn_tensor *t = sn_weight_at(m, (sn_weight_id)i, layer);
            char name[96];
            sn_weight_name((sn_weight_id)i, layer, name, sizeof name);
            if (t) m->n_params += sn_tensor_count(t);
            if (t && i >= SN_W_FIRST_OF_LAYER && sn_weight_kind((sn_weight_id)i) == SN_KIND_BIAS && !is_norm(i))
                m->config.biases = true;
            if (!t && sn_weight_required(&m->config, (sn_weight_id)i))
                return sn_fail(SN_ERR_FORMAT, "model: %s: the weight %s of the %s is missing from the file", m->path,
                               name, m->config.family);
        }
    }
    return SN_OK;
}
