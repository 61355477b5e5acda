/* cache_write and rope on AVX2. */
#include "kernel/cache_write.h"

const sn_kernel sn_kernel_cache_write_avx2 = {
    .op = "cache_write",
    .name = "avx2",
    .isa = SN_ISA_AVX2,
    .rank = 10,
    .applicable = cache_write_applicable,
    .run = cache_write_run,
};

const sn_kernel sn_kernel_rope_avx2 = {
    .op = "rope",
    .name = "avx2",
    .isa = SN_ISA_AVX2,
    .rank = 10,
    .applicable = rope_applicable,
    .run = rope_run,
};
