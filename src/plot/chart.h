/* A chart under way: what the layout decides and the drawing uses. */
#ifndef SN_PLOT_CHART_H
#define SN_PLOT_CHART_H

#include "plot/axis.h"
#include "plot/canvas.h"

enum { SN_PLOT_MAX_ENTRIES = SN_PLOT_MAX_PANELS * SN_PLOT_MAX_SERIES };

typedef struct sn_panel {
    const sn_plot_panel *plan;
    sn_axis x, y;
    sn_rect frame; /* of the curves */
    int style[SN_PLOT_MAX_SERIES];
} sn_panel;

typedef struct sn_legend {
    int n; /* entries */
    const char *name[SN_PLOT_MAX_ENTRIES];
    int style[SN_PLOT_MAX_ENTRIES];
    double width[SN_PLOT_MAX_ENTRIES]; /* of the whole entry */
    bool marked[SN_PLOT_MAX_ENTRIES], lined[SN_PLOT_MAX_ENTRIES];
    double widest;
    double row;  /* longest row below the panels */
    sn_rect box; /* where it is */
    bool inside; /* one column in a panel; else rows below the panels */
} sn_legend;

typedef struct sn_chart {
    const sn_plot *plan;
    sn_canvas *canvas;
    double width, height;
    sn_panel panel[SN_PLOT_MAX_PANELS];
    sn_legend legend;
} sn_chart;

enum { SN_TEXT_SIZE = 9, SN_TITLE_SIZE = 11, SN_LEGEND_ROW = 13, SN_LEGEND_SAMPLE = 26 };

/* Names, styles and widths of the legend's entries. */
void sn_legend_collect(sn_chart *c);
/* Looks for a place inside a panel that no curve, band or marker touches. */
bool sn_legend_place_inside(sn_chart *c);
/* Chooses rows for a legend below the panels. */
double sn_legend_height_below(sn_chart *c);
void sn_legend_draw(const sn_chart *c);

void sn_chart_layout(sn_chart *c);
void sn_chart_draw(const sn_chart *c);
/* Lines and marks in the look of a style. */
void sn_style_line(sn_canvas *canvas, int style, const sn_point *points, int64_t n);
void sn_style_mark(sn_canvas *canvas, int style, sn_point at);
uint32_t sn_style_rgb(int style);
bool sn_series_is_marked(const sn_plot_series *s); /* to mark each point: few, or points without a line */

sn_point sn_panel_point(const sn_panel *p, const sn_plot_series *s, int64_t i); /* NAN outside of the data */

#endif
