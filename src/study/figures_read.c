/* Recipes of figures: from the settings of a text to the struct, and what must fit together. */
#include "base/alloc.h"
#include "base/error.h"
#include "base/map.h"
#include "file/config_text.h"
#include "file/json_path.h"
#include "study/figures.h"

#include <stdio.h>
#include <string.h>

enum { NAME_SIZE = 64 };

static sn_status no_memory(void) { return sn_fail_memory("a recipe"); }

/* ---- Entries ---- */

static sn_status put_text(sn_figures *f, const char **to, const sn_config_entry *e, const char *where) {
    if (e->kind != SN_CONFIG_TEXT) return sn_fail(SN_ERR_ARGUMENT, "%s: %s wants a text in quotes", where, e->key);
    *to = sn_arena_strdup(&f->arena, e->text);
    return *to ? SN_OK : no_memory();
}

static sn_status too_many(const char *what, const char *where) {
    return sn_fail(SN_ERR_LIMIT, "%s: more than %d %s", where, SN_FIGURES_MOST, what);
}

static sn_status put_run(sn_figures *f, const char *name, const sn_config_entry *e, const char *where) {
    int i = 0;
    while (i < f->n_runs && strcmp(f->runs[i].name, name) != 0) i++;
    if (i == SN_FIGURES_MOST) return too_many("runs", where);
    if (strchr(name, '.')) return sn_fail(SN_ERR_ARGUMENT, "%s: a run is written name = \"verb ...\"", where);
    if (i == f->n_runs) {
        if (!(f->runs[i].name = sn_arena_strdup(&f->arena, name))) return no_memory();
        f->n_runs++;
    }
    f->runs[i].where = where;
    return put_text(f, &f->runs[i].command, e, where);
}

static sn_status put_file(sn_figures *f, const char *name, const sn_config_entry *e, const char *where) {
    int i = 0;
    while (i < f->n_files && strcmp(f->files[i].name, name) != 0) i++;
    if (i == SN_FIGURES_MOST) return too_many("files", where);
    if (i == f->n_files) {
        if (!(f->files[i].name = sn_arena_strdup(&f->arena, name))) return no_memory();
        f->n_files++;
    }
    return put_text(f, &f->files[i].text, e, where);
}

static sn_status put_member(sn_figures *f, sn_figure_def *d, const char *member, const sn_config_entry *e,
                            const char *where) {
    static const char *const members[] = {"claim", "reached", "note", "mini"};
    const char **texts[] = {&d->claim_text, &d->reached, &d->note};
    for (int i = 0; i < 3; i++)
        if (strcmp(member, members[i]) == 0) return put_text(f, texts[i], e, where);
    const char *near = sn_nearest(member, members, 4);
    if (strcmp(member, "mini") != 0)
        return sn_fail(SN_ERR_NOT_FOUND, "%s: there is no key \"%s\" in a figure%s%s", where, member,
                       near ? ": did you mean " : "", near ? near : "");
    if (e->kind != SN_CONFIG_BOOL) return sn_fail(SN_ERR_ARGUMENT, "%s: mini wants true or false", where);
    d->mini = e->boolean;
    return SN_OK;
}

static sn_status put_figure(sn_figures *f, const char *key, const sn_config_entry *e, const char *where) {
    size_t n = strcspn(key, ".");
    int i = 0;
    if (n == 0 || n >= NAME_SIZE || !key[n])
        return sn_fail(SN_ERR_ARGUMENT, "%s: a figure is written name = { claim = \"...\"; }", where);
    while (i < f->n_figures && (strncmp(f->figures[i].name, key, n) != 0 || f->figures[i].name[n])) i++;
    if (i == SN_FIGURES_MOST) return too_many("figures", where);
    if (i == f->n_figures) {
        const char *name = sn_arena_strndup(&f->arena, key, n);
        if (!name) return no_memory();
        f->figures[f->n_figures++] =
            (sn_figure_def){.name = name, .where = where, .claim_text = "", .reached = "", .note = "", .mini = true};
    }
    return put_member(f, &f->figures[i], key + n + 1, e, where);
}

static const char *after(const char *key, const char *group) {
    size_t n = strlen(group);
    return strncmp(key, group, n) == 0 && key[n] == '.' ? key + n + 1 : NULL;
}

static sn_status put_entry(sn_figures *f, const char *key, const sn_config_entry *e, const char *where) {
    static const char *const names[] = {"title", "source", "plot", "runs", "files", "figures", "mini"};
    const char **texts[] = {&f->title, &f->source, &f->plot};
    const char *rest;
    if ((rest = after(key, "runs")) != NULL) return put_run(f, rest, e, where);
    if ((rest = after(key, "files")) != NULL) return put_file(f, rest, e, where);
    if ((rest = after(key, "figures")) != NULL) return put_figure(f, rest, e, where);
    for (int i = 0; i < 3; i++)
        if (strcmp(key, names[i]) == 0) return put_text(f, texts[i], e, where);
    const char *near = sn_nearest(key, names, 7);
    return sn_fail(SN_ERR_NOT_FOUND, "%s: there is no key \"%s\" here%s%s", where, key, near ? ": did you mean " : "",
                   near ? near : "");
}

/* The entries of group "mini", or the others. */
static sn_status put_entries(sn_figures *f, const sn_config_text *text, bool mini) {
    char where[512];
    for (int64_t i = 0; i < text->n; i++) {
        const sn_config_entry *e = &text->entries[i];
        const char *small = after(e->key, "mini");
        if (mini != (small != NULL)) continue;
        snprintf(where, sizeof where, "%s:%d", f->path, e->line);
        const char *kept = sn_arena_strdup(&f->arena, where);
        if (!kept) return no_memory();
        SN_TRY(put_entry(f, small ? small : e->key, e, kept));
    }
    return SN_OK;
}

