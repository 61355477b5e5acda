/* llama2.c checkpoints. */
#include "fuzz.h"

#include "file/llama2c.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    sn_llama2c *f;
    if (sn_llama2c_open_memory("fuzz", data, size, &f) != SN_OK) return 0;
    if (!sn_llama2c_is(data, size)) abort();
    for (int64_t i = 0; i < f->n_tensors; i++) fuzz_read_tensor(&f->tensors[i].tensor);
    sn_llama2c_close(f);
    return 0;
}
