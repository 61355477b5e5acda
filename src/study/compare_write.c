/* The comparison as JSON, CSV and pictures. */
#include "base/alloc.h"
#include "base/error.h"
#include "base/map.h"
#include "base/number.h"
#include "file/json_write.h"
#include "suan/plot.h"
#include "suan/study.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* ---- JSON ---- */

static void put_length(sn_json_out *w, const sn_compare_length *l) {
    sn_json_begin_object(w, NULL);
    sn_json_put_i64(w, "length", l->length);
    sn_json_put_i64(w, "tokens", l->tokens);
    sn_json_put_f64(w, "loss", l->loss);
    sn_json_put_f64(w, "stderr", l->standard_error);
    sn_json_end(w);
}

static void put_bucket(sn_json_out *w, const sn_compare_bucket *b) {
    sn_json_begin_object(w, NULL);
    sn_json_put_i64(w, "from", b->from);
    sn_json_put_i64(w, "to", b->to);
    sn_json_put_i64(w, "tokens", b->tokens);
    sn_json_put_f64(w, "loss", b->loss);
    sn_json_end(w);
}

static void put_method(sn_json_out *w, const sn_compare_result *r, const sn_compare_method *m) {
    sn_json_begin_object(w, NULL);
    sn_json_put_string(w, "spec", m->spec);
    sn_json_begin_array(w, "by_length");
    for (int i = 0; i < r->n_lengths; i++) put_length(w, &m->by_length[i]);
    sn_json_end(w);
    sn_json_begin_array(w, "by_position");
    for (int i = 0; i < r->n_buckets; i++) put_bucket(w, &m->by_position[i]);
    sn_json_end(w);
    sn_json_end(w);
}

sn_status sn_compare_json(const sn_compare_result *r, char **out) {
    sn_json_out w = {.lines = 4};
    sn_text text;
    sn_json_begin_object(&w, NULL);
    sn_json_put_string(&w, "model", r->model);
    sn_json_put_i64(&w, "train_length", r->train_length);
    sn_json_put_string(&w, "unit", "nats/token");
    sn_json_begin_array(&w, "methods");
    for (int i = 0; i < r->n_methods; i++) put_method(&w, r, &r->methods[i]);
    sn_json_end(&w);
    sn_json_end(&w);
    sn_status status = sn_json_finish(&w, &text);
    *out = status == SN_OK ? sn_alloc(text.size + 1) : NULL;
    if (status == SN_OK && !*out) status = sn_fail_memory("a comparison as JSON");
    if (status == SN_OK) {
        memcpy(*out, text.data, text.size);
        (*out)[text.size] = 0;
    }
    sn_json_out_free(&w);
    return status;
}

sn_status sn_compare_write_json(const sn_compare_result *r, const char *path) {
    char *text;
    SN_TRY(sn_compare_json(r, &text));
    sn_status status = sn_file_write(path, text, strlen(text));
    sn_free(text);
    return status;
}

/* ---- CSV ---- */

typedef struct csv_row {
    const char *method, *measure;
    int64_t length, from, to, tokens;
    double loss;
    const double *error; /* NULL: none */
} csv_row;

/* Specs hold commas but no quotes. */
static sn_status put_row(sn_writer *w, const csv_row *row) {
    char text[512], loss[SN_NUMBER_SIZE], error[SN_NUMBER_SIZE] = "";
    if (row->error) sn_number_format(*row->error, error);
    int n = snprintf(text, sizeof text, ",%s,%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%s,%s\n", row->measure,
                     row->length, row->from, row->to, row->tokens, sn_number_format(row->loss, loss), error);
    SN_TRY(sn_writer_put(w, "\"", 1));
    SN_TRY(sn_writer_put(w, row->method, strlen(row->method)));
    SN_TRY(sn_writer_put(w, "\"", 1));
    return sn_writer_put(w, text, (size_t)n);
}

static sn_status put_rows(sn_writer *w, const sn_compare_result *r) {
    static const char head[] = "method,measure,length,from,to,tokens,loss,stderr\n";
    SN_TRY(sn_writer_put(w, head, sizeof head - 1));
    for (int m = 0; m < r->n_methods; m++) {
        const sn_compare_method *method = &r->methods[m];
        for (int i = 0; i < r->n_lengths; i++) {
            const sn_compare_length *l = &method->by_length[i];
            SN_TRY(put_row(w, &(csv_row){method->spec, "by_length", l->length, l->length - r->score, l->length,
                                         l->tokens, l->loss, &l->standard_error}));
        }
        int64_t longest = method->by_length[r->n_lengths - 1].length;
        for (int i = 0; i < r->n_buckets; i++) {
            const sn_compare_bucket *b = &method->by_position[i];
            SN_TRY(
                put_row(w, &(csv_row){method->spec, "by_position", longest, b->from, b->to, b->tokens, b->loss, NULL}));
        }
    }
    return SN_OK;
}

