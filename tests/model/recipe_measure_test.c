/* The tests of a recipe against a count by hand, from the logits of one-shot sessions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model_common.h"
#include "study/recipe.h"

enum { vocab = 96, window = 64, length = 128, windows = 2, period = 48, buckets = 4, n_ids = length * windows + 1 };

static sn_model *model;
static int32_t ids[n_ids];
static sn_recipe_data data;

static sn_status keep_row(void *user, int64_t index, const float *logits, int64_t n) {
    memcpy((float *)user + index * n, logits, (size_t)n * sizeof *logits);
    return SN_OK;
}

/* Logits of n tokens under a method, in one chunk; freed by the caller. */
static float *one_shot_logits(const char *method, const int32_t *tokens, int64_t n) {
    sn_session_options o = sn_session_defaults();
    sn_extend *extend;
    sn_session *s;
    float *logits = malloc((size_t)(n * vocab) * sizeof *logits);
    assert_ok(sn_extend_parse(method, &extend));
    o.capacity = n;
    o.extend = extend;
    o.n_threads = 1;
    assert_ok(sn_session_new(model, &o, &s));
    assert_ok(sn_session_append(s, 0, tokens, n, 2, keep_row, logits));
    sn_session_free(s);
    sn_extend_free(extend);
    return logits;
}

/* Random weights hit next to nothing: half of the text is what the model itself finds most likely. */
static int setup(void **state) {
    (void)state;
    if (sn_model_synthetic("llama-tiny", SN_F32, 5, &model) != SN_OK) return -1;
    random_tokens(77, vocab, ids, n_ids);
    for (int i = 1; i < n_ids; i += 2) {
        int from = i - 1 - (i - 1) % window;
        float *logits = one_shot_logits("none", ids + from, i - from);
        const float *last = logits + (i - from - 1) * vocab;
        ids[i] = 0;
        for (int v = 1; v < vocab; v++)
            if (last[v] > last[ids[i]]) ids[i] = v;
        free(logits);
    }
    data = (sn_recipe_data){.ids = ids, .n_ids = n_ids, .window = window, .length = length, .period = period};
    return 0;
}

static int teardown(void **state) {
    (void)state;
    sn_model_free(model);
    return 0;
}

/* One window of n + 1 tokens: hits by bucket, loss. */
static void count(const char *method, const int32_t *tokens, int64_t n, double *hits, double *loss) {
    float *logits = one_shot_logits(method, tokens, n);
    for (int64_t i = 0; i < n; i++) {
        const float *row = logits + i * vocab;
        double sum = 0;
        int best = 0;
        for (int v = 0; v < vocab; v++) {
            sum += exp((double)row[v]);
            if (row[v] > row[best]) best = v;
        }
        hits[i * buckets / n] += best == tokens[i + 1];
        *loss += log(sum) - (double)row[tokens[i + 1]];
    }
    free(logits);
}

static void compare(const char *method, sn_recipe_test test) {
    const sn_recipe_measure m = {model, method, &data, windows, 1, buckets, NULL};
    int64_t n = test == SN_RECIPE_IN ? window : length, total = windows * length;
    double hits[buckets] = {0}, curve[buckets], loss = 0, all = 0;
    sn_recipe_score score;
    int32_t tokens[length + 1];
    for (int64_t w = 0; w < total / n; w++) {
        for (int64_t i = 0; i <= n; i++) tokens[i] = ids[w * n + (test == SN_RECIPE_REPEATED ? i % period : i)];
        count(method, tokens, n, hits, &loss);
    }
    assert_ok(sn_recipe_measure_test(&m, test, &score, curve));
    for (int b = 0; b < buckets; b++) {
        all += hits[b];
        assert_true(fabs(curve[b] - 100 * hits[b] / (double)(total / buckets)) < 1e-9);
    }
    print_message("%s, %s: %.2f %%, %.4f nats\n", method, sn_recipe_test_name(test), score.accuracy, score.loss);
    assert_true(fabs(score.accuracy - 100 * all / (double)total) < 1e-9);
    assert_true(fabs(score.loss - loss / (double)total) < 1e-5);
    if (test == SN_RECIPE_IN) assert_true(score.accuracy > 45); /* so the hits are not few by chance */
}

static void test_scores(void **state) {
    (void)state;
    compare("none", SN_RECIPE_IN);
    compare("none", SN_RECIPE_REPEATED);
    compare("none", SN_RECIPE_LONG);
    compare("pi:factor=2", SN_RECIPE_LONG);
    compare("rerope:window=16", SN_RECIPE_REPEATED);
}

static void test_refused(void **state) {
    (void)state;
    const sn_recipe_measure m = {model, "sinks:sinks=2,window=1000+rerope", &data, windows, 1, buckets, NULL};
    sn_recipe_score score;
    assert_int_not_equal(sn_recipe_measure_test(&m, SN_RECIPE_LONG, &score, NULL), SN_OK);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scores),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
