/* The discrete problem on a mesh: unknowns, residual, Hessian. */
#include "base/alloc.h"
#include "math/variational.h"

#include <math.h>
#include <string.h>

static sn_status make_mesh(sn_level *s, int parts, int degree) {
    const sn_variational *v = s->v;
    double cuts[SN_VARIATIONAL_MAX_CUTS * 64 + 1];
    int n = v->n_intervals * parts;
    if (parts > 64) return sn_fail(SN_ERR_INTERNAL, "a mesh of too many parts");
    for (int i = 0; i < n; i++) {
        int at = i / parts;
        cuts[i] = v->cuts[at] + (v->cuts[at + 1] - v->cuts[at]) * (i % parts) / parts;
        s->layer[i] = at;
    }
    cuts[n] = v->cuts[v->n_intervals];
    return sn_mesh_new(cuts, n, degree, &s->mesh);
}

static sn_status number_unknowns(sn_level *s) {
    int d = s->v->l.d;
    int64_t n = s->mesh.n_nodes;
    s->unknown = sn_alloc((size_t)(n * d) * sizeof *s->unknown);
    if (!s->unknown) return sn_fail_memory("a mesh");
    for (int64_t i = 0; i < n; i++)
        for (int k = 0; k < d; k++) {
            bool held = (i == 0 && !isnan(s->v->from[k])) || (i == n - 1 && !isnan(s->v->to[k]));
            s->unknown[i * d + k] = held ? -1 : s->n++;
        }
    return SN_OK;
}

/* The block of one element of length 2 half, from second derivatives at its points and their weights: the sum over
 * points of weight (qq B B' + qp B S' + qp' S B' + pp S S'), B the values of the basis and S its slopes. */
static void assemble(const sn_level *s, double half, const double *weight, const double *qq, const double *qp,
                     const double *pp, double *block) {
    const sn_mesh *m = &s->mesh;
    int d = s->v->l.d, n = m->degree + 1;
    double *sum = s->scratch, *slope = sum + d * d * n * n; /* sum[k][l][a][b], b <= a */
    memset(sum, 0, (size_t)(d * d * n * n) * sizeof *sum);
    for (int i = 0; i < m->n_gauss; i++) {
        const double *b = m->value + i * n, *c = m->slope + i * n;
        for (int a = 0; a < n; a++) slope[a] = c[a] / half;
        for (int k = 0; k < d; k++)
            for (int l = 0; l < d; l++) {
                int kl = (i * d + k) * d + l, lk = (i * d + l) * d + k;
                for (int a = 0; a < n; a++) {
                    double x = weight[i] * b[a], y = weight[i] * slope[a];
                    double by_value = x * qq[kl] + y * qp[lk], by_slope = x * qp[kl] + y * pp[kl];
                    double *row = sum + ((k * d + l) * n + a) * n;
                    for (int e = 0; e <= a; e++) row[e] += by_value * b[e] + by_slope * slope[e];
                }
            }
    }
    for (int x = 0; x < s->width; x++)
        for (int y = 0; y <= x; y++) block[x * s->width + y] = sum[((x % d * d + y % d) * n + x / d) * n + y / d];
}

/* The stiffness is the same for each function; free ends add a little mass, which makes it definite. */
static sn_status fill_norm(sn_level *s) {
    const sn_mesh *m = &s->mesh;
    int d = s->v->l.d, size = m->n_gauss * d * d;
    double length = s->v->cuts[s->v->n_intervals] - s->v->cuts[0], mass = 0;
    for (int k = 0; k < d; k++)
        if (isnan(s->v->from[k]) || isnan(s->v->to[k])) mass = 1 / (length * length);
    double *unit = sn_calloc((size_t)size * 3, sizeof *unit);
    if (!unit) return sn_fail_memory("a norm");
    for (int i = 0; i < m->n_gauss; i++)
        for (int k = 0; k < d; k++) {
            unit[(i * d + k) * d + k] = mass;
            unit[2 * size + (i * d + k) * d + k] = 1;
        }
    for (int e = 0; e < m->n_elements; e++)
        assemble(s, 0.5 * (m->cut[e + 1] - m->cut[e]), m->weight + e * m->n_gauss, unit, unit + size, unit + 2 * size,
                 s->norm.block + (int64_t)e * s->width * s->width);
    sn_free(unit);
    sn_chain_factor(&s->norm);
    return SN_OK;
}

