/* Arena: many small objects that die together. Blocks double in size; nothing is freed alone. */
#ifndef SN_BASE_ARENA_H
#define SN_BASE_ARENA_H

#include <stddef.h>

typedef struct sn_arena_block sn_arena_block;
typedef struct sn_arena {
    sn_arena_block *head;
    size_t total;    /* bytes handed out */
    size_t reserved; /* bytes taken from the system */
} sn_arena;

/* A zero-initialised sn_arena is ready. Memory is zeroed and 16-byte aligned. NULL without memory. */
void *sn_arena_alloc(sn_arena *arena, size_t size);
void *sn_arena_array(sn_arena *arena, size_t count, size_t size); /* the product is checked */
void *sn_arena_copy(sn_arena *arena, const void *data, size_t size);
char *sn_arena_strdup(sn_arena *arena, const char *s);
char *sn_arena_strndup(sn_arena *arena, const char *s, size_t n);
void sn_arena_free(sn_arena *arena); /* frees all blocks and leaves an empty, reusable arena */

#endif
