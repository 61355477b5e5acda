/* llama2.c vocabularies. */
#include "fuzz.h"

#include "file/llama2c_tokenizer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    sn_llama2c_tokenizer *t;
    if (sn_llama2c_tokenizer_open_memory("fuzz", data, size, NULL, &t) != SN_OK) return 0;
    for (int64_t i = 0; i < t->n_pieces; i++) fuzz_read(t->pieces[i].text.data, t->pieces[i].text.size);
    sn_llama2c_tokenizer_close(t);
    return 0;
}
