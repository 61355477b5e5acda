#include "token/train_merges.h"

#include "base/alloc.h"
#include "base/error.h"

typedef struct pair {
    int32_t left, right;
    int64_t count;
    int32_t *words; /* where it is or once was */
    size_t n_words, capacity;
    bool merged;  /* is among the merges */
    bool raised;  /* its count has grown since it was last in the heap */
    bool refused; /* its piece is not allowed */
} pair;

typedef struct entry {
    int64_t count; /* when it was entered; the pair's own may be lower by now */
    int32_t pair;
} entry;

typedef struct learner {
    const sn_merge_task *task;
    sn_learnt *out;
    sn_vocab vocab; /* all pieces, to find one again */
    pair *pairs;
    size_t n_pairs, pair_capacity;
    int32_t *slots; /* pairs by their two symbols, -1: empty */
    size_t n_slots;
    entry *heap;
    size_t n_heap, heap_capacity;
    int32_t *raised;
    size_t n_raised, raised_capacity;
    int64_t *sizes; /* symbols left of each word */
} learner;

/* ---- Pairs by symbols ---- */

static size_t pair_slot(const learner *l, int32_t left, int32_t right) {
    uint64_t h = ((uint64_t)(uint32_t)left << 32 | (uint32_t)right) * 0x9e3779b97f4a7c15u;
    size_t i = (size_t)(h ^ h >> 29) & (l->n_slots - 1);
    while (l->slots[i] >= 0 && (l->pairs[l->slots[i]].left != left || l->pairs[l->slots[i]].right != right))
        i = (i + 1) & (l->n_slots - 1);
    return i;
}

static sn_status grow_slots(learner *l) {
    int32_t *old = l->slots;
    size_t n = l->n_slots ? 2 * l->n_slots : 1 << 12;
    l->slots = sn_alloc(n * sizeof *l->slots);
    if (!l->slots) {
        l->slots = old;
        return sn_fail_memory("pairs");
    }
    l->n_slots = n;
    memset(l->slots, 0xFF, n * sizeof *l->slots);
    for (size_t i = 0; i < l->n_pairs; i++) l->slots[pair_slot(l, l->pairs[i].left, l->pairs[i].right)] = (int32_t)i;
    sn_free(old);
    return SN_OK;
}

static sn_status get_pair(learner *l, int32_t left, int32_t right, int32_t *out) {
    if (2 * l->n_pairs >= l->n_slots) SN_TRY(grow_slots(l));
    size_t slot = pair_slot(l, left, right);
    if (l->slots[slot] < 0) {
        void *pairs = l->pairs;
        if (l->n_pairs >= INT32_MAX) return sn_fail(SN_ERR_LIMIT, "the text has too many different pairs");
        SN_TRY(sn_grow(&pairs, &l->pair_capacity, l->n_pairs + 1, sizeof(pair)));
        l->pairs = pairs;
        l->pairs[l->n_pairs] = (pair){.left = left, .right = right};
        l->slots[slot] = (int32_t)l->n_pairs++;
    }
    *out = l->slots[slot];
    return SN_OK;
}

/* ---- The heap: most frequent first ---- */

static sn_text piece_of(const learner *l, int32_t symbol) { return l->vocab.pieces[symbol]; }

static bool comes_before(const learner *l, entry a, entry b) {
    if (a.count != b.count) return a.count > b.count;
    const pair *p = &l->pairs[a.pair], *q = &l->pairs[b.pair];
    sn_text x[2] = {piece_of(l, p->left), piece_of(l, p->right)}, y[2] = {piece_of(l, q->left), piece_of(l, q->right)};
    return l->task->before(x, y);
}

static sn_status push(learner *l, int32_t index) {
    void *heap = l->heap;
    entry e = {l->pairs[index].count, index};
    SN_TRY(sn_grow(&heap, &l->heap_capacity, l->n_heap + 1, sizeof(entry)));
    l->heap = heap;
    size_t i = l->n_heap++;
    for (; i > 0 && comes_before(l, e, l->heap[(i - 1) / 2]); i = (i - 1) / 2) l->heap[i] = l->heap[(i - 1) / 2];
    l->heap[i] = e;
    return SN_OK;
}

