/* Curvature of metrics of no catalogue against tensors computed in double from the definition. */
#include "curvature_fixture.h"

#include "math/expr.h"

enum { most = 6 };
typedef struct numeric {
    sn_expr_scope scope;
    int n;
    const sn_expr *g[most][most], *dg[most][most][most];
    double x[SN_EXPR_MAX_NAMES];
    const sn_expr *unknown[4];
} numeric;

static double unknown_value(void *user, int index, const uint8_t *order) {
    numeric *m = user;
    const sn_expr *e = m->unknown[index];
    const sn_expr_values values = {m->x, NULL, NULL};
    for (int i = 0; i < m->scope.unknowns[index].n_arguments; i++)
        for (int k = 0; k < order[i]; k++)
            assert_int_equal(sn_expr_diff(&m->scope, e, m->scope.unknowns[index].argument[i], &e), SN_OK);
    return sn_expr_eval(e, &values);
}

static double value(numeric *m, const sn_expr *e) {
    const sn_expr_values values = {m->x, unknown_value, m};
    return sn_expr_eval(e, &values);
}

static void invert(int n, double a[most][most], double out[most][most]) {
    double m[most][2 * most] = {{0}};
    for (int i = 0; i < n; i++) {
        for (int k = 0; k < n; k++) m[i][k] = a[i][k];
        m[i][n + i] = 1;
    }
    for (int c = 0; c < n; c++) {
        int p = c;
        for (int i = c; i < n; i++)
            if (fabs(m[i][c]) > fabs(m[p][c])) p = i;
        for (int k = 0; k < 2 * n; k++) {
            double t = m[c][k];
            m[c][k] = m[p][k], m[p][k] = t;
        }
        for (int i = 0; i < n; i++) {
            double f = i == c ? 0 : m[i][c] / m[c][c];
            for (int k = 0; k < 2 * n; k++) m[i][k] -= f * m[c][k];
        }
        for (int k = 2 * n - 1; k >= 0; k--) m[c][k] /= m[c][c];
    }
    for (int i = 0; i < n; i++)
        for (int k = 0; k < n; k++) out[i][k] = m[i][n + k];
}

/* Gamma^a_bc at m->x. */
static void gamma_numeric(numeric *m, double out[most][most][most]) {
    double g[most][most], inverse[most][most], d[most][most][most];
    int n = m->n;
    for (int a = 0; a < n; a++)
        for (int b = 0; b < n; b++) {
            g[a][b] = value(m, m->g[a][b]);
            for (int c = 0; c < n; c++) d[a][b][c] = value(m, m->dg[a][b][c]);
        }
    invert(n, g, inverse);
    for (int a = 0; a < n; a++)
        for (int b = 0; b < n; b++)
            for (int c = 0; c < n; c++) {
                out[a][b][c] = 0;
                for (int e = 0; e < n; e++) out[a][b][c] += inverse[a][e] * (d[e][b][c] + d[e][c][b] - d[b][c][e]) / 2;
            }
}

/* d_e Gamma^a_bc by central differences of two widths, extrapolated. */
static void gamma_slope(numeric *m, int e, double out[most][most][most]) {
    static double up[most][most][most], down[most][most][most], wide[most][most][most];
    double at = m->x[e];
    for (int pass = 0; pass < 2; pass++) {
        double h = pass ? 1e-3 : 2e-3;
        m->x[e] = at + h;
        gamma_numeric(m, up);
        m->x[e] = at - h;
        gamma_numeric(m, down);
        m->x[e] = at;
        for (int a = 0; a < m->n; a++)
            for (int b = 0; b < m->n; b++)
                for (int c = 0; c < m->n; c++) {
                    double slope = (up[a][b][c] - down[a][b][c]) / (2 * h);
                    if (pass == 0) wide[a][b][c] = slope;
                    out[a][b][c] = pass ? (4 * slope - wide[a][b][c]) / 3 : slope;
                }
    }
}

static double riemann_value(sn_curvature *c, int i, int k, int l, int m) {
    return sn_curvature_value(c, SN_CURVATURE_RIEMANN, (const int[]){i, k, l, m});
}

