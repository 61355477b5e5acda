/* The vocabulary of a GGUF file as a pipeline. */
#include "base/error.h"
#include "file/gguf.h"
#include "token/parts.h"
#include "token/pre_table.h"
#include "token/unicode.h"

#include <math.h>
#include <string.h>

#define KEY "tokenizer.ggml."

static sn_status text_array(const sn_gguf *f, const char *key, const sn_gguf_value **out) {
    *out = sn_gguf_find(f, key);
    if (*out && ((*out)->type != SN_GGUF_ARRAY || (*out)->element != SN_GGUF_STRING))
        return sn_fail(SN_ERR_FORMAT, "gguf: %s is not an array of strings", key);
    return SN_OK;
}

/* A numeric array with at least n entries, NULL when absent. */
static sn_status number_array(const sn_gguf *f, const char *key, int64_t n, const sn_gguf_value **out) {
    *out = sn_gguf_find(f, key);
    if (!*out) return SN_OK;
    if ((*out)->type != SN_GGUF_ARRAY || (*out)->element == SN_GGUF_STRING || (*out)->element == SN_GGUF_ARRAY)
        return sn_fail(SN_ERR_FORMAT, "gguf: %s is not an array of numbers", key);
    if ((*out)->count < n)
        return sn_fail(SN_ERR_FORMAT, "gguf: %s has %lld entries for %lld tokens", key, (long long)(*out)->count,
                       (long long)n);
    return SN_OK;
}

static sn_status read_vocabulary(sn_tokenizer *t, const sn_gguf *f) {
    const sn_gguf_value *tokens, *scores, *types;
    SN_TRY(text_array(f, KEY "tokens", &tokens));
    if (!tokens) return sn_fail(SN_ERR_NOT_FOUND, "gguf: no " KEY "tokens: the file carries no tokenizer");
    SN_TRY(number_array(f, KEY "scores", tokens->count, &scores));
    SN_TRY(number_array(f, KEY "token_type", tokens->count, &types));
    SN_TRY(sn_vocab_init(&t->vocab, &t->arena, tokens->count));
    for (int32_t i = 0; i < t->vocab.n; i++) {
        double score = scores ? sn_gguf_array_f64(scores, i) : 0;
        int64_t type = types ? sn_gguf_array_i64(types, i) : SN_TOKEN_NORMAL;
        if (type < SN_TOKEN_NORMAL || type > SN_TOKEN_BYTE) type = SN_TOKEN_NORMAL;
        if (!isfinite(score))
            return sn_fail(SN_ERR_FORMAT, "gguf: " KEY "scores: the score of token %d is not finite", i);
        SN_TRY(sn_vocab_set(&t->vocab, &t->arena, i, tokens->strings[i], score, (sn_token_type)type));
    }
    return SN_OK;
}

/* An id from the file, or the kind's default; -1 where neither is in the vocabulary. */
static sn_status read_id(const sn_tokenizer *t, const sn_gguf *f, const char *key, int32_t fallback, int32_t *out) {
    int64_t id = fallback;
    bool found = false;
    SN_TRY(sn_gguf_get_i64(f, key, &id, &found));
    *out = id >= 0 && id < t->vocab.n ? (int32_t)id : -1;
    return SN_OK;
}

/* Merges are "left right"; the first blank after the first byte separates. Pairs of unknown pieces are left out. */
static sn_status read_merges(sn_tokenizer *t, const sn_gguf *f) {
    const sn_gguf_value *merges;
    SN_TRY(text_array(f, KEY "merges", &merges));
    if (!merges) return sn_fail(SN_ERR_FORMAT, "gguf: no " KEY "merges in a byte-pair vocabulary");
    SN_TRY(sn_merges_init(&t->model.merges, &t->arena, merges->count));
    sn_text *kept = sn_arena_array(&t->arena, (size_t)merges->count + 1, sizeof *kept);
    sn_buf joined = {0};
    sn_status status = kept ? SN_OK : sn_fail_memory("merges");
    for (int64_t i = 0; i < merges->count && status == SN_OK; i++) {
        sn_text m = merges->strings[i];
        const char *blank = m.size > 1 ? memchr(m.data + 1, ' ', m.size - 1) : 0;
        if (!blank) {
            status = sn_fail(SN_ERR_FORMAT, "gguf: " KEY "merges: entry %lld is not a pair", (long long)i);
            break;
        }
        size_t left = (size_t)(blank - m.data), right = m.size - left - 1;
        joined.size = 0;
        status = sn_tokenizer_keep(t, m, &kept[i]);
        if (status == SN_OK) status = sn_buf_append(&joined, m.data, left);
        if (status == SN_OK) status = sn_buf_append(&joined, blank + 1, right);
        sn_merge merge = {sn_vocab_find(&t->vocab, m.data, left), sn_vocab_find(&t->vocab, blank + 1, right),
                          (uint32_t)i, status == SN_OK ? sn_vocab_find(&t->vocab, joined.data, joined.size) : -1};
        if (merge.left >= 0 && merge.right >= 0 && merge.id >= 0) sn_merges_put(&t->model.merges, merge, false);
    }
    sn_buf_free(&joined);
    t->source.merges = kept;
    t->source.n_merges = merges->count;
    return status;
}

