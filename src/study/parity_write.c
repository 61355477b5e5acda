/* Multitask sparse parity as JSON, CSV and pictures. */
#include "base/alloc.h"
#include "base/error.h"
#include "file/csv_write.h"
#include "file/json_write.h"
#include "suan/fit.h"
#include "suan/parity.h"
#include "suan/plot.h"

#include <math.h>
#include <stdio.h>

/* ---- JSON ---- */

static void put_run(sn_json_out *w, const sn_parity_result *r) {
    const sn_parity_options *o = &r->options;
    sn_json_begin_object(w, NULL);
    sn_json_put_i64(w, "tasks", o->tasks);
    sn_json_put_i64(w, "bits", o->bits);
    sn_json_put_i64(w, "subset", o->subset);
    sn_json_put_f64(w, "gamma", o->gamma);
    sn_json_put_i64(w, "batch", o->batch);
    sn_json_put_f64(w, "rate", o->rate);
    sn_json_put_i64(w, "width", o->width);
    sn_json_put_i64(w, "parameters", r->n_parameters);
    sn_json_put_i64(w, "learned", r->learned);
    sn_json_put_f64(w, "time_exponent", r->time_exponent);
    sn_json_begin_array(w, "probability");
    for (int64_t k = 0; k < o->tasks; k++) sn_json_put_f64(w, NULL, r->probability[k]);
    sn_json_end(w);
    sn_json_begin_array(w, "learned_at");
    for (int64_t k = 0; k < o->tasks; k++) {
        if (r->learned_at[k] < 0)
            sn_json_put_null(w, NULL);
        else
            sn_json_put_i64(w, NULL, r->learned_at[k]);
    }
    sn_json_end(w);
    sn_json_begin_array(w, "marks");
    for (int64_t m = 0; m < r->n_marks; m++) {
        sn_json_begin_object(w, NULL);
        sn_json_put_i64(w, "step", r->step[m]);
        sn_json_put_f64(w, "loss", r->loss[m]);
        sn_json_begin_array(w, "task_loss");
        for (int64_t k = 0; k < o->tasks; k++) sn_json_put_f64(w, NULL, r->task_loss[m * o->tasks + k]);
        sn_json_end(w);
        sn_json_end(w);
    }
    sn_json_end(w);
    sn_json_end(w);
}

sn_status sn_parity_json(const sn_parity_result *r, int n, char **text) {
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
    const sn_parity_result *r;
    int n;
} results;

static sn_status put_run_rows(sn_writer *w, const sn_parity_result *r, sn_csv_field *fields) {
    for (int64_t m = 0; m < r->n_marks; m++) {
        fields[0] = SN_CSV_NUMBER((double)r->options.width);
        fields[1] = SN_CSV_NUMBER((double)r->step[m]);
        fields[2] = SN_CSV_NUMBER(r->loss[m]);
        for (int64_t k = 0; k < r->options.tasks; k++)
            fields[3 + k] = SN_CSV_NUMBER(r->task_loss[m * r->options.tasks + k]);
        SN_TRY(sn_csv_put(w, fields, 3 + (int)r->options.tasks));
    }
    return SN_OK;
}

/* Runs differ in their width only. */
static sn_status put_rows(sn_writer *w, const void *user) {
    const results *all = user;
    int tasks = (int)all->r[0].options.tasks;
    sn_csv_field *fields = sn_calloc((size_t)(3 + tasks), sizeof *fields);
    char(*names)[24] = sn_calloc((size_t)tasks, sizeof *names);
    sn_status status = fields && names ? SN_OK : sn_fail_memory("a CSV");
    if (status == SN_OK) {
        fields[0] = SN_CSV_TEXT("width"), fields[1] = SN_CSV_TEXT("step"), fields[2] = SN_CSV_TEXT("loss");
        for (int k = 0; k < tasks; k++) {
            snprintf(names[k], sizeof names[k], "task_%d", k + 1);
            fields[3 + k] = SN_CSV_TEXT(names[k]);
        }
        status = sn_csv_put(w, fields, 3 + tasks);
    }
    for (int i = 0; status == SN_OK && i < all->n; i++) status = put_run_rows(w, &all->r[i], fields);
    sn_free(fields);
    sn_free(names);
    return status;
}

sn_status sn_parity_write_csv(const sn_parity_result *r, int n, const char *path) {
    return sn_csv_write(path, put_rows, &(results){r, n});
}

/* ---- Picture ---- */

enum { MOST_CURVES = 40, MOST_WIDTHS = 16, GREY = 8, BLUE = 1, RED = 2, GREEN = 3 };

