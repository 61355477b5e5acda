/* The two scalars along a line, as a chart. */
#include "base/alloc.h"
#include "math/curvature.h"
#include "suan/plot.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { samples = 301 };
typedef struct line {
    double x[samples], ricci[samples], kretschmann[samples];
    int n_real;
} line;

/* "r=2.5,10" */
static sn_status read_line(const char *along, char name[SN_EXPR_MAX_WORD], double *from, double *to) {
    char *end;
    size_t n = strcspn(along, "=");
    *from = *to = 0;
    if (along[n] == '=' && n > 0 && n < SN_EXPR_MAX_WORD) {
        memcpy(name, along, n);
        name[n] = 0;
        *from = strtod(along + n + 1, &end);
        bool comma = end != along + n + 1 && *end == ',';
        const char *second = comma ? end + 1 : "";
        *to = strtod(second, &end);
        if (comma && end != second && !*end && isfinite(*from) && isfinite(*to) && *from < *to) return SN_OK;
    }
    return sn_fail(SN_ERR_ARGUMENT, "--along: wants a name and two rising numbers, as r=2.5,10, not \"%.60s\"", along);
}

/* Points where the metric is not regular are gaps. A name that is not known is an error at every point. */
static sn_status measure(sn_curvature *c, const char *at, const char *name, double from, double to, line *out) {
    char point[1024];
    sn_status status = SN_OK;
    for (int i = 0; i < samples; i++) {
        out->x[i] = from + (to - from) * i / (samples - 1);
        int used = snprintf(point, sizeof point, "%s%s%s=%.12g", at ? at : "", at && *at ? "," : "", name, out->x[i]);
        if (used >= (int)sizeof point) return sn_fail(SN_ERR_LIMIT, "--at: too long for a line");
        status = sn_curvature_set_point(c, point);
        if (status != SN_OK && status != SN_ERR_NUMERIC) return status;
        const int none[4] = {0};
        out->ricci[i] = sn_curvature_value(c, SN_CURVATURE_SCALAR, none);
        out->kretschmann[i] = sn_curvature_value(c, SN_CURVATURE_KRETSCHMANN, none);
        out->n_real += isfinite(out->ricci[i]) && isfinite(out->kretschmann[i]);
    }
    return out->n_real ? SN_OK : status;
}

/* Positive values over three decades. */
static bool wants_log(const double *y) {
    double least = INFINITY, most = 0;
    for (int i = 0; i < samples; i++) {
        if (isnan(y[i])) continue;
        least = y[i] < least ? y[i] : least;
        most = y[i] > most ? y[i] : most;
    }
    return least > 0 && most > 1000 * least;
}

sn_status sn_curvature_draw(sn_curvature *c, const char *at, const char *along, const char *path) {
    char name[SN_EXPR_MAX_WORD];
    double from, to;
    line *l = NULL;
    SN_TRY(sn_plot_check_path(path));
    SN_TRY(read_line(along, name, &from, &to));
    l = sn_calloc(1, sizeof *l);
    if (!l) return sn_fail_memory("a chart");
    sn_status status = measure(c, at, name, from, to, l);
    const sn_plot_series series[] = {{.x = l->x, .y = l->ricci, .n = samples},
                                     {.x = l->x, .y = l->kretschmann, .n = samples}};
    const sn_plot_panel panels[] = {
        {.title = "Ricci scalar", .x = {.label = name}, .series = &series[0], .n_series = 1},
        {.title = "Kretschmann scalar",
         .x = {.label = name},
         .y = {.scale = wants_log(l->kretschmann) ? SN_AXIS_LOG10 : SN_AXIS_LINEAR},
         .series = &series[1],
         .n_series = 1}};
    if (status == SN_OK) status = sn_plot_write(&(sn_plot){.panels = panels, .n_panels = 2}, path);
    sn_free(l);
    return status;
}
