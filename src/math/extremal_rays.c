/* The catalogue, second half: rays of light and geodesics. */
#include "base/alloc.h"
#include "math/curvature.h"
#include "math/extremal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Parametric paths from one given point to the other; the energy's least path runs at constant speed. */
static void parametric_ends(sn_extremal_job *j) {
    double apart = 0;
    for (int k = 0; k < j->n_ends; k++) {
        j->v.from[k] = j->from[k], j->v.to[k] = j->to[k];
        apart = fmax(apart, fabs(j->to[k] - j->from[k]));
    }
    for (int k = 0; k < j->n_ends; k++) j->v.scale[k] = apart;
    j->root = true;
}

static void show_point(const sn_extremal_job *j, double value, double t, const double *q, double *row) {
    row[0] = t * value;
    for (int k = 0; k < j->v.l.d; k++) row[k + 1] = q[k];
}

static sn_status check_apart(const sn_extremal_job *j) {
    for (int k = 0; k < j->n_ends; k++)
        if (j->from[k] != j->to[k]) return SN_OK;
    return sn_fail(SN_ERR_ARGUMENT, "%s: both ends are the same point", j->entry->info.name);
}

/* The value of an expression at an end, with speeds or, NULL, without. */
static double at_end(const sn_extremal_job *j, const sn_expr *e, const double *end, const double *speed) {
    double names[SN_EXPR_MAX_NAMES];
    memcpy(names, j->v.l.constants, sizeof names);
    memset(names, 0, (size_t)(1 + 2 * j->v.l.d) * sizeof *names);
    for (int k = 0; k < j->v.l.d; k++) names[1 + k] = end[k], names[1 + j->v.l.d + k] = speed ? speed[k] : 0;
    return sn_expr_eval(e, &(sn_expr_values){.names = names});
}

/* ---- Fermat's principle in a continuous medium ---- */

static sn_status prepare_fermat(sn_extremal_job *j) {
    const char *text = j->problem->index;
    const sn_expr *n, *speed = NULL;
    sn_expr_scope *scope = &j->scope;
    if (!text) return sn_fail(SN_ERR_ARGUMENT, "fermat: give the index of refraction, as in --index \"1+y\"");
    if (j->n_ends != 2 && j->n_ends != 3)
        return sn_fail(SN_ERR_ARGUMENT, "fermat: --from and --to are two numbers, x,y, or three, x,y,z");
    SN_TRY(check_apart(j));
    SN_TRY(sn_extremal_declare(j, "s", j->n_ends == 2 ? "x,y" : "x,y,z"));
    SN_TRY(sn_extremal_declare_parameters(j));
    SN_TRY(sn_extremal_parse(j, "--index", text, strlen(text), &n));
    for (int i = 0; i < 2; i++) {
        const double *end = i == 0 ? j->from : j->to;
        double value = at_end(j, n, end, NULL);
        if (!(value > 0) || !isfinite(value))
            return sn_fail(SN_ERR_ARGUMENT, "fermat: the index is %g at %s (%g, %g): it must be more than 0", value,
                           i == 0 ? "--from" : "--to", end[0], end[1]);
    }
    for (int k = 0; k < j->v.l.d; k++) {
        const sn_expr *p = sn_expr_name(scope, 1 + j->v.l.d + k), *square = sn_expr_binary(scope, SN_EXPR_MUL, p, p);
        speed = speed ? sn_expr_binary(scope, SN_EXPR_ADD, speed, square) : square;
    }
    j->v.l.density =
        sn_expr_binary(scope, SN_EXPR_MUL, sn_expr_binary(scope, SN_EXPR_POW, n, sn_expr_number(scope, 2, 1)), speed);
    parametric_ends(j);
    return j->v.l.density ? SN_OK : SN_ERR_MEMORY;
}

/* ---- Layers: x(y), each layer its own elements ---- */

static sn_status take_list(const char *what, const char *text, double *out, int most, int *n) {
    const char *piece;
    size_t at = 0, size;
    *n = 0;
    while (text && text[0] && sn_extremal_piece(text, ',', &at, &piece, &size)) {
        if (*n == most) return sn_fail(SN_ERR_LIMIT, "%s: more than %d numbers", what, most);
        SN_TRY(sn_extremal_number(what, piece, size, &out[(*n)++]));
    }
    return SN_OK;
}

