/* The tables of pipeline steps: each entry is one "type" of tokenizer.json. */
#ifndef SN_TOKEN_PARTS_H
#define SN_TOKEN_PARTS_H

#include "file/json.h"
#include "token/split.h"
#include "token/tokenizer.h"

struct sn_normalizer_def {
    const char *name;
    sn_status (*parse)(sn_tokenizer *t, const sn_json *o, sn_step *step); /* NULL: no parameters */
    sn_status (*run)(const sn_step *step, sn_scratch *s, sn_text text, sn_buf *out);
    /* What becomes of the s->head bytes at the start of the text; NULL: what `run` makes of them alone. */
    sn_status (*head)(const sn_step *step, sn_scratch *s, sn_text text, size_t *head);
};

struct sn_pretokenizer_def {
    const char *name;
    sn_status (*parse)(sn_tokenizer *t, const sn_json *o, sn_step *step);
    sn_status (*run)(const sn_step *step, sn_scratch *s, sn_text piece, sn_pieces *out);
};

/* What a decoder step knows about where it is. */
typedef struct sn_decode_place {
    bool first;        /* the first token, or the first text where boundaries no longer count */
    int64_t *stripped; /* after Fuse: how many characters Strip has already taken from the start */
    sn_scratch *scratch;
} sn_decode_place;

struct sn_decoder_def {
    const char *name;
    sn_status (*parse)(sn_tokenizer *t, const sn_json *o, sn_step *step);
    sn_status (*run)(const sn_step *step, const sn_decode_place *place, sn_text piece, sn_buf *out);
};

/* By name; NULL where unknown. */
const sn_normalizer_def *sn_find_normalizer(const char *name);
const sn_pretokenizer_def *sn_find_pretokenizer(const char *name);
const sn_decoder_def *sn_find_decoder(const char *name);

enum { SN_PREPEND_ALWAYS, SN_PREPEND_FIRST, SN_PREPEND_NEVER };

#define SN_GPT2_PATTERN "'(?:[sdmt]|ll|ve|re)| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"

/* ---- Parsing helpers (json_parts.c) ---- */

/* "pattern": {"String": ..} or {"Regex": ..} into step->text or step->regex. */
sn_status sn_parse_pattern(sn_tokenizer *t, const sn_json *o, sn_step *step);
/* A string member kept in the arena; `fallback` where absent. */
sn_status sn_parse_text(sn_tokenizer *t, const sn_json *o, const char *key, const char *fallback, sn_text *out);
/* A boolean member sets or clears `flag`. */
sn_status sn_parse_flag(const sn_json *o, const char *key, bool fallback, unsigned flag, sn_step *step);
/* A string member that is one of `names`; *out is its index. SN_ERR_UNSUPPORTED names another. */
sn_status sn_parse_choice(const sn_json *o, const char *key, const char *const *names, int fallback, int *out);

#endif
