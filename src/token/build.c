#include "token/build.h"

#include "base/alloc.h"
#include "base/error.h"
#include "token/bytelevel.h"
#include "token/parts.h"
#include "token/utf8.h"

#include <stdio.h>

/* The roles that the names of special tokens give them, as in tokenizer.json. */
static void name_roles(sn_tokenizer *t) {
    static const char *const bos[] = {"<s>", "<|endoftext|>"}, *const eos[] = {"</s>", "<|endoftext|>"};
    for (int i = 1; i >= 0; i--) {
        int32_t b = sn_vocab_find(&t->vocab, bos[i], strlen(bos[i]));
        int32_t e = sn_vocab_find(&t->vocab, eos[i], strlen(eos[i]));
        if (b >= 0 && t->vocab.types[b] == SN_TOKEN_CONTROL) t->bos = b;
        if (e >= 0 && t->vocab.types[e] == SN_TOKEN_CONTROL) t->eos = e;
    }
}

static sn_status put(sn_tokenizer *t, int32_t *id, sn_text piece, double score, sn_token_type type) {
    if (sn_vocab_find(&t->vocab, piece.data, piece.size) >= 0)
        return sn_fail(SN_ERR_ARGUMENT, "tokenizer: \"%.*s\" is in the vocabulary twice", (int)piece.size, piece.data);
    return sn_vocab_set(&t->vocab, &t->arena, (*id)++, piece, score, type);
}

static sn_status put_special(sn_tokenizer *t, int32_t *id, const char *const *special, int n) {
    for (int i = 0; i < n; i++) {
        if (!special[i][0]) return sn_fail(SN_ERR_ARGUMENT, "tokenizer: a special token is empty");
        SN_TRY(put(t, id, sn_text_of(special[i]), 0, SN_TOKEN_CONTROL));
    }
    return SN_OK;
}

static sn_status finish(sn_tokenizer *t) {
    name_roles(t);
    SN_TRY(sn_tokenizer_added_from_types(t, false));
    sn_tokenizer_find_ends(t);
    return SN_OK;
}

static sn_status give(sn_tokenizer *t, sn_status status, sn_tokenizer **out) {
    if (status == SN_OK)
        *out = t;
    else
        sn_tokenizer_free(t);
    return status;
}

/* ---- Byte level ---- */

static sn_status put_byte(sn_tokenizer *t, int32_t *id, uint32_t byte) {
    char text[4];
    size_t size = sn_utf8_encode(sn_byte_character((unsigned char)byte), text);
    return put(t, id, (sn_text){text, size}, 0, SN_TOKEN_NORMAL);
}

/* By value, or in the order of their characters: first those that stand for themselves. */
static sn_status put_bytes(sn_tokenizer *t, int32_t *id, bool by_value) {
    for (uint32_t i = 0; by_value && i < 256; i++) SN_TRY(put_byte(t, id, i));
    for (int shifted = 0; !by_value && shifted < 2; shifted++)
        for (uint32_t i = 0; i < 256; i++)
            if ((sn_byte_character((unsigned char)i) >= 256) == shifted) SN_TRY(put_byte(t, id, i));
    return SN_OK;
}

static sn_status put_merge(sn_tokenizer *t, int32_t *id, int64_t rank, sn_build_merge m) {
    sn_text a = t->vocab.pieces[m.left], b = t->vocab.pieces[m.right], kept = {0};
    sn_buf joined = {0};
    sn_status status = sn_buf_append(&joined, a.data, a.size);
    if (status == SN_OK) status = sn_buf_append(&joined, " ", 1);
    if (status == SN_OK) status = sn_buf_append(&joined, b.data, b.size);
    if (status == SN_OK) status = sn_tokenizer_keep(t, (sn_text){joined.data, joined.size}, &kept);
    if (status == SN_OK) {
        memmove(joined.data + a.size, joined.data + a.size + 1, b.size);
        int32_t merged = sn_vocab_find(&t->vocab, joined.data, a.size + b.size);
        if (merged < 0) {
            merged = *id;
            status = put(t, id, (sn_text){joined.data, a.size + b.size}, 0, SN_TOKEN_NORMAL);
        }
        t->source.merges[rank] = kept;
        if (status == SN_OK)
            sn_merges_put(&t->model.merges, (sn_merge){m.left, m.right, (uint32_t)rank, merged}, false);
    }
    sn_buf_free(&joined);
    return status;
}

