/* .npy arrays. */
#include "fuzz.h"

#include "file/npy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    sn_npy a;
    if (sn_npy_open_memory("fuzz", data, size, NULL, &a) == SN_OK) fuzz_read_stored(&a.array);
    sn_npy_close(&a);
    return 0;
}
