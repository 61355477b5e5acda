/* Counting the different words of a text. Each thread counts the parts it gets; the tables are joined and sorted, so
 * neither the threads nor the order of parts show. */
#include "base/alloc.h"
#include "base/error.h"
#include "token/text_check.h"
#include "token/train.h"

#include <stdlib.h>

enum { BATCH = 256, BATCH_BYTES = 16 << 20, MAX_THREADS = 64 };

typedef struct slot {
    uint64_t hash;
    const char *word; /* NULL: empty */
    size_t size;
    int64_t count;
} slot;

struct sn_word_counter {
    slot *slots;
    size_t n, n_slots; /* a power of two */
    sn_arena arena;
    sn_regex_scratch regex;
    sn_buf buffer;
    sn_status status;
};

sn_regex_scratch *sn_words_regex(sn_word_counter *c) { return &c->regex; }
sn_buf *sn_words_buffer(sn_word_counter *c) { return &c->buffer; }

static slot *find(const sn_word_counter *c, uint64_t hash, const char *word, size_t size) {
    size_t i = hash & (c->n_slots - 1);
    while (c->slots[i].word &&
           (c->slots[i].hash != hash || c->slots[i].size != size || memcmp(c->slots[i].word, word, size) != 0))
        i = (i + 1) & (c->n_slots - 1);
    return &c->slots[i];
}

static sn_status grow(sn_word_counter *c) {
    sn_word_counter bigger = {.n_slots = c->n_slots ? 2 * c->n_slots : 1 << 12};
    bigger.slots = sn_calloc(bigger.n_slots, sizeof(slot));
    if (!bigger.slots) return sn_fail_memory("the words of a text");
    for (size_t i = 0; i < c->n_slots; i++)
        if (c->slots[i].word) *find(&bigger, c->slots[i].hash, c->slots[i].word, c->slots[i].size) = c->slots[i];
    sn_free(c->slots);
    c->slots = bigger.slots;
    c->n_slots = bigger.n_slots;
    return SN_OK;
}

static sn_status count(sn_word_counter *c, uint64_t hash, const char *word, size_t size, int64_t times) {
    if (2 * c->n >= c->n_slots) SN_TRY(grow(c));
    slot *s = find(c, hash, word, size);
    if (!s->word) {
        const char *kept = sn_arena_strndup(&c->arena, word, size);
        if (!kept) return sn_fail_memory("the words of a text");
        *s = (slot){.hash = hash, .word = kept, .size = size};
        c->n++;
    }
    s->count += times;
    return SN_OK;
}

sn_status sn_words_count(sn_word_counter *c, const char *word, size_t size) {
    return size ? count(c, sn_hash_bytes(word, size), word, size, 1) : SN_OK;
}

static void counter_free(sn_word_counter *c) {
    sn_free(c->slots);
    sn_arena_free(&c->arena);
    sn_regex_scratch_free(&c->regex);
    sn_buf_free(&c->buffer);
}

/* ---- Reading ---- */

typedef struct reading {
    const sn_trainer *tr;
    sn_word_counter counters[MAX_THREADS];
    sn_part parts[BATCH];
    size_t starts[BATCH];
    int n_parts;
    sn_buf text;
    int64_t n_documents;
} reading;

static void count_part(void *arg, int64_t task, int thread) {
    reading *r = arg;
    sn_word_counter *c = &r->counters[thread];
    sn_part part = r->parts[task];
    part.text.data = r->text.data + r->starts[task];
    if (c->status == SN_OK) c->status = r->tr->cut_words(r->tr, c, &part);
}

sn_status sn_trainer_cancelled(const sn_trainer *tr) {
    const volatile int *cancel = tr->options->cancel;
    return cancel && *cancel ? sn_fail(SN_ERR_CANCELLED, "training the tokenizer was cancelled") : SN_OK;
}

void sn_trainer_progress(const sn_trainer *tr, const char *what, int64_t done, int64_t total) {
    if (tr->options->progress) tr->options->progress(tr->options->user, what, done, total);
}

