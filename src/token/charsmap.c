#include "token/charsmap.h"

#include "base/error.h"
#include "token/unicode.h"
#include "token/utf8.h"

#include <string.h>

sn_status sn_charsmap_read(sn_text blob, sn_charsmap *out) {
    *out = (sn_charsmap){0};
    if (blob.size == 0) return SN_OK;
    sn_reader r = sn_reader_make("tokenizer: character map", blob.data, blob.size, 0);
    uint32_t bytes;
    const unsigned char *units;
    SN_TRY(sn_read_u32(&r, "size", &bytes));
    SN_TRY(sn_read_bytes(&r, "trie", bytes, &units));
    if (bytes % 4 || bytes == 0) return sn_fail(SN_ERR_FORMAT, "tokenizer: character map: a trie of %u bytes", bytes);
    size_t left = sn_reader_left(&r);
    if (left == 0 || blob.data[blob.size - 1] != 0)
        return sn_fail(SN_ERR_FORMAT, "tokenizer: character map: the replacements have no final zero");
    *out = (sn_charsmap){units, bytes / 4, {blob.data + blob.size - left, left}};
    return SN_OK;
}

/* Cells of the double array: where the children are, and whether a key ends here. */
static uint32_t offset_of(uint32_t cell) { return cell >> 10 << ((cell & 1u << 9) >> 6); }
static uint32_t label_of(uint32_t cell) { return cell & (1u << 31 | 0xFF); }
static bool ends_key(uint32_t cell) { return cell >> 8 & 1; }

/* The shortest or longest key at the start of text: its length (0: none) and its replacement. */
static size_t find_key(const sn_charsmap *m, sn_text text, bool shortest, sn_text *with) {
    if (m->n_units == 0) return 0;
    size_t best = 0;
    uint32_t node = offset_of(sn_load_u32(m->units));
    for (size_t i = 0; i < text.size; i++) {
        unsigned char byte = (unsigned char)text.data[i];
        if (byte == 0) break;
        node ^= byte;
        if (node >= m->n_units) break;
        uint32_t cell = sn_load_u32(m->units + 4 * (size_t)node);
        if (label_of(cell) != byte) break;
        node ^= offset_of(cell);
        if (!ends_key(cell)) continue;
        if (node >= m->n_units) break;
        uint32_t at = sn_load_u32(m->units + 4 * (size_t)node) & 0x7FFFFFFF;
        if (at >= m->texts.size) break;
        best = i + 1;
        *with = (sn_text){m->texts.data + at, strlen(m->texts.data + at)}; /* the last byte is zero */
        if (shortest) break;
    }
    return best;
}

sn_status sn_charsmap_longest(const sn_charsmap *m, sn_text text, sn_buf *out) {
    for (size_t i = 0, length; i < text.size; i += length) {
        sn_text with = {0};
        length = find_key(m, (sn_text){text.data + i, text.size - i}, false, &with);
        if (length == 0) {
            uint32_t c = sn_utf8_decode(text.data + i, text.size - i, &length);
            with = c == SN_UTF8_BAD ? SN_TEXT("\xEF\xBF\xBD") : (sn_text){text.data + i, length};
        }
        SN_TRY(sn_buf_append(out, with.data, with.size));
    }
    return SN_OK;
}

static sn_status map_characters(const sn_charsmap *m, sn_text text, sn_buf *out) {
    for (size_t i = 0, length; i < text.size; i += length) {
        sn_utf8_decode(text.data + i, text.size - i, &length);
        sn_text with = {text.data + i, length};
        find_key(m, with, true, &with);
        SN_TRY(sn_buf_append(out, with.data, with.size));
    }
    return SN_OK;
}

sn_status sn_charsmap_graphemes(const sn_charsmap *m, sn_text text, sn_buf *out) {
    for (size_t i = 0, length; i < text.size; i += length) {
        length = sn_grapheme_length(text.data + i, text.size - i);
        sn_text cluster = {text.data + i, length}, with;
        if (length < 6 && find_key(m, cluster, true, &with))
            SN_TRY(sn_buf_append(out, with.data, with.size));
        else
            SN_TRY(map_characters(m, cluster, out));
    }
    return SN_OK;
}
