/* Self-consuming loops as JSON, CSV and pictures. */
#include "base/alloc.h"
#include "base/error.h"
#include "file/csv_write.h"
#include "file/json_write.h"
#include "suan/mad.h"
#include "suan/plot.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- JSON ---- */

static void put_known(sn_json_out *w, const char *name, const char *what, double value) {
    char key[64];
    snprintf(key, sizeof key, "%s%s", name, what);
    if (!isnan(value)) sn_json_put_f64(w, key, value);
}

static void put_generation(sn_json_out *w, const sn_mad_generation *g, int64_t number) {
    sn_json_begin_object(w, NULL);
    sn_json_put_i64(w, "generation", number);
    for (int m = 0; m < SN_MAD_MEASURES; m++) {
        const char *name = sn_mad_measure_name((sn_mad_measure)m);
        put_known(w, name, "", g->value[m]);
        put_known(w, name, "_stderr", g->error[m]);
        put_known(w, name, "_expected", g->expected[m]);
    }
    sn_json_end(w);
}

static void put_run(sn_json_out *w, const sn_mad_result *r) {
    const sn_mad_options *o = &r->options;
    sn_json_begin_object(w, NULL);
    sn_json_put_string(w, "loop", sn_mad_loop_name(o->loop));
    sn_json_put_f64(w, "lambda", o->lambda);
    sn_json_put_string(w, "model", o->model->name);
    sn_json_put_string(w, "source", o->source->name);
    sn_json_put_i64(w, "dims", o->source->d);
    sn_json_put_i64(w, "initial", o->n_initial);
    if (o->loop == SN_MAD_FRESH) sn_json_put_i64(w, "real", o->n_real);
    sn_json_put_i64(w, "synthetic", o->n_synthetic);
    if (o->loop == SN_MAD_AUGMENTED) sn_json_put_bool(w, "pool", o->pool);
    sn_json_put_i64(w, "runs", o->runs);
    sn_json_begin_object(w, "limit");
    for (int m = 0; m < SN_MAD_MEASURES; m++) put_known(w, sn_mad_measure_name((sn_mad_measure)m), "", r->limit[m]);
    sn_json_end(w);
    sn_json_begin_array(w, "generations");
    for (int64_t g = 0; g < o->generations; g++) put_generation(w, &r->by_generation[g], g + 1);
    sn_json_end(w);
    sn_json_end(w);
}

sn_status sn_mad_json(const sn_mad_result *r, int n, char **text) {
    sn_json_out w = {.lines = 4};
    sn_json_begin_object(&w, NULL);
    sn_json_begin_array(&w, "runs");
    for (int i = 0; i < n; i++) put_run(&w, &r[i]);
    sn_json_end(&w);
    sn_json_end(&w);
    return sn_json_take(&w, text);
}

/* ---- CSV ---- */

typedef struct results {
    const sn_mad_result *r;
    int n;
} results;

static sn_status put_rows(sn_writer *w, const void *user) {
    const results *all = user;
    sn_csv_field fields[3 + 3 * SN_MAD_MEASURES] = {SN_CSV_TEXT("loop"), SN_CSV_TEXT("lambda"),
                                                    SN_CSV_TEXT("generation")};
    enum { WIDTH = 3 + 3 * SN_MAD_MEASURES };
    static const char *const kinds[] = {"", "_stderr", "_expected"};
    char names[3 * SN_MAD_MEASURES][32];
    for (int k = 0; k < 3 * SN_MAD_MEASURES; k++) {
        snprintf(names[k], sizeof names[k], "%s%s", sn_mad_measure_name((sn_mad_measure)(k / 3)), kinds[k % 3]);
        fields[3 + k] = SN_CSV_TEXT(names[k]);
    }
    SN_TRY(sn_csv_put(w, fields, WIDTH));
    for (int i = 0; i < all->n; i++) {
        const sn_mad_options *o = &all->r[i].options;
        for (int64_t g = 0; g < o->generations; g++) {
            const sn_mad_generation *at = &all->r[i].by_generation[g];
            fields[0] = SN_CSV_TEXT(sn_mad_loop_name(o->loop));
            fields[1] = SN_CSV_NUMBER(o->lambda);
            fields[2] = SN_CSV_NUMBER((double)(g + 1));
            for (int m = 0; m < SN_MAD_MEASURES; m++) {
                fields[3 + 3 * m] = SN_CSV_NUMBER(at->value[m]);
                fields[4 + 3 * m] = SN_CSV_NUMBER(at->error[m]);
                fields[5 + 3 * m] = SN_CSV_NUMBER(at->expected[m]);
            }
            SN_TRY(sn_csv_put(w, fields, WIDTH));
        }
    }
    return SN_OK;
}

