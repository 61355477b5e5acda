/* AMX tiles of 16 rows of 64 bytes, and what fills them. For files compiled with AMX. */
#ifndef SN_KERNEL_TILE_H
#define SN_KERNEL_TILE_H

#include "kernel/transpose.h"

#include <stdint.h>

enum { tile_edge = 16, tile_k = 32, tile_bytes = 1024 };

typedef struct tile_config {
    uint8_t palette, start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
} tile_config;

/* All eight tiles whole. Per thread; undone by _tile_release. */
static inline void tiles_begin(void) {
    _Alignas(64) tile_config config = {.palette = 1};
    for (int t = 0; t < 8; t++) config.row_bytes[t] = 64, config.rows[t] = tile_edge;
    __asm__ volatile("ldtilecfg %0" : : "m"(config)); /* gcc's intrinsic claims to read 8 of the 64 bytes */
}

static inline __m512i to_bf16(__m512 low, __m512 high) { return (__m512i)_mm512_cvtne2ps_pbh(high, low); }

static inline __mmask16 first_lanes(int64_t n) { return (__mmask16)(n >= 16 ? 0xffff : n > 0 ? (1 << n) - 1 : 0); }

/* Up to 32 values as 16 pairs; zeros where there are fewer. */
static inline __m512i load_bf16(const float *from, int64_t count) {
    return to_bf16(_mm512_maskz_loadu_ps(first_lanes(count), from),
                   _mm512_maskz_loadu_ps(first_lanes(count - 16), from + 16));
}

/* 16 values paired with 16 others. */
static inline __m512i pair_up(__m512 first, __m512 second) {
    const __m512i order = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6,
                                           21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
    return _mm512_permutexvar_epi16(order, to_bf16(first, second));
}

/* Up to 16 values paired with those `next` floats behind them; of up to two lines. */
static inline __m512i load_bf16_pairs(const float *from, int64_t next, int64_t count, int64_t lines) {
    __mmask16 mask = first_lanes(count);
    return pair_up(_mm512_maskz_loadu_ps(lines > 0 ? mask : 0, from),
                   _mm512_maskz_loadu_ps(lines > 1 ? mask : 0, from + next));
}

#endif
