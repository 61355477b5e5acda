/* The gradients of attention, tiled as the forward is: blocks of queries as lanes against tiles of keys.
 *
 * A task is one key/value head of one sequence: the gradients of its keys and values are then nobody else's,
 * and are added up in place. The weights are recomputed from lse. Columns of lanes, rows of STRIP, serve the products
 * that run over keys; products that run over lanes take queries and gradients as rows, in chunks of STRIP
 * components. The arithmetic is that of attention_backward_f32.h, or of attention_backward_bf16.h where ATTENTION_BF16
 * is defined. */
#ifndef SN_KERNEL_ATTENTION_BACKWARD_H
#define SN_KERNEL_ATTENTION_BACKWARD_H

#include "kernel/attention_strip.h"

enum { DQ, DK, DV };

/* Sizes in numbers: of floats, or of bf16 where both factors of a product are. */
typedef struct backward {
    prefill w;                         /* its values are rows here: [TILE][v_pad] */
    int64_t d_chunks, v_chunks;        /* of STRIP components */
    float *grad_out;                   /* [strips][v_pad][STRIP] */
    float *grad_out_rows;              /* [strips][v_chunks][lane][STRIP] */
    float *query_rows[SN_MAX_PIECES];  /* [strips][d_chunks][lane][STRIP], scaled as the queries are */
    float *turned_keys[SN_MAX_PIECES]; /* bf16 only: [d_pad][TILE] */
    float *grad_query[SN_MAX_PIECES];  /* f32 [strips][d_pad][STRIP] */
    float *grad_key[SN_MAX_PIECES];    /* f32 [d_chunks][TILE][STRIP] */
    float *grad_value;                 /* f32 [v_chunks][TILE][STRIP] */
    float *grad_score, *piece_score;   /* f32 [TILE][STRIP] */
    float *weights;                    /* bf16 only: [TILE][STRIP] */
    float *lse, *offset;               /* [strips][STRIP]: log2 of the sum; <grad_out, out> - grad_lse */
} backward;

#ifdef ATTENTION_BF16
#include "kernel/attention_backward_bf16.h"
#else
#include "kernel/attention_backward_f32.h"
#endif

static char *backward_carve(backward *b, char *at) {
    prefill *w = &b->w;
    int64_t f = sizeof(float);
    at = prefill_carve(w, at);
    b->d_chunks = (w->dims.d + STRIP - 1) / STRIP, b->v_chunks = (w->dims.d_v + STRIP - 1) / STRIP;
    int64_t lanes = w->n_strips * STRIP;
    b->grad_out = carve(&at, lanes * w->v_pad * f / PACK);
    b->grad_out_rows = carve(&at, lanes * b->v_chunks * STRIP * f / PACK);
    for (int n = 0; n < w->p->n_pieces; n++) {
        b->query_rows[n] = carve(&at, lanes * b->d_chunks * STRIP * f / PACK);
        b->turned_keys[n] = carve(&at, PACK > 1 ? TILE * w->d_pad * f / PACK : 0);
        b->grad_query[n] = carve(&at, lanes * w->d_pad * f);
        b->grad_key[n] = carve(&at, b->d_chunks * TILE * STRIP * f);
    }
    b->grad_value = carve(&at, b->v_chunks * TILE * STRIP * f);
    b->grad_score = carve(&at, TILE * STRIP * f);
    b->piece_score = carve(&at, TILE * STRIP * f);
    b->weights = carve(&at, PACK > 1 ? TILE * STRIP * f / PACK : 0);
    b->lse = carve(&at, lanes * f);
    b->offset = carve(&at, lanes * f);
    return at;
}

/* ---- the queries of a block ---- */

static const float *lane_row(const backward *b, int input, int64_t lane) {
    const sn_tensor *t = &b->w.c->in[input];
    int64_t row = b->w.row + lane / b->w.dims.group, head = b->w.kv_head * b->w.dims.group + lane % b->w.dims.group;
    const char *at = (const char *)t->data + row * t->stride[0] + head * t->stride[1];
    if (t->n_dims > 2) prefetch_row(t, at, t->shape[2], LANES);
    return (const float *)(const void *)at;
}

/* Where the rows of a lane begin in the first chunk of its strip. */
static float *rows_at(float *rows, int64_t chunks, int64_t lane) {
    return rows + (lane / STRIP * chunks * STRIP + lane % STRIP) / PACK * STRIP;
}

static float dot(const float *a, const float *b, int64_t n) {
    vec sum = v_set(0);
    int64_t x = 0;
    for (; x + LANES <= n; x += LANES) sum = v_fma(v_load(a + x), v_load(b + x), sum);
    float rest = v_reduce_add(sum);
    for (; x < n; x++) rest += a[x] * b[x];
    return rest;
}

