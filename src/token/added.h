/* Finding added tokens in a text. */
#ifndef SN_TOKEN_ADDED_H
#define SN_TOKEN_ADDED_H

#include "token/tokenizer.h"

typedef struct sn_added_match {
    size_t start, end; /* the token with the spaces it swallows */
    int32_t id;
} sn_added_match;

/* The next added token of a walk through the text: the first at or after *search, the longest of those that start
 * there, which moves *search behind it; false where there is none. `done`: up to where tokens have taken the text. As
 * in the `tokenizers` package, one that is rejected (no single word, or special where that is not wanted) is passed
 * over as a whole, and one may start in spaces that the token before it swallowed. */
bool sn_added_next(const sn_added *a, sn_text text, size_t done, bool with_special, size_t *search,
                   sn_added_match *out);

#endif
