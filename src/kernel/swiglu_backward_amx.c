/* swiglu_backward in bf16 through AMX, for plans that ask for bf16. Rows are taken in chunks. First a task takes a
 * block of rows through the network and back: the gradient of the rows is then done, and what the gradients of the
 * weights need of them, with rows as terms, is packed. Then tasks are blocks of the weights' gradients, to which the
 * chunk's share is added. */
#include "kernel/swiglu.h"

enum { chunk_rows = 1024, block_hidden = 64 };
enum { GATE, UP, DOWN, GATE_BACK, UP_BACK, N_WEIGHTS, X = 0, DY, N_ROWS };

typedef struct backward_job {
    swiglu_sizes s;
    const sn_call *c;
    int64_t from, end, m_steps;  /* the chunk */
    packing weights[N_WEIGHTS];  /* right; of the rows' gradient gate and up share strips, one behind the other */
    packing rows[N_ROWS];        /* x right, dy left, rows as terms */
    uint8_t *gate, *up, *hidden; /* gradients left, hidden numbers right, rows as terms: [f / 16][m_steps] tiles */
    uint8_t *own;                /* per thread: x, dy, and both hidden gradients, rows as rows */
    int64_t own_bytes;
} backward_job;

/* Of 32 rows by 32 hidden numbers: gate, up and the gradient of their product become the gradients of gate and up, and
 * the product. */
static void gradients(float *gate, float *up, float *hidden) {
    for (int e = 0; e < strip_pair * strip_pair; e += 16) {
        __m512 a = _mm512_load_ps(gate + e), b = _mm512_load_ps(up + e), d = _mm512_load_ps(hidden + e);
        __m512 s = sigmoid_rough(a), silu = _mm512_mul_ps(a, s);
        __m512 slope = _mm512_fmadd_ps(silu, _mm512_sub_ps(_mm512_set1_ps(1), s), s);
        _mm512_store_ps(gate + e, _mm512_mul_ps(_mm512_mul_ps(d, b), slope));
        _mm512_store_ps(up + e, _mm512_mul_ps(d, silu));
        _mm512_store_ps(hidden + e, _mm512_mul_ps(silu, b));
    }
}

/* Both strips of a square of sums, with rows as terms, to step `step` of strips from j on. */
static void pack_square(const backward_job *job, const float *square, bool left, int64_t j, int64_t step, uint8_t *to) {
    tile_operand o = {square, strip_pair, 1, strip_pair, left};
    for (int64_t e = 0; e < 2; e++)
        pack_tile(&o, e * tile_edge, 0, tile_k, to + ((j + e) * job->m_steps + step) * tile_bytes);
}

/* The same with rows as rows, to step `step` of strips of both hidden gradients. */
static void pack_rows(const backward_job *job, const float *square, int64_t step, uint8_t *to) {
    tile_operand o = {square, strip_pair, strip_pair, 1, true};
    for (int64_t e = 0; e < 2; e++)
        pack_tile(&o, e * tile_edge, 0, tile_k, to + (e * 2 * job->s.f_steps + step) * tile_bytes);
}

/* Strips i of the block, whose first row is `row` of the chunk, and j of what is hidden. */
static void meet(const backward_job *job, const uint8_t *x, const uint8_t *dy, uint8_t *both, int64_t row, int64_t i,
                 int64_t j) {
    const swiglu_sizes *s = &job->s;
    const packing *w = job->weights;
    _Alignas(64) float gate[strip_pair * strip_pair], up[strip_pair * strip_pair], hidden[strip_pair * strip_pair];
    const uint8_t *rows = x + i * s->k_steps * tile_bytes;
    int64_t at = j * s->k_steps * tile_bytes, step = row / tile_k + i / 2;
    multiply_pairs(rows, s->k_steps, w[GATE].to + at, s->k_steps, s->k_steps, gate, strip_pair, false);
    multiply_pairs(rows, s->k_steps, w[UP].to + at, s->k_steps, s->k_steps, up, strip_pair, false);
    multiply_pairs(dy + i * s->n_steps * tile_bytes, s->n_steps, w[DOWN].to + j * s->n_steps * tile_bytes, s->n_steps,
                   s->n_steps, hidden, strip_pair, false);
    gradients(gate, up, hidden);
    both += i * 2 * s->f_steps * tile_bytes;
    pack_rows(job, gate, j / 2, both);
    pack_rows(job, up, s->f_steps + j / 2, both);
    pack_square(job, gate, true, j, step, job->gate);
    pack_square(job, up, true, j, step, job->up);
    pack_square(job, hidden, false, j, step, job->hidden);
}

