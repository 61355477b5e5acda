/* What the kernels of swiglu and its gradient share. */
#ifndef SN_KERNEL_SWIGLU_H
#define SN_KERNEL_SWIGLU_H

#include "kernel/kernel.h"
#include "kernel/rough.h"
#include "kernel/tile_product.h"

/* Rows of a task: their hidden numbers fit into the second-level cache, and weights are read seldom enough. */
enum { swiglu_rows = 256 };

typedef struct swiglu_sizes {
    int64_t m, k, f, n; /* rows, their numbers, hidden ones, those of a result */
    int64_t k_steps, f_steps, n_steps;
} swiglu_sizes;

static swiglu_sizes swiglu_sizes_of(const sn_call *c) {
    int64_t m = c->in[0].shape[0], k = c->in[0].shape[1], f = c->in[1].shape[0], n = c->in[3].shape[0];
    return (swiglu_sizes){m, k, f, n, n_steps(k), n_steps(f), n_steps(n)};
}

/* Of products of what products give: rounded once more on the way. */
static double swiglu_tolerance(const sn_call *c) {
    (void)c;
    return 2 * SN_TOLERANCE_8_BITS;
}

static bool swiglu_applicable(const sn_call *c) {
    swiglu_sizes s = swiglu_sizes_of(c);
    if (c->precision != SN_PRECISION_BF16 || s.m < 1 || s.k < 1 || s.f < 1 || s.n < 1) return false;
    for (int i = 0; i < c->n_in; i++)
        if (c->in[i].dtype != SN_F32 || !sn_tensor_is_contiguous(&c->in[i])) return false;
    return true;
}

#endif