/* One lane's gradient, as a row of v_pad, and what it shifts the gradients of its logits by. */
static void gather_gradient(backward *b, int64_t lane, float *row) {
    int64_t d_v = b->w.dims.d_v, filled = 0;
    b->offset[lane] = 0, b->lse[lane] = -LOWEST; /* a lane that sees nothing */
    if (lane < b->w.cuts.n * b->w.dims.group) {
        const float *grad = lane_row(b, SN_ATTENTION_GRAD_OUT, lane);
        double lse = (double)*lane_row(b, SN_ATTENTION_LSE, lane);
        if (lse > -INFINITY) b->lse[lane] = (float)(lse * 1.4426950408889634);
        b->offset[lane] = dot(grad, lane_row(b, SN_ATTENTION_OUT, lane), d_v);
        if (sn_call_has(b->w.c, SN_ATTENTION_GRAD_LSE)) b->offset[lane] -= *lane_row(b, SN_ATTENTION_GRAD_LSE, lane);
        memcpy(row, grad, (size_t)d_v * sizeof *row);
        filled = d_v;
    }
    memset(row + filled, 0, (size_t)(b->w.v_pad - filled) * sizeof *row);
}

static void load_gradients(backward *b, int64_t lane) {
    float *rows = b->w.gathered;
    for (int l = 0; l < LANES; l++) gather_gradient(b, lane + l, rows + l * b->w.v_pad);
    math_to_lanes(rows, b->w.v_pad, strip_at(b->grad_out, b->w.v_pad, lane / STRIP) + lane % STRIP);
    math_to_rows(rows, b->w.v_pad, b->v_chunks, rows_at(b->grad_out_rows, b->v_chunks, lane));
}

static void begin_queries(backward *b) {
    prefill *w = &b->w;
    for (int64_t l = 0; l < w->n_strips * STRIP; l += LANES) {
        load_gradients(b, l);
        for (int n = 0; n < w->p->n_pieces; n++) {
            if (!(w->cuts.pieces >> n & 1)) continue;
            load_queries(w, n, l);
            math_to_rows(w->gathered, w->d_pad, b->d_chunks, rows_at(b->query_rows[n], b->d_chunks, l));
        }
    }
    for (int n = 0; n < w->p->n_pieces; n++)
        if (w->cuts.pieces >> n & 1)
            memset(b->grad_query[n], 0, (size_t)(w->n_strips * STRIP * w->d_pad) * sizeof *b->grad_query[n]);
}

/* to (+)= row, d components. */
static void put_row(float *to, const float *row, int64_t d, bool add) {
    int64_t x = 0;
    for (; x + LANES <= d; x += LANES) v_store(to + x, add ? v_add(v_load(to + x), v_load(row + x)) : v_load(row + x));
    for (; x < d; x++) to[x] = add ? to[x] + row[x] : row[x];
}

static void store_query_lane(const backward *b, int n, int64_t l, float *row, bool add) {
    const prefill *w = &b->w;
    int64_t r = l / w->dims.group, head = w->kv_head * w->dims.group + l % w->dims.group;
    vec scale = v_set((float)w->cuts.scale[r]);
    for (int64_t x = 0; x < w->d_pad; x += LANES) v_store(row + x, v_mul(v_load(row + x), scale));
    if (w->p->n_planes > 0)
        row_turn(w->p->layout, w->p->n_planes, table_row(w->c, SN_ATTENTION_QUERY_TABLE, n, w->i + r), -1, row);
    put_row((float *)w->c->out[DQ].data + ((w->row + r) * w->dims.n_heads + head) * w->dims.d, row, w->dims.d, add);
}

static void store_query_gradients(const backward *b) {
    const prefill *w = &b->w;
    int64_t n_lanes = w->cuts.n * w->dims.group;
    bool add = false;
    for (int n = 0; n < w->p->n_pieces; n++) {
        if (!(w->cuts.pieces >> n & 1)) continue;
        for (int64_t l = 0; l < n_lanes; l += LANES) {
            lanes_to_rows(b->grad_query[n] + l / STRIP * w->d_pad * STRIP + l % STRIP, w->d_pad, w->gathered, w->d_pad);
            for (int64_t k = l; k < l + LANES && k < n_lanes; k++)
                store_query_lane(b, n, k, w->gathered + (k - l) * w->d_pad, add);
        }
        add = true;
    }
}

/* ---- a strip against a tile ---- */

