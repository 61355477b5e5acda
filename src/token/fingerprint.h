/* Tells two tokenizers apart that could give different ids. */
#ifndef SN_TOKEN_FINGERPRINT_H
#define SN_TOKEN_FINGERPRINT_H

#include "token/tokenizer.h"

/* Of the vocabulary, the merges, the steps and the special ids. */
uint64_t sn_tokenizer_fingerprint(const sn_tokenizer *t);

#endif
