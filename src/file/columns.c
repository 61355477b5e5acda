/* CSV, text and npy as columns of doubles. */
#include "file/columns.h"
#include "base/alloc.h"
#include "base/arena.h"
#include "base/error.h"
#include "base/map.h"
#include "base/number.h"
#include "base/size.h"
#include "file/npy.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_COLUMNS = 4096, SHOWN = 40 };

/* The first field of a column that is no number. A column that nobody asks for may hold anything. */
typedef struct bad_field {
    int64_t line; /* from 1; 0: every field is a number */
    char text[SHOWN];
} bad_field;

struct sn_columns {
    sn_arena arena;
    const char *path;
    int64_t n_rows, capacity;
    int n_columns;
    const char **names; /* n_columns, or NULL: the file has none */
    bad_field *bad;
    double *values; /* row after row; sn_columns_get copies columns out */
};

/* ---- Text ---- */

typedef struct line_reader {
    const char *at, *end;
    int64_t line;
} line_reader;

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

static sn_text trim(sn_text t) {
    while (t.size > 0 && is_blank(t.data[0])) t.data++, t.size--;
    while (t.size > 0 && is_blank(t.data[t.size - 1])) t.size--;
    return t;
}

/* The next line that is neither empty nor a comment; false at the end. */
static bool next_line(line_reader *r, sn_text *line) {
    while (r->at < r->end) {
        const char *stop = memchr(r->at, '\n', (size_t)(r->end - r->at));
        if (!stop) stop = r->end;
        *line = trim((sn_text){r->at, (size_t)(stop - r->at)});
        r->at = stop < r->end ? stop + 1 : stop;
        r->line++;
        if (line->size > 0 && line->data[0] != '#') return true;
    }
    return false;
}

/* The separator of the whole file, by its first line; ' ' stands for any white space. */
static char find_separator(sn_text line) {
    static const char wanted[] = {',', ';', '\t'};
    for (size_t i = 0; i < sizeof wanted; i++)
        if (memchr(line.data, wanted[i], line.size)) return wanted[i];
    return ' ';
}

/* Takes the next field off the line; a field in quotes may hold separators. */
static sn_text next_field(sn_text *line, char separator) {
    size_t n = 0;
    bool quoted = false;
    for (; n < line->size; n++) {
        char c = line->data[n];
        if (c == '"') quoted = !quoted;
        if (!quoted && (separator == ' ' ? is_blank(c) : c == separator)) break;
    }
    sn_text field = trim((sn_text){line->data, n});
    size_t used = n < line->size ? n + 1 : n;
    *line = (sn_text){line->data + used, line->size - used};
    if (separator == ' ') *line = trim(*line);
    if (field.size >= 2 && field.data[0] == '"' && field.data[field.size - 1] == '"')
        field = trim((sn_text){field.data + 1, field.size - 2});
    return field;
}

static int count_fields(sn_text line, char separator) {
    int n = 0;
    bool open = separator != ' ' && line.size > 0 && line.data[line.size - 1] == separator;
    for (; line.size > 0 && n < MAX_COLUMNS + 1; n++) next_field(&line, separator);
    return n + open; /* "1,2," has three fields */
}

static bool has_number(sn_text line, char separator) {
    double x;
    while (line.size > 0) {
        sn_text field = next_field(&line, separator);
        if (sn_number_parse(field.data, field.size, &x)) return true;
    }
    return false;
}

static sn_status set_width(sn_columns *c, int n) {
    if (n > MAX_COLUMNS) return sn_fail(SN_ERR_LIMIT, "%s: more than %d columns", c->path, MAX_COLUMNS);
    c->n_columns = n;
    c->bad = sn_arena_array(&c->arena, (size_t)n, sizeof *c->bad);
    return c->bad ? SN_OK : sn_fail_memory("a table of numbers");
}

