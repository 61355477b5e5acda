/* Charts: SVG holds every point where it belongs and is well-formed, PNG and PDF are readable, legends hide nothing,
 * mistakes are named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/map.h"
#include "plot/chart.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[] = "/tmp/suan-plot-test-XXXXXX";
static char path[64];

static const char *in_folder(const char *name) {
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static int setup(void **state) {
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int teardown(void **state) {
    (void)state;
    unlink(in_folder("a.svg")), unlink(in_folder("a.png")), unlink(in_folder("a.pdf"));
    return rmdir(folder);
}

static const double xs[] = {0, 100, 200, 300}, rising[] = {1, 2, 3, 4}, falling[] = {4, 3.5, 2, 1},
                    band[] = {0.2, 0.2, 0.1, NAN};
static const sn_plot_series two[] = {{.name = "rising & <so>", .x = xs, .y = rising, .n = 4},
                                     {.name = "falling", .x = xs, .y = falling, .error = band, .n = 4}};
static const sn_plot_marker marker = {150, "trained window"};
static const sn_plot_panel panel = {.title = "By position",
                                    .x = {.label = "position", .to = 300},
                                    .y = {.label = "loss (nats/token)", .to = 5},
                                    .series = two,
                                    .n_series = 2,
                                    .markers = &marker,
                                    .n_markers = 1};
static const sn_plot plot = {.title = "A \"title\" \xce\xb1", .panels = &panel, .n_panels = 1};

/* ---- SVG ---- */

/* Tags nest and close, attributes are quoted, no stray '<' or '&'. */
static void assert_well_formed(const char *s) {
    char open[16][32];
    int depth = 0, elements = 0;
    while (*s) {
        if (*s == '&') {
            size_t n = strcspn(s, ";");
            assert_true(n <= 5);
            s += n;
        }
        if (*s != '<') {
            s++;
            continue;
        }
        const char *end = s + 1;
        for (bool quoted = false; *end && (quoted || *end != '>'); end++) {
            assert_true(*end != '<');
            if (*end == '"') quoted = !quoted;
        }
        assert_int_equal(*end, '>');
        size_t name = strcspn(s + 1, " />");
        if (s[1] == '/') {
            name = strcspn(s + 2, ">");
            assert_true(depth > 0);
            assert_memory_equal(open[--depth], s + 2, name);
        } else if (s[1] != '?' && end[-1] != '/') {
            assert_true(depth < 16 && name < 32);
            memcpy(open[depth], s + 1, name);
            open[depth++][name] = 0;
        }
        elements++;
        s = end + 1;
    }
    assert_int_equal(depth, 0);
    assert_true(elements > 20);
}

static char *read_text(const char *name) {
    sn_map map;
    assert_int_equal(sn_map_open(in_folder(name), &map), SN_OK);
    char *text = sn_strndup((const char *)map.data, map.size);
    sn_map_close(&map);
    assert_non_null(text);
    return text;
}

static char *svg_of(const sn_plot *p) {
    if (sn_plot_write(p, in_folder("a.svg")) != SN_OK) fail_msg("%s", sn_last_error());
    char *text = read_text("a.svg");
    assert_well_formed(text);
    return text;
}

/* The points of the solid line of a colour that is not a legend sample. */
static int line_of(const char *svg, const char *stroke, double *x, double *y) {
    char head[64];
    snprintf(head, sizeof head, "stroke=\"%s\"", stroke);
    for (const char *at = svg; (at = strstr(at, head)); at++) {
        const char *end = strchr(at, '>'), *clip = strstr(at, "clip-path"), *points = strstr(at, "points=\"");
        if (!clip || clip > end) continue;
        int n = 0, used = 0;
        points += 8;
        while (sscanf(points, " %lf,%lf%n", &x[n], &y[n], &used) == 2) points += used, n++;
        return n;
    }
    return 0;
}

static void svg_has_the_points_where_they_belong(void **state) {
    (void)state;
    double x[16], y[16], x2[16], y2[16];
    char *svg = svg_of(&plot);
    assert_int_equal(line_of(svg, "#0072b2", x, y), 4);
    assert_int_equal(line_of(svg, "#d55e00", x2, y2), 4);
    for (int i = 0; i < 4; i++) {
        assert_true(fabs(x[i] - (x[0] + (x[3] - x[0]) * xs[i] / 300)) < 0.02);
        assert_true(fabs(y[i] - (y[0] + (y[3] - y[0]) * (rising[i] - 1) / 3)) < 0.02);
        assert_true(fabs(x2[i] - x[i]) < 0.02);
    }
    assert_true(fabs(y2[0] - y[3]) < 0.02 && fabs(y2[3] - y[0]) < 0.02);
    assert_non_null(strstr(svg, ">rising &amp; &lt;so&gt;</text>"));
    assert_non_null(strstr(svg, ">trained window</text>"));
    assert_non_null(strstr(svg, ">loss (nats/token)</text>"));
    assert_non_null(strstr(svg, ">A \"title\" \xce\xb1</text>"));
    assert_non_null(strstr(svg, "fill-opacity")); /* the band */
    sn_free(svg);
}

