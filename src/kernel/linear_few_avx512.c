#include "kernel/linear_few.h"

const sn_kernel sn_kernel_linear_few_avx512 = {
    .op = "linear",
    .name = "few_avx512",
    .isa = SN_ISA_AVX512,
    .rank = 21,
    .applicable = applicable,
    .workspace = workspace,
    .run = run,
    .tolerance = sn_linear_few_tolerance,
};
