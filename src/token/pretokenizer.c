/* Pre-tokenizers: cut the text into the pieces that the model sees one by one. */
#include "base/error.h"
#include "token/bytelevel.h"
#include "token/parts.h"
#include "token/unicode.h"

#include <string.h>

static const char *const prepend_names[] = {"always", "first", "never", 0};

static bool starts_with(sn_text text, sn_text prefix) {
    return text.size >= prefix.size && memcmp(text.data, prefix.data, prefix.size) == 0;
}

/* ---- Patterns ---- */

static sn_status parse_split(sn_tokenizer *t, const sn_json *o, sn_step *step) {
    SN_TRY(sn_parse_pattern(t, o, step));
    SN_TRY(sn_parse_choice(o, "behavior", sn_split_mode_names(), -1, &step->mode));
    return sn_parse_flag(o, "invert", false, SN_STEP_INVERT, step);
}
static sn_status split(const sn_step *step, sn_scratch *s, sn_text piece, sn_pieces *out) {
    sn_finder finder = {.regex = step->regex, .literal = step->text};
    return sn_split(&finder, s, (sn_split_mode)step->mode, step->flags & SN_STEP_INVERT, piece, out);
}

static sn_status parse_delimiter(sn_tokenizer *t, const sn_json *o, sn_step *step) {
    step->mode = SN_SPLIT_REMOVED;
    return sn_parse_text(t, o, "delimiter", 0, &step->text);
}

/* The words of Rust's \w, which has the joiners too, and what is neither word nor space. */
#define RUST_WORD "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\x{200C}\\x{200D}"

static sn_status parse_words(sn_tokenizer *t, const sn_json *o, sn_step *step) {
    (void)t, (void)o;
    step->mode = SN_SPLIT_REMOVED;
    step->flags = SN_STEP_INVERT;
    return sn_regex_new(SN_TEXT("[" RUST_WORD "]+|[^" RUST_WORD "\\s]+"), &step->regex);
}

/* ---- Character classes ---- */

static sn_status whitespace_split(const sn_step *step, sn_scratch *s, sn_text piece, sn_pieces *out) {
    (void)step;
    return sn_split(&(sn_finder){.is = sn_is_space}, s, SN_SPLIT_REMOVED, false, piece, out);
}

static sn_status bert(const sn_step *step, sn_scratch *s, sn_text piece, sn_pieces *out) {
    sn_pieces words = {0};
    sn_status status = whitespace_split(step, s, piece, &words);
    for (size_t i = 0, start = 0; status == SN_OK && i < words.n; start = words.ends[i++]) {
        sn_text word = {words.text.data + start, words.ends[i] - start};
        s->head = words.head > start ? words.head - start : 0;
        status = sn_split(&(sn_finder){.is = sn_is_punctuation}, s, SN_SPLIT_ISOLATED, false, word, out);
    }
    sn_pieces_free(&words);
    return status;
}

static sn_status parse_digits(sn_tokenizer *t, const sn_json *o, sn_step *step) {
    (void)t;
    return sn_parse_flag(o, "individual_digits", false, SN_STEP_INDIVIDUAL, step);
}
static sn_status digits(const sn_step *step, sn_scratch *s, sn_text piece, sn_pieces *out) {
    sn_split_mode mode = step->flags & SN_STEP_INDIVIDUAL ? SN_SPLIT_ISOLATED : SN_SPLIT_CONTIGUOUS;
    return sn_split(&(sn_finder){.is = sn_is_numeric}, s, mode, false, piece, out);
}

static sn_status parse_punctuation(sn_tokenizer *t, const sn_json *o, sn_step *step) {
    (void)t;
    return sn_parse_choice(o, "behavior", sn_split_mode_names(), SN_SPLIT_ISOLATED, &step->mode);
}
static sn_status punctuation(const sn_step *step, sn_scratch *s, sn_text piece, sn_pieces *out) {
    return sn_split(&(sn_finder){.is = sn_is_punctuation}, s, (sn_split_mode)step->mode, false, piece, out);
}

/* ---- Marked spaces ---- */

