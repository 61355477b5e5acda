/* A 64-bit fingerprint of bytes, to tell changed content from the same. Not for adversaries. */
#ifndef SN_BASE_HASH_H
#define SN_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* sn_hash_begin() is ready. The value depends on the bytes only, not on how they were cut into calls. */
typedef struct sn_hash {
    uint64_t h, size;
    unsigned char tail[8];
} sn_hash;

sn_hash sn_hash_begin(void);
void sn_hash_add(sn_hash *s, const void *data, size_t size);
void sn_hash_add_u64(sn_hash *s, uint64_t v);
/* Length and bytes: two lists of texts that only join to the same bytes differ. */
void sn_hash_add_text(sn_hash *s, const void *data, size_t size);
uint64_t sn_hash_end(const sn_hash *s);

#endif
