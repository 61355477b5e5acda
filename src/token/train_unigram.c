/* Unigram language model (Kudo 2018): from many candidate pieces, expectation maximization of their probabilities and
 * pruning of those the text's likelihood can do without, in turn, until the size is reached. */
#include "base/alloc.h"
#include "base/error.h"
#include "token/train_seed.h"
#include "token/utf8.h"

#include <math.h>
#include <stdlib.h>

enum { SEEDS = 1000000, CHUNKS = 8, WORD_CHARACTERS = 24, WORD_BYTES = 4 * WORD_CHARACTERS + 1, MAX_ARCS = 1024 };

static const double shrink = 0.75, overshoot = 1.1, least = 0.5; /* SentencePiece's */

typedef struct piece {
    sn_text text;
    double score, probability, expected;
    bool character, dropped;
} piece;

typedef struct word {
    sn_text text;
    double count;
} word;

typedef struct model {
    const sn_trainer *tr;
    piece *pieces;
    int64_t n;
    word *words;
    int64_t n_words;
    sn_trie trie;
    sn_arena trie_arena, arena;
    double *sums; /* [CHUNKS, n] */
} model;

/* ---- One word ---- */

typedef struct arc {
    int from, to;
    int32_t id;
} arc;

/* All pieces in the text, by where they start. */
static int list_arcs(const model *m, sn_text text, arc *arcs) {
    int n = 0;
    for (size_t at = 0; at < text.size; at++) {
        if (((unsigned char)text.data[at] & 0xC0) == 0x80) continue;
        uint32_t node = 0;
        for (size_t i = at; i < text.size && n < MAX_ARCS; i++) {
            node = sn_trie_step(&m->trie, node, (unsigned char)text.data[i]);
            if (!node) break;
            if (m->trie.values[node] >= 0) arcs[n++] = (arc){(int)at, (int)i + 1, m->trie.values[node]};
        }
    }
    return n;
}

/* Adds how often each piece is expected in the word, over all its segmentations. Words are short enough for plain
 * probabilities. */
static void expect(const model *m, const word *w, double *sums) {
    arc arcs[MAX_ARCS];
    double forward[WORD_BYTES + 1] = {1}, backward[WORD_BYTES + 1] = {0};
    int n = list_arcs(m, w->text, arcs), size = (int)w->text.size;
    for (int i = 0; i < n; i++) forward[arcs[i].to] += forward[arcs[i].from] * m->pieces[arcs[i].id].probability;
    backward[size] = 1;
    if (!(forward[size] > 0)) return;
    for (int i = n; i-- > 0;) {
        double tail = m->pieces[arcs[i].id].probability * backward[arcs[i].to];
        backward[arcs[i].from] += tail;
        sums[arcs[i].id] += w->count * forward[arcs[i].from] * tail / forward[size];
    }
}

/* The best segmentation without `except`; its ids backwards in path, their number given; 0 where there is none. */
static int best_path(const model *m, sn_text text, int32_t except, int32_t path[WORD_BYTES]) {
    arc arcs[MAX_ARCS];
    double best[WORD_BYTES + 1];
    int last[WORD_BYTES + 1], n = list_arcs(m, text, arcs), count = 0;
    for (size_t i = 0; i <= text.size; i++) best[i] = i ? -INFINITY : 0, last[i] = -1;
    for (int i = 0; i < n; i++) {
        if (arcs[i].id == except) continue;
        double score = best[arcs[i].from] + m->pieces[arcs[i].id].score;
        if (score > best[arcs[i].to]) best[arcs[i].to] = score, last[arcs[i].to] = i;
    }
    for (int at = (int)text.size; at > 0; at = arcs[last[at]].from) {
        if (last[at] < 0) return 0;
        path[count++] = arcs[last[at]].id;
    }
    return count;
}

/* ---- All words, in a fixed number of chunks: sums do not depend on the threads ---- */

static void chunk(const model *m, int64_t i, int64_t *from, int64_t *to) {
    *from = m->n_words * i / CHUNKS;
    *to = m->n_words * (i + 1) / CHUNKS;
}

static void expect_chunk(void *arg, int64_t task, int thread) {
    model *m = arg;
    int64_t from, to;
    (void)thread;
    chunk(m, task, &from, &to);
    for (int64_t w = from; w < to; w++) expect(m, &m->words[w], m->sums + task * m->n);
}

