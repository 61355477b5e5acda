/* Stationary paths that straight and bent lines do not lead to, ends that are poles, null paths, and searches that end
 * without a find: against closed forms, and within a count of work. */
#include "extremal_fixture.h"

/* In n^2 = 1 + y rays are the parabolas r'' = (0, 1/2) with |r'| = n. Level ends at a distance R: the slope t of the
 * ray at its start has R = 4 t / (1 + t^2); the optical length is the integral of n^2 over sigma = 4 sin(angle). */
static void test_parabolas(void **state) {
    (void)state;
    static const struct {
        const char *to;
        double r;
    } rows[] = {{"0.1,0", 0.1}, {"0.2,0", 0.2}, {"0.5,0", 0.5}, {"1,0", 1}, {"1.9,0", 1.9}, {"1.99,0", 1.99}};
    for (int i = 0; i < 4; i++) {
        sn_extremal e =
            solve((sn_extremal_problem){.name = "fermat", .index = "sqrt(1+y)", .from = "0,0", .to = rows[i].to});
        assert_int_equal(e.n_paths, 2);
        for (int k = 0; k < 2; k++) {
            double r = rows[i].r, t = (2 + (k ? 1 : -1) * sqrt(4 - r * r)) / r, sine = t / sqrt(1 + t * t);
            double sigma = 4 * sine, length = sigma - sine * sigma * sigma / 2 + sigma * sigma * sigma / 12;
            assert_near(e.path[k].value, length, 1e-10, "optical length");
            assert_near(row_of(&e, k, 16)[2], -sine * sine, 1e-7, "the lowest point");
            assert_int_equal(e.path[k].kind, k ? SN_EXTREMAL_SADDLE : SN_EXTREMAL_MINIMUM);
            assert_int_equal(e.path[k].index, k);
        }
        sn_extremal_free(&e);
    }
    sn_extremal e;
    assert_int_equal(
        sn_extremal_solve(&(sn_extremal_problem){.name = "fermat", .index = "sqrt(1+y)", .from = "0,0", .to = "2.01,0"},
                          &e),
        SN_ERR_NUMERIC);
    assert_non_null(strstr(sn_last_error(), "slopes at an end the 0 that lead to the other"));
}

/* y'' = -200 y^3 has infinitely many paths from 0 to 1: (y'^2 + 100 y^4) is kept, and at the ends it gives their
 * slopes. The search says that it shows some. */
static void test_oscillations(void **state) {
    (void)state;
    sn_extremal e =
        solve((sn_extremal_problem){.lagrangian = "y'^2 - 100*y^4", .from = "0,0", .to = "1,1", .points = 257});
    assert_int_equal(e.n_paths, SN_EXTREMAL_MAX_PATHS);
    assert_int_equal(e.search.end, SN_EXTREMAL_FULL);
    assert_non_null(strstr(e.note, "there may be more"));
    for (int k = 0; k < e.n_paths; k++) {
        const double *first = row_of(&e, k, 0);
        for (int i = 0; i < e.points; i++) {
            const double *row = row_of(&e, k, i);
            assert_near(row[2] * row[2] + 100 * pow(row[1], 4), first[2] * first[2], 1e-8, "y'^2 + 100 y^4");
        }
        assert_true(e.path[k].settled && e.path[k].counted && e.path[k].residual < 1e-8);
        for (int i = 0; i < k; i++) assert_true(e.path[k].value > e.path[i].value * (1 + 1e-6));
    }
    sn_extremal_free(&e);
}

/* A straight path of slope 1/2 is a maximum; the zigzags of slope 1 and -1, which have less, have corners. */
static void test_corners(void **state) {
    (void)state;
    sn_extremal e = solve((sn_extremal_problem){.lagrangian = "(y'^2-1)^2", .from = "0,0", .to = "1,0.5"});
    assert_int_equal(e.n_paths, 1);
    assert_near(e.path[0].value, 0.5625, 1e-12, "the straight path");
    assert_int_equal(e.path[0].kind, SN_EXTREMAL_MAXIMUM);
    assert_true(e.search.dropped > 0);
    assert_non_null(strstr(e.note, "corners"));
    sn_extremal_free(&e);
}

