/* The zip container of .npz files: members are found through the central directory at the end of the file. */
#include "file/npy.h"

#include "base/alloc.h"
#include "base/arena.h"
#include "base/error.h"
#include "base/size.h"
#include "file/name_index.h"

#include <stdio.h>

#ifdef SN_HAVE_ZLIB
#include <zlib.h>
#endif

enum {
    end_size = 22,
    entry_size = 46,
    local_size = 30,
    longest_comment = 65535,
    best_ratio = 1032 /* deflate cannot do better */
};

typedef struct member {
    uint16_t flags, method;
    uint32_t crc;
    uint64_t packed, unpacked, offset;
} member;

struct sn_npz {
    char *name;
    sn_read_limits limits;
    sn_arena arena;
    sn_map map;
    sn_reader file;
    sn_name_index names;
    member *members;
};

/* ---- the directory ---- */

/* The end record, searched from the back because a comment may follow it. */
static sn_status find_end(sn_reader *r) {
    if (r->size >= end_size)
        for (size_t back = end_size; back <= r->size && back <= end_size + longest_comment; back++)
            if (sn_load_u32(r->data + r->size - back) == 0x06054b50) {
                r->at = r->size - back;
                return SN_OK;
            }
    return sn_fail(SN_ERR_FORMAT, "%s: no directory at the end: it is cut short or no zip file", r->name);
}

/* Sizes that did not fit in 32 bits stand, in this order, in the extra field 1. */
static sn_status read_extra(sn_reader extra, member *m) {
    uint64_t *wide[] = {&m->unpacked, &m->packed, &m->offset};
    while (sn_reader_left(&extra) >= 4) {
        uint16_t id = 0, size = 0;
        sn_reader field;
        SN_TRY(sn_read_u16(&extra, "an extra field", &id));
        SN_TRY(sn_read_u16(&extra, "an extra field", &size));
        SN_TRY(sn_read_slice(&extra, "an extra field", size, &field));
        for (int i = 0; id == 1 && i < 3; i++)
            if (*wide[i] == UINT32_MAX) SN_TRY(sn_read_u64(&field, "a 64-bit size", wide[i]));
    }
    return SN_OK;
}

static sn_status read_entry(sn_npz *z, sn_reader *r) {
    const unsigned char *p = NULL;
    sn_text name;
    sn_reader extra;
    int64_t item;
    bool found;
    SN_TRY(sn_read_bytes(r, "a directory entry", entry_size, &p));
    if (sn_load_u32(p) != 0x02014b50) return sn_fail(SN_ERR_FORMAT, "%s: a damaged directory entry", r->name);
    member m = {.flags = sn_load_u16(p + 8), .method = sn_load_u16(p + 10), .crc = sn_load_u32(p + 16)};
    m.packed = sn_load_u32(p + 20), m.unpacked = sn_load_u32(p + 24), m.offset = sn_load_u32(p + 42);
    SN_TRY(sn_read_text(r, "a member's name", sn_load_u16(p + 28), &name));
    SN_TRY(sn_read_slice(r, "an extra field", sn_load_u16(p + 30), &extra));
    SN_TRY(sn_read_bytes(r, "a comment", sn_load_u16(p + 32), &p));
    SN_TRY(read_extra(extra, &m));
    if (name.size < 4 || memcmp(name.data + name.size - 4, ".npy", 4) != 0 || memchr(name.data, 0, name.size))
        return sn_fail(SN_ERR_FORMAT, "%s: a member that is no .npy file", r->name);
    char *copy = sn_arena_strndup(&z->arena, name.data, name.size - 4);
    if (!copy) return sn_fail_memory("an array name");
    SN_TRY(sn_name_index_add(&z->names, (sn_text){copy, name.size - 4}, &item, &found));
    if (found) return sn_fail(SN_ERR_FORMAT, "%s: the array \"%.100s\" appears twice", r->name, copy);
    z->members[item] = m;
    return SN_OK;
}

