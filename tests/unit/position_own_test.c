/* The scaling a model carries, alone and under methods, and the choices of auto. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "position/auto.h"
#include "position_common.h"

#include <stdio.h>
#include <string.h>

/* ---- As transformers computes it (tools/oracles/rope_frequencies.py) ---- */

typedef struct own_case {
    const char *name;
    int64_t length;
    sn_rope_config config;
} own_case;

#define SHAPE(head, rotated) .d_head = head, .n_rot = rotated, .base = 10000

static const own_case cases[] = {
    {"linear", 0, {SHAPE(64, 64), .train_length = 2048, .scaling = SN_ROPE_LINEAR, .factor = 4}},
    {"dynamic-short", 2000, {SHAPE(64, 64), .train_length = 2048, .scaling = SN_ROPE_DYNAMIC, .factor = 2}},
    {"dynamic-long", 8192, {SHAPE(64, 64), .train_length = 2048, .scaling = SN_ROPE_DYNAMIC, .factor = 2}},
    {"yarn", 0, {SHAPE(128, 128), .train_length = 4096, .scaling = SN_ROPE_YARN, .factor = 4}},
    {"yarn", 0, {SHAPE(128, 128), .train_length = 4096, .max_length = 16384, .scaling = SN_ROPE_YARN}},
    {"yarn-partial", 0, {SHAPE(128, 64), .train_length = 2048, .scaling = SN_ROPE_YARN, .factor = 8}},
    {"yarn-whole",
     0,
     {SHAPE(64, 64), .train_length = 4096, .scaling = SN_ROPE_YARN, .factor = 32, .yarn_no_truncate = true}},
    {"yarn-mscale",
     0,
     {SHAPE(64, 64), .train_length = 4096, .scaling = SN_ROPE_YARN, .factor = 40, .mscale = 1,
      .mscale_all_dim = 0.707}},
    {"yarn-attention",
     0,
     {SHAPE(64, 64), .train_length = 4096, .scaling = SN_ROPE_YARN, .factor = 4, .attention_factor = 1.25,
      .beta_fast = 16, .beta_slow = 2}},
    {"llama3",
     0,
     {.d_head = 128,
      .n_rot = 128,
      .base = 500000,
      .train_length = 8192,
      .scaling = SN_ROPE_LLAMA3,
      .factor = 8,
      .low_freq_factor = 1,
      .high_freq_factor = 4}},
    {"longrope-short", 4096, {SHAPE(64, 64), .train_length = 4096, .max_length = 131072, .scaling = SN_ROPE_LONGROPE}},
    {"longrope-long", 4097, {SHAPE(64, 64), .train_length = 4096, .max_length = 131072, .scaling = SN_ROPE_LONGROPE}},
};

static void give_factors(sn_rope_config *config) {
    config->n_factors = config->n_rot / 2;
    for (int m = 0; m < config->n_factors; m++)
        config->short_factor[m] = 1 + 0.0625 * m, config->long_factor[m] = 1 + 0.75 * m;
}

/* Reads the golden line `name` into gain and frequencies; gives the number of planes. */
static int golden(const char *name, double *gain, double *frequency) {
    FILE *f = fopen(SN_TEST_SOURCE "/golden/rope_frequencies.txt", "r");
    char word[64];
    int planes = 0;
    assert_non_null(f);
    while (fscanf(f, "%63s %lf %d", word, gain, &planes) == 3) {
        for (int m = 0; m < planes; m++) assert_int_equal(fscanf(f, "%lf", &frequency[m]), 1);
        if (!strcmp(word, name)) break;
        planes = 0;
    }
    fclose(f);
    return planes;
}

static void own_scaling_is_that_of_transformers(void **state) {
    (void)state;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        sn_rope_config config = cases[c].config;
        if (config.scaling == SN_ROPE_LONGROPE) give_factors(&config);
        double gain = 0, frequency[SN_MAX_PLANES];
        sn_position p;
        assert_int_equal(sn_extend_resolve(NULL, &config, cases[c].length, &p, NULL, 0), SN_OK);
        assert_int_equal(golden(cases[c].name, &gain, frequency), p.n_planes);
        assert_near(p.gain, gain, 1e-10);
        for (int m = 0; m < p.n_planes; m++) assert_near(p.frequency[m] / frequency[m], 1, 2e-6); /* f32 there */
        sn_position none = resolve("none", &config, cases[c].length);
        assert_memory_equal(none.frequency, p.frequency, sizeof p.frequency);
    }
}

static void divisors_of_gguf_files_apply(void **state) {
    (void)state;
    sn_rope_config config = model_of(64, 8192);
    give_factors(&config);
    sn_position plain, p = resolve("none", &config, 0);
    assert_int_equal(sn_position_rope(64, 64, 10000, config.layout, &plain), SN_OK);
    for (int m = 0; m < 32; m++) assert_near(p.frequency[m], plain.frequency[m] / (1 + 0.0625 * m), 1e-15);
    config.scaling = SN_ROPE_LLAMA3;
    sn_position again = resolve("none", &config, 0);
    assert_memory_equal(again.frequency, p.frequency, sizeof p.frequency);
}