static void gaps_break_lines_and_lone_points_are_marked(void **state) {
    (void)state;
    enum { n = 100 };
    double x[n], y[n], got_x[n], got_y[n];
    for (int i = 0; i < n; i++) x[i] = i, y[i] = i == 50 || i == 52 ? NAN : (double)i;
    const sn_plot_series s = {.x = x, .y = y, .n = n};
    const sn_plot_panel one = {.series = &s, .n_series = 1};
    char *svg = svg_of(&(sn_plot){.panels = &one, .n_panels = 1});
    assert_int_equal(line_of(svg, "#0072b2", got_x, got_y), 50);
    int marks = 0;
    for (const char *at = svg; (at = strstr(at, "<polygon")); at++) marks++;
    assert_int_equal(marks, 1); /* point 51 stands alone */
    sn_free(svg);
}

static void long_series_stay_whole(void **state) {
    (void)state;
    enum { n = 1000 };
    static double x[n], y[n], error[n];
    for (int i = 0; i < n; i++) x[i] = i + 1, y[i] = 5 + sin((double)i), error[i] = 1;
    const sn_plot_series s = {.name = "s", .x = x, .y = y, .error = error, .n = n};
    const sn_plot_panel one = {.series = &s, .n_series = 1, .x = {.scale = SN_AXIS_LOG10}};
    char *svg = svg_of(&(sn_plot){.panels = &one, .n_panels = 1});
    int64_t points = 0;
    for (const char *at = svg; (at = strstr(at, "<polyline fill=\"none\" stroke=\"#0072b2\"")); at++) {
        const char *end = strchr(at, '/');
        if (strstr(at, "clip-path") && strstr(at, "clip-path") < end)
            for (const char *c = at; c < end; c++) points += *c == ',';
    }
    assert_int_equal(points, n + (n - 2) / 255); /* pieces share their end points */
    sn_free(svg);
}

/* ---- Legend and axes ---- */

/* A canvas that draws nothing, to look at layouts. */
static void no_line(sn_canvas *c, const sn_point *p, int64_t n, const sn_paint *paint) {
    (void)c, (void)p, (void)n, (void)paint;
}
static void no_text(sn_canvas *c, double x, double y, const sn_label *l) { (void)c, (void)x, (void)y, (void)l; }
static double wide(sn_canvas *c, const char *t, double size, bool bold) {
    return (void)c, (void)bold, size * 0.6 * (double)strlen(t);
}
static void no_clip(sn_canvas *c, const sn_rect *r) { (void)c, (void)r; }
static const sn_canvas_ops nothing = {no_line, no_line, no_text, wide, no_clip, NULL, NULL};

static sn_chart *layout(const sn_plot *p) {
    static sn_canvas canvas = {&nothing};
    static sn_chart c;
    c = (sn_chart){.plan = p, .canvas = &canvas, .width = 460, .height = 310};
    for (int i = 0; i < p->n_panels; i++) c.panel[i].plan = &p->panels[i];
    sn_chart_layout(&c);
    return &c;
}

static void legends_hide_no_curve(void **state) {
    (void)state;
    for (int shape = 0; shape < 24; shape++) {
        double x[30], y[3][30];
        sn_plot_series s[3];
        for (int k = 0; k < 3; k++) {
            for (int i = 0; i < 30; i++)
                x[i] = i, y[k][i] = sin(i * 0.02 * (shape + k)) * (shape % 5) + k * (shape % 3);
            s[k] = (sn_plot_series){.name = k == 0   ? "first"
                                            : k == 1 ? "the second"
                                                     : "third",
                                    .x = x,
                                    .y = y[k],
                                    .n = 30};
        }
        const sn_plot_marker m = {(double)(shape % 30), NULL};
        const sn_plot_panel one = {.series = s, .n_series = 3, .markers = &m, .n_markers = 1};
        const sn_plot p = {.panels = &one, .n_panels = 1};
        const sn_chart *c = layout(&p);
        if (!c->legend.inside) continue;
        const sn_rect *b = &c->legend.box;
        for (int k = 0; k < 3; k++)
            for (int i = 0; i < 29 * 20; i++) {
                sn_point u = sn_panel_point(&c->panel[0], &s[k], i / 20),
                         v = sn_panel_point(&c->panel[0], &s[k], i / 20 + 1);
                double t = i % 20 / 20.0, px = u.x + t * (v.x - u.x), py = u.y + t * (v.y - u.y);
                assert_false(px > b->x && px < b->x + b->width && py > b->y && py < b->y + b->height);
            }
        double mx = sn_axis_at(&c->panel[0].x, m.x);
        assert_false(mx > b->x && mx < b->x + b->width);
    }
}