/* Heights from one end to the other, in cut: n + 1 of them for n layers. */
static sn_status take_layers(sn_extremal_job *j, double *index, double *cut, int *n) {
    enum { MOST = SN_VARIATIONAL_MAX_CUTS - 1 };
    int interfaces;
    if (!j->problem->index) return sn_fail(SN_ERR_ARGUMENT, "layers: give the indices, as in --index 1,1.5");
    SN_TRY(take_list("--index", j->problem->index, index, MOST, n));
    SN_TRY(take_list("--interfaces", j->problem->interfaces, cut + 1, MOST - 1, &interfaces));
    if (interfaces + 1 != *n)
        return sn_fail(SN_ERR_ARGUMENT, "layers: %d indices need %d heights in --interfaces, not %d", *n, *n - 1,
                       interfaces);
    cut[0] = j->from[1], cut[*n] = j->to[1];
    for (int i = 0; i < *n; i++) {
        if (!(index[i] > 0)) return sn_fail(SN_ERR_ARGUMENT, "layers: the index %g must be more than 0", index[i]);
        if (!((cut[i + 1] - cut[i]) * (j->to[1] - j->from[1]) > 0))
            return sn_fail(SN_ERR_ARGUMENT,
                           "layers: the heights must lie between the ends, in order from --from (%g) to --to (%g): %g "
                           "does not follow %g",
                           j->from[1], j->to[1], cut[i + 1], cut[i]);
    }
    return SN_OK;
}

static sn_status prepare_layers(sn_extremal_job *j) {
    double index[SN_VARIATIONAL_MAX_CUTS], cut[SN_VARIATIONAL_MAX_CUTS + 1];
    int n;
    if (j->n_ends != 2) return sn_fail(SN_ERR_ARGUMENT, "layers: --from and --to are two numbers, x,y");
    if (j->from[1] == j->to[1])
        return sn_fail(SN_ERR_ARGUMENT, "layers: both ends are at the height %g: the ray is straight", j->from[1]);
    SN_TRY(take_layers(j, index, cut, &n));
    bool down = j->to[1] < j->from[1];
    for (int i = 0; i <= n; i++) j->v.cuts[i] = cut[down ? n - i : i];
    for (int i = 0; i < n; i++) j->layer[i] = index[down ? n - 1 - i : i];
    j->v.n_intervals = n;
    j->v.l.layer = j->layer;
    j->v.from[0] = down ? j->to[0] : j->from[0];
    j->v.to[0] = down ? j->from[0] : j->to[0];
    j->v.scale[0] = fmax(fabs(j->to[0] - j->from[0]), fabs(j->to[1] - j->from[1]));
    return SN_OK;
}

static int know_layers(const sn_extremal_job *j, double *values) {
    double thickness[SN_VARIATIONAL_MAX_CUTS], p;
    for (int i = 0; i < j->v.n_intervals; i++) thickness[i] = j->v.cuts[i + 1] - j->v.cuts[i];
    values[0] = sn_layers_length(j->v.n_intervals, j->layer, thickness, j->to[0] - j->from[0], &p);
    return 1;
}

static void remark_layers(sn_extremal_job *j) {
    double thickness[SN_VARIATIONAL_MAX_CUTS], p;
    for (int i = 0; i < j->v.n_intervals; i++) thickness[i] = j->v.cuts[i + 1] - j->v.cuts[i];
    sn_layers_length(j->v.n_intervals, j->layer, thickness, j->to[0] - j->from[0], &p);
    sn_extremal_note(j, "By Snell's law n sin(angle) = %.10g in every layer.", p);
}

/* ---- Geodesics ---- */

typedef struct metric {
    const char *name, *coords, *text, *parameters;
    double (*distance)(const sn_extremal_job *j); /* NULL: no closed form */
} metric;

