#include "kernel/linear_few.h"

const sn_kernel sn_kernel_linear_few_avx2 = {
    .op = "linear",
    .name = "few_avx2",
    .isa = SN_ISA_AVX2,
    .rank = 20,
    .applicable = applicable,
    .workspace = workspace,
    .run = run,
    .tolerance = sn_linear_few_tolerance,
};
