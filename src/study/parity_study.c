/* Many runs of multitask sparse parity: side by side on the threads there are, finished ones kept in a folder. */
#include "base/alloc.h"
#include "base/error.h"
#include "base/path.h"
#include "base/philox.h"
#include "base/size.h"
#include "base/threads.h"
#include "file/csv_write.h"
#include "study/parity.h"
#include "suan/array.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct job {
    const sn_parity_study_options *o;
    sn_parity_study *s;
    sn_parity_options run[2 * SN_PARITY_RUNS];
    sn_status status[2 * SN_PARITY_RUNS];
    char message[2 * SN_PARITY_RUNS][256];
    _Atomic int64_t done[2 * SN_PARITY_RUNS]; /* steps */
    bool kept[2 * SN_PARITY_RUNS];
    int n;
    volatile int stop; /* a run has failed */
} job;

/* ---- Finished runs ---- */

/* A name that says all that the result depends on. */
static sn_status kept_path(const char *folder, const sn_parity_options *o, char *path) {
    char name[SN_PATH_SIZE];
    snprintf(name, sizeof name,
             "parity-w%" PRId64 "-d%" PRId64 "-t%" PRId64 "x%" PRId64 "of%" PRId64 "-g%g-b%" PRId64 "-n%" PRId64
             "-m%" PRId64 "x%" PRId64 "-r%g-p%g-s%" PRIu64 "%s%s.csv",
             o->width, o->examples, o->tasks, o->subset, o->bits, o->gamma, o->batch, o->steps, o->marks, o->test,
             o->rate, o->patience, o->seed, o->zero_one ? "-01" : "", o->bf16 ? "-bf16" : "");
    return sn_path_join(folder, name, path);
}

static sn_status put_marks(sn_writer *w, const void *user) {
    const sn_parity_result *r = user;
    int n = (int)r->options.tasks + 1;
    sn_csv_field *fields = sn_calloc((size_t)n, sizeof *fields);
    if (!fields) return sn_fail_memory("a run to keep");
    sn_status status = SN_OK;
    for (int64_t m = 0; status == SN_OK && m < r->n_marks; m++) {
        fields[0] = SN_CSV_NUMBER((double)r->step[m]);
        for (int k = 1; k < n; k++) fields[k] = SN_CSV_NUMBER(r->task_loss[m * (n - 1) + k - 1]);
        status = sn_csv_put(w, fields, n);
    }
    sn_free(fields);
    return status;
}

static sn_status take_marks(const sn_columns *c, const char *path, sn_parity_result *r) {
    int64_t tasks = r->options.tasks, n = sn_columns_n_rows(c);
    if (n < 1 || n > r->options.marks || sn_columns_count(c) != tasks + 1)
        return sn_fail(SN_ERR_FORMAT, "%s: not %lld columns of at most %lld rows: delete it to make the run again",
                       path, (long long)tasks + 1, (long long)r->options.marks);
    double *column = sn_alloc((size_t)n * sizeof *column);
    sn_status status = column ? SN_OK : sn_fail_memory("a run that was kept");
    for (int64_t k = 0; status == SN_OK && k <= tasks; k++) {
        char name[24];
        snprintf(name, sizeof name, "%" PRId64, k + 1);
        status = sn_columns_get(c, name, column);
        for (int64_t m = 0; status == SN_OK && m < n; m++) {
            if (k == 0)
                r->step[m] = (int64_t)column[m];
            else
                r->task_loss[m * tasks + k - 1] = column[m];
        }
    }
    r->n_marks = n;
    sn_free(column);
    return status;
}

/* Reads a run that was kept; *found says whether there is one. */
static sn_status read_kept(const job *j, int i, bool *found) {
    char path[SN_PATH_SIZE];
    sn_columns *c;
    *found = false;
    SN_TRY(kept_path(j->o->keep, &j->run[i], path));
    if (access(path, F_OK) != 0) return SN_OK;
    SN_TRY(sn_columns_open(path, &c));
    sn_parity_result r;
    sn_status status = sn_parity_result_new(&j->run[i], &r);
    if (status == SN_OK) {
        status = take_marks(c, path, &r);
        if (status == SN_OK) sn_parity_sum_up(&r);
        if (status == SN_OK)
            j->s->runs[i] = r;
        else
            sn_parity_free(&r);
    }
    sn_columns_free(c);
    *found = status == SN_OK;
    return status;
}

static sn_status keep(const job *j, int i) {
    char path[SN_PATH_SIZE];
    if (!j->o->keep) return SN_OK;
    SN_TRY(kept_path(j->o->keep, &j->run[i], path));
    return sn_csv_write(path, put_marks, &j->s->runs[i]);
}

/* ---- Runs ---- */

typedef struct watch {
    job *j;
    int run, thread;
} watch;

