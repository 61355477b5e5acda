/* Configurations: the file's settings and the command line's, brought into the struct by the table. */
#include "train/config.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/number.h"
#include "base/size.h"
#include "file/config_text.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_RULE_SETTINGS = 16, NAME_SIZE = 128 };

/* A setting of the update rule, kept until the rule is known. */
typedef struct rule_setting {
    const char *name, *where;
    double value;
} rule_setting;

typedef struct loader {
    sn_train_config *c;
    rule_setting settings[MOST_RULE_SETTINGS];
    int n_settings;
} loader;

static const char rule_prefix[] = "optimizer.";

/* ---- Values ---- */

static sn_status wants(const sn_train_key *k, const char *where, const char *what) {
    if (k->minimum != 0 || k->maximum != 0)
        return sn_fail(SN_ERR_ARGUMENT, "%s: %s wants %s from %.10g to %.10g", where, k->name, what, k->minimum,
                       k->maximum);
    return sn_fail(SN_ERR_ARGUMENT, "%s: %s wants %s", where, k->name, what);
}

static bool in_range(const sn_train_key *k, double value) {
    return (k->minimum == 0 && k->maximum == 0) || (value >= k->minimum && value <= k->maximum);
}

/* The number of a word in "a|b|c", -1 where it is not there. */
static int find_word(const char *words, const char *word) {
    size_t length = strlen(word);
    for (int i = 0;; i++) {
        size_t n = strcspn(words, "|");
        if (n == length && strncmp(words, word, n) == 0) return i;
        if (!words[n]) return -1;
        words += n + 1;
    }
}

static sn_status set_text(sn_train_config *c, const sn_config_entry *e, const char **field) {
    *field = sn_arena_strdup(&c->arena, e->text);
    return *field ? SN_OK : sn_fail_memory("a configuration");
}

static sn_status set_word(const sn_train_key *k, const sn_config_entry *e, const char *where, int *field) {
    int word = e->kind == SN_CONFIG_TEXT ? find_word(k->words, e->text) : -1;
    if (word < 0) return sn_fail(SN_ERR_ARGUMENT, "%s: %s wants one of %s", where, k->name, k->words);
    *field = word;
    return SN_OK;
}

static sn_status set_value(sn_train_config *c, const sn_train_key_def *d, const sn_config_entry *e, const char *where) {
    const sn_train_key *k = &d->key;
    void *field = (char *)c + d->offset;
    bool number = e->kind == SN_CONFIG_INTEGER || e->kind == SN_CONFIG_REAL;
    switch (k->type) {
    case SN_KEY_TEXT: return e->kind == SN_CONFIG_TEXT ? set_text(c, e, field) : wants(k, where, "a text in quotes");
    case SN_KEY_WORD: return set_word(k, e, where, field);
    case SN_KEY_FLAG:
        if (e->kind != SN_CONFIG_BOOL) return wants(k, where, "true or false");
        *(bool *)field = e->boolean;
        return SN_OK;
    case SN_KEY_INT:
        if (e->kind != SN_CONFIG_INTEGER || !in_range(k, e->real)) return wants(k, where, "a whole number");
        *(int64_t *)field = e->integer;
        return SN_OK;
    case SN_KEY_REAL:
        if (!number || !isfinite(e->real) || !in_range(k, e->real)) return wants(k, where, "a number");
        *(double *)field = e->real;
        return SN_OK;
    }
    return SN_ERR_INTERNAL;
}

/* A text of the command line as a value of the wanted type; what does not fit stays a text, for set_value to refuse. */
static sn_config_entry read_value(sn_train_key_type type, const char *key, const char *text) {
    sn_config_entry e = {.key = key, .kind = SN_CONFIG_TEXT, .text = text};
    char *end;
    if (type == SN_KEY_INT) {
        errno = 0;
        long long value = strtoll(text, &end, 10);
        int64_t unit = *end == 'k' || *end == 'K' ? 1024 : *end == 'm' || *end == 'M' ? 1024 * 1024 : 1;
        if (errno || end == text || end[unit > 1] || !sn_mul_i64(value, unit, &e.integer)) return e;
        e.kind = SN_CONFIG_INTEGER;
        e.real = (double)e.integer;
    } else if (type == SN_KEY_REAL) {
        if (sn_number_parse(text, strlen(text), &e.real)) e.kind = SN_CONFIG_REAL;
    } else if (type == SN_KEY_FLAG) {
        e.boolean = strcmp(text, "true") == 0;
        if (e.boolean || strcmp(text, "false") == 0) e.kind = SN_CONFIG_BOOL;
    }
    return e;
}

/* ---- Keys ---- */

static bool is_rule_setting(const char *name) {
    for (int r = 0; r < sn_rule_count(); r++) {
        const sn_rule_info *info = sn_rule_get(r);
        for (int i = 0; i < info->n_settings; i++)
            if (strcmp(info->settings[i].name, name) == 0) return true;
    }
    return false;
}

static const char *setting_name(const char *key) {
    size_t n = sizeof rule_prefix - 1;
    return strncmp(key, rule_prefix, n) == 0 && is_rule_setting(key + n) ? key + n : NULL;
}

