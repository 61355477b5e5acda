#include "kernel/dropout_simd.h"

const sn_kernel sn_kernel_dropout_avx512 = {.op = "dropout",
                                            .name = "avx512",
                                            .isa = SN_ISA_AVX512,
                                            .rank = 20,
                                            .applicable = applicable_dropout,
                                            .run = run_dropout};
