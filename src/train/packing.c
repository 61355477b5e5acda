#include "train/packing.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/size.h"

#include <stdlib.h>
#include <string.h>

/* ---- Pieces ---- */

/* Cuts tokens from..to-1, a document's or the part of it inside the range. Writes where `out` is not NULL. */
static int64_t cut(const sn_token_range *range, int64_t from, int64_t to, bool whole_end, int64_t context,
                   sn_piece *out) {
    int64_t n = 0, inputs = to - from - !(whole_end && range->file->end_target >= 0);
    for (int64_t done = 0; done < inputs; done += context, n++) {
        int64_t size = sn_min_i64(context, inputs - done);
        if (out) out[n] = (sn_piece){.start = from + done, .size = (int32_t)size, .ends = from + done + size == to};
    }
    return n;
}

static int64_t cut_all(const sn_token_range *range, int64_t context, sn_piece *out) {
    const sn_token_file *f = range->file;
    int64_t n = 0;
    for (int64_t i = 0; i < f->n_documents; i++) {
        int64_t start = sn_token_file_document(f, i), end = sn_token_file_document(f, i + 1);
        int64_t from = sn_max_i64(start, range->from), to = sn_min_i64(end, range->to);
        if (from < to) n += cut(range, from, to, to == end, context, out ? out + n : NULL);
    }
    return n;
}

static int longest_first(const void *a, const void *b) {
    const sn_piece *x = a, *y = b;
    if (x->size != y->size) return x->size > y->size ? -1 : 1;
    return (x->start > y->start) - (x->start < y->start);
}

/* ---- Best fit ---- */

/* Open rows by the room they have left: a list for each room, and one bit that says whether it is empty. */
typedef struct fit {
    int64_t context, n_rows;
    int64_t *heads;   /* by room, -1: none */
    uint64_t *filled; /* bits */
    int64_t *next;    /* by row */
    uint8_t *counts;
} fit;

static void push(fit *f, int64_t room, int64_t row) {
    f->next[row] = f->heads[room];
    f->heads[room] = row;
    f->filled[room / 64] |= (uint64_t)1 << room % 64;
}

static int64_t pop(fit *f, int64_t room) {
    int64_t row = f->heads[room];
    f->heads[room] = f->next[row];
    if (f->heads[room] < 0) f->filled[room / 64] &= ~((uint64_t)1 << room % 64);
    return row;
}

/* The smallest room of at least `size` that some row has; 0 where none has. */
static int64_t find_room(const fit *f, int64_t size) {
    int64_t words = f->context / 64 + 1, w = size / 64;
    uint64_t bits = f->filled[w] & ~(uint64_t)0 << size % 64;
    while (!bits && ++w < words) bits = f->filled[w];
    return bits ? w * 64 + __builtin_ctzll(bits) : 0;
}

static int64_t place(fit *f, int64_t size) {
    int64_t room = find_room(f, size), row = room ? pop(f, room) : f->n_rows++;
    if (!room) room = f->context;
    if (++f->counts[row] < SN_ROW_PIECES && room > size) push(f, room - size, row);
    return row;
}

static void fit_free(fit *f) {
    sn_free(f->heads);
    sn_free(f->filled);
    sn_free(f->next);
    sn_free(f->counts);
}

/* rows[i] becomes the row of piece i. */
static sn_status place_all(const sn_packed *p, int64_t context, int64_t *rows, int64_t *n_rows) {
    size_t rooms = (size_t)context + 1, n = (size_t)p->n_pieces;
    fit f = {.context = context,
             .heads = sn_alloc(rooms * sizeof(int64_t)),
             .filled = sn_calloc(rooms / 64 + 1, sizeof(uint64_t)),
             .next = sn_alloc(n * sizeof(int64_t)),
             .counts = sn_calloc(n, 1)};
    sn_status status = f.heads && f.filled && f.next && f.counts ? SN_OK : sn_fail_memory("packing documents");
    if (status == SN_OK) {
        for (size_t i = 0; i < rooms; i++) f.heads[i] = -1;
        for (int64_t i = 0; i < p->n_pieces; i++) rows[i] = place(&f, p->pieces[i].size);
        *n_rows = f.n_rows;
    }
    fit_free(&f);
    return status;
}

/* ---- By row ---- */

/* Sorts the pieces by row, keeping their order inside one (a counting sort). */
static sn_status group(sn_packed *p, const int64_t *rows) {
    sn_piece *sorted = sn_alloc((size_t)p->n_pieces * sizeof *sorted);
    p->rows = sn_calloc((size_t)p->n_rows + 2, sizeof *p->rows);
    if (!sorted || !p->rows) {
        sn_free(sorted);
        return sn_fail_memory("packing documents");
    }
    int64_t *start = p->rows + 1; /* becomes the end of each row, which is the start of the next */
    for (int64_t i = 0; i < p->n_pieces; i++) start[rows[i] + 1]++;
    for (int64_t r = 1; r <= p->n_rows; r++) {
        if (start[r] > p->max_pieces) p->max_pieces = (int)start[r];
        start[r] += start[r - 1];
    }
    for (int64_t i = 0; i < p->n_pieces; i++) sorted[start[rows[i]]++] = p->pieces[i];
    sn_free(p->pieces);
    p->pieces = sorted;
    return SN_OK;
}

static sn_status pack(const sn_token_range *range, int64_t context, sn_packed *p) {
    p->n_pieces = cut_all(range, context, NULL);
    if (p->n_pieces == 0)
        return sn_fail(SN_ERR_ARGUMENT, "data: no document has two tokens: there is nothing to predict");
    p->pieces = sn_alloc((size_t)p->n_pieces * sizeof *p->pieces);
    int64_t *rows = sn_alloc((size_t)p->n_pieces * sizeof *rows);
    sn_status status = p->pieces && rows ? SN_OK : sn_fail_memory("packing documents");
    if (status == SN_OK) {
        cut_all(range, context, p->pieces);
        for (int64_t i = 0; i < p->n_pieces; i++) p->n_tokens += p->pieces[i].size;
        qsort(p->pieces, (size_t)p->n_pieces, sizeof *p->pieces, longest_first);
        status = place_all(p, context, rows, &p->n_rows);
    }
    if (status == SN_OK) status = group(p, rows);
    sn_free(rows);
    return status;
}

sn_status sn_pack_documents(const sn_token_range *range, int64_t context, sn_packed *out) {
    sn_packed p = {0};
    sn_status status = pack(range, context, &p);
    if (status == SN_OK)
        *out = p;
    else
        sn_packed_free(&p);
    return status;
}

void sn_packed_free(sn_packed *p) {
    sn_free(p->pieces);
    sn_free(p->rows);
    *p = (sn_packed){0};
}
