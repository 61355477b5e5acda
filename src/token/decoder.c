/* Decoders: the stored piece of a token to its text. They work token by token, so that a stream can be decoded; the
 * few whose result would depend on text that is still to come are refused when the tokenizer is read. */
#include "base/error.h"
#include "token/bytelevel.h"
#include "token/parts.h"
#include "token/utf8.h"

#include <string.h>

static bool starts_with(sn_text text, sn_text prefix) {
    return text.size >= prefix.size && memcmp(text.data, prefix.data, prefix.size) == 0;
}
static sn_text drop(sn_text text, size_t n) { return (sn_text){text.data + n, text.size - n}; }

static sn_status bytelevel(const sn_step *step, const sn_decode_place *place, sn_text piece, sn_buf *out) {
    (void)step, (void)place;
    bool mapped;
    SN_TRY(sn_characters_to_bytes(piece, out, &mapped));
    return mapped ? SN_OK : sn_buf_append(out, piece.data, piece.size); /* an added token in plain text */
}

static int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    c |= 32;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}
/* <0xNN> is the byte NN. */
static sn_status byte_fallback(const sn_step *step, const sn_decode_place *place, sn_text piece, sn_buf *out) {
    (void)step, (void)place;
    if (piece.size == 6 && starts_with(piece, SN_TEXT("<0x")) && piece.data[5] == '>') {
        int high = hex_value(piece.data[3]), low = hex_value(piece.data[4]);
        if (high >= 0 && low >= 0) return sn_buf_append(out, &(char){(char)(high * 16 + low)}, 1);
    }
    return sn_buf_append(out, piece.data, piece.size);
}
static sn_status parse_byte_fallback(sn_tokenizer *t, const sn_json *o, sn_step *step) {
    (void)o, (void)step;
    t->lone_bytes = true;
    return SN_OK;
}

static sn_status parse_wordpiece(sn_tokenizer *t, const sn_json *o, sn_step *step) {
    SN_TRY(sn_parse_text(t, o, "prefix", "##", &step->text));
    return sn_parse_flag(o, "cleanup", true, SN_STEP_CLEAN, step);
}