/* Scores become weights, and their gradients with respect to the logits. */
static void strip_gradients(backward *b, int64_t strip, const tile_cut *cut) {
    prefill *w = &b->w;
    math_meet(w->values, w->v_pad, w->dims.d_v, strip_at(b->grad_out, w->v_pad, strip), cut, b->grad_score);
    for (int v = 0; v < STRIP; v += LANES) {
        vec lse = v_load(b->lse + strip * STRIP + v), offset = v_load(b->offset + strip * STRIP + v);
        for (int k = cut->from; k < cut->to; k++) {
            float *score = w->scores + k * STRIP + v, *grad = b->grad_score + k * STRIP + v;
            vec weight = math_exp2(v_sub(v_load(score), lse));
            v_store(score, weight);
            v_store(grad, v_mul(weight, v_sub(v_load(grad), offset)));
        }
    }
}

/* The gradients of pairs that meet in piece n, 0 for the others. */
static const float *gradients_of_piece(backward *b, int64_t strip, int n, const tile_cut *cut, int64_t j, int n_keys) {
    prefill *w = &b->w;
    if (cut->whole) return b->grad_score;
    int n_spans = tile_spans(&w->cuts, strip * STRIP, STRIP, j, n_keys, n, w->from, w->to);
    for (int v = 0; v < STRIP; v += LANES)
        for (int k = cut->from; k < cut->to; k++) {
            vec x = v_set(0), y = v_load(b->grad_score + k * STRIP + v);
            for (int s = 0; s < n_spans; s++)
                x = v_inside(i_load(w->from + s * STRIP + v), i_set(k), i_load(w->to + s * STRIP + v), x, y);
            v_store(b->piece_score + k * STRIP + v, x);
        }
    return b->piece_score;
}

static void begin_keys(backward *b, int n, int n_keys) {
    memset(b->grad_key[n], 0, (size_t)(b->d_chunks * TILE * STRIP) * sizeof(float));
    math_turn_keys(b, n, n_keys);
}

static void strip_backward(backward *b, int64_t strip, const tile_cut *cut, int64_t j, int n_keys) {
    prefill *w = &b->w;
    unsigned before = w->keys_ready;
    strip_scores(w, strip, cut, j, n_keys);
    for (int n = 0; n < w->p->n_pieces; n++)
        if (w->keys_ready & ~before & 1u << n) begin_keys(b, n, n_keys);
    strip_gradients(b, strip, cut);
    const float *weights = math_weights_by_keys(b, w->scores, cut);
    math_add_over_lanes(cut, weights, rows_at(b->grad_out_rows, b->v_chunks, strip * STRIP), b->v_chunks,
                        b->grad_value);
    for (int n = 0; n < w->p->n_pieces; n++) {
        if (!(cut->pieces >> n & 1)) continue;
        const float *grad = gradients_of_piece(b, strip, n, cut, j, n_keys);
        math_add_over_keys(b, n, cut, grad, b->grad_query[n] + strip * w->d_pad * STRIP);
        weights = math_weights_by_keys(b, grad, cut);
        math_add_over_lanes(cut, weights, rows_at(b->query_rows[n], b->d_chunks, strip * STRIP), b->d_chunks,
                            b->grad_key[n]);
    }
}

/* ---- a tile ---- */

static void gather_row(const float *chunks, int k, int64_t n, float *row) {
    for (int64_t x = 0; x < n; x += STRIP)
        memcpy(row + x, chunks + (x / STRIP * TILE + k) * STRIP, (size_t)(n - x < STRIP ? n - x : STRIP) * sizeof *row);
}

static void add_to_row(const backward *b, int which, int64_t j, const float *row, float scale) {
    const sn_tensor *t = &b->w.c->out[which];
    float *to = (float *)t->data + ((b->w.sequence.slot + j) * t->shape[1] + b->w.kv_head) * t->shape[2];
    int64_t n = t->shape[2], x = 0;
    for (; x + LANES <= n; x += LANES) v_store(to + x, v_fma(v_load(row + x), v_set(scale), v_load(to + x)));
    for (; x < n; x++) to[x] += row[x] * scale;
}

/* Adds the tile's gradients to those of its keys and values. */
static void store_tile(const backward *b, int64_t j, int n_keys) {
    const prefill *w = &b->w;
    float row[SN_ATTENTION_MAX_HEAD];
    for (int k = 0; k < n_keys; k++) {
        gather_row(b->grad_value, k, w->dims.d_v, row);
        add_to_row(b, DV, j + k, row, 1);
        for (int n = 0; n < w->p->n_pieces; n++) {
            if (!(w->keys_ready >> n & 1)) continue;
            gather_row(b->grad_key[n], k, w->dims.d, row);
            if (sn_attention_key_turns(w->p, n))
                row_turn(w->p->layout, w->p->n_planes, table_row(w->c, SN_ATTENTION_KEY_TABLE, n, j + k), -1, row);
            add_to_row(b, DK, j + k, row, 0.6931471805599453f); /* queries are in units of log 2 */
        }
    }
}

