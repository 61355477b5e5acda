#include "train/vocabulary.h"

#include "base/error.h"

sn_status sn_train_vocabulary(const sn_train_config *c, const volatile int *cancel, sn_tokenizer **out) {
    (void)cancel;
    if (!c->tokenizer[0]) return sn_train_config_fail(c, "tokenizer", "a tokenizer's file is needed");
    sn_status status = sn_tokenizer_open(c->tokenizer, out);
    return status == SN_OK ? SN_OK : sn_fail_in(status, "%s: tokenizer", c->source);
}
