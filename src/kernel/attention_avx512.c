/* attention in f32 on AVX-512. */
#include "kernel/attention_run.h"

const sn_kernel sn_kernel_attention_avx512 = {
    .op = "attention",
    .name = "avx512",
    .isa = SN_ISA_AVX512,
    .rank = 20,
    .applicable = attention_applicable,
    .workspace = attention_workspace,
    .run = attention_run,
};
