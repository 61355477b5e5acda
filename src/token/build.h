/* Tokenizers from pieces that were counted or learnt, as every format can say them: a byte-level one is what GGUF calls
 * "gpt2", the others are "llama" (byte pairs by score; characters are that without pairs) and "t5" (unigram). */
#ifndef SN_TOKEN_BUILD_H
#define SN_TOKEN_BUILD_H

#include "token/tokenizer.h"

/* What the tables of both constructors are made from; borrowed. */
typedef struct sn_build_pieces {
    const char *const *special; /* control tokens */
    int n_special;
    const sn_text *pieces; /* the rest, in order; the text itself, with spaces as spaces only in byte-level ones */
    const double *scores;  /* NULL: less the place in the list */
    int64_t n;
} sn_build_pieces;

/* Ids of byte-level vocabularies: special tokens, the bytes, then the pieces of the merges in order (a merge whose
 * piece is there already adds none). left and right are ids. */
typedef struct sn_build_merge {
    int32_t left, right;
} sn_build_merge;

/* bytes_first: ids 0..255 are the bytes by value, special tokens follow; otherwise special tokens come first and bytes
 * are in the order of their characters, as GPT-2 has them. */
sn_status sn_tokenizer_build_bytelevel(const char *const *special, int n_special, bool bytes_first,
                                       const sn_build_merge *merges, int64_t n_merges, sn_tokenizer **out);

typedef enum sn_build_kind { SN_BUILD_CHARACTERS, SN_BUILD_PAIRS, SN_BUILD_UNIGRAM } sn_build_kind;

/* Ids: <unk>; for pairs and unigram <s>, </s>; special tokens; <0x00>..<0xFF> (not for characters); the pieces. Where
 * the ids 1 and 2 are not special they are tokens that never occur, since some programs take them for BOS and EOS.
 * Pieces have U+2581 for the space. A text gets a space in front, but for characters. */
sn_status sn_tokenizer_build_spaced(sn_build_kind kind, const sn_build_pieces *pieces, sn_tokenizer **out);

#endif
