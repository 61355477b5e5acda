/* A tokenizer as GGUF metadata or as tokenizer.json, for `suan convert`. What a format has no place for is
 * SN_ERR_UNSUPPORTED with the reason. */
#ifndef SN_TOKEN_EXPORT_H
#define SN_TOKEN_EXPORT_H

#include "file/gguf_write.h"
#include "token/tokenizer.h"

/* A vocabulary in GGUF's terms. */
typedef struct sn_vocab_export {
    const char *model; /* "llama", "gpt2", "t5", "bert" */
    char pre[64];      /* empty where the kind has none */
    int64_t n;
    sn_text *tokens;
    float *scores;
    int32_t *types;  /* sn_token_type */
    sn_text *merges; /* "left right" in order of rank; NULL where the kind has none */
    int64_t n_merges;
    bool add_space_prefix;
    sn_arena arena;
} sn_vocab_export;

/* n_vocab: rows of the model's embedding; ids beyond the tokenizer's become unused "[PADn]". 0: the tokenizer's own
 * number. Texts are the tokenizer's or in the export's arena. */
sn_status sn_vocab_export_make(const sn_tokenizer *t, int64_t n_vocab, sn_vocab_export *out);
void sn_vocab_export_free(sn_vocab_export *e);

/* Sets all tokenizer.* keys. */
sn_status sn_tokenizer_write_gguf(const sn_tokenizer *t, int64_t n_vocab, sn_gguf_out *out);
/* Writes tokenizer.json (one that came from such a file as it was, otherwise byte-pair and unigram vocabularies) and
 * tokenizer_config.json into the folder; tokenizer.model where it came from one and tokenizer.json cannot hold it. */
sn_status sn_tokenizer_write_folder(const sn_tokenizer *t, const char *folder);
/* Whether that can be: SN_ERR_UNSUPPORTED says why not. */
sn_status sn_tokenizer_check_folder(const sn_tokenizer *t);
/* Only the tokenizer.json, under any name. */
sn_status sn_tokenizer_write_json(const sn_tokenizer *t, const char *path);

#endif
