/* Micro-batches of tokens for language models, from a range of a token file. */
#ifndef SN_TRAIN_SOURCE_TOKENS_H
#define SN_TRAIN_SOURCE_TOKENS_H

#include "train/batch.h"
#include "train/data.h"

typedef enum sn_packing {
    SN_PACK_CROSS,    /* rows are windows of the stream; attention and targets run over document borders */
    SN_PACK_DOCUMENTS /* rows hold whole documents or pieces of one; nothing runs over a border */
} sn_packing;

typedef enum sn_order {
    SN_ORDER_SHUFFLE,   /* every window once an epoch, in an order and at an offset of the epoch's own */
    SN_ORDER_RANDOM,    /* windows start anywhere, drawn independently (for SN_PACK_CROSS; as nanoGPT does) */
    SN_ORDER_SEQUENTIAL /* from the start, the same each time: for validation */
} sn_order;

typedef struct sn_token_source_options {
    int64_t batch, context; /* B rows of T tokens */
    sn_packing packing;
    sn_order order;
    uint64_t seed;
    int64_t n_sequences; /* at least so many entries in `sequences`: equal shapes for two ranges */
} sn_token_source_options;

/* The batch's items:
 *   tokens    i32 [B*T]
 *   targets   i32 [B*T]: the next token of the document; -1 where none is scored
 *   sequences i32 [S, 4]: first row, row count, position of the first row (0), first slot (the first row). S is B for
 *             SN_PACK_CROSS, else as many as the fullest rows need; unused entries have the count 0
 *   positions i32 [B*T]: from 0 in each sequence
 * Rows of no sequence have token 0, target -1. SN_ERR_ARGUMENT where the range has too few tokens. */
typedef struct sn_token_batches sn_token_batches;
sn_status sn_token_batches_new(const sn_token_range *range, const sn_token_source_options *options,
                               sn_token_batches **out);
void sn_token_batches_free(sn_token_batches *s);
const sn_source *sn_token_batches_source(const sn_token_batches *s);
/* Micro-batches of one pass: for SN_ORDER_SEQUENTIAL what a whole validation takes (an incomplete last one is left out
 * where there is another). Indices may go on beyond: the next epoch, or the start again. */
int64_t sn_token_batches_count(const sn_token_batches *s);
/* Share of the rows' places that hold a scored token. */
double sn_token_batches_fill(const sn_token_batches *s);

/* Item `index` of a permutation of 0..n-1 drawn by (seed, stream). */
int64_t sn_shuffled(uint64_t seed, uint64_t stream, int64_t index, int64_t n);

#endif
