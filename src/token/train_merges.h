/* The heart of byte-pair training: merging the most frequent pair of neighbours again and again (Sennrich, Haddow and
 * Birch 2016), with counts that are kept up to date. */
#ifndef SN_TOKEN_TRAIN_MERGES_H
#define SN_TOKEN_TRAIN_MERGES_H

#include "token/build.h"
#include "token/train.h"

typedef struct sn_merge_task {
    const sn_trainer *tr;
    /* Words as symbols: word i is symbols[starts[i]..starts[i+1]); changed by the work. */
    int32_t *symbols;
    const int64_t *starts, *counts;
    int64_t n_words;
    const sn_text *pieces;   /* of the first n_pieces symbols */
    int64_t n_pieces, n_new; /* n_new: pieces to learn */
    /* Which of two equally frequent pairs comes first; whether a merged piece may be one. */
    bool (*before)(const sn_text a[2], const sn_text b[2]);
    bool (*allowed)(sn_text piece); /* NULL: all */
} sn_merge_task;

typedef struct sn_learnt {
    sn_build_merge *merges; /* in order, by symbols; pairs that make a piece that is there already are among them */
    int64_t n_merges;
    size_t capacity;
    sn_text *pieces; /* n_new at most: symbol n_pieces + i */
    int64_t n_pieces;
    sn_arena arena;
} sn_learnt;

/* Stops early when no pair is there twice. Free also after failure. */
sn_status sn_learn_merges(const sn_merge_task *task, sn_learnt *out);
void sn_learnt_free(sn_learnt *l);

#endif
