/* Newton's method for stationary paths, and its descending form for minima. */
#include "math/variational.h"

#include <math.h>
#include <string.h>

enum { MOST_STEPS = 40 };

/* ---- Norms ---- */

/* r stiffness^-1 r: how far a path is from balance, as the norm of a variation. */
static double dual_square(sn_level *s, const double *r) {
    double sum = 0;
    memcpy(s->image, r, (size_t)s->n * sizeof *r);
    sn_chain_solve(&s->norm, s->image);
    for (int64_t i = 0; i < s->n; i++) sum += r[i] * s->image[i];
    return fmax(sum, 0);
}

typedef struct scales {
    double force, slope_k; /* squared dual norms that one unit of path is worth */
    double path;           /* a path's own size, in the norm of the stiffness */
} scales;

static double merit(sn_level *s, const scales *c) {
    double square = dual_square(s, s->residual) / (c->force * c->force);
    if (s->bound) square += s->residual[s->n] * s->residual[s->n] / c->slope_k;
    return sqrt(square);
}

static double path_size(const sn_level *s, const double *u) {
    int d = s->v->l.d;
    double square = 0, length = s->mesh.cut[s->mesh.n_elements] - s->mesh.cut[0];
    for (int64_t i = 1; i < s->mesh.n_nodes; i++)
        for (int k = 0; k < d; k++) {
            double move = u[i * d + k] - u[(i - 1) * d + k];
            square += move * move / (s->mesh.node[i] - s->mesh.node[i - 1]);
        }
    for (int k = 0; k < d; k++) square += s->v->scale[k] * s->v->scale[k] / length * 1e-4;
    return sqrt(square);
}

static void keep(sn_trace *t, const sn_level *s, const double *u) {
    if (!t || t->n == SN_TRACE_MAX) return;
    double a = s->mesh.cut[0], b = s->mesh.cut[s->mesh.n_elements];
    for (int i = 0; i < SN_TRACE_POINTS; i++)
        sn_mesh_sample(&s->mesh, u, t->d, a + (b - a) * i / (SN_TRACE_POINTS - 1),
                       t->path + (int64_t)(t->n * SN_TRACE_POINTS + i) * t->d, NULL);
    t->n++;
}

/* s->trial = u + share step */
static void move(sn_level *s, const double *u, double share) {
    for (int64_t i = 0; i < s->mesh.n_nodes * s->v->l.d; i++)
        s->trial[i] = u[i] + (s->unknown[i] < 0 ? 0 : share * s->step[s->unknown[i]]);
}

static void accept(sn_level *s, double *u, sn_trace *trace) {
    memcpy(u, s->trial, (size_t)(s->mesh.n_nodes * s->v->l.d) * sizeof *u);
    keep(trace, s, u);
}

static void solve_step(sn_level *s) {
    for (int64_t i = 0; i < s->n + s->bound; i++) s->step[i] = -s->residual[i];
    sn_chain_solve(&s->system, s->step);
}

static bool stopped(const sn_level *s) { return s->v->cancel && *s->v->cancel; }

/* ---- Any stationary path ---- */

/* The multiplier that balances best: of dJ + multiplier dK, the least dual norm. */
static sn_status first_multiplier(sn_level *s, const double *u, double *multiplier, bool *fine) {
    double up = 0, down = 0;
    SN_TRY(sn_level_linearise(s, u, 0, false, fine));
    if (!*fine || !s->bound) return SN_OK;
    memcpy(s->image, s->slope_k, (size_t)s->n * sizeof *s->image);
    sn_chain_solve(&s->norm, s->image);
    for (int64_t i = 0; i < s->n; i++) up += s->image[i] * s->residual[i], down += s->image[i] * s->slope_k[i];
    if (down > 0) *multiplier = -up / down;
    return SN_OK;
}

