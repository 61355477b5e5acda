#include "file/json_write.h"

#include "base/alloc.h"
#include "base/error.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static void append(sn_json_out *w, const char *s, size_t n) {
    if (w->failed) return;
    if (n >= w->capacity - w->size) {
        size_t capacity = w->capacity * 2 + n + 64;
        char *data = sn_realloc(w->data, capacity);
        w->failed = !data;
        if (!data) return;
        w->data = data;
        w->capacity = capacity;
    }
    memcpy(w->data + w->size, s, n);
    w->size += n;
    w->data[w->size] = 0;
}

static void append_string(sn_json_out *w, const char *s) { append(w, s, strlen(s)); }

static void new_line(sn_json_out *w) {
    append_string(w, "\n");
    for (int i = 0; i < w->depth; i++) append_string(w, "  ");
}

/* Bytes of the UTF-8 character at p, 0 where there is none. */
static size_t character(const unsigned char *p, size_t left) {
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    if (p[0] < 0x80) return 1;
    size_t n = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
    if (p[0] < 0xc2 || p[0] > 0xf4 || n > left) return 0;
    uint32_t code = p[0] & (0x7fu >> n);
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80) return 0;
        code = code << 6 | (p[i] & 0x3fu);
    }
    bool surrogate = code >= 0xd800 && code < 0xe000;
    return code < smallest[n] || code > 0x10ffff || surrogate ? 0 : n;
}

static void append_escaped(sn_json_out *w, const char *text, size_t size) {
    append_string(w, "\"");
    for (size_t i = 0; i < size;) {
        const unsigned char *p = (const unsigned char *)text + i;
        size_t n = character(p, size - i);
        char escape[8] = {'\\', (char)*p, 0};
        if (n == 0)
            append_string(w, "\xef\xbf\xbd");
        else if (*p == '"' || *p == '\\')
            append_string(w, escape);
        else if (*p == '\n')
            append_string(w, "\\n");
        else if (*p < 0x20 || *p == 0x7f) {
            snprintf(escape, sizeof escape, "\\u%04x", *p);
            append_string(w, escape);
        } else
            append(w, text + i, n);
        i += n ? n : 1;
    }
    append_string(w, "\"");
}

/* What comes before every value: comma, line, key. */
static void begin_value(sn_json_out *w, const char *key) {
    bool lines = w->depth > 0 && w->depth <= w->lines;
    if (w->depth > 0 && !w->first) append_string(w, lines || !w->lines ? "," : ", ");
    if (lines) new_line(w);
    w->first = false;
    if (!key) return;
    append_escaped(w, key, strlen(key));
    append_string(w, w->lines ? ": " : ":");
}

static void begin(sn_json_out *w, const char *key, const char *opening, char closing) {
    begin_value(w, key);
    append_string(w, opening);
    if (w->depth == (int)sizeof w->closing) {
        w->failed = true;
        return;
    }
    w->closing[w->depth++] = closing;
    w->first = true;
}

void sn_json_begin_object(sn_json_out *w, const char *key) { begin(w, key, "{", '}'); }
void sn_json_begin_array(sn_json_out *w, const char *key) { begin(w, key, "[", ']'); }

void sn_json_end(sn_json_out *w) {
    if (w->depth == 0) return;
    bool lines = w->depth <= w->lines && !w->first;
    w->depth--;
    if (lines) new_line(w);
    append(w, &w->closing[w->depth], 1);
    w->first = false;
}

void sn_json_put_text(sn_json_out *w, const char *key, sn_text text) {
    begin_value(w, key);
    append_escaped(w, text.data, text.size);
}

void sn_json_put_string(sn_json_out *w, const char *key, const char *s) { sn_json_put_text(w, key, sn_text_of(s)); }

static void put_word(sn_json_out *w, const char *key, const char *word) {
    begin_value(w, key);
    append_string(w, word);
}

void sn_json_put_bool(sn_json_out *w, const char *key, bool v) { put_word(w, key, v ? "true" : "false"); }
void sn_json_put_null(sn_json_out *w, const char *key) { put_word(w, key, "null"); }

void sn_json_put_i64(sn_json_out *w, const char *key, int64_t v) {
    char word[32];
    snprintf(word, sizeof word, "%lld", (long long)v);
    put_word(w, key, word);
}

void sn_json_put_f64(sn_json_out *w, const char *key, double v) {
    char word[40];
    if (!isfinite(v)) {
        sn_json_put_null(w, key);
        return;
    }
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(word, sizeof word, "%.*g", digits, v);
        if (strtod(word, NULL) == v) break;
    }
    for (char *p = word; *p; p++) /* the decimal point of the program's locale */
        if (!strchr("0123456789+-e", *p)) *p = '.';
    put_word(w, key, word);
}

sn_status sn_json_finish(sn_json_out *w, sn_text *out) {
    while (w->depth > 0) sn_json_end(w);
    if (w->lines) append_string(w, "\n");
    if (w->failed) return sn_fail_memory("a JSON text");
    *out = (sn_text){w->data, w->size};
    return SN_OK;
}

void sn_json_out_free(sn_json_out *w) {
    sn_free(w->data);
    *w = (sn_json_out){0};
}

sn_status sn_json_take(sn_json_out *w, char **out) {
    sn_text text;
    sn_status status = sn_json_finish(w, &text);
    if (status == SN_OK) {
        *out = w->data;
        w->data = NULL;
    }
    sn_json_out_free(w);
    return status;
}
