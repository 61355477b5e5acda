/* Methods of strings, lists and dicts, and the functions a template can call. */
#include "token/chat.h"
#include "token/unicode.h"
#include "token/utf8.h"

#include <string.h>
#include <time.h>

typedef sn_status (*method_fn)(sn_chat_run *r, sn_chat_value v, const sn_chat_args *args, sn_chat_value *out);

static sn_chat_value boolean(bool b) { return (sn_chat_value){.kind = SN_CHAT_BOOL, .boolean = b}; }
static sn_chat_value integer(int64_t i) { return (sn_chat_value){.kind = SN_CHAT_INT, .integer = i}; }

static sn_status need_text(const sn_chat_args *args, int i, const char *keyword, sn_text *out) {
    const sn_chat_value *v = sn_chat_arg(args, i, keyword);
    *out = (sn_text){0};
    if (!v || v->kind != SN_CHAT_STRING)
        return sn_chat_fail(SN_ERR_ARGUMENT, args->line, "argument %d must be a string", i + 1);
    *out = v->text;
    return SN_OK;
}

static int64_t optional_int(const sn_chat_args *args, int i, const char *keyword, int64_t fallback) {
    const sn_chat_value *v = sn_chat_arg(args, i, keyword);
    return v && v->kind == SN_CHAT_INT ? v->integer : fallback;
}

/* ---- Strings ---- */

static bool in_set(uint32_t c, const sn_text *set) {
    size_t length;
    if (!set) return sn_is_space(c) || (c >= 0x1C && c <= 0x1F);
    for (size_t i = 0; i < set->size; i += length)
        if (sn_utf8_decode(set->data + i, set->size - i, &length) == c) return true;
    return false;
}

sn_text sn_chat_strip(sn_text text, const sn_text *characters, bool left, bool right) {
    size_t length, end = 0;
    while (left && text.size) {
        if (!in_set(sn_utf8_decode(text.data, text.size, &length), characters)) break;
        text = (sn_text){text.data + length, text.size - length};
    }
    for (size_t i = 0; right && i < text.size; i += length)
        if (!in_set(sn_utf8_decode(text.data + i, text.size - i, &length), characters)) end = i + length;
    if (right) text.size = end;
    return text;
}

static sn_status strip_sides(sn_chat_value v, const sn_chat_args *args, bool left, bool right, sn_chat_value *out) {
    const sn_chat_value *set = sn_chat_arg(args, 0, "chars");
    bool given = set && set->kind == SN_CHAT_STRING;
    *out = sn_chat_string(sn_chat_strip(v.text, given ? &set->text : 0, left, right));
    return SN_OK;
}
static sn_status strip(sn_chat_run *r, sn_chat_value v, const sn_chat_args *args, sn_chat_value *out) {
    return (void)r, strip_sides(v, args, true, true, out);
}
static sn_status lstrip(sn_chat_run *r, sn_chat_value v, const sn_chat_args *args, sn_chat_value *out) {
    return (void)r, strip_sides(v, args, true, false, out);
}
static sn_status rstrip(sn_chat_run *r, sn_chat_value v, const sn_chat_args *args, sn_chat_value *out) {
    return (void)r, strip_sides(v, args, false, true, out);
}

static bool has_affix(sn_text text, sn_text affix, bool end) {
    if (affix.size > text.size) return false;
    const char *at = end ? text.data + text.size - affix.size : text.data;
    return affix.size == 0 || memcmp(at, affix.data, affix.size) == 0;
}

