/* Unpacking of quantized blocks with AVX2, for kernels compiled with at least that level. Every type is seen as
 * groups of 256 values (8 small blocks or one super-block), each value = scale * code - min, with unsigned codes
 * and one scale and min per sub-block of 16 or 32. Templates take a `const unpack *` that is a compile-time
 * constant at each use and are inlined, so that no call and no test is left. */
#ifndef SN_KERNEL_QUANT_UNPACK_H
#define SN_KERNEL_QUANT_UNPACK_H

#include "tensor/quant.h"

#include <immintrin.h>
#include <string.h>

#define SN_INLINE static inline __attribute__((always_inline))

enum { group_size = 256, group_parts = 8, part_size = 32 };

typedef struct unpack {
    int64_t group_bytes, block, block_bytes;
    int sub;   /* values per scale: 16 or 32 */
    bool wide; /* codes of 8 bits: products of pairs overflow 16 bits */
    /* The 32 codes of part h, in order. */
    __m256i (*codes)(const uint8_t *group, int h);
    /* 256 / sub scales and mins, to 32-byte aligned arrays. */
    void (*scales)(const uint8_t *group, float *scale, float *min);
} unpack;

SN_INLINE __m256i load32(const uint8_t *p) { return _mm256_loadu_si256((const __m256i *)(const void *)p); }
SN_INLINE __m256i low_bits(__m256i v, int mask) { return _mm256_and_si256(v, _mm256_set1_epi8((char)mask)); }
SN_INLINE float half_at(const uint8_t *p) {
    sn_f16 h;
    memcpy(&h, p, sizeof h);
    return _cvtsh_ss(h);
}
SN_INLINE uint32_t word_at(const uint8_t *p) {
    uint32_t word;
    memcpy(&word, p, sizeof word);
    return word;
}

/* The f16 at p, p + step, ... of 8 blocks. */
SN_INLINE __m256 halves8(const uint8_t *p, int64_t step) {
    sn_f16 h[8];
    for (int i = 0; i < 8; i++) memcpy(&h[i], p + i * step, sizeof *h);
    return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(const void *)h));
}

/* 16 bytes of which the low halves are the first 16 codes, the high halves the others. */
SN_INLINE __m256i nibbles(const uint8_t *p) {
    __m256i both = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)p));
    return low_bits(_mm256_srlv_epi32(both, _mm256_set_epi32(4, 4, 4, 4, 0, 0, 0, 0)), 15);
}

/* 16 in byte i where bit i is set. */
SN_INLINE __m256i fifth_bits(uint32_t bits) {
#if defined(__AVX512BW__) && defined(__AVX512VL__)
    return _mm256_maskz_set1_epi8(bits, 16);
#else
    const __m256i byte_of = _mm256_setr_epi64x(0, 0x0101010101010101, 0x0202020202020202, 0x0303030303030303);
    const __m256i bit_of = _mm256_set1_epi64x((long long)0x8040201008040201);
    __m256i spread = _mm256_shuffle_epi8(_mm256_set1_epi32((int)bits), byte_of);
    return low_bits(_mm256_cmpeq_epi8(_mm256_and_si256(spread, bit_of), bit_of), 16);
#endif
}

/* Moves bit `from` of each byte's worth of bits to bit `to`; the caller masks. */
SN_INLINE __m256i move_bits(__m256i v, int from, int to) {
    return from > to ? _mm256_srli_epi16(v, from - to) : _mm256_slli_epi16(v, to - from);
}

/* ---- q8_0, q4_0, q4_1, q5_0, q5_1 ---- */

SN_INLINE __m256i q8_0_codes(const uint8_t *g, int h) {
    return _mm256_xor_si256(load32(g + 34 * h + 2), _mm256_set1_epi8((char)0x80));
}
SN_INLINE __m256i q4_0_codes(const uint8_t *g, int h) { return nibbles(g + 18 * h + 2); }
SN_INLINE __m256i q4_1_codes(const uint8_t *g, int h) { return nibbles(g + 20 * h + 4); }
SN_INLINE __m256i q5_0_codes(const uint8_t *g, int h) {
    return _mm256_or_si256(nibbles(g + 22 * h + 6), fifth_bits(word_at(g + 22 * h + 2)));
}
SN_INLINE __m256i q5_1_codes(const uint8_t *g, int h) {
    return _mm256_or_si256(nibbles(g + 24 * h + 8), fifth_bits(word_at(g + 24 * h + 4)));
}

