/* Layout and drawing of the panels. */
#include "plot/chart.h"

#include <math.h>
#include <string.h>

enum { TICK = 3, SPACE = 4, EDGE = 10 };

static const uint32_t ink = 0x202020, grid = 0xe4e4e4;

sn_point sn_panel_point(const sn_panel *p, const sn_plot_series *s, int64_t i) {
    bool shown = isfinite(s->x[i]) && isfinite(s->y[i]);
    if (!shown) return (sn_point){NAN, NAN};
    return (sn_point){sn_axis_at(&p->x, s->x[i]), sn_axis_at(&p->y, s->y[i])};
}

/* ---- Layout ---- */

static void fit_axes(sn_panel *p) {
    double x_low = INFINITY, x_high = -INFINITY, y_low = INFINITY, y_high = -INFINITY;
    for (int k = 0; k < p->plan->n_series; k++) {
        const sn_plot_series *s = &p->plan->series[k];
        for (int64_t i = 0; i < s->n; i++) {
            if (!isfinite(s->x[i]) || !isfinite(s->y[i])) continue;
            double error = s->error && isfinite(s->error[i]) ? fabs(s->error[i]) : 0;
            double bottom = s->y[i] - error;
            if (p->plan->y.scale != SN_AXIS_LINEAR && bottom <= 0) bottom = s->y[i];
            x_low = fmin(x_low, s->x[i]), x_high = fmax(x_high, s->x[i]);
            y_low = fmin(y_low, bottom), y_high = fmax(y_high, s->y[i] + error);
        }
    }
    for (int m = 0; m < p->plan->n_markers; m++) {
        x_low = fmin(x_low, p->plan->markers[m].x), x_high = fmax(x_high, p->plan->markers[m].x);
    }
    sn_axis_fit(&p->x, &p->plan->x, x_low, x_high, 6, false);
    sn_axis_fit(&p->y, &p->plan->y, y_low, y_high, 5, true);
}

static double widest_tick(const sn_chart *c, const sn_axis *a) {
    double widest = 0;
    for (int t = 0; t < a->n_ticks; t++)
        widest = fmax(widest, c->canvas->ops->text_width(c->canvas, a->tick[t].label, SN_TEXT_SIZE, false));
    return widest;
}

static bool has_marker_labels(const sn_panel *p) {
    for (int m = 0; m < p->plan->n_markers; m++)
        if (p->plan->markers[m].label) return true;
    return false;
}

/* Cuts the frame of the curves out of the panel's share of the page. */
static void frame_panel(const sn_chart *c, sn_panel *p, sn_rect slot) {
    double left = EDGE + widest_tick(c, &p->y) + TICK + SPACE + (p->plan->y.label ? SN_TEXT_SIZE + SPACE : 0);
    double bottom = TICK + SPACE + SN_TEXT_SIZE + (p->plan->x.label ? SN_TEXT_SIZE + 2 * SPACE : 0) + EDGE / 2.0;
    double top = EDGE + (p->plan->title ? SN_TEXT_SIZE + 1 + SPACE : 0) + (has_marker_labels(p) ? SN_TEXT_SIZE : 0);
    p->frame = (sn_rect){slot.x + left, slot.y + top, slot.width - left - EDGE, slot.height - top - bottom};
    p->x.start = p->frame.x, p->x.end = p->frame.x + p->frame.width;
    p->y.start = p->frame.y + p->frame.height, p->y.end = p->frame.y;
}

static void frame_panels(sn_chart *c, double below) {
    double top = c->plan->title ? SN_TITLE_SIZE + 2 * SPACE : 0, share = c->width / c->plan->n_panels;
    for (int p = 0; p < c->plan->n_panels; p++)
        frame_panel(c, &c->panel[p], (sn_rect){p * share, top, share, c->height - top - below});
}

void sn_chart_layout(sn_chart *c) {
    for (int p = 0; p < c->plan->n_panels; p++) fit_axes(&c->panel[p]);
    sn_legend_collect(c);
    frame_panels(c, 0);
    if (c->legend.n > 0 && !sn_legend_place_inside(c)) frame_panels(c, sn_legend_height_below(c));
}

/* ---- Drawing ---- */

