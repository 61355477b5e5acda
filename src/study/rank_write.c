/* The rank of matrices as JSON, CSV and a picture. */
#include "suan/measure.h"

#include "base/alloc.h"
#include "base/error.h"
#include "file/csv_write.h"
#include "file/json_write.h"
#include "study/array_values.h"
#include "suan/plot.h"

#include <math.h>
#include <string.h>

static void put_item(sn_json_out *w, const sn_rank_item *item) {
    const sn_rank_result *r = &item->result;
    sn_json_begin_object(w, NULL);
    sn_json_put_string(w, "name", item->name);
    if (item->type) sn_json_put_string(w, "type", item->type);
    sn_json_put_i64(w, "rows", r->rows);
    sn_json_put_i64(w, "cols", r->cols);
    sn_json_put_i64(w, "numerical", r->numerical);
    sn_json_put_f64(w, "threshold", r->threshold);
    sn_json_put_f64(w, "effective", r->effective);
    sn_json_put_f64(w, "stable", r->stable);
    sn_json_put_i64(w, "tail", r->tail);
    sn_json_put_f64(w, "tail_share", r->tail_share);
    sn_json_put_bool(w, "square", r->rows == r->cols);
    sn_json_put_bool(w, "singular_matrix", r->log_det == -INFINITY);
    sn_json_put_f64(w, "log_det", r->log_det);
    sn_json_put_f64(w, "log_det_elimination", r->eliminated);
    sn_json_put_bool(w, "triangular", r->triangular);
    if (item->claimed_rank) sn_json_put_i64(w, "claimed_rank", item->claimed_rank);
    if (isfinite(item->claimed_log_det)) sn_json_put_f64(w, "claimed_log_det", item->claimed_log_det);
    sn_json_begin_array(w, "singular");
    for (int64_t i = 0; i < r->n; i++) sn_json_put_f64(w, NULL, r->singular[i]);
    sn_json_end(w);
    sn_json_end(w);
}

sn_status sn_rank_report_json(const sn_rank_report *r, char **out) {
    sn_json_out w = {.lines = 3};
    sn_json_begin_object(&w, NULL);
    sn_json_put_string(&w, "file", r->file);
    sn_json_begin_array(&w, "matrices");
    for (int64_t i = 0; i < r->n; i++) put_item(&w, &r->items[i]);
    sn_json_end(&w);
    sn_json_put_i64(&w, "skipped", r->skipped);
    sn_left_out_json(&w, r->left_out, r->n_left_out);
    return sn_json_take(&w, out);
}

sn_status sn_rank_report_write_json(const sn_rank_report *r, const char *path) {
    char *text;
    SN_TRY(sn_rank_report_json(r, &text));
    sn_status status = sn_file_write(path, text, strlen(text));
    sn_free(text);
    return status;
}

static sn_status put_rows(sn_writer *w, const void *report) {
    static const sn_csv_field head[] = {{.text = "matrix"}, {.text = "i"}, {.text = "singular"}};
    const sn_rank_report *r = report;
    SN_TRY(sn_csv_put(w, head, 3));
    for (int64_t m = 0; m < r->n; m++)
        for (int64_t i = 0; i < r->items[m].result.n; i++) {
            const sn_csv_field row[] = {SN_CSV_TEXT(r->items[m].name), SN_CSV_NUMBER((double)(i + 1)),
                                        SN_CSV_NUMBER(r->items[m].result.singular[i])};
            SN_TRY(sn_csv_put(w, row, 3));
        }
    return SN_OK;
}

sn_status sn_rank_report_write_csv(const sn_rank_report *r, const char *path) {
    return sn_csv_write(path, put_rows, r);
}

/* ---- Picture ---- */

enum { most_drawn = 12 };
static const double floor_of_chart = 1e-17; /* what is below is rounding */

typedef struct curves {
    sn_plot_series values[most_drawn], left[most_drawn];
    double *numbers;
    int n;
} curves;

static int64_t points(const sn_rank_report *r) {
    int64_t total = 0;
    for (int64_t i = 0; i < r->n && i < most_drawn; i++) total += 3 * r->items[i].result.n;
    return total;
}

/* The power of ten below all that is drawn. */
static double least_of(const sn_plot_series *series, int n) {
    double least = 0.1;
    for (int k = 0; k < n; k++)
        for (int64_t i = 0; i < series[k].n; i++) least = fmin(least, series[k].y[i]); /* NaN is passed over */
    return fmax(floor_of_chart, pow(10, floor(log10(least))));
}

/* Singular values over the largest, and what share of the sum of squares is left after each. */
static void add_curves(const sn_rank_item *item, double *numbers, curves *c) {
    const sn_rank_result *r = &item->result;
    double *x = numbers, *y = x + r->n, *rest = y + r->n, sum = 0;
    for (int64_t i = r->n - 1; i >= 0; i--) {
        double s = r->singular[i] / r->singular[0];
        rest[i] = sum / r->stable > floor_of_chart ? sum / r->stable : (double)NAN;
        sum += s * s;
        x[i] = (double)(i + 1);
        y[i] = s > floor_of_chart ? s : (double)NAN;
    }
    c->values[c->n] = (sn_plot_series){.name = item->name, .x = x, .y = y, .n = r->n};
    c->left[c->n++] = (sn_plot_series){.name = item->name, .x = x, .y = rest, .n = r->n};
}

sn_status sn_rank_report_write_plot(const sn_rank_report *r, const char *path) {
    curves c = {.numbers = sn_calloc((size_t)points(r), sizeof(double))};
    double *at = c.numbers, longest = 1;
    if (!c.numbers) return sn_fail_memory("a chart");
    for (int64_t i = 0; i < r->n && i < most_drawn; i++) {
        if (r->items[i].result.numerical == 0) continue;
        add_curves(&r->items[i], at, &c);
        at += 3 * r->items[i].result.n;
        longest = fmax(longest, (double)r->items[i].result.n);
    }
    const sn_plot_panel panels[] = {
        {.title = "singular values",
         .x = {.label = "number", .from = 0, .to = longest},
         .y = {.label = "over the largest", .scale = SN_AXIS_LOG10, .from = least_of(c.values, c.n), .to = 1},
         .series = c.values,
         .n_series = c.n},
        {.title = "what the first leave",
         .x = {.label = "number", .from = 0, .to = longest},
         .y = {.label = "share of the sum of squares", .scale = SN_AXIS_LOG10, .from = least_of(c.left, c.n), .to = 1},
         .series = c.left,
         .n_series = c.n}};
    sn_status status = c.n ? sn_plot_write(&(sn_plot){.title = "Rank", .panels = panels, .n_panels = 2}, path)
                           : sn_fail(SN_ERR_NUMERIC, "%s: all values are 0: there is nothing to draw", r->file);
    sn_free(c.numbers);
    return status;
}
