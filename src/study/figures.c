/* The run of a recipe of figures: files, commands, results, judgement. */
#include "study/figures.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/map.h"
#include "base/number.h"
#include "base/path.h"
#include "file/json_path.h"
#include "file/json_write.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { TEXT_SIZE = 64, HERE_SIZE = 256 };

/* A result with all it points to. */
typedef struct outcome {
    sn_figures_result result; /* first: what the caller gets is the address of this */
    sn_arena arena;
    sn_figures_run runs[SN_FIGURES_MOST];
    sn_figure figures[SN_FIGURES_MOST];
} outcome;

typedef struct work {
    const sn_figures *recipe;
    const sn_figures_options *options;
    outcome *out;
    char prefix[SN_PATH_SIZE]; /* "folder/recipe-" */
    sn_json_doc *docs[SN_FIGURES_MOST];
    double seconds[SN_FIGURES_MOST];
} work;

static const char *keep(work *w, const char *text, sn_status *status) {
    const char *copy = sn_arena_strdup(&w->out->arena, text);
    if (!copy) *status = sn_fail_memory("a recipe's result");
    return copy;
}

static sn_status join(const char *prefix, const char *name, char out[static SN_PATH_SIZE]) {
    return snprintf(out, SN_PATH_SIZE, "%s%s", prefix, name) < SN_PATH_SIZE
               ? SN_OK
               : sn_fail(SN_ERR_ARGUMENT, "%s%s: the path is too long", prefix, name);
}

static sn_status write_files(const work *w) {
    char path[SN_PATH_SIZE];
    for (int i = 0; i < w->recipe->n_files; i++) {
        const sn_figures_file *f = &w->recipe->files[i];
        SN_TRY(join(w->prefix, f->name, path));
        SN_TRY(sn_file_write(path, f->text, strlen(f->text)));
    }
    return SN_OK;
}

/* ---- Runs ---- */

/* The results of a command are kept under a name that says what they depend on. */
static sn_status kept_path(const work *w, int i, const char *const *words, int n, char path[static SN_PATH_SIZE]) {
    char name[TEXT_SIZE + 32];
    sn_hash h = sn_hash_begin();
    if (w->options->stamp) sn_hash_add_text(&h, w->options->stamp, strlen(w->options->stamp));
    for (int k = 0; k < n; k++) sn_hash_add_text(&h, words[k], strlen(words[k]));
    for (int k = 0; k < w->recipe->n_files; k++) {
        const char *text = w->recipe->files[k].text;
        sn_hash_add_text(&h, text, strlen(text));
    }
    snprintf(name, sizeof name, "%.60s-%016" PRIx64 ".json", w->recipe->runs[i].name, sn_hash_end(&h));
    return join(w->prefix, name, path);
}

static sn_status read_kept(work *w, int i, const char *path) {
    SN_TRY(sn_json_open(path, NULL, &w->docs[i]));
    return sn_json_get_f64(sn_json_root(w->docs[i]), "seconds", &w->seconds[i], NULL);
}

/* What was printed becomes a member of the kept object, as it is. */
static sn_status put_kept(const work *w, int i, const char *path, const char *output) {
    sn_json_out head = {.lines = 0};
    sn_json_doc *doc;
    sn_text text;
    sn_map map;
    sn_writer *to;
    SN_TRY(sn_json_open(output, NULL, &doc));
    sn_json_free(doc);
    SN_TRY(sn_map_open(output, &map));
    sn_json_begin_object(&head, NULL);
    sn_json_put_string(&head, "command", w->recipe->runs[i].command);
    sn_json_put_f64(&head, "seconds", w->seconds[i]);
    sn_status status = sn_json_finish(&head, &text);
    if (status == SN_OK) status = sn_writer_open(path, &to);
    if (status == SN_OK) {
        static const char middle[] = ",\"result\":";
        status = sn_writer_put(to, text.data, text.size - 1); /* without its closing brace */
        if (status == SN_OK) status = sn_writer_put(to, middle, sizeof middle - 1);
        if (status == SN_OK) status = sn_writer_put(to, map.data, map.size);
        if (status == SN_OK) status = sn_writer_put(to, "}\n", 2);
        if (status == SN_OK)
            status = sn_writer_commit(to);
        else
            sn_writer_abandon(to);
    }
    sn_json_out_free(&head);
    sn_map_close(&map);
    return status;
}

