/* Filters and tests. */
#include "token/chat.h"
#include "token/unicode.h"
#include "token/utf8.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef sn_status (*filter_fn)(sn_chat_run *r, sn_chat_value v, const sn_chat_args *args, sn_chat_value *out);

static sn_chat_value integer(int64_t i) { return (sn_chat_value){.kind = SN_CHAT_INT, .integer = i}; }

enum { MAX_POSITION = 1000 }; /* no positional argument is there: by keyword only */

/* ---- Text ---- */

static sn_status keep(sn_chat_run *r, sn_status status, sn_buf *made, sn_chat_value *out) {
    if (status == SN_OK) status = sn_chat_copy_string(r, (sn_text){made->data, made->size}, out);
    sn_buf_free(made);
    return status;
}

static sn_status trim(sn_chat_run *r, sn_chat_value v, const sn_chat_args *args, sn_chat_value *out) {
    const sn_chat_value *set = sn_chat_arg(args, 0, "chars");
    sn_text text;
    SN_TRY(sn_chat_to_text(r, v, &text));
    *out = sn_chat_string(sn_chat_strip(text, set && set->kind == SN_CHAT_STRING ? &set->text : 0, true, true));
    return SN_OK;
}

/* Case by character: every one, or the first of each word or of the text and lower case after it. */
typedef enum casing { LOWER, UPPER, TITLE, CAPITAL } casing;

static sn_status change_case(sn_chat_run *r, sn_chat_value v, casing how, sn_chat_value *out) {
    sn_text text;
    sn_buf made = {0};
    sn_status status = SN_OK;
    bool start = true;
    size_t length;
    SN_TRY(sn_chat_to_text(r, v, &text));
    for (size_t i = 0; i < text.size && status == SN_OK; i += length) {
        uint32_t c = sn_utf8_decode(text.data + i, text.size - i, &length);
        bool up = how == UPPER || (start && how != LOWER);
        if (c == SN_UTF8_BAD)
            status = sn_buf_append(&made, text.data + i, length);
        else
            status = up ? sn_append_upper(&made, c) : sn_append_lower(&made, c);
        start = how == TITLE && (sn_is_space(c) || c == '-' || c == '(' || c == '[' || c == '{' || c == '<');
    }
    return keep(r, status, &made, out);
}
static sn_status upper(sn_chat_run *r, sn_chat_value v, const sn_chat_args *args, sn_chat_value *out) {
    return (void)args, change_case(r, v, UPPER, out);
}
static sn_status lower(sn_chat_run *r, sn_chat_value v, const sn_chat_args *args, sn_chat_value *out) {
    return (void)args, change_case(r, v, LOWER, out);
}
static sn_status title(sn_chat_run *r, sn_chat_value v, const sn_chat_args *args, sn_chat_value *out) {
    return (void)args, change_case(r, v, TITLE, out);
}
static sn_status capitalize(sn_chat_run *r, sn_chat_value v, const sn_chat_args *args, sn_chat_value *out) {
    return (void)args, change_case(r, v, CAPITAL, out);
}

static sn_status replace(sn_chat_run *r, sn_chat_value v, const sn_chat_args *args, sn_chat_value *out) {
    const sn_chat_value *old = sn_chat_arg(args, 0, "old"), *with = sn_chat_arg(args, 1, "new"),
                        *count = sn_chat_arg(args, 2, "count");
    sn_text text, a, b;
    if (!old || !with) return sn_chat_fail(SN_ERR_ARGUMENT, args->line, "replace needs two strings");
    SN_TRY(sn_chat_to_text(r, v, &text));
    SN_TRY(sn_chat_to_text(r, *old, &a));
    SN_TRY(sn_chat_to_text(r, *with, &b));
    if (a.size == 0) return sn_chat_fail(SN_ERR_UNSUPPORTED, args->line, "replacing the empty string is not supported");
    return sn_chat_replace(r, text, a, b, count && count->kind == SN_CHAT_INT ? count->integer : -1, out);
}

