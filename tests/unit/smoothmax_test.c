/* Smooth maxima: known values, bounds that hold and are reached, derivatives against differences, extremes, and the op
 * of the graph against them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/philox.h"
#include "suan/graph.h"
#include "suan/smoothmax.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef sn_smoothmax_family family;

static bool is_power(family f) { return f == SN_SMOOTHMAX_POWER || f == SN_SMOOTHMAX_POWER_MEAN; }

static double value(family f, double k, const double *x, int n) {
    double y;
    if (sn_smoothmax(f, k, x, n, &y, NULL, NULL) != SN_OK) fail_msg("%s", sn_last_error());
    return y;
}
static double of(family f, double k, double x, double y) { return value(f, k, (double[]){x, y}, 2); }

static void near(double got, double want, double tolerance) {
    if (!(fabs(got - want) <= tolerance)) fail_msg("%.17g, not %.17g", got, want);
}

static sn_smoothmax_bound bounds(family f, double k, int n) {
    sn_smoothmax_bound b;
    assert_int_equal(sn_smoothmax_bounds(f, k, n, &b), SN_OK);
    return b;
}

/* ---- Values ---- */

static void known_values(void **state) {
    (void)state;
    near(of(SN_SMOOTHMAX_LSE, 1, 1, 2), 2.313262, 5e-7);
    near(of(SN_SMOOTHMAX_LSE, 10, 1, 2), 2.000005, 5e-7);
    near(of(SN_SMOOTHMAX_LSE, 1, 3, 3), 3.693147, 5e-7);
    near(of(SN_SMOOTHMAX_LSE, 1, -1, -3), -0.873072, 5e-7);
    near(of(SN_SMOOTHMAX_SQRT, 2, 1, 0.5), (1.5 + sqrt(0.5)) / 2, 1e-15);
    near(of(SN_SMOOTHMAX_ERF, 2, 1, 0.5), (1.5 + 0.5 * erf(1)) / 2, 1e-15);
    near(of(SN_SMOOTHMAX_POWER, 3, 3, 4), cbrt(27 + 64), 1e-14);
    near(of(SN_SMOOTHMAX_POWER_MEAN, 3, 3, 4), cbrt(45.5), 1e-14);
    near(of(SN_SMOOTHMAX_MELLOW, 2, 1, 2), log((exp(2) + exp(4)) / 2) / 2, 1e-15);
    near(of(SN_SMOOTHMAX_BOLTZMANN, 1, 1, 2), (exp(1) + 2 * exp(2)) / (exp(1) + exp(2)), 1e-15);
}

/* Each from a smooth |d|, by the formulas as they are printed. */
static double printed_abs(family f, double k, double d) {
    switch (f) {
    case SN_SMOOTHMAX_LSE: return 2 / k * log(2 * cosh(k * d / 2));
    case SN_SMOOTHMAX_LOGCOSH: return 1 / k * log(2 * cosh(k * d));
    case SN_SMOOTHMAX_SQRT: return sqrt(d * d + 1 / (k * k));
    case SN_SMOOTHMAX_ERF: return d * erf(k * d);
    case SN_SMOOTHMAX_BOLTZMANN: return d * tanh(k * d / 2);
    default: return 2 / k * log(cosh(k * d / 2));
    }
}

