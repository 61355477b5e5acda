/* The arithmetic of attention_backward.h in f32. */
#ifndef SN_KERNEL_ATTENTION_BACKWARD_F32_H
#define SN_KERNEL_ATTENTION_BACKWARD_F32_H

#include "kernel/attention_strip.h"

static inline vec math_exp2(vec x) { return v_exp2(x); }

static inline void math_load_value_rows(prefill *w, int64_t j, int n_keys) { math_load_values(w, j, n_keys); }

static inline void math_turn_keys(const backward *b, int n, int n_keys) { (void)b, (void)n, (void)n_keys; }

/* LANES rows of n components, zeros behind them, over the chunks. */
static inline void math_to_rows(const float *rows, int64_t n, int64_t chunks, float *to) {
    for (int l = 0; l < LANES; l++)
        for (int64_t x = 0; x < chunks * STRIP; x += LANES)
            v_store(to + (x / STRIP * STRIP + l) * STRIP + x % STRIP, x < n ? v_load(rows + l * n + x) : v_set(0));
}

/* What math_add_over_lanes wants of weights [TILE][STRIP]. */
static inline const float *math_weights_by_keys(const backward *b, const float *weights, const tile_cut *cut) {
    (void)b, (void)cut;
    return weights;
}

/* to[chunk][key][.] += sum over lanes of weights[key][lane] rows[chunk][lane][.] */
static inline void math_add_over_lanes(const tile_cut *cut, const float *weights, const float *rows, int64_t chunks,
                                       float *to) {
    for (int64_t c = 0; c < chunks; c++)
        product_any(cut->to - cut->from, STRIP, weights + cut->from * STRIP, STRIP, 1, rows + c * STRIP * STRIP,
                    to + (c * TILE + cut->from) * STRIP, true);
}

/* to[component][lane] += sum over keys of keys[key][component] weights[key][lane] */
static inline void math_add_over_keys(const backward *b, int n, const tile_cut *cut, const float *weights, float *to) {
    const prefill *w = &b->w;
    product_add_columns_of(w->dims.d, cut->to - cut->from, w->keys[n] + cut->from * w->d_pad, w->d_pad,
                           weights + cut->from * STRIP, to);
}

#endif