/* ---- Methods on top ---- */

static void methods_come_on_top_of_what_was_trained(void **state) {
    (void)state;
    sn_rope_config config = model_of(64, 2048);
    config.scaling = SN_ROPE_LINEAR, config.factor = 4;
    sn_position p = resolve("pi:factor=2", &config, 0), eight;
    sn_rope_config plain = model_of(64, 2048);
    eight = resolve("pi:factor=8", &plain, 0);
    for (int m = 0; m < 32; m++) assert_near(p.frequency[m] / eight.frequency[m], 1, 1e-15);
    /* the window it is extended from is 8192, so 16384 tokens are a factor of 2 */
    sn_position derived = resolve("pi", &config, 16384);
    assert_memory_equal(derived.frequency, p.frequency, sizeof p.frequency);
    sn_position instead = resolve("pi:factor=8,over=plain", &config, 0);
    assert_memory_equal(instead.frequency, eight.frequency, sizeof eight.frequency);
    p = resolve("rerope", &config, 16384);
    assert_true(p.piece[1].r_min == 4096);
    assert_near(p.frequency[0], 0.25, 0);
}

static void yarn_on_yarn_multiplies(void **state) {
    (void)state;
    sn_rope_config config = model_of(64, 4096);
    config.scaling = SN_ROPE_YARN, config.factor = 4;
    sn_position own = resolve("none", &config, 0), p = resolve("yarn:factor=2", &config, 0);
    assert_near(p.gain, own.gain * (0.1 * log(2) + 1), 1e-15);
    assert_near(p.frequency[31] / own.frequency[31], 0.5, 1e-15);
    p = resolve("yarn:factor=2,over=plain", &config, 0);
    assert_near(p.gain, 0.1 * log(2) + 1, 1e-15);
}

static void a_guess_gives_way(void **state) {
    (void)state;
    sn_rope_config config = model_of(64, 512), plain = model_of(64, 512);
    config.scaling = SN_ROPE_DYNAMIC, config.factor = 2;
    static const char *const replaced[] = {"ntk", "rerope", "selfextend", "sinks"}, *const kept[] = {"logn", "window"};
    for (int s = 0; s < 4; s++) {
        sn_position a = resolve(replaced[s], &config, 2048), b = resolve(replaced[s], &plain, 2048);
        assert_memory_equal(a.frequency, b.frequency, sizeof a.frequency);
    }
    for (int s = 0; s < 2; s++) {
        sn_position a = resolve(kept[s], &config, 2048), b = resolve("none", &config, 2048);
        assert_memory_equal(a.frequency, b.frequency, sizeof a.frequency);
        assert_true(a.frequency[31] < resolve("none", &plain, 2048).frequency[31]);
    }
}

static void longrope_can_be_chosen_by_hand(void **state) {
    (void)state;
    sn_rope_config config = model_of(64, 4096);
    config.scaling = SN_ROPE_LONGROPE, config.max_length = 131072;
    give_factors(&config);
    sn_position shorter = resolve("none", &config, 100), longer = resolve("none", &config, 5000);
    sn_position p = resolve("longrope:form=long", &config, 100);
    assert_memory_equal(p.frequency, longer.frequency, sizeof p.frequency);
    p = resolve("longrope:length=5000", &config, 100);
    assert_memory_equal(p.frequency, longer.frequency, sizeof p.frequency);
    p = resolve("longrope:form=short,attention=1", &config, 5000);
    assert_memory_equal(p.frequency, shorter.frequency, sizeof p.frequency);
    assert_near(p.gain, 1, 0);
    assert_near(longer.gain, sqrt(1 + log(32) / log(4096)), 1e-15);
}

/* ---- Sliding-window layers ---- */

static void model_windows_intersect_with_masks(void **state) {
    (void)state;
    static const char *const specs[] = {"none",
                                        "window:window=30,sinks=5",
                                        "window:window=9,sinks=5",
                                        "rerope:window=30",
                                        "rerope:window=5",
                                        "sinks:sinks=4,window=9",
                                        "lambda:window=9,sinks=4"};
    sn_rope_config full = model_of(16, 64), windowed = full;
    windowed.window = 20;
    double q[16], k[16];
    random_vector(1, q, 16), random_vector(2, k, 16);
    for (size_t s = 0; s < sizeof specs / sizeof *specs; s++) {
        sn_position a = resolve(specs[s], &full, 200), b = resolve(specs[s], &windowed, 200);
        for (int64_t i = 0; i < 100; i++) {
            int64_t seen = 0;
            for (int64_t j = 0; j <= i; j++) {
                double expected = i - j < 20 ? sn_position_logit(&a, q, k, 16, i, j) : -INFINITY;
                double got = sn_position_logit(&b, q, k, 16, i, j);
                if (got != expected) assert_near(got, expected, 1e-12);
                seen += expected > -INFINITY;
            }
            assert_int_equal(sn_position_count(&b, i), seen);
        }
    }
    assert_int_equal(resolve("rerope:window=30", &windowed, 200).n_pieces, 1);
    assert_int_equal(resolve("rerope:window=5", &windowed, 200).n_pieces, 2);
}

