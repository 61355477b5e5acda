/* Products in double without tensors, for singular values: op "dense_f64", attr a sn_dense_attr that the kernel fills.
 */
#ifndef SN_KERNEL_DENSE_F64_H
#define SN_KERNEL_DENSE_F64_H

#include "kernel/kernel.h"

enum { SN_DENSE_STRIP = 256 };

typedef struct sn_dense_parts {
    /* sum of a[i] b[i] */
    double (*dot)(const double *a, const double *b, int64_t n);
    /* out[j] = sum over rows of v[i] a[i][j], of n <= SN_DENSE_STRIP columns */
    void (*combine)(const double *a, int64_t rows, int64_t stride, const double *v, int64_t n, double *out);
    /* c -= a b, of `rows` rows and `cols` columns, up to block_rows and block_cols; b has block_cols numbers for each
     * of `depth`, zeros beyond `cols` */
    void (*subtract)(double *c, int64_t c_stride, int64_t rows, int64_t cols, const double *a, int64_t a_stride,
                     const double *b, int64_t depth);
    int64_t block_rows, block_cols;
} sn_dense_parts;

typedef struct sn_dense_attr {
    sn_dense_parts *parts;
} sn_dense_attr;

static inline bool sn_dense_applicable(const sn_call *c) {
    (void)c;
    return true;
}

#endif
