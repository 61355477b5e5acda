#include "base/arena.h"

#include "base/alloc.h"

#include <stdint.h>
#include <string.h>

struct sn_arena_block {
    sn_arena_block *next;
    size_t used, capacity;
    _Alignas(16) unsigned char data[];
};

enum { first_block = 4096, largest_block = 1 << 20, alignment = 16 };

static sn_arena_block *block_new(sn_arena *arena, size_t need) {
    size_t capacity = arena->head ? arena->head->capacity * 2 : first_block;
    if (capacity > largest_block) capacity = largest_block;
    if (capacity < need) capacity = need;
    if (capacity > SIZE_MAX - sizeof(sn_arena_block)) return NULL;
    sn_arena_block *block = sn_alloc(sizeof *block + capacity);
    if (!block) return NULL;
    arena->reserved += sizeof *block + capacity;
    *block = (sn_arena_block){.next = arena->head, .capacity = capacity};
    return block;
}

void *sn_arena_alloc(sn_arena *arena, size_t size) {
    if (size > SIZE_MAX - alignment) return NULL;
    size_t need = (size + alignment - 1) & ~(size_t)(alignment - 1);
    if (!arena->head || arena->head->capacity - arena->head->used < need) {
        sn_arena_block *block = block_new(arena, need);
        if (!block) return NULL;
        arena->head = block;
    }
    void *p = arena->head->data + arena->head->used;
    arena->head->used += need;
    arena->total += need;
    return memset(p, 0, need);
}

void *sn_arena_array(sn_arena *arena, size_t count, size_t size) {
    if (size && count > SIZE_MAX / size) return NULL;
    return sn_arena_alloc(arena, count * size);
}

void *sn_arena_copy(sn_arena *arena, const void *data, size_t size) {
    void *p = sn_arena_alloc(arena, size);
    if (p && size) memcpy(p, data, size);
    return p;
}

char *sn_arena_strndup(sn_arena *arena, const char *s, size_t n) {
    if (n == SIZE_MAX) return NULL;
    char *copy = sn_arena_alloc(arena, n + 1);
    if (copy && n) memcpy(copy, s, n);
    return copy;
}

char *sn_arena_strdup(sn_arena *arena, const char *s) { return sn_arena_strndup(arena, s, strlen(s)); }

void sn_arena_free(sn_arena *arena) {
    for (sn_arena_block *block = arena->head, *next; block; block = next) {
        next = block->next;
        sn_free(block);
    }
    *arena = (sn_arena){0};
}
