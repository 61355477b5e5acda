#define VEC_BYTES 32
#include "kernel/peak_f32.h"

const sn_kernel sn_kernel_peak_f32_avx2 = {
    .op = "peak_f32", .name = "avx2", .isa = SN_ISA_AVX2, .rank = 1, .applicable = sn_peak_applicable, .run = run};