static sn_status read_names(sn_columns *c, sn_text line, char separator) {
    c->names = sn_arena_array(&c->arena, (size_t)c->n_columns, sizeof *c->names);
    if (!c->names) return sn_fail_memory("a table of numbers");
    for (int k = 0; k < c->n_columns; k++) {
        sn_text field = next_field(&line, separator);
        c->names[k] = sn_arena_strndup(&c->arena, field.data, field.size);
        if (!c->names[k]) return sn_fail_memory("a table of numbers");
    }
    return SN_OK;
}

static sn_status grow(sn_columns *c) {
    int64_t capacity = c->capacity ? 2 * c->capacity : 256, size;
    if (!sn_mul_i64(capacity, c->n_columns, &size) || !sn_mul_i64(size, sizeof(double), &size))
        return sn_fail(SN_ERR_LIMIT, "%s: too many rows", c->path);
    double *values = sn_realloc(c->values, (size_t)size);
    if (!values) return sn_fail_memory("a table of numbers");
    c->values = values;
    c->capacity = capacity;
    return SN_OK;
}

static sn_status read_row(sn_columns *c, sn_text line, char separator, int64_t number) {
    int n = count_fields(line, separator);
    if (n != c->n_columns)
        return sn_fail(SN_ERR_FORMAT, "%s, line %lld: fields %d, in the lines before %d", c->path, (long long)number, n,
                       c->n_columns);
    if (c->n_rows == c->capacity) SN_TRY(grow(c));
    double *row = c->values + c->n_rows++ * c->n_columns;
    for (int k = 0; k < n; k++) {
        sn_text field = next_field(&line, separator);
        if (sn_number_parse(field.data, field.size, &row[k])) continue;
        row[k] = NAN;
        if (c->bad[k].line) continue;
        c->bad[k].line = number;
        snprintf(c->bad[k].text, SHOWN, "%.*s", (int)(field.size < SHOWN ? field.size : SHOWN), field.data);
    }
    return SN_OK;
}

static sn_status read_text(sn_columns *c, const char *data, size_t size) {
    if (size >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0) data += 3, size -= 3;
    line_reader r = {data, data + size, 0};
    sn_text line;
    if (memchr(data, 0, size))
        return sn_fail(SN_ERR_FORMAT, "%s: is neither text nor an .npy file: give a CSV, a text of numbers or an .npy",
                       c->path);
    if (!next_line(&r, &line)) return sn_fail(SN_ERR_FORMAT, "%s: the file is empty: numbers are wanted", c->path);
    char separator = find_separator(line);
    SN_TRY(set_width(c, count_fields(line, separator)));
    if (has_number(line, separator))
        SN_TRY(read_row(c, line, separator, r.line));
    else
        SN_TRY(read_names(c, line, separator));
    while (next_line(&r, &line)) SN_TRY(read_row(c, line, separator, r.line));
    if (c->n_rows == 0) return sn_fail(SN_ERR_FORMAT, "%s: only a line of names, no numbers below it", c->path);
    return SN_OK;
}

/* ---- npy ---- */

static sn_status copy_array(sn_columns *c, const sn_stored *a) {
    if (a->n_dims != 1 && a->n_dims != 2)
        return sn_fail(SN_ERR_SHAPE, "%s: an array of %d dimensions: a vector or a matrix of columns is wanted",
                       c->path, a->n_dims);
    if (a->element->parts > 1)
        return sn_fail(SN_ERR_UNSUPPORTED, "%s: %s numbers: a table has real ones", c->path, a->element->name);
    int64_t rows = a->shape[0], width = a->n_dims == 2 ? a->shape[1] : 1;
    if (rows == 0 || width == 0) return sn_fail(SN_ERR_FORMAT, "%s: the array is empty", c->path);
    SN_TRY(set_width(c, width > MAX_COLUMNS ? MAX_COLUMNS + 1 : (int)width));
    c->values = sn_alloc((size_t)rows * (size_t)width * sizeof(double));
    if (!c->values) return sn_fail_memory("a table of numbers");
    c->n_rows = rows;
    sn_stored_read(a, 0, rows * width, c->values);
    for (int64_t i = 0; i < rows * width; i++) {
        bad_field *bad = &c->bad[i % width];
        if (isfinite(c->values[i]) || bad->line) continue;
        bad->line = i / width + 1;
        snprintf(bad->text, SHOWN, "%g", c->values[i]);
    }
    return SN_OK;
}