static void rule(sn_canvas *canvas, double x0, double y0, double x1, double y1, uint32_t rgb, double width) {
    const sn_point ends[2] = {{x0, y0}, {x1, y1}};
    const sn_paint paint = {.rgb = rgb, .alpha = 1, .width = width};
    canvas->ops->line(canvas, ends, 2, &paint);
}

static void say(sn_canvas *canvas, double x, double y, const char *text, sn_anchor anchor) {
    const sn_label label = {.text = text, .size = SN_TEXT_SIZE, .anchor = anchor, .rgb = ink};
    canvas->ops->text(canvas, x, y, &label);
}

static void draw_axes(const sn_chart *c, const sn_panel *p) {
    const sn_rect *f = &p->frame;
    double right = f->x + f->width, bottom = f->y + f->height;
    for (int t = 0; t < p->x.n_ticks; t++) {
        double x = sn_axis_at(&p->x, p->x.tick[t].value);
        rule(c->canvas, x, f->y, x, bottom, grid, 0.5);
        rule(c->canvas, x, bottom, x, bottom + TICK, ink, 0.8);
        say(c->canvas, x, bottom + TICK + SPACE + SN_TEXT_SIZE * 0.75, p->x.tick[t].label, SN_ANCHOR_MIDDLE);
    }
    for (int t = 0; t < p->y.n_ticks; t++) {
        double y = sn_axis_at(&p->y, p->y.tick[t].value);
        rule(c->canvas, f->x, y, right, y, grid, 0.5);
        rule(c->canvas, f->x - TICK, y, f->x, y, ink, 0.8);
        say(c->canvas, f->x - TICK - SPACE, y + SN_TEXT_SIZE * 0.35, p->y.tick[t].label, SN_ANCHOR_END);
    }
    rule(c->canvas, f->x, bottom, right, bottom, ink, 0.8);
    rule(c->canvas, f->x, f->y, f->x, bottom, ink, 0.8);
}

static void draw_axis_labels(const sn_chart *c, const sn_panel *p) {
    const sn_rect *f = &p->frame;
    if (p->plan->x.label)
        say(c->canvas, f->x + f->width / 2, f->y + f->height + TICK + 3 * SPACE + SN_TEXT_SIZE * 1.75, p->plan->x.label,
            SN_ANCHOR_MIDDLE);
    if (p->plan->y.label) {
        const sn_label label = {
            .text = p->plan->y.label, .size = SN_TEXT_SIZE, .anchor = SN_ANCHOR_MIDDLE, .rgb = ink, .upwards = true};
        double x = f->x - TICK - 2 * SPACE - widest_tick(c, &p->y);
        c->canvas->ops->text(c->canvas, x, f->y + f->height / 2, &label);
    }
    if (p->plan->title) {
        const sn_label label = {
            .text = p->plan->title, .size = SN_TEXT_SIZE + 1, .anchor = SN_ANCHOR_MIDDLE, .rgb = ink, .bold = true};
        double y = f->y - SPACE - (has_marker_labels(p) ? SN_TEXT_SIZE : 0);
        c->canvas->ops->text(c->canvas, f->x + f->width / 2, y, &label);
    }
}

static void draw_markers(const sn_chart *c, const sn_panel *p) {
    static const double dashes[] = {4, 3};
    for (int m = 0; m < p->plan->n_markers; m++) {
        const sn_plot_marker *marker = &p->plan->markers[m];
        double x = sn_axis_at(&p->x, marker->x);
        if (!(x >= p->frame.x - 0.5 && x <= p->frame.x + p->frame.width + 0.5)) continue;
        const sn_point ends[2] = {{x, p->frame.y}, {x, p->frame.y + p->frame.height}};
        const sn_paint paint = {.rgb = 0x606060, .alpha = 1, .width = 1, .dashes = dashes, .n_dashes = 2};
        c->canvas->ops->line(c->canvas, ends, 2, &paint);
        if (!marker->label) continue;
        double half = c->canvas->ops->text_width(c->canvas, marker->label, SN_TEXT_SIZE, false) / 2;
        double middle = fmax(p->frame.x + half, fmin(x, p->frame.x + p->frame.width - half));
        say(c->canvas, middle, p->frame.y - 3, marker->label, SN_ANCHOR_MIDDLE);
    }
}

