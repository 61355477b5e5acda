/* A tokenizer as tokenizer.json and tokenizer_config.json. */
#include "token/export.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/map.h"
#include "file/json_write.h"
#include "token/parts.h"
#include "token/pre_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UNREACHABLE (-1e6)

static void put_type(sn_json_out *w, const char *key, const char *type) {
    sn_json_begin_object(w, key);
    sn_json_put_string(w, "type", type);
}

static void put_pattern(sn_json_out *w, const char *kind, sn_text text) {
    sn_json_begin_object(w, "pattern");
    sn_json_put_text(w, kind, text);
    sn_json_end(w);
}

static void put_replace(sn_json_out *w, const char *from, const char *to) {
    put_type(w, 0, "Replace");
    put_pattern(w, "String", sn_text_of(from));
    sn_json_put_string(w, "content", to);
    sn_json_end(w);
}

static void put_bytelevel(sn_json_out *w, const char *key) {
    put_type(w, key, "ByteLevel");
    sn_json_put_bool(w, "add_prefix_space", false);
    sn_json_put_bool(w, "trim_offsets", true);
    sn_json_put_bool(w, "use_regex", false);
    sn_json_end(w);
}

/* ---- SentencePiece-like ---- */

static void put_space_steps(sn_json_out *w, bool prefix) {
    put_type(w, "normalizer", "Sequence");
    sn_json_begin_array(w, "normalizers");
    if (prefix) {
        put_type(w, 0, "Prepend");
        sn_json_put_string(w, "prepend", SN_SPACE_MARK);
        sn_json_end(w);
    }
    put_replace(w, " ", SN_SPACE_MARK);
    sn_json_end(w);
    sn_json_end(w);
    sn_json_put_null(w, "pre_tokenizer");
    put_type(w, "decoder", "Sequence");
    sn_json_begin_array(w, "decoders");
    put_replace(w, SN_SPACE_MARK, " ");
    put_type(w, 0, "ByteFallback");
    sn_json_end(w);
    put_type(w, 0, "Fuse");
    sn_json_end(w);
    if (prefix) {
        put_type(w, 0, "Strip");
        sn_json_put_string(w, "content", " ");
        sn_json_put_i64(w, "start", 1);
        sn_json_put_i64(w, "stop", 0);
        sn_json_end(w);
    }
    sn_json_end(w);
    sn_json_end(w);
}

typedef struct pair {
    double score;
    int32_t left, right, id;
} pair;

static int pair_order(const void *a, const void *b) {
    const pair *x = a, *y = b;
    if (x->score != y->score) return x->score > y->score ? -1 : 1;
    if (x->id != y->id) return x->id < y->id ? -1 : 1;
    if (x->left != y->left) return x->left < y->left ? -1 : 1;
    return (x->right > y->right) - (x->right < y->right);
}

/* Every way to cut a token into two, the best scored token first: merging by pairs is then merging by scores. */
static sn_status list_pairs(const sn_tokenizer *t, pair **list, size_t *n) {
    size_t capacity = 0;
    void *grown = 0;
    *n = 0;
    for (int32_t id = 0; id < t->vocab.n; id++) {
        sn_text piece = t->vocab.pieces[id];
        if (t->model.ranks[id] == UINT32_MAX) continue;
        for (size_t i = 1; i < piece.size; i++) {
            int32_t left = sn_vocab_find(&t->vocab, piece.data, i);
            int32_t right = sn_vocab_find(&t->vocab, piece.data + i, piece.size - i);
            if (left < 0 || right < 0) continue;
            sn_status status = sn_grow(&grown, &capacity, *n + 1, sizeof(pair));
            *list = grown;
            SN_TRY(status);
            (*list)[(*n)++] = (pair){t->vocab.scores[id], left, right, id};
        }
    }
    if (*n) qsort(*list, *n, sizeof(pair), pair_order);
    return SN_OK;
}

