/* Perplexity and the comparison against losses computed apart, from the logits of a session. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "model_common.h"
#include "suan/study.h"

#define assert_near(a, b, tolerance)                                                                                   \
    do {                                                                                                               \
        double near_a_ = (a), near_b_ = (b);                                                                           \
        if (!(fabs(near_a_ - near_b_) <= (tolerance))) fail_msg("%s is %.9g, not %.9g", #a, near_a_, near_b_);         \
    } while (0)

enum { n_ids = 3 * 96 + 1, vocab = 96 };

static sn_model *model; /* trained length 64 */
static int32_t ids[n_ids];

static int setup(void **state) {
    (void)state;
    if (sn_model_synthetic("llama-tiny", SN_F32, 5, &model) != SN_OK) return -1;
    random_tokens(77, vocab, ids, n_ids);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    sn_model_free(model);
    return 0;
}

/* -ln p of token i + 1 of a window, from the logits of row i, in double. */
static double plain_loss(const float *logits, int32_t target) {
    double sum = 0;
    for (int i = 0; i < vocab; i++) sum += exp((double)logits[i]);
    return log(sum) - (double)logits[target];
}

static sn_status keep_row(void *user, int64_t index, const float *logits, int64_t n) {
    memcpy((float *)user + index * n, logits, (size_t)n * sizeof *logits);
    return SN_OK;
}

/* Losses of tokens[1 .. n] under a method for sessions of n tokens; freed by the caller. */
static double *plain_losses(const char *method, const int32_t *tokens, int64_t n) {
    sn_session_options o = sn_session_defaults();
    sn_extend *extend = NULL;
    sn_session *s = NULL;
    float *logits = malloc((size_t)(n * vocab) * sizeof *logits);
    double *losses = malloc((size_t)n * sizeof *losses);
    assert_ok(sn_extend_parse(method, &extend));
    o.capacity = n;
    o.extend = extend;
    o.n_threads = 1;
    assert_ok(sn_session_new(model, &o, &s));
    assert_ok(sn_session_append(s, 0, tokens, n, 2, keep_row, logits));
    for (int64_t i = 0; i < n; i++) losses[i] = plain_loss(logits + i * vocab, tokens[i + 1]);
    sn_session_free(s);
    sn_extend_free(extend);
    free(logits);
    return losses;
}

static double mean_of(const double *x, int64_t n) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += x[i];
    return sum / (double)n;
}

static sn_perplexity_options perplexity_options(void) {
    sn_perplexity_options o = sn_perplexity_defaults();
    o.context = 20;
    o.session.n_threads = 1;
    return o;
}

static void perplexity_scores_the_second_half_of_each_window(void **state) {
    (void)state;
    sn_perplexity_options o = perplexity_options();
    sn_perplexity_result r;
    double sum = 0, squares = 0, n = 0;
    assert_ok(sn_perplexity(model, ids, n_ids, 1, &o, &r));
    assert_int_equal(r.windows, n_ids / 20);
    assert_int_equal(r.tokens, r.windows * 9); /* ids 11 .. 19 of a window */
    for (int w = 0; w < n_ids / 20; w++) {
        int32_t window[21];
        memcpy(window, ids + 20 * w, 20 * sizeof *window);
        window[0] = 1;
        double *losses = plain_losses("none", window, 19);
        for (int i = 10; i < 19; i++) sum += losses[i], squares += losses[i] * losses[i], n++;
        free(losses);
    }
    assert_near(r.nll, sum / n, 1e-5);
    assert_near(r.perplexity, exp(sum / n), 1e-5 * exp(sum / n));
    assert_near(r.nll_error, sqrt((squares / n - sum / n * sum / n) / (n - 1)), 1e-5);
    o.windows = 2;
    assert_ok(sn_perplexity(model, ids, n_ids, -1, &o, &r));
    assert_int_equal(r.tokens, 18);
}

