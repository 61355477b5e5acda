#include "base/workspace.h"

#include "base/alloc.h"
#include "base/error.h"

sn_status sn_workspace_reserve(sn_workspace *w, int64_t size) {
    if (size <= w->size) return SN_OK;
    char *data = sn_alloc_aligned((size_t)size, 64);
    if (!data) return sn_fail(SN_ERR_MEMORY, "out of memory for %lld bytes of intermediate values", (long long)size);
    sn_free(w->data);
    *w = (sn_workspace){data, size};
    return SN_OK;
}

void sn_workspace_free(sn_workspace *w) {
    sn_free(w->data);
    *w = (sn_workspace){0};
}
