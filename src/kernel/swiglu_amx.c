/* swiglu in bf16 through AMX, for plans that ask for bf16. A task takes a block of rows through the whole network: what
 * is hidden stays in its cache. */
#include "kernel/swiglu.h"

typedef struct forward_job {
    swiglu_sizes s;
    packing weights[3]; /* gate, up, down */
    char *own;          /* per thread: the rows and what is hidden of them, packed */
    int64_t own_bytes;
    tile_operand x;
    tile_result out;
} forward_job;

/* Gate and up of 32 rows by 32 hidden numbers, and where their product goes: two tiles of rows of bf16. */
typedef struct square {
    _Alignas(64) float gate[strip_pair * strip_pair];
    _Alignas(64) float up[strip_pair * strip_pair];
    uint8_t *upper, *lower;
} square;

static inline void activate_row(void *arg, int64_t r) {
    const square *q = arg;
    __m512 h[2];
    for (int e = 0; e < 2; e++) {
        __m512 a = _mm512_load_ps(q->gate + r * strip_pair + e * 16);
        h[e] = _mm512_mul_ps(_mm512_mul_ps(a, sigmoid_rough(a)), _mm512_load_ps(q->up + r * strip_pair + e * 16));
    }
    _mm512_store_si512((void *)((r < tile_edge ? q->upper : q->lower) + r % tile_edge * 64), to_bf16(h[0], h[1]));
}

/* Each square is activated while the next one is multiplied. */
static void hide(const forward_job *job, int64_t n_rows, const uint8_t *x, uint8_t *hidden) {
    const swiglu_sizes *s = &job->s;
    square squares[2];
    tile_work first = {activate_row, &squares[1], 0, 0}, second = first;
    int now = 0;
    for (int64_t j = 0; j < 2 * s->f_steps; j += 2)
        for (int64_t i = 0; i < n_strips(n_rows); i += 2) {
            const uint8_t *rows = x + i * s->k_steps * tile_bytes;
            int64_t at = j * s->k_steps * tile_bytes, steps = s->k_steps;
            square *q = &squares[now];
            multiply_beside(rows, steps, job->weights[0].to + at, steps, steps, q->gate, strip_pair, false, first);
            multiply_beside(rows, steps, job->weights[1].to + at, steps, steps, q->up, strip_pair, false, second);
            q->upper = hidden + (i * s->f_steps + j / 2) * tile_bytes;
            q->lower = q->upper + s->f_steps * tile_bytes;
            first = (tile_work){activate_row, q, 0, tile_edge};
            second = (tile_work){activate_row, q, tile_edge, strip_pair};
            now = !now;
        }
    for (int64_t r = 0; r < strip_pair; r++) activate_row(&squares[!now], r);
}

static void rows_task(void *arg, int64_t index, int thread) {
    const forward_job *job = arg;
    const swiglu_sizes *s = &job->s;
    int64_t from = index * swiglu_rows, n_rows = sn_min_i64(swiglu_rows, s->m - from);
    uint8_t *x = (uint8_t *)job->own + thread * job->own_bytes;
    uint8_t *hidden = x + n_strips(swiglu_rows) * s->k_steps * tile_bytes;
    tile_operand rows = job->x;
    rows.data += from * rows.step, rows.size = n_rows;
    packing p = {rows, 0, s->k, s->k_steps, x};
    for (int64_t t = 0; t < packing_tasks(&p, 1); t++) packing_task(&p, 1, t);
    tiles_begin();
    hide(job, n_rows, x, hidden);
    multiply_strips(hidden, s->f_steps, n_strips(n_rows), job->weights[2].to, s->f_steps, n_strips(s->n), s->f_steps,
                    &job->out, from, 0, false);
    _tile_release();
}

static void pack_task(void *arg, int64_t index, int thread) {
    (void)thread;
    packing_task(((const forward_job *)arg)->weights, 3, index);
}

/* Lays the workspace out; gives its size. */
static int64_t lay_out(forward_job *job, const sn_call *c, int n_threads) {
    job->s = swiglu_sizes_of(c);
    const swiglu_sizes *s = &job->s;
    uint8_t *at = c->workspace;
    int64_t bytes = 0;
    for (int i = 0; i < 3; i++) {
        const float *data = c->in[i + 1].data;
        job->weights[i] = i < 2 ? (packing){{data, s->f, s->k, 1, false}, 0, s->k, s->k_steps, NULL}
                                : (packing){{data, s->n, s->f, 1, false}, 0, s->f, s->f_steps, NULL};
        job->weights[i].to = at ? at + bytes : NULL;
        bytes += n_strips(i < 2 ? s->f : s->n) * job->weights[i].strip_tiles * tile_bytes;
    }
    job->own = at ? (char *)at + bytes : NULL;
    job->own_bytes = n_strips(swiglu_rows) * (s->k_steps + s->f_steps) * tile_bytes;
    return bytes + n_threads * job->own_bytes;
}

static size_t workspace(const sn_call *c, int n_threads) {
    sn_call measured = *c;
    forward_job job;
    measured.workspace = NULL;
    return (size_t)lay_out(&job, &measured, n_threads);
}

static void run(const sn_call *c) {
    forward_job job;
    lay_out(&job, c, sn_team_size(c->team));
    job.x = (tile_operand){c->in[0].data, job.s.m, job.s.k, 1, true};
    job.out = (tile_result){c->out[0].data, job.s.m, job.s.n};
    sn_parallel(c->team, pack_task, &job, packing_tasks(job.weights, 3));
    sn_parallel(c->team, rows_task, &job, sn_ceil_div(job.s.m, swiglu_rows));
}

const sn_kernel sn_kernel_swiglu_amx = {
    .op = "swiglu",
    .name = "amx",
    .isa = SN_ISA_AMX,
    .rank = 30,
    .applicable = swiglu_applicable,
    .workspace = workspace,
    .run = run,
    .tolerance = swiglu_tolerance,
};
