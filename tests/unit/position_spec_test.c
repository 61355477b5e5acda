/* The language of compositions: what is read, how it is spelled back, what is refused and with which words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/number.h"
#include "position/auto.h"
#include "position_common.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>

static void assert_list(const char *text, int n, const char *const *specs) {
    sn_extend **list = NULL;
    int got = 0;
    if (sn_extend_parse_list(text, &list, &got) != SN_OK) fail_msg("%s: %s", text, sn_last_error());
    assert_int_equal(got, n);
    for (int i = 0; i < n; i++) assert_string_equal(sn_extend_spec(list[i]), specs[i]);
    sn_extend_list_free(list, got);
}
#define assert_specs(text, ...)                                                                                        \
    assert_list(text, (int)(sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *)), (const char *[]){__VA_ARGS__})

static void lists_split_where_a_method_starts(void **state) {
    (void)state;
    assert_specs("none,leaky:window=128,factor=16,rerope:window=128", "none", "leaky:window=128,factor=16",
                 "rerope:window=128");
    assert_specs("ntk:factor=4+logn", "ntk:factor=4+logn");
    assert_specs("ntk:factor=4+logn,base=512,none", "ntk:factor=4+logn:base=512", "none");
    assert_specs("logn,base=512", "logn:base=512");
    assert_specs("none,ntk:factor=4,yarn:factor=4,rerope:window=128", "none", "ntk:factor=4", "yarn:factor=4",
                 "rerope:window=128");
    assert_specs("yarn-paper,yarn", "yarn-paper", "yarn");
}

static void spelling_is_canonical(void **state) {
    (void)state;
    assert_specs("leaky:factor=16.0,window=0128", "leaky:window=128,factor=16");
    assert_specs("  mixed : b = 6.25e-1 , factor=8 ", "mixed:factor=8,b=0.625");
    assert_specs("pi:factor=1e+3+logn", "pi:factor=1000+logn");
    assert_specs("pi:factor=2e0+logn", "pi:factor=2+logn");
    assert_specs("leaky:factor=1e15,window=5", "leaky:window=5,factor=1e15");
    assert_specs("yarn:truncate=no,over=plain,slow=1e-6", "yarn:slow=1e-6,truncate=no,over=plain");
    assert_specs("logn:form=train", "logn:form=train");
    assert_specs("logn+ntk", "logn+ntk");
    assert_specs("mixed:factor=2.7182818284590452", "mixed:factor=2.718281828459045");
}

static void spelling_reads_back(void **state) {
    (void)state;
    static const char *const texts[] = {"yarn:factor=3.3,fast=31.25+rerope:window=77+logn:min=3.5", "mixed:b=0.1",
                                        "sinks:sinks=4,window=252+ntk:factor=1.00000001"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) assert_specs(texts[i], texts[i]);
}

static void copies_live_on_their_own(void **state) {
    (void)state;
    sn_extend *e = NULL, *copy = NULL;
    assert_int_equal(sn_extend_parse("ntk:factor=4+logn", &e), SN_OK);
    assert_int_equal(sn_extend_copy(e, &copy), SN_OK);
    sn_extend_free(e);
    assert_string_equal(sn_extend_spec(copy), "ntk:factor=4+logn");
    sn_extend_free(copy);
    sn_extend_free(NULL);
    sn_extend_list_free(NULL, 0);
}

static void mistakes_are_named_with_their_place(void **state) {
    (void)state;
    static const char *const table[][2] = {
        {"", "a method is missing at the end"},
        {"ntk+", "a method is missing at the end"},
        {"ntk,", "a method is missing at the end"},
        {"ntk:", "a parameter name is missing at the end"},
        {"ntk:factor", "character 11: ntk: \"=\" and a value after \"factor\""},
        {"ntk:factor=", "a value is missing at the end"},
        {"ntk,,pi", "character 5: a method expected"},
        {"ntk;pi", "character 4: \"+\", \",\" or the end expected"},
        {"ntk pi", "character 5: \"+\", \",\" or the end expected"},
        {"rerop:window=4", "character 1: \"rerop\" is no method: did you mean \"rerope\"? known: auto, "},
        {"none,reropee", "character 6: \"reropee\" is no method: did you mean \"rerope\"?"},
        {"zzzz", "is no method: known: auto, dynamic-ntk"},
        {"ntk:faktor=4", "character 5: ntk: \"faktor\" is no parameter: did you mean \"factor\"? known: factor, over"},
        {"ntk:window=4", "ntk: \"window\" is no parameter: known: factor, over"},
        {"none:window=3", "none: \"window\" is no parameter: known: none"},
        {"ntk:factor=0.5", "character 12: ntk: factor=0.5: it is a number from 1 to 1000000"},
        {"ntk:factor=nan", "it is a number from 1"},
        {"ntk:factor=inf", "it is a number from 1"},
        {"ntk:factor=0x10", "it is a number from 1"},
        {"ntk:factor=1e999", "it is a number from 1"},
        {"rerope:window=4.5", "character 15: rerope: window=4.5: it is a whole number from 1"},
        {"rerope:window=0", "it is a whole number from 1"},
        {"logn:form=tain", "character 11: logn: form=tain: it is one of posthoc,train"},
        {"pi:factor=2,factor=3", "character 13: pi: factor is given twice"},
        {"ntk+yarn", "character 5: ntk and yarn both change the frequencies: choose one"},
        {"rerope+pi+leaky", "rerope and leaky both change the positions by distance"},
        {"sinks+rerope", "both change the positions by distance"},
        {"window+sinks", "window and sinks both change the mask"},
        {"logn+ntk+logn", "logn and logn both change the logit scale"},
        {"none+logn", "character 6: none stands alone"},
        {"logn+none", "none stands alone"},
        {"auto+auto", "auto stands alone"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        sn_extend *e = NULL;
        assert_int_equal(sn_extend_parse(table[i][0], &e), SN_ERR_ARGUMENT);
        assert_null(e);
        if (!strstr(sn_last_error(), table[i][1]))
            fail_msg("%s: \"%s\" does not say \"%s\"", table[i][0], sn_last_error(), table[i][1]);
    }
    sn_extend *e = NULL;
    assert_int_equal(sn_extend_parse("ntk,pi", &e), SN_ERR_ARGUMENT);
    assert_non_null(strstr(sn_last_error(), "2 compositions where one is expected"));
    assert_int_equal(sn_extend_parse(NULL, &e), SN_ERR_ARGUMENT);
}

static void texts_are_bounded(void **state) {
    (void)state;
    static char text[9000];
    sn_extend **list = NULL;
    int got = 0;
    for (size_t c = 0; c + 1 < sizeof text; c++) text[c] = "pi,"[c % 3];
    assert_int_equal(sn_extend_parse_list(text, &list, &got), SN_ERR_LIMIT);
    text[3 * 300 - 1] = 0;
    assert_int_equal(sn_extend_parse_list(text, &list, &got), SN_ERR_LIMIT);
    text[3 * 256 - 1] = 0;
    assert_int_equal(sn_extend_parse_list(text, &list, &got), SN_OK);
    assert_int_equal(got, 256);
    sn_extend_list_free(list, got);
    memset(text, 'a', 200);
    text[200] = 0;
    assert_int_equal(sn_extend_parse_list(text, &list, &got), SN_ERR_ARGUMENT);
}

static void failing_allocations_leak_nothing(void **state) {
    (void)state;
    sn_rope_config model = model_of(16, 64);
    for (int64_t fail = 0; fail < 20; fail++) {
        sn_extend **list = NULL, *copy = NULL;
        int got = 0;
        sn_position p;
        sn_alloc_fail_after(fail);
        sn_status status = sn_extend_parse_list("ntk:factor=4+logn,auto,rerope", &list, &got);
        for (int i = 0; i < got && status == SN_OK; i++) status = sn_extend_resolve(list[i], &model, 128, &p, NULL, 0);
        if (status == SN_OK) status = sn_extend_copy(list[0], &copy);
        sn_alloc_fail_after(-1);
        assert_true(status == SN_OK || status == SN_ERR_MEMORY);
        sn_extend_free(copy);
        sn_extend_list_free(list, got);
    }
}

static void every_method_describes_itself(void **state) {
    (void)state;
    assert_null(sn_method_get(-1));
    assert_null(sn_method_get(sn_method_count()));
    assert_int_equal(sn_method_count(), 20);
    for (int i = 0; i < sn_method_count(); i++) {
        const sn_method_info *info = sn_method_get(i);
        assert_true(strlen(info->summary) > 10);
        if (strcmp(info->name, "none")) assert_true(strlen(info->source) > 0);
        for (int p = 0; p < info->n_params; p++) {
            const sn_method_param *param = &info->params[p];
            assert_true(strlen(param->help) > 5);
            if (param->type == SN_PARAM_WORD)
                assert_true(strlen(param->words) > 0);
            else
                assert_true(param->minimum < param->maximum &&
                            (isnan(param->fallback) ||
                             (param->fallback >= param->minimum && param->fallback <= param->maximum)));
        }
    }
}

/* docs/context-methods.md names every method, parameter and row of auto. */
static void the_page_names_every_method(void **state) {
    (void)state;
    static char page[40000];
    FILE *f = fopen(SN_TEST_SOURCE "/../docs/context-methods.md", "r");
    assert_non_null(f);
    size_t size = fread(page, 1, sizeof page - 1, f);
    fclose(f);
    assert_true(size > 1000 && size < sizeof page - 1);
    char quoted[64];
    for (int i = 0; i < sn_method_count(); i++) {
        const sn_method_info *info = sn_method_get(i);
        for (int p = -1; p < info->n_params; p++) {
            snprintf(quoted, sizeof quoted, "`%s`", p < 0 ? info->name : info->params[p].name);
            if (!strstr(page, quoted)) fail_msg("docs/context-methods.md does not name %s", quoted);
        }
    }
    for (const sn_auto_row *row = sn_auto_rows;; row++) {
        snprintf(quoted, sizeof quoted, "| `%s` |", row->name);
        if (!strstr(page, quoted)) fail_msg("docs/context-methods.md has no row %s of auto", quoted);
        if (!strcmp(row->name, "beyond")) break;
    }
}

