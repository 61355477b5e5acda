/* The arithmetic of the tiled kernels in bf16 through AMX, sums in f32. With queries as lanes a product is
 *
 *   scores [keys][lanes] = keys [key][d] x queries [d / 2][lane][2]
 *   out [d_v][lanes]    += values [d_v][key] x weights [key / 2][lane][2]
 *
 * so keys are tiles as they lie, only values are transposed, and tiles of the results have the very layout
 * that the f32 arithmetic has: rows of STRIP lanes. Queries, keys, values and weights are rounded to bf16:
 * a logit is off by at most 2^-8 of the sum of the magnitudes of its terms, a result by about 2^-8 of the
 * largest value on top of that. */
#ifndef SN_KERNEL_ATTENTION_BF16_H
#define SN_KERNEL_ATTENTION_BF16_H

#include "kernel/attention_block.h"
#include "kernel/rough.h"
#include "kernel/tile.h"

enum { STRIP_BYTES = STRIP * 4, LINE = 64 };

enum { PACK = 2 }; /* numbers in the room of a float */

/* Columns of n components of a strip. */
static inline float *strip_at(float *columns, int64_t n, int64_t strip) { return columns + strip * n / PACK * STRIP; }

static inline void math_begin(void) { tiles_begin(); }
static inline void math_end(void) { _tile_release(); }

/* Two rows of bf16, interleaved: the low half of each lane is `even`'s. */
SN_INLINE __m512i pair_halves(__m256i even, __m256i odd) {
    return _mm512_or_si512(_mm512_cvtepu16_epi32(even), _mm512_slli_epi32(_mm512_cvtepu16_epi32(odd), 16));
}
SN_INLINE __m512i pair_rows(vec even, vec odd) {
    return pair_halves((__m256i)_mm512_cvtneps_pbh(even), (__m256i)_mm512_cvtneps_pbh(odd));
}

/* A row of d components, as row_load gives it, to n of bf16 with zeros at the end. */
static inline void store_bf16(float *row, int64_t d, int64_t n, uint16_t *to) {
    for (int64_t x = round_up(d, LANES); x < n; x += LANES) v_store(row + x, v_set(0));
    for (int64_t x = 0; x < n; x += 32) _mm512_storeu_si512(to + x, to_bf16(v_load(row + x), v_load(row + x + LANES)));
}

/* LANES rows of n components, a multiple of 32, to columns of pairs of a strip: [n / PACK][STRIP]. */
static inline void math_to_lanes(const float *rows, int64_t n, float *to) {
    for (int64_t x = 0; x < n; x += 32) {
        __m512i v[16];
        for (int i = 0; i < 16; i++) v[i] = to_bf16(v_load(rows + i * n + x), v_load(rows + i * n + x + 16));
        transpose16(v);
        for (int i = 0; i < 16; i++) _mm512_storeu_si512(to + (x / 2 + i) * STRIP, v[i]);
    }
}

/* [TILE][d_pad] of bf16; rows behind the last key stay what they were: their scores are not used. */
static inline void math_load_keys(prefill *w, int n, int64_t j, int n_keys) {
    float row[SN_ATTENTION_MAX_HEAD + 32];
    for (int r = 0; r < n_keys; r++) {
        load_key(w, n, j + r, row);
        store_bf16(row, w->dims.d, w->d_pad, (uint16_t *)w->keys[n] + r * w->d_pad);
    }
}

/* 32 keys' components [x, x + 16), as f32 rows of `step`, to 16 rows of 32 keys. */
static inline void transpose_values(const float *rows, int64_t step, uint16_t *to) {
    __m512i v[16];
    for (int k = 0; k < 16; k++) v[k] = pair_rows(v_load(rows + 2 * k * step), v_load(rows + (2 * k + 1) * step));
    transpose16(v);
    for (int x = 0; x < 16; x++) _mm512_storeu_si512(to + x * TILE, v[x]);
}

/* [v_pad][TILE] of bf16, zeros behind the last key. */
static inline void math_load_values(prefill *w, int64_t j, int n_keys) {
    float *rows = w->values + 32 * w->v_pad; /* the half that bf16 leaves free */
    for (int k = 0; k < TILE; k += 32) {
        for (int r = 0; r < 32; r++) {
            float *row = rows + r * w->v_pad;
            int64_t filled = k + r < n_keys ? round_up(w->dims.d_v, LANES) : 0;
            if (filled) load_value(w, j + k + r, row);
            memset(row + filled, 0, (size_t)(w->v_pad - filled) * sizeof *row);
        }
        for (int64_t x = 0; x < w->v_pad; x += 16)
            transpose_values(rows + x, w->v_pad, (uint16_t *)w->values + x * TILE + k);
    }
}