static sn_status read_array(sn_columns *c, const void *data, size_t size) {
    sn_npy npy;
    SN_TRY(sn_npy_open_memory(c->path, data, size, NULL, &npy));
    sn_status status = copy_array(c, &npy.array);
    sn_npy_close(&npy);
    return status;
}

/* ---- The whole ---- */

sn_status sn_columns_open_memory(const char *name, const void *data, size_t size, sn_columns **out) {
    bool is_array = size >= 6 && memcmp(data, "\x93NUMPY", 6) == 0;
    sn_columns *c = sn_calloc(1, sizeof *c);
    if (!c) return sn_fail_memory("a table of numbers");
    c->path = sn_arena_strdup(&c->arena, name);
    sn_status status = c->path ? SN_OK : sn_fail_memory("a table of numbers");
    if (status == SN_OK) status = is_array ? read_array(c, data, size) : read_text(c, data, size);
    if (status == SN_OK)
        *out = c;
    else
        sn_columns_free(c);
    return status;
}

sn_status sn_columns_open(const char *path, sn_columns **out) {
    sn_map map;
    SN_TRY(sn_map_open(path, &map));
    sn_status status = sn_columns_open_memory(path, map.data, map.size, out);
    sn_map_close(&map);
    return status;
}

void sn_columns_free(sn_columns *c) {
    if (!c) return;
    sn_free(c->values);
    sn_arena_free(&c->arena);
    sn_free(c);
}

int64_t sn_columns_n_rows(const sn_columns *c) { return c->n_rows; }
int sn_columns_count(const sn_columns *c) { return c->n_columns; }

const char *sn_columns_name(const sn_columns *c, int column) {
    return c->names && column >= 0 && column < c->n_columns ? c->names[column] : NULL;
}

int sn_columns_find(const sn_columns *c, const char *name) {
    for (int k = 0; c->names && k < c->n_columns; k++)
        if (strcmp(c->names[k], name) == 0) return k;
    char *end;
    long number = strtol(name, &end, 10);
    return end != name && *end == 0 && number >= 1 && number <= c->n_columns ? (int)number - 1 : -1;
}

static sn_status fail_unknown(const sn_columns *c, const char *name) {
    if (!c->names)
        return sn_fail(SN_ERR_NOT_FOUND,
                       "%s: there is no column \"%s\": the file has no names, say a number from 1 to %d", c->path, name,
                       c->n_columns);
    char known[256] = "";
    size_t n = 0;
    for (int k = 0; k < c->n_columns && n < sizeof known - 1; k++)
        n += (size_t)snprintf(known + n, sizeof known - n, "%s%s", k ? ", " : "", c->names[k]);
    return sn_fail(SN_ERR_NOT_FOUND, "%s: there is no column \"%s\": it has %s", c->path, name, known);
}

sn_status sn_columns_get(const sn_columns *c, const char *name, double *out) {
    int k = sn_columns_find(c, name);
    if (k < 0) return fail_unknown(c, name);
    if (c->bad[k].line)
        return sn_fail(SN_ERR_FORMAT, "%s, line %lld: column \"%s\" has \"%s\" where a finite number is wanted%s",
                       c->path, (long long)c->bad[k].line, name, c->bad[k].text,
                       strchr(c->bad[k].text, ',') ? ": decimals are written with a point" : "");
    for (int64_t i = 0; i < c->n_rows; i++) out[i] = c->values[i * c->n_columns + k];
    return SN_OK;
}
