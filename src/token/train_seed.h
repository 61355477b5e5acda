/* The first pieces of unigram training: substrings that occur again and again. */
#ifndef SN_TOKEN_TRAIN_SEED_H
#define SN_TOKEN_TRAIN_SEED_H

#include "token/train_spaced.h"

typedef struct sn_seed {
    sn_text text;
    double weight; /* occurrences, times characters but for single ones */
} sn_seed;

/* The alphabet, then at most n_most substrings, those that cover the most text first: branching nodes of the words'
 * suffix tree (found by a suffix array), and whole words. Texts and table are in the arena. */
sn_status sn_seeds_find(const sn_spaced *s, int64_t n_most, sn_arena *arena, sn_seed **seeds, int64_t *n);

#endif
