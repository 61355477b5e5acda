/* Normalizers: text to text, before anything is cut. */
#include "base/error.h"
#include "token/bytelevel.h"
#include "token/parts.h"
#include "token/unicode.h"
#include "token/utf8.h"

#include <string.h>

/* ---- Unicode forms ---- */

static sn_status need_unicode(sn_tokenizer *t, const sn_json *o, sn_step *step) {
    (void)t, (void)o, (void)step;
    return sn_unicode_ready();
}
static sn_status nfc(const sn_step *step, sn_scratch *s, sn_text text, sn_buf *out) {
    (void)step, (void)s;
    return sn_unicode_normalize(SN_NFC, text, out);
}
static sn_status nfd(const sn_step *step, sn_scratch *s, sn_text text, sn_buf *out) {
    (void)step, (void)s;
    return sn_unicode_normalize(SN_NFD, text, out);
}
static sn_status nfkc(const sn_step *step, sn_scratch *s, sn_text text, sn_buf *out) {
    (void)step, (void)s;
    return sn_unicode_normalize(SN_NFKC, text, out);
}
static sn_status nfkd(const sn_step *step, sn_scratch *s, sn_text text, sn_buf *out) {
    (void)step, (void)s;
    return sn_unicode_normalize(SN_NFKD, text, out);
}

/* ---- Character by character ---- */

/* Calls `put` for every well-formed character; other bytes pass unchanged. */
static sn_status each_character(sn_text text, sn_buf *out, sn_status (*put)(sn_buf *, uint32_t)) {
    for (size_t i = 0, length; i < text.size; i += length) {
        uint32_t c = sn_utf8_decode(text.data + i, text.size - i, &length);
        SN_TRY(c == SN_UTF8_BAD ? sn_buf_append(out, text.data + i, length) : put(out, c));
    }
    return SN_OK;
}

static sn_status lowercase(const sn_step *step, sn_scratch *s, sn_text text, sn_buf *out) {
    (void)step, (void)s;
    return each_character(text, out, sn_append_lower);
}

static sn_status without_marks(sn_buf *out, uint32_t c) { return sn_is_mark(c) ? SN_OK : sn_buf_append_cp(out, c); }
static sn_status strip_accents(const sn_step *step, sn_scratch *s, sn_text text, sn_buf *out) {
    (void)step, (void)s;
    return each_character(text, out, without_marks);
}

/* The character rules of the neural machine translation normalizer: controls go, odd spaces become spaces. */
static sn_status put_nmt(sn_buf *out, uint32_t c) {
    if ((c >= 1 && c <= 8) || c == 0xB || (c >= 0xE && c <= 0x1F) || c == 0x7F || c == 0x8F || c == 0x9F) return SN_OK;
    bool space = c == 9 || c == 0xA || c == 0xC || c == 0xD || c == 0x1680 || (c >= 0x200B && c <= 0x200F) ||
                 c == 0x2028 || c == 0x2029 || c == 0x2581 || c == 0xFEFF || c == 0xFFFD;
    return sn_buf_append_cp(out, space ? ' ' : c);
}
static sn_status nmt(const sn_step *step, sn_scratch *s, sn_text text, sn_buf *out) {
    (void)step, (void)s;
    return each_character(text, out, put_nmt);
}

/* ---- Ends of the text ---- */

static size_t space_at_start(sn_text text) {
    size_t i = 0, length;
    while (i < text.size && sn_is_space(sn_utf8_decode(text.data + i, text.size - i, &length))) i += length;
    return i;
}

static size_t without_end_space(sn_text text) {
    size_t end = 0, length;
    for (size_t i = 0; i < text.size; i += length)
        if (!sn_is_space(sn_utf8_decode(text.data + i, text.size - i, &length))) end = i + length;
    return end;
}

static sn_status parse_strip(sn_tokenizer *t, const sn_json *o, sn_step *step) {
    (void)t;
    SN_TRY(sn_parse_flag(o, "strip_left", true, SN_STEP_LEFT, step));
    return sn_parse_flag(o, "strip_right", true, SN_STEP_RIGHT, step);
}
static sn_status strip(const sn_step *step, sn_scratch *s, sn_text text, sn_buf *out) {
    (void)s;
    size_t start = step->flags & SN_STEP_LEFT ? space_at_start(text) : 0;
    size_t end = step->flags & SN_STEP_RIGHT ? without_end_space(text) : text.size;
    return end > start ? sn_buf_append(out, text.data + start, end - start) : SN_OK;
}