/* Undoes the spaces before punctuation and contractions, in this order. */
static sn_status clean_up(const sn_decode_place *place, sn_text text, sn_buf *out) {
    static const char *const rules[][2] = {{" .", "."},   {" ?", "?"},     {" !", "!"},    {" ,", ","},
                                           {" ' ", "'"},  {" n't", "n't"}, {" 'm", "'m"},  {" do not", " don't"},
                                           {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"}};
    sn_buf a = {0}, b = {0};
    sn_status status = sn_buf_append(&a, text.data, text.size);
    for (size_t i = 0; status == SN_OK && i < sizeof rules / sizeof rules[0]; i++) {
        b.size = 0;
        sn_finder find = {.literal = sn_text_of(rules[i][0])};
        status = sn_replace_all(&find, place->scratch, sn_text_of(rules[i][1]), (sn_text){a.data, a.size}, &b);
        sn_buf swap = a;
        a = b, b = swap;
    }
    if (status == SN_OK) status = sn_buf_append(out, a.data, a.size);
    sn_buf_free(&a);
    sn_buf_free(&b);
    return status;
}

static sn_status wordpiece(const sn_step *step, const sn_decode_place *place, sn_text piece, sn_buf *out) {
    sn_buf spaced = {0};
    bool glued = step->text.size && starts_with(piece, step->text);
    sn_status status = SN_OK;
    if (!place->first && glued) piece = drop(piece, step->text.size);
    if (!place->first && !glued) {
        status = sn_buf_append(&spaced, " ", 1);
        if (status == SN_OK) status = sn_buf_append(&spaced, piece.data, piece.size);
        piece = (sn_text){spaced.data, spaced.size};
    }
    if (status == SN_OK)
        status = step->flags & SN_STEP_CLEAN ? clean_up(place, piece, out) : sn_buf_append(out, piece.data, piece.size);
    sn_buf_free(&spaced);
    return status;
}

/* GGUF's form of WordPiece: a marked piece starts a word. */
static sn_status phantom_space(const sn_step *step, const sn_decode_place *place, sn_text piece, sn_buf *out) {
    sn_buf spaced = {0};
    sn_status status = SN_OK;
    if (starts_with(piece, step->text)) {
        piece = drop(piece, step->text.size);
        if (!place->first) status = sn_buf_append(&spaced, " ", 1);
    }
    if (status == SN_OK) status = sn_buf_append(&spaced, piece.data, piece.size);
    if (status == SN_OK) status = clean_up(place, (sn_text){spaced.data, spaced.size}, out);
    sn_buf_free(&spaced);
    return status;
}

static sn_status parse_metaspace(sn_tokenizer *t, const sn_json *o, sn_step *step) {
    static const char *const names[] = {"always", "first", "never", 0};
    bool prefix = true, found = false;
    SN_TRY(sn_parse_text(t, o, "replacement", 0, &step->text));
    SN_TRY(sn_json_get_bool(o, "add_prefix_space", &prefix, &found));
    return sn_parse_choice(o, "prepend_scheme", names, prefix ? SN_PREPEND_ALWAYS : SN_PREPEND_NEVER, &step->mode);
}
static sn_status metaspace(const sn_step *step, const sn_decode_place *place, sn_text piece, sn_buf *out) {
    bool dropped = place->first && step->mode != SN_PREPEND_NEVER;
    sn_text with = dropped ? SN_TEXT("") : SN_TEXT(" ");
    return sn_replace_all(&(sn_finder){.literal = step->text}, place->scratch, with, piece, out);
}

static sn_status parse_replace(sn_tokenizer *t, const sn_json *o, sn_step *step) {
    SN_TRY(sn_parse_pattern(t, o, step));
    if (step->flags & SN_STEP_AFTER_FUSE && (step->regex || step->text.size != 1))
        return sn_fail(SN_ERR_UNSUPPORTED, "tokenizer: decoder Replace of more than one byte after Fuse");
    return sn_parse_text(t, o, "content", 0, &step->with);
}
static sn_status replace(const sn_step *step, const sn_decode_place *place, sn_text piece, sn_buf *out) {
    sn_finder find = {.regex = step->regex, .literal = step->text};
    return sn_replace_all(&find, place->scratch, step->with, piece, out);
}

static sn_status parse_strip(sn_tokenizer *t, const sn_json *o, sn_step *step) {
    SN_TRY(sn_parse_text(t, o, "content", 0, &step->text));
    SN_TRY(sn_json_get_i64(o, "start", &step->start, 0));
    SN_TRY(sn_json_get_i64(o, "stop", &step->stop, 0));
    if (step->text.size == 0 || step->start < 0 || step->stop < 0)
        return sn_fail(SN_ERR_FORMAT, "tokenizer: decoder Strip: bad content, start or stop");
    if (step->flags & SN_STEP_AFTER_FUSE && step->stop > 0)
        return sn_fail(SN_ERR_UNSUPPORTED, "tokenizer: decoder Strip at the end of the text (stop %lld after Fuse)",
                       (long long)step->stop);
    return SN_OK;
}
static sn_status strip(const sn_step *step, const sn_decode_place *place, sn_text piece, sn_buf *out) {
    int64_t taken = step->flags & SN_STEP_AFTER_FUSE ? *place->stripped : 0;
    while (piece.size && taken < step->start && starts_with(piece, step->text))
        piece = drop(piece, step->text.size), taken++;
    if (piece.size) taken = INT64_MAX; /* the start of the text is over */
    if (step->flags & SN_STEP_AFTER_FUSE) *place->stripped = taken;
    for (int64_t i = 0; i < step->stop && piece.size >= step->text.size; i++) {
        if (memcmp(piece.data + piece.size - step->text.size, step->text.data, step->text.size) != 0) break;
        piece.size -= step->text.size;
    }
    return sn_buf_append(out, piece.data, piece.size);
}

static sn_status fuse(const sn_step *step, const sn_decode_place *place, sn_text piece, sn_buf *out) {
    (void)step, (void)place;
    return sn_buf_append(out, piece.data, piece.size);
}

static const sn_decoder_def decoders[] = {
    {"ByteLevel", 0, bytelevel},
    {"ByteFallback", parse_byte_fallback, byte_fallback},
    {"WordPiece", parse_wordpiece, wordpiece},
    {"Metaspace", parse_metaspace, metaspace},
    {"Replace", parse_replace, replace},
    {"Strip", parse_strip, strip},
    {"Fuse", 0, fuse},
    {"(phantom space)", 0, phantom_space},
};

const sn_decoder_def *sn_find_decoder(const char *name) {
    for (size_t i = 0; i < sizeof decoders / sizeof decoders[0]; i++)
        if (strcmp(decoders[i].name, name) == 0) return &decoders[i];
    return 0;
}
