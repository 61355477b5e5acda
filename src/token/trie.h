/* A byte trie over the pieces of a vocabulary: all pieces that start at a place of the text, in one walk. */
#ifndef SN_TOKEN_TRIE_H
#define SN_TOKEN_TRIE_H

#include "base/arena.h"
#include "token/buf.h"

typedef struct sn_trie {
    uint64_t *keys;     /* hashed edges: (node << 8 | byte) + 1, 0 empty */
    uint32_t *children; /* per edge */
    int32_t *values;    /* per node, -1: no piece ends here */
    uint32_t mask, n_nodes, max_nodes;
} sn_trie;

/* Room for pieces of together `bytes` bytes. */
sn_status sn_trie_init(sn_trie *t, sn_arena *arena, size_t bytes);
void sn_trie_put(sn_trie *t, sn_text piece, int32_t value); /* an equal piece is replaced */
/* Steps from `node` (the root is 0) along `byte`; 0 where no piece continues so. */
uint32_t sn_trie_step(const sn_trie *t, uint32_t node, unsigned char byte);
/* Length of the longest piece at the start of s, its value in *value; 0 where none. */
size_t sn_trie_longest(const sn_trie *t, const char *s, size_t size, int32_t *value);

#endif
