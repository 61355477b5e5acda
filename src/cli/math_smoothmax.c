/* suan math smoothmax: smooth maxima of numbers, and how far they are from the maximum. */
#include "cli.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct settings {
    cli_arguments arguments;
    const char *family, *plot, *data, *column;
    double k;
    bool json, derivatives, minimum;
} settings;

#define AT(field) offsetof(settings, field)

static const cli_option options[] = {
    {"sharpness", 'k', CLI_REAL, AT(k), "K", 1e-300, 1e300, "1",
     "The larger, the nearer to the maximum; of the power families the power, from 1."},
    {"family", 'f', CLI_TEXT, AT(family), "NAME", 0, 0, NULL,
     "One of lse, logcosh, sqrt, erf, boltzmann, mellow, power, power-mean; without it all."},
    {"derivatives", 'd', CLI_FLAG, AT(derivatives), "", 0, 0, NULL, "Print gradient and Hessian too."},
    {"min", 'm', CLI_FLAG, AT(minimum), "", 0, 0, NULL,
     "The smooth minimum: less the smooth maximum of the negatives."},
    {"data", 0, CLI_TEXT, AT(data), "FILE", 0, 0, NULL, "Numbers of a CSV, a text or an .npy, as many as there are."},
    {"column", 'c', CLI_TEXT, AT(column), "COLUMN", 0, 0, "1", "Name or number of the column of --data."},
    {"json", 0, CLI_FLAG, AT(json), "", 0, 0, NULL, "Print JSON."},
    {"plot", 0, CLI_TEXT, AT(plot), "FILE", 0, 0, NULL,
     "Draw the families and their errors against the bounds: FILE.png, FILE.svg or FILE.pdf."},
};

static const cli_example examples[] = {
    {"suan math smoothmax 1 2", "of two numbers, by every family"},
    {"suan math smoothmax -k 10 -d -f lse -- -3 0.5 0.4", "sharper, with derivatives"},
    {"suan math smoothmax --min -f mellow -k 0.1 --data losses.csv", "a smooth minimum of a column"},
    {"suan math smoothmax", "the bounds of two values, and the worst error met"},
    {"suan math smoothmax -k 5 --plot smoothmax.png", "the families and their errors"},
};

enum { most_values = CLI_MAX_ARGUMENTS }; /* with derivatives */
typedef struct job {
    const settings *s;
    double few[most_values], *x; /* x: few, or those of a file; negated for the minimum */
    int64_t n;
} job;

static int read_arguments(job *j) {
    for (j->x = j->few, j->n = 0; j->n < j->s->arguments.n_arguments; j->n++) {
        const char *text = j->s->arguments.argument[j->n];
        char *end;
        j->x[j->n] = strtod(text, &end);
        if (end != text && !*end && isfinite(j->x[j->n])) continue;
        cli_say("math smoothmax: \"%s\" is no finite number", text);
        return CLI_USAGE;
    }
    return CLI_OK;
}

static sn_status read_column(job *j) {
    sn_columns *c;
    sn_status status = sn_columns_open(j->s->data, &c);
    if (status != SN_OK) return status;
    j->n = sn_columns_n_rows(c);
    j->x = malloc((size_t)j->n * sizeof *j->x);
    status = j->x ? sn_columns_get(c, j->s->column, j->x) : cli_refuse(SN_ERR_MEMORY, "out of memory");
    sn_columns_free(c);
    return status;
}

static int read_values(job *j) {
    if (j->s->data && j->s->arguments.n_arguments) {
        cli_say("math smoothmax: numbers or --data, not both");
        return CLI_USAGE;
    }
    sn_status status = j->s->data ? read_column(j) : SN_OK;
    int result = status != SN_OK ? cli_failed(status) : j->s->data ? CLI_OK : read_arguments(j);
    if (result == CLI_OK && j->s->derivatives && (j->n == 0 || j->n > most_values)) {
        cli_say("math smoothmax: --derivatives are of 1 to %d numbers%s", most_values, j->n ? "" : ": give some");
        result = CLI_USAGE;
    }
    for (int64_t i = 0; i < j->n && j->s->minimum && result == CLI_OK; i++) j->x[i] = -j->x[i];
    return result;
}

static bool is_wanted(const settings *s, int f) {
    return !s->family || !strcmp(s->family, sn_smoothmax_name((sn_smoothmax_family)f));
}

/* Without a family given, those that do not fit the numbers are left out. */
static bool is_left_out(const job *j, int f) {
    if (j->s->family || (f != SN_SMOOTHMAX_POWER && f != SN_SMOOTHMAX_POWER_MEAN)) return false;
    bool out = j->s->k < 1;
    for (int64_t i = 0; i < j->n && !out; i++) out = j->x[i] < 0;
    return out;
}

static int check_family(const settings *s) {
    const char *names[SN_N_SMOOTHMAX];
    for (int f = 0; f < SN_N_SMOOTHMAX; f++) {
        names[f] = sn_smoothmax_name((sn_smoothmax_family)f);
        if (is_wanted(s, f)) return CLI_OK;
    }
    const char *near = sn_nearest(s->family, names, SN_N_SMOOTHMAX);
    cli_say("math smoothmax: there is no family \"%s\"%s%s%s: see 'suan help math smoothmax'", s->family,
            near ? ": did you mean \"" : "", near ? near : "", near ? "\"?" : "");
    return CLI_USAGE;
}

/* ---- Of given numbers ---- */

static void print_number(double x, bool json) {
    if (json && !isfinite(x))
        printf("null");
    else
        printf("%.17g", x);
}

static void print_list(const double *x, int n, bool json) {
    for (int i = 0; i < n; i++) {
        printf(json ? i ? "," : "[" : i ? "  " : "  ");
        print_number(x[i], json);
    }
    printf(json ? "]" : "\n");
}