static sn_status set_specials(sn_tokenizer *t, const sn_gguf *f, bool add_bos, bool add_eos) {
    bool found;
    SN_TRY(sn_gguf_get_bool(f, KEY "add_bos_token", &add_bos, &found));
    SN_TRY(sn_gguf_get_bool(f, KEY "add_eos_token", &add_eos, &found));
    if (add_bos && t->bos >= 0) t->prefix[t->n_prefix++] = t->bos;
    if (add_eos && t->eos >= 0) t->suffix[t->n_suffix++] = t->eos;
    return SN_OK;
}

/* ---- The kinds ---- */

static sn_status byte_pairs(sn_tokenizer *t, const sn_gguf *f) {
    sn_text name = {0};
    bool found;
    sn_step *step;
    SN_TRY(sn_gguf_get_text(f, KEY "pre", &name, &found));
    if (!found)
        return sn_fail(SN_ERR_UNSUPPORTED,
                       "gguf: no " KEY "pre: how the text is cut before byte-pair merging is unknown");
    SN_TRY(sn_tokenizer_keep(t, name, &name));
    const sn_pre_def *pre = sn_find_pre(name.data);
    if (!pre)
        return sn_fail(SN_ERR_UNSUPPORTED, "gguf: pre-tokenizer \"%s\" (" KEY "pre) is not one suan knows", name.data);
    t->kind = "bpe";
    t->source.pre = name.data;
    t->model.def = &sn_token_bpe;
    t->model.ignore_merges = pre->flags & SN_PRE_IGNORE_MERGES;
    SN_TRY(read_merges(t, f));
    if (pre->flags & SN_PRE_RAW_TEXT) {
        sn_tokenizer_find_bytes(t);
        SN_TRY(sn_tokenizer_sentencepiece_steps(t, false, false));
        return sn_tokenizer_add_patterns(t, pre->patterns);
    }
    SN_TRY(sn_tokenizer_add_patterns(t, pre->patterns));
    SN_TRY(sn_add_pretokenizer(t, sn_find_pretokenizer("ByteLevel"), &step));
    SN_TRY(sn_add_decoder(t, sn_find_decoder("ByteLevel"), &step));
    return set_specials(t, f, pre->flags & SN_PRE_ADD_BOS, false);
}

static sn_status read_byte_offset(sn_tokenizer *t, const sn_gguf *f) {
    bool found;
    int64_t offset = 0;
    SN_TRY(sn_gguf_get_i64(f, SN_KEY_BYTE_OFFSET, &offset, &found));
    if (offset < 0 || offset >= t->vocab.n)
        return sn_fail(SN_ERR_FORMAT, "gguf: " SN_KEY_BYTE_OFFSET " is %lld", (long long)offset);
    if (offset > 0 && !t->model.byte_fallback) sn_tokenizer_shift_bytes(t, (int32_t)offset);
    return SN_OK;
}

static sn_status spm_pairs(sn_tokenizer *t, const sn_gguf *f) {
    bool found, prefix = true;
    SN_TRY(sn_gguf_get_bool(f, KEY "add_space_prefix", &prefix, &found));
    t->kind = "spm-bpe";
    t->source.add_space_prefix = prefix;
    t->model.def = &sn_token_bpe;
    t->model.fuse_unk = true;
    sn_tokenizer_find_bytes(t);
    SN_TRY(read_byte_offset(t, f));
    SN_TRY(sn_tokenizer_rank_by_score(t));
    SN_TRY(sn_tokenizer_sentencepiece_steps(t, prefix, false));
    return set_specials(t, f, true, false);
}

static sn_status unigram(sn_tokenizer *t, const sn_gguf *f) {
    bool found, prefix = true, collapse = true;
    const sn_gguf_value *map;
    sn_step *step;
    SN_TRY(sn_gguf_get_bool(f, KEY "add_space_prefix", &prefix, &found));
    SN_TRY(sn_gguf_get_bool(f, KEY "remove_extra_whitespaces", &collapse, &found));
    SN_TRY(number_array(f, KEY "precompiled_charsmap", 0, &map));
    t->kind = "unigram";
    t->source.add_space_prefix = prefix;
    t->source.remove_extra_spaces = collapse;
    if (map) {
        if (map->element != SN_GGUF_I8 && map->element != SN_GGUF_U8)
            return sn_fail(SN_ERR_FORMAT, "gguf: " KEY "precompiled_charsmap is not an array of bytes");
        SN_TRY(sn_tokenizer_keep(t, (sn_text){(const char *)map->data, (size_t)map->count}, &t->source.charsmap));
        SN_TRY(sn_add_normalizer(t, sn_find_normalizer("(SentencePiece character map)"), &step));
        SN_TRY(sn_charsmap_read(t->source.charsmap, &step->charsmap));
    }
    SN_TRY(sn_tokenizer_sentencepiece_steps(t, prefix, collapse));
    sn_tokenizer_find_bytes(t);
    SN_TRY(sn_tokenizer_make_unigram(t));
    return set_specials(t, f, false, true);
}

