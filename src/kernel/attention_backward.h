/* The gradients of attention in f32, tiled as the forward is: blocks of queries as lanes against tiles of keys.
 *
 * A task is one key/value head of one sequence: the gradients of its keys and values are then nobody else's,
 * and are added up in place. The weights are recomputed from lse. Rows of lanes [.][STRIP] serve the products
 * that run over keys; products that run over lanes take queries and gradients as rows, in chunks of STRIP
 * components. */
#ifndef SN_KERNEL_ATTENTION_BACKWARD_H
#define SN_KERNEL_ATTENTION_BACKWARD_H

#include "kernel/attention_strip.h"

enum { DQ, DK, DV };

typedef struct backward {
    prefill w;
    int64_t d_chunks, v_chunks;       /* of STRIP components */
    float *grad_out;                  /* [strips][v_pad][STRIP] */
    float *grad_out_rows;             /* [strips][v_chunks][lane][STRIP] */
    float *query_rows[SN_MAX_PIECES]; /* [strips][d_chunks][lane][STRIP], scaled as the queries are */
    float *grad_query[SN_MAX_PIECES]; /* [strips][d_pad][STRIP] */
    float *grad_key[SN_MAX_PIECES];   /* [d_chunks][TILE][STRIP] */
    float *grad_value;                /* [v_chunks][TILE][STRIP] */
    float *grad_score, *piece_score;  /* [TILE][STRIP] */
    float *lse, *offset;              /* [strips][STRIP]: log2 of the sum; <grad_out, out> - grad_lse */
} backward;

static char *backward_carve(backward *b, char *at) {
    prefill *w = &b->w;
    int64_t f = sizeof(float);
    at = prefill_carve(w, at);
    b->d_chunks = (w->dims.d + STRIP - 1) / STRIP, b->v_chunks = (w->dims.d_v + STRIP - 1) / STRIP;
    int64_t lanes = w->n_strips * STRIP;
    b->grad_out = carve(&at, lanes * w->v_pad * f);
    b->grad_out_rows = carve(&at, lanes * b->v_chunks * STRIP * f);
    for (int n = 0; n < w->p->n_pieces; n++) {
        b->query_rows[n] = carve(&at, lanes * b->d_chunks * STRIP * f);
        b->grad_query[n] = carve(&at, lanes * w->d_pad * f);
        b->grad_key[n] = carve(&at, b->d_chunks * TILE * STRIP * f);
    }
    b->grad_value = carve(&at, b->v_chunks * TILE * STRIP * f);
    b->grad_score = carve(&at, TILE * STRIP * f);
    b->piece_score = carve(&at, TILE * STRIP * f);
    b->lse = carve(&at, lanes * f);
    b->offset = carve(&at, lanes * f);
    return at;
}

/* ---- the queries of a block ---- */

static const float *lane_row(const backward *b, int input, int64_t lane) {
    const sn_tensor *t = &b->w.c->in[input];
    int64_t row = b->w.row + lane / b->w.dims.group, head = b->w.kv_head * b->w.dims.group + lane % b->w.dims.group;
    return (const float *)(const void *)((const char *)t->data + row * t->stride[0] + head * t->stride[1]);
}

/* Spreads a row of n components, zeros behind it, over its chunks. */
static void spread_row(float *rows, int64_t chunks, int64_t lane, const float *row, int64_t n) {
    for (int64_t chunk = 0; chunk < chunks; chunk++) {
        float *to = rows + ((lane / STRIP * chunks + chunk) * STRIP + lane % STRIP) * STRIP;
        int64_t filled = n - chunk * STRIP < STRIP ? n - chunk * STRIP : STRIP;
        memcpy(to, row + chunk * STRIP, (size_t)filled * sizeof *to);
        memset(to + filled, 0, (size_t)(STRIP - filled) * sizeof *to);
    }
}

