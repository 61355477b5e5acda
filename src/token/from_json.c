/* tokenizer.json as data: every part by its "type" in the tables, anything else refused by name. */
#include "base/alloc.h"
#include "base/error.h"
#include "token/from_files.h"
#include "token/parts.h"

#include <math.h>
#include <string.h>

enum { MAX_NESTING = 8 };

static sn_status unsupported(const char *what, sn_text type) {
    return sn_fail(SN_ERR_UNSUPPORTED, "tokenizer.json: %s \"%.*s\" is not supported", what, (int)type.size, type.data);
}

/* ---- Step lists ---- */

typedef enum list_kind { NORMALIZER, PRETOKENIZER, DECODER } list_kind;

static const struct {
    const char *what, *members;
} lists[] = {{"normalizer", "normalizers"}, {"pre_tokenizer", "pretokenizers"}, {"decoder", "decoders"}};

static sn_status add_step(sn_tokenizer *t, list_kind kind, sn_text type, const sn_json *o) {
    sn_step *step = 0;
    sn_status (*parse)(sn_tokenizer *, const sn_json *, sn_step *) = 0;
    if (type.size && type.data[0] == '(') return unsupported(lists[kind].what, type); /* names of our own */
    if (kind == NORMALIZER) {
        const sn_normalizer_def *def = sn_find_normalizer(type.data);
        if (!def) return unsupported(lists[kind].what, type);
        SN_TRY(sn_add_normalizer(t, def, &step));
        parse = def->parse;
    } else if (kind == PRETOKENIZER) {
        const sn_pretokenizer_def *def = sn_find_pretokenizer(type.data);
        if (!def) return unsupported(lists[kind].what, type);
        SN_TRY(sn_add_pretokenizer(t, def, &step));
        parse = def->parse;
    } else {
        const sn_decoder_def *def = sn_find_decoder(type.data);
        if (!def) return unsupported(lists[kind].what, type);
        SN_TRY(sn_add_decoder(t, def, &step));
        parse = def->parse;
    }
    return parse ? parse(t, o, step) : SN_OK;
}

/* A part, or a Sequence of parts: sequences in sequences are one flat list. */
static sn_status add_steps(sn_tokenizer *t, list_kind kind, const sn_json *o, int depth) {
    sn_text type;
    if (!o || o->kind == SN_JSON_NULL) return SN_OK;
    if (depth > MAX_NESTING) return sn_fail(SN_ERR_LIMIT, "tokenizer.json: %s: nested too deep", lists[kind].what);
    SN_TRY(sn_json_get_text(o, "type", &type, 0));
    if (!sn_text_is(type, "Sequence")) return add_step(t, kind, type, o);
    const sn_json *items;
    SN_TRY(sn_json_get_array(o, lists[kind].members, &items, 0));
    for (int64_t i = 0; i < items->count; i++) SN_TRY(add_steps(t, kind, &items->items[i], depth + 1));
    return SN_OK;
}

/* ---- Vocabulary ---- */

static sn_status count_ids(const sn_json *ids, int64_t *top) {
    for (int64_t i = 0; i < ids->count; i++) {
        const sn_json *id = &ids->items[i];
        if (id->kind != SN_JSON_INTEGER || id->integer < 0)
            return sn_fail(SN_ERR_FORMAT, "tokenizer.json: token \"%.*s\": its id is not a number from 0",
                           (int)ids->keys[i].size, ids->keys[i].data);
        *top = id->integer > *top ? id->integer : *top;
    }
    return SN_OK;
}

static sn_status count_added(const sn_json *added, int64_t *top) {
    for (int64_t i = 0; added && i < added->count; i++) {
        int64_t id;
        SN_TRY(sn_json_get_i64(&added->items[i], "id", &id, 0));
        if (id < 0) return sn_fail(SN_ERR_FORMAT, "tokenizer.json: an added token has the id %lld", (long long)id);
        *top = id > *top ? id : *top;
    }
    return SN_OK;
}

/* The table for all ids of the model and the added tokens. A file of few tokens cannot ask for a huge one. */
static sn_status make_table(sn_tokenizer *t, int64_t n_given, int64_t top) {
    if (top > 4 * n_given + 65536)
        return sn_fail(SN_ERR_LIMIT, "tokenizer.json: token id %lld among %lld tokens", (long long)top,
                       (long long)n_given);
    return sn_vocab_init(&t->vocab, &t->arena, top + 1);
}

