/* Building a pipeline, and the plain questions one can ask it. */
#include "base/alloc.h"
#include "base/error.h"
#include "token/parts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

sn_status sn_tokenizer_new(sn_tokenizer **out) {
    sn_tokenizer *t = sn_calloc(1, sizeof *t);
    if (!t) return sn_fail_memory("tokenizer");
    t->bos = t->eos = t->unk = t->pad = t->sep = t->cls = t->mask = t->model.unk = -1;
    t->model.max_chars = INT64_MAX;
    memset(t->model.bytes, 0xFF, sizeof t->model.bytes);
    t->kind = "";
    *out = t;
    return SN_OK;
}

void sn_tokenizer_free(sn_tokenizer *t) {
    if (!t) return;
    sn_step *lists[] = {t->normalizers, t->pretokenizers, t->decoders};
    int counts[] = {t->n_normalizers, t->n_pretokenizers, t->n_decoders};
    for (int k = 0; k < 3; k++)
        for (int i = 0; i < counts[k]; i++) sn_regex_free(lists[k][i].regex);
    sn_arena_free(&t->arena);
    sn_free(t);
}

sn_status sn_tokenizer_keep(sn_tokenizer *t, sn_text text, sn_text *out) {
    const char *copy = sn_arena_strndup(&t->arena, text.data, text.size);
    if (!copy) return sn_fail_memory("tokenizer");
    *out = (sn_text){copy, text.size};
    return SN_OK;
}

static sn_status add_step(sn_step *list, int *n, const char *what, sn_step **out) {
    *out = 0;
    if (*n == SN_MAX_STEPS) return sn_fail(SN_ERR_LIMIT, "tokenizer: more than %d %s", SN_MAX_STEPS, what);
    *out = &list[(*n)++];
    return SN_OK;
}

sn_status sn_add_normalizer(sn_tokenizer *t, const sn_normalizer_def *def, sn_step **out) {
    sn_status status = add_step(t->normalizers, &t->n_normalizers, "normalizers", out);
    if (*out) (*out)->normalizer = def;
    return status;
}

sn_status sn_add_pretokenizer(sn_tokenizer *t, const sn_pretokenizer_def *def, sn_step **out) {
    sn_status status = add_step(t->pretokenizers, &t->n_pretokenizers, "pre-tokenizers", out);
    if (*out) (*out)->pretokenizer = def;
    return status;
}

/* A decoder after a Fuse works on the whole text. */
sn_status sn_add_decoder(sn_tokenizer *t, const sn_decoder_def *def, sn_step **out) {
    const sn_step *before = t->n_decoders ? &t->decoders[t->n_decoders - 1] : 0;
    SN_TRY(add_step(t->decoders, &t->n_decoders, "decoders", out));
    (*out)->decoder = def;
    if (before && (before->flags & SN_STEP_AFTER_FUSE || strcmp(before->decoder->name, "Fuse") == 0))
        (*out)->flags |= SN_STEP_AFTER_FUSE;
    return SN_OK;
}

/* ---- Model tables ---- */

void sn_tokenizer_find_bytes(sn_tokenizer *t) {
    bool all = true;
    for (int i = 0; i < 256; i++) {
        char name[8];
        snprintf(name, sizeof name, "<0x%02X>", i);
        t->model.bytes[i] = sn_vocab_find(&t->vocab, name, 6);
        all &= t->model.bytes[i] >= 0;
    }
    t->model.byte_fallback = all;
}

void sn_tokenizer_shift_bytes(sn_tokenizer *t, int32_t offset) {
    for (int32_t i = 0; i < 256; i++) t->model.bytes[i] = i + offset < t->vocab.n ? i + offset : t->unk;
    t->model.byte_fallback = true;
    t->source.byte_offset = offset;
}

typedef struct ranked {
    double score;
    int32_t id;
} ranked;

static int higher_first(const void *a, const void *b) {
    const ranked *x = a, *y = b;
    if (x->score != y->score) return x->score > y->score ? -1 : 1;
    return (x->id > y->id) - (x->id < y->id);
}

sn_status sn_tokenizer_rank_by_score(sn_tokenizer *t) {
    size_t n = (size_t)t->vocab.n, used = 0;
    uint32_t *ranks = sn_arena_array(&t->arena, n ? n : 1, sizeof *ranks);
    ranked *order = sn_alloc((n ? n : 1) * sizeof *order);
    if (!ranks || !order) {
        sn_free(order);
        return sn_fail_memory("tokenizer ranks");
    }
    for (int32_t i = 0; i < t->vocab.n; i++) {
        sn_token_type type = t->vocab.types[i];
        ranks[i] = UINT32_MAX;
        if (type == SN_TOKEN_NORMAL || type == SN_TOKEN_USER || type == SN_TOKEN_UNUSED)
            order[used++] = (ranked){t->vocab.scores[i], i};
    }
    qsort(order, used, sizeof *order, higher_first);
    uint32_t rank = 0;
    for (size_t i = 0; i < used; i++) { /* equal scores share a rank: then the leftmost pair wins */
        if (i > 0 && order[i].score != order[i - 1].score) rank++;
        ranks[order[i].id] = rank;
    }
    sn_free(order);
    t->model.ranks = ranks;
    return SN_OK;
}

