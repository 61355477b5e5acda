/* What the field decides: which expressions are the same function, and when it says that it cannot know. */
#include "curvature_fixture.h"

/* The entry 1+y^2+E of a metric: its text, and why there is doubt. */
static void entry(const char *zero, char *text, size_t size, const char **doubt) {
    char metric[300], *got;
    static char reason[200];
    snprintf(metric, sizeof metric, "1+y^2+(%s); 1", zero);
    sn_curvature *c = open_metric("x,y", "p", metric);
    assert_int_equal(sn_curvature_text(c, SN_CURVATURE_METRIC, (const int[4]){0}, &got), SN_OK);
    snprintf(text, size, "%s", got);
    const char *why = sn_curvature_doubt(c);
    if (why) snprintf(reason, sizeof reason, "%s", why);
    *doubt = why ? reason : NULL;
    sn_text_free(got);
    sn_curvature_close(c);
}

static void zeros_are_seen(void **state) {
    (void)state;
    const char *zeros[] = {"sin(atan(x))^2*(1+x^2)-x^2",
                           "tan(atan(x))-x",
                           "sin(2*atan(x))-2*x/(1+x^2)",
                           "sin(atan(x)+y)-(sin(y)+x*cos(y))/sqrt(1+x^2)",
                           "sin(asin(x))-x",
                           "cos(acos(x))-x",
                           "asin(x)+acos(x)-pi/2",
                           "cos(asin(x))^2-1+x^2",
                           "tan(asin(x))-x/sqrt(1-x^2)",
                           "acos(0)-pi/2",
                           "sinh(log(x))*2-x+1/x",
                           "tanh(log(x)/2)-(x-1)/(x+1)",
                           "2*cosh(p*log(x))-x^p-x^(-p)",
                           "((1+x)^(1/4))^2-sqrt(1+x)",
                           "sqrt(1+x)-((1+x)^(1/4))^2",
                           "((1+x)^(1/6))^3-sqrt(1+x)",
                           "((1+x)^(1/6))^2-(1+x)^(1/3)",
                           "((1+x)*(1+y))^(1/2)-(1+x)^(1/2)*(1+y)^(1/2)",
                           "cos(x+pi/3)-cos(x)/2+sqrt(3)/2*sin(x)",
                           "cos(x+pi/12)-cos(x)*(sqrt(6)+sqrt(2))/4+(sqrt(6)-sqrt(2))/4*sin(x)",
                           "sin(pi/3)-sqrt(3)/2",
                           "cos(pi/4)-1/sqrt(2)",
                           "tan(pi/12)-2+sqrt(3)",
                           "sin(-17*pi/12)-(sqrt(6)-sqrt(2))/4-sqrt(2)/2",
                           "sin(13*pi/6)-1/2",
                           "exp(x)^p-exp(p*x)",
                           "sqrt(x^(2*p))-x^p"};
    for (size_t i = 0; i < sizeof zeros / sizeof *zeros; i++) {
        char text[300];
        const char *doubt;
        entry(zeros[i], text, sizeof text, &doubt);
        if (strcmp(text, "1+y^2") != 0 || doubt) fail_msg("%s: %s (%s)", zeros[i], text, doubt ? doubt : "exact");
    }
}

