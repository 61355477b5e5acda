/* The discrete problem on a mesh: unknowns, residual, Hessian. */
#include "base/alloc.h"
#include "math/variational.h"

#include <math.h>
#include <string.h>

static sn_status make_mesh(sn_level *s, int parts, int degree, double upto) {
    const sn_variational *v = s->v;
    double cuts[SN_VARIATIONAL_MAX_CUTS * 64 + 1];
    int n = 0;
    if (parts > 64) return sn_fail(SN_ERR_INTERNAL, "a mesh of too many parts");
    double a = v->cuts[0], b = v->cuts[v->n_intervals];
    if (v->n_intervals == 1 && upto < b) { /* a short piece gets as many elements as the whole */
        for (; n <= parts; n++) cuts[n] = n < parts ? a + (upto - a) * n / parts : upto;
        return sn_mesh_new(cuts, parts, degree, &s->mesh);
    }
    for (int i = 0; i < v->n_intervals * parts; i++) {
        int at = i / parts;
        double from = v->cuts[at], to = v->cuts[at + 1], begin = from + (to - from) * (i % parts) / parts;
        if (begin >= upto) break;
        s->layer[n] = at;
        cuts[n++] = begin;
    }
    cuts[n] = upto < b ? upto : b;
    return sn_mesh_new(cuts, n, degree, &s->mesh);
}

static sn_status number_unknowns(sn_level *s, bool fixed) {
    int d = s->v->l.d;
    int64_t n = s->mesh.n_nodes;
    s->unknown = sn_alloc((size_t)(n * d) * sizeof *s->unknown);
    if (!s->unknown) return sn_fail_memory("a mesh");
    for (int64_t i = 0; i < n; i++)
        for (int k = 0; k < d; k++) {
            bool held = (i == 0 && (fixed || !isnan(s->v->from[k]))) || (i == n - 1 && (fixed || !isnan(s->v->to[k])));
            s->unknown[i * d + k] = held ? -1 : s->n++;
        }
    return SN_OK;
}

/* Adds to the lower triangle of a matrix of the unknowns, for each element, point and pair of values:
 * weight (qq B B' + qp B S' + qp' S B' + pp S S'), B the values of the basis and S its slopes. */
static void assemble(const sn_level *s, const double *qq, const double *qp, const double *pp, double *to) {
    const sn_mesh *m = &s->mesh;
    int d = s->v->l.d, n = m->degree + 1;
    for (int64_t i = 0; i < m->n_points; i++) {
        int64_t e = i / m->n_gauss;
        const double *b = m->value + i % m->n_gauss * n, *c = m->slope + i % m->n_gauss * n;
        double per = 2 / (m->cut[e + 1] - m->cut[e]), w = m->weight[i];
        const int64_t *unknown = s->unknown + e * m->degree * d;
        for (int x = 0; x < n * d; x++) {
            int64_t row = unknown[x];
            int k = x % d;
            if (row < 0) continue;
            double bx = w * b[x / d], sx = w * per * c[x / d];
            for (int y = 0; y < n * d; y++) {
                int64_t column = unknown[y];
                if (column < 0 || column > row) continue;
                int l = y % d;
                double by = b[y / d], sy = per * c[y / d];
                int64_t kl = (i * d + k) * d + l, lk = (i * d + l) * d + k;
                to[row * s->n + column] += bx * (qq[kl] * by + qp[kl] * sy) + sx * (qp[lk] * by + pp[kl] * sy);
            }
        }
    }
}

/* The stiffness is the same matrix for each function; free ends add a little mass, which makes it definite. */
static sn_status fill_norm(sn_level *s) {
    int d = s->v->l.d;
    int64_t size = s->mesh.n_points * d * d;
    double length = s->v->cuts[s->v->n_intervals] - s->v->cuts[0], mass = 0;
    for (int k = 0; k < d; k++)
        if (isnan(s->v->from[k]) || isnan(s->v->to[k])) mass = 1 / (length * length);
    double *unit = sn_calloc((size_t)size * 3, sizeof *unit);
    if (!unit) return sn_fail_memory("a norm");
    for (int64_t i = 0; i < s->mesh.n_points; i++)
        for (int k = 0; k < d; k++) {
            unit[(i * d + k) * d + k] = mass;
            unit[2 * size + (i * d + k) * d + k] = 1;
        }
    assemble(s, unit, unit + size, unit + 2 * size, s->stiffness);
    sn_free(unit);
    memcpy(s->norm.a, s->stiffness, (size_t)(s->n * s->n) * sizeof(double));
    sn_symmetric_factor(&s->norm);
    return SN_OK;
}

static sn_status reserve(sn_level *s) {
    size_t n = (size_t)s->n, whole = n + (size_t)s->bound;
    s->stiffness = sn_calloc(n * n, sizeof(double));
    s->hessian = sn_calloc(n * n, sizeof(double));
    s->residual = sn_calloc(4 * whole, sizeof(double));
    s->trial = sn_calloc((size_t)(s->mesh.n_nodes * s->v->l.d), sizeof(double));
    if (!s->stiffness || !s->hessian || !s->residual || !s->trial) return sn_fail_memory("a Hessian");
    s->slope_k = s->residual + whole, s->step = s->residual + 2 * whole, s->image = s->residual + 3 * whole;
    SN_TRY(sn_symmetric_new(s->n, &s->norm));
    return sn_symmetric_new((int64_t)whole, &s->system);
}

