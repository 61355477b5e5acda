/* Body of dense_f64_<isa>.c; VEC_BYTES is set before. */
#include "kernel/dense_f64.h"

#include <string.h>

#if VEC_BYTES > 16
#include <immintrin.h>
#endif

typedef double vec __attribute__((vector_size(VEC_BYTES)));
typedef double loose_vec __attribute__((vector_size(VEC_BYTES), aligned(8), may_alias)); /* anywhere in memory */
enum { lanes = VEC_BYTES / 8, tile_rows = VEC_BYTES == 64 ? 8 : 4, tile_vecs = 2, tile_cols = tile_vecs * lanes };

/* a * b + c; fused where the processor can, which ISO C does not let the compiler do by itself. */
static inline vec multiply_add(vec a, vec b, vec c) {
#if VEC_BYTES == 64
    return (vec)_mm512_fmadd_pd((__m512d)a, (__m512d)b, (__m512d)c);
#elif VEC_BYTES == 32
    return (vec)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c);
#else
    return a * b + c;
#endif
}

static inline vec load(const double *x) { return *(const loose_vec *)x; }

static inline vec splat(double x) {
    vec v;
    for (int k = 0; k < lanes; k++) v[k] = x;
    return v;
}

static double dot(const double *a, const double *b, int64_t n) {
    enum { chains = 4 };
    vec part[chains];
    double total = 0;
    int64_t i = 0;
    for (int k = 0; k < chains; k++) part[k] = splat(0);
    for (; i + chains * lanes <= n; i += chains * lanes)
        for (int k = 0; k < chains; k++)
            part[k] = multiply_add(load(a + i + k * lanes), load(b + i + k * lanes), part[k]);
    for (; i < n; i++) total += a[i] * b[i];
    part[0] += part[1] + (part[2] + part[3]);
    for (int k = 0; k < lanes; k++) total += part[0][k];
    return total;
}

/* Four rows at a time, so that a sum is loaded once for them. */
static void combine(const double *a, int64_t rows, int64_t stride, const double *v, int64_t n, double *out) {
    double sum[SN_DENSE_STRIP] = {0};
    int64_t i = 0;
    for (; i + 4 <= rows; i += 4) {
        const double *r = a + i * stride;
        vec x[4];
        int64_t j = 0;
        for (int k = 0; k < 4; k++) x[k] = splat(v[i + k]);
        for (; j + lanes <= n; j += lanes) {
            vec s = load(sum + j);
            for (int k = 0; k < 4; k++) s = multiply_add(x[k], load(r + k * stride + j), s);
            *(loose_vec *)(sum + j) = s;
        }
        for (; j < n; j++)
            for (int k = 0; k < 4; k++) sum[j] += v[i + k] * r[k * stride + j];
    }
    for (; i < rows; i++)
        for (int64_t j = 0; j < n; j++) sum[j] += v[i] * a[i * stride + j];
    memcpy(out, sum, (size_t)n * sizeof *sum);
}

/* At the lower edge the first row is computed again and not stored. */
static void subtract(double *c, int64_t c_stride, int64_t rows, int64_t cols, const double *a, int64_t a_stride,
                     const double *b, int64_t depth) {
    const double *row[tile_rows];
    vec sum[tile_rows][tile_vecs];
    for (int k = 0; k < tile_rows; k++) {
        row[k] = a + (k < rows ? k : 0) * a_stride;
        for (int q = 0; q < tile_vecs; q++) sum[k][q] = splat(0);
    }
    for (int64_t l = 0; l < depth; l++, b += tile_cols) {
        vec x[tile_vecs];
        for (int q = 0; q < tile_vecs; q++) x[q] = load(b + q * lanes);
#pragma GCC unroll 8
        for (int k = 0; k < tile_rows; k++) {
            vec y = splat(row[k][l]);
            for (int q = 0; q < tile_vecs; q++) sum[k][q] = multiply_add(y, x[q], sum[k][q]);
        }
    }
    for (int k = 0; k < tile_rows && k < rows; k++)
        for (int q = 0; q < tile_vecs; q++) {
            double *to = c + k * c_stride + q * lanes;
            if (cols >= (q + 1) * lanes)
                *(loose_vec *)to -= sum[k][q];
            else
                for (int j = 0; q * lanes + j < cols; j++) to[j] -= sum[k][q][j];
        }
}

static void run(const sn_call *call) {
    const sn_dense_attr *attr = call->attr;
    *attr->parts = (sn_dense_parts){dot, combine, subtract, tile_rows, tile_cols};
}
