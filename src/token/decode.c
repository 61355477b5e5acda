/* Ids to text. There is one decoder, the stream; decoding a whole list pushes it through one. */
#include "base/alloc.h"
#include "base/error.h"
#include "token/parts.h"
#include "token/utf8.h"

#include <string.h>

struct sn_detokenizer {
    const sn_tokenizer *t;
    bool with_special;
    int64_t n;        /* tokens that gave text or could have */
    int64_t stripped; /* state of a Strip decoder after Fuse */
    sn_buf bytes;     /* decoded, maybe with an unfinished character at the end */
    sn_buf text;      /* what the last call returned */
    sn_buf step[2];
    sn_scratch scratch;
};

/* Length of the longest prefix of a well-formed character at s (size >= 1), at least 1. */
static size_t prefix_length(const char *s, size_t size) {
    const unsigned char *u = (const unsigned char *)s;
    if (u[0] < 0xC2 || u[0] > 0xF4) return 1;
    size_t want = u[0] < 0xE0 ? 2 : u[0] < 0xF0 ? 3 : 4, have = 1;
    unsigned low = u[0] == 0xE0 ? 0xA0 : u[0] == 0xF0 ? 0x90 : 0x80;
    unsigned high = u[0] == 0xED ? 0x9F : u[0] == 0xF4 ? 0x8F : 0xBF;
    for (; have < want && have < size && u[have] >= low && u[have] <= high; have++) low = 0x80, high = 0xBF;
    return have;
}

static bool may_continue(const char *s, size_t size) {
    unsigned char lead = (unsigned char)s[0];
    size_t want = lead < 0xC2 || lead > 0xF4 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    return size < want && prefix_length(s, size) == size;
}

/* Moves complete characters to out; ill-formed bytes become U+FFFD, an unfinished character at the end waits. */
static sn_status take_text(sn_buf *bytes, bool lone_bytes, bool finish, sn_buf *out) {
    size_t at = 0, length;
    for (; at < bytes->size; at += length) {
        const char *s = bytes->data + at;
        size_t left = bytes->size - at;
        if (sn_utf8_decode(s, left, &length) != SN_UTF8_BAD) {
            SN_TRY(sn_buf_append(out, s, length));
            continue;
        }
        if (!finish && may_continue(s, left)) break;
        length = lone_bytes ? 1 : prefix_length(s, left);
        SN_TRY(sn_buf_append(out, "\xEF\xBF\xBD", 3));
    }
    memmove(bytes->data ? bytes->data : "", bytes->data ? bytes->data + at : "", bytes->size - at);
    bytes->size -= at;
    return SN_OK;
}

static sn_status push(sn_detokenizer *d, int32_t id) {
    const sn_tokenizer *t = d->t;
    if (id < 0 || id >= t->vocab.n)
        return sn_fail(SN_ERR_ARGUMENT, "detokenize: id %d is outside 0..%d", id, t->vocab.n - 1);
    if (!d->with_special && sn_tokenizer_is_special(t, id)) return SN_OK;
    sn_text piece = t->vocab.pieces[id];
    if (!piece.data) return SN_OK;
    if (t->vocab.spoken && t->vocab.spoken[id].data) piece = t->vocab.spoken[id];
    bool first = d->n++ == 0;
    if (t->n_decoders == 0 && !first) SN_TRY(sn_buf_append(&d->bytes, " ", 1));
    for (int k = 0; k < t->n_decoders; k++) {
        const sn_step *step = &t->decoders[k];
        bool fused = step->flags & SN_STEP_AFTER_FUSE;
        sn_decode_place place = {fused || first, &d->stripped, &d->scratch};
        sn_buf *out = &d->step[k & 1];
        out->size = 0;
        SN_TRY(step->decoder->run(step, &place, piece, out));
        piece = (sn_text){out->data, out->size};
    }
    return sn_buf_append(&d->bytes, piece.data, piece.size);
}

static void clear(sn_detokenizer *d) {
    sn_buf_free(&d->bytes);
    sn_buf_free(&d->text);
    sn_buf_free(&d->step[0]);
    sn_buf_free(&d->step[1]);
    sn_scratch_free(&d->scratch);
}

static sn_status decode_all(sn_detokenizer *d, const int32_t *ids, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        SN_TRY(push(d, ids[i]));
        SN_TRY(take_text(&d->bytes, d->t->lone_bytes, false, &d->text));
    }
    SN_TRY(take_text(&d->bytes, d->t->lone_bytes, true, &d->text));
    return sn_buf_append(&d->text, "", 1);
}

sn_status sn_tokenizer_decode(const sn_tokenizer *t, const int32_t *ids, int64_t n, bool with_special, char **text,
                              size_t *size) {
    sn_detokenizer d = {.t = t, .with_special = with_special};
    sn_status status = decode_all(&d, ids, n);
    if (status == SN_OK) {
        *text = d.text.data;
        if (size) *size = d.text.size - 1;
        d.text = (sn_buf){0};
    }
    clear(&d);
    return status;
}

void sn_text_free(char *text) { sn_free(text); }

sn_status sn_detokenizer_new(const sn_tokenizer *t, bool with_special, sn_detokenizer **out) {
    sn_detokenizer *d = sn_calloc(1, sizeof *d);
    if (!d) return sn_fail_memory("detokenizer");
    d->t = t;
    d->with_special = with_special;
    *out = d;
    return SN_OK;
}

void sn_detokenizer_free(sn_detokenizer *d) {
    if (!d) return;
    clear(d);
    sn_free(d);
}

static sn_status give_text(sn_detokenizer *d, bool finish, const char **text, size_t *size) {
    SN_TRY(take_text(&d->bytes, d->t->lone_bytes, finish, &d->text));
    SN_TRY(sn_buf_append(&d->text, "", 1));
    *text = d->text.data;
    if (size) *size = d->text.size - 1;
    return SN_OK;
}

sn_status sn_detokenizer_push(sn_detokenizer *d, int32_t id, const char **text, size_t *size) {
    d->text.size = 0;
    SN_TRY(push(d, id));
    return give_text(d, false, text, size);
}

sn_status sn_detokenizer_finish(sn_detokenizer *d, const char **text, size_t *size) {
    d->text.size = 0;
    SN_TRY(give_text(d, true, text, size));
    d->n = d->stripped = 0; /* ready for another text */
    return SN_OK;
}
