#include "token/train_spaced.h"

#include "base/alloc.h"
#include "base/error.h"
#include "token/unicode.h"
#include "token/utf8.h"

#include <stdlib.h>

/* ---- Words ---- */

static sn_status end_word(sn_word_counter *c, sn_buf *word, bool space) {
    SN_TRY(sn_words_count(c, word->data, word->size));
    word->size = 0;
    return space ? sn_buf_append(word, SN_SPACE_MARK, sizeof SN_SPACE_MARK - 1) : SN_OK;
}

/* A space starts a word and is its mark; so does the start of a text. Line ends are words of their own. */
static sn_status cut_spaced(const sn_trainer *tr, sn_word_counter *c, const sn_part *part) {
    sn_buf *word = sn_words_buffer(c);
    sn_text text = part->text;
    (void)tr;
    word->size = 0;
    SN_TRY(end_word(c, word, part->first));
    for (size_t i = 0, end; i < text.size; i = end) {
        end = i;
        while (end < text.size && text.data[end] != ' ' && text.data[end] != '\n') end++;
        SN_TRY(sn_buf_append(word, text.data + i, end - i));
        if (end == text.size) break;
        SN_TRY(end_word(c, word, text.data[end] == ' '));
        if (text.data[end] == '\n') SN_TRY(sn_words_count(c, "\n", 1));
        end++;
    }
    return end_word(c, word, false);
}

/* ---- Alphabet ---- */

typedef struct character {
    uint32_t code;
    int64_t count;
} character;

static int more_first(const void *a, const void *b) {
    const character *x = a, *y = b;
    if (x->count != y->count) return x->count > y->count ? -1 : 1;
    return (x->code > y->code) - (x->code < y->code);
}

enum { CODES = 0x110000, MARK = 0x2581 };

static sn_status choose(sn_spaced *s, character *all, double coverage, int32_t *index) {
    int64_t total = 0, covered = 0, n = 0, kept = 0;
    size_t length;
    for (int64_t w = 0; w < s->words.n; w++)
        for (size_t i = 0; i < s->words.words[w].size; i += length) {
            uint32_t code = sn_utf8_decode(s->words.words[w].data + i, s->words.words[w].size - i, &length);
            all[code].count += s->words.counts[w];
            total += s->words.counts[w];
        }
    for (uint32_t c = 0; c < CODES; c++)
        if (all[c].count) all[n++] = (character){c, all[c].count};
    qsort(all, (size_t)n, sizeof *all, more_first);
    s->alphabet = sn_arena_array(&s->words.arena, (size_t)n, sizeof *s->alphabet);
    s->frequency = sn_arena_array(&s->words.arena, (size_t)n, sizeof *s->frequency);
    if (!s->alphabet || !s->frequency) return sn_fail_memory("an alphabet");
    for (int64_t i = 0; i < n; i++) {
        bool wanted = (double)covered < coverage * (double)total || all[i].code == MARK;
        covered += all[i].count;
        if (!wanted) continue;
        char text[4];
        size_t size = sn_utf8_encode(all[i].code, text);
        const char *copy = sn_arena_strndup(&s->words.arena, text, size);
        if (!copy) return sn_fail_memory("an alphabet");
        index[all[i].code] = (int32_t)kept;
        s->frequency[kept] = all[i].count;
        s->alphabet[kept++] = (sn_text){copy, size};
    }
    s->n_alphabet = kept;
    return SN_OK;
}

/* Symbols of all words; a word with unknown characters becomes several. */
static sn_status spell(sn_spaced *s, const int32_t *index) {
    int64_t size = 0, at = 0, n = 0;
    size_t length;
    for (int64_t w = 0; w < s->words.n; w++) size += (int64_t)s->words.words[w].size;
    s->symbols = sn_alloc((size_t)size * sizeof *s->symbols);
    s->starts = sn_alloc((size_t)(size + 2) * sizeof *s->starts);
    s->counts = sn_alloc((size_t)(size + 1) * sizeof *s->counts);
    if (!s->symbols || !s->starts || !s->counts) return sn_fail_memory("words");
    for (int64_t w = 0; w < s->words.n; w++) {
        sn_text word = s->words.words[w];
        s->starts[n] = at;
        for (size_t i = 0; i < word.size; i += length) {
            int32_t symbol = index[sn_utf8_decode(word.data + i, word.size - i, &length)];
            if (symbol >= 0) s->symbols[at++] = symbol;
            if (symbol >= 0 || at == s->starts[n]) continue;
            s->counts[n++] = s->words.counts[w];
            s->starts[n] = at;
        }
        if (at > s->starts[n]) s->counts[n++] = s->words.counts[w];
    }
    s->starts[n] = at;
    s->n_words = n;
    return SN_OK;
}

