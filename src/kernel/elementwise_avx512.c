/* The elementwise kernels for AVX-512. */
#include "kernel/elementwise_simd.h"

#define RECORD(op) SN_ELEMENTWISE_RECORD(op, "avx512", SN_ISA_AVX512, 20)

const sn_kernel sn_kernel_abs_avx512 = RECORD(abs);
const sn_kernel sn_kernel_add_avx512 = RECORD(add);
const sn_kernel sn_kernel_div_avx512 = RECORD(div);
const sn_kernel sn_kernel_erf_avx512 = RECORD(erf);
const sn_kernel sn_kernel_exp_avx512 = RECORD(exp);
const sn_kernel sn_kernel_gelu_avx512 = RECORD(gelu);
const sn_kernel sn_kernel_gelu_tanh_avx512 = RECORD(gelu_tanh);
const sn_kernel sn_kernel_less_avx512 = RECORD(less);
const sn_kernel sn_kernel_max_avx512 = RECORD(max);
const sn_kernel sn_kernel_min_avx512 = RECORD(min);
const sn_kernel sn_kernel_mul_avx512 = RECORD(mul);
const sn_kernel sn_kernel_neg_avx512 = RECORD(neg);
const sn_kernel sn_kernel_relu_avx512 = RECORD(relu);
const sn_kernel sn_kernel_rsqrt_avx512 = RECORD(rsqrt);
const sn_kernel sn_kernel_scale_avx512 = RECORD(scale);
const sn_kernel sn_kernel_sigmoid_avx512 = RECORD(sigmoid);
const sn_kernel sn_kernel_silu_avx512 = RECORD(silu);
const sn_kernel sn_kernel_silu_mul_avx512 = RECORD(silu_mul);
const sn_kernel sn_kernel_silu_mul_backward_avx512 =
    SN_CONTIGUOUS_RECORD(silu_mul_backward, "avx512", SN_ISA_AVX512, 20);
const sn_kernel sn_kernel_sqrt_avx512 = RECORD(sqrt);
const sn_kernel sn_kernel_square_avx512 = RECORD(square);
const sn_kernel sn_kernel_sub_avx512 = RECORD(sub);
const sn_kernel sn_kernel_tanh_avx512 = RECORD(tanh);
