/* The update kernels in plain C, for any processor. */
#include "kernel/update_simd.h"

const sn_kernel sn_kernel_update_adamw_generic = SN_UPDATE_RECORD(adamw, "generic", SN_ISA_GENERIC, 1);
const sn_kernel sn_kernel_update_lion_generic = SN_UPDATE_RECORD(lion, "generic", SN_ISA_GENERIC, 1);
const sn_kernel sn_kernel_update_sgd_generic = SN_UPDATE_RECORD(sgd, "generic", SN_ISA_GENERIC, 1);
const sn_kernel sn_kernel_update_tiger_generic = SN_UPDATE_RECORD_TIGER("generic", SN_ISA_GENERIC, 1);
