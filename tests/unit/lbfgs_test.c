/* L-BFGS on standard problems with known minima (Moré, Garbow & Hillstrom 1981, ACM TOMS 7(1)). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "suan/optim.h"
#include "suan/status.h"

#include <math.h>
#include <string.h>

static void assert_near(double got, double want, double tolerance) {
    if (!(fabs(got - want) <= tolerance)) fail_msg("%.12g is not %.12g", got, want);
}

static sn_lbfgs_result minimise(sn_fit_fn f, void *user, double *x, int64_t n) {
    sn_lbfgs_result r;
    assert_int_equal(sn_lbfgs(f, user, x, n, NULL, &r), SN_OK);
    assert_non_null(r.reason);
    if (!r.converged) fail_msg("did not converge: %s, value %g", r.reason, r.value);
    return r;
}

static double rosenbrock(void *user, const double *x, double *g) {
    int64_t n = *(const int64_t *)user;
    double sum = 0;
    for (int64_t i = 0; i < n; i++) g[i] = 0;
    for (int64_t i = 0; i + 1 < n; i += 2) {
        double a = x[i + 1] - x[i] * x[i], b = 1 - x[i];
        sum += 100 * a * a + b * b;
        g[i] = -400 * a * x[i] - 2 * b;
        g[i + 1] = 200 * a;
    }
    return sum;
}

static void rosenbrock_is_solved(void **state) {
    (void)state;
    for (int64_t n = 2; n <= 200; n *= 10) {
        double x[200];
        for (int64_t i = 0; i < n; i++) x[i] = i % 2 ? 1 : -1.2;
        sn_lbfgs_result r = minimise(rosenbrock, &n, x, n);
        for (int64_t i = 0; i < n; i++) assert_near(x[i], 1, 1e-6);
        assert_true(r.evaluations < 100);
        assert_near(r.value, 0, 1e-12);
    }
}

/* sum of 10^(c i / (n-1)) (x_i - i)^2: condition 10^c */
typedef struct quadratic {
    int64_t n;
    double decades;
} quadratic;

static double quadratic_value(void *user, const double *x, double *g) {
    const quadratic *q = user;
    double sum = 0;
    for (int64_t i = 0; i < q->n; i++) {
        double weight = pow(10, q->decades * (double)i / (double)(q->n - 1)), d = x[i] - (double)i;
        sum += 0.5 * weight * d * d;
        g[i] = weight * d;
    }
    return sum;
}

/* In about as many iterations as scipy 1.x's L-BFGS-B takes with as many pairs from the same start. */
static void ill_conditioned_quadratics_are_solved(void **state) {
    static const int64_t of_scipy[] = {2, 97, 794, 6442};
    const sn_lbfgs_options options = {.max_iterations = 20000};
    (void)state;
    for (int decades = 0; decades <= 6; decades += 2) {
        quadratic q = {30, decades};
        double x[30] = {0};
        sn_lbfgs_result r;
        assert_int_equal(sn_lbfgs(quadratic_value, &q, x, 30, &options, &r), SN_OK);
        assert_true(r.converged && r.iterations <= of_scipy[decades / 2] * 5 / 4);
        for (int i = 0; i < 30; i++) assert_near(x[i], i, 1e-6);
        assert_true(r.gradient_norm <= 1e-8);
    }
}

static double powell(void *user, const double *x, double *g) {
    double a = x[0] + 10 * x[1], b = x[2] - x[3], c = x[1] - 2 * x[2], d = x[0] - x[3];
    (void)user;
    g[0] = 2 * a + 40 * d * d * d;
    g[1] = 20 * a + 4 * c * c * c;
    g[2] = 10 * b - 8 * c * c * c;
    g[3] = -10 * b - 40 * d * d * d;
    return a * a + 5 * b * b + c * c * c * c + 10 * d * d * d * d;
}

