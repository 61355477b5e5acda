/* Scaling fits as JSON, CSV and pictures. */
#include "base/alloc.h"
#include "base/error.h"
#include "file/csv_write.h"
#include "file/json_write.h"
#include "suan/fit.h"
#include "suan/plot.h"

#include <math.h>

/* ---- JSON ---- */

static void put_bounds(sn_json_out *w, double low, double high) {
    if (isnan(low)) return;
    sn_json_put_f64(w, "low", low);
    sn_json_put_f64(w, "high", high);
}

static void put_fit(sn_json_out *w, const sn_scaling_fit *f) {
    sn_json_begin_object(w, NULL);
    sn_json_put_string(w, "form", f->form->name);
    sn_json_put_string(w, "formula", f->form->formula);
    sn_json_put_f64(w, "objective", f->objective);
    sn_json_put_f64(w, "rms", f->rms);
    sn_json_put_i64(w, "starts", f->starts);
    sn_json_put_i64(w, "agreeing", f->agreeing);
    sn_json_put_i64(w, "minima", f->minima);
    sn_json_put_i64(w, "resamples", f->resamples);
    bool rising = false;
    for (int k = 0; k < f->form->n_parameters; k++) rising |= f->rising[k];
    sn_json_put_bool(w, "rising", rising);
    sn_json_begin_object(w, "parameters");
    for (int k = 0; k < f->form->n_parameters; k++) {
        sn_json_begin_object(w, f->form->parameter[k]);
        sn_json_put_f64(w, "value", f->value[k]);
        put_bounds(w, f->low[k], f->high[k]);
        sn_json_put_bool(w, "told", !f->untold[k]);
        sn_json_end(w);
    }
    sn_json_end(w);
    sn_json_end(w);
}

static void put_best(sn_json_out *w, double compute, const sn_allocation *a) {
    sn_json_begin_object(w, NULL);
    sn_json_put_f64(w, "compute", compute);
    sn_json_put_f64(w, "n", a->n);
    if (!isnan(a->n_low)) {
        sn_json_put_f64(w, "n_low", a->n_low);
        sn_json_put_f64(w, "n_high", a->n_high);
    }
    sn_json_put_f64(w, "d", a->d);
    if (!isnan(a->d_low)) {
        sn_json_put_f64(w, "d_low", a->d_low);
        sn_json_put_f64(w, "d_high", a->d_high);
    }
    sn_json_put_f64(w, "loss", a->loss);
    sn_json_put_f64(w, "exponent", a->exponent);
    sn_json_end(w);
}

sn_status sn_scaling_json(const sn_scaling_report *r, char **text) {
    sn_json_out w = {.lines = 4};
    sn_json_begin_object(&w, NULL);
    sn_json_put_i64(&w, "points", r->data->count);
    sn_json_put_f64(&w, "delta", r->delta);
    sn_json_put_f64(&w, "level", r->level);
    sn_json_begin_array(&w, "fits");
    for (int i = 0; i < r->n_fits; i++) put_fit(&w, &r->fits[i]);
    sn_json_end(&w);
    if (r->n_best > 0) {
        sn_json_put_f64(&w, "flops", r->flops);
        sn_json_begin_array(&w, "optimal");
        for (int i = 0; i < r->n_best; i++) put_best(&w, r->compute[i], &r->best[i]);
        sn_json_end(&w);
    }
    sn_json_end(&w);
    return sn_json_take(&w, text);
}

/* ---- CSV ---- */

static double model_at(const sn_scaling_report *r, int fit, int64_t i) {
    const sn_scaling_fit *f = &r->fits[fit];
    return sn_scaling_at(f->form, f->value, r->data->n[i], r->data->d ? r->data->d[i] : 1);
}

static sn_status put_rows(sn_writer *w, const void *user) {
    enum { MOST = 8 };
    const sn_scaling_report *r = user;
    sn_csv_field fields[3 + MOST] = {SN_CSV_TEXT("n")};
    int n = 1;
    if (r->data->d) fields[n++] = SN_CSV_TEXT("d");
    fields[n++] = SN_CSV_TEXT("loss");
    for (int f = 0; f < r->n_fits && f < MOST; f++) fields[n++] = SN_CSV_TEXT(r->fits[f].form->name);
    SN_TRY(sn_csv_put(w, fields, n));
    for (int64_t i = 0; i < r->data->count; i++) {
        n = 0;
        fields[n++] = SN_CSV_NUMBER(r->data->n[i]);
        if (r->data->d) fields[n++] = SN_CSV_NUMBER(r->data->d[i]);
        fields[n++] = SN_CSV_NUMBER(r->data->loss[i]);
        for (int f = 0; f < r->n_fits && f < MOST; f++) fields[n++] = SN_CSV_NUMBER(model_at(r, f, i));
        SN_TRY(sn_csv_put(w, fields, n));
    }
    return SN_OK;
}