static sn_status unknown_key(const char *key, const char *where) {
    enum { most = SN_TRAIN_MAX_KEYS + 64 };
    const char *names[most];
    char buffer[64][NAME_SIZE];
    int n = 0, kept = 0;
    for (; n < sn_n_train_keys; n++) names[n] = sn_train_keys[n].key.name;
    for (int r = 0; r < sn_rule_count(); r++)
        for (int i = 0; i < sn_rule_get(r)->n_settings && kept < 64; i++) {
            snprintf(buffer[kept], NAME_SIZE, "%s%s", rule_prefix, sn_rule_get(r)->settings[i].name);
            names[n++] = buffer[kept++];
        }
    const char *near = sn_nearest(key, names, n);
    /* "layers" for "model.layers" */
    for (int i = 0; i < n; i++) {
        const char *dot = strrchr(names[i], '.');
        if (dot && strcmp(dot + 1, key) == 0) near = names[i];
    }
    if (near) return sn_fail(SN_ERR_NOT_FOUND, "%s: there is no key \"%s\": did you mean %s?", where, key, near);
    return sn_fail(SN_ERR_NOT_FOUND, "%s: there is no key \"%s\": 'suan train --explain' lists them", where, key);
}

static sn_status keep_setting(loader *l, const char *name, const sn_config_entry *e, const char *where) {
    if (e->kind != SN_CONFIG_INTEGER && e->kind != SN_CONFIG_REAL)
        return sn_fail(SN_ERR_ARGUMENT, "%s: %s%s wants a number", where, rule_prefix, name);
    if (l->n_settings == MOST_RULE_SETTINGS)
        return sn_fail(SN_ERR_LIMIT, "%s: too many settings of the update rule", where);
    const char *copy = sn_arena_strdup(&l->c->arena, name);
    if (!copy) return sn_fail_memory("a configuration");
    l->settings[l->n_settings++] = (rule_setting){copy, where, e->real};
    return SN_OK;
}

static sn_status put_entry(loader *l, const sn_config_entry *e, const char *where) {
    where = sn_arena_strdup(&l->c->arena, where);
    if (!where) return sn_fail_memory("a configuration");
    int key = sn_train_key_find(e->key);
    const char *setting = key < 0 ? setting_name(e->key) : NULL;
    if (setting) return keep_setting(l, setting, e, where);
    if (key < 0) return unknown_key(e->key, where);
    l->c->where[key] = where;
    return set_value(l->c, &sn_train_keys[key], e, where);
}

static sn_status put_override(loader *l, const char *text, const char *where) {
    char name[NAME_SIZE];
    size_t length = strcspn(text, "=");
    if (!text[length] || length == 0) return sn_fail(SN_ERR_ARGUMENT, "%s: \"%s\" is no key=value", where, text);
    snprintf(name, sizeof name, "%.*s", (int)(length < NAME_SIZE - 1 ? length : NAME_SIZE - 1), text);
    int key = sn_train_key_find(name);
    sn_config_entry e = read_value(key >= 0 ? sn_train_keys[key].key.type : SN_KEY_REAL, name, text + length + 1);
    return put_entry(l, &e, where);
}

static sn_status put_defaults(sn_train_config *c) {
    for (int i = 0; i < sn_n_train_keys; i++) {
        const sn_train_key *k = &sn_train_keys[i].key;
        sn_config_entry e = read_value(k->type, k->name, k->fallback);
        SN_TRY(set_value(c, &sn_train_keys[i], &e, "default"));
    }
    return SN_OK;
}

/* ---- What depends on several keys ---- */

sn_status sn_train_config_fail(const sn_train_config *c, const char *key, const char *format, ...) {
    char message[512];
    int i = sn_train_key_find(key);
    const char *where = i >= 0 && c->where[i] ? c->where[i] : c->source;
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    return sn_fail(SN_ERR_ARGUMENT, "%s: %s: %s", where, key, message);
}

static sn_status check_rule(loader *l) {
    sn_train_config *c = l->c;
    c->rule = sn_rule_find(c->rule_name);
    if (!c->rule) {
        char names[256] = "";
        for (int i = 0, used = 0; i < sn_rule_count() && used < 255; i++)
            used += snprintf(names + used, sizeof names - (size_t)used, "%s%s", i ? ", " : "", sn_rule_get(i)->name);
        return sn_train_config_fail(c, "optimizer.rule", "there is no update rule \"%s\": %s are", c->rule_name, names);
    }
    sn_rule_defaults(c->rule, c->settings);
    for (int i = 0; i < l->n_settings; i++) {
        sn_status status = sn_rule_set(c->rule, l->settings[i].name, l->settings[i].value, c->settings);
        if (status != SN_OK)
            return sn_fail_in(status, "%s: %s%s", l->settings[i].where, rule_prefix, l->settings[i].name);
    }
    sn_status fits = c->rule->check ? c->rule->check(c->settings, c->accumulate) : SN_OK;
    if (fits != SN_OK) return sn_fail_in(fits, "%s: accumulate", c->source);
    if (!c->rule->no_clipping) return SN_OK;
    if (c->where[sn_train_key_find("clip")] && c->clip > 0)
        return sn_train_config_fail(c, "clip", "%s cannot clip the gradient: %s", c->rule_name, c->rule->no_clipping);
    c->clip = 0;
    return SN_OK;
}

