/* The token table: id -> stored piece, score, type; piece -> id by a hash index. */
#ifndef SN_TOKEN_VOCAB_H
#define SN_TOKEN_VOCAB_H

#include "base/arena.h"
#include "token/buf.h"

/* The numbers are SentencePiece's and GGUF's. */
typedef enum sn_token_type {
    SN_TOKEN_NONE = 0, /* a hole in the id range */
    SN_TOKEN_NORMAL = 1,
    SN_TOKEN_UNKNOWN = 2,
    SN_TOKEN_CONTROL = 3,
    SN_TOKEN_USER = 4,
    SN_TOKEN_UNUSED = 5,
    SN_TOKEN_BYTE = 6
} sn_token_type;

enum { SN_VOCAB_MAX = 1 << 24 }; /* tokens; no known vocabulary has a tenth of it */

typedef struct sn_vocab {
    int32_t n;
    sn_text *pieces; /* n; data NULL: a hole */
    double *scores;  /* n */
    uint8_t *types;  /* n, sn_token_type */
    bool *outside;   /* n, or NULL: added tokens that the model itself does not know */
    sn_text *spoken; /* n, or NULL: what is decoded instead of the piece; data NULL: the piece */
    size_t max_piece;
    int32_t *slots; /* open addressing, -1 empty */
    uint32_t mask;
} sn_vocab;

/* Room for n tokens, all holes. SN_ERR_LIMIT beyond SN_VOCAB_MAX. */
sn_status sn_vocab_init(sn_vocab *v, sn_arena *arena, int64_t n);
/* Stores token `id` (the piece is copied) and enters it in the index; of two equal pieces the later one is found. */
sn_status sn_vocab_set(sn_vocab *v, sn_arena *arena, int32_t id, sn_text piece, double score, sn_token_type type);
int32_t sn_vocab_find(const sn_vocab *v, const char *piece, size_t size); /* -1 when absent */
/* As the model sees it: added tokens are not found. */
int32_t sn_vocab_find_own(const sn_vocab *v, const char *piece, size_t size);

uint64_t sn_hash_bytes(const char *data, size_t size);

/* (left id, right id) -> (rank, merged id): the merge table of BPE. */
typedef struct sn_merge {
    int32_t left, right; /* left -1: empty slot */
    uint32_t rank;
    int32_t id;
} sn_merge;

typedef struct sn_merges {
    sn_merge *slots;
    uint32_t mask;
    int64_t n;
} sn_merges;

sn_status sn_merges_init(sn_merges *m, sn_arena *arena, int64_t n);
/* Of two equal pairs the later one counts where `replace`, else the earlier. At most the n of init are added. */
void sn_merges_put(sn_merges *m, sn_merge merge, bool replace);
const sn_merge *sn_merges_find(const sn_merges *m, int32_t left, int32_t right); /* NULL when absent */

#endif
