#include "train/objective_lm.h"

#include "base/alloc.h"
#include "base/cpu.h"
#include "base/error.h"
#include "base/size.h"
#include "model/decoder.h"

#include <stdio.h>

enum { TOKENS, TARGETS, SEQUENCES, POSITIONS, N_ITEMS };

static const int64_t default_logit_bytes = 64 << 20;

/* How layers of one kind see positions, with the tables for it. */
typedef struct kind {
    bool used;
    sn_position position;
    sn_tensor query_table, key_table, canonical;
} kind;

struct sn_lm_objective {
    sn_objective objective;
    const sn_model *model;
    sn_lm_options options;
    sn_model_param *list;
    int64_t n_params;
    kind kinds[SN_MAX_LAYER_KINDS];
    sn_arena arena;
};

/* ---- positions ---- */

static sn_status resolve(sn_lm_objective *lm) {
    sn_position positions[SN_MAX_LAYER_KINDS];
    bool used[SN_MAX_LAYER_KINDS];
    SN_TRY(sn_model_positions(lm->model, lm->options.extend, lm->options.context, positions, used, NULL, 0));
    for (int i = 0; i < SN_MAX_LAYER_KINDS; i++) {
        lm->kinds[i].used = used[i];
        if (used[i]) lm->kinds[i].position = positions[i];
    }
    return SN_OK;
}

static sn_status make_table(sn_lm_objective *lm, int n_dims, const int64_t *shape, sn_tensor *out) {
    int64_t bytes;
    SN_TRY(sn_shape_bytes(SN_F32, n_dims, shape, &bytes));
    void *data = sn_arena_alloc(&lm->arena, (size_t)bytes);
    if (!data) return sn_fail_memory("position tables");
    *out = sn_tensor_make(SN_F32, n_dims, shape, data);
    return SN_OK;
}

static sn_status make_tables(sn_lm_objective *lm, kind *k) {
    const int64_t n = lm->options.context, shape[] = {k->position.n_pieces, n, k->position.n_planes, 2};
    if (!k->used || k->position.n_planes == 0) return SN_OK;
    SN_TRY(make_table(lm, 4, shape, &k->query_table));
    SN_TRY(make_table(lm, 4, shape, &k->key_table));
    SN_TRY(make_table(lm, 3, shape + 1, &k->canonical));
    sn_position_tables(&k->position, SN_F32, n, 0, n, k->query_table.data, k->key_table.data, k->canonical.data);
    return SN_OK;
}

static void add_kinds(const sn_lm_objective *lm, sn_graph *g, sn_value *const *inputs, sn_decoder_io *io) {
    for (int i = 0; i < SN_MAX_LAYER_KINDS; i++) {
        const kind *k = &lm->kinds[i];
        if (!k->used) continue;
        sn_attention_positions *to = &io->kinds[i];
        to->position = &k->position;
        to->sequences = inputs[SEQUENCES];
        if (k->position.n_planes == 0) continue;
        to->query_table = sn_param(g, "query_table", &k->query_table);
        to->key_table = sn_param(g, "key_table", &k->key_table);
        to->angles = sn_gather(g, sn_param(g, "canonical", &k->canonical), inputs[POSITIONS]);
    }
}

/* ---- the loss ---- */

/* One build of the graph. */
typedef struct build {
    const sn_lm_objective *lm;
    sn_value *const *params;
} build;

static sn_value *weight(void *user, sn_graph *g, sn_weight_id id, int64_t layer) {
    const build *b = user;
    (void)g;
    int64_t at = sn_model_param_index(b->lm->list, b->lm->n_params, id, layer);
    return at < 0 ? NULL : b->params[at];
}

/* The loss of rows [from, to), not kept for the backward pass. */
static sn_value *part_loss(sn_graph *g, const sn_lm_objective *lm, const sn_decoder_io *io, sn_value *hidden,
                           sn_value *targets, int64_t from, int64_t to) {
    sn_segment_begin(g, true);
    sn_value *logits = sn_decoder_head(g, lm->model, io, sn_slice(g, hidden, 0, from, to));
    sn_value *loss = sn_cross_entropy(g, logits, sn_slice(g, targets, 0, from, to));
    sn_segment_end(g);
    return loss;
}

