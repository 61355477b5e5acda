/* Sparsity measures against golden values, definitions written out, axioms, and closed forms of attention's
 * concentration. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/philox.h"
#include "suan/measure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static double measure(sn_sparsity_kind kind, double q, double p, const double *x, int64_t n) {
    double *copy = malloc(2 * (size_t)n * sizeof *copy), value;
    sn_sparsity_vector v;
    memcpy(copy, x, (size_t)n * sizeof *copy);
    assert_int_equal(sn_sparsity_prepare(copy, n, copy + n, &v), SN_OK);
    assert_int_equal(sn_sparsity(&v, &(sn_sparsity_measure){"test", "", kind, q, p}, &value), SN_OK);
    free(copy);
    return value;
}

static double ratio(double p, const double *x, int64_t n) { return measure(SN_SPARSITY_RATIO, 1, p, x, n); }

static void near(double got, double want, double tolerance) {
    if (!(fabs(got - want) <= tolerance)) fail_msg("%.12g, not %.12g", got, want);
}

static const double four[] = {1, 2, 3, 4};

static void golden_values(void **state) {
    static const double twice[] = {1, 2, 3, 4, 1, 2, 3, 4}, longer[] = {1, 2, 3, 4, 0}, higher[] = {2, 3, 4, 5},
                        hood[] = {1, 2, 3.25, 3.75}, one[] = {0, 0, 0, 1}, same[] = {1, 1, 1, 1};
    (void)state;
    near(ratio(2, four, 4), 0.9128709292, 5e-11);
    near(ratio(2, twice, 8), 0.9128709292, 5e-11);
    near(ratio(2, longer, 5), 0.8164965809, 5e-11);
    near(ratio(2, higher, 4), 0.9525793444, 5e-11);
    near(ratio(2, hood, 4), 0.9186304243, 5e-11);
    near(ratio(3, four, 4), 0.8549879733, 5e-11);
    near(ratio(4, four, 4), 0.8150874212, 1e-10);
    near(ratio(64, four, 4), 0.6386857178, 5e-11);
    near(ratio(INFINITY, four, 4), 0.625, 1e-15);
    near(measure(SN_SPARSITY_MAX, 0, 0, four, 4), 0.625, 1e-15);
    near(measure(SN_SPARSITY_GINI, 0, 0, four, 4), 0.25, 1e-15);
    near(measure(SN_SPARSITY_GINI, 0, 0, one, 4), 0.75, 1e-15);
    near(measure(SN_SPARSITY_GINI, 0, 0, same, 4), 0, 1e-15);
    near(measure(SN_SPARSITY_NORM, 1, 2, four, 4), 10 / 4.0 / sqrt(30), 1e-15);
}

static void ends_of_the_ranges(void **state) {
    (void)state;
    for (int n = 1; n <= 1000; n = 3 * n + 1) {
        double *one = calloc((size_t)n, sizeof *one), *same = calloc((size_t)n, sizeof *same);
        one[n / 2] = -3e-200;
        for (int i = 0; i < n; i++) same[i] = i % 2 ? 7e200 : -7e200;
        for (double p = 1.5; p < 200; p *= 2) {
            near(ratio(p, one, n) / pow(n, (1 - p) / p), 1, 1e-13);
            near(ratio(p, same, n), 1, 1e-13);
            near(measure(SN_SPARSITY_RATIO, p / 4, p, one, n) / pow(n, 1 / p - 4 / p), 1, 1e-12);
            near(measure(SN_SPARSITY_ENTROPY, 0, p, one, n) * n, 1, 1e-12);
            near(measure(SN_SPARSITY_ENTROPY, 0, p, same, n), 1, 1e-12);
        }
        near(measure(SN_SPARSITY_ENTROPY, 0, 1, one, n) * n, 1, 1e-12);
        near(measure(SN_SPARSITY_ENTROPY, 0, 1, same, n), 1, 1e-12);
        free(one);
        free(same);
    }
}

static void identities(void **state) {
    double x[5000];
    (void)state;
    for (uint64_t trial = 0; trial < 20; trial++) {
        int n = trial < 10 ? 100 + (int)trial : 5000; /* both ways of sorting */
        double sum = 0, squares = 0, gini = 0;
        for (int i = 0; i < n; i++) {
            x[i] = sn_normal_f64(3, trial, (uint64_t)i) * exp(2 * sn_normal_f64(4, trial, (uint64_t)i));
            sum += fabs(x[i]);
            squares += x[i] * x[i];
        }
        double mean = sum / n, variance = squares / n - mean * mean;
        near(ratio(2, x, n), 1 / sqrt(1 + variance / (mean * mean)), 1e-11);
        near(ratio(2, x, n), sum / sqrt(squares) / sqrt(n), 1e-11);
        for (double p = 1.5; p < 20; p *= 1.7)
            near(ratio(p, x, n), pow(measure(SN_SPARSITY_ENTROPY, 0, p, x, n), (p - 1) / p), 1e-11);
        near(measure(SN_SPARSITY_ENTROPY, 0, 1, x, n), measure(SN_SPARSITY_ENTROPY, 0, 1 + 1e-7, x, n), 1e-6);
        near(measure(SN_SPARSITY_ENTROPY, 0, INFINITY, x, n), measure(SN_SPARSITY_MAX, 0, 0, x, n), 1e-14);
        for (int i = 0; i < n; i++) /* half the mean difference over the mean */
            for (int k = 0; k < n; k++) gini += fabs(fabs(x[i]) - fabs(x[k]));
        near(measure(SN_SPARSITY_GINI, 0, 0, x, n), gini / (2.0 * n * n * mean), 1e-10);
    }
}

