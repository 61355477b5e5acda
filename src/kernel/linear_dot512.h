/* Dots of quantized weights with activations of 8 bits, in AVX-512: two parts of a group per register. */
#ifndef SN_KERNEL_LINEAR_DOT512_H
#define SN_KERNEL_LINEAR_DOT512_H

#include "kernel/linear_q8.h"
#include "kernel/quant_pairs.h"
#include "kernel/simd.h"

SN_INLINE vf load_f16(const uint8_t *p) {
    return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(const void *)p));
}
SN_INLINE vf load_bf16(const uint8_t *p) {
    __m512i words = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)(const void *)p));
    return _mm512_castsi512_ps(_mm512_slli_epi32(words, 16));
}

/* Sums of four products of unsigned codes and signed activations per 32-bit lane. */
SN_INLINE __m512i dot_codes(const unpack *u, __m512i codes, __m512i q) {
#ifdef __AVX512VNNI__
    (void)u;
    return _mm512_dpbusd_epi32(_mm512_setzero_si512(), codes, q);
#else
    const __m512i ones = _mm512_set1_epi16(1);
    if (!u->wide) return _mm512_madd_epi16(_mm512_maddubs_epi16(codes, q), ones);
    /* The code made signed again, its magnitude times the signed q: no pair exceeds 2 * 127 * 128. */
    __m512i w = _mm512_xor_si512(codes, _mm512_set1_epi8((char)0x80));
    __m512i signed_q = _mm512_mask_sub_epi8(q, _mm512_movepi8_mask(w), _mm512_setzero_si512(), q);
    return _mm512_madd_epi16(_mm512_maddubs_epi16(_mm512_abs_epi8(w), signed_q), ones);
#endif
}

/* Without VNNI wide codes keep their sign, so their min is already in the product. */
SN_INLINE bool adds_mins(const unpack *u) {
#ifdef __AVX512VNNI__
    (void)u;
    return true;
#else
    return !u->wide;
#endif
}

/* 256 / sub floats, by eights as they are stored; zeros fill the register. */
SN_INLINE __m512 load_scales(const unpack *u, const float *scale) {
    __m512 low = _mm512_zextps256_ps512(_mm256_loadu_ps(scale));
    return u->sub == 16 ? _mm512_insertf32x8(low, _mm256_loadu_ps(scale + 8), 1) : low;
}

/* The scales of the activations, once per sub-block of the weights. */
SN_INLINE __m512 activation_scales(const unpack *u, const q8_group *a) {
    __m512 d = _mm512_zextps256_ps512(_mm256_loadu_ps(a->d));
    const __m512i twice = _mm512_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7);
    return u->sub == 16 ? _mm512_permutexvar_ps(twice, d) : d;
}

/* The scale of each lane of a pair, which holds four values. */
SN_INLINE __m512 lane_scales(const unpack *u, __m512 joint, int pair) {
    const __m512i halves = _mm512_setr_epi32(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1);
    const __m512i quarters = _mm512_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3);
    if (u->sub == 16) return _mm512_permutexvar_ps(_mm512_add_epi32(quarters, _mm512_set1_epi32(4 * pair)), joint);
    return _mm512_permutexvar_ps(_mm512_add_epi32(halves, _mm512_set1_epi32(2 * pair)), joint);
}

/* Dots of a row of w, k values at w, with n_rows rows of x, n_groups groups apart in a. */
SN_INLINE void dot_q8(const unpack *u, const uint8_t *w, int64_t k, const q8_group *a, int64_t n_groups, int n_rows,
                      float *out) {
    _Alignas(64) float scale[16], min[16];
    __m512 joint[max_tile], even[max_tile], odd[max_tile];
    uint8_t spare[max_group_bytes];
    for (int r = 0; r < n_rows; r++) even[r] = odd[r] = _mm512_setzero_ps();
    for (int64_t g = 0; g < n_groups; g++, a++) {
        const uint8_t *group = whole_group(u, w + g * u->group_bytes, k - g * group_size, spare);
        prefetch_ahead(w + g * u->group_bytes, u->group_bytes);
        u->scales(group, scale, min);
        for (int r = 0; r < n_rows; r++) {
            const q8_group *x = a + r * n_groups;
            joint[r] = _mm512_mul_ps(load_scales(u, scale), activation_scales(u, x));
            if (!adds_mins(u)) continue;
            __m512 sums = load_scales(u, u->sub == 16 ? x->sum16 : x->sum32);
            odd[r] = _mm512_fnmadd_ps(load_scales(u, min), sums, odd[r]);
        }
#pragma GCC unroll 4
        for (int pair = 0; pair < group_parts / 2; pair++) {
            __m512i codes = code_pairs(u, group, pair);
            for (int r = 0; r < n_rows; r++) {
                __m512i q = load64((const uint8_t *)(a + r * n_groups)->q + 64 * pair);
                __m512 product = _mm512_cvtepi32_ps(dot_codes(u, codes, q));
                __m512 *sum = pair % 2 ? &odd[r] : &even[r];
                *sum = _mm512_fmadd_ps(product, lane_scales(u, joint[r], pair), *sum);
            }
        }
    }
    for (int r = 0; r < n_rows; r++) {
        __m512 sum = _mm512_add_ps(even[r], odd[r]);
        out[r] = sum8(_mm256_add_ps(_mm512_castps512_ps256(sum), _mm512_extractf32x8_ps(sum, 1)));
    }
}

#endif
