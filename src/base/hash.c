#include "base/hash.h"

#include <string.h>

/* Two rounds of xor-shift and an odd multiplier spread every bit over the word. */
static uint64_t mix(uint64_t h) {
    h ^= h >> 32, h *= 0xd6e8feb86659fd93u;
    h ^= h >> 29, h *= 0x9e3779b97f4a7c15u;
    return h ^ h >> 32;
}

static uint64_t load(const unsigned char *p) { /* little-endian on every machine */
    uint64_t v = 0;
    for (int i = 7; i >= 0; i--) v = v << 8 | p[i];
    return v;
}

sn_hash sn_hash_begin(void) { return (sn_hash){.h = 0x9e3779b97f4a7c15u}; }

void sn_hash_add(sn_hash *s, const void *data, size_t size) {
    const unsigned char *p = data;
    size_t held = s->size % 8;
    s->size += size;
    if (held) {
        size_t n = size < 8 - held ? size : 8 - held;
        memcpy(s->tail + held, p, n);
        p += n, size -= n;
        if (held + n < 8) return;
        s->h = mix(s->h ^ load(s->tail)) + s->h;
    }
    for (; size >= 8; p += 8, size -= 8) s->h = mix(s->h ^ load(p)) + s->h;
    if (size) memcpy(s->tail, p, size);
}

void sn_hash_add_u64(sn_hash *s, uint64_t v) {
    unsigned char p[8];
    for (int i = 0; i < 8; i++) p[i] = (unsigned char)(v >> 8 * i);
    sn_hash_add(s, p, sizeof p);
}

void sn_hash_add_text(sn_hash *s, const void *data, size_t size) {
    sn_hash_add_u64(s, size);
    sn_hash_add(s, data, size);
}

uint64_t sn_hash_end(const sn_hash *s) {
    unsigned char rest[8] = {0};
    memcpy(rest, s->tail, s->size % 8);
    return mix(mix(s->h ^ load(rest)) ^ s->size);
}
