/* Tables of numbers: CSV, text, npy. */
#include "fuzz.h"

#include "file/columns.h"

#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    sn_columns *c;
    if (sn_columns_open_memory("fuzz", data, size, &c) != SN_OK) return 0;
    int64_t n = sn_columns_n_rows(c);
    double *column = malloc((size_t)n * sizeof *column);
    for (int k = 0; column && k < sn_columns_count(c); k++) {
        char number[16];
        const char *name = sn_columns_name(c, k);
        snprintf(number, sizeof number, "%d", k + 1);
        if (sn_columns_get(c, name ? name : number, column) == SN_OK) fuzz_read(column, (size_t)n * sizeof *column);
    }
    free(column);
    sn_columns_free(c);
    return 0;
}
