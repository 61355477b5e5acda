/* A vector of f32 as wide as the file is compiled for: AVX-512, AVX2, or one lane of plain C, whose loops the
 * compiler vectorises for the baseline. Kernels written with it are compiled once per instruction set. */
#ifndef SN_KERNEL_SIMD_H
#define SN_KERNEL_SIMD_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#if defined(__AVX512F__)
#include <immintrin.h>

typedef __m512 vf;
enum { vf_lanes = 16 };
static inline __mmask16 vf_first(int64_t n) { return (__mmask16)((1u << n) - 1); }
static inline vf vf_set(float x) { return _mm512_set1_ps(x); }
static inline vf vf_load(const float *p) { return _mm512_loadu_ps(p); }
static inline void vf_store(float *p, vf x) { _mm512_storeu_ps(p, x); }
/* The first n < vf_lanes elements, zeros behind them. */
static inline vf vf_load_part(const float *p, int64_t n) { return _mm512_maskz_loadu_ps(vf_first(n), p); }
static inline void vf_store_part(float *p, vf x, int64_t n) { _mm512_mask_storeu_ps(p, vf_first(n), x); }
/* x in the first n lanes, `rest` behind them. */
static inline vf vf_keep_part(vf x, int64_t n, vf rest) { return _mm512_mask_mov_ps(rest, vf_first(n), x); }
static inline vf vf_add(vf a, vf b) { return _mm512_add_ps(a, b); }
static inline vf vf_sub(vf a, vf b) { return _mm512_sub_ps(a, b); }
static inline vf vf_mul(vf a, vf b) { return _mm512_mul_ps(a, b); }
static inline vf vf_div(vf a, vf b) { return _mm512_div_ps(a, b); }
static inline vf vf_fma(vf a, vf b, vf c) { return _mm512_fmadd_ps(a, b, c); }
static inline vf vf_sqrt(vf a) { return _mm512_sqrt_ps(a); }
static inline vf vf_abs(vf a) { return _mm512_abs_ps(a); }
/* a < b ? x : y, lane by lane */
static inline vf vf_less(vf a, vf b, vf x, vf y) {
    return _mm512_mask_mov_ps(y, _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ), x);
}
static inline vf vf_max(vf a, vf b) { return _mm512_max_ps(a, b); } /* b where one is NaN */
static inline vf vf_min(vf a, vf b) { return _mm512_min_ps(a, b); }
static inline vf vf_round(vf a) { return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
/* x 2^n for integer-valued n in [-252, 254] */
static inline vf vf_scale2(vf x, vf n) { return _mm512_scalef_ps(x, n); }
static inline float vf_sum(vf x) { return _mm512_reduce_add_ps(x); }
static inline float vf_largest(vf x) { return _mm512_reduce_max_ps(x); }

#elif defined(__AVX2__)
#include <immintrin.h>

typedef __m256 vf;
enum { vf_lanes = 8 };
static inline __m256i vf_first(int64_t n) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
static inline vf vf_set(float x) { return _mm256_set1_ps(x); }
static inline vf vf_load(const float *p) { return _mm256_loadu_ps(p); }
static inline void vf_store(float *p, vf x) { _mm256_storeu_ps(p, x); }
static inline vf vf_load_part(const float *p, int64_t n) { return _mm256_maskload_ps(p, vf_first(n)); }
static inline void vf_store_part(float *p, vf x, int64_t n) { _mm256_maskstore_ps(p, vf_first(n), x); }
static inline vf vf_keep_part(vf x, int64_t n, vf rest) {
    return _mm256_blendv_ps(rest, x, _mm256_castsi256_ps(vf_first(n)));
}
static inline vf vf_add(vf a, vf b) { return _mm256_add_ps(a, b); }
static inline vf vf_sub(vf a, vf b) { return _mm256_sub_ps(a, b); }
static inline vf vf_mul(vf a, vf b) { return _mm256_mul_ps(a, b); }
static inline vf vf_div(vf a, vf b) { return _mm256_div_ps(a, b); }
static inline vf vf_fma(vf a, vf b, vf c) { return _mm256_fmadd_ps(a, b, c); }
static inline vf vf_sqrt(vf a) { return _mm256_sqrt_ps(a); }
static inline vf vf_abs(vf a) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), a); }
static inline vf vf_less(vf a, vf b, vf x, vf y) { return _mm256_blendv_ps(y, x, _mm256_cmp_ps(a, b, _CMP_LT_OQ)); }
static inline vf vf_max(vf a, vf b) { return _mm256_max_ps(a, b); }
static inline vf vf_min(vf a, vf b) { return _mm256_min_ps(a, b); }
static inline vf vf_round(vf a) { return _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
static inline vf vf_pow2(__m256i n) {
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(n, _mm256_set1_epi32(127)), 23));
}
static inline vf vf_scale2(vf x, vf n) { /* in two halves: 2^n alone may not be a normal number */
    __m256i whole = _mm256_cvtps_epi32(n), half = _mm256_srai_epi32(whole, 1);
    return _mm256_mul_ps(_mm256_mul_ps(x, vf_pow2(half)), vf_pow2(_mm256_sub_epi32(whole, half)));
}
static inline float vf_sum(vf x) {
    __m128 s = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    s = _mm_add_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_add_ss(s, _mm_shuffle_ps(s, s, 1)));
}
static inline float vf_largest(vf x) {
    __m128 s = _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    s = _mm_max_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_max_ss(s, _mm_shuffle_ps(s, s, 1)));
}

