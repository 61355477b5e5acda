/* Checks of a chart, the choice of the format by the file's name, and the file. */
#include "plot/chart.h"

#include "base/alloc.h"
#include "base/error.h"

#include <math.h>
#include <string.h>
#include <strings.h>

/* ---- Checks ---- */

static int utf8_tail(unsigned char lead) {
    return lead < 0x80                   ? 0
           : lead >= 0xc2 && lead < 0xe0 ? 1
           : (lead & 0xf0) == 0xe0       ? 2
           : lead >= 0xf0 && lead < 0xf5 ? 3
                                         : -1;
}

static bool is_utf8(const char *text) {
    const unsigned char *s = (const unsigned char *)text;
    while (*s) {
        int tail = utf8_tail(*s);
        bool overlong = (s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xf0 && s[1] < 0x90);
        bool beyond = (s[0] == 0xed && s[1] >= 0xa0) || (s[0] == 0xf4 && s[1] >= 0x90);
        if (tail < 0 || overlong || beyond) return false;
        for (s++; tail > 0; tail--, s++)
            if ((*s & 0xc0) != 0x80) return false;
    }
    return true;
}

static sn_status check_text(const char *what, const char *text) {
    if (!text) return SN_OK;
    if (strlen(text) > 1000) return sn_fail(SN_ERR_LIMIT, "plot: a %s of more than 1000 bytes", what);
    if (!is_utf8(text)) return sn_fail(SN_ERR_ARGUMENT, "plot: a %s is not UTF-8", what);
    return SN_OK;
}

static sn_status check_axis(const sn_plot_axis *a, const char *which) {
    SN_TRY(check_text("axis label", a->label));
    if ((unsigned)a->scale > SN_AXIS_LOG10) return sn_fail(SN_ERR_ARGUMENT, "plot: %s axis: no such scale", which);
    if (!(a->step >= 0) || isinf(a->step)) return sn_fail(SN_ERR_ARGUMENT, "plot: %s axis: step %g", which, a->step);
    if (a->from == a->to) return SN_OK;
    bool logarithmic = a->scale != SN_AXIS_LINEAR;
    if (!isfinite(a->from) || !isfinite(a->to) || a->from > a->to || (logarithmic && a->from <= 0))
        return sn_fail(SN_ERR_ARGUMENT, "plot: %s axis from %g to %g: finite, rising, and above 0 where logarithmic",
                       which, a->from, a->to);
    return SN_OK;
}

static sn_status check_series(const sn_plot_panel *p, const sn_plot_series *s, int64_t *shown) {
    const char *name = s->name ? s->name : "a series";
    SN_TRY(check_text("series name", s->name));
    if (s->n < 0 || (s->n > 0 && (!s->x || !s->y))) return sn_fail(SN_ERR_ARGUMENT, "plot: %s has no x or no y", name);
    for (int64_t i = 0; i < s->n; i++) {
        if (!isfinite(s->x[i]) || !isfinite(s->y[i])) continue;
        if ((p->x.scale != SN_AXIS_LINEAR && s->x[i] <= 0) || (p->y.scale != SN_AXIS_LINEAR && s->y[i] <= 0))
            return sn_fail(SN_ERR_ARGUMENT, "plot: %s: point (%g, %g) on a logarithmic axis: values are above 0", name,
                           s->x[i], s->y[i]);
        if (fabs(s->x[i]) > 1e200 || fabs(s->y[i]) > 1e200)
            return sn_fail(SN_ERR_ARGUMENT, "plot: %s: point (%g, %g) is too large", name, s->x[i], s->y[i]);
        ++*shown;
    }
    return SN_OK;
}

static sn_status check_panel(const sn_plot_panel *p) {
    int64_t shown = 0;
    if (p->n_series < 1 || p->n_series > SN_PLOT_MAX_SERIES || p->n_markers < 0 || p->n_markers > SN_PLOT_MAX_MARKERS)
        return sn_fail(SN_ERR_ARGUMENT, "plot: %d series and %d markers in a panel: 1 to %d and at most %d",
                       p->n_series, p->n_markers, SN_PLOT_MAX_SERIES, SN_PLOT_MAX_MARKERS);
    SN_TRY(check_text("title", p->title));
    SN_TRY(check_axis(&p->x, "x"));
    SN_TRY(check_axis(&p->y, "y"));
    for (int s = 0; s < p->n_series; s++) SN_TRY(check_series(p, &p->series[s], &shown));
    if (shown == 0) return sn_fail(SN_ERR_ARGUMENT, "plot: a panel without a point to show");
    for (int m = 0; m < p->n_markers; m++) {
        SN_TRY(check_text("marker label", p->markers[m].label));
        if (!isfinite(p->markers[m].x) || (p->x.scale != SN_AXIS_LINEAR && p->markers[m].x <= 0))
            return sn_fail(SN_ERR_ARGUMENT, "plot: a marker at %g", p->markers[m].x);
    }
    return SN_OK;
}

