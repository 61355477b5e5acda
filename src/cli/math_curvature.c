/* suan math curvature: the curvature of a metric, exactly. */
#include "cli.h"

#include "suan/curvature.h"

#include <inttypes.h>
#include <string.h>

typedef struct settings {
    cli_arguments arguments;
    const char *coordinates, *parameters, *functions, *metric, *at, *along, *plot;
    int64_t count;
    bool json, latex, c, catalogue;
} settings;

#define AT(field) offsetof(settings, field)

static const cli_option options[] = {
    {"coords", 0, CLI_TEXT, AT(coordinates), "X,...", 0, 0, NULL, "Names of the coordinates, in order, at most 10."},
    {"params", 'p', CLI_TEXT, AT(parameters), "M,...", 0, 0, NULL, "Names of constants in the metric."},
    {"functions", 'f', CLI_TEXT, AT(functions), "A,...", 0, 0, NULL,
     "Names of unknown functions; without it every name applied to coordinates, as in a(t), is one."},
    {"metric", 'm', CLI_TEXT, AT(metric), "G", 0, 0, NULL,
     "The metric: the diagonal, entries separated by \";\"; or all rows separated by \";\", entries by \",\"; or a "
     "name "
     "of the catalogue."},
    {"at", 0, CLI_TEXT, AT(at), "X=V,...", 0, 0, NULL,
     "Evaluate every component at this point: coordinates, parameters, and functions as a(t)=EXPRESSION."},
    {"along", 0, CLI_TEXT, AT(along), "X=A,B", 0, 0, NULL, "With --plot: the line, a name from A to B."},
    {"plot", 0, CLI_TEXT, AT(plot), "FILE", 0, 0, NULL,
     "Draw the Ricci and Kretschmann scalars along a line: FILE.png, FILE.svg or FILE.pdf."},
    {"json", 0, CLI_FLAG, AT(json), NULL, 0, 0, NULL, "Print JSON."},
    {"latex", 0, CLI_FLAG, AT(latex), NULL, 0, 0, NULL, "Print LaTeX."},
    {"c", 'c', CLI_FLAG, AT(c), NULL, 0, 0, NULL, "Print a C function that computes all components."},
    {"count", 0, CLI_INT, AT(count), "N", 1, 10000, NULL, "Only count independent components in N dimensions."},
    {"catalogue", 0, CLI_FLAG, AT(catalogue), NULL, 0, 0, NULL, "List the metrics that have names."},
};

static const cli_example examples[] = {
    {"suan math curvature --coords t,r,theta,phi -p M -m \"-(1-2*M/r); 1/(1-2*M/r); r^2; "
     "r^2*sin(theta)^2\"",
     "a black hole"},
    {"suan math curvature kerr --at t=0,r=5,theta=0.7,phi=0,M=1,a=0.9 --json", "of the catalogue, with values"},
    {"suan math curvature flrw --at \"t=0.8,r=0.6,theta=0.7,phi=0,k=0.5,a(t)=exp(0.3*t)+t^2/5\"",
     "an unknown function, known at last"},
    {"suan math curvature --coords x,y --metric \"1+y^2, x*y; x*y, 1+x^2\" --latex", "a full matrix"},
    {"suan math curvature kerr --plot kerr.png --along r=0.1,3 --at t=0,theta=0.7,phi=0,M=1,a=0.9",
     "drawn along a line"},
    {"suan math curvature --count 4", "how many components there are"},
};

static int print_count(const settings *s) {
    sn_curvature_counts n;
    sn_status status = sn_curvature_count(s->count, &n);
    if (status != SN_OK) return cli_failed(status);
    if (s->json)
        printf("{\"n\":%" PRId64 ",\"all\":%" PRId64 ",\"metric\":%" PRId64 ",\"christoffel\":%" PRId64
               ",\"riemann\":%" PRId64 ",\"ricci\":%" PRId64 ",\"weyl\":%" PRId64 "}\n",
               s->count, n.all, n.metric, n.christoffel, n.riemann, n.ricci, n.weyl);
    else
        printf("dimension    %" PRId64 "\nmetric       %" PRId64 "\nchristoffel  %" PRId64 "\nriemann      %" PRId64
               " of %" PRId64 "\nricci        %" PRId64 "\nweyl         %" PRId64 "\n",
               s->count, n.metric, n.christoffel, n.riemann, n.all, n.ricci, n.weyl);
    return CLI_OK;
}

