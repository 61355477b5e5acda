/* Densities compared: scores, JSON, CSV, pictures. */
#include "base/alloc.h"
#include "base/error.h"
#include "file/csv_write.h"
#include "file/json_write.h"
#include "suan/fit.h"
#include "suan/plot.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- Scores ---- */

static double mean_log(const sn_density *d, const double *y, int64_t n, double *error) {
    double mean = 0, square = 0;
    for (int64_t i = 0; i < n; i++) { /* Welford's sums */
        double v = sn_density_log(d, y[i]), before = v - mean;
        mean += before / (double)(i + 1);
        square += before * (v - mean);
    }
    if (error) *error = n > 1 ? sqrt(square / (double)(n - 1) / (double)n) : NAN;
    return n > 0 ? mean : NAN;
}

sn_status sn_density_score_of(const sn_density *d, const double *train, int64_t n_train, const double *test,
                              int64_t n_test, double step, sn_density_score *out) {
    sn_density_score s = {.error = NAN, .bits = NAN, .distance = NAN, .kl = NAN};
    sn_density_describe(d, &s.info);
    s.train = mean_log(d, train, n_train, NULL);
    s.test = mean_log(d, test, n_test, &s.error);
    if (n_test > 0) {
        double *copy = sn_alloc((size_t)n_test * sizeof *copy);
        if (!copy) return sn_fail_memory("a score");
        memcpy(copy, test, (size_t)n_test * sizeof *copy);
        s.distance = sn_density_distance(d, copy, n_test);
        sn_free(copy);
    }
    if (step > 0 && n_test > 0) s.bits = sn_density_bits(d, test, n_test, step);
    *out = s;
    return SN_OK;
}

/* ---- JSON ---- */

static void put_numbers(sn_json_out *w, const char *key, const double *x, int64_t n) {
    if (!x) return;
    sn_json_begin_array(w, key);
    for (int64_t i = 0; i < n; i++) sn_json_put_f64(w, NULL, x[i]);
    sn_json_end(w);
}

static void put_coefficients(sn_json_out *w, const sn_density_info *i) {
    sn_json_begin_array(w, "coefficients");
    for (int64_t k = 0; k < i->size; k++) {
        sn_json_begin_array(w, NULL);
        sn_json_put_f64(w, NULL, i->coefficient[2 * k]);
        sn_json_put_f64(w, NULL, i->coefficient[2 * k + 1]);
        sn_json_end(w);
    }
    sn_json_end(w);
    sn_json_put_f64(w, "gap", i->gap);
    if (i->scale == 0) return;
    sn_json_put_f64(w, "shift", i->shift);
    sn_json_put_f64(w, "scale", i->scale);
}

static void put_score(sn_json_out *w, const sn_density_score *s, bool known) {
    const sn_density_info *i = &s->info;
    sn_json_begin_object(w, NULL);
    sn_json_put_string(w, "method", i->method->name);
    sn_json_put_i64(w, "size", i->size);
    sn_json_put_i64(w, "parameters", i->n_parameters);
    sn_json_put_f64(w, "train", s->train);
    sn_json_put_f64(w, "test", s->test);
    sn_json_put_f64(w, "stderr", s->error);
    sn_json_put_f64(w, "bits", s->bits);
    sn_json_put_f64(w, "distance", s->distance);
    if (known) {
        sn_json_put_f64(w, "kl", s->kl);
        sn_json_put_i64(w, "modes", s->modes);
        sn_json_put_i64(w, "found", s->found);
    }
    if (i->coefficient) put_coefficients(w, i);
    put_numbers(w, "weights", i->weight, i->size);
    put_numbers(w, "means", i->mean, i->size);
    put_numbers(w, "deviations", i->deviation, i->size);
    if (i->bandwidth > 0) sn_json_put_f64(w, "bandwidth", i->bandwidth);
    sn_json_end(w);
}

static double mean_truth(const sn_density_source *s, const double *y, int64_t n) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += sn_density_source_log(s, y[i]);
    return n > 0 ? sum / (double)n : NAN;
}

static void put_source(sn_json_out *w, const sn_density_report *r) {
    if (!r->source) return;
    sn_json_begin_object(w, "source");
    sn_json_put_string(w, "spec", sn_density_source_spec(r->source));
    sn_json_put_f64(w, "entropy", r->truth.entropy);
    sn_json_put_i64(w, "modes", r->truth.modes);
    sn_json_put_f64(w, "train", mean_truth(r->source, r->train, r->n_train));
    sn_json_put_f64(w, "test", mean_truth(r->source, r->test, r->n_test));
    sn_json_end(w);
}

sn_status sn_density_json(const sn_density_report *r, char **text) {
    sn_json_out w = {.lines = 3};
    sn_json_begin_object(&w, NULL);
    sn_json_put_i64(&w, "train", r->n_train);
    sn_json_put_i64(&w, "test", r->n_test);
    if (r->step > 0) sn_json_put_f64(&w, "step", r->step);
    if (r->low < r->high) {
        sn_json_put_f64(&w, "low", r->low);
        sn_json_put_f64(&w, "high", r->high);
    }
    sn_json_put_string(&w, "unit", "nats");
    put_source(&w, r);
    sn_json_begin_array(&w, "methods");
    for (int i = 0; i < r->n; i++) put_score(&w, &r->scores[i], r->source != NULL);
    sn_json_end(&w);
    sn_json_end(&w);
    return sn_json_take(&w, text);
}

