/* Shared by the fuzz targets. */
#ifndef SN_FUZZ_FUZZ_H
#define SN_FUZZ_FUZZ_H

#include "file/stored.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Touches both ends of a range, so that the sanitizer sees one that is too long. */
static inline void fuzz_read(const void *data, size_t size) {
    volatile unsigned char sink = 0;
    if (size) sink = ((const unsigned char *)data)[0];
    if (size) sink = ((const unsigned char *)data)[size - 1];
    (void)sink;
}

/* The same for a tensor, whose address must suit its type. */
static inline void fuzz_read_tensor(const sn_tensor *t) {
    int64_t bytes = sn_tensor_bytes(t);
    if (bytes < 0) abort();
    if (!sn_dtype_is_block(t->dtype) && (uintptr_t)t->data % (uintptr_t)sn_dtype_bytes(t->dtype)) abort();
    fuzz_read(t->data, (size_t)bytes);
}

/* The elements at both ends of an array as doubles. */
static inline void fuzz_read_stored(const sn_stored *a) {
    double ends[2 * 300];
    int64_t count = sn_stored_count(a), n = count < 300 ? count : 300;
    if (count < 0) abort();
    sn_stored_read(a, 0, n, ends);
    sn_stored_read(a, count - n, n, ends);
}

#endif
