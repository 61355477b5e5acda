/* The update kernels for AVX-512. */
#include "kernel/update_simd.h"

const sn_kernel sn_kernel_update_adamw_avx512 = SN_UPDATE_RECORD(adamw, "avx512", SN_ISA_AVX512, 20);
const sn_kernel sn_kernel_update_lion_avx512 = SN_UPDATE_RECORD(lion, "avx512", SN_ISA_AVX512, 20);
const sn_kernel sn_kernel_update_sgd_avx512 = SN_UPDATE_RECORD(sgd, "avx512", SN_ISA_AVX512, 20);
const sn_kernel sn_kernel_update_tiger_avx512 = SN_UPDATE_RECORD_TIGER("avx512", SN_ISA_AVX512, 20);
