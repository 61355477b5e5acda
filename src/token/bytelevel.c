#include "token/bytelevel.h"

#include "base/error.h"
#include "token/utf8.h"

/* Bytes that are printable in Latin-1 stand for themselves; the 68 others follow from U+0100 in byte order. */
static bool stands_for_itself(uint32_t c) {
    return (c >= 33 && c <= 126) || (c >= 161 && c <= 172) || (c >= 174 && c <= 255);
}

uint32_t sn_byte_character(unsigned char byte) {
    if (stands_for_itself(byte)) return byte;
    if (byte <= 32) return 256u + byte;
    if (byte <= 160) return 256u + 33 + (byte - 127u);
    return 256 + 67; /* 173 */
}

sn_status sn_bytes_to_characters(sn_text bytes, sn_buf *out) {
    SN_TRY(sn_buf_reserve(out, 2 * bytes.size));
    for (size_t i = 0; i < bytes.size; i++)
        out->size += sn_utf8_encode(sn_byte_character((unsigned char)bytes.data[i]), out->data + out->size);
    return SN_OK;
}

/* -1 outside the alphabet. */
static int byte_of(uint32_t c) {
    if (c < 256) return stands_for_itself(c) ? (int)c : -1;
    if (c <= 256 + 32) return (int)c - 256;
    if (c <= 256 + 66) return (int)c - 256 - 33 + 127;
    return c == 256 + 67 ? 173 : -1;
}

sn_status sn_characters_to_bytes(sn_text text, sn_buf *out, bool *mapped) {
    size_t before = out->size, length;
    SN_TRY(sn_buf_reserve(out, text.size));
    *mapped = true;
    for (size_t i = 0; i < text.size; i += length) {
        int byte = byte_of(sn_utf8_decode(text.data + i, text.size - i, &length));
        if (byte < 0) {
            out->size = before;
            *mapped = false;
            return SN_OK;
        }
        out->data[out->size++] = (char)byte;
    }
    return SN_OK;
}
