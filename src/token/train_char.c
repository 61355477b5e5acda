/* Vocabularies that need no learning: the characters of a text, and all bytes. */
#include "base/alloc.h"
#include "base/error.h"
#include "token/build.h"
#include "token/train.h"
#include "token/utf8.h"

enum { CODES = 0x110000 };

/* Every character once for each part it is in: only which ones there are is asked for. */
static sn_status cut_characters(const sn_trainer *tr, sn_word_counter *c, const sn_part *part) {
    size_t length;
    (void)tr;
    sn_buf *seen = sn_words_buffer(c);
    if (!seen->data) {
        SN_TRY(sn_buf_reserve(seen, CODES / 8));
        memset(seen->data, 0, CODES / 8);
    }
    for (size_t i = 0; i < part->text.size; i += length) {
        uint32_t code = sn_utf8_decode(part->text.data + i, part->text.size - i, &length);
        char bit = (char)(1 << code % 8);
        if (seen->data[code / 8] & bit) continue;
        seen->data[code / 8] |= bit;
        SN_TRY(sn_words_count(c, part->text.data + i, length));
    }
    return SN_OK;
}

/* Without a list of its own, a vocabulary of several documents gets the separator as the token between them. */
static sn_build_pieces specials(const sn_trainer *tr, int64_t n_documents, const char **separator) {
    const sn_tokenizer_train_options *o = tr->options;
    sn_build_pieces p = {.special = o->special, .n_special = o->n_special};
    *separator = sn_corpus_separator(tr->corpus);
    if (!*separator[0]) *separator = SN_CORPUS_SEPARATOR;
    if (!o->special && n_documents > 1) p.special = separator, p.n_special = 1;
    return p;
}

static sn_status characters(const sn_trainer *tr, const sn_words *words, sn_tokenizer **out) {
    const char *separator;
    sn_build_pieces p = specials(tr, words->n_documents, &separator);
    sn_text *pieces = sn_alloc((size_t)words->n * sizeof *pieces);
    if (!pieces) return sn_fail_memory("a character vocabulary");
    bool spaced = false;
    for (int64_t i = 0; i < words->n; i++) { /* UTF-8 sorts as its characters do */
        bool space = sn_text_is(words->words[i], " ") || sn_text_is(words->words[i], SN_SPACE_MARK);
        if (!(space && spaced)) pieces[p.n++] = space ? SN_TEXT(SN_SPACE_MARK) : words->words[i];
        spaced |= space;
    }
    p.pieces = pieces;
    sn_status status = sn_tokenizer_build_spaced(SN_BUILD_CHARACTERS, &p, out);
    sn_free(pieces);
    return status;
}

static sn_status train_char(sn_trainer *tr, sn_tokenizer **out) {
    sn_words words;
    tr->cut_words = cut_characters;
    sn_status status = sn_words_read(tr, &words);
    if (status == SN_OK) status = characters(tr, &words, out);
    sn_words_free(&words);
    if (status == SN_OK && tr->options->vocab_size && (*out)->vocab.n > tr->options->vocab_size) {
        status = sn_fail(SN_ERR_ARGUMENT, "the text has characters for %d tokens, more than the %lld asked for",
                         (*out)->vocab.n, (long long)tr->options->vocab_size);
        sn_tokenizer_free(*out);
        *out = NULL;
    }
    return status;
}

static sn_status cut_nothing(const sn_trainer *tr, sn_word_counter *c, const sn_part *part) {
    (void)tr;
    return sn_words_count(c, part->text.data, 1); /* so that an empty text is refused as everywhere */
}

static sn_status train_byte(sn_trainer *tr, sn_tokenizer **out) {
    sn_words words;
    const char *separator;
    tr->cut_words = cut_nothing;
    sn_status status = sn_words_read(tr, &words);
    if (status == SN_OK) {
        sn_build_pieces p = specials(tr, words.n_documents, &separator);
        status = sn_tokenizer_build_bytelevel(p.special, p.n_special, true, NULL, 0, out);
    }
    sn_words_free(&words);
    return status;
}

const sn_train_kind sn_train_char = {"char", train_char, 0};
const sn_train_kind sn_train_byte = {"byte", train_byte, 0};
