/* What the elementwise op files share: the reference loops, and the fields of their records. */
#ifndef SN_OP_ELEMENTWISE_H
#define SN_OP_ELEMENTWISE_H

#include "op/shared.h"

#include <tgmath.h>

/* Elements are gone through in rows: along the innermost dimension that has more than one, or all of them where every
 * operand is contiguous. */
typedef struct sn_row_walk {
    int64_t n, width; /* elements in all, and of a row */
    int dim;          /* that a row runs along, -1: all */
} sn_row_walk;

static inline sn_row_walk sn_walk_rows(const sn_tensor *out) {
    sn_row_walk w = {.n = sn_tensor_count(out), .width = 1, .dim = out->n_dims - 1};
    while (w.dim > 0 && out->shape[w.dim] == 1) w.dim--;
    if (w.dim >= 0) w.width = out->shape[w.dim];
    return w;
}

/* Bytes from one element of a row of `t`, broadcast to out's shape, to the next. */
static inline int64_t sn_row_step(const sn_row_walk *w, const sn_tensor *t, const sn_tensor *out) {
    int dim = w->dim - (out->n_dims - t->n_dims);
    return dim < 0 || t->shape[dim] == 1 ? 0 : t->stride[dim];
}

/* out[i] = f(in[i]) */
static inline void sn_map1(const sn_call *c, real (*f)(real)) {
    const sn_tensor *in = &c->in[0];
    const sn_row_walk w = sn_walk_rows(in);
    real *out = c->out[0].data;
    if (sn_tensor_is_contiguous(in)) {
        const real *x = in->data;
        for (int64_t i = 0; i < w.n; i++) out[i] = f(x[i]);
        return;
    }
    int64_t step = sn_row_step(&w, in, in);
    for (int64_t row = 0; row < w.n; row += w.width) {
        const char *x = (const char *)sn_real_at(in, row);
        for (int64_t i = 0; i < w.width; i++) out[row + i] = f(*(const real *)(x + i * step));
    }
}

static inline bool sn_fills(const sn_tensor *t, int64_t n) {
    return sn_tensor_is_contiguous(t) && sn_tensor_count(t) == n;
}

/* out[i] = f(a[i], b[i]) with both broadcast to out's shape */
static inline void sn_map2(const sn_call *c, real (*f)(real, real)) {
    const sn_tensor *a = &c->in[0], *b = &c->in[1], *out = &c->out[0];
    const sn_row_walk w = sn_walk_rows(out);
    real *y = out->data;
    if (sn_fills(a, w.n) && sn_fills(b, w.n)) {
        const real *x = a->data, *z = b->data;
        for (int64_t i = 0; i < w.n; i++) y[i] = f(x[i], z[i]);
        return;
    }
    int64_t step_a = sn_row_step(&w, a, out), step_b = sn_row_step(&w, b, out);
    for (int64_t row = 0; row < w.n; row += w.width) {
        const char *x = sn_broadcast_at(a, out->n_dims, out->shape, row);
        const char *z = sn_broadcast_at(b, out->n_dims, out->shape, row);
        for (int64_t i = 0; i < w.width; i++)
            y[row + i] = f(*(const real *)(x + i * step_a), *(const real *)(z + i * step_b));
    }
}

#if SN_OP_MAIN
sn_status sn_infer_unary(const void *attr, const sn_tensor *in, int n_in, sn_tensor *out);
sn_status sn_infer_binary(const void *attr, const sn_tensor *in, int n_in, sn_tensor *out);

enum { SN_N_BAD_UNARY = 2, SN_N_BAD_BINARY = 3 };
extern const sn_op_case sn_bad_unary[SN_N_BAD_UNARY], sn_bad_binary[SN_N_BAD_BINARY];

/* The fields that all one-operand (two-operand) elementwise records share. */
#define SN_ELEMENTWISE(op) SN_ELEMENTWISE_FLAGS(op, SN_OP_INPLACE0)
#define SN_ELEMENTWISE_FLAGS(op, flags_)                                                                               \
    .name = #op, .n_out = 1, .flags = (flags_), .forward_f32 = sn_forward_f32_##op,                                    \
    .forward_f64 = sn_forward_f64_##op, .vjp = vjp, .cost = sn_cost_elementwise, .cases = cases,                       \
    .n_cases = SN_COUNT(cases)
#define SN_UNARY(op)                                                                                                   \
    SN_ELEMENTWISE(op), .min_in = 1, .max_in = 1, .infer = sn_infer_unary, .bad_cases = sn_bad_unary,                  \
                        .n_bad_cases = SN_N_BAD_UNARY, .random_case = sn_random_unary, .bench_cases = sn_bench_unary,  \
                        .n_bench_cases = SN_N_BENCH_UNARY
#define SN_BINARY(op) SN_BINARY_FLAGS(op, SN_OP_INPLACE0)
#define SN_BINARY_FLAGS(op, flags_)                                                                                    \
    SN_ELEMENTWISE_FLAGS(op, flags_), .min_in = 2, .max_in = 2, .infer = sn_infer_binary, .bad_cases = sn_bad_binary,  \
                                      .n_bad_cases = SN_N_BAD_BINARY, .random_case = sn_random_binary,                 \
                                      .bench_cases = sn_bench_binary, .n_bench_cases = SN_N_BENCH_BINARY

/* A scalar, one element, no elements, odd lengths. */
#define SN_UNARY_CASES(low, high)                                                                                      \
    {.n_in = 1, .in = {SN_CASE_F32(low, high, 0, 0)}}, {.n_in = 1, .in = {SN_CASE_F32(low, high, 1, 1)}},              \
        {.n_in = 1, .in = {SN_CASE_F32(low, high, 2, 3, 0)}}, {.n_in = 1, .in = {SN_CASE_F32(low, high, 1, 37)}}, {    \
        .n_in = 1, .in = { SN_CASE_F32(low, high, 3, 2, 3, 5) }                                                        \
    }
/* Equal shapes, scalars, rows, columns, both sides broadcast, no elements. */
#define SN_BINARY_CASES(a, b, c, d)                                                                                    \
    {.n_in = 2, .in = {SN_CASE_F32(a, b, 2, 3, 5), SN_CASE_F32(c, d, 2, 3, 5)}},                                       \
        {.n_in = 2, .in = {SN_CASE_F32(a, b, 0, 0), SN_CASE_F32(c, d, 0, 0)}},                                         \
        {.n_in = 2, .in = {SN_CASE_F32(a, b, 2, 3, 4), SN_CASE_F32(c, d, 0, 0)}},                                      \
        {.n_in = 2, .in = {SN_CASE_F32(a, b, 1, 5), SN_CASE_F32(c, d, 3, 2, 3, 5)}},                                   \
        {.n_in = 2, .in = {SN_CASE_F32(a, b, 3, 2, 3, 4), SN_CASE_F32(c, d, 3, 2, 3, 1)}},                             \
        {.n_in = 2, .in = {SN_CASE_F32(a, b, 2, 3, 1), SN_CASE_F32(c, d, 2, 1, 7)}},                                   \
        {.n_in = 2, .in = {SN_CASE_F32(a, b, 3, 1, 3, 1), SN_CASE_F32(c, d, 3, 2, 1, 3)}}, {                           \
        .n_in = 2, .in = { SN_CASE_F32(a, b, 2, 0, 3), SN_CASE_F32(c, d, 1, 3) }                                       \
    }
#endif
#endif