/* The mean over all rows is that of the parts, each by its share of the rows that count. */
static sn_value *loss_in_parts(sn_graph *g, const sn_lm_objective *lm, const sn_decoder_io *io, sn_value *hidden,
                               sn_value *targets, int64_t part) {
    sn_value *share = sn_target_weight(g, targets, SN_F32), *total = NULL;
    for (int64_t from = 0; from < io->n_rows; from += part) {
        int64_t to = sn_min_i64(io->n_rows, from + part);
        sn_value *loss = part_loss(g, lm, io, hidden, targets, from, to);
        loss = sn_mul(g, loss, sn_sum_all(g, sn_slice(g, share, 0, from, to)));
        total = total ? sn_add(g, total, loss) : loss;
    }
    return total;
}

static sn_value *lm_loss(void *user, sn_graph *g, sn_value *const *params, sn_value *const *inputs, sn_value *step) {
    const sn_lm_objective *lm = user;
    build b = {lm, params};
    int64_t n_rows = sn_value_tensor(inputs[TOKENS])->shape[0];
    sn_decoder_io io = {.n_rows = n_rows,
                        .tokens = inputs[TOKENS],
                        .positions = inputs[POSITIONS],
                        .weight = weight,
                        .user = &b,
                        .dropout = step ? lm->options.dropout : 0,
                        .seed = lm->options.seed,
                        .step = step,
                        .fused = lm->options.bf16 && sn_cpu_isa() >= SN_ISA_AMX};
    add_kinds(lm, g, inputs, &io);
    sn_value *hidden = sn_decoder_build(g, lm->model, &io);
    int64_t row_bytes = lm->model->config.n_vocab * (int64_t)sizeof(float);
    int64_t limit = lm->options.logit_bytes ? lm->options.logit_bytes : default_logit_bytes;
    int64_t part = sn_max_i64(1, limit / row_bytes);
    if (part < n_rows) return loss_in_parts(g, lm, &io, hidden, inputs[TARGETS], part);
    return sn_cross_entropy(g, sn_decoder_head(g, lm->model, &io, hidden), inputs[TARGETS]);
}

/* ---- the objective ---- */

static sn_status start(sn_lm_objective *lm, const sn_model *m, const sn_lm_options *options) {
    if (options->batch < 1 || options->context < 1)
        return sn_fail(SN_ERR_ARGUMENT, "train: batch %lld and context %lld must be at least 1",
                       (long long)options->batch, (long long)options->context);
    if (m->config.learned_positions && options->context > m->config.train_length)
        return sn_fail(SN_ERR_ARGUMENT, "train: context %lld: the model has learned positions for %lld, none beyond",
                       (long long)options->context, (long long)m->config.train_length);
    lm->model = m;
    lm->options = *options;
    lm->objective = (sn_objective){.name = "next token", .user = lm, .loss = lm_loss};
    SN_TRY(sn_model_params(m, &lm->arena, &lm->list, &lm->n_params));
    SN_TRY(resolve(lm));
    for (int i = 0; i < SN_MAX_LAYER_KINDS; i++) SN_TRY(make_tables(lm, &lm->kinds[i]));
    lm->options.extend = NULL;
    return SN_OK;
}

sn_status sn_lm_objective_new(const sn_model *m, const sn_lm_options *options, sn_lm_objective **out) {
    sn_lm_objective *lm = sn_calloc(1, sizeof *lm);
    if (!lm) return sn_fail_memory("an objective");
    sn_status status = start(lm, m, options);
    if (status != SN_OK)
        sn_lm_objective_free(lm);
    else
        *out = lm;
    return status;
}

void sn_lm_objective_free(sn_lm_objective *lm) {
    if (!lm) return;
    sn_arena_free(&lm->arena);
    sn_free(lm);
}

const sn_objective *sn_lm_objective_get(const sn_lm_objective *lm) { return &lm->objective; }