/* ---- auto ---- */

static void assert_auto(sn_rope_config config, int64_t length, const char *row, const char *spec) {
    sn_extend *e = NULL, *chosen = NULL;
    const sn_auto_row *got = NULL;
    int64_t wanted = length;
    assert_int_equal(sn_extend_parse("auto", &e), SN_OK);
    assert_int_equal(sn_auto_choose(e, &config, &wanted, &got, &chosen), SN_OK);
    assert_string_equal(got->name, row);
    assert_string_equal(sn_extend_spec(chosen), spec);
    sn_extend_free(chosen);
    char note[300];
    sn_position a, b;
    assert_int_equal(sn_extend_resolve(e, &config, length, &a, note, sizeof note), SN_OK);
    assert_non_null(strstr(note, got->reason));
    assert_int_equal(strncmp(note, spec, strlen(spec)), 0);
    b = resolve(spec, &config, length);
    assert_memory_equal(a.frequency, b.frequency, sizeof a.frequency);
    assert_memory_equal(a.piece, b.piece, sizeof a.piece);
    sn_extend_free(e);
}

static void auto_follows_its_table(void **state) {
    (void)state;
    sn_rope_config config = model_of(64, 2048);
    assert_auto(config, 0, "inside", "none");
    assert_auto(config, 2048, "inside", "none");
    assert_auto(config, 2049, "beyond", "rerope");
    config.window = 1024;
    assert_auto(config, 2049, "windowed", "none");
    config.window = 4096;
    assert_auto(config, 8192, "beyond", "rerope");
    config.window = 0;
    config.scaling = SN_ROPE_YARN, config.factor = 4;
    assert_auto(config, 8192, "inside", "none");
    assert_auto(config, 8193, "beyond", "rerope");
    config.scaling = SN_ROPE_DYNAMIC;
    assert_auto(config, 8192, "beyond", "rerope");
    config = model_of(64, 0);
    assert_auto(config, 1 << 20, "unknown", "none");
    config = model_of(64, 2048), config.n_rot = 0;
    assert_auto(config, 1 << 20, "unrotated", "none");
    config.learned = true;
    assert_auto(config, 2048, "learned", "none");
    config = model_of(64, 2048);
    sn_position p = resolve("auto:length=4096", &config, 100);
    assert_true(p.n_pieces == 2 && p.piece[0].r_max == 1024);
}

/* ---- Refusals ---- */

static void assert_refused(const char *spec, const sn_rope_config *config, int64_t length, sn_status status,
                           const char *part) {
    sn_position p = {.n_planes = -7};
    assert_int_equal(try_resolve(spec, config, length, &p), status);
    if (!strstr(sn_last_error(), part)) fail_msg("\"%s\" does not say \"%s\"", sn_last_error(), part);
    assert_int_equal(p.n_planes, -7);
}

static void inapplicable_methods_are_refused(void **state) {
    (void)state;
    sn_rope_config config = model_of(64, 2048);
    assert_refused("longrope", &config, 0, SN_ERR_ARGUMENT, "no factors");
    assert_refused("yarn:fast=1,slow=2", &config, 0, SN_ERR_ARGUMENT, "fast=1 is not above slow=2");
    assert_refused("yarn-paper:fast=1", &config, 0, SN_ERR_ARGUMENT, "fast=1 is not above slow=1");
    assert_refused("llama3:low=4", &config, 0, SN_ERR_ARGUMENT, "high=4");
    assert_refused("sinks:sinks=2048", &config, 0, SN_ERR_ARGUMENT, "give window=");
    assert_refused("none", &config, -1, SN_ERR_ARGUMENT, "-1 tokens");
    sn_rope_config unknown = model_of(64, 0);
    static const char *const need[][2] = {
        {"pi", "factor="},         {"yarn:factor=4", "train="}, {"rerope", "window="},    {"leaky", "window="},
        {"selfextend", "window="}, {"window", "window="},       {"sinks", "window="},     {"lambda", "window="},
        {"logn", "base="},         {"llama3", "factor="},       {"dynamic-pi", "train="}, {"dynamic-ntk", "train="},
        {"mixed", "factor="},      {"ntk", "factor="},          {"ntk-old", "factor="},   {"ntk-fixed", "factor="}};
    for (size_t i = 0; i < sizeof need / sizeof *need; i++)
        assert_refused(need[i][0], &unknown, 4096, SN_ERR_ARGUMENT, need[i][1]);
    sn_rope_config learned = {.d_head = 64, .learned = true, .train_length = 1024};
    assert_refused("ntk", &learned, 100, SN_ERR_ARGUMENT, "learned positions");
    assert_refused("rerope", &learned, 100, SN_ERR_ARGUMENT, "learned positions");
    assert_refused("none", &learned, 1025, SN_ERR_LIMIT, "1024 learned positions");
    assert_refused("auto", &learned, 1025, SN_ERR_LIMIT, "1024 learned positions");
    assert_int_equal(resolve("window+logn", &learned, 1024).n_planes, 0);
}

