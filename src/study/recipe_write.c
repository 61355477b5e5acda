/* A recipe's result as JSON, CSV and a picture. */
#include "base/alloc.h"
#include "base/error.h"
#include "base/map.h"
#include "base/number.h"
#include "file/json_write.h"
#include "suan/plot.h"
#include "suan/recipe.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- JSON ---- */

static void put_score(sn_json_out *w, const char *key, const sn_recipe_score *s) {
    sn_json_begin_object(w, key);
    sn_json_put_f64(w, "accuracy", s->accuracy);
    sn_json_put_f64(w, "loss", s->loss);
    sn_json_end(w);
}

static void put_test(sn_json_out *w, const sn_recipe_result *r, const sn_recipe_row *row, sn_recipe_test t) {
    sn_json_begin_object(w, sn_recipe_test_name(t));
    sn_json_put_f64(w, "published", row->published[t]);
    sn_json_put_f64(w, "reached", row->reached[t]);
    put_score(w, "mean", &row->mean[t]);
    put_score(w, "spread", &row->spread[t]);
    sn_json_begin_array(w, "seeds");
    for (int s = 0; s < r->n_seeds; s++) put_score(w, NULL, &row->scores[s * SN_RECIPE_TESTS + (int)t]);
    sn_json_end(w);
    if (row->curve[t]) {
        sn_json_begin_array(w, "by_position");
        for (int b = 0; b < r->n_buckets; b++) sn_json_put_f64(w, NULL, row->curve[t][b]);
        sn_json_end(w);
    }
    sn_json_end(w);
}

static void put_row(sn_json_out *w, const sn_recipe_result *r, const sn_recipe_row *row) {
    sn_json_begin_object(w, NULL);
    sn_json_put_string(w, "name", row->name);
    sn_json_put_string(w, "model", row->model);
    sn_json_put_string(w, "extend", row->extend);
    if (row->note[0]) sn_json_put_string(w, "note", row->note);
    for (int t = 0; t < SN_RECIPE_TESTS; t++) put_test(w, r, row, (sn_recipe_test)t);
    sn_json_end(w);
}

static void put_ordering(sn_json_out *w, const sn_recipe_result *r, const sn_recipe_ordering *o) {
    sn_json_begin_object(w, NULL);
    sn_json_put_string(w, "name", o->name);
    sn_json_put_string(w, "claim", o->claim);
    sn_json_begin_array(w, "held");
    for (int s = 0; s < r->n_seeds; s++) sn_json_put_bool(w, NULL, o->held[s]);
    sn_json_end(w);
    sn_json_put_bool(w, "robust", o->robust);
    if (o->reached[0]) sn_json_put_string(w, "reached", o->reached);
    if (o->note[0]) sn_json_put_string(w, "note", o->note);
    sn_json_end(w);
}

static void put_training(sn_json_out *w, const sn_recipe_training *t) {
    sn_json_begin_object(w, NULL);
    sn_json_put_string(w, "model", t->model);
    sn_json_put_i64(w, "seed", t->seed);
    sn_json_put_i64(w, "steps", t->steps);
    sn_json_put_i64(w, "parameters", t->n_params);
    sn_json_put_f64(w, "loss", t->loss);
    sn_json_put_string(w, "path", t->path);
    sn_json_end(w);
}

static void put_result(sn_json_out *w, const sn_recipe_result *r) {
    sn_json_begin_object(w, NULL);
    sn_json_put_string(w, "recipe", r->name);
    sn_json_put_string(w, "title", r->title);
    sn_json_put_string(w, "source", r->source);
    sn_json_put_string(w, "data", r->data);
    sn_json_put_bool(w, "mini", r->mini);
    sn_json_put_i64(w, "window", r->window);
    sn_json_put_i64(w, "length", r->length);
    sn_json_put_i64(w, "period", r->period);
    sn_json_put_i64(w, "tokens", r->tokens);
    sn_json_begin_array(w, "rows");
    for (int i = 0; i < r->n_rows; i++) put_row(w, r, &r->rows[i]);
    sn_json_end(w);
    sn_json_begin_array(w, "orderings");
    for (int i = 0; i < r->n_orderings; i++) put_ordering(w, r, &r->orderings[i]);
    sn_json_end(w);
    sn_json_begin_array(w, "trainings");
    for (int i = 0; i < r->n_trainings; i++) put_training(w, &r->trainings[i]);
    sn_json_end(w);
    sn_json_end(w);
}