static sn_status parse_prepend(sn_tokenizer *t, const sn_json *o, sn_step *step) {
    return sn_parse_text(t, o, "prepend", 0, &step->text);
}
static sn_status prepend(const sn_step *step, sn_scratch *s, sn_text text, sn_buf *out) {
    (void)s;
    if (text.size == 0) return SN_OK;
    SN_TRY(sn_buf_append(out, step->text.data, step->text.size));
    return sn_buf_append(out, text.data, text.size);
}

static sn_status parse_replace(sn_tokenizer *t, const sn_json *o, sn_step *step) {
    SN_TRY(sn_parse_pattern(t, o, step));
    return sn_parse_text(t, o, "content", 0, &step->with);
}
static sn_status replace(const sn_step *step, sn_scratch *s, sn_text text, sn_buf *out) {
    return sn_replace_all(&(sn_finder){.regex = step->regex, .literal = step->text}, s, step->with, text, out);
}

/* What takes the place of a match belongs to its last character. */
static sn_status replace_head(const sn_step *step, sn_scratch *s, sn_text text, size_t *head) {
    size_t start = 0, end = 0;
    bool found;
    sn_finder finder = {.regex = step->regex, .literal = step->text};
    SN_TRY(sn_finder_next(&finder, s, text, 0, &start, &end, &found));
    if (!found || start >= *head) return SN_OK;
    if (start > 0)
        *head = start;
    else if (end <= *head)
        *head += step->with.size - end;
    else
        *head = 0;
    return SN_OK;
}

/* ---- SentencePiece ---- */

/* Base64 of the character map into the arena. */
static sn_status parse_precompiled(sn_tokenizer *t, const sn_json *o, sn_step *step) {
    sn_text text;
    sn_buf blob = {0};
    bool found = false;
    SN_TRY(sn_json_get_text(o, "precompiled_charsmap", &text, &found));
    if (!found) return SN_OK;
    sn_status status = sn_base64_decode(text, &blob);
    sn_text kept = {0};
    if (status == SN_OK) status = sn_tokenizer_keep(t, (sn_text){blob.data, blob.size}, &kept);
    sn_buf_free(&blob);
    SN_TRY(status);
    t->source.charsmap = kept;
    return sn_charsmap_read(kept, &step->charsmap);
}
static sn_status precompiled(const sn_step *step, sn_scratch *s, sn_text text, sn_buf *out) {
    (void)s;
    return sn_charsmap_graphemes(&step->charsmap, text, out);
}

/* Where the first character becomes nothing, what then starts the text counts as made of it. */
static sn_status precompiled_head(const sn_step *step, sn_scratch *s, sn_text text, size_t *head) {
    s->word.size = 0;
    SN_TRY(precompiled(step, s, (sn_text){text.data, *head}, &s->word));
    *head = s->word.size ? s->word.size : 1;
    return SN_OK;
}

/* As SentencePiece itself applies the map; not a part of tokenizer.json. */
static sn_status spm_charsmap(const sn_step *step, sn_scratch *s, sn_text text, sn_buf *out) {
    (void)s;
    return sn_charsmap_longest(&step->charsmap, text, out);
}

/* remove_extra_whitespaces: none at the ends, one between words. */
static sn_status spm_collapse(const sn_step *step, sn_scratch *s, sn_text text, sn_buf *out) {
    (void)step, (void)s;
    size_t start = out->size;
    for (size_t i = 0; i < text.size; i++) {
        bool after_space = out->size == start || out->data[out->size - 1] == ' ';
        if (text.data[i] != ' ' || !after_space) SN_TRY(sn_buf_append(out, text.data + i, 1));
    }
    if (out->size > start && out->data[out->size - 1] == ' ') out->size--;
    return SN_OK;
}

/* ---- BERT ---- */