static void contradicting_configurations_are_refused(void **state) {
    (void)state;
    sn_rope_config c = model_of(64, 2048);
    c.scaling = SN_ROPE_LINEAR;
    assert_refused("none", &c, 0, SN_ERR_ARGUMENT, "linear scaling with factor 0");
    c.factor = NAN;
    assert_refused("none", &c, 0, SN_ERR_ARGUMENT, "factor");
    c = model_of(64, 0), c.scaling = SN_ROPE_YARN, c.factor = 4;
    assert_refused("none", &c, 0, SN_ERR_ARGUMENT, "original trained length");
    c = model_of(64, 2048), c.scaling = SN_ROPE_YARN, c.factor = 4, c.beta_fast = 0.5;
    assert_refused("none", &c, 0, SN_ERR_ARGUMENT, "beta_fast");
    c = model_of(64, 2048), c.scaling = SN_ROPE_YARN, c.factor = 4, c.base = 1;
    assert_refused("none", &c, 0, SN_ERR_ARGUMENT, "base 1");
    c = model_of(64, 2048), c.scaling = SN_ROPE_LLAMA3, c.factor = 8, c.low_freq_factor = 9;
    assert_refused("none", &c, 0, SN_ERR_ARGUMENT, "high_freq_factor");
    c = model_of(64, 2048), c.scaling = SN_ROPE_LONGROPE;
    assert_refused("none", &c, 0, SN_ERR_ARGUMENT, "without factors");
    give_factors(&c), c.n_factors = 31;
    assert_refused("none", &c, 0, SN_ERR_ARGUMENT, "31 factors for 32");
    give_factors(&c), c.long_factor[3] = 0;
    assert_refused("none", &c, 0, SN_ERR_ARGUMENT, "long factor 3");
    c = model_of(64, 2048), c.scaling = (sn_rope_scaling)17;
    assert_refused("none", &c, 0, SN_ERR_ARGUMENT, "17");
    c = model_of(64, -5);
    assert_refused("none", &c, 0, SN_ERR_ARGUMENT, "negative");
    c = model_of(63, 2048);
    assert_refused("none", &c, 0, SN_ERR_ARGUMENT, "even number");
}

static int warnings;
static void count_warnings(void *user, sn_log_level level, const char *message) {
    (void)user, (void)message;
    warnings += level == SN_LOG_WARN;
}

static void unwise_windows_are_warned_of(void **state) {
    (void)state;
    static const struct {
        const char *spec;
        int warnings;
    } table[] = {{"rerope", 0},
                 {"rerope:window=64", 1},
                 {"leaky:window=16,factor=16", 0},
                 {"leaky:factor=2", 1},
                 {"selfextend:group=2", 1},
                 {"selfextend:group=16", 0},
                 {"sinks", 0},
                 {"sinks:window=64,sinks=4", 1},
                 {"lambda", 1},
                 {"lambda:window=63", 0},
                 {"lambda:window=10,limit=64", 1}};
    sn_rope_config config = model_of(16, 64);
    sn_log_set(count_warnings, NULL);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        warnings = 0;
        resolve(table[i].spec, &config, 512);
        if (warnings != table[i].warnings) fail_msg("%s: %d warnings", table[i].spec, warnings);
    }
    sn_log_set(NULL, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(own_scaling_is_that_of_transformers),
                                       cmocka_unit_test(divisors_of_gguf_files_apply),
                                       cmocka_unit_test(methods_come_on_top_of_what_was_trained),
                                       cmocka_unit_test(yarn_on_yarn_multiplies),
                                       cmocka_unit_test(a_guess_gives_way),
                                       cmocka_unit_test(longrope_can_be_chosen_by_hand),
                                       cmocka_unit_test(model_windows_intersect_with_masks),
                                       cmocka_unit_test(auto_follows_its_table),
                                       cmocka_unit_test(inapplicable_methods_are_refused),
                                       cmocka_unit_test(contradicting_configurations_are_refused),
                                       cmocka_unit_test(unwise_windows_are_warned_of)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
