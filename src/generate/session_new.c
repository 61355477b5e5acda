/* Making a session: positions, memory, caches, tables. */
#include "generate/session.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/size.h"

#include <stdio.h>
#include <string.h>

sn_session_options sn_session_defaults(void) { return (sn_session_options){.key_type = SN_F32, .value_type = SN_F32}; }

enum { DEFAULT_CHUNK = 512, HEAD_FLOATS = 16 << 20, TABLE_ROWS = 256 };

static const double MIB = 1024.0 * 1024.0;

/* ---- what is asked for ---- */

static sn_status check_cache_type(const char *what, sn_dtype dtype, int64_t d_head) {
    if (dtype != SN_F32 && dtype != SN_F16 && dtype != SN_BF16 && dtype != SN_Q8_0)
        return sn_fail(SN_ERR_ARGUMENT, "session: %s cache of type %s: f32, f16, bf16 or q8_0 is possible", what,
                       sn_dtype_name(dtype));
    if (d_head % sn_dtype_block(dtype) != 0)
        return sn_fail(SN_ERR_ARGUMENT, "session: %s cache of type %s: heads of %lld are no multiple of its block %lld",
                       what, sn_dtype_name(dtype), (long long)d_head, (long long)sn_dtype_block(dtype));
    return SN_OK;
}

static sn_status take_options(sn_session *s, const sn_session_options *o) {
    const sn_model_config *c = &s->model->config;
    if (o->capacity < 0 || o->n_sequences < 0 || o->chunk < 0 || o->declared_length < 0 || o->memory_limit < 0)
        return sn_fail(SN_ERR_ARGUMENT, "session: a size in the options is negative");
    s->capacity = o->capacity ? o->capacity : c->train_length;
    s->n_sequences = o->n_sequences ? o->n_sequences : 1;
    s->chunk = sn_min_i64(o->chunk ? o->chunk : DEFAULT_CHUNK, s->capacity);
    s->max_rows = sn_max_i64(s->chunk, s->n_sequences);
    s->vocab = c->n_vocab;
    s->head_rows = sn_max_i64(1, sn_min_i64(s->max_rows, HEAD_FLOATS / s->vocab));
    s->exact_f32 = o->exact_f32;
    s->cancel = o->cancel;
    SN_TRY(check_cache_type("key", o->key_type, c->d_head));
    SN_TRY(check_cache_type("value", o->value_type, c->d_value));
    if (c->learned_positions && s->capacity > c->train_length)
        return sn_fail(SN_ERR_LIMIT,
                       "session: a capacity of %lld tokens: %s has learned positions for %lld, and none beyond",
                       (long long)s->capacity, s->model->name, (long long)c->train_length);
    int64_t slots;
    if (!sn_mul_i64(s->capacity, s->n_sequences, &slots) || slots > INT32_MAX)
        return sn_fail(SN_ERR_LIMIT, "session: %d sequences of %lld tokens are more than 2^31 slots", s->n_sequences,
                       (long long)s->capacity);
    return SN_OK;
}

/* ---- positions ---- */

static sn_status resolve_positions(sn_session *s, const sn_session_options *o) {
    sn_position positions[SN_MAX_LAYER_KINDS];
    bool used[SN_MAX_LAYER_KINDS];
    int64_t length = o->declared_length ? o->declared_length : s->capacity;
    SN_TRY(sn_model_positions(s->model, o->extend, length, positions, used, s->note, sizeof s->note));
    for (int kind = 0; kind < SN_MAX_LAYER_KINDS; kind++) {
        s->kinds[kind].used = used[kind];
        if (used[kind]) s->kinds[kind].position = positions[kind];
    }
    return SN_OK;
}

/* ---- memory ---- */

/* Zeroed without touching the pages: long caches cost only what is written. */
static sn_status take_block(sn_session *s, int64_t bytes, void **out) {
    enum { ALIGN = 64 };
    char *block = sn_calloc((size_t)bytes + ALIGN, 1);
    if (!block) return sn_fail(SN_ERR_MEMORY, "session: no memory for a block of %.1f MiB", (double)bytes / MIB);
    sn_alloc_wish_huge(block, (size_t)bytes);
    s->blocks[s->n_blocks++] = block;
    *out = block + (ALIGN - (uintptr_t)block % ALIGN) % ALIGN;
    return SN_OK;
}

static int64_t plane_row(const sn_session_kind *kind) { return kind->position.n_planes * 2 * (int64_t)sizeof(float); }

