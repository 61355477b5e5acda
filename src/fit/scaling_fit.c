/* Fitting a scaling law: the grid of starts, the bootstrap. */
#include "base/alloc.h"
#include "base/error.h"
#include "base/philox.h"
#include "base/size.h"
#include "base/threads.h"
#include "fit/order.h"
#include "fit/scaling.h"

#include <math.h>
#include <string.h>

/* What the threads share. Sizes are taken relative to their means: else ln A and alpha are nearly the same direction,
 * and L-BFGS takes ten times as many steps. */
enum { MINIMA = 4, MANY = 2048, SOME = 512 };

typedef struct job {
    sn_scaling_points points, grid; /* all; those that the grid's starts are tried on */
    sn_scaling_options options;
    double mean[2];
    double *logs;        /* the columns of points, those of grid */
    double *end, *value; /* of each task: parameters (SN_SCALING_MAX), objective */
    double *weight;      /* count for each thread */
    double minimum[MINIMA][SN_SCALING_MAX], minimum_value[MINIMA]; /* where resamples start; the best comes first */
    int n_minima;
    int64_t first, done, total; /* task 0 of sn_parallel is `first` */
} job;

/* ---- Data ---- */

static sn_status check_column(const char *name, const double *x, int64_t n) {
    for (int64_t i = 0; i < n; i++)
        if (!(x[i] > 0) || !isfinite(x[i]))
            return sn_fail(SN_ERR_ARGUMENT, "scaling: row %lld: %s is %g: sizes and losses must be positive numbers",
                           (long long)i + 1, name, x[i]);
    return SN_OK;
}

/* A law needs sizes that differ. */
static sn_status check_size(const char *name, const double *x, int64_t n) {
    SN_TRY(check_column(name, x, n));
    for (int64_t i = 1; i < n; i++)
        if (x[i] != x[0]) return SN_OK;
    return sn_fail(SN_ERR_ARGUMENT, "scaling: %s is %g in all rows: a law wants sizes that differ%s", name, x[0],
                   strcmp(name, "D") == 0 ? "; E, B and beta cannot be told apart: fit the form \"offset\" over N"
                                          : "");
}

static sn_status check(const sn_scaling_law *law, const sn_scaling_data *data, const sn_scaling_options *o) {
    const sn_scaling_form *form = &law->form;
    if (form->n_sizes == 2 && !data->d)
        return sn_fail(SN_ERR_ARGUMENT, "scaling: the form \"%s\" has two sizes: data has only one", form->name);
    if (data->count <= form->n_parameters)
        return sn_fail(SN_ERR_ARGUMENT, "scaling: %lld points are too few for the %d parameters of \"%s\"",
                       (long long)data->count, form->n_parameters, form->name);
    if (!(o->delta >= 0) || o->resamples < 0 || !(o->level >= 0 && o->level < 1))
        return sn_fail(SN_ERR_ARGUMENT, "scaling: delta, resamples or level out of range");
    SN_TRY(check_size("N", data->n, data->count));
    if (form->n_sizes == 2) SN_TRY(check_size("D", data->d, data->count));
    return check_column("the loss", data->loss, data->count);
}

static void take_logs(job *j, const sn_scaling_data *data) {
    int64_t n = data->count;
    const double *from[3] = {data->n, j->points.law->form.n_sizes == 2 ? data->d : NULL, data->loss};
    for (int k = 0; k < 3; k++) {
        double *to = j->logs + k * n, mean = 0;
        for (int64_t i = 0; from[k] && i < n; i++) {
            to[i] = log(from[k][i]);
            mean += to[i] / (double)n;
        }
        for (int64_t i = 0; k < 2 && i < n; i++) to[i] -= mean;
        if (k < 2) j->mean[k] = mean;
    }
    j->points.size[0] = j->logs;
    j->points.size[1] = j->logs + n;
    j->points.loss = j->logs + 2 * n;
}

/* Thousands of starts on very many points would take hours and find the same minima. */
static void choose_grid_points(job *j) {
    int64_t n = j->points.count;
    j->grid = j->points;
    if (n <= MANY) return;
    double *to = j->logs + 3 * n;
    for (int64_t i = 0; i < SOME; i++) {
        int64_t at = (int64_t)(sn_uniform_f64(j->options.seed, UINT64_MAX, (uint64_t)i) * (double)n);
        for (int k = 0; k < 3; k++) to[k * SOME + i] = j->logs[k * n + at];
    }
    j->grid.size[0] = to, j->grid.size[1] = to + SOME, j->grid.loss = to + 2 * SOME;
    j->grid.count = SOME;
}

