/* Recipe files: from the settings of a text to the struct, by tables of fields. */
#include "base/alloc.h"
#include "base/error.h"
#include "base/map.h"
#include "base/number.h"
#include "base/path.h"
#include "file/config_text.h"
#include "study/recipe.h"

#include <inttypes.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum { NAME_SIZE = 64, WHERE_SIZE = 512, PLACE_SETTINGS = 6 };

/* ---- Fields ---- */

typedef struct field {
    const char *name;
    sn_config_kind kind; /* whole numbers are taken for reals too */
    size_t offset;
    double minimum, maximum;
} field;

#define AT(member) offsetof(sn_recipe, member)
static const field recipe_fields[] = {
    {"title", SN_CONFIG_TEXT, AT(title), 0, 0},
    {"source", SN_CONFIG_TEXT, AT(source), 0, 0},
    {"base", SN_CONFIG_TEXT, AT(base), 0, 0},
    {"seeds", SN_CONFIG_INTEGER, AT(seeds), 1, 16},
    {"corpus.bytes", SN_CONFIG_INTEGER, AT(corpus.bytes), 1000, 1e10},
    {"corpus.words", SN_CONFIG_INTEGER, AT(corpus.words), 1, 1e9},
    {"corpus.seed", SN_CONFIG_INTEGER, AT(corpus.seed), 0, 9e15},
    {"corpus.recalls", SN_CONFIG_REAL, AT(corpus.recalls), 0, 0.9},
    {"corpus.questions", SN_CONFIG_REAL, AT(corpus.questions), 0, 1},
    {"test.factor", SN_CONFIG_INTEGER, AT(test.factor), 2, 1024},
    {"test.windows", SN_CONFIG_INTEGER, AT(test.windows), 1, 1e6},
    {"test.period", SN_CONFIG_INTEGER, AT(test.period), 0, 1e6},
    {"test.buckets", SN_CONFIG_INTEGER, AT(test.buckets), 1, 1024},
};
#undef AT
#define AT(member) offsetof(sn_recipe_row_def, member)
static const field row_fields[] = {
    {"model", SN_CONFIG_TEXT, AT(model), 0, 0},         {"extend", SN_CONFIG_TEXT, AT(extend), 0, 0},
    {"published", SN_CONFIG_TEXT, AT(published), 0, 0}, {"reached", SN_CONFIG_TEXT, AT(reached), 0, 0},
    {"note", SN_CONFIG_TEXT, AT(note), 0, 0},           {"mini", SN_CONFIG_BOOL, AT(mini), 0, 0},
    {"drawn", SN_CONFIG_BOOL, AT(drawn), 0, 0},
};
#undef AT
#define AT(member) offsetof(sn_recipe_claim_def, member)
static const field claim_fields[] = {
    {"claim", SN_CONFIG_TEXT, AT(text), 0, 0},
    {"reached", SN_CONFIG_TEXT, AT(reached), 0, 0},
    {"note", SN_CONFIG_TEXT, AT(note), 0, 0},
    {"mini", SN_CONFIG_BOOL, AT(mini), 0, 0},
};
#undef AT
#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))

static sn_status unknown(const field *fields, int n, const char *name, const char *where) {
    const char *names[COUNT(recipe_fields) + 4];
    int used = 0;
    for (; used < n; used++) names[used] = fields[used].name;
    if (fields == recipe_fields)
        for (int i = 0; i < 4; i++) names[used++] = (const char *[]){"models", "rows", "orderings", "train"}[i];
    const char *near = sn_nearest(name, names, used);
    return sn_fail(SN_ERR_NOT_FOUND, "%s: there is no key \"%s\" here%s%s", where, name, near ? ": did you mean " : "",
                   near ? near : "");
}

static sn_status wants(const field *f, const char *where) {
    static const char *const kinds[] = {"a whole number", "a number", "true or false", "a text in quotes"};
    if (f->minimum == 0 && f->maximum == 0)
        return sn_fail(SN_ERR_ARGUMENT, "%s: %s wants %s", where, f->name, kinds[f->kind]);
    return sn_fail(SN_ERR_ARGUMENT, "%s: %s wants %s from %.10g to %.10g", where, f->name, kinds[f->kind], f->minimum,
                   f->maximum);
}