static void backward_tile(backward *b, int64_t j) {
    prefill *w = &b->w;
    int n_keys = w->sequence.n_keys - j < TILE ? (int)(w->sequence.n_keys - j) : TILE;
    w->keys_ready = 0;
    for (int64_t strip = 0; strip * STRIP < w->cuts.n * w->dims.group; strip++) {
        tile_cut cut = tile_cut_make(&w->cuts, strip * STRIP, STRIP, j, n_keys);
        if (!cut.pieces) continue;
        if (!w->keys_ready) {
            math_load_value_rows(w, j, n_keys);
            memset(b->grad_value, 0, (size_t)(b->v_chunks * TILE * STRIP) * sizeof(float));
        }
        strip_backward(b, strip, &cut, j, n_keys);
    }
    if (w->keys_ready) store_tile(b, j, n_keys);
}

/* ---- a task ---- */

typedef struct backward_job {
    backward shared;
    char *workspace;
    int64_t thread_bytes, first; /* the sequence of task 0 */
    bool apart;                  /* no other sequence writes what this one does: a task clears what it adds to */
} backward_job;

static void clear_rows(const backward *b, int which) {
    const sn_tensor *t = &b->w.c->out[which];
    bool keys = which != DQ;
    int64_t from = keys ? b->w.sequence.slot : b->w.sequence.row,
            n = keys ? b->w.sequence.n_keys : b->w.sequence.n_rows;
    int64_t heads = keys ? 1 : b->w.dims.group;
    for (int64_t j = from; j < from + n; j++)
        memset((float *)t->data + (j * t->shape[1] + b->w.kv_head * heads) * t->shape[2], 0,
               (size_t)(heads * t->shape[2]) * sizeof(float));
}

static void backward_task(void *arg, int64_t index, int thread) {
    const backward_job *job = arg;
    backward b = job->shared;
    prefill *w = &b.w;
    if (!sn_attention_sequence_get(w->c, job->first + index / w->dims.n_kv_heads, &w->sequence)) return;
    backward_carve(&b, job->workspace + thread * job->thread_bytes);
    w->kv_head = index % w->dims.n_kv_heads;
    for (int which = DQ; job->apart && which <= DV; which++) clear_rows(&b, which);
    math_begin();
    for (int64_t from = 0; from < w->sequence.n_rows; from += w->block) {
        prefill_place(w, from);
        begin_queries(&b);
        for (int64_t j = w->cuts.first / TILE * TILE; j < w->cuts.last; j += TILE) backward_tile(&b, j);
        store_query_gradients(&b);
    }
    math_end();
}

static int64_t backward_bytes(const sn_call *c) {
    backward b = {.w = prefill_of(c)};
    char *base = (char *)(uintptr_t)64; /* only measured */
    return backward_carve(&b, base) - base;
}

static bool attention_backward_applicable(const sn_call *c) {
    for (int i = 0; i < c->n_in; i++) {
        const sn_tensor *t = &c->in[i];
        if (t->n_dims < 0 || i == SN_ATTENTION_SEQUENCES || i == SN_ATTENTION_LSE || i == SN_ATTENTION_GRAD_LSE)
            continue;
        bool table = i == SN_ATTENTION_QUERY_TABLE || i == SN_ATTENTION_KEY_TABLE;
        if (t->dtype != SN_F32 || t->stride[t->n_dims - 1] != 4 || (table && t->stride[2] != 8)) return false;
    }
    return true;
}

static size_t attention_backward_workspace(const sn_call *c, int n_threads) {
    return (size_t)(backward_bytes(c) * n_threads);
}

/* Whether sequences lie one after the other and fill all rows and slots. */
static bool sequences_apart(const sn_call *c, const sn_attention_dims *dims) {
    int64_t row = 0, slot = 0;
    for (int64_t s = 0; s < dims->n_sequences; s++) {
        sn_attention_sequence at;
        if (!sn_attention_sequence_get(c, s, &at) || at.row != row || at.slot != slot) return false;
        row += at.n_rows, slot += at.n_keys;
    }
    return row == dims->n_rows && slot == dims->n_slots;
}

static void attention_backward_run(const sn_call *c) {
    backward_job job = {{.w = prefill_of(c)}, c->workspace, backward_bytes(c), 0, false};
    const sn_attention_dims *dims = &job.shared.w.dims;
    job.apart = sequences_apart(c, dims);
    if (job.apart) {
        sn_parallel(c->team, backward_task, &job, dims->n_sequences * dims->n_kv_heads);
        return;
    }
    sn_attention_clear(c);
    for (; job.first < dims->n_sequences; job.first++) { /* one after the other: they may share slots */
        sn_attention_sequence at;
        if (sn_attention_sequence_get(c, job.first, &at) && at.slot >= 0)
            sn_parallel(c->team, backward_task, &job, dims->n_kv_heads);
    }
}

#endif