static sn_status run_command(work *w, int i, const char *const *words, int n, const char *path) {
    char output[SN_PATH_SIZE];
    SN_TRY(join(path, ".part", output));
    double begun = sn_now();
    sn_status status = w->options->run(w->options->user, words, n, output);
    w->seconds[i] = sn_now() - begun;
    bool read = w->recipe->runs[i].read;
    if (status == SN_OK && read) status = put_kept(w, i, path, output);
    unlink(output);
    return status == SN_OK && read ? read_kept(w, i, path) : status;
}

/* The run that draws is run again for its picture. */
static sn_status do_run(work *w, int i) {
    const sn_figures_run_def *d = &w->recipe->runs[i];
    const char *words[SN_FIGURES_MOST_WORDS + 2];
    char path[SN_PATH_SIZE];
    int n;
    SN_TRY(sn_figures_split(&w->out->arena, d->command, w->prefix, words, &n));
    SN_TRY(kept_path(w, i, words, n, path));
    bool draws = w->options->plot && strcmp(w->recipe->plot, d->name) == 0;
    bool kept = !draws && d->read && access(path, R_OK) == 0;
    if (w->options->on_run) w->options->on_run(w->options->user, d->name, d->command, kept);
    if (draws) words[n++] = "--plot", words[n++] = w->options->plot;
    SN_TRY(kept ? read_kept(w, i, path) : run_command(w, i, words, n, path));
    sn_figures_run *r = &w->out->runs[w->out->result.n_runs++];
    sn_status status = SN_OK;
    *r = (sn_figures_run){keep(w, d->name, &status), keep(w, d->command, &status), w->seconds[i], kept};
    return status;
}

static sn_status run_all(work *w) {
    for (int i = 0; i < w->recipe->n_runs; i++) {
        const sn_figures_run_def *d = &w->recipe->runs[i];
        bool draws = w->options->plot && strcmp(w->recipe->plot, d->name) == 0;
        if (!d->used && !draws) continue;
        sn_status status = do_run(w, i);
        if (status != SN_OK) return sn_fail_in(status, "run %s (suan %s)", d->name, d->command);
    }
    return SN_OK;
}

/* ---- Figures ---- */

static sn_claim_value value_of(const sn_json *v, char number[static SN_NUMBER_SIZE]) {
    sn_claim_value out = {NAN, "null"};
    switch (v->kind) {
    case SN_JSON_STRING:
        if (!sn_number_parse(v->text.data, v->text.size, &out.number)) out.number = NAN;
        out.text = v->text.data;
        break;
    case SN_JSON_BOOL: out.text = v->boolean ? "true" : "false"; break;
    case SN_JSON_INTEGER:
    case SN_JSON_REAL: out = (sn_claim_value){v->real, sn_number_format(v->real, number)}; break;
    case SN_JSON_ARRAY:
    case SN_JSON_OBJECT: out.text = sn_json_kind_name(v->kind); break;
    case SN_JSON_NULL: break;
    }
    return out;
}

static sn_status read_cell(const work *w, int cell, sn_claim_value *out, char number[static SN_NUMBER_SIZE]) {
    const sn_figures_cell *c = &w->recipe->cells[cell];
    const sn_json *v;
    int64_t count = 0;
    if (!c->path) {
        *out = (sn_claim_value){w->seconds[c->run], NULL};
        return SN_OK;
    }
    SN_TRY(sn_json_path_find(sn_json_get(sn_json_root(w->docs[c->run]), "result"), c->path, &v, &count));
    *out = v ? value_of(v, number) : (sn_claim_value){(double)count, NULL};
    return SN_OK;
}

