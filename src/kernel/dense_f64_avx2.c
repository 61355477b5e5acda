#define VEC_BYTES 32
#include "kernel/dense_f64_body.h"

const sn_kernel sn_kernel_dense_f64_avx2 = {
    .op = "dense_f64", .name = "avx2", .isa = SN_ISA_AVX2, .rank = 1, .applicable = sn_dense_applicable, .run = run};
