/* Recognizing what a pipeline is in GGUF's terms, and its vocabulary in them. */
#include "token/export.h"

#include "base/alloc.h"
#include "base/error.h"
#include "token/parts.h"
#include "token/pre_table.h"
#include "token/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static sn_status refuse(const char *why) { return sn_fail(SN_ERR_UNSUPPORTED, "tokenizer export: %s", why); }

static bool normalizer_is(const sn_step *s, const char *name) { return strcmp(s->normalizer->name, name) == 0; }
static bool pretokenizer_is(const sn_step *s, const char *name) { return strcmp(s->pretokenizer->name, name) == 0; }

/* ---- Which pre-tokenizer it is ---- */

/* The pattern a step cuts at, with matches and gaps as pieces; an empty text where it is something else. */
static sn_text pattern_of(const sn_step *s) {
    bool isolated = s->mode == SN_SPLIT_ISOLATED && !(s->flags & SN_STEP_INVERT);
    bool only_matches =
        s->mode == SN_SPLIT_REMOVED && s->flags & SN_STEP_INVERT; /* the same where nothing lies between */
    if (pretokenizer_is(s, "Split") && s->regex && (isolated || only_matches)) return s->text;
    if (pretokenizer_is(s, "Digits") && s->flags & SN_STEP_INDIVIDUAL) return SN_TEXT("\\p{N}");
    return (sn_text){0};
}

/* The list of patterns before the byte alphabet; -1 where a step is no pattern. */
static int list_patterns(const sn_tokenizer *t, sn_text out[SN_MAX_STEPS + 1]) {
    int n = 0, last = t->n_pretokenizers - 1;
    if (last < 0 || !pretokenizer_is(&t->pretokenizers[last], "ByteLevel") ||
        t->pretokenizers[last].flags & SN_STEP_PREFIX)
        return -1;
    for (int i = 0; i < last; i++) {
        out[n] = pattern_of(&t->pretokenizers[i]);
        if (out[n++].size == 0) return -1;
    }
    if (t->pretokenizers[last].flags & SN_STEP_REGEX) out[n++] = SN_TEXT(SN_GPT2_PATTERN);
    return n;
}

/* A pattern with \x{..} written out, so that both spellings compare; false where it is too long. */
static bool spell_out(sn_text pattern, char *out, size_t size) {
    size_t n = 0;
    for (size_t i = 0; i < pattern.size;) {
        unsigned code;
        int used = 0;
        if (n + 5 > size) return false;
        bool braced = sscanf(pattern.data + i, "\\x{%x}%n", &code, &used) == 1 && used > 0;
        if ((braced || (sscanf(pattern.data + i, "\\u%4x%n", &code, &used) == 1 && used == 6)) && code < 0x110000) {
            n += sn_utf8_encode(code, out + n);
            i += (size_t)used;
        } else {
            out[n++] = pattern.data[i++];
        }
    }
    out[n] = 0;
    return true;
}

static bool same_pattern(sn_text a, sn_text b) {
    char x[4096], y[4096];
    return sn_text_equal(a, b) || (spell_out(a, x, sizeof x) && spell_out(b, y, sizeof y) && strcmp(x, y) == 0);
}

static bool same_patterns(const sn_text *a, int n, const char *const *b) {
    static const char gpt2[] = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";
    for (int i = 0; i < n; i++, b++) {
        bool both_gpt2 = sn_text_is(a[i], SN_GPT2_PATTERN) && *b && strcmp(*b, gpt2) == 0; /* two spellings */
        if (!*b || !(both_gpt2 || same_pattern(a[i], sn_text_of(*b)))) return false;
    }
    return !*b;
}

static sn_status name_pre(const sn_tokenizer *t, char *out, size_t size) {
    sn_text patterns[SN_MAX_STEPS + 1];
    int n = list_patterns(t, patterns);
    const sn_pre_def *d;
    for (int i = 0; n > 0 && (d = sn_pre_at(i)); i++) {
        bool ignores = d->flags & SN_PRE_IGNORE_MERGES;
        if (d->flags & SN_PRE_RAW_TEXT || ignores != t->model.ignore_merges || !same_patterns(patterns, n, d->patterns))
            continue;
        snprintf(out, size, "%.*s", (int)strcspn(d->names, " "), d->names);
        return SN_OK;
    }
    return refuse("GGUF has no pre-tokenizer name for how this tokenizer cuts text");
}