static void numbers_are_shortest_and_exact(void **state) {
    (void)state;
    static const struct {
        double x;
        const char *text;
    } table[] = {{0, "0"},
                 {-0.5, "-0.5"},
                 {0.1, "0.1"},
                 {1000, "1000"},
                 {1e15, "1e15"},
                 {1e-7, "1e-7"},
                 {1.0 / 3, "0.3333333333333333"},
                 {2.5e-300, "2.5e-300"},
                 {123456789012345, "123456789012345"}};
    char text[SN_NUMBER_SIZE];
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        double back = 0;
        assert_string_equal(sn_number_format(table[i].x, text), table[i].text);
        assert_true(sn_number_parse(text, strlen(text), &back) && back == table[i].x);
    }
    for (uint64_t i = 0; i < 2000; i++) {
        double x = exp(20 * sn_normal_f64(3, 3, i)), back = 0;
        sn_number_format(x, text);
        assert_true(sn_number_parse(text, strlen(text), &back) && back == x);
    }
    double x;
    assert_false(sn_number_parse("1,5", 3, &x));
    assert_false(sn_number_parse("", 0, &x));
    assert_false(sn_number_parse("1e", 2, &x));
    assert_false(sn_number_parse("infinity", 8, &x));
}

static void numbers_do_not_depend_on_the_locale(void **state) {
    (void)state;
    if (!setlocale(LC_NUMERIC, "de_DE.UTF-8") && !setlocale(LC_NUMERIC, "fr_FR.UTF-8")) {
        print_message("no locale with a decimal comma is installed: skipped\n");
        skip();
    }
    double x = 0;
    char text[SN_NUMBER_SIZE];
    bool read = sn_number_parse("0.625", 5, &x);
    sn_number_format(x, text);
    setlocale(LC_NUMERIC, "C");
    assert_true(read && x == 0.625);
    assert_string_equal(text, "0.625");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(lists_split_where_a_method_starts),
                                       cmocka_unit_test(spelling_is_canonical),
                                       cmocka_unit_test(spelling_reads_back),
                                       cmocka_unit_test(copies_live_on_their_own),
                                       cmocka_unit_test(mistakes_are_named_with_their_place),
                                       cmocka_unit_test(texts_are_bounded),
                                       cmocka_unit_test(failing_allocations_leak_nothing),
                                       cmocka_unit_test(every_method_describes_itself),
                                       cmocka_unit_test(the_page_names_every_method),
                                       cmocka_unit_test(numbers_are_shortest_and_exact),
                                       cmocka_unit_test(numbers_do_not_depend_on_the_locale)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
