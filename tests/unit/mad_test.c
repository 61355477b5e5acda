/* Self-consuming loops against closed forms, recursions with known values, and simulation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/philox.h"
#include "study/mad.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void assert_near(double got, double want, double tolerance) {
    if (!(fabs(got - want) <= tolerance)) fail_msg("%.12g is not %.12g (+- %g)", got, want, tolerance);
}

/* ---- Closed forms ---- */

static const sn_mad_moments truth = {0, 1, 1, 0}; /* the source itself */

static void synthetic_moments_are_the_closed_forms(void **state) {
    static const struct {
        double lambda;
        int t;
        double w2;
    } known[] = {{1, 5, 0.7589}, {1, 20, 2.8512}, {0.9, 10, 1.0398}};
    (void)state;
    for (int k = 0; k < 3; k++) {
        double lambda = known[k].lambda;
        sn_mad_moments m = truth;
        for (int t = 1; t <= known[k].t; t++) {
            m = sn_mad_moments_next(&m, SN_MAD_SYNTHETIC, 0, 10, lambda);
            assert_near(m.variance, pow(lambda, t), 1e-14);
            double sum = lambda == 1 ? t : (1 - pow(lambda, t)) / (1 - lambda);
            assert_near(m.mean_square, lambda / 10 * sum, 1e-14);
            assert_near(m.deviation, pow(sqrt(lambda) * 0.972659, t), 2e-6 * t);
        }
        assert_near(sn_mad_expected_w2(&m), known[k].w2, 6e-5);
    }
    assert_near(sn_mad_moments_first(100).deviation, 0.997478, 5e-7);
}

static sn_mad_moments fresh_limit(int64_t n_real, int64_t n_synthetic, double lambda) {
    sn_mad_moments m = sn_mad_moments_first(n_real);
    for (int t = 0; t < 100000; t++) m = sn_mad_moments_next(&m, SN_MAD_FRESH, n_real, n_synthetic, lambda);
    return m;
}

static void fresh_moments_have_the_known_values(void **state) {
    sn_mad_moments m = sn_mad_moments_first(20);
    (void)state;
    for (int t = 0; t < 6; t++) m = sn_mad_moments_next(&m, SN_MAD_FRESH, 10, 30, 0.9);
    assert_near(m.mean_square, 0.047154, 6e-7);
    assert_near(m.variance, 0.817383, 6e-7);
    assert_near(fresh_limit(100, 100, 1).mean_square, 0.006678, 6e-7);
    assert_near(fresh_limit(100, 900, 1).mean_square, 0.005286, 6e-7);
    assert_near(fresh_limit(100, 900, 1).variance, 1.004762, 6e-7);
    assert_near(fresh_limit(100, 10000, 1).mean_square, 0.005050, 6e-7);
    assert_near(fresh_limit(100, 900, 0.8).variance, 0.357748, 6e-7);
    /* without made points it is a fit to real data */
    m = sn_mad_moments_next(&m, SN_MAD_FRESH, 50, 0, 0.7);
    assert_near(m.mean_square, 0.02, 1e-15);
    assert_near(m.variance, 1, 1e-14);
}

/* The limits are where the recursions end; of fixed real data among ever more made points they are simple fractions. */
static void limits_are_where_the_recursions_end(void **state) {
    (void)state;
    for (int loop = 0; loop < SN_MAD_LOOPS; loop++)
        for (double lambda = 0.8; lambda < 1.1; lambda += 0.2) {
            lambda = fmin(lambda, 1);
            const sn_mad_moments first = sn_mad_moments_first(12);
            sn_mad_moments m = first, limit = sn_mad_moments_limit(&first, (sn_mad_loop)loop, 12, 40, lambda);
            for (int t = 0; t < 20000; t++) m = sn_mad_moments_next(&m, (sn_mad_loop)loop, 12, 40, lambda);
            assert_near(m.variance, limit.variance, 1e-9);
            if (loop == SN_MAD_SYNTHETIC && lambda == 1)
                assert_true(isinf(limit.mean_square) && m.mean_square > 400);
            else
                assert_near(m.mean_square, limit.mean_square, 1e-9);
        }
    sn_mad_moments far = sn_mad_moments_limit(&truth, SN_MAD_AUGMENTED, 20, 1 << 30, 1);
    assert_near(far.mean_square, 58.0 / (20 * 39), 1e-8); /* (3 r - 2) / (r (2 r - 1)) */
    assert_near(far.variance, 38.0 / 39, 1e-8);           /* 2 (r - 1) / (2 r - 1) */
}