static sn_status reserve(sn_level *s) {
    int d = s->v->l.d, n = s->mesh.degree + 1, elements = s->mesh.n_elements, gauss = s->mesh.n_gauss;
    s->width = n * d;
    size_t whole = (size_t)(s->n + s->bound), width = (size_t)s->width;
    s->hessian = sn_calloc((size_t)elements * width * width, sizeof(double));
    s->residual = sn_calloc(4 * whole, sizeof(double));
    s->trial = sn_calloc((size_t)(s->mesh.n_nodes * d), sizeof(double));
    /* A block, a row of slopes; terms at the points of a part, their weights, a row of interpolation. */
    s->scratch = sn_calloc(width * width + (size_t)(n + gauss * (3 * d * d + 2)), sizeof(double));
    if (!s->hessian || !s->residual || !s->trial || !s->scratch) return sn_fail_memory("a Hessian");
    s->slope_k = s->residual + whole, s->step = s->residual + 2 * whole, s->image = s->residual + 3 * whole;
    SN_TRY(sn_chain_new(elements, s->width, s->width - d, s->unknown, s->n, 0, &s->norm));
    return sn_chain_new(elements, s->width, s->width - d, s->unknown, s->n, s->bound, &s->system);
}

sn_status sn_level_new(const sn_variational *v, int parts, int degree, sn_level *out) {
    *out = (sn_level){.v = v, .bound = v->l.constraint != NULL};
    out->layer = sn_calloc((size_t)(v->n_intervals * parts), sizeof *out->layer);
    sn_status status = out->layer ? SN_OK : sn_fail_memory("a mesh");
    if (status == SN_OK) status = make_mesh(out, parts, degree);
    if (status == SN_OK) status = number_unknowns(out);
    if (status == SN_OK) status = reserve(out);
    if (status == SN_OK) status = fill_norm(out);
    if (status == SN_OK) status = sn_functional_new(&v->l, &out->mesh, out->layer, v->cancel, &out->f);
    if (status != SN_OK) sn_level_free(out);
    return status;
}

void sn_level_free(sn_level *s) {
    sn_functional_free(s->f);
    sn_mesh_free(&s->mesh);
    sn_chain_free(&s->norm);
    sn_chain_free(&s->system);
    sn_free(s->layer);
    sn_free(s->unknown);
    sn_free(s->hessian);
    sn_free(s->scratch);
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
    s->work += sn_lagrangian_work(&s->v->l, s->mesh.n_points) / (second ? 1 : 4);
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
    for (int e = 0; e < s->mesh.n_elements; e++) {
        int64_t at = (int64_t)e * s->mesh.n_gauss, by = at * d * d;
        assemble(s, 0.5 * (s->mesh.cut[e + 1] - s->mesh.cut[e]), s->mesh.weight + at, s->terms.a_qq + by,
                 s->terms.a_qp + by, s->terms.a_pp + by, s->hessian + (int64_t)e * s->width * s->width);
    }
    s->force = typical_force(s);
    return SN_OK;
}

/* The points of a part lie where polynomials through the element's points are known well. */
void sn_level_cut_block(sn_level *s, int e, double upto, double *block) {
    const sn_mesh *m = &s->mesh;
    int d = s->v->l.d, n = m->n_gauss, size = d * d;
    const double *t = m->t + e * n, *weight = m->weight + e * n;
    double a = m->cut[e], share = (upto - a) / (m->cut[e + 1] - a);
    const double *terms[3] = {s->terms.a_qq, s->terms.a_qp, s->terms.a_pp};
    double *part = s->scratch + s->width * s->width + m->degree + 1, *less = part + 3 * n * size, *row = less + n;
    for (int i = 0; i < n; i++) {
        sn_gauss_row(n, t, weight, a + share * (t[i] - a), row);
        less[i] = share * weight[i];
        for (int c = 0; c < 3; c++)
            for (int k = 0; k < size; k++) {
                double sum = 0;
                for (int j = 0; j < n; j++) sum += row[j] * terms[c][((int64_t)e * n + j) * size + k];
                part[(c * n + i) * size + k] = sum;
            }
    }
    assemble(s, 0.5 * (upto - a), less, part, part + n * size, part + 2 * n * size, block);
}

/* The system matrix: Hessian - shift stiffness, bordered by the constraint's slope. */
int64_t sn_level_count_below(sn_level *s, double shift) {
    int64_t size = (int64_t)s->mesh.n_elements * s->width * s->width;
    for (int64_t i = 0; i < size; i++) s->system.block[i] = s->hessian[i] - shift * s->norm.block[i];
    if (s->bound) memcpy(s->system.edge, s->slope_k, (size_t)s->n * sizeof(double));
    sn_chain_factor(&s->system);
    return s->system.n_negative - s->bound;
}

void sn_level_transfer(const sn_level *s, const sn_mesh *from, const double *u, double *to) {
    int d = s->v->l.d;
    for (int64_t i = 0; i < s->mesh.n_nodes; i++) sn_mesh_sample(from, u, d, s->mesh.node[i], to + i * d, NULL);
}
