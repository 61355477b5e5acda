/* AMX tiles of 16 rows of 64 bytes, and the transpose that goes with them. For files compiled with AMX. */
#ifndef SN_KERNEL_TILE_H
#define SN_KERNEL_TILE_H

#include <immintrin.h>
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

/* One step of the transpose: exchanges halves of pairs of 32-bit, then 64-bit, then 128-bit, then 256-bit units. */
static inline void transpose16(__m512i v[16]) {
    __m512i t[16];
    for (int i = 0; i < 16; i += 2) {
        t[i] = _mm512_unpacklo_epi32(v[i], v[i + 1]);
        t[i + 1] = _mm512_unpackhi_epi32(v[i], v[i + 1]);
    }
    for (int i = 0; i < 16; i += 4)
        for (int j = 0; j < 2; j++) {
            v[i + 2 * j] = _mm512_unpacklo_epi64(t[i + j], t[i + j + 2]);
            v[i + 2 * j + 1] = _mm512_unpackhi_epi64(t[i + j], t[i + j + 2]);
        }
    for (int i = 0; i < 16; i += 8)
        for (int j = 0; j < 4; j++) {
            t[i + j] = _mm512_shuffle_i32x4(v[i + j], v[i + j + 4], 0x88);
            t[i + j + 4] = _mm512_shuffle_i32x4(v[i + j], v[i + j + 4], 0xdd);
        }
    for (int j = 0; j < 8; j++) {
        v[j] = _mm512_shuffle_i32x4(t[j], t[j + 8], 0x88);
        v[j + 8] = _mm512_shuffle_i32x4(t[j], t[j + 8], 0xdd);
    }
}

#endif