static sn_status put_field(sn_recipe *r, void *record, const field *fields, int n, const char *name,
                           const sn_config_entry *e, const char *where) {
    const field *f = NULL;
    for (int i = 0; i < n; i++)
        if (strcmp(fields[i].name, name) == 0) f = &fields[i];
    if (!f) return unknown(fields, n, name, where);
    bool fits = e->kind == f->kind || (f->kind == SN_CONFIG_REAL && e->kind == SN_CONFIG_INTEGER);
    bool number = f->kind == SN_CONFIG_INTEGER || f->kind == SN_CONFIG_REAL;
    if (!fits || (number && !(e->real >= f->minimum && e->real <= f->maximum))) return wants(f, where);
    void *to = (char *)record + f->offset;
    switch (f->kind) {
    case SN_CONFIG_INTEGER: *(int64_t *)to = e->integer; return SN_OK;
    case SN_CONFIG_REAL: *(double *)to = e->real; return SN_OK;
    case SN_CONFIG_BOOL: *(bool *)to = e->boolean; return SN_OK;
    case SN_CONFIG_TEXT: *(const char **)to = sn_arena_strdup(&r->arena, e->text); break;
    }
    return *(const char **)to ? SN_OK : sn_fail_memory("a recipe");
}

/* ---- Training keys ---- */

/* What a recipe decides itself, or what must be the same for all models. */
static sn_status check_setting(const char *key, int model, const char *where) {
    static const char *const own[] = {"data", "out", "seed", "threads", "init"};
    static const char *const shared[] = {"tokenizer", "context", "separator"};
    for (int i = 0; i < COUNT(own); i++)
        if (strcmp(key, own[i]) == 0)
            return sn_fail(SN_ERR_ARGUMENT, "%s: %s is not for a recipe to say: it is given when it is run", where,
                           key);
    for (int i = 0; i < COUNT(shared) && model >= 0; i++)
        if (strcmp(key, shared[i]) == 0)
            return sn_fail(SN_ERR_ARGUMENT, "%s: %s must be the same for all models: it belongs into train", where,
                           key);
    return SN_OK;
}

static sn_status put_setting(sn_recipe *r, int model, const char *key, const sn_config_entry *e, const char *where) {
    char text[1024], number[SN_NUMBER_SIZE];
    int used = 0;
    SN_TRY(check_setting(key, model, where));
    if (r->n_settings == SN_RECIPE_MOST_SETTINGS)
        return sn_fail(SN_ERR_LIMIT, "%s: more than %d training keys", where, SN_RECIPE_MOST_SETTINGS);
    switch (e->kind) {
    case SN_CONFIG_INTEGER: used = snprintf(text, sizeof text, "%s=%" PRId64, key, e->integer); break;
    case SN_CONFIG_REAL: used = snprintf(text, sizeof text, "%s=%s", key, sn_number_format(e->real, number)); break;
    case SN_CONFIG_BOOL: used = snprintf(text, sizeof text, "%s=%s", key, e->boolean ? "true" : "false"); break;
    case SN_CONFIG_TEXT: used = snprintf(text, sizeof text, "%s=%s", key, e->text); break;
    }
    if (used >= (int)sizeof text) return sn_fail(SN_ERR_LIMIT, "%s: %s: the text is too long", where, key);
    sn_recipe_setting *s = &r->settings[r->n_settings++];
    *s = (sn_recipe_setting){model, sn_arena_strdup(&r->arena, text), where};
    return s->text ? SN_OK : sn_fail_memory("a recipe");
}

/* ---- Named groups ---- */

