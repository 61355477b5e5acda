/* Methods that change positions by distance, the mask or the scale, against their definitions pair by pair. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "position_common.h"

#include <string.h>

enum { d = 16, trained = 64, n = 300 };

static double q[d], k[d];
static sn_rope_config model;

static int setup(void **state) {
    (void)state;
    random_vector(1, q, d), random_vector(2, k, d);
    model = model_of(d, trained);
    return 0;
}

/* The logit at an effective relative position, straight from complex numbers: Re sum q conj(k) e^(i e theta). */
static double logit_at(double e, const double *frequency) {
    double sum = 0;
    for (int m = 0; m < d / 2; m++) {
        double re = q[2 * m] * k[2 * m] + q[2 * m + 1] * k[2 * m + 1];
        double im = q[2 * m + 1] * k[2 * m] - q[2 * m] * k[2 * m + 1];
        sum += re * cos(e * frequency[m]) - im * sin(e * frequency[m]);
    }
    return sum / sqrt(d);
}

typedef double (*effective_fn)(int64_t i, int64_t j); /* NAN: not seen */

static void assert_effective(const char *spec, effective_fn e) {
    sn_position p = resolve(spec, &model, n);
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j <= i; j++) {
            double expected = e(i, j), got = sn_position_logit(&p, q, k, d, i, j);
            if (isnan(expected))
                assert_true(got == -INFINITY);
            else
                assert_near(got, logit_at(expected, p.frequency) * sn_position_scale(&p, i) * sqrt(d), 1e-12);
        }
}

static void assert_same(const char *a, const char *b, int64_t length, double tolerance) {
    sn_position x = resolve(a, &model, length), y = resolve(b, &model, length);
    for (int64_t i = 0; i < length; i++)
        for (int64_t j = 0; j <= i; j++) {
            double u = sn_position_logit(&x, q, k, d, i, j), v = sn_position_logit(&y, q, k, d, i, j);
            if (u != v) assert_near(u, v, tolerance);
        }
}

static double e_rope(int64_t i, int64_t j) { return (double)(i - j); }
static double e_rerope(int64_t i, int64_t j) { return fmin((double)(i - j), 20); }
static double e_leaky(int64_t i, int64_t j) {
    double r = (double)(i - j);
    return r < 20 ? r : 20 + (r - 20) / 4;
}
static double e_inverse_leaky(int64_t i, int64_t j) { /* the piecewise rule; max() would be wrong below 1 */
    double r = (double)(i - j);
    return r < 16 ? r : 16 + (r - 16) * 16;
}
static double e_selfextend(int64_t i, int64_t j) { return (double)(i - j < 8 ? i - j : i / 4 - j / 4 + 8 - 8 / 4); }
static double e_selfextend_odd(int64_t i, int64_t j) { return (double)(i - j < 7 ? i - j : i / 3 - j / 3 + 7 - 7 / 3); }
static double e_window(int64_t i, int64_t j) { return i - j < 20 ? (double)(i - j) : NAN; }
static double e_window_sinks(int64_t i, int64_t j) { return i - j < 20 || j < 3 ? (double)(i - j) : NAN; }
static double e_lambda(int64_t i, int64_t j) { return i - j < 20 || j < 3 ? fmin((double)(i - j), 20) : NAN; }
static double e_lambda_limit(int64_t i, int64_t j) { return i - j < 20 ? (double)(i - j) : j < 3 ? 33 : NAN; }

static void each_method_is_its_definition(void **state) {
    (void)state;
    assert_effective("none", e_rope);
    assert_effective("rerope:window=20", e_rerope);
    assert_effective("leaky:window=20,factor=4", e_leaky);
    assert_effective("leaky:window=16,factor=0.0625", e_inverse_leaky);
    assert_effective("selfextend:window=8,group=4", e_selfextend);
    assert_effective("selfextend:window=7,group=3", e_selfextend_odd);
    assert_effective("window:window=20", e_window);
    assert_effective("window:window=20,sinks=3", e_window_sinks);
    assert_effective("lambda:window=20,sinks=3", e_lambda);
    assert_effective("lambda:window=20,sinks=3,limit=33", e_lambda_limit);
    assert_effective("rerope:window=20+ntk:factor=4", e_rerope);
    assert_effective("leaky:window=20,factor=4+logn", e_leaky);
}