static sn_status read_id_map(sn_tokenizer *t, const sn_json *vocab, const sn_json *added) {
    int64_t top = -1;
    SN_TRY(count_ids(vocab, &top));
    SN_TRY(count_added(added, &top));
    SN_TRY(make_table(t, vocab->count + (added ? added->count : 0), top));
    for (int64_t i = 0; i < vocab->count; i++)
        SN_TRY(
            sn_vocab_set(&t->vocab, &t->arena, (int32_t)vocab->items[i].integer, vocab->keys[i], 0, SN_TOKEN_NORMAL));
    return SN_OK;
}

/* Unigram's list of [piece, score]. */
static sn_status read_scores(sn_tokenizer *t, const sn_json *vocab, const sn_json *added) {
    int64_t top = vocab->count - 1;
    SN_TRY(count_added(added, &top));
    SN_TRY(make_table(t, vocab->count + (added ? added->count : 0), top));
    for (int64_t i = 0; i < vocab->count; i++) {
        const sn_json *pair = &vocab->items[i];
        bool good = pair->kind == SN_JSON_ARRAY && pair->count == 2 && pair->items[0].kind == SN_JSON_STRING &&
                    (pair->items[1].kind == SN_JSON_REAL || pair->items[1].kind == SN_JSON_INTEGER) &&
                    isfinite(pair->items[1].real);
        if (!good)
            return sn_fail(SN_ERR_FORMAT, "tokenizer.json: vocab entry %lld is not [piece, score]", (long long)i);
        SN_TRY(
            sn_vocab_set(&t->vocab, &t->arena, (int32_t)i, pair->items[0].text, pair->items[1].real, SN_TOKEN_NORMAL));
    }
    return SN_OK;
}

/* ---- Models ---- */

static sn_status read_unk(sn_tokenizer *t, const sn_json *o) {
    sn_text unk;
    bool found = false;
    SN_TRY(sn_json_get_text(o, "unk_token", &unk, &found));
    if (found) t->model.unk = t->unk = sn_vocab_find(&t->vocab, unk.data, unk.size);
    return SN_OK;
}

static sn_status merge_pair(const sn_json *m, int64_t i, sn_text *left, sn_text *right) {
    if (m->kind == SN_JSON_ARRAY && m->count == 2 && m->items[0].kind == SN_JSON_STRING &&
        m->items[1].kind == SN_JSON_STRING) {
        *left = m->items[0].text, *right = m->items[1].text;
        return SN_OK;
    }
    const char *blank = m->kind == SN_JSON_STRING ? memchr(m->text.data, ' ', m->text.size) : 0;
    if (!blank) return sn_fail(SN_ERR_FORMAT, "tokenizer.json: merge %lld is not a pair", (long long)i);
    size_t n = (size_t)(blank - m->text.data);
    *left = (sn_text){m->text.data, n}, *right = (sn_text){blank + 1, m->text.size - n - 1};
    return SN_OK;
}

static sn_status read_merge(sn_tokenizer *t, const sn_json *m, int64_t i, sn_buf *joined) {
    sn_text left = {0}, right = {0}, *kept = &t->source.merges[i];
    SN_TRY(merge_pair(m, i, &left, &right));
    int32_t a = sn_vocab_find(&t->vocab, left.data, left.size), b = sn_vocab_find(&t->vocab, right.data, right.size);
    joined->size = 0;
    SN_TRY(sn_buf_append(joined, left.data, left.size));
    SN_TRY(sn_buf_append(joined, " ", 1));
    SN_TRY(sn_buf_append(joined, right.data, right.size));
    SN_TRY(sn_tokenizer_keep(t, (sn_text){joined->data, joined->size}, kept));
    size_t skip = t->model.continuing_prefix.size < right.size ? t->model.continuing_prefix.size : right.size;
    joined->size = left.size;
    SN_TRY(sn_buf_append(joined, right.data + skip, right.size - skip));
    int32_t id = sn_vocab_find(&t->vocab, joined->data, joined->size);
    if (a < 0 || b < 0 || id < 0)
        return sn_fail(SN_ERR_FORMAT,
                       "tokenizer.json: merge %lld (\"%.*s\") is of or to a piece that is not in the vocabulary",
                       (long long)i, (int)kept->size, kept->data);
    sn_merges_put(&t->model.merges, (sn_merge){a, b, (uint32_t)i, id}, true);
    return SN_OK;
}

