/* The elementwise kernels for any processor. */
#include "kernel/elementwise_simd.h"

#define RECORD(op) SN_ELEMENTWISE_RECORD(op, "generic", SN_ISA_GENERIC, 1)

const sn_kernel sn_kernel_abs_generic = RECORD(abs);
const sn_kernel sn_kernel_add_generic = RECORD(add);
const sn_kernel sn_kernel_div_generic = RECORD(div);
const sn_kernel sn_kernel_erf_generic = RECORD(erf);
const sn_kernel sn_kernel_exp_generic = RECORD(exp);
const sn_kernel sn_kernel_gelu_generic = RECORD(gelu);
const sn_kernel sn_kernel_gelu_tanh_generic = RECORD(gelu_tanh);
const sn_kernel sn_kernel_less_generic = RECORD(less);
const sn_kernel sn_kernel_max_generic = RECORD(max);
const sn_kernel sn_kernel_min_generic = RECORD(min);
const sn_kernel sn_kernel_mul_generic = RECORD(mul);
const sn_kernel sn_kernel_neg_generic = RECORD(neg);
const sn_kernel sn_kernel_relu_generic = RECORD(relu);
const sn_kernel sn_kernel_rsqrt_generic = RECORD(rsqrt);
const sn_kernel sn_kernel_scale_generic = RECORD(scale);
const sn_kernel sn_kernel_sigmoid_generic = RECORD(sigmoid);
const sn_kernel sn_kernel_silu_generic = RECORD(silu);
const sn_kernel sn_kernel_silu_mul_generic = RECORD(silu_mul);
const sn_kernel sn_kernel_silu_mul_backward_generic =
    SN_CONTIGUOUS_RECORD(silu_mul_backward, "generic", SN_ISA_GENERIC, 1);
const sn_kernel sn_kernel_sqrt_generic = RECORD(sqrt);
const sn_kernel sn_kernel_square_generic = RECORD(square);
const sn_kernel sn_kernel_sub_generic = RECORD(sub);
const sn_kernel sn_kernel_tanh_generic = RECORD(tanh);
