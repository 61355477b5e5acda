/* WordPiece: the longest piece first, from the left; a word that cannot be covered is one unknown token
 * (Schuster and Nakajima 2012, as in BERT). WordLevel: a word is a token or unknown. */
#include "base/error.h"
#include "token/tokenizer.h"
#include "token/utf8.h"

#include <string.h>

static int64_t count_characters(const char *text, size_t size) {
    int64_t n = 0;
    size_t length;
    for (size_t i = 0; i < size; i += length, n++) sn_utf8_decode(text + i, size - i, &length);
    return n;
}

/* Longest piece prefix + text[0..k) in the vocabulary; *used is k, 0 when there is none. */
static sn_status longest(const sn_tokenizer *t, sn_scratch *s, sn_text prefix, sn_text text, size_t *used,
                         int32_t *id) {
    *used = 0;
    if (t->vocab.max_piece < prefix.size) return SN_OK;
    size_t limit = t->vocab.max_piece - prefix.size;
    size_t end = text.size < limit ? text.size : limit;
    s->word.size = 0;
    SN_TRY(sn_buf_append(&s->word, prefix.data, prefix.size));
    SN_TRY(sn_buf_append(&s->word, text.data, end));
    for (; end > 0; end--) {
        if (end < text.size && ((unsigned char)text.data[end] & 0xC0) == 0x80) continue; /* inside a character */
        *id = sn_vocab_find_own(&t->vocab, s->word.data, prefix.size + end);
        if (*id >= 0) {
            *used = end;
            return SN_OK;
        }
    }
    return SN_OK;
}

static sn_status wordpiece(const sn_tokenizer *t, sn_scratch *s, const char *text, size_t size) {
    const sn_token_model *m = &t->model;
    size_t before = s->ids.n, used = 0;
    bool known = count_characters(text, size) <= m->max_chars;
    for (size_t at = 0; known && at < size; at += used) {
        int32_t id = -1;
        SN_TRY(longest(t, s, at ? m->continuing_prefix : m->first_prefix, (sn_text){text + at, size - at}, &used, &id));
        if (used == 0)
            known = false;
        else
            SN_TRY(sn_ids_push(&s->ids, id));
    }
    if (known) return SN_OK;
    s->ids.n = before;
    return m->unk >= 0 ? sn_ids_push(&s->ids, m->unk) : SN_OK;
}

static sn_status wordlevel(const sn_tokenizer *t, sn_scratch *s, const char *text, size_t size) {
    int32_t id = sn_vocab_find_own(&t->vocab, text, size);
    if (id < 0) id = t->model.unk;
    return id >= 0 ? sn_ids_push(&s->ids, id) : SN_OK;
}

const sn_token_model_def sn_token_wordpiece = {.name = "WordPiece", .encode = wordpiece};
const sn_token_model_def sn_token_wordlevel = {.name = "WordLevel", .encode = wordlevel};