static sn_status to_string(sn_chat_run *r, sn_chat_value v, const sn_chat_args *args, sn_chat_value *out) {
    sn_text text;
    (void)args;
    SN_TRY(sn_chat_to_text(r, v, &text));
    *out = sn_chat_string(text);
    return SN_OK;
}

static sn_status same(sn_chat_run *r, sn_chat_value v, const sn_chat_args *args, sn_chat_value *out) {
    return (void)r, (void)args, *out = v, SN_OK;
}

static sn_status indent(sn_chat_run *r, sn_chat_value v, const sn_chat_args *args, sn_chat_value *out) {
    const sn_chat_value *width = sn_chat_arg(args, 0, "width"), *first = sn_chat_arg(args, 1, "first");
    const sn_chat_value *blank = sn_chat_arg(args, 2, "blank");
    int64_t n = width && width->kind == SN_CHAT_INT ? width->integer : 4;
    sn_text text;
    sn_buf made = {0};
    SN_TRY(sn_chat_to_text(r, v, &text));
    if (n < 0 || n > 100 || (width && width->kind != SN_CHAT_INT))
        return sn_chat_fail(SN_ERR_UNSUPPORTED, args->line, "this width of indent is not supported");
    bool at_start = first && sn_chat_true(*first), empty_too = blank && sn_chat_true(*blank);
    sn_status status = SN_OK;
    for (size_t i = 0; i < text.size && status == SN_OK; i++) {
        if (at_start && (empty_too || text.data[i] != '\n'))
            for (int64_t k = 0; k < n && status == SN_OK; k++) status = sn_buf_append(&made, " ", 1);
        if (status == SN_OK) status = sn_buf_append(&made, text.data + i, 1);
        at_start = text.data[i] == '\n';
    }
    return keep(r, status, &made, out);
}

static sn_status tojson(sn_chat_run *r, sn_chat_value v, const sn_chat_args *args, sn_chat_value *out) {
    const sn_chat_value *width = sn_chat_arg(args, MAX_POSITION, "indent");
    for (int i = 0; i < args->n; i++)
        if (!sn_text_is(args->names[i], "indent") && !sn_text_is(args->names[i], "ensure_ascii"))
            return sn_chat_fail(SN_ERR_UNSUPPORTED, args->line, "this argument of tojson is not supported");
    int n =
        width && width->kind == SN_CHAT_INT && width->integer >= 0 && width->integer < 100 ? (int)width->integer : -1;
    sn_buf made = {0};
    return keep(r, sn_chat_json(r, v, n, args->line, &made), &made, out);
}

/* ---- Numbers ---- */

static sn_status to_int(sn_chat_run *r, sn_chat_value v, const sn_chat_args *args, sn_chat_value *out) {
    char text[64] = "";
    (void)r, (void)args;
    if (v.kind == SN_CHAT_STRING && v.text.size < sizeof text) memcpy(text, v.text.data, v.text.size);
    double x = v.kind == SN_CHAT_FLOAT ? v.real : strtod(text, 0);
    if (!(fabs(x) < 9e18)) x = 0;
    *out = integer(v.kind == SN_CHAT_INT ? v.integer : v.kind == SN_CHAT_BOOL ? v.boolean : (int64_t)x);
    return SN_OK;
}

static sn_status to_abs(sn_chat_run *r, sn_chat_value v, const sn_chat_args *args, sn_chat_value *out) {
    int sign;
    SN_TRY(sn_chat_order(v, integer(0), args->line, &sign));
    *out = v;
    return sign < 0 ? sn_chat_binary(r, sn_text_of("-"), integer(0), v, args->line, out) : SN_OK;
}

/* ---- Sequences ---- */

static sn_status length(sn_chat_run *r, sn_chat_value v, const sn_chat_args *args, sn_chat_value *out) {
    int64_t n;
    (void)r;
    SN_TRY(sn_chat_length(v, args->line, &n));
    *out = integer(n);
    return SN_OK;
}