/* ---- What depends on several keys ---- */

static sn_status find_run(const sn_figures *f, const char *name, size_t n, int *out) {
    char word[NAME_SIZE];
    const char *names[SN_FIGURES_MOST];
    for (*out = 0; *out < f->n_runs; ++*out) {
        names[*out] = f->runs[*out].name;
        if (strlen(names[*out]) == n && memcmp(names[*out], name, n) == 0) return SN_OK;
    }
    snprintf(word, sizeof word, "%.*s", (int)n, name);
    const char *near = sn_nearest(word, names, f->n_runs);
    return sn_fail(SN_ERR_NOT_FOUND, "there is no run \"%s\"%s%s", word, near ? ": did you mean " : "",
                   near ? near : "");
}

/* "run:path" or "run@seconds" */
static sn_status find_cell(void *user, const char *word, int *cell) {
    sn_figures *f = user;
    size_t n = strcspn(word, ":@");
    int run;
    bool seconds = strcmp(word + n, "@seconds") == 0;
    if (word[n] != ':' && !seconds)
        return sn_fail(SN_ERR_ARGUMENT, "\"%s\" is no run:path, run@seconds, number or text in 'quotes'", word);
    SN_TRY(find_run(f, word, n, &run));
    if (f->n_cells == SN_FIGURES_MOST_CELLS) return sn_fail(SN_ERR_LIMIT, "more than %d words", SN_FIGURES_MOST_CELLS);
    const char *path = seconds ? NULL : sn_arena_strdup(&f->arena, word + n + 1);
    if (!seconds && !path) return no_memory();
    if (path) SN_TRY(sn_json_path_check(path));
    *cell = f->n_cells;
    f->cells[f->n_cells++] = (sn_figures_cell){run, path};
    f->runs[run].read = true;
    return SN_OK;
}

static void use_runs(sn_figures *f, const sn_claim *c) {
    for (int t = 0; t < c->n_terms; t++)
        if (c->terms[t].cell >= 0) f->runs[f->cells[c->terms[t].cell].run].used = true;
}

static sn_status check_figures(sn_figures *f) {
    int kept = 0;
    for (int i = 0; i < f->n_figures; i++) {
        sn_figure_def *d = &f->figures[i];
        sn_status status = sn_claim_parse(d->claim_text, find_cell, f, &d->claim);
        if (status != SN_OK) return sn_fail_in(status, "%s: figure %s", d->where, d->name);
        if (f->mini && !d->mini) continue;
        use_runs(f, &d->claim);
        f->figures[kept++] = *d;
    }
    f->n_figures = kept;
    return SN_OK;
}

/* What no figure reads may make files for the others, or only draw. */
static sn_status check_runs(sn_figures *f) {
    const char *words[SN_FIGURES_MOST_WORDS];
    for (int i = 0; i < f->n_runs; i++) {
        sn_figures_run_def *r = &f->runs[i];
        int n;
        if (!r->read) r->used = strcmp(r->name, f->plot) != 0;
        sn_status status = sn_figures_split(&f->arena, r->command, "", words, &n);
        if (status != SN_OK) return sn_fail_in(status, "%s: run %s", r->where, r->name);
    }
    return SN_OK;
}

static sn_status check_all(sn_figures *f) {
    int drawn;
    if (!f->title[0]) return sn_fail(SN_ERR_ARGUMENT, "%s: a title is needed: title = \"...\"", f->path);
    SN_TRY(check_figures(f));
    SN_TRY(check_runs(f));
    if (f->n_figures == 0) return sn_fail(SN_ERR_ARGUMENT, "%s: no figures: there is nothing to try", f->path);
    if (!f->plot[0]) return SN_OK;
    sn_status status = find_run(f, f->plot, strlen(f->plot), &drawn);
    return status == SN_OK ? SN_OK : sn_fail_in(status, "%s: plot", f->path);
}

/* ---- The whole ---- */

static sn_status fill(sn_figures *f, const char *path, const sn_config_text *text) {
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path, *dot = strrchr(name, '.');
    f->title = f->source = f->plot = "";
    f->path = sn_arena_strdup(&f->arena, path);
    f->name = sn_arena_strndup(&f->arena, name, dot && dot != name ? (size_t)(dot - name) : strlen(name));
    if (!f->path || !f->name) return no_memory();
    SN_TRY(put_entries(f, text, false));
    if (f->mini) SN_TRY(put_entries(f, text, true));
    return check_all(f);
}

sn_status sn_figures_parse(const char *name, const char *text, size_t size, bool mini, sn_figures **out) {
    sn_config_text settings;
    SN_TRY(sn_config_text_parse(name, text, size, &settings));
    sn_figures *f = sn_calloc(1, sizeof *f);
    sn_status status = f ? SN_OK : no_memory();
    if (f) f->mini = mini;
    if (status == SN_OK) status = fill(f, name, &settings);
    sn_config_text_free(&settings);
    if (status == SN_OK)
        *out = f;
    else
        sn_figures_free(f);
    return status;
}

sn_status sn_figures_open(const char *path, bool mini, sn_figures **out) {
    sn_map map;
    SN_TRY(sn_map_open(path, &map));
    sn_status status = sn_figures_parse(path, (const char *)map.data, map.size, mini, out);
    sn_map_close(&map);
    return status;
}

void sn_figures_free(sn_figures *f) {
    if (!f) return;
    sn_arena_free(&f->arena);
    sn_free(f);
}

const char *sn_figures_name(const sn_figures *f) { return f->name; }
const char *sn_figures_title(const sn_figures *f) { return f->title; }
int sn_figures_count(const sn_figures *f) { return f->n_figures; }
