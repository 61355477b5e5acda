/* From texts to a token file, and which part of it is kept for validation. */
#ifndef SN_TRAIN_DATA_H
#define SN_TRAIN_DATA_H

#include "base/threads.h"
#include "file/corpus.h"
#include "file/token_file.h"
#include "suan/tokenizer.h"

typedef struct sn_data_options {
    const char *separator, *field; /* as in sn_corpus_options */
    bool accept_bytes;             /* take bytes that are not UTF-8, and zeros, as they are */
    sn_team *team;                 /* may be NULL */
    const volatile int *cancel;    /* may be NULL: then SN_ERR_CANCELLED */
    void (*progress)(void *user, int64_t done, int64_t total); /* bytes of text; may be NULL */
    void *user;
} sn_data_options;

/* Opens the token file at `path`; makes it first where it is missing, damaged, or of other texts or another tokenizer
 * (by the hashes in its header). *built (may be NULL) says whether it was made.
 *
 * A document is BOS, the ids of its text, EOS: each where the tokenizer has one, and only BOS where both are one token.
 * Without either, the token whose text is the separator ends it, and without that, documents follow each other
 * directly. Special tokens written out in the text are plain text. White space around a document is left out.
 *
 * SN_ERR_FORMAT with file and byte where a text is not UTF-8 or holds a zero; SN_ERR_NOT_FOUND where there is no text.
 * A build that fails or is cancelled leaves what was there. */
sn_status sn_data_prepare(const char *const *texts, int n_texts, const sn_tokenizer *t, const sn_data_options *options,
                          const char *path, sn_token_file *out, bool *built);

/* Tokens from..to-1; documents that are only partly inside count with that part. */
typedef struct sn_token_range {
    const sn_token_file *file;
    int64_t from, to;
} sn_token_range;

/* The last documents, `share` of their number (at least one), are for validation; of a single document, the last
 * tokens. 0 leaves nothing for it. SN_ERR_ARGUMENT unless 0 <= share < 1. */
sn_status sn_data_split(const sn_token_file *f, double share, sn_token_range *train, sn_token_range *validation);

#endif
