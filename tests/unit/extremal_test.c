/* Stationary paths: values, paths, kinds and conjugate points against closed forms; what exists and what does not. */
#include "extremal_fixture.h"

/* ---- Values: computed elsewhere by closed forms in 10 digits ---- */

typedef struct oracle {
    sn_extremal_problem p;
    double value;
    sn_extremal_kind kind;
} oracle;

static const oracle oracles[] = {
    {{.name = "brachistochrone", .params = "g=1"}, 1.8256821894, SN_EXTREMAL_MINIMUM},
    {{.name = "brachistochrone", .params = "g=1", .to = "pi,2"}, PI, SN_EXTREMAL_MINIMUM},
    {{.name = "brachistochrone", .params = "g=1", .to = "2,1"}, 2.5230999878, SN_EXTREMAL_MINIMUM},
    {{.name = "brachistochrone", .params = "g=1", .from = "5,1", .to = "3,2"}, 2.5230999878, SN_EXTREMAL_MINIMUM},
    {{.name = "brachistochrone", .params = "g=1", .to = "2*pi,0"}, 2 * PI, SN_EXTREMAL_MINIMUM},
    {{.name = "soap-film"}, 5.9917969758, SN_EXTREMAL_MINIMUM},
    {{.name = "layers", .index = "1,1.5", .interfaces = "0"}, 2.7812453612, SN_EXTREMAL_MINIMUM},
    {{.name = "layers", .from = "1,-1", .to = "0,1", .index = "1.5,1", .interfaces = "0"},
     2.7812453612,
     SN_EXTREMAL_MINIMUM},
    {{.name = "geodesic", .from = "pi/3,0", .to = "pi/6,pi/2"}, 1.1229639299, SN_EXTREMAL_MINIMUM},
    {{.name = "geodesic", .metric = "half-plane", .from = "0,1", .to = "1,1"}, 0.9624236501, SN_EXTREMAL_MINIMUM},
    {{.name = "geodesic", .metric = "half-plane", .from = "0,1", .to = "3,2"}, 1.9248473002, SN_EXTREMAL_MINIMUM},
    {{.name = "fermat", .index = "1/y", .from = "0,1", .to = "3,2"}, 1.9248473002, SN_EXTREMAL_MINIMUM},
    {{.lagrangian = "sqrt(1+y'^2)/y", .from = "0,1", .to = "1,1"}, 0.9624236501, SN_EXTREMAL_MINIMUM},
    {{.name = "oscillator"}, 0.3210463080, SN_EXTREMAL_MINIMUM},
    {{.name = "isoperimetric", .params = "length=3"}, 9 / (4 * PI), SN_EXTREMAL_MAXIMUM},
    {{.name = "isoperimetric", .params = "length=pi,width=2"}, PI / 2, SN_EXTREMAL_MAXIMUM},
    /* Without the catalogue: the same soap film, and a chain with its constraint. */
    {{.lagrangian = "2*pi*r*sqrt(1+r'^2)", .functions = "r", .from = "-1/2,1", .to = "1/2,1"},
     5.9917969758,
     SN_EXTREMAL_MINIMUM},
    /* A plane in polar coordinates: the law of cosines. */
    {{.name = "geodesic", .coords = "r,phi", .metric = "1; r^2", .from = "1,0", .to = "2,pi/2"},
     2.2360679775,
     SN_EXTREMAL_MINIMUM},
    /* The 3-sphere and hyperbolic space of the catalogue of curvatures. */
    {{.name = "geodesic", .metric = "sphere3", .from = "1,pi/2,0", .to = "2,pi/2,0"}, 1, SN_EXTREMAL_MINIMUM},
    {{.name = "geodesic", .metric = "hyperbolic3", .from = "0,0,1", .to = "3,0,2"}, 1.9248473002, SN_EXTREMAL_MINIMUM},
    /* The same plane with its axes turned and stretched, as a full matrix: 4 dx^2 + 2 dx dy + dy^2. */
    {{.name = "geodesic", .coords = "x,y", .metric = "4, 1; 1, 1", .from = "0,0", .to = "1,2"},
     3.4641016151,
     SN_EXTREMAL_MINIMUM},
    /* A minimum of (y'^2 + y^2)/2 from 0 to 1: coth(1)/2. With a free end: tanh(1)/2 from y(0) = 1. */
    {{.lagrangian = "(y'^2+y^2)/2", .from = "0,0", .to = "1,1"}, 0.6565176427, SN_EXTREMAL_MINIMUM},
    {{.lagrangian = "(y'^2+y^2)/2", .from = "0,1", .to = "1,free"}, 0.3807970780, SN_EXTREMAL_MINIMUM},
    {{.lagrangian = "(y'^2+y^2)/2", .from = "0,free", .to = "1,1"}, 0.3807970780, SN_EXTREMAL_MINIMUM},
    /* Paths that stand, and have the value 0 but for rounding. */
    {{.lagrangian = "y'^2", .from = "1,free", .to = "2,1"}, 0, SN_EXTREMAL_MINIMUM},
    {{.lagrangian = "y'^2", .from = "0,0.3", .to = "1,0.3"}, 0, SN_EXTREMAL_MINIMUM},
    /* Two functions: y = x, z = x^2 has 1/2 + 2/3 and a source term -2 z with z'' = -2 ... here z'' = 2. */
    {{.lagrangian = "y'^2/2 + z'^2/2 + 2*z", .functions = "y,z", .from = "0,0,0", .to = "1,1,1"},
     1.8333333333,
     SN_EXTREMAL_MINIMUM},
};