/* The closed form shares no code with the search; the bounds grow from the straight path's. */
static void test_slack(void **state) {
    (void)state;
    static const char *const lengths[] = {"length=1.000001", "length=50", "length=200", "length=1000"};
    for (int i = 0; i < 4; i++) {
        sn_extremal e = solve((sn_extremal_problem){.name = "catenary", .params = lengths[i]});
        assert_int_equal(e.n_paths, 2);
        for (int k = 0; k < 2; k++) assert_near(e.path[k].value, e.path[k].known, 1e-11, lengths[i]);
        assert_int_equal(e.path[0].kind, SN_EXTREMAL_MINIMUM);
        assert_int_equal(e.path[1].kind, SN_EXTREMAL_MAXIMUM);
        sn_extremal_free(&e);
    }
}

static void test_many_periods(void **state) {
    (void)state;
    sn_extremal e =
        solve((sn_extremal_problem){.name = "oscillator", .from = "1,2", .to = "100,3", .params = "omega=4"});
    double angle = 4 * 99.0;
    assert_near(e.path[0].value, 4 * (13 * cos(angle) - 12) / (2 * sin(angle)), 1e-9, "action");
    assert_int_equal(e.path[0].index, (int)(angle / PI));
    for (int i = 0; i < SN_EXTREMAL_MAX_CONJUGATE; i++)
        assert_near(e.path[0].conjugate[i], 1 + PI * (i + 1) / 4, 1e-7, "conjugate point");
    sn_extremal_free(&e);
    /* Just below and above conjugate times. */
    static const double times[] = {3.141, 3.1425, 6.283, 6.2835};
    static const char *const to[] = {"3.141,1", "3.1425,1", "6.283,1", "6.2835,1"};
    for (int i = 0; i < 4; i++) {
        e = solve((sn_extremal_problem){.name = "oscillator", .to = to[i]});
        assert_int_equal(e.path[0].index, (int)(times[i] / PI));
        assert_int_equal(e.path[0].n_conjugate, (int)(times[i] / PI));
        assert_near(e.path[0].value, 0.5 / tan(times[i]), 1e-8, "action");
        sn_extremal_free(&e);
    }
}

/* ---- Against shooting elsewhere: the equation by SymPy, marched to 1e-11, roots over many slopes, Jacobi fields ----
 */

typedef struct shot {
    sn_extremal_problem p;
    int n;
    double value[3];
    int64_t index[3];
} shot;

static const shot shots[] = {
    {{.lagrangian = "y'^2/2 - 3*exp(y)", .from = "0,0", .to = "1,0"}, 2, {-3.588131714, -2.787893565712}, {0, 1}},
    {{.lagrangian = "x^2*(y'^2/2 - y^6/6)", .from = "0.1,1", .to = "2,0.5"}, 1, {0.004143853507}, {0}},
    {{.lagrangian = "(y'^2+z'^2)/2 - 4*y^2 - 9*z^2/2 + y*z", .functions = "y,z", .from = "0,0,1", .to = "2,1,0.5"},
     1,
     {-17.069724238},
     {2}},
    {{.lagrangian = "(y'^2+z'^2)/2 + 3*(y*z'-z*y')/2", .functions = "y,z", .from = "0,0,0", .to = "1,1,0.5"},
     1,
     {0.066482666534},
     {0}},
    {{.lagrangian = "(y'^2+z'^2)/2 + 1/sqrt(y^2+z^2)", .functions = "y,z", .from = "0,1,0", .to = "1,0,1"},
     2,
     {2.1652805606, 5.243177365},
     {0, 0}},
    {{.lagrangian = "(1+x)*(y'^2+z'^2)/2 + x*y*z", .functions = "y,z", .from = "0,0,0", .to = "1,1,free"},
     1,
     {0.69003413002},
     {0}},
    {{.name = "geodesic",
      .coords = "x,y",
      .metric = "1+3*exp(-(x^2+y^2)*2); 1+3*exp(-(x^2+y^2)*2)",
      .from = "-1.5,0.1",
      .to = "1.5,-0.05"},
     3,
     {4.1200053134, 4.1938566686, 4.3826712575},
     {0, 0, 1}},
    {{.name = "geodesic", .coords = "u,v", .metric = "2, cos(u-v); cos(u-v), 2", .from = "0,0.5", .to = "1,2"},
     1,
     {2.9116145766},
     {0}},
    {{.name = "geodesic", .metric = "torus", .from = "0,0.5", .to = "2.5,-0.4"},
     3,
     {6.7054576217, 6.8777911334, 7.4270830919},
     {0, 0, 1}},
};

