/* The elementwise kernels for AVX2. */
#include "kernel/elementwise_simd.h"

#define RECORD(op) SN_ELEMENTWISE_RECORD(op, "avx2", SN_ISA_AVX2, 10)

const sn_kernel sn_kernel_abs_avx2 = RECORD(abs);
const sn_kernel sn_kernel_add_avx2 = RECORD(add);
const sn_kernel sn_kernel_div_avx2 = RECORD(div);
const sn_kernel sn_kernel_erf_avx2 = RECORD(erf);
const sn_kernel sn_kernel_exp_avx2 = RECORD(exp);
const sn_kernel sn_kernel_gelu_avx2 = RECORD(gelu);
const sn_kernel sn_kernel_gelu_tanh_avx2 = RECORD(gelu_tanh);
const sn_kernel sn_kernel_less_avx2 = RECORD(less);
const sn_kernel sn_kernel_max_avx2 = RECORD(max);
const sn_kernel sn_kernel_min_avx2 = RECORD(min);
const sn_kernel sn_kernel_mul_avx2 = RECORD(mul);
const sn_kernel sn_kernel_neg_avx2 = RECORD(neg);
const sn_kernel sn_kernel_relu_avx2 = RECORD(relu);
const sn_kernel sn_kernel_rsqrt_avx2 = RECORD(rsqrt);
const sn_kernel sn_kernel_scale_avx2 = RECORD(scale);
const sn_kernel sn_kernel_sigmoid_avx2 = RECORD(sigmoid);
const sn_kernel sn_kernel_silu_avx2 = RECORD(silu);
const sn_kernel sn_kernel_silu_mul_avx2 = RECORD(silu_mul);
const sn_kernel sn_kernel_silu_mul_backward_avx2 = SN_CONTIGUOUS_RECORD(silu_mul_backward, "avx2", SN_ISA_AVX2, 10);
const sn_kernel sn_kernel_sqrt_avx2 = RECORD(sqrt);
const sn_kernel sn_kernel_square_avx2 = RECORD(square);
const sn_kernel sn_kernel_sub_avx2 = RECORD(sub);
const sn_kernel sn_kernel_tanh_avx2 = RECORD(tanh);