SN_INLINE void offset_scales(const uint8_t *g, int64_t step, float offset, float *scale, float *min) {
    __m256 d = halves8(g, step);
    _mm256_store_ps(scale, d);
    _mm256_store_ps(min, _mm256_mul_ps(d, _mm256_set1_ps(offset)));
}
SN_INLINE void min_scales(const uint8_t *g, int64_t step, float *scale, float *min) {
    _mm256_store_ps(scale, halves8(g, step));
    _mm256_store_ps(min, _mm256_sub_ps(_mm256_setzero_ps(), halves8(g + 2, step)));
}
SN_INLINE void q8_0_scales(const uint8_t *g, float *s, float *m) { offset_scales(g, 34, 128, s, m); }
SN_INLINE void q4_0_scales(const uint8_t *g, float *s, float *m) { offset_scales(g, 18, 8, s, m); }
SN_INLINE void q4_1_scales(const uint8_t *g, float *s, float *m) { min_scales(g, 20, s, m); }
SN_INLINE void q5_0_scales(const uint8_t *g, float *s, float *m) { offset_scales(g, 22, 16, s, m); }
SN_INLINE void q5_1_scales(const uint8_t *g, float *s, float *m) { min_scales(g, 24, s, m); }

/* ---- the super-blocks ---- */

SN_INLINE __m256 bytes_ps(uint32_t low, uint32_t high) {
    __m128i bytes = _mm_set_epi32(0, 0, (int)high, (int)low);
    return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(bytes));
}
SN_INLINE void store_scaled(float *to, __m256 v, float d) { _mm256_store_ps(to, _mm256_mul_ps(v, _mm256_set1_ps(d))); }

SN_INLINE __m256i q2_k_codes(const uint8_t *g, int h) {
    return low_bits(_mm256_srli_epi16(load32(g + 16 + h / 4 * 32), 2 * (h % 4)), 3);
}
SN_INLINE void q2_k_scales(const uint8_t *g, float *scale, float *min) {
    float d = half_at(g + 80), dmin = half_at(g + 82);
    for (int i = 0; i < 2; i++) {
        uint32_t low = word_at(g + 8 * i), high = word_at(g + 8 * i + 4);
        store_scaled(scale + 8 * i, bytes_ps(low & 0x0f0f0f0f, high & 0x0f0f0f0f), d);
        store_scaled(min + 8 * i, bytes_ps(low >> 4 & 0x0f0f0f0f, high >> 4 & 0x0f0f0f0f), dmin);
    }
}

SN_INLINE __m256i q3_k_codes(const uint8_t *g, int h) {
    __m256i low = low_bits(_mm256_srli_epi16(load32(g + 32 + h / 4 * 32), 2 * (h % 4)), 3);
    return _mm256_or_si256(low, low_bits(move_bits(load32(g), h, 2), 4));
}
SN_INLINE void q3_k_scales(const uint8_t *g, float *scale, float *min) {
    uint32_t a = word_at(g + 96), b = word_at(g + 100), c = word_at(g + 104);
    float d = half_at(g + 108);
    for (int i = 0; i < 2; i++) {
        uint32_t low = (a >> 4 * i & 0x0f0f0f0f) | (c >> 4 * i & 0x03030303) << 4;
        uint32_t high = (b >> 4 * i & 0x0f0f0f0f) | (c >> (4 * i + 2) & 0x03030303) << 4;
        __m256 v = _mm256_sub_ps(bytes_ps(low, high), _mm256_set1_ps(32));
        store_scaled(scale + 8 * i, v, d);
        store_scaled(min + 8 * i, v, 4 * d);
    }
}