static void test_values(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof oracles / sizeof *oracles; i++) {
        const oracle *o = &oracles[i];
        sn_extremal e = solve(o->p);
        const char *name = o->p.name ? o->p.name : o->p.lagrangian;
        assert_true(e.n_paths >= 1);
        assert_near(e.path[0].value, o->value, 1e-10, name);
        assert_int_equal(e.path[0].kind, o->kind);
        if (!isnan(e.path[0].known)) assert_near(e.path[0].value, e.path[0].known, 1e-12, name);
        assert_true(e.path[0].residual < 1e-8 && e.path[0].change < 1e-8);
        sn_extremal_free(&e);
    }
}

/* ---- Paths ---- */

static void test_cycloid(void **state) {
    (void)state;
    sn_extremal e = solve((sn_extremal_problem){.name = "brachistochrone", .params = "g=1", .points = 20});
    const double theta = 2.4120111439, k = 0.5729170375;
    for (int i = 0; i < 20; i++) {
        const double *row = row_of(&e, 0, i);
        double angle = theta * i / 19;
        assert_near(row[0], angle * sqrt(k), 1e-9, "time");
        assert_near(row[1], k * (angle - sin(angle)), 1e-9, "x");
        assert_near(row[2], k * (1 - cos(angle)), 1e-9, "y");
    }
    sn_extremal_free(&e);
}

static void test_chain(void **state) {
    (void)state;
    sn_extremal e = solve((sn_extremal_problem){.name = "catenary", .params = "length=2"});
    const double a = 0.2296402151;
    assert_int_equal(e.n_paths, 2);
    assert_int_equal(e.path[0].kind, SN_EXTREMAL_MINIMUM);
    assert_int_equal(e.path[1].kind, SN_EXTREMAL_MAXIMUM);
    assert_near(row_of(&e, 0, 16)[1], -0.7963883559, 1e-9, "sag");
    assert_near(row_of(&e, 1, 16)[1], 0.7963883559, 1e-9, "arch");
    for (int i = 0; i < 33; i++) {
        const double *row = row_of(&e, 0, i);
        assert_near(row[1], a * (cosh((row[0] - 0.5) / a) - cosh(0.5 / a)), 1e-8, "y");
        assert_near(row[2], sinh((row[0] - 0.5) / a), 1e-8, "y'");
    }
    sn_extremal_free(&e);
    e = solve((sn_extremal_problem){.name = "catenary", .params = "length=1.5"});
    assert_near(row_of(&e, 0, 16)[1], -0.5026332616, 1e-9, "sag of the shorter");
    sn_extremal_free(&e);
    /* Ends at different heights, far longer than the span. */
    e = solve((sn_extremal_problem){.name = "catenary", .from = "0,1", .to = "1,3", .params = "length=20"});
    assert_int_equal(e.n_paths, 2);
    for (int i = 0; i < 2; i++) assert_near(e.path[i].value, e.path[i].known, 1e-11, "a long chain");
    sn_extremal_free(&e);
}