/* One string, or a tuple of which any may fit. */
static sn_status affix(sn_chat_value v, const sn_chat_args *args, bool end, sn_chat_value *out) {
    const sn_chat_value *given = sn_chat_arg(args, 0, 0);
    bool yes = false;
    if (given && given->kind == SN_CHAT_LIST) {
        for (int64_t i = 0; i < given->items->n; i++)
            yes |=
                given->items->values[i].kind == SN_CHAT_STRING && has_affix(v.text, given->items->values[i].text, end);
    } else {
        sn_text text;
        SN_TRY(need_text(args, 0, 0, &text));
        yes = has_affix(v.text, text, end);
    }
    *out = boolean(yes);
    return SN_OK;
}
static sn_status startswith(sn_chat_run *r, sn_chat_value v, const sn_chat_args *args, sn_chat_value *out) {
    return (void)r, affix(v, args, false, out);
}
static sn_status endswith(sn_chat_run *r, sn_chat_value v, const sn_chat_args *args, sn_chat_value *out) {
    return (void)r, affix(v, args, true, out);
}
static sn_status removeprefix(sn_chat_run *r, sn_chat_value v, const sn_chat_args *args, sn_chat_value *out) {
    sn_text text;
    (void)r;
    SN_TRY(need_text(args, 0, 0, &text));
    bool has = has_affix(v.text, text, false);
    *out = has ? sn_chat_string((sn_text){v.text.data + text.size, v.text.size - text.size}) : v;
    return SN_OK;
}
static sn_status removesuffix(sn_chat_run *r, sn_chat_value v, const sn_chat_args *args, sn_chat_value *out) {
    sn_text text;
    (void)r;
    SN_TRY(need_text(args, 0, 0, &text));
    bool has = has_affix(v.text, text, true);
    *out = has ? sn_chat_string((sn_text){v.text.data, v.text.size - text.size}) : v;
    return SN_OK;
}

static sn_status split_blanks(sn_chat_run *r, sn_text text, int64_t limit, int line, sn_chat_items *out) {
    for (int64_t n = 0;; n++) {
        text = sn_chat_strip(text, 0, true, false);
        if (text.size == 0) return SN_OK;
        size_t end = 0, length;
        while (end < text.size && !in_set(sn_utf8_decode(text.data + end, text.size - end, &length), 0)) end += length;
        if (limit >= 0 && n >= limit) end = sn_chat_strip(text, 0, false, true).size;
        SN_TRY(sn_chat_step(r, line));
        SN_TRY(sn_chat_append(r, out, sn_chat_string((sn_text){text.data, end})));
        text = (sn_text){text.data + end, text.size - end};
        if (limit >= 0 && n >= limit) return SN_OK;
    }
}

static sn_status split(sn_chat_run *r, sn_chat_value v, const sn_chat_args *args, sn_chat_value *out) {
    const sn_chat_value *given = sn_chat_arg(args, 0, "sep");
    int64_t limit = optional_int(args, 1, "maxsplit", -1);
    sn_text text = v.text, sep;
    SN_TRY(sn_chat_new_items(r, SN_CHAT_LIST, out));
    if (!given || given->kind == SN_CHAT_NONE) return split_blanks(r, text, limit, args->line, out->items);
    SN_TRY(need_text(args, 0, "sep", &sep));
    if (sep.size == 0) return sn_chat_fail(SN_ERR_ARGUMENT, args->line, "an empty separator");
    for (const char *hit; limit != 0 && text.size && (hit = memmem(text.data, text.size, sep.data, sep.size));
         limit--) {
        size_t n = (size_t)(hit - text.data);
        SN_TRY(sn_chat_step(r, args->line));
        SN_TRY(sn_chat_append(r, out->items, sn_chat_string((sn_text){text.data, n})));
        text = (sn_text){hit + sep.size, text.size - n - sep.size};
    }
    return sn_chat_append(r, out->items, sn_chat_string(text));
}

/* From the right: only with a separator. */
static sn_status rsplit(sn_chat_run *r, sn_chat_value v, const sn_chat_args *args, sn_chat_value *out) {
    int64_t limit = optional_int(args, 1, "maxsplit", -1), n;
    if (limit < 0) return split(r, v, args, out);
    sn_chat_value all, head;
    sn_chat_args one = *args;
    one.n = one.n > 1 ? 1 : one.n;
    sn_text sep;
    SN_TRY(need_text(args, 0, "sep", &sep));
    SN_TRY(split(r, v, &one, &all));
    SN_TRY(sn_chat_new_items(r, SN_CHAT_LIST, out));
    n = all.items->n;
    int64_t first = n - 1 < limit ? 0 : n - 1 - limit; /* pieces 0..first stay together */
    const sn_text last = all.items->values[first].text;
    head = sn_chat_string((sn_text){v.text.data, (size_t)(last.data + last.size - v.text.data)});
    SN_TRY(sn_chat_append(r, out->items, head));
    for (int64_t i = first + 1; i < n; i++) SN_TRY(sn_chat_append(r, out->items, all.items->values[i]));
    return SN_OK;
}

