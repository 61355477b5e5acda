#include "token/split.h"

#include "base/error.h"
#include "token/utf8.h"

#include <string.h>

const char *const *sn_split_mode_names(void) {
    static const char *const names[] = {"Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous", 0};
    return names;
}

static void next_character(bool (*is)(uint32_t), sn_text text, size_t from, size_t *start, size_t *end, bool *found) {
    size_t length;
    for (size_t i = from; i < text.size; i += length) {
        uint32_t c = sn_utf8_decode(text.data + i, text.size - i, &length);
        if (c == SN_UTF8_BAD || !is(c)) continue;
        *start = i, *end = i + length, *found = true;
        return;
    }
}

sn_status sn_finder_next(const sn_finder *f, sn_scratch *s, sn_text text, size_t from, size_t *start, size_t *end,
                         bool *found) {
    *found = false;
    if (from > text.size) return SN_OK;
    if (f->regex) return sn_regex_find(f->regex, &s->regex, text, from, start, end, found);
    if (f->is) {
        next_character(f->is, text, from, start, end, found);
        return SN_OK;
    }
    const char *hit = f->literal.size && from < text.size
                          ? memmem(text.data + from, text.size - from, f->literal.data, f->literal.size)
                          : 0;
    if (hit) *start = (size_t)(hit - text.data), *end = *start + f->literal.size, *found = true;
    return SN_OK;
}

/* Where to look after a match: an empty one moves on by a character. */
static size_t after(sn_text text, size_t start, size_t end) {
    size_t length = 1;
    if (end > start) return end;
    if (end < text.size) sn_utf8_decode(text.data + end, text.size - end, &length);
    return end + length;
}

/* The piece being built; segments arrive from the left. */
typedef struct cutter {
    sn_split_mode mode;
    sn_text text;
    sn_pieces *out;
    size_t start, end; /* of the open piece */
    size_t head;       /* of the text, see sn_scratch */
    bool open, last;   /* last: the last segment was a match */
} cutter;

static sn_status flush(cutter *c) {
    if (!c->open) return SN_OK;
    c->open = false;
    if (c->start < c->head) c->out->head = c->out->text.size + (c->end < c->head ? c->end : c->head) - c->start;
    return sn_pieces_add(c->out, c->text.data + c->start, c->end - c->start);
}

static sn_status segment(cutter *c, size_t start, size_t end, bool match) {
    bool join = false;
    switch (c->mode) {
    case SN_SPLIT_REMOVED:
        if (match) return flush(c);
        break;
    case SN_SPLIT_ISOLATED: break;
    case SN_SPLIT_WITH_PREVIOUS: join = match && !c->last; break;
    case SN_SPLIT_WITH_NEXT: join = !match && c->last; break;
    case SN_SPLIT_CONTIGUOUS: join = match == c->last; break;
    }
    if (!(join && c->open)) {
        SN_TRY(flush(c));
        c->start = start;
    }
    c->end = end;
    c->open = true;
    c->last = match;
    return SN_OK;
}

sn_status sn_split(const sn_finder *f, sn_scratch *s, sn_split_mode mode, bool invert, sn_text text, sn_pieces *out) {
    cutter c = {.mode = mode, .text = text, .out = out, .head = s->head};
    size_t done = 0, from = 0, start = 0, end = 0;
    for (bool found = true; found;) {
        SN_TRY(sn_finder_next(f, s, text, from, &start, &end, &found));
        if (!found) break;
        if (start > done) SN_TRY(segment(&c, done, start, invert));
        SN_TRY(segment(&c, start, end, !invert));
        done = end;
        from = after(text, start, end);
    }
    if (done < text.size) SN_TRY(segment(&c, done, text.size, invert));
    return flush(&c);
}

sn_status sn_replace_all(const sn_finder *f, sn_scratch *s, sn_text with, sn_text text, sn_buf *out) {
    size_t done = 0, from = 0, start = 0, end = 0;
    for (bool found = true; found;) {
        SN_TRY(sn_finder_next(f, s, text, from, &start, &end, &found));
        if (!found) break;
        SN_TRY(sn_buf_append(out, text.data + done, start - done));
        SN_TRY(sn_buf_append(out, with.data, with.size));
        done = end;
        from = after(text, start, end);
    }
    return sn_buf_append(out, text.data + done, text.size - done);
}
