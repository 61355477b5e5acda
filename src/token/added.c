#include "token/added.h"

#include "token/unicode.h"
#include "token/utf8.h"

static bool word_starts(sn_text text, size_t at) {
    size_t length;
    if (at >= text.size) return false;
    uint32_t c = sn_utf8_decode(text.data + at, text.size - at, &length);
    return c != SN_UTF8_BAD && sn_is_word(c);
}

/* Start of the character that ends at `at` (at > 0). */
static size_t character_before(sn_text text, size_t at) {
    size_t start = at - 1;
    while (start > 0 && at - start < 4 && ((unsigned char)text.data[start] & 0xC0) == 0x80) start--;
    return start;
}

static bool fits(const sn_added_token *token, sn_text text, size_t start, size_t end) {
    if (!token->single_word) return true;
    return !word_starts(text, end) && !(start > 0 && word_starts(text, character_before(text, start)));
}

static void swallow_spaces(const sn_added_token *token, sn_text text, size_t from, sn_added_match *m) {
    size_t length;
    while (token->lstrip && m->start > from) {
        size_t before = character_before(text, m->start);
        if (before < from || !sn_is_space(sn_utf8_decode(text.data + before, text.size - before, &length))) break;
        m->start = before;
    }
    while (token->rstrip && m->end < text.size) {
        if (!sn_is_space(sn_utf8_decode(text.data + m->end, text.size - m->end, &length))) break;
        m->end += length;
    }
}

bool sn_added_next(const sn_added *a, sn_text text, size_t done, bool with_special, size_t *search,
                   sn_added_match *out) {
    if (a->n == 0) return false;
    bool all = with_special || a->pass_special;
    for (size_t at = *search; at < text.size; at++) {
        if (!a->first[(unsigned char)text.data[at]]) continue;
        int32_t index = -1;
        size_t length = sn_trie_longest(all ? &a->all : &a->plain, text.data + at, text.size - at, &index);
        if (length == 0) continue;
        const sn_added_token *token = &a->tokens[index];
        *search = at + length;
        if ((token->special && !with_special) || !fits(token, text, at, at + length)) {
            at += length - 1;
            continue;
        }
        *out = (sn_added_match){at, at + length, token->id};
        swallow_spaces(token, text, done, out);
        return true;
    }
    return false;
}
