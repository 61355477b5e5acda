/* Tokenizers: text to ids and back. */
#ifndef SUAN_TOKENIZER_H
#define SUAN_TOKENIZER_H

#include "suan/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sn_tokenizer sn_tokenizer;

/* Opens a tokenizer from a file, told apart by content: tokenizer.json, SentencePiece .model, llama2.c .bin,
 * tiktoken ranks, GGUF (its vocabulary), or a directory that holds one of them. */
SN_API sn_status sn_tokenizer_open(const char *path, sn_tokenizer **out);
SN_API void sn_tokenizer_free(sn_tokenizer *t);

SN_API int32_t sn_tokenizer_n_tokens(const sn_tokenizer *t);
SN_API const char *sn_tokenizer_kind(const sn_tokenizer *t); /* "spm-bpe", "unigram", "bpe", "wordpiece", ... */
/* Special ids, -1 where there is none. */
SN_API int32_t sn_tokenizer_bos(const sn_tokenizer *t);
SN_API int32_t sn_tokenizer_eos(const sn_tokenizer *t);
SN_API int32_t sn_tokenizer_unk(const sn_tokenizer *t);             /* what text outside the vocabulary becomes */
SN_API bool sn_tokenizer_is_end(const sn_tokenizer *t, int32_t id); /* eos, end of turn, ... */
SN_API bool sn_tokenizer_is_special(const sn_tokenizer *t, int32_t id);
SN_API bool sn_tokenizer_adds_bos(const sn_tokenizer *t); /* what `add_special` will do in front */
/* The stored piece, NULL out of range; borrowed. *size may be NULL. */
SN_API const char *sn_tokenizer_piece(const sn_tokenizer *t, int32_t id, size_t *size);
/* Id of a piece by its exact stored text, -1 when there is none. */
SN_API int32_t sn_tokenizer_find(const sn_tokenizer *t, const char *piece, size_t size);

typedef struct sn_encode_options {
    bool add_special;   /* what the tokenizer's post-processing adds: BOS, EOS, CLS, ... */
    bool parse_special; /* special tokens written out in the text become their ids */
} sn_encode_options;

/* Encodes size bytes (any bytes; invalid UTF-8 is handled as the tokenizer's family does). *ids is allocated,
 * freed by sn_ids_free. options NULL: both true. */
SN_API sn_status sn_tokenizer_encode(const sn_tokenizer *t, const char *text, size_t size,
                                     const sn_encode_options *options, int32_t **ids, int64_t *n_ids);
SN_API void sn_ids_free(int32_t *ids);

/* Text of n ids, allocated and zero-terminated, freed by sn_text_free; *size may be NULL. Special tokens are
 * left out unless asked for. Ids out of range are SN_ERR_ARGUMENT. */
SN_API sn_status sn_tokenizer_decode(const sn_tokenizer *t, const int32_t *ids, int64_t n, bool with_special,
                                     char **text, size_t *size);
SN_API void sn_text_free(char *text);

/* A stream of ids to text that never ends inside a UTF-8 character. */
typedef struct sn_detokenizer sn_detokenizer;
SN_API sn_status sn_detokenizer_new(const sn_tokenizer *t, bool with_special, sn_detokenizer **out);
SN_API void sn_detokenizer_free(sn_detokenizer *d);
/* Text that became certain by this id; borrowed until the next call. */
SN_API sn_status sn_detokenizer_push(sn_detokenizer *d, int32_t id, const char **text, size_t *size);
/* What is left at the end (an unfinished character comes out as U+FFFD). */
SN_API sn_status sn_detokenizer_finish(sn_detokenizer *d, const char **text, size_t *size);

/* ---- Training ---- */

typedef struct sn_tokenizer_train_options {
    const char *type;           /* "bpe" (byte level), "spm-bpe", "unigram", "char", "byte" */
    int64_t vocab_size;         /* all tokens; 0: 4096, and for "char" and "byte" what there is */
    const char *const *special; /* n_special control tokens; NULL: the kind's usual ones */
    int n_special;
    const char *separator; /* of documents in plain text; NULL: "<|endoftext|>" */
    const char *field;     /* of JSON lines; NULL: "text" */
    double coverage;       /* share of the text whose characters are tokens, for "spm-bpe" and "unigram"; 0: 0.9995 */
    int n_threads;         /* 0: one per core; the result is the same for any number */
    const volatile int *cancel;                                                  /* may be NULL */
    void (*progress)(void *user, const char *what, int64_t done, int64_t total); /* may be NULL */
    void *user;
} sn_tokenizer_train_options;

/* Learns a vocabulary from texts: files, JSON lines (.jsonl), folders of them. Needs memory for the different words,
 * not for the text. */
SN_API sn_status sn_tokenizer_train(const char *const *texts, int n_texts, const sn_tokenizer_train_options *options,
                                    sn_tokenizer **out);
/* Writes GGUF (a name ending in .gguf: the vocabulary alone), or tokenizer.json; into a folder that exists also
 * tokenizer_config.json. SN_ERR_UNSUPPORTED where the format has no place for it. */
SN_API sn_status sn_tokenizer_save(const sn_tokenizer *t, const char *path);

/* ---- Chat ---- */

typedef struct sn_chat_message {
    const char *role, *content;
} sn_chat_message;

/* Renders messages by the model's chat template (Jinja subset, bounded in steps, memory and output). A template
 * that cannot be run is SN_ERR_UNSUPPORTED saying which part; nothing is guessed. `template_text` NULL: the
 * tokenizer's own; without one SN_ERR_NOT_FOUND. The text is freed by sn_text_free. */
SN_API sn_status sn_chat_render(const sn_tokenizer *t, const char *template_text, const sn_chat_message *messages,
                                int n_messages, bool add_generation_prompt, char **text);
SN_API const char *sn_tokenizer_chat_template(const sn_tokenizer *t); /* NULL when there is none */

#ifdef __cplusplus
}
#endif
#endif
