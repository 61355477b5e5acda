/* sum_squares of f32: partial sums of fixed chunks, so that the result does not depend on the number of threads. */
#include "base/size.h"
#include "kernel/kernel.h"

enum { CHUNK = 16384, LANES = 8 };

static int64_t n_chunks(const sn_call *c) { return sn_ceil_div(sn_tensor_count(&c->in[0]), CHUNK); }

static void sum_chunk(void *arg, int64_t task, int thread) {
    const sn_call *c = arg;
    int64_t from = task * CHUNK, n = sn_min_i64(CHUNK, sn_tensor_count(&c->in[0]) - from), i = 0;
    const float *x = (const float *)c->in[0].data + from;
    double lane[LANES] = {0};
    (void)thread;
    for (; i + LANES <= n; i += LANES)
        for (int l = 0; l < LANES; l++) lane[l] += (double)x[i + l] * (double)x[i + l];
    for (; i < n; i++) lane[0] += (double)x[i] * (double)x[i];
    for (int l = 1; l < LANES; l++) lane[0] += lane[l];
    ((double *)c->workspace)[task] = lane[0];
}

static void run(const sn_call *c) {
    const double *partial = c->workspace;
    double sum = 0;
    int64_t n = n_chunks(c);
    sn_parallel(c->team, sum_chunk, (void *)(uintptr_t)c, n);
    for (int64_t i = 0; i < n; i++) sum += partial[i];
    *(double *)c->out[0].data = sum;
}

static size_t workspace(const sn_call *c, int n_threads) {
    (void)n_threads;
    return (size_t)n_chunks(c) * sizeof(double);
}

static bool applicable(const sn_call *c) { return c->in[0].dtype == SN_F32 && sn_tensor_is_contiguous(&c->in[0]); }

const sn_kernel sn_kernel_sum_squares_generic = {
    .op = "sum_squares", .name = "generic", .rank = 1, .applicable = applicable, .workspace = workspace, .run = run};