static double on_sphere(const sn_extremal_job *j) { /* by the chord, which is exact for small angles */
    double square = 0, r = sn_extremal_parameter(j, "R");
    const double *a = j->from, *b = j->to;
    const double difference[3] = {sin(a[0]) * cos(a[1]) - sin(b[0]) * cos(b[1]),
                                  sin(a[0]) * sin(a[1]) - sin(b[0]) * sin(b[1]), cos(a[0]) - cos(b[0])};
    for (int i = 0; i < 3; i++) square += difference[i] * difference[i];
    return r * 2 * asin(fmin(1, sqrt(square) / 2));
}

static double on_half_plane(const sn_extremal_job *j) {
    double x = j->to[0] - j->from[0], y = j->to[1] - j->from[1];
    return 2 * asinh(hypot(x, y) / (2 * sqrt(j->from[1] * j->to[1])));
}

static double on_disc(const sn_extremal_job *j) {
    const double *a = j->from, *b = j->to;
    double gap = hypot(a[0] - b[0], a[1] - b[1]),
           inside = (1 - a[0] * a[0] - a[1] * a[1]) * (1 - b[0] * b[0] - b[1] * b[1]);
    return 2 * asinh(gap / sqrt(inside));
}

static const metric metrics[] = {
    {"sphere", "theta,phi", "R^2; R^2*sin(theta)^2", "R=1", on_sphere},
    {"half-plane", "x,y", "1/y^2; 1/y^2", "", on_half_plane},
    {"disc", "x,y", "4/(1-x^2-y^2)^2; 4/(1-x^2-y^2)^2", "", on_disc},
    {"torus", "u,v", "(R+r*cos(v))^2; r^2", "R=2,r=1", NULL},
    {"paraboloid", "r,phi", "1+4*r^2; r^2", "", NULL},
};
enum { METRICS = sizeof metrics / sizeof *metrics };

static const metric *find_metric(const char *name) {
    for (int i = 0; i < METRICS; i++)
        if (strcmp(metrics[i].name, name) == 0) return &metrics[i];
    return NULL;
}

static sn_status refuse_metric(const char *text) {
    return sn_fail(SN_ERR_NOT_FOUND,
                   "geodesic: there is no metric \"%.60s\": known are sphere, half-plane, disc, torus, paraboloid and "
                   "those of suan math curvature; or give --coords and --metric",
                   text);
}

/* The names and the text of a metric: of this list, else of the catalogue of curvatures. */
static sn_status name_metric(sn_extremal_job *j, sn_curvature_named *named) {
    const char *text = j->problem->metric ? j->problem->metric : "sphere", *piece;
    const metric *m = find_metric(text);
    size_t at = 0, size;
    j->metric = m;
    if (!m && !sn_curvature_lookup(text, named)) return refuse_metric(text);
    if (m) {
        snprintf(named->coordinates, sizeof named->coordinates, "%s", m->coords);
        snprintf(named->metric, sizeof named->metric, "%s", m->text);
        return sn_extremal_defaults(j, m->name, m->parameters);
    }
    while (named->parameters[0] && sn_extremal_piece(named->parameters, ',', &at, &piece, &size)) {
        char name[SN_EXPR_MAX_WORD];
        snprintf(name, sizeof name, "%.*s", (int)size, piece);
        if (isnan(sn_extremal_parameter(j, name)))
            return sn_fail(SN_ERR_ARGUMENT, "geodesic: %s: give --params %s=NUMBER", text, name);
    }
    return SN_OK;
}

static sn_status state_geodesic(sn_extremal_job *j, sn_curvature_named *named) {
    const char *text = j->problem->metric, *coords = j->problem->coords;
    if (!coords) {
        SN_TRY(name_metric(j, named));
        text = named->metric, coords = named->coordinates;
    } else if (!text || find_metric(text) || sn_curvature_lookup(text, named)) {
        return sn_fail(SN_ERR_ARGUMENT, "geodesic: --coords goes with the entries of a metric in --metric");
    }
    SN_TRY(sn_extremal_declare(j, "s", coords));
    SN_TRY(sn_extremal_declare_parameters(j));
    SN_TRY(sn_extremal_metric(j, text, &j->v.l.density));
    if (j->n_ends == j->v.l.d) return SN_OK;
    return sn_fail(SN_ERR_ARGUMENT, "geodesic: --from has %d numbers for the %d coordinates %s", j->n_ends, j->v.l.d,
                   coords);
}

