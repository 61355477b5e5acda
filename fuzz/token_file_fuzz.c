/* Token files. */
#include "fuzz.h"

#include "file/token_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    sn_token_file f;
    if (sn_token_file_open_memory("fuzz", data, size, &f) != SN_OK) return 0;
    int32_t ids[256];
    for (int64_t i = 0; i < f.n_documents; i++) {
        int64_t from = sn_token_file_document(&f, i), n = sn_token_file_document(&f, i + 1) - from;
        if (n < 1) abort();
        (void)!sn_token_file_read(&f, from, n < 256 ? n : 256, ids);
    }
    sn_token_file_close(&f);
    return 0;
}
