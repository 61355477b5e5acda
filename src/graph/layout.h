/* Places buffers of known lifetime into one block of memory: first fit over the gaps that are free
 * when a buffer is born. */
#ifndef SN_GRAPH_LAYOUT_H
#define SN_GRAPH_LAYOUT_H

#include "suan/status.h"

#include <stdint.h>

typedef struct sn_gap {
    int64_t offset, size;
} sn_gap;

typedef struct sn_layout {
    sn_gap *gaps; /* free stretches below `end`, by offset, never adjacent */
    int64_t n_gaps, capacity;
    int64_t end; /* bytes in all */
} sn_layout;

/* A zero-initialised layout is empty. Sizes are rounded up to 64 bytes. */
sn_status sn_layout_take(sn_layout *layout, int64_t size, int64_t *offset);
sn_status sn_layout_give(sn_layout *layout, int64_t offset, int64_t size);
void sn_layout_free(sn_layout *layout);

#endif