static sn_status bool_member(const sn_json *o, const char *key, bool *out) {
    bool found = false;
    return sn_json_get_bool(o, key, out, &found);
}

static sn_status read_bpe(sn_tokenizer *t, const sn_json *o, const sn_json *added) {
    const sn_json *vocab, *merges;
    double dropout = 0;
    bool found = false, fallback = false;
    SN_TRY(sn_json_get_f64(o, "dropout", &dropout, &found));
    if (dropout > 0)
        return sn_fail(SN_ERR_UNSUPPORTED, "tokenizer.json: BPE with dropout %g is not supported", dropout);
    SN_TRY(sn_json_get_object(o, "vocab", &vocab, 0));
    SN_TRY(sn_json_get_array(o, "merges", &merges, 0));
    SN_TRY(read_id_map(t, vocab, added));
    SN_TRY(read_unk(t, o));
    SN_TRY(bool_member(o, "fuse_unk", &t->model.fuse_unk));
    SN_TRY(bool_member(o, "byte_fallback", &fallback));
    SN_TRY(bool_member(o, "ignore_merges", &t->model.ignore_merges));
    if (fallback) sn_tokenizer_find_bytes(t);
    SN_TRY(sn_parse_text(t, o, "continuing_subword_prefix", "", &t->model.continuing_prefix));
    SN_TRY(sn_parse_text(t, o, "end_of_word_suffix", "", &t->model.suffix));
    SN_TRY(sn_merges_init(&t->model.merges, &t->arena, merges->count));
    t->source.merges = sn_arena_array(&t->arena, (size_t)merges->count + 1, sizeof(sn_text));
    if (!t->source.merges) return sn_fail_memory("merges");
    sn_buf joined = {0};
    sn_status status = SN_OK;
    for (int64_t i = 0; i < merges->count && status == SN_OK; i++)
        status = read_merge(t, &merges->items[i], i, &joined);
    sn_buf_free(&joined);
    t->source.n_merges = merges->count;
    t->model.def = &sn_token_bpe;
    t->kind = "bpe";
    return status;
}

static sn_status read_unigram(sn_tokenizer *t, const sn_json *o, const sn_json *added) {
    const sn_json *vocab;
    int64_t unk = -1;
    bool found = false, fallback = false;
    SN_TRY(sn_json_get_array(o, "vocab", &vocab, 0));
    SN_TRY(read_scores(t, vocab, added));
    SN_TRY(sn_json_get_i64(o, "unk_id", &unk, &found));
    if (unk >= vocab->count) return sn_fail(SN_ERR_FORMAT, "tokenizer.json: unk_id %lld is no token", (long long)unk);
    t->unk = t->model.unk = (int32_t)unk;
    SN_TRY(bool_member(o, "byte_fallback", &fallback));
    if (fallback) sn_tokenizer_find_bytes(t);
    t->kind = "unigram";
    SN_TRY(sn_tokenizer_make_unigram(t)); /* with the bytes: the package takes their names written out for them */
    for (int i = 0; fallback && i < 256; i++)
        if (t->model.bytes[i] >= 0) t->vocab.types[t->model.bytes[i]] = SN_TOKEN_BYTE;
    return SN_OK;
}

static sn_status read_wordpiece(sn_tokenizer *t, const sn_json *o, const sn_json *added) {
    const sn_json *vocab;
    bool found = false;
    SN_TRY(sn_json_get_object(o, "vocab", &vocab, 0));
    SN_TRY(read_id_map(t, vocab, added));
    SN_TRY(read_unk(t, o));
    SN_TRY(sn_parse_text(t, o, "continuing_subword_prefix", "##", &t->model.continuing_prefix));
    t->model.max_chars = 100;
    SN_TRY(sn_json_get_i64(o, "max_input_chars_per_word", &t->model.max_chars, &found));
    t->model.def = &sn_token_wordpiece;
    t->kind = "wordpiece";
    return SN_OK;
}

