/* The sampler against closed forms: which tokens may come, how often, and that draws depend on the seed alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "generate/stops.h"
#include "model_common.h"

static sn_sampler *sampler(int64_t n, sn_sampler_options o) {
    sn_sampler *p = NULL;
    assert_ok(sn_sampler_new(n, &o, &p));
    return p;
}

static sn_sampler_options plain(double temperature) {
    return (sn_sampler_options){.temperature = temperature, .top_p = 1, .repetition_penalty = 1, .seed = 11};
}

static void greedy_takes_the_largest_and_the_first_of_equals(void **state) {
    (void)state;
    const float logits[] = {0.5f, 3, -1, 3, 2};
    sn_sampler *p = sampler(5, plain(0));
    int32_t token;
    float logprob;
    assert_ok(sn_sampler_pick(p, logits, &token, &logprob));
    assert_int_equal(token, 1);
    double sum = 0;
    for (int i = 0; i < 5; i++) sum += exp((double)logits[i]);
    assert_true(fabs((double)logprob - (3 - log(sum))) < 1e-6);
    sn_sampler_free(p);
}

/* Chi-square of n draws against probabilities; 0 probability must never come. */
static double chi_square(sn_sampler_options o, const float *logits, const double *probability, int n_tokens) {
    enum { draws = 40000 };
    int counts[16] = {0};
    sn_sampler *p = sampler(n_tokens, o);
    for (int i = 0; i < draws; i++) {
        int32_t token;
        assert_ok(sn_sampler_pick(p, logits, &token, NULL));
        counts[token]++;
    }
    sn_sampler_free(p);
    double chi = 0;
    for (int i = 0; i < n_tokens; i++) {
        double expected = probability[i] * draws;
        if (probability[i] == 0)
            assert_int_equal(counts[i], 0);
        else
            chi += (counts[i] - expected) * (counts[i] - expected) / expected;
    }
    return chi;
}

/* Probabilities of softmax(logits / t) over the tokens in `kept`, renormalised. */
static void softmax_of(const float *logits, double t, const int *kept, int n, double *out) {
    double sum = 0;
    for (int i = 0; i < n; i++) sum += out[i] = kept[i] ? exp((double)logits[i] / t) : 0;
    for (int i = 0; i < n; i++) out[i] /= sum;
}

static const float six[] = {1.0f, 0.2f, -0.7f, 2.0f, 0.9f, -2.0f};
enum { CHI_5 = 26 }; /* above the 0.9999 quantile for 5 degrees of freedom */

static void draws_follow_the_temperature(void **state) {
    (void)state;
    double p[6];
    static const double temperatures[] = {0.5, 1, 2};
    for (int i = 0; i < 3; i++) {
        softmax_of(six, temperatures[i], (const int[]){1, 1, 1, 1, 1, 1}, 6, p);
        assert_true(chi_square(plain(temperatures[i]), six, p, 6) < CHI_5);
    }
}

static void top_k_keeps_the_k_best(void **state) {
    (void)state;
    double p[6];
    sn_sampler_options o = plain(1.3);
    o.top_k = 3;
    softmax_of(six, 1.3, (const int[]){1, 0, 0, 1, 1, 0}, 6, p);
    assert_true(chi_square(o, six, p, 6) < CHI_5);
}

/* Sorted: 0.512, 0.188, 0.171, 0.085, 0.034, 0.009 (t = 1). */
static void top_p_keeps_the_smallest_set_that_reaches_p(void **state) {
    (void)state;
    double p[6];
    sn_sampler_options o = plain(1);
    o.top_p = 0.75;
    softmax_of(six, 1, (const int[]){1, 0, 0, 1, 1, 0}, 6, p);
    assert_true(chi_square(o, six, p, 6) < CHI_5);
    o.top_p = 0.4;
    softmax_of(six, 1, (const int[]){0, 0, 0, 1, 0, 0}, 6, p);
    assert_true(chi_square(o, six, p, 6) < CHI_5);
    o.top_p = 0; /* the best is always kept */
    assert_true(chi_square(o, six, p, 6) < CHI_5);
}

static void min_p_is_relative_to_the_best(void **state) {
    (void)state;
    double p[6];
    sn_sampler_options o = plain(1);
    o.min_p = 0.2; /* exp(-1.61): logits above 0.39 */
    softmax_of(six, 1, (const int[]){1, 0, 0, 1, 1, 0}, 6, p);
    assert_true(chi_square(o, six, p, 6) < CHI_5);
}

static void filters_compose_in_order(void **state) {
    (void)state;
    double p[6];
    sn_sampler_options o = plain(1);
    o.top_k = 4;
    o.top_p = 0.95; /* of the four: 0.536, 0.197, 0.178, 0.089: all but the last reach 0.911 < 0.95 */
    o.min_p = 0.3;  /* 0.333 and 0.368 of the best stay, 0.165 goes */
    softmax_of(six, 1, (const int[]){1, 0, 0, 1, 1, 0}, 6, p);
    assert_true(chi_square(o, six, p, 6) < CHI_5);
}