/* Texts as they are, numbers with twelve digits: enough to compare by eye. */
static void put_here(char here[static HERE_SIZE], const sn_claim_value *v) {
    size_t n = strlen(here);
    const char *comma = n ? ", " : "";
    bool whole = isnan(v->number) || v->number == floor(v->number);
    if (v->text && whole)
        snprintf(here + n, HERE_SIZE - n, "%s%.*s%s", comma, TEXT_SIZE, v->text,
                 strlen(v->text) > TEXT_SIZE ? "..." : "");
    else
        snprintf(here + n, HERE_SIZE - n, "%s%.12g", comma, v->number);
}

static sn_status judge(work *w, const sn_figure_def *d) {
    sn_claim_value values[SN_FIGURES_MOST_CELLS];
    char numbers[SN_CLAIM_MOST_TERMS][SN_NUMBER_SIZE], here[HERE_SIZE] = "";
    for (int t = 0; t < d->claim.n_terms; t++) {
        int cell = d->claim.terms[t].cell;
        if (cell < 0) continue;
        SN_TRY(read_cell(w, cell, &values[cell], numbers[t]));
        put_here(here, &values[cell]);
    }
    sn_status status = SN_OK;
    w->out->figures[w->out->result.n_figures++] = (sn_figure){.name = keep(w, d->name, &status),
                                                              .claim = keep(w, d->claim_text, &status),
                                                              .reached = keep(w, d->reached, &status),
                                                              .note = keep(w, d->note, &status),
                                                              .here = keep(w, here, &status),
                                                              .held = sn_claim_holds(&d->claim, values)};
    w->out->result.n_held += w->out->figures[w->out->result.n_figures - 1].held;
    return status;
}

static sn_status judge_all(work *w) {
    for (int i = 0; i < w->recipe->n_figures; i++) {
        const sn_figure_def *d = &w->recipe->figures[i];
        sn_status status = judge(w, d);
        if (status != SN_OK) return sn_fail_in(status, "%s: figure %s", d->where, d->name);
    }
    return SN_OK;
}

/* ---- The whole ---- */

static sn_status begin(work *w) {
    const sn_figures *f = w->recipe;
    sn_status status = SN_OK;
    w->out->result = (sn_figures_result){.name = keep(w, f->name, &status),
                                         .title = keep(w, f->title, &status),
                                         .source = keep(w, f->source, &status),
                                         .mini = f->mini,
                                         .runs = w->out->runs,
                                         .figures = w->out->figures};
    SN_TRY(status);
    if (w->options->plot && !f->plot[0])
        return sn_fail(SN_ERR_ARGUMENT, "the recipe %s draws nothing: leave out the picture", f->name);
    SN_TRY(sn_folder_make(w->options->out));
    SN_TRY(sn_path_join(w->options->out, f->name, w->prefix));
    size_t n = strlen(w->prefix);
    if (n + 1 >= sizeof w->prefix) return sn_fail(SN_ERR_ARGUMENT, "%s: the path is too long", w->prefix);
    memcpy(w->prefix + n, "-", 2);
    return write_files(w);
}

sn_status sn_figures_try(const sn_figures *f, const sn_figures_options *options, sn_figures_result **out) {
    if (!options || !options->out || !options->run)
        return sn_fail(SN_ERR_ARGUMENT, "figures: a folder for results and a way to run commands are needed");
    work *w = sn_calloc(1, sizeof *w);
    outcome *o = sn_calloc(1, sizeof *o);
    sn_status status = w && o ? SN_OK : sn_fail_memory("a recipe's result");
    if (status == SN_OK) {
        *w = (work){.recipe = f, .options = options, .out = o};
        status = begin(w);
    }
    if (status == SN_OK) status = run_all(w);
    if (status == SN_OK) status = judge_all(w);
    for (int i = 0; w && i < SN_FIGURES_MOST; i++) sn_json_free(w->docs[i]);
    sn_free(w);
    if (status == SN_OK)
        *out = &o->result;
    else
        sn_figures_result_free(o ? &o->result : NULL);
    return status;
}

void sn_figures_result_free(sn_figures_result *r) {
    outcome *o = (outcome *)r;
    if (!o) return;
    sn_arena_free(&o->arena);
    sn_free(o);
}
