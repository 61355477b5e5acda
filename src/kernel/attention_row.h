/* Rows of a head in f32 vectors: loaded from any cache type, rotated, stored. Included by kernel files that
 * are compiled for AVX2 or AVX-512. Strides of the last dimension are packed. */
#ifndef SN_KERNEL_ATTENTION_ROW_H
#define SN_KERNEL_ATTENTION_ROW_H

#include "kernel/attention_vec.h"
#include "suan/position.h"

#include <string.h>

enum { Q8_BLOCK = 32, Q8_BYTES = 34 }; /* q8_0: an f16 scale, then 32 int8 */

SN_INLINE int64_t round_up(int64_t n, int64_t to) { return (n + to - 1) / to * to; }

/* Components [x, x + LANES) of a row. Inlined with a constant dtype it is one or two instructions. */
SN_INLINE vec row_vec(sn_dtype dtype, const char *row, int64_t x) {
    if (dtype == SN_F32) return v_load((const float *)(const void *)row + x);
    if (dtype == SN_F16) return v_from_f16((const uint16_t *)(const void *)row + x);
    if (dtype == SN_BF16) return v_from_bf16((const uint16_t *)(const void *)row + x);
    const char *block = row + x / Q8_BLOCK * Q8_BYTES;
    uint16_t scale;
    memcpy(&scale, block, sizeof scale);
    return v_mul(v_from_i8((const int8_t *)block + 2 + x % Q8_BLOCK), v_set(_cvtsh_ss(scale)));
}

SN_INLINE void row_load_as(sn_dtype dtype, const char *row, int64_t d, float *to) {
    int64_t x = 0;
    for (; x + LANES <= d; x += LANES) v_store(to + x, row_vec(dtype, row, x));
    if (x == d) return;
    for (; x < d; x++) {
        uint16_t half;
        if (dtype == SN_F32) to[x] = ((const float *)(const void *)row)[x];
        if (dtype != SN_F16 && dtype != SN_BF16) continue;
        memcpy(&half, row + 2 * x, sizeof half);
        to[x] = dtype == SN_F16 ? sn_f16_to_f32(half) : sn_bf16_to_f32(half);
    }
    for (; x % LANES; x++) to[x] = 0;
}

/* A row of d components as f32, with zeros up to the next multiple of LANES. */
static inline void row_load(sn_dtype dtype, const char *row, int64_t d, float *to) {
    switch (dtype) {
    case SN_F32: row_load_as(SN_F32, row, d, to); break;
    case SN_F16: row_load_as(SN_F16, row, d, to); break;
    case SN_BF16: row_load_as(SN_BF16, row, d, to); break;
    default: row_load_as(SN_Q8_0, row, d, to); break;
    }
}

/* A row of f32 as the cache type. */
static inline void row_store(sn_dtype dtype, const float *row, int64_t d, char *to) {
    int64_t x = 0;
    uint16_t *halves = (uint16_t *)(void *)to;
    if (dtype == SN_F16)
        for (; x + LANES <= d; x += LANES) v_to_f16(v_load(row + x), halves + x);
    if (dtype == SN_BF16)
        for (; x + LANES <= d; x += LANES) v_to_bf16(v_load(row + x), halves + x);
    if (dtype == SN_F16 || dtype == SN_BF16)
        sn_from_f32(dtype, row + x, halves + x, d - x);
    else
        sn_from_f32(dtype, row, to, d);
}

static inline void turn_pair(float *a, float *b, float c, float s) {
    float x = *a, y = *b;
    *a = x * c - y * s;
    *b = x * s + y * c;
}

/* Turns the planes of x in place by (cos, sin) pairs; sign -1 turns back. */
static inline void row_turn(sn_pair_layout layout, int64_t n_planes, const float *angles, float sign, float *x) {
    int64_t m = 0;
    vec a, b, c, s, sign_vec = v_set(sign);
    for (; m + LANES <= n_planes; m += LANES) {
        v_split_pairs(angles + 2 * m, &c, &s);
        s = v_mul(s, sign_vec);
        if (layout == SN_PAIR_HALVES) {
            a = v_load(x + m), b = v_load(x + n_planes + m);
            v_store(x + m, v_fnma(b, s, v_mul(a, c)));
            v_store(x + n_planes + m, v_fma(a, s, v_mul(b, c)));
        } else {
            v_split_pairs(x + 2 * m, &a, &b);
            v_join_pairs(x + 2 * m, v_fnma(b, s, v_mul(a, c)), v_fma(a, s, v_mul(b, c)));
        }
    }
    for (; m < n_planes; m++) {
        int64_t first = layout == SN_PAIR_HALVES ? m : 2 * m,
                second = layout == SN_PAIR_HALVES ? m + n_planes : 2 * m + 1;
        turn_pair(x + first, x + second, angles[2 * m], sign * angles[2 * m + 1]);
    }
}

#endif
