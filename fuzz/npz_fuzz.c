/* .npz archives: the directory and every member. */
#include "fuzz.h"

#include "file/npy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    sn_npz *z;
    if (sn_npz_open_memory("fuzz", data, size, NULL, &z) != SN_OK) return 0;
    for (int64_t i = 0; i < sn_npz_n_arrays(z) && i < 16; i++) {
        sn_npy a;
        if (sn_npz_get(z, sn_npz_name(z, i), &a) == SN_OK) fuzz_read_stored(&a.array);
        sn_npy_close(&a);
    }
    sn_npz_close(z);
    return 0;
}
