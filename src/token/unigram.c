/* Unigram language model: the segmentation of largest summed score, by Viterbi over all pieces that start at each
 * character (Kudo 2018). A character no piece covers costs the smallest score less 10, as in SentencePiece. */
#include "base/error.h"
#include "token/tokenizer.h"
#include "token/utf8.h"

#include <math.h>

typedef struct arc {
    double score; /* best sum of a path that ends here */
    size_t from;
    int32_t id; /* -1: unknown character */
} arc;

static void relax(arc *to, double score, size_t from, int32_t id) {
    if (score > to->score) *to = (arc){score, from, id};
}

/* All pieces from byte `at`; whether one covers exactly the first character. */
static bool relax_pieces(const sn_token_model *m, const sn_vocab *v, const char *text, size_t size, size_t at,
                         size_t first, arc *best) {
    bool covered = false;
    uint32_t node = 0;
    for (size_t i = at; i < size; i++) {
        node = sn_trie_step(&m->trie, node, (unsigned char)text[i]);
        if (!node) break;
        int32_t id = m->trie.values[node];
        if (id < 0) continue;
        relax(&best[i + 1], best[at].score + v->scores[id], at, id);
        covered |= i + 1 - at == first;
    }
    return covered;
}

/* The ids along the path, best[i].from being where the piece from i ends. Unknown text that touches is one; the name
 * of the unknown token written out is that token by itself, and unknown text beside other such. */
static sn_status emit(const sn_tokenizer *t, sn_scratch *s, const char *text, size_t size) {
    const arc *best = s->lattice;
    for (size_t at = 0, next; at < size; at = next) {
        next = best[at].from;
        bool unknown = best[at].id < 0, alone = true;
        if (unknown || best[at].id == t->model.unk)
            for (; next < size && (best[next].id < 0 || best[next].id == t->model.unk); next = best[next].from)
                alone = false;
        if (unknown || !alone)
            SN_TRY(sn_emit_unknown(t, s, text + at, next - at, false));
        else
            SN_TRY(sn_ids_push(&s->ids, best[at].id));
    }
    return SN_OK;
}

static sn_status encode(const sn_tokenizer *t, sn_scratch *s, const char *text, size_t size) {
    SN_TRY(sn_grow(&s->lattice, &s->n_lattice, size + 1, sizeof(arc)));
    arc *best = s->lattice;
    for (size_t i = 0; i <= size; i++) best[i] = (arc){-INFINITY, 0, -1};
    best[0].score = 0;
    size_t length = 0;
    for (size_t at = 0; at < size; at += length) {
        sn_utf8_decode(text + at, size - at, &length);
        if (!relax_pieces(&t->model, &t->vocab, text, size, at, length, best))
            relax(&best[at + length], best[at].score + t->model.unk_score, at, -1);
    }
    /* Turn the back pointers round: afterwards best[i].from is where the piece that starts at i ends. */
    size_t end = size, next = size;
    int32_t id = -1;
    while (end > 0) {
        size_t from = best[end].from;
        int32_t here = best[end].id;
        best[end].from = next, best[end].id = id;
        next = end, id = here, end = from;
    }
    best[0].from = next, best[0].id = id;
    return emit(t, s, text, size);
}

const sn_token_model_def sn_token_unigram = {.name = "Unigram", .encode = encode};
