/* Regular expressions of pre-tokenizers, over PCRE2 with match limits. Patterns in tokenizer.json are written for
 * Oniguruma (Ruby syntax); what differs is translated (regex_translate.c) or refused. */
#ifndef SN_TOKEN_REGEX_H
#define SN_TOKEN_REGEX_H

#include "token/buf.h"

typedef struct sn_regex sn_regex;

/* Per-call state of matching; a zero-initialised one is ready. */
typedef struct sn_regex_scratch {
    void *data, *context, *stack;
} sn_regex_scratch;
void sn_regex_scratch_free(sn_regex_scratch *s);

/* SN_ERR_UNSUPPORTED: no PCRE2 in this build, or a pattern it cannot take (named in the message). */
sn_status sn_regex_new(sn_text pattern, sn_regex **out);
void sn_regex_free(sn_regex *r);

/* First match at or after `from`. Bytes that are not UTF-8 match nothing. SN_ERR_LIMIT where matching would take
 * unreasonable time or memory. */
sn_status sn_regex_find(const sn_regex *r, sn_regex_scratch *s, sn_text text, size_t from, size_t *start, size_t *end,
                        bool *found);

/* Oniguruma (Ruby) syntax to PCRE2. SN_ERR_UNSUPPORTED names what has no counterpart. */
sn_status sn_regex_translate(sn_text pattern, sn_buf *out);

#endif
