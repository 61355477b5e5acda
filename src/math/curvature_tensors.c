/* The tensors of a metric: the formulas, on independent components only. */
#include "math/curvature.h"

#if SN_HAVE_FLINT
#include "base/alloc.h"

#include <string.h>

/* ---- Components ---- */

static sn_frac *at(sn_curvature *c, sn_curvature_tensor tensor, int i, int j, int k, int l, int *sign) {
    return &c->tensor[tensor][sn_curvature_find(c->n, tensor, (const int[]){i, j, k, l}, sign)];
}

static sn_frac *at2(sn_curvature *c, sn_curvature_tensor tensor, int i, int j) {
    int sign;
    return at(c, tensor, i, j, 0, 0, &sign);
}

static sn_frac *gamma_at(sn_curvature *c, int i, int j, int k) {
    int sign;
    return at(c, SN_CURVATURE_CHRISTOFFEL, i, j, k, 0, &sign);
}

static void settle(sn_field *f, sn_frac *list, int64_t n) {
    for (int64_t i = 0; i < n; i++) (void)sn_frac_is_zero(f, &list[i]);
}

static sn_status out_of_memory(void) { return sn_fail_memory("curvature"); }

/* For who waits. */
static void show(sn_curvature *c) {
    c->done++;
    if (c->progress) c->progress(c->progress_user, c->done, c->total);
}

/* ---- The inverse metric ---- */

/* The row at or below `column` whose entry there is simplest and not zero; -1: none. */
static int find_pivot(sn_field *f, sn_frac *m, int n, int column) {
    int best = -1;
    slong least = 0;
    for (int r = column; r < n; r++) {
        sn_frac *x = &m[r * 2 * n + column];
        if (sn_frac_is_zero(f, x)) continue;
        slong size = x->num.length + x->den.length;
        if (best < 0 || size < least) best = r, least = size;
    }
    return best;
}

static void swap_rows(sn_field *f, sn_frac *m, int n, int a, int b) {
    for (int k = 0; k < 2 * n && a != b; k++) {
        sn_frac t = m[a * 2 * n + k];
        m[a * 2 * n + k] = m[b * 2 * n + k];
        m[b * 2 * n + k] = t;
    }
    (void)f;
}

/* Row r -= its entry in `column` times the row `column`, whose pivot is 1. */
static void eliminate(sn_field *f, sn_frac *m, int n, int column, int r) {
    sn_frac factor;
    if (r == column || sn_frac_is_null(&m[r * 2 * n + column])) return;
    sn_frac_init(f, &factor);
    sn_frac_neg(f, &factor, &m[r * 2 * n + column]);
    for (int k = column; k < 2 * n; k++) sn_frac_add_product(f, &m[r * 2 * n + k], &factor, &m[column * 2 * n + k]);
    sn_frac_clear(f, &factor);
}

/* Gauss and Jordan on (metric | 1); *det is the product of the pivots. */
static bool invert(sn_field *f, sn_frac *m, int n, sn_frac *det) {
    sn_frac pivot;
    bool regular = true;
    sn_frac_init(f, &pivot);
    sn_frac_set_ratio(f, det, 1, 1);
    for (int column = 0; column < n && regular && !sn_field_failed(f); column++) {
        int r = find_pivot(f, m, n, column);
        regular = r >= 0;
        if (!regular) break;
        if (r != column) sn_frac_neg(f, det, det);
        swap_rows(f, m, n, column, r);
        sn_frac_set(f, &pivot, &m[column * 2 * n + column]);
        sn_frac_mul(f, det, det, &pivot);
        for (int k = column; k < 2 * n; k++) sn_frac_div(f, &m[column * 2 * n + k], &m[column * 2 * n + k], &pivot);
        for (int i = 0; i < n; i++) eliminate(f, m, n, column, i);
    }
    sn_frac_clear(f, &pivot);
    return regular;
}

/* In the order in which they follow from each other. */
static const sn_curvature_tensor from_inverse[] = {
    SN_CURVATURE_INVERSE,  SN_CURVATURE_DETERMINANT, SN_CURVATURE_CHRISTOFFEL,
    SN_CURVATURE_RIEMANN,  SN_CURVATURE_RICCI,       SN_CURVATURE_SCALAR,
    SN_CURVATURE_EINSTEIN, SN_CURVATURE_WEYL,        SN_CURVATURE_KRETSCHMANN};

