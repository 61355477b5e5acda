#include "train/vocabulary.h"

#include "base/error.h"
#include "base/path.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static sn_status learn(const sn_train_config *c, const char *type, int64_t size, const volatile int *cancel,
                       sn_tokenizer **out) {
    sn_tokenizer_train_options o = {
        .type = type, .vocab_size = size, .separator = c->separator, .n_threads = (int)c->threads, .cancel = cancel};
    sn_status status = sn_tokenizer_train(&c->data, 1, &o, out);
    return status == SN_OK ? SN_OK : sn_fail_in(status, "%s: tokenizer", c->source);
}

/* "bpe:1024" or "bpe". The file in OUT is what this run and every resumed one uses. */
static sn_status learn_once(const sn_train_config *c, const char *what, const volatile int *cancel,
                            sn_tokenizer **out) {
    char type[32], path[SN_PATH_SIZE], *end = NULL;
    size_t n = strcspn(what, ":");
    long long size = what[n] ? strtoll(what + n + 1, &end, 10) : 0;
    if (n == 0 || n >= sizeof type || (end && (*end || end == what + n + 1 || size < 2)))
        return sn_train_config_fail(c, "tokenizer", "\"train:%s\" is not like train:bpe:1024", what);
    memcpy(type, what, n);
    type[n] = 0;
    SN_TRY(sn_path_join(c->out, "tokenizer.json", path));
    if (access(path, F_OK) != 0) {
        sn_tokenizer *learned;
        SN_TRY(learn(c, type, size, cancel, &learned));
        sn_status status = sn_tokenizer_save(learned, path);
        sn_tokenizer_free(learned);
        SN_TRY(status);
    }
    return sn_tokenizer_open(path, out);
}

sn_status sn_train_vocabulary(const sn_train_config *c, const volatile int *cancel, sn_tokenizer **out) {
    const char *spec = c->tokenizer[0] ? c->tokenizer : "byte";
    if (strcmp(spec, "byte") == 0 || strcmp(spec, "char") == 0) return learn(c, spec, 0, cancel, out);
    if (strncmp(spec, "train:", 6) == 0) return learn_once(c, spec + 6, cancel, out);
    sn_status status = sn_tokenizer_open(spec, out);
    return status == SN_OK ? SN_OK : sn_fail_in(status, "%s: tokenizer", c->source);
}
