/* The parts of the direct method: factorisation with inertia, quadrature and interpolation, and the functional's
 * derivatives against differences and against plain evaluation of the expression. */
#include "math/variational.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint64_t state_of_draws = 7;
static double draw(void) { /* -1 to 1 */
    state_of_draws = state_of_draws * 6364136223846793005u + 1442695040888963407u;
    return (double)(state_of_draws >> 11) / 4503599627370496.0 - 1;
}

enum { N = 40 };

/* Eigenvalues by Jacobi's rotations, in the diagonal. */
static void diagonalise(int n, double a[N][N]) {
    for (int sweep = 0; sweep < 30; sweep++)
        for (int p = 0; p < n; p++)
            for (int q = p + 1; q < n; q++) {
                if (fabs(a[p][q]) < 1e-300) continue;
                double angle = 0.5 * atan2(2 * a[p][q], a[q][q] - a[p][p]), c = cos(angle), s = sin(angle);
                for (int i = 0; i < n; i++) {
                    double x = a[i][p], y = a[i][q];
                    a[i][p] = c * x - s * y, a[i][q] = s * x + c * y;
                }
                for (int i = 0; i < n; i++) {
                    double x = a[p][i], y = a[q][i];
                    a[p][i] = c * x - s * y, a[q][i] = s * x + c * y;
                }
            }
}

/* A chain of random blocks as a dense matrix. hollow: the inner part of each block is 0, so that nothing can be
 * eliminated safely before the next element. */
static void draw_chain(sn_chain *s, int shared, bool hollow, double dense[N][N]) {
    int width = s->width;
    memset(dense, 0, sizeof(double[N][N]));
    for (int e = 0; e < s->n_elements; e++)
        for (int x = 0; x < width; x++)
            for (int y = 0; y <= x; y++) {
                bool inner = x >= shared && x < s->stride && y >= shared;
                double value = hollow && inner ? 0 : draw();
                int64_t i = s->unknown[e * s->stride + x], j = s->unknown[e * s->stride + y];
                s->block[(e * width + x) * width + y] = value;
                if (i < 0 || j < 0) continue;
                dense[i][j] += value;
                if (i != j) dense[j][i] += value;
            }
    for (int64_t i = 0; s->border && i < s->n; i++) dense[i][s->n] = dense[s->n][i] = s->edge[i] = draw();
}

static void check_chain(sn_chain *s, int shared, bool hollow) {
    static double dense[N][N], eigen[N][N];
    int n = (int)s->n + s->border, negative = 0;
    double x[N], b[N], off = 0, least = INFINITY;
    draw_chain(s, shared, hollow, dense);
    memcpy(eigen, dense, sizeof eigen);
    diagonalise(n, eigen);
    for (int i = 0; i < n; i++) negative += eigen[i][i] < 0, least = fmin(least, fabs(eigen[i][i]));
    if (least < 1e-9) return; /* singular: it has no inverse, and its inertia is left to rounding */
    for (int i = 0; i < n; i++) x[i] = draw();
    for (int i = 0; i < n; i++) {
        b[i] = 0;
        for (int j = 0; j < n; j++) b[i] += dense[i][j] * x[j];
    }
    sn_chain_factor(s);
    if (s->n_negative != negative)
        fail_msg("%d elements of %d, %d shared: %d below 0, not %d", s->n_elements, s->width, shared,
                 (int)s->n_negative, negative);
    sn_chain_solve(s, b);
    for (int i = 0; i < n; i++) off = fmax(off, fabs(b[i] - x[i]));
    if (!(off < 1e-10 / fmin(1, least))) fail_msg("off by %g; the least eigenvalue is %g", off, least);
}

