/* Closed forms of the catalogue's problems: one equation in one unknown each, solved by bisection. They share nothing
 * with the direct method, so that its results can be held against them. */
#include "math/extremal.h"

#include <math.h>

#define PI 3.14159265358979323846

double sn_extremal_root(double (*f)(const void *user, double x), const void *user, double a, double b) {
    double fa = f(user, a), fb = f(user, b);
    if (fa == 0) return a;
    if (fb == 0) return b;
    if (!(fa * fb < 0)) return (double)NAN;
    for (int i = 0; i < 200; i++) {
        double c = 0.5 * (a + b), fc = f(user, c);
        if (c == a || c == b || fc == 0) return c;
        if ((fc < 0) == (fa < 0))
            a = c;
        else
            b = c;
    }
    return 0.5 * (a + b);
}

/* ---- Brachistochrone: x = k (theta - sin theta), y = k (1 - cos theta) ---- */

static double cycloid(const void *user, double theta) {
    const double *end = user, square = theta * theta, half = sin(theta / 2);
    double across =
        theta < 0.02 ? theta * square * (1 / 6.0 - square / 120 + square * square / 5040) : theta - sin(theta);
    return across * end[1] - 2 * half * half * end[0];
}

double sn_cycloid_angle(double x, double y) {
    double end[2] = {fabs(x), y};
    if (y == 0) return 2 * PI;
    if (x == 0) return 0;
    return sn_extremal_root(cycloid, end, 1e-9, 2 * PI);
}

/* ---- Hanging chain: length^2 - rise^2 = 4 a^2 sinh^2(span / 2a) ---- */

static double catenary(const void *user, double u) { /* sinh(u) / u - ratio, as a logarithm */
    return (u < 1e-4 ? u * u / 6 : u + log1p(-exp(-2 * u)) - log(2 * u)) - log(*(const double *)user);
}

double sn_catenary_size(double span, double rise, double length) {
    double ratio = sqrt(length * length - rise * rise) / span;
    double u = sn_extremal_root(catenary, &ratio, 1e-9, 700);
    return span / (2 * u);
}

/* y = a cosh((x - m) / a) + c and its mirror image: integrals of y ds. */
void sn_catenary_energies(double span, double y0, double y1, double length, double *values) {
    double a = sn_catenary_size(span, y1 - y0, length), turn = atanh((y1 - y0) / length);
    for (int i = 0; i < 2; i++) {
        double sign = i == 0 ? 1 : -1, u = -span / (2 * a) + sign * turn, w = span / (2 * a) + sign * turn;
        double c = sign * y0 - a * cosh(u);
        double sum = a * a / 2 * (w - u + sinh(w) * cosh(w) - sinh(u) * cosh(u)) + c * length;
        values[i] = sign * sum;
    }
}

/* ---- Soap film: r = r0 cosh(u + x cosh(u) / r0) / cosh(u), all of which pass through the first ring ---- */

typedef struct rings {
    double distance, r0, r1;
} rings;

static double miss(const void *user, double u) {
    const rings *r = user;
    double z = u + r->distance * cosh(u) / r->r0;
    return log(r->r0 / r->r1) + fabs(z) + log1p(exp(-2 * fabs(z))) - fabs(u) - log1p(exp(-2 * fabs(u)));
}

/* d miss / du, which has one root: miss has one least value. */
static double miss_slope(const void *user, double u) {
    const rings *r = user;
    double z = u + r->distance * cosh(u) / r->r0;
    return tanh(z) * (1 + r->distance * sinh(u) / r->r0) - tanh(u);
}

static double catenoid_area(const rings *r, double u) {
    double c = r->r0 / cosh(u), w = u + r->distance / c;
    return PI * c * c * (w - u + sinh(w) * cosh(w) - sinh(u) * cosh(u));
}

int sn_catenoid_areas(double distance, double r0, double r1, double *values) {
    const rings r = {distance, r0, r1};
    double least = sn_extremal_root(miss_slope, &r, -30, 30), at = miss(&r, least);
    if (fabs(at) < 1e-12) {
        values[0] = catenoid_area(&r, least);
        return 1;
    }
    if (!(at < 0)) return 0;
    double left = least, right = least;
    while (miss(&r, left) < 0) left -= 1;
    while (miss(&r, right) < 0) right += 1;
    double a = catenoid_area(&r, sn_extremal_root(miss, &r, left, least));
    double b = catenoid_area(&r, sn_extremal_root(miss, &r, least, right));
    values[0] = fmin(a, b), values[1] = fmax(a, b);
    return 2;
}

/* ---- Layers: n sin(angle) = p everywhere ---- */

typedef struct layers {
    int n;
    const double *index, *thickness;
    double across;
} layers;

/* By the tangent of the angle in the layer of least index, which may grow without bound. */
static double invariant(const layers *l, double tangent) {
    double least = INFINITY;
    for (int i = 0; i < l->n; i++) least = fmin(least, l->index[i]);
    return least * tangent / sqrt(1 + tangent * tangent);
}

static double across(const void *user, double tangent) {
    const layers *l = user;
    double least = INFINITY, sum = -l->across, p = invariant(l, tangent);
    for (int i = 0; i < l->n; i++) least = fmin(least, l->index[i]);
    for (int i = 0; i < l->n; i++)
        sum += l->thickness[i] * (l->index[i] == least ? tangent : p / sqrt((l->index[i] - p) * (l->index[i] + p)));
    return sum;
}

double sn_layers_length(int n, const double *index, const double *thickness, double x, double *p) {
    const layers l = {n, index, thickness, fabs(x)};
    double sum = 0, least = INFINITY;
    for (int i = 0; i < n; i++) least = fmin(least, index[i]);
    /* The layer of least index alone could need a tangent of |x| over its thickness. */
    double most = 1;
    for (int i = 0; i < n; i++)
        if (index[i] == least) most = fmax(most, 2 * l.across / thickness[i]);
    double tangent = sn_extremal_root(across, &l, 0, most);
    *p = invariant(&l, tangent);
    for (int i = 0; i < n; i++) {
        double cosine =
            index[i] == least ? 1 / sqrt(1 + tangent * tangent) : sqrt((index[i] - *p) * (index[i] + *p)) / index[i];
        sum += index[i] * thickness[i] / cosine;
    }
    return sum;
}
