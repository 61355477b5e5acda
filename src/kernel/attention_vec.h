/* Vectors of f32 for the attention kernels: one spelling for AVX2 and AVX-512. Included by kernel files
 * that are compiled for one of them. */
#ifndef SN_KERNEL_ATTENTION_VEC_H
#define SN_KERNEL_ATTENTION_VEC_H

#include "kernel/transpose.h"
#include "tensor/half.h"

#include <stdint.h>

#define SN_INLINE static inline __attribute__((always_inline))

#if defined(__AVX512F__)

enum { LANES = 16 };
typedef __m512 vec;
typedef __m512i ivec;

SN_INLINE vec v_set(float x) { return _mm512_set1_ps(x); }
SN_INLINE vec v_load(const float *p) { return _mm512_loadu_ps(p); }
SN_INLINE void v_store(float *p, vec x) { _mm512_storeu_ps(p, x); }
SN_INLINE vec v_add(vec a, vec b) { return _mm512_add_ps(a, b); }
SN_INLINE vec v_sub(vec a, vec b) { return _mm512_sub_ps(a, b); }
SN_INLINE vec v_mul(vec a, vec b) { return _mm512_mul_ps(a, b); }
SN_INLINE vec v_max(vec a, vec b) { return _mm512_max_ps(a, b); }
SN_INLINE vec v_fma(vec a, vec b, vec c) { return _mm512_fmadd_ps(a, b, c); }
SN_INLINE vec v_fnma(vec a, vec b, vec c) { return _mm512_fnmadd_ps(a, b, c); }
SN_INLINE float v_reduce_max(vec x) { return _mm512_reduce_max_ps(x); }
SN_INLINE float v_reduce_add(vec x) { return _mm512_reduce_add_ps(x); }
SN_INLINE ivec i_set(int x) { return _mm512_set1_epi32(x); }
SN_INLINE ivec i_load(const int32_t *p) { return _mm512_loadu_si512(p); }
/* y where from <= at < to, else x. */
SN_INLINE vec v_inside(ivec from, ivec at, ivec to, vec x, vec y) {
    __mmask16 inside = _mm512_cmple_epi32_mask(from, at) & _mm512_cmplt_epi32_mask(at, to);
    return _mm512_mask_mov_ps(x, inside, y);
}
/* p * 2^n, n integral; 0 where n is below -126: numbers below the normal range take the processor a hundred cycles. */
SN_INLINE vec v_scale2(vec p, vec n) {
    return _mm512_maskz_scalef_ps(_mm512_cmp_ps_mask(n, _mm512_set1_ps(-126), _CMP_GE_OQ), p, n);
}
SN_INLINE vec v_round(vec x) { return _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
SN_INLINE vec v_from_f16(const uint16_t *p) { return _mm512_cvtph_ps(_mm256_loadu_si256((const void *)p)); }
SN_INLINE vec v_from_bf16(const uint16_t *p) {
    __m512i wide = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const void *)p));
    return _mm512_castsi512_ps(_mm512_slli_epi32(wide, 16));
}
SN_INLINE void v_to_f16(vec x, uint16_t *p) {
    _mm256_storeu_si256((void *)p, _mm512_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
}
/* Rounded to nearest even; a NaN stays one. */
SN_INLINE void v_to_bf16(vec x, uint16_t *p) {
    __m512i bits = _mm512_castps_si512(x), odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
    __m512i rounded = _mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff)));
    __m512i quiet = _mm512_or_si512(bits, _mm512_set1_epi32(0x400000));
    rounded = _mm512_mask_mov_epi32(rounded, _mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q), quiet);
    _mm256_storeu_si256((void *)p, _mm512_cvtepi32_epi16(_mm512_srli_epi32(rounded, 16)));
}
SN_INLINE vec v_from_i8(const int8_t *p) {
    return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128((const void *)p)));
}
/* The even and the odd elements of the 2 * LANES floats at p. */
SN_INLINE void v_split_pairs(const float *p, vec *even, vec *odd) {
    vec a = v_load(p), b = v_load(p + LANES);
    __m512i first = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    *even = _mm512_permutex2var_ps(a, first, b);
    *odd = _mm512_permutex2var_ps(a, _mm512_add_epi32(first, _mm512_set1_epi32(1)), b);
}
SN_INLINE void v_join_pairs(float *p, vec even, vec odd) {
    __m512i low = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    v_store(p, _mm512_permutex2var_ps(even, low, odd));
    v_store(p + LANES, _mm512_permutex2var_ps(even, _mm512_add_epi32(low, _mm512_set1_epi32(8)), odd));
}
/* Lane i of the result is the sum of all lanes of x[i]. x is used up. */
SN_INLINE vec v_reduce_each(vec *x) {
    for (int i = 0; i < 8; i++) { /* halves of x[i] and x[i + 8] */
        vec low = _mm512_shuffle_f32x4(x[i], x[i + 8], 0x44), high = _mm512_shuffle_f32x4(x[i], x[i + 8], 0xee);
        x[i] = v_add(low, high);
    }
    for (int i = 0; i < 4; i++) { /* quarters: x[i], x[i + 8] in x[i]; x[i + 4], x[i + 12] in x[i + 4] */
        vec low = _mm512_shuffle_f32x4(x[i], x[i + 4], 0x88), high = _mm512_shuffle_f32x4(x[i], x[i + 4], 0xdd);
        x[i] = v_add(low, high); /* quarters hold i, i + 8, i + 4, i + 12 */
    }
    for (int i = 0; i < 2; i++) x[i] = v_add(_mm512_unpacklo_ps(x[i], x[i + 2]), _mm512_unpackhi_ps(x[i], x[i + 2]));
    /* lanes of a quarter: i, i + 2, i, i + 2 */
    vec low = _mm512_unpacklo_ps(x[0], x[1]), high = _mm512_unpackhi_ps(x[0], x[1]);
    return _mm512_shuffle_f32x4(v_add(low, high), v_add(low, high), 0xd8);
}
/* The square whose rows are x[0..LANES), turned. */
SN_INLINE void v_transpose(vec *x) {
    __m512i t[16];
    for (int i = 0; i < 16; i++) t[i] = _mm512_castps_si512(x[i]);
    transpose16(t);
    for (int i = 0; i < 16; i++) x[i] = _mm512_castsi512_ps(t[i]);
}