static void test_inertia(void **state) {
    (void)state;
    int64_t unknown[N];
    for (int round = 0; round < 400; round++) {
        int shared = 1 + round % 3, width = shared * (2 + round % 4), elements = 1 + round / 3 % 4;
        int stride = width - shared, all = stride * elements + shared;
        int64_t n = 0;
        sn_chain s;
        if (all + 1 > N) continue;
        for (int i = 0; i < all; i++) {
            bool fixed = (i < shared && round % 5) || (i >= all - shared && round % 7);
            unknown[i] = fixed ? -1 : n++;
        }
        assert_int_equal(sn_chain_new(elements, width, stride, unknown, n, round / 2 % 2, &s), SN_OK);
        check_chain(&s, shared, round % 4 == 1);
        sn_chain_free(&s);
    }
    /* Pivots of two, and a singular matrix. */
    sn_chain s;
    for (int i = 0; i < 3; i++) unknown[i] = i;
    assert_int_equal(sn_chain_new(1, 3, 2, unknown, 3, 0, &s), SN_OK);
    s.block[3] = 2;
    sn_chain_factor(&s);
    assert_int_equal(s.n_negative, 1);
    assert_int_equal(s.n_nothing, 1);
    double x[3] = {4, 6, 5};
    sn_chain_solve(&s, x);
    assert_true(x[0] == 3 && x[1] == 2 && x[2] == 0);
    sn_chain_free(&s);
}

static void test_mesh(void **state) {
    (void)state;
    double x[12], w[12], sum = 0;
    sn_gauss_legendre(12, x, w);
    for (int i = 0; i < 12; i++) sum += w[i] * pow(x[i], 22);
    assert_true(fabs(sum - 2.0 / 23) < 1e-15);
    const double cuts[] = {-1, 0.5, 0.7, 2};
    sn_mesh m;
    assert_int_equal(sn_mesh_new(cuts, 3, 14, &m), SN_OK);
    double u[43 * 2], q[2], p[2];
    for (int i = 0; i < m.n_nodes; i++) u[2 * i] = exp(m.node[i]), u[2 * i + 1] = cos(m.node[i]);
    for (double t = -1; t <= 2; t += 0.037) {
        sn_mesh_sample(&m, u, 2, t, q, p);
        assert_true(fabs(q[0] - exp(t)) < 1e-13 && fabs(q[1] - cos(t)) < 1e-13);
        assert_true(fabs(p[0] - exp(t)) < 1e-10 && fabs(p[1] + sin(t)) < 1e-10);
    }
    sum = 0;
    for (int i = 0; i < m.n_points; i++) sum += m.weight[i] * exp(m.t[i]);
    assert_true(fabs(sum - (exp(2) - exp(-1))) < 1e-14);
    sn_mesh_free(&m);
}

/* Every function and operator of the language, two functions, a constraint. */
static const char lagrangian[] =
    "sqrt(1+y'^2+z'^2)*exp(x*y/5) + log(3+z) + sin(y)*cos(z') + tan(z/3) + sinh(y/2)*cosh(y') - tanh(z'*y)"
    " + asin(z/4)*acos(y/4) + atan(y'*x)/(2+z^2) + (2+y)^2.5 + (3+z)^(-1/2) + (2+y)^z - k*y'^3/7 + (-2)^3*z^-2*0 + "
    "pi*z";
static const char constraint[] = "y*z' + y'^2*x + k";

static void open_level(sn_expr_scope *scope, sn_variational *v, sn_level *s) {
    static const char *const names[] = {"x", "y", "z", "y'", "z'", "k"};
    for (int i = 0; i < 6; i++)
        assert_int_equal(sn_expr_declare(scope, "test", names[i], strlen(names[i]), false), SN_OK);
    *v = (sn_variational){.cuts = {0.2, 1.1}, .n_intervals = 1, .from = {0.3, 0.5}, .to = {0.9, NAN}, .scale = {1, 1}};
    v->l.d = 2;
    v->l.constants[5] = 0.7;
    v->l.bound = 1;
    if (sn_expr_parse(scope, "test", lagrangian, strlen(lagrangian), &v->l.density) != SN_OK ||
        sn_expr_parse(scope, "test", constraint, strlen(constraint), &v->l.constraint) != SN_OK ||
        sn_level_new(v, 2, 6, s) != SN_OK)
        fail_msg("%s", sn_last_error());
}

