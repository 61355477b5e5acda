#include "token/unicode.h"

#include "base/alloc.h"
#include "base/error.h"
#include "token/unicode_tables.h"
#include "token/utf8.h"

#include <string.h>

bool sn_is_space(uint32_t c) {
    return c == ' ' || (c >= 9 && c <= 13) || c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) ||
           c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

bool sn_is_chinese(uint32_t c) {
    static const uint32_t blocks[][2] = {{0x4E00, 0x9FFF},   {0x3400, 0x4DBF},   {0x20000, 0x2A6DF},
                                         {0x2A700, 0x2B73F}, {0x2B740, 0x2B81F}, {0x2B920, 0x2CEAF},
                                         {0xF900, 0xFAFF},   {0x2F800, 0x2FA1F}};
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++)
        if (c >= blocks[i][0] && c <= blocks[i][1]) return true;
    return false;
}

/* ---- Classes: the package's own tables ---- */

static bool in_ranges(const sn_range *ranges, int n, uint32_t c) {
    int low = 0, high = n;
    while (low < high) {
        int mid = low + (high - low) / 2;
        if (c < ranges[mid].first)
            high = mid;
        else if (c > ranges[mid].last)
            low = mid + 1;
        else
            return true;
    }
    return false;
}

bool sn_is_punctuation(uint32_t c) { return in_ranges(sn_unicode_punctuation, sn_unicode_n_punctuation, c); }
bool sn_is_numeric(uint32_t c) { return in_ranges(sn_unicode_numeric, sn_unicode_n_numeric, c); }
bool sn_is_mark(uint32_t c) { return in_ranges(sn_unicode_mark, sn_unicode_n_mark, c); }
bool sn_is_nonspacing(uint32_t c) { return in_ranges(sn_unicode_nonspacing, sn_unicode_n_nonspacing, c); }
bool sn_is_other(uint32_t c) { return in_ranges(sn_unicode_other, sn_unicode_n_other, c); }

#ifdef SN_HAVE_UTF8PROC

#include <utf8proc.h>

sn_status sn_unicode_ready(void) { return SN_OK; }

/* Letters, marks and decimal digits that are newer than utf8proc's. */
static bool later_word(uint32_t c) {
    for (int i = 0; i < sn_unicode_n_later; i++) {
        const sn_later *later = &sn_unicode_later[i];
        bool letter = later->name[0] == 'L' && strlen(later->name) == 2;
        bool word = letter || strcmp(later->name, "M") == 0 || strcmp(later->name, "Nd") == 0;
        if (word && c >= later->first && c <= later->last) return true;
    }
    return false;
}

bool sn_is_word(uint32_t c) {
    static const sn_range letters_in_circles[] = {
        {0x24B6, 0x24E9}, {0x1F130, 0x1F149}, {0x1F150, 0x1F169}, {0x1F170, 0x1F189}};
    utf8proc_category_t k = utf8proc_category((utf8proc_int32_t)c);
    if (k >= UTF8PROC_CATEGORY_LU && k <= UTF8PROC_CATEGORY_ME) return true;
    if (k == UTF8PROC_CATEGORY_ND || k == UTF8PROC_CATEGORY_NL || k == UTF8PROC_CATEGORY_PC) return true;
    if (k == UTF8PROC_CATEGORY_SO) return in_ranges(letters_in_circles, 4, c);
    return c == 0x200C || c == 0x200D || (k == UTF8PROC_CATEGORY_CN && later_word(c));
}

sn_status sn_append_lower(sn_buf *out, uint32_t c) {
    if (c < 128) {
        char byte = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
        return sn_buf_append(out, &byte, 1);
    }
    if (c == 0x130) return sn_buf_append(out, "i\xCC\x87", 3); /* the one full lower case that is longer */
    for (int i = 0; c >= sn_unicode_lower[0].first && i < sn_unicode_n_lower; i++)
        if (sn_unicode_lower[i].first == c) return sn_buf_append_cp(out, sn_unicode_lower[i].last);
    return sn_buf_append_cp(out, (uint32_t)utf8proc_tolower((utf8proc_int32_t)c));
}

sn_status sn_append_upper(sn_buf *out, uint32_t c) {
    if (c == 0xDF) return sn_buf_append(out, "SS", 2);
    return sn_buf_append_cp(out, (uint32_t)utf8proc_toupper((utf8proc_int32_t)c));
}

size_t sn_grapheme_length(const char *s, size_t size) {
    size_t length, at;
    uint32_t before = sn_utf8_decode(s, size, &at), next;
    utf8proc_int32_t state = 0;
    if (before == SN_UTF8_BAD) return at;
    for (; at < size; at += length, before = next) {
        next = sn_utf8_decode(s + at, size - at, &length);
        if (next == SN_UTF8_BAD ||
            utf8proc_grapheme_break_stateful((utf8proc_int32_t)before, (utf8proc_int32_t)next, &state))
            break;
    }
    return at;
}

/* ---- Normalization forms ---- */

typedef struct codepoints {
    int32_t *data;
    size_t n, capacity;
} codepoints;