/* ---- SentencePiece-like merges as scores ---- */

typedef struct ranked_merge {
    uint32_t rank;
    int32_t id;
} ranked_merge;

static int by_rank(const void *a, const void *b) {
    const ranked_merge *x = a, *y = b;
    return (x->rank > y->rank) - (x->rank < y->rank);
}

/* Whether every way to cut a token into two tokens is a merge: then merging by text is merging by pairs. */
static bool has_all_pairs(const sn_tokenizer *t, int32_t id) {
    sn_text piece = t->vocab.pieces[id];
    for (size_t i = 1; i < piece.size; i++) {
        if (((unsigned char)piece.data[i] & 0xC0) == 0x80) continue;
        int32_t left = sn_vocab_find(&t->vocab, piece.data, i),
                right = sn_vocab_find(&t->vocab, piece.data + i, piece.size - i);
        if (left >= 0 && right >= 0 && !sn_merges_find(&t->model.merges, left, right)) return false;
    }
    return true;
}

/* Scores from the order of merges: less the number of tokens made before. */
static sn_status score_by_merges(const sn_tokenizer *t, sn_vocab_export *e) {
    int64_t n = 0;
    ranked_merge *list = sn_alloc((size_t)t->model.merges.n * sizeof *list + 1);
    if (!list) return sn_fail_memory("tokenizer export");
    for (uint32_t i = 0; i <= t->model.merges.mask; i++)
        if (t->model.merges.slots[i].left >= 0)
            list[n++] = (ranked_merge){t->model.merges.slots[i].rank, t->model.merges.slots[i].id};
    qsort(list, (size_t)n, sizeof *list, by_rank);
    bool good = true;
    for (int64_t i = 0, made = 0; i < n && good; i++) {
        bool again = i > 0 && list[i].id == list[i - 1].id;
        if (again) continue;
        good = e->scores[list[i].id] == 0 && has_all_pairs(t, list[i].id); /* a token's merges stand together */
        e->scores[list[i].id] = -(float)++made;
    }
    sn_free(list);
    return good ? SN_OK : refuse("its merges cannot be expressed as scores of tokens");
}

/* Replace " " by the mark, maybe after Prepend, and no cutting; or Metaspace that does not cut. */
static bool spaces_as_sentencepiece(const sn_tokenizer *t, bool *prefix) {
    if (t->n_normalizers == 0 && t->n_pretokenizers == 1) {
        const sn_step *s = &t->pretokenizers[0];
        *prefix = s->mode != SN_PREPEND_NEVER;
        return pretokenizer_is(s, "Metaspace") && !(s->flags & SN_STEP_SPLIT) && sn_text_is(s->text, SN_SPACE_MARK);
    }
    if (t->n_pretokenizers > 0 || t->n_normalizers < 1 || t->n_normalizers > 2) return false;
    const sn_step *last = &t->normalizers[t->n_normalizers - 1];
    if (!normalizer_is(last, "Replace")) return false;
    *prefix = t->n_normalizers == 2;
    if (*prefix && !(normalizer_is(&t->normalizers[0], "Prepend") && sn_text_is(t->normalizers[0].text, SN_SPACE_MARK)))
        return false;
    return !last->regex && sn_text_is(last->text, " ") && sn_text_is(last->with, SN_SPACE_MARK);
}

/* ---- Merges of tiktoken ranks ---- */

