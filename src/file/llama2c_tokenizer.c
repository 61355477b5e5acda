#include "file/llama2c_tokenizer.h"

#include "base/alloc.h"
#include "base/error.h"

#include <stdio.h>

static sn_status read_piece(sn_reader *r, int64_t longest, sn_llama2c_piece *piece) {
    int32_t size;
    SN_TRY(sn_read_f32(r, "a score", &piece->score));
    SN_TRY(sn_read_i32(r, "the length of a piece", &size));
    if (size < 0 || size > longest)
        return sn_fail(SN_ERR_FORMAT, "%s: a piece of %d bytes at byte %zu where the longest has %lld", r->name, size,
                       r->at, (long long)longest);
    if (piece->score != piece->score) return sn_fail(SN_ERR_FORMAT, "%s: a piece whose score is no number", r->name);
    return sn_read_text(r, "a piece", (uint64_t)size, &piece->text);
}

/* One pass over the pieces. Without `pieces` it only counts them. */
static sn_status read_pieces(sn_reader r, sn_llama2c_tokenizer *t) {
    t->n_pieces = 0;
    while (sn_reader_left(&r)) {
        sn_llama2c_piece piece = {0};
        SN_TRY(read_piece(&r, t->longest, &piece));
        if (t->pieces) t->pieces[t->n_pieces] = piece;
        t->n_pieces++;
    }
    return SN_OK;
}

static sn_status read_memory(const char *path, const void *data, size_t size, const sn_read_limits *limits,
                             sn_llama2c_tokenizer *t) {
    char name[300];
    int32_t longest;
    snprintf(name, sizeof name, "llama2.c tokenizer: %.270s", path);
    sn_reader r = sn_reader_make(name, data, size, limits);
    SN_TRY(sn_read_i32(&r, "the header", &longest));
    if (longest < 1 || (size_t)longest > size)
        return sn_fail(SN_ERR_FORMAT, "%s: the longest piece is said to have %d bytes: this is no llama2.c tokenizer",
                       name, longest);
    t->longest = longest;
    SN_TRY(read_pieces(r, t));
    if (t->n_pieces == 0) return sn_fail(SN_ERR_FORMAT, "%s: no pieces", name);
    SN_TRY(sn_read_check_count(&r, "pieces", (uint64_t)t->n_pieces, 8, r.limits->items));
    t->pieces = sn_calloc((size_t)t->n_pieces, sizeof *t->pieces);
    if (!t->pieces) return sn_fail_memory("llama2.c pieces");
    return read_pieces(r, t);
}

static sn_status finish(sn_status status, sn_llama2c_tokenizer *t, sn_llama2c_tokenizer **out) {
    if (status == SN_OK)
        *out = t;
    else
        sn_llama2c_tokenizer_close(t);
    return status;
}

sn_status sn_llama2c_tokenizer_open_memory(const char *name, const void *data, size_t size,
                                           const sn_read_limits *limits, sn_llama2c_tokenizer **out) {
    sn_llama2c_tokenizer *t = sn_calloc(1, sizeof *t);
    if (!t) return sn_fail_memory("a llama2.c tokenizer");
    return finish(read_memory(name, data, size, limits, t), t, out);
}

sn_status sn_llama2c_tokenizer_open(const char *path, sn_llama2c_tokenizer **out) {
    sn_llama2c_tokenizer *t = sn_calloc(1, sizeof *t);
    if (!t) return sn_fail_memory("a llama2.c tokenizer");
    sn_status status = sn_map_open(path, &t->map);
    if (status == SN_OK) status = read_memory(path, t->map.data, t->map.size, NULL, t);
    return finish(status, t, out);
}

void sn_llama2c_tokenizer_close(sn_llama2c_tokenizer *t) {
    if (!t) return;
    sn_map_close(&t->map);
    sn_free(t->pieces);
    sn_free(t);
}
