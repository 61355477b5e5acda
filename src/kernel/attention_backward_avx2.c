/* attention_backward in f32 on AVX2. */
#include "kernel/attention_backward.h"

const sn_kernel sn_kernel_attention_backward_avx2 = {
    .op = "attention_backward",
    .name = "avx2",
    .isa = SN_ISA_AVX2,
    .rank = 10,
    .applicable = attention_backward_applicable,
    .workspace = attention_backward_workspace,
    .run = attention_backward_run,
};