/* The two parts a token is made of, by merging its characters with lower ranks only; false where there are not two. */
static bool split_in_two(const sn_tokenizer *t, int32_t id, size_t *at) {
    enum { MAX_PARTS = 1024 };
    size_t ends[MAX_PARTS], n = 0;
    sn_text piece = t->vocab.pieces[id];
    for (size_t i = 1; i <= piece.size; i++) {
        if (i < piece.size && ((unsigned char)piece.data[i] & 0xC0) == 0x80) continue;
        if (n == MAX_PARTS) return false;
        ends[n++] = i;
    }
    while (n > 2) {
        uint32_t best = t->model.ranks[id];
        size_t where = n;
        for (size_t i = 0; i + 1 < n; i++) {
            size_t start = i ? ends[i - 1] : 0;
            int32_t merged = sn_vocab_find(&t->vocab, piece.data + start, ends[i + 1] - start);
            if (merged < 0 || t->model.ranks[merged] >= best) continue;
            best = t->model.ranks[merged];
            where = i;
        }
        if (where == n) return false;
        memmove(&ends[where], &ends[where + 1], (n - where - 1) * sizeof ends[0]);
        n--;
    }
    if (n < 2) return false;
    *at = ends[0];
    return true;
}

static sn_status add_merge(sn_vocab_export *e, sn_text piece, size_t at) {
    char *text = sn_arena_alloc(&e->arena, piece.size + 2);
    if (!text) return sn_fail_memory("tokenizer export");
    memcpy(text, piece.data, at);
    text[at] = ' ';
    memcpy(text + at + 1, piece.data + at, piece.size - at);
    e->merges[e->n_merges++] = (sn_text){text, piece.size + 1};
    return SN_OK;
}

static sn_status merges_of_ranks(const sn_tokenizer *t, sn_vocab_export *e) {
    e->merges = sn_arena_array(&e->arena, (size_t)t->vocab.n + 1, sizeof *e->merges);
    if (!e->merges) return sn_fail_memory("tokenizer export");
    for (int32_t id = 0; id < t->vocab.n; id++) { /* rank and id are the same */
        size_t at;
        if (t->model.ranks[id] == UINT32_MAX || !split_in_two(t, id, &at)) continue;
        SN_TRY(add_merge(e, t->vocab.pieces[id], at));
    }
    return SN_OK;
}

/* ---- The vocabulary ---- */

static sn_status copy_tokens(const sn_tokenizer *t, sn_vocab_export *e) {
    size_t n = (size_t)e->n;
    e->tokens = sn_arena_array(&e->arena, n + 1, sizeof *e->tokens);
    e->scores = sn_arena_array(&e->arena, n + 1, sizeof *e->scores);
    e->types = sn_arena_array(&e->arena, n + 1, sizeof *e->types);
    if (!e->tokens || !e->scores || !e->types) return sn_fail_memory("tokenizer export");
    for (int64_t i = 0; i < e->n; i++) {
        bool known = i < t->vocab.n && t->vocab.pieces[i].data;
        if (known) {
            e->tokens[i] = t->vocab.pieces[i];
            e->types[i] = t->vocab.types[i];
            e->scores[i] = (float)t->vocab.scores[i];
            continue;
        }
        char name[32];
        int size = snprintf(name, sizeof name, "[PAD%lld]", (long long)i);
        e->tokens[i] = (sn_text){sn_arena_strndup(&e->arena, name, (size_t)size), (size_t)size};
        if (!e->tokens[i].data) return sn_fail_memory("tokenizer export");
        e->types[i] = SN_TOKEN_UNUSED;
    }
    return SN_OK;
}

/* Byte tokens and the unknown one by their roles: tokenizer.json has no types. */
static void name_roles(const sn_tokenizer *t, sn_vocab_export *e) {
    for (int i = 0; i < 256; i++)
        if (t->model.bytes[i] >= 0 && !t->source.byte_offset) e->types[t->model.bytes[i]] = SN_TOKEN_BYTE;
    if (t->model.unk >= 0) e->types[t->model.unk] = SN_TOKEN_UNKNOWN;
}

