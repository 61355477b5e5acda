#include "token/train_seed.h"

#include "base/alloc.h"
#include "base/error.h"

#include <stdlib.h>

/* A suffix of a word; its word's end and count are found by its word. */
typedef struct suffix {
    int64_t at; /* symbol */
    int32_t size, word;
} suffix;

typedef struct candidate {
    int64_t at;
    int32_t size;
    double weight;
} candidate;

typedef struct finder {
    const sn_spaced *s;
    suffix *suffixes;
    int64_t n;
    void *found; /* candidates */
    size_t n_found, capacity;
} finder;

static int32_t common(const sn_spaced *s, const suffix *a, const suffix *b) {
    int32_t n = a->size < b->size ? a->size : b->size, i = 0;
    while (i < n && s->symbols[a->at + i] == s->symbols[b->at + i]) i++;
    return i;
}

static int suffix_order(const void *a, const void *b, void *user) {
    const sn_spaced *s = user;
    const suffix *x = a, *y = b;
    int32_t n = common(s, x, y);
    if (n < x->size && n < y->size) return s->symbols[x->at + n] < s->symbols[y->at + n] ? -1 : 1;
    if (x->size != y->size) return x->size < y->size ? -1 : 1;
    return (x->at > y->at) - (x->at < y->at);
}

static sn_status sort_suffixes(finder *f) {
    const sn_spaced *s = f->s;
    f->suffixes = sn_alloc((size_t)s->starts[s->n_words] * sizeof *f->suffixes + 1);
    if (!f->suffixes) return sn_fail_memory("suffixes");
    for (int64_t w = 0; w < s->n_words; w++)
        for (int64_t at = s->starts[w]; at < s->starts[w + 1]; at++) {
            int64_t size = s->starts[w + 1] - at;
            f->suffixes[f->n++] =
                (suffix){at, (int32_t)(size < SN_PIECE_CHARACTERS ? size : SN_PIECE_CHARACTERS), (int32_t)w};
        }
    qsort_r(f->suffixes, (size_t)f->n, sizeof *f->suffixes, suffix_order, (void *)(uintptr_t)s);
    return SN_OK;
}

static sn_status add(finder *f, int64_t at, int32_t size, int64_t count) {
    if (size < 2 || count < 2) return SN_OK;
    SN_TRY(sn_grow(&f->found, &f->capacity, f->n_found + 1, sizeof(candidate)));
    ((candidate *)f->found)[f->n_found++] = (candidate){at, size, (double)count * size};
    return SN_OK;
}

/* Intervals of suffixes with a common prefix, by a stack of open ones (Abouelhoda, Kurtz and Ohlebusch 2004). */
static sn_status find_nodes(finder *f) {
    struct {
        int32_t size;
        int64_t before; /* occurrences of the suffixes before the interval */
    } open[SN_PIECE_CHARACTERS + 2];
    int n_open = 0;
    int64_t before = 0;
    for (int64_t i = 0; i <= f->n; i++) {
        int32_t shared = i > 0 && i < f->n ? common(f->s, &f->suffixes[i - 1], &f->suffixes[i]) : 0;
        int64_t start = before - (i > 0 ? f->s->counts[f->suffixes[i - 1].word] : 0);
        while (n_open > 0 && open[n_open - 1].size > shared) {
            n_open--;
            start = open[n_open].before;
            SN_TRY(add(f, f->suffixes[i - 1].at, open[n_open].size, before - start));
        }
        if (shared > 0 && (n_open == 0 || open[n_open - 1].size < shared)) {
            open[n_open].size = shared;
            open[n_open++].before = start;
        }
        if (i < f->n) before += f->s->counts[f->suffixes[i].word];
    }
    return SN_OK;
}

/* Words that occur often, but inside no other. */
static sn_status find_words(finder *f) {
    for (int64_t w = 0; w < f->s->n_words; w++) {
        int64_t size = f->s->starts[w + 1] - f->s->starts[w];
        if (size <= SN_PIECE_CHARACTERS) SN_TRY(add(f, f->s->starts[w], (int32_t)size, f->s->counts[w]));
    }
    return SN_OK;
}

static int heavier_first(const void *a, const void *b) {
    const candidate *x = a, *y = b;
    if (x->weight != y->weight) return x->weight > y->weight ? -1 : 1;
    if (x->at != y->at) return x->at < y->at ? -1 : 1;
    return (x->size > y->size) - (x->size < y->size);
}

static sn_status spell(const sn_spaced *s, const candidate *c, sn_arena *arena, sn_text *out) {
    char text[4 * SN_PIECE_CHARACTERS];
    size_t n = 0;
    for (int32_t i = 0; i < c->size; i++) {
        sn_text one = s->alphabet[s->symbols[c->at + i]];
        memcpy(text + n, one.data, one.size);
        n += one.size;
    }
    const char *copy = sn_arena_strndup(arena, text, n);
    if (!copy) return sn_fail_memory("pieces");
    *out = (sn_text){copy, n};
    return SN_OK;
}

static sn_status collect(finder *f, int64_t n_most, sn_arena *arena, sn_seed **seeds, int64_t *n) {
    const sn_spaced *s = f->s;
    sn_vocab seen;
    int64_t most = (int64_t)f->n_found < n_most ? (int64_t)f->n_found : n_most;
    SN_TRY(sn_vocab_init(&seen, arena, s->n_alphabet + most));
    *seeds = sn_arena_array(arena, (size_t)(s->n_alphabet + most), sizeof **seeds);
    if (!*seeds) return sn_fail_memory("pieces");
    for (*n = 0; *n < s->n_alphabet; ++*n) (*seeds)[*n] = (sn_seed){s->alphabet[*n], (double)s->frequency[*n]};
    if (f->n_found) qsort(f->found, f->n_found, sizeof(candidate), heavier_first);
    for (size_t i = 0; i < f->n_found && *n < s->n_alphabet + most; i++) {
        const candidate *c = (const candidate *)f->found + i;
        sn_text text;
        SN_TRY(spell(s, c, arena, &text));
        if (!sn_spaced_allowed(text) || sn_vocab_find(&seen, text.data, text.size) >= 0) continue;
        SN_TRY(sn_vocab_set(&seen, arena, (int32_t)(*n - s->n_alphabet), text, 0, SN_TOKEN_NORMAL));
        (*seeds)[(*n)++] = (sn_seed){text, c->weight};
    }
    return SN_OK;
}

sn_status sn_seeds_find(const sn_spaced *s, int64_t n_most, sn_arena *arena, sn_seed **seeds, int64_t *n) {
    finder f = {.s = s};
    sn_status status = s->n_words < INT32_MAX ? sort_suffixes(&f) : sn_fail(SN_ERR_LIMIT, "too many different words");
    if (status == SN_OK) status = find_nodes(&f);
    if (status == SN_OK) status = find_words(&f);
    if (status == SN_OK) status = collect(&f, n_most, arena, seeds, n);
    sn_free(f.suffixes);
    sn_free(f.found);
    return status;
}
