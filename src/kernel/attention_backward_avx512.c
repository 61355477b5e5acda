/* attention_backward in f32 on AVX-512. */
#include "kernel/attention_backward.h"

const sn_kernel sn_kernel_attention_backward_avx512 = {
    .op = "attention_backward",
    .name = "avx512",
    .isa = SN_ISA_AVX512,
    .rank = 20,
    .applicable = attention_backward_applicable,
    .workspace = attention_backward_workspace,
    .run = attention_backward_run,
};
