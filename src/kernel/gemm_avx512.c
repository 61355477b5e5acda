#define VEC_BYTES 64
#define GEMM_ROWS 12
#include "kernel/gemm.h"

const sn_kernel sn_kernel_linear_gemm_avx512 = {
    .op = "linear",
    .name = "gemm_avx512",
    .isa = SN_ISA_AVX512,
    .rank = 12,
    .applicable = linear_applicable,
    .workspace = gemm_workspace,
    .run = linear_run,
};

const sn_kernel sn_kernel_matmul_gemm_avx512 = {
    .op = "matmul",
    .name = "gemm_avx512",
    .isa = SN_ISA_AVX512,
    .rank = 12,
    .applicable = matmul_applicable,
    .workspace = gemm_workspace,
    .run = matmul_run,
};
