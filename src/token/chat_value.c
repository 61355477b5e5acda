/* Values of the template language: Python's truth, equality, order, printing, arithmetic. */
#include "token/chat.h"
#include "token/utf8.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_number(sn_chat_value v) {
    return v.kind == SN_CHAT_BOOL || v.kind == SN_CHAT_INT || v.kind == SN_CHAT_FLOAT;
}
static int64_t as_int(sn_chat_value v) { return v.kind == SN_CHAT_BOOL ? v.boolean : v.integer; }
static double as_real(sn_chat_value v) { return v.kind == SN_CHAT_FLOAT ? v.real : (double)as_int(v); }

const char *sn_chat_type_name(sn_chat_value v) {
    static const char *const names[] = {"undefined", "none",   "a boolean",   "an integer", "a float",   "a string",
                                        "a list",    "a dict", "a namespace", "a macro",    "a function"};
    return names[v.kind];
}

sn_status sn_chat_fail(sn_status status, int line, const char *format, ...) {
    va_list args;
    va_start(args, format);
    sn_vfail(status, format, args);
    va_end(args);
    return sn_fail_in(status, "chat template: line %d", line);
}

/* ---- Making ---- */

sn_chat_value sn_chat_string(sn_text text) { return (sn_chat_value){.kind = SN_CHAT_STRING, .text = text}; }

static sn_status check_memory(const sn_chat_run *r) {
    if (r->arena->total > SN_CHAT_MAX_MEMORY)
        return sn_fail(SN_ERR_LIMIT, "chat template: more than %d bytes of values", SN_CHAT_MAX_MEMORY);
    return SN_OK;
}

sn_status sn_chat_copy_string(sn_chat_run *r, sn_text text, sn_chat_value *out) {
    char *copy = sn_arena_strndup(r->arena, text.data ? text.data : "", text.size);
    if (!copy) return sn_fail_memory("chat template");
    *out = sn_chat_string((sn_text){copy, text.size});
    return check_memory(r);
}

sn_status sn_chat_new_items(sn_chat_run *r, sn_chat_kind kind, sn_chat_value *out) {
    sn_chat_items *items = sn_arena_alloc(r->arena, sizeof *items);
    if (!items) return sn_fail_memory("chat template");
    *out = (sn_chat_value){.kind = kind, .items = items};
    return check_memory(r);
}

static sn_status make_room(sn_chat_run *r, sn_chat_items *items, bool keys) {
    if (items->n < items->capacity) return SN_OK;
    int64_t capacity = items->capacity ? 2 * items->capacity : 8;
    sn_chat_value *values = sn_arena_array(r->arena, (size_t)capacity, sizeof *values);
    sn_chat_value *grown = keys ? sn_arena_array(r->arena, (size_t)capacity, sizeof *grown) : 0;
    if (!values || (keys && !grown)) return sn_fail_memory("chat template");
    for (int64_t i = 0; i < items->n; i++) {
        values[i] = items->values[i];
        if (keys) grown[i] = items->keys[i];
    }
    items->values = values, items->keys = grown, items->capacity = capacity;
    return check_memory(r);
}

sn_status sn_chat_append(sn_chat_run *r, sn_chat_items *list, sn_chat_value v) {
    SN_TRY(make_room(r, list, false));
    list->values[list->n++] = v;
    return SN_OK;
}

const sn_chat_value *sn_chat_get(const sn_chat_items *dict, sn_chat_value key) {
    for (int64_t i = 0; i < dict->n; i++)
        if (sn_chat_equal(dict->keys[i], key)) return &dict->values[i];
    return 0;
}

sn_status sn_chat_put(sn_chat_run *r, sn_chat_items *dict, sn_chat_value key, sn_chat_value v) {
    for (int64_t i = 0; i < dict->n; i++) {
        if (!sn_chat_equal(dict->keys[i], key)) continue;
        dict->values[i] = v;
        return SN_OK;
    }
    SN_TRY(make_room(r, dict, true));
    dict->keys[dict->n] = key;
    dict->values[dict->n++] = v;
    return SN_OK;
}

/* ---- Truth, equality, order ---- */