static void pack_block(const float *data, int64_t n_rows, int64_t columns, uint8_t *to) {
    packing p = {{data, n_rows, columns, 1, true}, 0, columns, n_steps(columns), to};
    for (int64_t t = 0; t < packing_tasks(&p, 1); t++) packing_task(&p, 1, t);
}

static void block(const backward_job *job, int64_t row, int thread) {
    const swiglu_sizes *s = &job->s;
    int64_t from = job->from + row, n_rows = sn_min_i64(swiglu_rows, job->end - from), n = n_strips(swiglu_rows);
    uint8_t *x = job->own + thread * job->own_bytes, *dy = x + n * s->k_steps * tile_bytes;
    uint8_t *both = dy + n * s->n_steps * tile_bytes;
    tile_result dx = {job->c->out[0].data, s->m, s->k};
    pack_block((const float *)job->c->in[0].data + from * s->k, n_rows, s->k, x);
    pack_block((const float *)job->c->in[4].data + from * s->n, n_rows, s->n, dy);
    tiles_begin();
    for (int64_t j = 0; j < 2 * s->f_steps; j += 2)
        for (int64_t i = 0; i < n_strips(n_rows); i += 2) meet(job, x, dy, both, row, i, j);
    multiply_strips(both, 2 * s->f_steps, n_strips(n_rows), job->weights[GATE_BACK].to, 2 * s->f_steps, n_strips(s->k),
                    2 * s->f_steps, &dx, from, 0, false);
    _tile_release();
}

static void rows_task(void *arg, int64_t index, int thread) {
    const backward_job *job = arg;
    int64_t n_blocks = sn_ceil_div(job->end - job->from, swiglu_rows);
    if (index < n_blocks)
        block(job, index * swiglu_rows, thread);
    else
        packing_task(job->rows, N_ROWS, index - n_blocks);
}

/* to += left x right over the chunk's rows, in rows [i0, i0 + rows) and columns [j0, j0 + columns) of it. */
static void add_weights(const backward_job *job, const uint8_t *left, const uint8_t *right, const tile_result *to,
                        int64_t i0, int64_t rows, int64_t j0, int64_t columns) {
    int64_t strip = job->m_steps * tile_bytes;
    tiles_begin();
    multiply_strips(left + i0 / tile_edge * strip, job->m_steps, n_strips(rows), right + j0 / tile_edge * strip,
                    job->m_steps, n_strips(columns), job->m_steps, to, i0, j0, job->from > 0);
    _tile_release();
}

/* Blocks of hidden numbers, for each of the three weights: the other operand stays in the cache. */
static void weights_task(void *arg, int64_t index, int thread) {
    const backward_job *job = arg;
    const swiglu_sizes *s = &job->s;
    int64_t at = index / 3 * block_hidden, n = sn_min_i64(block_hidden, s->f - at);
    tile_result gate = {job->c->out[1].data, s->f, s->k}, up = {job->c->out[2].data, s->f, s->k};
    tile_result down = {job->c->out[3].data, s->n, s->f};
    (void)thread;
    if (index % 3 == 0) add_weights(job, job->gate, job->rows[X].to, &gate, at, n, 0, s->k);
    if (index % 3 == 1) add_weights(job, job->up, job->rows[X].to, &up, at, n, 0, s->k);
    if (index % 3 == 2) add_weights(job, job->rows[DY].to, job->hidden, &down, 0, s->n, at, n);
}