static sn_status splitlines(sn_chat_run *r, sn_chat_value v, const sn_chat_args *args, sn_chat_value *out) {
    sn_text text = v.text;
    SN_TRY(sn_chat_new_items(r, SN_CHAT_LIST, out));
    while (text.size) {
        size_t n = 0;
        while (n < text.size && text.data[n] != '\n' && text.data[n] != '\r') n++;
        size_t skip = n >= text.size                                                          ? 0
                      : text.data[n] == '\r' && n + 1 < text.size && text.data[n + 1] == '\n' ? 2
                                                                                              : 1;
        SN_TRY(sn_chat_step(r, args->line));
        SN_TRY(sn_chat_append(r, out->items, sn_chat_string((sn_text){text.data, n})));
        text = (sn_text){text.data + n + skip, text.size - n - skip};
    }
    return SN_OK;
}

sn_status sn_chat_replace(sn_chat_run *r, sn_text text, sn_text old, sn_text with, int64_t count, sn_chat_value *out) {
    sn_buf made = {0};
    sn_status status = SN_OK;
    while (status == SN_OK && count != 0 && text.size && old.size) {
        const char *hit = memmem(text.data, text.size, old.data, old.size);
        if (!hit) break;
        size_t n = (size_t)(hit - text.data);
        status = sn_buf_append(&made, text.data, n);
        if (status == SN_OK) status = sn_buf_append(&made, with.data, with.size);
        if (made.size > SN_CHAT_MAX_OUTPUT)
            status = sn_fail(SN_ERR_LIMIT, "chat template: a replacement of more than %d bytes", SN_CHAT_MAX_OUTPUT);
        text = (sn_text){hit + old.size, text.size - n - old.size};
        count--;
    }
    if (status == SN_OK) status = sn_buf_append(&made, text.data, text.size);
    if (status == SN_OK) status = sn_chat_copy_string(r, (sn_text){made.data, made.size}, out);
    sn_buf_free(&made);
    return status;
}

static sn_status replace(sn_chat_run *r, sn_chat_value v, const sn_chat_args *args, sn_chat_value *out) {
    sn_text old, with;
    SN_TRY(need_text(args, 0, "old", &old));
    SN_TRY(need_text(args, 1, "new", &with));
    if (old.size == 0)
        return sn_chat_fail(SN_ERR_UNSUPPORTED, args->line, "replacing the empty string is not supported");
    return sn_chat_replace(r, v.text, old, with, optional_int(args, 2, "count", -1), out);
}

static sn_status find(sn_chat_run *r, sn_chat_value v, const sn_chat_args *args, sn_chat_value *out) {
    sn_text text;
    (void)r;
    SN_TRY(need_text(args, 0, 0, &text));
    const char *hit = text.size == 0 ? v.text.data
                      : v.text.size  ? memmem(v.text.data, v.text.size, text.data, text.size)
                                     : 0;
    int64_t n = -1;
    if (hit)
        SN_TRY(sn_chat_length(sn_chat_string((sn_text){v.text.data, (size_t)(hit - v.text.data)}), args->line, &n));
    *out = integer(n);
    return SN_OK;
}

static sn_status count(sn_chat_run *r, sn_chat_value v, const sn_chat_args *args, sn_chat_value *out) {
    sn_text old, rest = v.text;
    int64_t n = 0;
    (void)r;
    SN_TRY(need_text(args, 0, 0, &old));
    if (old.size == 0)
        return sn_chat_fail(SN_ERR_UNSUPPORTED, args->line, "counting the empty string is not supported");
    for (const char *hit; rest.size && (hit = memmem(rest.data, rest.size, old.data, old.size)); n++)
        rest = (sn_text){hit + old.size, (size_t)(rest.data + rest.size - hit) - old.size};
    *out = integer(n);
    return SN_OK;
}

