/* attention_backward in bf16 through AMX: where the plan asks for products in bf16. */
#define ATTENTION_BF16
#include "kernel/attention_backward.h"
#include "kernel/product.h"

static bool applicable(const sn_call *c) {
    return c->precision == SN_PRECISION_BF16 && attention_backward_applicable(c);
}

const sn_kernel sn_kernel_attention_backward_amx = {
    .op = "attention_backward",
    .name = "amx",
    .isa = SN_ISA_AMX,
    .rank = 30,
    .applicable = applicable,
    .workspace = attention_backward_workspace,
    .run = attention_backward_run,
    .tolerance = sn_product_bf16_tolerance,
};
