/* sn_extremal_solve: states the problem, searches, and reports. */
#include "math/extremal.h"

#include "base/alloc.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { D = SN_LAGRANGIAN_MAX_FUNCTIONS, MOST_POINTS = 100000 };

/* ---- The catalogue ---- */

static const sn_extremal_entry *const halves[] = {sn_extremal_curves, sn_extremal_rays};

static const sn_extremal_entry *entry_at(int i) {
    for (int h = 0; i >= 0 && h < 2; h++)
        for (const sn_extremal_entry *e = halves[h]; e->info.name; e++)
            if (i-- == 0) return e;
    return NULL;
}

int sn_extremal_count(void) {
    int n = 0;
    while (entry_at(n)) n++;
    return n;
}

const sn_extremal_info *sn_extremal_get(int i) {
    const sn_extremal_entry *e = entry_at(i);
    return e ? &e->info : NULL;
}

const sn_extremal_entry *sn_extremal_find(const char *name) {
    const sn_extremal_entry *e;
    for (int i = 0; (e = entry_at(i)); i++)
        if (strcmp(e->info.name, name) == 0) return e;
    return NULL;
}

const char *sn_extremal_kind_name(sn_extremal_kind kind) {
    static const char *const names[] = {"minimum", "maximum", "saddle", "degenerate", "neither", "only path"};
    return kind >= 0 && kind <= SN_EXTREMAL_ONLY ? names[kind] : "";
}

const char *sn_extremal_end_name(sn_extremal_end end) {
    static const char *const names[] = {"no search", "all starts tried", "no room for more paths", "work spent",
                                        "candidates did not last"};
    return end >= 0 && end <= SN_EXTREMAL_NO_FINER ? names[end] : "";
}

/* ---- Stating the problem ---- */

static sn_status state_own(sn_extremal_job *j) {
    const sn_extremal_problem *p = j->problem;
    SN_TRY(sn_extremal_declare(j, p->variable ? p->variable : "x", p->functions ? p->functions : "y"));
    SN_TRY(sn_extremal_declare_parameters(j));
    SN_TRY(sn_extremal_parse(j, "--lagrangian", p->lagrangian, strlen(p->lagrangian), &j->v.l.density));
    if (p->constraint) {
        const char *equals = strrchr(p->constraint, '=');
        if (!equals)
            return sn_fail(SN_ERR_FORMAT, "--constraint: \"%.60s\" lacks its number: write \"sqrt(1+y'^2) = 2\"",
                           p->constraint);
        size_t size = (size_t)(equals - p->constraint);
        SN_TRY(sn_extremal_parse(j, "--constraint", p->constraint, size, &j->v.l.constraint));
        SN_TRY(sn_extremal_number("--constraint", equals + 1, strlen(equals + 1), &j->v.l.bound));
    }
    if (j->n_ends != j->v.l.d + 1)
        return sn_fail(SN_ERR_ARGUMENT, "--from has %d numbers: give the variable and %d function%s, %d in all",
                       j->n_ends, j->v.l.d, j->v.l.d > 1 ? "s" : "", j->v.l.d + 1);
    if (!(j->from[0] < j->to[0]))
        return sn_fail(SN_ERR_ARGUMENT, "--from (%g) must lie before --to (%g)", j->from[0], j->to[0]);
    double most = j->to[0] - j->from[0];
    for (int k = 1; k <= j->v.l.d; k++) {
        if (!isnan(j->from[k])) most = fmax(most, fabs(j->from[k]));
        if (!isnan(j->to[k])) most = fmax(most, fabs(j->to[k]));
    }
    for (int k = 0; k < j->v.l.d; k++) j->v.scale[k] = most;
    return SN_OK;
}

