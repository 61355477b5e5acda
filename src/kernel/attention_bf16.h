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
#include "kernel/tile.h"

enum { STRIP_BYTES = STRIP * 4, LINE = 64 };

static void math_begin(void) { tiles_begin(); }
static void math_end(void) { _tile_release(); }

/* Two rows of bf16, interleaved: the low half of each lane is `even`'s. */
SN_INLINE __m512i pair_rows(vec even, vec odd) {
    __m512i low = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(even));
    __m512i high = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(odd));
    return _mm512_or_si512(low, _mm512_slli_epi32(high, 16));
}

static void math_store_query(prefill *w, int n, int64_t lane, const float *row) {
    uint16_t *to = (uint16_t *)w->query[n] + lane / STRIP * w->d_pad * STRIP + lane % STRIP * 2;
    for (int64_t x = 0; x < w->d_pad; x++) to[x / 2 * STRIP * 2 + x % 2] = x < w->dims.d ? sn_f32_to_bf16(row[x]) : 0;
}

/* [TILE][d_pad] of bf16; rows behind the last key stay what they were: their scores are not used. */
static void math_load_keys(prefill *w, int n, int64_t j, int n_keys) {
    float row[SN_ATTENTION_MAX_HEAD + 32];
    for (int r = 0; r < n_keys; r++) {
        uint16_t *to = (uint16_t *)w->keys[n] + r * w->d_pad;
        load_key(w, n, j + r, row);
        for (int64_t x = round_up(w->dims.d, LANES); x < w->d_pad; x++) row[x] = 0;
        for (int64_t x = 0; x < w->d_pad; x += 32)
            _mm512_storeu_si512(to + x, (__m512i)_mm512_cvtne2ps_pbh(v_load(row + x + 16), v_load(row + x)));
    }
}

/* 32 keys' components [x, x + 16), as f32 rows of `step`, to 16 rows of 32 keys. */
static void transpose_values(const float *rows, int64_t step, uint16_t *to) {
    __m512i v[16];
    for (int k = 0; k < 16; k++) v[k] = pair_rows(v_load(rows + 2 * k * step), v_load(rows + (2 * k + 1) * step));
    transpose16(v);
    for (int x = 0; x < 16; x++) _mm512_storeu_si512(to + x * TILE, v[x]);
}

/* [v_pad][TILE] of bf16, zeros behind the last key. */
static void math_load_values(prefill *w, int64_t j, int n_keys) {
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

static void math_scores(const prefill *w, int64_t strip, int n, const tile_cut *cut, float *to) {
    const char *query = (const char *)((const uint16_t *)w->query[n] + strip * w->d_pad * STRIP);
    const char *keys = (const char *)w->keys[n];
    int64_t step = w->d_pad * 2;
    for (int k = cut->from / 32 * 32; k < cut->to; k += 32)
        for (int l = 0; l < STRIP_BYTES; l += 2 * LINE)
            tile_product(false, keys + k * step, step, 16 * step, query + l, (char *)(to + k * STRIP) + l,
                         w->d_pad / 32);
}

/* 2^x for x <= 0 to 1e-4, finer than the bf16 that the weights become. */
SN_INLINE vec v_exp2_rough(vec x) {
    x = v_max(x, v_set(-200));
    vec n = v_round(x), r = v_sub(x, n);
    vec p = v_fma(v_set(5.5171649e-2f), r, v_set(2.4261168e-1f));
    p = v_fma(p, r, v_set(6.9326252e-1f));
    return v_scale2(v_fma(p, r, v_set(9.9992794e-1f)), n);
}

/* Weights of the keys [from, to) in pairs, zeros around them up to whole steps of 32. */
static void math_weights(const prefill *w, const tile_cut *cut, const vec *max, vec *sum) {
    int first = cut->from / 32 * 32, last = (int)round_up(cut->to, 32);
    vec gone = v_set(-INFINITY);
    for (int k = first; k < last; k += 2)
#pragma GCC unroll 4
        for (int v = 0; v < VECS; v++) {
            float *at = w->scores + k * STRIP + v * LANES;
            vec even = k >= cut->from && k < cut->to ? v_load(at) : gone;
            vec odd = k + 1 >= cut->from && k + 1 < cut->to ? v_load(at + STRIP) : gone;
            even = v_exp2_rough(v_sub(even, max[v])), odd = v_exp2_rough(v_sub(odd, max[v]));
            sum[v] = v_add(sum[v], v_add(even, odd));
            _mm512_store_si512(w->other + k / 2 * STRIP + v * LANES, pair_rows(even, odd));
        }
}

static void math_values(const prefill *w, int64_t strip, const tile_cut *cut) {
    int first = cut->from / 32 * 32, last = (int)round_up(cut->to, 32);
    const char *values = (const char *)((const uint16_t *)w->values + first);
    const char *weights = (const char *)(w->other + first / 2 * STRIP);
    char *out = (char *)(w->out + strip * w->v_pad * STRIP);
    for (int64_t x = 0; x < w->v_pad; x += 32)
        for (int l = 0; l < STRIP_BYTES; l += 2 * LINE)
            tile_product(true, values + x * TILE * 2, TILE * 2, 16 * TILE * 2, weights + l, out + x * STRIP_BYTES + l,
                         (last - first) / 32);
}

#endif
