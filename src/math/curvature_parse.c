/* The metric's text: its entries, diagonal or as a matrix. */
#include "math/curvature.h"

#include "base/alloc.h"

#include <stdio.h>
#include <string.h>

typedef struct piece {
    size_t from, to;
    int row, column;
} piece;

typedef struct layout {
    piece *pieces;
    int n, capacity, rows, columns; /* columns of the longest row */
    bool ragged;
} layout;

static bool is_blank(const char *text, size_t from, size_t to) {
    while (from < to && strchr(" \t\r\n", text[from])) from++;
    return from == to;
}

static sn_status add_piece(layout *l, piece p) {
    if (l->n == l->capacity) return sn_fail(SN_ERR_LIMIT, "--metric: more than %d entries", l->capacity);
    l->pieces[l->n++] = p;
    return SN_OK;
}

/* Cuts at ";" and, outside parentheses, ",". */
static sn_status cut(const char *text, layout *l) {
    size_t size = strlen(text), from = 0;
    int depth = 0, column = 0;
    if (size > SN_EXPR_MAX_TEXT)
        return sn_fail(SN_ERR_LIMIT, "--metric: a text of %zu bytes is too long: %d are the most", size,
                       SN_EXPR_MAX_TEXT);
    while (size && strchr(" \t\r\n;", text[size - 1])) size--; /* a last ";" is fine */
    for (size_t i = 0; i <= size; i++) {
        if (i < size && text[i] == '(') depth++;
        if (i < size && text[i] == ')') depth--;
        bool row_ends = i == size || text[i] == ';';
        if (!row_ends && (text[i] != ',' || depth > 0)) continue;
        if (is_blank(text, from, i))
            return sn_expr_fail_at(SN_ERR_FORMAT, "--metric", text, size, i, "an entry is empty");
        SN_TRY(add_piece(l, (piece){from, i, l->rows, column}));
        from = i + 1;
        column++;
        if (!row_ends) continue;
        l->ragged = l->ragged || (l->rows > 0 && column != l->columns);
        l->columns = column > l->columns ? column : l->columns;
        l->rows++;
        column = 0;
        depth = 0;
    }
    return SN_OK;
}

static sn_status check_layout(const layout *l, int n) {
    bool diagonal = l->columns == 1 && l->rows == n, full = !l->ragged && l->rows == n && l->columns == n;
    if (diagonal || full) return SN_OK;
    if (l->columns == 1)
        return sn_fail(SN_ERR_ARGUMENT, "--metric: %d diagonal entries for %d coordinates", l->rows, n);
    return sn_fail(SN_ERR_ARGUMENT,
                   "--metric: %d rows of %s%d entries for %d coordinates: give %d entries separated by "
                   "\";\" (the diagonal), or %d rows separated by \";\", each of %d entries separated "
                   "by \",\"",
                   l->rows, l->ragged ? "up to " : "", l->columns, n, n, n, n);
}

/* Messages show the entry, marked at the place in it. */
static sn_status parse_piece(sn_expr_scope *scope, const char *text, const piece *p, const sn_expr **out) {
    char what[64];
    size_t from = p->from;
    while (from < p->to && strchr(" \t\r\n", text[from])) from++;
    snprintf(what, sizeof what, "--metric, row %d, entry %d", p->row + 1, p->column + 1);
    return sn_expr_parse(scope, what, text + from, p->to - from, out);
}

static sn_status parse_pieces(sn_expr_scope *scope, const char *text, const layout *l, const sn_expr **out) {
    int n = scope->n_coordinates;
    const sn_expr *zero = sn_expr_number(scope, 0, 1);
    if (!zero) return SN_ERR_MEMORY;
    for (int i = 0; i < n * n; i++) out[i] = zero;
    for (int i = 0; i < l->n; i++) {
        const piece *p = &l->pieces[i];
        int column = l->columns == 1 ? p->row : p->column;
        SN_TRY(parse_piece(scope, text, p, &out[p->row * n + column]));
    }
    return SN_OK;
}

sn_status sn_curvature_parse_metric(sn_expr_scope *scope, const char *text, const sn_expr **out) {
    layout l = {.capacity = SN_CURVATURE_MAX_DIMENSION * SN_CURVATURE_MAX_DIMENSION};
    l.pieces = sn_calloc((size_t)l.capacity, sizeof *l.pieces);
    if (!l.pieces) return sn_fail_memory("a metric");
    sn_status status = cut(text, &l);
    if (status == SN_OK) status = check_layout(&l, scope->n_coordinates);
    if (status == SN_OK) status = parse_pieces(scope, text, &l, out);
    sn_free(l.pieces);
    return status;
}
