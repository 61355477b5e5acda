/* The vocabulary that the key "tokenizer" names. */
#ifndef SN_TRAIN_VOCABULARY_H
#define SN_TRAIN_VOCABULARY_H

#include "suan/tokenizer.h"
#include "train/config.h"

/* "" is "byte". Learned ones are kept in OUT, so that a resumed run has the same. */
sn_status sn_train_vocabulary(const sn_train_config *c, const volatile int *cancel, sn_tokenizer **out);

#endif