bool sn_chat_true(sn_chat_value v) {
    switch (v.kind) {
    case SN_CHAT_UNDEFINED:
    case SN_CHAT_NONE: return false;
    case SN_CHAT_BOOL: return v.boolean;
    case SN_CHAT_INT: return v.integer != 0;
    case SN_CHAT_FLOAT: return v.real != 0;
    case SN_CHAT_STRING: return v.text.size > 0;
    case SN_CHAT_LIST:
    case SN_CHAT_DICT: return v.items->n > 0;
    default: return true;
    }
}

/* Values nest no deeper than the template that made them, except lists grown in loops: those end in "not equal". */
static bool equal(sn_chat_value a, sn_chat_value b, int depth) {
    if (is_number(a) && is_number(b)) {
        if (a.kind == SN_CHAT_FLOAT || b.kind == SN_CHAT_FLOAT) return as_real(a) == as_real(b);
        return as_int(a) == as_int(b);
    }
    if (a.kind != b.kind || depth > SN_CHAT_MAX_DEPTH) return false;
    if (a.kind == SN_CHAT_STRING) return sn_text_equal(a.text, b.text);
    if (a.kind == SN_CHAT_NONE || a.kind == SN_CHAT_UNDEFINED) return true;
    if (a.kind == SN_CHAT_MACRO) return a.macro == b.macro;
    if (a.kind == SN_CHAT_FUNCTION) return sn_text_equal(a.text, b.text);
    if (a.items == b.items) return true;
    if (a.kind == SN_CHAT_NAMESPACE || a.items->n != b.items->n) return false;
    for (int64_t i = 0; i < a.items->n; i++) {
        const sn_chat_value *other =
            a.kind == SN_CHAT_DICT ? sn_chat_get(b.items, a.items->keys[i]) : &b.items->values[i];
        if (!other || !equal(a.items->values[i], *other, depth + 1)) return false;
    }
    return true;
}

bool sn_chat_equal(sn_chat_value a, sn_chat_value b) { return equal(a, b, 0); }

sn_status sn_chat_order(sn_chat_value a, sn_chat_value b, int line, int *out) {
    if (is_number(a) && is_number(b)) {
        double x = as_real(a), y = as_real(b);
        *out = (x > y) - (x < y);
        return SN_OK;
    }
    if (a.kind == SN_CHAT_STRING && b.kind == SN_CHAT_STRING) {
        size_t n = a.text.size < b.text.size ? a.text.size : b.text.size;
        int order = n ? memcmp(a.text.data, b.text.data, n) : 0;
        *out = order ? order : (a.text.size > b.text.size) - (a.text.size < b.text.size);
        return SN_OK;
    }
    return sn_chat_fail(SN_ERR_ARGUMENT, line, "%s and %s have no order", sn_chat_type_name(a), sn_chat_type_name(b));
}

/* ---- Characters ---- */

static int64_t count_characters(sn_text text) {
    int64_t n = 0;
    size_t length;
    for (size_t i = 0; i < text.size; i += length, n++) sn_utf8_decode(text.data + i, text.size - i, &length);
    return n;
}

sn_status sn_chat_length(sn_chat_value v, int line, int64_t *out) {
    if (v.kind == SN_CHAT_STRING)
        *out = count_characters(v.text);
    else if (v.kind == SN_CHAT_LIST || v.kind == SN_CHAT_DICT)
        *out = v.items->n;
    else if (v.kind == SN_CHAT_UNDEFINED)
        *out = 0;
    else
        return sn_chat_fail(SN_ERR_ARGUMENT, line, "%s has no length", sn_chat_type_name(v));
    return SN_OK;
}

static sn_status characters(sn_chat_run *r, sn_text text, int line, sn_chat_items *out) {
    size_t length;
    for (size_t i = 0; i < text.size; i += length) {
        sn_utf8_decode(text.data + i, text.size - i, &length);
        SN_TRY(sn_chat_step(r, line));
        SN_TRY(sn_chat_append(r, out, sn_chat_string((sn_text){text.data + i, length})));
    }
    return SN_OK;
}