static void see(void *user, int64_t done, int64_t total) {
    const watch *w = user;
    job *j = w->j;
    int64_t all = 0, of = (int64_t)j->n * total;
    j->done[w->run] = done;
    if (j->o->run.cancel && *j->o->run.cancel) j->stop = 1;
    if (w->thread != 0 || !j->o->progress) return;
    for (int i = 0; i < j->n; i++) all += j->done[i];
    j->o->progress(j->o->user, all, of);
}

/* The longest runs come first. */
static void run_task(void *arg, int64_t task, int thread) {
    job *j = arg;
    int i = (int)(j->n - 1 - task);
    watch w = {j, i, thread};
    sn_parity_options o = j->run[i];
    if (j->kept[i]) return;
    if (j->o->run.cancel && *j->o->run.cancel) j->stop = 1;
    o.progress = see, o.user = &w, o.cancel = &j->stop;
    j->status[i] = sn_parity_run(&o, &j->s->runs[i]);
    if (j->status[i] == SN_OK) j->status[i] = keep(j, i);
    if (j->status[i] == SN_OK) return;
    snprintf(j->message[i], sizeof j->message[i], "%s", sn_last_error());
    j->stop = 1;
}

/* The first failure that is not a consequence of another. */
static sn_status failure(const job *j) {
    int at = -1;
    for (int i = 0; i < j->n; i++)
        if (j->status[i] != SN_OK && (at < 0 || j->status[at] == SN_ERR_CANCELLED)) at = i;
    return at < 0 ? SN_OK : sn_fail(j->status[at], "%s", j->message[at]);
}

static int rising(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static sn_status list_runs(job *j) {
    const sn_parity_study_options *o = j->o;
    int64_t widths[SN_PARITY_RUNS], sizes[SN_PARITY_RUNS];
    if (o->n_widths < 1 || o->n_widths > SN_PARITY_RUNS || o->n_examples < 0 || o->n_examples > SN_PARITY_RUNS)
        return sn_fail(SN_ERR_ARGUMENT, "parity: 1 to %d widths and at most as many sets of examples", SN_PARITY_RUNS);
    memcpy(widths, o->widths, (size_t)o->n_widths * sizeof *widths);
    qsort(widths, (size_t)o->n_widths, sizeof *widths, rising);
    if (o->n_examples > 0) memcpy(sizes, o->examples, (size_t)o->n_examples * sizeof *sizes);
    qsort(sizes, (size_t)o->n_examples, sizeof *sizes, rising);
    for (j->n = 0; j->n < o->n_widths + o->n_examples; j->n++) {
        sn_parity_options *r = &j->run[j->n];
        bool fresh = j->n < o->n_widths;
        *r = o->run;
        r->width = fresh ? widths[j->n] : o->data_width > 0 ? o->data_width : widths[o->n_widths - 1];
        r->examples = fresh ? 0 : sizes[j->n - o->n_widths];
        if (!fresh && r->examples < 1)
            return sn_fail(SN_ERR_ARGUMENT, "parity: a set of %lld examples: at least 1", (long long)r->examples);
        SN_TRY(sn_parity_complete(r));
    }
    return SN_OK;
}

static sn_status run_all(job *j) {
    sn_team *team;
    SN_TRY(list_runs(j));
    j->s->n_widths = j->o->n_widths, j->s->n_data = j->o->n_examples;
    j->s->runs = sn_calloc((size_t)j->n, sizeof *j->s->runs);
    if (!j->s->runs) return sn_fail_memory("a study");
    if (j->o->keep) SN_TRY(sn_folder_make(j->o->keep));
    for (int i = 0; j->o->keep && i < j->n; i++) {
        SN_TRY(read_kept(j, i, &j->kept[i]));
        j->s->n_kept += j->kept[i];
        if (j->kept[i]) j->done[i] = j->run[i].steps;
    }
    SN_TRY(sn_team_new(j->o->n_threads, &team));
    sn_parallel(team, run_task, j, j->n);
    sn_team_free(team);
    SN_TRY(failure(j));
    return sn_parity_compare(j->s);
}

sn_status sn_parity_study_run(const sn_parity_study_options *options, sn_parity_study *out) {
    sn_parity_study s = {0};
    job *j = sn_calloc(1, sizeof *j);
    if (!j) return sn_fail_memory("a study");
    j->o = options, j->s = &s;
    sn_status status = run_all(j);
    sn_free(j);
    if (status == SN_OK)
        *out = s;
    else
        sn_parity_study_free(&s);
    return status;
}

void sn_parity_study_free(sn_parity_study *s) {
    if (!s) return;
    for (int i = 0; s->runs && i < s->n_widths + s->n_data; i++) sn_parity_free(&s->runs[i]);
    sn_free(s->runs);
    *s = (sn_parity_study){0};
}
