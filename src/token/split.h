/* Cutting a text at matches, with the five behaviours of tokenizer.json. */
#ifndef SN_TOKEN_SPLIT_H
#define SN_TOKEN_SPLIT_H

#include "token/tokenizer.h"

typedef enum sn_split_mode {
    SN_SPLIT_REMOVED,       /* matches are dropped */
    SN_SPLIT_ISOLATED,      /* matches are pieces of their own */
    SN_SPLIT_WITH_PREVIOUS, /* a match ends the piece before it */
    SN_SPLIT_WITH_NEXT,     /* a match starts the piece after it */
    SN_SPLIT_CONTIGUOUS     /* neighbouring matches are one piece */
} sn_split_mode;

/* What counts as a match: exactly one of the three. */
typedef struct sn_finder {
    const sn_regex *regex;
    sn_text literal;           /* every occurrence; an empty one never matches */
    bool (*is)(uint32_t code); /* every character for which it holds, one by one */
} sn_finder;

/* Next match at or after `from`. */
sn_status sn_finder_next(const sn_finder *f, sn_scratch *s, sn_text text, size_t from, size_t *start, size_t *end,
                         bool *found);
/* Appends the pieces; `invert` cuts at what lies between the matches. */
sn_status sn_split(const sn_finder *f, sn_scratch *s, sn_split_mode mode, bool invert, sn_text text, sn_pieces *out);
/* Appends the text with every match replaced. */
sn_status sn_replace_all(const sn_finder *f, sn_scratch *s, sn_text with, sn_text text, sn_buf *out);
const char *const *sn_split_mode_names(void); /* as in tokenizer.json, NULL at the end */

#endif