static sn_status parse_metaspace(sn_tokenizer *t, const sn_json *o, sn_step *step) {
    bool prefix = true, found = false;
    SN_TRY(sn_parse_text(t, o, "replacement", 0, &step->text));
    SN_TRY(sn_json_get_bool(o, "add_prefix_space", &prefix, &found)); /* the older spelling */
    SN_TRY(sn_parse_choice(o, "prepend_scheme", prepend_names, prefix ? SN_PREPEND_ALWAYS : SN_PREPEND_NEVER,
                           &step->mode));
    t->needs_head |= step->mode == SN_PREPEND_FIRST;
    return sn_parse_flag(o, "split", true, SN_STEP_SPLIT, step);
}
static sn_status metaspace(const sn_step *step, sn_scratch *s, sn_text piece, sn_pieces *out) {
    sn_buf marked = {0};
    bool prefix = step->mode == SN_PREPEND_ALWAYS || (step->mode == SN_PREPEND_FIRST && s->head > 0);
    bool has_it = starts_with(piece, step->text) || starts_with(piece, SN_TEXT(" "));
    sn_status status = prefix && !has_it ? sn_buf_append(&marked, step->text.data, step->text.size) : SN_OK;
    if (status == SN_OK) status = sn_replace_all(&(sn_finder){.literal = SN_TEXT(" ")}, s, step->text, piece, &marked);
    sn_text text = {marked.data, marked.size};
    if (status == SN_OK)
        status = step->flags & SN_STEP_SPLIT
                     ? sn_split(&(sn_finder){.literal = step->text}, s, SN_SPLIT_WITH_NEXT, false, text, out)
                     : sn_pieces_add(out, text.data, text.size);
    sn_buf_free(&marked);
    return status;
}

/* ---- Bytes as characters ---- */

static sn_status parse_bytelevel(sn_tokenizer *t, const sn_json *o, sn_step *step) {
    (void)t;
    SN_TRY(sn_parse_flag(o, "add_prefix_space", true, SN_STEP_PREFIX, step));
    SN_TRY(sn_parse_flag(o, "use_regex", true, SN_STEP_REGEX, step));
    return step->flags & SN_STEP_REGEX ? sn_regex_new(SN_TEXT(SN_GPT2_PATTERN), &step->regex) : SN_OK;
}
static sn_status bytelevel(const sn_step *step, sn_scratch *s, sn_text piece, sn_pieces *out) {
    sn_buf prefixed = {0};
    sn_status status = SN_OK;
    if (step->flags & SN_STEP_PREFIX && !starts_with(piece, SN_TEXT(" "))) {
        status = sn_buf_append(&prefixed, " ", 1);
        if (status == SN_OK) status = sn_buf_append(&prefixed, piece.data, piece.size);
        piece = (sn_text){prefixed.data, prefixed.size};
    }
    sn_pieces cut = {0};
    if (status == SN_OK)
        status = step->regex ? sn_split(&(sn_finder){.regex = step->regex}, s, SN_SPLIT_ISOLATED, false, piece, &cut)
                             : sn_pieces_add(&cut, piece.data, piece.size);
    for (size_t i = 0, start = 0; status == SN_OK && i < cut.n; start = cut.ends[i++]) {
        status = sn_bytes_to_characters((sn_text){cut.text.data + start, cut.ends[i] - start}, &out->text);
        if (status == SN_OK) status = sn_pieces_end(out);
    }
    sn_pieces_free(&cut);
    sn_buf_free(&prefixed);
    return status;
}

static const sn_pretokenizer_def pretokenizers[] = {
    {"Split", parse_split, split},
    {"CharDelimiterSplit", parse_delimiter, split},
    {"Whitespace", parse_words, split},
    {"WhitespaceSplit", 0, whitespace_split},
    {"BertPreTokenizer", 0, bert},
    {"Digits", parse_digits, digits},
    {"Punctuation", parse_punctuation, punctuation},
    {"Metaspace", parse_metaspace, metaspace},
    {"ByteLevel", parse_bytelevel, bytelevel},
};

const sn_pretokenizer_def *sn_find_pretokenizer(const char *name) {
    for (size_t i = 0; i < sizeof pretokenizers / sizeof pretokenizers[0]; i++)
        if (strcmp(pretokenizers[i].name, name) == 0) return &pretokenizers[i];
    return 0;
}
