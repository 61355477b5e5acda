/* The kernels over the last dimension for AVX2. */
#include "kernel/rows_simd.h"

#define RECORD(op, applicable, workspace) SN_ROWS_RECORD(op, "avx2", SN_ISA_AVX2, 10, applicable, workspace)

const sn_kernel sn_kernel_cross_entropy_avx2 = RECORD(cross_entropy, applicable_cross_entropy, workspace_cross_entropy);
const sn_kernel sn_kernel_layer_norm_avx2 = RECORD(layer_norm, applicable_rows, NULL);
const sn_kernel sn_kernel_log_softmax_avx2 = RECORD(log_softmax, applicable_rows, NULL);
const sn_kernel sn_kernel_rms_norm_avx2 = RECORD(rms_norm, applicable_rows, NULL);
const sn_kernel sn_kernel_rms_norm_backward_avx2 =
    RECORD(rms_norm_backward, applicable_rows, workspace_rms_norm_backward);
const sn_kernel sn_kernel_softmax_avx2 = RECORD(softmax, applicable_rows, NULL);
const sn_kernel sn_kernel_sum_avx2 = RECORD(sum, applicable_sum, workspace_sum);