/* A tensor, and what follows from it, is given up where it grows too large; everything else is a failure. */
static sn_status give_up(sn_curvature *c, const sn_curvature_tensor *tensors, int n) {
    sn_field *f = c->field;
    if (f->status != SN_ERR_LIMIT) return f->status;
    f->status = SN_OK;
    for (int t = 0; t < n; t++) {
        c->too_large[tensors[t]] = true;
        for (int64_t i = 0; i < sn_curvature_size(c->n, tensors[t]); i++)
            sn_frac_set_ratio(f, &c->tensor[tensors[t]][i], 0, 1);
    }
    return SN_OK;
}

static sn_status inverse(sn_curvature *c) {
    sn_field *f = c->field;
    int n = c->n;
    sn_frac *m = sn_curvature_new_fracs(f, 2 * n * n);
    if (!m) return out_of_memory();
    for (int i = 0; i < n; i++)
        for (int k = 0; k < n; k++) sn_frac_set(f, &m[i * 2 * n + k], at2(c, SN_CURVATURE_METRIC, i, k));
    for (int i = 0; i < n; i++) sn_frac_set_ratio(f, &m[i * 2 * n + n + i], 1, 1);
    bool regular = invert(f, m, n, c->tensor[SN_CURVATURE_DETERMINANT]);
    for (int i = 0; i < n; i++)
        for (int k = i; k < n; k++) sn_frac_set(f, at2(c, SN_CURVATURE_INVERSE, i, k), &m[i * 2 * n + n + k]);
    sn_curvature_free_fracs(f, m, 2 * n * n);
    if (f->status == SN_ERR_LIMIT) return give_up(c, from_inverse, 9);
    if (f->status == SN_OK && !regular)
        return sn_fail(SN_ERR_ARGUMENT, "--metric: the metric is singular: its determinant is 0%s",
                       f->doubt ? " (at random points)" : "");
    return f->status;
}

/* ---- Christoffel symbols and the Riemann tensor ---- */

typedef struct work {
    sn_frac *lower; /* [a, bc] as the Christoffel symbols are kept */
    int64_t n_lower;
} work;

static int sym(int n, int a, int b) {
    int sign;
    return (int)sn_curvature_find(n, SN_CURVATURE_METRIC, (const int[]){a, b}, &sign);
}

static const sn_frac *first(const sn_curvature *c, int a, int b, int by) {
    return &c->first[sym(c->n, a, b) * c->n + by];
}

/* [a, bc] = (d_c g_ab + d_b g_ac - d_a g_bc) / 2 and Gamma^a_bc = g^ad [d, bc]. */
static void christoffel(sn_curvature *c, work *w) {
    sn_field *f = c->field;
    int n = c->n, index[4] = {0}, sign;
    do {
        int a = index[0], b = index[1], d = index[2];
        sn_frac *x = &w->lower[sn_curvature_find(n, SN_CURVATURE_CHRISTOFFEL, index, &sign)];
        sn_frac_add(f, x, first(c, a, b, d), first(c, a, d, b));
        sn_frac_sub(f, x, x, first(c, b, d, a));
        sn_frac_scale(f, x, x, 1, 2);
    } while (sn_curvature_next(n, SN_CURVATURE_CHRISTOFFEL, index));
    memset(index, 0, sizeof index);
    do {
        sn_frac *x = gamma_at(c, index[0], index[1], index[2]);
        for (int d = 0; d < n; d++)
            sn_frac_add_product(
                f, x, at2(c, SN_CURVATURE_INVERSE, index[0], d),
                &w->lower[sn_curvature_find(n, SN_CURVATURE_CHRISTOFFEL, (const int[]){d, index[1], index[2]}, &sign)]);
        show(c);
    } while (sn_curvature_next(n, SN_CURVATURE_CHRISTOFFEL, index));
}

/* out += sign/2 d_e d_d g_ab */
static void add_second(sn_curvature *c, sn_frac *out, int a, int b, int d, int e, int sign) {
    sn_frac t;
    const sn_frac *g = first(c, a, b, d);
    if (sn_frac_is_null(g)) return;
    sn_frac_init(c->field, &t);
    sn_frac_derivative(c->field, &t, g, e);
    sn_frac_scale(c->field, &t, &t, sign, 2);
    sn_frac_add(c->field, out, out, &t);
    sn_frac_clear(c->field, &t);
}