typedef struct drawing {
    sn_plot_series curves[MOST_CURVES + 1], times[2], widths[2];
    sn_plot_panel panels[3];
    double ends[2][2], width[3][MOST_WIDTHS];
    double *step, *curve, *p, *at;
    char line[64];
} drawing;

static void draw_curves(drawing *d, const sn_parity_result *r) {
    int64_t tasks = r->options.tasks, marks = r->n_marks, n = 0;
    for (int64_t m = 0; m < marks; m++) d->step[m] = (double)r->step[m];
    for (int64_t k = 0; k < tasks && n < MOST_CURVES; k++, n++) {
        for (int64_t m = 0; m < marks; m++) d->curve[k * marks + m] = r->task_loss[m * tasks + k];
        d->curves[n] = (sn_plot_series){
            .name = n == 0 ? "each task" : NULL, .x = d->step, .y = d->curve + k * marks, .n = marks, .style = GREY};
    }
    d->curves[n++] = (sn_plot_series){.name = "mean", .x = d->step, .y = r->loss, .n = marks, .style = BLUE};
    d->panels[0] = (sn_plot_panel){.x = {.label = "step", .scale = SN_AXIS_LOG10},
                                   .y = {.label = "loss (bits)"},
                                   .series = d->curves,
                                   .n_series = (int)n};
}

/* The line of slope -1 goes through the middle of the points. False where no task was learned. */
static bool draw_times(drawing *d, const sn_parity_result *r) {
    double u = 0, low = INFINITY, high = 0;
    int64_t n = 0;
    for (int64_t k = 0; k < r->options.tasks; k++) {
        if (r->learned_at[k] < 0) continue;
        d->p[n] = r->probability[k], d->at[n] = (double)r->learned_at[k];
        u += log(d->at[n] * d->p[n]);
        low = fmin(low, d->p[n]), high = fmax(high, d->p[n]);
        n++;
    }
    if (n == 0) return false;
    d->ends[0][0] = low, d->ends[0][1] = high;
    for (int i = 0; i < 2; i++) d->ends[1][i] = exp(u / (double)n) / d->ends[0][i];
    d->times[0] = (sn_plot_series){.name = "learned at", .x = d->p, .y = d->at, .n = n, .style = RED, .points = true};
    d->times[1] = (sn_plot_series){.name = "~ 1 / p", .x = d->ends[0], .y = d->ends[1], .n = 2, .style = GREEN};
    d->panels[1] = (sn_plot_panel){.x = {.label = "probability of a task", .scale = SN_AXIS_LOG10},
                                   .y = {.label = "step", .scale = SN_AXIS_LOG10},
                                   .series = d->times,
                                   .n_series = 2};
    return true;
}

static void draw_widths(drawing *d, const sn_parity_result *r, int n, int panel) {
    if (n > MOST_WIDTHS) n = MOST_WIDTHS;
    for (int i = 0; i < n; i++) {
        const sn_quanta q = {.gamma = r[i].options.gamma, .tasks = r[i].options.tasks};
        d->width[0][i] = (double)r[i].options.width;
        d->width[1][i] = r[i].loss[r[i].n_marks - 1];
        d->width[2][i] = sn_quanta_loss(&q, r[i].learned);
    }
    d->widths[0] = (sn_plot_series){.name = "at the end", .x = d->width[0], .y = d->width[1], .n = n, .style = BLUE};
    d->widths[1] = (sn_plot_series){
        .name = "ideal learner of as many tasks", .x = d->width[0], .y = d->width[2], .n = n, .style = GREEN};
    d->panels[panel] = (sn_plot_panel){.x = {.label = "width", .scale = SN_AXIS_LOG2},
                                       .y = {.label = "loss (bits)"},
                                       .series = d->widths,
                                       .n_series = 2};
}

sn_status sn_parity_write_plot(const sn_parity_result *r, int n, const char *path) {
    const sn_parity_result *last = &r[n - 1];
    size_t marks = (size_t)last->n_marks, tasks = (size_t)last->options.tasks;
    drawing *d = sn_calloc(1, sizeof *d);
    double *memory = sn_calloc(marks + marks * tasks + 2 * tasks, sizeof *memory);
    sn_status status = d && memory ? SN_OK : sn_fail_memory("a chart");
    if (status == SN_OK) {
        d->step = memory, d->curve = memory + marks, d->p = d->curve + marks * tasks, d->at = d->p + tasks;
        draw_curves(d, last);
        int panels = draw_times(d, last) ? 2 : 1;
        if (n > 1) draw_widths(d, r, n, panels++);
        status = sn_plot_write(&(sn_plot){.panels = d->panels, .n_panels = panels}, path);
    }
    sn_free(memory);
    sn_free(d);
    return status;
}
