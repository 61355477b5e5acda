#include "token/text_check.h"

#include "base/error.h"
#include "token/utf8.h"

sn_status sn_part_check(const sn_part *part) {
    const char *p = part->text.data;
    size_t length;
    for (size_t i = 0; i < part->text.size; i += length) {
        unsigned char c = (unsigned char)p[i];
        length = 1;
        if (c && c < 0x80) continue;
        long long at = (long long)(part->offset + (int64_t)i);
        if (!c) return sn_fail(SN_ERR_FORMAT, "\"%s\", byte %lld: a zero byte: this is no text", part->file, at);
        if (sn_utf8_decode(p + i, part->text.size - i, &length) == SN_UTF8_BAD)
            return sn_fail(SN_ERR_FORMAT,
                           "\"%s\", byte %lld: 0x%02X is not UTF-8 here: this is no text, or in another "
                           "encoding (iconv can convert it)",
                           part->file, at, c);
    }
    return SN_OK;
}