static void a_full_panel_sends_its_legend_below(void **state) {
    (void)state;
    double x[40], y[40];
    for (int i = 0; i < 40; i++) x[i] = i, y[i] = i % 2;
    sn_plot_series s[12];
    static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "a"};
    for (int k = 0; k < 12; k++) s[k] = (sn_plot_series){.name = names[k], .x = x, .y = y, .n = 40};
    const sn_plot_panel one = {.series = s, .n_series = 12};
    const sn_plot p = {.panels = &one, .n_panels = 1};
    const sn_chart *c = layout(&p);
    assert_false(c->legend.inside);
    assert_int_equal(c->legend.n, 11);
    assert_int_equal(c->panel[0].style[11], c->panel[0].style[0]);
    assert_true(c->panel[0].frame.y + c->panel[0].frame.height < 310 - 2 * SN_LEGEND_ROW);
}

static void assert_ticks(sn_axis_scale scale, double low, double high, double step, const char *expected) {
    sn_axis a;
    char got[256] = "";
    sn_axis_fit(&a, &(sn_plot_axis){.scale = scale, .step = step}, low, high, 5, true);
    for (int t = 0; t < a.n_ticks; t++)
        snprintf(got + strlen(got), sizeof got - strlen(got), "%s%s", t ? " " : "", a.tick[t].label);
    assert_string_equal(got, expected);
    assert_true(a.from <= low && a.to >= high);
}

static void ticks_are_round_numbers(void **state) {
    (void)state;
    assert_ticks(SN_AXIS_LINEAR, 0.8, 4.3, 0, "0 1 2 3 4 5");
    assert_ticks(SN_AXIS_LINEAR, 0.81, 0.86, 0, "0.81 0.82 0.83 0.84 0.85 0.86");
    assert_ticks(SN_AXIS_LINEAR, -3, 3, 0,
                 "\xe2\x88\x92"
                 "4 \xe2\x88\x92"
                 "2 0 2 4");
    assert_ticks(SN_AXIS_LINEAR, 0, 1024, 256, "0 256 512 768 1024");
    assert_ticks(SN_AXIS_LINEAR, 0, 1, 0.25, "0.00 0.25 0.50 0.75 1.00");
    assert_ticks(SN_AXIS_LINEAR, 0, 4e7, 0, "0 10000000 20000000 30000000 40000000");
    assert_ticks(SN_AXIS_LOG2, 128, 16384, 0, "128 256 512 1024 2048 4096 8192 16k");
    assert_ticks(SN_AXIS_LOG2, 1024, 1 << 20, 0, "1024 4096 16k 64k 256k 1M");
    assert_ticks(SN_AXIS_LOG10, 1e-5, 1e5, 0, "10\xe2\x81\xbb\xe2\x81\xb5 0.001 0.1 10 1000 10\xe2\x81\xb5");
    assert_ticks(SN_AXIS_LOG10, 1, 20, 0, "1 2 5 10 20");
    assert_ticks(SN_AXIS_LOG10, 3.1, 3.4, 0, "3.1 3.2 3.3 3.4");
    assert_ticks(SN_AXIS_LINEAR, 5, 5, 0, "4.4 4.6 4.8 5.0 5.2 5.4 5.6");
    assert_ticks(SN_AXIS_LINEAR, 0, 0, 0,
                 "\xe2\x88\x92"
                 "1.0 \xe2\x88\x92"
                 "0.5 0.0 0.5 1.0");
}

/* ---- PNG, PDF ---- */

