#include "token/buf.h"

#include "base/alloc.h"
#include "base/error.h"
#include "token/utf8.h"

#include <string.h>

sn_status sn_grow(void **p, size_t *capacity, size_t want, size_t item) {
    if (want <= *capacity) return SN_OK;
    size_t grown = *capacity < 16 ? 16 : *capacity;
    while (grown < want) {
        if (grown > SIZE_MAX / 2 / item) return sn_fail_memory("tokenizer scratch");
        grown *= 2;
    }
    void *moved = sn_realloc(*p, grown * item);
    if (!moved) return sn_fail_memory("tokenizer scratch");
    *p = moved;
    *capacity = grown;
    return SN_OK;
}

sn_status sn_buf_reserve(sn_buf *b, size_t more) {
    if (more > SIZE_MAX - b->size) return sn_fail_memory("text");
    void *data = b->data;
    SN_TRY(sn_grow(&data, &b->capacity, b->size + more, 1));
    b->data = data;
    return SN_OK;
}

sn_status sn_buf_append(sn_buf *b, const void *data, size_t size) {
    if (size == 0) return SN_OK;
    SN_TRY(sn_buf_reserve(b, size));
    memcpy(b->data + b->size, data, size);
    b->size += size;
    return SN_OK;
}

sn_status sn_buf_append_cp(sn_buf *b, uint32_t codepoint) {
    char bytes[4];
    return sn_buf_append(b, bytes, sn_utf8_encode(codepoint, bytes));
}

void sn_buf_free(sn_buf *b) {
    sn_free(b->data);
    *b = (sn_buf){0};
}

sn_status sn_ids_push(sn_ids *ids, int32_t id) {
    void *data = ids->data;
    SN_TRY(sn_grow(&data, &ids->capacity, ids->n + 1, sizeof(int32_t)));
    ids->data = data;
    ids->data[ids->n++] = id;
    return SN_OK;
}

void sn_ids_clear(sn_ids *ids) {
    sn_free(ids->data);
    *ids = (sn_ids){0};
}

static int base64_value(char c) {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

sn_status sn_base64_decode(sn_text text, sn_buf *out) {
    while (text.size > 0 && text.data[text.size - 1] == '=') text.size--;
    SN_TRY(sn_buf_reserve(out, text.size));
    uint32_t bits = 0;
    int n = 0;
    for (size_t i = 0; i < text.size; i++) {
        int value = base64_value(text.data[i]);
        if (value < 0) return sn_fail(SN_ERR_FORMAT, "base64: byte 0x%02x at %zu", (unsigned char)text.data[i], i);
        bits = bits << 6 | (uint32_t)value;
        n += 6;
        if (n < 8) continue;
        n -= 8;
        out->data[out->size++] = (char)(bits >> n);
    }
    return SN_OK;
}