static void bend(const sn_level *s, double *u) {
    for (int i = 0; i < s->mesh.n_nodes; i++) {
        double t = s->mesh.node[i];
        u[2 * i] = 0.3 + 0.6 * (t - 0.2) / 0.9 + 0.2 * sin(5 * t), u[2 * i + 1] = 0.5 + 0.3 * t * t;
    }
}

static double by_evaluation(const sn_level *s, const sn_expr *e, const double *u) {
    double sum = 0, names[6] = {0, 0, 0, 0, 0, 0.7};
    for (int i = 0; i < s->mesh.n_points; i++) {
        names[0] = s->mesh.t[i];
        sn_mesh_sample(&s->mesh, u, 2, names[0], names + 1, names + 3);
        sum += s->mesh.weight[i] * sn_expr_eval(e, &(sn_expr_values){.names = names});
    }
    return sum;
}

static void test_derivatives(void **state) {
    (void)state;
    enum { MOST = 64 };
    static sn_expr_scope scope;
    sn_variational v;
    sn_level s;
    double u[MOST], low[MOST], multiplier = 0.4, step = 1e-6;
    bool fine;
    open_level(&scope, &v, &s);
    bend(&s, u);
    assert_int_equal(sn_level_linearise(&s, u, multiplier, true, &fine), SN_OK);
    assert_true(fine && s.n == 2 * 13 - 3);
    assert_true(fabs(s.j - by_evaluation(&s, v.l.density, u)) < 1e-12);
    assert_true(fabs(s.k - by_evaluation(&s, v.l.constraint, u)) < 1e-12);
    double gradient[MOST], hessian[MOST * MOST] = {0};
    memcpy(gradient, s.residual, (size_t)s.n * sizeof(double));
    for (int e = 0; e < s.mesh.n_elements; e++)
        for (int x = 0; x < s.width; x++)
            for (int y = 0; y <= x; y++) {
                int64_t row = s.unknown[e * s.system.stride + x], column = s.unknown[e * s.system.stride + y];
                if (row >= 0 && column >= 0) hessian[row * s.n + column] += s.hessian[(e * s.width + x) * s.width + y];
            }
    for (int64_t i = 0; i < 2 * s.mesh.n_nodes; i++) {
        int64_t column = s.unknown[i];
        if (column < 0) continue;
        double at = u[i], sum[2];
        for (int side = 0; side < 2; side++) {
            u[i] = at + (side ? step : -step);
            sum[side] = by_evaluation(&s, v.l.density, u) + multiplier * by_evaluation(&s, v.l.constraint, u);
            assert_int_equal(sn_level_linearise(&s, u, multiplier, false, &fine), SN_OK);
            if (!side) memcpy(low, s.residual, (size_t)s.n * sizeof(double));
        }
        u[i] = at;
        double slope = (sum[1] - sum[0]) / (2 * step);
        if (fabs(slope - gradient[column]) > 1e-8 * (1 + fabs(slope)))
            fail_msg("gradient %d: %.12g, not %.12g", (int)column, gradient[column], slope);
        for (int64_t row = column; row < s.n; row++) {
            double second = (s.residual[row] - low[row]) / (2 * step), mine = hessian[row * s.n + column];
            if (fabs(second - mine) > 1e-6 * (1 + fabs(mine)))
                fail_msg("Hessian %d, %d: %.12g, not %.12g", (int)row, (int)column, mine, second);
        }
    }
    sn_level_free(&s);
    sn_expr_scope_free(&scope);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_inertia),
        cmocka_unit_test(test_mesh),
        cmocka_unit_test(test_derivatives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
