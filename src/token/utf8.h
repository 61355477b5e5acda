/* UTF-8, one character at a time. */
#ifndef SN_TOKEN_UTF8_H
#define SN_TOKEN_UTF8_H

#include <stddef.h>
#include <stdint.h>

#define SN_UTF8_BAD UINT32_MAX

/* Decodes the character at s (size >= 1). An ill-formed sequence gives SN_UTF8_BAD and a length of 1. Surrogates,
 * overlong forms and values above U+10FFFF are ill-formed. */
static inline uint32_t sn_utf8_decode(const char *s, size_t size, size_t *length) {
    const unsigned char *u = (const unsigned char *)s;
    *length = 1;
    if (u[0] < 0x80) return u[0];
    if (u[0] >= 0xC2 && u[0] <= 0xDF && size >= 2 && (u[1] & 0xC0) == 0x80) {
        *length = 2;
        return (uint32_t)(u[0] & 0x1F) << 6 | (u[1] & 0x3F);
    }
    if ((u[0] & 0xF0) == 0xE0 && size >= 3 && (u[1] & 0xC0) == 0x80 && (u[2] & 0xC0) == 0x80) {
        uint32_t c = (uint32_t)(u[0] & 0x0F) << 12 | (uint32_t)(u[1] & 0x3F) << 6 | (u[2] & 0x3F);
        if (c < 0x800 || (c >= 0xD800 && c <= 0xDFFF)) return SN_UTF8_BAD;
        *length = 3;
        return c;
    }
    if (u[0] >= 0xF0 && u[0] <= 0xF4 && size >= 4 && (u[1] & 0xC0) == 0x80 && (u[2] & 0xC0) == 0x80 &&
        (u[3] & 0xC0) == 0x80) {
        uint32_t c = (uint32_t)(u[0] & 0x07) << 18 | (uint32_t)(u[1] & 0x3F) << 12 | (uint32_t)(u[2] & 0x3F) << 6 |
                     (u[3] & 0x3F);
        if (c < 0x10000 || c > 0x10FFFF) return SN_UTF8_BAD;
        *length = 4;
        return c;
    }
    return SN_UTF8_BAD;
}

/* Writes 1 to 4 bytes, returns their number. The code point must be valid. */
static inline size_t sn_utf8_encode(uint32_t c, char *out) {
    if (c < 0x80) return out[0] = (char)c, 1;
    if (c < 0x800) return out[0] = (char)(0xC0 | c >> 6), out[1] = (char)(0x80 | (c & 0x3F)), 2;
    if (c < 0x10000) {
        out[0] = (char)(0xE0 | c >> 12), out[1] = (char)(0x80 | (c >> 6 & 0x3F)), out[2] = (char)(0x80 | (c & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | c >> 18), out[1] = (char)(0x80 | (c >> 12 & 0x3F));
    out[2] = (char)(0x80 | (c >> 6 & 0x3F)), out[3] = (char)(0x80 | (c & 0x3F));
    return 4;
}

#endif
