/* What a probe found, as JSON and as a picture. */
#include "base/alloc.h"
#include "base/arena.h"
#include "base/error.h"
#include "base/map.h"
#include "file/json_write.h"
#include "suan/plot.h"
#include "suan/probe.h"

#include <math.h>
#include <string.h>

/* ---- JSON ---- */

static double accuracy(const sn_probe_bucket *b) {
    return b->questions ? (double)b->right / (double)b->questions : (double)NAN;
}

static void put_bucket(sn_json_out *w, const sn_probe_bucket *b) {
    sn_json_begin_object(w, NULL);
    sn_json_put_i64(w, "from", b->from);
    sn_json_put_i64(w, "to", b->to);
    sn_json_put_i64(w, "questions", b->questions);
    sn_json_put_i64(w, "right", b->right);
    sn_json_put_f64(w, "accuracy", accuracy(b));
    sn_json_put_f64(w, "loss", b->loss);
    sn_json_end(w);
}

static void put_method(sn_json_out *w, const sn_probe_result *r, const sn_probe_method *m) {
    sn_json_begin_object(w, NULL);
    sn_json_put_string(w, "spec", m->spec);
    sn_json_begin_array(w, "by_distance");
    for (int b = 0; b < r->n_buckets; b++) put_bucket(w, &m->bucket[b]);
    sn_json_end(w);
    sn_json_end(w);
}

sn_status sn_probe_json(const sn_probe_result *r, char **out) {
    sn_json_out w = {.lines = 4};
    sn_text text;
    sn_json_begin_object(&w, NULL);
    sn_json_put_i64(&w, "train_length", r->train_length);
    sn_json_put_i64(&w, "length", r->length);
    sn_json_put_i64(&w, "stories", r->stories);
    sn_json_begin_array(&w, "methods");
    for (int i = 0; i < r->n_methods; i++) put_method(&w, r, &r->methods[i]);
    sn_json_end(&w);
    sn_json_end(&w);
    sn_status status = sn_json_finish(&w, &text);
    *out = status == SN_OK ? sn_strndup(text.data, text.size) : NULL;
    if (status == SN_OK && !*out) status = sn_fail_memory("a probe as JSON");
    sn_json_out_free(&w);
    return status;
}

sn_status sn_probe_write_json(const sn_probe_result *r, const char *path) {
    char *text;
    SN_TRY(sn_probe_json(r, &text));
    sn_status status = sn_file_write(path, text, strlen(text));
    sn_free(text);
    return status;
}

/* ---- The picture: share of right answers over the distance ---- */

static sn_status make_series(const sn_probe_result *r, sn_arena *arena, sn_plot_series *series) {
    size_t n = (size_t)r->n_buckets;
    for (int i = 0; i < r->n_methods; i++) {
        double *x = sn_arena_array(arena, n, sizeof *x), *y = sn_arena_array(arena, n, sizeof *y);
        double *error = sn_arena_array(arena, n, sizeof *error);
        if (!x || !y || !error) return sn_fail_memory("a chart");
        for (int b = 0; b < r->n_buckets; b++) {
            const sn_probe_bucket *bucket = &r->methods[i].bucket[b];
            double share = accuracy(bucket);
            x[b] = (double)bucket->to;
            y[b] = 100 * share;
            error[b] = 100 * sqrt(share * (1 - share) / (double)bucket->questions);
        }
        series[i] = (sn_plot_series){.name = r->methods[i].spec, .x = x, .y = y, .error = error, .n = r->n_buckets};
    }
    return SN_OK;
}

sn_status sn_probe_write_plot(const sn_probe_result *r, const char *path) {
    sn_arena arena = {0};
    sn_plot_series *series = sn_arena_array(&arena, (size_t)r->n_methods, sizeof *series);
    sn_status status = series ? make_series(r, &arena, series) : sn_fail_memory("a chart");
    const sn_plot_marker trained = {(double)r->train_length, "trained window"};
    const sn_plot_panel panel = {
        .x = {.label = "told up to so many tokens earlier", .scale = SN_AXIS_LOG2},
        .y = {.label = "right answers (%)", .from = 0, .to = 100},
        .series = series,
        .n_series = r->n_methods,
        .markers = &trained,
        .n_markers = 1,
    };
    const sn_plot plot = {.title = "Questions about facts told long before", .panels = &panel, .n_panels = 1};
    if (status == SN_OK) status = sn_plot_write(&plot, path);
    sn_arena_free(&arena);
    return status;
}
