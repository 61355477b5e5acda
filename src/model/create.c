/* New models: a configuration completed, a family chosen, weights drawn; and opened models made trainable. */
#include "model/config.h"
#include "model/convert.h"
#include "model/init.h"
#include "model/model.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/size.h"

#include <math.h>
#include <string.h>

/* Llama's 8/3 of the width, in steps of 32, so that a gated network has as many weights as a plain one. */
static int64_t default_ff(const sn_model_config *c) {
    if (c->arch.block == SN_BLOCK_GAU) return 2 * c->n_embd;
    return c->ffn == SN_FFN_GATED ? sn_round_up(c->n_embd * 8 / 3, 32) : 4 * c->n_embd;
}

static sn_status complete_gau(sn_model_config *c) {
    if (c->arch.block != SN_BLOCK_GAU) return SN_OK;
    if (c->n_heads == 0) c->n_heads = 1;
    if (c->d_head == 0) c->d_head = 128;
    if (c->d_value == 0) c->d_value = c->d_ff;
    if (c->n_heads != 1 || c->n_kv_heads > 1)
        return sn_fail(SN_ERR_ARGUMENT, "model: %lld heads: a GAU block has one", (long long)c->n_heads);
    if (c->d_value != c->d_ff || c->parallel_block || c->qk_norm)
        return sn_fail(SN_ERR_ARGUMENT, "model: a GAU block has values of its expanded width, no parallel network and "
                                        "no norms of queries and keys");
    return SN_OK;
}

/* Defaults that do not depend on the family. */
static sn_status complete(sn_model_config *c) {
    if (c->n_layers < 1 || c->n_embd < 1 || c->n_vocab < 1 || c->train_length < 1 || c->n_embd > 1 << 20)
        return sn_fail(SN_ERR_ARGUMENT,
                       "model: layers %lld, width %lld, vocabulary %lld and trained length %lld must be "
                       "given",
                       (long long)c->n_layers, (long long)c->n_embd, (long long)c->n_vocab, (long long)c->train_length);
    if (c->d_ff == 0) c->d_ff = default_ff(c);
    SN_TRY(complete_gau(c));
    if (c->n_heads < 1) return sn_fail(SN_ERR_ARGUMENT, "model: the number of heads must be given");
    if (c->n_kv_heads == 0) c->n_kv_heads = c->n_heads;
    if (c->d_head == 0 && c->n_embd % c->n_heads == 0) c->d_head = c->n_embd / c->n_heads;
    if (c->d_value == 0) c->d_value = c->d_head;
    if (c->norm_epsilon == 0) c->norm_epsilon = 1e-5;
    if (c->rope.base == 0) c->rope.base = 10000;
    if (c->window == 0 && c->layer_windowed)
        for (int64_t i = 0; i < c->n_layers; i++)
            if (c->layer_windowed[i])
                return sn_fail(SN_ERR_ARGUMENT, "model: layer %lld is windowed, and there is no window", (long long)i);
    return SN_OK;
}

static sn_status choose_family(sn_model *m, const sn_model_config *c) {
    m->family = c->family[0] ? sn_family_by_name(c->family) : sn_family_for(c);
    if (!m->family)
        return sn_fail(SN_ERR_NOT_FOUND, "model: the family \"%.31s\" is not known: %s are", c->family,
                       sn_family_names());
    const char *lacks = sn_family_lacks(m->family, c);
    if (!lacks) return SN_OK;
    return sn_fail(SN_ERR_UNSUPPORTED, "model: the family %s does not have %s", m->family->name, lacks);
}

static sn_status configure(sn_model *m, const sn_model_config *c) {
    sn_config_draft d = sn_config_draft_of(m->family, "model", &m->arena);
    d.n_layers = c->n_layers, d.n_embd = c->n_embd, d.n_heads = c->n_heads, d.n_kv_heads = c->n_kv_heads;
    d.d_head = c->d_head, d.d_ff = c->d_ff, d.n_vocab = c->n_vocab, d.d_value = c->d_value;
    d.max_length = c->train_length;
    d.n_rot = c->learned_positions ? 0 : c->rope.n_rot;
    d.norm_epsilon = c->norm_epsilon;
    d.norm = c->norm, d.ffn = c->ffn, d.activation = c->activation;
    d.tied_head = c->tied_head, d.parallel_block = c->parallel_block, d.qk_norm = c->qk_norm;
    d.learned_positions = c->learned_positions;
    d.window = c->window, d.layer_windowed = c->layer_windowed, d.layer_rotary = c->layer_rotary;
    d.rope = c->rope;
    d.has_local = c->rope_local.base != 0;
    d.rope_local = c->rope_local;
    d.arch = c->arch;
    SN_TRY(sn_config_finish(&d, c->rope.layout, &m->config));
    m->config.biases = c->biases;
    return SN_OK;
}

/* ---- weights ---- */