static sn_status fill_bytelevel(sn_tokenizer *t, const char *const *special, int n_special, bool bytes_first,
                                const sn_build_merge *merges, int64_t n_merges) {
    static const char *const gpt2[] = {SN_GPT2_PATTERN, NULL};
    int32_t id = 0;
    sn_step *step;
    SN_TRY(sn_vocab_init(&t->vocab, &t->arena, n_special + 256 + n_merges));
    if (bytes_first) SN_TRY(put_bytes(t, &id, true));
    SN_TRY(put_special(t, &id, special, n_special));
    if (!bytes_first) SN_TRY(put_bytes(t, &id, false));
    SN_TRY(sn_merges_init(&t->model.merges, &t->arena, n_merges));
    t->source.merges = sn_arena_array(&t->arena, (size_t)n_merges + 1, sizeof(sn_text));
    if (!t->source.merges) return sn_fail_memory("merges");
    for (int64_t i = 0; i < n_merges; i++) SN_TRY(put_merge(t, &id, i, merges[i]));
    t->vocab.n = id; /* fewer where merges made the same piece */
    t->source.n_merges = n_merges;
    t->source.model = "gpt2", t->source.pre = "gpt-2";
    t->kind = "bpe";
    t->model.def = &sn_token_bpe;
    if (n_merges) SN_TRY(sn_tokenizer_add_patterns(t, gpt2)); /* without merges where words end makes no difference */
    SN_TRY(sn_add_pretokenizer(t, sn_find_pretokenizer("ByteLevel"), &step));
    SN_TRY(sn_add_decoder(t, sn_find_decoder("ByteLevel"), &step));
    return finish(t);
}

sn_status sn_tokenizer_build_bytelevel(const char *const *special, int n_special, bool bytes_first,
                                       const sn_build_merge *merges, int64_t n_merges, sn_tokenizer **out) {
    sn_tokenizer *t;
    SN_TRY(sn_tokenizer_new(&t));
    return give(t, fill_bytelevel(t, special, n_special, bytes_first, merges, n_merges), out);
}

/* ---- With spaces marked ---- */

static sn_status put_first(sn_tokenizer *t, int32_t *id, sn_build_kind kind, const sn_build_pieces *p) {
    SN_TRY(put(t, id, SN_TEXT("<unk>"), 0, SN_TOKEN_UNKNOWN));
    if (kind != SN_BUILD_CHARACTERS) {
        SN_TRY(put(t, id, SN_TEXT("<s>"), 0, SN_TOKEN_CONTROL));
        SN_TRY(put(t, id, SN_TEXT("</s>"), 0, SN_TOKEN_CONTROL));
    }
    SN_TRY(put_special(t, id, p->special, p->n_special));
    for (char name[16]; *id < 3;) {
        int size = snprintf(name, sizeof name, "<unused%d>", *id);
        SN_TRY(put(t, id, (sn_text){name, (size_t)size}, 0, SN_TOKEN_UNUSED));
    }
    for (int i = 0; kind != SN_BUILD_CHARACTERS && i < 256; i++) {
        char name[8];
        snprintf(name, sizeof name, "<0x%02X>", i);
        SN_TRY(put(t, id, (sn_text){name, 6}, 0, SN_TOKEN_BYTE));
    }
    return SN_OK;
}

static sn_status fill_spaced(sn_tokenizer *t, sn_build_kind kind, const sn_build_pieces *p) {
    int32_t id = 0;
    int64_t first = kind == SN_BUILD_CHARACTERS ? 1 : 3 + 256;
    bool pairs = kind == SN_BUILD_PAIRS, prefix = kind != SN_BUILD_CHARACTERS;
    SN_TRY(sn_vocab_init(&t->vocab, &t->arena, first + p->n_special + 2 + p->n));
    SN_TRY(put_first(t, &id, kind, p));
    for (int64_t i = 0; i < p->n; i++) {
        double score = kind == SN_BUILD_CHARACTERS ? 0 : p->scores ? p->scores[i] : -(double)i;
        SN_TRY(put(t, &id, p->pieces[i], score, SN_TOKEN_NORMAL));
    }
    t->vocab.n = id;
    t->unk = t->model.unk = 0;
    t->model.fuse_unk = true;
    t->model.def = &sn_token_bpe;
    t->source.model = "llama";
    t->source.add_space_prefix = prefix;
    t->kind = kind == SN_BUILD_UNIGRAM ? "unigram" : "spm-bpe";
    if (pairs || kind == SN_BUILD_UNIGRAM) sn_tokenizer_find_bytes(t);
    if (kind == SN_BUILD_UNIGRAM) {
        t->source.model = "t5";
        SN_TRY(sn_tokenizer_make_unigram(t));
    } else {
        SN_TRY(sn_tokenizer_rank_by_score(t));
    }
    SN_TRY(sn_tokenizer_sentencepiece_steps(t, prefix, false));
    SN_TRY(finish(t));
    return SN_OK;
}

sn_status sn_tokenizer_build_spaced(sn_build_kind kind, const sn_build_pieces *pieces, sn_tokenizer **out) {
    sn_tokenizer *t;
    SN_TRY(sn_tokenizer_new(&t));
    return give(t, fill_spaced(t, kind, pieces), out);
}