static sn_status to_list(sn_chat_run *r, sn_chat_value v, const sn_chat_args *args, sn_chat_value *out) {
    sn_chat_items *items;
    SN_TRY(sn_chat_iterate(r, v, args->line, &items));
    *out = (sn_chat_value){.kind = SN_CHAT_LIST, .items = items};
    return SN_OK;
}

static sn_status end_of(sn_chat_run *r, sn_chat_value v, bool last, int line, sn_chat_value *out) {
    sn_chat_items *items;
    SN_TRY(sn_chat_iterate(r, v, line, &items));
    *out = (sn_chat_value){.kind = SN_CHAT_UNDEFINED, .text = sn_text_of(last ? "last" : "first")};
    if (items->n) *out = items->values[last ? items->n - 1 : 0];
    return SN_OK;
}
static sn_status first(sn_chat_run *r, sn_chat_value v, const sn_chat_args *args, sn_chat_value *out) {
    return end_of(r, v, false, args->line, out);
}
static sn_status last(sn_chat_run *r, sn_chat_value v, const sn_chat_args *args, sn_chat_value *out) {
    return end_of(r, v, true, args->line, out);
}

static sn_status reverse(sn_chat_run *r, sn_chat_value v, const sn_chat_args *args, sn_chat_value *out) {
    sn_chat_value bounds[3] = {SN_CHAT_NOTHING, SN_CHAT_NOTHING, integer(-1)};
    if (v.kind == SN_CHAT_DICT) SN_TRY(to_list(r, v, args, &v));
    return sn_chat_slice(r, v, bounds, args->line, out);
}

static sn_status join(sn_chat_run *r, sn_chat_value v, const sn_chat_args *args, sn_chat_value *out) {
    const sn_chat_value *separator = sn_chat_arg(args, 0, "d"), *attribute = sn_chat_arg(args, 1, "attribute");
    sn_chat_items *items;
    sn_text text = {"", 0};
    sn_buf made = {0};
    SN_TRY(sn_chat_iterate(r, v, args->line, &items));
    if (separator) SN_TRY(sn_chat_to_text(r, *separator, &text));
    sn_status status = SN_OK;
    for (int64_t i = 0; i < items->n && status == SN_OK; i++) {
        sn_chat_value item = items->values[i];
        if (i) status = sn_buf_append(&made, text.data, text.size);
        if (status == SN_OK && attribute) status = sn_chat_index(r, item, *attribute, args->line, &item);
        if (status == SN_OK) status = sn_chat_print(r, item, false, &made);
    }
    return keep(r, status, &made, out);
}

static sn_status items(sn_chat_run *r, sn_chat_value v, const sn_chat_args *args, sn_chat_value *out) {
    bool known;
    if (v.kind == SN_CHAT_UNDEFINED) return sn_chat_new_items(r, SN_CHAT_LIST, out);
    if (v.kind != SN_CHAT_DICT)
        return sn_chat_fail(SN_ERR_ARGUMENT, args->line, "items needs a dict, not %s", sn_chat_type_name(v));
    return sn_chat_method(r, sn_text_of("items"), v, args, out, &known);
}

/* Pairs in order of their keys, case ignored for ASCII. */
static sn_status dictsort(sn_chat_run *r, sn_chat_value v, const sn_chat_args *args, sn_chat_value *out) {
    SN_TRY(items(r, v, args, out));
    sn_chat_value *pairs = out->items->values;
    for (int64_t i = 1; i < out->items->n; i++)
        for (int64_t k = i; k > 0; k--) {
            sn_chat_value a, b, swap = pairs[k];
            int order;
            SN_TRY(sn_chat_step(r, args->line));
            SN_TRY(lower(r, pairs[k - 1].items->values[0], args, &a));
            SN_TRY(lower(r, pairs[k].items->values[0], args, &b));
            SN_TRY(sn_chat_order(a, b, args->line, &order));
            if (order <= 0) break;
            pairs[k] = pairs[k - 1], pairs[k - 1] = swap;
        }
    return SN_OK;
}