static sn_status by_filter(sn_chat_run *r, const char *name, sn_chat_value v, sn_chat_value *out) {
    return sn_chat_filter(r, sn_text_of(name), v, &(sn_chat_args){0}, out);
}
static sn_status upper(sn_chat_run *r, sn_chat_value v, const sn_chat_args *args, sn_chat_value *out) {
    return (void)args, by_filter(r, "upper", v, out);
}
static sn_status lower(sn_chat_run *r, sn_chat_value v, const sn_chat_args *args, sn_chat_value *out) {
    return (void)args, by_filter(r, "lower", v, out);
}
static sn_status title(sn_chat_run *r, sn_chat_value v, const sn_chat_args *args, sn_chat_value *out) {
    return (void)args, by_filter(r, "title", v, out);
}
static sn_status capitalize(sn_chat_run *r, sn_chat_value v, const sn_chat_args *args, sn_chat_value *out) {
    return (void)args, by_filter(r, "capitalize", v, out);
}

static sn_status join(sn_chat_run *r, sn_chat_value v, const sn_chat_args *args, sn_chat_value *out) {
    const sn_chat_value *list = sn_chat_arg(args, 0, 0);
    sn_text none = {"", 0};
    if (!list) return sn_chat_fail(SN_ERR_ARGUMENT, args->line, "join needs a list");
    return sn_chat_filter(r, sn_text_of("join"), *list, &(sn_chat_args){&v, &none, 1, args->line}, out);
}

static sn_status all_of(sn_chat_value v, bool (*is)(uint32_t), sn_chat_value *out) {
    size_t length;
    bool yes = v.text.size > 0;
    for (size_t i = 0; i < v.text.size && yes; i += length)
        yes = is(sn_utf8_decode(v.text.data + i, v.text.size - i, &length));
    *out = boolean(yes);
    return SN_OK;
}
static bool ascii_digit(uint32_t c) { return c >= '0' && c <= '9'; }
static sn_status isdigit_(sn_chat_run *r, sn_chat_value v, const sn_chat_args *args, sn_chat_value *out) {
    return (void)r, (void)args, all_of(v, ascii_digit, out);
}
static sn_status isspace_(sn_chat_run *r, sn_chat_value v, const sn_chat_args *args, sn_chat_value *out) {
    return (void)r, (void)args, all_of(v, sn_is_space, out);
}

/* ---- Dicts and lists ---- */

static sn_status items(sn_chat_run *r, sn_chat_value v, const sn_chat_args *args, sn_chat_value *out) {
    (void)args;
    SN_TRY(sn_chat_new_items(r, SN_CHAT_LIST, out));
    for (int64_t i = 0; i < v.items->n; i++) {
        sn_chat_value pair;
        SN_TRY(sn_chat_new_items(r, SN_CHAT_LIST, &pair));
        pair.items->tuple = true;
        SN_TRY(sn_chat_append(r, pair.items, v.items->keys[i]));
        SN_TRY(sn_chat_append(r, pair.items, v.items->values[i]));
        SN_TRY(sn_chat_append(r, out->items, pair));
    }
    return SN_OK;
}

static sn_status column(sn_chat_run *r, const sn_chat_value *values, int64_t n, sn_chat_value *out) {
    SN_TRY(sn_chat_new_items(r, SN_CHAT_LIST, out));
    for (int64_t i = 0; i < n; i++) SN_TRY(sn_chat_append(r, out->items, values[i]));
    return SN_OK;
}
static sn_status keys(sn_chat_run *r, sn_chat_value v, const sn_chat_args *args, sn_chat_value *out) {
    return (void)args, column(r, v.items->keys, v.items->n, out);
}
static sn_status values(sn_chat_run *r, sn_chat_value v, const sn_chat_args *args, sn_chat_value *out) {
    return (void)args, column(r, v.items->values, v.items->n, out);
}

