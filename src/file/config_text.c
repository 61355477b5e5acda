#include "file/config_text.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/map.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#ifdef SN_HAVE_LIBCONFIG
#include <libconfig.h>

enum { MOST_BYTES = 1 << 20, MOST_DEPTH = 8, MOST_DIGITS = 10, KEY_SIZE = 256 };

/* ---- What libconfig would take wrongly, or without a bound, is refused before it sees the text ---- */

typedef struct scan {
    const char *name, *at, *end;
    int line, depth;
} scan;

static void skip_comment(scan *s) {
    bool block = s->at[0] == '/' && s->at[1] == '*';
    if (!block) {
        while (s->at < s->end && *s->at != '\n') s->at++;
        return;
    }
    for (s->at += 2; s->at < s->end && !(s->at[0] == '*' && s->at[1] == '/'); s->at++) s->line += *s->at == '\n';
    if (s->at < s->end) s->at += 2;
}

static void skip_string(scan *s) {
    for (s->at++; s->at < s->end && *s->at != '"'; s->at++) {
        if (*s->at == '\\' && s->at + 1 < s->end) s->at++;
        s->line += *s->at == '\n';
    }
    if (s->at < s->end) s->at++;
}

/* A word or number; libconfig keeps 32 bits of an integer without L and says nothing. */
static sn_status skip_word(scan *s) {
    const char *begin = s->at;
    while (s->at < s->end && (isalnum((unsigned char)*s->at) || strchr("_*.", *s->at))) s->at++;
    int64_t digits = 0, value = 0;
    for (; begin + digits < s->at && isdigit((unsigned char)begin[digits]); digits++)
        if (digits <= MOST_DIGITS) value = 10 * value + (begin[digits] - '0');
    if (begin[0] == '0' && s->at - begin > 1 && (begin[1] == 'x' || begin[1] == 'X'))
        return sn_fail(SN_ERR_FORMAT, "%s:%d: write numbers in decimal", s->name, s->line);
    if (begin + digits == s->at && (digits > MOST_DIGITS || value > INT32_MAX))
        return sn_fail(SN_ERR_FORMAT,
                       "%s:%d: the number %.*s is too large: write whole numbers above 2147483647 with "
                       "an L at the end, and reals with a point",
                       s->name, s->line, (int)(s->at - begin > 40 ? 40 : s->at - begin), begin);
    return SN_OK;
}

static sn_status scan_one(scan *s) {
    const char c = *s->at, next = s->at[1];
    if (c == '#' || (c == '/' && (next == '/' || next == '*'))) {
        skip_comment(s);
    } else if (c == '"') {
        skip_string(s);
    } else if (isalnum((unsigned char)c)) {
        return skip_word(s);
    } else {
        if (c == '@') return sn_fail(SN_ERR_FORMAT, "%s:%d: other files cannot be included", s->name, s->line);
        s->line += c == '\n';
        s->depth += (strchr("{[(", c) != NULL) - (strchr("}])", c) != NULL);
        if (s->depth > MOST_DEPTH)
            return sn_fail(SN_ERR_LIMIT, "%s:%d: groups are nested more than %d deep", s->name, s->line, MOST_DEPTH);
        s->at++;
    }
    return SN_OK;
}

/* `text` is followed by a zero. */
static sn_status check_text(const char *name, const char *text, size_t size) {
    scan s = {.name = name, .at = text, .end = text + size, .line = 1};
    if (size > MOST_BYTES)
        return sn_fail(SN_ERR_LIMIT, "%s: a configuration of %zu bytes: at most %d are read", name, size, MOST_BYTES);
    if (memchr(text, 0, size)) return sn_fail(SN_ERR_FORMAT, "%s: a zero byte: this is no text", name);
    while (s.at < s.end) SN_TRY(scan_one(&s));
    return SN_OK;
}

/* ---- The tree, flattened ---- */

static int64_t count_leaves(const config_setting_t *group) {
    int64_t count = 0;
    for (int i = 0; i < config_setting_length(group); i++) {
        const config_setting_t *s = config_setting_get_elem(group, (unsigned)i);
        count += config_setting_is_group(s) ? count_leaves(s) : 1;
    }
    return count;
}