static void maxima_are_made_of_smooth_magnitudes(void **state) {
    (void)state;
    for (int f = 0; f < SN_SMOOTHMAX_POWER; f++)
        for (uint64_t i = 0; i < 500; i++) {
            double x = 3 * sn_normal_f64(1, 0, i), y = 3 * sn_normal_f64(1, 1, i), k = exp(sn_normal_f64(1, 2, i));
            double d = x - y, smooth, first, second, one, more, less;
            assert_int_equal(sn_smoothabs((family)f, k, d, &smooth, &first, &second), SN_OK);
            near(smooth, printed_abs((family)f, k, d), 1e-13 * fmax(1, fabs(d)));
            near(of((family)f, k, x, y), (x + y + smooth) / 2, 4e-15 * fmax(1, fabs(x) + fabs(y)));
            assert_int_equal(sn_smoothabs((family)f, k, d + 1e-4, &more, &one, NULL), SN_OK);
            assert_int_equal(sn_smoothabs((family)f, k, d - 1e-4, &less, NULL, NULL), SN_OK);
            near(first, (more - less) / 2e-4, 1e-6 * fmax(1, k * k));
            near(second, (more - 2 * smooth + less) / 1e-8, 3e-6 * fmax(1, k * k * k));
        }
}

static void the_order_of_lse_does_not_matter_that_of_a_tournament_does(void **state) {
    (void)state;
    double most = 0;
    for (uint64_t i = 0; i < 200; i++) {
        double x = sn_normal_f64(2, 0, i), y = sn_normal_f64(2, 1, i), z = sn_normal_f64(2, 2, i);
        const double all[] = {x, y, z};
        near(of(SN_SMOOTHMAX_LSE, 2, of(SN_SMOOTHMAX_LSE, 2, x, y), z), value(SN_SMOOTHMAX_LSE, 2, all, 3), 2e-15);
        near(of(SN_SMOOTHMAX_LSE, 2, x, of(SN_SMOOTHMAX_LSE, 2, y, z)), value(SN_SMOOTHMAX_LSE, 2, all, 3), 2e-15);
        double left = of(SN_SMOOTHMAX_SQRT, 2, of(SN_SMOOTHMAX_SQRT, 2, x, y), z);
        near(left, value(SN_SMOOTHMAX_SQRT, 2, all, 3), 2e-15);
        most = fmax(most, fabs(left - of(SN_SMOOTHMAX_SQRT, 2, x, of(SN_SMOOTHMAX_SQRT, 2, y, z))));
    }
    assert_true(most > 1e-3);
}

/* ---- Bounds ---- */

static void bounds_hold_at_random(void **state) {
    (void)state;
    for (int f = 0; f < SN_N_SMOOTHMAX; f++)
        for (uint64_t i = 0; i < 2000; i++) {
            double x[33], most = -INFINITY, scale = exp(4 * sn_normal_f64(3, 0, i));
            int n = 1 + (int)(i % 33);
            double k = exp(2 * sn_normal_f64(3, 1, i));
            if (is_power((family)f)) k += 1;
            for (int j = 0; j < n; j++) {
                x[j] = scale * sn_normal_f64(4, i, (uint64_t)j);
                if (is_power((family)f)) x[j] = fabs(x[j]);
                most = fmax(most, x[j]);
            }
            sn_smoothmax_bound b = bounds((family)f, k, n);
            double got = value((family)f, k, x, n), rounding = 1e-14 * (fabs(most) + 1 / k);
            double low = b.relative ? most * b.low : most + b.low, high = b.relative ? most * b.high : most + b.high;
            if (got < low - rounding || got > high + rounding)
                fail_msg("%s of %d, k %g: %.17g is not in [%.17g, %.17g]", sn_smoothmax_name((family)f), n, k, got, low,
                         high);
        }
}

