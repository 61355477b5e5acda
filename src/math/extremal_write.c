/* Stationary paths as JSON, CSV and pictures. */
#include "base/alloc.h"
#include "base/error.h"
#include "file/csv_write.h"
#include "file/json_write.h"
#include "suan/math.h"
#include "suan/plot.h"

#include <math.h>
#include <stdio.h>

/* ---- JSON ---- */

static void put_path(sn_json_out *w, const sn_extremal *e, const sn_extremal_path *p) {
    sn_json_begin_object(w, NULL);
    sn_json_put_f64(w, "value", p->value);
    if (!isnan(p->known)) {
        sn_json_put_f64(w, "closed_form", p->known);
        sn_json_put_f64(w, "error", fabs(p->value - p->known));
    }
    if (!isnan(p->multiplier)) sn_json_put_f64(w, "multiplier", p->multiplier);
    sn_json_put_string(w, "kind", sn_extremal_kind_name(p->kind));
    sn_json_put_i64(w, "index", p->index);
    sn_json_put_f64(w, "eigenvalue", p->eigenvalue);
    sn_json_put_f64(w, "residual", p->residual);
    sn_json_put_f64(w, "change", p->change);
    sn_json_put_bool(w, "settled", p->settled);
    sn_json_put_bool(w, "counted", p->counted);
    sn_json_put_i64(w, "unknowns", p->unknowns);
    sn_json_begin_array(w, "conjugate");
    for (int i = 0; i < p->n_conjugate; i++) sn_json_put_f64(w, NULL, p->conjugate[i]);
    sn_json_end(w);
    sn_json_begin_array(w, "path");
    for (int i = 0; i < e->points; i++) {
        sn_json_begin_array(w, NULL);
        for (int k = 0; k < e->n_columns; k++) sn_json_put_f64(w, NULL, p->table[i * e->n_columns + k]);
        sn_json_end(w);
    }
    sn_json_end(w);
    sn_json_end(w);
}

static void put_search(sn_json_out *w, const sn_extremal_search *s) {
    sn_json_begin_object(w, "search");
    sn_json_put_string(w, "ended", sn_extremal_end_name(s->end));
    sn_json_put_i64(w, "starts", s->starts);
    sn_json_put_i64(w, "slopes", s->slopes);
    sn_json_put_i64(w, "shots", s->shots);
    sn_json_put_i64(w, "dropped", s->dropped);
    sn_json_end(w);
}

sn_status sn_extremal_json(const sn_extremal *e, char **text) {
    sn_json_out w = {.lines = 4};
    sn_json_begin_object(&w, NULL);
    sn_json_put_string(&w, "problem", e->problem);
    sn_json_put_string(&w, "value_name", e->value_name);
    sn_json_put_string(&w, "note", e->note);
    sn_json_put_i64(&w, "paths", e->n_paths);
    put_search(&w, &e->search);
    sn_json_begin_array(&w, "columns");
    for (int i = 0; i < e->n_columns; i++) sn_json_put_string(&w, NULL, e->column[i]);
    sn_json_end(&w);
    sn_json_begin_array(&w, "extremals");
    for (int i = 0; i < e->n_paths; i++) put_path(&w, e, &e->path[i]);
    sn_json_end(&w);
    sn_json_begin_array(&w, "convergence");
    for (int i = 0; i < e->n_degrees; i++) {
        sn_json_begin_object(&w, NULL);
        sn_json_put_f64(&w, "unknowns", e->unknowns[i]);
        sn_json_put_f64(&w, "value_error", e->value_error[i]);
        sn_json_put_f64(&w, "path_error", e->path_error[i]);
        sn_json_end(&w);
    }
    sn_json_end(&w);
    sn_json_end(&w);
    return sn_json_take(&w, text);
}

/* ---- CSV ---- */

static sn_status put_rows(sn_writer *w, const void *user) {
    const sn_extremal *e = user;
    sn_csv_field fields[1 + SN_EXTREMAL_MAX_COLUMNS] = {SN_CSV_TEXT("extremal")};
    for (int k = 0; k < e->n_columns; k++) fields[1 + k] = SN_CSV_TEXT(e->column[k]);
    SN_TRY(sn_csv_put(w, fields, 1 + e->n_columns));
    for (int i = 0; i < e->n_paths; i++)
        for (int at = 0; at < e->points; at++) {
            fields[0] = SN_CSV_NUMBER(i + 1);
            for (int k = 0; k < e->n_columns; k++)
                fields[1 + k] = SN_CSV_NUMBER(e->path[i].table[at * e->n_columns + k]);
            SN_TRY(sn_csv_put(w, fields, 1 + e->n_columns));
        }
    return SN_OK;
}