/* ---- CSV and picture ---- */

enum { GRID = 1000, BINS = 60, MOST = 16 };

static void range(const sn_density_report *r, double *low, double *high) {
    *low = INFINITY, *high = -INFINITY;
    for (int64_t i = 0; i < r->n_train + r->n_test; i++) {
        double y = i < r->n_train ? r->train[i] : r->test[i - r->n_train];
        *low = fmin(*low, y), *high = fmax(*high, y);
    }
    double room = 0.05 * (*high - *low);
    *low -= room, *high += room;
    if (r->low < r->high) *low = r->low, *high = r->high;
}

/* The method's name, with its size where there are several of that method. */
static const char *label(const sn_density_report *r, int i, const char *suffix, char *out, size_t size) {
    const sn_density_info *info = &r->scores[i].info;
    int same = 0;
    for (int k = 0; k < r->n; k++) same += r->scores[k].info.method == info->method;
    if (same > 1)
        snprintf(out, size, "%s-%lld%s", info->method->name, (long long)info->size, suffix);
    else
        snprintf(out, size, "%s%s", info->method->name, suffix);
    return out;
}

static sn_status put_rows(sn_writer *w, const void *user) {
    const sn_density_report *r = user;
    int n = r->n < MOST ? r->n : MOST;
    sn_csv_field fields[1 + 2 * MOST] = {SN_CSV_TEXT("y")};
    char names[MOST][2][48];
    double low, high;
    for (int i = 0; i < n; i++) {
        fields[1 + 2 * i] = SN_CSV_TEXT(label(r, i, "", names[i][0], sizeof names[i][0]));
        fields[2 + 2 * i] = SN_CSV_TEXT(label(r, i, "_cdf", names[i][1], sizeof names[i][1]));
    }
    SN_TRY(sn_csv_put(w, fields, 1 + 2 * n));
    range(r, &low, &high);
    for (int k = 0; k < GRID; k++) {
        double y = low + (high - low) * k / (GRID - 1);
        fields[0] = SN_CSV_NUMBER(y);
        for (int i = 0; i < n; i++) {
            fields[1 + 2 * i] = SN_CSV_NUMBER(exp(sn_density_log(r->densities[i], y)));
            fields[2 + 2 * i] = SN_CSV_NUMBER(sn_density_cdf(r->densities[i], y));
        }
        SN_TRY(sn_csv_put(w, fields, 1 + 2 * n));
    }
    return SN_OK;
}

sn_status sn_density_write_csv(const sn_density_report *r, const char *path) { return sn_csv_write(path, put_rows, r); }

/* All points as steps: 2 BINS + 2 corners in x, y. */
static void outline(const sn_density_report *r, double low, double high, double *x, double *y) {
    double width = (high - low) / BINS, count[BINS] = {0};
    int64_t n = r->n_train + r->n_test;
    for (int64_t i = 0; i < n; i++) {
        double v = i < r->n_train ? r->train[i] : r->test[i - r->n_train];
        int bin = (int)((v - low) / width);
        count[bin < 0 ? 0 : bin < BINS ? bin : BINS - 1]++;
    }
    for (int edge = 0; edge <= BINS; edge++) {
        x[2 * edge] = x[2 * edge + 1] = low + edge * width;
        y[2 * edge] = edge > 0 ? count[edge - 1] / ((double)n * width) : 0;
        y[2 * edge + 1] = edge < BINS ? count[edge] / ((double)n * width) : 0;
    }
}

sn_status sn_density_write_plot(const sn_density_report *r, const char *path) {
    enum { CORNERS = 2 * BINS + 2, SHADE = 8, TRUTH = 7 };
    int n = r->n < MOST ? r->n : MOST, n_series = 0;
    sn_plot_series series[2 + MOST];
    char names[MOST][48];
    double low, high, *memory = sn_alloc((2 * CORNERS + (size_t)(n + 2) * GRID) * sizeof *memory);
    if (!memory) return sn_fail_memory("a chart");
    double *x = memory + 2 * CORNERS, *y = x + GRID;
    range(r, &low, &high);
    outline(r, low, high, memory, memory + CORNERS);
    series[n_series++] =
        (sn_plot_series){.name = "data", .x = memory, .y = memory + CORNERS, .n = CORNERS, .style = SHADE};
    for (int k = 0; k < GRID; k++) x[k] = low + (high - low) * (k + 0.5) / GRID;
    for (int i = r->source ? -1 : 0; i < n; i++, y += GRID) {
        for (int k = 0; k < GRID; k++)
            y[k] = exp(i < 0 ? sn_density_source_log(r->source, x[k]) : sn_density_log(r->densities[i], x[k]));
        series[n_series++] = (sn_plot_series){.name = i < 0 ? "truth" : label(r, i, "", names[i], sizeof names[i]),
                                              .x = x,
                                              .y = y,
                                              .n = GRID,
                                              .style = i < 0 ? TRUTH : i + 1};
    }
    const sn_plot_panel panel = {
        .x = {.label = "y"}, .y = {.label = "density"}, .series = series, .n_series = n_series};
    sn_status status = sn_plot_write(&(sn_plot){.panels = &panel, .n_panels = 1}, path);
    sn_free(memory);
    return status;
}
