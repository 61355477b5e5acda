/* f32 products in bf16 through AMX, for plans that ask for bf16: both operands are rounded and packed once per stretch
 * of terms, in tiles as the unit wants them, whichever way they lie; sums stay in f32.
 *
 * A tile of the left operand holds 16 rows of 32 terms; one of the right holds 16 pairs of terms of 16 columns. Each is
 * the other's transpose by pairs, so an operand that lies the wrong way round is turned in registers. */
#include "base/size.h"
#include "kernel/linear.h"
#include "kernel/product.h"
#include "kernel/tile.h"

/* A stretch keeps a strip of each operand in the second-level cache; a task owns a block of the result. */
enum { stretch = 1024, strip_pair = 2 * tile_edge, block_rows = 64, block_columns = 256 };

typedef struct operand {
    const float *data;
    int64_t size, step, term_step; /* rows or columns, and floats to the next of them, to the next term */
    bool left;
    uint8_t *packed; /* [size / 16, even][k_steps] tiles */
} operand;

typedef struct amx_job {
    sn_product p;
    operand a, b;
    float *out;
    int64_t k_steps, from, count; /* the stretch of terms */
} amx_job;

/* ---- packing ---- */

static bool by_terms(const operand *o) { return o->term_step == 1; }
static int64_t n_strips(int64_t size) { return sn_round_up(size, strip_pair) / tile_edge; }

static void pack_tile(const amx_job *job, const operand *o, int64_t strip, int64_t step) {
    __m512i v[tile_edge];
    int64_t i = strip * tile_edge, l = step * tile_k, left = job->count - l;
    const float *from = o->data + i * o->step + (job->from + l) * o->term_step;
    for (int t = 0; t < tile_edge; t++)
        if (by_terms(o))
            v[t] = i + t < o->size ? load_bf16(from + t * o->step, left) : _mm512_setzero_si512();
        else
            v[t] = load_bf16_pairs(from + 2 * t * o->term_step, o->term_step, o->size - i, left - 2 * t);
    if (by_terms(o) != o->left) transpose16(v);
    uint8_t *to = o->packed + (strip * job->k_steps + step) * tile_bytes;
    for (int t = 0; t < tile_edge; t++) _mm512_store_si512((void *)(to + 64 * t), v[t]);
}

/* Tasks follow the lines of memory: strips where terms are neighbours, steps of terms otherwise. */
static int64_t pack_tasks(const amx_job *job, const operand *o) {
    return by_terms(o) ? n_strips(o->size) : job->k_steps;
}

static void pack_task(void *arg, int64_t index, int thread) {
    const amx_job *job = arg;
    const operand *o = &job->a;
    (void)thread;
    if (index >= pack_tasks(job, o)) index -= pack_tasks(job, o), o = &job->b;
    if (by_terms(o))
        for (int64_t step = 0; step < job->k_steps; step++) pack_tile(job, o, index, step);
    else
        for (int64_t strip = 0; strip < n_strips(o->size); strip++) pack_tile(job, o, strip, index);
}

/* ---- the product ---- */

/* Adds a block of sums to what exists of it in the result, or to the bias in the first stretch. */
static void add_block(const amx_job *job, const float *sums, int64_t i0, int64_t j0) {
    const sn_product *p = &job->p;
    int64_t rows = sn_min_i64(strip_pair, p->m - i0), columns = sn_min_i64(strip_pair, p->n - j0);
    for (int64_t i = 0; i < rows; i++) {
        float *to = job->out + (i0 + i) * p->out_row + j0;
        for (int64_t j = 0; j < columns; j++)
            to[j] = sums[i * strip_pair + j] + (job->from > 0 ? to[j] : p->bias ? p->bias[j0 + j] : 0);
    }
}

