/* Light once more, as a graph y(x) or x(y). At constant speed a ray that dips to where n is nearly 0 spends hardly any
 * of its way there, which no mesh resolves; as a graph it is as smooth there as elsewhere. */
#include "base/alloc.h"
#include "math/extremal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { GAUSS = 8, PIECES = 4, SAMPLES = 9 };

typedef struct graph {
    sn_extremal_job job; /* its names, its Lagrangian, its ends */
    int across, up;      /* coordinates: the variable, the function */
    double sense;        /* -1: the variable is minus the coordinate, so that it rises */
    sn_search search;
} graph;

/* n sqrt(1 + y'^2), in names of its own. */
static sn_status state_graph(const sn_extremal_job *j, graph *g) {
    sn_extremal_job *k = &g->job;
    sn_expr_scope *scope = &k->scope;
    const sn_expr *n;
    *k = (sn_extremal_job){.problem = j->problem, .entry = j->entry, .out = j->out, .n_parameters = j->n_parameters};
    memcpy(k->parameter, j->parameter, sizeof k->parameter);
    memcpy(k->number, j->number, sizeof k->number);
    SN_TRY(sn_extremal_declare(k, g->across == 0 ? "x" : "y", g->across == 0 ? "y" : "x"));
    SN_TRY(sn_extremal_declare_parameters(k));
    SN_TRY(sn_extremal_parse(k, "--index", j->problem->index, strlen(j->problem->index), &n));
    const sn_expr *slope = sn_expr_name(scope, 2), *square = sn_expr_binary(scope, SN_EXPR_MUL, slope, slope);
    const sn_expr *sum = sn_expr_binary(scope, SN_EXPR_ADD, sn_expr_number(scope, 1, 1), square);
    const sn_expr *root = sn_expr_unary(scope, SN_EXPR_CALL, SN_EXPR_SQRT, sum);
    k->v.l.density = sn_expr_binary(scope, SN_EXPR_MUL, n, root);
    if (!k->v.l.density) return SN_ERR_MEMORY;
    g->sense = j->from[g->across] < j->to[g->across] ? 1 : -1;
    k->v.l.mirrored = g->sense < 0;
    k->v.n_intervals = 1, k->v.brief = true;
    k->v.cuts[0] = g->sense * j->from[g->across], k->v.cuts[1] = g->sense * j->to[g->across];
    k->v.from[0] = j->from[g->up], k->v.to[0] = j->to[g->up];
    k->v.scale[0] = j->v.scale[0];
    k->v.cancel = j->v.cancel, k->v.progress = j->v.progress, k->v.progress_user = j->v.progress_user;
    return SN_OK;
}

/* ---- Lengths along a find ---- */

typedef struct track {
    const graph *g;
    const sn_mesh *mesh;
    const double *u;
    double x[GAUSS], w[GAUSS];
} track;

/* n sqrt(1 + y'^2), and the height, at t. */
static double pace_at(const track *k, double t, double *height) {
    double names[SN_EXPR_MAX_NAMES];
    memcpy(names, k->g->job.v.l.constants, sizeof names);
    names[0] = k->g->sense * t;
    sn_mesh_sample(k->mesh, k->u, 1, t, &names[1], &names[2]);
    if (height) *height = names[1];
    return sn_expr_eval(k->g->job.v.l.density, &(sn_expr_values){.names = names});
}

static double length_between(const track *k, double a, double b) {
    double sum = 0;
    for (int i = 0; i < GAUSS; i++)
        sum += 0.5 * (b - a) * k->w[i] * pace_at(k, a + 0.5 * (b - a) * (1 + k->x[i]), NULL);
    return sum;
}

/* Rows at equal steps of the optical length; conjugate points become shares of it. */
static sn_status fill_rows(const track *k, sn_extremal_path *path) {
    const sn_extremal *out = k->g->job.out;
    const sn_mesh *m = k->mesh;
    int pieces = m->n_elements * PIECES, at = 0;
    double a = m->cut[0], b = m->cut[m->n_elements], *until = sn_calloc((size_t)pieces + 1, sizeof *until);
    path->table = sn_alloc((size_t)out->points * (size_t)out->n_columns * sizeof(double));
    if (!until || !path->table) {
        sn_free(until);
        return sn_fail_memory("a table");
    }
    double piece = (b - a) / pieces;
    for (int i = 0; i < pieces; i++) until[i + 1] = until[i] + length_between(k, a + piece * i, a + piece * (i + 1));
    for (int i = 0; i < out->points; i++) {
        double share = (double)i / (out->points - 1), goal = until[pieces] * share, height;
        while (at + 1 < pieces && until[at + 1] < goal) at++;
        double left = a + piece * at, t = left + piece * (goal - until[at]) / (until[at + 1] - until[at]);
        for (int step = 0; step < 6; step++) t += (goal - until[at] - length_between(k, left, t)) / pace_at(k, t, NULL);
        t = i == 0 ? a : i == out->points - 1 ? b : fmin(b, fmax(a, t));
        (void)pace_at(k, t, &height);
        double *row = path->table + (int64_t)i * out->n_columns;
        row[0] = share * path->value, row[1 + k->g->across] = k->g->sense * t, row[1 + k->g->up] = height;
    }
    for (int i = 0; i < path->n_conjugate; i++) {
        int n = (int)((path->conjugate[i] - a) / piece);
        n = n < 0 ? 0 : n > pieces - 1 ? pieces - 1 : n;
        path->conjugate[i] = (until[n] + length_between(k, a + piece * n, path->conjugate[i])) / until[pieces];
    }
    sn_free(until);
    return SN_OK;
}

