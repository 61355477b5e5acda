/* What SPM-style BPE and unigram training share: words that begin with U+2581, and which characters are tokens. */
#ifndef SN_TOKEN_TRAIN_SPACED_H
#define SN_TOKEN_TRAIN_SPACED_H

#include "token/build.h"
#include "token/train.h"

enum { SN_PIECE_CHARACTERS = 16 };

/* Words as characters of the alphabet; a word is cut where a character is not in it. */
typedef struct sn_spaced {
    sn_text *alphabet; /* most frequent first, the mark among them */
    int64_t *frequency;
    int64_t n_alphabet;
    int32_t *symbols; /* indices into the alphabet */
    int64_t *starts, *counts;
    int64_t n_words;
    sn_words words;
} sn_spaced;

/* Reads the corpus. Free also after failure. */
sn_status sn_spaced_read(sn_trainer *tr, sn_spaced *out);
void sn_spaced_free(sn_spaced *s);

/* Whether a piece may be a token: at most 16 characters, the mark only at its start, letters of one script only and
 * not together with anything else (SentencePiece's defaults: split by white space, script and number). */
bool sn_spaced_allowed(sn_text piece);

/* Room for pieces beside <unk>, <s>, </s>, the special tokens and the bytes; SN_ERR_ARGUMENT where the alphabet does
 * not fit. */
sn_status sn_spaced_room(const sn_trainer *tr, const sn_spaced *s, int64_t *out);

#endif