sn_status sn_extremal_write_csv(const sn_extremal *e, const char *path) { return sn_csv_write(path, put_rows, e); }

/* ---- Picture ---- */

enum { MOST_DRAWN = 5 }; /* steps on the way, of all */

/* Two columns of a table, as x and y. */
static void split(const sn_extremal *e, const double *table, double *x, double *y) {
    for (int i = 0; i < e->points; i++) {
        x[i] = table[i * e->n_columns + e->across];
        y[i] = table[i * e->n_columns + e->up] * (e->downwards ? -1 : 1);
    }
}

typedef struct picture {
    sn_plot_series paths[SN_EXTREMAL_MAX_PATHS + MOST_DRAWN], errors[2];
    char name[SN_EXTREMAL_MAX_PATHS][64], step[MOST_DRAWN][24], up[44];
    double value_error[24], path_error[24];
    int n_paths;
} picture;

static void add_path(picture *p, const sn_extremal *e, const double *table, const char *name, int style, double *at) {
    double *x = at + 2 * (int64_t)p->n_paths * e->points;
    split(e, table, x, x + e->points);
    p->paths[p->n_paths++] = (sn_plot_series){.name = name, .x = x, .y = x + e->points, .n = e->points, .style = style};
}

/* Errors below what doubles can tell are drawn at 1e-17. */
static void draw_errors(picture *p, const sn_extremal *e) {
    for (int i = 0; i < e->n_degrees; i++) {
        p->value_error[i] = fmax(e->value_error[i], 1e-17);
        p->path_error[i] = fmax(e->path_error[i], 1e-17);
        if (isnan(e->value_error[i])) p->value_error[i] = p->path_error[i] = (double)NAN;
    }
    p->errors[0] = (sn_plot_series){
        .name = "error of the value", .x = e->unknowns, .y = p->value_error, .n = e->n_degrees, .style = 7};
    p->errors[1] = (sn_plot_series){
        .name = "error of the path", .x = e->unknowns, .y = p->path_error, .n = e->n_degrees, .style = 8};
}

static void draw_paths(picture *p, const sn_extremal *e, double *at) {
    int before = e->n_steps - 1, n = before < MOST_DRAWN ? before : MOST_DRAWN;
    for (int i = 0; i < n; i++) {
        int step = i * before / n;
        snprintf(p->step[i], sizeof p->step[i], step ? "step %d" : "start", step);
        add_path(p, e, e->steps + (int64_t)step * e->points * e->n_columns, p->step[i], 2 + i, at);
    }
    for (int i = e->n_paths - 1; i >= 0; i--) {
        const char *kind = sn_extremal_kind_name(e->path[i].kind);
        snprintf(p->name[i], sizeof p->name[i], "%s, %.6g", kind, e->path[i].value);
        add_path(p, e, e->path[i].table, p->name[i], i == 0 ? 1 : 8 + i, at);
    }
}

sn_status sn_extremal_write_plot(const sn_extremal *e, const char *path) {
    if (e->n_paths == 0) return sn_fail(SN_ERR_ARGUMENT, "extremal: there is no path to draw: %s", e->note);
    picture *p = sn_calloc(1, sizeof *p);
    double *at = sn_alloc((size_t)(SN_EXTREMAL_MAX_PATHS + MOST_DRAWN) * 2 * (size_t)e->points * sizeof *at);
    sn_status status = p && at ? SN_OK : sn_fail_memory("a picture");
    if (status == SN_OK) {
        draw_paths(p, e, at);
        draw_errors(p, e);
        snprintf(p->up, sizeof p->up, "%s%s", e->downwards ? "-" : "", e->column[e->up]);
        const sn_plot_panel panels[] = {{.title = e->problem,
                                         .x = {.label = e->column[e->across]},
                                         .y = {.label = p->up},
                                         .series = p->paths,
                                         .n_series = p->n_paths},
                                        {.title = "one element of rising degree",
                                         .x = {.label = "unknowns"},
                                         .y = {.label = "relative error", .scale = SN_AXIS_LOG10},
                                         .series = p->errors,
                                         .n_series = 2}};
        status = sn_plot_write(&(sn_plot){.panels = panels, .n_panels = e->n_degrees > 0 ? 2 : 1}, path);
    }
    sn_free(p);
    sn_free(at);
    return status;
}