static int print_catalogue(void) {
    const sn_curvature_entry *e;
    for (int i = 0; (e = sn_curvature_catalogue(i)); i++) printf("%-20s %s\n", e->name, e->summary);
    return CLI_OK;
}

static int print_all(const settings *s, sn_curvature *c) {
    char *text;
    sn_status status = s->json    ? sn_curvature_json(c, &text)
                       : s->latex ? sn_curvature_latex(c, &text)
                       : s->c     ? sn_curvature_c_code(c, &text)
                                  : sn_curvature_report(c, &text);
    if (status != SN_OK) return cli_failed(status);
    fputs(text, stdout);
    sn_text_free(text);
    return CLI_OK;
}

static void show(void *user, int64_t done, int64_t total) { cli_progress_show(user, (double)done, (double)total); }

static int run(void *p) {
    const settings *s = p;
    if (s->json + s->latex + s->c > 1) {
        cli_say("--json, --latex and --c exclude each other");
        return CLI_USAGE;
    }
    if ((s->plot != NULL) != (s->along != NULL)) {
        cli_say("--plot and --along belong together: --plot k.png --along r=2.5,10");
        return CLI_USAGE;
    }
    if (s->count) return print_count(s);
    if (s->catalogue) return print_catalogue();
    const char *name = s->arguments.n_arguments ? s->arguments.argument[0] : NULL;
    if ((name != NULL) == (s->metric != NULL)) {
        cli_say(name ? "the metric is given twice: as an argument and by --metric"
                     : "give --metric, or a name of the catalogue ('suan math curvature --catalogue' lists them)");
        return CLI_USAGE;
    }
    cli_progress progress = cli_progress_begin("curvature", "components", false);
    sn_curvature_options o = {.coordinates = s->coordinates,
                              .parameters = s->parameters,
                              .functions = s->functions,
                              .metric = name ? name : s->metric,
                              .cancel = &cli_cancelled,
                              .progress = show,
                              .progress_user = &progress};
    sn_curvature *c;
    sn_status status = cli_check_outputs(NULL, NULL, s->plot);
    cli_stop_within(1);
    if (status == SN_OK) status = sn_curvature_open(&o, &c);
    cli_progress_end(&progress);
    if (status != SN_OK) return cli_failed(status);
    if (s->plot)
        status = sn_curvature_draw(c, s->at, s->along, s->plot);
    else if (s->at)
        status = sn_curvature_set_point(c, s->at);
    int code = status != SN_OK ? cli_failed(status) : s->plot ? CLI_OK : print_all(s, c);
    sn_curvature_close(c);
    return code;
}

const cli_verb cli_verb_math_curvature = {
    .name = "math curvature",
    .summary = "Christoffel symbols, Riemann, Ricci, Weyl, Einstein tensor of a metric, exactly",
    .arguments = "[NAME]",
    .max_arguments = 1,
    .description =
        "Computes all curvature tensors of a metric in exact arithmetic: what is zero is printed as 0. The metric is "
        "made of rational functions, powers, sqrt, sin, cos, tan, sinh, cosh, tanh, exp, log, asin, acos, atan, and "
        "unknown "
        "functions of coordinates (a(t), a'(t), diff(f(t,r),t,r)).\n\n"
        "Conventions: R^a_bcd = d_c Gamma^a_bd - ..., R_bd = R^a_bad; the unit sphere has positive curvature.",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .examples = examples,
    .n_examples = sizeof examples / sizeof *examples,
    .settings_size = sizeof(settings),
    .run = run,
};