static sn_status check_all(loader *l) {
    sn_train_config *c = l->c;
    SN_TRY(check_rule(l));
    c->schedule = (sn_schedule){c->schedule_name, c->rate, c->floor, c->warmup, c->steps, c->decay_steps};
    sn_status status = sn_schedule_check(&c->schedule);
    if (status != SN_OK) return sn_fail_in(status, "%s", c->source);
    if (!c->out[0]) return sn_train_config_fail(c, "out", "a folder is needed");
    if (c->init[0])
        for (int i = 0; i < sn_n_train_keys; i++) {
            const char *name = sn_train_keys[i].key.name;
            if (c->where[i] && strncmp(name, "model.", 6) == 0 && strcmp(name, "model.name") != 0)
                return sn_train_config_fail(c, name,
                                            "with init the model's own sizes and parts are taken: leave it out");
        }
    if (!c->init[0] && !c->model.head_width && c->model.width % c->model.heads && c->model.block == 0)
        return sn_train_config_fail(c, "model.heads", "%" PRId64 " is no divisor of the width %" PRId64, c->model.heads,
                                    c->model.width);
    return SN_OK;
}

/* ---- The whole ---- */

/* What a configuration is read from: the file's entries, then texts "key=value". */
typedef struct origin {
    const char *name;
    sn_config_text entries;
    const char *const *overrides, *const *wheres; /* wheres NULL: the command line */
    int n_overrides;
} origin;

static sn_status load(sn_train_config *c, const origin *o) {
    loader l = {.c = c};
    char where[512];
    SN_TRY(put_defaults(c));
    for (int64_t i = 0; i < o->entries.n; i++) {
        snprintf(where, sizeof where, "%s:%d", c->source, o->entries.entries[i].line);
        SN_TRY(put_entry(&l, &o->entries.entries[i], where));
    }
    for (int i = 0; i < o->n_overrides; i++)
        SN_TRY(put_override(&l, o->overrides[i], o->wheres ? o->wheres[i] : "command line"));
    return check_all(&l);
}

static sn_status finish(origin *o, sn_train_config **out) {
    sn_train_config *c = sn_calloc(1, sizeof *c);
    sn_status status = c ? SN_OK : sn_fail_memory("a configuration");
    if (c) c->source = sn_arena_strdup(&c->arena, o->name);
    if (c) status = c->source ? load(c, o) : sn_fail_memory("a configuration");
    sn_config_text_free(&o->entries);
    if (status == SN_OK)
        *out = c;
    else
        sn_train_config_free(c);
    return status;
}

sn_status sn_train_config_parse(const char *name, const char *text, size_t size, const char *const *overrides, int n,
                                sn_train_config **out) {
    origin o = {.name = name, .overrides = overrides, .n_overrides = n};
    SN_TRY(sn_config_text_parse(name, text, size, &o.entries));
    return finish(&o, out);
}

sn_status sn_train_config_open(const char *path, const char *const *overrides, int n, sn_train_config **out) {
    origin o = {.name = path, .overrides = overrides, .n_overrides = n};
    SN_TRY(sn_config_text_open(path, &o.entries));
    return finish(&o, out);
}

sn_status sn_train_config_build(const char *name, const char *const *settings, const char *const *wheres, int n,
                                sn_train_config **out) {
    origin o = {.name = name, .overrides = settings, .wheres = wheres, .n_overrides = n};
    return finish(&o, out);
}

void sn_train_config_free(sn_train_config *c) {
    if (!c) return;
    sn_arena_free(&c->arena);
    sn_free(c);
}

const char *sn_train_config_out(const sn_train_config *c) { return c->out; }

const char *sn_train_config_value(const sn_train_config *c, int key, char *buffer, size_t size) {
    const sn_train_key_def *d = &sn_train_keys[key];
    const void *field = (const char *)c + d->offset;
    char number[SN_NUMBER_SIZE];
    switch (d->key.type) {
    case SN_KEY_TEXT: snprintf(buffer, size, "%s", *(const char *const *)field); break;
    case SN_KEY_INT: snprintf(buffer, size, "%" PRId64, *(const int64_t *)field); break;
    case SN_KEY_REAL: snprintf(buffer, size, "%s", sn_number_format(*(const double *)field, number)); break;
    case SN_KEY_FLAG: snprintf(buffer, size, "%s", *(const bool *)field ? "true" : "false"); break;
    case SN_KEY_WORD: {
        const char *word = d->key.words;
        for (int i = *(const int *)field; i > 0; i--) word += strcspn(word, "|") + 1;
        snprintf(buffer, size, "%.*s", (int)strcspn(word, "|"), word);
    }
    }
    return buffer;
}
