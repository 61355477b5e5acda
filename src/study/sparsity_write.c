/* The sparsity of arrays as JSON, CSV and a picture. */
#include "suan/measure.h"

#include "base/alloc.h"
#include "base/error.h"
#include "file/csv_write.h"
#include "file/json_write.h"
#include "study/array_values.h"
#include "suan/plot.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- JSON ---- */

static void put_measure(sn_json_out *w, const sn_sparsity_report *r, const sn_sparsity_item *item, int m) {
    const char *name = r->measures[m].name;
    if (!r->rows) {
        sn_json_put_f64(w, name, item->value[m]);
        return;
    }
    sn_json_begin_object(w, name);
    sn_json_put_f64(w, "mean", item->value[m]);
    sn_json_put_f64(w, "least", item->least[m]);
    sn_json_put_f64(w, "most", item->most[m]);
    sn_json_end(w);
}

static void put_item(sn_json_out *w, const sn_sparsity_report *r, const sn_sparsity_item *item) {
    sn_json_begin_object(w, NULL);
    sn_json_put_string(w, "name", item->name);
    sn_json_put_string(w, "type", item->type);
    sn_json_begin_array(w, "shape");
    for (int d = 0; d < item->n_dims; d++) sn_json_put_i64(w, NULL, item->shape[d]);
    sn_json_end(w);
    sn_json_put_i64(w, "count", item->count);
    sn_json_put_i64(w, "zeros", item->zeros);
    sn_json_put_f64(w, "largest", item->largest);
    sn_json_put_f64(w, "gini_error", item->gini_error);
    if (r->rows) sn_json_put_i64(w, "zero_rows", item->zero_rows);
    sn_json_begin_object(w, "measures");
    for (int m = 0; m < r->n_measures; m++) put_measure(w, r, item, m);
    sn_json_end(w);
    sn_json_end(w);
}

sn_status sn_sparsity_report_json(const sn_sparsity_report *r, char **out) {
    sn_json_out w = {.lines = 3};
    sn_json_begin_object(&w, NULL);
    sn_json_put_string(&w, "file", r->file);
    sn_json_put_bool(&w, "rows", r->rows);
    sn_json_begin_array(&w, "arrays");
    for (int64_t i = 0; i < r->n; i++) put_item(&w, r, &r->items[i]);
    sn_json_end(&w);
    sn_left_out_json(&w, r->left_out, r->n_left_out);
    return sn_json_take(&w, out);
}

sn_status sn_sparsity_report_write_json(const sn_sparsity_report *r, const char *path) {
    char *text;
    SN_TRY(sn_sparsity_report_json(r, &text));
    sn_status status = sn_file_write(path, text, strlen(text));
    sn_free(text);
    return status;
}

/* ---- CSV ---- */

static sn_status put_rows(sn_writer *w, const void *report) {
    static const sn_csv_field head[] = {{.text = "array"}, {.text = "count"}, {.text = "measure"},
                                        {.text = "value"}, {.text = "least"}, {.text = "most"}};
    const sn_sparsity_report *r = report;
    SN_TRY(sn_csv_put(w, head, 6));
    for (int64_t i = 0; i < r->n; i++)
        for (int m = 0; m < r->n_measures; m++) {
            const sn_sparsity_item *item = &r->items[i];
            const sn_csv_field row[] = {SN_CSV_TEXT(item->name),          SN_CSV_NUMBER((double)item->count),
                                        SN_CSV_TEXT(r->measures[m].name), SN_CSV_NUMBER(item->value[m]),
                                        SN_CSV_NUMBER(item->least[m]),    SN_CSV_NUMBER(item->most[m])};
            SN_TRY(sn_csv_put(w, row, 6));
        }
    return SN_OK;
}

sn_status sn_sparsity_report_write_csv(const sn_sparsity_report *r, const char *path) {
    return sn_csv_write(path, put_rows, r);
}

/* ---- Picture ---- */

enum { most_drawn = 12 };

sn_status sn_sparsity_report_write_plot(const sn_sparsity_report *r, const char *path) {
    static const double orders[SN_ORDER_POINTS] = {1.5, 2, 4, 8, 16, 32, 64};
    double shares[SN_SHARE_POINTS];
    sn_plot_series hold[most_drawn], order[most_drawn];
    int n = 0;
    for (int i = 0; i < SN_SHARE_POINTS; i++) shares[i] = 100.0 * i / (SN_SHARE_POINTS - 1);
    for (int64_t i = 0; i < r->n && n < most_drawn; i++) {
        const sn_sparsity_item *item = &r->items[i];
        if (isnan(item->by_order[0])) continue;
        hold[n] = (sn_plot_series){.name = item->name, .x = shares, .y = item->share, .n = SN_SHARE_POINTS};
        order[n++] = (sn_plot_series){.name = item->name, .x = orders, .y = item->by_order, .n = SN_ORDER_POINTS};
    }
    if (n == 0) return sn_fail(SN_ERR_NUMERIC, "%s: all values are 0: there is nothing to draw", r->file);
    const sn_plot_panel panels[] = {{.title = "what the largest hold",
                                     .x = {.label = "largest values (% of all)", .from = 0, .to = 100, .step = 25},
                                     .y = {.label = "share of the sum of |x|", .from = 0, .to = 1, .step = 0.25},
                                     .series = hold,
                                     .n_series = n},
                                    {.title = r->rows ? "S*_1,p, mean over rows" : "S*_1,p: lower is sparser",
                                     .x = {.label = "p", .scale = SN_AXIS_LOG2},
                                     .y = {.label = "S*_1,p", .from = 0, .to = 1, .step = 0.25},
                                     .series = order,
                                     .n_series = n}};
    return sn_plot_write(&(sn_plot){.title = "Sparsity", .panels = panels, .n_panels = 2}, path);
}