sn_status sn_mad_write_csv(const sn_mad_result *r, int n, const char *path) {
    return sn_csv_write(path, put_rows, &(results){r, n});
}

/* ---- Picture ---- */

enum { MOST_RUNS = 12, MOST_PANELS = 3 };

static const struct {
    sn_mad_measure measure;
    const char *label;
} sampled[MOST_PANELS] = {{SN_MAD_FRECHET, "Frechet distance"},
                          {SN_MAD_PRECISION, "precision"},
                          {SN_MAD_RECALL, "recall"}},
  of_moments[MOST_PANELS] = {
      {SN_MAD_MEAN_SQUARE, "squared mean"}, {SN_MAD_VARIANCE, "variance"}, {SN_MAD_W2, "squared W2 distance"}};

typedef struct drawing {
    sn_plot_panel panels[MOST_PANELS];
    sn_plot_series series[MOST_PANELS][2 * MOST_RUNS];
    char names[MOST_RUNS][48];
    double *at; /* of the numbers still free */
} drawing;

static double *column(drawing *d, const sn_mad_result *r, sn_mad_measure m, size_t offset) {
    double *out = d->at;
    for (int64_t g = 0; g < r->options.generations; g++)
        *d->at++ = ((const double *)((const char *)&r->by_generation[g] + offset))[m];
    return out;
}

/* One panel; with closed forms the measured values are points on their lines. False: nothing to show. */
static bool fill_panel(drawing *d, int panel, sn_mad_measure m, const char *label, const sn_mad_result *r, int n) {
    int series = 0;
    bool shown = false;
    for (int i = 0; i < n && i < MOST_RUNS; i++) {
        const sn_mad_result *at = &r[i];
        int64_t count = at->options.generations;
        double *x = d->at;
        for (int64_t g = 0; g < count; g++) *d->at++ = (double)(g + 1);
        bool expected = !isnan(at->by_generation[0].expected[m]) && count > 1;
        double *value = column(d, at, m, offsetof(sn_mad_generation, value));
        double *error = column(d, at, m, offsetof(sn_mad_generation, error));
        double *line = column(d, at, m, offsetof(sn_mad_generation, expected));
        if (isnan(value[0])) continue;
        shown = true;
        if (expected && !isnan(line[count - 1]))
            d->series[panel][series++] = (sn_plot_series){.x = x, .y = line, .n = count, .style = i + 1};
        else
            expected = false;
        d->series[panel][series++] = (sn_plot_series){
            .name = d->names[i], .x = x, .y = value, .error = error, .n = count, .style = i + 1, .points = expected};
    }
    d->panels[panel] =
        (sn_plot_panel){.title = label, .x = {.label = "generation"}, .series = d->series[panel], .n_series = series};
    return shown;
}

sn_status sn_mad_write_plot(const sn_mad_result *r, int n, const char *path) {
    bool gaussian = n > 0 && !isnan(r[0].by_generation[0].expected[SN_MAD_VARIANCE]);
    int panels = 0;
    size_t size = 1;
    drawing *d = sn_calloc(1, sizeof *d);
    for (int i = 0; i < n; i++) size += 4 * MOST_PANELS * (size_t)r[i].options.generations;
    double *memory = sn_calloc(size, sizeof *memory);
    sn_status status = d && memory ? SN_OK : sn_fail_memory("a chart");
    for (int i = 0; status == SN_OK && i < n && i < MOST_RUNS; i++)
        snprintf(d->names[i], sizeof d->names[i], "%s, \xce\xbb = %g", sn_mad_loop_name(r[i].options.loop),
                 r[i].options.lambda);
    if (status == SN_OK) d->at = memory;
    for (int p = 0; status == SN_OK && p < MOST_PANELS; p++) {
        sn_mad_measure m = gaussian ? of_moments[p].measure : sampled[p].measure;
        panels += fill_panel(d, panels, m, gaussian ? of_moments[p].label : sampled[p].label, r, n);
    }
    if (status == SN_OK) status = sn_plot_write(&(sn_plot){.panels = d->panels, .n_panels = panels}, path);
    sn_free(memory);
    sn_free(d);
    return status;
}