static void bounds_are_reached(void **state) {
    double x[10];
    (void)state;
    for (int n = 1; n <= 10; n++)
        for (double k = 1; k < 100; k *= 3.7) {
            for (int i = 0; i < n; i++) x[i] = 2;
            near(value(SN_SMOOTHMAX_LSE, k, x, n) - 2, bounds(SN_SMOOTHMAX_LSE, k, n).high, 1e-15);
            near(value(SN_SMOOTHMAX_LOGCOSH, k, x, n) - 2, bounds(SN_SMOOTHMAX_LOGCOSH, k, n).high, 1e-15);
            near(value(SN_SMOOTHMAX_POWER, k, x, n) / 2, bounds(SN_SMOOTHMAX_POWER, k, n).high, 1e-14);
            for (int i = 1; i < n; i++) x[i] = 0;
            near(value(SN_SMOOTHMAX_POWER_MEAN, k, x, n) / 2, bounds(SN_SMOOTHMAX_POWER_MEAN, k, n).low, 1e-15);
            for (int i = 1; i < n; i++) x[i] = -1e3;
            near(value(SN_SMOOTHMAX_MELLOW, k, x, n) - 2, bounds(SN_SMOOTHMAX_MELLOW, k, n).low, 1e-15);
            /* Boltzmann: one at 0, the others (1 + W) / k below */
            double w = -k * bounds(SN_SMOOTHMAX_BOLTZMANN, k, n).low;
            for (int i = 0; i < n; i++) x[i] = i ? -(1 + w) / k : 0;
            near(value(SN_SMOOTHMAX_BOLTZMANN, k, x, n), -w / k, 1e-15);
            near(w * exp(w) * exp(1), n - 1, 1e-13 * n);
        }
    near(of(SN_SMOOTHMAX_SQRT, 4, 1, 1) - 1, bounds(SN_SMOOTHMAX_SQRT, 4, 2).high, 1e-15);
    near(of(SN_SMOOTHMAX_ERF, 4, 0, 0.5315968851493932 / 4) - 0.5315968851493932 / 4,
         bounds(SN_SMOOTHMAX_ERF, 4, 2).low, 1e-16);
    near(bounds(SN_SMOOTHMAX_ERF, 1, 2).low, -0.1201878, 5e-8);
    near(bounds(SN_SMOOTHMAX_BOLTZMANN, 1, 2).low, -0.2784645, 5e-8);
    near(bounds(SN_SMOOTHMAX_BOLTZMANN, 1, 10).low, -1.101003, 5e-7);
    near(bounds(SN_SMOOTHMAX_SQRT, 1, 9).high, 2, 0);
    for (int f = 0; f < SN_N_SMOOTHMAX; f++) { /* a grid meets them too */
        sn_smoothmax_bound found, b = bounds((family)f, 3, 2);
        assert_int_equal(sn_smoothmax_measure((family)f, 3, &found), SN_OK);
        assert_true(found.low >= b.low - 1e-15 && found.high <= b.high + 1e-15);
        if (b.high > 0 && f != SN_SMOOTHMAX_POWER_MEAN)
            near(found.high, b.high, 1e-15);
        else
            near(found.low, b.low, f == SN_SMOOTHMAX_MELLOW ? 1.2e-4 : 1e-8); /* mellow reaches it at infinity only */
    }
}

/* ---- Derivatives ---- */

static double shifted(family f, double k, const double *x, int n, int i, double by) {
    double copy[8];
    memcpy(copy, x, (size_t)n * sizeof *x);
    copy[i] += by;
    return value(f, k, copy, n);
}

static double slope_at(family f, double k, const double *x, int n, int i, int j, double by) {
    double copy[8], gradient[8], unused;
    memcpy(copy, x, (size_t)n * sizeof *x);
    copy[j] += by;
    assert_int_equal(sn_smoothmax(f, k, copy, n, &unused, gradient, NULL), SN_OK);
    return gradient[i];
}