static void count_chunk(void *arg, int64_t task, int thread) {
    model *m = arg;
    int64_t from, to;
    int32_t path[WORD_BYTES];
    (void)thread;
    chunk(m, task, &from, &to);
    for (int64_t w = from; w < to; w++)
        for (int i = best_path(m, m->words[w].text, -1, path); i-- > 0;)
            m->sums[task * m->n + path[i]] += m->words[w].count;
}

static void over_words(model *m, sn_task_fn fn) {
    memset(m->sums, 0, (size_t)(CHUNKS * m->n) * sizeof *m->sums);
    sn_parallel(m->tr->team, fn, m, CHUNKS);
    for (int64_t i = 0; i < m->n; i++) {
        m->pieces[i].expected = 0;
        for (int64_t k = 0; k < CHUNKS; k++) m->pieces[i].expected += m->sums[k * m->n + i];
    }
}

/* ---- Pieces ---- */

static sn_status index_pieces(model *m) {
    size_t bytes = 0;
    for (int64_t i = 0; i < m->n; i++) bytes += m->pieces[i].text.size;
    sn_arena_free(&m->trie_arena);
    SN_TRY(sn_trie_init(&m->trie, &m->trie_arena, bytes));
    for (int64_t i = 0; i < m->n; i++) {
        m->pieces[i].probability = exp(m->pieces[i].score);
        sn_trie_put(&m->trie, m->pieces[i].text, (int32_t)i);
    }
    return sn_trainer_cancelled(m->tr);
}

static void drop(model *m) {
    int64_t kept = 0;
    for (int64_t i = 0; i < m->n; i++)
        if (!m->pieces[i].dropped) m->pieces[kept++] = m->pieces[i];
    m->n = kept;
}

static double digamma(double x) {
    double sum = 0;
    for (; x < 7; x++) sum -= 1 / x;
    double y = 1 / (x * x);
    return sum + log(x) - 0.5 / x - y * (1.0 / 12 - y * (1.0 / 120 - y * (1.0 / 252 - y / 240)));
}

/* The Bayesian M step: rare pieces are pushed down by digamma, and those hardly expected go. */
static sn_status maximize(model *m) {
    double total = 0;
    for (int64_t i = 0; i < m->n; i++) {
        piece *p = &m->pieces[i];
        p->dropped = p->expected < least && !p->character;
        if (p->expected < 1e-3) p->expected = 1e-3; /* a character stays, however rare */
        if (!p->dropped) total += p->expected;
    }
    drop(m);
    double log_total = digamma(total);
    for (int64_t i = 0; i < m->n; i++) m->pieces[i].score = digamma(m->pieces[i].expected) - log_total;
    return index_pieces(m);
}

/* ---- Pruning ---- */

typedef struct loss {
    double value;
    int64_t id;
} loss;

static int greatest_first(const void *a, const void *b) {
    const loss *x = a, *y = b;
    if (x->value != y->value) return x->value > y->value ? -1 : 1;
    return (x->id > y->id) - (x->id < y->id);
}

/* How much the text's log likelihood would fall if the piece were written in its best other way. */
static double loss_of(const model *m, int64_t id, double total) {
    const piece *p = &m->pieces[id];
    int32_t path[WORD_BYTES];
    int n = best_path(m, p->text, (int32_t)id, path);
    if (n == 0) return INFINITY;
    if (p->expected == 0) return -INFINITY;
    double others = 0, whole = log(total + p->expected * (n - 1));
    for (int i = 0; i < n; i++) others += log(m->pieces[path[i]].expected + p->expected) - whole;
    return p->expected / total * (log(p->expected) - log(total) - others);
}

static sn_status prune(model *m, int64_t wanted) {
    loss *losses = sn_alloc((size_t)m->n * sizeof *losses);
    if (!losses) return sn_fail_memory("pieces");
    double total = 0;
    int64_t keep = (int64_t)(shrink * (double)m->n);
    over_words(m, count_chunk);
    for (int64_t i = 0; i < m->n; i++) total += m->pieces[i].expected;
    for (int64_t i = 0; i < m->n; i++) losses[i] = (loss){m->pieces[i].character ? INFINITY : loss_of(m, i, total), i};
    qsort(losses, (size_t)m->n, sizeof *losses, greatest_first);
    if (keep < wanted) keep = wanted;
    for (int64_t i = 0; i < m->n; i++)
        m->pieces[losses[i].id].dropped = !m->pieces[losses[i].id].character && i >= keep;
    sn_free(losses);
    drop(m);
    return index_pieces(m);
}

/* ---- Training ---- */

