/* A strip of queries against a tile of keys: what attention and its gradient share. The arithmetic is that of
 * attention_f32.h, or of attention_bf16.h where ATTENTION_BF16 is defined. */
#ifndef SN_KERNEL_ATTENTION_STRIP_H
#define SN_KERNEL_ATTENTION_STRIP_H

#ifdef ATTENTION_BF16
#include "kernel/attention_bf16.h"
#else
#include "kernel/attention_f32.h"
#endif

static int64_t block_positions(int64_t group) { return group >= BLOCK_LANES ? 1 : BLOCK_LANES / group; }

/* Lays the buffers of one thread out from `at`; gives their end. */
static char *prefill_carve(prefill *w, char *at) {
    int64_t positions = block_positions(w->dims.group), f = sizeof(float);
    w->block = positions;
    w->d_pad = round_up(w->dims.d, 32), w->v_pad = round_up(w->dims.d_v, 32);
    w->n_strips = (positions * w->dims.group + STRIP - 1) / STRIP;
    for (int n = 0; n < w->p->n_pieces; n++) {
        w->query[n] = carve(&at, w->n_strips * w->d_pad * STRIP * f);
        w->keys[n] = carve(&at, TILE * w->d_pad * f);
    }
    w->values = carve(&at, TILE * w->v_pad * f);
    w->scores = carve(&at, TILE * STRIP * f);
    w->other = carve(&at, TILE * STRIP * f);
    w->out = carve(&at, w->n_strips * w->v_pad * STRIP * f);
    w->gathered = carve(&at, LANES * (w->d_pad > w->v_pad ? w->d_pad : w->v_pad) * f);
    w->max = carve(&at, w->n_strips * STRIP * f);
    w->sum = carve(&at, w->n_strips * STRIP * f);
    w->from = carve(&at, SN_MAX_SEGMENTS * STRIP * (int64_t)sizeof *w->from);
    w->to = carve(&at, SN_MAX_SEGMENTS * STRIP * (int64_t)sizeof *w->to);
    w->cuts.segments = carve(&at, positions * SN_MAX_SEGMENTS * (int64_t)sizeof(sn_segment));
    w->cuts.cursor = carve(&at, positions * (int64_t)sizeof(int32_t));
    w->cuts.scale = carve(&at, positions * (int64_t)sizeof(double));
    return at;
}

static prefill prefill_of(const sn_call *c) {
    const sn_attention_attr *attr = c->attr;
    return (prefill){.c = c, .p = &attr->position, .dims = sn_attention_dims_of(c)};
}

/* ---- queries of a block ---- */

static const char *query_row(const prefill *w, int64_t lane) {
    const sn_tensor *q = &w->c->in[SN_ATTENTION_Q];
    int64_t row = w->row + lane / w->dims.group, head = w->kv_head * w->dims.group + lane % w->dims.group;
    return (const char *)q->data + row * q->stride[0] + head * q->stride[1];
}

/* The query of one lane in the form of piece n, times its scale; zeros in a lane that nobody fills. */
static void gather_query(const prefill *w, int n, int64_t lane, float *row) {
    int64_t filled = 0, i = w->i + lane / w->dims.group;
    if (lane < w->cuts.n * w->dims.group) {
        vec scale = v_set((float)(w->cuts.scale[lane / w->dims.group] * 1.4426950408889634));
        prefetch_row(&w->c->in[SN_ATTENTION_Q], query_row(w, lane), w->dims.d, LANES);
        row_load(SN_F32, query_row(w, lane), w->dims.d, row);
        if (w->p->n_planes > 0)
            row_turn(w->p->layout, w->p->n_planes, table_row(w->c, SN_ATTENTION_QUERY_TABLE, n, i), 1, row);
        for (; filled < w->dims.d; filled += LANES) v_store(row + filled, v_mul(v_load(row + filled), scale));
    }
    memset(row + filled, 0, (size_t)(w->d_pad - filled) * sizeof *row);
}

/* LANES queries from `lane` on, in rows of d_pad, and as columns. */
static void load_queries(prefill *w, int n, int64_t lane) {
    for (int l = 0; l < LANES; l++) gather_query(w, n, lane + l, w->gathered + l * w->d_pad);
    math_to_lanes(w->gathered, w->d_pad, strip_at(w->query[n], w->d_pad, lane / STRIP) + lane % STRIP);
}

/* ---- a strip of queries against a tile ---- */

/* Takes over from `other` what meets in piece n; the first piece also clears what is not seen. */
static void merge_piece(prefill *w, int64_t strip, int n, const tile_cut *cut, int64_t j, int n_keys, bool first) {
    int n_spans = tile_spans(&w->cuts, strip * STRIP, STRIP, j, n_keys, n, w->from, w->to);
    for (int v = 0; v < STRIP; v += LANES)
        for (int k = cut->from; k < cut->to; k++) {
            float *to = w->scores + k * STRIP + v;
            vec x = first ? v_set(-INFINITY) : v_load(to), y = v_load(w->other + k * STRIP + v);
            for (int s = 0; s < n_spans; s++)
                x = v_inside(i_load(w->from + s * STRIP + v), i_set(k), i_load(w->to + s * STRIP + v), x, y);
            v_store(to, x);
        }
}

static void strip_scores(prefill *w, int64_t strip, const tile_cut *cut, int64_t j, int n_keys) {
    bool first = true;
    for (int n = 0; n < w->p->n_pieces; n++) {
        if (!(cut->pieces >> n & 1)) continue;
        if (!(w->keys_ready >> n & 1)) math_load_keys(w, n, j, n_keys);
        w->keys_ready |= 1u << n;
        math_meet(w->keys[n], w->d_pad, w->dims.d, strip_at(w->query[n], w->d_pad, strip), cut,
                  cut->whole ? w->scores : w->other);
        if (!cut->whole) merge_piece(w, strip, n, cut, j, n_keys, first);
        first = false;
    }
}

/* Moves on to the block of queries that begins `from` rows into the sequence. */
static void prefill_place(prefill *w, int64_t from) {
    w->row = w->sequence.row + from;
    w->i = w->sequence.position + from;
    w->cuts.group = w->dims.group;
    w->cuts.n = w->sequence.n_rows - from < w->block ? w->sequence.n_rows - from : w->block;
    block_cuts_make(&w->cuts, w->p, w->i, w->sequence.n_keys);
}

#endif