static void methods_meet_in_their_limits(void **state) {
    (void)state;
    assert_same("rerope:window=300", "none", n, 0);
    assert_same("leaky:window=300,factor=4", "none", n, 0);
    assert_same("leaky:window=20,factor=1", "none", n, 1e-12);
    assert_same("leaky:window=0,factor=4", "pi:factor=4", n, 1e-12);
    assert_same("leaky:window=20,factor=1e12", "rerope:window=20", n, 1e-9);
    assert_same("selfextend:window=300", "none", n, 0);
    assert_same("selfextend:window=9,group=1", "none", n, 0);
    assert_same("selfextend:window=0,group=1", "none", n, 0);
    assert_same("window:window=300", "none", n, 0);
    assert_same("sinks:sinks=4,window=296", "none", n, 0);
    assert_same("lambda:window=300", "none", n, 0);
    assert_same("lambda:window=20,sinks=3", "rerope:window=20+window:window=20,sinks=3", n, 0);
}

/* The same distance, two effective positions: floors are taken of positions, not of distances. */
static void selfextend_has_the_published_example(void **state) {
    (void)state;
    sn_position p = resolve("selfextend:window=8,group=4", &model, n);
    assert_near(sn_position_logit(&p, q, k, d, 20, 3), logit_at(11, p.frequency), 1e-12);
    assert_near(sn_position_logit(&p, q, k, d, 17, 0), logit_at(10, p.frequency), 1e-12);
}

/* A cache that holds the first 4 and the last 12 keys and numbers what it holds. */
static void sinks_are_an_evicting_cache(void **state) {
    (void)state;
    enum { sinks = 4, window = 12 };
    sn_position p = resolve("sinks:sinks=4,window=12", &model, n);
    int64_t cache[sinks + window];
    int held = 0;
    for (int64_t i = 0; i < n; i++) {
        if (held == sinks + window) {
            memmove(cache + sinks, cache + sinks + 1, (window - 1) * sizeof *cache);
            held--;
        }
        cache[held++] = i;
        for (int64_t j = 0; j <= i; j++) {
            int index = 0;
            while (index < held && cache[index] != j) index++;
            double got = sn_position_logit(&p, q, k, d, i, j);
            if (index == held)
                assert_true(got == -INFINITY);
            else
                assert_near(got, logit_at(held - 1 - index, p.frequency), 1e-12);
        }
        assert_int_equal(sn_position_count(&p, i), held);
    }
}

static void logits_are_shift_invariant_where_they_should_be(void **state) {
    (void)state;
    static const char *const specs[] = {"none",          "rerope:window=20", "leaky:window=20",
                                        "yarn:factor=4", "window:window=9",  "selfextend:window=20,group=8"};
    for (size_t s = 0; s < sizeof specs / sizeof *specs; s++) {
        sn_position p = resolve(specs[s], &model, n);
        for (int64_t r = 0; r < 100; r++) {
            double a = sn_position_logit(&p, q, k, d, r + 8, 8);
            double b = sn_position_logit(&p, q, k, d, 8000 + r, 8000); /* a shift by whole groups */
            if (a != b) assert_near(a, b, 1e-10);
        }
    }
}

static void distances_beyond_the_window_do_not_matter_to_rerope(void **state) {
    (void)state;
    sn_position p = resolve("rerope:window=20", &model, n);
    double far = sn_position_logit(&p, q, k, d, 20, 0);
    for (int64_t r = 20; r < 5000; r += 13) assert_near(sn_position_logit(&p, q, k, d, r, 0), far, 0);
}

static void logn_scales_by_visible_keys(void **state) {
    (void)state;
    sn_position p = resolve("logn", &model, n);
    double plain = 1 / sqrt(d);
    for (int64_t i = 0; i < trained; i++) assert_near(sn_position_scale(&p, i), plain, 0);
    assert_near(sn_position_scale(&p, 255), plain * log(256) / log(64), 1e-15);
    p = resolve("logn:base=512", &model, n);
    assert_near(sn_position_scale(&p, 4095), plain * 4 / 3, 1e-15);
    p = resolve("logn:base=4096", &model, n);
    assert_near(sn_position_scale(&p, 16383), plain * 7 / 6, 1e-15);
    p = resolve("logn:form=train", &model, n);
    assert_near(sn_position_scale(&p, 511), plain, 1e-15);
    assert_near(sn_position_scale(&p, 0), plain * log(16) / log(512), 1e-15);
    p = resolve("logn:form=train,min=1", &model, n);
    assert_near(sn_position_scale(&p, 0), 0, 0);
    p = resolve("logn:base=64+window:window=100,sinks=8", &model, n);
    assert_near(sn_position_scale(&p, 5000), plain * log(108) / log(64), 1e-15);
    p = resolve("sinks:sinks=4,window=124+logn:base=64", &model, n);
    assert_near(sn_position_scale(&p, 5000), plain * log(128) / log(64), 1e-15);
}

