/* What the curves of multitask sparse parity say: which task is learned when, and how the loss falls with size. */
#include "study/parity.h"

#include "base/alloc.h"
#include "base/error.h"

#include <math.h>
#include <stdlib.h>

/* ---- One run ---- */

/* The first mark from which on the task's loss stays below `level`; n_marks where it does not. */
static int64_t stays_below(const sn_parity_result *r, int64_t task, double level) {
    int64_t m = r->n_marks;
    while (m > 0 && r->task_loss[(m - 1) * r->options.tasks + task] < level) m--;
    return m;
}

void sn_parity_sum_up(sn_parity_result *r) {
    double n = 0, x = 0, y = 0, xx = 0, xy = 0;
    int64_t tasks = r->options.tasks;
    r->learned = r->learned_best = r->best = 0;
    for (int64_t m = 0; m < r->n_marks; m++) {
        r->loss[m] = 0;
        for (int64_t k = 0; k < tasks; k++) r->loss[m] += r->probability[k] * r->task_loss[m * tasks + k];
        if (r->loss[m] < r->loss[r->best]) r->best = m;
    }
    for (int64_t k = 0; k < tasks; k++) {
        int64_t m = stays_below(r, k, 0.5);
        r->learned_best += r->task_loss[r->best * tasks + k] < 0.5;
        r->learned_at[k] = m < r->n_marks ? r->step[m] : -1;
        if (r->learned_at[k] < 0) continue;
        double u = log(r->probability[k]), v = log((double)r->learned_at[k]);
        n++, x += u, y += v, xx += u * u, xy += u * v;
        r->learned++;
    }
    r->time_exponent = n > 2 ? (n * xy - x * y) / (n * xx - x * x) : NAN;
}

/* ---- The widest network ---- */

/* Spearman's correlation of the learned tasks' ranks in time with their ranks in frequency; equal times share the mean
 * of their ranks. */
static double order_of(const sn_parity_result *r) {
    double n = (double)r->learned, x = 0, xx = 0, yy = 0, xy = 0;
    int64_t tasks = r->options.tasks;
    for (int64_t k = 0; k < tasks; k++) {
        if (r->learned_at[k] < 0) continue;
        double below = 0, equal = 0;
        for (int64_t i = 0; i < tasks; i++) {
            if (r->learned_at[i] < 0) continue;
            below += r->learned_at[i] < r->learned_at[k];
            equal += r->learned_at[i] == r->learned_at[k];
        }
        double u = x++ - (n - 1) / 2, v = below + (equal - 1) / 2 - (n - 1) / 2;
        xx += u * u, yy += v * v, xy += u * v;
    }
    return r->learned > 1 && yy > 0 ? xy / sqrt(xx * yy) : NAN;
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* How many times the steps a task takes from 0.9 to 0.1 bits: the median. `memory`: a number for each task. */
static double sudden_of(const sn_parity_result *r, double *memory) {
    int64_t n = 0;
    for (int64_t k = 0; k < r->options.tasks; k++) {
        int64_t from = stays_below(r, k, 0.9), to = stays_below(r, k, 0.1);
        if (to == r->n_marks || from == 0) continue;
        memory[n++] = (double)r->step[to] / (double)r->step[from - 1];
    }
    qsort(memory, (size_t)n, sizeof *memory, ascending);
    return n == 0 ? NAN : n % 2 ? memory[n / 2] : (memory[n / 2 - 1] + memory[n / 2]) / 2;
}

/* The same for the mean, or as far as it has come. */
static double smooth_of(const sn_parity_result *r) {
    int64_t from = 0, to = 0;
    while (from < r->n_marks - 1 && r->loss[from + 1] >= 0.9) from++;
    for (to = from; to < r->n_marks - 1 && r->loss[to] >= 0.1;) to++;
    return (double)r->step[to] / (double)r->step[from];
}

/* ---- Slopes ---- */

static sn_status compare(const sn_parity_result *r, double power, const double *x, const double *loss, int64_t n,
                         double *ideal, sn_quanta_comparison *out) {
    const sn_quanta q = {.gamma = r->options.gamma, .tasks = r->options.tasks};
    return sn_quanta_compare(&q, power, x, loss, n, ideal, out);
}

static int64_t steps_learning(const sn_parity_result *r, double *x, double *y) {
    int64_t first = r->n_marks, last = -1, n = 0;
    for (int64_t k = 0; k < r->options.tasks; k++) {
        int64_t m = stays_below(r, k, 0.5);
        if (m == r->n_marks) continue;
        first = m < first ? m : first, last = m > last ? m : last;
    }
    for (int64_t m = first; m <= last; m++)
        if (r->loss[m] > 0) x[n] = (double)r->step[m], y[n++] = r->loss[m];
    return n;
}

static sn_status compare_all(sn_parity_study *s, double *memory, int64_t size) {
    const sn_parity_result *widest = &s->runs[s->n_widths - 1];
    double *x = memory, *y = memory + size, *ideal = memory + 2 * size;
    double gamma = widest->options.gamma, by_time = 1 / (1 + gamma);
    int64_t n = 0;
    s->order = order_of(widest);
    s->sudden = sudden_of(widest, memory);
    s->smooth = smooth_of(widest);
    for (int i = 0; i < s->n_widths; i++) {
        const sn_parity_result *r = &s->runs[i];
        if (r->learned == 0 || !(r->loss[r->n_marks - 1] > 0)) continue;
        x[n] = (double)r->n_parameters, y[n++] = r->loss[r->n_marks - 1];
    }
    SN_TRY(compare(widest, 1, x, y, n, ideal, &s->by_parameters));
    n = steps_learning(widest, x, y);
    SN_TRY(compare(widest, by_time, x, y, n, ideal, &s->by_steps));
    n = 0;
    for (int i = s->n_widths; i < s->n_widths + s->n_data; i++) {
        const sn_parity_result *r = &s->runs[i];
        if (r->learned_best == 0 || !(r->loss[r->best] > 0)) continue;
        x[n] = (double)r->options.examples, y[n++] = r->loss[r->best];
    }
    return compare(widest, by_time, x, y, n, ideal, &s->by_data);
}

sn_status sn_parity_compare(sn_parity_study *s) {
    const sn_parity_options *o = &s->runs[0].options;
    int64_t size = 2 * SN_PARITY_RUNS + o->marks + o->tasks;
    double *memory = sn_alloc((size_t)size * 3 * sizeof *memory);
    if (!memory) return sn_fail_memory("a study");
    sn_status status = compare_all(s, memory, size);
    sn_free(memory);
    return status;
}