/* Spaces around added tokens, whole words only: GGUF knows none of it. */
static void warn_of_added(const sn_tokenizer *t) {
    for (int i = 0; i < t->raw.n + t->normalized.n; i++) {
        const sn_added_token *a = i < t->raw.n ? &t->raw.tokens[i] : &t->normalized.tokens[i - t->raw.n];
        if (!a->lstrip && !a->rstrip && !a->single_word) continue;
        sn_log_message(SN_LOG_WARN,
                       "tokenizer export: GGUF has no place for lstrip, rstrip or single_word of \"%.*s\" and its like",
                       (int)a->content.size, a->content.data);
        return;
    }
}

static sn_status export_json_kind(const sn_tokenizer *t, sn_vocab_export *e) {
    bool unigram = t->model.def == &sn_token_unigram;
    if (t->model.def != &sn_token_bpe && !unigram)
        return refuse("only byte-pair and unigram vocabularies of tokenizer.json can be expressed in GGUF");
    warn_of_added(t);
    if (unigram) {
        if (t->model.unk < 0 || !spaces_as_sentencepiece(t, &e->add_space_prefix))
            return refuse("GGUF's t5 kind needs an unknown token and spaces as SentencePiece marks them");
        e->model = "t5";
        name_roles(t, e);
        return SN_OK;
    }
    if (t->model.continuing_prefix.size || t->model.suffix.size) return refuse("GGUF has no marks for parts of words");
    if (spaces_as_sentencepiece(t, &e->add_space_prefix)) {
        if (t->model.unk < 0) return refuse("GGUF's llama kind needs an unknown token");
        e->model = "llama";
        name_roles(t, e);
        return score_by_merges(t, e);
    }
    bool nfc = t->n_normalizers == 1 && normalizer_is(&t->normalizers[0], "NFC");
    if (t->n_normalizers > 0 && !nfc) return refuse("GGUF has no normalizers");
    if (nfc) sn_log_message(SN_LOG_WARN, "tokenizer export: GGUF has no place for the NFC normalizer: it is left out");
    e->model = "gpt2";
    e->merges = t->source.merges;
    e->n_merges = t->source.n_merges;
    return name_pre(t, e->pre, sizeof e->pre);
}

static sn_status export_kind(const sn_tokenizer *t, sn_vocab_export *e) {
    if (t->source.why) return refuse(t->source.why);
    if (!t->source.model) return export_json_kind(t, e);
    e->model = t->source.model;
    e->add_space_prefix = t->source.add_space_prefix;
    e->merges = t->source.merges;
    e->n_merges = t->source.n_merges;
    if (t->source.pre) snprintf(e->pre, sizeof e->pre, "%s", t->source.pre);
    bool by_bytes = strcmp(e->model, "gpt2") == 0;
    return by_bytes && t->model.ranks ? merges_of_ranks(t, e) : SN_OK;
}

sn_status sn_vocab_export_make(const sn_tokenizer *t, int64_t n_vocab, sn_vocab_export *out) {
    *out = (sn_vocab_export){.n = n_vocab ? n_vocab : t->vocab.n};
    if (out->n < t->vocab.n)
        return sn_fail(SN_ERR_ARGUMENT, "tokenizer export: %d tokens for %lld ids", t->vocab.n, (long long)n_vocab);
    if (out->n > SN_VOCAB_MAX) return sn_fail(SN_ERR_LIMIT, "tokenizer export: %lld ids", (long long)n_vocab);
    sn_status status = copy_tokens(t, out);
    if (status == SN_OK) status = export_kind(t, out);
    if (status != SN_OK) sn_vocab_export_free(out);
    return status;
}

void sn_vocab_export_free(sn_vocab_export *e) {
    sn_arena_free(&e->arena);
    *e = (sn_vocab_export){0};
}

/* ---- GGUF ---- */

#define KEY "tokenizer.ggml."