sn_status sn_level_new(const sn_variational *v, int parts, int degree, double upto, sn_level *out) {
    bool part = !isnan(upto);
    *out = (sn_level){.v = v, .bound = v->l.constraint && !part};
    out->layer = sn_calloc((size_t)(v->n_intervals * parts), sizeof *out->layer);
    sn_status status = out->layer ? SN_OK : sn_fail_memory("a mesh");
    if (status == SN_OK) status = make_mesh(out, parts, degree, part ? upto : INFINITY);
    if (status == SN_OK) status = number_unknowns(out, part);
    if (status == SN_OK) status = reserve(out);
    if (status == SN_OK) status = fill_norm(out);
    if (status == SN_OK) status = sn_functional_new(&v->l, &out->mesh, out->layer, v->cancel, &out->f);
    if (status != SN_OK) sn_level_free(out);
    return status;
}

void sn_level_free(sn_level *s) {
    sn_functional_free(s->f);
    sn_mesh_free(&s->mesh);
    sn_symmetric_free(&s->norm);
    sn_symmetric_free(&s->system);
    sn_free(s->layer);
    sn_free(s->unknown);
    sn_free(s->stiffness);
    sn_free(s->hessian);
    sn_free(s->residual);
    sn_free(s->trial);
    *s = (sn_level){0};
}

static bool is_inside(const sn_level *s, const double *u) {
    int d = s->v->l.d;
    for (int64_t i = 0; i < s->mesh.n_nodes * d; i++)
        if (!isfinite(u[i]) || (s->v->positive[i % d] && s->unknown[i] >= 0 && u[i] <= 0)) return false;
    return true;
}

static bool all_finite(const double *x, int64_t n) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += x[i] * 0;
    return sum == 0;
}

static double typical_force(const sn_level *s) {
    int d = s->v->l.d;
    double sum = 0, weight = 0;
    for (int64_t i = 0; i < s->mesh.n_points; i++)
        for (int k = 0; k < d; k++) {
            sum += s->mesh.weight[i] * fabs(s->terms.a_pp[(i * d + k) * d + k]);
            weight += s->mesh.weight[i];
        }
    return sum / weight;
}

sn_status sn_level_linearise(sn_level *s, const double *u, double multiplier, bool second, bool *fine) {
    int d = s->v->l.d;
    int64_t dd = s->mesh.n_points * d * d;
    *fine = is_inside(s, u);
    if (!*fine) return SN_OK;
    if (second)
        SN_TRY(sn_functional_terms_at(s->f, u, multiplier, &s->terms));
    else
        SN_TRY(sn_functional_slopes_at(s->f, u, &s->terms));
    s->j = s->terms.j, s->k = s->terms.k;
    for (int64_t i = 0; i < s->mesh.n_nodes * d; i++) {
        int64_t at = s->unknown[i];
        if (at < 0) continue;
        if (s->bound) s->slope_k[at] = s->terms.gradient_k[i];
        s->residual[at] = s->terms.gradient_j[i] + (s->bound ? multiplier * s->terms.gradient_k[i] : 0);
    }
    if (s->bound) s->residual[s->n] = s->k - s->v->l.bound;
    *fine = isfinite(s->j) && isfinite(s->k) && all_finite(s->residual, s->n);
    if (!*fine || !second) return SN_OK;
    *fine = all_finite(s->terms.a_qq, dd) && all_finite(s->terms.a_qp, dd) && all_finite(s->terms.a_pp, dd);
    if (!*fine) return SN_OK;
    memset(s->hessian, 0, (size_t)(s->n * s->n) * sizeof(double));
    assemble(s, s->terms.a_qq, s->terms.a_qp, s->terms.a_pp, s->hessian);
    s->force = typical_force(s);
    return SN_OK;
}

/* The system matrix: Hessian - shift stiffness, bordered by the constraint's slope. */
int64_t sn_level_count_below(sn_level *s, double shift) {
    int64_t n = s->n, whole = n + s->bound;
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j <= i; j++)
            s->system.a[i * whole + j] = s->hessian[i * n + j] - shift * s->stiffness[i * n + j];
    if (s->bound) {
        memcpy(s->system.a + n * whole, s->slope_k, (size_t)n * sizeof(double));
        s->system.a[n * whole + n] = 0;
    }
    sn_symmetric_factor(&s->system);
    return s->system.n_negative - s->bound;
}

void sn_level_transfer(const sn_level *s, const sn_mesh *from, const double *u, double *to) {
    int d = s->v->l.d;
    for (int64_t i = 0; i < s->mesh.n_nodes; i++) sn_mesh_sample(from, u, d, s->mesh.node[i], to + i * d, NULL);
}
