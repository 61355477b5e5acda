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
static void load_query(prefill *w, int n, int64_t lane) {
    float row[SN_ATTENTION_MAX_HEAD + LANES];
    int64_t i = w->i + lane / w->dims.group;
    if (lane >= w->cuts.n * w->dims.group) {
        memset(row, 0, (size_t)w->dims.d * sizeof *row);
    } else {
        float scale = (float)(w->cuts.scale[lane / w->dims.group] * 1.4426950408889634);
        row_load(SN_F32, query_row(w, lane), w->dims.d, row);
        if (w->p->n_planes > 0)
            row_turn(w->p->layout, w->p->n_planes, table_row(w->c, SN_ATTENTION_QUERY_TABLE, n, i), 1, row);
        for (int64_t x = 0; x < w->dims.d; x++) row[x] *= scale;
    }
    math_store_query(w, n, lane, row);
}

static void load_queries(prefill *w) {
    for (int64_t l = 0; l < w->n_strips * STRIP; l++) w->max[l] = LOWEST, w->sum[l] = 0;
    memset(w->out, 0, (size_t)(w->n_strips * w->v_pad * STRIP) * sizeof *w->out);
    for (int n = 0; n < w->p->n_pieces; n++)
        if (w->cuts.pieces >> n & 1)
            for (int64_t l = 0; l < w->n_strips * STRIP; l++) load_query(w, n, l);
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
        math_scores(w, strip, n, cut, cut->whole ? w->scores : w->other);
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