static sn_status read_wordlevel(sn_tokenizer *t, const sn_json *o, const sn_json *added) {
    const sn_json *vocab;
    SN_TRY(sn_json_get_object(o, "vocab", &vocab, 0));
    SN_TRY(read_id_map(t, vocab, added));
    SN_TRY(read_unk(t, o));
    t->model.def = &sn_token_wordlevel;
    t->kind = "wordlevel";
    return SN_OK;
}

static const struct {
    const char *type, *mark; /* mark: a member that tells the type where "type" is absent, as in old files */
    sn_status (*read)(sn_tokenizer *t, const sn_json *o, const sn_json *added);
} models[] = {{"BPE", "merges", read_bpe},
              {"WordPiece", "max_input_chars_per_word", read_wordpiece},
              {"Unigram", "unk_id", read_unigram},
              {"WordLevel", "vocab", read_wordlevel}};

static sn_status read_model(sn_tokenizer *t, const sn_json *o, const sn_json *added) {
    sn_text type = {0};
    bool found = false;
    SN_TRY(sn_json_get_text(o, "type", &type, &found));
    for (size_t i = 0; i < sizeof models / sizeof models[0]; i++)
        if (found ? sn_text_is(type, models[i].type) : sn_json_get(o, models[i].mark) != 0)
            return models[i].read(t, o, added);
    return unsupported("model", found ? type : SN_TEXT("(without a type)"));
}

/* ---- Added tokens ---- */

static sn_status flag(const sn_json *o, const char *key, bool fallback, bool *out) {
    *out = fallback;
    return bool_member(o, key, out);
}

static sn_status read_added_token(sn_tokenizer *t, const sn_json *o, sn_added_token *out) {
    int64_t id;
    sn_text content;
    SN_TRY(sn_json_get_i64(o, "id", &id, 0));
    SN_TRY(sn_json_get_text(o, "content", &content, 0));
    SN_TRY(flag(o, "special", false, &out->special));
    SN_TRY(flag(o, "lstrip", false, &out->lstrip));
    SN_TRY(flag(o, "rstrip", false, &out->rstrip));
    SN_TRY(flag(o, "single_word", false, &out->single_word));
    SN_TRY(flag(o, "normalized", !out->special, &out->normalized));
    out->id = sn_vocab_find(&t->vocab, content.data, content.size); /* the model's own id goes first */
    if (out->id < 0) {
        out->id = (int32_t)id;
        SN_TRY(sn_vocab_set(&t->vocab, &t->arena, out->id, content, 0, SN_TOKEN_NORMAL));
        t->vocab.outside[out->id] = true;
    }
    t->vocab.types[out->id] = out->special ? SN_TOKEN_CONTROL : SN_TOKEN_USER;
    out->content = t->vocab.pieces[out->id];
    if (!out->normalized) return SN_OK;
    SN_TRY(sn_tokenizer_normalize(t, out->content, &out->content));
    t->vocab.spoken[out->id] = out->content; /* decoded as it is matched */
    return SN_OK;
}

static sn_status read_added(sn_tokenizer *t, const sn_json *added) {
    if (!added || added->count == 0) return SN_OK;
    t->vocab.outside = sn_arena_array(&t->arena, (size_t)t->vocab.n, sizeof *t->vocab.outside);
    t->vocab.spoken = sn_arena_array(&t->arena, (size_t)t->vocab.n, sizeof *t->vocab.spoken);
    if (!t->vocab.outside || !t->vocab.spoken) return sn_fail_memory("added tokens");
    t->raw.pass_special = t->normalized.pass_special = true;
    sn_added_token *tokens = sn_calloc((size_t)added->count + 1, sizeof *tokens);
    if (!tokens) return sn_fail_memory("added tokens");
    sn_status status = SN_OK;
    for (int64_t i = 0; i < added->count && status == SN_OK; i++)
        status = read_added_token(t, &added->items[i], &tokens[i]);
    if (status == SN_OK) status = sn_tokenizer_set_added(t, tokens, (int)added->count);
    sn_free(tokens);
    return status;
}

/* ---- Post-processor: ids before and after the text ---- */

