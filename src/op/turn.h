/* For the references of rope, cache_write and attention: rows of any dtype and stride in double, and the
 * rotation of their planes. */
#ifndef SN_OP_TURN_H
#define SN_OP_TURN_H

#include "graph/op.h"

enum { SN_MAX_ROW = 2048 };

/* The n elements at `row`, laid out as the last dimension of t. n <= SN_MAX_ROW. */
static inline void sn_row_load(const sn_tensor *t, const char *row, int64_t n, double *out) {
    float f32[SN_MAX_ROW];
    int64_t step = t->stride[t->n_dims - 1];
    bool packed = sn_dtype_is_block(t->dtype) || step == sn_dtype_bytes(t->dtype);
    if (t->dtype == SN_F64) {
        for (int64_t i = 0; i < n; i++) out[i] = *(const double *)(const void *)(row + i * step);
        return;
    }
    if (packed) sn_to_f32(t->dtype, row, f32, n);
    for (int64_t i = 0; !packed && i < n; i++) sn_to_f32(t->dtype, row + i * step, f32 + i, 1);
    for (int64_t i = 0; i < n; i++) out[i] = (double)f32[i];
}

/* Turns the planes of x in place. `angles` [..., planes, 2] is a table of `real`, `at` the address of its
 * row for this position. sign -1 applies the transpose: the rotation back, of equal gain. */
static inline void sn_row_turn(sn_pair_layout layout, const sn_tensor *angles, const char *at, int sign, double *x) {
    int64_t n = angles->shape[angles->n_dims - 2];
    int64_t step = angles->stride[angles->n_dims - 2], pair = angles->stride[angles->n_dims - 1];
    for (int64_t m = 0; m < n; m++) {
        double c = (double)*(const real *)(const void *)(at + m * step);
        double s = sign * (double)*(const real *)(const void *)(at + m * step + pair);
        int64_t a = layout == SN_PAIR_HALVES ? m : 2 * m, b = layout == SN_PAIR_HALVES ? m + n : 2 * m + 1;
        /* infer has checked that the planes lie in the row. NOLINTNEXTLINE(clang-analyzer-core.uninitialized.Assign) */
        double xa = x[a], xb = x[b];
        x[a] = xa * c - xb * s;
        x[b] = xa * s + xb * c;
    }
}

#endif