static void png_and_pdf_are_readable(void **state) {
    (void)state;
    static const unsigned char signature[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    sn_map map;
    sn_status status = sn_plot_write(&plot, in_folder("a.png"));
    if (status == SN_ERR_UNSUPPORTED) {
        assert_non_null(strstr(sn_last_error(), "cairo"));
        print_message("no cairo in this build: PNG and PDF are skipped\n");
        skip();
    }
    assert_int_equal(status, SN_OK);
    assert_int_equal(sn_map_open(in_folder("a.png"), &map), SN_OK);
    assert_true(map.size > 5000);
    assert_memory_equal(map.data, signature, 8);
    uint32_t width =
        (uint32_t)map.data[16] << 24 | (uint32_t)map.data[17] << 16 | (uint32_t)map.data[18] << 8 | map.data[19];
    assert_int_equal(width, (int)ceil(460 * 200 / 72.0));
    assert_memory_equal(map.data + map.size - 8, "IEND", 4);
    sn_map_close(&map);
    assert_int_equal(sn_plot_write(&plot, in_folder("a.pdf")), SN_OK);
    assert_int_equal(sn_map_open(in_folder("a.pdf"), &map), SN_OK);
    assert_memory_equal(map.data, "%PDF-", 5);
    assert_memory_equal(map.data + map.size - 6, "%%EOF", 5);
    sn_map_close(&map);
}

/* ---- Refusals ---- */

static void assert_refused(const sn_plot *p, sn_status status, const char *part) {
    unlink(in_folder("a.svg"));
    assert_int_equal(sn_plot_write(p, in_folder("a.svg")), status);
    if (!strstr(sn_last_error(), part)) fail_msg("\"%s\" does not say \"%s\"", sn_last_error(), part);
    assert_int_not_equal(access(path, F_OK), 0);
}

static void assert_panel_refused(sn_plot_panel one, const char *part) {
    assert_refused(&(sn_plot){.panels = &one, .n_panels = 1}, SN_ERR_ARGUMENT, part);
}

static void wrong_charts_are_refused(void **state) {
    (void)state;
    sn_plot p = plot;
    assert_int_equal(sn_plot_write(&p, "/tmp/x.gif"), SN_ERR_UNSUPPORTED);
    assert_int_equal(sn_plot_write(&p, "svg"), SN_ERR_UNSUPPORTED);
    assert_int_equal(sn_plot_write(&p, "/nowhere/x.svg"), SN_ERR_IO);
    p.n_panels = 0;
    assert_refused(&p, SN_ERR_ARGUMENT, "0 panels");
    p.n_panels = 5;
    assert_refused(&p, SN_ERR_ARGUMENT, "5 panels");
    p = plot, p.width = 10;
    assert_refused(&p, SN_ERR_ARGUMENT, "10 x 310");
    p = plot, p.dpi = 1e9;
    assert_refused(&p, SN_ERR_ARGUMENT, "dpi");
    p = plot, p.title = "\xff";
    assert_refused(&p, SN_ERR_ARGUMENT, "title is not UTF-8");
    sn_plot_panel q = panel;
    q.n_series = 0;
    assert_panel_refused(q, "0 series");
    q = panel, q.x.scale = SN_AXIS_LOG2, q.x.to = 0;
    assert_panel_refused(q, "rising & <so>: point (0, 1) on a logarithmic axis");
    q = panel, q.y.from = 9;
    assert_panel_refused(q, "y axis from 9 to 5");
    q = panel, q.y.step = NAN;
    assert_panel_refused(q, "step");
    static const double nothing_here[] = {NAN, NAN, INFINITY, NAN};
    const sn_plot_series empty = {.name = "e", .x = xs, .y = nothing_here, .n = 4}, none = {.name = "n", .n = 3};
    q = panel, q.series = &empty, q.n_series = 1;
    assert_panel_refused(q, "without a point");
    q.series = &none;
    assert_panel_refused(q, "n has no x or no y");
}

static void failing_allocations_leave_no_file(void **state) {
    (void)state;
    static const char *const names[] = {"a.svg", "a.png"};
    for (int f = 0; f < 2; f++)
        for (int64_t fail = 0; fail < 6; fail++) {
            unlink(in_folder(names[f]));
            sn_alloc_fail_after(fail);
            sn_status status = sn_plot_write(&plot, in_folder(names[f]));
            sn_alloc_fail_after(-1);
            assert_true(status == SN_OK || status == SN_ERR_MEMORY || status == SN_ERR_UNSUPPORTED);
            assert_int_equal(access(path, F_OK) == 0, status == SN_OK);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(svg_has_the_points_where_they_belong),
                                       cmocka_unit_test(gaps_break_lines_and_lone_points_are_marked),
                                       cmocka_unit_test(long_series_stay_whole),
                                       cmocka_unit_test(legends_hide_no_curve),
                                       cmocka_unit_test(a_full_panel_sends_its_legend_below),
                                       cmocka_unit_test(ticks_are_round_numbers),
                                       cmocka_unit_test(png_and_pdf_are_readable),
                                       cmocka_unit_test(wrong_charts_are_refused),
                                       cmocka_unit_test(failing_allocations_leave_no_file)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