sn_status sn_chat_iterate(sn_chat_run *r, sn_chat_value v, int line, sn_chat_items **out) {
    sn_chat_value list = SN_CHAT_NOTHING;
    if (v.kind == SN_CHAT_LIST) {
        *out = v.items;
        return SN_OK;
    }
    SN_TRY(sn_chat_new_items(r, SN_CHAT_LIST, &list));
    *out = list.items;
    if (v.kind == SN_CHAT_UNDEFINED) return SN_OK;
    if (v.kind == SN_CHAT_STRING) return characters(r, v.text, line, list.items);
    if (v.kind != SN_CHAT_DICT)
        return sn_chat_fail(SN_ERR_ARGUMENT, line, "%s cannot be iterated over", sn_chat_type_name(v));
    for (int64_t i = 0; i < v.items->n; i++) SN_TRY(sn_chat_append(r, list.items, v.items->keys[i]));
    return SN_OK;
}

/* ---- Text ---- */

/* The shortest form that reads back to the same number, as Python prints it. */
static sn_status print_real(double x, sn_buf *out) {
    char text[40];
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, x);
        if (strtod(text, 0) == x) break;
    }
    double size = fabs(x);
    if (size >= 1e-4 && size < 1e16 && strchr(text, 'e')) snprintf(text, sizeof text, "%.0f", x);
    SN_TRY(sn_buf_append(out, text, strlen(text)));
    return strpbrk(text, ".ein") ? SN_OK : sn_buf_append(out, ".0", 2);
}

/* Python's repr of a string; `json` escapes as json.dumps does. */
static sn_status print_quoted(sn_text text, bool json, sn_buf *out) {
    bool single = !json && !(text.size && memchr(text.data, '\'', text.size) && !memchr(text.data, '"', text.size));
    char quote = single ? '\'' : '"';
    SN_TRY(sn_buf_append(out, &quote, 1));
    for (size_t i = 0; i < text.size; i++) {
        static const char from[] = "\n\t\r\b\f", to[] = "ntrbf";
        char c = text.data[i], escape[8];
        const char *known = c ? strchr(from, c) : 0;
        int n = 0;
        if (c == quote || c == '\\')
            n = snprintf(escape, sizeof escape, "\\%c", c);
        else if (known && (json || known - from < 3))
            n = snprintf(escape, sizeof escape, "\\%c", to[known - from]);
        else if ((unsigned char)c < 32 || (!json && c == 127))
            n = snprintf(escape, sizeof escape, json ? "\\u%04x" : "\\x%02x", (unsigned char)c);
        SN_TRY(n ? sn_buf_append(out, escape, (size_t)n) : sn_buf_append(out, &c, 1));
    }
    return sn_buf_append(out, &quote, 1);
}

static sn_status print(sn_chat_run *r, sn_chat_value v, bool quoted, int depth, sn_buf *out);

static sn_status print_items(sn_chat_run *r, sn_chat_value v, int depth, sn_buf *out) {
    bool dict = v.kind != SN_CHAT_LIST, tuple = v.items->tuple;
    SN_TRY(sn_buf_append(out, dict ? "{" : tuple ? "(" : "[", 1));
    for (int64_t i = 0; i < v.items->n; i++) {
        if (i) SN_TRY(sn_buf_append(out, ", ", 2));
        if (dict) {
            SN_TRY(print(r, v.items->keys[i], true, depth + 1, out));
            SN_TRY(sn_buf_append(out, ": ", 2));
        }
        SN_TRY(print(r, v.items->values[i], true, depth + 1, out));
    }
    if (tuple && v.items->n == 1) SN_TRY(sn_buf_append(out, ",", 1));
    return sn_buf_append(out, dict ? "}" : tuple ? ")" : "]", 1);
}

static sn_status check_output(const sn_buf *out) {
    if (out->size > SN_CHAT_MAX_OUTPUT)
        return sn_fail(SN_ERR_LIMIT, "chat template: more than %d bytes of text", SN_CHAT_MAX_OUTPUT);
    return SN_OK;
}