sn_status sn_tokenizer_make_unigram(sn_tokenizer *t) {
    size_t bytes = 0;
    double lowest = 0;
    bool any = false;
    for (int32_t i = 0; i < t->vocab.n; i++) {
        sn_token_type type = t->vocab.types[i];
        if (type == SN_TOKEN_CONTROL || type == SN_TOKEN_UNKNOWN || type == SN_TOKEN_BYTE || type == SN_TOKEN_NONE)
            continue;
        bytes += t->vocab.pieces[i].size;
        if (!any || t->vocab.scores[i] < lowest) lowest = t->vocab.scores[i];
        any = true;
    }
    SN_TRY(sn_trie_init(&t->model.trie, &t->arena, bytes));
    for (int32_t i = 0; i < t->vocab.n; i++) {
        sn_token_type type = t->vocab.types[i];
        if (type == SN_TOKEN_CONTROL || type == SN_TOKEN_UNKNOWN || type == SN_TOKEN_BYTE || type == SN_TOKEN_NONE)
            continue;
        sn_trie_put(&t->model.trie, t->vocab.pieces[i], i);
    }
    t->model.def = &sn_token_unigram;
    t->model.fuse_unk = true;
    t->model.unk_score = lowest - 10;
    return SN_OK;
}

/* ---- Added tokens ---- */

static sn_status make_matcher(sn_tokenizer *t, const sn_added_token *tokens, int n, bool normalized, sn_added *out) {
    size_t bytes = 0;
    *out = (sn_added){.pass_special = out->pass_special,
                      .tokens = sn_arena_array(&t->arena, n ? (size_t)n : 1, sizeof *out->tokens)};
    if (!out->tokens) return sn_fail_memory("added tokens");
    for (int i = 0; i < n; i++) {
        if (tokens[i].normalized != normalized || tokens[i].content.size == 0) continue;
        out->first[(unsigned char)tokens[i].content.data[0]] = true;
        out->tokens[out->n++] = tokens[i];
        bytes += tokens[i].content.size;
    }
    if (out->n == 0) return SN_OK;
    SN_TRY(sn_trie_init(&out->all, &t->arena, bytes));
    SN_TRY(sn_trie_init(&out->plain, &t->arena, bytes));
    for (int i = 0; i < out->n; i++) {
        sn_trie_put(&out->all, out->tokens[i].content, i);
        if (!out->tokens[i].special) sn_trie_put(&out->plain, out->tokens[i].content, i);
    }
    return SN_OK;
}

sn_status sn_tokenizer_set_added(sn_tokenizer *t, const sn_added_token *tokens, int n) {
    SN_TRY(make_matcher(t, tokens, n, false, &t->raw));
    return make_matcher(t, tokens, n, true, &t->normalized);
}

sn_status sn_tokenizer_added_from_types(sn_tokenizer *t, bool user_after_normalizing) {
    sn_added_token *tokens = sn_alloc((size_t)t->vocab.n * sizeof *tokens + 1);
    if (!tokens) return sn_fail_memory("added tokens");
    int n = 0;
    for (int32_t i = 0; i < t->vocab.n; i++) {
        bool user = t->vocab.types[i] == SN_TOKEN_USER;
        if (user || t->vocab.types[i] == SN_TOKEN_CONTROL || t->vocab.types[i] == SN_TOKEN_UNKNOWN)
            tokens[n++] = (sn_added_token){
                .content = t->vocab.pieces[i], .id = i, .special = !user, .normalized = user && user_after_normalizing};
    }
    sn_status status = sn_tokenizer_set_added(t, tokens, n);
    sn_free(tokens);
    return status;
}

/* ---- Ends, chat, SentencePiece steps ---- */

void sn_tokenizer_add_end(sn_tokenizer *t, int32_t id) {
    if (id >= 0 && id < t->vocab.n && !sn_tokenizer_is_end(t, id) && t->n_ends < SN_MAX_ENDS) t->ends[t->n_ends++] = id;
}