/* out += sign [m, pq] Gamma^m_rs, summed over m. */
static void add_square(sn_curvature *c, const work *w, sn_frac *out, int p, int q, int r, int s, int sign) {
    sn_frac t;
    int unused;
    sn_frac_init(c->field, &t);
    for (int m = 0; m < c->n; m++)
        sn_frac_add_product(
            c->field, &t, &w->lower[sn_curvature_find(c->n, SN_CURVATURE_CHRISTOFFEL, (const int[]){m, p, q}, &unused)],
            gamma_at(c, m, r, s));
    if (sign > 0)
        sn_frac_add(c->field, out, out, &t);
    else
        sn_frac_sub(c->field, out, out, &t);
    sn_frac_clear(c->field, &t);
}

/* R_abcd = (d_b d_c g_ad + d_a d_d g_bc - d_a d_c g_bd - d_b d_d g_ac)/2 + g_mn (Gamma^m_bc Gamma^n_ad - Gamma^m_bd
 * Gamma^n_ac) */
static void riemann_component(sn_curvature *c, const work *w, sn_frac *out, const int *i) {
    int a = i[0], b = i[1], k = i[2], d = i[3];
    add_second(c, out, a, d, b, k, 1);
    add_second(c, out, b, k, a, d, 1);
    add_second(c, out, b, d, a, k, -1);
    add_second(c, out, a, k, b, d, -1);
    add_square(c, w, out, b, k, a, d, 1);
    add_square(c, w, out, b, d, a, k, -1);
}

/* R_adbc = R_acbd - R_abcd for a < b < c < d, of this or any tensor with its symmetries. Index: a d b c. */
static void by_bianchi(sn_curvature *c, sn_curvature_tensor tensor, const int *i) {
    int s1, s2, s3, a = i[0], b = i[2], k = i[3], d = i[1];
    sn_frac *out = at(c, tensor, a, d, b, k, &s1);
    sn_frac_sub(c->field, out, at(c, tensor, a, k, b, d, &s2), at(c, tensor, a, b, k, d, &s3));
}

static void riemann(sn_curvature *c, const work *w) {
    int sign;
    for (int pass = 0; pass < 2; pass++) {
        int index[4] = {0};
        while (sn_curvature_next(c->n, SN_CURVATURE_RIEMANN, index) && !sn_field_failed(c->field)) {
            if (sn_curvature_follows(index) != (pass == 1)) continue;
            if (pass)
                by_bianchi(c, SN_CURVATURE_RIEMANN, index);
            else
                riemann_component(c, w, at(c, SN_CURVATURE_RIEMANN, index[0], index[1], index[2], index[3], &sign),
                                  index);
            show(c);
        }
    }
}

static sn_status derivatives(sn_curvature *c) {
    sn_field *f = c->field;
    int n = c->n;
    work w = {.n_lower = sn_curvature_size(n, SN_CURVATURE_CHRISTOFFEL)};
    c->first = sn_curvature_new_fracs(f, sn_curvature_size(n, SN_CURVATURE_METRIC) * n);
    if (!c->first) return out_of_memory();
    for (int a = 0; a < n; a++)
        for (int b = a; b < n; b++)
            for (int k = 0; k < n; k++)
                sn_frac_derivative(f, &c->first[sym(n, a, b) * n + k], at2(c, SN_CURVATURE_METRIC, a, b), k);
    if (f->status != SN_OK || c->too_large[SN_CURVATURE_INVERSE]) return f->status;
    w.lower = sn_curvature_new_fracs(f, w.n_lower);
    if (!w.lower) return out_of_memory();
    christoffel(c, &w);
    sn_status status = give_up(c, from_inverse + 2, 7);
    if (status == SN_OK && !c->too_large[SN_CURVATURE_CHRISTOFFEL]) {
        riemann(c, &w);
        settle(f, c->tensor[SN_CURVATURE_RIEMANN], sn_curvature_size(n, SN_CURVATURE_RIEMANN));
        status = give_up(c, from_inverse + 3, 6);
    }
    sn_curvature_free_fracs(f, w.lower, w.n_lower);
    return status;
}

/* ---- Contractions ---- */