sn_status sn_compare_write_csv(const sn_compare_result *r, const char *path) {
    sn_writer *w;
    SN_TRY(sn_writer_open(path, &w));
    sn_status status = put_rows(w, r);
    if (status == SN_OK) return sn_writer_commit(w);
    sn_writer_abandon(w);
    return status;
}

/* ---- Picture ---- */

typedef struct curves {
    double *numbers; /* all coordinates */
    sn_plot_series *position, *length;
} curves;

static sn_status curves_new(const sn_compare_result *r, curves *c) {
    size_t each = 2 * (size_t)r->n_buckets + 3 * (size_t)r->n_lengths, n = (size_t)r->n_methods;
    c->numbers = sn_calloc(n * each, sizeof *c->numbers);
    c->position = sn_calloc(n, sizeof *c->position);
    c->length = sn_calloc(n, sizeof *c->length);
    return c->numbers && c->position && c->length ? SN_OK : sn_fail_memory("a chart");
}

static void curves_free(curves *c) {
    sn_free(c->numbers);
    sn_free(c->position);
    sn_free(c->length);
}

static void fill_curves(const sn_compare_result *r, curves *c) {
    double *at = c->numbers;
    for (int m = 0; m < r->n_methods; m++) {
        const sn_compare_method *method = &r->methods[m];
        double *x = at, *y = x + r->n_buckets, *lx = y + r->n_buckets, *ly = lx + r->n_lengths, *le = ly + r->n_lengths;
        at = le + r->n_lengths;
        for (int i = 0; i < r->n_buckets; i++) {
            x[i] = ((double)method->by_position[i].from + (double)method->by_position[i].to) / 2;
            y[i] = method->by_position[i].loss;
        }
        for (int i = 0; i < r->n_lengths; i++) {
            lx[i] = (double)method->by_length[i].length;
            ly[i] = method->by_length[i].loss;
            le[i] = method->by_length[i].standard_error;
        }
        c->position[m] = (sn_plot_series){.name = method->spec, .x = x, .y = y, .n = r->n_buckets, .style = m + 1};
        c->length[m] =
            (sn_plot_series){.name = method->spec, .x = lx, .y = ly, .error = le, .n = r->n_lengths, .style = m + 1};
    }
}

sn_status sn_compare_write_plot(const sn_compare_result *r, const char *path) {
    int64_t longest = r->methods[0].by_length[r->n_lengths - 1].length;
    const sn_plot_marker trained = {(double)r->train_length, "trained window"};
    char title[128], scored[96];
    snprintf(title, sizeof title, "%.80s", r->model);
    snprintf(scored, sizeof scored, "the same last %" PRId64 " tokens", r->score);
    curves c = {0};
    sn_status status = curves_new(r, &c);
    if (status == SN_OK) {
        fill_curves(r, &c);
        int marked = r->train_length < longest;
        const sn_plot_panel panels[] = {
            {.title = "by position",
             .x = {.label = "position in the window (tokens)",
                   .from = 0,
                   .to = (double)longest,
                   .step = longest % 4 ? 0 : (double)longest / 4},
             .y = {.label = "loss (nats/token)"},
             .series = c.position,
             .n_series = r->n_methods,
             .markers = &trained,
             .n_markers = marked},
            {.title = scored,
             .x = {.label = "context (tokens)", .scale = SN_AXIS_LOG2},
             .y = {.label = "loss (nats/token)"},
             .series = c.length,
             .n_series = r->n_methods,
             .markers = &trained,
             .n_markers = marked},
        };
        status =
            sn_plot_write(&(sn_plot){.title = title, .panels = panels, .n_panels = r->n_lengths > 1 ? 2 : 1}, path);
    }
    curves_free(&c);
    return status;
}

/* ---- Before the work ---- */

/* By beginning to write, and leaving it: no other question covers all that can be in the way. */
sn_status sn_compare_check_path(const char *path, bool is_plot) {
    struct stat info;
    sn_writer *writer;
    if (is_plot) SN_TRY(sn_plot_check_path(path));
    if (stat(path, &info) == 0 && S_ISDIR(info.st_mode))
        return sn_fail(SN_ERR_IO, "%s: cannot be written: it is a directory", path);
    SN_TRY(sn_writer_open(path, &writer));
    sn_writer_abandon(writer);
    return SN_OK;
}
