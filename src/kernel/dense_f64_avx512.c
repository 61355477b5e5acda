#define VEC_BYTES 64
#include "kernel/dense_f64_body.h"

const sn_kernel sn_kernel_dense_f64_avx512 = {.op = "dense_f64",
                                              .name = "avx512",
                                              .isa = SN_ISA_AVX512,
                                              .rank = 2,
                                              .applicable = sn_dense_applicable,
                                              .run = run};