/* ---- Simulation of the loops ---- */

static sn_mad_result simulate(sn_mad_options o) {
    sn_mad_source source;
    sn_mad_result r;
    assert_int_equal(sn_mad_source_named("gaussian", 1, &source), SN_OK);
    o.model = sn_mad_model_find("gaussian");
    o.source = &source;
    o.n_judge = -1;
    assert_int_equal(sn_mad_run(&o, &r), SN_OK);
    r.options.source = NULL;
    return r;
}

/* Every generation of every loop within 4 standard errors of its expectation, which are not wide. */
static void simulations_follow_the_moments(void **state) {
    static const sn_mad_measure measures[] = {SN_MAD_MEAN_SQUARE, SN_MAD_VARIANCE, SN_MAD_W2};
    const int64_t runs = getenv("SUAN_TEST_FAST") ? 400 : 4000; /* sanitizers are slow */
    (void)state;
    for (int k = 0; k < SN_MAD_LOOPS + 1; k++)
        for (double lambda = 0.8; lambda < 1.1; lambda += 0.2) {
            int loop = k < SN_MAD_LOOPS ? k : SN_MAD_AUGMENTED;
            sn_mad_result r = simulate((sn_mad_options){.loop = (sn_mad_loop)loop,
                                                        .pool = k == SN_MAD_LOOPS,
                                                        .lambda = fmin(lambda, 1),
                                                        .generations = 8,
                                                        .n_initial = 20,
                                                        .n_real = 10,
                                                        .n_synthetic = 30,
                                                        .runs = runs,
                                                        .seed = 3});
            for (int g = 0; g < 8; g++)
                for (int m = 0; m < (loop == SN_MAD_SYNTHETIC ? 3 : 2); m++) {
                    const sn_mad_generation *at = &r.by_generation[g];
                    double wanted = at->expected[measures[m]], error = at->error[measures[m]];
                    assert_true(error < 0.05 * sqrt(4000. / (double)runs) * (wanted + 0.1));
                    assert_near(at->value[measures[m]], wanted, 4 * error);
                }
            sn_mad_free(&r);
        }
}

static void results_do_not_depend_on_threads(void **state) {
    (void)state;
    sn_mad_options o = {.loop = SN_MAD_FRESH, .generations = 4, .n_initial = 30, .runs = 9, .n_threads = 1};
    sn_mad_result a = simulate(o);
    o.n_threads = 3;
    sn_mad_result b = simulate(o);
    for (int g = 0; g < 4; g++) assert_true(a.by_generation[g].value[SN_MAD_W2] == b.by_generation[g].value[SN_MAD_W2]);
    sn_mad_free(&a);
    sn_mad_free(&b);
}

/* ---- Models ---- */

/* Each model draws what it was fitted to; with lambda a Gaussian is drawn with lambda times its variance. */
static void models_give_back_their_data(void **state) {
    enum { N = 20000 };
    static double x[N], y[N];
    (void)state;
    for (int i = 0; i < N; i++) x[i] = 3 + 2 * sn_normal_f64(1, 1, (uint64_t)i);
    for (int k = 0; k < sn_mad_model_count(); k++) {
        const sn_mad_model *m = sn_mad_model_get(k);
        int64_t size = strcmp(m->name, "mixture") ? 8 : 1;
        void *model;
        assert_int_equal(m->fit(&size, x, N, 1, 1, 2, &model), SN_OK);
        for (double lambda = 0.25; lambda <= 1; lambda *= 2) {
            double mean = 0, square = 0;
            assert_int_equal(m->sample(model, lambda, 5, 6, N, y), SN_OK);
            for (int i = 0; i < N; i++) mean += y[i] / N;
            for (int i = 0; i < N; i++) square += (y[i] - mean) * (y[i] - mean) / N;
            assert_near(mean, 3, 0.08);
            assert_near(square / (4 * lambda), 1, 0.05);
        }
        if (m->moments) {
            double mean, variance;
            m->moments(model, &mean, &variance);
            assert_near(mean, 3, 0.05);
            assert_near(variance, 4, 0.1);
        }
        m->free(model);
    }
}

