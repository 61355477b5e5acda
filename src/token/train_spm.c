/* BPE as SentencePiece trains it: over characters, words begin with U+2581, a token's score is less its place. Of
 * equally frequent pairs the one with the shorter piece is merged first, then the one that sorts first. */
#include "base/alloc.h"
#include "base/error.h"
#include "token/train_merges.h"
#include "token/train_spaced.h"

/* The text of a pair, byte by byte, without putting it together. */
static int byte_at(const sn_text p[2], size_t i) {
    return (unsigned char)(i < p[0].size ? p[0].data[i] : p[1].data[i - p[0].size]);
}

static bool shorter_first(const sn_text a[2], const sn_text b[2]) {
    size_t n = a[0].size + a[1].size, m = b[0].size + b[1].size;
    if (n != m) return n < m;
    for (size_t i = 0; i < n; i++)
        if (byte_at(a, i) != byte_at(b, i)) return byte_at(a, i) < byte_at(b, i);
    return a[0].size < b[0].size; /* the same piece */
}

static sn_status build(const sn_trainer *tr, const sn_spaced *s, const sn_learnt *l, sn_tokenizer **out) {
    int64_t n = l->n_pieces + s->n_alphabet;
    sn_text *pieces = sn_alloc((size_t)n * sizeof *pieces);
    if (!pieces) return sn_fail_memory("pieces");
    for (int64_t i = 0; i < l->n_pieces; i++) pieces[i] = l->pieces[i];
    for (int64_t i = 0; i < s->n_alphabet; i++) pieces[l->n_pieces + i] = s->alphabet[i];
    sn_build_pieces p = {
        .special = tr->options->special, .n_special = tr->options->n_special, .pieces = pieces, .n = n};
    sn_status status = sn_tokenizer_build_spaced(SN_BUILD_PAIRS, &p, out);
    sn_free(pieces);
    return status;
}

static sn_status train(sn_trainer *tr, sn_tokenizer **out) {
    sn_spaced s;
    sn_learnt learnt = {0};
    int64_t room = 0;
    sn_status status = sn_spaced_read(tr, &s);
    if (status == SN_OK) status = sn_spaced_room(tr, &s, &room);
    if (status == SN_OK) {
        sn_merge_task task = {.tr = tr,
                              .symbols = s.symbols,
                              .starts = s.starts,
                              .counts = s.counts,
                              .n_words = s.n_words,
                              .pieces = s.alphabet,
                              .n_pieces = s.n_alphabet,
                              .n_new = room - s.n_alphabet,
                              .before = shorter_first,
                              .allowed = sn_spaced_allowed};
        status = sn_learn_merges(&task, &learnt);
    }
    if (status == SN_OK) status = build(tr, &s, &learnt, out);
    sn_learnt_free(&learnt);
    sn_spaced_free(&s);
    return status;
}

const sn_train_kind sn_train_spm_bpe = {"spm-bpe", train, 4096};
