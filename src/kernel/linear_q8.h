/* Activations quantized to 8 bits per 32 values, and what the dots with them share. */
#ifndef SN_KERNEL_LINEAR_Q8_H
#define SN_KERNEL_LINEAR_Q8_H

#include "base/size.h"
#include "kernel/quant_unpack.h"

#include <math.h>

enum { max_tile = 4 }; /* rows of x that share one pass over a row of w */

/* 256 activations: q * d, with the sums of q * d that meet the mins. */
typedef struct q8_group {
    int8_t q[256];
    float d[8], sum32[8], sum16[16];
} q8_group;

SN_INLINE float sum8(__m256 v) {
    __m128 half = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    half = _mm_add_ps(half, _mm_movehl_ps(half, half));
    return _mm_cvtss_f32(_mm_add_ss(half, _mm_movehdup_ps(half)));
}

/* Measured with one thread: on huge pages this beats 4096 bytes and the second-level cache by some 10%, on pages of 4
 * KiB it loses about as much. */
SN_INLINE void prefetch_ahead(const uint8_t *p, int64_t bytes) {
    for (int64_t at = 0; at < bytes; at += 64) _mm_prefetch((const char *)p + 2048 + at, _MM_HINT_T0);
}

static void quantize_part(const float *x, q8_group *to, int h) {
    const __m256 sign = _mm256_set1_ps(-0.0f);
    __m256 v[4], most = _mm256_setzero_ps(), nan = most;
    for (int i = 0; i < 4; i++) {
        v[i] = _mm256_loadu_ps(x + 8 * i);
        most = _mm256_max_ps(_mm256_andnot_ps(sign, v[i]), most);
        nan = _mm256_or_ps(nan, _mm256_cmp_ps(v[i], v[i], _CMP_UNORD_Q));
    }
    __m128 m = _mm_max_ps(_mm256_castps256_ps128(most), _mm256_extractf128_ps(most, 1));
    m = _mm_max_ps(m, _mm_movehl_ps(m, m));
    m = _mm_max_ss(m, _mm_movehdup_ps(m));
    float d = _mm_cvtss_f32(m) / 127.0f, inverse = d > 0 ? 1 / d : 0;
    if (!(inverse <= 3e38f)) inverse = 0;      /* an all but zero part */
    if (_mm256_movemask_ps(nan) != 0) d = NAN; /* the maximum drops a NaN; the result must not */
    __m256i q[4];
    for (int i = 0; i < 4; i++) q[i] = _mm256_cvtps_epi32(_mm256_mul_ps(v[i], _mm256_set1_ps(inverse)));
    float sum[2]; /* whole numbers; out of range only where x was not finite */
    for (int i = 0; i < 2; i++) {
        __m256i s = _mm256_add_epi32(q[2 * i], q[2 * i + 1]);
        sum[i] = sum8(_mm256_cvtepi32_ps(s));
    }
    __m256i words = _mm256_packs_epi16(_mm256_packs_epi32(q[0], q[1]), _mm256_packs_epi32(q[2], q[3]));
    words = _mm256_permutevar8x32_epi32(words, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
    _mm256_storeu_si256((__m256i *)(void *)(to->q + 32 * h), words);
    to->d[h] = d;
    to->sum16[2 * h] = d * sum[0];
    to->sum16[2 * h + 1] = d * sum[1];
    to->sum32[h] = d * (sum[0] + sum[1]);
}

static void quantize_row(const float *x, int64_t k, q8_group *to) {
    for (int64_t from = 0; from < k; from += group_size, to++)
        for (int h = 0; h < group_parts; h++) {
            float spare[part_size] = {0};
            int64_t left = sn_max_i64(0, sn_min_i64(part_size, k - from - 32 * h));
            if (left < part_size) memcpy(spare, x + (left ? from + 32 * h : 0), (size_t)left * sizeof *x);
            quantize_part(left < part_size ? spare : x + from + 32 * h, to, h);
        }
}

#endif
