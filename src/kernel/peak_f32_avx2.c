#include <immintrin.h>

typedef __m256 vec;
static inline vec multiply_add(vec a, vec b, vec c) { return _mm256_fmadd_ps(a, b, c); }

#include "kernel/peak_f32.h"

const sn_kernel sn_kernel_peak_f32_avx2 = {
    .op = "peak_f32", .name = "avx2", .isa = SN_ISA_AVX2, .rank = 1, .applicable = sn_peak_applicable, .run = run};