/* ---- Which are new ---- */

/* Does the find of the other search run along the graph? */
static bool is_same(const sn_search *s, int i, const track *k, const double *scale) {
    const sn_search_find *f = &s->find[i];
    const graph *g = k->g;
    double a = k->mesh->cut[0], b = k->mesh->cut[k->mesh->n_elements];
    for (int c = 1; c < SAMPLES; c++) {
        double q[SN_LAGRANGIAN_MAX_FUNCTIONS], height;
        sn_mesh_sample(&s->rung[f->rung].mesh, f->u, 2, (double)c / SAMPLES, q, NULL);
        double t = g->sense * q[g->across];
        if (!(t >= a && t <= b)) return false;
        (void)pace_at(k, t, &height);
        if (!(fabs(height - q[g->up]) <= 1e-4 * scale[g->up])) return false;
    }
    return true;
}

/* A path that was found at constant speed too is kept as it is, but where the graph alone has settled. */
static sn_status merge(sn_extremal_job *j, const sn_search *other, int before, const graph *g, int i) {
    sn_extremal *out = j->out;
    const sn_search_find *f = &g->search.find[i];
    track k = {.g = g, .mesh = &g->search.rung[f->rung].mesh, .u = f->u};
    sn_extremal_path path = {.value = f->j, .known = (double)NAN, .multiplier = (double)NAN};
    int at = out->n_paths;
    for (int c = 0; c < other->n && at == out->n_paths; c++)
        if (is_same(other, c, &k, j->v.scale)) at = c;
    sn_extremal_judge(f, &path);
    if (at == SN_EXTREMAL_MAX_PATHS) {
        out->search.end = SN_EXTREMAL_FULL;
        return SN_OK;
    }
    for (int c = other->n; c < before; c++) /* of the other graph */
        if (fabs(out->path[c].value - path.value) <= 1e-8 * path.value) return SN_OK;
    if (at < out->n_paths && (out->path[at].settled || !path.settled)) return SN_OK;
    sn_gauss_legendre(GAUSS, k.x, k.w);
    SN_TRY(fill_rows(&k, &path));
    if (at < out->n_paths) sn_free(out->path[at].table);
    out->n_paths += at == out->n_paths;
    out->path[at] = path;
    return SN_OK;
}

static void sort(sn_extremal *out) {
    double first = out->path[0].value;
    for (int i = 1; i < out->n_paths; i++)
        for (int k = i; k > 0 && out->path[k].value < out->path[k - 1].value; k--) {
            sn_extremal_path p = out->path[k];
            out->path[k] = out->path[k - 1], out->path[k - 1] = p;
        }
    if (out->n_paths > 0 && out->path[0].value != first) out->n_steps = out->n_degrees = 0; /* of another path */
}

sn_status sn_extremal_add_graphs(sn_extremal_job *j, const sn_search *other) {
    if (j->v.l.d != 2) return SN_OK;
    for (int across = 0; across < 2; across++) {
        if (j->from[across] == j->to[across]) continue;
        graph *g = sn_calloc(1, sizeof *g);
        int before = j->out->n_paths;
        if (!g) return sn_fail_memory("a graph");
        g->across = across, g->up = 1 - across;
        sn_status status = state_graph(j, g);
        if (status == SN_OK) status = sn_search_run(&g->job.v, &g->search);
        for (int i = 0; status == SN_OK && i < g->search.n; i++) status = merge(j, other, before, g, i);
        j->out->search.starts += g->search.tried;
        j->out->search.slopes += g->search.shots.tried, j->out->search.shots += g->search.shots.n;
        sn_search_free(&g->search);
        sn_expr_scope_free(&g->job.scope);
        sn_free(g);
        SN_TRY(status);
    }
    sort(j->out);
    return SN_OK;
}