static sn_status flush(reading *r) {
    sn_parallel(r->tr->team, count_part, r, r->n_parts);
    r->n_parts = 0;
    r->text.size = 0;
    for (int i = 0; i < MAX_THREADS; i++)
        if (r->counters[i].status != SN_OK) /* the message stayed on the thread it came up on */
            return sn_fail(r->counters[i].status, "counting the words of the text: %s",
                           sn_status_name(r->counters[i].status));
    sn_trainer_progress(r->tr, "reading", sn_corpus_done(r->tr->corpus), sn_corpus_bytes(r->tr->corpus));
    return sn_trainer_cancelled(r->tr);
}

static sn_status read_all(reading *r) {
    for (;;) {
        sn_part part;
        bool end;
        SN_TRY(sn_corpus_next(r->tr->corpus, &part, &end));
        if (end) return flush(r);
        SN_TRY(sn_part_check(&part));
        r->n_documents += part.first;
        r->starts[r->n_parts] = r->text.size;
        r->parts[r->n_parts++] = part;
        sn_status status = sn_buf_append(&r->text, part.text.data, part.text.size);
        if (status != SN_OK) return status;
        if (r->n_parts == BATCH || r->text.size >= BATCH_BYTES) SN_TRY(flush(r));
    }
}

/* ---- Joining ---- */

static int by_bytes(const void *a, const void *b) {
    const slot *x = a, *y = b;
    int order = memcmp(x->word, y->word, x->size < y->size ? x->size : y->size);
    return order ? order : (x->size > y->size) - (x->size < y->size);
}

static sn_status join(reading *r, sn_words *out) {
    sn_word_counter *all = &r->counters[0];
    for (int i = 1; i < MAX_THREADS; i++) {
        sn_word_counter *c = &r->counters[i];
        for (size_t k = 0; k < c->n_slots; k++)
            if (c->slots[k].word)
                SN_TRY(count(all, c->slots[k].hash, c->slots[k].word, c->slots[k].size, c->slots[k].count));
        counter_free(c);
        *c = (sn_word_counter){0};
    }
    size_t n = 0;
    for (size_t k = 0; k < all->n_slots; k++)
        if (all->slots[k].word) all->slots[n++] = all->slots[k];
    all->n = 0, all->n_slots = n; /* no table any more, but a list */
    if (n == 0) return sn_fail(SN_ERR_NOT_FOUND, "the texts are empty: there is nothing to learn from");
    qsort(all->slots, n, sizeof(slot), by_bytes);
    out->arena = all->arena;
    all->arena = (sn_arena){0};
    out->words = sn_arena_array(&out->arena, n, sizeof(sn_text));
    out->counts = sn_arena_array(&out->arena, n, sizeof(int64_t));
    if (!out->words || !out->counts) return sn_fail_memory("the words of a text");
    for (size_t k = 0; k < n; k++) {
        out->words[k] = (sn_text){all->slots[k].word, all->slots[k].size};
        out->counts[k] = all->slots[k].count;
    }
    out->n = (int64_t)n;
    out->n_documents = r->n_documents;
    return SN_OK;
}

sn_status sn_words_read(const sn_trainer *tr, sn_words *out) {
    *out = (sn_words){0};
    if (sn_team_size(tr->team) > MAX_THREADS) return sn_fail(SN_ERR_LIMIT, "more than %d threads", MAX_THREADS);
    reading *r = sn_calloc(1, sizeof *r);
    if (!r) return sn_fail_memory("the words of a text");
    r->tr = tr;
    sn_corpus_set_cut(tr->corpus, SN_CUT_LINE);
    sn_status status = read_all(r);
    if (status == SN_OK) status = join(r, out);
    for (int i = 0; i < MAX_THREADS; i++) counter_free(&r->counters[i]);
    sn_buf_free(&r->text);
    sn_free(r);
    return status;
}

void sn_words_free(sn_words *w) {
    sn_arena_free(&w->arena);
    *w = (sn_words){0};
}