static sn_status state_known(sn_extremal_job *j) {
    const sn_extremal_entry *e = j->entry;
    if (e->density) {
        SN_TRY(sn_extremal_declare(j, e->variable, e->functions));
        if (j->entry == sn_extremal_find("layers")) SN_TRY(sn_expr_declare(&j->scope, "layers", "n", 1, false));
        SN_TRY(sn_extremal_declare_parameters(j));
        SN_TRY(sn_extremal_parse(j, e->info.name, e->density, strlen(e->density), &j->v.l.density));
    }
    if (e->constraint)
        SN_TRY(sn_extremal_parse(j, e->info.name, e->constraint, strlen(e->constraint), &j->v.l.constraint));
    return e->prepare(j);
}

/* Options that belong to other problems are refused rather than ignored. */
static sn_status check_options(const sn_extremal_job *j) {
    const sn_extremal_problem *p = j->problem;
    const char *name = p->name ? p->name : "";
    const struct {
        const char *option, *value;
        bool fits;
    } rows[] = {
        {"--lagrangian", p->lagrangian, !p->name},
        {"--constraint", p->constraint, !p->name},
        {"--variable", p->variable, !p->name},
        {"--functions", p->functions, !p->name},
        {"--index", p->index, strcmp(name, "fermat") == 0 || strcmp(name, "layers") == 0},
        {"--interfaces", p->interfaces, strcmp(name, "layers") == 0},
        {"--metric", p->metric, strcmp(name, "geodesic") == 0},
        {"--coords", p->coords, strcmp(name, "geodesic") == 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].value && !rows[i].fits)
            return sn_fail(SN_ERR_ARGUMENT, "%s takes no %s", p->name ? p->name : "--lagrangian", rows[i].option);
    if (p->points < 0 || p->points == 1 || p->points > MOST_POINTS)
        return sn_fail(SN_ERR_ARGUMENT, "extremal: %d points: 2 to %d can be printed", p->points, MOST_POINTS);
    return SN_OK;
}

static sn_status state(sn_extremal_job *j) {
    const sn_extremal_problem *p = j->problem;
    if (p->name && !(j->entry = sn_extremal_find(p->name))) {
        char known[256] = "";
        for (int i = 0, used = 0; i < sn_extremal_count() && used < 240; i++)
            used += snprintf(known + used, sizeof known - (size_t)used, " %s", entry_at(i)->info.name);
        return sn_fail(SN_ERR_NOT_FOUND, "extremal: there is no problem \"%.60s\": known are%s", p->name, known);
    }
    if (!p->name && !p->lagrangian) return sn_fail(SN_ERR_ARGUMENT, "give the name of a problem, or --lagrangian");
    SN_TRY(check_options(j));
    j->v.cancel = p->cancel, j->v.progress = p->progress, j->v.progress_user = p->progress_user;
    j->factor = 1;
    SN_TRY(sn_extremal_take(j));
    for (int k = 0; k < D && !j->entry; k++) j->v.from[k] = j->from[k + 1], j->v.to[k] = j->to[k + 1];
    bool plain = !j->entry || !j->entry->parametric;
    j->v.cuts[0] = plain ? j->from[0] : 0;
    j->v.cuts[1] = plain ? j->to[0] : 1;
    j->v.n_intervals = 1;
    if (plain) j->v.from[0] = j->from[1], j->v.to[0] = j->to[1];
    return j->entry ? state_known(j) : state_own(j);
}

/* ---- Reporting ---- */

static void name_columns(sn_extremal_job *j) {
    sn_extremal *out = j->out;
    const char *piece;
    size_t at = 0, size;
    int d = j->v.l.d;
    bool given = j->entry && j->entry->columns;
    if (!given) {
        out->n_columns = 1 + 2 * d;
        for (int i = 0; i < out->n_columns; i++)
            snprintf(out->column[i], sizeof out->column[i], "%s", j->scope.names[i]);
        out->across = 0, out->up = 1;
        if (j->v.l.layer) out->across = 1, out->up = 0; /* x(y), drawn as light goes */
        return;
    }
    for (; sn_extremal_piece(j->entry->columns, ',', &at, &piece, &size) && out->n_columns < 1 + d; out->n_columns++)
        snprintf(out->column[out->n_columns], sizeof out->column[0], "%.*s", (int)size, piece);
    for (; out->n_columns < 1 + d; out->n_columns++)
        snprintf(out->column[out->n_columns], sizeof out->column[0], "%s", j->scope.names[out->n_columns]);
    out->across = d > 1 ? 1 : 0, out->up = d > 1 ? 2 : 1;
}

