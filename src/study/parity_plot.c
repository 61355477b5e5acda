/* Pictures of multitask sparse parity. */
#include "base/alloc.h"
#include "base/error.h"
#include "study/parity.h"
#include "suan/plot.h"

#include <math.h>

enum { MOST_CURVES = 60, GREY = 8, BLUE = 1, RED = 2, GREEN = 3 };

typedef struct drawing {
    sn_plot_series curves[MOST_CURVES + 1], times[2], widths[2], sets[2];
    sn_plot_panel panels[4];
    double ends[2][2], by_width[3][SN_PARITY_RUNS], by_set[3][SN_PARITY_RUNS];
    double *step, *curve, *p, *at;
    int n_panels;
} drawing;

/* So many curves, of all that is learned and some of the rest. */
static void draw_curves(drawing *d, const sn_parity_result *r) {
    int64_t tasks = r->options.tasks, marks = r->n_marks, n = 0, shown = 0;
    for (int64_t k = 0; k < tasks; k++)
        if (r->learned_at[k] >= 0) shown = k + 1;
    shown = shown < 16 ? 16 : shown;
    shown = shown < tasks ? shown : tasks;
    int64_t every = (shown + MOST_CURVES - 1) / MOST_CURVES;
    for (int64_t m = 0; m < marks; m++) d->step[m] = (double)r->step[m];
    for (int64_t k = 0; k < shown; k += every, n++) {
        double *y = d->curve + n * marks;
        for (int64_t m = 0; m < marks; m++) y[m] = r->task_loss[m * tasks + k];
        d->curves[n] =
            (sn_plot_series){.name = n == 0 ? "a task" : NULL, .x = d->step, .y = y, .n = marks, .style = GREY};
    }
    d->curves[n++] = (sn_plot_series){.name = "mean", .x = d->step, .y = r->loss, .n = marks, .style = BLUE};
    d->panels[d->n_panels++] = (sn_plot_panel){.x = {.label = "step", .scale = SN_AXIS_LOG10},
                                               .y = {.label = "loss (bits)"},
                                               .series = d->curves,
                                               .n_series = (int)n};
}

/* The line of slope -1 goes through the middle of the points. No panel where no task was learned. */
static void draw_times(drawing *d, const sn_parity_result *r) {
    double u = 0, low = INFINITY, high = 0;
    int64_t n = 0;
    for (int64_t k = 0; k < r->options.tasks; k++) {
        if (r->learned_at[k] < 0) continue;
        d->p[n] = r->probability[k], d->at[n] = (double)r->learned_at[k];
        u += log(d->at[n] * d->p[n]);
        low = fmin(low, d->p[n]), high = fmax(high, d->p[n]);
        n++;
    }
    if (n == 0) return;
    d->ends[0][0] = low, d->ends[0][1] = high;
    for (int i = 0; i < 2; i++) d->ends[1][i] = exp(u / (double)n) / d->ends[0][i];
    d->times[0] = (sn_plot_series){.name = "learned at", .x = d->p, .y = d->at, .n = n, .style = RED, .points = true};
    d->times[1] = (sn_plot_series){.name = "~ 1 / p", .x = d->ends[0], .y = d->ends[1], .n = 2, .style = GREEN};
    d->panels[d->n_panels++] = (sn_plot_panel){.x = {.label = "probability of a task", .scale = SN_AXIS_LOG10},
                                               .y = {.label = "step", .scale = SN_AXIS_LOG10},
                                               .series = d->times,
                                               .n_series = 2};
}

static void draw_sizes(drawing *d, const char *label, double (*at)[SN_PARITY_RUNS], int n,
                       const sn_quanta_comparison *c, const sn_quanta *q, sn_plot_series *series) {
    for (int i = 0; i < n; i++) at[2][i] = sn_quanta_loss_at(q, pow(c->scale * at[0][i], c->endless / q->gamma));
    series[0] = (sn_plot_series){.name = "loss", .x = at[0], .y = at[1], .n = n, .style = BLUE, .points = true};
    series[1] =
        (sn_plot_series){.name = "ideal learner of the same list", .x = at[0], .y = at[2], .n = n, .style = GREEN};
    d->panels[d->n_panels++] = (sn_plot_panel){.x = {.label = label, .scale = SN_AXIS_LOG10},
                                               .y = {.label = "loss (bits)", .scale = SN_AXIS_LOG10},
                                               .series = series,
                                               .n_series = isnan(c->scale) ? 1 : 2};
}

static void draw(drawing *d, const sn_parity_study *s) {
    const sn_parity_result *widest = &s->runs[s->n_widths - 1];
    const sn_quanta q = {.gamma = widest->options.gamma, .tasks = widest->options.tasks};
    draw_curves(d, widest);
    draw_times(d, widest);
    for (int i = 0; i < s->n_widths; i++) {
        d->by_width[0][i] = (double)s->runs[i].n_parameters;
        d->by_width[1][i] = s->runs[i].loss[s->runs[i].n_marks - 1];
    }
    for (int i = 0; i < s->n_data; i++) {
        const sn_parity_result *r = &s->runs[s->n_widths + i];
        d->by_set[0][i] = (double)r->options.examples;
        d->by_set[1][i] = r->loss[r->best];
    }
    if (s->n_widths > 1) draw_sizes(d, "parameters", d->by_width, s->n_widths, &s->by_parameters, &q, d->widths);
    if (s->n_data > 1) draw_sizes(d, "examples", d->by_set, s->n_data, &s->by_data, &q, d->sets);
}

sn_status sn_parity_write_plot(const sn_parity_study *s, const char *path) {
    const sn_parity_result *widest = &s->runs[s->n_widths - 1];
    size_t marks = (size_t)widest->n_marks, tasks = (size_t)widest->options.tasks;
    drawing *d = sn_calloc(1, sizeof *d);
    double *memory = sn_calloc(marks + marks * MOST_CURVES + 2 * tasks, sizeof *memory);
    sn_status status = d && memory ? SN_OK : sn_fail_memory("a chart");
    if (status == SN_OK) {
        d->step = memory, d->curve = memory + marks, d->p = d->curve + marks * MOST_CURVES, d->at = d->p + tasks;
        draw(d, s);
        status = sn_plot_write(&(sn_plot){.panels = d->panels, .n_panels = d->n_panels}, path);
    }
    sn_free(memory);
    sn_free(d);
    return status;
}