void sn_tokenizer_find_ends(sn_tokenizer *t) {
    static const char *const names[] = {"<|eot_id|>",
                                        "<|im_end|>",
                                        "<|end|>",
                                        "<|return|>",
                                        "<|call|>",
                                        "<end_of_turn>",
                                        "<|endoftext|>",
                                        "<|eom_id|>",
                                        "<EOT>",
                                        "<|end_of_text|>",
                                        "<end_of_utterance>",
                                        "<turn|>",
                                        ("<\xEF\xBD\x9C"
                                         "end\xE2\x96\x81of\xE2\x96\x81sentence\xEF\xBD\x9C>")};
    sn_tokenizer_add_end(t, t->eos);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        int32_t id = sn_vocab_find(&t->vocab, names[i], strlen(names[i]));
        if (id >= 0 && sn_tokenizer_is_special(t, id)) sn_tokenizer_add_end(t, id);
    }
}

sn_status sn_tokenizer_set_chat(sn_tokenizer *t, sn_text text) {
    sn_text kept = {0};
    if (text.size == 0) return SN_OK;
    if (memchr(text.data, 0, text.size)) return sn_fail(SN_ERR_FORMAT, "chat template: a zero byte");
    SN_TRY(sn_tokenizer_keep(t, text, &kept));
    t->chat_template = (char *)(uintptr_t)kept.data;
    return SN_OK;
}

sn_status sn_tokenizer_add_patterns(sn_tokenizer *t, const char *const *patterns) {
    for (; *patterns; patterns++) {
        sn_step *step = 0;
        SN_TRY(sn_add_pretokenizer(t, sn_find_pretokenizer("Split"), &step));
        step->mode = SN_SPLIT_ISOLATED;
        step->text = sn_text_of(*patterns);
        SN_TRY(sn_regex_new(step->text, &step->regex));
    }
    return SN_OK;
}

sn_status sn_tokenizer_sentencepiece_steps(sn_tokenizer *t, bool add_prefix, bool collapse_spaces) {
    sn_step *step = 0;
    if (collapse_spaces) SN_TRY(sn_add_normalizer(t, sn_find_normalizer("(SentencePiece extra spaces)"), &step));
    if (add_prefix) {
        SN_TRY(sn_add_normalizer(t, sn_find_normalizer("Prepend"), &step));
        step->text = SN_TEXT(SN_SPACE_MARK);
    }
    SN_TRY(sn_add_normalizer(t, sn_find_normalizer("Replace"), &step));
    step->text = SN_TEXT(" "), step->with = SN_TEXT(SN_SPACE_MARK);
    SN_TRY(sn_add_decoder(t, sn_find_decoder("Replace"), &step));
    step->text = SN_TEXT(SN_SPACE_MARK), step->with = SN_TEXT(" ");
    SN_TRY(sn_add_decoder(t, sn_find_decoder("ByteFallback"), &step));
    SN_TRY(sn_add_decoder(t, sn_find_decoder("Fuse"), &step));
    t->lone_bytes = true;
    if (!add_prefix && !collapse_spaces) return SN_OK;
    SN_TRY(sn_add_decoder(t, sn_find_decoder("Strip"), &step));
    step->text = SN_TEXT(" ");
    step->start = collapse_spaces ? INT32_MAX : 1; /* as SentencePiece: then no text starts with a space */
    return SN_OK;
}

/* ---- Questions ---- */

int32_t sn_tokenizer_n_tokens(const sn_tokenizer *t) { return t->vocab.n; }
const char *sn_tokenizer_kind(const sn_tokenizer *t) { return t->kind; }
int32_t sn_tokenizer_bos(const sn_tokenizer *t) { return t->bos; }
int32_t sn_tokenizer_eos(const sn_tokenizer *t) { return t->eos; }
int32_t sn_tokenizer_unk(const sn_tokenizer *t) { return t->model.unk; }
const char *sn_tokenizer_chat_template(const sn_tokenizer *t) { return t->chat_template; }
bool sn_tokenizer_adds_bos(const sn_tokenizer *t) { return t->n_prefix > 0 && t->prefix[0] == t->bos; }

bool sn_tokenizer_is_end(const sn_tokenizer *t, int32_t id) {
    for (int i = 0; i < t->n_ends; i++)
        if (t->ends[i] == id) return true;
    return false;
}

bool sn_tokenizer_is_special(const sn_tokenizer *t, int32_t id) {
    if (id < 0 || id >= t->vocab.n) return false;
    return t->vocab.types[id] == SN_TOKEN_CONTROL || t->vocab.types[id] == SN_TOKEN_UNKNOWN;
}

const char *sn_tokenizer_piece(const sn_tokenizer *t, int32_t id, size_t *size) {
    if (id < 0 || id >= t->vocab.n || !t->vocab.pieces[id].data) return 0;
    if (size) *size = t->vocab.pieces[id].size;
    return t->vocab.pieces[id].data;
}

int32_t sn_tokenizer_find(const sn_tokenizer *t, const char *piece, size_t size) {
    return sn_vocab_find(&t->vocab, piece, size);
}