static double value_of(const sn_extremal_job *j, double sum) {
    return j->root ? copysign(sqrt(fabs(sum)), sum) : j->factor * sum;
}

/* Rows of a table from `sample`, which gives functions and slopes at the variable. */
typedef void (*sample_fn)(const void *user, int d, double t, double *q, double *p);

static void fill_table(const sn_extremal_job *j, double value, sample_fn sample, const void *user, double *table) {
    const sn_extremal *out = j->out;
    double a = j->v.cuts[0], b = j->v.cuts[j->v.n_intervals], q[D], p[D];
    for (int i = 0; i < out->points; i++) {
        double *row = table + (int64_t)i * out->n_columns, t = (double)i / (out->points - 1), tau = t;
        if (sn_extremal_is_mirrored(j)) tau = t <= 0.5 ? 2 * t : 2 - 2 * t;
        double at = i == out->points - 1 && tau == 1 ? b : a + (b - a) * tau;
        sample(user, j->v.l.d, at, q, p);
        if (j->entry && j->entry->show) {
            j->entry->show(j, value, t, q, row);
            continue;
        }
        row[0] = at;
        for (int k = 0; k < j->v.l.d; k++) row[1 + k] = q[k], row[1 + j->v.l.d + k] = p[k];
    }
}

typedef struct found_path {
    const sn_mesh *mesh;
    const double *u;
} found_path;

static void sample_find(const void *user, int d, double t, double *q, double *p) {
    const found_path *f = user;
    sn_mesh_sample(f->mesh, f->u, d, t, q, p);
}

static sn_extremal_kind kind_of(const sn_second_variation *s) {
    if (s->legendre == 0) return SN_EXTREMAL_INDEFINITE;
    if (s->worse > 0) return SN_EXTREMAL_SADDLE;
    if (s->flat > 0) return SN_EXTREMAL_DEGENERATE;
    return s->legendre > 0 ? SN_EXTREMAL_MINIMUM : SN_EXTREMAL_MAXIMUM;
}

void sn_extremal_judge(const sn_search_find *f, sn_extremal_path *path) {
    path->kind = kind_of(&f->second);
    path->index = f->second.worse;
    path->eigenvalue = f->second.edge;
    path->residual = f->second.residual;
    path->change = fmax(f->change, f->value_change);
    path->settled = path->change <= 1e-8, path->counted = f->counted;
    path->unknowns = f->unknowns;
    path->n_conjugate = f->second.n_conjugate;
    for (int k = 0; k < path->n_conjugate; k++) path->conjugate[k] = f->second.conjugate[k];
}

static sn_status report_path(sn_extremal_job *j, const sn_search *search, int i, sn_extremal_path *path) {
    sn_extremal *out = j->out;
    const sn_search_find *f = &search->find[i];
    const found_path found = {&search->rung[f->rung].mesh, f->u};
    *path = (sn_extremal_path){.value = value_of(j, f->j),
                               .known = (double)NAN,
                               .multiplier = j->v.l.constraint ? f->multiplier : (double)NAN};
    sn_extremal_judge(f, path);
    if (j->turns && (path->kind == SN_EXTREMAL_MINIMUM || path->kind == SN_EXTREMAL_MAXIMUM))
        path->kind = SN_EXTREMAL_DEGENERATE;
    /* Of a null path rounding alone is left, and its root would show it. */
    if (j->root && path->kind == SN_EXTREMAL_INDEFINITE && fabs(f->j) <= 1e-12 * f->size) path->value = 0;
    path->table = sn_alloc((size_t)out->points * (size_t)out->n_columns * sizeof(double));
    if (!path->table) return sn_fail_memory("a table");
    out->n_paths++;
    fill_table(j, path->value, sample_find, &found, path->table);
    return SN_OK;
}