static sn_status unique(sn_chat_run *r, sn_chat_value v, const sn_chat_args *args, sn_chat_value *out) {
    sn_chat_items *all;
    SN_TRY(sn_chat_iterate(r, v, args->line, &all));
    SN_TRY(sn_chat_new_items(r, SN_CHAT_LIST, out));
    for (int64_t i = 0; i < all->n; i++) {
        bool seen;
        r->steps += out->items->n;
        SN_TRY(sn_chat_step(r, args->line));
        SN_TRY(sn_chat_contains(*out, all->values[i], args->line, &seen));
        if (!seen) SN_TRY(sn_chat_append(r, out->items, all->values[i]));
    }
    return SN_OK;
}

/* The arguments from the k-th on. */
static sn_chat_args rest(const sn_chat_args *args, int k) {
    return (sn_chat_args){args->values + k, args->names + k, args->n - k, args->line};
}

static sn_status named(const sn_chat_args *args, int i, sn_text *out) {
    if (i >= args->n || args->values[i].kind != SN_CHAT_STRING || args->names[i].size)
        return sn_chat_fail(SN_ERR_ARGUMENT, args->line, "a name is expected as argument %d", i + 1);
    *out = args->values[i].text;
    return SN_OK;
}

/* "a.b.c" of a value. */
static sn_status attribute_of(sn_chat_run *r, sn_chat_value v, sn_text path, int line, sn_chat_value *out) {
    while (path.size) {
        const char *dot = memchr(path.data, '.', path.size);
        size_t n = dot ? (size_t)(dot - path.data) : path.size;
        SN_TRY(sn_chat_index(r, v, sn_chat_string((sn_text){path.data, n}), line, &v));
        path = dot ? (sn_text){dot + 1, path.size - n - 1} : (sn_text){0};
    }
    *out = v;
    return SN_OK;
}

/* select, reject, selectattr, rejectattr: elements that pass (or fail) a test, of themselves or of an attribute. */
static sn_status choose(sn_chat_run *r, sn_chat_value v, const sn_chat_args *args, bool of_attribute, bool keep_true,
                        sn_chat_value *out) {
    sn_text attribute = {0}, test = {0};
    sn_chat_items *all;
    int used = 0;
    if (of_attribute) SN_TRY(named(args, used++, &attribute));
    if (args->n > used) SN_TRY(named(args, used++, &test));
    sn_chat_args more = rest(args, used);
    SN_TRY(sn_chat_iterate(r, v, args->line, &all));
    SN_TRY(sn_chat_new_items(r, SN_CHAT_LIST, out));
    for (int64_t i = 0; i < all->n; i++) {
        sn_chat_value what = all->values[i];
        bool yes;
        SN_TRY(sn_chat_step(r, args->line));
        if (of_attribute) SN_TRY(attribute_of(r, what, attribute, args->line, &what));
        yes = sn_chat_true(what);
        if (test.size) SN_TRY(sn_chat_test(r, test, what, &more, &yes));
        if (yes == keep_true) SN_TRY(sn_chat_append(r, out->items, all->values[i]));
    }
    return SN_OK;
}
static sn_status select_(sn_chat_run *r, sn_chat_value v, const sn_chat_args *args, sn_chat_value *out) {
    return choose(r, v, args, false, true, out);
}
static sn_status reject(sn_chat_run *r, sn_chat_value v, const sn_chat_args *args, sn_chat_value *out) {
    return choose(r, v, args, false, false, out);
}
static sn_status selectattr(sn_chat_run *r, sn_chat_value v, const sn_chat_args *args, sn_chat_value *out) {
    return choose(r, v, args, true, true, out);
}
static sn_status rejectattr(sn_chat_run *r, sn_chat_value v, const sn_chat_args *args, sn_chat_value *out) {
    return choose(r, v, args, true, false, out);
}