static void derivatives_meet_differences(void **state) {
    (void)state;
    const double h = 1e-3;
    for (int f = 0; f < SN_N_SMOOTHMAX; f++)
        for (uint64_t t = 0; t < 60; t++) {
            double x[8], gradient[8], hessian[64], y, k = 1.2 + sn_uniform_f64(5, 0, t);
            int n = 1 + (int)(t % 7);
            for (int i = 0; i < n; i++)
                x[i] = is_power((family)f) ? 1 + sn_uniform_f64(6, t, (uint64_t)i) : sn_normal_f64(6, t, (uint64_t)i);
            if (t % 3 == 0 && n > 1) x[1] = x[0]; /* where max has its corner */
            assert_int_equal(sn_smoothmax((family)f, k, x, n, &y, gradient, hessian), SN_OK);
            for (int i = 0; i < n; i++) {
                double want = 0, at[] = {-2 * h, -h, h, 2 * h}, weight[] = {1, -8, 8, -1};
                for (int p = 0; p < 4; p++) want += weight[p] * shifted((family)f, k, x, n, i, at[p]) / (12 * h);
                near(gradient[i], want, 1e-9);
                for (int j = 0; j < n; j++) {
                    for (want = 0, y = 0; y < 4; y++)
                        want += weight[(int)y] * slope_at((family)f, k, x, n, i, j, at[(int)y]) / (12 * h);
                    near(hessian[i * n + j], want, 1e-8);
                    near(hessian[i * n + j], hessian[j * n + i], 1e-14);
                }
            }
        }
}

/* ---- Extremes ---- */

static void nothing_overflows(void **state) {
    static const double sizes[] = {1e-300, 1e-20, 1, 1e20, 1e150, 1e300, 1.7e308},
                        sharp[] = {1e-300, 1e-8, 1, 1e8, 1e300};
    (void)state;
    for (int f = 0; f < SN_N_SMOOTHMAX; f++)
        for (int a = 0; a < 14; a++)
            for (int b = 0; b < 14; b++)
                for (int s = 0; s < 5; s++) {
                    double x[] = {sizes[a % 7] * (a < 7 ? 1 : -1), sizes[b % 7] * (b < 7 ? 1 : -1)}, gradient[2],
                           hessian[4], y;
                    double k = sharp[s];
                    if (is_power((family)f)) x[0] = fabs(x[0]), x[1] = fabs(x[1]), k = fmax(k, 1);
                    assert_int_equal(sn_smoothmax((family)f, k, x, 2, &y, gradient, hessian), SN_OK);
                    sn_smoothmax_bound bound = bounds((family)f, k, 2);
                    double most = fmax(x[0], x[1]), spare = 1e-14 * fabs(most);
                    double high = bound.relative ? most * bound.high : most + bound.high;
                    double low = bound.relative ? most * bound.low : most + bound.low;
                    if (isnan(y) || y > high + spare || y < low - spare - 1e-14 * (high - low))
                        fail_msg("%s(%g, %g), k %g: %.17g", sn_smoothmax_name((family)f), x[0], x[1], k, y);
                    for (int i = 0; i < 2; i++) assert_true(gradient[i] > -0.2 && gradient[i] < 1.2);
                    for (int i = 0; i < 4; i++) assert_true(hessian[i] == hessian[i]);
                    if (!is_power((family)f)) near(gradient[0] + gradient[1], 1, 1e-15);
                }
}

/* What a formula that is right on paper loses in double: low sharpness, values close together, high powers. The
 * expected are limits and closed forms. */