static void load_gradients(backward *b) {
    static const float zeros[SN_ATTENTION_MAX_HEAD];
    const sn_attention_dims *dims = &b->w.dims;
    for (int64_t l = 0; l < b->w.n_strips * STRIP; l++) {
        bool filled = l < b->w.cuts.n * dims->group;
        const float *grad = filled ? lane_row(b, SN_ATTENTION_GRAD_OUT, l) : zeros;
        const float *out = filled ? lane_row(b, SN_ATTENTION_OUT, l) : zeros;
        double lse = filled ? (double)*lane_row(b, SN_ATTENTION_LSE, l) : -INFINITY, dot = 0;
        float *to = b->grad_out + l / STRIP * b->w.v_pad * STRIP + l % STRIP;
        for (int64_t x = 0; x < dims->d_v; x++) {
            to[x * STRIP] = grad[x];
            dot += (double)grad[x] * (double)out[x];
        }
        spread_row(b->grad_out_rows, b->v_chunks, l, grad, dims->d_v);
        if (filled && sn_call_has(b->w.c, SN_ATTENTION_GRAD_LSE)) dot -= (double)*lane_row(b, SN_ATTENTION_GRAD_LSE, l);
        b->offset[l] = (float)dot;
        b->lse[l] = lse > -INFINITY ? (float)(lse * 1.4426950408889634) : -LOWEST; /* a lane that sees nothing */
    }
}

static void load_query_rows(backward *b) {
    prefill *w = &b->w;
    float row[SN_ATTENTION_MAX_HEAD];
    for (int n = 0; n < w->p->n_pieces; n++) {
        if (!(w->cuts.pieces >> n & 1)) continue;
        memset(b->grad_query[n], 0, (size_t)(w->n_strips * STRIP * w->d_pad) * sizeof *b->grad_query[n]);
        for (int64_t l = 0; l < w->n_strips * STRIP; l++) {
            const float *from = w->query[n] + l / STRIP * w->d_pad * STRIP + l % STRIP;
            for (int64_t x = 0; x < w->dims.d; x++) row[x] = from[x * STRIP];
            spread_row(b->query_rows[n], b->d_chunks, l, row, w->dims.d);
        }
    }
}

static void store_query_gradients(const backward *b) {
    const prefill *w = &b->w;
    float row[SN_ATTENTION_MAX_HEAD];
    for (int64_t l = 0; l < w->cuts.n * w->dims.group; l++) {
        int64_t r = l / w->dims.group, head = w->kv_head * w->dims.group + l % w->dims.group;
        float *to = (float *)w->c->out[DQ].data + ((w->row + r) * w->dims.n_heads + head) * w->dims.d;
        float scale = (float)w->cuts.scale[r];
        for (int n = 0; n < w->p->n_pieces; n++) {
            if (!(w->cuts.pieces >> n & 1)) continue;
            const float *from = b->grad_query[n] + l / STRIP * w->d_pad * STRIP + l % STRIP;
            for (int64_t x = 0; x < w->dims.d; x++) row[x] = from[x * STRIP] * scale;
            if (w->p->n_planes > 0)
                row_turn(w->p->layout, w->p->n_planes, table_row(w->c, SN_ATTENTION_QUERY_TABLE, n, w->i + r), -1, row);
            for (int64_t x = 0; x < w->dims.d; x++) to[x] += row[x];
        }
    }
}

/* ---- a strip against a tile ---- */