static sn_status new_weight(sn_model *m, sn_weight_id id, sn_tensor *out) {
    const sn_tensor_spec *spec = &sn_tensor_specs[id];
    const int64_t shape[2] = {sn_dim_size(&m->config, spec->rows), sn_dim_size(&m->config, spec->columns)};
    int n_dims = spec->columns == SN_DIM_NONE ? 1 : 2;
    int64_t bytes;
    SN_TRY(sn_shape_bytes(SN_F32, n_dims, shape, &bytes));
    void *data = sn_model_block(m, bytes);
    if (!data) return sn_fail_memory("a model's weights");
    m->stored_bytes += bytes;
    *out = sn_tensor_make(SN_F32, n_dims, shape, data);
    return SN_OK;
}

static bool wanted(const sn_model_config *c, sn_weight_id id) {
    if (sn_weight_required(c, id)) return true;
    return c->biases && id != SN_W_HEAD_BIAS && sn_weight_allowed(c, id);
}

static sn_status draw_weights(sn_model *m, const sn_init_scheme *scheme, const sn_model_init *init, uint64_t seed) {
    SN_TRY(sn_weights_init(m));
    for (int64_t layer = 0; layer < m->config.n_layers; layer++) {
        for (int i = layer == 0 ? 0 : SN_W_FIRST_OF_LAYER; i < SN_N_WEIGHT_IDS; i++) {
            sn_weight_id id = (sn_weight_id)i;
            char name[96];
            sn_tensor t;
            if (!wanted(&m->config, id)) continue;
            SN_TRY(new_weight(m, id, &t));
            sn_weight_name(id, layer, name, sizeof name);
            if (!init->undrawn) sn_init_fill(scheme, init->std, &m->config, id, name, seed, &t);
            SN_TRY(sn_weights_put(m, id, layer, &t, name));
        }
    }
    return sn_weights_finish(m);
}

static sn_status make(sn_model *m, const sn_model_config *config, const sn_model_init *init, uint64_t seed) {
    sn_model_config c = *config;
    const sn_init_scheme *scheme;
    SN_TRY(sn_init_find(init->scheme, &scheme));
    if (!(init->std >= 0) || isinf(init->std))
        return sn_fail(SN_ERR_ARGUMENT, "model: a deviation of %g of initial weights", init->std);
    SN_TRY(complete(&c));
    sn_init_configure(scheme, &c);
    SN_TRY(choose_family(m, &c));
    SN_TRY(configure(m, &c));
    m->format = "new";
    m->name = m->path = sn_arena_strdup(&m->arena, init->name ? init->name : m->family->name);
    if (!m->name) return sn_fail_memory("a new model");
    m->tokenizer_tried = true;
    m->writable = true;
    return draw_weights(m, scheme, init, seed);
}

sn_status sn_model_create(const sn_model_config *config, const sn_model_init *init, uint64_t seed, sn_model **out) {
    static const sn_model_init defaults;
    if (!config || !out) return sn_fail(SN_ERR_ARGUMENT, "model: a configuration and a place for the model are needed");
    sn_model *m = sn_calloc(1, sizeof *m);
    if (!m) return sn_fail_memory("a new model");
    sn_status status = make(m, config, init ? init : &defaults, seed);
    if (status != SN_OK) {
        sn_model_free(m);
        return status;
    }
    *out = m;
    return SN_OK;
}

void sn_model_give_tokenizer(sn_model *m, sn_tokenizer *tokenizer) {
    sn_tokenizer_free(m->tokenizer);
    m->tokenizer = tokenizer;
    m->tokenizer_tried = true;
}

/* ---- opened models ---- */

static void copy_rows(const sn_model *m, sn_weight_id id, const sn_tensor *slot, float *to) {
    int64_t rows = slot->n_dims == 2 ? slot->shape[0] : 1, columns = sn_tensor_count(slot) / sn_max_i64(rows, 1);
    if (slot->n_dims == 1) rows = columns, columns = 1;
    for (int64_t r = 0; r < rows; r++) {
        int64_t row = sn_row_in_layout(&m->config, SN_PAIR_HALVES, id, r);
        sn_to_f32(slot->dtype, (const char *)slot->data + row * slot->stride[0], to + r * columns, columns);
    }
}

static sn_status thaw_weight(sn_model *m, sn_weight_id id, int64_t layer, bool undrawn) {
    sn_tensor *slot = sn_weight_slot(m, id, layer), copy;
    SN_TRY(new_weight(m, id, &copy));
    if (!undrawn) copy_rows(m, id, slot, copy.data);
    *slot = copy;
    return SN_OK;
}

static sn_status thaw(sn_model *m, bool undrawn) {
    if (!m) return sn_fail(SN_ERR_ARGUMENT, "model: there is none to thaw");
    if (m->writable) return SN_OK;
    m->stored_bytes = 0;
    for (int64_t layer = 0; layer < m->config.n_layers; layer++)
        for (int i = layer == 0 ? 0 : SN_W_FIRST_OF_LAYER; i < SN_N_WEIGHT_IDS; i++)
            if (sn_weight_at(m, (sn_weight_id)i, layer)) SN_TRY(thaw_weight(m, (sn_weight_id)i, layer, undrawn));
    m->config.rope.layout = m->config.rope_local.layout = SN_PAIR_HALVES;
    m->writable = true;
    return SN_OK;
}

sn_status sn_model_thaw(sn_model *m) { return thaw(m, false); }

sn_status sn_model_thaw_undrawn(sn_model *m) { return thaw(m, true); }