/* Two by two tiles of c (+)= a b: `a` rows of a_step bytes, 16 more rows at a + a_next; b in pairs of rows of a
 * strip; c rows of a strip. n_k counts steps of 32. */
SN_INLINE void tile_product(bool add, const char *a, int64_t a_step, int64_t a_next, const char *b, char *c,
                            int64_t n_k) {
    char *c_next = c + 16 * STRIP_BYTES;
    __asm__ volatile("" ::: "memory"); /* gcc's tile loads do not say that they read memory */
    if (add) {
        _tile_loadd(0, c, STRIP_BYTES);
        _tile_loadd(1, c + LINE, STRIP_BYTES);
        _tile_loadd(2, c_next, STRIP_BYTES);
        _tile_loadd(3, c_next + LINE, STRIP_BYTES);
    } else {
        _tile_zero(0);
        _tile_zero(1);
        _tile_zero(2);
        _tile_zero(3);
    }
    for (int64_t k = 0; k < n_k; k++, a += LINE, b += 16 * STRIP_BYTES) {
        _tile_loadd(4, a, a_step);
        _tile_loadd(5, b, STRIP_BYTES);
        _tile_loadd(6, b + LINE, STRIP_BYTES);
        _tile_dpbf16ps(0, 4, 5);
        _tile_dpbf16ps(1, 4, 6);
        _tile_loadd(7, a + a_next, a_step);
        _tile_dpbf16ps(2, 7, 5);
        _tile_dpbf16ps(3, 7, 6);
    }
    _tile_stored(0, c, STRIP_BYTES);
    _tile_stored(1, c + LINE, STRIP_BYTES);
    _tile_stored(2, c_next, STRIP_BYTES);
    _tile_stored(3, c_next + LINE, STRIP_BYTES);
}

/* Rows of `pad` against columns of a strip: to [TILE][STRIP]. Behind the n components are zeros. */
static inline void math_meet(const float *rows, int64_t pad, int64_t n, const float *columns, const tile_cut *cut,
                             float *to) {
    const char *keys = (const char *)rows, *query = (const char *)columns;
    int64_t step = pad * 2;
    (void)n;
    for (int k = cut->from / 32 * 32; k < cut->to; k += 32)
        for (int l = 0; l < STRIP_BYTES; l += 2 * LINE)
            tile_product(false, keys + k * step, step, 16 * step, query + l, (char *)(to + k * STRIP) + l, pad / 32);
}

/* Weights of the keys [from, to) in pairs, zeros around them up to whole steps of 32. */
static inline void math_weights(const prefill *w, const tile_cut *cut, const vec *max, vec *sum) {
    int first = cut->from / 32 * 32, last = (int)round_up(cut->to, 32);
    vec gone = v_set(-INFINITY);
    for (int k = first; k < last; k += 2)
#pragma GCC unroll 4
        for (int v = 0; v < VECS; v++) {
            float *at = w->scores + k * STRIP + v * LANES;
            vec even = k >= cut->from && k < cut->to ? v_load(at) : gone;
            vec odd = k + 1 >= cut->from && k + 1 < cut->to ? v_load(at + STRIP) : gone;
            even = exp2_rough(v_sub(even, max[v])), odd = exp2_rough(v_sub(odd, max[v]));
            sum[v] = v_add(sum[v], v_add(even, odd));
            _mm512_store_si512(w->other + k / 2 * STRIP + v * LANES, pair_rows(even, odd));
        }
}

/* to [n][STRIP] += turned [n][TILE] of bf16 x weights, in pairs of keys. */
static inline void add_over_pairs(const float *turned, int64_t n, const float *pairs, const tile_cut *cut, float *to) {
    int first = cut->from / 32 * 32, last = (int)round_up(cut->to, 32);
    const char *a = (const char *)((const uint16_t *)turned + first), *b = (const char *)(pairs + first / 2 * STRIP);
    for (int64_t x = 0; x < n; x += 32)
        for (int l = 0; l < STRIP_BYTES; l += 2 * LINE)
            tile_product(true, a + x * TILE * 2, TILE * 2, 16 * TILE * 2, b + l, (char *)(to + x * STRIP) + l,
                         (last - first) / 32);
}

static inline void math_values(const prefill *w, int64_t strip, const tile_cut *cut) {
    add_over_pairs(w->values, w->v_pad, w->other, cut, w->out + strip * w->v_pad * STRIP);
}

#endif