static void test_shots(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof shots / sizeof *shots; i++) {
        const shot *s = &shots[i];
        sn_extremal e = solve(s->p);
        const char *name = s->p.name ? s->p.metric : s->p.lagrangian;
        if (e.n_paths < s->n) fail_msg("%s: %d paths of %d", name, e.n_paths, s->n);
        for (int k = 0; k < s->n && s->value[k] != 0; k++) {
            assert_near(e.path[k].value, s->value[k], 1e-9, name);
            assert_int_equal(e.path[k].index, s->index[k]);
            assert_int_equal(e.path[k].n_conjugate, s->index[k]);
        }
        sn_extremal_free(&e);
    }
}

/* ---- Ends where a coordinate has no meaning; lengths of 0 ---- */

static void test_poles(void **state) {
    (void)state;
    const struct {
        sn_extremal_problem p;
        double length;
        sn_extremal_kind kind;
    } rows[] = {
        {{.name = "geodesic", .from = "0,0", .to = "1,1"}, 1, SN_EXTREMAL_MINIMUM},
        {{.name = "geodesic", .from = "1,1", .to = "pi,-2", .params = "R=2"}, 2 * (PI - 1), SN_EXTREMAL_MINIMUM},
        {{.name = "geodesic", .from = "0,0", .to = "pi,1"}, PI, SN_EXTREMAL_DEGENERATE},
        {{.name = "geodesic", .coords = "r,phi", .metric = "1; r^2", .from = "0,3", .to = "2,1"},
         2,
         SN_EXTREMAL_MINIMUM},
        {{.name = "geodesic", .metric = "paraboloid", .from = "0,0", .to = "1,2"},
         (2 * sqrt(5) + asinh(2)) / 4,
         SN_EXTREMAL_MINIMUM},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        sn_extremal e = solve(rows[i].p);
        assert_int_equal(e.n_paths, 1);
        assert_near(e.path[0].value, rows[i].length, 1e-11, "length from a pole");
        assert_int_equal(e.path[0].kind, rows[i].kind);
        assert_non_null(strstr(e.note, "has no meaning"));
        sn_extremal_free(&e);
    }
}

static void test_null(void **state) {
    (void)state;
    static const char *const to[] = {"5,3,4", "1,1,0", "1e-3,6e-4,8e-4", "5.001,3,4", "4.999,3,4"};
    static const double square[] = {0, 0, 0, 25 - 5.001 * 5.001, 25 - 4.999 * 4.999};
    for (int i = 0; i < 5; i++) {
        sn_extremal e = solve((sn_extremal_problem){
            .name = "geodesic", .coords = "t,x,y", .metric = "-1; 1; 1", .from = "0,0,0", .to = to[i]});
        assert_near(e.path[0].value, copysign(sqrt(fabs(square[i])), square[i]), 1e-12, to[i]);
        assert_true((e.path[0].value == 0) == (square[i] == 0));
        assert_true((strstr(e.note, "null path") != NULL) == (square[i] == 0));
        sn_extremal_free(&e);
    }
}

/* sqrt(2 / pi) sin(n x) keeps the integral of y^2 at 1: values n^2, multipliers -n^2, n - 1 directions down, each
 * twice. */
static void test_constrained_waves(void **state) {
    (void)state;
    sn_extremal e =
        solve((sn_extremal_problem){.lagrangian = "y'^2", .constraint = "y^2 = 1", .from = "0,0", .to = "pi,0"});
    assert_int_equal(e.n_paths, 8);
    for (int i = 0; i < 8; i++) {
        int n = 1 + i / 2;
        assert_near(e.path[i].value, n * n, 1e-11, "value");
        assert_near(e.path[i].multiplier, -n * n, 1e-10, "multiplier");
        assert_int_equal(e.path[i].index, n - 1);
        assert_near(fabs(row_of(&e, i, 4)[1]), sqrt(2 / PI) * fabs(sin(n * PI / 8)), 1e-9, "y");
    }
    sn_extremal_free(&e);
    assert_int_equal(
        sn_extremal_solve(
            &(sn_extremal_problem){.lagrangian = "y'^2", .constraint = "y' = 3", .from = "0,0", .to = "1,2"}, &e),
        SN_ERR_NUMERIC);
    assert_non_null(strstr(sn_last_error(), "depends on the ends alone"));
}