#else
#include <math.h>

typedef float vf;
enum { vf_lanes = 1 };
static inline vf vf_set(float x) { return x; }
static inline vf vf_load(const float *p) { return *p; }
static inline void vf_store(float *p, vf x) { *p = x; }
static inline vf vf_load_part(const float *p, int64_t n) { return n > 0 ? *p : 0; }
static inline void vf_store_part(float *p, vf x, int64_t n) {
    if (n > 0) *p = x;
}
static inline vf vf_keep_part(vf x, int64_t n, vf rest) { return n > 0 ? x : rest; }
static inline vf vf_add(vf a, vf b) { return a + b; }
static inline vf vf_sub(vf a, vf b) { return a - b; }
static inline vf vf_mul(vf a, vf b) { return a * b; }
static inline vf vf_div(vf a, vf b) { return a / b; }
static inline vf vf_fma(vf a, vf b, vf c) { return a * b + c; } /* not fused: the baseline has no instruction */
static inline vf vf_sqrt(vf a) { return sqrtf(a); }
static inline vf vf_abs(vf a) { return fabsf(a); }
static inline vf vf_less(vf a, vf b, vf x, vf y) { /* by masks: a branch would keep loops from being vectorised */
    uint32_t mask = -(uint32_t)(a < b), if_less, if_not;
    memcpy(&if_less, &x, sizeof x);
    memcpy(&if_not, &y, sizeof y);
    if_less = (if_less & mask) | (if_not & ~mask);
    memcpy(&x, &if_less, sizeof x);
    return x;
}
static inline vf vf_max(vf a, vf b) { return vf_less(b, a, a, b); }
static inline vf vf_min(vf a, vf b) { return vf_less(a, b, a, b); }
static inline vf vf_round(vf a) { return a + 12582912.0f - 12582912.0f; } /* |a| < 2^22 */
static inline vf vf_pow2(vf n) { /* n + 127 in the exponent field, put there by the rounding of the sum */
    float biased = n + (12582912.0f + 127.0f);
    uint32_t bits;
    memcpy(&bits, &biased, sizeof bits);
    bits <<= 23;
    memcpy(&biased, &bits, sizeof bits);
    return biased;
}
static inline vf vf_scale2(vf x, vf n) {
    float half = vf_round(0.5f * n);
    return x * vf_pow2(half) * vf_pow2(n - half);
}
static inline float vf_sum(vf x) { return x; }
static inline float vf_largest(vf x) { return x; }
#endif

/* One step of Horner's rule. Polynomials are written out step by step: a loop over coefficients would keep the
 * compiler from vectorising the plain C variant. */
static inline vf vf_next(vf y, vf x, float c) { return vf_fma(y, x, vf_set(c)); }

#endif