static void large_orders_do_not_overflow(void **state) {
    double x[300];
    (void)state;
    for (int i = 0; i < 300; i++) x[i] = (1 + i) * 1e300 / 300;
    near(ratio(1000, x, 300), measure(SN_SPARSITY_MAX, 0, 0, x, 300) * pow(300, 0.001), 2e-3);
    for (int i = 0; i < 300; i++) x[i] = (1 + i) * 1e-320;
    assert_true(ratio(2, x, 300) > 0.86 && ratio(2, x, 300) < 0.87);
}

/* ---- Axioms ---- */

/* '+': holds; 'w': never against, not always strictly; '-': fails. D1 D2 D3 D4 P1 P2. */
static void expect_axioms(sn_sparsity_kind kind, double q, double p, const char *want) {
    const sn_sparsity_measure m = {"test", "", kind, q, p};
    sn_axiom_count count[SN_N_AXIOMS];
    assert_int_equal(sn_sparsity_try_axioms(&m, 3000, 9595, count), SN_OK);
    for (int a = 0; a < SN_N_AXIOMS; a++) {
        char got = count[a].wrong ? '-' : count[a].equal ? 'w' : '+';
        assert_int_equal(count[a].trials, 3000);
        if (got != want[a])
            fail_msg("kind %d, q %g, p %g: %s is %c, not %c (%lld wrong, %lld equal)", kind, q, p,
                     sn_sparsity_axiom_name((sn_sparsity_axiom)a), got, want[a], (long long)count[a].wrong,
                     (long long)count[a].equal);
    }
}

static void axioms_hold_and_fail_where_they_should(void **state) {
    (void)state;
    expect_axioms(SN_SPARSITY_MAX, 0, 0, "w+++++");
    expect_axioms(SN_SPARSITY_NORM, 1, 2, "+++-++");
    expect_axioms(SN_SPARSITY_NORM, 1, 4, "+++-++");
    expect_axioms(SN_SPARSITY_RATIO, 1, 2, "++++++");
    expect_axioms(SN_SPARSITY_RATIO, 1, 4, "++++++");
    expect_axioms(SN_SPARSITY_RATIO, 0.5, 1, "++++++");
    expect_axioms(SN_SPARSITY_ENTROPY, 0, 1, "++++++");
    expect_axioms(SN_SPARSITY_ENTROPY, 0, 2, "++++++");
    expect_axioms(SN_SPARSITY_GINI, 0, 0, "++++++");
    expect_axioms(SN_SPARSITY_RATIO, 2, 4, "-+++++"); /* two powers above 1: a transfer may sharpen the peak's share */
}

/* ---- Attention's concentration ---- */

