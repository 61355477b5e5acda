#include "kernel/kernel.h"

#include <stdlib.h>
#include <string.h>

/* The name forced for `op` by SN_FORCE_KERNEL, or NULL; *length is its length. */
static const char *forced_name(const char *op, size_t *length) {
    const char *p = getenv("SN_FORCE_KERNEL");
    size_t op_length = strlen(op);
    while (p && *p) {
        size_t item = strcspn(p, ",");
        if (item > op_length && strncmp(p, op, op_length) == 0 && p[op_length] == ':') {
            *length = item - op_length - 1;
            return p + op_length + 1;
        }
        p += item + (p[item] == ',');
    }
    return NULL;
}

const sn_kernel *sn_kernel_choose(const char *op, const sn_call *call) {
    size_t length = 0;
    const char *forced = forced_name(op, &length);
    const sn_kernel *best = NULL;
    for (const sn_kernel *const *k = sn_kernel_table; *k; k++) {
        if (strcmp((*k)->op, op) != 0 || (*k)->isa > sn_cpu_isa() || !(*k)->applicable(call)) continue;
        if (forced && (strlen((*k)->name) != length || strncmp((*k)->name, forced, length) != 0)) continue;
        if (!best || (*k)->rank > best->rank) best = *k;
    }
    return best;
}