static sn_status job_new(job *j, const sn_scaling_data *data, int64_t tasks) {
    int64_t n = data->count, threads = sn_max_i64(j->options.n_threads, 1), size;
    if (!sn_mul_i64(n, 3 + threads, &size) || !sn_mul_i64(size, sizeof(double), &size))
        return sn_fail(SN_ERR_LIMIT, "scaling: too many points");
    j->logs = sn_calloc((size_t)(n + SOME), 3 * sizeof *j->logs);
    j->weight = sn_calloc((size_t)(n * threads), sizeof *j->weight);
    j->end = sn_calloc((size_t)tasks, SN_SCALING_MAX * sizeof *j->end);
    j->value = sn_calloc((size_t)tasks, sizeof *j->value);
    if (!j->logs || !j->weight || !j->end || !j->value) return sn_fail_memory("a scaling fit");
    take_logs(j, data);
    choose_grid_points(j);
    return SN_OK;
}

static void job_free(job *j) {
    sn_free(j->logs);
    sn_free(j->weight);
    sn_free(j->end);
    sn_free(j->value);
}

/* ---- One fit ---- */

/* Coefficients at size 1 to coefficients at the mean sizes (sign -1), and back (1). */
static void shift(const job *j, double *q, double sign) {
    const sn_scaling_law *law = j->points.law;
    for (int k = 0; k < law->n_terms; k++) {
        const sn_scaling_term *t = &law->term[k];
        if (t->exponent >= 0) q[t->coefficient] += sign * q[t->exponent] * j->mean[t->size];
    }
}

/* Runs until nothing is gained by starting again from where it ended: on the kinks of Huber's loss a first run may
 * stop early. */
static double minimise(const sn_scaling_points *points, double *q, int rounds) {
    const sn_lbfgs_options o = {.max_iterations = 2000, .gradient_tolerance = 1e-13, .value_tolerance = 1e-13};
    sn_lbfgs_result r;
    double before = INFINITY;
    for (int k = 0; k < rounds; k++) {
        sn_scaling_points p = *points;
        if (sn_lbfgs(sn_scaling_value, &p, q, p.law->form.n_parameters, &o, &r) != SN_OK) return before;
        if (!(r.value < before * (1 - 1e-10))) return fmin(before, r.value);
        before = r.value;
    }
    return before;
}

static int64_t count_starts(const sn_scaling_law *law) {
    int64_t n = 1;
    for (int k = 0; k < law->form.n_parameters; k++) n *= law->grid[k].n;
    return n;
}

static bool is_cancelled(const job *j) { return j->options.cancel && *j->options.cancel; }

static void fit_start(void *arg, int64_t task, int thread) {
    job *j = arg;
    const sn_scaling_law *law = j->points.law;
    task += j->first;
    double *q = j->end + task * SN_SCALING_MAX;
    int64_t rest = task;
    (void)thread;
    j->value[task] = INFINITY;
    if (is_cancelled(j)) return;
    for (int k = 0; k < law->form.n_parameters; k++) {
        int n = law->grid[k].n;
        q[k] = law->grid[k].from + (law->grid[k].to - law->grid[k].from) * (double)(rest % n) / (n - 1);
        rest /= n;
    }
    shift(j, q, -1);
    j->value[task] = minimise(&j->grid, q, 1);
}

static void fit_minimum(void *arg, int64_t task, int thread) {
    job *j = arg;
    (void)thread;
    j->minimum_value[task] = is_cancelled(j) ? INFINITY : minimise(&j->points, j->minimum[task], 20);
}