/* Splits "name.rest"; a group's entry needs both. */
static sn_status split(const char *key, char name[static NAME_SIZE], const char **rest, const char *where) {
    size_t n = strcspn(key, ".");
    if (n == 0 || n >= NAME_SIZE || !key[n])
        return sn_fail(SN_ERR_ARGUMENT, "%s: %s: a group name = { ... } is wanted here, with a short name", where, key);
    memcpy(name, key, n);
    name[n] = 0;
    *rest = key + n + 1;
    return SN_OK;
}

static sn_status too_many(const char *what, const char *where) {
    return sn_fail(SN_ERR_LIMIT, "%s: more than %d %s", where, SN_RECIPE_MOST, what);
}

static int find_model(const sn_recipe *r, const char *name) {
    for (int i = 0; i < r->n_models; i++)
        if (strcmp(r->models[i].name, name) == 0) return i;
    return -1;
}

static sn_status put_model(sn_recipe *r, const char *key, const sn_config_entry *e, const char *where) {
    char name[NAME_SIZE];
    const char *rest = "";
    SN_TRY(split(key, name, &rest, where));
    int i = find_model(r, name);
    if (i == 0) return sn_fail(SN_ERR_ARGUMENT, "%s: baseline is the model of train, without changes", where);
    if (i < 0) {
        if (r->n_models == SN_RECIPE_MOST) return too_many("models", where);
        i = r->n_models++;
        r->models[i] = (sn_recipe_model){sn_arena_strdup(&r->arena, name), where, false};
        if (!r->models[i].name) return sn_fail_memory("a recipe");
    }
    return put_setting(r, i, rest, e, where);
}

static sn_status put_row(sn_recipe *r, const char *key, const sn_config_entry *e, const char *where) {
    char name[NAME_SIZE];
    const char *rest = "";
    int i = 0;
    SN_TRY(split(key, name, &rest, where));
    while (i < r->n_rows && strcmp(r->rows[i].name, name) != 0) i++;
    if (i == SN_RECIPE_MOST) return too_many("rows", where);
    if (i == r->n_rows) {
        const char *copy = sn_arena_strdup(&r->arena, name);
        if (!copy) return sn_fail_memory("a recipe");
        r->rows[r->n_rows++] = (sn_recipe_row_def){copy, where, "baseline", "none", "", "", "", true, true, 0};
    }
    return put_field(r, &r->rows[i], row_fields, COUNT(row_fields), rest, e, where);
}

static sn_status put_claim(sn_recipe *r, const char *key, const sn_config_entry *e, const char *where) {
    char name[NAME_SIZE];
    const char *rest = "";
    int i = 0;
    SN_TRY(split(key, name, &rest, where));
    while (i < r->n_claims && strcmp(r->claims[i].name, name) != 0) i++;
    if (i == SN_RECIPE_MOST) return too_many("orderings", where);
    if (i == r->n_claims) {
        const char *copy = sn_arena_strdup(&r->arena, name);
        if (!copy) return sn_fail_memory("a recipe");
        r->claims[r->n_claims++] =
            (sn_recipe_claim_def){.name = copy, .where = where, .text = "", .reached = "", .note = ""};
    }
    return put_field(r, &r->claims[i], claim_fields, COUNT(claim_fields), rest, e, where);
}

/* ---- Entries ---- */

static const char *after(const char *key, const char *group) {
    size_t n = strlen(group);
    return strncmp(key, group, n) == 0 && key[n] == '.' ? key + n + 1 : NULL;
}

/* Only a recipe names a base, outside of "mini": elsewhere it would be read too late, or not at all. */
static sn_status check_base(const sn_recipe *r, const char *key, const char *name, const char *where) {
    bool small = after(key, "mini") != NULL;
    if (strcmp(small ? after(key, "mini") : key, "base") != 0 || (!small && strcmp(name, r->path) == 0)) return SN_OK;
    return sn_fail(SN_ERR_ARGUMENT, "%s: base stands in the recipe itself and not in %s", where,
                   small ? "mini" : "its base");
}

