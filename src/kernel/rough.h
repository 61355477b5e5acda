/* Functions that are finer than bf16 but not than f32, for files compiled with AVX-512. */
#ifndef SN_KERNEL_ROUGH_H
#define SN_KERNEL_ROUGH_H

#include <immintrin.h>

/* 2^x for |x| <= 126 to 1e-4; 0 below. */
static inline __m512 exp2_rough(__m512 x) {
    __m512 n = _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC), r = _mm512_sub_ps(x, n);
    __mmask16 normal = _mm512_cmp_ps_mask(n, _mm512_set1_ps(-126), _CMP_GE_OQ); /* others take a hundred cycles */
    __m512 p = _mm512_fmadd_ps(_mm512_set1_ps(5.5171649e-2f), r, _mm512_set1_ps(2.4261168e-1f));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(6.9326252e-1f));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(9.9992794e-1f));
    return _mm512_maskz_scalef_ps(normal, p, n);
}

/* 1 / (1 + e^-x) to 2e-4 of itself, for |x| up to 87; a NaN stays one. */
static inline __m512 sigmoid_rough(__m512 x) {
    __m512 t = _mm512_mul_ps(x, _mm512_set1_ps(-1.44269504f));
    t = _mm512_max_ps(_mm512_set1_ps(-126), _mm512_min_ps(_mm512_set1_ps(126), t)); /* of a NaN gives the NaN */
    return _mm512_rcp14_ps(_mm512_add_ps(_mm512_set1_ps(1), exp2_rough(t)));
}

#endif
