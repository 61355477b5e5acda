/* suan math extremal: stationary paths of functionals. */
#include "cli.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

typedef struct settings {
    cli_arguments arguments;
    const char *lagrangian, *constraint, *variable, *functions, *from, *to, *index, *interfaces, *metric, *coords;
    const char *json, *csv, *plot;
    cli_list params;
    int64_t points;
    bool table;
} settings;

#define AT(field) offsetof(settings, field)

static const cli_option options[] = {
    {"from", 0, CLI_TEXT, AT(from), "X,Y", 0, 0, NULL, "Where the path begins: the variable and the functions there."},
    {"to", 0, CLI_TEXT, AT(to), "X,Y", 0, 0, NULL, "Where it ends. Numbers may be expressions, as pi/2."},
    {"params", 0, CLI_LIST, AT(params), "NAME=N", 0, 0, NULL, "Parameters of the problem, separated by commas."},
    {"lagrangian", 'l', CLI_TEXT, AT(lagrangian), "L", 0, 0, NULL,
     "A functional of your own: the integral of L(x, y, y') dx."},
    {"variable", 0, CLI_TEXT, AT(variable), "NAME", 0, 0, NULL, "Of --lagrangian, x without it."},
    {"functions", 0, CLI_TEXT, AT(functions), "NAMES", 0, 0, NULL,
     "Of --lagrangian, y without it; up to four, as y,z."},
    {"constraint", 0, CLI_TEXT, AT(constraint), "G=N", 0, 0, NULL,
     "With --lagrangian: the integral of G(x, y, y') must be N."},
    {"index", 0, CLI_TEXT, AT(index), "N", 0, 0, NULL,
     "Index of refraction: of fermat n(x, y), of layers one for each."},
    {"interfaces", 0, CLI_TEXT, AT(interfaces), "Y", 0, 0, NULL, "Heights where the layers meet."},
    {"metric", 0, CLI_TEXT, AT(metric), "G", 0, 0, NULL,
     "Of geodesic: sphere, half-plane, disc, torus, paraboloid, or a name that math curvature knows; or the diagonal, "
     "separated by \";\", or the whole matrix, entries separated by \",\"."},
    {"coords", 0, CLI_TEXT, AT(coords), "NAMES", 0, 0, NULL, "Coordinates of a --metric of your own."},
    {"points", 'n', CLI_INT, AT(points), "N", 2, 100000, "33", "Rows of the tables."},
    {"table", 0, CLI_FLAG, AT(table), "", 0, 0, NULL, "Print the paths too."},
    {"json", 0, CLI_TEXT, AT(json), "FILE", 0, 0, NULL, "Write everything as JSON; \"-\": to the screen."},
    {"csv", 0, CLI_TEXT, AT(csv), "FILE", 0, 0, NULL, "Write the paths as CSV."},
    {"plot", 0, CLI_TEXT, AT(plot), "FILE", 0, 0, NULL,
     "Draw the path as it converges: FILE.png, FILE.svg or FILE.pdf."},
};

static const cli_example examples[] = {
    {"suan math extremal brachistochrone --to 1,1 --params g=1", "the slide of least time: 1.82568"},
    {"suan math extremal catenary --params length=2 --plot chain.png", "the chain that hangs, and the arch"},
    {"suan math extremal soap-film --from -0.5,1 --to 0.5,1", "two films: one stable, one not"},
    {"suan math extremal geodesic --metric half-plane --from 0,1 --to 3,2", "1.92485"},
    {"suan math extremal layers --from 0,1 --to 1,-1 --index 1,1.5 --interfaces 0", "refraction"},
    {"suan math extremal --lagrangian \"y'^2/2 - cos(y)\" --from 0,0 --to 3,1 --table", "a functional of your own"},
};

/* ---- Text ---- */

static void print_path(const sn_extremal *e, const sn_extremal_path *p, int number) {
    if (e->n_paths > 1) printf("extremal %d of %d\n", number, e->n_paths);
    printf("%-14s %.12g\n", e->value_name, p->value);
    if (!isnan(p->known)) printf("closed form    %.12g (off by %.1e)\n", p->known, fabs(p->value - p->known));
    printf("kind           %s", sn_extremal_kind_name(p->kind));
    if (p->kind == SN_EXTREMAL_SADDLE)
        printf(": the second variation has the other sign in %" PRId64 " direction%s", p->index,
               p->index > 1 ? "s" : "");
    printf("\n");
    if (!isnan(p->multiplier)) printf("multiplier     %.12g\n", p->multiplier);
    if (p->kind == SN_EXTREMAL_ONLY) return;
    printf("eigenvalue     %.6g\n", p->eigenvalue);
    for (int i = 0; i < p->n_conjugate; i++) printf("%s%.10g", i ? ", " : "conjugate at   ", p->conjugate[i]);
    if (p->n_conjugate) printf("\n");
    printf("residual       %.1e (Euler-Lagrange, relative)\n", p->residual);
    printf("last change    %.1e (of the path, with %" PRId64 " unknowns)\n", p->change, p->unknowns);
}

