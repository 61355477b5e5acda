/* Typed expressions: grammar and exact numbers, values against C, derivatives against central differences, printing
 * against parsing again, and what bad text is told. */
#include "base/alloc.h"
#include "math/expr.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static sn_expr_scope *new_scope(void) {
    static const char *const names[] = {"t", "r", "theta", "M", "y'"};
    sn_expr_scope *scope = calloc(1, sizeof *scope);
    assert_non_null(scope);
    scope->guess_unknowns = true;
    for (int i = 0; i < 5; i++)
        assert_int_equal(sn_expr_declare(scope, "names", names[i], strlen(names[i]), i < 3), SN_OK);
    return scope;
}

static void free_scope(sn_expr_scope *scope) {
    sn_expr_scope_free(scope);
    free(scope);
}

static const sn_expr *parse(sn_expr_scope *scope, const char *text) {
    const sn_expr *e = NULL;
    if (sn_expr_parse(scope, "test", text, strlen(text), &e) != SN_OK) fail_msg("%s: %s", text, sn_last_error());
    return e;
}

/* a(t) = exp(0.3 t) + t^2, f(t, r) = t^2 r^3, at t and r. */
typedef struct point {
    double names[5];
} point;

static double unknown(void *user, int index, const uint8_t *order) {
    const point *p = user;
    double t = p->names[0], r = p->names[1];
    if (index == 0) {
        double power = order[0] == 0 ? t * t : order[0] == 1 ? 2 * t : order[0] == 2 ? 2 : 0;
        return pow(0.3, order[0]) * exp(0.3 * t) + power;
    }
    static const double falling[2][4] = {{1, 2, 2, 0}, {1, 3, 6, 6}};
    if (order[0] > 2 || order[1] > 3) return 0;
    return falling[0][order[0]] * pow(t, 2 - order[0]) * falling[1][order[1]] * pow(r, 3 - order[1]);
}

static const point somewhere = {{0.8, 1.7, 0.6, 0.25, -1.3}};

static double value_at(const sn_expr *e, point p) {
    sn_expr_values values = {p.names, unknown, &p};
    return sn_expr_eval(e, &values);
}

static void close_to(const char *what, double got, double wanted, double tolerance) {
    if (!(fabs(got - wanted) <= tolerance * (1 + fabs(wanted))))
        fail_msg("%s: %.17g, should be %.17g", what, got, wanted);
}

static void values_are_those_of_c(void **state) {
    (void)state;
    const double t = 0.8, r = 1.7, theta = 0.6, M = 0.25, y = -1.3;
    const struct {
        const char *text;
        double value;
    } cases[] = {
        {"1+2*3", 7},
        {"2^3^2", 512},
        {"-2^2", -4},
        {"2^-3", 0.125},
        {"-t^2", -t * t},
        {"8/4/2", 1},
        {"7-4-2", 1},
        {"--+-3", -3},
        {"2*-t", -2 * t},
        {"0.25 - 1/4", 0},
        {"1.5e-3 * 2E+3", 3},
        {".5", 0.5},
        {"-(1-2*M/r)", -(1 - 2 * M / r)},
        {"r**2*sin(theta)^2", r * r * sin(theta) * sin(theta)},
        {"sqrt(r)+exp(-t)*log(r)-ln(t)", sqrt(r) + exp(-t) * log(r) - log(t)},
        {"tan(theta)*cos(theta)/sinh(t)+cosh(t)*tanh(r)", tan(theta) * cos(theta) / sinh(t) + cosh(t) * tanh(r)},
        {"asin(theta)-acos(theta)+atan(y')", asin(theta) - acos(theta) + atan(y)},
        {"t^(1/3)*r^t*pi", cbrt(t) * pow(r, t) * acos(-1)},
        {"sqrt(1+y'^2)", sqrt(1 + y * y)},
        {"a(t)+a'(t)+a''(t)", exp(0.3 * t) * 1.39 + t * t + 2 * t + 2},
        {"diff(f(t,r),t,r,r)", 2 * t * 6 * r},
        {"diff(r^3*a(t),t,r)", 3 * r * r * (0.3 * exp(0.3 * t) + 2 * t)},
    };
    sn_expr_scope *scope = new_scope();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        close_to(cases[i].text, value_at(parse(scope, cases[i].text), somewhere), cases[i].value, 1e-14);
    free_scope(scope);
}

static void numbers_are_exact(void **state) {
    (void)state;
    sn_expr_scope *scope = new_scope();
    const sn_expr *e = parse(scope, "0.1 + 0.2 - 3/10");
    assert_true(sn_expr_is_number(e, 0));
    e = parse(scope, "(1/3 + 1/6)^-2");
    assert_true(sn_expr_is_number(e, 4));
    assert_true(sn_expr_is_number(parse(scope, "123456789012345678"), 123456789012345678));
    assert_int_equal(parse(scope, "9223372036854775807*2")->kind, SN_EXPR_MUL); /* past 64 bits nothing is folded */
    free_scope(scope);
}

