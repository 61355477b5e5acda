/* f32 products in bf16 through AMX, for plans that ask for bf16 (kernel/tile_product.h).
 *
 * Such products wait for memory more than they compute, so operands are packed where they are used, in the second-level
 * cache. With few terms, as in `x w^T`, the right operand is packed once and each block of rows when it is multiplied.
 * With few results and many terms, as in `dy^T x`, each part of the results packs both operands, a stretch of terms
 * after the other. What is large in both ways is packed as a whole, stretch by stretch. Sums go up term by term in all
 * of them: they give the same bits. */
#include "kernel/linear.h"
#include "kernel/product.h"
#include "kernel/tile_product.h"

enum {
    stretch = 1024, /* terms that are packed together */
    block_rows = 64,
    block_columns = 256, /* of a task where all is packed */
    local_rows = 128,    /* of a task that packs its rows */
    local_tiles = 1024,  /* of the right operand that such tasks keep in their cache */
    part_rows = 96,
    part_terms = 512 /* of a task that packs both; fewer rows repay the packing badly */
};

typedef struct amx_job {
    sn_product p;
    packing operands[2]; /* [size / 16, even][k_steps] tiles */
    tile_result out;
    const float *bias;       /* or NULL */
    uint8_t *own;            /* per thread, of own_tiles */
    int64_t own_tiles, rows; /* rows: of a task's part */
    bool add;                /* not the first stretch */
} amx_job;

static void add_bias(const amx_job *job, int64_t i0, int64_t rows, int64_t j0, int64_t columns) {
    for (int64_t i = i0; i < i0 + rows && !job->add && job->bias; i++)
        for (int64_t j = j0; j < j0 + columns; j++) job->out.data[i * job->out.n + j] += job->bias[j];
}

static void pack_task(void *arg, int64_t index, int thread) {
    const amx_job *job = arg;
    (void)thread;
    packing_task(job->operands, 2, index);
}

/* Sets the terms both operands are packed of. */
static void set_terms(amx_job *job, int64_t from, int64_t end) {
    for (int i = 0; i < 2; i++) {
        job->operands[i].from = from, job->operands[i].end = end;
        job->operands[i].strip_tiles = n_steps(end - from);
    }
    job->add = from > 0;
}

/* ---- all of a stretch packed ---- */

static void block_task(void *arg, int64_t index, int thread) {
    const amx_job *job = arg;
    const packing *a = &job->operands[0], *b = &job->operands[1];
    (void)thread;
    int64_t n_across = sn_ceil_div(job->p.n, block_columns), tiles = a->strip_tiles;
    int64_t i0 = index / n_across * block_rows, j0 = index % n_across * block_columns;
    int64_t rows = sn_min_i64(block_rows, job->p.m - i0), columns = sn_min_i64(block_columns, job->p.n - j0);
    tiles_begin();
    multiply_strips(a->to + i0 / tile_edge * tiles * tile_bytes, tiles, n_strips(rows),
                    b->to + j0 / tile_edge * tiles * tile_bytes, tiles, n_strips(columns), tiles, &job->out, i0, j0,
                    job->add);
    _tile_release();
    add_bias(job, i0, rows, j0, columns);
}

static void multiply_packed(const sn_call *c, amx_job *job) {
    const sn_product *p = &job->p;
    int64_t n_blocks = sn_ceil_div(p->m, block_rows) * sn_ceil_div(p->n, block_columns);
    for (int64_t from = 0; from < p->k; from += stretch) {
        set_terms(job, from, sn_min_i64(from + stretch, p->k));
        job->operands[0].to = c->workspace;
        job->operands[1].to = job->operands[0].to + n_strips(p->m) * job->operands[0].strip_tiles * tile_bytes;
        sn_parallel(c->team, pack_task, job, packing_tasks(job->operands, 2));
        sn_parallel(c->team, block_task, job, n_blocks);
    }
}

static int64_t packed_tiles(const sn_product *p) {
    return (n_strips(p->m) + n_strips(p->n)) * n_steps(sn_min_i64(stretch, p->k));
}

/* ---- rows packed by their task ---- */

static bool few_terms(const sn_product *p) {
    return p->k <= 2 * stretch && n_strips(p->n) * n_steps(p->k) <= local_tiles;
}

/* Rows [i, i + rows) of the left operand, to the thread's own place. */
static packing own_rows(const amx_job *job, int64_t i, int64_t rows, int thread) {
    packing own = job->operands[0];
    own.operand.data += i * own.operand.step;
    own.operand.size = rows;
    own.to = job->own + thread * job->own_tiles * tile_bytes;
    return own;
}

static void pack_all(const packing *p) {
    for (int64_t task = 0; task < packing_tasks(p, 1); task++) packing_task(p, 1, task);
}

static void rows_task(void *arg, int64_t index, int thread) {
    const amx_job *job = arg;
    const packing *b = &job->operands[1];
    int64_t i = index * local_rows, rows = sn_min_i64(local_rows, job->p.m - i);
    packing a = own_rows(job, i, rows, thread);
    pack_all(&a);
    tiles_begin();
    multiply_strips(a.to, a.strip_tiles, n_strips(rows), b->to, b->strip_tiles, n_strips(job->p.n), b->strip_tiles,
                    &job->out, i, 0, false);
    _tile_release();
    add_bias(job, i, rows, 0, job->p.n);
}

static void pack_right_task(void *arg, int64_t index, int thread) {
    const amx_job *job = arg;
    (void)thread;
    packing_task(&job->operands[1], 1, index);
}