/* Each closed form goes to the path nearest to it in value, if they agree to 1e-6. */
static void compare_known(sn_extremal_job *j) {
    double values[SN_EXTREMAL_MAX_PATHS];
    int n = j->entry && j->entry->known ? j->entry->known(j, values) : 0;
    for (int i = 0; i < n; i++) {
        sn_extremal_path *best = &j->out->path[0];
        for (int k = 1; k < j->out->n_paths; k++)
            if (fabs(j->out->path[k].value - values[i]) < fabs(best->value - values[i])) best = &j->out->path[k];
        if (fabs(best->value - values[i]) <= 1e-6 * (1 + fabs(values[i])))
            best->known = values[i];
        else
            sn_extremal_note(j, "A closed form gives another path, with %.10g, that was not found.", values[i]);
    }
}

typedef struct traced {
    const sn_trace *trace;
    int step;
    double a, b;
} traced;

static void sample_trace(const void *user, int d, double t, double *q, double *p) {
    const traced *s = user;
    const double *path = s->trace->path + (int64_t)s->step * SN_TRACE_POINTS * d;
    double at = (t - s->a) / (s->b - s->a) * (SN_TRACE_POINTS - 1);
    int i = at >= SN_TRACE_POINTS - 1 ? SN_TRACE_POINTS - 2 : (int)at;
    for (int k = 0; k < d; k++) {
        double u = path[i * d + k], w = path[(i + 1) * d + k];
        q[k] = u + (w - u) * (at - i);
        p[k] = (w - u) * (SN_TRACE_POINTS - 1) / (s->b - s->a);
    }
}

static sn_status report_steps(sn_extremal_job *j, sn_search *search) {
    sn_extremal *out = j->out;
    sn_trace trace = {.d = j->v.l.d};
    size_t table = (size_t)out->points * (size_t)out->n_columns;
    trace.path = sn_alloc(sizeof(double) * SN_TRACE_MAX * SN_TRACE_POINTS * (size_t)trace.d);
    if (!trace.path) return sn_fail_memory("a trace");
    sn_status status = sn_search_retrace(search, 0, &trace);
    if (status == SN_OK && !(out->steps = sn_alloc((size_t)(trace.n + 1) * table * sizeof(double))))
        status = sn_fail_memory("a trace");
    for (int i = 0; status == SN_OK && i < trace.n; i++) {
        const traced user = {&trace, i, j->v.cuts[0], j->v.cuts[j->v.n_intervals]};
        fill_table(j, out->path[0].value, sample_trace, &user, out->steps + (size_t)i * table);
        out->n_steps = i + 1;
    }
    sn_free(trace.path);
    return status;
}

/* What is not sure about the paths, and whether there may be more. */
static void warn(sn_extremal_job *j, const sn_search *search) {
    sn_extremal *out = j->out;
    bool family = false;
    for (int i = 0; i < search->n; i++) {
        if (search->find[i].family == 0) continue;
        sn_extremal_note(j, "Extremal %d stands for a family of paths of the same value: %d of them were found.", i + 1,
                         search->find[i].family + 1);
        family = true;
    }
    for (int i = 0; i < out->n_paths; i++) {
        const sn_extremal_path *p = &out->path[i];
        if (!p->settled)
            sn_extremal_note(j, "Extremal %d has not settled: the last refinement changed it by %.1e.", i + 1,
                             p->change);
        else if (!p->counted)
            sn_extremal_note(j, "The directions of extremal %d could not all be counted.", i + 1);
    }
    if (out->search.dropped > 0 && !j->entry)
        sn_extremal_note(j,
                         "What looked like a path on coarse meshes %d time%s did not solve the equation on finer ones: "
                         "paths with corners are not looked for.",
                         (int)out->search.dropped, out->search.dropped > 1 ? "s" : "");
    if (out->search.end == SN_EXTREMAL_FULL && !family)
        sn_extremal_note(j, "The search ended with %d paths: there may be more.", out->n_paths);
    if (out->search.end == SN_EXTREMAL_NO_FINER && !j->entry)
        sn_extremal_note(j, "The search ended after %d candidates that did not last on finer meshes.",
                         SN_SEARCH_FAILURES);
    if (out->search.end == SN_EXTREMAL_WORK_SPENT)
        sn_extremal_note(j, "The search ended after %d starts, which took long: there may be more paths.",
                         (int)out->search.starts);
}