static void models_of_many_dimensions_draw_their_covariance(void **state) {
    enum { D = 3, N = 20000 };
    static double x[N * D], y[N * D];
    double mean[2][D], covariance[2][D * D], out;
    (void)state;
    for (int i = 0; i < N; i++) {
        double u = sn_normal_f64(1, 1, 3 * (uint64_t)i), v = sn_normal_f64(1, 1, 3 * (uint64_t)i + 1);
        x[D * i] = u, x[D * i + 1] = 2 * u + v, x[D * i + 2] = u - v; /* a plane: the covariance is singular */
    }
    for (int k = 0; k < 2; k++) {
        const sn_mad_model *m = sn_mad_model_get(k);
        int64_t size = 2;
        void *model, *again;
        assert_int_equal(m->fit(&size, x, N, D, 1, 2, &model), SN_OK);
        assert_int_equal(m->sample(model, 1, 5, 6, N, y), SN_OK);
        assert_int_equal(m->fit(&size, y, N, D, 1, 2, &again), SN_OK);
        m->moments(model, mean[0], covariance[0]);
        m->moments(again, mean[1], covariance[1]);
        for (int i = 0; i < D * D; i++) assert_near(covariance[0][i], covariance[1][i], 0.15);
        assert_near(covariance[0][1], 2, 0.1); /* of u and 2 u + v */
        assert_int_equal(sn_frechet_gaussians(mean[0], covariance[0], mean[1], covariance[1], D, &out), SN_OK);
        assert_true(out < 0.01);
        m->free(model);
        m->free(again);
    }
}

/* ---- Distances ---- */

static void frechet_is_the_closed_form(void **state) {
    const double m1[] = {1, 2}, m2[] = {0, -1}, diagonal1[] = {4, 0, 0, 9}, diagonal2[] = {1, 0, 0, 16};
    const double turned[] = {2.5, 1.5, 1.5, 2.5}; /* eigenvalues 4 and 1 */
    double out;
    (void)state;
    assert_int_equal(sn_frechet_gaussians(m1, diagonal1, m2, diagonal2, 2, &out), SN_OK);
    assert_near(out, 1 + 9 + 1 + 1, 1e-13); /* means, then (2-1)^2 and (3-4)^2 */
    assert_int_equal(sn_frechet_gaussians(m1, turned, m1, turned, 2, &out), SN_OK);
    assert_near(out, 0, 1e-13);
    const double unit[] = {1, 0, 0, 1}, none[] = {0, 0, 0, 0};
    assert_int_equal(sn_frechet_gaussians(m1, turned, m1, unit, 2, &out), SN_OK);
    assert_near(out, 1, 1e-13); /* (2-1)^2 + (1-1)^2 */
    assert_int_equal(sn_frechet_gaussians(m1, turned, m1, none, 2, &out), SN_OK);
    assert_near(out, 5, 1e-13);
    /* it is symmetric, also where the matrices do not commute */
    double back;
    assert_int_equal(sn_frechet_gaussians(m1, turned, m2, diagonal1, 2, &out), SN_OK);
    assert_int_equal(sn_frechet_gaussians(m2, diagonal1, m1, turned, 2, &back), SN_OK);
    assert_near(out, back, 1e-12);
    /* of two 2 x 2 matrices tr (A B)^(1/2) = sqrt(tr AB + 2 sqrt(det AB)) */
    double trace = 2.5 * 4 + 2.5 * 9, product = 4.0 * 36;
    assert_near(out, 1 + 9 + 5 + 13 - 2 * sqrt(trace + 2 * sqrt(product)), 1e-12);
}

static void covers_are_counted(void **state) {
    const double reference[] = {0, 1, 2, 10}, x[] = {-1, 0.5, 3, 3.01, 11, 18, 18.1};
    double out;
    (void)state;
    /* radii of the first neighbour: 1, 1, 1, 8 */
    assert_int_equal(sn_neighbour_cover(x, 7, reference, 4, 1, 1, &out), SN_OK);
    assert_near(out, 6.0 / 7, 1e-15);
    /* of the second: 2, 1, 2, 9 */
    assert_int_equal(sn_neighbour_cover((double[]){-2, -2.1, 19, 19.1}, 4, reference, 4, 1, 2, &out), SN_OK);
    assert_near(out, 0.5, 1e-15);
    assert_int_equal(sn_neighbour_cover(x, 7, reference, 4, 1, 4, &out), SN_ERR_ARGUMENT);
}

/* ---- What the paper found ---- */

static sn_mad_result grid_run(sn_mad_loop loop, double lambda, sn_mad_source *source) {
    static int64_t components = 25;
    static sn_mad_model model;
    sn_mad_result r;
    model = *sn_mad_model_find("mixture");
    model.user = &components;
    assert_int_equal(sn_mad_source_named("grid", 0, source), SN_OK);
    const sn_mad_options o = {.model = &model,
                              .source = source,
                              .loop = loop,
                              .lambda = lambda,
                              .generations = 8,
                              .n_initial = 500,
                              .n_judge = 400,
                              .runs = 2,
                              .seed = 1};
    assert_int_equal(sn_mad_run(&o, &r), SN_OK);
    return r;
}