/* Two strips of each operand. */
static void multiply_2x2(const amx_job *job, int64_t i0, int64_t j0) {
    int64_t strip = job->k_steps * tile_bytes;
    const uint8_t *a = job->a.packed + i0 / tile_edge * strip, *b = job->b.packed + j0 / tile_edge * strip;
    const sn_product *p = &job->p;
    _Alignas(64) float sums[strip_pair * strip_pair];
    bool direct = (job->from > 0 || !p->bias) && i0 + strip_pair <= p->m && j0 + strip_pair <= p->n;
    float *to = direct ? job->out + i0 * p->out_row + j0 : sums;
    int64_t row = direct ? p->out_row : strip_pair, row_bytes = row * (int64_t)sizeof(float);
    if (direct && job->from > 0) {
        _tile_loadd(0, to, row_bytes);
        _tile_loadd(1, to + tile_edge, row_bytes);
        _tile_loadd(2, to + tile_edge * row, row_bytes);
        _tile_loadd(3, to + tile_edge * row + tile_edge, row_bytes);
    } else {
        _tile_zero(0);
        _tile_zero(1);
        _tile_zero(2);
        _tile_zero(3);
    }
    for (int64_t at = 0; at < strip; at += tile_bytes) {
        _tile_loadd(4, a + at, 64);
        _tile_loadd(6, b + at, 64);
        _tile_loadd(5, a + strip + at, 64);
        _tile_loadd(7, b + strip + at, 64);
        _tile_dpbf16ps(0, 4, 6);
        _tile_dpbf16ps(1, 4, 7);
        _tile_dpbf16ps(2, 5, 6);
        _tile_dpbf16ps(3, 5, 7);
    }
    _tile_stored(0, to, row_bytes);
    _tile_stored(1, to + tile_edge, row_bytes);
    _tile_stored(2, to + tile_edge * row, row_bytes);
    _tile_stored(3, to + tile_edge * row + tile_edge, row_bytes);
    if (!direct) add_block(job, sums, i0, j0);
}

static void block_task(void *arg, int64_t index, int thread) {
    const amx_job *job = arg;
    (void)thread;
    int64_t n_across = sn_ceil_div(job->p.n, block_columns);
    int64_t i0 = index / n_across * block_rows, j0 = index % n_across * block_columns;
    int64_t i1 = sn_min_i64(i0 + block_rows, job->p.m), j1 = sn_min_i64(j0 + block_columns, job->p.n);
    tiles_begin();
    for (int64_t i = i0; i < i1; i += strip_pair) /* whose strips stay in the first cache while those of j pass by */
        for (int64_t j = j0; j < j1; j += strip_pair) multiply_2x2(job, i, j);
    _tile_release();
}

/* ---- the call ---- */

static bool one_step(int64_t size, int64_t step, int64_t term_step) { return term_step == 1 || step == 1 || size == 1; }

static bool fits(const sn_call *c, const sn_product *p) {
    return c->precision == SN_PRECISION_BF16 && p->m > SN_LINEAR_FEW_ROWS && p->n > 0 && p->k > 0 &&
           one_step(p->m, p->a_row, p->a_k) && one_step(p->n, p->b_column, p->b_k);
}

static size_t bytes_of(const sn_product *p) {
    int64_t k_steps = sn_ceil_div(sn_min_i64(stretch, p->k), tile_k);
    return (size_t)((n_strips(p->m) + n_strips(p->n)) * k_steps * tile_bytes);
}

static void multiply_batch(const sn_call *c, amx_job *job, int64_t batch) {
    const sn_product *p = &job->p;
    sn_product_batch at = sn_product_batch_at(p, batch);
    int64_t n_blocks = sn_ceil_div(p->m, block_rows) * sn_ceil_div(p->n, block_columns);
    job->a = (operand){at.a, p->m, p->a_row, p->a_k, true, c->workspace};
    job->b = (operand){at.b, p->n, p->b_column, p->b_k, false, NULL};
    job->out = at.out;
    for (job->from = 0; job->from < p->k; job->from += stretch) {
        job->count = sn_min_i64(stretch, p->k - job->from);
        job->k_steps = sn_ceil_div(job->count, tile_k);
        job->b.packed = job->a.packed + n_strips(p->m) * job->k_steps * tile_bytes;
        sn_parallel(c->team, pack_task, job, pack_tasks(job, &job->a) + pack_tasks(job, &job->b));
        sn_parallel(c->team, block_task, job, n_blocks);
    }
}

static void multiply(const sn_call *c, const sn_product *p) {
    amx_job job = {.p = *p};
    for (int64_t batch = 0; batch < p->n_batches; batch++) multiply_batch(c, &job, batch);
}

static bool linear_applicable(const sn_call *c) {
    sn_product p;
    return sn_product_of_linear(c, &p) && c->in[1].dtype == SN_F32 && fits(c, &p);
}
static size_t linear_workspace(const sn_call *c, int n_threads) {
    sn_product p;
    (void)n_threads;
    return sn_product_of_linear(c, &p) ? bytes_of(&p) : 0;
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
    (void)n_threads;
    return sn_product_of_matmul(c, &p) ? bytes_of(&p) : 0;
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
