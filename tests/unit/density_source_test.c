/* Known densities against their integrals, closed forms and draws; divergences and modes against known ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "fit/density.h"
#include "fit/order.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double pi = 3.14159265358979323846;

static void assert_near(double got, double want, double tolerance) {
    if (!(fabs(got - want) <= tolerance)) fail_msg("%.12g is not %.12g (+- %g)", got, want, tolerance);
}

static sn_density_source *source(const char *spec) {
    sn_density_source *s;
    assert_int_equal(sn_density_source_new(spec, &s), SN_OK);
    assert_string_equal(sn_density_source_spec(s), spec);
    return s;
}

static const char *const specs[] = {"gaussians:samples=5000,seed=4", "gaussians:count=3,samples=5000",
                                    "uniform:samples=5000",          "laplace:samples=5000",
                                    "lognormal:samples=5000",        "lognormal:sigma=1.5,samples=5000",
                                    "student:samples=5000",          "student:freedom=1,samples=5000"};
enum { N_SPECS = sizeof specs / sizeof *specs };

/* The integral from the low end, in equal steps of asinh (long tails), up to each of the sorted draws: Kolmogorov's
 * 99.9 % bound; and 1 in all. */
static void draws_follow_the_densities(void **state) {
    (void)state;
    for (int k = 0; k < N_SPECS; k++) {
        sn_density_source *s = source(specs[k]);
        int64_t n = sn_density_source_samples(s), at = 0;
        assert_int_equal(n, 5000);
        double *y = malloc((size_t)n * sizeof *y), low, high, sum = 0, worst = 0;
        sn_density_source_draw(s, n, y);
        sn_sort_f64(y, n);
        sn_density_source_range(s, &low, &high);
        double h = (asinh(high * 50) - asinh(low * 50)) / 40000;
        for (int i = 0; i < 40000; i++) {
            double u = asinh(low * 50) + (i + 0.5) * h, v = sinh(u) / 50;
            sum += h * cosh(u) / 50 * exp(sn_density_source_log(s, v));
            for (; at < n && y[at] < v; at++) worst = fmax(worst, fabs(sum - ((double)at + 0.5) / (double)n));
        }
        assert_true(at > n - 3);
        if (!(worst < 1.95 / sqrt((double)n))) fail_msg("%s: Kolmogorov distance %g", specs[k], worst);
        assert_near(sum, 1, 3e-5);
        free(y);
        sn_density_source_free(s);
    }
}

static void entropies_are_the_closed_forms(void **state) {
    const struct {
        const char *spec;
        double entropy, tolerance;
    } known[] = {{"uniform", 0, 1e-9},
                 {"laplace", 1 + log(2), 1e-5},
                 {"lognormal:sigma=0.5", 0.5 + 0.5 * log(2 * pi * 0.25), 1e-6},
                 {"student:freedom=1", log(4 * pi), 1e-5},
                 {"student:freedom=1e6", 0.5 + 0.5 * log(2 * pi), 1e-5}};
    (void)state;
    for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
        sn_density_source *s = source(known[k].spec);
        sn_density_truth truth;
        assert_int_equal(sn_density_truth_of(s, &truth), SN_OK);
        assert_near(truth.entropy, known[k].entropy, known[k].tolerance);
        assert_int_equal(truth.modes, 1);
        sn_density_source_free(s);
    }
}

/* One Gaussian fitted to another density has its moments: the divergence is known. */
static void divergences_are_the_closed_forms(void **state) {
    const struct {
        const char *spec;
        double kl;
    } known[] = {{"laplace:samples=100000", 0.5 * log(4 * pi) + 0.5 - (1 + log(2))},
                 {"uniform:samples=100000", 0.5 * log(2 * pi / 12) + 0.5},
                 {"student:freedom=1000,samples=100000", 0}};
    (void)state;
    for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
        sn_density_source *s = source(known[k].spec);
        int64_t n = sn_density_source_samples(s);
        double *y = malloc((size_t)n * sizeof *y);
        sn_density *d;
        sn_density_score score = {0};
        sn_density_source_draw(s, n, y);
        const sn_density_options o = {.size = 1};
        assert_int_equal(sn_density_fit(sn_density_method_find("mixture"), y, n, &o, &d), SN_OK);
        assert_int_equal(sn_density_judge(d, s, &score), SN_OK);
        assert_near(score.kl, known[k].kl, 2e-4);
        assert_int_equal(score.modes, 1);
        assert_int_equal(score.found, 1);
        sn_density_free(d);
        sn_density_source_free(s);
        free(y);
    }
}

/* A mixture that is fitted well has the modes of the source, one Gaussian has one; far narrower bins have too many. */
static void modes_are_counted(void **state) {
    sn_density_source *s = source("gaussians:seed=3");
    static double y[20000];
    sn_density_truth truth;
    sn_density_score score = {0};
    (void)state;
    sn_density_source_draw(s, 20000, y);
    assert_int_equal(sn_density_truth_of(s, &truth), SN_OK);
    assert_true(truth.modes > 1 && truth.modes <= 10);
    const struct {
        const char *method;
        int64_t size;
    } fits[] = {{"mixture", 1}, {"mixture", 10}, {"histogram", 1000}};
    for (int k = 0; k < 3; k++) {
        sn_density *d;
        const sn_density_options o = {.size = fits[k].size};
        assert_int_equal(sn_density_fit(sn_density_method_find(fits[k].method), y, 20000, &o, &d), SN_OK);
        assert_int_equal(sn_density_judge(d, s, &score), SN_OK);
        if (k == 0) assert_true(score.modes == 1 && score.found == 1);
        if (k == 1) assert_true(score.found == truth.modes && score.kl > 0 && score.kl < 0.003);
        if (k == 2) assert_true(score.modes > 50 && score.found == truth.modes);
        sn_density_free(d);
    }
    sn_density_source_free(s);
}

static void bad_names_are_refused(void **state) {
    const struct {
        const char *spec, *said;
    } bad[] = {{"gausians", "did you mean \"gaussians\""},
               {"", "known: gaussians, uniform"},
               {"gaussians:cont=3", "did you mean \"count\""},
               {"gaussians:count=0", "count wants a whole number"},
               {"gaussians:count=2.5", "whole"},
               {"gaussians:count", "count wants"},
               {"gaussians:", "known: samples, seed, count"},
               {"student:freedom=nan", "freedom wants a number"},
               {"uniform:samples=1", "from 2 to 1e+07"}};
    sn_density_source *s = NULL;
    (void)state;
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        assert_int_equal(sn_density_source_new(bad[k].spec, &s), SN_ERR_ARGUMENT);
        if (!strstr(sn_last_error(), bad[k].said)) fail_msg("%s: %s", bad[k].spec, sn_last_error());
    }
    sn_alloc_fail_after(0);
    assert_int_equal(sn_density_source_new("uniform", &s), SN_ERR_MEMORY);
    sn_alloc_fail_after(-1);
    assert_null(s);
    sn_density_source_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(draws_follow_the_densities),
        cmocka_unit_test(entropies_are_the_closed_forms),
        cmocka_unit_test(divergences_are_the_closed_forms),
        cmocka_unit_test(modes_are_counted),
        cmocka_unit_test(bad_names_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
