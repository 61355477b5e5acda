/* attention in bf16 through AMX for many rows, in f32 for few: where the cache is not f32 and the plan does not
 * ask for exact products, or it asks for bf16. */
#define ATTENTION_BF16
#include "kernel/attention_run.h"
#include "kernel/product.h"

static bool applicable(const sn_call *c) {
    bool rounded = c->in[SN_ATTENTION_K].dtype != SN_F32 && c->in[SN_ATTENTION_V].dtype != SN_F32;
    return attention_applicable(c) &&
           (c->precision == SN_PRECISION_BF16 || (c->precision == SN_PRECISION_AUTO && rounded));
}

const sn_kernel sn_kernel_attention_amx = {
    .op = "attention",
    .name = "amx",
    .isa = SN_ISA_AMX,
    .rank = 30,
    .applicable = applicable,
    .workspace = attention_workspace,
    .run = attention_run,
    .tolerance = sn_product_bf16_tolerance,
};