sn_status sn_scaling_write_csv(const sn_scaling_report *r, const char *path) { return sn_csv_write(path, put_rows, r); }

/* ---- Picture ---- */

enum { CURVE = 200, MOST_FITS = 8 };

static void range(const double *x, int64_t n, double *low, double *high) {
    *low = INFINITY, *high = -INFINITY;
    for (int64_t i = 0; i < n; i++) *low = fmin(*low, x[i]), *high = fmax(*high, x[i]);
}

static void spread(double low, double high, double *x) {
    for (int i = 0; i < CURVE; i++) x[i] = low * pow(high / low, (double)i / (CURVE - 1));
}

static sn_status plot_curves(const sn_scaling_report *r, double *memory, const char *path) {
    sn_plot_series series[1 + MOST_FITS] = {
        {.name = "measured", .x = r->data->n, .y = r->data->loss, .n = r->data->count, .points = true}};
    double low, high;
    int n = 1;
    range(r->data->n, r->data->count, &low, &high);
    spread(low, 3 * high, memory);
    for (int f = 0; f < r->n_fits && f < MOST_FITS; f++) {
        double *y = memory + (f + 1) * CURVE;
        for (int i = 0; i < CURVE; i++) y[i] = sn_scaling_at(r->fits[f].form, r->fits[f].value, memory[i], 1);
        series[n++] = (sn_plot_series){.name = r->fits[f].form->formula, .x = memory, .y = y, .n = CURVE};
    }
    const sn_plot_panel panel = {.x = {.label = "N", .scale = SN_AXIS_LOG10},
                                 .y = {.label = "loss", .scale = SN_AXIS_LOG10},
                                 .series = series,
                                 .n_series = n};
    return sn_plot_write(&(sn_plot){.panels = &panel, .n_panels = 1}, path);
}

/* Loss over compute, and model over measurement. `memory`: 2 CURVE + 2 count numbers. */
static sn_status plot_both(const sn_scaling_report *r, double *memory, const char *path) {
    const sn_scaling_fit *f = &r->fits[r->n_fits - 1];
    int64_t count = r->data->count;
    double *x = memory, *y = memory + CURVE, *compute = memory + 2 * CURVE, *model = compute + count, low, high;
    for (int64_t i = 0; i < count; i++) {
        compute[i] = r->flops * r->data->n[i] * r->data->d[i];
        model[i] = model_at(r, r->n_fits - 1, i);
    }
    range(compute, count, &low, &high);
    spread(low, 3 * high, x);
    for (int i = 0; i < CURVE; i++) {
        sn_allocation a;
        y[i] = sn_scaling_allocate(f, x[i], r->flops, 0, &a) == SN_OK ? a.loss : NAN;
    }
    range(r->data->loss, count, &low, &high);
    const double ends[2] = {low, high};
    const sn_plot_series over_compute[] = {
        {.name = "measured", .x = compute, .y = r->data->loss, .n = count, .points = true},
        {.name = "best allocation", .x = x, .y = y, .n = CURVE}};
    const sn_plot_series over_loss[] = {
        {.name = "measured", .x = r->data->loss, .y = model, .n = count, .points = true},
        {.name = "equal", .x = ends, .y = ends, .n = 2}};
    const sn_plot_panel panels[] = {{.x = {.label = "compute (operations)", .scale = SN_AXIS_LOG10},
                                     .y = {.label = "loss", .scale = SN_AXIS_LOG10},
                                     .series = over_compute,
                                     .n_series = isnan(y[0]) ? 1 : 2},
                                    {.x = {.label = "measured loss", .scale = SN_AXIS_LOG10},
                                     .y = {.label = "loss of the law", .scale = SN_AXIS_LOG10},
                                     .series = over_loss,
                                     .n_series = 2}};
    return sn_plot_write(&(sn_plot){.panels = panels, .n_panels = 2}, path);
}

sn_status sn_scaling_write_plot(const sn_scaling_report *r, const char *path) {
    int64_t size = (1 + MOST_FITS) * CURVE + 2 * r->data->count;
    sn_scaling_fit last = r->fits[r->n_fits - 1];
    sn_scaling_report bare = *r;
    double *memory = sn_alloc((size_t)size * sizeof *memory);
    if (!memory) return sn_fail_memory("a chart");
    last.resamples = 0; /* the curve needs no intervals */
    bool both = last.form->n_sizes == 2;
    if (both) bare.fits = &last, bare.n_fits = 1;
    sn_status status = both ? plot_both(&bare, memory, path) : plot_curves(r, memory, path);
    sn_free(memory);
    return status;
}
