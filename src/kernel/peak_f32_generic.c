#define VEC_BYTES 16
#include "kernel/peak_f32.h"

const sn_kernel sn_kernel_peak_f32_generic = {.op = "peak_f32",
                                              .name = "generic",
                                              .isa = SN_ISA_GENERIC,
                                              .rank = 0,
                                              .applicable = sn_peak_applicable,
                                              .run = run};