SN_INLINE void k6_scales(const uint8_t *packed, float d, float dmin, float *scale, float *min) {
    uint32_t a = word_at(packed), b = word_at(packed + 4), c = word_at(packed + 8);
    store_scaled(scale, bytes_ps(a & 0x3f3f3f3f, (c & 0x0f0f0f0f) | (a >> 6 & 0x03030303) << 4), d);
    store_scaled(min, bytes_ps(b & 0x3f3f3f3f, (c >> 4 & 0x0f0f0f0f) | (b >> 6 & 0x03030303) << 4), dmin);
}
SN_INLINE __m256i q4_k_codes(const uint8_t *g, int h) {
    return low_bits(_mm256_srli_epi16(load32(g + 16 + h / 2 * 32), h % 2 * 4), 15);
}
SN_INLINE void q4_k_scales(const uint8_t *g, float *s, float *m) { k6_scales(g + 4, half_at(g), half_at(g + 2), s, m); }
SN_INLINE __m256i q5_k_codes(const uint8_t *g, int h) {
    __m256i low = low_bits(_mm256_srli_epi16(load32(g + 48 + h / 2 * 32), h % 2 * 4), 15);
    return _mm256_or_si256(low, low_bits(move_bits(load32(g + 16), h, 4), 16));
}

SN_INLINE __m256i q6_k_codes(const uint8_t *g, int h) {
    int half = h / 4, u = h % 4;
    __m256i low = low_bits(_mm256_srli_epi16(load32(g + half * 64 + u % 2 * 32), u / 2 * 4), 15);
    return _mm256_or_si256(low, low_bits(move_bits(load32(g + 128 + half * 32), 2 * u, 4), 0x30));
}
SN_INLINE void q6_k_scales(const uint8_t *g, float *scale, float *min) {
    float d = half_at(g + 208);
    for (int i = 0; i < 2; i++) {
        __m128i bytes = _mm_loadl_epi64((const __m128i *)(const void *)(g + 192 + 8 * i));
        __m256 v = _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(bytes));
        store_scaled(scale + 8 * i, v, d);
        store_scaled(min + 8 * i, v, 32 * d);
    }
}

/* type, dtype, block, bytes per block, sub, wide, codes, scales */
#define SN_BLOCK_TYPES(X)                                                                                              \
    X(q8_0, SN_Q8_0, 32, 34, 32, true, q8_0_codes, q8_0_scales)                                                        \
    X(q4_0, SN_Q4_0, 32, 18, 32, false, q4_0_codes, q4_0_scales)                                                       \
    X(q4_1, SN_Q4_1, 32, 20, 32, false, q4_1_codes, q4_1_scales)                                                       \
    X(q5_0, SN_Q5_0, 32, 22, 32, false, q5_0_codes, q5_0_scales)                                                       \
    X(q5_1, SN_Q5_1, 32, 24, 32, false, q5_1_codes, q5_1_scales)                                                       \
    X(q2_k, SN_Q2_K, 256, 84, 16, false, q2_k_codes, q2_k_scales)                                                      \
    X(q3_k, SN_Q3_K, 256, 110, 16, false, q3_k_codes, q3_k_scales)                                                     \
    X(q4_k, SN_Q4_K, 256, 144, 32, false, q4_k_codes, q4_k_scales)                                                     \
    X(q5_k, SN_Q5_K, 256, 176, 32, false, q5_k_codes, q4_k_scales)                                                     \
    X(q6_k, SN_Q6_K, 256, 210, 16, false, q6_k_codes, q6_k_scales)

#define SN_UNPACK_RECORD(type, dtype, block, bytes, sub, wide, codes, scales)                                          \
    static const unpack unpack_##type = {256 / (block) * (bytes), block, bytes, sub, wide, codes, scales};
SN_BLOCK_TYPES(SN_UNPACK_RECORD)

/* Values 8 i .. 8 i + 7 (i < 4) of part h, from its codes. */
SN_INLINE __m256 values8(const unpack *u, __m256i codes, int h, int i, const float *scale, const float *min) {
    __m128i half = i < 2 ? _mm256_castsi256_si128(codes) : _mm256_extracti128_si256(codes, 1);
    __m256 code = _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(i % 2 ? _mm_srli_si128(half, 8) : half));
    int j = u->sub == 32 ? h : 2 * h + i / 2;
    return _mm256_fmsub_ps(code, _mm256_set1_ps(scale[j]), _mm256_set1_ps(min[j]));
}

/* The group at `at`; where fewer than 256 of the row's k values are left, a copy filled up with zero blocks. */
SN_INLINE const uint8_t *whole_group(const unpack *u, const uint8_t *at, int64_t left, uint8_t *spare) {
    if (left >= group_size) return at;
    memset(spare, 0, (size_t)u->group_bytes);
    memcpy(spare, at, (size_t)(left / u->block * u->block_bytes));
    return spare;
}

enum { max_group_bytes = 34 * 8 };

#endif