static void test_circle(void **state) {
    (void)state;
    sn_extremal e = solve((sn_extremal_problem){.name = "isoperimetric", .params = "length=2"});
    for (int i = 0; i < 33; i++) {
        const double *row = row_of(&e, 0, i);
        assert_near(hypot(row[1] - 1 / PI, row[2]), 1 / PI, 1e-9, "distance from the middle");
    }
    sn_extremal_free(&e);
    /* More than half a circle over a chord: the multiplier is minus half the radius over the length. */
    e = solve((sn_extremal_problem){.name = "isoperimetric", .params = "length=2,width=0.5"});
    const double *a = row_of(&e, 0, 8), *b = row_of(&e, 0, 16);
    double half = 0.25, r = -2 * 2 * e.path[0].multiplier, middle = b[2] - r;
    assert_near(hypot(half, middle), r, 1e-9, "the ends lie on the circle");
    assert_near(hypot(a[1] - half, a[2] - middle), r, 1e-9, "so does a point between");
    assert_near(e.path[0].value, e.path[0].known, 1e-12, "area");
    sn_extremal_free(&e);
}

static void test_refraction(void **state) {
    (void)state;
    sn_extremal e = solve((sn_extremal_problem){.name = "layers", .index = "1,1.5", .interfaces = "0", .points = 5});
    const double *middle = row_of(&e, 0, 2), *low = row_of(&e, 0, 1), *high = row_of(&e, 0, 3);
    assert_near(middle[0], 0, 1e-15, "the middle row is the interface");
    assert_near(middle[1], 0.6231997971, 1e-9, "crossing");
    double sine_low = fabs(low[2]) / hypot(1, low[2]), sine_high = fabs(high[2]) / hypot(1, high[2]);
    assert_near(sine_high / sine_low, 1.5, 1e-10, "ratio of sines");
    sn_extremal_free(&e);
    /* Five layers against Snell's law with another method inside. */
    e = solve((sn_extremal_problem){
        .name = "layers", .from = "-2,5", .to = "4,0", .index = "1,1.3,2,1.1,1.6", .interfaces = "4,3.5,2,1"});
    assert_near(e.path[0].value, e.path[0].known, 1e-12, "five layers");
    sn_extremal_free(&e);
    /* n^2 = 1 + y: rays are parabolas y = h (1 - (2x - 1)^2), and n cos(angle) is 1 / sqrt(1 + 16 h^2) at the start and
     * sqrt(1 + h) at the lowest point, so that h = (-2 +- sqrt(3)) / 4: one ray dips a little, one deep. */
    e = solve((sn_extremal_problem){.name = "fermat", .index = "sqrt(1+y)", .from = "0,0", .to = "1,0"});
    assert_near(row_of(&e, 0, 16)[2], (-2 + sqrt(3)) / 4, 1e-10, "the shallow ray, by its points");
    sn_extremal_free(&e);
    e = solve((sn_extremal_problem){.lagrangian = "sqrt(1+y)*sqrt(1+y'^2)", .from = "0,0", .to = "1,0"});
    assert_int_equal(e.n_paths, 2);
    assert_near(row_of(&e, 0, 16)[1], (-2 + sqrt(3)) / 4, 1e-10, "the shallow ray");
    assert_near(row_of(&e, 1, 16)[1], (-2 - sqrt(3)) / 4, 1e-10, "the deep ray");
    assert_int_equal(e.path[0].kind, SN_EXTREMAL_MINIMUM);
    assert_int_equal(e.path[1].kind, SN_EXTREMAL_SADDLE);
    sn_extremal_free(&e);
}

/* ---- What exists ---- */