static sn_status get(sn_chat_run *r, sn_chat_value v, const sn_chat_args *args, sn_chat_value *out) {
    const sn_chat_value *key = sn_chat_arg(args, 0, 0), *fallback = sn_chat_arg(args, 1, "default");
    (void)r;
    if (!key) return sn_chat_fail(SN_ERR_ARGUMENT, args->line, "get needs a key");
    const sn_chat_value *found = sn_chat_get(v.items, *key);
    *out = found ? *found : fallback ? *fallback : SN_CHAT_NOTHING;
    return SN_OK;
}

static sn_status list_index(sn_chat_run *r, sn_chat_value v, const sn_chat_args *args, sn_chat_value *out) {
    const sn_chat_value *what = sn_chat_arg(args, 0, 0);
    (void)r;
    for (int64_t i = 0; what && i < v.items->n; i++) {
        if (!sn_chat_equal(v.items->values[i], *what)) continue;
        *out = integer(i);
        return SN_OK;
    }
    return sn_chat_fail(SN_ERR_ARGUMENT, args->line, "the list has no such element");
}

static const struct {
    sn_chat_kind kind;
    const char *name;
    method_fn run;
} methods[] = {
    {SN_CHAT_STRING, "strip", strip},
    {SN_CHAT_STRING, "lstrip", lstrip},
    {SN_CHAT_STRING, "rstrip", rstrip},
    {SN_CHAT_STRING, "startswith", startswith},
    {SN_CHAT_STRING, "endswith", endswith},
    {SN_CHAT_STRING, "removeprefix", removeprefix},
    {SN_CHAT_STRING, "removesuffix", removesuffix},
    {SN_CHAT_STRING, "split", split},
    {SN_CHAT_STRING, "rsplit", rsplit},
    {SN_CHAT_STRING, "splitlines", splitlines},
    {SN_CHAT_STRING, "replace", replace},
    {SN_CHAT_STRING, "find", find},
    {SN_CHAT_STRING, "count", count},
    {SN_CHAT_STRING, "upper", upper},
    {SN_CHAT_STRING, "lower", lower},
    {SN_CHAT_STRING, "title", title},
    {SN_CHAT_STRING, "capitalize", capitalize},
    {SN_CHAT_STRING, "join", join},
    {SN_CHAT_STRING, "isdigit", isdigit_},
    {SN_CHAT_STRING, "isspace", isspace_},
    {SN_CHAT_DICT, "items", items},
    {SN_CHAT_DICT, "keys", keys},
    {SN_CHAT_DICT, "values", values},
    {SN_CHAT_DICT, "get", get},
    {SN_CHAT_LIST, "index", list_index},
};

sn_status sn_chat_method(sn_chat_run *r, sn_text name, sn_chat_value v, const sn_chat_args *args, sn_chat_value *out,
                         bool *known) {
    if (v.kind == SN_CHAT_UNDEFINED)
        return sn_chat_fail(SN_ERR_ARGUMENT, args->line, "\"%.*s\" is undefined", (int)v.text.size, v.text.data);
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        if (methods[i].kind != v.kind || !sn_text_is(name, methods[i].name)) continue;
        *known = true;
        return methods[i].run(r, v, args, out);
    }
    *known = false;
    return SN_OK;
}

/* ---- Functions ---- */

static sn_status raise_exception(sn_chat_run *r, const sn_chat_args *args, sn_chat_value *out) {
    const sn_chat_value *message = sn_chat_arg(args, 0, "message");
    sn_text text = sn_text_of("(no message)");
    (void)out;
    if (message) SN_TRY(sn_chat_to_text(r, *message, &text));
    return sn_chat_fail(SN_ERR_ARGUMENT, args->line, "the template refuses this chat: %.*s",
                        (int)(text.size < 400 ? text.size : 400), text.data);
}