static const char *const smooth[] = {"t^3-2*t*r+M",
                                     "1/(1-2*M/r)",
                                     "r^2*sin(theta)^2/(t+cos(theta*r))",
                                     "sqrt(1+t^2)*exp(-M*t*r)",
                                     "log(r+t)^2*tan(theta)",
                                     "sinh(t)*cosh(r)-tanh(t*r)",
                                     "asin(theta/2)+acos(t/3)*atan(r)",
                                     "r^t+t^(2/3)+(1+t)^M",
                                     "a(t)^2*f(t,r)/(1-M*r^2)",
                                     "exp(a'(t))*diff(f(t,r),r)",
                                     "-(-(t-r)-theta)/(2-r*-t)"};

static void derivatives_match_central_differences(void **state) {
    (void)state;
    sn_expr_scope *scope = new_scope();
    (void)parse(scope, "a(t)+f(t,r)");
    for (size_t i = 0; i < sizeof smooth / sizeof *smooth; i++) {
        const sn_expr *e = parse(scope, smooth[i]), *d;
        for (int name = 0; name < 3; name++) {
            const double h = 1e-5;
            point up = somewhere, down = somewhere;
            up.names[name] += h, down.names[name] -= h;
            assert_int_equal(sn_expr_diff(scope, e, name, &d), SN_OK);
            close_to(smooth[i], value_at(d, somewhere), (value_at(e, up) - value_at(e, down)) / (2 * h), 1e-8);
        }
    }
    free_scope(scope);
}

static void printed_text_parses_to_the_same(void **state) {
    (void)state;
    sn_expr_scope *scope = new_scope();
    for (size_t i = 0; i < sizeof smooth / sizeof *smooth; i++) {
        const sn_expr *e = parse(scope, smooth[i]);
        for (int k = 0; k < 3; k++) {
            char *text;
            assert_int_equal(sn_expr_print(scope, e, SN_EXPR_TEXT, &text), SN_OK);
            const sn_expr *copy = parse(scope, text);
            close_to(text, value_at(copy, somewhere), value_at(e, somewhere), 1e-15);
            sn_free(text);
            assert_int_equal(sn_expr_diff(scope, e, k % 2, &e), SN_OK);
        }
    }
    free_scope(scope);
}

static void printing_in_all_styles(void **state) {
    (void)state;
    const struct {
        const char *text, *plain, *latex, *c;
    } cases[] = {
        {"-(1-2*M/r)", "-(1-2*M/r)", "-\\left(1 - \\frac{2 \\, M}{r}\\right)", "-(1.0-2.0*M/r)"},
        {"r^2*sin(theta)^2", "r^2*sin(theta)^2", "r^{2} \\, \\sin\\left(\\theta\\right)^{2}",
         "pow(r, 2.0)*pow(sin(theta), 2.0)"},
        {"t^(1/3)-3/4", "t^(1/3)-3/4", "t^{\\frac{1}{3}} - \\frac{3}{4}", "pow(t, 1.0/3.0)-3.0/4.0"},
        {"a''(t)*2^(-t)", "a''(t)*2^(-t)", "a''(t) \\, 2^{-t}", "a_2(t)*pow(2.0, -t)"},
        {"diff(f(t,r),t,r)", "diff(f(t,r),t,r)", "\\partial_{t r }f(t, r)", "f_1_1(t, r)"},
    };
    sn_expr_scope *scope = new_scope();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *const wanted[] = {cases[i].plain, cases[i].latex, cases[i].c};
        const sn_expr *e = parse(scope, cases[i].text);
        for (int style = 0; style < 3; style++) {
            char *text;
            assert_int_equal(sn_expr_print(scope, e, (sn_expr_style)style, &text), SN_OK);
            assert_string_equal(text, wanted[style]);
            sn_free(text);
        }
    }
    free_scope(scope);
}