static sn_status parse_bert(sn_tokenizer *t, const sn_json *o, sn_step *step) {
    (void)t;
    SN_TRY(sn_unicode_ready());
    SN_TRY(sn_parse_flag(o, "clean_text", true, SN_STEP_CLEAN, step));
    SN_TRY(sn_parse_flag(o, "handle_chinese_chars", true, SN_STEP_CHINESE, step));
    SN_TRY(sn_parse_flag(o, "lowercase", true, SN_STEP_LOWER, step));
    /* absent or null: accents go where case goes */
    return sn_parse_flag(o, "strip_accents", (step->flags & SN_STEP_LOWER) != 0, SN_STEP_STRIP_ACCENTS, step);
}

static sn_status clean_text(unsigned flags, sn_text text, sn_buf *out) {
    for (size_t i = 0, length; i < text.size; i += length) {
        uint32_t c = sn_utf8_decode(text.data + i, text.size - i, &length);
        bool blank = sn_is_space(c), chinese = flags & SN_STEP_CHINESE && sn_is_chinese(c);
        if (flags & SN_STEP_CLEAN && (c == 0 || c == 0xFFFD || c == SN_UTF8_BAD)) continue;
        if (flags & SN_STEP_CLEAN && c != SN_UTF8_BAD && sn_is_other(c) && !(c == 9 || c == 10 || c == 13)) continue;
        if (chinese) SN_TRY(sn_buf_append(out, " ", 1));
        SN_TRY(flags & SN_STEP_CLEAN && blank ? sn_buf_append(out, " ", 1) : sn_buf_append(out, text.data + i, length));
        if (chinese) SN_TRY(sn_buf_append(out, " ", 1));
    }
    return SN_OK;
}

static sn_status without_nonspacing(sn_buf *out, uint32_t c) {
    return sn_is_nonspacing(c) ? SN_OK : sn_buf_append_cp(out, c);
}

static sn_status bert_accents(sn_text text, sn_buf *out) {
    sn_buf decomposed = {0};
    sn_status status = sn_unicode_normalize(SN_NFD, text, &decomposed);
    if (status == SN_OK) status = each_character((sn_text){decomposed.data, decomposed.size}, out, without_nonspacing);
    sn_buf_free(&decomposed);
    return status;
}

static sn_status bert(const sn_step *step, sn_scratch *s, sn_text text, sn_buf *out) {
    (void)s;
    sn_buf a = {0}, b = {0};
    sn_status status = clean_text(step->flags, text, &a);
    if (status == SN_OK && step->flags & SN_STEP_STRIP_ACCENTS) {
        status = bert_accents((sn_text){a.data, a.size}, &b);
        sn_buf swap = a;
        a = b, b = swap;
    }
    sn_text clean = {a.data, a.size};
    if (status == SN_OK)
        status = step->flags & SN_STEP_LOWER ? each_character(clean, out, sn_append_lower)
                                             : sn_buf_append(out, clean.data, clean.size);
    sn_buf_free(&a);
    sn_buf_free(&b);
    return status;
}

static sn_status bytelevel(const sn_step *step, sn_scratch *s, sn_text text, sn_buf *out) {
    (void)step, (void)s;
    return sn_bytes_to_characters(text, out);
}

static const sn_normalizer_def normalizers[] = {
    {"NFC", need_unicode, nfc, 0},
    {"NFD", need_unicode, nfd, 0},
    {"NFKC", need_unicode, nfkc, 0},
    {"NFKD", need_unicode, nfkd, 0},
    {"Lowercase", need_unicode, lowercase, 0},
    {"StripAccents", need_unicode, strip_accents, 0},
    {"Strip", parse_strip, strip, 0},
    {"Replace", parse_replace, replace, replace_head},
    {"Prepend", parse_prepend, prepend, 0},
    {"Precompiled", parse_precompiled, precompiled, precompiled_head},
    {"Nmt", 0, nmt, 0},
    {"BertNormalizer", parse_bert, bert, 0},
    {"ByteLevel", 0, bytelevel, 0},
    {"(SentencePiece character map)", 0, spm_charsmap, 0},
    {"(SentencePiece extra spaces)", 0, spm_collapse, 0},
};

const sn_normalizer_def *sn_find_normalizer(const char *name) {
    for (size_t i = 0; i < sizeof normalizers / sizeof normalizers[0]; i++)
        if (strcmp(normalizers[i].name, name) == 0) return &normalizers[i];
    return 0;
}