static sn_status set_value(const char *name, const config_setting_t *s, sn_arena *arena, sn_config_entry *e) {
    switch (config_setting_type(s)) {
    case CONFIG_TYPE_INT:
    case CONFIG_TYPE_INT64:
        e->kind = SN_CONFIG_INTEGER;
        e->integer = config_setting_get_int64(s);
        e->real = (double)e->integer;
        return SN_OK;
    case CONFIG_TYPE_FLOAT:
        e->kind = SN_CONFIG_REAL;
        e->real = config_setting_get_float(s);
        return SN_OK;
    case CONFIG_TYPE_BOOL:
        e->kind = SN_CONFIG_BOOL;
        e->boolean = config_setting_get_bool(s) != 0;
        return SN_OK;
    case CONFIG_TYPE_STRING:
        e->kind = SN_CONFIG_TEXT;
        e->text = sn_arena_strdup(arena, config_setting_get_string(s));
        return e->text ? SN_OK : sn_fail_memory("a configuration");
    default: return sn_fail(SN_ERR_FORMAT, "%s:%d: %s: a list: one value is wanted", name, e->line, e->key);
    }
}

static sn_status flatten(const char *name, const config_setting_t *group, const char *prefix, sn_config_text *out) {
    for (int i = 0; i < config_setting_length(group); i++) {
        const config_setting_t *s = config_setting_get_elem(group, (unsigned)i);
        int line = (int)config_setting_source_line(s);
        char key[KEY_SIZE];
        int used = snprintf(key, sizeof key, "%s%s%s", prefix, *prefix ? "." : "", config_setting_name(s));
        if (used >= KEY_SIZE) return sn_fail(SN_ERR_LIMIT, "%s:%d: a name that is too long", name, line);
        if (config_setting_is_group(s)) {
            SN_TRY(flatten(name, s, key, out));
            continue;
        }
        sn_config_entry *e = &out->entries[out->n];
        e->line = line;
        e->key = sn_arena_strdup(&out->arena, key);
        if (!e->key) return sn_fail_memory("a configuration");
        SN_TRY(set_value(name, s, &out->arena, e));
        out->n++;
    }
    return SN_OK;
}

static sn_status read_tree(const char *name, const config_t *tree, sn_config_text *out) {
    const config_setting_t *root = config_root_setting(tree);
    out->entries = sn_arena_array(&out->arena, (size_t)count_leaves(root) + 1, sizeof *out->entries);
    if (!out->entries) return sn_fail_memory("a configuration");
    return flatten(name, root, "", out);
}

static sn_status parse(const char *name, const char *text, sn_config_text *out) {
    config_t tree;
    config_init(&tree);
    sn_status status;
    if (config_read_string(&tree, text) == CONFIG_TRUE)
        status = read_tree(name, &tree, out);
    else
        status = sn_fail(SN_ERR_FORMAT,
                         "%s:%d: %s: a setting is written name = value, a text in \"quotes\", a group "
                         "name = { ... }",
                         name, config_error_line(&tree), config_error_text(&tree));
    config_destroy(&tree);
    return status;
}

sn_status sn_config_text_parse(const char *name, const char *text, size_t size, sn_config_text *out) {
    sn_config_text c = {0};
    char *copy = sn_strndup(text, size);
    sn_status status = copy ? check_text(name, copy, size) : sn_fail_memory("a configuration");
    if (status == SN_OK) status = parse(name, copy, &c);
    sn_free(copy);
    if (status == SN_OK)
        *out = c;
    else
        sn_config_text_free(&c);
    return status;
}

#else

sn_status sn_config_text_parse(const char *name, const char *text, size_t size, sn_config_text *out) {
    (void)text, (void)size, (void)out;
    return sn_fail(SN_ERR_UNSUPPORTED, "%s: this build was made without libconfig, which reads configuration files",
                   name);
}

#endif

sn_status sn_config_text_open(const char *path, sn_config_text *out) {
    sn_map map;
    SN_TRY(sn_map_open(path, &map));
    sn_status status = sn_config_text_parse(path, (const char *)map.data, map.size, out);
    sn_map_close(&map);
    return status;
}

void sn_config_text_free(sn_config_text *c) {
    sn_arena_free(&c->arena);
    *c = (sn_config_text){0};
}