static void test_film(void **state) {
    (void)state;
    sn_extremal e = solve((sn_extremal_problem){.name = "soap-film"});
    assert_int_equal(e.n_paths, 2);
    assert_near(row_of(&e, 0, 16)[1], 0.8483379381, 1e-9, "neck");
    assert_near(row_of(&e, 1, 16)[1], 0.2350949902, 1e-9, "neck of the other");
    assert_near(e.path[1].value, 6.8456553943, 1e-10, "area of the other");
    assert_int_equal(e.path[1].kind, SN_EXTREMAL_SADDLE);
    assert_int_equal(e.path[1].index, 1);
    assert_int_equal(e.path[1].n_conjugate, 1);
    assert_non_null(strstr(e.note, "Two films"));
    /* Lindelof: the tangents at a point and at its conjugate meet on the axis. */
    double c = e.path[1].known > 0 ? 0.2350949902 : 0, u = -0.5 / c, w = e.path[1].conjugate[0] / c;
    assert_near(u - 1 / tanh(u), w - 1 / tanh(w), 1e-7, "conjugate point");
    sn_extremal_free(&e);
    const struct {
        const char *from, *to;
        int n;
        const char *says;
    } rows[] = {
        {"-0.66,1", "0.66,1", 2, "less than every film"}, {"-0.5,1", "0.5,1", 2, "more than the stable film"},
        {"-0.67,1", "0.67,1", 0, "too far apart"},        {"0,1", "1,3", 2, "Two films"},
        {"0,1", "3,0.2", 0, "Goldschmidt's two discs"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        e = solve((sn_extremal_problem){.name = "soap-film", .from = rows[i].from, .to = rows[i].to});
        if (e.n_paths != rows[i].n || !strstr(e.note, rows[i].says))
            fail_msg("%s to %s: %d films: %s", rows[i].from, rows[i].to, e.n_paths, e.note);
        for (int k = 0; k < e.n_paths; k++) assert_near(e.path[k].value, e.path[k].known, 1e-11, "area");
        sn_extremal_free(&e);
    }
}

static void test_taut(void **state) {
    (void)state;
    sn_extremal e = solve((sn_extremal_problem){.name = "catenary", .params = "length=0.9"});
    assert_int_equal(e.n_paths, 0);
    assert_non_null(strstr(e.note, "farther than the length"));
    sn_extremal_free(&e);
    e = solve((sn_extremal_problem){.name = "catenary", .from = "0,1", .to = "3,5", .params = "length=5"});
    assert_int_equal(e.n_paths, 1);
    assert_int_equal(e.path[0].kind, SN_EXTREMAL_ONLY);
    assert_near(e.path[0].value, 15, 1e-12, "a taut chain");
    assert_near(row_of(&e, 0, 16)[1], 3, 1e-12, "its middle");
    sn_extremal_free(&e);
    e = solve((sn_extremal_problem){.name = "isoperimetric", .params = "length=1,width=2"});
    assert_int_equal(e.n_paths, 0);
    sn_extremal_free(&e);
}

/* The lowest eigenvalue is 1 - (omega T / pi)^2; conjugate points at k pi / omega; Morse's index is their number. */
static void test_oscillator(void **state) {
    (void)state;
    static const char *const times[] = {"0.5,1", "3,1", "3.2,1", "7,1", "20,1"};
    static const double t[] = {0.5, 3, 3.2, 7, 20};
    for (int i = 0; i < 5; i++) {
        sn_extremal e = solve((sn_extremal_problem){.name = "oscillator", .to = times[i]});
        int index = (int)floor(t[i] / PI);
        assert_int_equal(e.n_paths, 1);
        assert_int_equal(e.path[0].index, index);
        assert_int_equal(e.path[0].kind, index ? SN_EXTREMAL_SADDLE : SN_EXTREMAL_MINIMUM);
        assert_near(e.path[0].value, 0.5 / tan(t[i]), 1e-10, "action");
        assert_near(e.path[0].eigenvalue, 1 - t[i] * t[i] / (PI * PI), 1e-9, "eigenvalue");
        assert_int_equal(e.path[0].n_conjugate, index);
        for (int k = 0; k < index; k++) assert_near(e.path[0].conjugate[k], PI * (k + 1), 1e-9, "conjugate point");
        for (int k = 0; k < 33; k++) {
            const double *row = row_of(&e, 0, k);
            assert_near(row[1], sin(row[0]) / sin(t[i]), 1e-9, "y");
        }
        sn_extremal_free(&e);
    }
    /* y = 0 stands still on any mesh; its directions take a fine one. */
    sn_extremal e = solve((sn_extremal_problem){.name = "oscillator", .to = "400,0"});
    assert_int_equal(e.path[0].index, 127);
    for (int k = 0; k < SN_EXTREMAL_MAX_CONJUGATE; k++)
        assert_near(e.path[0].conjugate[k], PI * (k + 1), 1e-8, "of many");
    sn_extremal_free(&e);
    e = solve((sn_extremal_problem){.lagrangian = "y'^2 - 1e6*y^2", .from = "0,0", .to = "1,0"});
    assert_non_null(strstr(e.note, "could not all be counted"));
    sn_extremal_free(&e);
    e = solve((sn_extremal_problem){.lagrangian = "y'^2 + log(x)", .from = "0,0", .to = "1,1"});
    assert_non_null(strstr(e.note, "has not settled"));
    sn_extremal_free(&e);
    e = solve((sn_extremal_problem){.name = "oscillator", .to = "pi,1"});
    assert_int_equal(e.n_paths, 0);
    assert_non_null(strstr(e.note, "No path is stationary"));
    sn_extremal_free(&e);
    e = solve((sn_extremal_problem){.name = "oscillator", .from = "0,1", .to = "pi,-1"});
    assert_int_equal(e.n_paths, 0);
    assert_non_null(strstr(e.note, "Every path"));
    sn_extremal_free(&e);
}

/* Along the equator past the antipode: one conjugate point, where the sphere's great circles meet again. */
static void test_sphere(void **state) {
    (void)state;
    sn_extremal e = solve((sn_extremal_problem){.name = "geodesic", .from = "pi/2,0", .to = "pi/2,4", .params = "R=3"});
    bool seen = false;
    for (int i = 0; i < e.n_paths; i++) {
        if (fabs(e.path[i].value - 12) > 1e-9) continue;
        seen = true;
        assert_int_equal(e.path[i].kind, SN_EXTREMAL_SADDLE);
        assert_int_equal(e.path[i].index, 1);
        assert_near(e.path[i].conjugate[0], PI / 4, 1e-8, "antipode, as a share of the way");
    }
    assert_true(seen);
    sn_extremal_free(&e);
}

/* A timelike circle needs no solver: radial fall is harder. Here only that an indefinite metric is told. */
static void test_timelike(void **state) {
    (void)state;
    sn_extremal e = solve(
        (sn_extremal_problem){.name = "geodesic", .coords = "t,x", .metric = "-1; 1", .from = "0,0", .to = "2,1"});
    assert_int_equal(e.path[0].kind, SN_EXTREMAL_INDEFINITE);
    assert_near(e.path[0].value, -sqrt(3), 1e-12, "minus the proper time");
    assert_non_null(strstr(e.note, "proper time"));
    sn_extremal_free(&e);
}

/* ---- The error falls faster than any power ---- */

static void test_convergence(void **state) {
    (void)state;
    sn_extremal e = solve((sn_extremal_problem){.name = "soap-film"});
    assert_true(e.n_degrees > 8 && e.n_steps > 2);
    for (int i = 0; i < e.n_degrees; i++) {
        if (e.unknowns[i] == 1) assert_true(e.value_error[i] > 1e-6);
        if (e.unknowns[i] == 11) assert_true(e.path_error[i] < 1e-6);
        if (e.unknowns[i] >= 19) assert_true(e.value_error[i] < 1e-12 && e.path_error[i] < 1e-9);
    }
    sn_extremal_free(&e);
}

/* ---- Refusals ---- */

static void test_refusals(void **state) {
    (void)state;
    static const struct {
        sn_extremal_problem p;
        sn_status status;
        const char *says;
    } rows[] = {
        {{.name = "brachystochrone"}, SN_ERR_NOT_FOUND, "known are brachistochrone"},
        {{.name = NULL}, SN_ERR_ARGUMENT, "name of a problem"},
        {{.name = "catenary"}, SN_ERR_ARGUMENT, "length=NUMBER"},
        {{.name = "catenary", .params = "length=x"}, SN_ERR_NOT_FOUND, "unknown name \"x\""},
        {{.name = "catenary", .params = "length=-1"}, SN_ERR_ARGUMENT, "must be more than 0"},
        {{.name = "catenary", .params = "length=2,mass=3"}, SN_ERR_NOT_FOUND, "no parameter \"mass\""},
        {{.name = "catenary", .params = "length=2", .to = "0,1"}, SN_ERR_ARGUMENT, "must lie before"},
        {{.name = "brachistochrone", .to = "1,-1"}, SN_ERR_ARGUMENT, "cannot rise"},
        {{.name = "brachistochrone", .to = "0,0"}, SN_ERR_ARGUMENT, "same point"},
        {{.name = "brachistochrone", .params = "g=0"}, SN_ERR_ARGUMENT, "g = 0"},
        {{.name = "brachistochrone", .to = "1"}, SN_ERR_ARGUMENT, "--to has 1"},
        {{.name = "brachistochrone", .to = "1,"}, SN_ERR_FORMAT, "lacks a number"},
        {{.name = "brachistochrone", .to = "1,1/0"}, SN_ERR_ARGUMENT, "not a finite number"},
        {{.name = "brachistochrone", .to = "1,exp(1000)"}, SN_ERR_ARGUMENT, "not a finite number"},
        {{.name = "brachistochrone", .to = "1,free"}, SN_ERR_ARGUMENT, "--lagrangian only"},
        {{.name = "brachistochrone", .lagrangian = "y"}, SN_ERR_ARGUMENT, "takes no --lagrangian"},
        {{.name = "oscillator", .metric = "sphere"}, SN_ERR_ARGUMENT, "takes no --metric"},
        {{.name = "oscillator", .params = "omega=1e6"}, SN_ERR_LIMIT, "half periods"},
        {{.name = "catenary", .params = "length=1000000"}, SN_ERR_LIMIT, "1e5 spans"},
        {{.name = "catenary", .params = "length=301", .to = "1,-300"}, SN_ERR_NUMERIC, "closed form gives -45300.2"},
        {{.name = "geodesic", .from = "0.5,0", .to = "0.7,pi"}, SN_ERR_NUMERIC, "singular point"},
        {{.name = "soap-film", .from = "0,-1", .to = "1,1"}, SN_ERR_ARGUMENT, "radii"},
        {{.name = "fermat"}, SN_ERR_ARGUMENT, "--index"},
        {{.name = "fermat", .index = "y-1"}, SN_ERR_ARGUMENT, "must be more than 0"},
        {{.name = "fermat", .index = "1+*y"}, SN_ERR_FORMAT, "1+*y\n      ^"},
        {{.name = "layers", .index = "1,2"}, SN_ERR_ARGUMENT, "need 1 heights"},
        {{.name = "layers", .index = "1,2", .interfaces = "3"}, SN_ERR_ARGUMENT, "between the ends"},
        {{.name = "layers", .index = "1,-2", .interfaces = "0"}, SN_ERR_ARGUMENT, "index -2"},
        {{.name = "geodesic", .metric = "klein"}, SN_ERR_NOT_FOUND, "known are sphere"},
        {{.name = "geodesic", .coords = "u,v", .metric = "1"}, SN_ERR_ARGUMENT, "for 2 coordinates"},
        {{.name = "geodesic", .coords = "u,v", .metric = "sphere"}, SN_ERR_ARGUMENT, "--coords goes with"},
        {{.name = "geodesic", .coords = "u,v"}, SN_ERR_ARGUMENT, "--coords goes with"},
        {{.name = "geodesic", .metric = "schwarzschild"}, SN_ERR_ARGUMENT, "M=NUMBER"},
        {{.name = "geodesic", .metric = "tangherlini5", .params = "b=1"}, SN_ERR_LIMIT, "4 functions"},
        {{.name = "geodesic", .metric = "flrw", .params = "k=0"}, SN_ERR_NOT_FOUND, "unknown function \"a\""},
        {{.name = "geodesic", .coords = "u,v", .metric = "1;w"}, SN_ERR_NOT_FOUND, "row 2, entry 1"},
        {{.name = "geodesic", .coords = "u,v", .metric = "1,0;0"}, SN_ERR_ARGUMENT, "2 rows of up to 2"},
        {{.name = "geodesic", .coords = "u,u", .metric = "1;1"}, SN_ERR_ARGUMENT, "twice"},
        {{.name = "geodesic", .from = "1,1", .to = "1,1"}, SN_ERR_ARGUMENT, "same point"},
        {{.name = "geodesic", .from = "1,1,1", .to = "1,1,2"}, SN_ERR_ARGUMENT, "2 coordinates"},
        {{.lagrangian = "y'^2 +", .from = "0,0", .to = "1,1"}, SN_ERR_FORMAT, "y'^2 +\n          ^"},
        {{.lagrangian = "y'^2 + k*y", .from = "0,0", .to = "1,1"}, SN_ERR_NOT_FOUND, "unknown name \"k\""},
        {{.lagrangian = "y'^2", .from = "0,0", .to = "1,1,1"}, SN_ERR_ARGUMENT, "--to has 3"},
        {{.lagrangian = "y'^2", .from = "0,0,0", .to = "1,1,1"}, SN_ERR_ARGUMENT, "1 function"},
        {{.lagrangian = "y'^2", .from = "0,0"}, SN_ERR_ARGUMENT, "both ends"},
        {{.lagrangian = "y'^2", .from = "free,0", .to = "1,1"}, SN_ERR_ARGUMENT, "cannot be free"},
        {{.lagrangian = "y'^2", .constraint = "y", .from = "0,0", .to = "1,1"}, SN_ERR_FORMAT, "lacks its number"},
        {{.lagrangian = "y'^2", .functions = "a,b,c,d,e", .from = "0,0", .to = "1,1"}, SN_ERR_LIMIT, "4 functions"},
        {{.lagrangian = "y'^2", .functions = "sin", .from = "0,0", .to = "1,1"}, SN_ERR_ARGUMENT, "is a function"},
        {{.lagrangian = "y'^2", .variable = "y", .from = "0,0", .to = "1,1"}, SN_ERR_ARGUMENT, "twice"},
        {{.lagrangian = "y'^2", .from = "0,0", .to = "1,1", .points = 1}, SN_ERR_ARGUMENT, "points"},
        {{.lagrangian = "log(y) + y'^2", .from = "0,-1", .to = "1,-2"}, SN_ERR_NUMERIC, "domain"},
        {{.lagrangian = "y", .from = "0,0", .to = "1,1"}, SN_ERR_NUMERIC, "no stationary path"},
        {{.lagrangian = "y*y'", .from = "0,0", .to = "1,1"}, SN_ERR_NUMERIC, "no stationary path"},
        {{.lagrangian = "x*y'^2", .from = "0,0", .to = "1,1"}, SN_ERR_NUMERIC, "no stationary path"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        sn_extremal e;
        sn_status status = sn_extremal_solve(&rows[i].p, &e);
        if (status != rows[i].status || !strstr(sn_last_error(), rows[i].says))
            fail_msg("row %zu (\"%s\"): status %d: %s", i, rows[i].says, status, sn_last_error());
        assert_int_equal(e.n_paths, 0);
    }
}

static void test_cancel(void **state) {
    (void)state;
    const volatile int cancel = 1;
    sn_extremal e;
    assert_int_equal(sn_extremal_solve(&(sn_extremal_problem){.name = "soap-film", .cancel = &cancel}, &e),
                     SN_ERR_CANCELLED);
}

static void test_no_memory(void **state) {
    (void)state;
    const sn_extremal_problem p = {.name = "oscillator", .points = 3};
    sn_extremal e;
    sn_alloc_fail_after(-1);
    assert_int_equal(sn_extremal_solve(&p, &e), SN_OK);
    int64_t n = sn_alloc_count();
    sn_extremal_free(&e);
    for (int64_t i = 0; i < n; i += 1 + i / 12) {
        sn_alloc_fail_after(i);
        assert_int_equal(sn_extremal_solve(&p, &e), SN_ERR_MEMORY);
        sn_alloc_fail_after(-1);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),   cmocka_unit_test(test_cycloid),     cmocka_unit_test(test_chain),
        cmocka_unit_test(test_circle),   cmocka_unit_test(test_refraction),  cmocka_unit_test(test_film),
        cmocka_unit_test(test_taut),     cmocka_unit_test(test_oscillator),  cmocka_unit_test(test_sphere),
        cmocka_unit_test(test_timelike), cmocka_unit_test(test_convergence), cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_cancel),   cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
