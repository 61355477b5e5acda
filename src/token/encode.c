/* Text to ids: walks the pipeline. */
#include "base/alloc.h"
#include "base/error.h"
#include "token/added.h"
#include "token/parts.h"
#include "token/utf8.h"

#include <string.h>

sn_status sn_pieces_end(sn_pieces *p) {
    if (p->text.size == (p->n ? p->ends[p->n - 1] : 0)) return SN_OK;
    void *ends = p->ends;
    SN_TRY(sn_grow(&ends, &p->capacity, p->n + 1, sizeof(size_t)));
    p->ends = ends;
    p->ends[p->n++] = p->text.size;
    return SN_OK;
}

sn_status sn_pieces_add(sn_pieces *p, const char *text, size_t size) {
    SN_TRY(sn_buf_append(&p->text, text, size));
    return sn_pieces_end(p);
}

void sn_pieces_free(sn_pieces *p) {
    sn_buf_free(&p->text);
    sn_free(p->ends);
    *p = (sn_pieces){0};
}

sn_status sn_emit_unknown(const sn_tokenizer *t, sn_scratch *s, const char *text, size_t size, bool fuse) {
    const sn_token_model *m = &t->model;
    for (size_t i = 0; m->byte_fallback && i < size; i++) {
        int32_t id = m->bytes[(unsigned char)text[i]];
        if (id >= 0) SN_TRY(sn_ids_push(&s->ids, id));
    }
    if (m->byte_fallback) return SN_OK;
    if (m->unk < 0 || (fuse && m->fuse_unk)) return SN_OK;
    return sn_ids_push(&s->ids, m->unk);
}

static sn_text piece_at(const sn_pieces *p, size_t i) {
    size_t start = i ? p->ends[i - 1] : 0;
    return (sn_text){p->text.data + start, p->ends[i] - start};
}

/* How much of `head` bytes at the start of a text lies in its part from `start`, of `size` bytes. */
static size_t head_within(size_t head, size_t start, size_t size) {
    size_t left = head > start ? head - start : 0;
    return left < size ? left : size;
}

/* Normalized text without added tokens: cut it and give the pieces to the model. */
static sn_status encode_words(const sn_tokenizer *t, sn_scratch *s, sn_text text, size_t head) {
    sn_pieces *in = &s->pieces[0], *out = &s->pieces[1];
    in->n = in->text.size = 0;
    SN_TRY(sn_pieces_add(in, text.data, text.size));
    in->head = head;
    for (int k = 0; k < t->n_pretokenizers; k++) {
        const sn_step *step = &t->pretokenizers[k];
        out->n = out->text.size = out->head = 0;
        for (size_t i = 0; i < in->n; i++) {
            sn_text piece = piece_at(in, i);
            s->head = head_within(in->head, (size_t)(piece.data - in->text.data), piece.size);
            SN_TRY(step->pretokenizer->run(step, s, piece, out));
        }
        sn_pieces *swap = in;
        in = out, out = swap;
    }
    for (size_t i = 0; i < in->n; i++) {
        sn_text piece = piece_at(in, i);
        SN_TRY(t->model.def->encode(t, s, piece.data, piece.size));
    }
    return SN_OK;
}

typedef sn_status (*encode_text_fn)(const sn_tokenizer *t, sn_scratch *s, sn_text text, size_t head, bool special);

static sn_status encode_normalized(const sn_tokenizer *t, sn_scratch *s, sn_text text, size_t head, bool special) {
    (void)special;
    return encode_words(t, s, text, head);
}

/* The ids of added tokens, and `encode` for the text between them. */
static sn_status encode_around(const sn_tokenizer *t, sn_scratch *s, const sn_added *added, sn_text text, size_t head,
                               bool special, encode_text_fn encode) {
    sn_added_match match;
    size_t done = 0, search = 0;
    while (sn_added_next(added, text, done, special, &search, &match)) {
        size_t size = match.start > done ? match.start - done : 0;
        if (size) SN_TRY(encode(t, s, (sn_text){text.data + done, size}, head_within(head, done, size), special));
        SN_TRY(sn_ids_push(&s->ids, match.id));
        done = match.end;
    }
    size_t left = text.size - done;
    return left ? encode(t, s, (sn_text){text.data + done, left}, head_within(head, done, left), special) : SN_OK;
}

