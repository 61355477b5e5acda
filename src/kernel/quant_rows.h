/* Rows of any float or block type to f32, for kernels compiled with AVX2 or more. */
#ifndef SN_KERNEL_QUANT_ROWS_H
#define SN_KERNEL_QUANT_ROWS_H

#include "kernel/quant_unpack.h"

/* count is a multiple of the block. */
SN_INLINE void blocks_to_f32(const unpack *u, const uint8_t *from, float *to, int64_t count) {
    _Alignas(32) float scale[16], min[16];
    uint8_t spare[max_group_bytes];
    for (; count > 0; count -= group_size, from += u->group_bytes) {
        const uint8_t *group = whole_group(u, from, count, spare);
        u->scales(group, scale, min);
        for (int h = 0; h < group_parts && h * part_size < count; h++, to += part_size) {
            __m256i codes = u->codes(group, h);
            for (int i = 0; i < 4; i++) _mm256_storeu_ps(to + 8 * i, values8(u, codes, h, i, scale, min));
        }
    }
}

#define SN_ROWS_FN(type, dtype, ...)                                                                                   \
    static void type##_row_to_f32(const uint8_t *from, float *to, int64_t count) {                                     \
        blocks_to_f32(&unpack_##type, from, to, count);                                                                \
    }
SN_BLOCK_TYPES(SN_ROWS_FN)

static void f32_row_to_f32(const uint8_t *from, float *to, int64_t count) {
    memcpy(to, from, (size_t)count * sizeof *to);
}
static void f16_row_to_f32(const uint8_t *from, float *to, int64_t count) {
    int64_t i = 0;
    for (; i + 8 <= count; i += 8)
        _mm256_storeu_ps(to + i, _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(const void *)(from + 2 * i))));
    for (; i < count; i++) to[i] = half_at(from + 2 * i);
}
static void bf16_row_to_f32(const uint8_t *from, float *to, int64_t count) {
    int64_t i = 0;
    for (; i + 8 <= count; i += 8) {
        __m256i words = _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)(const void *)(from + 2 * i)));
        _mm256_storeu_ps(to + i, _mm256_castsi256_ps(_mm256_slli_epi32(words, 16)));
    }
    for (; i < count; i++) {
        sn_bf16 b;
        memcpy(&b, from + 2 * i, sizeof b);
        to[i] = sn_bf16_to_f32(b);
    }
}

#define SN_ROWS_ENTRY(type, dtype, ...) [dtype] = type##_row_to_f32,
static void (*const rows_to_f32[SN_N_DTYPES])(const uint8_t *, float *, int64_t) = {
    SN_BLOCK_TYPES(SN_ROWS_ENTRY)[SN_F32] = f32_row_to_f32, [SN_F16] = f16_row_to_f32, [SN_BF16] = bf16_row_to_f32};

static inline void row_to_f32(sn_dtype dtype, const uint8_t *from, float *to, int64_t count) {
    rows_to_f32[dtype](from, to, count);
}

#endif
