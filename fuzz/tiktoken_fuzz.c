/* tiktoken rank files. */
#include "fuzz.h"

#include "file/tiktoken.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    sn_tiktoken *t;
    if (sn_tiktoken_open_memory("fuzz", data, size, NULL, &t) != SN_OK) return 0;
    for (int64_t i = 0; i < t->n_ranks; i++) {
        fuzz_read(t->ranks[i].bytes.data, t->ranks[i].bytes.size);
        if (i && t->ranks[i].rank <= t->ranks[i - 1].rank) abort();
    }
    sn_tiktoken_close(t);
    return 0;
}