static sn_status read_directory(sn_npz *z) {
    sn_reader *r = &z->file;
    const unsigned char *p = NULL;
    SN_TRY(find_end(r));
    SN_TRY(sn_read_bytes(r, "the end record", end_size, &p));
    uint16_t n = sn_load_u16(p + 10);
    uint32_t offset = sn_load_u32(p + 16);
    if (n == UINT16_MAX || offset == UINT32_MAX)
        return sn_fail(SN_ERR_UNSUPPORTED, "%s: a zip64 directory (more than 65534 members or 4 GiB)", r->name);
    SN_TRY(sn_read_seek(r, "the directory", offset));
    SN_TRY(sn_read_check_count(r, "members", n, entry_size, r->limits->items));
    z->members = sn_arena_array(&z->arena, n, sizeof *z->members);
    if (!z->members) return sn_fail_memory("npz members");
    for (int i = 0; i < n; i++) SN_TRY(read_entry(z, r));
    return SN_OK;
}

/* ---- opening ---- */

static sn_status npz_new(const char *name, const sn_read_limits *limits, sn_npz **out) {
    sn_npz *z = sn_calloc(1, sizeof *z);
    if (!z) return sn_fail_memory("an npz file");
    z->limits = limits ? *limits : sn_read_limits_default;
    z->name = sn_arena_alloc(&z->arena, strlen(name) + 8);
    if (!z->name) {
        sn_free(z);
        return sn_fail_memory("an npz file");
    }
    snprintf(z->name, strlen(name) + 8, "npz: %s", name);
    *out = z;
    return SN_OK;
}

static sn_status finish(sn_status status, sn_npz *z, sn_npz **out) {
    if (status == SN_OK) {
        z->file = sn_reader_make(z->name, z->file.data, z->file.size, &z->limits);
        status = read_directory(z);
    }
    if (status == SN_OK)
        *out = z;
    else
        sn_npz_close(z);
    return status;
}

sn_status sn_npz_open_memory(const char *name, const void *data, size_t size, const sn_read_limits *limits,
                             sn_npz **out) {
    sn_npz *z = NULL;
    SN_TRY(npz_new(name, limits, &z));
    z->file.data = data;
    z->file.size = size;
    return finish(SN_OK, z, out);
}

sn_status sn_npz_open(const char *path, const sn_read_limits *limits, sn_npz **out) {
    sn_npz *z = NULL;
    SN_TRY(npz_new(path, limits, &z));
    sn_status status = sn_map_open(path, &z->map);
    z->file.data = z->map.data;
    z->file.size = z->map.size;
    return finish(status, z, out);
}

void sn_npz_close(sn_npz *z) {
    if (!z) return;
    sn_map_close(&z->map);
    sn_name_index_free(&z->names);
    sn_arena_free(&z->arena);
    sn_free(z);
}

int64_t sn_npz_n_arrays(const sn_npz *z) { return z->names.n; }
const char *sn_npz_name(const sn_npz *z, int64_t i) { return z->names.names[i].data; }

/* ---- members ---- */

uint32_t sn_crc32(uint32_t crc, const void *data, size_t size) {
    static const uint32_t table[16] = {0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
                                       0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
                                       0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c}; /* of a nibble */
    const unsigned char *bytes = data;
    crc = ~crc;
    for (size_t i = 0; i < size; i++) {
        crc ^= bytes[i];
        crc = crc >> 4 ^ table[crc & 15];
        crc = crc >> 4 ^ table[crc & 15];
    }
    return ~crc;
}

#ifdef SN_HAVE_ZLIB
static void *zlib_alloc(void *opaque, unsigned count, unsigned size) {
    (void)opaque;
    return sn_calloc(count, size);
}

static void zlib_free(void *opaque, void *p) {
    (void)opaque;
    sn_free(p);
}
#endif

/* Unpacks exactly `size` bytes. */
static sn_status unpack(const char *name, const unsigned char *from, uint64_t packed, unsigned char *to,
                        uint64_t size) {
#ifdef SN_HAVE_ZLIB
    if (packed > UINT32_MAX || size > UINT32_MAX)
        return sn_fail(SN_ERR_LIMIT, "%s: a deflated member beyond 4 GiB", name);
    z_stream stream = {
        .next_in = (Bytef *)(uintptr_t)from, .avail_in = (uInt)packed, .next_out = to, .avail_out = (uInt)size};
    stream.zalloc = zlib_alloc, stream.zfree = zlib_free;
    if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) return sn_fail_memory("unpacking");
    int result = inflate(&stream, Z_FINISH);
    bool whole = result == Z_STREAM_END && stream.total_out == size;
    inflateEnd(&stream);
    return whole ? SN_OK : sn_fail(SN_ERR_FORMAT, "%s: the packed data is damaged", name);