static sn_status spell_words(model *m, const sn_spaced *s) {
    int64_t n = 0;
    for (int64_t w = 0; w < s->n_words; w++) n += (s->starts[w + 1] - s->starts[w]) / WORD_CHARACTERS + 1;
    m->words = sn_arena_array(&m->arena, (size_t)n, sizeof *m->words);
    if (!m->words) return sn_fail_memory("words");
    for (int64_t w = 0; w < s->n_words; w++)
        for (int64_t at = s->starts[w]; at < s->starts[w + 1]; at += WORD_CHARACTERS) {
            char text[WORD_BYTES];
            size_t size = 0;
            for (int64_t i = at; i < s->starts[w + 1] && i < at + WORD_CHARACTERS; i++) {
                sn_text c = s->alphabet[s->symbols[i]];
                memcpy(text + size, c.data, c.size);
                size += c.size;
            }
            const char *copy = sn_arena_strndup(&m->arena, text, size);
            if (!copy) return sn_fail_memory("words");
            m->words[m->n_words++] = (word){{copy, size}, (double)s->counts[w]};
        }
    return SN_OK;
}

static sn_status seed(model *m, const sn_spaced *s) {
    sn_seed *seeds;
    double total = 0;
    SN_TRY(sn_seeds_find(s, SEEDS, &m->arena, &seeds, &m->n));
    m->pieces = sn_arena_array(&m->arena, (size_t)m->n, sizeof *m->pieces);
    m->sums = sn_alloc((size_t)(CHUNKS * m->n) * sizeof *m->sums);
    if (!m->pieces || !m->sums) return sn_fail_memory("pieces");
    for (int64_t i = 0; i < m->n; i++) total += seeds[i].weight;
    for (int64_t i = 0; i < m->n; i++)
        m->pieces[i] =
            (piece){.text = seeds[i].text, .score = log(seeds[i].weight / total), .character = i < s->n_alphabet};
    return index_pieces(m);
}

static sn_status train_model(model *m, int64_t size) {
    int64_t wanted = (int64_t)(overshoot * (double)size), first = m->n;
    for (;;) {
        for (int i = 0; i < 2; i++) {
            over_words(m, expect_chunk);
            SN_TRY(maximize(m));
        }
        sn_trainer_progress(m->tr, "pruning", first - m->n, first - size);
        if (m->n <= wanted) return SN_OK;
        int64_t before = m->n;
        SN_TRY(prune(m, wanted));
        if (m->n == before) return SN_OK; /* only characters are left */
    }
}

static int likely_first(const void *a, const void *b) {
    const piece *x = a, *y = b;
    if (x->score != y->score) return x->score > y->score ? -1 : 1;
    size_t n = x->text.size < y->text.size ? x->text.size : y->text.size;
    int order = memcmp(x->text.data, y->text.data, n);
    return order ? order : (x->text.size > y->text.size) - (x->text.size < y->text.size);
}

/* All characters, and the likeliest of the other pieces. */
static sn_status build(model *m, int64_t size, sn_tokenizer **out) {
    sn_text *texts = sn_arena_array(&m->arena, (size_t)m->n, sizeof *texts);
    double *scores = sn_arena_array(&m->arena, (size_t)m->n, sizeof *scores);
    if (!texts || !scores) return sn_fail_memory("pieces");
    int64_t room = size;
    qsort(m->pieces, (size_t)m->n, sizeof *m->pieces, likely_first);
    sn_build_pieces p = {
        .special = m->tr->options->special, .n_special = m->tr->options->n_special, .pieces = texts, .scores = scores};
    for (int64_t i = 0; i < m->n; i++) room -= m->pieces[i].character;
    for (int64_t i = 0; i < m->n; i++) {
        if (!m->pieces[i].character && room-- <= 0) continue;
        texts[p.n] = m->pieces[i].text;
        scores[p.n++] = m->pieces[i].score;
    }
    return sn_tokenizer_build_spaced(SN_BUILD_UNIGRAM, &p, out);
}

static sn_status train(sn_trainer *tr, sn_tokenizer **out) {
    sn_spaced s;
    model m = {.tr = tr};
    int64_t room = 0;
    sn_status status = sn_spaced_read(tr, &s);
    if (status == SN_OK) status = sn_spaced_room(tr, &s, &room);
    if (status == SN_OK) status = spell_words(&m, &s);
    if (status == SN_OK) status = seed(&m, &s);
    if (status == SN_OK) status = train_model(&m, room);
    if (status == SN_OK) status = build(&m, room, out);
    sn_free(m.sums);
    sn_arena_free(&m.trie_arena);
    sn_arena_free(&m.arena);
    sn_spaced_free(&s);
    return status;
}

const sn_train_kind sn_train_unigram = {"unigram", train, 4096};
