#include "graph/layout.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/size.h"

#include <string.h>

enum { unit = 64 };

static void remove_gap(sn_layout *layout, int64_t i) {
    layout->n_gaps--;
    memmove(layout->gaps + i, layout->gaps + i + 1, (size_t)(layout->n_gaps - i) * sizeof *layout->gaps);
}

static sn_status insert_gap(sn_layout *layout, int64_t i, sn_gap gap) {
    if (layout->n_gaps == layout->capacity) {
        int64_t capacity = layout->capacity ? 2 * layout->capacity : 16;
        sn_gap *gaps = sn_realloc(layout->gaps, (size_t)capacity * sizeof *gaps);
        if (!gaps) return sn_fail_memory("a plan");
        layout->gaps = gaps;
        layout->capacity = capacity;
    }
    memmove(layout->gaps + i + 1, layout->gaps + i, (size_t)(layout->n_gaps - i) * sizeof *layout->gaps);
    layout->gaps[i] = gap;
    layout->n_gaps++;
    return SN_OK;
}

/* The smallest gap that holds `size`, or -1. */
static int64_t best_gap(const sn_layout *layout, int64_t size) {
    int64_t best = -1;
    for (int64_t i = 0; i < layout->n_gaps; i++)
        if (layout->gaps[i].size >= size && (best < 0 || layout->gaps[i].size < layout->gaps[best].size)) best = i;
    return best;
}

sn_status sn_layout_take(sn_layout *layout, int64_t size, int64_t *offset) {
    size = sn_round_up(sn_max_i64(size, 1), unit);
    int64_t i = best_gap(layout, size);
    if (i >= 0) {
        *offset = layout->gaps[i].offset;
        layout->gaps[i].offset += size;
        layout->gaps[i].size -= size;
        if (layout->gaps[i].size == 0) remove_gap(layout, i);
        return SN_OK;
    }
    /* Grow, using a gap that touches the end. */
    int64_t last = layout->n_gaps - 1;
    bool touches = last >= 0 && layout->gaps[last].offset + layout->gaps[last].size == layout->end;
    *offset = touches ? layout->gaps[last].offset : layout->end;
    if (touches) remove_gap(layout, last);
    if (!sn_add_i64(*offset, size, &layout->end)) return sn_fail(SN_ERR_LIMIT, "a plan of more than 2^63 bytes");
    return SN_OK;
}

sn_status sn_layout_give(sn_layout *layout, int64_t offset, int64_t size) {
    size = sn_round_up(sn_max_i64(size, 1), unit);
    int64_t i = 0;
    while (i < layout->n_gaps && layout->gaps[i].offset < offset) i++;
    bool joins_before = i > 0 && layout->gaps[i - 1].offset + layout->gaps[i - 1].size == offset;
    bool joins_after = i < layout->n_gaps && offset + size == layout->gaps[i].offset;
    if (joins_before) {
        layout->gaps[i - 1].size += size;
        if (joins_after) {
            layout->gaps[i - 1].size += layout->gaps[i].size;
            remove_gap(layout, i);
        }
        return SN_OK;
    }
    if (joins_after) {
        layout->gaps[i].offset = offset;
        layout->gaps[i].size += size;
        return SN_OK;
    }
    return insert_gap(layout, i, (sn_gap){offset, size});
}

void sn_layout_free(sn_layout *layout) {
    sn_free(layout->gaps);
    *layout = (sn_layout){0};
}
