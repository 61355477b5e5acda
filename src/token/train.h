/* Learning a vocabulary from texts: what the kinds share. The public entry is sn_tokenizer_train. */
#ifndef SN_TOKEN_TRAIN_H
#define SN_TOKEN_TRAIN_H

#include "base/threads.h"
#include "file/corpus.h"
#include "token/tokenizer.h"

/* Different words of a text with their counts, sorted by bytes: the same for any number of threads. */
typedef struct sn_words {
    sn_text *words;
    int64_t *counts;
    int64_t n;
    sn_arena arena; /* the words' bytes and both tables */
    int64_t n_documents;
} sn_words;

typedef struct sn_trainer sn_trainer;

/* Cuts a part of a text into words and gives each to sn_words_count. */
typedef struct sn_word_counter sn_word_counter;
typedef sn_status (*sn_cut_words)(const sn_trainer *tr, sn_word_counter *c, const sn_part *part);
sn_status sn_words_count(sn_word_counter *c, const char *word, size_t size);

struct sn_trainer {
    const sn_tokenizer_train_options *options;
    int64_t vocab_size;
    sn_corpus *corpus;
    sn_team *team;
    sn_cut_words cut_words;
    sn_regex *pattern;
};

/* Reads the corpus through tr->cut_words. Free also after failure. */
sn_status sn_words_read(const sn_trainer *tr, sn_words *out);
void sn_words_free(sn_words *w);
sn_status sn_trainer_cancelled(const sn_trainer *tr); /* SN_ERR_CANCELLED once the flag is up */
void sn_trainer_progress(const sn_trainer *tr, const char *what, int64_t done, int64_t total);

/* Scratch of the word cutter, for its regular expression and rewriting. */
sn_regex_scratch *sn_words_regex(sn_word_counter *c);
sn_buf *sn_words_buffer(sn_word_counter *c);

/* One entry of the table of kinds. */
typedef struct sn_train_kind {
    const char *name;
    sn_status (*train)(sn_trainer *tr, sn_tokenizer **out);
    int64_t default_size; /* 0: the data decide */
} sn_train_kind;
extern const sn_train_kind sn_train_bpe, sn_train_spm_bpe, sn_train_unigram, sn_train_char, sn_train_byte;

#endif
