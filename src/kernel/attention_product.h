/* The small matrix product of the attention kernels: c[u, lane] (+)= sum_k a[u, k] * b[k, lane], lanes in
 * strips of STRIP. With queries as lanes, keys and values are read as they lie and the softmax runs down
 * columns, without a transposition or a horizontal sum. */
#ifndef SN_KERNEL_ATTENTION_PRODUCT_H
#define SN_KERNEL_ATTENTION_PRODUCT_H

#include "kernel/attention_vec.h"

#include <stdbool.h>

enum { VECS = LANES == 16 ? 4 : 2, STRIP = LANES * VECS, PRODUCT_ROWS = 6 };

/* a[u, k] at a[u * row + k * step]; b and c have rows of STRIP. `rows` is a constant at every call. */
SN_INLINE void product_rows(int rows, int64_t n_k, const float *a, int64_t row, int64_t step, const float *b, float *c,
                            bool add) {
    vec sum[PRODUCT_ROWS][VECS];
#pragma GCC unroll 6
    for (int u = 0; u < rows; u++)
#pragma GCC unroll 4
        for (int v = 0; v < VECS; v++) sum[u][v] = add ? v_load(c + u * STRIP + v * LANES) : v_set(0);
    for (int64_t k = 0; k < n_k; k++, a += step, b += STRIP) {
        vec x[VECS];
#pragma GCC unroll 4
        for (int v = 0; v < VECS; v++) x[v] = v_load(b + v * LANES);
#pragma GCC unroll 6
        for (int u = 0; u < rows; u++) {
            vec y = v_set(a[u * row]);
#pragma GCC unroll 4
            for (int v = 0; v < VECS; v++) sum[u][v] = v_fma(y, x[v], sum[u][v]);
        }
    }
#pragma GCC unroll 6
    for (int u = 0; u < rows; u++)
#pragma GCC unroll 4
        for (int v = 0; v < VECS; v++) v_store(c + u * STRIP + v * LANES, sum[u][v]);
}

SN_INLINE void product_any(int64_t n_u, int64_t n_k, const float *a, int64_t row, int64_t step, const float *b,
                           float *c, bool add) {
    int64_t u = 0;
    for (; u + PRODUCT_ROWS <= n_u; u += PRODUCT_ROWS)
        product_rows(PRODUCT_ROWS, n_k, a + u * row, row, step, b, c + u * STRIP, add);
    a += u * row, c += u * STRIP;
    switch (n_u - u) {
    case 5: product_rows(5, n_k, a, row, step, b, c, add); break;
    case 4: product_rows(4, n_k, a, row, step, b, c, add); break;
    case 3: product_rows(3, n_k, a, row, step, b, c, add); break;
    case 2: product_rows(2, n_k, a, row, step, b, c, add); break;
    case 1: product_rows(1, n_k, a, row, step, b, c, add); break;
    default: break;
    }
}

/* c = a b with a[u, k] at a[u * row + k]. */
static inline void product_rows_of(int64_t n_u, int64_t n_k, const float *a, int64_t row, const float *b, float *c) {
    product_any(n_u, n_k, a, row, 1, b, c, false);
}
/* c += a b with a[u, k] at a[u + k * step]. */
static inline void product_add_columns_of(int64_t n_u, int64_t n_k, const float *a, int64_t step, const float *b,
                                          float *c) {
    product_any(n_u, n_k, a, 1, step, b, c, true);
}

#endif
