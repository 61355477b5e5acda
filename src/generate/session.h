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

/* Caches of windowed layers hold the last keys only. Each sequence has `capacity` slots, the first of them that of
 * position origins[seq]; when they are full, the last window of keys is moved to the front. */
typedef struct sn_session_near {
    int64_t window, capacity; /* window 0: windowed layers keep everything, or there are none */
    int64_t *origins;
    int32_t *slots, *sequences; /* as those of the session */
    int32_t *history;           /* [n_sequences, session's capacity]: the tokens, to compute again what was dropped */
} sn_session_near;

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
    sn_session_near near;
    float *hidden; /* [max_rows, n_embd] */
    float *logits; /* [n_sequences, vocab] */
    bool *has_logits;
    int64_t *lengths;
    sn_session_memory memory;
    char note[512];
    sn_arena arena;
    void *blocks[64]; /* large allocations */
    int n_blocks;
};

/* ---- caches of windowed layers (session_near.c) ---- */

/* Decides from the positions whether there are any that can be short. */
void sn_near_configure(sn_session *s);
sn_status sn_near_allocate(sn_session *s);
/* Makes room for `rows` more tokens of the sequence. */
void sn_near_slide(sn_session *s, int seq, int64_t rows);
/* Fills the row's slot, and the entry of the sequence, like those of the session. */
void sn_near_place_row(sn_session *s, int64_t row, int seq, int64_t position, int32_t token);
void sn_near_place_sequence(sn_session *s, int entry, int seq);
/* Whether the keys that a token at `length` sees are still there. */
bool sn_near_holds(const sn_session *s, int seq, int64_t length);

/* The plan for `rows` rows, made when needed. */
sn_status sn_session_body(sn_session *s, int64_t rows, sn_plan **out);
sn_status sn_session_head(sn_session *s, int64_t rows, sn_plan **out);
void sn_plan_cache_free(sn_plan_cache *cache);

#endif