static sn_status print(sn_chat_run *r, sn_chat_value v, bool quoted, int depth, sn_buf *out) {
    char text[32];
    if (depth > SN_CHAT_MAX_DEPTH)
        return sn_fail(SN_ERR_LIMIT, "chat template: a value nested deeper than %d", SN_CHAT_MAX_DEPTH);
    SN_TRY(sn_chat_step(r, 0));
    SN_TRY(check_output(out));
    switch (v.kind) {
    case SN_CHAT_UNDEFINED: return SN_OK;
    case SN_CHAT_NONE: return sn_buf_append(out, "None", 4);
    case SN_CHAT_BOOL: return v.boolean ? sn_buf_append(out, "True", 4) : sn_buf_append(out, "False", 5);
    case SN_CHAT_INT:
        return sn_buf_append(out, text, (size_t)snprintf(text, sizeof text, "%lld", (long long)v.integer));
    case SN_CHAT_FLOAT: return print_real(v.real, out);
    case SN_CHAT_STRING:
        return quoted ? print_quoted(v.text, false, out) : sn_buf_append(out, v.text.data, v.text.size);
    case SN_CHAT_LIST:
    case SN_CHAT_DICT: return print_items(r, v, depth, out);
    default: return sn_fail(SN_ERR_UNSUPPORTED, "chat template: printing %s is not supported", sn_chat_type_name(v));
    }
}

sn_status sn_chat_print(sn_chat_run *r, sn_chat_value v, bool quoted, sn_buf *out) {
    SN_TRY(print(r, v, quoted, 0, out));
    return check_output(out);
}

sn_status sn_chat_to_text(sn_chat_run *r, sn_chat_value v, sn_text *out) {
    if (v.kind == SN_CHAT_STRING) {
        *out = v.text;
        return SN_OK;
    }
    sn_buf text = {0};
    sn_chat_value copy = SN_CHAT_NOTHING;
    sn_status status = sn_chat_print(r, v, false, &text);
    if (status == SN_OK) status = sn_chat_copy_string(r, (sn_text){text.data, text.size}, &copy);
    sn_buf_free(&text);
    if (status == SN_OK) *out = copy.text;
    return status;
}

/* ---- JSON ---- */

static sn_status break_line(sn_buf *out, int indent, int depth) {
    SN_TRY(sn_buf_append(out, "\n", 1));
    for (int i = 0; i < indent * depth; i++) SN_TRY(sn_buf_append(out, " ", 1));
    return SN_OK;
}

static sn_status json(sn_chat_run *r, sn_chat_value v, int indent, int depth, int line, sn_buf *out);

static sn_status json_items(sn_chat_run *r, sn_chat_value v, int indent, int depth, int line, sn_buf *out) {
    bool dict = v.kind == SN_CHAT_DICT;
    SN_TRY(sn_buf_append(out, dict ? "{" : "[", 1));
    for (int64_t i = 0; i < v.items->n; i++) {
        if (i) SN_TRY(indent >= 0 ? sn_buf_append(out, ",", 1) : sn_buf_append(out, ", ", 2));
        if (indent >= 0) SN_TRY(break_line(out, indent, depth + 1));
        if (dict) {
            sn_text key;
            SN_TRY(sn_chat_to_text(r, v.items->keys[i], &key));
            SN_TRY(print_quoted(key, true, out));
            SN_TRY(sn_buf_append(out, ": ", 2));
        }
        SN_TRY(json(r, v.items->values[i], indent, depth + 1, line, out));
    }
    if (indent >= 0 && v.items->n) SN_TRY(break_line(out, indent, depth));
    return sn_buf_append(out, dict ? "}" : "]", 1);
}

