/* What the attention ops, their references and their kernels share: the inputs' order, the sequence table,
 * where a key lives, and which keys of a query fall in which piece. */
#ifndef SN_KERNEL_ATTENTION_H
#define SN_KERNEL_ATTENTION_H

#include "kernel/attr.h"
#include "kernel/kernel.h"

/* Inputs of attention; attention_backward has the same and then those of SN_ATTENTION_OUT on. */
enum {
    SN_ATTENTION_Q,
    SN_ATTENTION_K,
    SN_ATTENTION_V,
    SN_ATTENTION_SEQUENCES,
    SN_ATTENTION_QUERY_TABLE, /* absent, as is the next, where nothing is rotated */
    SN_ATTENTION_KEY_TABLE,
    SN_ATTENTION_OUT,
    SN_ATTENTION_LSE,
    SN_ATTENTION_GRAD_OUT,
    SN_ATTENTION_GRAD_LSE /* may be absent */
};

enum {
    SN_ATTENTION_MAX_HEAD = 2048,            /* components of a head; the ops refuse more */
    SN_MAX_SEGMENTS = 4 + 3 * SN_MAX_PIECES, /* stretches of keys one query sees in one piece each */
};

typedef struct sn_attention_dims {
    int64_t n_rows, n_heads, n_kv_heads, group; /* group: query heads per key/value head */
    int64_t d, d_v, n_slots, n_sequences;
} sn_attention_dims;

sn_attention_dims sn_attention_dims_of(const sn_call *c);

/* One row of the sequence table. Its query rows are [row, row + n_rows) at positions `position` and on; its
 * keys are positions 0..n_keys-1. */
typedef struct sn_attention_sequence {
    int64_t row, n_rows, position, slot, n_keys;
} sn_attention_sequence;

enum { SN_ATTENTION_ALIGN = 64 }; /* kernels read keys from multiples of it on: unseen ones count for nothing */

/* The first key position, a multiple of SN_ATTENTION_ALIGN, from which queries at `position` and later read keys. */
int64_t sn_attention_first_key(const sn_position *p, int64_t position);

/* Reads sequence s at run time. Its slot, of position 0, may be negative where all keys that are read have one: a
 * windowed layer need not keep the others. False, and nothing of it may be touched, where it is empty or reaches
 * outside the rows, the slots or the position tables. */
bool sn_attention_sequence_get(const sn_call *c, int64_t s, sn_attention_sequence *out);

/* Where the row of key (or value) j of one head is: the only place that knows how caches are laid out. */
static inline const char *sn_attention_key(const sn_tensor *t, const sn_attention_sequence *s, int64_t j,
                                           int64_t kv_head) {
    return (const char *)t->data + (s->slot + j) * t->stride[0] + kv_head * t->stride[1];
}

/* The (cos, sin) pairs of one piece and position in a table [n_pieces, n_positions, planes, 2]. */
static inline const void *sn_attention_angles(const sn_tensor *table, int piece, int64_t position) {
    return (const char *)table->data + piece * table->stride[0] + position * table->stride[1];
}

/* Keys [end of the one before, to) meet the query in `piece`; -1: they are not seen. */
typedef struct sn_segment {
    int64_t to;
    int piece;
} sn_segment;

/* Cuts keys [0, n_keys) of the query at position i into at most SN_MAX_SEGMENTS segments, neighbours of
 * different pieces. Gives their number. */
int sn_attention_segments(const sn_position *p, int64_t i, int64_t n_keys, sn_segment *out);

/* Whether keys of piece n must be turned from the canonical form: not where its key map is the last piece's. */
bool sn_attention_key_turns(const sn_position *p, int n);

/* Zeroes the outputs of a call. */
void sn_attention_clear(const sn_call *c);

#endif