#else

enum { LANES = 8 };
typedef __m256 vec;
typedef __m256i ivec;

SN_INLINE vec v_set(float x) { return _mm256_set1_ps(x); }
SN_INLINE vec v_load(const float *p) { return _mm256_loadu_ps(p); }
SN_INLINE void v_store(float *p, vec x) { _mm256_storeu_ps(p, x); }
SN_INLINE vec v_add(vec a, vec b) { return _mm256_add_ps(a, b); }
SN_INLINE vec v_sub(vec a, vec b) { return _mm256_sub_ps(a, b); }
SN_INLINE vec v_mul(vec a, vec b) { return _mm256_mul_ps(a, b); }
SN_INLINE vec v_max(vec a, vec b) { return _mm256_max_ps(a, b); }
SN_INLINE vec v_fma(vec a, vec b, vec c) { return _mm256_fmadd_ps(a, b, c); }
SN_INLINE vec v_fnma(vec a, vec b, vec c) { return _mm256_fnmadd_ps(a, b, c); }
SN_INLINE float v_reduce_max(vec x) {
    __m128 m = _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    m = _mm_max_ps(m, _mm_movehl_ps(m, m));
    return _mm_cvtss_f32(_mm_max_ss(m, _mm_movehdup_ps(m)));
}
SN_INLINE float v_reduce_add(vec x) {
    __m128 s = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    s = _mm_add_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}
