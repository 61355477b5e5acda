/* Random models without a file, for benchmarks and tests. */
#include "model/config.h"
#include "model/model.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/philox.h"
#include "base/size.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct preset {
    const char *name;
    int64_t n_embd, n_layers, n_heads, n_kv_heads, d_ff, n_vocab, length;
} preset;

static const preset presets[] = {{"llama-1b", 2048, 16, 32, 8, 5632, 32000, 4096},
                                 {"llama-100m", 768, 12, 12, 4, 2048, 32000, 2048},
                                 {"llama-256", 256, 4, 8, 4, 768, 1024, 512},
                                 {"llama-tiny", 32, 3, 4, 2, 64, 96, 64},
                                 {NULL, 0, 0, 0, 0, 0, 0, 0}};

/* Large models draw this many rows of each width once and repeat them: seconds instead of minutes, and the
 * costliest types are quantized once. */
enum { BANK_ROWS = 509, BANK_FROM_PARAMS = 16 << 20 };

typedef struct bank {
    char *rows;
    int64_t columns, row_bytes;
} bank;

typedef struct maker {
    sn_model *m;
    sn_dtype dtype;
    uint64_t seed, stream;
    bank banks[4];
    int n_banks;
    bool shared;
    float *row; /* of the widest matrix */
} maker;

/* Uniform with variance 1/columns, so that products keep the scale of their input. */
static void draw_row(const maker *k, uint64_t stream, int64_t row, int64_t columns) {
    float scale = (float)sqrt(12.0 / (double)columns);
    for (int64_t c = 0; c < columns; c += 4) {
        uint32_t words[4];
        sn_philox(k->seed, stream, (uint64_t)(row * columns + c), words);
        for (int64_t i = 0; i < 4 && c + i < columns; i++)
            k->row[c + i] = scale * ((float)(words[i] >> 8) * 0x1p-24f - 0.5f);
    }
}

static sn_status get_bank(maker *k, int64_t columns, int64_t row_bytes, const bank **out) {
    for (int i = 0; i < k->n_banks; i++) {
        *out = &k->banks[i];
        if (k->banks[i].columns == columns) return SN_OK;
    }
    bank *b = &k->banks[k->n_banks];
    *b = (bank){sn_alloc((size_t)(BANK_ROWS * row_bytes)), columns, row_bytes};
    if (!b->rows) return sn_fail_memory("a synthetic model");
    k->n_banks++;
    for (int64_t r = 0; r < BANK_ROWS; r++) {
        draw_row(k, (uint64_t)columns, r, columns);
        sn_from_f32(k->dtype, k->row, b->rows + r * row_bytes, columns);
    }
    *out = b;
    return SN_OK;
}

static sn_status fill_matrix(maker *k, sn_tensor *t) {
    int64_t columns = t->shape[1], row_bytes = t->stride[0];
    const bank *b = NULL;
    if (k->shared) SN_TRY(get_bank(k, columns, row_bytes, &b));
    for (int64_t r = 0; r < t->shape[0]; r++) {
        char *to = (char *)t->data + r * row_bytes;
        if (b) {
            int64_t from = (r + (int64_t)(k->stream * 101)) % BANK_ROWS;
            memcpy(to, b->rows + from * row_bytes, (size_t)row_bytes);
        } else {
            draw_row(k, 1000 + k->stream, r, columns);
            sn_from_f32(k->dtype, k->row, to, columns);
        }
    }
    return SN_OK;
}

static void fill_vector(const maker *k, sn_tensor *t) {
    float *v = t->data;
    for (int64_t i = 0; i < t->shape[0]; i++)
        v[i] = 1 + 0.2f * (sn_uniform_f32(k->seed, 1000 + k->stream, (uint64_t)i) - 0.5f);
}