static double last(const sn_mad_result *r, sn_mad_measure m) {
    return r->by_generation[r->options.generations - 1].value[m];
}

/* Of the grid: alone, biased samples lose recall; new real data keeps it. */
static void bias_costs_recall_and_fresh_data_keeps_it(void **state) {
    sn_mad_source source;
    (void)state;
    sn_mad_result biased = grid_run(SN_MAD_SYNTHETIC, 0.5, &source), fresh = grid_run(SN_MAD_FRESH, 1, &source);
    assert_true(last(&biased, SN_MAD_RECALL) < 0.5 * last(&fresh, SN_MAD_RECALL));
    assert_true(last(&biased, SN_MAD_PRECISION) > 0.8 && last(&fresh, SN_MAD_RECALL) > 0.8);
    assert_true(last(&fresh, SN_MAD_W2) < 0.05);
    sn_mad_free(&biased);
    sn_mad_free(&fresh);
}

static void bad_options_are_refused(void **state) {
    sn_mad_source source;
    sn_mad_result r;
    (void)state;
    assert_int_equal(sn_mad_source_named("cifar", 0, &source), SN_ERR_NOT_FOUND);
    assert_int_equal(sn_mad_source_named("grid", 3, &source), SN_ERR_ARGUMENT);
    assert_int_equal(sn_mad_source_named("gaussian", 2, &source), SN_OK);
    const sn_mad_options good = {.model = sn_mad_model_find("gaussian"), .source = &source, .generations = 1};
    sn_mad_options o = good;
    o.model = sn_mad_model_find("fourier"); /* one variable */
    assert_int_equal(sn_mad_run(&o, &r), SN_ERR_ARGUMENT);
    o = good, o.lambda = 1.5;
    assert_int_equal(sn_mad_run(&o, &r), SN_ERR_ARGUMENT);
    o = good, o.n_initial = 1;
    assert_int_equal(sn_mad_run(&o, &r), SN_ERR_ARGUMENT);
    o = good, o.n_judge = 4;
    assert_int_equal(sn_mad_run(&o, &r), SN_ERR_ARGUMENT);
    o = good, o.model = NULL;
    assert_int_equal(sn_mad_run(&o, &r), SN_ERR_ARGUMENT);
    volatile int cancel = 1;
    o = good, o.cancel = &cancel;
    assert_int_equal(sn_mad_run(&o, &r), SN_ERR_CANCELLED);
    o = good, o.n_initial = 20, o.n_judge = 20, o.n_threads = 1;
    sn_status status = SN_ERR_MEMORY;
    for (int64_t n = 0; status != SN_OK; n++) {
        sn_alloc_fail_after(n);
        status = sn_mad_run(&o, &r);
        sn_alloc_fail_after(-1);
        if (status == SN_ERR_UNSUPPORTED) return; /* two dimensions need LAPACKE */
        assert_true(status == SN_OK || status == SN_ERR_MEMORY);
    }
    sn_mad_free(&r);
}

/* Distances in more than one dimension take singular values. */
static int needs_lapack(void **state) {
    const double mean[2] = {0}, unit[] = {1, 0, 0, 1};
    double out;
    (void)state;
    if (sn_frechet_gaussians(mean, unit, mean, unit, 2, &out) != SN_ERR_UNSUPPORTED) return 0;
    print_message("mad: distances in many dimensions: skipped, this build has no LAPACKE\n");
    return 1;
}

int main(void) {
    const struct CMUnitTest many[] = {
        cmocka_unit_test(models_of_many_dimensions_draw_their_covariance),
        cmocka_unit_test(frechet_is_the_closed_form),
        cmocka_unit_test(bias_costs_recall_and_fresh_data_keeps_it),
    };
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(synthetic_moments_are_the_closed_forms),
        cmocka_unit_test(fresh_moments_have_the_known_values),
        cmocka_unit_test(limits_are_where_the_recursions_end),
        cmocka_unit_test(simulations_follow_the_moments),
        cmocka_unit_test(results_do_not_depend_on_threads),
        cmocka_unit_test(models_give_back_their_data),
        cmocka_unit_test(covers_are_counted),
        cmocka_unit_test(bad_options_are_refused),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return needs_lapack(NULL) ? failed : failed + cmocka_run_group_tests(many, NULL, NULL);
}