static void tell_search(sn_extremal_job *j, const sn_search *s) {
    j->out->search = (sn_extremal_search){.end = s->full                             ? SN_EXTREMAL_FULL
                                                 : s->spent                          ? SN_EXTREMAL_WORK_SPENT
                                                 : s->failures >= SN_SEARCH_FAILURES ? SN_EXTREMAL_NO_FINER
                                                                                     : SN_EXTREMAL_ALL_TRIED,
                                          .starts = s->tried,
                                          .shots = s->shots.n,
                                          .slopes = s->shots.tried,
                                          .dropped = s->dropped};
}

static sn_status report(sn_extremal_job *j, sn_search *search) {
    static const int few[] = {4, 8, 16}, degrees[] = {2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 18, 20, 24, 28, 32};
    sn_extremal *out = j->out;
    for (int i = 0; i < search->n; i++) SN_TRY(report_path(j, search, i, &out->path[i]));
    if (search->n == 0) return SN_OK;
    SN_TRY(report_steps(j, search));
    /* Each needs a graph of its own: of a long expression only three. */
    bool is_long = j->v.l.density->size > 400;
    out->n_degrees = is_long ? 3 : sizeof degrees / sizeof *degrees;
    SN_TRY(sn_search_degrees(search, 0, is_long ? few : degrees, out->n_degrees, out->unknowns, out->value_error,
                             out->path_error));
    for (int i = 0; j->root && i < out->n_degrees; i++) out->value_error[i] /= 2;
    return SN_OK;
}

/* ---- Solving ---- */

/* "62 starts: bent lines, and of 793 slopes at an end those that lead near the other". */
static const char *tell_tried(const sn_extremal_search *s, char *text, size_t size) {
    int used = snprintf(text, size, "%d starts were tried: bent lines", (int)s->starts);
    if (s->slopes > 0)
        used += snprintf(text + used, size - (size_t)used, ", and of %d slopes at an end the %d that lead to the other",
                         (int)s->slopes, (int)s->shots);
    if (s->dropped > 0)
        used += snprintf(text + used, size - (size_t)used, "; %d times what looked like a path had corners",
                         (int)s->dropped);
    if (s->end == SN_EXTREMAL_WORK_SPENT)
        (void)snprintf(text + used, size - (size_t)used, "; more would take too long");
    return text;
}

/* Is the constraint's slope 0 on the path that was tried last? */
static bool holds_anyway(const sn_search *s) {
    const sn_level *level = &s->rung[0];
    double most = 0;
    if (!level->v || !level->bound) return false;
    for (int64_t i = 0; i < level->n; i++) most = fmax(most, fabs(level->slope_k[i]));
    return most <= 1e-12 * (1 + fabs(level->k));
}