static void nothing_cancels(void **state) {
    const double far[3] = {0, -1, -7}, close[2] = {1, 1 - 0x1p-40};
    double y, g[2], h[4], least = 1e-300, e = 0x1p-40;
    (void)state;
    near(value(SN_SMOOTHMAX_MELLOW, 1e-100, far, 3), -8.0 / 3, 1e-15);
    near(value(SN_SMOOTHMAX_MELLOW, 1e-300, far, 3), -8.0 / 3, 1e-15);
    near(of(SN_SMOOTHMAX_MELLOW, 1e-300, 5, -1e-20), 2.5, 0);
    assert_int_equal(sn_smoothabs(SN_SMOOTHMAX_MELLOW, 1e-100, 4, &y, NULL, NULL), SN_OK);
    near(y, 0, 1e-15);
    near(value(SN_SMOOTHMAX_MELLOW, 1e-9, far, 3), -8.0 / 3 + 1e-9 * (50.0 / 3 - 64.0 / 9) / 2, 1e-15);
    near(value(SN_SMOOTHMAX_MELLOW, 1e-7, far, 3), -8.0 / 3 + 1e-7 * (50.0 / 3 - 64.0 / 9) / 2, 2e-13);
    assert_int_equal(sn_smoothmax(SN_SMOOTHMAX_BOLTZMANN, 1 / e, close, 2, &y, g, NULL), SN_OK);
    double w = 1 / (1 + exp(-1));
    near(g[0], w * (1 + (1 - w)), 1e-15);
    near(g[1], (1 - w) * (1 - w), 1e-15);
    /* By mpmath at 60 digits. */
    assert_int_equal(sn_smoothmax(SN_SMOOTHMAX_BOLTZMANN, 2, (double[]){0, -20}, 2, &y, NULL, h), SN_OK);
    for (int i = 0; i < 4; i++) near(h[i] * (i % 3 ? -1 : 1) / -3.2287492340216075801e-16, 1, 2e-14);
    assert_int_equal(sn_smoothmax(SN_SMOOTHMAX_BOLTZMANN, 0.5, (double[]){3, 1}, 2, &y, NULL, h), SN_OK);
    for (int i = 0; i < 4; i++) near(h[i] * (i % 3 ? -1 : 1), 0.15118305940500764782, 1e-15);
    for (double p = 2; p < 1e300; p *= 1e7) { /* equal values: a half each, however high the power */
        assert_int_equal(sn_smoothmax(SN_SMOOTHMAX_POWER, p, (double[]){3, 3}, 2, &y, g, h), SN_OK);
        near(g[0] / pow(2, 1 / p), 0.5, 1e-15);
        near(h[0] / (p - 1) * y / g[0] / pow(2, 1 / p), 0.5, 1e-14);
        near(h[0] + h[1], 0, 1e-15 * p);
    }
    assert_int_equal(sn_smoothmax(SN_SMOOTHMAX_POWER, 1 / e, close, 2, &y, g, NULL), SN_OK);
    near(g[0], w, 1e-12);
    near(g[1], 1 - w, 1e-12);
    assert_int_equal(sn_smoothmax(SN_SMOOTHMAX_POWER, 2, (double[]){1, 1e-9}, 2, &y, NULL, h), SN_OK);
    near(h[0], 1e-18, 1e-32);
    assert_int_equal(sn_smoothmax(SN_SMOOTHMAX_POWER, 1.25, (double[]){1e300, least}, 2, &y, g, NULL), SN_OK);
    near(g[1], 1e-150, 1e-162);
    assert_int_equal(sn_smoothmax(SN_SMOOTHMAX_POWER, 1, (double[]){0, 0}, 2, &y, g, h), SN_OK);
    assert_true(g[0] == 1 && g[1] == 1 && h[0] == 0 && h[1] == 0);
}

/* A million values: k x = ln(1 + i mod 4), so that the sum of e^(kx) is 2.5 million. */
static void many_values(void **state) {
    enum { n = 1000000 };
    double *x = malloc(n * sizeof *x), k = 0.7;
    (void)state;
    for (int i = 0; i < n; i++) x[i] = log(1 + i % 4) / k;
    near(value(SN_SMOOTHMAX_LSE, k, x, n), log(2.5e6) / k, 4e-15);
    near(value(SN_SMOOTHMAX_MELLOW, k, x, n), log(2.5) / k, 1e-15);
    double mean = (2 * log(2) + 3 * log(3) + 4 * log(4)) / 10 / k;
    near(value(SN_SMOOTHMAX_BOLTZMANN, k, x, n), mean, 1e-15);
    for (int i = 0; i < n; i++) x[i] = i % 4;
    near(value(SN_SMOOTHMAX_POWER, 2, x, n), sqrt(3.5e6), 1e-12);
    near(value(SN_SMOOTHMAX_POWER_MEAN, 2, x, n), sqrt(3.5), 1e-15);
    free(x);
}