static void recent_tokens_are_penalised_once_each(void **state) {
    (void)state;
    const float logits[] = {2, 1.9f, -1, -1.1f};
    sn_sampler_options o = plain(0);
    o.repetition_penalty = 1.5;
    o.repetition_window = 2;
    sn_sampler *p = sampler(4, o);
    int32_t token;
    assert_ok(sn_sampler_pick(p, logits, &token, NULL)); /* 2 */
    assert_int_equal(token, 0);
    assert_ok(sn_sampler_pick(p, logits, &token, NULL)); /* 2 / 1.5 = 1.33 < 1.9 */
    assert_int_equal(token, 1);
    assert_ok(sn_sampler_pick(p, logits, &token, NULL)); /* both penalised: 1.33 > 1.27 */
    assert_int_equal(token, 0);
    assert_ok(sn_sampler_accept(p, 3));
    assert_ok(sn_sampler_accept(p, 2));                  /* the window holds 3 and 2 now */
    assert_ok(sn_sampler_pick(p, logits, &token, NULL)); /* 2, without a penalty */
    assert_int_equal(token, 0);
    sn_sampler_free(p);
}

static void draws_depend_on_seed_and_count_alone(void **state) {
    (void)state;
    int32_t first[50], again[50], other[50];
    int same = 0;
    for (int round = 0; round < 3; round++) {
        sn_sampler_options o = plain(1);
        o.seed = round == 2 ? 12 : 11;
        sn_sampler *p = sampler(6, o);
        for (int i = 0; i < 50; i++)
            assert_ok(sn_sampler_pick(p, six, (round == 0 ? first : round == 1 ? again : other) + i, NULL));
        sn_sampler_free(p);
    }
    assert_memory_equal(first, again, sizeof first);
    for (int i = 0; i < 50; i++) same += first[i] == other[i];
    assert_true(same < 40);
}

static void bad_logits_and_options_are_refused(void **state) {
    (void)state;
    int32_t token;
    float nan[] = {0, NAN}, none[] = {-INFINITY, -INFINITY}, some[] = {-INFINITY, 1};
    sn_sampler *p = sampler(2, plain(1)), *q = NULL;
    assert_int_equal(sn_sampler_pick(p, nan, &token, NULL), SN_ERR_NUMERIC);
    assert_int_equal(sn_sampler_pick(p, none, &token, NULL), SN_ERR_NUMERIC);
    assert_int_equal(sn_sampler_pick(p, NULL, &token, NULL), SN_ERR_ARGUMENT);
    assert_ok(sn_sampler_pick(p, some, &token, NULL));
    assert_int_equal(token, 1);
    assert_int_equal(sn_sampler_accept(p, 2), SN_ERR_ARGUMENT);
    sn_sampler_free(p);
    sn_sampler_options o = plain(-1);
    assert_int_equal(sn_sampler_new(2, &o, &q), SN_ERR_ARGUMENT);
    o = plain(NAN);
    assert_int_equal(sn_sampler_new(2, &o, &q), SN_ERR_ARGUMENT);
    o = plain(1);
    o.top_p = 1.5;
    assert_int_equal(sn_sampler_new(2, &o, &q), SN_ERR_ARGUMENT);
    assert_non_null(strstr(sn_last_error(), "top_p"));
}

/* ---- stop strings ---- */

/* Feeds the text in pieces of `size` bytes; gives what was shown, and whether a stop was hit. */
static bool feed(const char *const *stops, int n, const char *text, size_t size, char *shown) {
    sn_stops s = {.strings = stops, .n = n};
    bool hit = false;
    size_t total = strlen(text), at = 0;
    shown[0] = 0;
    while (at < total && !hit) {
        size_t piece = total - at < size ? total - at : size, emit;
        assert_ok(sn_stops_push(&s, text + at, piece, &emit, &hit));
        strncat(shown, s.held, emit);
        sn_stops_drop(&s, emit);
        at += piece;
    }
    if (!hit) strncat(shown, s.held, s.size);
    sn_stops_free(&s);
    return hit;
}

static void stops_work_across_pieces(void **state) {
    (void)state;
    const char *const stops[] = {"abcd", "ab", "END"};
    char shown[64];
    for (size_t size = 1; size < 12; size++) {
        assert_true(feed(stops + 2, 1, "one ENEND two", size, shown));
        assert_string_equal(shown, "one EN");
        assert_false(feed(stops + 2, 1, "one EN", size, shown));
        assert_string_equal(shown, "one EN");
        assert_true(feed(stops, 2, "xxabcd", size, shown));
        assert_string_equal(shown, "xx");
        assert_false(feed(stops, 0, "anything", size, shown));
        assert_string_equal(shown, "anything");
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(greedy_takes_the_largest_and_the_first_of_equals),
        cmocka_unit_test(draws_follow_the_temperature),
        cmocka_unit_test(top_k_keeps_the_k_best),
        cmocka_unit_test(top_p_keeps_the_smallest_set_that_reaches_p),
        cmocka_unit_test(min_p_is_relative_to_the_best),
        cmocka_unit_test(filters_compose_in_order),
        cmocka_unit_test(recent_tokens_are_penalised_once_each),
        cmocka_unit_test(draws_depend_on_seed_and_count_alone),
        cmocka_unit_test(bad_logits_and_options_are_refused),
        cmocka_unit_test(stops_work_across_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