/* The runs of points between gaps; `draw` gets each. */
typedef void (*run_fn)(const sn_chart *c, const sn_panel *p, int series, int64_t from, int64_t to);

static void each_run(const sn_chart *c, const sn_panel *p, int series, run_fn draw) {
    const sn_plot_series *s = &p->plan->series[series];
    for (int64_t from = 0, to; from < s->n; from = to + 1) {
        for (to = from; to < s->n && !isnan(sn_panel_point(p, s, to).y);) to++;
        if (to > from) draw(c, p, series, from, to);
    }
}

enum { PIECE = 256 }; /* points drawn at once */

static void draw_line(const sn_chart *c, const sn_panel *p, int series, int64_t from, int64_t to) {
    sn_point points[PIECE];
    if (p->plan->series[series].points) return;
    for (int64_t i = from; i + 1 < to; i += PIECE - 1) {
        int64_t n = to - i < PIECE ? to - i : PIECE;
        for (int64_t k = 0; k < n; k++) points[k] = sn_panel_point(p, &p->plan->series[series], i + k);
        sn_style_line(c->canvas, p->style[series], points, n);
    }
}

static void draw_marks(const sn_chart *c, const sn_panel *p, int series, int64_t from, int64_t to) {
    if (!sn_series_is_marked(&p->plan->series[series]) && to - from > 1) return;
    for (int64_t i = from; i < to; i++)
        sn_style_mark(c->canvas, p->style[series], sn_panel_point(p, &p->plan->series[series], i));
}

/* A value below the axis of a logarithmic scale is drawn at its end. */
static sn_point edge_point(const sn_panel *p, const sn_plot_series *s, int64_t i, double sign) {
    double error = isfinite(s->error[i]) ? s->error[i] : 0, value = s->y[i] + sign * error;
    if (p->y.scale != SN_AXIS_LINEAR && value <= 0) value = p->y.from;
    return (sn_point){sn_axis_at(&p->x, s->x[i]), sn_axis_at(&p->y, value)};
}

static void draw_band(const sn_chart *c, const sn_panel *p, int series, int64_t from, int64_t to) {
    const sn_plot_series *s = &p->plan->series[series];
    sn_point points[PIECE];
    if (!s->error) return;
    for (int64_t i = from; i + 1 < to; i += PIECE / 2 - 1) {
        int64_t n = to - i < PIECE / 2 ? to - i : PIECE / 2;
        for (int64_t k = 0; k < n; k++) {
            points[k] = edge_point(p, s, i + k, 1);
            points[2 * n - 1 - k] = edge_point(p, s, i + k, -1);
        }
        const sn_paint paint = {.rgb = sn_style_rgb(p->style[series]),
                                .alpha = 0.18 / fmax(1, p->plan->n_series / 4.0)};
        c->canvas->ops->fill(c->canvas, points, 2 * n, &paint);
    }
}

static void draw_panel(const sn_chart *c, const sn_panel *p) {
    static const run_fn layers[] = {draw_band, draw_line, draw_marks};
    draw_axes(c, p);
    draw_markers(c, p);
    const sn_rect inner = {p->frame.x, p->frame.y - 3, p->frame.width + 3, p->frame.height + 3};
    c->canvas->ops->clip(c->canvas, &inner);
    for (int layer = 0; layer < 3; layer++)
        for (int s = 0; s < p->plan->n_series; s++) each_run(c, p, s, layers[layer]);
    c->canvas->ops->clip(c->canvas, NULL);
    draw_axis_labels(c, p);
}

void sn_chart_draw(const sn_chart *c) {
    if (c->plan->title) {
        const sn_label label = {
            .text = c->plan->title, .size = SN_TITLE_SIZE, .anchor = SN_ANCHOR_MIDDLE, .rgb = ink, .bold = true};
        c->canvas->ops->text(c->canvas, c->width / 2, SN_TITLE_SIZE + SPACE, &label);
    }
    for (int p = 0; p < c->plan->n_panels; p++) draw_panel(c, &c->panel[p]);
    sn_legend_draw(c);
}