/* map(attribute=..., default=...) or map("filter", ...). */
static sn_status map(sn_chat_run *r, sn_chat_value v, const sn_chat_args *args, sn_chat_value *out) {
    const sn_chat_value *attribute = sn_chat_arg(args, MAX_POSITION, "attribute"),
                        *fallback = sn_chat_arg(args, MAX_POSITION, "default");
    sn_text filter = {0};
    sn_chat_items *all;
    if (!attribute) SN_TRY(named(args, 0, &filter));
    sn_chat_args more = attribute ? *args : rest(args, 1);
    SN_TRY(sn_chat_iterate(r, v, args->line, &all));
    SN_TRY(sn_chat_new_items(r, SN_CHAT_LIST, out));
    for (int64_t i = 0; i < all->n; i++) {
        sn_chat_value made;
        SN_TRY(sn_chat_step(r, args->line));
        if (attribute && attribute->kind == SN_CHAT_STRING)
            SN_TRY(attribute_of(r, all->values[i], attribute->text, args->line, &made));
        else if (attribute)
            SN_TRY(sn_chat_index(r, all->values[i], *attribute, args->line, &made));
        else
            SN_TRY(sn_chat_filter(r, filter, all->values[i], &more, &made));
        if (made.kind == SN_CHAT_UNDEFINED && fallback) made = *fallback;
        SN_TRY(sn_chat_append(r, out->items, made));
    }
    return SN_OK;
}

static sn_status fallback(sn_chat_run *r, sn_chat_value v, const sn_chat_args *args, sn_chat_value *out) {
    const sn_chat_value *other = sn_chat_arg(args, 0, "default_value"), *also_false = sn_chat_arg(args, 1, "boolean");
    (void)r;
    bool absent = v.kind == SN_CHAT_UNDEFINED || (also_false && sn_chat_true(*also_false) && !sn_chat_true(v));
    *out = !absent ? v : other ? *other : sn_chat_string((sn_text){"", 0});
    return SN_OK;
}

static const struct {
    const char *name;
    filter_fn run;
} filters[] = {{"trim", trim},
               {"upper", upper},
               {"lower", lower},
               {"title", title},
               {"capitalize", capitalize},
               {"replace", replace},
               {"string", to_string},
               {"safe", same},
               {"indent", indent},
               {"tojson", tojson},
               {"int", to_int},
               {"abs", to_abs},
               {"length", length},
               {"count", length},
               {"list", to_list},
               {"first", first},
               {"last", last},
               {"reverse", reverse},
               {"join", join},
               {"items", items},
               {"dictsort", dictsort},
               {"unique", unique},
               {"select", select_},
               {"reject", reject},
               {"selectattr", selectattr},
               {"rejectattr", rejectattr},
               {"map", map},
               {"default", fallback},
               {"d", fallback}};

sn_status sn_chat_filter(sn_chat_run *r, sn_text name, sn_chat_value v, const sn_chat_args *args, sn_chat_value *out) {
    for (size_t i = 0; i < sizeof filters / sizeof filters[0]; i++)
        if (sn_text_is(name, filters[i].name)) return filters[i].run(r, v, args, out);
    return sn_chat_fail(SN_ERR_UNSUPPORTED, args->line, "the filter \"%.*s\" is not supported", (int)name.size,
                        name.data);
}

/* ---- Tests ---- */

/* Tests of the kind alone, as sets of kinds. */
#define KIND(k) (1u << SN_CHAT_##k)
static const struct {
    const char *name;
    unsigned kinds;
    bool negated;
} kind_tests[] = {{"undefined", KIND(UNDEFINED), false},
                  {"defined", KIND(UNDEFINED), true},
                  {"none", KIND(NONE), false},
                  {"boolean", KIND(BOOL), false},
                  {"integer", KIND(INT), false},
                  {"float", KIND(FLOAT), false},
                  {"number", KIND(INT) | KIND(FLOAT) | KIND(BOOL), false},
                  {"string", KIND(STRING), false},
                  {"mapping", KIND(DICT), false},
                  {"iterable", KIND(STRING) | KIND(LIST) | KIND(DICT) | KIND(UNDEFINED), false},
                  {"sequence", KIND(STRING) | KIND(LIST) | KIND(DICT) | KIND(UNDEFINED), false},
                  {"callable", KIND(MACRO) | KIND(FUNCTION), false}};

