/* The arithmetic of the tiled kernels in f32: queries [d][STRIP], keys [TILE][d_pad], values [TILE][v_pad]. */
#ifndef SN_KERNEL_ATTENTION_F32_H
#define SN_KERNEL_ATTENTION_F32_H

#include "kernel/attention_block.h"

static inline void math_begin(void) {}
static inline void math_end(void) {}

static inline void math_store_query(prefill *w, int n, int64_t lane, const float *row) {
    float *to = w->query[n] + lane / STRIP * w->d_pad * STRIP + lane % STRIP;
    for (int64_t x = 0; x < w->dims.d; x++) to[x * STRIP] = row[x];
}

static inline void math_load_keys(prefill *w, int n, int64_t j, int n_keys) {
    for (int r = 0; r < n_keys; r++) load_key(w, n, j + r, w->keys[n] + r * w->d_pad);
}

static inline void math_load_values(prefill *w, int64_t j, int n_keys) {
    for (int r = 0; r < n_keys; r++) load_value(w, j + r, w->values + r * w->v_pad);
}

static inline void math_scores(const prefill *w, int64_t strip, int n, const tile_cut *cut, float *to) {
    product_rows_of(cut->to - cut->from, w->dims.d, w->keys[n] + cut->from * w->d_pad, w->d_pad,
                    w->query[n] + strip * w->d_pad * STRIP, to + cut->from * STRIP);
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
