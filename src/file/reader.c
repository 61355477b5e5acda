#include "file/reader.h"

#include "base/error.h"

const sn_read_limits sn_read_limits_default = {
    .header_bytes = 256 << 20,
    .string_bytes = 64 << 20,
    .name_bytes = 64 << 10,
    .items = 16 << 20,
    .parts = 4096,
    .unpacked = (int64_t)4 << 30,
    .depth = 64,
};

bool sn_text_equal(sn_text a, sn_text b) {
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

bool sn_text_is(sn_text text, const char *s) { return sn_text_equal(text, sn_text_of(s)); }

sn_reader sn_reader_make(const char *name, const void *data, size_t size, const sn_read_limits *limits) {
    return (sn_reader){.data = data, .size = size, .name = name, .limits = limits ? limits : &sn_read_limits_default};
}

sn_status sn_read_bytes(sn_reader *r, const char *what, uint64_t n, const unsigned char **out) {
    if (n > sn_reader_left(r))
        return sn_fail(SN_ERR_FORMAT,
                       "%s: %s at byte %zu needs %llu bytes, %zu are left: the file is cut short or damaged", r->name,
                       what, r->at, (unsigned long long)n, sn_reader_left(r));
    *out = r->data + r->at;
    r->at += (size_t)n;
    return SN_OK;
}

sn_status sn_read_text(sn_reader *r, const char *what, uint64_t n, sn_text *out) {
    const unsigned char *p = NULL;
    if (n > (uint64_t)r->limits->string_bytes)
        return sn_fail(SN_ERR_LIMIT, "%s: %s at byte %zu has %llu bytes, more than the limit of %lld", r->name, what,
                       r->at, (unsigned long long)n, (long long)r->limits->string_bytes);
    SN_TRY(sn_read_bytes(r, what, n, &p));
    *out = (sn_text){(const char *)p, (size_t)n};
    return SN_OK;
}

sn_status sn_read_u8(sn_reader *r, const char *what, uint8_t *out) {
    const unsigned char *p = NULL;
    SN_TRY(sn_read_bytes(r, what, 1, &p));
    *out = *p;
    return SN_OK;
}

sn_status sn_read_u16(sn_reader *r, const char *what, uint16_t *out) {
    const unsigned char *p = NULL;
    SN_TRY(sn_read_bytes(r, what, 2, &p));
    *out = sn_load_u16(p);
    return SN_OK;
}

sn_status sn_read_u32(sn_reader *r, const char *what, uint32_t *out) {
    const unsigned char *p = NULL;
    SN_TRY(sn_read_bytes(r, what, 4, &p));
    *out = sn_load_u32(p);
    return SN_OK;
}

sn_status sn_read_u64(sn_reader *r, const char *what, uint64_t *out) {
    const unsigned char *p = NULL;
    SN_TRY(sn_read_bytes(r, what, 8, &p));
    *out = sn_load_u64(p);
    return SN_OK;
}

sn_status sn_read_i32(sn_reader *r, const char *what, int32_t *out) {
    uint32_t v = 0;
    SN_TRY(sn_read_u32(r, what, &v));
    *out = (int32_t)v;
    return SN_OK;
}

sn_status sn_read_f32(sn_reader *r, const char *what, float *out) {
    const unsigned char *p = NULL;
    SN_TRY(sn_read_bytes(r, what, 4, &p));
    *out = sn_load_f32(p);
    return SN_OK;
}

sn_status sn_read_slice(sn_reader *r, const char *what, uint64_t n, sn_reader *out) {
    const unsigned char *p = NULL;
    SN_TRY(sn_read_bytes(r, what, n, &p));
    *out = sn_reader_make(r->name, p, (size_t)n, r->limits);
    return SN_OK;
}

sn_status sn_read_seek(sn_reader *r, const char *what, uint64_t at) {
    if (at > r->size)
        return sn_fail(SN_ERR_FORMAT, "%s: %s is said to be at byte %llu of %zu: the file is cut short or damaged",
                       r->name, what, (unsigned long long)at, r->size);
    r->at = (size_t)at;
    return SN_OK;
}

void sn_read_align(sn_reader *r, size_t alignment) {
    size_t rest = r->at % alignment, skip = rest ? alignment - rest : 0;
    r->at = skip < sn_reader_left(r) ? r->at + skip : r->size;
}

sn_status sn_read_check_count(const sn_reader *r, const char *what, uint64_t count, uint64_t each, int64_t limit) {
    if (count > (uint64_t)limit)
        return sn_fail(SN_ERR_LIMIT, "%s: %llu %s, more than the limit of %lld", r->name, (unsigned long long)count,
                       what, (long long)limit);
    if (each && count > sn_reader_left(r) / each)
        return sn_fail(SN_ERR_FORMAT,
                       "%s: %llu %s cannot be in the %zu bytes that are left: the file is cut short or damaged",
                       r->name, (unsigned long long)count, what, sn_reader_left(r));
    return SN_OK;
}