typedef sn_status (*test_fn)(sn_chat_value v, const sn_chat_value *other, int line, bool *out);

static sn_status is_true(sn_chat_value v, const sn_chat_value *other, int line, bool *out) {
    return (void)other, (void)line, *out = v.kind == SN_CHAT_BOOL && v.boolean, SN_OK;
}
static sn_status is_false(sn_chat_value v, const sn_chat_value *other, int line, bool *out) {
    return (void)other, (void)line, *out = v.kind == SN_CHAT_BOOL && !v.boolean, SN_OK;
}
static sn_status odd(sn_chat_value v, const sn_chat_value *other, int line, bool *out) {
    return (void)other, (void)line, *out = v.kind == SN_CHAT_INT && v.integer % 2 != 0, SN_OK;
}
static sn_status even(sn_chat_value v, const sn_chat_value *other, int line, bool *out) {
    return (void)other, (void)line, *out = v.kind == SN_CHAT_INT && v.integer % 2 == 0, SN_OK;
}
static sn_status equalto(sn_chat_value v, const sn_chat_value *other, int line, bool *out) {
    return (void)line, *out = sn_chat_equal(v, *other), SN_OK;
}
static sn_status not_equal(sn_chat_value v, const sn_chat_value *other, int line, bool *out) {
    return (void)line, *out = !sn_chat_equal(v, *other), SN_OK;
}
static sn_status in(sn_chat_value v, const sn_chat_value *other, int line, bool *out) {
    return sn_chat_contains(*other, v, line, out);
}
static sn_status less(sn_chat_value v, const sn_chat_value *other, int line, bool *out) {
    int order;
    SN_TRY(sn_chat_order(v, *other, line, &order));
    return *out = order < 0, SN_OK;
}
static sn_status greater(sn_chat_value v, const sn_chat_value *other, int line, bool *out) {
    int order;
    SN_TRY(sn_chat_order(v, *other, line, &order));
    return *out = order > 0, SN_OK;
}
static sn_status divisible(sn_chat_value v, const sn_chat_value *other, int line, bool *out) {
    if (v.kind != SN_CHAT_INT || other->kind != SN_CHAT_INT || other->integer == 0)
        return sn_chat_fail(SN_ERR_ARGUMENT, line, "divisibleby needs integers");
    return *out = other->integer == -1 || v.integer % other->integer == 0, SN_OK;
}

static const struct {
    const char *name;
    int arguments;
    test_fn run;
} tests[] = {{"true", 0, is_true},    {"false", 0, is_false},
             {"odd", 0, odd},         {"even", 0, even},
             {"equalto", 1, equalto}, {"eq", 1, equalto},
             {"==", 1, equalto},      {"ne", 1, not_equal},
             {"!=", 1, not_equal},    {"in", 1, in},
             {"lt", 1, less},         {"<", 1, less},
             {"lessthan", 1, less},   {"gt", 1, greater},
             {">", 1, greater},       {"greaterthan", 1, greater},
             {"sameas", 1, equalto},  {"divisibleby", 1, divisible}};

sn_status sn_chat_test(sn_chat_run *r, sn_text name, sn_chat_value v, const sn_chat_args *args, bool *out) {
    (void)r;
    for (size_t i = 0; i < sizeof kind_tests / sizeof kind_tests[0]; i++) {
        if (!sn_text_is(name, kind_tests[i].name)) continue;
        *out = ((kind_tests[i].kinds >> v.kind & 1) != 0) != kind_tests[i].negated;
        return SN_OK;
    }
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++) {
        if (!sn_text_is(name, tests[i].name)) continue;
        if (args->n < tests[i].arguments)
            return sn_chat_fail(SN_ERR_ARGUMENT, args->line, "the test %s needs an argument", tests[i].name);
        return tests[i].run(v, args->n ? &args->values[0] : 0, args->line, out);
    }
    return sn_chat_fail(SN_ERR_UNSUPPORTED, args->line, "the test \"%.*s\" is not supported", (int)name.size,
                        name.data);
}
