/* Byte-pair encoding of one pre-token: the pair of smallest rank is merged first, of equal ones the leftmost, with a
 * heap over a linked list of symbols: O(n log n) (Sennrich, Haddow and Birch 2016; the heap as in SentencePiece).
 * A pair's rank comes from a table of id pairs (tokenizer.json, GGUF merges), or from looking up the merged text in the
 * vocabulary (SentencePiece scores, tiktoken ranks). */
#include "base/error.h"
#include "token/tokenizer.h"
#include "token/utf8.h"

#include <string.h>

typedef struct symbol {
    size_t start, size; /* bytes of the word; size 0: merged away */
    int32_t id;         /* -1: not in the vocabulary */
    int32_t prev, next; /* -1: none */
} symbol;

typedef struct candidate {
    uint32_t rank;
    int32_t left; /* symbol index; also the tie break */
    int32_t id;
    size_t left_size, right_size; /* the two symbols when it was entered; otherwise it is stale */
} candidate;

static bool before(const candidate *a, const candidate *b) {
    return a->rank != b->rank ? a->rank < b->rank : a->left < b->left;
}

static void heap_push(candidate *heap, size_t *n, candidate c) {
    size_t i = (*n)++;
    for (; i > 0 && before(&c, &heap[(i - 1) / 2]); i = (i - 1) / 2) heap[i] = heap[(i - 1) / 2];
    heap[i] = c;
}

static candidate heap_pop(candidate *heap, size_t *n) {
    candidate top = heap[0], last = heap[--*n];
    size_t i = 0;
    for (size_t child; (child = 2 * i + 1) < *n; i = child) {
        if (child + 1 < *n && before(&heap[child + 1], &heap[child])) child++;
        if (!before(&heap[child], &last)) break;
        heap[i] = heap[child];
    }
    heap[i] = last;
    return top;
}

static sn_status push_symbol(sn_scratch *s, int32_t *n, size_t start, size_t size, int32_t id) {
    if (*n == INT32_MAX - 1) return sn_fail(SN_ERR_LIMIT, "tokenize: a word of more than %d characters", INT32_MAX - 1);
    SN_TRY(sn_grow(&s->symbols, &s->n_symbols, (size_t)*n + 1, sizeof(symbol)));
    ((symbol *)s->symbols)[*n] = (symbol){start, size, id, *n - 1, *n + 1};
    ++*n;
    return SN_OK;
}

/* A character that is no token by itself: its bytes as symbols where the model falls back to bytes. */
static sn_status push_unknown(const sn_tokenizer *t, sn_scratch *s, int32_t *n, const char *text, size_t start,
                              size_t size) {
    const sn_token_model *m = &t->model;
    bool left_out = m->unk < 0 && !m->byte_fallback && !m->ranks; /* its neighbours then stand side by side */
    if (left_out) return SN_OK;
    if (!m->byte_fallback || m->ranks || t->source.byte_offset) return push_symbol(s, n, start, size, -1);
    for (size_t i = 0; i < size; i++) SN_TRY(push_symbol(s, n, start + i, 1, m->bytes[(unsigned char)text[start + i]]));
    return SN_OK;
}

/* Characters with the continuing prefix or end-of-word suffix that some vocabularies mark them with. */
static sn_status find_marked(const sn_tokenizer *t, sn_scratch *s, sn_text c, bool first, bool last, int32_t *id) {
    const sn_token_model *m = &t->model;
    s->word.size = 0;
    if (!first) SN_TRY(sn_buf_append(&s->word, m->continuing_prefix.data, m->continuing_prefix.size));
    SN_TRY(sn_buf_append(&s->word, c.data, c.size));
    if (last) SN_TRY(sn_buf_append(&s->word, m->suffix.data, m->suffix.size));
    *id = sn_vocab_find_own(&t->vocab, s->word.data, s->word.size);
    return SN_OK;
}