static sn_status wordpiece(sn_tokenizer *t, const sn_gguf *f) {
    sn_step *step;
    bool found, lower = true;
    SN_TRY(sn_gguf_get_bool(f, KEY "normalizer.lowercase", &lower, &found));
    t->kind = "wordpiece";
    t->model.def = &sn_token_wordpiece;
    t->model.first_prefix = SN_TEXT(SN_SPACE_MARK);
    SN_TRY(sn_add_normalizer(t, sn_find_normalizer("BertNormalizer"), &step));
    step->flags = SN_STEP_CLEAN | SN_STEP_CHINESE;
    if (lower) step->flags |= SN_STEP_LOWER | SN_STEP_STRIP_ACCENTS;
    SN_TRY(sn_unicode_ready());
    SN_TRY(sn_add_pretokenizer(t, sn_find_pretokenizer("BertPreTokenizer"), &step));
    SN_TRY(sn_add_decoder(t, sn_find_decoder("(phantom space)"), &step));
    step->text = SN_TEXT(SN_SPACE_MARK);
    if (t->cls >= 0) t->prefix[t->n_prefix++] = t->cls;
    if (t->sep >= 0) t->suffix[t->n_suffix++] = t->sep;
    return SN_OK;
}

typedef struct gguf_kind {
    const char *model; /* tokenizer.ggml.model */
    sn_status (*build)(sn_tokenizer *t, const sn_gguf *f);
    int32_t bos, eos, unk, sep, pad, cls, mask; /* where the file names none */
} gguf_kind;

static const gguf_kind kinds[] = {
    {"llama", spm_pairs, 1, 2, 0, -1, -1, -1, -1},       {"gpt2", byte_pairs, -1, -1, -1, -1, -1, -1, -1},
    {"gemma4", byte_pairs, -1, -1, -1, -1, -1, -1, -1},  {"t5", unigram, -1, 1, 2, -1, 0, -1, -1},
    {"bert", wordpiece, 101, -1, 100, 102, 0, 101, 103},
};

static sn_status read_ids(sn_tokenizer *t, const sn_gguf *f, const gguf_kind *kind) {
    SN_TRY(read_id(t, f, KEY "bos_token_id", kind->bos, &t->bos));
    SN_TRY(read_id(t, f, KEY "eos_token_id", kind->eos, &t->eos));
    SN_TRY(read_id(t, f, KEY "unknown_token_id", kind->unk, &t->unk));
    SN_TRY(read_id(t, f, KEY "seperator_token_id", kind->sep, &t->sep)); /* the format's own spelling */
    SN_TRY(read_id(t, f, KEY "padding_token_id", kind->pad, &t->pad));
    SN_TRY(read_id(t, f, KEY "cls_token_id", kind->cls, &t->cls));
    SN_TRY(read_id(t, f, KEY "mask_token_id", kind->mask, &t->mask));
    t->model.unk = t->unk;
    return SN_OK;
}

static sn_status build(sn_tokenizer *t, const sn_gguf *f) {
    sn_text model, chat;
    bool found = false;
    const gguf_kind *kind = 0;
    SN_TRY(sn_gguf_get_text(f, KEY "model", &model, &found));
    if (!found) return sn_fail(SN_ERR_NOT_FOUND, "gguf: no " KEY "model: the file carries no tokenizer");
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (sn_text_is(model, kinds[i].model)) kind = &kinds[i];
    if (!kind)
        return sn_fail(SN_ERR_UNSUPPORTED, "gguf: tokenizer model \"%.*s\" is not one suan knows", (int)model.size,
                       model.data);
    SN_TRY(read_vocabulary(t, f));
    SN_TRY(read_ids(t, f, kind));
    SN_TRY(kind->build(t, f));
    t->source.model = kind->model;
    SN_TRY(sn_tokenizer_added_from_types(t, false));
    sn_tokenizer_find_ends(t);
    SN_TRY(sn_gguf_get_text(f, "tokenizer.chat_template", &chat, &found));
    return found ? sn_tokenizer_set_chat(t, chat) : SN_OK;
}

sn_status sn_tokenizer_from_gguf(const sn_gguf *f, sn_tokenizer **out) {
    sn_tokenizer *t;
    SN_TRY(sn_tokenizer_new(&t));
    sn_status status = build(t, f);
    if (status == SN_OK)
        *out = t;
    else
        sn_tokenizer_free(t);
    return status;
}