static sn_status put_pairs(sn_json_out *w, const sn_tokenizer *t) {
    pair *list = 0;
    size_t n;
    sn_status status = list_pairs(t, &list, &n);
    for (size_t i = 0; status == SN_OK && i < n; i++) {
        sn_json_begin_array(w, 0);
        sn_json_put_text(w, 0, t->vocab.pieces[list[i].left]);
        sn_json_put_text(w, 0, t->vocab.pieces[list[i].right]);
        sn_json_end(w);
    }
    sn_free(list);
    return status;
}

/* ---- Byte level ---- */

static void put_byte_steps(sn_json_out *w, const sn_pre_def *pre) {
    sn_json_put_null(w, "normalizer");
    put_type(w, "pre_tokenizer", "Sequence");
    sn_json_begin_array(w, "pretokenizers");
    for (int i = 0; pre->patterns[i]; i++) {
        put_type(w, 0, "Split");
        put_pattern(w, "Regex", sn_text_of(pre->patterns[i]));
        sn_json_put_string(w, "behavior", sn_split_mode_names()[SN_SPLIT_ISOLATED]);
        sn_json_put_bool(w, "invert", false);
        sn_json_end(w);
    }
    put_bytelevel(w, 0);
    sn_json_end(w);
    sn_json_end(w);
    put_bytelevel(w, "decoder");
}

/* ---- The rest ---- */

static void put_added(sn_json_out *w, const sn_tokenizer *t) {
    sn_json_begin_array(w, "added_tokens");
    for (int32_t id = 0; id < t->vocab.n; id++) {
        sn_token_type type = t->vocab.types[id];
        if (type != SN_TOKEN_CONTROL && type != SN_TOKEN_UNKNOWN && type != SN_TOKEN_USER) continue;
        sn_json_begin_object(w, 0);
        sn_json_put_i64(w, "id", id);
        sn_json_put_text(w, "content", t->vocab.pieces[id]);
        sn_json_put_bool(w, "single_word", false);
        sn_json_put_bool(w, "lstrip", false);
        sn_json_put_bool(w, "rstrip", false);
        sn_json_put_bool(w, "normalized", false);
        sn_json_put_bool(w, "special", type != SN_TOKEN_USER);
        sn_json_end(w);
    }
    sn_json_end(w);
}

static void put_token_part(sn_json_out *w, sn_text name) {
    sn_json_begin_object(w, 0);
    sn_json_begin_object(w, "SpecialToken");
    sn_json_put_text(w, "id", name);
    sn_json_put_i64(w, "type_id", 0);
    sn_json_end(w);
    sn_json_end(w);
}

static void put_text_part(sn_json_out *w, const char *which) {
    sn_json_begin_object(w, 0);
    sn_json_begin_object(w, "Sequence");
    sn_json_put_string(w, "id", which);
    sn_json_put_i64(w, "type_id", 0);
    sn_json_end(w);
    sn_json_end(w);
}

static void put_special(sn_json_out *w, const sn_tokenizer *t, int32_t id) {
    sn_text name = t->vocab.pieces[id];
    sn_json_begin_object(w, name.data);
    sn_json_put_text(w, "id", name);
    sn_json_begin_array(w, "ids");
    sn_json_put_i64(w, 0, id);
    sn_json_end(w);
    sn_json_begin_array(w, "tokens");
    sn_json_put_text(w, 0, name);
    sn_json_end(w);
    sn_json_end(w);
}

/* prefix text suffix; the pair form puts the second text behind the first. */
static void put_post(sn_json_out *w, const sn_tokenizer *t) {
    if (t->n_prefix + t->n_suffix == 0) {
        sn_json_put_null(w, "post_processor");
        return;
    }
    put_type(w, "post_processor", "TemplateProcessing");
    for (int two = 0; two < 2; two++) {
        sn_json_begin_array(w, two ? "pair" : "single");
        for (int i = 0; i < t->n_prefix; i++) put_token_part(w, t->vocab.pieces[t->prefix[i]]);
        put_text_part(w, "A");
        if (two) put_text_part(w, "B");
        for (int i = 0; i < t->n_suffix; i++) put_token_part(w, t->vocab.pieces[t->suffix[i]]);
        sn_json_end(w);
    }
    sn_json_begin_object(w, "special_tokens");
    for (int i = 0; i < t->n_prefix; i++) put_special(w, t, t->prefix[i]);
    for (int i = 0; i < t->n_suffix; i++)
        if (t->n_prefix == 0 || t->suffix[i] != t->prefix[0]) put_special(w, t, t->suffix[i]);
    sn_json_end(w);
    sn_json_end(w);
}

