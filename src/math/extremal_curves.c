/* The catalogue, first half: curves under gravity, films, figures, the oscillator. */
#include "math/extremal.h"

#include <math.h>

#define PI 3.14159265358979323846

/* The ends of paths x -> y: variable first. */
static sn_status plain_ends(sn_extremal_job *j) {
    if (j->n_ends != 2)
        return sn_fail(SN_ERR_ARGUMENT, "%s: --from and --to are two numbers, %s", j->entry->info.name, j->entry->ends);
    if (!(j->from[0] < j->to[0]))
        return sn_fail(SN_ERR_ARGUMENT, "%s: --from (%g) must lie before --to (%g)", j->entry->info.name, j->from[0],
                       j->to[0]);
    return SN_OK;
}

static sn_status positive(const sn_extremal_job *j, const char *name) {
    double x = sn_extremal_parameter(j, name);
    if (x > 0) return SN_OK;
    return sn_fail(SN_ERR_ARGUMENT, "%s: %s = %g must be more than 0", j->entry->info.name, name, x);
}

/* ---- Brachistochrone: with y = z^2 the time is the length of a path in (x, z), smooth up to the start ---- */

static sn_status prepare_brachistochrone(sn_extremal_job *j) {
    SN_TRY(positive(j, "g"));
    if (j->n_ends != 2) return sn_fail(SN_ERR_ARGUMENT, "brachistochrone: --from and --to are two numbers, x,y");
    double x = j->to[0] - j->from[0], y = j->to[1] - j->from[1];
    if (y < 0)
        return sn_fail(SN_ERR_ARGUMENT,
                       "brachistochrone: no path: a bead at rest cannot rise by %g above its start (y points down)",
                       -y);
    if (x == 0 && y == 0) return sn_fail(SN_ERR_ARGUMENT, "brachistochrone: both ends are the same point");
    j->v.from[0] = j->v.from[1] = 0;
    j->v.to[0] = x, j->v.to[1] = sqrt(y);
    j->root = true;
    j->out->downwards = true;
    j->v.positive[1] = true;
    j->v.scale[0] = fmax(fabs(x), y);
    j->v.scale[1] = sqrt(j->v.scale[0]);
    return SN_OK;
}

static void show_brachistochrone(const sn_extremal_job *j, double value, double t, const double *q, double *row) {
    row[0] = t * value, row[1] = j->from[0] + q[0], row[2] = j->from[1] + q[1] * q[1];
}

static int know_brachistochrone(const sn_extremal_job *j, double *values) {
    double x = fabs(j->to[0] - j->from[0]), y = j->to[1] - j->from[1], g = sn_extremal_parameter(j, "g");
    double angle = sn_cycloid_angle(x, y), half = sin(angle / 2), k = y > 0 ? y / (2 * half * half) : x / (2 * PI);
    values[0] = x == 0 ? sqrt(2 * y / g) : angle * sqrt(k / g);
    return 1;
}

static void remark_brachistochrone(sn_extremal_job *j) {
    double x = j->to[0] - j->from[0], y = j->to[1] - j->from[1], g = sn_extremal_parameter(j, "g");
    if (y > 0) sn_extremal_note(j, "The straight line takes %.9g.", sqrt(2 * (x * x + y * y) / (g * y)));
}

/* ---- Hanging chain ---- */

static sn_status prepare_catenary(sn_extremal_job *j) {
    SN_TRY(plain_ends(j));
    SN_TRY(positive(j, "length"));
    double x = j->to[0] - j->from[0], y = j->to[1] - j->from[1], l = sn_extremal_parameter(j, "length");
    double apart = hypot(x, y);
    j->v.l.bound = l;
    j->v.scale[0] = l;
    if (l * l - y * y > 1e10 * x * x)
        return sn_fail(SN_ERR_LIMIT, "catenary: a chain of %g over a span of %g is too long: 1e5 spans are the most", l,
                       x);
    if (l >= apart * (1 + 1e-9)) return SN_OK;
    j->finished = true;
    if (l < apart * (1 - 1e-9)) {
        sn_extremal_note(j, "No path: the ends are %.9g apart, farther than the length %.9g.", apart, l);
        return SN_OK;
    }
    j->taut = true;
    sn_extremal_note(j, "The chain is taut: the straight line is its only path.");
    return SN_OK;
}

static int know_catenary(const sn_extremal_job *j, double *values) {
    sn_catenary_energies(j->to[0] - j->from[0], j->from[1], j->to[1], j->v.l.bound, values);
    return 2;
}