static sn_status json(sn_chat_run *r, sn_chat_value v, int indent, int depth, int line, sn_buf *out) {
    if (depth > SN_CHAT_MAX_DEPTH)
        return sn_chat_fail(SN_ERR_LIMIT, line, "a value nested deeper than %d", SN_CHAT_MAX_DEPTH);
    SN_TRY(sn_chat_step(r, line));
    SN_TRY(check_output(out));
    switch (v.kind) {
    case SN_CHAT_NONE: return sn_buf_append(out, "null", 4);
    case SN_CHAT_BOOL: return v.boolean ? sn_buf_append(out, "true", 4) : sn_buf_append(out, "false", 5);
    case SN_CHAT_INT:
    case SN_CHAT_FLOAT: return sn_chat_print(r, v, false, out);
    case SN_CHAT_STRING: return print_quoted(v.text, true, out);
    case SN_CHAT_LIST:
    case SN_CHAT_DICT: return json_items(r, v, indent, depth, line, out);
    default: return sn_chat_fail(SN_ERR_ARGUMENT, line, "%s is not JSON", sn_chat_type_name(v));
    }
}

sn_status sn_chat_json(sn_chat_run *r, sn_chat_value v, int indent, int line, sn_buf *out) {
    return json(r, v, indent, 0, line, out);
}

/* ---- Operators ---- */

sn_status sn_chat_contains(sn_chat_value in, sn_chat_value what, int line, bool *out) {
    *out = false;
    if (in.kind == SN_CHAT_UNDEFINED) return SN_OK;
    if (in.kind == SN_CHAT_STRING) {
        if (what.kind != SN_CHAT_STRING)
            return sn_chat_fail(SN_ERR_ARGUMENT, line, "\"in\" a string needs a string, not %s",
                                sn_chat_type_name(what));
        *out =
            what.text.size == 0 || (in.text.size && memmem(in.text.data, in.text.size, what.text.data, what.text.size));
        return SN_OK;
    }
    if (in.kind != SN_CHAT_LIST && in.kind != SN_CHAT_DICT)
        return sn_chat_fail(SN_ERR_ARGUMENT, line, "nothing is \"in\" %s", sn_chat_type_name(in));
    const sn_chat_value *values = in.kind == SN_CHAT_LIST ? in.items->values : in.items->keys;
    for (int64_t i = 0; i < in.items->n && !*out; i++) *out = sn_chat_equal(values[i], what);
    return SN_OK;
}

static sn_status join_text(sn_chat_run *r, sn_text a, sn_text b, sn_chat_value *out) {
    char *text = sn_arena_alloc(r->arena, a.size + b.size + 1);
    if (!text) return sn_fail_memory("chat template");
    if (a.size) memcpy(text, a.data, a.size);
    if (b.size) memcpy(text + a.size, b.data, b.size);
    *out = sn_chat_string((sn_text){text, a.size + b.size});
    return check_memory(r);
}

static sn_status add(sn_chat_run *r, sn_chat_value a, sn_chat_value b, sn_chat_value *out) {
    if (a.kind == SN_CHAT_STRING) return join_text(r, a.text, b.text, out);
    SN_TRY(sn_chat_new_items(r, SN_CHAT_LIST, out));
    for (int64_t i = 0; i < a.items->n; i++) SN_TRY(sn_chat_append(r, out->items, a.items->values[i]));
    for (int64_t i = 0; i < b.items->n; i++) SN_TRY(sn_chat_append(r, out->items, b.items->values[i]));
    return SN_OK;
}

static sn_status repeat(sn_chat_run *r, sn_text text, int64_t n, int line, sn_chat_value *out) {
    if (n < 0) n = 0;
    if (text.size && n > SN_CHAT_MAX_OUTPUT / (int64_t)text.size)
        return sn_chat_fail(SN_ERR_LIMIT, line, "a string repeated too often");
    char *made = sn_arena_alloc(r->arena, text.size * (size_t)n + 1);
    if (!made) return sn_fail_memory("chat template");
    for (int64_t i = 0; i < n && text.size; i++) memcpy(made + (size_t)i * text.size, text.data, text.size);
    *out = sn_chat_string((sn_text){made, text.size * (size_t)n});
    return check_memory(r);
}

