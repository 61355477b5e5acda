#include "file/json_path.h"

#include "base/error.h"
#include "base/number.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PART_SIZE = 128, MOST_NAMES = 64 };

/* One step of a path: a key, or what stands between brackets. */
typedef struct part {
    char text[PART_SIZE];
    bool bracket;
} part;

static sn_status bad(const char *path) {
    return sn_fail(SN_ERR_ARGUMENT, "\"%s\" is no path: rows[0].loss, rows[-1].loss, rows[name=a].loss, rows[] are",
                   path);
}

/* Takes the next step off *at; false at the end. */
static sn_status next_part(const char *path, const char **at, part *out, bool *found) {
    const char *s = *at;
    *found = *s != 0;
    if (!*found) return SN_OK;
    out->bracket = *s == '[';
    if (out->bracket || (*s == '.' && s > path)) s++;
    size_t n = strcspn(s, out->bracket ? "]" : ".[");
    if (n >= PART_SIZE || (n == 0 && !out->bracket) || (out->bracket && s[n] != ']')) return bad(path);
    memcpy(out->text, s, n);
    out->text[n] = 0;
    s += n + out->bracket;
    if (*s && *s != '.' && *s != '[') return bad(path);
    if (*s == '.' && !s[1]) return bad(path);
    *at = s;
    return SN_OK;
}

sn_status sn_json_path_check(const char *path) {
    const char *at = path;
    part p;
    bool found = *path != 0;
    if (!found) return bad(path);
    while (found) SN_TRY(next_part(path, &at, &p, &found));
    return SN_OK;
}

/* ---- Members ---- */

static sn_status find_key(const sn_json *object, const char *key, const sn_json **out) {
    if (object->kind != SN_JSON_OBJECT)
        return sn_fail(SN_ERR_NOT_FOUND, "%s is sought in %s", key, sn_json_kind_name(object->kind));
    *out = sn_json_get(object, key);
    if (*out) return SN_OK;
    const char *names[MOST_NAMES];
    int n = 0;
    for (int64_t i = 0; i < object->count && n < MOST_NAMES; i++) names[n++] = object->keys[i].data;
    const char *near = sn_nearest(key, names, n);
    return sn_fail(SN_ERR_NOT_FOUND, "there is no \"%s\"%s%s", key, near ? ": did you mean " : "", near ? near : "");
}

static bool is_value(const sn_json *v, const char *text) {
    double number;
    if (!v) return false;
    if (v->kind == SN_JSON_STRING) return sn_text_is(v->text, text);
    if (v->kind == SN_JSON_BOOL) return strcmp(text, v->boolean ? "true" : "false") == 0;
    bool numeric = v->kind == SN_JSON_INTEGER || v->kind == SN_JSON_REAL;
    return numeric && sn_number_parse(text, strlen(text), &number) && number == v->real;
}

/* "name=fourier,free=30": all of these members. `wanted` is cut up. */
static bool matches(const sn_json *item, char *wanted) {
    for (char *save = NULL, *w = strtok_r(wanted, ",", &save); w; w = strtok_r(NULL, ",", &save)) {
        char *equals = strchr(w, '=');
        if (!equals) return false;
        *equals = 0;
        if (!is_value(sn_json_get(item, w), equals + 1)) return false;
    }
    return true;
}

static sn_status find_item(const sn_json *array, const char *text, const sn_json **out) {
    char *end, wanted[PART_SIZE];
    if (array->kind != SN_JSON_ARRAY)
        return sn_fail(SN_ERR_NOT_FOUND, "[%s] is sought in %s", text, sn_json_kind_name(array->kind));
    long long place = strtoll(text, &end, 10);
    if (end != text && *end == 0) {
        if (place < 0) place += array->count;
        if (place < 0 || place >= array->count)
            return sn_fail(SN_ERR_NOT_FOUND, "there is no [%s]: %" PRId64 " items", text, array->count);
        *out = &array->items[place];
        return SN_OK;
    }
    for (int64_t i = 0; i < array->count; i++) {
        snprintf(wanted, sizeof wanted, "%s", text);
        if (!matches(&array->items[i], wanted)) continue;
        *out = &array->items[i];
        return SN_OK;
    }
    return sn_fail(SN_ERR_NOT_FOUND, "no item has %s", text);
}

sn_status sn_json_path_find(const sn_json *root, const char *path, const sn_json **out, int64_t *count) {
    const char *at = path;
    part p;
    bool found;
    *out = root;
    for (;;) {
        sn_status status = next_part(path, &at, &p, &found);
        if (status != SN_OK || !found) return status;
        if (p.bracket && !p.text[0] && !*at) {
            if ((*out)->kind != SN_JSON_ARRAY) return sn_fail(SN_ERR_NOT_FOUND, "%s: that is no array", path);
            *count = (*out)->count;
            *out = NULL;
            return SN_OK;
        }
        status = p.bracket ? find_item(*out, p.text, out) : find_key(*out, p.text, out);
        if (status != SN_OK) return sn_fail_in(status, "%s", path);
    }
}