/* Every method and many compositions: what attention computes from the tables is the definition. */
static void tables_agree_for_every_method(void **state) {
    (void)state;
    static const char *const specs[] = {"none",
                                        "pi",
                                        "ntk",
                                        "ntk-old",
                                        "ntk-fixed",
                                        "dynamic-pi",
                                        "dynamic-ntk",
                                        "mixed",
                                        "yarn",
                                        "yarn-paper",
                                        "llama3",
                                        "rerope",
                                        "leaky",
                                        "selfextend",
                                        "window",
                                        "sinks",
                                        "lambda",
                                        "logn",
                                        "auto",
                                        "ntk+logn",
                                        "yarn+rerope",
                                        "ntk:factor=4+window:window=50",
                                        "mixed+leaky:window=10,factor=3.5+logn",
                                        "pi+selfextend:group=3",
                                        "yarn+sinks",
                                        "lambda:limit=40+ntk+logn:form=train",
                                        "rerope:window=30+window:window=70,sinks=2+yarn-paper+logn",
                                        "selfextend:window=0,group=5",
                                        "leaky:window=0,factor=2",
                                        "dynamic-ntk+sinks:window=20,sinks=0"};
    static double query[SN_MAX_PIECES * n * d], key[SN_MAX_PIECES * n * d], canonical[n * d];
    for (size_t s = 0; s < sizeof specs / sizeof *specs; s++) {
        model.layout = s % 2 ? SN_PAIR_HALVES : SN_PAIR_INTERLEAVED;
        model.window = s % 3 ? 0 : 90;
        sn_position p = resolve(specs[s], &model, n);
        sn_position_tables(&p, SN_F64, n, 0, n, query, key, canonical);
        for (int64_t i = 0; i < n; i += 1 + i % 3)
            for (int64_t j = 0; j <= i; j += 1 + (i + j) % 4) {
                double expected = sn_position_logit(&p, q, k, d, i, j);
                double got = table_logit(&p, query, key, canonical, n, q, k, d, i, j);
                if (got != expected) assert_near(got, expected, 1e-12 * (1 + fabs(expected)));
            }
    }
    setup(NULL);
}

/* The first and last components in the half-split layout behave as a permuted model. */
static void layouts_agree_under_every_piece(void **state) {
    (void)state;
    double q2[d], k2[d];
    for (int m = 0; m < d / 2; m++) {
        q2[m] = q[2 * m], q2[m + d / 2] = q[2 * m + 1];
        k2[m] = k[2 * m], k2[m + d / 2] = k[2 * m + 1];
    }
    sn_rope_config halves = model;
    halves.layout = SN_PAIR_HALVES;
    sn_position a = resolve("leaky:window=20+yarn", &model, n), b = resolve("leaky:window=20+yarn", &halves, n);
    for (int64_t i = 0; i < n; i += 11)
        for (int64_t j = 0; j <= i; j += 5)
            assert_near(sn_position_logit(&a, q, k, d, i, j), sn_position_logit(&b, q2, k2, d, i, j), 1e-12);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_method_is_its_definition),
                                       cmocka_unit_test(methods_meet_in_their_limits),
                                       cmocka_unit_test(selfextend_has_the_published_example),
                                       cmocka_unit_test(sinks_are_an_evicting_cache),
                                       cmocka_unit_test(logits_are_shift_invariant_where_they_should_be),
                                       cmocka_unit_test(distances_beyond_the_window_do_not_matter_to_rerope),
                                       cmocka_unit_test(logn_scales_by_visible_keys),
                                       cmocka_unit_test(tables_agree_for_every_method),
                                       cmocka_unit_test(layouts_agree_under_every_piece)};
    return cmocka_run_group_tests(tests, setup, NULL);
}