#else
    (void)from, (void)packed, (void)to, (void)size;
    return sn_fail(SN_ERR_UNSUPPORTED, "%s: a compressed member: build suan with zlib (SN_ZLIB=ON)", name);
#endif
}

/* The packed bytes: behind a local header whose name and extra field may differ in length from the directory's. */
static sn_status find_bytes(const sn_npz *z, const member *m, const unsigned char **out) {
    sn_reader r = z->file;
    const unsigned char *p = NULL;
    SN_TRY(sn_read_seek(&r, "a member", m->offset));
    SN_TRY(sn_read_bytes(&r, "a member's header", local_size, &p));
    if (sn_load_u32(p) != 0x04034b50) return sn_fail(SN_ERR_FORMAT, "%s: a damaged member header", r.name);
    uint64_t skip = (uint64_t)sn_load_u16(p + 26) + sn_load_u16(p + 28);
    SN_TRY(sn_read_bytes(&r, "a member's name", skip, &p));
    return sn_read_bytes(&r, "a member", m->packed, out);
}

static sn_status check_member(const sn_npz *z, const member *m) {
    if (m->flags & 1) return sn_fail(SN_ERR_UNSUPPORTED, "%s: an encrypted member", z->name);
    if (m->method != 0 && m->method != 8)
        return sn_fail(SN_ERR_UNSUPPORTED, "%s: compression method %d, suan reads stored and deflated", z->name,
                       m->method);
    if (m->method == 0 && m->packed != m->unpacked)
        return sn_fail(SN_ERR_FORMAT, "%s: a stored member of two sizes", z->name);
    if (m->method == 8 && m->unpacked > (uint64_t)z->limits.unpacked)
        return sn_fail(SN_ERR_LIMIT, "%s: a member of %llu bytes, more than the limit of %lld", z->name,
                       (unsigned long long)m->unpacked, (long long)z->limits.unpacked);
    if (m->unpacked / best_ratio > m->packed)
        return sn_fail(SN_ERR_FORMAT, "%s: %llu bytes cannot be packed in %llu", z->name,
                       (unsigned long long)m->unpacked, (unsigned long long)m->packed);
    return SN_OK;
}

static sn_status read_member(const sn_npz *z, const char *where, const member *m, sn_npy *out) {
    const unsigned char *data = NULL;
    SN_TRY(find_bytes(z, m, &data)); /* before its size is believed */
    if (m->method == 8) {
        unsigned char *memory = out->memory = sn_alloc((size_t)m->unpacked);
        if (!memory) return sn_fail_memory("an array");
        SN_TRY(unpack(where, data, m->packed, memory, m->unpacked));
        data = memory;
    }
    if (sn_crc32(0, data, m->unpacked) != m->crc) return sn_fail(SN_ERR_FORMAT, "%s: the checksum is wrong", where);
    sn_npy array;
    SN_TRY(sn_npy_open_memory(where, data, m->unpacked, &z->limits, &array));
    out->array = array.array;
    return SN_OK;
}

sn_status sn_npz_get(const sn_npz *z, const char *name, sn_npy *out) {
    char where[300];
    *out = (sn_npy){0};
    int64_t i = sn_name_index_find(&z->names, sn_text_of(name));
    if (i < 0) return sn_fail(SN_ERR_NOT_FOUND, "%s: there is no array \"%.100s\"", z->name, name);
    snprintf(where, sizeof where, "%.200s: %.80s", z->name, name);
    const member *m = &z->members[i];
    SN_TRY(check_member(z, m));
    sn_status status = read_member(z, where, m, out);
    if (status != SN_OK) sn_npy_close(out);
    return status;
}
