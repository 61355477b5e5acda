#include "file/json.h"

#include "base/alloc.h"
#include "base/arena.h"
#include "base/error.h"
#include "base/map.h"

#ifdef SN_HAVE_JANSSON
#include <jansson.h>
#endif

struct sn_json_doc {
    sn_arena arena;
    sn_json root;
};

const sn_json *sn_json_root(const sn_json_doc *doc) { return &doc->root; }

void sn_json_free(sn_json_doc *doc) {
    if (!doc) return;
    sn_arena_free(&doc->arena);
    sn_free(doc);
}

sn_status sn_json_open(const char *path, const sn_read_limits *limits, sn_json_doc **out) {
    sn_map map;
    SN_TRY(sn_map_open(path, &map));
    sn_status status = sn_json_parse(path, map.data, map.size, limits, out);
    sn_map_close(&map);
    return status;
}

/* ---- look-up ---- */

/* Seeded by the address of the table, which is random, so that no text can be made of keys that collide. */
static uint32_t hash(sn_text key, const uint32_t *slots) {
    uint64_t h = 0x9e3779b97f4a7c15u ^ (uint64_t)(uintptr_t)slots;
    for (size_t i = 0; i < key.size; i++) {
        h = (h ^ (unsigned char)key.data[i]) * 0xd6e8feb86659fd93u;
        h ^= h >> 32;
    }
    return (uint32_t)h;
}

const sn_json *sn_json_find(const sn_json *object, sn_text key) {
    if (!object || object->kind != SN_JSON_OBJECT || object->count == 0) return NULL;
    uint32_t mask = object->n_slots - 1, slot = hash(key, object->slots) & mask;
    for (; object->slots[slot]; slot = (slot + 1) & mask) {
        uint32_t i = object->slots[slot] - 1;
        if (sn_text_equal(object->keys[i], key)) return &object->items[i];
    }
    return NULL;
}

const sn_json *sn_json_get(const sn_json *object, const char *key) { return sn_json_find(object, sn_text_of(key)); }

const char *sn_json_kind_name(sn_json_kind kind) {
    static const char *const names[] = {"null",     "a truth value", "a whole number", "a number",
                                        "a string", "an array",      "an object"};
    return names[kind];
}

/* NULL when absent, which is an error only where the caller does not ask. */
static sn_status look_up(const sn_json *object, const char *key, bool *found, const sn_json **out) {
    *out = sn_json_get(object, key);
    if (*out && (*out)->kind == SN_JSON_NULL) *out = NULL;
    if (found) *found = *out != NULL;
    if (!*out && !found) return sn_fail(SN_ERR_NOT_FOUND, "\"%s\" is missing", key);
    return SN_OK;
}

static sn_status wrong_kind(const char *key, const char *wanted, const sn_json *v) {
    return sn_fail(SN_ERR_FORMAT, "\"%s\" must be %s, it is %s", key, wanted, sn_json_kind_name(v->kind));
}

sn_status sn_json_get_i64(const sn_json *object, const char *key, int64_t *out, bool *found) {
    const sn_json *v;
    SN_TRY(look_up(object, key, found, &v));
    if (!v) return SN_OK;
    if (v->kind != SN_JSON_INTEGER) return wrong_kind(key, "a whole number", v);
    *out = v->integer;
    return SN_OK;
}

sn_status sn_json_get_f64(const sn_json *object, const char *key, double *out, bool *found) {
    const sn_json *v;
    SN_TRY(look_up(object, key, found, &v));
    if (!v) return SN_OK;
    if (v->kind != SN_JSON_INTEGER && v->kind != SN_JSON_REAL) return wrong_kind(key, "a number", v);
    *out = v->real;
    return SN_OK;
}

sn_status sn_json_get_bool(const sn_json *object, const char *key, bool *out, bool *found) {
    const sn_json *v;
    SN_TRY(look_up(object, key, found, &v));
    if (!v) return SN_OK;
    if (v->kind != SN_JSON_BOOL) return wrong_kind(key, "a truth value", v);
    *out = v->boolean;
    return SN_OK;
}

sn_status sn_json_get_text(const sn_json *object, const char *key, sn_text *out, bool *found) {
    const sn_json *v;
    SN_TRY(look_up(object, key, found, &v));
    if (!v) return SN_OK;
    if (v->kind != SN_JSON_STRING) return wrong_kind(key, "a string", v);
    *out = v->text;
    return SN_OK;
}

static sn_status get_kind(const sn_json *object, const char *key, sn_json_kind kind, const sn_json **out, bool *found) {
    const sn_json *v;
    SN_TRY(look_up(object, key, found, &v));
    if (!v) return SN_OK;
    if (v->kind != kind) return wrong_kind(key, sn_json_kind_name(kind), v);
    *out = v;
    return SN_OK;
}

sn_status sn_json_get_array(const sn_json *object, const char *key, const sn_json **out, bool *found) {
    return get_kind(object, key, SN_JSON_ARRAY, out, found);
}