static void print_derivatives(const double *gradient, const double *hessian, int n, bool json) {
    printf(json ? ",\"gradient\":" : "  gradient");
    print_list(gradient, n, json);
    printf(json ? ",\"hessian\":" : "  Hessian\n");
    for (int i = 0; i < n; i++) {
        printf(json ? i ? "," : "[" : "          ");
        print_list(hessian + i * n, n, json);
    }
    if (json) printf("]");
}

static sn_status print_value(const job *j, int f, bool first) {
    static double gradient[most_values], hessian[most_values * most_values];
    sn_smoothmax_family family = (sn_smoothmax_family)f;
    sn_smoothmax_bound bound;
    double value, most = j->x[0];
    bool json = j->s->json, more = j->s->derivatives;
    for (int64_t i = 1; i < j->n; i++) most = fmax(most, j->x[i]);
    sn_status status = sn_smoothmax(family, j->s->k, j->x, j->n, &value, more ? gradient : NULL, more ? hessian : NULL);
    if (status == SN_OK) status = sn_smoothmax_bounds(family, j->s->k, j->n, &bound);
    if (status != SN_OK) return status;
    if (bound.relative) bound.low = (bound.low - 1) * most, bound.high = (bound.high - 1) * most;
    if (j->s->minimum) {
        double low = bound.low;
        bound.low = 0 - bound.high, bound.high = 0 - low, value = 0 - value, most = 0 - most;
        for (int64_t i = 0; i < j->n * j->n && more; i++) hessian[i] = 0 - hessian[i];
    }
    if (json) {
        printf("%s{\"family\":\"%s\",\"value\":", first ? "[" : ",\n ", sn_smoothmax_name(family));
        print_number(value, true);
        printf(",\"error\":");
        print_number(value - most, true);
        printf(",\"low\":");
        print_number(bound.low, true);
        printf(",\"high\":");
        print_number(bound.high, true);
    } else {
        if (first)
            printf("%-10s  %22s  %13s  %13s  %13s\n", "family", j->s->minimum ? "smooth minimum" : "smooth maximum",
                   "error", "at least", "at most");
        printf("%-10s  %22.16g  %13.6e  %13.6e  %13.6e\n", sn_smoothmax_name(family), value, value - most, bound.low,
               bound.high);
    }
    if (more) print_derivatives(gradient, hessian, (int)j->n, json);
    if (json) printf("}");
    return SN_OK;
}

static sn_status print_values(const job *j) {
    bool first = true;
    for (int f = 0; f < SN_N_SMOOTHMAX; f++) {
        if (!is_wanted(j->s, f) || is_left_out(j, f)) continue;
        sn_status status = print_value(j, f, first);
        if (status != SN_OK) return status;
        first = false;
    }
    if (j->s->json) printf("]\n");
    return SN_OK;
}

/* ---- Bounds ---- */

static sn_status print_bounds(const job *j) {
    bool first = true;
    if (!j->s->json)
        printf("%-10s  %-35s  %12s %12s  %12s %12s\n", "family", "of x and y", "least error", "bound", "most error",
               "bound");
    for (int f = 0; f < SN_N_SMOOTHMAX; f++) {
        sn_smoothmax_family family = (sn_smoothmax_family)f;
        sn_smoothmax_bound bound, found;
        if (!is_wanted(j->s, f) || is_left_out(j, f)) continue;
        sn_status status = sn_smoothmax_bounds(family, j->s->k, 2, &bound);
        if (status == SN_OK) status = sn_smoothmax_measure(family, j->s->k, &found);
        if (status != SN_OK) return status;
        if (j->s->json)
            printf("%s{\"family\":\"%s\",\"relative\":%s,\"least\":%.17g,\"low\":%.17g,\"most\":%.17g,\"high\":%.17g}",
                   first ? "[" : ",\n ", sn_smoothmax_name(family), bound.relative ? "true" : "false", found.low,
                   bound.low, found.high, bound.high);
        else
            printf("%-10s  %-35s  %12.7g %12.7g  %12.7g %12.7g%s\n", sn_smoothmax_name(family),
                   sn_smoothmax_formula(family), found.low, bound.low, found.high, bound.high,
                   bound.relative ? "  (factors)" : "");
        first = false;
    }
    if (j->s->json) printf("]\n");
    return SN_OK;
}

static int run(void *p) {
    job j = {.s = p};
    int result = check_family(j.s);
    if (result == CLI_OK) result = read_values(&j);
    if (result == CLI_OK) {
        sn_status status = cli_check_outputs(NULL, NULL, j.s->plot);
        if (status == SN_OK) status = j.n ? print_values(&j) : print_bounds(&j);
        if (status == SN_OK && j.s->plot) status = sn_smoothmax_write_plot(j.s->k, j.s->plot);
        result = status == SN_OK ? CLI_OK : cli_failed(status);
    }
    if (j.x != j.few) free(j.x);
    return result;
}

const cli_verb cli_verb_math_smoothmax = {
    .name = "math smoothmax",
    .summary = "smooth maxima, their derivatives and error bounds",
    .arguments = "[X ...]",
    .min_arguments = 0,
    .max_arguments = most_values,
    .description =
        "Prints smooth maxima of the numbers by each family, the error against the maximum, and the bounds the error "
        "keeps to. Without numbers: the bounds for two values, beside the least and the largest error met on a fine "
        "grid. The power families are for numbers of 0 or more; their bounds are factors. docs/smoothmax.md has the "
        "formulas.",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .examples = examples,
    .n_examples = sizeof examples / sizeof *examples,
    .settings_size = sizeof(settings),
    .run = run,
};
