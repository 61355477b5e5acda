/* Unpacking of quantized blocks in AVX-512, for the same groups as quant_unpack.h: 64 codes, those of parts 2 pair and
 * 2 pair + 1 in order. */
#ifndef SN_KERNEL_QUANT_PAIRS_H
#define SN_KERNEL_QUANT_PAIRS_H

#include "kernel/quant_unpack.h"

SN_INLINE __m512i load64(const uint8_t *p) { return _mm512_loadu_si512(p); }
SN_INLINE __m512i low_bits64(__m512i v, int mask) { return _mm512_and_si512(v, _mm512_set1_epi8((char)mask)); }

/* The same 32 bytes for both parts. */
SN_INLINE __m512i twice(const uint8_t *p) { return _mm512_broadcast_i64x4(load32(p)); }
/* Shifts of 32-bit words, one for each part; the caller masks. */
SN_INLINE __m512i shift_parts(__m512i v, int first, int second) {
    return _mm512_srlv_epi32(v, _mm512_mask_set1_epi32(_mm512_set1_epi32(first), 0xff00, second));
}
/* Bit `first` of each byte of the first part and bit `second` of the second's moved to bit `to`: no bit that the
 * caller's mask keeps crosses the end of a word. */
SN_INLINE __m512i move_parts(__m512i v, int first, int second, int to) {
    __m512i by = _mm512_mask_set1_epi32(_mm512_set1_epi32(to - first), 0xff00, to - second);
    return _mm512_rolv_epi32(v, by);
}

/* ---- q8_0, q4_0, q4_1, q5_0, q5_1: blocks of `step` bytes ---- */

/* Of each block 16 bytes, whose low halves are its first 16 codes, the high halves the others. */
SN_INLINE __m512i nibble_pair(const uint8_t *p, int64_t step) {
    __m128i first = _mm_loadu_si128((const __m128i *)(const void *)p);
    __m128i second = _mm_loadu_si128((const __m128i *)(const void *)(p + step));
    __m512i both = _mm512_mask_broadcast_i32x4(_mm512_broadcast_i32x4(first), 0xff00, second);
    const __m512i by = _mm512_setr_epi32(0, 0, 0, 0, 4, 4, 4, 4, 0, 0, 0, 0, 4, 4, 4, 4);
    return low_bits64(_mm512_srlv_epi32(both, by), 15);
}
/* The same with a fifth bit of each from a word of bits. */
SN_INLINE __m512i five_bit_pair(const uint8_t *bits, const uint8_t *p, int64_t step) {
    __mmask64 set = (uint64_t)word_at(bits + step) << 32 | word_at(bits);
    __m512i codes = nibble_pair(p, step);
    return _mm512_mask_add_epi8(codes, set, codes, _mm512_set1_epi8(16));
}
SN_INLINE __m512i q8_0_pairs(const uint8_t *g, int pair) {
    g += 68 * pair;
    __m512i both = _mm512_inserti64x4(_mm512_castsi256_si512(load32(g + 2)), load32(g + 36), 1);
    return _mm512_xor_si512(both, _mm512_set1_epi8((char)0x80));
}
SN_INLINE __m512i q4_0_pairs(const uint8_t *g, int pair) { return nibble_pair(g + 36 * pair + 2, 18); }
SN_INLINE __m512i q4_1_pairs(const uint8_t *g, int pair) { return nibble_pair(g + 40 * pair + 4, 20); }
SN_INLINE __m512i q5_0_pairs(const uint8_t *g, int pair) {
    return five_bit_pair(g + 44 * pair + 2, g + 44 * pair + 6, 22);
}
SN_INLINE __m512i q5_1_pairs(const uint8_t *g, int pair) {
    return five_bit_pair(g + 48 * pair + 4, g + 48 * pair + 8, 24);
}

/* ---- the super-blocks ---- */

SN_INLINE __m512i q2_k_pairs(const uint8_t *g, int pair) {
    int by = pair % 2 * 4;
    return low_bits64(shift_parts(twice(g + 16 + pair / 2 * 32), by, by + 2), 3);
}
SN_INLINE __m512i q3_k_pairs(const uint8_t *g, int pair) {
    int by = pair % 2 * 4;
    __m512i low = low_bits64(shift_parts(twice(g + 32 + pair / 2 * 32), by, by + 2), 3);
    return _mm512_or_si512(low, low_bits64(move_parts(twice(g), 2 * pair, 2 * pair + 1, 2), 4));
}
SN_INLINE __m512i q4_k_pairs(const uint8_t *g, int pair) {
    return low_bits64(shift_parts(twice(g + 16 + 32 * pair), 0, 4), 15);
}
SN_INLINE __m512i q5_k_pairs(const uint8_t *g, int pair) {
    __m512i low = low_bits64(shift_parts(twice(g + 48 + 32 * pair), 0, 4), 15);
    return _mm512_or_si512(low, low_bits64(move_parts(twice(g + 16), 2 * pair, 2 * pair + 1, 4), 16));
}
SN_INLINE __m512i q6_k_pairs(const uint8_t *g, int pair) {
    int half = pair / 2, by = pair % 2 * 4;
    __m512i low = low_bits64(_mm512_srli_epi16(load64(g + 64 * half), by), 15);
    return _mm512_or_si512(low, low_bits64(move_parts(twice(g + 128 + 32 * half), by, by + 2, 4), 0x30));
}

#define SN_TYPE_PAIRS(type, ...)                                                                                       \
    if (u == &unpack_##type) return type##_pairs(group, pair);
/* Those of a type; which one is settled when compiling. */
SN_INLINE __m512i code_pairs(const unpack *u, const uint8_t *group, int pair) {
    SN_BLOCK_TYPES(SN_TYPE_PAIRS)
    return _mm512_setzero_si512();
}

#endif
