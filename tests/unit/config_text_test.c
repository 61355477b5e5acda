/* Configuration texts: what is read, and what libconfig alone would take wrongly. */
#include "file/config_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static sn_status parse(const char *text, sn_config_text *out) {
    return sn_config_text_parse("run.conf", text, strlen(text), out);
}

static void test_values(void **state) {
    (void)state;
    sn_config_text c;
    static const char text[] =
        "# a run\nsteps = 2000; // or more\ndata = \"a \\\"b\\\".txt\";\n"
        "optimizer: { lr = 1e-3; beta2 = 0.99\n  nested = { x = -5L } };\n/* none\n */ flag = true;";
    sn_status status = parse(text, &c);
    if (status == SN_ERR_UNSUPPORTED) {
        print_message("config_text: skipped, this build has no libconfig\n");
        skip();
    }
    assert_int_equal(status, SN_OK);
    assert_int_equal(c.n, 6);
    assert_string_equal(c.entries[0].key, "steps");
    assert_int_equal(c.entries[0].integer, 2000);
    assert_int_equal(c.entries[0].line, 2);
    assert_string_equal(c.entries[1].text, "a \"b\".txt");
    assert_string_equal(c.entries[2].key, "optimizer.lr");
    assert_int_equal(c.entries[2].kind, SN_CONFIG_REAL);
    assert_true(c.entries[2].real == 1e-3);
    assert_string_equal(c.entries[4].key, "optimizer.nested.x");
    assert_int_equal(c.entries[4].integer, -5);
    assert_int_equal(c.entries[4].line, 5);
    assert_int_equal(c.entries[5].kind, SN_CONFIG_BOOL);
    assert_true(c.entries[5].boolean);
    assert_int_equal(c.entries[5].line, 7);
    sn_config_text_free(&c);
}

typedef struct refusal {
    const char *text, *says;
} refusal;

static void test_refusals(void **state) {
    (void)state;
    static const refusal cases[] = {
        {"a = 1;\nb == 2;", "run.conf:2: syntax error"},
        {"a = 1;\na = 2;", "run.conf:2: duplicate setting name"},
        {"a = 1;\n\nb = 12345678901;", "run.conf:3: the number 12345678901 is too large"},
        {"a = 2147483648", "too large"},
        {"a = 0x10", "decimal"},
        {"a = [1, 2]", "run.conf:1: a: a list"},
        {"/* @ \" */ a = \"@\"; # @ {{{{{{{{{{{\n@include \"/etc/passwd\"", "run.conf:2: other files"},
        {"a={b={c={d={e={f={g={h={i={j=1}}}}}}}}}", "nested more than 8"},
        {"a = \"unfinished", "run.conf:1"},
        {"a = { b = 1", "run.conf:1"},
    };
    sn_config_text c;
    if (parse("", &c) == SN_ERR_UNSUPPORTED) skip();
    sn_config_text_free(&c);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_not_equal(parse(cases[i].text, &c), SN_OK);
        if (!strstr(sn_last_error(), cases[i].says)) fail_msg("\"%s\": %s", cases[i].text, sn_last_error());
    }
    assert_int_equal(sn_config_text_parse("x", "a = 1\0b", 7, &c), SN_ERR_FORMAT);
    assert_int_equal(parse("a = 2147483647", &c), SN_OK);
    assert_int_equal(c.entries[0].integer, 2147483647);
    sn_config_text_free(&c);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_values), cmocka_unit_test(test_refusals)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
