/* Multitask sparse parity as JSON and CSV. */
#include "base/alloc.h"
#include "base/error.h"
#include "file/csv_write.h"
#include "file/json_write.h"
#include "suan/parity.h"

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
    sn_json_put_i64(w, "examples", o->examples);
    sn_json_put_i64(w, "parameters", r->n_parameters);
    sn_json_put_i64(w, "learned", r->learned);
    sn_json_put_f64(w, "least", r->loss[r->best]);
    sn_json_put_i64(w, "least_at", r->step[r->best]);
    sn_json_put_i64(w, "learned_at_least", r->learned_best);
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

static void put_slope(sn_json_out *w, const char *name, const sn_quanta_comparison *c) {
    sn_json_begin_object(w, name);
    sn_json_put_i64(w, "points", c->points);
    sn_json_put_f64(w, "measured", c->measured);
    sn_json_put_f64(w, "ideal", c->ideal);
    sn_json_put_f64(w, "endless", c->endless);
    sn_json_put_f64(w, "scale", c->scale);
    sn_json_end(w);
}

sn_status sn_parity_json(const sn_parity_study *s, char **text) {
    sn_json_out w = {.lines = 4};
    sn_json_begin_object(&w, NULL);
    sn_json_begin_array(&w, "runs");
    for (int i = 0; i < s->n_widths; i++) put_run(&w, &s->runs[i]);
    sn_json_end(&w);
    sn_json_begin_array(&w, "data");
    for (int i = 0; i < s->n_data; i++) put_run(&w, &s->runs[s->n_widths + i]);
    sn_json_end(&w);
    sn_json_begin_object(&w, "slopes");
    put_slope(&w, "parameters", &s->by_parameters);
    put_slope(&w, "steps", &s->by_steps);
    put_slope(&w, "data", &s->by_data);
    sn_json_end(&w);
    sn_json_put_f64(&w, "order", s->order);
    sn_json_put_f64(&w, "sudden", s->sudden);
    sn_json_put_f64(&w, "smooth", s->smooth);
    sn_json_end(&w);
    return sn_json_take(&w, text);
}

/* ---- CSV ---- */

static sn_status put_run_rows(sn_writer *w, const sn_parity_result *r, sn_csv_field *fields) {
    for (int64_t m = 0; m < r->n_marks; m++) {
        fields[0] = SN_CSV_NUMBER((double)r->options.width);
        fields[1] = SN_CSV_NUMBER((double)r->options.examples);
        fields[2] = SN_CSV_NUMBER((double)r->step[m]);
        fields[3] = SN_CSV_NUMBER(r->loss[m]);
        for (int64_t k = 0; k < r->options.tasks; k++)
            fields[4 + k] = SN_CSV_NUMBER(r->task_loss[m * r->options.tasks + k]);
        SN_TRY(sn_csv_put(w, fields, 4 + (int)r->options.tasks));
    }
    return SN_OK;
}

static sn_status put_rows(sn_writer *w, const void *user) {
    const sn_parity_study *s = user;
    int tasks = (int)s->runs[0].options.tasks;
    sn_csv_field *fields = sn_calloc((size_t)(4 + tasks), sizeof *fields);
    char(*names)[24] = sn_calloc((size_t)tasks, sizeof *names);
    sn_status status = fields && names ? SN_OK : sn_fail_memory("a CSV");
    if (status == SN_OK) {
        fields[0] = SN_CSV_TEXT("width"), fields[1] = SN_CSV_TEXT("examples");
        fields[2] = SN_CSV_TEXT("step"), fields[3] = SN_CSV_TEXT("loss");
        for (int k = 0; k < tasks; k++) {
            snprintf(names[k], sizeof names[k], "task_%d", k + 1);
            fields[4 + k] = SN_CSV_TEXT(names[k]);
        }
        status = sn_csv_put(w, fields, 4 + tasks);
    }
    for (int i = 0; status == SN_OK && i < s->n_widths + s->n_data; i++) status = put_run_rows(w, &s->runs[i], fields);
    sn_free(fields);
    sn_free(names);
    return status;
}

sn_status sn_parity_write_csv(const sn_parity_study *s, const char *path) { return sn_csv_write(path, put_rows, s); }