/* Scores become weights, and their gradients with respect to the logits. */
static void strip_gradients(backward *b, int64_t strip, const tile_cut *cut) {
    prefill *w = &b->w;
    product_rows_of(cut->to - cut->from, w->dims.d_v, w->values + cut->from * w->v_pad, w->v_pad,
                    b->grad_out + strip * w->v_pad * STRIP, b->grad_score + cut->from * STRIP);
    for (int v = 0; v < STRIP; v += LANES) {
        vec lse = v_load(b->lse + strip * STRIP + v), offset = v_load(b->offset + strip * STRIP + v);
        for (int k = cut->from; k < cut->to; k++) {
            float *score = w->scores + k * STRIP + v, *grad = b->grad_score + k * STRIP + v;
            vec weight = v_exp2(v_sub(v_load(score), lse));
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

/* to[chunk][key][.] += sum over lanes of weights[key][lane] rows[chunk][lane][.] */
static void add_over_lanes(const tile_cut *cut, const float *weights, const float *rows, int64_t chunks, float *to) {
    for (int64_t c = 0; c < chunks; c++)
        product_any(cut->to - cut->from, STRIP, weights + cut->from * STRIP, STRIP, 1, rows + c * STRIP * STRIP,
                    to + (c * TILE + cut->from) * STRIP, true);
}

static void strip_backward(backward *b, int64_t strip, const tile_cut *cut, int64_t j, int n_keys) {
    prefill *w = &b->w;
    strip_scores(w, strip, cut, j, n_keys);
    strip_gradients(b, strip, cut);
    add_over_lanes(cut, w->scores, b->grad_out_rows + strip * b->v_chunks * STRIP * STRIP, b->v_chunks, b->grad_value);
    for (int n = 0; n < w->p->n_pieces; n++) {
        if (!(cut->pieces >> n & 1)) continue;
        const float *grad = gradients_of_piece(b, strip, n, cut, j, n_keys);
        product_add_columns_of(w->dims.d, cut->to - cut->from, w->keys[n] + cut->from * w->d_pad, w->d_pad,
                               grad + cut->from * STRIP, b->grad_query[n] + strip * w->d_pad * STRIP);
        add_over_lanes(cut, grad, b->query_rows[n] + strip * b->d_chunks * STRIP * STRIP, b->d_chunks, b->grad_key[n]);
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
    w->keys_ready = 0, w->values_ready = false;
    memset(b->grad_value, 0, (size_t)(b->v_chunks * TILE * STRIP) * sizeof(float));
    for (int n = 0; n < w->p->n_pieces; n++)
        memset(b->grad_key[n], 0, (size_t)(b->d_chunks * TILE * STRIP) * sizeof(float));
    for (int64_t strip = 0; strip * STRIP < w->cuts.n * w->dims.group; strip++) {
        tile_cut cut = tile_cut_make(&w->cuts, strip * STRIP, STRIP, j, n_keys);
        if (!cut.pieces) continue;
        if (!w->values_ready) math_load_values(w, j, n_keys);
        w->values_ready = true;
        strip_backward(b, strip, &cut, j, n_keys);
    }
    if (w->keys_ready) store_tile(b, j, n_keys);
}

typedef struct backward_job {
    backward shared;
    char *workspace;
    int64_t thread_bytes;
} backward_job;

static void backward_task(void *arg, int64_t kv_head, int thread) {
    const backward_job *job = arg;
    backward b = job->shared;
    prefill *w = &b.w;
    backward_carve(&b, job->workspace + thread * job->thread_bytes);
    w->kv_head = kv_head;
    w->cuts.group = w->dims.group;
    for (int64_t from = 0; from < w->sequence.n_rows; from += w->block) {
        prefill_place(w, from);
        load_queries(w);
        load_query_rows(&b);
        load_gradients(&b);
        for (int64_t j = w->cuts.first / TILE * TILE; j < w->cuts.last; j += TILE) backward_tile(&b, j);
        store_query_gradients(&b);
    }
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

/* Sequences one after the other: they may share slots. */
static void attention_backward_run(const sn_call *c) {
    backward_job job = {{.w = prefill_of(c)}, c->workspace, backward_bytes(c)};
    sn_attention_clear(c);
    for (int64_t s = 0; s < job.shared.w.dims.n_sequences; s++)
        if (sn_attention_sequence_get(c, s, &job.shared.w.sequence) && job.shared.w.sequence.slot >= 0)
            sn_parallel(c->team, backward_task, &job, job.shared.w.dims.n_kv_heads);
}

#endif
