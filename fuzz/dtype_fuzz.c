/* Conversions of element types: the first byte names the type, the others are its blocks. Any bits may stand in a
 * file, so none may lead a conversion outside its arrays. */
#include "fuzz.h"

#include "tensor/dtype.h"

#include <string.h>

static void convert(sn_dtype dtype, const void *from, int64_t n_blocks) {
    int64_t n = n_blocks * sn_dtype_block(dtype);
    float *values = malloc((size_t)n * sizeof *values);
    void *back = malloc((size_t)(n_blocks * sn_dtype_bytes(dtype)));
    if (values && back) {
        sn_to_f32(dtype, from, values, n);
        sn_from_f32(dtype, values, back, n);
    }
    free(back);
    free(values);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    sn_dtype dtype = size ? (sn_dtype)(data[0] % SN_N_DTYPES) : SN_F32;
    int64_t n_blocks = size ? (int64_t)(size - 1) / sn_dtype_bytes(dtype) : 0;
    void *copy;
    if (n_blocks == 0 || !sn_dtype_get(dtype)->to_f32 || !sn_dtype_get(dtype)->from_f32) return 0;
    copy = malloc((size_t)(n_blocks * sn_dtype_bytes(dtype))); /* aligned, and exactly sized */
    if (!copy) return 0;
    memcpy(copy, data + 1, (size_t)(n_blocks * sn_dtype_bytes(dtype)));
    convert(dtype, copy, n_blocks);
    free(copy);
    return 0;
}