/* s->head follows the text through a step. */
static sn_status follow_head(const sn_step *step, sn_scratch *s, sn_text text) {
    if (step->normalizer->head) return step->normalizer->head(step, s, text, &s->head);
    s->word.size = 0;
    SN_TRY(step->normalizer->run(step, s, (sn_text){text.data, s->head}, &s->word));
    s->head = s->word.size;
    return SN_OK;
}

/* *text becomes its normalized form, in the scratch. */
static sn_status normalize(const sn_tokenizer *t, sn_scratch *s, sn_text *text) {
    for (int k = 0; k < t->n_normalizers; k++) {
        const sn_step *step = &t->normalizers[k];
        sn_buf *out = &s->text[k & 1];
        out->size = 0;
        if (t->needs_head && s->head) SN_TRY(follow_head(step, s, *text));
        SN_TRY(step->normalizer->run(step, s, *text, out));
        *text = (sn_text){out->data, out->size};
        /* Marks may have changed places: whole characters only. */
        while (s->head && s->head < text->size && ((unsigned char)text->data[s->head] & 0xC0) == 0x80) s->head++;
    }
    return SN_OK;
}

sn_status sn_tokenizer_normalize(sn_tokenizer *t, sn_text text, sn_text *out) {
    sn_scratch s = {0};
    sn_status status = normalize(t, &s, &text);
    if (status == SN_OK) status = sn_tokenizer_keep(t, text.data ? text : SN_TEXT(""), out);
    sn_scratch_free(&s);
    return status;
}

static sn_status encode_raw(const sn_tokenizer *t, sn_scratch *s, sn_text text, size_t head, bool special) {
    s->head = head;
    SN_TRY(normalize(t, s, &text));
    return encode_around(t, s, &t->normalized, text, s->head, special, encode_normalized);
}

void sn_scratch_free(sn_scratch *s) {
    sn_ids_clear(&s->ids);
    for (int i = 0; i < 2; i++) {
        sn_buf_free(&s->text[i]);
        sn_pieces_free(&s->pieces[i]);
    }
    sn_regex_scratch_free(&s->regex);
    sn_free(s->symbols);
    sn_free(s->heap);
    sn_free(s->lattice);
    sn_buf_free(&s->word);
    *s = (sn_scratch){0};
}

static size_t first_character(sn_text text) {
    size_t length = 0;
    if (text.size) sn_utf8_decode(text.data, text.size, &length);
    return length;
}

static sn_status encode_all(const sn_tokenizer *t, sn_scratch *s, sn_text text, const sn_encode_options *options) {
    for (int i = 0; options->add_special && i < t->n_prefix; i++) SN_TRY(sn_ids_push(&s->ids, t->prefix[i]));
    SN_TRY(encode_around(t, s, &t->raw, text, first_character(text), options->parse_special, encode_raw));
    for (int i = 0; options->add_special && i < t->n_suffix; i++) SN_TRY(sn_ids_push(&s->ids, t->suffix[i]));
    return sn_ids_push(&s->ids, -1); /* so that the array exists even for no ids */
}

sn_status sn_tokenizer_encode(const sn_tokenizer *t, const char *text, size_t size, const sn_encode_options *options,
                              int32_t **ids, int64_t *n_ids) {
    static const sn_encode_options both = {true, true};
    sn_scratch s = {0};
    sn_status status = encode_all(t, &s, (sn_text){text, size}, options ? options : &both);
    if (status == SN_OK) {
        *ids = s.ids.data;
        *n_ids = (int64_t)s.ids.n - 1;
        s.ids = (sn_ids){0};
    }
    sn_scratch_free(&s);
    return status;
}

void sn_ids_free(int32_t *ids) { sn_free(ids); }