static sn_status write_ids(const sn_tokenizer *t, sn_gguf_out *out) {
    const struct {
        const char *key;
        int32_t id;
    } ids[] = {{KEY "bos_token_id", t->bos},     {KEY "eos_token_id", t->eos},       {KEY "unknown_token_id", t->unk},
               {KEY "padding_token_id", t->pad}, {KEY "seperator_token_id", t->sep}, {KEY "cls_token_id", t->cls},
               {KEY "mask_token_id", t->mask}};
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) /* without the first two, readers take a kind's usual ids */
        if (ids[i].id >= 0 || i < 2) SN_TRY(sn_gguf_set_u32(out, ids[i].key, (uint32_t)ids[i].id));
    bool bos = t->n_prefix > 0 && t->prefix[0] == t->bos, eos = t->n_suffix > 0 && t->suffix[0] == t->eos;
    if (t->n_prefix > bos || t->n_suffix > eos)
        return refuse("GGUF can add one BOS in front and one EOS behind, nothing else");
    SN_TRY(sn_gguf_set_bool(out, KEY "add_bos_token", bos));
    return sn_gguf_set_bool(out, KEY "add_eos_token", eos);
}

/* What readers such as llama.cpp do not do with the t5 kind, although the file says it. */
static void warn_of_unigram(const sn_tokenizer *t) {
    if (t->model.byte_fallback)
        sn_log_message(SN_LOG_WARN,
                       "tokenizer export: llama.cpp has no byte fallback for unigram vocabularies: what the "
                       "vocabulary lacks is unknown to it; suan reads it as it is");
    for (int32_t i = 0; i < t->vocab.n; i++) {
        if (t->vocab.types[i] != SN_TOKEN_USER) continue;
        sn_log_message(SN_LOG_WARN,
                       "tokenizer export: in GGUF's t5 kind text after a user-defined token, such as "
                       "\"%.*s\", begins with a space as the whole text does",
                       (int)t->vocab.pieces[i].size, t->vocab.pieces[i].data);
        return;
    }
}

static sn_status write_vocabulary(const sn_tokenizer *t, const sn_vocab_export *e, sn_gguf_out *out) {
    bool pairs = strcmp(e->model, "gpt2") == 0;
    if (strcmp(e->model, "t5") == 0) warn_of_unigram(t);
    if (strcmp(e->model, "llama") == 0 && !t->model.byte_fallback && !t->source.byte_offset)
        sn_log_message(SN_LOG_WARN,
                       "tokenizer export: llama.cpp fails on characters that this vocabulary lacks, since it "
                       "has no byte tokens; suan takes them as unknown");
    SN_TRY(sn_gguf_set_string(out, KEY "model", e->model));
    SN_TRY(sn_gguf_set_string(out, KEY "pre", e->pre[0] ? e->pre : "default"));
    SN_TRY(sn_gguf_set_texts(out, KEY "tokens", e->tokens, e->n));
    SN_TRY(sn_gguf_set_array(out, KEY "token_type", SN_GGUF_I32, e->types, e->n));
    if (!pairs) SN_TRY(sn_gguf_set_array(out, KEY "scores", SN_GGUF_F32, e->scores, e->n));
    if (e->merges) SN_TRY(sn_gguf_set_texts(out, KEY "merges", e->merges, e->n_merges));
    if (!pairs) SN_TRY(sn_gguf_set_bool(out, KEY "add_space_prefix", e->add_space_prefix));
    if (strcmp(e->model, "t5") == 0)
        SN_TRY(sn_gguf_set_bool(out, KEY "remove_extra_whitespaces", t->source.remove_extra_spaces));
    if (t->source.charsmap.size)
        SN_TRY(sn_gguf_set_array(out, KEY "precompiled_charsmap", SN_GGUF_U8, t->source.charsmap.data,
                                 (int64_t)t->source.charsmap.size));
    if (t->source.byte_offset) SN_TRY(sn_gguf_set_u32(out, SN_KEY_BYTE_OFFSET, (uint32_t)t->source.byte_offset));
    if (t->chat_template) SN_TRY(sn_gguf_set_string(out, "tokenizer.chat_template", t->chat_template));
    return write_ids(t, out);
}

sn_status sn_tokenizer_write_gguf(const sn_tokenizer *t, int64_t n_vocab, sn_gguf_out *out) {
    sn_vocab_export e;
    SN_TRY(sn_vocab_export_make(t, n_vocab, &e));
    sn_status status = write_vocabulary(t, &e, out);
    sn_vocab_export_free(&e);
    return status;
}