static int32_t combining_class(int32_t c) { return utf8proc_get_property(c)->combining_class; }

static sn_status decompose(codepoints *p, uint32_t c, utf8proc_option_t options) {
    int boundary = 0;
    void *data = p->data;
    SN_TRY(sn_grow(&data, &p->capacity, p->n + 32, sizeof(int32_t)));
    p->data = data;
    if (in_ranges(sn_unicode_whole, sn_unicode_n_whole, c)) {
        p->data[p->n++] = (int32_t)c;
        return SN_OK;
    }
    utf8proc_ssize_t n = utf8proc_decompose_char((utf8proc_int32_t)c, p->data + p->n, 32, options, &boundary);
    if (n < 0 || n > 32) return sn_fail(SN_ERR_INTERNAL, "unicode: U+%04X does not decompose", c);
    p->n += (size_t)n;
    return SN_OK;
}

/* Stable merge sort of a run of marks by combining class; `spare` has room for n. */
static void sort_marks(int32_t *a, size_t n, int32_t *spare) {
    if (n < 2) return;
    size_t half = n / 2, i = 0, j = half, k = 0;
    sort_marks(a, half, spare);
    sort_marks(a + half, n - half, spare);
    while (i < half && j < n) spare[k++] = combining_class(a[j]) < combining_class(a[i]) ? a[j++] : a[i++];
    while (i < half) spare[k++] = a[i++];
    while (j < n) spare[k++] = a[j++];
    for (i = 0; i < n; i++) a[i] = spare[i];
}

static sn_status order_marks(codepoints *p) {
    int32_t *spare = sn_alloc((p->n + 1) * sizeof(int32_t));
    if (!spare) return sn_fail_memory("unicode normalization");
    for (size_t i = 0, end; i < p->n; i = end) {
        for (end = i; end < p->n && combining_class(p->data[end]);) end++;
        sort_marks(p->data + i, end - i, spare);
        if (end == i) end++;
    }
    sn_free(spare);
    return SN_OK;
}

/* One run of well-formed text. */
static sn_status normalize_run(sn_unicode_form form, sn_text text, codepoints *p, sn_buf *out) {
    unsigned options = UTF8PROC_STABLE | UTF8PROC_DECOMPOSE;
    if (form == SN_NFKC || form == SN_NFKD) options |= UTF8PROC_COMPAT;
    size_t length;
    p->n = 0;
    for (size_t i = 0; i < text.size; i += length)
        SN_TRY(decompose(p, sn_utf8_decode(text.data + i, text.size - i, &length), (utf8proc_option_t)options));
    SN_TRY(order_marks(p));
    if (form == SN_NFC || form == SN_NFKC) {
        utf8proc_ssize_t n =
            utf8proc_normalize_utf32(p->data, (utf8proc_ssize_t)p->n, UTF8PROC_STABLE | UTF8PROC_COMPOSE);
        if (n < 0) return sn_fail(SN_ERR_INTERNAL, "unicode: composition failed");
        p->n = (size_t)n;
    }
    for (size_t i = 0; i < p->n; i++) SN_TRY(sn_buf_append_cp(out, (uint32_t)p->data[i]));
    return SN_OK;
}

sn_status sn_unicode_normalize(sn_unicode_form form, sn_text text, sn_buf *out) {
    codepoints p = {0};
    sn_status status = SN_OK;
    for (size_t i = 0, length; i < text.size && status == SN_OK;) {
        size_t start = i;
        bool ascii = true;
        while (i < text.size) {
            uint32_t c = sn_utf8_decode(text.data + i, text.size - i, &length);
            if (c == SN_UTF8_BAD) break;
            ascii &= c < 128;
            i += length;
        }
        sn_text run = {text.data + start, i - start};
        status = ascii ? sn_buf_append(out, run.data, run.size) : normalize_run(form, run, &p, out);
        if (status == SN_OK && i < text.size) status = sn_buf_append(out, text.data + i++, 1); /* the ill-formed byte */
    }
    sn_free(p.data);
    return status;
}

#else

sn_status sn_unicode_ready(void) {
    return sn_fail(SN_ERR_UNSUPPORTED, "tokenizer: this build has no utf8proc, which Unicode normalization needs");
}
bool sn_is_word(uint32_t c) { return c > 127 || (c >= '0' && c <= '9') || (c | 32) - 'a' < 26 || c == '_'; }
sn_status sn_append_lower(sn_buf *out, uint32_t c) { return sn_buf_append_cp(out, c >= 'A' && c <= 'Z' ? c + 32 : c); }
sn_status sn_append_upper(sn_buf *out, uint32_t c) { return sn_buf_append_cp(out, c >= 'a' && c <= 'z' ? c - 32 : c); }
size_t sn_grapheme_length(const char *s, size_t size) {
    size_t length;
    sn_utf8_decode(s, size, &length);
    return length;
}
sn_status sn_unicode_normalize(sn_unicode_form form, sn_text text, sn_buf *out) {
    (void)form, (void)text, (void)out;
    return sn_unicode_ready();
}

#endif