static void bad_text_is_told_where(void **state) {
    (void)state;
    const struct {
        const char *text, *message;
        sn_status status;
    } cases[] = {
        {"", "test: the expression ends where a value is expected (at character 1):\n    \n    ^", SN_ERR_FORMAT},
        {"1-2*", "test: the expression ends where a value is expected (at character 5):\n    1-2*\n        ^",
         SN_ERR_FORMAT},
        {"2M", "test: an operator is missing here, as in 2*x (at character 2):\n    2M\n     ^", SN_ERR_FORMAT},
        {"(1+t", "\")\" is missing (at character 5):\n    (1+t\n        ^", SN_ERR_FORMAT},
        {"1+t)", "\")\" without \"(\" (at character 4)", SN_ERR_FORMAT},
        {"t r", "an operator is missing here", SN_ERR_FORMAT},
        {"t*/r", "a value is expected here (at character 3):\n    t*/r\n      ^", SN_ERR_FORMAT},
        {"tehta", "unknown name \"tehta\": did you mean \"theta\"? (at character 1)", SN_ERR_NOT_FOUND},
        {"sni(t)", "unknown function \"sni\": did you mean \"sin\"?", SN_ERR_NOT_FOUND},
        {"M(t)", "write * for a product", SN_ERR_FORMAT},
        {"sin", "unknown name \"sin\"", SN_ERR_NOT_FOUND},
        {"b(M)", "an unknown function takes coordinates", SN_ERR_FORMAT},
        {"b(t)+b(r)", "had other coordinates before (at character 6)", SN_ERR_FORMAT},
        {"1.2.3", "not understood (at character 4)", SN_ERR_FORMAT},
        {"1e", "an exponent without digits", SN_ERR_FORMAT},
        {"12345678901234567890", "too many digits", SN_ERR_LIMIT},
        {"t+\xce\xb8", "names are written in ASCII letters", SN_ERR_FORMAT},
        {"diff(t)", "diff wants an expression and coordinates", SN_ERR_FORMAT},
        {"sin'(t)", "only unknown functions take primes", SN_ERR_FORMAT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sn_expr_scope *scope = new_scope();
        const sn_expr *e;
        sn_status status = sn_expr_parse(scope, "test", cases[i].text, strlen(cases[i].text), &e);
        if (status != cases[i].status || !strstr(sn_last_error(), cases[i].message))
            fail_msg("\"%s\": %s: %s", cases[i].text, sn_status_name(status), sn_last_error());
        free_scope(scope);
    }
}

static void bounds_hold(void **state) {
    (void)state;
    enum { n = SN_EXPR_MAX_TEXT + 1 };
    char *text = malloc(n);
    const sn_expr *e;
    assert_non_null(text);
    const char fill[] = {'(', '-', '+', '^', 't'};
    for (size_t i = 0; i < sizeof fill; i++)
        for (size_t size = 1000; size <= n; size += n - 1000) {
            sn_expr_scope *scope = new_scope();
            memset(text, fill[i], size);
            assert_int_not_equal(sn_expr_parse(scope, "test", text, size, &e), SN_OK);
            for (size_t k = 0; k < size; k += 2) text[k] = 't'; /* t+t+t..., t-t-t... of 500 terms are fine */
            bool fine = size == 1000 && (fill[i] == '+' || fill[i] == '-');
            sn_status status = sn_expr_parse(scope, "test", text, size - 1 + size % 2, &e);
            assert_true((status == SN_OK) == fine);
            free_scope(scope);
        }
    free(text);
    sn_expr_scope *scope = new_scope();
    e = parse(scope, "exp(sin(t*r)*cos(t)^t)*sin(exp(t)*t)");
    sn_status status = SN_OK;
    for (int i = 0; i < 40 && status == SN_OK; i++) status = sn_expr_diff(scope, e, 0, &e);
    assert_int_equal(status, SN_ERR_LIMIT);
    free_scope(scope);
}

static void names_are_checked(void **state) {
    (void)state;
    const char *const bad[] = {"", "2x", "sin", "diff", "ln", "a b", "t", "a'b", "abcdefghijklmnopqrstuvwxyzabcdefg"};
    sn_expr_scope *scope = new_scope();
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_not_equal(sn_expr_declare(scope, "--coords", bad[i], strlen(bad[i]), false), SN_OK);
    assert_int_equal(sn_expr_declare_unknown(scope, "functions", "sni", 3), SN_OK);
    close_to("declared", value_at(parse(scope, "sni(t)"), somewhere), exp(0.24) + 0.64, 1e-14);
    free_scope(scope);
}

static void memory_failures_are_reported(void **state) {
    (void)state;
    sn_status status = SN_ERR_MEMORY;
    for (int64_t n = 0; n < 200 && status == SN_ERR_MEMORY; n++) {
        sn_expr_scope *scope = new_scope();
        const sn_expr *e = NULL, *d;
        char *text = NULL;
        const char *source = "exp(a(t)*t^2)*diff(f(t,r),t)/sqrt(1-r)+t*r*theta*(t+r*(t-M))";
        sn_alloc_fail_after(n);
        status = sn_expr_parse(scope, "test", source, strlen(source), &e);
        if (status == SN_OK) status = sn_expr_diff(scope, e, 0, &d);
        if (status == SN_OK) status = sn_expr_print(scope, d, SN_EXPR_TEXT, &text);
        sn_alloc_fail_after(-1);
        sn_free(text);
        free_scope(scope);
    }
    assert_int_equal(status, SN_OK);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_those_of_c),
        cmocka_unit_test(numbers_are_exact),
        cmocka_unit_test(derivatives_match_central_differences),
        cmocka_unit_test(printed_text_parses_to_the_same),
        cmocka_unit_test(printing_in_all_styles),
        cmocka_unit_test(bad_text_is_told_where),
        cmocka_unit_test(bounds_hold),
        cmocka_unit_test(names_are_checked),
        cmocka_unit_test(memory_failures_are_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
