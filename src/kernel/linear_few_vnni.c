#include "kernel/linear_few.h"

const sn_kernel sn_kernel_linear_few_vnni = {
    .op = "linear",
    .name = "few_vnni",
    .isa = SN_ISA_VNNI,
    .rank = 22,
    .applicable = applicable,
    .workspace = workspace,
    .run = run,
    .tolerance = sn_linear_few_tolerance,
};