static void compare_all(const char *what, numeric *m, sn_curvature *c) {
    static double gamma[most][most][most], slope[most][most][most][most];
    static double r[most][most][most][most]; /* R_abcd */
    double g[most][most], inverse[most][most], ricci[most][most] = {{0}}, scale = 0, total = 0, K = 0;
    int n = m->n;
    gamma_numeric(m, gamma);
    for (int e = 0; e < n; e++) gamma_slope(m, e, slope[e]);
    for (int a = 0; a < n; a++)
        for (int b = 0; b < n; b++) g[a][b] = value(m, m->g[a][b]);
    invert(n, g, inverse);
    memset(r, 0, sizeof r);
    for (int a = 0; a < n; a++)
        for (int b = 0; b < n; b++)
            for (int k = 0; k < n; k++) {
                close_to(what, sn_curvature_value(c, SN_CURVATURE_CHRISTOFFEL, (const int[]){a, b, k}), gamma[a][b][k],
                         1e-9);
                for (int d = 0; d < n; d++) {
                    double up = slope[k][a][b][d] - slope[d][a][b][k];
                    for (int e = 0; e < n; e++) up += gamma[a][k][e] * gamma[e][b][d] - gamma[a][d][e] * gamma[e][b][k];
                    for (int e = 0; e < n; e++) r[e][b][k][d] += g[e][a] * up;
                    if (a == k) ricci[b][d] += up;
                }
            }
    for (int a = 0; a < n * n * n * n; a++) {
        double x = fabs(r[a / (n * n * n)][a / (n * n) % n][a / n % n][a % n]);
        scale = x > scale ? x : scale;
    }
    for (int a = 0; a < n; a++)
        for (int b = 0; b < n; b++) {
            total += inverse[a][b] * ricci[a][b];
            for (int k = 0; k < n; k++)
                for (int d = 0; d < n; d++)
                    if (!(fabs(riemann_value(c, a, b, k, d) - r[a][b][k][d]) <= 1e-7 * (1 + scale)))
                        fail_msg("%s: R_%d%d%d%d is %.12g, should be %.12g", what, a, b, k, d,
                                 riemann_value(c, a, b, k, d), r[a][b][k][d]);
        }
    for (int a = 0; a < n; a++)
        for (int b = 0; b < n; b++) {
            close_to(what, sn_curvature_value(c, SN_CURVATURE_RICCI, (const int[]){a, b}), ricci[a][b], 2e-6);
            close_to(what, sn_curvature_value(c, SN_CURVATURE_EINSTEIN, (const int[]){a, b}),
                     ricci[a][b] - total * g[a][b] / 2, 1e-5);
        }
    close_to(what, scalar(c, SN_CURVATURE_SCALAR), total, 1e-6);
    /* The rest from the exact R_abcd, which was just checked. */
    for (int i = 0; i < n * n * n * n; i++) {
        int a = i / (n * n * n), b = i / (n * n) % n, k = i / n % n, d = i % n;
        double raised = 0;
        for (int j = 0; j < n * n * n * n; j++) {
            int e = j / (n * n * n), f = j / (n * n) % n, p = j / n % n, q = j % n;
            raised += inverse[a][e] * inverse[b][f] * inverse[k][p] * inverse[d][q] * r[e][f][p][q];
        }
        K += raised * r[a][b][k][d];
        if (n < 4) continue;
        double w =
            r[a][b][k][d] + total * (g[a][k] * g[b][d] - g[a][d] * g[b][k]) / ((n - 1) * (n - 2)) -
            (g[a][k] * ricci[b][d] - g[a][d] * ricci[b][k] - g[b][k] * ricci[a][d] + g[b][d] * ricci[a][k]) / (n - 2);
        if (!(fabs(sn_curvature_value(c, SN_CURVATURE_WEYL, (const int[]){a, b, k, d}) - w) <= 1e-6 * (1 + scale)))
            fail_msg("%s: Weyl component %d", what, i);
    }
    close_to(what, scalar(c, SN_CURVATURE_KRETSCHMANN), K, 1e-5);
}

typedef struct own_metric {
    const char *coordinates, *parameters, *point, *unknowns[2];
    int n;
    const char *entries[most * (most + 1) / 2]; /* a <= b, row by row */
} own_metric;

static const own_metric own_metrics[] = {
    {"x,y", "k", "x=0.3,y=0.8,k=1.5", {0}, 2, {"1+y^2*exp(k*x)", "x*y", "2+sin(x)^2"}},
    {"u,v", "", "u=1.2,v=0.7", {0}, 2, {"sqrt(1+u^2)", "u^(1/3)*v/5", "log(1+u*v)"}},
    {"t,x,y",
     "",
     "t=0.9,x=0.4,y=1.1",
     {0},
     3,
     {"-(2+sin(t*x))", "x*y/4", "0", "t^2+x^2", "tan(y/3)/5", "3+cos(2*y)*sin(y)"}},
    {"a,b,c", "m,n", "a=0.6,b=1.3,c=0.5,m=0.7,n=2.2", {0}, 3, {"b^n", "0", "a*m/3", "1+a^2+c^m", "a*b/7", "exp(-a)+2"}},
    {"t,r,theta,phi",
     "M",
     "t=0.4,r=3.1,theta=0.9,phi=0.3,M=0.6",
     {"exp(t/3)*r^2+1", "2+sin(t)"},
     4,
     {"-(1-2*M/r)*f(t,r)", "0", "0", "b(t)/9", "f(t,r)/(1-2*M/r)", "r*t/10", "0", "r^2", "0", "r^2*sin(theta)^2*b(t)"}},
    {"t,x,y,z",
     "w",
     "t=0.5,x=0.8,y=0.2,z=1.4,w=1.1",
     {0},
     4,
     {"-1-x^2", "cos(w*(t-z))/5", "0", "0", "1+t^2", "0", "0", "2+sqrt(x)", "x*y/6", "3"}},
    {"t,x,y,z,v",
     "",
     "t=0.7,x=0.6,y=0.9,z=0.3,v=1.2",
     {0},
     5,
     {"-2", "x/5", "0", "0", "0", "1+t^2", "0", "0", "0", "exp(x-t)", "0", "0", "2+v^2", "x*v/9", "3+cos(t)"}},
    {"t,x,y,z,v,w",
     "h",
     "t=0.7,x=0.6,y=0.9,z=0.3,v=1.2,w=0.4,h=0.5",
     {0},
     6,
     {"-1-w^2",   "0",   "0", "0", "0",     "0", "1+y^2", "0",       "0", "0", "t/5",
      "2+sin(v)", "z/4", "0", "0", "1+h*w", "0", "0",     "1+t*x/3", "0", "3"}},
};