/* Slots of a layer's cache, all sequences together. */
static int64_t cache_slots(const sn_session *s, int64_t layer) {
    bool near = s->near.window > 0 && s->model->config.layer_windowed[layer];
    return (near ? s->near.capacity : s->capacity) * s->n_sequences;
}

static sn_status cache_bytes(const sn_session *s, int64_t layer, sn_dtype dtype, int64_t d, int64_t *one) {
    SN_TRY(sn_shape_bytes(dtype, 3, (int64_t[]){cache_slots(s, layer), s->model->config.n_kv_heads, d}, one));
    *one = sn_round_up(*one, 64);
    return SN_OK;
}

/* Of one layer, keys first. */
static sn_status layer_bytes(const sn_session *s, int64_t layer, const sn_session_options *o, int64_t both[2]) {
    SN_TRY(cache_bytes(s, layer, o->key_type, s->model->config.d_head, &both[0]));
    return cache_bytes(s, layer, o->value_type, s->model->config.d_value, &both[1]);
}

static sn_status count_memory(sn_session *s, const sn_session_options *o) {
    const sn_model_config *c = &s->model->config;
    for (int64_t layer = 0; layer < c->n_layers; layer++) {
        int64_t both[2], *sum = &s->memory.cache_bytes;
        SN_TRY(layer_bytes(s, layer, o, both));
        if (!sn_add_i64(*sum, both[0], sum) || !sn_add_i64(*sum, both[1], sum))
            return sn_fail(SN_ERR_LIMIT, "session: the cache is larger than memory can be");
    }
    for (int kind = 0; kind < SN_MAX_LAYER_KINDS; kind++) {
        const sn_session_kind *k = &s->kinds[kind];
        if (k->used) s->memory.table_bytes += (2 * k->position.n_pieces + 1) * s->capacity * plane_row(k);
    }
    s->memory.weight_bytes = s->model->stored_bytes;
    s->memory.work_bytes = (s->max_rows * c->n_embd + s->n_sequences * s->vocab) * (int64_t)sizeof(float);
    return SN_OK;
}

static sn_status check_memory(const sn_session *s, const sn_session_options *o, int64_t available) {
    const sn_session_memory *m = &s->memory;
    double need = (double)m->weight_bytes + (double)m->cache_bytes + (double)m->table_bytes + (double)m->work_bytes;
    double limit = (double)(o->memory_limit ? o->memory_limit : available);
    if (need <= limit) return SN_OK;
    return sn_fail(
        SN_ERR_LIMIT,
        "session: %.1f MiB are needed (weights %.1f, cache %.1f, tables %.1f, work %.1f) and %.1f MiB are %s: "
        "take a smaller capacity or cache type",
        need / MIB, (double)m->weight_bytes / MIB, (double)m->cache_bytes / MIB, (double)m->table_bytes / MIB,
        (double)m->work_bytes / MIB, limit / MIB, o->memory_limit ? "allowed" : "available");
}

static sn_status allocate_caches(sn_session *s, const sn_session_options *o) {
    const sn_model_config *c = &s->model->config;
    s->keys = sn_arena_array(&s->arena, (size_t)c->n_layers, sizeof *s->keys);
    s->values = sn_arena_array(&s->arena, (size_t)c->n_layers, sizeof *s->values);
    if (!s->keys || !s->values) return sn_fail_memory("a session");
    void *block = NULL;
    SN_TRY(take_block(s, s->memory.cache_bytes, &block));
    char *at = block;
    for (int64_t i = 0; i < c->n_layers; i++) {
        int64_t slots = cache_slots(s, i), both[2];
        SN_TRY(layer_bytes(s, i, o, both));
        s->keys[i] = sn_tensor_make(o->key_type, 3, (int64_t[]){slots, c->n_kv_heads, c->d_head}, at);
        s->values[i] = sn_tensor_make(o->value_type, 3, (int64_t[]){slots, c->n_kv_heads, c->d_value}, at + both[0]);
        at += both[0] + both[1];
    }
    return SN_OK;
}

static sn_status allocate_tables(sn_session *s) {
    for (int kind = 0; kind < SN_MAX_LAYER_KINDS; kind++) {
        sn_session_kind *k = &s->kinds[kind];
        int planes = k->position.n_planes, pieces = k->position.n_pieces;
        if (!k->used || planes == 0) continue;
        const int64_t shape[4] = {pieces, s->capacity, planes, 2};
        int64_t one = pieces * s->capacity * plane_row(k);
        void *block = NULL;
        SN_TRY(take_block(s, 2 * one + s->capacity * plane_row(k), &block));
        k->query_table = sn_tensor_make(SN_F32, 4, shape, block);
        k->key_table = sn_tensor_make(SN_F32, 4, shape, (char *)block + one);
        k->canonical = sn_tensor_make(SN_F32, 3, shape + 1, (char *)block + 2 * one);
    }
    return SN_OK;
}

