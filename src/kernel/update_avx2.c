/* The update kernels for AVX2. */
#include "kernel/update_simd.h"

const sn_kernel sn_kernel_update_adamw_avx2 = SN_UPDATE_RECORD(adamw, "avx2", SN_ISA_AVX2, 10);
const sn_kernel sn_kernel_update_lion_avx2 = SN_UPDATE_RECORD(lion, "avx2", SN_ISA_AVX2, 10);
const sn_kernel sn_kernel_update_sgd_avx2 = SN_UPDATE_RECORD(sgd, "avx2", SN_ISA_AVX2, 10);
const sn_kernel sn_kernel_update_tiger_avx2 = SN_UPDATE_RECORD_TIGER("avx2", SN_ISA_AVX2, 10);
