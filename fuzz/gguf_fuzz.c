/* GGUF: whatever opens must be readable to its last byte. */
#include "fuzz.h"

#include "file/gguf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    sn_gguf *f;
    if (sn_gguf_open_memory("fuzz", data, size, NULL, &f) != SN_OK) return 0;
    for (int64_t i = 0; i < sn_gguf_n_values(f); i++) {
        const sn_gguf_value *v = sn_gguf_value_at(f, i);
        sn_gguf_array_f64(v, v->count - 1);
        sn_gguf_array_i64(v, v->count - 1);
        for (int64_t k = 0; v->strings && k < v->count; k++) fuzz_read(v->strings[k].data, v->strings[k].size);
    }
    for (int64_t i = 0; i < sn_gguf_n_tensors(f); i++) {
        sn_tensor t;
        if (sn_gguf_tensor_at(f, i, &t) == SN_OK) fuzz_read_tensor(&t);
        if (sn_gguf_find_tensor(f, sn_gguf_tensor_name(f, i)) != i) abort();
    }
    sn_gguf_close(f);
    return 0;
}
