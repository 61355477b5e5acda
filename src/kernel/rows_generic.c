/* The kernels over the last dimension for any processor. */
#include "kernel/rows_simd.h"

#define RECORD(op, applicable, workspace) SN_ROWS_RECORD(op, "generic", SN_ISA_GENERIC, 1, applicable, workspace)

const sn_kernel sn_kernel_cross_entropy_generic =
    RECORD(cross_entropy, applicable_cross_entropy, workspace_cross_entropy);
const sn_kernel sn_kernel_layer_norm_generic = RECORD(layer_norm, applicable_rows, NULL);
const sn_kernel sn_kernel_log_softmax_generic = RECORD(log_softmax, applicable_rows, NULL);
const sn_kernel sn_kernel_rms_norm_generic = RECORD(rms_norm, applicable_rows, NULL);
const sn_kernel sn_kernel_rms_norm_backward_generic =
    RECORD(rms_norm_backward, applicable_rows, workspace_rms_norm_backward);
const sn_kernel sn_kernel_softmax_generic = RECORD(softmax, applicable_rows, NULL);
const sn_kernel sn_kernel_sum_generic = RECORD(sum, applicable_sum, workspace_sum);
