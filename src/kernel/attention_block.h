/* A block of queries against the cache: the state that the tiled kernels share, and what their arithmetic
 * (attention_f32.h or attention_bf16.h) fills in. */
#ifndef SN_KERNEL_ATTENTION_BLOCK_H
#define SN_KERNEL_ATTENTION_BLOCK_H

#include "kernel/attention_product.h"
#include "kernel/attention_row.h"
#include "kernel/attention_tile.h"

#include <math.h>

enum { TILE = 64, BLOCK_LANES = 256 };
#define LOWEST (-1e30f) /* below any logit, and finite: differences of it are 0, not NaN */

typedef struct prefill {
    const sn_call *c;
    const sn_position *p;
    sn_attention_dims dims;
    sn_attention_sequence sequence;
    int64_t d_pad, v_pad, block, kv_head, n_strips;
    int64_t i, row; /* of the block's first position */
    block_cuts cuts;
    float *query[SN_MAX_PIECES]; /* [strips][d][STRIP], scaled */
    float *keys[SN_MAX_PIECES];  /* [TILE][d_pad] */
    float *values;               /* [TILE][v_pad] */
    float *scores, *other;       /* [TILE][STRIP] */
    float *out;                  /* [strips][d_v][STRIP] */
    float *gathered;             /* [LANES][d_pad or v_pad]: rows of lanes, on their way */
    float *max, *sum;            /* [strips][STRIP] */
    int32_t *from, *to;          /* [SN_MAX_SEGMENTS][STRIP] */
    unsigned keys_ready;         /* pieces whose keys of this tile are there */
    bool values_ready;
} prefill;

static void *carve(char **at, int64_t bytes) {
    void *p = *at;
    *at += round_up(bytes, 64);
    return p;
}

/* Columns of n components of LANES lanes, rows of a strip, to rows of `step` floats. */
static inline void lanes_to_rows(const float *lanes, int64_t n, float *rows, int64_t step) {
    for (int64_t x = 0; x < n; x += LANES) {
        vec v[LANES];
        for (int i = 0; i < LANES; i++) v[i] = v_load(lanes + (x + i) * STRIP);
        v_transpose(v);
        for (int i = 0; i < LANES; i++) v_store(rows + i * step + x, v[i]);
    }
}

static const float *table_row(const sn_call *c, int table, int piece, int64_t position) {
    return sn_attention_angles(&c->in[table], piece, position);
}

/* Asks for the row that lies `ahead` rows further: rows of one head lie far apart, and the processor does not fetch
 * them ahead by itself. */
static void prefetch_row(const sn_tensor *t, const char *row, int64_t d, int64_t ahead) {
    row += ahead * t->stride[0];
    int64_t bytes = d * sn_dtype_bytes(t->dtype) / sn_dtype_block(t->dtype);
    for (int64_t b = 0; b < bytes; b += 64) _mm_prefetch(row + b, _MM_HINT_T1);
}

/* Key j of the block's head in the form of piece n, as f32. */
static void load_key(const prefill *w, int n, int64_t j, float *to) {
    const sn_tensor *k = &w->c->in[SN_ATTENTION_K];
    const char *row = sn_attention_key(k, &w->sequence, j, w->kv_head);
    prefetch_row(k, row, w->dims.d, TILE);
    row_load(k->dtype, row, w->dims.d, to);
    if (sn_attention_key_turns(w->p, n))
        row_turn(w->p->layout, w->p->n_planes, table_row(w->c, SN_ATTENTION_KEY_TABLE, n, j), 1, to);
}

static void load_value(const prefill *w, int64_t j, float *to) {
    const sn_tensor *v = &w->c->in[SN_ATTENTION_V];
    const char *row = sn_attention_key(v, &w->sequence, j, w->kv_head);
    prefetch_row(v, row, w->dims.d_v, TILE);
    row_load(v->dtype, row, w->dims.d_v, to);
}

#endif
