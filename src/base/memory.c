#include "base/memory.h"

#include "base/size.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The number in a file of one number; -1 where there is none ("max"). */
static int64_t read_number(const char *path) {
    FILE *f = fopen(path, "r");
    if (!f) return -1;
    int64_t value = -1;
    if (fscanf(f, "%" SCNd64, &value) != 1) value = -1;
    fclose(f);
    return value;
}

static int64_t system_available(void) {
    FILE *f = fopen("/proc/meminfo", "r");
    if (!f) return INT64_MAX;
    char line[128];
    int64_t kib = -1;
    while (kib < 0 && fgets(line, sizeof line, f))
        if (sscanf(line, "MemAvailable: %" SCNd64, &kib) != 1) kib = -1;
    fclose(f);
    return kib >= 0 ? kib * 1024 : INT64_MAX;
}

int64_t sn_memory_available(void) {
    int64_t available = system_available();
    int64_t limit = read_number("/sys/fs/cgroup/memory.max"), used = read_number("/sys/fs/cgroup/memory.current");
    if (limit > 0 && used >= 0) available = sn_min_i64(available, sn_max_i64(limit - used, 0));
    return available;
}