static sn_status add_weight(maker *k, sn_weight_id id, int64_t layer) {
    const sn_tensor_spec *spec = &sn_tensor_specs[id];
    const sn_model_config *c = &k->m->config;
    bool vector = spec->columns == SN_DIM_NONE;
    const int64_t shape[2] = {sn_dim_size(c, spec->rows), sn_dim_size(c, spec->columns)};
    int64_t bytes;
    SN_TRY(sn_shape_bytes(vector ? SN_F32 : k->dtype, vector ? 1 : 2, shape, &bytes));
    void *data = sn_model_block(k->m, bytes);
    if (!data) return sn_fail_memory("a synthetic model");
    sn_tensor t = sn_tensor_make(vector ? SN_F32 : k->dtype, vector ? 1 : 2, shape, data);
    k->stream++;
    if (vector)
        fill_vector(k, &t);
    else
        SN_TRY(fill_matrix(k, &t));
    k->m->stored_bytes += bytes;
    char name[96];
    sn_weight_name(id, layer, name, sizeof name);
    return sn_weights_put(k->m, id, layer, &t, name);
}

static sn_status add_weights(maker *k) {
    const sn_model_config *c = &k->m->config;
    int64_t widest = sn_max_i64(c->d_ff, c->n_embd);
    int64_t params = c->n_layers * (3 * c->d_ff + 4 * c->n_embd) * c->n_embd;
    k->shared = params > BANK_FROM_PARAMS;
    k->row = sn_alloc((size_t)widest * sizeof *k->row);
    if (!k->row) return sn_fail_memory("a synthetic model");
    SN_TRY(sn_weights_init(k->m));
    for (int64_t layer = 0; layer < c->n_layers; layer++)
        for (int i = layer == 0 ? 0 : SN_W_FIRST_OF_LAYER; i < SN_N_WEIGHT_IDS; i++)
            if (sn_weight_required(c, (sn_weight_id)i)) SN_TRY(add_weight(k, (sn_weight_id)i, layer));
    return sn_weights_finish(k->m);
}

static sn_status configure(sn_model *m, const preset *p) {
    m->family = &sn_family_llama;
    m->format = "synthetic";
    m->name = m->path = sn_arena_strdup(&m->arena, p->name);
    if (!m->name) return sn_fail_memory("a synthetic model");
    sn_config_draft d = sn_config_draft_of(m->family, p->name, &m->arena);
    d.n_layers = p->n_layers;
    d.n_embd = p->n_embd;
    d.n_heads = p->n_heads;
    d.n_kv_heads = p->n_kv_heads;
    d.d_ff = p->d_ff;
    d.n_vocab = p->n_vocab;
    d.max_length = p->length;
    return sn_config_finish(&d, SN_PAIR_INTERLEAVED, &m->config);
}

static sn_status make(sn_model *m, const preset *p, sn_dtype dtype, uint64_t seed) {
    SN_TRY(configure(m, p));
    maker k = {.m = m, .dtype = dtype, .seed = seed};
    sn_status status = add_weights(&k);
    for (int i = 0; i < k.n_banks; i++) sn_free(k.banks[i].rows);
    sn_free(k.row);
    return status;
}

sn_status sn_model_synthetic(const char *name, sn_dtype dtype, uint64_t seed, sn_model **out) {
    const preset *p = presets;
    while (p->name && strcmp(p->name, name) != 0) p++;
    if (!p->name)
        return sn_fail(SN_ERR_NOT_FOUND,
                       "model: no synthetic model is called \"%s\": llama-1b, llama-100m, llama-256 "
                       "and llama-tiny are",
                       name);
    if (!sn_dtype_is_block(dtype) && (!sn_dtype_is_float(dtype) || dtype == SN_F64))
        return sn_fail(SN_ERR_ARGUMENT, "model: synthetic weights of type %s", sn_dtype_name(dtype));
    sn_model *m = sn_calloc(1, sizeof *m);
    if (!m) return sn_fail_memory("a synthetic model");
    sn_status status = make(m, p, dtype, seed);
    if (status != SN_OK) {
        sn_model_free(m);
        return status;
    }
    m->tokenizer_tried = true;
    *out = m;
    return SN_OK;
}