/* Coordinate k has no meaning at an end where its row of the metric is 0, as a longitude at a pole. */
static bool is_pole(const sn_extremal_job *j, const double *end, int k) {
    double most = 0, row = 0;
    int d = j->v.l.d;
    for (int a = 0; a < d; a++) {
        double speed[SN_LAGRANGIAN_MAX_FUNCTIONS] = {0}, own, both;
        speed[a] = 1;
        own = at_end(j, j->v.l.density, end, speed);
        speed[k] += 1;
        both = at_end(j, j->v.l.density, end, speed); /* g_aa + 2 g_ak + g_kk; 4 g_kk where a is k */
        row = fmax(row, a == k ? fabs(own) : fabs(both - own));
        most = fmax(most, fabs(own));
        if (!isfinite(both)) return false;
    }
    return row <= 1e-24 * most;
}

static void free_poles(sn_extremal_job *j) {
    for (int k = 0; k < j->v.l.d; k++) {
        bool from = is_pole(j, j->from, k), to = is_pole(j, j->to, k);
        const char *name = j->scope.names[1 + k];
        if (from && to)
            sn_extremal_note(j, "Both ends are poles, where %s has no meaning: paths of every %s are stationary.", name,
                             name);
        else if (from || to)
            sn_extremal_note(j, "The %s is a pole, where %s has no meaning: it is free there.", from ? "start" : "end",
                             name);
        if (from && !to) j->v.from[k] = (double)NAN;
        if (to) j->v.to[k] = (double)NAN;
        j->turns = j->turns || (from && to);
    }
}

static sn_status prepare_geodesic(sn_extremal_job *j) {
    sn_curvature_named *named = sn_calloc(1, sizeof *named);
    sn_status status = named ? state_geodesic(j, named) : sn_fail_memory("a metric");
    sn_free(named);
    SN_TRY(status);
    SN_TRY(check_apart(j));
    parametric_ends(j);
    free_poles(j);
    return SN_OK;
}

static int know_geodesic(const sn_extremal_job *j, double *values) {
    const metric *m = j->metric;
    if (!m || !m->distance) return 0;
    values[0] = m->distance(j);
    return 1; /* of the shortest: longer ways round exist too */
}

static void remark_geodesic(sn_extremal_job *j) {
    bool timelike = false;
    for (int i = 0; i < j->out->n_paths; i++) {
        timelike = timelike || j->out->path[i].value < 0;
        if (j->out->path[i].value == 0) sn_extremal_note(j, "Extremal %d is a null path: its length is 0.", i + 1);
    }
    if (timelike) sn_extremal_note(j, "A length below 0 is that of a timelike path: minus the proper time.");
}

const sn_extremal_entry sn_extremal_rays[] = {
    {.info = {"fermat", "light through a medium of index n(x, y), --index", "0,1", "1,2", ""},
     .functions = "",
     .ends = "x,y",
     .columns = "optical length,x,y,z",
     .value_name = "optical length",
     .parametric = true,
     .prepare = prepare_fermat,
     .show = show_point,
     .more = sn_extremal_add_graphs},
    {.info = {"layers", "light through flat layers, --index and --interfaces", "0,1", "1,-1", ""},
     .variable = "y",
     .functions = "x",
     .density = "n*sqrt(1+x'^2)",
     .ends = "x,y",
     .value_name = "optical length",
     .prepare = prepare_layers,
     .known = know_layers,
     .remark = remark_layers},
    {.info = {"geodesic", "the shortest way in a metric, --metric", "1,0", "1,1", ""},
     .functions = "",
     .ends = "the coordinates",
     .columns = "length",
     .value_name = "length",
     .parametric = true,
     .prepare = prepare_geodesic,
     .show = show_point,
     .known = know_geodesic,
     .remark = remark_geodesic},
    {.info = {NULL, NULL, NULL, NULL, NULL}},
};