static entry pop(learner *l) {
    entry top = l->heap[0], last = l->heap[--l->n_heap];
    size_t i = 0;
    for (size_t child; (child = 2 * i + 1) < l->n_heap; i = child) {
        if (child + 1 < l->n_heap && comes_before(l, l->heap[child + 1], l->heap[child])) child++;
        if (!comes_before(l, l->heap[child], last)) break;
        l->heap[i] = l->heap[child];
    }
    l->heap[i] = last;
    return top;
}

/* ---- Counting ---- */

/* Adds an occurrence in a word, or takes one away. */
static sn_status change(learner *l, int32_t left, int32_t right, int64_t word, bool add) {
    int32_t index;
    int64_t count = l->task->counts[word];
    SN_TRY(get_pair(l, left, right, &index));
    pair *p = &l->pairs[index];
    p->count += add ? count : -count;
    if (!add) return SN_OK;
    if (p->n_words == 0 || p->words[p->n_words - 1] != (int32_t)word) {
        void *words = p->words;
        SN_TRY(sn_grow(&words, &p->capacity, p->n_words + 1, sizeof(int32_t)));
        p->words = words;
        p->words[p->n_words++] = (int32_t)word;
    }
    if (p->raised) return SN_OK;
    void *raised = l->raised;
    SN_TRY(sn_grow(&raised, &l->raised_capacity, l->n_raised + 1, sizeof(int32_t)));
    l->raised = raised;
    l->raised[l->n_raised++] = index;
    p->raised = true;
    return SN_OK;
}

static sn_status push_raised(learner *l) {
    for (size_t i = 0; i < l->n_raised; i++) {
        l->pairs[l->raised[i]].raised = false;
        if (l->pairs[l->raised[i]].count > 1) SN_TRY(push(l, l->raised[i]));
    }
    l->n_raised = 0;
    return SN_OK;
}

static sn_status count_all(learner *l) {
    const sn_merge_task *t = l->task;
    for (int64_t w = 0; w < t->n_words; w++) {
        l->sizes[w] = t->starts[w + 1] - t->starts[w];
        const int32_t *s = t->symbols + t->starts[w];
        for (int64_t i = 0; i + 1 < l->sizes[w]; i++) SN_TRY(change(l, s[i], s[i + 1], w, true));
    }
    return push_raised(l);
}

/* ---- Merging ---- */

static sn_status merge_in_word(learner *l, int32_t left, int32_t right, int32_t merged, int64_t w) {
    int32_t *s = l->task->symbols + l->task->starts[w];
    int64_t n = l->sizes[w], to = 0;
    for (int64_t i = 0; i < n; i++) {
        if (i + 1 >= n || s[i] != left || s[i + 1] != right) {
            s[to++] = s[i];
            continue;
        }
        if (to > 0) {
            SN_TRY(change(l, s[to - 1], left, w, false));
            SN_TRY(change(l, s[to - 1], merged, w, true));
        }
        if (i + 2 < n) {
            SN_TRY(change(l, right, s[i + 2], w, false));
            SN_TRY(change(l, merged, s[i + 2], w, true));
        }
        s[to++] = merged;
        i++;
    }
    l->sizes[w] = to;
    return SN_OK;
}

/* The symbol of the merged piece: a new one, or the one that has its text already; -1 where it is not allowed. */
static sn_status merged_symbol(learner *l, const pair *p, int32_t *out) {
    sn_text a = piece_of(l, p->left), b = piece_of(l, p->right);
    sn_learnt *o = l->out;
    char *text = sn_arena_alloc(&o->arena, a.size + b.size + 1);
    if (!text) return sn_fail_memory("pieces");
    memcpy(text, a.data, a.size);
    memcpy(text + a.size, b.data, b.size);
    sn_text piece = {text, a.size + b.size};
    *out = -1;
    if (l->task->allowed && !l->task->allowed(piece)) return SN_OK;
    *out = sn_vocab_find(&l->vocab, piece.data, piece.size);
    if (*out >= 0) return SN_OK;
    *out = (int32_t)(l->task->n_pieces + o->n_pieces);
    o->pieces[o->n_pieces++] = piece;
    return sn_vocab_set(&l->vocab, &o->arena, *out, piece, 0, SN_TOKEN_NORMAL);
}