static sn_status put_entry(sn_recipe *r, const char *key, const sn_config_entry *e, const char *where) {
    const char *rest;
    if ((rest = after(key, "train")) != NULL) return put_setting(r, -1, rest, e, where);
    if ((rest = after(key, "models")) != NULL) return put_model(r, rest, e, where);
    if ((rest = after(key, "rows")) != NULL) return put_row(r, rest, e, where);
    if ((rest = after(key, "orderings")) != NULL) return put_claim(r, rest, e, where);
    return put_field(r, r, recipe_fields, COUNT(recipe_fields), key, e, where);
}

/* The entries of group "mini", or the others. */
static sn_status put_entries(sn_recipe *r, const char *name, const sn_config_text *text, bool mini) {
    char where[WHERE_SIZE];
    for (int64_t i = 0; i < text->n; i++) {
        const sn_config_entry *e = &text->entries[i];
        const char *small = after(e->key, "mini");
        snprintf(where, sizeof where, "%s:%d", name, e->line);
        SN_TRY(check_base(r, e->key, name, where));
        if (mini != (small != NULL)) continue;
        const char *kept = sn_arena_strdup(&r->arena, where);
        if (!kept) return sn_fail_memory("a recipe");
        SN_TRY(put_entry(r, small ? small : e->key, e, kept));
    }
    return SN_OK;
}

/* ---- What depends on several keys ---- */

static bool in_numbers(const char *text) {
    for (int i = 0; i < SN_RECIPE_TESTS; i++) {
        double value;
        text += strspn(text, " ");
        size_t n = strcspn(text, " ");
        if (n == 0 || !((n == 1 && *text == '-') || sn_number_parse(text, n, &value))) return false;
        text += n;
    }
    return text[strspn(text, " ")] == 0;
}

static sn_status check_row(sn_recipe *r, sn_recipe_row_def *row) {
    sn_extend *extend;
    row->model_index = find_model(r, row->model);
    if (row->model_index < 0) {
        const char *names[SN_RECIPE_MOST];
        for (int i = 0; i < r->n_models; i++) names[i] = r->models[i].name;
        const char *near = sn_nearest(row->model, names, r->n_models);
        return sn_fail(SN_ERR_NOT_FOUND, "%s: row %s: there is no model \"%s\"%s%s", row->where, row->name, row->model,
                       near ? ": did you mean " : "", near ? near : "");
    }
    r->models[row->model_index].used = true;
    if ((row->published[0] && !in_numbers(row->published)) || (row->reached[0] && !in_numbers(row->reached)))
        return sn_fail(SN_ERR_ARGUMENT, "%s: row %s: published and reached are three numbers or \"-\": \"49.4 24.2 -\"",
                       row->where, row->name);
    sn_status status = sn_extend_parse(row->extend, &extend);
    if (status != SN_OK) return sn_fail_in(status, "%s: row %s", row->where, row->name);
    sn_extend_free(extend);
    return SN_OK;
}

static sn_status check_claims(sn_recipe *r) {
    const char *names[SN_RECIPE_MOST];
    for (int i = 0; i < r->n_rows; i++) names[i] = r->rows[i].name;
    for (int i = 0; i < r->n_claims; i++) {
        sn_recipe_claim_def *c = &r->claims[i];
        sn_status status = sn_recipe_claim_parse(c->text, names, r->n_rows, &c->claim);
        if (status != SN_OK) return sn_fail_in(status, "%s: ordering %s", c->where, c->name);
    }
    return SN_OK;
}

/* Every model's keys, read as they will be. */
static sn_status check_models(const sn_recipe *r) {
    const sn_recipe_place place = {"text", NULL, "folder", 1, 1};
    for (int i = 0; i < r->n_models; i++) {
        sn_train_config *c;
        if (i > 0 && !r->models[i].used)
            return sn_fail(SN_ERR_ARGUMENT, "%s: no row reads the model %s", r->models[i].where, r->models[i].name);
        sn_status status = sn_recipe_config(r, i, &place, &c);
        if (status != SN_OK) return sn_fail_in(status, "model %s", r->models[i].name);
        sn_train_config_free(c);
    }
    return SN_OK;
}

