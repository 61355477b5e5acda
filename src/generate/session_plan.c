/* The plans of a session, by row count. */
#include "generate/session.h"

#include "base/error.h"

#include <stdio.h>

static void drop(sn_rows_plan *entry) {
    sn_plan_free(entry->plan);
    sn_graph_free(entry->graph);
    *entry = (sn_rows_plan){0};
}

void sn_plan_cache_free(sn_plan_cache *cache) {
    for (int i = 0; i < SN_SESSION_PLANS; i++) drop(&cache->entries[i]);
}

static sn_value *input(sn_graph *g, const char *name, int64_t n) {
    return sn_input(g, name, SN_I32, 1, (int64_t[]){n});
}

/* Where the rows of a plan go, in caches of one kind. */
typedef struct rows_inputs {
    sn_value *slots, *sequences;
} rows_inputs;

static rows_inputs add_rows(sn_session *s, sn_graph *g, int64_t rows) {
    const int64_t shape[] = {s->n_sequences, 4};
    return (rows_inputs){input(g, "slots", rows), sn_input(g, "sequences", SN_I32, 2, shape)};
}

/* The inputs and tables every layer of a kind shares. */
static void add_kinds(sn_session *s, sn_graph *g, sn_value *positions, const rows_inputs *whole,
                      const rows_inputs *near, sn_decoder_io *io) {
    for (int kind = 0; kind < SN_MAX_LAYER_KINDS; kind++) {
        const sn_session_kind *from = &s->kinds[kind];
        if (!from->used) continue;
        sn_attention_positions *to = &io->kinds[kind];
        to->position = &from->position;
        to->sequences = s->near.window > 0 && kind & 1 ? near->sequences : whole->sequences;
        to->slots = s->near.window > 0 && kind & 1 ? near->slots : whole->slots;
        if (from->position.n_planes == 0) continue;
        char name[32];
        snprintf(name, sizeof name, "query_table.%d", kind);
        to->query_table = sn_param(g, name, &from->query_table);
        snprintf(name, sizeof name, "key_table.%d", kind);
        to->key_table = sn_param(g, name, &from->key_table);
        snprintf(name, sizeof name, "canonical.%d", kind);
        to->angles = sn_gather(g, sn_param(g, name, &from->canonical), positions);
    }
}

/* Binds what the plan's graph asks for; inputs the plan does not need are ignored. */
static sn_status plan_of(sn_session *s, sn_graph *g, sn_value *out, sn_plan **plan) {
    const sn_plan_options options = {.precision = s->exact_f32 ? SN_PRECISION_F32 : SN_PRECISION_AUTO,
                                     .team = s->team,
                                     .workspace = &s->workspace,
                                     .cancel = s->cancel};
    return sn_plan_new(g, &out, 1, &options, plan);
}

static sn_status build_body(sn_session *s, sn_graph *g, int64_t rows, sn_plan **plan) {
    sn_value *tokens = input(g, "tokens", rows), *positions = input(g, "positions", rows);
    rows_inputs whole = add_rows(s, g, rows), near = add_rows(s, g, rows);
    sn_decoder_io io = {.n_rows = rows, .tokens = tokens, .positions = positions, .keys = s->keys, .values = s->values};
    add_kinds(s, g, positions, &whole, &near, &io);
    SN_TRY(plan_of(s, g, sn_decoder_build(g, s->model, &io), plan));
    SN_TRY(sn_plan_bind(*plan, tokens, s->tokens));
    SN_TRY(sn_plan_bind(*plan, positions, s->positions));
    SN_TRY(sn_plan_bind(*plan, whole.slots, s->slots));
    SN_TRY(sn_plan_bind(*plan, whole.sequences, s->sequences));
    SN_TRY(sn_plan_bind(*plan, near.slots, s->near.slots));
    return sn_plan_bind(*plan, near.sequences, s->near.sequences);
}

static sn_status build_head(sn_session *s, sn_graph *g, int64_t rows, sn_plan **plan) {
    sn_value *hidden = sn_input(g, "hidden", SN_F32, 2, (int64_t[]){rows, s->model->config.n_embd});
    const sn_decoder_io io = {0};
    SN_TRY(plan_of(s, g, sn_decoder_head(g, s->model, &io, hidden), plan));
    return sn_plan_bind(*plan, hidden, s->hidden);
}

typedef sn_status (*build_fn)(sn_session *s, sn_graph *g, int64_t rows, sn_plan **plan);

static sn_status lookup(sn_session *s, sn_plan_cache *cache, build_fn build, int64_t rows, sn_plan **out) {
    sn_rows_plan *oldest = &cache->entries[0];
    for (int i = 0; i < SN_SESSION_PLANS; i++) {
        sn_rows_plan *entry = &cache->entries[i];
        if (entry->plan && entry->rows == rows) {
            entry->last_use = ++cache->clock;
            *out = entry->plan;
            return SN_OK;
        }
        if (entry->last_use < oldest->last_use) oldest = entry;
    }
    drop(oldest);
    SN_TRY(sn_graph_new(&oldest->graph));
    sn_status status = build(s, oldest->graph, rows, &oldest->plan);
    if (status != SN_OK) {
        drop(oldest);
        return status;
    }
    oldest->rows = rows;
    oldest->last_use = ++cache->clock;
    *out = oldest->plan;
    return SN_OK;
}

sn_status sn_session_body(sn_session *s, int64_t rows, sn_plan **out) {
    return lookup(s, &s->body, build_body, rows, out);
}

sn_status sn_session_head(sn_session *s, int64_t rows, sn_plan **out) {
    return lookup(s, &s->head, build_head, rows, out);
}