static sn_status merge(learner *l, int32_t index) {
    sn_learnt *o = l->out;
    pair *p = &l->pairs[index];
    int32_t left = p->left, right = p->right, merged = -1, *words = p->words;
    size_t n = p->n_words;
    SN_TRY(merged_symbol(l, p, &merged));
    p->count = 0;
    p->refused = merged < 0;
    if (p->refused) return SN_OK;
    if (!p->merged) {
        void *merges = o->merges;
        SN_TRY(sn_grow(&merges, &o->capacity, (size_t)o->n_merges + 1, sizeof *o->merges));
        o->merges = merges;
        o->merges[o->n_merges++] = (sn_build_merge){left, right};
    }
    p->merged = true;
    p->words = NULL;
    p->n_words = p->capacity = 0;
    sn_status status = SN_OK;
    for (size_t i = 0; i < n && status == SN_OK; i++) status = merge_in_word(l, left, right, merged, words[i]);
    sn_free(words);
    l->pairs[index].count = 0; /* "aaa" takes its own pair away once too often */
    return status == SN_OK ? push_raised(l) : status;
}

static sn_status learn(learner *l) {
    const sn_merge_task *t = l->task;
    int64_t shown = 0;
    while (l->out->n_pieces < t->n_new && l->n_heap > 0) {
        entry top = pop(l);
        const pair *p = &l->pairs[top.pair];
        if (p->refused) continue;
        if (top.count != p->count) { /* fewer by now: back to its place */
            if (p->count > 1 && top.count > p->count) SN_TRY(push(l, top.pair));
            continue;
        }
        if (p->count < 2) break;
        SN_TRY(merge(l, top.pair));
        if (l->out->n_pieces - shown < 64) continue;
        shown = l->out->n_pieces;
        sn_trainer_progress(t->tr, "merging", shown, t->n_new);
        SN_TRY(sn_trainer_cancelled(t->tr));
    }
    return SN_OK;
}

static sn_status prepare(learner *l) {
    const sn_merge_task *t = l->task;
    sn_learnt *o = l->out;
    SN_TRY(sn_vocab_init(&l->vocab, &o->arena, t->n_pieces + t->n_new));
    for (int64_t i = 0; i < t->n_pieces; i++)
        SN_TRY(sn_vocab_set(&l->vocab, &o->arena, (int32_t)i, t->pieces[i], 0, SN_TOKEN_NORMAL));
    o->pieces = sn_arena_array(&o->arena, (size_t)t->n_new + 1, sizeof(sn_text));
    l->sizes = sn_alloc((size_t)t->n_words * sizeof *l->sizes);
    if (!o->pieces || !l->sizes) return sn_fail_memory("words");
    if (t->n_words > INT32_MAX) return sn_fail(SN_ERR_LIMIT, "the text has too many different words");
    return SN_OK;
}

sn_status sn_learn_merges(const sn_merge_task *task, sn_learnt *out) {
    *out = (sn_learnt){0};
    learner l = {.task = task, .out = out};
    sn_status status = prepare(&l);
    if (status == SN_OK) status = count_all(&l);
    if (status == SN_OK) status = learn(&l);
    for (size_t i = 0; i < l.n_pairs; i++) sn_free(l.pairs[i].words);
    sn_free(l.pairs);
    sn_free(l.slots);
    sn_free(l.heap);
    sn_free(l.raised);
    sn_free(l.sizes);
    return status;
}

void sn_learnt_free(sn_learnt *l) {
    sn_free(l->merges);
    sn_arena_free(&l->arena);
    *l = (sn_learnt){0};
}