/* Rows that a miniature leaves out take their models and the claims about them with them. */
static bool row_is_out(const sn_recipe *r, int row) { return row >= 0 && !r->rows[row].mini; }

static void shrink(sn_recipe *r) {
    int place[SN_RECIPE_MOST], rows = 0, claims = 0;
    for (int i = 0; i < r->n_claims; i++) {
        bool out = false;
        for (int t = 0; t < r->claims[i].claim.n_terms; t++)
            out = out || row_is_out(r, sn_recipe_cell_row(r->claims[i].claim.terms[t].cell));
        if (!out) r->claims[claims++] = r->claims[i];
    }
    r->n_claims = claims;
    for (int i = 0; i < r->n_models; i++) r->models[i].used = false;
    for (int i = 0; i < r->n_rows; i++) {
        place[i] = rows;
        if (row_is_out(r, i)) continue;
        r->rows[rows++] = r->rows[i];
        r->models[r->rows[rows - 1].model_index].used = true;
    }
    r->n_rows = rows;
    for (int i = 0; i < claims; i++)
        for (int t = 0; t < r->claims[i].claim.n_terms; t++) {
            sn_claim_term *term = &r->claims[i].claim.terms[t];
            if (term->cell >= 0) term->cell = sn_recipe_cell_moved(term->cell, place[sn_recipe_cell_row(term->cell)]);
        }
}

static sn_status check_all(sn_recipe *r) {
    if (!r->title[0]) return sn_fail(SN_ERR_ARGUMENT, "%s: a title is needed: title = \"...\"", r->path);
    for (int i = 0; i < r->n_rows; i++) SN_TRY(check_row(r, &r->rows[i]));
    SN_TRY(check_claims(r));
    SN_TRY(check_models(r));
    if (r->mini) shrink(r);
    if (r->n_rows == 0) return sn_fail(SN_ERR_ARGUMENT, "%s: no rows: there is nothing to measure", r->path);
    return SN_OK;
}

/* ---- The whole ---- */

static sn_status name_recipe(sn_recipe *r, const char *path) {
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path, *dot = strrchr(name, '.');
    r->path = sn_arena_strdup(&r->arena, path);
    r->name = sn_arena_strndup(&r->arena, name, dot && dot != name ? (size_t)(dot - name) : strlen(name));
    return r->path && r->name ? SN_OK : sn_fail_memory("a recipe");
}

static sn_status begin(const char *path, bool mini, sn_recipe **out) {
    sn_recipe *r = sn_calloc(1, sizeof *r);
    if (!r) return sn_fail_memory("a recipe");
    r->title = r->source = r->base = "";
    r->mini = mini;
    r->seeds = 3;
    r->corpus.bytes = 8 << 20;
    r->corpus.words = 3000;
    r->corpus.recalls = r->corpus.questions = -1;
    r->test.factor = 8;
    r->test.windows = 32;
    r->test.buckets = 16;
    r->models[r->n_models++] = (sn_recipe_model){"baseline", path, true};
    sn_status status = name_recipe(r, path);
    r->models[0].where = r->path;
    if (status == SN_OK)
        *out = r;
    else
        sn_recipe_free(r);
    return status;
}

/* base NULL: none. The recipe's own entries count more; those of "mini" count most. */
static sn_status fill(sn_recipe *r, const sn_config_text *own, const sn_config_text *base, const char *base_name) {
    for (int mini = 0; mini <= (int)r->mini; mini++) {
        if (base) SN_TRY(put_entries(r, base_name, base, mini != 0));
        SN_TRY(put_entries(r, r->path, own, mini != 0));
    }
    return check_all(r);
}