/* Between conjugate points b sin(x), with free ends any constant: one path stands for all. */
static void test_families(void **state) {
    (void)state;
    static const sn_extremal_problem problems[] = {
        {.lagrangian = "y'^2 - y^2", .from = "0,0", .to = "pi,0"},
        {.lagrangian = "y'^2*exp(-x)", .from = "0,free", .to = "1,free"},
    };
    for (int i = 0; i < 2; i++) {
        sn_extremal e = solve(problems[i]);
        assert_int_equal(e.n_paths, 1);
        assert_near(e.path[0].value, 0, 1e-12, "value");
        assert_int_equal(e.path[0].kind, SN_EXTREMAL_DEGENERATE);
        assert_true(e.path[0].settled);
        assert_non_null(strstr(e.note, "stands for a family"));
        sn_extremal_free(&e);
    }
}

/* Ends half a period apart that no path joins: what the rounding of pi lets through is none. */
static void test_conjugate_ends(void **state) {
    (void)state;
    static const char *const rows[][3] = {{"(y'^2-y^2)/2", "0,0", "pi,1"},
                                          {"(y'^2-y^2)/2", "0,1", "pi,1"},
                                          {"(y'^2-y^2)/2+y", "0,0", "pi,1"},
                                          {"y'^2-y^2+x*y", "0,0", "pi,0"}};
    for (int i = 0; i < 4; i++) {
        sn_extremal e;
        const sn_extremal_problem p = {.lagrangian = rows[i][0], .from = rows[i][1], .to = rows[i][2]};
        assert_int_equal(sn_extremal_solve(&p, &e), SN_ERR_NUMERIC);
        assert_non_null(strstr(sn_last_error(), "no stationary path"));
    }
    sn_extremal e = solve((sn_extremal_problem){.lagrangian = "y'^2-y^2", .from = "0,0", .to = "3.1415,1"});
    assert_near(e.path[0].value, 1 / tan(3.1415), 1e-4, "nearly half a period");
    sn_extremal_free(&e);
}

/* ---- Ends of a search ---- */

typedef struct watch {
    int64_t calls, last, total;
    volatile int cancel;
    bool stop;
} watch;

static void look(void *user, int64_t done, int64_t total) {
    watch *w = user;
    w->calls++;
    assert_true(done >= w->last && done <= total);
    w->last = done, w->total = total;
    if (w->stop && done >= 3) w->cancel = 1;
}

static void test_progress(void **state) {
    (void)state;
    watch w = {0};
    sn_extremal e;
    sn_extremal_problem p = {
        .lagrangian = "x*y'^2", .from = "0,0", .to = "1,1", .progress = look, .progress_user = &w, .cancel = &w.cancel};
    assert_int_equal(sn_extremal_solve(&p, &e), SN_ERR_NUMERIC);
    assert_true(w.calls > 10 && w.last > 10);
    assert_non_null(strstr(sn_last_error(), "starts were tried"));
    w = (watch){.stop = true};
    assert_int_equal(sn_extremal_solve(&p, &e), SN_ERR_CANCELLED);
    assert_true(w.last <= 4);
}

static void test_no_memory(void **state) {
    (void)state;
    const sn_extremal_problem problems[] = {
        {.name = "fermat", .index = "1+y", .from = "0,0", .to = "1,0", .points = 3},
        {.name = "catenary", .params = "length=100", .points = 3},
    };
    for (int p = 0; p < 2; p++) {
        sn_extremal e;
        sn_alloc_fail_after(-1);
        assert_int_equal(sn_extremal_solve(&problems[p], &e), SN_OK);
        int64_t n = sn_alloc_count();
        sn_extremal_free(&e);
        for (int64_t i = n - 3; i > 0; i -= 1 + i / 2) {
            sn_alloc_fail_after(i);
            assert_int_equal(sn_extremal_solve(&problems[p], &e), SN_ERR_MEMORY);
            sn_alloc_fail_after(-1);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parabolas),
        cmocka_unit_test(test_oscillations),
        cmocka_unit_test(test_corners),
        cmocka_unit_test(test_slack),
        cmocka_unit_test(test_many_periods),
        cmocka_unit_test(test_poles),
        cmocka_unit_test(test_null),
        cmocka_unit_test(test_progress),
        cmocka_unit_test(test_constrained_waves),
        cmocka_unit_test(test_families),
        cmocka_unit_test(test_conjugate_ends),
        cmocka_unit_test(test_shots),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
