/* What this processor can do, capped by SN_MAX_ISA. */
#ifndef SN_BASE_CPU_H
#define SN_BASE_CPU_H

#include <stdbool.h>

/* Ordered: a level includes the ones before it. SN_MAX_ISA=generic|avx2|avx512|vnni|amx lowers it. */
typedef enum sn_isa {
    SN_ISA_GENERIC, /* plain C */
    SN_ISA_AVX2,    /* AVX2, FMA, F16C */
    SN_ISA_AVX512,  /* AVX-512 F, BW, DQ, VL */
    SN_ISA_VNNI,    /* + AVX-512 VNNI */
    SN_ISA_AMX      /* + AVX-512 BF16, AMX tile, bf16 and int8, granted by the kernel */
} sn_isa;

/* Asked once per process; thread-safe. */
sn_isa sn_cpu_isa(void);
const char *sn_isa_name(sn_isa isa);
/* Name of the level; false when it names none. */
bool sn_isa_parse(const char *name, sn_isa *out);
/* Physical cores this process may run on (respects affinity and cgroup quota). At least 1. */
int sn_cpu_count(void);

#endif
