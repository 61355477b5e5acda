/* The one bounded reader. Every parser of foreign bytes goes through it: a cursor that never passes the end,
 * lengths that are compared with what is left before they are believed, and limits the caller can lower. */
#ifndef SN_FILE_READER_H
#define SN_FILE_READER_H

#include "suan/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Bytes that somebody else owns, usually inside a map. */
typedef struct sn_text {
    const char *data; /* not zero-terminated; may hold zeros */
    size_t size;
} sn_text;

bool sn_text_equal(sn_text a, sn_text b);
bool sn_text_is(sn_text text, const char *s);
static inline sn_text sn_text_of(const char *s) { return (sn_text){s, strlen(s)}; }

/* What a file may ask for, whatever its size. A parser that is given NULL uses sn_read_limits_default. */
typedef struct sn_read_limits {
    int64_t header_bytes; /* a header that is held in memory (safetensors, npy), a whole JSON text */
    int64_t string_bytes; /* one string */
    int64_t name_bytes;   /* one name of a tensor, a key, a member */
    int64_t items;        /* keys, tensors, members, pieces */
    int64_t parts;        /* files of a split or sharded model */
    int64_t unpacked;     /* bytes one compressed member may grow to */
    int depth;            /* nesting */
} sn_read_limits;
extern const sn_read_limits sn_read_limits_default;

typedef struct sn_reader {
    const unsigned char *data;
    size_t size, at;
    const char *name; /* format and file, the start of every message; borrowed */
    const sn_read_limits *limits;
} sn_reader;

/* limits may be NULL. */
sn_reader sn_reader_make(const char *name, const void *data, size_t size, const sn_read_limits *limits);
static inline size_t sn_reader_left(const sn_reader *r) { return r->size - r->at; }

/* All of these fail with SN_ERR_FORMAT naming `what` and the byte where the file ends too early. */
sn_status sn_read_bytes(sn_reader *r, const char *what, uint64_t n, const unsigned char **out);
sn_status sn_read_text(sn_reader *r, const char *what, uint64_t n, sn_text *out);
sn_status sn_read_u8(sn_reader *r, const char *what, uint8_t *out);
sn_status sn_read_u16(sn_reader *r, const char *what, uint16_t *out);
sn_status sn_read_u32(sn_reader *r, const char *what, uint32_t *out);
sn_status sn_read_u64(sn_reader *r, const char *what, uint64_t *out);
sn_status sn_read_i32(sn_reader *r, const char *what, int32_t *out);
sn_status sn_read_f32(sn_reader *r, const char *what, float *out);
/* A reader over the next n bytes, with the same name and limits. */
sn_status sn_read_slice(sn_reader *r, const char *what, uint64_t n, sn_reader *out);
sn_status sn_read_seek(sn_reader *r, const char *what, uint64_t at);
/* Skips to the next multiple of the alignment, but not past the end. */
void sn_read_align(sn_reader *r, size_t alignment);

/* Refuses `count` items of at least `each` bytes that cannot be in what is left (SN_ERR_FORMAT), or that exceed
 * `limit` (SN_ERR_LIMIT). To be called before anything of that size is allocated. */
sn_status sn_read_check_count(const sn_reader *r, const char *what, uint64_t count, uint64_t each, int64_t limit);

/* Loads of little-endian numbers from any address, on any machine. */
static inline uint16_t sn_load_u16(const unsigned char *p) { return (uint16_t)(p[0] | p[1] << 8); }
static inline uint32_t sn_load_u32(const unsigned char *p) {
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}
static inline uint64_t sn_load_u64(const unsigned char *p) {
    return (uint64_t)sn_load_u32(p) | (uint64_t)sn_load_u32(p + 4) << 32;
}
static inline float sn_load_f32(const unsigned char *p) {
    uint32_t bits = sn_load_u32(p);
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}
static inline double sn_load_f64(const unsigned char *p) {
    uint64_t bits = sn_load_u64(p);
    double f;
    memcpy(&f, &bits, sizeof f);
    return f;
}
static inline void sn_store_u16(unsigned char *p, uint16_t v) {
    p[0] = (unsigned char)v, p[1] = (unsigned char)(v >> 8);
}
static inline void sn_store_u32(unsigned char *p, uint32_t v) {
    for (int i = 0; i < 4; i++) p[i] = (unsigned char)(v >> 8 * i);
}
static inline void sn_store_u64(unsigned char *p, uint64_t v) {
    for (int i = 0; i < 8; i++) p[i] = (unsigned char)(v >> 8 * i);
}

#endif
