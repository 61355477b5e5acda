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

/* A = V^T D V with V unit lower triangular: D's signs are A's (Sylvester). */
static void test_inertia(void **state) {
    (void)state;
    enum { N = 24 };
    for (int round = 0; round < 60; round++) {
        int n = 1 + round % N, negative = 0;
        double v[N][N] = {{0}}, d[N], a[N][N], x[N], b[N];
        sn_symmetric s;
        assert_int_equal(sn_symmetric_new(n, &s), SN_OK);
        for (int i = 0; i < n; i++) {
            d[i] = (draw() > 0 ? 1 : -1) * (0.1 + fabs(draw()));
            negative += d[i] < 0;
            for (int j = 0; j < i; j++) v[i][j] = draw();
            v[i][i] = 1;
            x[i] = draw();
        }
        for (int i = 0; i < n; i++) {
            b[i] = 0;
            for (int j = 0; j < n; j++) {
                a[i][j] = 0;
                for (int k = 0; k < n; k++) a[i][j] += v[k][i] * d[k] * v[k][j];
                b[i] += a[i][j] * x[j];
                if (j <= i) s.a[i * n + j] = a[i][j];
            }
        }
        sn_symmetric_factor(&s);
        assert_int_equal(s.n_negative, negative);
        sn_symmetric_solve(&s, b);
        double off = 0;
        for (int i = 0; i < n; i++)
            for (int j = 0; j < n; j++) off = fmax(off, fabs(a[i][j]) * fabs(b[j] - x[j]));
        assert_true(off < 1e-6);
        sn_symmetric_free(&s);
    }
    /* Pivots of two, and a singular matrix. */
    sn_symmetric s;
    assert_int_equal(sn_symmetric_new(3, &s), SN_OK);
    const double zero_diagonal[9] = {0, 0, 0, 2, 0, 0, 0, 0, 0};
    memcpy(s.a, zero_diagonal, sizeof zero_diagonal);
    sn_symmetric_factor(&s);
    assert_int_equal(s.n_negative, 1);
    assert_int_equal(s.n_nothing, 1);
    double x[3] = {4, 6, 5};
    sn_symmetric_solve(&s, x);
    assert_true(x[0] == 3 && x[1] == 2 && x[2] == 0);
    sn_symmetric_free(&s);
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
        sn_level_new(v, 2, 6, NAN, s) != SN_OK)
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
    double gradient[MOST], hessian[MOST * MOST];
    memcpy(gradient, s.residual, (size_t)s.n * sizeof(double));
    memcpy(hessian, s.hessian, (size_t)(s.n * s.n) * sizeof(double));
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
