/* Singular values and determinants of dense matrices, by LAPACKE. Nothing else knows about that library; without it all
 * are SN_ERR_UNSUPPORTED. */
#ifndef SN_STUDY_LAPACK_H
#define SN_STUDY_LAPACK_H

#include "suan/status.h"

#include <stdbool.h>
#include <stdint.h>

/* A row-major matrix, overwritten; if complex, pairs of real and imaginary part. */
typedef struct sn_dense {
    double *at;
    int64_t rows, cols;
    bool is_complex;
} sn_dense;

/* All min(rows, cols) into out, falling, within a small multiple of 2^-53 of the largest. n_threads 0: one per core. */
sn_status sn_singular_values(const sn_dense *a, int n_threads, double *out);
/* ln |det| of a square matrix, by elimination; -infinity where it is singular. */
sn_status sn_log_det_eliminated(const sn_dense *a, int n_threads, double *out);
/* (n + below) x n numbers, row-major, the first n rows upper triangular: they become the R of a QR factorization of
 * all, which has their singular values, upper triangular again. The rest is left as it comes. */
sn_status sn_fold_rows(double *rows, int64_t n, int64_t below, int n_threads);

#endif
