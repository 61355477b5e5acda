#include <immintrin.h>

typedef __m512 vec;
static inline vec multiply_add(vec a, vec b, vec c) { return _mm512_fmadd_ps(a, b, c); }

#include "kernel/peak_f32.h"

const sn_kernel sn_kernel_peak_f32_avx512 = {
    .op = "peak_f32", .name = "avx512", .isa = SN_ISA_AVX512, .rank = 2, .applicable = sn_peak_applicable, .run = run};
