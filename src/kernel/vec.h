/* A vector of f32 of VEC_BYTES (16, 32 or 64) for bodies that are compiled for several instruction sets. */
#ifndef SN_KERNEL_VEC_H
#define SN_KERNEL_VEC_H

#if VEC_BYTES > 16
#include <immintrin.h>
#endif

typedef float vec __attribute__((vector_size(VEC_BYTES)));
typedef float loose_vec __attribute__((vector_size(VEC_BYTES), aligned(4), may_alias)); /* anywhere in memory */
enum { lanes = VEC_BYTES / 4 };

static inline vec splat(float x) {
#if VEC_BYTES == 64
    return (vec)_mm512_set1_ps(x);
#elif VEC_BYTES == 32
    return (vec)_mm256_set1_ps(x);
#else
    return (vec){x, x, x, x};
#endif
}

/* a * b + c; fused where the processor can, which ISO C does not let the compiler do by itself. */
static inline vec multiply_add(vec a, vec b, vec c) {
#if VEC_BYTES == 64
    return (vec)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#elif VEC_BYTES == 32
    return (vec)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#else
    return a * b + c;
#endif
}

#endif