/* R_bd = g^ac R_abcd, R = g^bd R_bd, G_ab = R_ab - R g_ab / 2. */
static void ricci(sn_curvature *c) {
    sn_field *f = c->field;
    int n = c->n, sign;
    sn_frac t, *scalar = c->tensor[SN_CURVATURE_SCALAR];
    sn_frac_init(f, &t);
    for (int b = 0; b < n; b++)
        for (int d = b; d < n; d++) {
            sn_frac *out = at2(c, SN_CURVATURE_RICCI, b, d);
            for (int a = 0; a < n; a++)
                for (int k = 0; k < n; k++) {
                    const sn_frac *r = at(c, SN_CURVATURE_RIEMANN, a, b, k, d, &sign);
                    if (sign == 0) continue;
                    sn_frac_neg(f, &t, r);
                    sn_frac_add_product(f, out, at2(c, SN_CURVATURE_INVERSE, a, k), sign > 0 ? r : &t);
                }
            (void)sn_frac_is_zero(f, out);
            show(c);
        }
    for (int b = 0; b < n; b++)
        for (int d = 0; d < n; d++)
            sn_frac_add_product(f, scalar, at2(c, SN_CURVATURE_INVERSE, b, d), at2(c, SN_CURVATURE_RICCI, b, d));
    (void)sn_frac_is_zero(f, scalar);
    sn_frac_scale(f, &t, scalar, -1, 2);
    for (int a = 0; a < n; a++)
        for (int b = a; b < n; b++) {
            sn_frac *out = at2(c, SN_CURVATURE_EINSTEIN, a, b);
            sn_frac_set(f, out, at2(c, SN_CURVATURE_RICCI, a, b));
            sn_frac_add_product(f, out, &t, at2(c, SN_CURVATURE_METRIC, a, b));
        }
    settle(f, c->tensor[SN_CURVATURE_EINSTEIN], sn_curvature_size(n, SN_CURVATURE_EINSTEIN));
    sn_frac_clear(f, &t);
}

/* out += p/q x y */
static void add_scaled(sn_field *f, sn_frac *out, const sn_frac *x, const sn_frac *y, int64_t p, int64_t q) {
    sn_frac t;
    if (sn_frac_is_null(x) || sn_frac_is_null(y)) return;
    sn_frac_init(f, &t);
    sn_frac_mul(f, &t, x, y);
    sn_frac_scale(f, &t, &t, p, q);
    sn_frac_add(f, out, out, &t);
    sn_frac_clear(f, &t);
}

/* C_abcd = R_abcd - (g_ac R_bd - g_ad R_bc - g_bc R_ad + g_bd R_ac)/(n-2) + R (g_ac g_bd - g_ad g_bc)/((n-1)(n-2)) */
static void weyl_component(sn_curvature *c, const int *i) {
    sn_field *f = c->field;
    int n = c->n, a = i[0], b = i[1], k = i[2], d = i[3], sign;
    sn_frac t, *out = at(c, SN_CURVATURE_WEYL, a, b, k, d, &sign);
    sn_frac_set(f, out, at(c, SN_CURVATURE_RIEMANN, a, b, k, d, &sign));
    add_scaled(f, out, at2(c, SN_CURVATURE_METRIC, a, k), at2(c, SN_CURVATURE_RICCI, b, d), -1, n - 2);
    add_scaled(f, out, at2(c, SN_CURVATURE_METRIC, a, d), at2(c, SN_CURVATURE_RICCI, b, k), 1, n - 2);
    add_scaled(f, out, at2(c, SN_CURVATURE_METRIC, b, k), at2(c, SN_CURVATURE_RICCI, a, d), 1, n - 2);
    add_scaled(f, out, at2(c, SN_CURVATURE_METRIC, b, d), at2(c, SN_CURVATURE_RICCI, a, k), -1, n - 2);
    sn_frac_init(f, &t);
    sn_frac_mul(f, &t, at2(c, SN_CURVATURE_METRIC, a, k), at2(c, SN_CURVATURE_METRIC, b, d));
    add_scaled(f, &t, at2(c, SN_CURVATURE_METRIC, a, d), at2(c, SN_CURVATURE_METRIC, b, k), -1, 1);
    add_scaled(f, out, c->tensor[SN_CURVATURE_SCALAR], &t, 1, (n - 1) * (n - 2));
    sn_frac_clear(f, &t);
}