/* The format has no types: control and byte tokens get a score that keeps them from being found in a text. */
static void put_unigram(sn_json_out *w, const sn_tokenizer *t) {
    put_type(w, "model", "Unigram");
    sn_json_put_i64(w, "unk_id", t->model.unk);
    sn_json_begin_array(w, "vocab");
    for (int32_t id = 0; id < t->vocab.n; id++) {
        sn_json_begin_array(w, 0);
        sn_json_put_text(w, 0, t->vocab.pieces[id]);
        bool text = t->vocab.types[id] == SN_TOKEN_NORMAL || t->vocab.types[id] == SN_TOKEN_USER;
        sn_json_put_f64(w, 0, text ? t->vocab.scores[id] : UNREACHABLE);
        sn_json_end(w);
    }
    sn_json_end(w);
    sn_json_put_bool(w, "byte_fallback", t->model.byte_fallback);
    sn_json_end(w);
}

static sn_status put_pair_model(sn_json_out *w, const sn_tokenizer *t, const sn_vocab_export *e, bool spaces) {
    /* Merges made of ranks reach every token: whether whole words are looked up first is as the name has it. */
    const sn_pre_def *pre = sn_find_pre(e->pre);
    bool whole = pre && t->model.ranks ? pre->flags & SN_PRE_IGNORE_MERGES : t->model.ignore_merges;
    put_type(w, "model", "BPE");
    sn_json_put_null(w, "dropout");
    if (t->model.unk >= 0)
        sn_json_put_text(w, "unk_token", t->vocab.pieces[t->model.unk]);
    else
        sn_json_put_null(w, "unk_token");
    sn_json_put_bool(w, "fuse_unk", t->model.fuse_unk);
    sn_json_put_bool(w, "byte_fallback", t->model.byte_fallback && !t->source.byte_offset);
    sn_json_put_bool(w, "ignore_merges", whole);
    sn_json_begin_object(w, "vocab");
    for (int32_t id = 0; id < t->vocab.n; id++) {
        sn_text piece = t->vocab.pieces[id];
        if (!piece.data || sn_vocab_find(&t->vocab, piece.data, piece.size) != id) continue; /* a repeated piece */
        sn_json_put_i64(w, piece.data, id);
    }
    sn_json_end(w);
    sn_json_begin_array(w, "merges");
    sn_status status = SN_OK;
    if (spaces && t->model.ranks)
        status = put_pairs(w, t);
    else
        for (int64_t i = 0; i < e->n_merges; i++) sn_json_put_text(w, 0, e->merges[i]);
    sn_json_end(w);
    sn_json_end(w);
    return status;
}

static sn_status write_out(sn_json_out *w, const char *path) {
    sn_text text;
    SN_TRY(sn_json_finish(w, &text));
    return sn_file_write(path, text.data, text.size);
}

static sn_status write_parts(const sn_tokenizer *t, const sn_vocab_export *e, const char *path) {
    bool unigram = strcmp(e->model, "t5") == 0, spaces = unigram || strcmp(e->model, "llama") == 0;
    sn_status status = SN_OK;
    sn_json_out w = {.lines = 2};
    sn_json_begin_object(&w, 0);
    sn_json_put_string(&w, "version", "1.0");
    sn_json_put_null(&w, "truncation");
    sn_json_put_null(&w, "padding");
    put_added(&w, t);
    if (spaces)
        put_space_steps(&w, e->add_space_prefix);
    else
        put_byte_steps(&w, sn_find_pre(e->pre));
    put_post(&w, t);
    if (unigram)
        put_unigram(&w, t);
    else
        status = put_pair_model(&w, t, e, spaces);
    sn_json_end(&w);
    if (status == SN_OK) status = write_out(&w, path);
    sn_json_out_free(&w);
    return status;
}