sn_status sn_recipe_json(const sn_recipe_result *r, char **out) {
    sn_json_out w = {.lines = 3};
    sn_text text;
    put_result(&w, r);
    sn_status status = sn_json_finish(&w, &text);
    *out = status == SN_OK ? sn_strndup(text.data, text.size) : NULL;
    if (status == SN_OK && !*out) status = sn_fail_memory("a result as JSON");
    sn_json_out_free(&w);
    return status;
}

sn_status sn_recipe_write_json(const sn_recipe_result *r, const char *path) {
    char *text;
    SN_TRY(sn_recipe_json(r, &text));
    sn_status status = sn_file_write(path, text, strlen(text));
    sn_free(text);
    return status;
}

/* ---- CSV ---- */

static sn_status put_lines(sn_writer *w, const sn_recipe_result *r, const sn_recipe_row *row) {
    char line[1024], accuracy[SN_NUMBER_SIZE], loss[SN_NUMBER_SIZE];
    for (int s = 0; s < r->n_seeds; s++)
        for (int t = 0; t < SN_RECIPE_TESTS; t++) {
            const sn_recipe_score *score = &row->scores[s * SN_RECIPE_TESTS + t];
            int n = snprintf(line, sizeof line, "%s,%s,\"%.600s\",%s,%d,%s,%s\n", row->name, row->model, row->extend,
                             sn_recipe_test_name((sn_recipe_test)t), s + 1, sn_number_format(score->accuracy, accuracy),
                             sn_number_format(score->loss, loss));
            SN_TRY(sn_writer_put(w, line, (size_t)n));
        }
    return SN_OK;
}

static sn_status put_table(sn_writer *w, const sn_recipe_result *r) {
    static const char head[] = "row,model,extend,test,seed,accuracy,loss\n";
    SN_TRY(sn_writer_put(w, head, sizeof head - 1));
    for (int i = 0; i < r->n_rows; i++) SN_TRY(put_lines(w, r, &r->rows[i]));
    return SN_OK;
}

sn_status sn_recipe_write_csv(const sn_recipe_result *r, const char *path) {
    sn_writer *w;
    SN_TRY(sn_writer_open(path, &w));
    sn_status status = put_table(w, r);
    if (status == SN_OK) return sn_writer_commit(w);
    sn_writer_abandon(w);
    return status;
}

/* ---- Picture ---- */

static int fill_series(const sn_recipe_result *r, const double *x, sn_recipe_test t, sn_plot_series *out) {
    int n = 0;
    for (int i = 0; i < r->n_rows && n < SN_PLOT_MAX_SERIES; i++) {
        const sn_recipe_row *row = &r->rows[i];
        if (!row->drawn) continue;
        out[n] = (sn_plot_series){.name = row->name, .x = x, .y = row->curve[t], .n = r->n_buckets, .style = n + 1};
        n++;
    }
    return n;
}

sn_status sn_recipe_write_plot(const sn_recipe_result *r, const char *path) {
    static const char *const titles[] = {"repeated text", "text as it is"};
    sn_plot_series series[2][SN_PLOT_MAX_SERIES];
    sn_plot_panel panels[2];
    const sn_plot_marker trained = {(double)r->window, "trained window"};
    double *x = sn_alloc((size_t)r->n_buckets * sizeof *x);
    if (!x) return sn_fail_memory("a chart");
    for (int b = 0; b < r->n_buckets; b++) x[b] = ((double)b + 0.5) * (double)r->length / r->n_buckets;
    for (int p = 0; p < 2; p++)
        panels[p] = (sn_plot_panel){.title = titles[p],
                                    .x = {.label = "position (tokens)",
                                          .from = 0,
                                          .to = (double)r->length,
                                          .step = r->length % 4 ? 0 : (double)r->length / 4},
                                    .y = {.label = "right tokens (%)"},
                                    .series = series[p],
                                    .n_series = fill_series(r, x, (sn_recipe_test)(SN_RECIPE_REPEATED + p), series[p]),
                                    .markers = &trained,
                                    .n_markers = 1};
    sn_status status = sn_plot_write(&(sn_plot){.title = r->title, .panels = panels, .n_panels = 2}, path);
    sn_free(x);
    return status;
}
