#include "base/cpu.h"

#include "base/error.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <cpuid.h>
#include <sys/syscall.h>
#endif

static const char *const isa_names[] = {"generic", "avx2", "avx512", "vnni", "amx"};
enum { n_isa = sizeof isa_names / sizeof *isa_names };

const char *sn_isa_name(sn_isa isa) { return isa_names[isa]; }

bool sn_isa_parse(const char *name, sn_isa *out) {
    for (int i = 0; i < n_isa; i++)
        if (strcmp(name, isa_names[i]) == 0) {
            *out = (sn_isa)i;
            return true;
        }
    return false;
}

#if defined(__x86_64__)
static unsigned long long enabled_state(void) {
    unsigned low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return ((unsigned long long)high << 32) | low;
}

/* Linux hands out the 8 KiB tile state only to processes that ask for it. */
static bool amx_granted(void) {
    enum { arch_req_xcomp_perm = 0x1023, xfeature_xtiledata = 18 };
    return syscall(SYS_arch_prctl, arch_req_xcomp_perm, xfeature_xtiledata) == 0;
}

static bool has(unsigned word, int bit) { return (word >> bit) & 1; }

static sn_isa probe(void) {
    unsigned a, b, c, d, a7, b7, c7, d7, a71, b71, c71, d71;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !has(c, 27)) return SN_ISA_GENERIC;
    if (!__get_cpuid_count(7, 0, &a7, &b7, &c7, &d7)) return SN_ISA_GENERIC;
    unsigned long long state = enabled_state();
    bool avx = (state & 0x6) == 0x6, avx512 = (state & 0xe6) == 0xe6, tiles = (state & 0x60000) == 0x60000;
    if (!avx || !has(c, 12) || !has(c, 28) || !has(c, 29) || !has(b7, 5)) return SN_ISA_GENERIC;
    if (!avx512 || !has(b7, 16) || !has(b7, 17) || !has(b7, 30) || !has(b7, 31)) return SN_ISA_AVX2;
    if (!has(c7, 11)) return SN_ISA_AVX512;
    if (!__get_cpuid_count(7, 1, &a71, &b71, &c71, &d71)) a71 = 0;
    bool amx = tiles && has(d7, 22) && has(d7, 24) && has(d7, 25) && has(a71, 5);
    return amx && amx_granted() ? SN_ISA_AMX : SN_ISA_VNNI;
}
#else
static sn_isa probe(void) { return SN_ISA_GENERIC; }
#endif

static sn_isa found;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void probe_once(void) {
    found = probe();
    const char *cap = getenv("SN_MAX_ISA");
    sn_isa limit;
    if (!cap || !*cap) return;
    if (!sn_isa_parse(cap, &limit))
        sn_log_message(SN_LOG_WARN, "SN_MAX_ISA=%s is none of generic, avx2, avx512, vnni, amx: ignored", cap);
    else if (limit < found)
        found = limit;
}

sn_isa sn_cpu_isa(void) {
    pthread_once(&once, probe_once);
    return found;
}

/* cgroup v2 quota in whole cores, rounded up; 0 when there is none. */
static int cgroup_cores(void) {
    FILE *file = fopen("/sys/fs/cgroup/cpu.max", "r");
    if (!file) return 0;
    long quota = 0, period = 0;
    int n = fscanf(file, "%ld %ld", &quota, &period);
    fclose(file);
    return n == 2 && quota > 0 && period > 0 ? (int)((quota + period - 1) / period) : 0;
}

int sn_cpu_count(void) {
    cpu_set_t set;
    int n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    int quota = cgroup_cores();
    if (quota > 0 && quota < n) n = quota;
    return n > 0 ? n : 1;
}