/* Unigram with SentencePiece's own normalizers is left to the file it came from. */
static bool can_be_json(const sn_tokenizer *t, const sn_vocab_export *e) {
    const sn_pre_def *pre = sn_find_pre(e->pre);
    if (strcmp(e->model, "t5") == 0) return !t->source.charsmap.size && !t->source.remove_extra_spaces;
    return strcmp(e->model, "llama") == 0 || (pre && !(pre->flags & SN_PRE_RAW_TEXT));
}

/* As tokenizer.json where the path is given; without one only whether that can be. */
static sn_status make_json(const sn_tokenizer *t, const char *path) {
    sn_vocab_export e;
    SN_TRY(sn_vocab_export_make(t, 0, &e));
    sn_status status = SN_OK;
    if (!can_be_json(t, &e))
        status = sn_fail(SN_ERR_UNSUPPORTED, "tokenizer export: this %s vocabulary cannot be written as tokenizer.json",
                         e.model);
    else if (path)
        status = write_parts(t, &e, path);
    sn_vocab_export_free(&e);
    return status;
}

sn_status sn_tokenizer_write_json(const sn_tokenizer *t, const char *path) {
    if (t->source.json.size) return sn_file_write(path, t->source.json.data, t->source.json.size);
    return make_json(t, path);
}

static sn_status write_config(const sn_tokenizer *t, const char *class, const char *path) {
    const struct {
        const char *key;
        int32_t id;
    } names[] = {{"bos_token", t->bos}, {"eos_token", t->eos}, {"unk_token", t->unk}, {"pad_token", t->pad}};
    sn_json_out w = {.lines = 1};
    sn_json_begin_object(&w, 0);
    sn_json_put_string(&w, "tokenizer_class", class);
    sn_json_put_bool(&w, "clean_up_tokenization_spaces", false);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].id >= 0)
            sn_json_put_text(&w, names[i].key, t->vocab.pieces[names[i].id]);
        else
            sn_json_put_null(&w, names[i].key); /* so that no usual name is taken for it */
    if (t->source.byte_offset) sn_json_put_i64(&w, SN_KEY_BYTE_OFFSET, t->source.byte_offset);
    if (t->chat_template) sn_json_put_string(&w, "chat_template", t->chat_template);
    sn_json_end(&w);
    sn_status status = write_out(&w, path);
    sn_json_out_free(&w);
    return status;
}

static sn_status path_in(const char *folder, const char *name, char *path, size_t size) {
    int n = snprintf(path, size, "%s/%s", folder, name);
    if (n > 0 && (size_t)n < size) return SN_OK;
    return sn_fail(SN_ERR_ARGUMENT, "%s: the path is too long", folder);
}

/* A .model with rules that tokenizer.json has no words for is kept as it came. */
static bool kept_as_model(const sn_tokenizer *t) {
    return !t->source.json.size && t->source.spm.size && make_json(t, NULL) == SN_ERR_UNSUPPORTED;
}

sn_status sn_tokenizer_check_folder(const sn_tokenizer *t) {
    return t->source.json.size || t->source.spm.size ? SN_OK : make_json(t, NULL);
}

sn_status sn_tokenizer_write_folder(const sn_tokenizer *t, const char *folder) {
    char path[4096];
    bool model = kept_as_model(t);
    SN_TRY(path_in(folder, model ? "tokenizer.model" : "tokenizer.json", path, sizeof path));
    SN_TRY(model ? sn_file_write(path, t->source.spm.data, t->source.spm.size) : sn_tokenizer_write_json(t, path));
    SN_TRY(path_in(folder, "tokenizer_config.json", path, sizeof path));
    bool unigram = t->model.def == &sn_token_unigram;
    return write_config(t, !model ? "PreTrainedTokenizerFast" : unigram ? "T5Tokenizer" : "LlamaTokenizer", path);
}