static void pack_task(void *arg, int64_t index, int thread) {
    (void)thread;
    packing_task(((const backward_job *)arg)->weights, N_WEIGHTS, index);
}

static uint8_t *take(uint8_t **at, int64_t n_tiles) {
    uint8_t *p = *at;
    *at += n_tiles * tile_bytes;
    return p;
}

/* Lays the workspace out from `base` on; gives its size. */
static int64_t lay_out(backward_job *job, const sn_call *c, uint8_t *base, int n_threads) {
    *job = (backward_job){.s = swiglu_sizes_of(c), .c = c};
    const swiglu_sizes *s = &job->s;
    const float *gate = c->in[1].data, *up = c->in[2].data, *down = c->in[3].data;
    int64_t both = 2 * s->f_steps, m_steps = n_steps(sn_min_i64(chunk_rows, s->m));
    uint8_t *at = base;
    job->weights[GATE] = (packing){{gate, s->f, s->k, 1, false}, 0, s->k, s->k_steps, take(&at, both * s->k_steps)};
    job->weights[UP] = (packing){{up, s->f, s->k, 1, false}, 0, s->k, s->k_steps, take(&at, both * s->k_steps)};
    job->weights[DOWN] = (packing){{down, s->f, 1, s->f, false}, 0, s->n, s->n_steps, take(&at, both * s->n_steps)};
    uint8_t *back = take(&at, n_strips(s->k) * both);
    job->weights[GATE_BACK] = (packing){{gate, s->k, 1, s->k, false}, 0, s->f, both, back};
    job->weights[UP_BACK] = (packing){{up, s->k, 1, s->k, false}, 0, s->f, both, back + s->f_steps * tile_bytes};
    job->rows[X] = (packing){{c->in[0].data, s->k, 1, s->k, false}, 0, 0, 0, take(&at, n_strips(s->k) * m_steps)};
    job->rows[DY] = (packing){{c->in[4].data, s->n, 1, s->n, true}, 0, 0, 0, take(&at, n_strips(s->n) * m_steps)};
    job->gate = take(&at, both * m_steps);
    job->up = take(&at, both * m_steps);
    job->hidden = take(&at, both * m_steps);
    job->own = at;
    job->own_bytes = n_strips(swiglu_rows) * (s->k_steps + s->n_steps + both) * tile_bytes;
    return at - base + n_threads * job->own_bytes;
}

static size_t workspace(const sn_call *c, int n_threads) {
    backward_job job;
    uint8_t *base = (uint8_t *)(uintptr_t)64; /* only measured */
    return (size_t)lay_out(&job, c, base, n_threads);
}

static void run(const sn_call *c) {
    backward_job job;
    lay_out(&job, c, c->workspace, sn_team_size(c->team));
    const swiglu_sizes *s = &job.s;
    sn_parallel(c->team, pack_task, &job, packing_tasks(job.weights, N_WEIGHTS));
    for (; job.from < s->m; job.from += chunk_rows) {
        job.end = sn_min_i64(job.from + chunk_rows, s->m);
        job.m_steps = n_steps(job.end - job.from);
        for (int i = 0; i < N_ROWS; i++)
            job.rows[i].from = job.from, job.rows[i].end = job.end, job.rows[i].strip_tiles = job.m_steps;
        int64_t n_blocks = sn_ceil_div(job.end - job.from, swiglu_rows);
        sn_parallel(c->team, rows_task, &job, n_blocks + packing_tasks(job.rows, N_ROWS));
        sn_parallel(c->team, weights_task, &job, 3 * sn_ceil_div(s->f, block_hidden));
    }
}

const sn_kernel sn_kernel_swiglu_backward_amx = {
    .op = "swiglu_backward",
    .name = "amx",
    .isa = SN_ISA_AMX,
    .rank = 30,
    .applicable = swiglu_applicable,
    .workspace = workspace,
    .run = run,
    .tolerance = swiglu_tolerance,
};
