/* safetensors: whatever opens must be readable to its last byte. */
#include "fuzz.h"

#include "file/safetensors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    sn_safetensors *f;
    if (sn_safetensors_open_memory("fuzz", data, size, NULL, &f) != SN_OK) return 0;
    for (int64_t i = 0; i < sn_safetensors_n_metadata(f); i++) {
        sn_text key, value;
        sn_safetensors_metadata_at(f, i, &key, &value);
        fuzz_read(value.data, value.size);
    }
    for (int64_t i = 0; i < sn_safetensors_n_tensors(f); i++) {
        sn_tensor t;
        sn_stored a;
        if (sn_safetensors_tensor_at(f, i, &t) == SN_OK) fuzz_read_tensor(&t);
        if (sn_safetensors_stored_at(f, i, &a) == SN_OK) fuzz_read_stored(&a);
    }
    sn_safetensors_close(f);
    return 0;
}