static void concentration_goldens(void **state) {
    static const struct {
        sn_concentration f;
        double beta, gamma, want;
    } rows[] = {
        {SN_CONCENTRATION_EXP, 0, 1, 0.60653066},      {SN_CONCENTRATION_RELU2, 0, 1, 0.40824829},
        {SN_CONCENTRATION_LINEAR, 0, 1, 0.79788456},   {SN_CONCENTRATION_RELU2, 1, 1, 0.61277289},
        {SN_CONCENTRATION_LINEAR, 1, 1, 0.82493265},   {SN_CONCENTRATION_RELU2, -1, 1, 0.20525565},
        {SN_CONCENTRATION_RELU2, -2, 1, 0.07200634},   {SN_CONCENTRATION_LINEAR, -2, 1, 0.90202151},
        {SN_CONCENTRATION_EXP, 0.5, 2, 0.13533528},    {SN_CONCENTRATION_RELU2, 0.5, 2, 0.46231821},
        {SN_CONCENTRATION_LINEAR, 0.5, 2, 0.79812595},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        near(sn_concentration_of(rows[i].f, rows[i].beta, rows[i].gamma), rows[i].want, 5e-9);
    near(sn_concentration_of_decay(0.9, 10), 0.95790032, 5e-9);
    near(sn_concentration_of_decay(0.9, 100), 0.43587832, 5e-9);
    near(sn_concentration_of_decay(0.99, 1000), 0.44607490, 5e-9);
    /* The two ways of the squared ReLU meet; far below zero it is small and positive. */
    near(sn_concentration_of(SN_CONCENTRATION_RELU2, -2 - 1e-9, 1), sn_concentration_of(SN_CONCENTRATION_RELU2, -2, 1),
         1e-9);
    double far = sn_concentration_of(SN_CONCENTRATION_RELU2, -12, 1);
    assert_true(far > 0 && far < 1e-15);
}

static void samples_meet_the_closed_forms(void **state) {
    enum { n = 400000 };
    static double x[n], f[n];
    (void)state;
    for (int i = 0; i < n; i++) x[i] = sn_normal_f64(9889, 0, (uint64_t)i);
    for (double beta = -1; beta <= 1; beta++) {
        for (int i = 0; i < n; i++) f[i] = exp(beta + x[i]);
        near(ratio(2, f, n), sn_concentration_of(SN_CONCENTRATION_EXP, beta, 1), 0.01);
        for (int i = 0; i < n; i++) f[i] = beta + x[i] > 0 ? (beta + x[i]) * (beta + x[i]) : 0;
        near(ratio(2, f, n), sn_concentration_of(SN_CONCENTRATION_RELU2, beta, 1), 0.01);
        for (int i = 0; i < n; i++) f[i] = beta + x[i];
        near(ratio(2, f, n), sn_concentration_of(SN_CONCENTRATION_LINEAR, beta, 1), 0.003);
        for (int law = SN_CONCENTRATION_EXP; law <= SN_CONCENTRATION_LINEAR; law++)
            near(sn_concentration_sample((sn_concentration)law, beta, 1, n, 3),
                 sn_concentration_of((sn_concentration)law, beta, 1), 0.01);
    }
    for (int i = 0; i < n; i++) f[i] = 3 + 0.5 * x[i];
    near(ratio(2, f, n), sn_concentration_of_positive(3, 0.25), 0.001);
    for (int i = 0; i < 1000; i++) f[i] = pow(0.99, i);
    near(ratio(2, f, 1000), sn_concentration_of_decay(0.99, 1000), 1e-13);
}

/* ---- What is refused ---- */

static void bad_data_is_refused(void **state) {
    double x[] = {1, NAN, 2}, spare[3], value;
    sn_sparsity_vector v;
    (void)state;
    assert_int_equal(sn_sparsity_prepare(x, 3, spare, &v), SN_ERR_NUMERIC);
    assert_non_null(strstr(sn_last_error(), "element 1 is NaN"));
    x[1] = -INFINITY;
    assert_int_equal(sn_sparsity_prepare(x, 3, spare, &v), SN_ERR_NUMERIC);
    assert_non_null(strstr(sn_last_error(), "infinite"));
    assert_int_equal(sn_sparsity_prepare(x, 0, spare, &v), SN_ERR_ARGUMENT);
    assert_non_null(strstr(sn_last_error(), "empty"));
    double zero[3] = {0};
    assert_int_equal(sn_sparsity_prepare(zero, 3, spare, &v), SN_OK);
    for (const sn_sparsity_measure *m = sn_sparsity_measures(); m->name; m++) {
        assert_int_equal(sn_sparsity(&v, m, &value), SN_OK);
        assert_true(isnan(value));
    }
    static const sn_sparsity_measure bad[] = {
        {"a", "", SN_SPARSITY_RATIO, 2, 2}, {"b", "", SN_SPARSITY_RATIO, 0, 2},   {"c", "", SN_SPARSITY_RATIO, -1, 2},
        {"d", "", SN_SPARSITY_NORM, 1, 1},  {"e", "", SN_SPARSITY_ENTROPY, 1, 0}, {"f", "", SN_SPARSITY_RATIO, 1, NAN}};
    for (int i = 0; i < 6; i++) assert_int_equal(sn_sparsity(&v, &bad[i], &value), SN_ERR_ARGUMENT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_values),
        cmocka_unit_test(ends_of_the_ranges),
        cmocka_unit_test(identities),
        cmocka_unit_test(large_orders_do_not_overflow),
        cmocka_unit_test(axioms_hold_and_fail_where_they_should),
        cmocka_unit_test(concentration_goldens),
        cmocka_unit_test(samples_meet_the_closed_forms),
        cmocka_unit_test(bad_data_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