static void fill_rows(void *arg, int64_t task, int thread) {
    sn_session *s = arg;
    (void)thread;
    int64_t from = task * TABLE_ROWS, to = sn_min_i64(from + TABLE_ROWS, s->capacity);
    for (int kind = 0; kind < SN_MAX_LAYER_KINDS; kind++) {
        sn_session_kind *k = &s->kinds[kind];
        if (k->used && k->position.n_planes > 0)
            sn_position_tables(&k->position, SN_F32, s->capacity, from, to, k->query_table.data, k->key_table.data,
                               k->canonical.data);
    }
}

static sn_status allocate_buffers(sn_session *s) {
    size_t rows = (size_t)s->max_rows, sequences = (size_t)s->n_sequences;
    s->tokens = sn_arena_array(&s->arena, rows, sizeof *s->tokens);
    s->positions = sn_arena_array(&s->arena, rows, sizeof *s->positions);
    s->slots = sn_arena_array(&s->arena, rows, sizeof *s->slots);
    s->sequences = sn_arena_array(&s->arena, sequences, 4 * sizeof *s->sequences);
    s->lengths = sn_arena_array(&s->arena, sequences, sizeof *s->lengths);
    s->has_logits = sn_arena_array(&s->arena, sequences, sizeof *s->has_logits);
    if (!s->tokens || !s->positions || !s->slots || !s->sequences || !s->lengths || !s->has_logits)
        return sn_fail_memory("a session");
    SN_TRY(sn_near_allocate(s));
    void *block = NULL;
    SN_TRY(take_block(s, s->max_rows * s->model->config.n_embd * (int64_t)sizeof(float), &block));
    s->hidden = block;
    SN_TRY(take_block(s, s->n_sequences * s->vocab * (int64_t)sizeof(float), &block));
    s->logits = block;
    return SN_OK;
}

/* The largest plans, made first, size the workspace once for all. */
static sn_status plan_ahead(sn_session *s) {
    sn_plan *plan;
    SN_TRY(sn_session_body(s, s->max_rows, &plan));
    SN_TRY(sn_session_head(s, s->head_rows, &plan));
    SN_TRY(sn_session_body(s, 1, &plan));
    SN_TRY(sn_session_head(s, 1, &plan));
    s->memory.work_bytes += s->workspace.size;
    return SN_OK;
}

static sn_status start(sn_session *s, const sn_session_options *o) {
    SN_TRY(take_options(s, o));
    SN_TRY(resolve_positions(s, o));
    sn_near_configure(s);
    SN_TRY(count_memory(s, o));
    int64_t available = sn_memory_available();
    SN_TRY(check_memory(s, o, available));
    SN_TRY(sn_team_new(o->n_threads, &s->team));
    SN_TRY(allocate_caches(s, o));
    SN_TRY(allocate_tables(s));
    SN_TRY(allocate_buffers(s));
    SN_TRY(plan_ahead(s));
    SN_TRY(check_memory(s, o, available));
    sn_parallel(s->team, fill_rows, s, sn_ceil_div(s->capacity, TABLE_ROWS));
    return SN_OK;
}

sn_status sn_session_new(const sn_model *m, const sn_session_options *options, sn_session **out) {
    const sn_session_options defaults = sn_session_defaults();
    if (!m || !out) return sn_fail(SN_ERR_ARGUMENT, "session: a model and a place for the session are needed");
    sn_session *s = sn_calloc(1, sizeof *s);
    if (!s) return sn_fail_memory("a session");
    s->model = m;
    sn_status status = start(s, options ? options : &defaults);
    if (status != SN_OK) {
        sn_session_free(s);
        return status;
    }
    *out = s;
    return SN_OK;
}

void sn_session_free(sn_session *s) {
    if (!s) return;
    sn_plan_cache_free(&s->body);
    sn_plan_cache_free(&s->head);
    sn_workspace_free(&s->workspace);
    sn_team_free(s->team);
    for (int i = 0; i < s->n_blocks; i++) sn_free(s->blocks[i]);
    sn_arena_free(&s->arena);
    sn_free(s);
}
