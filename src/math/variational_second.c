/* What kind of stationary path it is: the Euler-Lagrange residual, Legendre's and Jacobi's conditions. */
#include "base/alloc.h"
#include "math/variational.h"

#include <math.h>

enum { D = SN_LAGRANGIAN_MAX_FUNCTIONS };

/* The residual A_q - d/dt A_p = A_q - A_pt - A_pq q' - A_pp q'' at all points. */
static double equation_residual(const sn_level *s, const double *u) {
    const sn_mesh *m = &s->mesh;
    const sn_functional_terms *a = &s->terms;
    int d = s->v->l.d, n = m->degree + 1;
    double off = 0, size = 0, momentum = 0, length = m->cut[m->n_elements] - m->cut[0];
    for (int64_t i = 0; i < m->n_points; i++) {
        int64_t e = i / m->n_gauss;
        double per = 2 / (m->cut[e + 1] - m->cut[e]), slope[D] = {0}, bend[D] = {0};
        for (int j = 0; j < n; j++)
            for (int k = 0; k < d; k++) {
                double value = u[(e * m->degree + j) * d + k];
                slope[k] += per * m->slope[i % m->n_gauss * n + j] * value;
                bend[k] += per * per * m->bend[i % m->n_gauss * n + j] * value;
            }
        for (int k = 0; k < d; k++) {
            int64_t at = i * d + k;
            double r = a->a_q[at] - a->a_pt[at], terms = fabs(a->a_q[at]) + fabs(a->a_pt[at]);
            for (int l = 0; l < d; l++) {
                double x = a->a_qp[(i * d + l) * d + k] * slope[l], y = a->a_pp[at * d + l] * bend[l];
                r -= x + y, terms += fabs(x) + fabs(y);
            }
            off += m->weight[i] * r * r, size += m->weight[i] * terms * terms;
            momentum += m->weight[i] * a->a_p[at] * a->a_p[at];
        }
    }
    double scale = sqrt(size) + sqrt(momentum) / length;
    for (int k = 0; k < d; k++) /* a straight path has no terms: then those of a bend by a hundredth of its scale */
        scale += 1e-2 * s->force * s->v->scale[k] / (length * sqrt(length));
    return scale > 0 ? sqrt(off) / scale : 0;
}

/* Is sign * matrix [d][d] positive definite? By Cholesky's method. */
static bool is_definite(const double *matrix, int d, double sign) {
    double l[D][D] = {{0}};
    for (int i = 0; i < d; i++)
        for (int j = 0; j <= i; j++) {
            double x = sign * matrix[i * d + j];
            for (int k = 0; k < j; k++) x -= l[i][k] * l[j][k];
            if (i == j && !(x > 1e-12 * fabs(matrix[i * d + i]))) return false;
            l[i][j] = i == j ? sqrt(x) : x / l[j][j];
        }
    return true;
}

static int legendre(const sn_level *s) {
    int d = s->v->l.d;
    bool up = true, down = true;
    for (int64_t i = 0; i < s->mesh.n_points; i++) {
        const double *pp = s->terms.a_pp + i * d * d;
        up = up && is_definite(pp, d, 1);
        down = down && is_definite(pp, d, -1);
    }
    return up ? 1 : down ? -1 : 0;
}

/* Eigenvalues beyond a shift on the side where a minimum (sign 1) or a maximum (sign -1) has none. */
static int64_t count_beyond(sn_level *s, double shift, int sign) {
    int64_t below = sn_level_count_below(s, sign * shift);
    return sign > 0 ? below : s->n - s->bound - below;
}

/* The eigenvalue nearest to that side, by bisection. */
static double edge_eigenvalue(sn_level *s, int sign) {
    double low = -s->force, high = s->force;
    for (int i = 0; i < 60 && count_beyond(s, low, sign) > 0; i++) high = low, low *= 2;
    for (int i = 0; i < 60 && count_beyond(s, high, sign) == 0; i++) low = high, high = fabs(high) * 2;
    for (int i = 0; i < 50 && high - low > 1e-12 * (fabs(low) + fabs(high)); i++) {
        double middle = 0.5 * (low + high);
        if (count_beyond(s, middle, sign) > 0)
            high = middle;
        else
            low = middle;
    }
    return sign * 0.5 * (low + high);
}

/* ---- Conjugate points ---- */

/* Eigenvalues below 0 over variations that end at `upto` in element e: the number of conjugate points before it
 * (Morse). */
static int64_t index_upto(sn_level *s, int e, double upto, double *block) {
    sn_level_cut_block(s, e, upto, block);
    return sn_chain_count_until(&s->system, e, block);
}

/* The first conjugate points, each by bisection in the element that it lies in. */
static sn_status find_conjugate(sn_level *s, int64_t index, double *where, int *n) {
    const sn_mesh *m = &s->mesh;
    int64_t before = 0;
    *n = 0;
    if (index == 0) return SN_OK;
    double *block = sn_alloc((size_t)s->width * (size_t)s->width * sizeof *block);
    if (!block) return sn_fail_memory("a block");
    (void)sn_level_count_below(s, 0);
    for (int e = 0; e < m->n_elements && *n < SN_MAX_CONJUGATE; e++) {
        int64_t after = index_upto(s, e, m->cut[e + 1], block);
        if (e + 1 == m->n_elements && after > index) after = index;
        for (int64_t k = before + 1; k <= after && *n < SN_MAX_CONJUGATE; k++) {
            double low = m->cut[e], high = m->cut[e + 1];
            for (int i = 0; i < 45; i++) {
                double middle = 0.5 * (low + high);
                if (index_upto(s, e, middle, block) >= k)
                    high = middle;
                else
                    low = middle;
            }
            where[(*n)++] = 0.5 * (low + high);
        }
        before = after > before ? after : before;
    }
    sn_free(block);
    return SN_OK;
}

sn_status sn_level_count(sn_level *s, const double *u, double multiplier, int64_t *worse, int64_t *flat, bool *fine) {
    SN_TRY(sn_level_linearise(s, u, multiplier, true, fine));
    if (!*fine) return SN_OK;
    int sign = legendre(s);
    double small = 1e-7 * s->force;
    *worse = *flat = 0;
    if (sign == 0) return SN_OK; /* infinitely many of both signs */
    *worse = count_beyond(s, -small, sign);
    *flat = count_beyond(s, small, sign) - *worse;
    return SN_OK;
}

sn_status sn_second_variation_at(sn_level *s, const double *u, double multiplier, bool conjugate,
                                 sn_second_variation *out) {
    bool fine;
    *out = (sn_second_variation){0};
    SN_TRY(sn_level_count(s, u, multiplier, &out->worse, &out->flat, &fine));
    if (!fine) return sn_fail(SN_ERR_NUMERIC, "the second variation is not finite");
    out->residual = equation_residual(s, u);
    out->legendre = legendre(s);
    out->edge = edge_eigenvalue(s, out->legendre < 0 ? -1 : 1);
    if (conjugate && !s->bound && out->legendre > 0)
        SN_TRY(find_conjugate(s, out->worse, out->conjugate, &out->n_conjugate));
    return SN_OK;
}
