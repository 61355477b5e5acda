/* Dots of quantized weights with activations of 8 bits, in AVX2. */
#ifndef SN_KERNEL_LINEAR_DOT256_H
#define SN_KERNEL_LINEAR_DOT256_H

#include "kernel/linear_q8.h"
#include "kernel/simd.h"

SN_INLINE vf load_f16(const uint8_t *p) { return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(const void *)p)); }
SN_INLINE vf load_bf16(const uint8_t *p) {
    __m256i words = _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)(const void *)p));
    return _mm256_castsi256_ps(_mm256_slli_epi32(words, 16));
}

/* Sums of four products of unsigned codes and signed activations per 32-bit lane. */
SN_INLINE __m256i dot_codes(const unpack *u, __m256i codes, __m256i q) {
    const __m256i ones = _mm256_set1_epi16(1);
    if (!u->wide) return _mm256_madd_epi16(_mm256_maddubs_epi16(codes, q), ones);
    /* The code made signed again, its magnitude times the signed q: no pair exceeds 2 * 127 * 128. */
    __m256i w = _mm256_xor_si256(codes, _mm256_set1_epi8((char)0x80));
    __m256i products = _mm256_maddubs_epi16(_mm256_abs_epi8(w), _mm256_sign_epi8(q, w));
    return _mm256_madd_epi16(products, ones);
}

/* The scales of a group times those of the activations. */
SN_INLINE void joint_scales(const unpack *u, const float *scale, const q8_group *a, float *joint) {
    __m256 d = _mm256_loadu_ps(a->d);
    if (u->sub == 32) {
        _mm256_store_ps(joint, _mm256_mul_ps(_mm256_load_ps(scale), d));
        return;
    }
    __m256 low = _mm256_permutevar8x32_ps(d, _mm256_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3));
    __m256 high = _mm256_permutevar8x32_ps(d, _mm256_setr_epi32(4, 4, 5, 5, 6, 6, 7, 7));
    _mm256_store_ps(joint, _mm256_mul_ps(_mm256_load_ps(scale), low));
    _mm256_store_ps(joint + 8, _mm256_mul_ps(_mm256_load_ps(scale + 8), high));
}

SN_INLINE __m256 lane_scales(const unpack *u, const float *joint, int h) {
    if (u->sub == 32) return _mm256_broadcast_ss(joint + h);
    return _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_broadcast_ss(joint + 2 * h)),
                                _mm_broadcast_ss(joint + 2 * h + 1), 1);
}

SN_INLINE __m256 subtract_mins(const unpack *u, __m256 sum, const float *min, const q8_group *a) {
    if (u->wide) return sum; /* codes that keep their sign have their min in the product already */
    if (u->sub == 32) return _mm256_fnmadd_ps(_mm256_load_ps(min), _mm256_loadu_ps(a->sum32), sum);
    sum = _mm256_fnmadd_ps(_mm256_load_ps(min), _mm256_loadu_ps(a->sum16), sum);
    return _mm256_fnmadd_ps(_mm256_load_ps(min + 8), _mm256_loadu_ps(a->sum16 + 8), sum);
}

/* Dots of a row of w, k values at w, with n_rows rows of x, n_groups groups apart in a. */
SN_INLINE void dot_q8(const unpack *u, const uint8_t *w, int64_t k, const q8_group *a, int64_t n_groups, int n_rows,
                      float *out) {
    _Alignas(32) float scale[16], min[16], joint[max_tile][16];
    __m256 even[max_tile], odd[max_tile];
    uint8_t spare[max_group_bytes];
    for (int r = 0; r < n_rows; r++) even[r] = odd[r] = _mm256_setzero_ps();
    for (int64_t g = 0; g < n_groups; g++, a++) {
        const uint8_t *group = whole_group(u, w + g * u->group_bytes, k - g * group_size, spare);
        prefetch_ahead(w + g * u->group_bytes, u->group_bytes);
        u->scales(group, scale, min);
        for (int r = 0; r < n_rows; r++) {
            joint_scales(u, scale, a + r * n_groups, joint[r]);
            odd[r] = subtract_mins(u, odd[r], min, a + r * n_groups);
        }
#pragma GCC unroll 8
        for (int h = 0; h < group_parts; h++) {
            __m256i codes = u->codes(group, h);
            for (int r = 0; r < n_rows; r++) {
                __m256i q = load32((const uint8_t *)(a + r * n_groups)->q + 32 * h);
                __m256 product = _mm256_cvtepi32_ps(dot_codes(u, codes, q));
                __m256 *sum = h % 2 ? &odd[r] : &even[r];
                *sum = _mm256_fmadd_ps(product, lane_scales(u, joint[r], h), *sum);
            }
        }
    }
    for (int r = 0; r < n_rows; r++) out[r] = sum8(_mm256_add_ps(even[r], odd[r]));
}

#endif
