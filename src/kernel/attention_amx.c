/* attention in bf16 through AMX for many rows, in f32 for few: where the cache is not f32 and the plan does not
 * ask for exact products. */
#define ATTENTION_BF16
#include "kernel/attention_run.h"

static bool applicable(const sn_call *c) {
    return c->precision != SN_PRECISION_F32 && attention_applicable(c) && c->in[SN_ATTENTION_K].dtype != SN_F32 &&
           c->in[SN_ATTENTION_V].dtype != SN_F32;
}

const sn_kernel sn_kernel_attention_amx = {
    .op = "attention",
    .name = "amx",
    .isa = SN_ISA_AMX,
    .rank = 30,
    .applicable = applicable,
    .workspace = attention_workspace,
    .run = attention_run,
};