static void multiply_by_rows(const sn_call *c, amx_job *job) {
    const sn_product *p = &job->p;
    set_terms(job, 0, p->k);
    job->operands[1].to = c->workspace;
    job->own = job->operands[1].to + n_strips(p->n) * n_steps(p->k) * tile_bytes;
    job->own_tiles = n_strips(local_rows) * n_steps(p->k);
    sn_parallel(c->team, pack_right_task, job, packing_tasks(&job->operands[1], 1));
    sn_parallel(c->team, rows_task, job, sn_ceil_div(p->m, local_rows));
}

/* ---- both packed by the task of a part of the results ---- */

/* Rows of a part, one for each thread as far as they are not too small. */
static int64_t rows_of_part(const sn_product *p, int n_threads) {
    return sn_round_up(sn_ceil_div(p->m, n_threads), strip_pair);
}

static bool few_results(const sn_product *p, int n_threads) {
    int64_t rows = rows_of_part(p, n_threads);
    return p->k > stretch && rows >= part_rows && (rows + p->n) * n_steps(part_terms) <= local_tiles * tile_edge;
}

static void part_task(void *arg, int64_t index, int thread) {
    amx_job job = *(const amx_job *)arg;
    const sn_product *p = &job.p;
    int64_t i = index * job.rows, rows = sn_min_i64(job.rows, p->m - i);
    tiles_begin();
    for (int64_t from = 0; from < p->k; from += part_terms) {
        set_terms(&job, from, sn_min_i64(from + part_terms, p->k));
        packing a = own_rows(&job, i, rows, thread), b = job.operands[1];
        b.to = a.to + n_strips(job.rows) * a.strip_tiles * tile_bytes;
        pack_all(&a);
        pack_all(&b);
        multiply_strips(a.to, a.strip_tiles, n_strips(rows), b.to, b.strip_tiles, n_strips(p->n), a.strip_tiles,
                        &job.out, i, 0, from > 0);
    }
    _tile_release();
    job.add = false;
    add_bias(&job, i, rows, 0, p->n);
}

static int64_t part_tiles(const sn_product *p, int n_threads) {
    return (n_strips(rows_of_part(p, n_threads)) + n_strips(p->n)) * n_steps(part_terms);
}

static void multiply_by_parts(const sn_call *c, amx_job *job) {
    job->own = c->workspace;
    job->own_tiles = part_tiles(&job->p, sn_team_size(c->team));
    job->rows = rows_of_part(&job->p, sn_team_size(c->team));
    sn_parallel(c->team, part_task, job, sn_ceil_div(job->p.m, job->rows));
}

/* ---- the call ---- */

static bool one_step(int64_t size, int64_t step, int64_t term_step) { return term_step == 1 || step == 1 || size == 1; }

static bool fits(const sn_call *c, const sn_product *p) {
    return c->precision == SN_PRECISION_BF16 && p->m > SN_LINEAR_FEW_ROWS && p->n > 0 && p->k > 0 &&
           one_step(p->m, p->a_row, p->a_k) && one_step(p->n, p->b_column, p->b_k);
}

static size_t bytes_of(const sn_product *p, int n_threads) {
    int64_t tiles = packed_tiles(p);
    if (few_terms(p)) tiles = (n_strips(p->n) + n_threads * n_strips(local_rows)) * n_steps(p->k);
    if (few_results(p, n_threads)) tiles = n_threads * part_tiles(p, n_threads);
    return (size_t)(tiles * tile_bytes);
}

static void multiply(const sn_call *c, const sn_product *p) {
    amx_job job = {.p = *p, .bias = p->bias};
    for (int64_t batch = 0; batch < p->n_batches; batch++) {
        sn_product_batch at = sn_product_batch_at(p, batch);
        job.operands[0].operand = (tile_operand){at.a, p->m, p->a_row, p->a_k, true};
        job.operands[1].operand = (tile_operand){at.b, p->n, p->b_column, p->b_k, false};
        job.out = (tile_result){at.out, p->m, p->n};
        if (few_results(p, sn_team_size(c->team)))
            multiply_by_parts(c, &job);
        else if (few_terms(p))
            multiply_by_rows(c, &job);
        else
            multiply_packed(c, &job);
    }
}

static bool linear_applicable(const sn_call *c) {
    sn_product p;
    return sn_product_of_linear(c, &p) && c->in[1].dtype == SN_F32 && fits(c, &p);
}
static size_t linear_workspace(const sn_call *c, int n_threads) {
    sn_product p;
    return sn_product_of_linear(c, &p) ? bytes_of(&p, n_threads) : 0;
}
static void linear_run(const sn_call *c) {
    sn_product p;
    if (sn_product_of_linear(c, &p)) multiply(c, &p);
}
static bool matmul_applicable(const sn_call *c) {
    sn_product p;
    return sn_product_of_matmul(c, &p) && fits(c, &p);
}
static size_t matmul_workspace(const sn_call *c, int n_threads) {
    sn_product p;
    return sn_product_of_matmul(c, &p) ? bytes_of(&p, n_threads) : 0;
}
static void matmul_run(const sn_call *c) {
    sn_product p;
    if (sn_product_of_matmul(c, &p)) multiply(c, &p);
}

const sn_kernel sn_kernel_linear_gemm_amx = {
    .op = "linear",
    .name = "gemm_amx",
    .isa = SN_ISA_AMX,
    .rank = 41,
    .applicable = linear_applicable,
    .workspace = linear_workspace,
    .run = linear_run,
    .tolerance = sn_product_bf16_tolerance,
};

const sn_kernel sn_kernel_matmul_gemm_amx = {
    .op = "matmul",
    .name = "gemm_amx",
    .isa = SN_ISA_AMX,
    .rank = 41,
    .applicable = matmul_applicable,
    .workspace = matmul_workspace,
    .run = matmul_run,
    .tolerance = sn_product_bf16_tolerance,
};
