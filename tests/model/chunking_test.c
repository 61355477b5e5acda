/* For every context method and for compositions: token by token, one shot and any chunking give the logits of
 * the definition, computed pair by pair in double precision. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model_common.h"

enum { length = 150 }; /* trained: 64 */

static const char *const specs[] = {"none",
                                    "pi:factor=4",
                                    "ntk:factor=4",
                                    "ntk-old:factor=4",
                                    "ntk-fixed:factor=4",
                                    "dynamic-pi",
                                    "dynamic-ntk",
                                    "mixed:factor=4",
                                    "yarn:factor=4",
                                    "yarn-paper:factor=4",
                                    "llama3:factor=4",
                                    "rerope:window=24",
                                    "leaky:window=24,factor=8",
                                    "selfextend:window=24,group=4",
                                    "selfextend:window=10,group=3",
                                    "window:window=40",
                                    "sinks:sinks=4,window=40",
                                    "lambda:sinks=4,window=40",
                                    "logn",
                                    "auto",
                                    "ntk:factor=4+logn",
                                    "rerope:window=24+logn",
                                    "yarn:factor=2+rerope:window=24",
                                    "ntk:factor=2+leaky:window=20,factor=4+logn",
                                    "pi:factor=2+window:window=30"};
enum { n_specs = sizeof specs / sizeof specs[0] };

static sn_model *model;
static int32_t tokens[length];

static int setup(void **state) {
    (void)state;
    if (sn_model_synthetic("llama-tiny", SN_F32, 7, &model) != SN_OK) return -1;
    random_tokens(3, model->config.n_vocab, tokens, length);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    sn_model_free(model);
    return 0;
}

static double distance(const float *a, const double *b, int64_t n) {
    double worst = 0;
    for (int64_t i = 0; i < n; i++) worst = fmax(worst, fabs((double)a[i] - b[i]));
    return worst;
}

static void check(const char *spec, const int *sizes, int n_sizes, int64_t chunk, const double *expected) {
    sn_extend *extend = NULL;
    assert_ok(sn_extend_parse(spec, &extend));
    sn_session_options o = sn_session_defaults();
    o.capacity = length;
    o.extend = extend;
    o.chunk = chunk;
    o.n_threads = chunk > 0 ? 2 : 1;
    float *got = chunked_logits(model, &o, tokens, length, sizes, n_sizes);
    double worst = distance(got, expected, length * model->config.n_vocab);
    if (!(worst <= 1e-4)) fail_msg("%s in pieces of %d...: logits differ by %g", spec, sizes[0], worst);
    free(got);
    sn_extend_free(extend);
}

static void every_chunking_gives_the_definition(void **state) {
    (void)state;
    static const int one[] = {1}, all[] = {length}, ragged[] = {5, 1, 37, 2, 64, 1, 1, 13};
    for (int i = 0; i < n_specs; i++) {
        sn_extend *extend = NULL;
        sn_position p;
        assert_ok(sn_extend_parse(specs[i], &extend));
        assert_ok(sn_extend_resolve(extend, &model->config.rope, length, &p, NULL, 0));
        double *expected = plain_logits(model, &p, tokens, length);
        check(specs[i], one, 1, 0, expected);
        check(specs[i], all, 1, 0, expected);
        check(specs[i], all, 1, 17, expected);
        check(specs[i], ragged, 8, 0, expected);
        free(expected);
        sn_extend_free(extend);
    }
}

/* Every method of the table is in the list above, but for those that need a model's own factors. */
static void every_method_is_covered(void **state) {
    (void)state;
    for (int i = 0; i < sn_method_count(); i++) {
        const char *name = sn_method_get(i)->name;
        bool seen = strcmp(name, "longrope") == 0;
        for (int k = 0; k < n_specs; k++) {
            size_t size = strlen(name);
            char after = strncmp(specs[k], name, size) == 0 ? specs[k][size] : 'x';
            seen |= after == 0 || after == ':' || after == '+';
        }
        if (!seen) fail_msg("the method %s is not in the list of this test", name);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_chunking_gives_the_definition),
                                       cmocka_unit_test(every_method_is_covered)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
