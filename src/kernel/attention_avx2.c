/* attention in f32 on AVX2. */
#include "kernel/attention_run.h"

const sn_kernel sn_kernel_attention_avx2 = {
    .op = "attention",
    .name = "avx2",
    .isa = SN_ISA_AVX2,
    .rank = 10,
    .applicable = attention_applicable,
    .workspace = attention_workspace,
    .run = attention_run,
};