/* Halves the step until the residual falls; *share is 0 where it does not. */
static sn_status search(sn_level *s, const scales *c, const double *u, double multiplier, double before, double *share,
                        double *after) {
    double lambda_step = s->bound ? s->step[s->n] : 0;
    for (double a = 1; a > 1e-3; a /= 2) {
        bool fine;
        move(s, u, a);
        SN_TRY(sn_level_linearise(s, s->trial, multiplier + a * lambda_step, false, &fine));
        double now = fine ? merit(s, c) : INFINITY;
        if (!(now <= (1 - 1e-3 * a) * before)) continue;
        *share = a, *after = now;
        return SN_OK;
    }
    *share = 0;
    return SN_OK;
}

sn_status sn_newton(sn_level *s, double *u, double *multiplier, sn_trace *trace, bool *found) {
    bool fine;
    *found = false;
    keep(trace, s, u);
    if (s->bound && *multiplier == 0) SN_TRY(first_multiplier(s, u, multiplier, &fine));
    SN_TRY(sn_level_linearise(s, u, *multiplier, true, &fine));
    if (!fine) return SN_OK;
    scales c = {.force = s->force, .slope_k = s->bound ? dual_square(s, s->slope_k) : 1, .path = path_size(s, u)};
    if (!(c.force > 0) || !(c.slope_k > 0)) return SN_OK;
    double before = merit(s, &c), share, after = before;
    for (int i = 0; i < MOST_STEPS && !stopped(s); i++) {
        sn_level_count_below(s, 0);
        solve_step(s);
        double lambda_step = s->bound ? s->step[s->n] : 0;
        SN_TRY(search(s, &c, u, *multiplier, before, &share, &after));
        if (share == 0) break;
        accept(s, u, trace);
        *multiplier += share * lambda_step;
        before = after;
        if (before <= 1e-13 * c.path) break;
        SN_TRY(sn_level_linearise(s, u, *multiplier, true, &fine));
        if (!fine) return SN_OK;
        c.path = fmax(c.path, path_size(s, u));
    }
    if (stopped(s)) return sn_fail(SN_ERR_CANCELLED, "stopped");
    *found = before <= 1e-8 * c.path;
    return sn_level_linearise(s, u, *multiplier, false, &fine);
}

/* ---- Minima ---- */

/* Factors Hessian + shift stiffness with the least shift of a rising row that makes it positive. */
static bool make_definite(sn_level *s) {
    double shift = 0;
    for (int i = 0; i < 40; i++) {
        if (sn_level_count_below(s, -shift) == 0 && s->system.n_nothing == 0) return true;
        shift = shift == 0 ? 1e-4 * s->force : 4 * shift;
    }
    return false;
}

sn_status sn_descend(sn_level *s, double *u, sn_trace *trace, bool *found) {
    bool fine;
    double none = 0;
    *found = false;
    if (s->bound) return SN_OK;
    SN_TRY(sn_level_linearise(s, u, 0, true, &fine));
    double far = 1e4 * path_size(s, u);
    keep(trace, s, u);
    for (int i = 0; fine && i < 2 * MOST_STEPS && !stopped(s); i++) {
        double j = s->j, fall = 0, share = 1, best = j;
        if (!(s->force > 0) || !make_definite(s)) break;
        solve_step(s);
        for (int64_t k = 0; k < s->n; k++) fall += s->residual[k] * s->step[k];
        for (; share > 1e-9; share /= 2) {
            double k;
            move(s, u, share);
            SN_TRY(sn_functional_value(s->f, s->trial, &best, &k));
            SN_TRY(sn_level_linearise(s, s->trial, 0, false, &fine));
            if (fine && best <= j + 1e-4 * share * fall) break;
        }
        if (share <= 1e-9) break;
        accept(s, u, trace);
        if (!(path_size(s, u) < far)) return SN_OK; /* it falls without end */
        if (fabs(fall) <= 1e-10 * fabs(j)) break;
        SN_TRY(sn_level_linearise(s, u, 0, true, &fine));
    }
    return sn_newton(s, u, &none, NULL, found);
}