/* Draws as many points as there are, with replacement; another minimum may be the best of these. */
static void fit_resample(void *arg, int64_t task, int thread) {
    job *j = arg;
    sn_scaling_points points = j->points;
    int64_t n = points.count;
    task += j->first;
    double *weight = j->weight + thread * n, *q = j->end + task * SN_SCALING_MAX;
    memset(weight, 0, (size_t)n * sizeof *weight);
    for (int64_t i = 0; i < n; i++)
        weight[(int64_t)(sn_uniform_f64(j->options.seed, (uint64_t)task, (uint64_t)i) * (double)n)]++;
    points.weight = weight;
    j->value[task] = INFINITY;
    for (int k = 0; k < j->n_minima && !is_cancelled(j); k++) {
        double at[SN_SCALING_MAX];
        memcpy(at, j->minimum[k], sizeof at);
        double value = minimise(&points, at, 4);
        if (k > 0 && !(value < j->value[task])) continue;
        memcpy(q, at, sizeof at);
        j->value[task] = value;
    }
}

/* In parts, so that progress is told by the caller's thread. */
static sn_status run_tasks(job *j, sn_team *team, sn_task_fn fn, int64_t n) {
    enum { PART = 64 };
    for (j->first = 0; j->first < n; j->first += PART) {
        int64_t count = sn_min_i64(PART, n - j->first);
        sn_parallel(team, fn, j, count);
        if (is_cancelled(j)) return sn_fail(SN_ERR_CANCELLED, "scaling: cancelled");
        j->done += count;
        if (j->options.progress) j->options.progress(j->options.user, j->done, j->total);
    }
    return SN_OK;
}

/* ---- The whole ---- */

/* Whether q is at a minimum that is taken already. */
static bool is_taken(const job *j, const double *q, int n) {
    for (int k = 0; k < n; k++) {
        double apart = 0;
        for (int i = 0; i < j->points.law->form.n_parameters; i++)
            apart = fmax(apart, fabs(q[i] - j->minimum[k][i]) / (1 + fabs(q[i])));
        if (apart < 0.05) return true;
    }
    return false;
}

/* The best distinct ends of the grid's starts, none much worse than the best. */
static void take_minima(job *j, int64_t starts) {
    double best = INFINITY;
    for (int64_t s = 0; s < starts; s++) best = fmin(best, j->value[s]);
    for (j->n_minima = 0; j->n_minima < MINIMA; j->n_minima++) {
        int64_t next = -1;
        for (int64_t s = 0; s < starts; s++)
            if ((next < 0 || j->value[s] < j->value[next]) && j->value[s] <= 1.5 * best &&
                !is_taken(j, j->end + s * SN_SCALING_MAX, j->n_minima))
                next = s;
        if (next < 0) return;
        memcpy(j->minimum[j->n_minima], j->end + next * SN_SCALING_MAX, sizeof *j->minimum);
    }
}

/* Puts the best first and leaves out those that have run into another or stayed far behind. */
static void sort_minima(job *j) {
    int n = j->n_minima;
    double at[MINIMA][SN_SCALING_MAX], value[MINIMA];
    memcpy(at, j->minimum, sizeof at);
    memcpy(value, j->minimum_value, sizeof value);
    j->n_minima = 0;
    for (int turn = 0; turn < n; turn++) {
        int next = -1;
        for (int k = 0; k < n; k++)
            if (isfinite(value[k]) && (next < 0 || value[k] < value[next])) next = k;
        if (next < 0) return;
        if (j->n_minima == 0 || (value[next] <= 1.5 * j->minimum_value[0] && !is_taken(j, at[next], j->n_minima))) {
            memcpy(j->minimum[j->n_minima], at[next], sizeof *at);
            j->minimum_value[j->n_minima++] = value[next];
        }
        value[next] = INFINITY;
    }
}

static sn_status take_best(job *j, sn_team *team, int64_t starts, sn_scaling_fit *f) {
    double least = INFINITY;
    take_minima(j, starts);
    j->total += j->n_minima;
    SN_TRY(run_tasks(j, team, fit_minimum, j->n_minima));
    sort_minima(j);
    if (j->n_minima == 0)
        return sn_fail(SN_ERR_NUMERIC, "scaling: no start gave a finite objective: are the sizes sensible?");
    f->objective = j->minimum_value[0];
    f->starts = starts;
    f->minima = j->n_minima;
    for (int64_t s = 0; s < starts; s++) least = fmin(least, j->value[s]);
    if (j->grid.count == j->points.count) least = f->objective;
    for (int64_t s = 0; s < starts; s++) f->agreeing += j->value[s] <= least * (1 + 1e-6) + 1e-15;
    return SN_OK;
}