static double beale(void *user, const double *x, double *g) {
    static const double y[3] = {1.5, 2.25, 2.625};
    double sum = 0, power = 1;
    (void)user;
    g[0] = g[1] = 0;
    for (int i = 0; i < 3; i++) {
        double before = power;
        power *= x[1];
        double r = y[i] - x[0] * (1 - power);
        sum += r * r;
        g[0] -= 2 * r * (1 - power);
        g[1] += 2 * r * x[0] * (i + 1) * before;
    }
    return sum;
}

static void standard_problems_are_solved(void **state) {
    (void)state;
    double x[4] = {3, -1, 0, 1}, z[2] = {1, 1};
    minimise(powell, NULL, x, 4); /* its second derivative at the minimum is singular */
    for (int i = 0; i < 4; i++) assert_near(x[i], 0, 1e-2);
    minimise(beale, NULL, z, 2);
    assert_near(z[0], 3, 1e-6);
    assert_near(z[1], 0.5, 1e-6);
}

/* x - log x, not a number left of 0 and infinite at it; minimum 1 at 1. */
static double barrier(void *user, const double *x, double *g) {
    (void)user;
    g[0] = 1 - 1 / x[0];
    return x[0] - log(x[0]);
}

/* exp(x) - 1e4 x: the first long step overflows to infinity. */
static double steep(void *user, const double *x, double *g) {
    (void)user;
    g[0] = exp(x[0]) - 1e4;
    return exp(x[0]) - 1e4 * x[0];
}

static void too_long_steps_into_nothing_are_shortened(void **state) {
    (void)state;
    static const double starts[] = {0.01, 0.5, 3, 100};
    for (int i = 0; i < 4; i++) {
        double x = starts[i];
        minimise(barrier, NULL, &x, 1);
        assert_near(x, 1, 1e-6);
    }
    double x = -700;
    minimise(steep, NULL, &x, 1);
    assert_near(x, log(1e4), 1e-9);
}

/* Least squares with normal equations solved by hand: y = a + b t at t = 0..3 for 1, 3, 2, 5. */
static double line(void *user, const double *x, double *g) {
    static const double y[4] = {1, 3, 2, 5};
    double sum = 0;
    (void)user;
    g[0] = g[1] = 0;
    for (int t = 0; t < 4; t++) {
        double r = x[0] + x[1] * t - y[t];
        sum += r * r;
        g[0] += 2 * r;
        g[1] += 2 * r * t;
    }
    return sum;
}

static double unbounded(void *user, const double *x, double *g) {
    (void)user;
    g[0] = -1;
    return -x[0];
}

static double not_a_number(void *user, const double *x, double *g) {
    (void)user, (void)x;
    g[0] = 0;
    return NAN;
}

static void ends_are_reported(void **state) {
    (void)state;
    double x[2] = {0};
    sn_lbfgs_result r = minimise(line, NULL, x, 2);
    assert_near(x[0], 1.1, 1e-9);
    assert_near(x[1], 1.1, 1e-9);
    assert_near(r.value, 2.7, 1e-12);
    r = minimise(line, NULL, x, 2);
    assert_int_equal(r.iterations, 0);
    assert_int_equal(sn_lbfgs(unbounded, NULL, x, 1, &(sn_lbfgs_options){.max_iterations = 3}, &r), SN_OK);
    assert_false(r.converged);
    assert_int_equal(sn_lbfgs(not_a_number, NULL, x, 1, NULL, &r), SN_ERR_NUMERIC);
    volatile int cancel = 1;
    x[0] = 9;
    assert_int_equal(sn_lbfgs(line, NULL, x, 2, &(sn_lbfgs_options){.cancel = &cancel}, &r), SN_ERR_CANCELLED);
    sn_alloc_fail_after(0);
    assert_int_equal(sn_lbfgs(line, NULL, x, 2, NULL, NULL), SN_ERR_MEMORY);
    sn_alloc_fail_after(-1);
    assert_int_equal(sn_lbfgs(line, NULL, x, 0, NULL, NULL), SN_OK);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rosenbrock_is_solved),
        cmocka_unit_test(ill_conditioned_quadratics_are_solved),
        cmocka_unit_test(standard_problems_are_solved),
        cmocka_unit_test(too_long_steps_into_nothing_are_shortened),
        cmocka_unit_test(ends_are_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