/* Division rounds down and the remainder has the divisor's sign, as in Python. */
static sn_status integers(char op, int64_t a, int64_t b, int line, sn_chat_value *out) {
    int64_t x = 0;
    bool over = false;
    if ((op == 'd' || op == '%') && b == 0) return sn_chat_fail(SN_ERR_ARGUMENT, line, "division by zero");
    if (op == '+') over = __builtin_add_overflow(a, b, &x);
    if (op == '-') over = __builtin_sub_overflow(a, b, &x);
    if (op == '*') over = __builtin_mul_overflow(a, b, &x);
    if (op == 'd' || op == '%') {
        over = a == INT64_MIN && b == -1;
        int64_t quotient = over ? 0 : a / b, rest = over ? 0 : a % b;
        bool adjust = rest != 0 && (rest < 0) != (b < 0);
        x = op == 'd' ? quotient - adjust : rest + (adjust ? b : 0);
    }
    if (over) return sn_chat_fail(SN_ERR_LIMIT, line, "an integer beyond 64 bits");
    *out = (sn_chat_value){.kind = SN_CHAT_INT, .integer = x};
    return SN_OK;
}

static sn_status reals(char op, double a, double b, int line, sn_chat_value *out) {
    double x = 0;
    if ((op == '/' || op == 'd' || op == '%') && b == 0) return sn_chat_fail(SN_ERR_ARGUMENT, line, "division by zero");
    switch (op) {
    case '+': x = a + b; break;
    case '-': x = a - b; break;
    case '*': x = a * b; break;
    case '/': x = a / b; break;
    case 'd': x = floor(a / b); break;
    case '%': x = a - floor(a / b) * b; break;
    default: x = pow(a, b);
    }
    *out = (sn_chat_value){.kind = SN_CHAT_FLOAT, .real = x};
    return SN_OK;
}

static sn_status power(int64_t a, int64_t b, int line, sn_chat_value *out) {
    if (b < 0) return reals('p', (double)a, (double)b, line, out);
    *out = (sn_chat_value){.kind = SN_CHAT_INT, .integer = 1};
    if (b > 64 && a * a > 1) return sn_chat_fail(SN_ERR_LIMIT, line, "an integer beyond 64 bits");
    for (int64_t i = 0; i < b && b <= 64; i++) SN_TRY(integers('*', out->integer, a, line, out));
    if (b > 64) out->integer = a == -1 && b % 2 ? -1 : a * a;
    return SN_OK;
}

sn_status sn_chat_binary(sn_chat_run *r, sn_text op, sn_chat_value a, sn_chat_value b, int line, sn_chat_value *out) {
    char code = op.size == 1 ? op.data[0] : op.data[0] == '/' ? 'd' : 'p';
    if (code == '~') {
        sn_text x, y;
        SN_TRY(sn_chat_to_text(r, a, &x));
        SN_TRY(sn_chat_to_text(r, b, &y));
        return join_text(r, x, y, out);
    }
    if (is_number(a) && is_number(b)) {
        if (a.kind == SN_CHAT_FLOAT || b.kind == SN_CHAT_FLOAT || code == '/')
            return reals(code, as_real(a), as_real(b), line, out);
        return code == 'p' ? power(as_int(a), as_int(b), line, out) : integers(code, as_int(a), as_int(b), line, out);
    }
    if (code == '+' && a.kind == b.kind && (a.kind == SN_CHAT_STRING || a.kind == SN_CHAT_LIST))
        return add(r, a, b, out);
    if (code == '*' && a.kind == SN_CHAT_STRING && b.kind == SN_CHAT_INT)
        return repeat(r, a.text, b.integer, line, out);
    if (code == '%' && a.kind == SN_CHAT_STRING)
        return sn_chat_fail(SN_ERR_UNSUPPORTED, line, "formatting with %% is not supported");
    return sn_chat_fail(SN_ERR_ARGUMENT, line, "%s %.*s %s", sn_chat_type_name(a), (int)op.size, op.data,
                        sn_chat_type_name(b));
}

/* ---- Elements ---- */

/* Byte offset of the i-th character. */
static size_t character_at(sn_text text, int64_t i) {
    size_t at = 0, length;
    for (; i > 0 && at < text.size; i--, at += length) sn_utf8_decode(text.data + at, text.size - at, &length);
    return at;
}

