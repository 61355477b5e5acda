/* cache_write and rope on AVX-512. */
#include "kernel/cache_write.h"

const sn_kernel sn_kernel_cache_write_avx512 = {
    .op = "cache_write",
    .name = "avx512",
    .isa = SN_ISA_AVX512,
    .rank = 20,
    .applicable = cache_write_applicable,
    .run = cache_write_run,
};

const sn_kernel sn_kernel_rope_avx512 = {
    .op = "rope",
    .name = "avx512",
    .isa = SN_ISA_AVX512,
    .rank = 20,
    .applicable = rope_applicable,
    .run = rope_run,
};
