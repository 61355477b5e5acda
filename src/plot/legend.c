/* The legend: what it lists, and a place for it that hides nothing. */
#include "plot/chart.h"

#include <math.h>
#include <string.h>

enum { PAD = 6, MAX_INSIDE = 10, GAP = 18 };

static int entry_of(const sn_legend *l, const char *name) {
    for (int e = 0; e < l->n; e++)
        if (!strcmp(l->name[e], name)) return e;
    return -1;
}

static int style_of(sn_legend *l, const sn_plot_series *s, int position) {
    if (!s->name) return s->style > 0 ? s->style - 1 : position;
    int e = entry_of(l, s->name);
    if (e < 0) {
        e = l->n++;
        l->name[e] = s->name;
        l->style[e] = s->style > 0 ? s->style - 1 : e;
    }
    l->marked[e] |= sn_series_is_marked(s);
    l->lined[e] |= !s->points;
    return l->style[e];
}

void sn_legend_collect(sn_chart *c) {
    sn_legend *l = &c->legend;
    for (int p = 0; p < c->plan->n_panels; p++)
        for (int s = 0; s < c->panel[p].plan->n_series; s++)
            c->panel[p].style[s] = style_of(l, &c->panel[p].plan->series[s], s);
    for (int e = 0; e < l->n; e++) {
        l->width[e] = SN_LEGEND_SAMPLE + c->canvas->ops->text_width(c->canvas, l->name[e], SN_TEXT_SIZE, false);
        l->widest = fmax(l->widest, l->width[e]);
    }
}

/* ---- Inside a panel ---- */

static bool touches(const sn_rect *box, sn_point a, sn_point b) {
    enum { STEPS = 48 };
    for (int i = 0; i <= STEPS; i++) {
        double x = a.x + (b.x - a.x) * i / STEPS, y = a.y + (b.y - a.y) * i / STEPS;
        if (x > box->x && x < box->x + box->width && y > box->y && y < box->y + box->height) return true;
    }
    return false;
}

static bool hides_series(const sn_panel *p, const sn_plot_series *s, const sn_rect *box) {
    for (int64_t i = 0; i < s->n; i++) {
        sn_point b = sn_panel_point(p, s, i), a = i > 0 && !s->points ? sn_panel_point(p, s, i - 1) : b;
        if (isnan(b.y)) continue;
        if (touches(box, isnan(a.y) ? b : a, b)) return true;
        double error = s->error ? s->error[i] : 0;
        if (!(error > 0)) continue;
        double top = sn_axis_at(&p->y, s->y[i] + error), bottom = 2 * b.y - top;
        if (touches(box, (sn_point){b.x, top}, (sn_point){b.x, bottom})) return true;
    }
    return false;
}

static bool hides(const sn_panel *p, const sn_rect *box) {
    const sn_rect around = {box->x - 3, box->y - 3, box->width + 6, box->height + 6};
    for (int s = 0; s < p->plan->n_series; s++)
        if (hides_series(p, &p->plan->series[s], &around)) return true;
    for (int m = 0; m < p->plan->n_markers; m++) {
        double x = sn_axis_at(&p->x, p->plan->markers[m].x);
        if (x > around.x && x < around.x + around.width) return true;
    }
    return false;
}

bool sn_legend_place_inside(sn_chart *c) {
    /* From right to left and top to bottom, as readers expect it. */
    static const double along[] = {1, 0, 0.5, 0.75, 0.25};
    sn_legend *l = &c->legend;
    double width = l->widest + 2 * PAD, height = l->n * SN_LEGEND_ROW + PAD;
    if (l->n > MAX_INSIDE) return false;
    for (int p = 0; p < c->plan->n_panels; p++) {
        const sn_rect *frame = &c->panel[p].frame;
        double room_x = frame->width - width - 2 * PAD, room_y = frame->height - height - 2 * PAD;
        if (room_x < 0 || room_y < 0) continue;
        for (int v = 0; v <= 8; v++)
            for (int h = 0; h < 5; h++) {
                l->box = (sn_rect){frame->x + PAD + room_x * along[h], frame->y + PAD + room_y * v / 8, width, height};
                if (!hides(&c->panel[p], &l->box)) return l->inside = true;
            }
    }
    return false;
}

/* ---- Below the panels ---- */

/* Entries of the row that starts at `first`, and its width. */
static int row_of(const sn_legend *l, int first, double *width) {
    int n = 0;
    *width = 0;
    while (first + n < l->n) {
        double wider = *width + (n > 0 ? GAP : 0) + l->width[first + n];
        if (n > 0 && wider > l->row) break;
        *width = wider;
        n++;
    }
    return n;
}

static int count_rows(const sn_legend *l) {
    int rows = 0;
    double width;
    for (int e = 0; e < l->n; e += row_of(l, e, &width)) rows++;
    return rows;
}

/* The fewest rows, as even as that allows. */
static void balance_rows(sn_chart *c) {
    sn_legend *l = &c->legend;
    l->row = c->width - 20;
    int rows = count_rows(l);
    for (double shorter = l->row; count_rows(l) == rows && shorter > l->widest; shorter -= 4) l->row = shorter;
    while (count_rows(l) > rows) l->row += 4;
}

double sn_legend_height_below(sn_chart *c) {
    if (c->legend.row == 0) balance_rows(c);
    int rows = count_rows(&c->legend);
    return rows > 0 ? rows * SN_LEGEND_ROW + PAD : 0;
}

/* ---- Drawing ---- */

static void draw_entry(const sn_chart *c, int e, double x, double middle) {
    const sn_legend *l = &c->legend;
    const sn_point sample[2] = {{x, middle}, {x + SN_LEGEND_SAMPLE - 6, middle}};
    if (l->lined[e]) sn_style_line(c->canvas, l->style[e], sample, 2);
    if (l->marked[e]) sn_style_mark(c->canvas, l->style[e], (sn_point){x + (SN_LEGEND_SAMPLE - 6) / 2.0, middle});
    const sn_label label = {.text = l->name[e], .size = SN_TEXT_SIZE, .rgb = 0x202020};
    c->canvas->ops->text(c->canvas, x + SN_LEGEND_SAMPLE, middle + SN_TEXT_SIZE * 0.35, &label);
}

void sn_legend_draw(const sn_chart *c) {
    const sn_legend *l = &c->legend;
    if (l->inside) {
        for (int e = 0; e < l->n; e++)
            draw_entry(c, e, l->box.x + PAD, l->box.y + PAD / 2.0 + (e + 0.5) * SN_LEGEND_ROW);
        return;
    }
    double y = c->height - count_rows(l) * SN_LEGEND_ROW - PAD + SN_LEGEND_ROW / 2.0, width;
    for (int first = 0, n; first < l->n; first += n, y += SN_LEGEND_ROW) {
        n = row_of(l, first, &width);
        double x = (c->width - width) / 2;
        for (int e = first; e < first + n; e++) {
            draw_entry(c, e, x, y);
            x += l->width[e] + GAP;
        }
    }
}