static void remark_catenary(sn_extremal_job *j) {
    double x = j->to[0] - j->from[0], y = j->to[1] - j->from[1];
    if (j->finished) return;
    sn_extremal_note(j,
                     "Two paths exist: the chain that hangs, y = a cosh((x - m) / a) + c with a = %.10g, and the arch.",
                     sn_catenary_size(x, y, j->v.l.bound));
}

/* ---- Soap film between rings ---- */

static sn_status prepare_film(sn_extremal_job *j) {
    SN_TRY(plain_ends(j));
    if (!(j->from[1] > 0 && j->to[1] > 0))
        return sn_fail(SN_ERR_ARGUMENT, "soap-film: the radii %g and %g must be more than 0", j->from[1], j->to[1]);
    j->v.positive[0] = true;
    j->v.scale[0] = fmax(j->from[1], j->to[1]);
    double none[2];
    j->finished = sn_catenoid_areas(j->to[0] - j->from[0], j->from[1], j->to[1], none) == 0;
    return SN_OK;
}

static int know_film(const sn_extremal_job *j, double *values) {
    return sn_catenoid_areas(j->to[0] - j->from[0], j->from[1], j->to[1], values);
}

static void remark_film(sn_extremal_job *j) {
    double values[2] = {0, 0}, discs = PI * (j->from[1] * j->from[1] + j->to[1] * j->to[1]);
    int n = know_film(j, values);
    if (n == 0) sn_extremal_note(j, "No film: the rings are too far apart for a catenoid.");
    if (n == 1) sn_extremal_note(j, "The rings are as far apart as a film can be: its two forms have become one.");
    if (n == 2)
        sn_extremal_note(j, "Two films exist, with areas %.10g (stable) and %.10g (unstable).", values[0], values[1]);
    sn_extremal_note(j, "Goldschmidt's two discs have %.10g%s.", discs,
                     n == 0              ? ": nothing has less"
                     : discs < values[0] ? ": less than every film"
                                         : ": more than the stable film");
}

/* ---- Isoperimetric: the greatest area over a chord, or inside a closed curve (half of it, over the axis) ---- */

static sn_status prepare_figure(sn_extremal_job *j) {
    SN_TRY(positive(j, "length"));
    double l = sn_extremal_parameter(j, "length"), w = sn_extremal_parameter(j, "width");
    bool closed = isnan(w);
    if (j->problem->from || j->problem->to)
        return sn_fail(SN_ERR_ARGUMENT, "isoperimetric: takes no --from and --to, but --params length=L,width=W");
    if (!closed && !(w > 0)) return sn_fail(SN_ERR_ARGUMENT, "isoperimetric: width = %g must be more than 0", w);
    double way = closed ? l / 2 : l;
    j->v.from[0] = j->v.from[1] = j->v.to[1] = 0;
    j->v.to[0] = closed ? (double)NAN : w;
    j->v.guess[0] = 0.6 * way;
    j->v.greatest = true;
    j->v.scale[0] = j->v.scale[1] = way / 2;
    j->v.l.bound = way * way;
    j->factor = closed ? 2 : 1;
    if (closed || l > w * (1 + 1e-9)) return SN_OK;
    j->finished = true;
    j->taut = l >= w * (1 - 1e-9);
    if (j->taut)
        sn_extremal_note(j, "The curve is taut: the straight line is its only path.");
    else
        sn_extremal_note(j, "No path: the chord %.9g is longer than the length %.9g.", w, l);
    return SN_OK;
}

static void show_figure(const sn_extremal_job *j, double value, double t, const double *q, double *row) {
    (void)value;
    bool back = sn_extremal_is_mirrored(j) && t > 0.5;
    row[0] = t, row[1] = q[0], row[2] = back ? -q[1] : q[1];
}

static double arc(const void *user, double half) { /* sin(half) / half - w / l, half the angle of the arc */
    return sin(half) / half - *(const double *)user;
}

static int know_figure(const sn_extremal_job *j, double *values) {
    double l = sn_extremal_parameter(j, "length"), w = sn_extremal_parameter(j, "width"), area = l * l / (4 * PI);
    if (!isnan(w)) {
        double ratio = w / l, half = sn_extremal_root(arc, &ratio, 1e-8, PI), r = l / (2 * half);
        area = r * r * (half - sin(half) * cos(half));
    }
    values[0] = -area, values[1] = area;
    return 2;
}

static void remark_figure(sn_extremal_job *j) {
    if (j->finished) return;
    sn_extremal_note(j, "The area has the sign of the side that the curve lies on. Saddles go round more than once.");
}