static void perplexity_refuses_what_it_cannot_fill(void **state) {
    (void)state;
    sn_perplexity_options o = perplexity_options();
    sn_perplexity_result r;
    assert_int_equal(sn_perplexity(model, ids, 19, 1, &o, &r), SN_ERR_ARGUMENT);
    assert_non_null(strstr(sn_last_error(), "19 tokens"));
    o.windows = 15;
    assert_int_equal(sn_perplexity(model, ids, n_ids, 1, &o, &r), SN_ERR_ARGUMENT);
    o = perplexity_options();
    o.context = 3;
    assert_int_equal(sn_perplexity(model, ids, n_ids, 1, &o, &r), SN_ERR_ARGUMENT);
    int cancel = 1;
    o = perplexity_options();
    o.session.cancel = &cancel;
    assert_int_equal(sn_perplexity(model, ids, n_ids, 1, &o, &r), SN_ERR_CANCELLED);
}

/* The last token of a window is not read, only looked up in the logits. */
static void tokens_of_another_vocabulary_are_refused(void **state) {
    (void)state;
    sn_perplexity_options o = perplexity_options();
    sn_perplexity_result r;
    int32_t other[20];
    memcpy(other, ids, sizeof other);
    for (int i = 0; i < 2; i++) {
        other[19] = i ? -1 : vocab;
        assert_int_equal(sn_perplexity(model, other, 20, 1, &o, &r), SN_ERR_ARGUMENT);
        assert_non_null(strstr(sn_last_error(), "tokenizer"));
    }
}

typedef struct setting {
    sn_compare_options options;
    sn_extend **methods;
    int64_t shown, total;
} setting;

static void show(void *user, int64_t done, int64_t total) {
    setting *s = user;
    assert_true(done > s->shown && done <= total);
    s->shown = done;
    s->total = total;
}

static const int64_t lengths[] = {32, 96};

static void set(setting *s, const char *methods) {
    *s = (setting){.options = sn_compare_defaults()};
    assert_ok(sn_extend_parse_list(methods, &s->methods, &s->options.n_methods));
    s->options.methods = (const sn_extend *const *)s->methods;
    s->options.lengths = lengths;
    s->options.n_lengths = 2;
    s->options.windows = 3;
    s->options.score = 10;
    s->options.bucket = 40;
    s->options.session.n_threads = 1;
    s->options.progress = show;
    s->options.user = s;
}

static void unset(setting *s) { sn_extend_list_free(s->methods, s->options.n_methods); }

static void check_method(const sn_compare_method *m, const char *spec) {
    double by_length[2] = {0}, by_position[3] = {0};
    for (int w = 0; w < 3; w++) {
        double *whole = plain_losses(spec, ids + 96 * w, 96), *part = plain_losses(spec, ids + 96 * w + 64, 32);
        by_length[0] += mean_of(part + 22, 10) / 3;
        by_length[1] += mean_of(whole + 86, 10) / 3;
        by_position[0] += mean_of(whole, 40) / 3;
        by_position[1] += mean_of(whole + 40, 40) / 3;
        by_position[2] += mean_of(whole + 80, 16) / 3;
        free(whole);
        free(part);
    }
    assert_string_equal(m->spec, spec);
    for (int i = 0; i < 2; i++) assert_near(m->by_length[i].loss, by_length[i], 1e-5);
    for (int b = 0; b < 3; b++) assert_near(m->by_position[b].loss, by_position[b], 1e-5);
    assert_int_equal(m->by_position[2].to, 96);
}

/* dynamic-ntk depends on the length: each column has its own. */
static void losses_are_those_of_the_sessions_logits(void **state) {
    (void)state;
    setting s;
    sn_compare_result *r = NULL;
    set(&s, "none,rerope:window=16,dynamic-ntk,leaky:window=16,factor=4+logn");
    assert_ok(sn_compare_run(model, ids, n_ids, &s.options, &r));
    assert_int_equal(r->n_methods, 4);
    for (int m = 0; m < 4; m++) check_method(&r->methods[m], sn_extend_spec(s.methods[m]));
    assert_int_equal(r->train_length, 64);
    assert_int_equal(s.shown, s.total);
    assert_true(r->memory.cache_bytes > 0);
    assert_non_null(strstr(r->methods[1].note, "rerope"));
    sn_compare_free(r);
    unset(&s);
}

