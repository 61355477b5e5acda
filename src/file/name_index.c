#include "file/name_index.h"

#include "base/alloc.h"
#include "base/error.h"

static uint64_t hash(sn_text name, uint64_t seed) {
    uint64_t h = seed ^ name.size;
    for (size_t i = 0; i < name.size; i++) {
        h = (h ^ (unsigned char)name.data[i]) * 0xd6e8feb86659fd93u;
        h ^= h >> 32;
    }
    return h;
}

/* The slot that holds the name, or the empty one where it belongs. n_slots is a power of two and never full. */
static int64_t slot_of(const sn_name_index *index, sn_text name) {
    int64_t mask = index->n_slots - 1;
    int64_t slot = (int64_t)(hash(name, index->seed) & (uint64_t)mask);
    while (index->slots[slot] && !sn_text_equal(index->names[index->slots[slot] - 1], name)) slot = (slot + 1) & mask;
    return slot;
}

static sn_status grow(sn_name_index *index) {
    int64_t capacity = index->capacity ? index->capacity * 2 : 16;
    sn_text *names = sn_realloc(index->names, (size_t)capacity * sizeof *names);
    if (!names) return sn_fail_memory("a name index");
    index->names = names;
    int64_t *slots = sn_calloc((size_t)capacity * 2, sizeof *slots);
    if (!slots) return sn_fail_memory("a name index");
    sn_free(index->slots);
    index->slots = slots;
    index->seed = 0x9e3779b97f4a7c15u ^ (uint64_t)(uintptr_t)slots; /* addresses are random */
    index->capacity = capacity;
    index->n_slots = capacity * 2;
    for (int64_t i = 0; i < index->n; i++) index->slots[slot_of(index, index->names[i])] = i + 1;
    return SN_OK;
}

sn_status sn_name_index_add(sn_name_index *index, sn_text name, int64_t *item, bool *found) {
    if (index->n == index->capacity) SN_TRY(grow(index));
    int64_t slot = slot_of(index, name);
    *found = index->slots[slot] != 0;
    if (!*found) {
        index->names[index->n++] = name;
        index->slots[slot] = index->n;
    }
    *item = index->slots[slot] - 1;
    return SN_OK;
}

int64_t sn_name_index_find(const sn_name_index *index, sn_text name) {
    return index->n ? index->slots[slot_of(index, name)] - 1 : -1;
}

void sn_name_index_free(sn_name_index *index) {
    sn_free(index->slots);
    sn_free(index->names);
    *index = (sn_name_index){0};
}