static bool is_exponent(const sn_scaling_law *law, int parameter) {
    for (int k = 0; k < law->n_terms; k++)
        if (law->term[k].exponent == parameter) return true;
    return false;
}

static void to_values(const job *j, const double *q, double *value) {
    double logs[SN_SCALING_MAX] = {0};
    memcpy(logs, q, sizeof logs);
    shift(j, logs, 1);
    sn_scaling_from_logs(j->points.law, logs, value);
}

static double residual(const sn_scaling_fit *f, const sn_scaling_data *data) {
    double sum = 0;
    for (int64_t i = 0; i < data->count; i++) {
        double r = log(sn_scaling_at(f->form, f->value, data->n[i], data->d ? data->d[i] : 1)) - log(data->loss[i]);
        sum += r * r;
    }
    return sqrt(sum / (double)data->count);
}

static sn_status bootstrap(job *j, sn_team *team, sn_scaling_fit *f) {
    int64_t n = j->options.resamples;
    double *column = sn_alloc((size_t)n * sizeof *column);
    f->sample = sn_calloc((size_t)n, SN_SCALING_MAX * sizeof *f->sample);
    f->resamples = n;
    sn_status status = column && f->sample ? SN_OK : sn_fail_memory("a bootstrap");
    if (status == SN_OK) status = run_tasks(j, team, fit_resample, n);
    for (int64_t r = 0; status == SN_OK && r < n; r++)
        to_values(j, j->end + r * SN_SCALING_MAX, f->sample + r * SN_SCALING_MAX);
    for (int k = 0; status == SN_OK && k < f->form->n_parameters; k++) {
        for (int64_t r = 0; r < n; r++) column[r] = f->sample[r * SN_SCALING_MAX + k];
        sn_interval(column, n, j->options.level, &f->low[k], &f->high[k]);
    }
    sn_free(column);
    return status;
}

static sn_status fit_all(job *j, const sn_scaling_data *data, sn_scaling_fit *f) {
    int64_t starts = count_starts(j->points.law);
    sn_team *team;
    j->total = starts + j->options.resamples;
    SN_TRY(sn_team_new(j->options.n_threads, &team));
    j->options.n_threads = sn_team_size(team);
    sn_status status = job_new(j, data, sn_max_i64(starts, j->options.resamples));
    if (status == SN_OK) status = run_tasks(j, team, fit_start, starts);
    if (status == SN_OK) status = take_best(j, team, starts, f);
    if (status == SN_OK) {
        to_values(j, j->minimum[0], f->value);
        f->rms = residual(f, data);
        status = sn_scaling_tell(&j->points, j->minimum[0], f->untold);
        for (int k = 0; k < f->form->n_parameters; k++)
            f->rising[k] = is_exponent(j->points.law, k) && !f->untold[k] && f->value[k] < 0;
    }
    if (status == SN_OK && j->options.resamples > 0) status = bootstrap(j, team, f);
    sn_team_free(team);
    return status;
}

sn_status sn_scaling_fit_new(const sn_scaling_form *form, const sn_scaling_data *data,
                             const sn_scaling_options *options, sn_scaling_fit *out) {
    job j = {.options = options ? *options : (sn_scaling_options){0}};
    sn_scaling_fit f = {.form = form, .count = data->count};
    j.points.law = sn_scaling_law_of(form);
    if (!j.points.law) return sn_fail(SN_ERR_ARGUMENT, "scaling: not a form of sn_scaling_form_get");
    SN_TRY(check(j.points.law, data, &j.options));
    if (j.options.delta == 0) j.options.delta = 1e-3;
    if (j.options.level == 0) j.options.level = 0.95;
    j.points.delta = j.options.delta;
    j.points.count = data->count;
    for (int k = 0; k < SN_SCALING_MAX; k++) f.low[k] = f.high[k] = NAN;
    sn_status status = fit_all(&j, data, &f);
    job_free(&j);
    if (status == SN_OK)
        *out = f;
    else
        sn_scaling_free(&f);
    return status;
}

void sn_scaling_free(sn_scaling_fit *f) {
    if (!f) return;
    sn_free(f->sample);
    f->sample = NULL;
}
