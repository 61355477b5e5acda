/* linear3 and its gradient in bf16 through AMX, for plans that ask for bf16. The weights are packed first; a task packs
 * its rows and multiplies them by all of them. */
#include "kernel/kernel.h"
#include "kernel/product.h"
#include "kernel/tile_product.h"

enum { task_rows = 128, FACTORS = 3 };

typedef struct linear3_job {
    int64_t m;
    packing weights[FACTORS], rows[FACTORS]; /* rows: their place is that of the first thread */
    int n_rows;                              /* 1, or 3: operands that lie one behind the other in their strips */
    tile_result out[FACTORS];                /* one for each of the weights; or one, of their sum */
    int n_out;
    int64_t own_bytes;
} linear3_job;

static void pack_task(void *arg, int64_t index, int thread) {
    (void)thread;
    packing_task(((const linear3_job *)arg)->weights, FACTORS, index);
}

static void rows_task(void *arg, int64_t index, int thread) {
    const linear3_job *job = arg;
    int64_t i = index * task_rows, n = sn_min_i64(task_rows, job->m - i), tiles = job->rows[0].strip_tiles;
    packing rows[FACTORS];
    for (int r = 0; r < job->n_rows; r++) {
        rows[r] = job->rows[r];
        rows[r].operand.data += i * rows[r].operand.step;
        rows[r].operand.size = n;
        rows[r].to += thread * job->own_bytes;
    }
    for (int64_t t = 0; t < packing_tasks(rows, job->n_rows); t++) packing_task(rows, job->n_rows, t);
    tiles_begin();
    for (int o = 0; o < job->n_out; o++)
        multiply_strips(rows[0].to, tiles, n_strips(n), job->weights[o].to, tiles, n_strips(job->out[o].n), tiles,
                        &job->out[o], i, 0, false);
    _tile_release();
}

static uint8_t *take(uint8_t **at, int64_t n_tiles) {
    uint8_t *p = *at;
    *at += n_tiles * tile_bytes;
    return p;
}

/* Lays the workspace out from `base` on; gives its size. */
static int64_t lay_out(linear3_job *job, const sn_call *c, uint8_t *base, int n_threads) {
    const sn_tensor *x = &c->in[0];
    int64_t k = x->shape[1], steps = n_steps(k);
    uint8_t *at = base;
    *job = (linear3_job){.m = x->shape[0], .n_rows = 1, .n_out = FACTORS};
    for (int o = 0; o < FACTORS; o++) {
        int64_t n = c->in[o + 1].shape[0];
        job->weights[o] = (packing){{c->in[o + 1].data, n, k, 1, false}, 0, k, steps, take(&at, n_strips(n) * steps)};
        job->out[o] = (tile_result){c->out[o].data, job->m, n};
    }
    job->rows[0] = (packing){{x->data, job->m, k, 1, true}, 0, k, steps, at};
    job->own_bytes = n_strips(task_rows) * steps * tile_bytes;
    return at - base + n_threads * job->own_bytes;
}

/* The gradient: rows of all three gradients, end to end, meet the weights, end to end. */
static int64_t lay_out_backward(linear3_job *job, const sn_call *c, uint8_t *base, int n_threads) {
    int64_t k = c->in[0].shape[1], steps = 0, before = 0;
    uint8_t *at = base;
    *job = (linear3_job){.m = c->in[FACTORS].shape[0], .n_rows = FACTORS, .n_out = 1};
    for (int o = 0; o < FACTORS; o++) steps += n_steps(c->in[o].shape[0]);
    uint8_t *weights = take(&at, n_strips(k) * steps);
    for (int o = 0; o < FACTORS; o++) {
        int64_t n = c->in[o].shape[0];
        job->weights[o] = (packing){{c->in[o].data, k, 1, k, false}, 0, n, steps, weights + before * tile_bytes};
        job->rows[o] = (packing){{c->in[FACTORS + o].data, job->m, n, 1, true}, 0, n, steps, at + before * tile_bytes};
        before += n_steps(n);
    }
    job->out[0] = (tile_result){c->out[0].data, job->m, k};
    job->own_bytes = n_strips(task_rows) * steps * tile_bytes;
    return at - base + n_threads * job->own_bytes;
}

static bool applicable(const sn_call *c) {
    if (c->precision != SN_PRECISION_BF16) return false;
    for (int i = 0; i < c->n_in; i++)
        if (c->in[i].dtype != SN_F32 || !sn_tensor_is_contiguous(&c->in[i]) || sn_tensor_count(&c->in[i]) == 0)
            return false;
    return true;
}

static void run(const sn_call *c, linear3_job *job) {
    sn_parallel(c->team, pack_task, job, packing_tasks(job->weights, FACTORS));
    sn_parallel(c->team, rows_task, job, sn_ceil_div(job->m, task_rows));
}

static uint8_t *measured(void) { return (uint8_t *)(uintptr_t)64; /* not written to */ }

static size_t forward_workspace(const sn_call *c, int n_threads) {
    linear3_job job;
    return (size_t)lay_out(&job, c, measured(), n_threads);
}
static void forward_run(const sn_call *c) {
    linear3_job job;
    lay_out(&job, c, c->workspace, sn_team_size(c->team));
    run(c, &job);
}
static size_t backward_workspace(const sn_call *c, int n_threads) {
    linear3_job job;
    return (size_t)lay_out_backward(&job, c, measured(), n_threads);
}
static void backward_run(const sn_call *c) {
    linear3_job job;
    lay_out_backward(&job, c, c->workspace, sn_team_size(c->team));
    run(c, &job);
}

const sn_kernel sn_kernel_linear3_amx = {
    .op = "linear3",
    .name = "amx",
    .isa = SN_ISA_AMX,
    .rank = 30,
    .applicable = applicable,
    .workspace = forward_workspace,
    .run = forward_run,
    .tolerance = sn_product_bf16_tolerance,
};

const sn_kernel sn_kernel_linear3_backward_amx = {
    .op = "linear3_backward",
    .name = "amx",
    .isa = SN_ISA_AMX,
    .rank = 30,
    .applicable = applicable,
    .workspace = backward_workspace,
    .run = backward_run,
    .tolerance = sn_product_bf16_tolerance,
};
