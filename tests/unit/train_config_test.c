/* Training configurations: the table, overrides, and what is refused in which words. */
#include "base/alloc.h"
#include "suan/model.h"
#include "train/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static sn_status parse(const char *text, const char *override, sn_train_config **out) {
    return sn_train_config_parse("run.conf", text, strlen(text), &override, override ? 1 : 0, out);
}

static int needs_libconfig(void **state) {
    (void)state;
    sn_train_config *c;
    if (parse("", NULL, &c) == SN_ERR_UNSUPPORTED) {
        print_message("train_config: skipped, this build has no libconfig\n");
        return 1;
    }
    sn_train_config_free(c);
    return 0;
}

static void test_values(void **state) {
    (void)state;
    sn_train_config *c;
    static const char text[] = "data = \"x.txt\"; steps = 2000; batch = 12;\n"
                               "model = { layers = 6; norm = \"layer\"; tied = false; }\n"
                               "optimizer = { rule = \"adamw\"; lr = 1e-3; floor = 1e-4; beta2 = 0.99; }\n"
                               "schedule = { kind = \"cosine\"; warmup = 100; }\n";
    assert_int_equal(parse(text, "context=1k", &c), SN_OK);
    assert_string_equal(c->data, "x.txt");
    assert_int_equal(c->steps, 2000);
    assert_int_equal(c->context, 1024);
    assert_int_equal(c->model.layers, 6);
    assert_int_equal(c->model.norm, SN_NORM_LAYER);
    assert_false(c->model.tied);
    assert_true(c->model.norm_gain);
    assert_string_equal(c->rule->info.name, "adamw");
    bool found = false;
    for (int i = 0; i < c->rule->info.n_settings; i++)
        if (strcmp(c->rule->info.settings[i].name, "beta2") == 0) found = c->settings[i] == 0.99;
    assert_true(found);
    assert_true(c->schedule.peak == 1e-3 && c->schedule.floor == 1e-4 && c->schedule.warmup == 100);
    assert_int_equal(c->schedule.steps, 2000);
    char value[64];
    assert_string_equal(sn_train_config_value(c, sn_train_key_find("model.norm"), value, sizeof value), "layer");
    assert_string_equal(sn_train_config_value(c, sn_train_key_find("optimizer.lr"), value, sizeof value), "0.001");
    sn_train_config_free(c);
}

/* Every key's default is a value of its type, and every value reads back from its text. */
static void test_table(void **state) {
    (void)state;
    sn_train_config *c, *d;
    char value[256], override[512];
    assert_int_equal(parse("", NULL, &c), SN_OK);
    for (int i = 0; i < sn_n_train_keys; i++) {
        const sn_train_key *k = sn_train_key_get(i);
        assert_int_equal(sn_train_key_find(k->name), i);
        assert_true(strlen(k->help) > 5);
        if (strncmp(k->name, "schedule", 8) == 0 || strcmp(k->name, "clip") == 0) continue;
        sn_train_config_value(c, i, value, sizeof value);
        snprintf(override, sizeof override, "%s=%s", k->name, value);
        if (parse("", override, &d) != SN_OK) fail_msg("%s: %s", override, sn_last_error());
        char again[256];
        assert_string_equal(sn_train_config_value(d, i, again, sizeof again), value);
        sn_train_config_free(d);
    }
    sn_train_config_free(c);
}

typedef struct refusal {
    const char *text, *override, *says;
} refusal;

static void test_refusals(void **state) {
    (void)state;
    static const refusal cases[] = {
        {"steps = 10;\nbacth = 3;", NULL, "run.conf:2: there is no key \"bacth\": did you mean batch?"},
        {"model = {\n layer = 3; }", NULL, "run.conf:2: there is no key \"model.layer\": did you mean model.layers?"},
        {"layers = 3;", NULL, "did you mean model.layers?"},
        {"optimizer = { beta3 = 0.9; }", NULL, "did you mean optimizer.beta"},
        {"steps = 0;", NULL, "run.conf:1: steps wants a whole number from 1 to"},
        {"steps = 1.5;", NULL, "run.conf:1: steps wants a whole number"},
        {"steps = \"many\";", NULL, "run.conf:1: steps wants a whole number"},
        {"recompute = 1;", NULL, "run.conf:1: recompute wants true or false"},
        {"data = 5;", NULL, "run.conf:1: data wants a text in quotes"},
        {"precision = \"f16\";", NULL, "run.conf:1: precision wants one of f32|bf16"},
        {"dropout = 1.5", NULL, "run.conf:1: dropout wants a number from 0 to 0.95"},
        {"", "steps=ten", "command line: steps wants a whole number"},
        {"", "stesp=10", "command line: there is no key \"stesp\": did you mean steps?"},
        {"", "steps", "no key=value"},
        {"optimizer = {\n rule = \"adam\"; }", NULL, "run.conf:2: optimizer.rule: there is no update rule \"adam\""},
        {"optimizer = {\n beta1 = 7.0; }", NULL, "run.conf:2: optimizer.beta1"},
        {"schedule = { kind = \"cosinus\"; }", NULL, "cosine"},
        {"optimizer = { rule = \"tiger\"; }\nclip = 1.0;", NULL, "run.conf:2: clip: tiger cannot clip"},
        {"init = \"m.gguf\";\nmodel = { layers = 3; }", NULL, "run.conf:2: model.layers: with init"},
        {"model = { width = 100; heads = 3; }", NULL, "model.heads: 3 is no divisor"},
    };
    sn_train_config *c;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_not_equal(parse(cases[i].text, cases[i].override, &c), SN_OK);
        if (!strstr(sn_last_error(), cases[i].says)) fail_msg("\"%s\": %s", cases[i].text, sn_last_error());
    }
    assert_int_equal(parse("optimizer = { rule = \"tiger\"; }", NULL, &c), SN_OK);
    assert_true(c->clip == 0);
    sn_train_config_free(c);
}

static void test_memory(void **state) {
    (void)state;
    sn_train_config *c = NULL;
    for (int64_t n = 0;; n++) {
        sn_alloc_fail_after(n);
        sn_status status = parse("data = \"x\"; optimizer = { beta1 = 0.5; }", "steps=3", &c);
        sn_alloc_fail_after(-1);
        if (status == SN_OK) break;
        assert_int_equal(status, SN_ERR_MEMORY);
        assert_true(n < 10000);
    }
    sn_train_config_free(c);
}

int main(void) {
    if (needs_libconfig(NULL)) return 0;
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_values), cmocka_unit_test(test_table),
                                       cmocka_unit_test(test_refusals), cmocka_unit_test(test_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
