/* The kernels over the last dimension for AVX-512. */
#include "kernel/rows_simd.h"

#define RECORD(op, applicable, workspace) SN_ROWS_RECORD(op, "avx512", SN_ISA_AVX512, 20, applicable, workspace)

const sn_kernel sn_kernel_cross_entropy_avx512 =
    RECORD(cross_entropy, applicable_cross_entropy, workspace_cross_entropy);
const sn_kernel sn_kernel_layer_norm_avx512 = RECORD(layer_norm, applicable_rows, NULL);
const sn_kernel sn_kernel_log_softmax_avx512 = RECORD(log_softmax, applicable_rows, NULL);
const sn_kernel sn_kernel_rms_norm_avx512 = RECORD(rms_norm, applicable_rows, NULL);
const sn_kernel sn_kernel_rms_norm_backward_avx512 =
    RECORD(rms_norm_backward, applicable_rows, workspace_rms_norm_backward);
const sn_kernel sn_kernel_softmax_avx512 = RECORD(softmax, applicable_rows, NULL);
const sn_kernel sn_kernel_sum_avx512 = RECORD(sum, applicable_sum, workspace_sum);