static sn_status none_found(const sn_extremal_job *j, const sn_search *search) {
    double values[SN_EXTREMAL_MAX_PATHS];
    char tried[240];
    tell_tried(&j->out->search, tried, sizeof tried);
    if (j->entry && j->entry->known && j->entry->known(j, values) > 0)
        return sn_fail(SN_ERR_NUMERIC,
                       "extremal: the path was not found. A closed form gives %.10g; the path is too steep or "
                       "turns too often for the meshes, or meets a singular point of its coordinates (%s)",
                       values[0], tried);
    if (search->none_finite)
        return sn_fail(SN_ERR_NUMERIC,
                       "extremal: no path that was tried lies in the domain: is the Lagrangian a number along the "
                       "straight path between the ends, and are the ends inside?");
    if (holds_anyway(search))
        return sn_fail(SN_ERR_NUMERIC,
                       "extremal: the integral of --constraint depends on the ends alone: no path can change it");
    return sn_fail(SN_ERR_NUMERIC,
                   "extremal: no stationary path was found: either there is none (what has no least value, or is "
                   "linear in %s), or it is far from the straight line (%s)",
                   j->scope.names[1 + j->v.l.d], tried);
}

static sn_status solve(sn_extremal_job *j) {
    sn_search search;
    j->v.quadratic = j->root; /* the energies of lengths */
    SN_TRY(sn_search_run(&j->v, &search));
    tell_search(j, &search);
    sn_status status = report(j, &search);
    if (status == SN_OK && j->entry && j->entry->more) status = j->entry->more(j, &search);
    if (status == SN_OK && j->out->n_paths == 0) status = none_found(j, &search);
    if (status == SN_OK) warn(j, &search);
    sn_search_free(&search);
    return status;
}

static void sample_straight(const void *user, int d, double t, double *q, double *p) {
    const sn_variational *v = user;
    double a = v->cuts[0], b = v->cuts[v->n_intervals];
    for (int k = 0; k < d; k++) {
        p[k] = (v->to[k] - v->from[k]) / (b - a);
        q[k] = v->from[k] + p[k] * (t - a);
    }
}

/* The straight path of a taut chain or curve. */
static sn_status report_taut(sn_extremal_job *j) {
    sn_extremal *out = j->out;
    double nan = (double)NAN, middle = j->entry->parametric ? 0 : (j->from[1] + j->to[1]) / 2;
    double value = middle * j->v.l.bound;
    out->path[0] = (sn_extremal_path){.value = value,
                                      .known = value,
                                      .multiplier = nan,
                                      .kind = SN_EXTREMAL_ONLY,
                                      .eigenvalue = nan,
                                      .residual = nan,
                                      .settled = true,
                                      .counted = true};
    out->path[0].table = sn_alloc((size_t)out->points * (size_t)out->n_columns * sizeof(double));
    if (!out->path[0].table) return sn_fail_memory("a table");
    out->n_paths = 1;
    fill_table(j, value, sample_straight, &j->v, out->path[0].table);
    return SN_OK;
}

sn_status sn_extremal_solve(const sn_extremal_problem *problem, sn_extremal *out) {
    sn_extremal_job *j = sn_calloc(1, sizeof *j);
    *out = (sn_extremal){.points = problem->points ? problem->points : 33, .value_name = "value"};
    if (!j) return sn_fail_memory("a problem");
    j->problem = problem, j->out = out;
    sn_status status = state(j);
    if (status == SN_OK) {
        out->problem = j->entry ? j->entry->info.name : "lagrangian";
        if (j->entry) out->value_name = j->entry->value_name;
        name_columns(j);
        status = j->taut ? report_taut(j) : j->finished ? SN_OK : solve(j);
    }
    if (status == SN_OK && !j->finished) compare_known(j);
    if (status == SN_OK && j->entry && j->entry->remark) j->entry->remark(j);
    sn_expr_scope_free(&j->scope);
    sn_free(j);
    if (status != SN_OK) sn_extremal_free(out);
    return status;
}

void sn_extremal_free(sn_extremal *e) {
    for (int i = 0; i < SN_EXTREMAL_MAX_PATHS; i++) sn_free(e->path[i].table);
    sn_free(e->steps);
    *e = (sn_extremal){0};
}
