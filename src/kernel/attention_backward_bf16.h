/* The arithmetic of attention_backward.h in bf16 through AMX, sums in f32; see attention_bf16.h. Weights and the
 * gradients of logits are rounded to bf16 too. */
#ifndef SN_KERNEL_ATTENTION_BACKWARD_BF16_H
#define SN_KERNEL_ATTENTION_BACKWARD_BF16_H

#include "kernel/attention_strip.h"

static inline vec math_exp2(vec x) { return exp2_rough(x); }

static inline void math_load_value_rows(prefill *w, int64_t j, int n_keys) {
    float row[SN_ATTENTION_MAX_HEAD + 32];
    for (int r = 0; r < n_keys; r++) {
        load_value(w, j + r, row);
        store_bf16(row, w->dims.d_v, w->v_pad, (uint16_t *)w->values + r * w->v_pad);
    }
}

/* 32 keys' components [x, x + 32), rows of `pad`, to 32 rows of TILE keys; zeros behind the first n keys. */
static inline void turn_square(const uint16_t *rows, int64_t pad, int n, uint16_t *to) {
    __m512i low[16], high[16];
    for (int k = 0; k < 16; k++) {
        __m512i even = 2 * k < n ? _mm512_loadu_si512(rows + 2 * k * pad) : _mm512_setzero_si512();
        __m512i odd = 2 * k + 1 < n ? _mm512_loadu_si512(rows + (2 * k + 1) * pad) : _mm512_setzero_si512();
        low[k] = pair_halves(_mm512_castsi512_si256(even), _mm512_castsi512_si256(odd));
        high[k] = pair_halves(_mm512_extracti64x4_epi64(even, 1), _mm512_extracti64x4_epi64(odd, 1));
    }
    transpose16(low);
    transpose16(high);
    for (int x = 0; x < 16; x++) {
        _mm512_storeu_si512(to + x * TILE, low[x]);
        _mm512_storeu_si512(to + (x + 16) * TILE, high[x]);
    }
}

static inline void math_turn_keys(const backward *b, int n, int n_keys) {
    const prefill *w = &b->w;
    const uint16_t *keys = (const uint16_t *)w->keys[n];
    for (int k = 0; k < TILE; k += 32)
        for (int64_t x = 0; x < w->d_pad; x += 32)
            turn_square(keys + k * w->d_pad + x, w->d_pad, n_keys - k, (uint16_t *)b->turned_keys[n] + x * TILE + k);
}

/* LANES rows of n components, zeros behind them, over the chunks, in pairs of rows. */
static inline void math_to_rows(const float *rows, int64_t n, int64_t chunks, float *to) {
    for (int l = 0; l < LANES; l += 2)
        for (int64_t x = 0; x < chunks * STRIP; x += LANES) {
            const float *even = rows + l * n + x;
            __m512i pair = x < n ? pair_rows(v_load(even), v_load(even + n)) : _mm512_setzero_si512();
            _mm512_storeu_si512(to + (x / STRIP * STRIP + l) / PACK * STRIP + x % STRIP, pair);
        }
}

/* Row k of weights, zeros where the cut does not reach. */
SN_INLINE vec weights_row(const float *weights, const tile_cut *cut, int k, int v) {
    return k >= cut->from && k < cut->to ? v_load(weights + k * STRIP + v) : v_set(0);
}

/* Weights [TILE][STRIP] as bf16, for math_add_over_lanes. */
static inline const float *math_weights_by_keys(const backward *b, const float *weights, const tile_cut *cut) {
    uint16_t *to = (uint16_t *)b->weights;
    for (int k = cut->from / 32 * 32; k < round_up(cut->to, 32); k++)
        for (int v = 0; v < STRIP; v += 32)
            _mm512_storeu_si512(to + k * STRIP + v,
                                to_bf16(weights_row(weights, cut, k, v), weights_row(weights, cut, k, v + LANES)));
    return b->weights;
}

/* to[chunk][key][.] += sum over lanes of weights[key][lane] rows[chunk][lane][.] */
static inline void math_add_over_lanes(const tile_cut *cut, const float *weights, const float *rows, int64_t chunks,
                                       float *to) {
    const int64_t step = STRIP * 2;
    for (int64_t c = 0; c < chunks; c++)
        for (int k = cut->from / 32 * 32; k < cut->to; k += 32)
            for (int l = 0; l < STRIP_BYTES; l += 2 * LINE)
                tile_product(true, (const char *)weights + k * step, step, 16 * step,
                             (const char *)(rows + c * STRIP / PACK * STRIP) + l,
                             (char *)(to + (c * TILE + k) * STRIP) + l, STRIP / 32);
}

/* to[component][lane] += sum over keys of keys[key][component] weights[key][lane] */
static inline void math_add_over_keys(const backward *b, int n, const tile_cut *cut, const float *weights, float *to) {
    const prefill *w = &b->w;
    for (int k = cut->from / 32 * 32; k < round_up(cut->to, 32); k += 2)
        for (int v = 0; v < STRIP; v += LANES)
            _mm512_storeu_si512(w->other + k / 2 * STRIP + v,
                                pair_rows(weights_row(weights, cut, k, v), weights_row(weights, cut, k + 1, v)));
    add_over_pairs(b->turned_keys[n], w->d_pad, w->other, cut, to);
}

#endif