static void what_cannot_work_is_refused_before_work(void **state) {
    (void)state;
    setting s;
    sn_compare_result *r = NULL;
    set(&s, "none,yarn:factor=4");
    assert_int_equal(sn_compare_run(model, ids, n_ids - 1, &s.options, &r), SN_ERR_ARGUMENT);
    assert_non_null(strstr(sn_last_error(), "289"));
    assert_non_null(strstr(sn_last_error(), "288"));
    s.options.score = 33;
    assert_int_equal(sn_compare_run(model, ids, n_ids, &s.options, &r), SN_ERR_ARGUMENT);
    s.options.score = 10;
    s.options.session.memory_limit = 1000;
    assert_int_equal(sn_compare_run(model, ids, n_ids, &s.options, &r), SN_ERR_LIMIT);
    assert_non_null(strstr(sn_last_error(), "compare: none"));
    s.options.session.memory_limit = 0;
    int cancel = 1;
    s.options.session.cancel = &cancel;
    assert_int_equal(sn_compare_run(model, ids, n_ids, &s.options, &r), SN_ERR_CANCELLED);
    assert_int_equal(s.shown, 0);
    unset(&s);
}

static void sensible_choices(void **state) {
    (void)state;
    int64_t chosen[SN_COMPARE_CHOSEN_LENGTHS];
    int n = 0;
    char *list = NULL;
    sn_extend **methods = NULL;
    assert_ok(sn_compare_choose_lengths(model, 1025, 4, chosen, &n));
    assert_int_equal(n, 4);
    assert_int_equal(chosen[0], 32);
    assert_int_equal(chosen[3], 256);
    assert_ok(sn_compare_choose_lengths(model, 1024, 4, chosen, &n));
    assert_int_equal(n, 3);
    assert_ok(sn_compare_choose_lengths(model, 41, 4, chosen, &n));
    assert_true(n == 1 && chosen[0] == 10);
    assert_int_equal(sn_compare_choose_lengths(model, 4, 4, chosen, &n), SN_ERR_ARGUMENT);
    assert_ok(sn_compare_choose_methods(model, 256, &list));
    assert_string_equal(list, "none,ntk:factor=4,yarn:factor=4,rerope:window=32,leaky:window=32,factor=16");
    assert_ok(sn_extend_parse_list(list, &methods, &n));
    assert_int_equal(n, 5);
    sn_extend_list_free(methods, n);
    sn_text_free(list);
}

/* Every allocation fails in turn: an error, and nothing leaks. */
static void no_failing_allocation_leaks(void **state) {
    (void)state;
    setting s;
    sn_compare_result *r = NULL;
    set(&s, "rerope:window=16");
    s.options.progress = NULL;
    sn_status status = SN_ERR_MEMORY;
    for (int64_t k = 0; status != SN_OK && k < 5000; k++) {
        sn_alloc_fail_after(k);
        status = sn_compare_run(model, ids, n_ids, &s.options, &r);
        sn_alloc_fail_after(-1);
        if (status != SN_OK) assert_int_equal(status, SN_ERR_MEMORY);
    }
    assert_int_equal(status, SN_OK);
    sn_compare_free(r);
    unset(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(perplexity_scores_the_second_half_of_each_window),
        cmocka_unit_test(perplexity_refuses_what_it_cannot_fill),
        cmocka_unit_test(tokens_of_another_vocabulary_are_refused),
        cmocka_unit_test(losses_are_those_of_the_sessions_logits),
        cmocka_unit_test(what_cannot_work_is_refused_before_work),
        cmocka_unit_test(sensible_choices),
        cmocka_unit_test(no_failing_allocation_leaks),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
