#define VEC_BYTES 64
#include "kernel/peak_f32.h"

const sn_kernel sn_kernel_peak_f32_avx512 = {
    .op = "peak_f32", .name = "avx512", .isa = SN_ISA_AVX512, .rank = 2, .applicable = sn_peak_applicable, .run = run};