static sn_status split_characters(const sn_tokenizer *t, sn_scratch *s, const char *text, size_t size, int32_t *n) {
    const sn_token_model *m = &t->model;
    bool marked = m->continuing_prefix.size || m->suffix.size;
    size_t length = 0;
    for (size_t i = 0; i < size; i += length) {
        sn_utf8_decode(text + i, size - i, &length);
        int32_t id = -1;
        if (marked)
            SN_TRY(find_marked(t, s, (sn_text){text + i, length}, i == 0, i + length == size, &id));
        else
            id = sn_vocab_find_own(&t->vocab, text + i, length);
        if (id >= 0)
            SN_TRY(push_symbol(s, n, i, length, id));
        else
            SN_TRY(push_unknown(t, s, n, text, i, length));
    }
    if (*n > 0) ((symbol *)s->symbols)[*n - 1].next = -1;
    return SN_OK;
}

/* Enters the pair that starts at symbol `left` into the heap, if it can be merged. */
static sn_status try_pair(const sn_tokenizer *t, sn_scratch *s, const char *text, int32_t left, size_t *n_heap) {
    const sn_token_model *m = &t->model;
    const symbol *symbols = s->symbols;
    if (left < 0 || symbols[left].next < 0) return SN_OK;
    const symbol *a = &symbols[left], *b = &symbols[a->next];
    candidate c = {UINT32_MAX, left, -1, a->size, b->size};
    if (m->ranks) {
        c.id = sn_vocab_find_own(&t->vocab, text + a->start, a->size + b->size);
        if (c.id >= 0) c.rank = m->ranks[c.id];
        if (c.rank == UINT32_MAX) return SN_OK;
    } else {
        const sn_merge *merge = a->id >= 0 && b->id >= 0 ? sn_merges_find(&m->merges, a->id, b->id) : 0;
        if (!merge) return SN_OK;
        c.rank = merge->rank, c.id = merge->id;
    }
    SN_TRY(sn_grow(&s->heap, &s->n_heap, *n_heap + 1, sizeof(candidate)));
    heap_push(s->heap, n_heap, c);
    return SN_OK;
}

static sn_status merge_all(const sn_tokenizer *t, sn_scratch *s, const char *text, int32_t n) {
    size_t n_heap = 0;
    symbol *symbols = s->symbols;
    for (int32_t i = 0; i + 1 < n; i++) SN_TRY(try_pair(t, s, text, i, &n_heap));
    while (n_heap > 0) {
        candidate c = heap_pop(s->heap, &n_heap);
        symbol *a = &symbols[c.left];
        if (a->size != c.left_size || a->next < 0 || symbols[a->next].size != c.right_size) continue;
        symbol *b = &symbols[a->next];
        a->size += b->size, a->id = c.id, a->next = b->next;
        if (b->next >= 0) symbols[b->next].prev = c.left;
        b->size = 0;
        SN_TRY(try_pair(t, s, text, a->prev, &n_heap));
        SN_TRY(try_pair(t, s, text, c.left, &n_heap));
    }
    return SN_OK;
}

static sn_status encode(const sn_tokenizer *t, sn_scratch *s, const char *text, size_t size) {
    if (t->model.ignore_merges) {
        int32_t whole = sn_vocab_find_own(&t->vocab, text, size);
        if (whole >= 0) return sn_ids_push(&s->ids, whole);
    }
    int32_t n = 0;
    SN_TRY(split_characters(t, s, text, size, &n));
    SN_TRY(merge_all(t, s, text, n));
    const symbol *symbols = s->symbols;
    bool unknown = false;
    for (int32_t i = n > 0 ? 0 : -1; i >= 0; i = symbols[i].next) {
        if (symbols[i].id >= 0)
            SN_TRY(sn_ids_push(&s->ids, symbols[i].id));
        else
            SN_TRY(sn_emit_unknown(t, s, text + symbols[i].start, symbols[i].size, unknown));
        unknown = symbols[i].id < 0;
    }
    return SN_OK;
}

const sn_token_model_def sn_token_bpe = {.name = "BPE", .encode = encode};