static void print_table(const sn_extremal *e, const sn_extremal_path *p) {
    for (int k = 0; k < e->n_columns; k++) printf("%s%18s", k ? " " : "", e->column[k]);
    printf("\n");
    for (int i = 0; i < e->points; i++)
        for (int k = 0; k < e->n_columns; k++)
            printf("%s%18.12g%s", k ? " " : "", p->table[i * e->n_columns + k], k + 1 < e->n_columns ? "" : "\n");
}

static void print_all(const sn_extremal *e, bool table) {
    if (e->n_paths == 0) printf("no extremal\n");
    for (int i = 0; i < e->n_paths; i++) {
        print_path(e, &e->path[i], i + 1);
        if (table) print_table(e, &e->path[i]);
        if (i + 1 < e->n_paths) printf("\n");
    }
    if (e->note[0]) printf("%s%s\n", e->n_paths > 1 ? "\n" : "", e->note);
}

/* ---- Running ---- */

static void show_progress(void *user, int64_t done, int64_t total) {
    cli_progress_show(user, (double)done, (double)total);
}

static sn_status write_outputs(const settings *s, const sn_extremal *e) {
    sn_status status = SN_OK;
    char *text;
    if (s->json && (status = sn_extremal_json(e, &text)) == SN_OK) status = cli_put_json(s->json, text);
    if (status == SN_OK && s->csv) status = sn_extremal_write_csv(e, s->csv);
    if (status == SN_OK && s->plot) status = sn_extremal_write_plot(e, s->plot);
    if (status == SN_OK && !cli_json_on_screen(s->json)) print_all(e, s->table);
    return status;
}

static int run(void *p) {
    const settings *s = p;
    if (s->arguments.n_arguments + (s->lagrangian != NULL) != 1) {
        cli_say("math extremal: give the name of one problem, or --lagrangian (see 'suan help math extremal')");
        return CLI_USAGE;
    }
    char *params = cli_list_join(&s->params);
    cli_progress progress = cli_progress_begin("searching", "starts", false);
    const sn_extremal_problem problem = {.name = s->lagrangian ? NULL : s->arguments.argument[0],
                                         .lagrangian = s->lagrangian,
                                         .constraint = s->constraint,
                                         .variable = s->variable,
                                         .functions = s->functions,
                                         .params = params,
                                         .from = s->from,
                                         .to = s->to,
                                         .index = s->index,
                                         .interfaces = s->interfaces,
                                         .metric = s->metric,
                                         .coords = s->coords,
                                         .points = (int)s->points,
                                         .cancel = &cli_cancelled,
                                         .progress = show_progress,
                                         .progress_user = &progress};
    sn_extremal e = {0};
    sn_status status = cli_check_outputs(s->json, s->csv, s->plot);
    if (status == SN_OK) status = sn_extremal_solve(&problem, &e);
    cli_progress_end(&progress);
    if (status == SN_OK) status = write_outputs(s, &e);
    sn_extremal_free(&e);
    free(params);
    return status == SN_OK ? CLI_OK : cli_failed(status);
}

const cli_verb cli_verb_math_extremal = {
    .name = "math extremal",
    .summary = "curves of least time, length, area, action",
    .arguments = "PROBLEM | --lagrangian L",
    .min_arguments = 0,
    .max_arguments = 1,
    .description =
        "Finds the paths between two ends along which an integral is stationary, by Newton's method on piecewise "
        "polynomials, from straight and bent lines and from paths shot from an end; refines each until it stands "
        "still; "
        "says of each whether it is a minimum, a maximum or neither, and where it has conjugate points.\n\n"
        "Problems: brachistochrone, catenary (length), soap-film, isoperimetric (length, width), oscillator (omega), "
        "fermat (--index), layers (--index, --interfaces), geodesic (--metric, --coords).\n\n"
        "A functional of your own is an expression in the variable, the functions, their derivatives y', and "
        "parameters: + - * / ^, sqrt exp log sin cos tan sinh cosh tanh asin acos atan, pi. Where a function's value "
        "at an end is \"free\", the end may slide.",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .examples = examples,
    .n_examples = sizeof examples / sizeof *examples,
    .settings_size = sizeof(settings),
    .run = run,
};