static sn_status put_around(sn_tokenizer *t, bool after, int64_t id) {
    int *n = after ? &t->n_suffix : &t->n_prefix;
    if (id < 0 || id >= t->vocab.n)
        return sn_fail(SN_ERR_FORMAT, "tokenizer.json: post_processor: %lld is no token", (long long)id);
    if (*n == SN_MAX_POST)
        return sn_fail(SN_ERR_LIMIT, "tokenizer.json: post_processor: more than %d tokens", SN_MAX_POST);
    (after ? t->suffix : t->prefix)[(*n)++] = (int32_t)id;
    return SN_OK;
}

static sn_status put_special(sn_tokenizer *t, const sn_json *specials, const sn_json *item, bool after) {
    sn_text name;
    const sn_json *ids;
    SN_TRY(sn_json_get_text(item, "id", &name, 0));
    const sn_json *special = specials ? sn_json_find(specials, name) : 0;
    if (!special)
        return sn_fail(SN_ERR_FORMAT, "tokenizer.json: post_processor: \"%.*s\" is not defined", (int)name.size,
                       name.data);
    SN_TRY(sn_json_get_array(special, "ids", &ids, 0));
    for (int64_t i = 0; i < ids->count; i++)
        SN_TRY(put_around(t, after, ids->items[i].kind == SN_JSON_INTEGER ? ids->items[i].integer : -1));
    return SN_OK;
}

static sn_status read_template(sn_tokenizer *t, const sn_json *o) {
    const sn_json *single, *specials = 0;
    bool found = false, after = false;
    SN_TRY(sn_json_get_array(o, "single", &single, 0));
    SN_TRY(sn_json_get_object(o, "special_tokens", &specials, &found));
    for (int64_t i = 0; i < single->count; i++) {
        const sn_json *special = sn_json_get(&single->items[i], "SpecialToken");
        if (special)
            SN_TRY(put_special(t, specials, special, after));
        else if (sn_json_get(&single->items[i], "Sequence") && !after)
            after = true;
        else
            return sn_fail(SN_ERR_UNSUPPORTED,
                           "tokenizer.json: post_processor: a template with the text more than once");
    }
    return after ? SN_OK : sn_fail(SN_ERR_UNSUPPORTED, "tokenizer.json: post_processor: a template without the text");
}

/* BertProcessing and RobertaProcessing: "cls": [token, id], "sep": [token, id]. */
static sn_status read_cls_sep(sn_tokenizer *t, const sn_json *o) {
    static const char *const keys[] = {"cls", "sep"};
    for (int i = 0; i < 2; i++) {
        const sn_json *pair;
        SN_TRY(sn_json_get_array(o, keys[i], &pair, 0));
        bool good = pair->count == 2 && pair->items[1].kind == SN_JSON_INTEGER;
        SN_TRY(put_around(t, i == 1, good ? pair->items[1].integer : -1));
    }
    return SN_OK;
}

static sn_status read_post(sn_tokenizer *t, const sn_json *o, int depth) {
    sn_text type;
    const sn_json *items;
    if (!o || o->kind == SN_JSON_NULL) return SN_OK;
    if (depth > MAX_NESTING) return sn_fail(SN_ERR_LIMIT, "tokenizer.json: post_processor: nested too deep");
    SN_TRY(sn_json_get_text(o, "type", &type, 0));
    if (sn_text_is(type, "ByteLevel")) return SN_OK; /* offsets only */
    if (t->n_prefix + t->n_suffix > 0)
        return sn_fail(SN_ERR_UNSUPPORTED, "tokenizer.json: two post_processors that add tokens");
    if (sn_text_is(type, "TemplateProcessing")) return read_template(t, o);
    if (sn_text_is(type, "BertProcessing") || sn_text_is(type, "RobertaProcessing")) return read_cls_sep(t, o);
    if (!sn_text_is(type, "Sequence")) return unsupported("post_processor", type);
    SN_TRY(sn_json_get_array(o, "processors", &items, 0));
    for (int64_t i = 0; i < items->count; i++) SN_TRY(read_post(t, &items->items[i], depth + 1));
    return SN_OK;
}

/* ---- Special ids ---- */

static int32_t first_special(const sn_tokenizer *t, const char *const *names) {
    for (; *names; names++) {
        int32_t id = sn_vocab_find(&t->vocab, *names, strlen(*names));
        if (sn_tokenizer_is_special(t, id)) return id;
    }
    return -1;
}