static void what_the_source_prints_wrong(void **state) {
    (void)state;
    double x[] = {1, -3}, y; /* the power form returned the one of largest magnitude */
    assert_int_equal(sn_smoothmax(SN_SMOOTHMAX_POWER, 20, x, 2, &y, NULL, NULL), SN_ERR_ARGUMENT);
    assert_non_null(strstr(sn_last_error(), "value 1, -3, is below 0"));
    near(of(SN_SMOOTHMAX_LSE, 50, -1, -2), -1, 1e-20); /* a double logarithm went to 0 where all is negative */
}

static void bad_input_is_refused(void **state) {
    double x[] = {1, NAN}, y;
    sn_smoothmax_bound b;
    (void)state;
    assert_int_equal(sn_smoothmax(SN_SMOOTHMAX_LSE, 1, x, 2, &y, NULL, NULL), SN_ERR_NUMERIC);
    assert_non_null(strstr(sn_last_error(), "value 1 is NaN"));
    x[1] = -INFINITY;
    assert_int_equal(sn_smoothmax(SN_SMOOTHMAX_LSE, 1, x, 2, &y, NULL, NULL), SN_ERR_NUMERIC);
    x[1] = 2;
    assert_int_equal(sn_smoothmax(SN_SMOOTHMAX_LSE, 1, x, 0, &y, NULL, NULL), SN_ERR_ARGUMENT);
    assert_int_equal(sn_smoothmax(SN_SMOOTHMAX_LSE, 0, x, 2, &y, NULL, NULL), SN_ERR_ARGUMENT);
    assert_int_equal(sn_smoothmax(SN_SMOOTHMAX_LSE, NAN, x, 2, &y, NULL, NULL), SN_ERR_ARGUMENT);
    assert_int_equal(sn_smoothmax(SN_SMOOTHMAX_POWER, 0.5, x, 2, &y, NULL, NULL), SN_ERR_ARGUMENT);
    assert_int_equal(sn_smoothmax(SN_N_SMOOTHMAX, 1, x, 2, &y, NULL, NULL), SN_ERR_ARGUMENT);
    assert_int_equal(sn_smoothmax_bounds(SN_SMOOTHMAX_LSE, 1, 0, &b), SN_ERR_ARGUMENT);
    assert_int_equal(sn_smoothabs(SN_SMOOTHMAX_POWER, 2, 1, &y, NULL, NULL), SN_ERR_ARGUMENT);
    const double zero[] = {0, 0};
    double gradient[2];
    assert_int_equal(sn_smoothmax(SN_SMOOTHMAX_POWER, 2, zero, 2, &y, gradient, NULL), SN_OK);
    assert_true(y == 0 && gradient[0] != gradient[0]);
}

/* ---- In a graph ---- */

enum { rows = 3, columns = 5 };