sn_status sn_json_get_object(const sn_json *object, const char *key, const sn_json **out, bool *found) {
    return get_kind(object, key, SN_JSON_OBJECT, out, found);
}

/* ---- parsing ---- */

#ifndef SN_HAVE_JANSSON

sn_status sn_json_parse(const char *name, const void *data, size_t size, const sn_read_limits *limits,
                        sn_json_doc **out) {
    (void)data, (void)size, (void)limits, (void)out;
    return sn_fail(SN_ERR_UNSUPPORTED, "%s: this build reads no JSON: build it with Jansson (SN_JANSSON=ON)", name);
}

#else

/* Jansson does not take a zero in a key, but vocabularies have one. Where the text says \u0000, it is given
 * \ufddX instead, a noncharacter the text does not use, and the strings are mapped back when they are copied. */
enum { no_stand_in = -1, n_stand_ins = 16 };

typedef struct scan {
    const char *name;
    const sn_read_limits *limits;
    const unsigned char *data;
    size_t size;
    bool has_zero;
    unsigned used; /* bit k: U+FDD0+k occurs */
    int stand_in;
} scan;

static int hex_digit(unsigned char c) {
    if (c >= '0' && c <= '9') return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The value of \uXXXX at p, or -1. */
static int escape_value(const unsigned char *p, size_t left) {
    if (left < 6 || p[0] != '\\' || p[1] != 'u') return -1;
    int value = 0;
    for (int i = 2; i < 6; i++) {
        int digit = hex_digit(p[i]);
        if (digit < 0) return -1;
        value = value * 16 + digit;
    }
    return value;
}

/* Passes over the string whose opening quote is at i; returns the index after it. */
static size_t scan_string(scan *s, size_t i) {
    for (i++; i < s->size && s->data[i] != '"'; i++) {
        const unsigned char *p = s->data + i;
        size_t left = s->size - i;
        if (*p == '\\') {
            int value = escape_value(p, left);
            if (value == 0) s->has_zero = true;
            if (value >= 0xfdd0 && value < 0xfdd0 + n_stand_ins) s->used |= 1u << (value - 0xfdd0);
            i++;
        } else if (*p == 0xef && left > 2 && p[1] == 0xb7 && p[2] >= 0x90 && p[2] < 0x90 + n_stand_ins)
            s->used |= 1u << (p[2] - 0x90);
    }
    return i + 1;
}

/* Bounds depth and size before Jansson, which recurses and allocates, sees the text. */
static sn_status scan_text(scan *s) {
    int depth = 0;
    int64_t items = 1;
    for (size_t i = 0; i < s->size;) {
        unsigned char c = s->data[i];
        if (c == '"') {
            i = scan_string(s, i);
            continue;
        }
        if (c == '[' || c == '{') depth++;
        if (c == ']' || c == '}') depth--;
        items += c == ',' || c == '[' || c == '{';
        if (depth > s->limits->depth)
            return sn_fail(SN_ERR_LIMIT, "%s: byte %zu is nested deeper than the limit of %d", s->name, i,
                           s->limits->depth);
        i++;
    }
    if (items > s->limits->items)
        return sn_fail(SN_ERR_LIMIT, "%s: more than the limit of %lld values", s->name, (long long)s->limits->items);
    s->stand_in = no_stand_in;
    for (int k = 0; s->has_zero && k < n_stand_ins && s->stand_in == no_stand_in; k++)
        if (!(s->used >> k & 1)) s->stand_in = k;
    if (s->has_zero && s->stand_in == no_stand_in)
        return sn_fail(SN_ERR_UNSUPPORTED, "%s: \\u0000 beside all of U+FDD0 to U+FDDF", s->name);
    return SN_OK;
}

/* A copy in which each escaped zero is the escaped stand-in; both have six bytes, so positions stay true. */
static char *replace_zeros(const scan *s) {
    char *copy = sn_strndup((const char *)s->data, s->size);
    bool inside = false;
    for (size_t i = 0; copy && i < s->size; i++) {
        if (copy[i] == '"') inside = !inside;
        if (copy[i] != '\\' || !inside) continue;
        if (escape_value(s->data + i, s->size - i) == 0) {
            memcpy(copy + i + 2, "fdd", 3);
            copy[i + 5] = "0123456789abcdef"[s->stand_in];
        }
        i++;
    }
    return copy;
}

typedef struct copier {
    sn_arena *arena;
    int stand_in;
} copier;

static sn_status copy_text(const copier *c, const char *from, size_t size, sn_text *out) {
    char *to = sn_arena_strndup(c->arena, from, size);
    if (!to) return sn_fail_memory("a JSON string");
    *out = (sn_text){to, size};
    if (c->stand_in == no_stand_in) return SN_OK;
    size_t n = 0;
    for (size_t i = 0; i < size; i++) {
        bool zero = size - i > 2 && (unsigned char)from[i] == 0xef && (unsigned char)from[i + 1] == 0xb7 &&
                    (unsigned char)from[i + 2] == 0x90 + c->stand_in;
        to[n++] = zero ? 0 : from[i];
        if (zero) i += 2;
    }
    to[n] = 0;
    out->size = n;
    return SN_OK;
}

static sn_status copy_node(const copier *c, json_t *from, sn_json *to);

static void copy_number(double x, sn_json *to) {
    to->real = x;
    bool whole = x >= -0x1p53 && x <= 0x1p53 && x == (double)(int64_t)x;
    to->kind = whole ? SN_JSON_INTEGER : SN_JSON_REAL;
    to->integer = whole ? (int64_t)x : 0;
}

static sn_status copy_array(const copier *c, json_t *from, sn_json *to) {
    size_t n = json_array_size(from);
    sn_json *items = sn_arena_array(c->arena, n, sizeof *items);
    if (!items) return sn_fail_memory("a JSON array");
    *to = (sn_json){.kind = SN_JSON_ARRAY, .count = (int64_t)n, .items = items};
    for (size_t i = 0; i < n; i++) SN_TRY(copy_node(c, json_array_get(from, i), &items[i]));
    return SN_OK;
}

static sn_status copy_object(const copier *c, json_t *from, sn_json *to) {
    size_t n = json_object_size(from), n_slots = 1;
    while (n_slots < n * 2) n_slots *= 2;
    sn_json *items = sn_arena_array(c->arena, n, sizeof *items);
    sn_text *keys = sn_arena_array(c->arena, n, sizeof *keys);
    uint32_t *slots = sn_arena_array(c->arena, n_slots, sizeof *slots);
    if (!items || !keys || !slots) return sn_fail_memory("a JSON object");
    uint32_t i = 0;
    for (void *it = json_object_iter(from); it; it = json_object_iter_next(from, it), i++) {
        const char *key = json_object_iter_key(it);
        SN_TRY(copy_text(c, key, strlen(key), &keys[i]));
        SN_TRY(copy_node(c, json_object_iter_value(it), &items[i]));
        size_t slot = hash(keys[i], slots) & (n_slots - 1);
        while (slots[slot]) slot = (slot + 1) & (n_slots - 1);
        slots[slot] = i + 1;
    }
    *to = (sn_json){.kind = SN_JSON_OBJECT, .n_slots = (uint32_t)n_slots, .count = (int64_t)n};
    to->items = items, to->keys = keys, to->slots = slots;
    return SN_OK;
}

/* Recursion is bounded by the depth limit. */
static sn_status copy_node(const copier *c, json_t *from, sn_json *to) {
    switch (json_typeof(from)) {
    case JSON_OBJECT: return copy_object(c, from, to);
    case JSON_ARRAY: return copy_array(c, from, to);
    case JSON_STRING:
        to->kind = SN_JSON_STRING;
        return copy_text(c, json_string_value(from), json_string_length(from), &to->text);
    case JSON_INTEGER:
    case JSON_REAL: copy_number(json_number_value(from), to); return SN_OK;
    case JSON_TRUE:
    case JSON_FALSE: *to = (sn_json){.kind = SN_JSON_BOOL, .boolean = json_is_true(from)}; return SN_OK;
    default: *to = (sn_json){.kind = SN_JSON_NULL}; return SN_OK;
    }
}

/* Whole numbers are read as reals, because configurations hold some beyond 64 bits (a maximal length of 1e30). */
static sn_status load(const scan *s, json_t **out) {
    const size_t flags = JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL;
    char *copy = NULL;
    if (s->has_zero && !(copy = replace_zeros(s))) return sn_fail_memory("a JSON text");
    json_error_t error;
    *out = json_loadb(copy ? copy : (const char *)s->data, s->size, flags, &error);
    sn_free(copy);
    if (*out) return SN_OK;
    /* Jansson is silent about most of its failed allocations. Its allocation functions are those of the process. */
    if (json_error_code(&error) == json_error_out_of_memory || !error.text[0]) return sn_fail_memory("a JSON text");
    return sn_fail(SN_ERR_FORMAT, "%s: line %d, column %d: %s", s->name, error.line, error.column, error.text);
}

sn_status sn_json_parse(const char *name, const void *data, size_t size, const sn_read_limits *limits,
                        sn_json_doc **out) {
    scan s = {.name = name, .limits = limits ? limits : &sn_read_limits_default, .data = data, .size = size};
    if (size > (uint64_t)s.limits->header_bytes)
        return sn_fail(SN_ERR_LIMIT, "%s: %zu bytes of JSON, more than the limit of %lld", name, size,
                       (long long)s.limits->header_bytes);
    SN_TRY(scan_text(&s));
    sn_json_doc *doc = sn_calloc(1, sizeof *doc);
    if (!doc) return sn_fail_memory("a JSON document");
    json_t *tree = NULL;
    sn_status status = load(&s, &tree);
    if (status == SN_OK) status = copy_node(&(copier){&doc->arena, s.stand_in}, tree, &doc->root);
    json_decref(tree);
    if (status == SN_OK)
        *out = doc;
    else
        sn_json_free(doc);
    return status;
}

#endif
