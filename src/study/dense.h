/* Dense products in double, row-major, by the kernels for this processor. */
#ifndef SN_STUDY_DENSE_H
#define SN_STUDY_DENSE_H

#include "base/threads.h"
#include "kernel/dense_f64.h"

sn_dense_parts sn_dense_choose(void);

/* How to compute; the results are the same whatever the team. */
typedef struct sn_dense {
    sn_dense_parts parts;
    sn_team *team; /* NULL: none */
} sn_dense;

typedef struct sn_matrix {
    double *at;
    int64_t rows, cols, stride;
} sn_matrix;

/* out[j] = sum_i v[i] a[i][j] */
void sn_product_left(const sn_dense *d, const sn_matrix *a, const double *v, double *out);
/* out[i * stride] = sum_j a[i][j] u[j] */
void sn_product_right(const sn_dense *d, const sn_matrix *a, const double *u, double *out, int64_t stride);

/* c -= a b, a of c's rows, b of c's columns. `packed` has room for sn_packed_size(c's columns, b's rows) numbers. */
int64_t sn_packed_size(int64_t cols, int64_t depth);
void sn_subtract_product(const sn_dense *d, const sn_matrix *c, const sn_matrix *a, const sn_matrix *b, double *packed);

#endif
