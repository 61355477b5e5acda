#define VEC_BYTES 32
#define GEMM_ROWS 6
#include "kernel/gemm.h"

const sn_kernel sn_kernel_linear_gemm_avx2 = {
    .op = "linear",
    .name = "gemm_avx2",
    .isa = SN_ISA_AVX2,
    .rank = 11,
    .applicable = linear_applicable,
    .workspace = gemm_workspace,
    .run = linear_run,
};

const sn_kernel sn_kernel_matmul_gemm_avx2 = {
    .op = "matmul",
    .name = "gemm_avx2",
    .isa = SN_ISA_AVX2,
    .rank = 11,
    .applicable = matmul_applicable,
    .workspace = gemm_workspace,
    .run = matmul_run,
};
