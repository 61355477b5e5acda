#include "token/trie.h"

#include "base/error.h"

#include <string.h>

enum { MAX_BYTES = 1 << 28 };

sn_status sn_trie_init(sn_trie *t, sn_arena *arena, size_t bytes) {
    if (bytes > MAX_BYTES)
        return sn_fail(SN_ERR_LIMIT, "tokenizer: %zu bytes of pieces: the limit is %d", bytes, MAX_BYTES);
    uint32_t slots = 16;
    while (slots < 2 * bytes) slots *= 2;
    t->max_nodes = (uint32_t)bytes + 1;
    t->n_nodes = 1;
    t->mask = slots - 1;
    t->keys = sn_arena_array(arena, slots, sizeof(uint64_t));
    t->children = sn_arena_array(arena, slots, sizeof(uint32_t));
    t->values = sn_arena_array(arena, t->max_nodes, sizeof(int32_t));
    if (!t->keys || !t->children || !t->values) return sn_fail_memory("piece trie");
    memset(t->values, 0xFF, t->max_nodes * sizeof(int32_t));
    return SN_OK;
}

static uint32_t edge_slot(const sn_trie *t, uint64_t key) {
    uint64_t h = key * 0x9e3779b97f4a7c15u;
    uint32_t slot = (uint32_t)(h >> 32) & t->mask;
    while (t->keys[slot] && t->keys[slot] != key) slot = (slot + 1) & t->mask;
    return slot;
}

static uint64_t edge_key(uint32_t node, unsigned char byte) { return ((uint64_t)node << 8 | byte) + 1; }

uint32_t sn_trie_step(const sn_trie *t, uint32_t node, unsigned char byte) {
    uint32_t slot = edge_slot(t, edge_key(node, byte));
    return t->keys[slot] ? t->children[slot] : 0;
}

void sn_trie_put(sn_trie *t, sn_text piece, int32_t value) {
    uint32_t node = 0;
    for (size_t i = 0; i < piece.size; i++) {
        uint64_t key = edge_key(node, (unsigned char)piece.data[i]);
        uint32_t slot = edge_slot(t, key);
        if (!t->keys[slot]) {
            if (t->n_nodes >= t->max_nodes) return; /* the caller promised fewer bytes */
            t->keys[slot] = key;
            t->children[slot] = t->n_nodes++;
        }
        node = t->children[slot];
    }
    t->values[node] = value;
}

size_t sn_trie_longest(const sn_trie *t, const char *s, size_t size, int32_t *value) {
    uint32_t node = 0;
    size_t best = 0;
    if (!t->keys) return 0;
    for (size_t i = 0; i < size; i++) {
        node = sn_trie_step(t, node, (unsigned char)s[i]);
        if (!node) break;
        if (t->values[node] >= 0) best = i + 1, *value = t->values[node];
    }
    return best;
}
