/* What a session is inside. */
#ifndef SN_GENERATE_SESSION_H
#define SN_GENERATE_SESSION_H

#include "base/arena.h"
#include "base/threads.h"
#include "base/workspace.h"
#include "model/decoder.h"
#include "suan/session.h"

enum { SN_SESSION_PLANS = 8 };

/* A plan for one number of rows. */
typedef struct sn_rows_plan {
    int64_t rows, last_use;
    sn_graph *graph;
    sn_plan *plan;
} sn_rows_plan;

/* Plans of one graph shape by row count; the one unused for longest gives way. */
typedef struct sn_plan_cache {
    sn_rows_plan entries[SN_SESSION_PLANS];
    int64_t clock;
} sn_plan_cache;

/* Layers of one kind: how they see positions, and the tables made from it once. */
typedef struct sn_session_kind {
    bool used;
    sn_position position;
    sn_tensor query_table, key_table, canonical; /* data NULL where nothing rotates */
} sn_session_kind;

struct sn_session {
    const sn_model *model;
    int64_t capacity, max_rows, chunk, head_rows, vocab;
    int n_sequences;
    bool exact_f32;
    const volatile int *cancel;
    sn_session_kind kinds[SN_MAX_LAYER_KINDS];
    sn_tensor *keys, *values; /* one cache a layer */
    sn_team *team;
    sn_workspace workspace;
    sn_plan_cache body, head;
    int32_t *tokens, *positions, *slots; /* max_rows each: what the plans read */
    int32_t *sequences;                  /* [n_sequences, 4] */
    float *hidden;                       /* [max_rows, n_embd] */
    float *logits;                       /* [n_sequences, vocab] */
    bool *has_logits;
    int64_t *lengths;
    sn_session_memory memory;
    char note[512];
    sn_arena arena;
    void *blocks[64]; /* large allocations */
    int n_blocks;
};

/* The plan for `rows` rows, made when needed. */
sn_status sn_session_body(sn_session *s, int64_t rows, sn_plan **out);
sn_status sn_session_head(sn_session *s, int64_t rows, sn_plan **out);
void sn_plan_cache_free(sn_plan_cache *cache);

#endif