/* Value, gradient of the sum, and gradient of half the squared gradient, which is the Hessian times the gradient. */
static void graph_meets_function(void **state) {
    (void)state;
    for (int f = 0; f < SN_N_SMOOTHMAX; f++) {
        static double x[rows * columns];
        double k = 2.5, gradient[columns], hessian[columns * columns], y;
        const int64_t shape[] = {rows, columns};
        sn_graph *g = NULL;
        sn_plan *plan;
        sn_value *wanted[3], *slope;
        sn_tensor out[3];
        for (int i = 0; i < rows * columns; i++)
            x[i] = is_power((family)f) ? 0.2 + sn_uniform_f64(7, 0, (uint64_t)i) : sn_normal_f64(7, 0, (uint64_t)i);
        x[1] = x[0];
        assert_int_equal(sn_graph_new(&g), SN_OK);
        sn_value *in = sn_input(g, "x", SN_F64, 2, shape);
        wanted[0] = sn_smooth_max_over(g, in, -1, false, (family)f, k);
        assert_int_equal(sn_grad(g, sn_sum_all(g, wanted[0]), &in, 1, &slope), SN_OK);
        wanted[1] = sn_copy(g, slope);
        assert_int_equal(sn_grad(g, sn_scale(g, sn_sum_all(g, sn_square(g, slope)), 0.5, 0), &in, 1, &wanted[2]),
                         SN_OK);
        wanted[2] = sn_copy(g, wanted[2]);
        if (sn_plan_new(g, wanted, 3, &(sn_plan_options){.n_threads = 1}, &plan) != SN_OK)
            fail_msg("%s", sn_last_error());
        assert_int_equal(sn_plan_bind(plan, in, x), SN_OK);
        assert_int_equal(sn_plan_run(plan), SN_OK);
        for (int i = 0; i < 3; i++) assert_int_equal(sn_plan_output(plan, i, &out[i]), SN_OK);
        assert_int_equal(out[0].n_dims, 1);
        for (int r = 0; r < rows; r++) {
            assert_int_equal(sn_smoothmax((family)f, k, x + r * columns, columns, &y, gradient, hessian), SN_OK);
            near(((double *)out[0].data)[r], y, 1e-14);
            for (int i = 0; i < columns; i++) {
                double product = 0;
                for (int j = 0; j < columns; j++) product += hessian[i * columns + j] * gradient[j];
                near(((double *)out[1].data)[r * columns + i], gradient[i], 1e-13);
                near(((double *)out[2].data)[r * columns + i], product, 1e-12);
            }
        }
        sn_plan_free(plan);
        sn_graph_free(g);
    }
}

/* Values with their first and second derivatives at every sharpness, as the function has them: gaps to some units in
 * the last place, also where the largest value is 0 and hides nothing. */
typedef struct derived {
    double value, gradient[columns], hessian[columns * columns];
} derived;

static void by_graph(family f, double k, const double *x, derived *out) {
    const int64_t shape[] = {columns};
    sn_graph *g = NULL;
    sn_plan *plan;
    sn_value *wanted[2 + columns], *slope;
    sn_tensor t;
    assert_int_equal(sn_graph_new(&g), SN_OK);
    sn_value *in = sn_input(g, "x", SN_F64, 1, shape);
    wanted[0] = sn_smooth_max_over(g, in, 0, true, f, k);
    assert_int_equal(sn_grad(g, sn_sum_all(g, wanted[0]), &in, 1, &slope), SN_OK);
    wanted[1] = sn_copy(g, slope);
    for (int i = 0; i < columns; i++) {
        assert_int_equal(sn_grad(g, sn_sum_all(g, sn_slice(g, slope, 0, i, i + 1)), &in, 1, &wanted[2 + i]), SN_OK);
        wanted[2 + i] = sn_copy(g, wanted[2 + i]);
    }
    if (sn_plan_new(g, wanted, 2 + columns, &(sn_plan_options){.n_threads = 1}, &plan) != SN_OK)
        fail_msg("%s", sn_last_error());
    assert_int_equal(sn_plan_bind(plan, in, x), SN_OK);
    assert_int_equal(sn_plan_run(plan), SN_OK);
    for (int i = 0; i < 2 + columns; i++) {
        assert_int_equal(sn_plan_output(plan, i, &t), SN_OK);
        double *to = i == 0 ? &out->value : i == 1 ? out->gradient : out->hessian + (i - 2) * columns;
        memcpy(to, t.data, (i == 0 ? 1 : columns) * sizeof *to);
    }
    sn_plan_free(plan);
    sn_graph_free(g);
}