/* ---- Oscillator ---- */

static sn_status prepare_oscillator(sn_extremal_job *j) {
    SN_TRY(plain_ends(j));
    SN_TRY(positive(j, "omega"));
    double angle = sn_extremal_parameter(j, "omega") * (j->to[0] - j->from[0]);
    j->v.scale[0] = fmax(fmax(fabs(j->from[1]), fabs(j->to[1])), 1e-3);
    if (angle > 150 * PI)
        return sn_fail(SN_ERR_LIMIT, "oscillator: %.4g half periods are too many: 150 are the most", angle / PI);
    j->finished = fabs(sin(angle)) < 1e-9;
    return SN_OK;
}

static int know_oscillator(const sn_extremal_job *j, double *values) {
    double w = sn_extremal_parameter(j, "omega"), angle = w * (j->to[0] - j->from[0]), a = j->from[1], b = j->to[1];
    values[0] = w / (2 * sin(angle)) * ((a * a + b * b) * cos(angle) - 2 * a * b);
    return 1;
}

static void remark_oscillator(sn_extremal_job *j) {
    double w = sn_extremal_parameter(j, "omega"), angle = w * (j->to[0] - j->from[0]);
    int turns = (int)fmin(floor(angle / PI), 1e9);
    if (j->finished) {
        double sign = lround(angle / PI) % 2 ? -1 : 1, off = fabs(j->to[1] - sign * j->from[1]);
        bool many = off <= 1e-9 * (fabs(j->to[1]) + fabs(j->from[1]));
        sn_extremal_note(j, "The ends are conjugate: the time is %ld half period%s. %s", lround(angle / PI),
                         lround(angle / PI) > 1 ? "s" : "",
                         many ? "Every path y0 cos(w t) + b sin(w t) is stationary: there is no single one."
                              : "No path is stationary: after whole half periods y is back at +-y0 always.");
    } else if (turns > 0) {
        sn_extremal_note(j, "The time is longer than %d half period%s: the stationary path is no minimum.", turns,
                         turns > 1 ? "s" : "");
    }
}

const sn_extremal_entry sn_extremal_curves[] = {
    {.info = {"brachistochrone", "the slide of least time under gravity; y points down", "0,0", "1,1", "g=9.80665"},
     .variable = "s",
     .functions = "x,z",
     .density = "(x'^2/z^2 + 4*z'^2)/(2*g)",
     .ends = "x,y",
     .columns = "time,x,y",
     .value_name = "time",
     .parametric = true,
     .prepare = prepare_brachistochrone,
     .show = show_brachistochrone,
     .known = know_brachistochrone,
     .remark = remark_brachistochrone},
    {.info = {"catenary", "a hanging chain of given length: least integral of y ds", "0,0", "1,0", "length"},
     .variable = "x",
     .functions = "y",
     .density = "y*sqrt(1+y'^2)",
     .constraint = "sqrt(1+y'^2)",
     .ends = "x,y",
     .value_name = "potential energy",
     .prepare = prepare_catenary,
     .known = know_catenary,
     .remark = remark_catenary},
    {.info = {"soap-film", "the surface of revolution of least area between two rings", "-0.5,1", "0.5,1", ""},
     .variable = "x",
     .functions = "r",
     .density = "2*pi*r*sqrt(1+r'^2)",
     .ends = "x,r",
     .value_name = "area",
     .prepare = prepare_film,
     .known = know_film,
     .remark = remark_film},
    {.info = {"isoperimetric",
              "the greatest area inside a curve of given length, or between it and a chord of given width", "0", "0",
              "length,width"},
     .variable = "s",
     .functions = "x,y",
     .density = "y*x'",
     .constraint = "x'^2+y'^2",
     .ends = "nothing",
     .columns = "s,x,y",
     .value_name = "area",
     .parametric = true,
     .prepare = prepare_figure,
     .show = show_figure,
     .known = know_figure,
     .remark = remark_figure},
    {.info = {"oscillator", "the action of a mass on a spring, (y'^2 - omega^2 y^2)/2", "0,0", "1,1", "omega=1"},
     .variable = "t",
     .functions = "y",
     .density = "(y'^2-omega^2*y^2)/2",
     .ends = "t,y",
     .value_name = "action",
     .prepare = prepare_oscillator,
     .known = know_oscillator,
     .remark = remark_oscillator},
    {.info = {NULL, NULL, NULL, NULL, NULL}},
};
