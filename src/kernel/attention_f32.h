/* The arithmetic of the tiled kernels in f32: queries [d_pad][STRIP], keys [TILE][d_pad], values [TILE][v_pad]. */
#ifndef SN_KERNEL_ATTENTION_F32_H
#define SN_KERNEL_ATTENTION_F32_H

#include "kernel/attention_block.h"

static inline void math_begin(void) {}
static inline void math_end(void) {}

enum { PACK = 1 }; /* numbers in the room of a float */

/* Columns of n components of a strip. */
static inline float *strip_at(float *columns, int64_t n, int64_t strip) { return columns + strip * n / PACK * STRIP; }

/* LANES rows of n components to columns of a strip: [n / PACK][STRIP]. n is a multiple of 32. */
static inline void math_to_lanes(const float *rows, int64_t n, float *to) {
    for (int64_t x = 0; x < n; x += LANES) {
        vec v[LANES];
        for (int i = 0; i < LANES; i++) v[i] = v_load(rows + i * n + x);
        v_transpose(v);
        for (int i = 0; i < LANES; i++) v_store(to + (x + i) * STRIP, v[i]);
    }
}

static inline void math_load_keys(prefill *w, int n, int64_t j, int n_keys) {
    for (int r = 0; r < n_keys; r++) load_key(w, n, j + r, w->keys[n] + r * w->d_pad);
}

static inline void math_load_values(prefill *w, int64_t j, int n_keys) {
    for (int r = 0; r < n_keys; r++) load_value(w, j + r, w->values + r * w->v_pad);
}

/* Rows of `pad` against columns of a strip, over n components: to [TILE][STRIP]. */
static inline void math_meet(const float *rows, int64_t pad, int64_t n, const float *columns, const tile_cut *cut,
                             float *to) {
    product_rows_of(cut->to - cut->from, n, rows + cut->from * pad, pad, columns, to + cut->from * STRIP);
}

/* Scores become weights in place; sum grows by them. */
static inline void math_weights(const prefill *w, const tile_cut *cut, const vec *max, vec *sum) {
    for (int k = cut->from; k < cut->to; k++)
#pragma GCC unroll 4
        for (int v = 0; v < VECS; v++) {
            float *at = w->scores + k * STRIP + v * LANES;
            vec weight = v_exp2(v_sub(v_load(at), max[v]));
            sum[v] = v_add(sum[v], weight);
            v_store(at, weight);
        }
}

static inline void math_values(const prefill *w, int64_t strip, const tile_cut *cut) {
    product_add_columns_of(w->dims.d_v, cut->to - cut->from, w->values + cut->from * w->v_pad, w->v_pad,
                           w->scores + cut->from * STRIP, w->out + strip * w->v_pad * STRIP);
}

#endif
