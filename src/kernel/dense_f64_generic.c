#define VEC_BYTES 16
#include "kernel/dense_f64_body.h"

const sn_kernel sn_kernel_dense_f64_generic = {.op = "dense_f64",
                                               .name = "generic",
                                               .isa = SN_ISA_GENERIC,
                                               .rank = 0,
                                               .applicable = sn_dense_applicable,
                                               .run = run};
