#include "token/vocab.h"

#include "base/error.h"

#include <string.h>

static uint64_t mix(uint64_t h) {
    h ^= h >> 32, h *= 0xd6e8feb86659fd93u;
    h ^= h >> 32, h *= 0xd6e8feb86659fd93u;
    return h ^ h >> 32;
}

uint64_t sn_hash_bytes(const char *data, size_t size) {
    uint64_t h = 0x9e3779b97f4a7c15u ^ size, word;
    for (; size >= 8; data += 8, size -= 8) {
        memcpy(&word, data, 8);
        h = mix(h ^ word);
    }
    word = 0;
    memcpy(&word, data, size);
    return mix(h ^ word);
}

/* Slots for n items, at most half full: a power of two. */
static uint32_t slot_count(int64_t n) {
    uint32_t slots = 16;
    while (slots < 2 * (uint64_t)n) slots *= 2;
    return slots;
}

sn_status sn_vocab_init(sn_vocab *v, sn_arena *arena, int64_t n) {
    if (n < 0 || n > SN_VOCAB_MAX)
        return sn_fail(SN_ERR_LIMIT, "tokenizer: %lld tokens: the limit is %d", (long long)n, SN_VOCAB_MAX);
    uint32_t slots = slot_count(n);
    size_t count = (size_t)n;
    *v = (sn_vocab){.n = (int32_t)n, .mask = slots - 1};
    v->pieces = sn_arena_array(arena, count ? count : 1, sizeof(sn_text));
    v->scores = sn_arena_array(arena, count ? count : 1, sizeof(double));
    v->types = sn_arena_array(arena, count ? count : 1, 1);
    v->slots = sn_arena_array(arena, slots, sizeof(int32_t));
    if (!v->pieces || !v->scores || !v->types || !v->slots) return sn_fail_memory("token table");
    memset(v->slots, 0xFF, slots * sizeof(int32_t));
    return SN_OK;
}

static uint32_t find_slot(const sn_vocab *v, sn_text piece) {
    uint32_t slot = (uint32_t)sn_hash_bytes(piece.data, piece.size) & v->mask;
    while (v->slots[slot] >= 0 && !sn_text_equal(v->pieces[v->slots[slot]], piece)) slot = (slot + 1) & v->mask;
    return slot;
}

sn_status sn_vocab_set(sn_vocab *v, sn_arena *arena, int32_t id, sn_text piece, double score, sn_token_type type) {
    if (id < 0 || id >= v->n) return sn_fail(SN_ERR_FORMAT, "tokenizer: token id %d is outside 0..%d", id, v->n - 1);
    if (v->pieces[id].data) return sn_fail(SN_ERR_FORMAT, "tokenizer: token id %d is given twice", id);
    const char *copy = sn_arena_strndup(arena, piece.data, piece.size);
    if (!copy) return sn_fail_memory("token table");
    v->pieces[id] = (sn_text){copy, piece.size};
    v->scores[id] = score;
    v->types[id] = (uint8_t)type;
    if (piece.size > v->max_piece) v->max_piece = piece.size;
    v->slots[find_slot(v, v->pieces[id])] = id;
    return SN_OK;
}

int32_t sn_vocab_find(const sn_vocab *v, const char *piece, size_t size) {
    if (size > v->max_piece) return -1;
    return v->slots[find_slot(v, (sn_text){piece, size})];
}

int32_t sn_vocab_find_own(const sn_vocab *v, const char *piece, size_t size) {
    int32_t id = sn_vocab_find(v, piece, size);
    return id >= 0 && v->outside && v->outside[id] ? -1 : id;
}

sn_status sn_merges_init(sn_merges *m, sn_arena *arena, int64_t n) {
    if (n < 0 || n > SN_VOCAB_MAX)
        return sn_fail(SN_ERR_LIMIT, "tokenizer: %lld merges: the limit is %d", (long long)n, SN_VOCAB_MAX);
    uint32_t slots = slot_count(n);
    m->slots = sn_arena_array(arena, slots, sizeof(sn_merge));
    if (!m->slots) return sn_fail_memory("merge table");
    memset(m->slots, 0xFF, slots * sizeof(sn_merge));
    m->mask = slots - 1;
    m->n = n;
    return SN_OK;
}

static sn_merge *merge_slot(const sn_merges *m, int32_t left, int32_t right) {
    uint32_t slot = (uint32_t)mix((uint64_t)(uint32_t)left << 32 | (uint32_t)right) & m->mask;
    while (m->slots[slot].left >= 0 && (m->slots[slot].left != left || m->slots[slot].right != right))
        slot = (slot + 1) & m->mask;
    return &m->slots[slot];
}

void sn_merges_put(sn_merges *m, sn_merge merge, bool replace) {
    sn_merge *slot = merge_slot(m, merge.left, merge.right);
    if (slot->left < 0 || replace) *slot = merge;
}

const sn_merge *sn_merges_find(const sn_merges *m, int32_t left, int32_t right) {
    const sn_merge *slot = merge_slot(m, left, right);
    return slot->left < 0 ? 0 : slot;
}