/* Where the file that the key "base" names is: beside the recipe. */
static sn_status base_path(const char *path, const sn_config_text *own, char out[static SN_PATH_SIZE]) {
    const char *slash = strrchr(path, '/');
    out[0] = 0;
    for (int64_t i = 0; i < own->n; i++) {
        const sn_config_entry *e = &own->entries[i];
        if (strcmp(e->key, "base") != 0 || e->kind != SN_CONFIG_TEXT) continue;
        int n = slash && e->text[0] != '/' ? (int)(slash - path) + 1 : 0;
        if (snprintf(out, SN_PATH_SIZE, "%.*s%s", n, path, e->text) >= SN_PATH_SIZE)
            return sn_fail(SN_ERR_ARGUMENT, "%s: the path is too long", path);
    }
    return SN_OK;
}

sn_status sn_recipe_parse(const char *name, const char *text, size_t size, const char *base, size_t base_size,
                          bool mini, sn_recipe **out) {
    sn_config_text own, common = {0};
    sn_recipe *r = NULL;
    char path[SN_PATH_SIZE] = "base";
    SN_TRY(sn_config_text_parse(name, text, size, &own));
    sn_status status = base_path(name, &own, path);
    if (status == SN_OK && base) status = sn_config_text_parse(path, base, base_size, &common);
    if (status == SN_OK) status = begin(name, mini, &r);
    if (status == SN_OK) status = fill(r, &own, base ? &common : NULL, path);
    sn_config_text_free(&own);
    sn_config_text_free(&common);
    if (status == SN_OK)
        *out = r;
    else
        sn_recipe_free(r);
    return status;
}

sn_status sn_recipe_open(const char *path, bool mini, sn_recipe **out) {
    char name[SN_PATH_SIZE];
    sn_config_text own;
    sn_map map, base = {0};
    SN_TRY(sn_map_open(path, &map));
    sn_status status = sn_config_text_parse(path, (const char *)map.data, map.size, &own);
    if (status == SN_OK) {
        status = base_path(path, &own, name);
        sn_config_text_free(&own);
        bool based = status == SN_OK && name[0];
        if (based) status = sn_map_open(name, &base);
        if (status == SN_OK)
            status = sn_recipe_parse(path, (const char *)map.data, map.size, based ? (const char *)base.data : NULL,
                                     base.size, mini, out);
        if (base.data) sn_map_close(&base);
    }
    sn_map_close(&map);
    return status;
}

void sn_recipe_free(sn_recipe *r) {
    if (!r) return;
    sn_arena_free(&r->arena);
    sn_free(r);
}

const char *sn_recipe_name(const sn_recipe *r) { return r->name; }
const char *sn_recipe_title(const sn_recipe *r) { return r->title; }

int64_t sn_recipe_trainings(const sn_recipe *r) {
    int64_t models = 0;
    for (int i = 0; i < r->n_models; i++) models += r->models[i].used;
    return models * r->seeds;
}

sn_status sn_recipe_config(const sn_recipe *r, int model, const sn_recipe_place *place, sn_train_config **out) {
    const char *texts[SN_RECIPE_MOST_SETTINGS + PLACE_SETTINGS], *wheres[SN_RECIPE_MOST_SETTINGS + PLACE_SETTINGS];
    char own[PLACE_SETTINGS][SN_PATH_SIZE + 16];
    int n = 0;
    for (int owner = -1; owner <= model; owner++)
        for (int i = 0; i < r->n_settings; i++) {
            if (r->settings[i].model != owner || (owner >= 0 && owner != model)) continue;
            texts[n] = r->settings[i].text;
            wheres[n++] = r->settings[i].where;
        }
    snprintf(own[0], sizeof own[0], "data=%s", place->data);
    snprintf(own[1], sizeof own[1], "out=%s", place->out);
    snprintf(own[2], sizeof own[2], "seed=%" PRId64, place->seed);
    snprintf(own[3], sizeof own[3], "threads=%d", place->n_threads);
    snprintf(own[4], sizeof own[4], "tokenizer=%s", place->tokenizer ? place->tokenizer : "");
    for (int i = 0; i < (place->tokenizer ? 5 : 4); i++, n++) texts[n] = own[i], wheres[n] = r->path;
    return sn_train_config_build(r->path, texts, wheres, n, out);
}