sn_status sn_chat_index(sn_chat_run *r, sn_chat_value v, sn_chat_value at, int line, sn_chat_value *out) {
    *out =
        (sn_chat_value){.kind = SN_CHAT_UNDEFINED, .text = at.kind == SN_CHAT_STRING ? at.text : sn_text_of("element")};
    (void)r;
    if (v.kind == SN_CHAT_UNDEFINED)
        return sn_chat_fail(SN_ERR_ARGUMENT, line, "\"%.*s\" is undefined", (int)v.text.size, v.text.data);
    if (v.kind == SN_CHAT_DICT || v.kind == SN_CHAT_NAMESPACE) {
        const sn_chat_value *found = sn_chat_get(v.items, at);
        if (found) *out = *found;
        return SN_OK;
    }
    if ((v.kind != SN_CHAT_LIST && v.kind != SN_CHAT_STRING) || (at.kind != SN_CHAT_INT && at.kind != SN_CHAT_BOOL))
        return SN_OK;
    int64_t n, i = as_int(at);
    SN_TRY(sn_chat_length(v, line, &n));
    if (i < 0) i += n;
    if (i < 0 || i >= n) return SN_OK;
    if (v.kind == SN_CHAT_LIST) {
        *out = v.items->values[i];
        return SN_OK;
    }
    size_t start = character_at(v.text, i), length;
    sn_utf8_decode(v.text.data + start, v.text.size - start, &length);
    *out = sn_chat_string((sn_text){v.text.data + start, length});
    return SN_OK;
}

/* Python's slice bounds for a sequence of n. */
static sn_status bound(sn_chat_value v, int64_t n, int64_t step, int64_t absent, int line, int64_t *out) {
    *out = absent;
    if (v.kind == SN_CHAT_NONE) return SN_OK;
    if (v.kind != SN_CHAT_INT)
        return sn_chat_fail(SN_ERR_ARGUMENT, line, "a slice needs integers, not %s", sn_chat_type_name(v));
    int64_t i = v.integer < 0 ? v.integer + n : v.integer, low = step < 0 ? -1 : 0, high = step < 0 ? n - 1 : n;
    *out = i < low ? low : i > high ? high : i;
    return SN_OK;
}

sn_status sn_chat_slice(sn_chat_run *r, sn_chat_value v, const sn_chat_value bounds[3], int line, sn_chat_value *out) {
    int64_t n, start, stop, step = 1;
    sn_chat_items *items;
    if (v.kind != SN_CHAT_LIST && v.kind != SN_CHAT_STRING)
        return sn_chat_fail(SN_ERR_ARGUMENT, line, "%s cannot be sliced", sn_chat_type_name(v));
    if (bounds[2].kind == SN_CHAT_INT) step = bounds[2].integer;
    if (step == 0) return sn_chat_fail(SN_ERR_ARGUMENT, line, "a slice of step 0");
    SN_TRY(sn_chat_length(v, line, &n));
    SN_TRY(bound(bounds[0], n, step, step < 0 ? n - 1 : 0, line, &start));
    SN_TRY(bound(bounds[1], n, step, step < 0 ? -1 : n, line, &stop));
    if (v.kind == SN_CHAT_STRING && step == 1) {
        size_t from = character_at(v.text, start), to = stop > start ? character_at(v.text, stop) : from;
        *out = sn_chat_string((sn_text){v.text.data + from, to - from});
        return SN_OK;
    }
    SN_TRY(sn_chat_iterate(r, v, line, &items));
    SN_TRY(sn_chat_new_items(r, SN_CHAT_LIST, out));
    for (int64_t i = start; step > 0 ? i < stop : i > stop; i += step) {
        SN_TRY(sn_chat_append(r, out->items, items->values[i]));
        if (step > n || step < -n) break; /* the next one would be outside, or overflow */
    }
    if (v.kind == SN_CHAT_LIST) return SN_OK;
    sn_buf text = {0};
    sn_status status = SN_OK;
    for (int64_t i = 0; i < out->items->n && status == SN_OK; i++)
        status = sn_buf_append(&text, out->items->values[i].text.data, out->items->values[i].text.size);
    if (status == SN_OK) status = sn_chat_copy_string(r, (sn_text){text.data, text.size}, out);
    sn_buf_free(&text);
    return status;
}
