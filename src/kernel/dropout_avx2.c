#include "kernel/dropout_simd.h"

const sn_kernel sn_kernel_dropout_avx2 = {.op = "dropout",
                                          .name = "avx2",
                                          .isa = SN_ISA_AVX2,
                                          .rank = 10,
                                          .applicable = applicable_dropout,
                                          .run = run_dropout};