/* The local time, as in transformers: the text then depends on the day. */
static sn_status strftime_now(sn_chat_run *r, const sn_chat_args *args, sn_chat_value *out) {
    char format[128], text[512];
    sn_text given;
    struct tm parts;
    time_t now = time(0);
    SN_TRY(need_text(args, 0, "format", &given));
    if (given.size >= sizeof format)
        return sn_chat_fail(SN_ERR_LIMIT, args->line, "a date format of %zu bytes", given.size);
    if (given.size > 0) memcpy(format, given.data, given.size);
    format[given.size] = 0;
    if (!localtime_r(&now, &parts)) return sn_chat_fail(SN_ERR_INTERNAL, args->line, "no local time");
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    size_t n = strftime(text, sizeof text, format, &parts); /* only reads the clock; bounded by its buffer */
#pragma GCC diagnostic pop
    return sn_chat_copy_string(r, (sn_text){text, n}, out);
}

static sn_status collect(sn_chat_run *r, sn_chat_kind kind, const sn_chat_args *args, sn_chat_value *out) {
    SN_TRY(sn_chat_new_items(r, kind, out));
    for (int i = 0; i < args->n; i++) {
        const sn_chat_value *v = &args->values[i];
        if (args->names[i].size)
            SN_TRY(sn_chat_put(r, out->items, sn_chat_string(args->names[i]), *v));
        else if (v->kind == SN_CHAT_DICT)
            for (int64_t k = 0; k < v->items->n; k++)
                SN_TRY(sn_chat_put(r, out->items, v->items->keys[k], v->items->values[k]));
        else
            return sn_chat_fail(SN_ERR_UNSUPPORTED, args->line, "only keyword arguments and dicts are supported here");
    }
    return SN_OK;
}
static sn_status new_namespace(sn_chat_run *r, const sn_chat_args *args, sn_chat_value *out) {
    return collect(r, SN_CHAT_NAMESPACE, args, out);
}
static sn_status new_dict(sn_chat_run *r, const sn_chat_args *args, sn_chat_value *out) {
    return collect(r, SN_CHAT_DICT, args, out);
}

static sn_status range(sn_chat_run *r, const sn_chat_args *args, sn_chat_value *out) {
    int64_t bounds[3] = {0, 0, 1};
    for (int i = 0; i < args->n && i < 3; i++) {
        if (args->values[i].kind != SN_CHAT_INT)
            return sn_chat_fail(SN_ERR_ARGUMENT, args->line, "range needs integers");
        bounds[i] = args->values[i].integer;
    }
    if (args->n == 1) bounds[1] = bounds[0], bounds[0] = 0;
    if (args->n < 1 || bounds[2] == 0) return sn_chat_fail(SN_ERR_ARGUMENT, args->line, "range: bad arguments");
    SN_TRY(sn_chat_new_items(r, SN_CHAT_LIST, out));
    for (int64_t i = bounds[0]; bounds[2] > 0 ? i < bounds[1] : i > bounds[1];) {
        SN_TRY(sn_chat_step(r, args->line));
        SN_TRY(sn_chat_append(r, out->items, integer(i)));
        if (__builtin_add_overflow(i, bounds[2], &i)) break;
    }
    return SN_OK;
}

static const struct {
    const char *name;
    sn_status (*run)(sn_chat_run *r, const sn_chat_args *args, sn_chat_value *out);
} functions[] = {{"raise_exception", raise_exception},
                 {"strftime_now", strftime_now},
                 {"namespace", new_namespace},
                 {"dict", new_dict},
                 {"range", range}};

bool sn_chat_is_function(sn_text name) {
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++)
        if (sn_text_is(name, functions[i].name)) return true;
    return false;
}

sn_status sn_chat_function(sn_chat_run *r, sn_text name, const sn_chat_args *args, sn_chat_value *out) {
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++)
        if (sn_text_is(name, functions[i].name)) return functions[i].run(r, args, out);
    return sn_chat_fail(SN_ERR_UNSUPPORTED, args->line, "the function \"%.*s\" is not supported", (int)name.size,
                        name.data);
}