static sn_status check_plot(const sn_plot *plot, const sn_chart *c, double dpi) {
    if (plot->n_panels < 1 || plot->n_panels > SN_PLOT_MAX_PANELS)
        return sn_fail(SN_ERR_ARGUMENT, "plot: %d panels: 1 to %d", plot->n_panels, SN_PLOT_MAX_PANELS);
    if (!(c->width >= 150 && c->width <= 5000 && c->height >= 100 && c->height <= 5000))
        return sn_fail(SN_ERR_ARGUMENT, "plot: %g x %g points: 150 x 100 to 5000 x 5000", c->width, c->height);
    if (!(dpi >= 20 && dpi <= 1200)) return sn_fail(SN_ERR_ARGUMENT, "plot: %g dpi: 20 to 1200", dpi);
    if (c->width * dpi / 72 > 30000 || c->height * dpi / 72 > 30000)
        return sn_fail(SN_ERR_LIMIT, "plot: more than 30000 pixels a side: lower the size or the dpi");
    SN_TRY(check_text("title", plot->title));
    for (int p = 0; p < plot->n_panels; p++) SN_TRY(check_panel(&plot->panels[p]));
    return SN_OK;
}

/* ---- Formats ---- */

static sn_status open_svg(sn_writer *w, double width, double height, double dpi, sn_canvas **out) {
    (void)dpi;
    return sn_canvas_svg(w, width, height, out);
}

static sn_status open_pdf(sn_writer *w, double width, double height, double dpi, sn_canvas **out) {
    (void)dpi;
    return sn_canvas_pdf(w, width, height, out);
}

static const struct {
    const char *ending;
    bool cairo;
    sn_status (*open)(sn_writer *w, double width, double height, double dpi, sn_canvas **out);
} formats[] = {{".svg", false, open_svg}, {".png", true, sn_canvas_png}, {".pdf", true, open_pdf}};
enum { N_FORMATS = sizeof formats / sizeof *formats };

static sn_status find_format(const char *path, int *out) {
    const char *dot = strrchr(path, '.');
    for (int f = 0; dot && f < N_FORMATS; f++)
        if (!strcasecmp(dot, formats[f].ending)) {
            *out = f;
            return SN_OK;
        }
    return sn_fail(SN_ERR_UNSUPPORTED, "plot: %s: the name ends in .svg, .png or .pdf", path);
}

sn_status sn_plot_check_path(const char *path) {
    int format = 0;
    SN_TRY(find_format(path, &format));
    if (!formats[format].cairo || sn_canvas_has_cairo()) return SN_OK;
    return sn_fail(SN_ERR_UNSUPPORTED, "plot: %s: this build has no cairo, which it needs: choose .svg", path);
}

static sn_status draw(sn_chart *c, int format, double dpi, sn_writer *writer) {
    SN_TRY(formats[format].open(writer, c->width, c->height, dpi, &c->canvas));
    sn_chart_layout(c);
    sn_chart_draw(c);
    sn_status status = c->canvas->ops->finish(c->canvas);
    c->canvas->ops->free(c->canvas);
    return status;
}

sn_status sn_plot_write(const sn_plot *plot, const char *path) {
    static const double widths[SN_PLOT_MAX_PANELS] = {460, 760, 1000, 1240};
    int format = 0;
    double dpi = plot->dpi > 0 ? plot->dpi : 200;
    SN_TRY(find_format(path, &format));
    sn_chart *c = sn_calloc(1, sizeof *c);
    if (!c) return sn_fail_memory("a chart");
    int last = plot->n_panels >= 1 && plot->n_panels <= SN_PLOT_MAX_PANELS ? plot->n_panels - 1 : 0;
    c->plan = plot;
    c->width = plot->width > 0 ? plot->width : widths[last];
    c->height = plot->height > 0 ? plot->height : 310;
    sn_writer *writer = NULL;
    sn_status status = check_plot(plot, c, dpi);
    for (int p = 0; status == SN_OK && p < plot->n_panels; p++) c->panel[p].plan = &plot->panels[p];
    if (status == SN_OK) status = sn_writer_open(path, &writer);
    if (status == SN_OK) {
        status = draw(c, format, dpi, writer);
        if (status == SN_OK)
            status = sn_writer_commit(writer);
        else
            sn_writer_abandon(writer);
    }
    sn_free(c);
    return status;
}