/* Too large to be written out in part or whole: values come from the numbers then. */
static const own_metric dense_metrics[] = {
    {"u,v", "", "u=1.2,v=0.7", {0}, 2, {"sqrt(1+u^2*v)", "v/5", "log(1+u*v)+cosh(v)"}},
    {"t,x,y,z,v",
     "",
     "t=0.7,x=0.6,y=0.9,z=0.3,v=1.2",
     {0},
     5,
     {"-2", "x/5", "0", "0", "t/6", "1+t^2", "0", "y*z/7", "0", "exp(x-t)", "0", "0", "2+v^2", "x*v/9", "3+cos(t)"}},
    {"x,y,z,w",
     "",
     "x=0.3,y=0.4,z=0.5,w=0.6",
     {0},
     4,
     {"3+sqrt(1+x)*y^9", "(1+x+y+z+w)^9/10^5", "(1+x*y)^8*exp(w)/50", "log(1+x+z)", "4+(w-z)^8", "tan(w/3)/9",
      "(x+y*z+w)^7/900", "5+cos(x*y)", "(1+z*w)^9/40", "6+atan(x*z)"}},
};

static void read_metric(const own_metric *own, numeric *m, char *matrix, size_t size) {
    char list[64];
    int index[most][most], k = 0;
    size_t used = 0;
    m->n = own->n;
    m->scope.guess_unknowns = true;
    for (int pass = 0; pass < 2; pass++) {
        snprintf(list, sizeof list, "%s", pass ? own->parameters : own->coordinates);
        for (char *p = strtok(list, ","); p; p = strtok(NULL, ","))
            assert_int_equal(sn_expr_declare(&m->scope, "test", p, strlen(p), pass == 0), SN_OK);
    }
    for (int a = 0; a < own->n; a++)
        for (int b = a; b < own->n; b++) index[a][b] = index[b][a] = k++;
    for (int a = 0; a < own->n; a++)
        for (int b = 0; b < own->n; b++) {
            const char *text = own->entries[index[a][b]];
            used += (size_t)snprintf(matrix + used, size - used, "%s%s", b ? "," : a ? ";" : "", text);
            assert_int_equal(sn_expr_parse(&m->scope, "test", text, strlen(text), &m->g[a][b]), SN_OK);
            for (int c = 0; c < own->n; c++)
                assert_int_equal(sn_expr_diff(&m->scope, m->g[a][b], c, &m->dg[a][b][c]), SN_OK);
        }
}

static void read_values(const own_metric *own, numeric *m, char *point, size_t size) {
    char copy[128];
    snprintf(copy, sizeof copy, "%s", own->point);
    for (char *p = strtok(copy, ","); p; p = strtok(NULL, ",")) {
        int name = sn_expr_find_name(&m->scope, p, strcspn(p, "="));
        assert_true(name >= 0);
        m->x[name] = atof(strchr(p, '=') + 1);
    }
    size_t used = (size_t)snprintf(point, size, "%s", own->point);
    for (int i = 0; i < m->scope.n_unknowns; i++) {
        const char *text = own->unknowns[i];
        assert_int_equal(sn_expr_parse(&m->scope, "test", text, strlen(text), &m->unknown[i]), SN_OK);
        used += (size_t)snprintf(point + used, size - used, ",%s=%s", m->scope.unknowns[i].name, text);
    }
}