sn_status sn_spaced_read(sn_trainer *tr, sn_spaced *out) {
    *out = (sn_spaced){0};
    tr->cut_words = cut_spaced;
    SN_TRY(sn_words_read(tr, &out->words));
    character *all = sn_calloc(CODES, sizeof *all);
    int32_t *index = sn_alloc(CODES * sizeof *index);
    sn_status status = all && index ? SN_OK : sn_fail_memory("an alphabet");
    if (status == SN_OK) {
        memset(index, 0xFF, CODES * sizeof *index);
        status = choose(out, all, tr->options->coverage > 0 ? tr->options->coverage : 0.9995, index);
    }
    if (status == SN_OK) status = spell(out, index);
    sn_free(all);
    sn_free(index);
    return status;
}

void sn_spaced_free(sn_spaced *s) {
    sn_free(s->symbols);
    sn_free(s->starts);
    sn_free(s->counts);
    sn_words_free(&s->words);
    *s = (sn_spaced){0};
}

/* ---- What may be a piece ---- */

/* Scripts of letters by their blocks; what is in none goes by blocks of 128. Kana and Han are written together. */
static int script_of(uint32_t c) {
    static const struct {
        uint32_t last;
        int script;
    } blocks[] = {{0x24F, 1},   {0x2AF, 1},   {0x36F, -1},  {0x3FF, 2},    {0x52F, 3},   {0x58F, 4},      {0x5FF, 5},
                  {0x77F, 6},   {0x8FF, -1},  {0x97F, 7},   {0x10FF, -1},  {0x11FF, 8},  {0x1DFF, -1},    {0x1EFF, 1},
                  {0x1FFF, 2},  {0x2E7F, -1}, {0x30FF, 9},  {0x312F, -1},  {0x318F, 8},  {0x31EF, -1},    {0x31FF, 9},
                  {0x33FF, -1}, {0x9FFF, 9},  {0xABFF, -1}, {0xD7FF, 8},   {0xF8FF, -1}, {0xFAFF, 9},     {0xFF20, -1},
                  {0xFF5A, 1},  {0xFF65, -1}, {0xFF9F, 9},  {0x1FFFF, -1}, {0x3FFFF, 9}, {UINT32_MAX, -1}};
    if (!sn_is_word(c) || sn_is_numeric(c) || c == '_') return 0; /* everything that is no letter */
    size_t i = 0;
    while (c > blocks[i].last) i++;
    return blocks[i].script > 0 ? blocks[i].script : 16 + (int)(c >> 7);
}

bool sn_spaced_allowed(sn_text piece) {
    int script = -1, n = 0;
    size_t length;
    for (size_t i = 0; i < piece.size; i += length, n++) {
        uint32_t c = sn_utf8_decode(piece.data + i, piece.size - i, &length);
        if (c == MARK) {
            if (i > 0) return false;
            continue;
        }
        int here = sn_is_mark(c) && script >= 0 ? script : script_of(c);
        if (c == '\n' || (script >= 0 && here != script)) return false;
        script = here;
    }
    return n <= SN_PIECE_CHARACTERS;
}

sn_status sn_spaced_room(const sn_trainer *tr, const sn_spaced *s, int64_t *out) {
    int64_t fixed = 3 + tr->options->n_special + 256;
    *out = tr->vocab_size - fixed;
    if (*out >= s->n_alphabet) return SN_OK;
    return sn_fail(
        SN_ERR_ARGUMENT,
        "a vocabulary of %lld tokens: <unk>, <s>, </s>, special tokens and bytes are %lld, the characters of "
        "the text %lld; ask for more, or for a lower coverage",
        (long long)tr->vocab_size, (long long)fixed, (long long)s->n_alphabet);
}