SN_INLINE ivec i_set(int x) { return _mm256_set1_epi32(x); }
SN_INLINE ivec i_load(const int32_t *p) { return _mm256_loadu_si256((const void *)p); }
SN_INLINE vec v_inside(ivec from, ivec at, ivec to, vec x, vec y) {
    ivec inside = _mm256_andnot_si256(_mm256_cmpgt_epi32(from, at), _mm256_cmpgt_epi32(to, at));
    return _mm256_blendv_ps(x, y, _mm256_castsi256_ps(inside));
}
/* A power below -126 leaves no exponent: 0. */
SN_INLINE vec v_scale2(vec p, vec n) {
    ivec exponent = _mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127));
    exponent = _mm256_max_epi32(exponent, _mm256_setzero_si256());
    return v_mul(p, _mm256_castsi256_ps(_mm256_slli_epi32(exponent, 23)));
}
SN_INLINE vec v_round(vec x) { return _mm256_round_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
SN_INLINE vec v_from_f16(const uint16_t *p) { return _mm256_cvtph_ps(_mm_loadu_si128((const void *)p)); }
SN_INLINE vec v_from_bf16(const uint16_t *p) {
    __m256i wide = _mm256_cvtepu16_epi32(_mm_loadu_si128((const void *)p));
    return _mm256_castsi256_ps(_mm256_slli_epi32(wide, 16));
}
SN_INLINE void v_to_f16(vec x, uint16_t *p) {
    _mm_storeu_si128((void *)p, _mm256_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
}
SN_INLINE void v_to_bf16(vec x, uint16_t *p) {
    ivec bits = _mm256_castps_si256(x), odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
    ivec rounded = _mm256_add_epi32(bits, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7fff)));
    vec quiet = _mm256_castsi256_ps(_mm256_or_si256(bits, _mm256_set1_epi32(0x400000)));
    vec kept = _mm256_blendv_ps(_mm256_castsi256_ps(rounded), quiet, _mm256_cmp_ps(x, x, _CMP_UNORD_Q));
    ivec high = _mm256_srli_epi32(_mm256_castps_si256(kept), 16);
    ivec packed = _mm256_permute4x64_epi64(_mm256_packus_epi32(high, high), 0xd8);
    _mm_storeu_si128((void *)p, _mm256_castsi256_si128(packed));
}
SN_INLINE vec v_from_i8(const int8_t *p) {
    return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64((const void *)p)));
}
SN_INLINE vec lanes_0213(vec x) { return _mm256_castpd_ps(_mm256_permute4x64_pd(_mm256_castps_pd(x), 0xd8)); }
SN_INLINE void v_split_pairs(const float *p, vec *even, vec *odd) {
    vec a = v_load(p), b = v_load(p + LANES);
    *even = lanes_0213(_mm256_shuffle_ps(a, b, 0x88));
    *odd = lanes_0213(_mm256_shuffle_ps(a, b, 0xdd));
}
SN_INLINE void v_join_pairs(float *p, vec even, vec odd) {
    vec low = _mm256_unpacklo_ps(even, odd), high = _mm256_unpackhi_ps(even, odd);
    v_store(p, _mm256_permute2f128_ps(low, high, 0x20));
    v_store(p + LANES, _mm256_permute2f128_ps(low, high, 0x31));
}
SN_INLINE vec v_reduce_each(vec *x) {
    for (int i = 0; i < 4; i++)
        x[i] = v_add(_mm256_permute2f128_ps(x[i], x[i + 4], 0x20), _mm256_permute2f128_ps(x[i], x[i + 4], 0x31));
    for (int i = 0; i < 2; i++) x[i] = v_add(_mm256_unpacklo_ps(x[i], x[i + 2]), _mm256_unpackhi_ps(x[i], x[i + 2]));
    return v_add(_mm256_unpacklo_ps(x[0], x[1]), _mm256_unpackhi_ps(x[0], x[1]));
}
SN_INLINE void v_transpose(vec *x) { transpose8(x); }

#endif

/* 2^x for x <= 127, relative error below 2e-7; 0 below 2^-126 and at -infinity. Coefficients as in Cephes. */
SN_INLINE vec v_exp2(vec x) {
    x = v_max(x, v_set(-200));
    vec n = v_round(x), r = v_sub(x, n);
    vec p = v_set(1.535336188319500e-4f);
    p = v_fma(p, r, v_set(1.339887440266574e-3f));
    p = v_fma(p, r, v_set(9.618437357674640e-3f));
    p = v_fma(p, r, v_set(5.550332471162809e-2f));
    p = v_fma(p, r, v_set(2.402264791363012e-1f));
    p = v_fma(p, r, v_set(6.931472028550421e-1f));
    return v_scale2(v_fma(p, r, v_set(1)), n);
}

#endif
