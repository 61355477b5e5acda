/* Finding added tokens in a text. */
#ifndef SN_TOKEN_ADDED_H
#define SN_TOKEN_ADDED_H

#include "token/tokenizer.h"

typedef struct sn_added_match {
    size_t start, end; /* the token with the spaces it swallows */
    int32_t id;
} sn_added_match;

/* The first added token at or after `from`, the longest of those that start there; false where there is none. */
bool sn_added_next(const sn_added *a, sn_text text, size_t from, bool with_special, sn_added_match *out);

#endif
