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

/* 32 rows by 32 hidden numbers. Gate, up and the gradient of their product become the gradients of gate and up, and the
 * product; these go, with rows as rows, to step `step` of the rows of both gradients, with rows as terms to step
 * row_step of strips from `strip` on. */
typedef struct square {
    _Alignas(64) float sums[3][strip_pair * strip_pair]; /* gate, up, hidden */
    const backward_job *job;
    uint8_t *both;
    int64_t step, row_step, strip;
} square;

enum { GRADIENT_ITEMS = 16, PACK_ITEMS = 10, SQUARE_ITEMS = GRADIENT_ITEMS + PACK_ITEMS };

static inline void gradients(square *q, int64_t item) {
    enum { part = strip_pair * strip_pair / GRADIENT_ITEMS };
    for (int64_t e = item * part; e < (item + 1) * part; e += 16) {
        __m512 a = _mm512_load_ps(q->sums[0] + e), b = _mm512_load_ps(q->sums[1] + e);
        __m512 d = _mm512_load_ps(q->sums[2] + e), s = sigmoid_rough(a), silu = _mm512_mul_ps(a, s);
        __m512 slope = _mm512_fmadd_ps(silu, _mm512_sub_ps(_mm512_set1_ps(1), s), s);
        _mm512_store_ps(q->sums[0] + e, _mm512_mul_ps(_mm512_mul_ps(d, b), slope));
        _mm512_store_ps(q->sums[1] + e, _mm512_mul_ps(d, silu));
        _mm512_store_ps(q->sums[2] + e, _mm512_mul_ps(silu, b));
    }
}

/* Tiles 0 to 3: gradients with rows as rows; 4 to 9: all three with rows as terms. */
static inline void pack(const square *q, int64_t item) {
    const backward_job *job = q->job;
    uint8_t *const by_terms[] = {job->gate, job->up, job->hidden};
    int64_t e = item % 2, which = item < 4 ? item / 2 : item / 2 - 2;
    if (item < 4) {
        tile_operand o = {q->sums[which], strip_pair, strip_pair, 1, true};
        int64_t step = q->step + which * job->s.f_steps;
        pack_tile(&o, e * tile_edge, 0, tile_k, q->both + (e * 2 * job->s.f_steps + step) * tile_bytes);
    } else {
        tile_operand o = {q->sums[which], strip_pair, 1, strip_pair, which < 2};
        int64_t tile = (q->strip + e) * job->m_steps + q->row_step;
        pack_tile_for(&o, e * tile_edge, 0, tile_k, true, by_terms[which] + tile * tile_bytes);
    }
}

static inline void square_item(void *arg, int64_t item) {
    if (item < GRADIENT_ITEMS)
        gradients(arg, item);
    else
        pack(arg, item - GRADIENT_ITEMS);
}

/* The products of strips i of a block's rows and j of what is hidden, while `before`, if any, is worked on. */
static void meet(const backward_job *job, const uint8_t *x, const uint8_t *dy, int64_t i, int64_t j, square *q,
                 square *before) {
    const swiglu_sizes *s = &job->s;
    const packing *w = job->weights;
    const uint8_t *rows = x + i * s->k_steps * tile_bytes;
    int64_t at = j * s->k_steps * tile_bytes, n = s->n_steps, first = before ? GRADIENT_ITEMS / 2 : 0;
    int64_t second = 2 * first, third = before ? SQUARE_ITEMS : 0;
    tile_work work = {square_item, before, 0, first};
    multiply_beside(rows, s->k_steps, w[GATE].to + at, s->k_steps, s->k_steps, q->sums[0], strip_pair, false, work);
    work.from = first, work.to = second;
    multiply_beside(rows, s->k_steps, w[UP].to + at, s->k_steps, s->k_steps, q->sums[1], strip_pair, false, work);
    work.from = second, work.to = third;
    multiply_beside(dy + i * n * tile_bytes, n, w[DOWN].to + j * n * tile_bytes, n, n, q->sums[2], strip_pair, false,
                    work);
}

static void meet_all(const backward_job *job, const uint8_t *x, const uint8_t *dy, uint8_t *both, int64_t row,
                     int64_t n_rows) {
    square squares[2], *before = NULL;
    int now = 0;
    for (int64_t j = 0; j < 2 * job->s.f_steps; j += 2)
        for (int64_t i = 0; i < n_strips(n_rows); i += 2) {
            square *q = &squares[now];
            meet(job, x, dy, i, j, q, before);
            q->job = job, q->both = both + i * 2 * job->s.f_steps * tile_bytes;
            q->step = j / 2, q->row_step = row / tile_k + i / 2, q->strip = j;
            before = q, now = !now;
        }
    for (int64_t item = 0; item < SQUARE_ITEMS; item++) square_item(before, item);
    _mm_sfence(); /* what went past the caches is there before others are told */
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
    meet_all(job, x, dy, both, row, n_rows);
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
    int64_t n_blocks = sn_ceil_div(s->f, block_hidden), which = index / n_blocks;
    int64_t at = index % n_blocks * block_hidden, n = sn_min_i64(block_hidden, s->f - at);
    tile_result gate = {job->c->out[1].data, s->f, s->k}, up = {job->c->out[2].data, s->f, s->k};
    tile_result down = {job->c->out[3].data, s->n, s->f};
    (void)thread;
    if (which == 0) add_weights(job, job->gate, job->rows[X].to, &gate, at, n, 0, s->k);
    if (which == 1) add_weights(job, job->up, job->rows[X].to, &up, at, n, 0, s->k);
    if (which == 2) add_weights(job, job->rows[DY].to, job->hidden, &down, 0, s->n, at, n);
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
