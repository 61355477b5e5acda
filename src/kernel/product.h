/* Matrix products as the f32 kernels of `linear` and `matmul` see them. */
#ifndef SN_KERNEL_PRODUCT_H
#define SN_KERNEL_PRODUCT_H

#include "kernel/kernel.h"

/* out[b, i, j] = sum_l a[b, i, l] * B[b, l, j] (+ bias[j]). Strides of a, b and out are in floats. Where `rows` is set,
 * B is instead the transpose of a matrix of rows of any float or block type: B[l, j] = rows[j, l]. */
typedef struct sn_product {
    int64_t m, n, k, n_batches;
    const float *a, *b, *bias; /* bias may be NULL */
    int64_t a_row, a_k, b_k, b_column, out_row;
    const uint8_t *rows;
    sn_dtype rows_dtype;
    int64_t rows_stride; /* bytes */
    float *out;
    const sn_call *call; /* for the places of batches; NULL where there is one */
} sn_product;

/* Fills p for a call of either op that f32 kernels can do; false otherwise. */
bool sn_product_of_linear(const sn_call *call, sn_product *p);
bool sn_product_of_matmul(const sn_call *call, sn_product *p);

/* Where matrix `batch` of a, b and out starts. */
typedef struct sn_product_batch {
    const float *a, *b;
    float *out;
} sn_product_batch;
sn_product_batch sn_product_batch_at(const sn_product *p, int64_t batch);

/* Tiles of the result for a team: two per thread where the matrix is large enough, multiples of 48 rows and 64
 * columns, or the whole. */
void sn_product_tiles(const sn_product *p, int n_threads, int64_t *rows, int64_t *columns);

/* Of kernels that multiply in bf16, which has 8 bits. */
double sn_product_bf16_tolerance(const sn_call *call);

#endif