/* tokenizer.json does not say which tokens these are: the usual names, until a configuration beside it tells. */
static void name_specials(sn_tokenizer *t) {
    static const char *const bos[] = {"<s>",   "<bos>", "<|begin_of_text|>", "<|startoftext|>",
                                      "[BOS]", "[CLS]", "<|endoftext|>",     0};
    static const char *const eos[] = {"</s>",       "<eos>", "<|end_of_text|>", "<|endoftext|>",
                                      "<|im_end|>", "[EOS]", "[SEP]",           0};
    static const char *const pad[] = {"<pad>", "[PAD]", "<|pad|>", 0}, *const sep[] = {"[SEP]", "<sep>", 0};
    static const char *const cls[] = {"[CLS]", "<cls>", 0}, *const mask[] = {"[MASK]", "<mask>", 0};
    t->bos = first_special(t, bos), t->eos = first_special(t, eos), t->pad = first_special(t, pad);
    t->sep = first_special(t, sep), t->cls = first_special(t, cls), t->mask = first_special(t, mask);
}

sn_status sn_tokenizer_fill_json(sn_tokenizer *t, const sn_json *root) {
    const sn_json *model, *added = 0;
    bool found = false;
    SN_TRY(sn_json_get_object(root, "model", &model, 0));
    SN_TRY(sn_json_get_array(root, "added_tokens", &added, &found));
    SN_TRY(read_model(t, model, added));
    SN_TRY(add_steps(t, NORMALIZER, sn_json_get(root, "normalizer"), 0));
    SN_TRY(add_steps(t, PRETOKENIZER, sn_json_get(root, "pre_tokenizer"), 0));
    SN_TRY(add_steps(t, DECODER, sn_json_get(root, "decoder"), 0));
    SN_TRY(read_added(t, added));
    SN_TRY(read_post(t, sn_json_get(root, "post_processor"), 0));
    name_specials(t);
    return SN_OK;
}

/* ---- tokenizer_config.json, special_tokens_map.json ---- */

/* A token is given as its text, as an object with "content", or as null where there is none. */
static void read_name(const sn_tokenizer *t, const sn_json *config, const char *key, int32_t *out) {
    const sn_json *name = sn_json_get(config, key);
    if (name && name->kind == SN_JSON_OBJECT) name = sn_json_get(name, "content");
    if (name && name->kind == SN_JSON_NULL) *out = -1;
    if (!name || name->kind != SN_JSON_STRING) return;
    int32_t id = sn_vocab_find(&t->vocab, name->text.data, name->text.size);
    if (id >= 0) *out = id;
}

/* A text, or a list of named texts of which "default" counts. */
static sn_status read_chat(sn_tokenizer *t, const sn_json *chat) {
    if (!chat || chat->kind == SN_JSON_NULL) return SN_OK;
    if (chat->kind == SN_JSON_STRING) return sn_tokenizer_set_chat(t, chat->text);
    for (int64_t i = 0; chat->kind == SN_JSON_ARRAY && i < chat->count; i++) {
        sn_text name, text;
        SN_TRY(sn_json_get_text(&chat->items[i], "name", &name, 0));
        SN_TRY(sn_json_get_text(&chat->items[i], "template", &text, 0));
        if (sn_text_is(name, "default")) return sn_tokenizer_set_chat(t, text);
    }
    return SN_OK;
}

sn_status sn_tokenizer_read_config(sn_tokenizer *t, const sn_json *config) {
    int64_t offset = 0;
    bool found = false;
    SN_TRY(sn_json_get_i64(config, SN_KEY_BYTE_OFFSET, &offset, &found));
    if (offset < 0 || offset > t->vocab.n)
        return sn_fail(SN_ERR_FORMAT, "tokenizer_config.json: " SN_KEY_BYTE_OFFSET " is %lld", (long long)offset);
    if (offset > 0 && !t->model.byte_fallback) sn_tokenizer_shift_bytes(t, (int32_t)offset);
    read_name(t, config, "bos_token", &t->bos);
    read_name(t, config, "eos_token", &t->eos);
    read_name(t, config, "unk_token", &t->unk);
    read_name(t, config, "pad_token", &t->pad);
    read_name(t, config, "sep_token", &t->sep);
    read_name(t, config, "cls_token", &t->cls);
    read_name(t, config, "mask_token", &t->mask);
    return read_chat(t, sn_json_get(config, "chat_template"));
}
