/* Trainings of a recipe: each in a folder that is named after all that decides its weights, and made once. */
#include "base/error.h"
#include "base/hash.h"
#include "base/map.h"
#include "base/path.h"
#include "file/json.h"
#include "file/json_write.h"
#include "study/recipe.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { VALUE_SIZE = 4096 };

/* Written when a training is through. */
static const char finished[] = "finished.json";

/* ---- Which training is it? ---- */

/* Paths say nothing about the weights, and the texts are in the hash of the data; what may change in a resumed run does
 * not change them either, but for the number of steps. */
static bool decides(const sn_train_key *k) {
    static const char *const others[] = {"data", "tokenizer", "model.name"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcmp(k->name, others[i]) == 0) return false;
    return !k->may_change || strcmp(k->name, "steps") == 0;
}

static uint64_t hash_config(const sn_train_config *c, uint64_t data) {
    char value[VALUE_SIZE];
    sn_hash h = sn_hash_begin();
    sn_hash_add_u64(&h, data);
    for (int i = 0; i < sn_n_train_keys; i++) {
        const sn_train_key *k = &sn_train_keys[i].key;
        if (!decides(k)) continue;
        sn_train_config_value(c, i, value, sizeof value);
        if (strcmp(value, k->fallback) == 0) continue; /* so that new keys leave old trainings valid */
        sn_hash_add_text(&h, k->name, strlen(k->name));
        sn_hash_add_text(&h, value, strlen(value));
    }
    for (int i = 0; i < c->rule->info.n_settings; i++) sn_hash_add(&h, &c->settings[i], sizeof c->settings[i]);
    return sn_hash_end(&h);
}

static sn_status find_folder(const sn_recipe *r, const sn_recipe_options *o, const sn_recipe_data *d, int model,
                             int64_t seed, char out[static SN_PATH_SIZE]) {
    const sn_recipe_place place = {d->train, d->tokenizer[0] ? d->tokenizer : NULL, "folder", seed, o->n_threads};
    sn_train_config *c;
    char name[128];
    SN_TRY(sn_recipe_config(r, model, &place, &c));
    snprintf(name, sizeof name, "%s-%" PRId64 "-%016" PRIx64, r->models[model].name, seed, hash_config(c, d->hash));
    sn_train_config_free(c);
    return sn_path_join(o->out, name, out);
}

/* ---- What is left of a finished one ---- */

static sn_status read_finished(const char *path, sn_recipe_training *t) {
    sn_json_doc *doc;
    SN_TRY(sn_json_open(path, NULL, &doc));
    const sn_json *root = sn_json_root(doc);
    sn_status status = sn_json_get_i64(root, "steps", &t->steps, NULL);
    if (status == SN_OK) status = sn_json_get_f64(root, "loss", &t->loss, NULL);
    if (status == SN_OK) status = sn_json_get_f64(root, "seconds", &t->seconds, NULL);
    sn_json_free(doc);
    return status == SN_OK ? SN_OK : sn_fail_in(status, "%s: remove its folder to train anew", path);
}

static sn_status write_finished(const char *path, const sn_recipe_training *t) {
    sn_json_out w = {.lines = 0};
    sn_text text;
    sn_json_begin_object(&w, NULL);
    sn_json_put_i64(&w, "steps", t->steps);
    sn_json_put_f64(&w, "loss", t->loss);
    sn_json_put_f64(&w, "seconds", t->seconds);
    sn_json_end(&w);
    sn_status status = sn_json_finish(&w, &text);
    if (status == SN_OK) status = sn_file_write(path, text.data, text.size);
    sn_json_out_free(&w);
    return status;
}

/* ---- Training ---- */

typedef struct watcher {
    const sn_recipe_options *options;
    char what[128];
    double seconds;
} watcher;

static void on_step(void *user, const sn_train_progress *p) {
    watcher *w = user;
    w->seconds = p->seconds;
    if (w->options->on_progress)
        w->options->on_progress(w->options->user, w->what, "steps", (double)p->step, (double)p->steps);
}

static sn_status train(const sn_train_config *c, watcher *w, sn_recipe_training *out) {
    sn_train_result result = {0};
    const sn_train_options o = {.resume = true, .on_step = on_step, .user = w, .cancel = w->options->cancel};
    SN_TRY(sn_train_run(c, &o, &result));
    out->steps = result.step;
    out->loss = result.loss;
    out->seconds = w->seconds;
    return isfinite(out->loss) ? SN_OK : sn_fail(SN_ERR_NUMERIC, "the training loss is not finite");
}

static sn_status train_in(const sn_recipe *r, const sn_recipe_options *o, const sn_recipe_data *d, int model,
                          sn_recipe_training *t) {
    const sn_recipe_place place = {d->train, d->tokenizer[0] ? d->tokenizer : NULL, t->path, t->seed, o->n_threads};
    char path[SN_PATH_SIZE], tokens[SN_PATH_SIZE];
    sn_train_config *c;
    watcher w = {.options = o};
    SN_TRY(sn_path_join(t->path, finished, path));
    SN_TRY(sn_path_join(t->path, "tokens.bin", tokens));
    t->kept = access(path, F_OK) == 0;
    if (t->kept) return read_finished(path, t);
    SN_TRY(sn_recipe_config(r, model, &place, &c));
    snprintf(w.what, sizeof w.what, "training %s, seed %" PRId64, t->model, t->seed);
    sn_status status = train(c, &w, t);
    sn_train_config_free(c);
    SN_TRY(status);
    (void)unlink(tokens); /* the text is beside it once for all */
    return write_finished(path, t);
}

sn_status sn_recipe_train(const sn_recipe *r, const sn_recipe_options *o, const sn_recipe_data *d, int model,
                          int64_t seed, sn_arena *arena, sn_recipe_training *out) {
    char folder[SN_PATH_SIZE], last[SN_PATH_SIZE], note[256];
    SN_TRY(find_folder(r, o, d, model, seed, folder));
    *out = (sn_recipe_training){.model = r->models[model].name, .path = folder, .seed = seed};
    sn_status status = train_in(r, o, d, model, out);
    if (status != SN_OK) return sn_fail_in(status, "%s, seed %" PRId64, out->model, seed);
    SN_TRY(sn_path_join(folder, "last", last));
    out->path = sn_arena_strdup(arena, last);
    out->model = sn_arena_strdup(arena, out->model);
    if (!out->path || !out->model) return sn_fail_memory("a recipe's result");
    snprintf(note, sizeof note, "%s, seed %" PRId64 ": %s%" PRId64 " steps in %.0f s, loss %.4f", out->model, seed,
             out->kept ? "kept: " : "", out->steps, out->seconds, out->loss);
    if (o->on_note) o->on_note(o->user, note);
    return SN_OK;
}