static sn_curvature *check_own_metric(const own_metric *own) {
    numeric *m = calloc(1, sizeof *m);
    char matrix[2048], point[512];
    assert_non_null(m);
    read_metric(own, m, matrix, sizeof matrix);
    read_values(own, m, point, sizeof point);
    sn_curvature *c = open_metric(own->coordinates, *own->parameters ? own->parameters : NULL, matrix);
    set_point(c, point);
    compare_all(matrix, m, c);
    sn_expr_scope_free(&m->scope);
    free(m);
    return c;
}

static void own_metrics_match_the_definition(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof own_metrics / sizeof *own_metrics; i++) {
        sn_curvature *c = check_own_metric(&own_metrics[i]);
        for (int t = 0; t < SN_CURVATURE_N_TENSORS; t++)
            assert_false(sn_curvature_is_too_large(c, (sn_curvature_tensor)t));
        sn_curvature_close(c);
    }
}

/* A component is judged in units of its own coordinates: g_yy = 3.2e60 at the point, yet R = -2 f''/f of f = (1+x)^50.
 */
static void sizes_of_coordinates_do_not_matter(void **state) {
    sn_curvature *c;
    const sn_curvature_options o = {.coordinates = "x,y", .metric = "1; (1+x)^100*(1+y)^100"};
    (void)state;
    assert_int_equal(sn_curvature_open(&o, &c), SN_OK);
    assert_true(sn_curvature_is_too_large(c, SN_CURVATURE_SCALAR));
    assert_int_equal(sn_curvature_set_point(c, "x=1,y=1"), SN_OK);
    double scalar = sn_curvature_value(c, SN_CURVATURE_SCALAR, NULL);
    double square = sn_curvature_value(c, SN_CURVATURE_KRETSCHMANN, NULL);
    double xx = sn_curvature_value(c, SN_CURVATURE_RICCI, (const int[]){0, 0});
    double yy = sn_curvature_value(c, SN_CURVATURE_RICCI, (const int[]){1, 1});
    assert_true(fabs(scalar + 1225) < 1e-9 && fabs(square - 1225 * 1225) < 1e-6 && fabs(xx + 612.5) < 1e-9);
    assert_true(fabs(yy / (-612.5 * 0x1p200) - 1) < 1e-12);
    assert_true(sn_curvature_vanishes(c, SN_CURVATURE_EINSTEIN));
    sn_curvature_close(c);
}

static void what_is_too_large_still_has_values(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof dense_metrics / sizeof *dense_metrics; i++) {
        sn_curvature *c = check_own_metric(&dense_metrics[i]);
        char *text;
        assert_true(sn_curvature_is_too_large(c, SN_CURVATURE_KRETSCHMANN));
        assert_non_null(sn_curvature_doubt(c));
        assert_int_equal(sn_curvature_text(c, SN_CURVATURE_KRETSCHMANN, (const int[4]){0}, &text), SN_ERR_LIMIT);
        assert_int_equal(sn_curvature_json(c, &text), SN_OK);
        assert_non_null(strstr(text, "\"kretschmann\": null"));
        sn_text_free(text);
        sn_curvature_close(c);
    }
}

/* Flat space in X = x + sin(yz), Y = y + e^(wx)/3, Z = z + w^2 x, W = w + log(y+z): found to be flat at random points.
 */
static void flatness_is_seen_in_numbers(void **state) {
    (void)state;
    static const char *const slope[4][4] = {{"1", "z*cos(y*z)", "y*cos(y*z)", "0"},
                                            {"w*exp(w*x)/3", "1", "0", "x*exp(w*x)/3"},
                                            {"w^2", "0", "1", "2*w*x"},
                                            {"0", "1/(y+z)", "1/(y+z)", "1"}};
    char metric[4096];
    size_t used = 0;
    for (int a = 0; a < 4; a++)
        for (int b = 0; b < 4; b++) {
            used += (size_t)snprintf(metric + used, sizeof metric - used, "%s0", b ? "," : a ? ";" : "");
            for (int k = 0; k < 4; k++)
                used += (size_t)snprintf(metric + used, sizeof metric - used, "+(%s)*(%s)", slope[k][a], slope[k][b]);
        }
    sn_curvature *c = open_metric("x,y,z,w", NULL, metric);
    assert_true(sn_curvature_is_too_large(c, SN_CURVATURE_RIEMANN));
    assert_true(sn_curvature_vanishes(c, SN_CURVATURE_RIEMANN));
    assert_true(sn_curvature_vanishes(c, SN_CURVATURE_KRETSCHMANN));
    assert_false(sn_curvature_vanishes(c, SN_CURVATURE_CHRISTOFFEL));
    sn_curvature_close(c);
}

int main(void) {
    if (!has_flint()) return strstr(sn_last_error(), "FLINT") ? 0 : 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(own_metrics_match_the_definition),
        cmocka_unit_test(sizes_of_coordinates_do_not_matter),
        cmocka_unit_test(what_is_too_large_still_has_values),
        cmocka_unit_test(flatness_is_seen_in_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