static void graph_meets_function_at_every_sharpness(void **state) {
    static const family families[] = {SN_SMOOTHMAX_LSE, SN_SMOOTHMAX_LOGCOSH, SN_SMOOTHMAX_MELLOW};
    static const double values[][columns] = {
        {0, -1, -0.3, -2.5, -1e-3}, {0, 0, -1, 0, -2}, {3, 1, 2.9999, -4, 3}, {0, -1e-9, -40, -1e-5, -7}};
    (void)state;
    for (int f = 0; f < 3; f++)
        for (int v = 0; v < 4; v++)
            for (double k = 1e-12; k < 2e12; k *= 10) {
                derived got, want;
                by_graph(families[f], k, values[v], &got);
                assert_int_equal(
                    sn_smoothmax(families[f], k, values[v], columns, &want.value, want.gradient, want.hessian), SN_OK);
                near(got.value, want.value, 6 * DBL_EPSILON * fabs(want.value));
                for (int i = 0; i < columns; i++) near(got.gradient[i], want.gradient[i], 6 * DBL_EPSILON);
                double unit = families[f] == SN_SMOOTHMAX_LOGCOSH ? 2 * k : k;
                for (int i = 0; i < columns * columns; i++)
                    near(got.hessian[i] / unit, want.hessian[i] / unit, 6 * DBL_EPSILON);
            }
}

/* In f32, values from one end to the other: value and gradients stay finite. */
static void graph_survives_extremes(void **state) {
    (void)state;
    static const float ends[] = {3e38f, -3e38f, 1e-30f, 0, -1, 2e20f, 3e38f, -2e20f};
    for (int f = 0; f < SN_SMOOTHMAX_POWER; f++) {
        float a[64], b[64];
        const int64_t shape[] = {64};
        sn_graph *g = NULL;
        sn_plan *plan;
        sn_value *wanted[3], *in[2];
        sn_tensor out[3];
        for (int i = 0; i < 64; i++) a[i] = ends[i / 8], b[i] = ends[i % 8];
        assert_int_equal(sn_graph_new(&g), SN_OK);
        in[0] = sn_input(g, "a", SN_F32, 1, shape), in[1] = sn_input(g, "b", SN_F32, 1, shape);
        wanted[0] = sn_smooth_max(g, in[0], in[1], (family)f, 3);
        assert_int_equal(sn_grad(g, sn_sum_all(g, wanted[0]), in, 2, wanted + 1), SN_OK);
        if (sn_plan_new(g, wanted, 3, &(sn_plan_options){.n_threads = 1}, &plan) != SN_OK)
            fail_msg("%s", sn_last_error());
        assert_int_equal(sn_plan_bind(plan, in[0], a), SN_OK);
        assert_int_equal(sn_plan_bind(plan, in[1], b), SN_OK);
        assert_int_equal(sn_plan_run(plan), SN_OK);
        for (int i = 0; i < 3; i++) assert_int_equal(sn_plan_output(plan, i, &out[i]), SN_OK);
        for (int i = 0; i < 64; i++) {
            double most = fmax((double)a[i], (double)b[i]), y = (double)((float *)out[0].data)[i];
            double da = (double)((float *)out[1].data)[i], db = (double)((float *)out[2].data)[i];
            near(y, most, 1e-6 * fabs(most) + 0.35);
            if (!(fabs(da + db - 1) <= 1e-6))
                fail_msg("%s(%g, %g): %g + %g", sn_smoothmax_name((family)f), a[i], b[i], da, db);
        }
        sn_plan_free(plan);
        sn_graph_free(g);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_values),
        cmocka_unit_test(maxima_are_made_of_smooth_magnitudes),
        cmocka_unit_test(the_order_of_lse_does_not_matter_that_of_a_tournament_does),
        cmocka_unit_test(bounds_hold_at_random),
        cmocka_unit_test(bounds_are_reached),
        cmocka_unit_test(derivatives_meet_differences),
        cmocka_unit_test(nothing_overflows),
        cmocka_unit_test(nothing_cancels),
        cmocka_unit_test(many_values),
        cmocka_unit_test(what_the_source_prints_wrong),
        cmocka_unit_test(bad_input_is_refused),
        cmocka_unit_test(graph_meets_function),
        cmocka_unit_test(graph_meets_function_at_every_sharpness),
        cmocka_unit_test(graph_survives_extremes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
