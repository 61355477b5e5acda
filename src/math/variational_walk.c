/* Paths of hard constraints, led there from easy ones. */
#include "base/alloc.h"
#include "math/variational_search.h"

#include <math.h>
#include <string.h>

#define PI 3.14159265358979323846

enum { RUNG = 4, MOST_WALK_STEPS = 80 };

/* The straight path with a bend in its first function where both its ends are fixed; K of it, NaN outside the domain.
 */
static sn_status bent(sn_level *s, double bend, double *u, double *k) {
    const sn_variational *v = s->v;
    int d = v->l.d;
    bool fine;
    double a = v->cuts[0], b = v->cuts[v->n_intervals];
    for (int64_t i = 0; i < s->mesh.n_nodes; i++)
        for (int c = 0; c < d; c++) {
            double from = isnan(v->from[c]) ? v->to[c] : v->from[c], to = isnan(v->to[c]) ? v->from[c] : v->to[c];
            double share = (s->mesh.node[i] - a) / (b - a);
            u[i * d + c] = from + (to - from) * share + (c == 0 ? bend * sin(PI * share) : 0);
        }
    SN_TRY(sn_level_linearise(s, u, 0, false, &fine));
    *k = fine ? s->k : (double)NAN;
    return SN_OK;
}

/* The least bend, up or down, that has K of at least `bound`. */
static sn_status bend_to(sn_level *s, double sign, double bound, double *u) {
    double k = -INFINITY, bend = 1e-3 * sign * (s->v->cuts[s->v->n_intervals] - s->v->cuts[0]);
    for (int i = 0; i < 60 && !(k >= bound); i++, bend *= 1.5) SN_TRY(bent(s, bend, u, &k));
    return SN_OK;
}

/* One way: from a path a little off the straight one, bent up or down, the bound grows by a share that is cut where
 * Newton's method does not follow. *arrived: u solves the problem. */
static sn_status walk(const sn_search *s, sn_variational *v, sn_level *level, double sign, double *u,
                      double *multiplier, bool *arrived) {
    int64_t n = level->mesh.n_nodes * v->l.d;
    double start = 0, goal = s->v->l.bound, at = 0, stride = 0.05, *next = sn_alloc((size_t)n * sizeof *next);
    bool found = false;
    *arrived = false, *multiplier = 0;
    if (!next) return sn_fail_memory("a path");
    sn_status status = bent(level, 0, u, &start);
    /* Bounds in a geometric row: those of very long chains are soon there. */
    double ratio = goal / start;
    if (status == SN_OK && ratio > 1) status = bend_to(level, sign, start * pow(ratio, stride), u);
    for (int i = 0; status == SN_OK && i < MOST_WALK_STEPS && at < 1 && ratio > 1 && stride > 1e-3; i++) {
        double to = fmin(1, at + stride), lambda = *multiplier;
        v->l.bound = to >= 1 ? goal : start * pow(ratio, to);
        memcpy(next, u, (size_t)n * sizeof *next);
        status = sn_newton(level, next, &lambda, NULL, &found);
        if (status != SN_OK || !found) {
            stride /= 2;
            continue;
        }
        memcpy(u, next, (size_t)n * sizeof *next);
        at = to, *multiplier = lambda, stride *= 1.5;
    }
    *arrived = status == SN_OK && at >= 1;
    sn_free(next);
    return status;
}

sn_status sn_search_walk(sn_search *s) {
    sn_variational v = *s->v; /* with its own bound */
    sn_level level, *real;
    SN_TRY(sn_search_level(s, RUNG, &real));
    SN_TRY(sn_level_new(&v, real->mesh.n_elements / v.n_intervals, real->mesh.degree, &level));
    double *u = sn_alloc((size_t)(level.mesh.n_nodes * v.l.d) * sizeof *u);
    sn_status status = u ? SN_OK : sn_fail_memory("a path");
    for (int i = 0; status == SN_OK && i < 2; i++) {
        double multiplier;
        bool arrived, found = false;
        s->tried++;
        status = walk(s, &v, &level, i == 0 ? 1 : -1, u, &multiplier, &arrived);
        s->work += level.work, level.work = 0;
        if (status == SN_OK && arrived) status = sn_newton(real, u, &multiplier, NULL, &found);
        if (status == SN_OK && found)
            status = sn_search_consider(s, RUNG, (sn_search_start){.walked = true}, u, multiplier);
    }
    sn_free(u);
    sn_level_free(&level);
    return status;
}
