/* Results of recipes of figures as JSON and CSV. */
#include "base/error.h"
#include "base/map.h"
#include "file/csv_write.h"
#include "file/json_write.h"
#include "suan/figures.h"

static void put_run(sn_json_out *w, const sn_figures_run *r) {
    sn_json_begin_object(w, NULL);
    sn_json_put_string(w, "name", r->name);
    sn_json_put_string(w, "command", r->command);
    sn_json_put_f64(w, "seconds", r->seconds);
    sn_json_put_bool(w, "kept", r->kept);
    sn_json_end(w);
}

static void put_figure(sn_json_out *w, const sn_figure *f) {
    sn_json_begin_object(w, NULL);
    sn_json_put_string(w, "name", f->name);
    sn_json_put_string(w, "claim", f->claim);
    sn_json_put_string(w, "here", f->here);
    sn_json_put_bool(w, "held", f->held);
    if (f->reached[0]) sn_json_put_string(w, "reached", f->reached);
    if (f->note[0]) sn_json_put_string(w, "note", f->note);
    sn_json_end(w);
}

sn_status sn_figures_json(const sn_figures_result *r, char **out) {
    sn_json_out w = {.lines = 3};
    sn_json_begin_object(&w, NULL);
    sn_json_put_string(&w, "recipe", r->name);
    sn_json_put_string(&w, "title", r->title);
    sn_json_put_string(&w, "source", r->source);
    sn_json_put_bool(&w, "mini", r->mini);
    sn_json_put_i64(&w, "held", r->n_held);
    sn_json_begin_array(&w, "runs");
    for (int i = 0; i < r->n_runs; i++) put_run(&w, &r->runs[i]);
    sn_json_end(&w);
    sn_json_begin_array(&w, "figures");
    for (int i = 0; i < r->n_figures; i++) put_figure(&w, &r->figures[i]);
    sn_json_end(&w);
    sn_json_end(&w);
    return sn_json_take(&w, out);
}

static sn_status put_rows(sn_writer *w, const void *user) {
    const sn_figures_result *r = user;
    sn_csv_field fields[4] = {SN_CSV_TEXT("figure"), SN_CSV_TEXT("claim"), SN_CSV_TEXT("here"), SN_CSV_TEXT("held")};
    SN_TRY(sn_csv_put(w, fields, 4));
    for (int i = 0; i < r->n_figures; i++) {
        const sn_figure *f = &r->figures[i];
        fields[0] = SN_CSV_TEXT(f->name);
        fields[1] = SN_CSV_TEXT(f->claim);
        fields[2] = SN_CSV_TEXT(f->here);
        fields[3] = SN_CSV_TEXT(f->held ? "yes" : "no");
        SN_TRY(sn_csv_put(w, fields, 4));
    }
    return SN_OK;
}

sn_status sn_figures_write_csv(const sn_figures_result *r, const char *path) { return sn_csv_write(path, put_rows, r); }
