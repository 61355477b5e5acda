#define VEC_BYTES 16
#define GEMM_ROWS 4
#include "kernel/gemm.h"

const sn_kernel sn_kernel_linear_gemm_generic = {
    .op = "linear",
    .name = "gemm_generic",
    .isa = SN_ISA_GENERIC,
    .rank = 10,
    .applicable = linear_applicable,
    .workspace = gemm_workspace,
    .run = linear_run,
};

const sn_kernel sn_kernel_matmul_gemm_generic = {
    .op = "matmul",
    .name = "gemm_generic",
    .isa = SN_ISA_GENERIC,
    .rank = 10,
    .applicable = matmul_applicable,
    .workspace = gemm_workspace,
    .run = matmul_run,
};
