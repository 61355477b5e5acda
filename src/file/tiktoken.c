#include "file/tiktoken.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/map.h"
#include "file/name_index.h"

#include <stdio.h>
#include <stdlib.h>

static int digit_value(char c) {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Strict base64: whole groups of four, padding only at the end, unused bits zero. `to` has 3/4 of the size. */
static bool decode(const char *from, size_t size, char *to, size_t *n) {
    *n = 0;
    if (size % 4) return false;
    for (size_t i = 0; i < size; i += 4) {
        size_t digits = 4;
        if (i + 4 == size) digits = from[i + 3] != '=' ? 4 : from[i + 2] != '=' ? 3 : 2;
        uint32_t bits = 0;
        for (size_t k = 0; k < 4; k++) {
            int value = k < digits ? digit_value(from[i + k]) : 0;
            if (value < 0) return false;
            bits = bits << 6 | (uint32_t)value;
        }
        for (size_t k = 0; k + 1 < digits; k++) to[(*n)++] = (char)(bits >> (16 - 8 * k));
        if (bits & ((1u << (32 - 8 * digits)) - 1) & 0xffffff) return false;
    }
    return true;
}

static sn_status bad_line(const sn_reader *r, int64_t line, const char *what) {
    return sn_fail(SN_ERR_FORMAT, "%s: line %lld: %s", r->name, (long long)line, what);
}

static sn_status read_line(const sn_reader *r, sn_arena *arena, sn_text text, int64_t line, sn_tiktoken_rank *out) {
    const char *blank = memchr(text.data, ' ', text.size);
    if (!blank) return bad_line(r, line, "there is no blank between token and rank");
    size_t size = (size_t)(blank - text.data), digits = text.size - size - 1;
    if (digits < 1 || digits > 9) return bad_line(r, line, "the rank has no digits or more than 9");
    out->rank = 0;
    for (size_t i = size + 1; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') return bad_line(r, line, "the rank is no number");
        out->rank = out->rank * 10 + (text.data[i] - '0');
    }
    if (size == 1 && text.data[0] == '=') {
        out->bytes = sn_text_of("");
        return SN_OK;
    }
    char *bytes = sn_arena_alloc(arena, size / 4 * 3 + 1);
    if (!bytes) return sn_fail_memory("a token");
    if (!decode(text.data, size, bytes, &out->bytes.size)) return bad_line(r, line, "the token is no base64");
    out->bytes.data = bytes;
    return SN_OK;
}

static int by_rank(const void *a, const void *b) {
    int64_t x = ((const sn_tiktoken_rank *)a)->rank, y = ((const sn_tiktoken_rank *)b)->rank;
    return (x > y) - (x < y);
}

static sn_status check_ranks(const sn_reader *r, const sn_tiktoken *t) {
    for (int64_t i = 1; i < t->n_ranks; i++)
        if (t->ranks[i].rank == t->ranks[i - 1].rank)
            return sn_fail(SN_ERR_FORMAT, "%s: rank %lld appears twice", r->name, (long long)t->ranks[i].rank);
    return SN_OK;
}

static int64_t count_lines(const sn_reader *r) {
    int64_t n = 1;
    for (size_t i = 0; i < r->size; i++) n += r->data[i] == '\n';
    return n;
}

static sn_status read_lines(sn_reader *r, sn_tiktoken *t, sn_name_index *seen) {
    for (int64_t line = 1; sn_reader_left(r); line++) {
        const char *start = (const char *)r->data + r->at, *end = memchr(start, '\n', sn_reader_left(r));
        size_t size = end ? (size_t)(end - start) : sn_reader_left(r);
        r->at += size + (end != NULL);
        if (size && start[size - 1] == '\r') size--;
        if (size == 0) continue;
        sn_tiktoken_rank *rank = &t->ranks[t->n_ranks++];
        int64_t item;
        bool found;
        SN_TRY(read_line(r, &t->arena, (sn_text){start, size}, line, rank));
        SN_TRY(sn_name_index_add(seen, rank->bytes, &item, &found));
        if (found) return bad_line(r, line, "the token appears twice");
    }
    return SN_OK;
}

static sn_status read_memory(const char *path, const void *data, size_t size, const sn_read_limits *limits,
                             sn_tiktoken *t) {
    char name[300];
    snprintf(name, sizeof name, "tiktoken: %.280s", path);
    sn_reader r = sn_reader_make(name, data, size, limits);
    int64_t n = count_lines(&r);
    SN_TRY(sn_read_check_count(&r, "lines", (uint64_t)n, 0, r.limits->items));
    t->ranks = sn_calloc((size_t)n, sizeof *t->ranks);
    if (!t->ranks) return sn_fail_memory("tiktoken ranks");
    sn_name_index seen = {0};
    sn_status status = read_lines(&r, t, &seen);
    sn_name_index_free(&seen);
    SN_TRY(status);
    if (t->n_ranks == 0) return sn_fail(SN_ERR_FORMAT, "%s: no tokens", name);
    qsort(t->ranks, (size_t)t->n_ranks, sizeof *t->ranks, by_rank);
    return check_ranks(&r, t);
}

sn_status sn_tiktoken_open_memory(const char *name, const void *data, size_t size, const sn_read_limits *limits,
                                  sn_tiktoken **out) {
    sn_tiktoken *t = sn_calloc(1, sizeof *t);
    if (!t) return sn_fail_memory("a tiktoken file");
    sn_status status = read_memory(name, data, size, limits, t);
    if (status == SN_OK)
        *out = t;
    else
        sn_tiktoken_close(t);
    return status;
}

sn_status sn_tiktoken_open(const char *path, sn_tiktoken **out) {
    sn_map map;
    SN_TRY(sn_map_open(path, &map));
    sn_status status = sn_tiktoken_open_memory(path, map.data, map.size, NULL, out);
    sn_map_close(&map);
    return status;
}

void sn_tiktoken_close(sn_tiktoken *t) {
    if (!t) return;
    sn_arena_free(&t->arena);
    sn_free(t->ranks);
    sn_free(t);
}