static void weyl(sn_curvature *c) {
    for (int pass = 0; pass < 2 && c->n > 3; pass++) {
        int index[4] = {0};
        while (sn_curvature_next(c->n, SN_CURVATURE_WEYL, index) && !sn_field_failed(c->field)) {
            if (sn_curvature_follows(index) != (pass == 1)) continue;
            if (pass)
                by_bianchi(c, SN_CURVATURE_WEYL, index);
            else
                weyl_component(c, index);
            show(c);
        }
    }
    settle(c->field, c->tensor[SN_CURVATURE_WEYL], sn_curvature_size(c->n, SN_CURVATURE_WEYL));
}

/* The a < b of pair number p. */
static void pair_of(int n, int p, int *a, int *b) {
    for (*a = 0; p >= n - 1 - *a; ++*a) p -= n - 1 - *a;
    *b = *a + 1 + p;
}

/* X = R^ab_cd over pairs: g^ae g^bf - g^af g^be times R_efcd, for e < f. */
static void raise_pairs(sn_curvature *c, sn_frac *x) {
    sn_field *f = c->field;
    int n = c->n, m = c->n_pairs, a, b, e, h, k, d, sign;
    sn_frac g;
    sn_frac_init(f, &g);
    for (int p = 0; p < m; p++)
        for (int q = 0; q < m && !sn_field_failed(f); q++) {
            pair_of(n, p, &a, &b);
            pair_of(n, q, &e, &h);
            show(c);
            sn_frac_mul(f, &g, at2(c, SN_CURVATURE_INVERSE, a, e), at2(c, SN_CURVATURE_INVERSE, b, h));
            add_scaled(f, &g, at2(c, SN_CURVATURE_INVERSE, a, h), at2(c, SN_CURVATURE_INVERSE, b, e), -1, 1);
            for (int s = 0; s < m; s++) {
                pair_of(n, s, &k, &d);
                sn_frac_add_product(f, &x[p * m + s], &g, at(c, SN_CURVATURE_RIEMANN, e, h, k, d, &sign));
            }
        }
    sn_frac_clear(f, &g);
}

/* R_abcd R^abcd = 4 times the trace of X^2. */
static sn_status kretschmann(sn_curvature *c) {
    sn_field *f = c->field;
    int m = c->n_pairs;
    sn_frac *out = c->tensor[SN_CURVATURE_KRETSCHMANN], *x = sn_curvature_new_fracs(f, m * m);
    if (!x) return out_of_memory();
    raise_pairs(c, x);
    for (int p = 0; p < m; p++)
        for (int q = p; q < m && !sn_field_failed(f); q++)
            add_scaled(f, out, &x[p * m + q], &x[q * m + p], p == q ? 4 : 8, 1);
    (void)sn_frac_is_zero(f, out);
    sn_curvature_free_fracs(f, x, m * m);
    return f->status;
}

static sn_status contract(sn_curvature *c) {
    if (c->too_large[SN_CURVATURE_RIEMANN]) return SN_OK;
    ricci(c);
    SN_TRY(give_up(c, from_inverse + 4, 4));
    if (!c->too_large[SN_CURVATURE_RICCI]) {
        weyl(c);
        SN_TRY(give_up(c, from_inverse + 7, 1));
    }
    sn_status status = kretschmann(c);
    return status == SN_ERR_MEMORY ? status : give_up(c, from_inverse + 8, 1);
}

/* Components of the tensors, and the products of pairs for the Kretschmann scalar. */
static int64_t count_steps(int n, int n_pairs) {
    return sn_curvature_size(n, SN_CURVATURE_CHRISTOFFEL) + sn_curvature_size(n, SN_CURVATURE_RIEMANN) +
           sn_curvature_size(n, SN_CURVATURE_RICCI) + (n > 3 ? sn_curvature_size(n, SN_CURVATURE_WEYL) : 0) +
           (int64_t)n_pairs * n_pairs;
}

sn_status sn_curvature_compute(sn_curvature *c) {
    c->total = count_steps(c->n, c->n_pairs);
    SN_TRY(inverse(c));
    SN_TRY(derivatives(c));
    SN_TRY(contract(c));
    return sn_curvature_find_zeros(c);
}

#endif