/* Not found to be zero by the relations: then that must be said, and random points must find it. */
static void doubt_is_said(void **state) {
    (void)state;
    const struct {
        const char *zero, *reason;
    } cases[] = {{"atan(tan(x))-x", "sin or cos"},
                 {"asin(sin(x))-x", "sin or cos"},
                 {"((1-sin(x)^2)^(1/4))^2-cos(x)", "several roots"},
                 {"sin(atan(x)/2)^2-(1-1/sqrt(1+x^2))/2", "part of atan"},
                 {"atan(x)+atan(1/x)-pi/2", "several atan"},
                 {"2^(1/3)*4^(1/3)-2", "several roots"},
                 {"log(cosh(x)+sinh(x))-x", "a log of"},
                 {"4*atan(1)-pi", "transcendental"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[300], metric[300];
        const char *doubt;
        entry(cases[i].zero, text, sizeof text, &doubt);
        if (!doubt || !strstr(doubt, cases[i].reason)) fail_msg("%s: %s", cases[i].zero, doubt ? doubt : "exact");
        snprintf(metric, sizeof metric, "%s, 1; 1, 1+y^2", cases[i].zero);
        sn_curvature *c = open_metric("x,y", NULL, metric);
        assert_int_equal(sn_curvature_vanishes(c, SN_CURVATURE_RIEMANN), true);
        sn_curvature_close(c);
    }
}

/* Independent roots are no reason for doubt. */
static void exact_stays_exact(void **state) {
    (void)state;
    const char *cases[] = {"(1+x)^(2/3)+(1+y^2)^(1/2)+sin(x)", "(1+x)^(1/4)+sin(y)", "(1+x)^(1/4)*(1+y)^(1/4)",
                           "sinh(y)*log(x)", "atan(x)*exp(x)*sin(x)"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[300];
        const char *doubt;
        entry(cases[i], text, sizeof text, &doubt);
        if (doubt) fail_msg("%s: %s", cases[i], doubt);
    }
}

/* Powers of roots are printed so that they are read as the same. */
static void printed_roots_are_read_again(void **state) {
    (void)state;
    const char *cases[] = {"(1+x)^(2/3)", "(1+x)^(3/4)/(2+y)^(2/5)", "x^(2/3)+(x*(1+x))^(4/3)",
                           "((1+x)^(1/4))^2+(1+x)^(1/3)"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char once[300], twice[300], difference[700];
        const char *doubt;
        entry(cases[i], once, sizeof once, &doubt);
        snprintf(difference, sizeof difference, "%s-1-y^2", once);
        entry(difference, twice, sizeof twice, &doubt);
        assert_string_equal(once, twice);
    }
}

/* Determinants that doubles do not hold are neither 0 nor infinite; nor are entries where components are too large. */
static void large_values_are_not_singular(void **state) {
    (void)state;
    sn_curvature *c = open_metric("x,y", NULL, "1e-9^20*exp(x); 1e-9^20");
    set_point(c, "x=1,y=2");
    assert_true(scalar(c, SN_CURVATURE_DETERMINANT) == 0);
    close_to("g_xx", scalar(c, SN_CURVATURE_METRIC), exp(1) * 1e-180, 1e-14);
    assert_true(scalar(c, SN_CURVATURE_SCALAR) == 0);
    sn_curvature_close(c);
    c = open_metric("x,y", NULL, "(2+x)^200*(3+y)^100; (12345678901+x*y)^200");
    assert_false(sn_curvature_vanishes(c, SN_CURVATURE_RIEMANN));
    sn_curvature_close(c);
}

static void refusals_say_where(void **state) {
    (void)state;
    const struct {
        const char *metric, *message;
    } cases[] = {{"1; sin(pi/5)", "row 2, entry 2: sin or cos of a part of pi that is no multiple of pi/12"},
                 {"1, x; x, 2+x/(y-y)", "row 2, entry 2: division by zero: in x/(y-y)"},
                 {"1+x^201; 1", "row 1, entry 1: a power beyond 200: in x^201"},
                 {"1+asin(1); 1", "write its value, as pi/2: in asin(1)"},
                 {"((((2^200)^200)^200)^200)^200; 1", "grow too large"},
                 {"1+abs(x); 1", "no function \"abs\": write sqrt(u^2) (at character 3)"},
                 {"1; arctan(x)", "no function \"arctan\": write atan(u) (at character 1)"},
                 {"1; x*asinh(x)", "write log(u+sqrt(u^2+1)) (at character 3)"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sn_curvature *c;
        sn_curvature_options o = {.coordinates = "x,y", .metric = cases[i].metric};
        sn_status status = sn_curvature_open(&o, &c);
        if (status == SN_OK || !strstr(sn_last_error(), cases[i].message))
            fail_msg("%s: %s", cases[i].metric, status == SN_OK ? "was accepted" : sn_last_error());
    }
    sn_curvature *c;
    sn_curvature_options o = {.coordinates = "x,y", .functions = "abs", .metric = "1+abs(x); 1"};
    assert_int_equal(sn_curvature_open(&o, &c), SN_OK); /* one's own, when it is said */
    sn_curvature_close(c);
}

int main(void) {
    if (!has_flint()) return strstr(sn_last_error(), "FLINT") ? 0 : 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zeros_are_seen),     cmocka_unit_test(doubt_is_said),
        cmocka_unit_test(exact_stays_exact),  cmocka_unit_test(printed_roots_are_read_again),
        cmocka_unit_test(refusals_say_where), cmocka_unit_test(large_values_are_not_singular),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
