/* suan study sparsity: how sparse the arrays of a file are. */
#include "cli.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct settings {
    cli_arguments arguments;
    cli_list tensors;
    const char *json, *csv, *plot, *values;
    bool rows, axioms, attention, quiet;
    double p, q, beta, gamma;
    int64_t trials;
} settings;

#define AT(field) offsetof(settings, field)

static const cli_option options[] = {
    {"tensor", 't', CLI_LIST, AT(tensors), "NAME", 0, 0, NULL,
     "Measure this array only; may be repeated. Without it, all arrays of the file."},
    {"rows", 'r', CLI_FLAG, AT(rows), "", 0, 0, NULL,
     "Measure each row of the last dimension by itself, and print the mean and the range over them."},
    {"p", 'p', CLI_REAL, AT(p), "P", 1e-3, 1e6, NULL, "Measure S*_q,p too, with this p ..."},
    {"q", 'q', CLI_REAL, AT(q), "Q", 1e-3, 1e6, NULL, "... and this q below p (without it 1)."},
    {"values", 0, CLI_TEXT, AT(values), "X,X,...", 0, 0, NULL, "No file: measure these numbers."},
    {"axioms", 0, CLI_FLAG, AT(axioms), "", 0, 0, NULL,
     "No file: try on random vectors which axioms each measure meets."},
    {"trials", 0, CLI_INT, AT(trials), "N", 1, 10000000, "2000", "Random vectors of --axioms for each axiom."},
    {"attention", 0, CLI_FLAG, AT(attention), "", 0, 0, NULL,
     "No file: how sparse attention can be, by its form (closed forms; in the JSON samples beside them)."},
    {"beta", 0, CLI_REAL, AT(beta), "B", 0, 0, "0", "With --attention and --gamma: the mean of the logits ..."},
    {"gamma", 0, CLI_REAL, AT(gamma), "G", 1e-6, 30, NULL,
     "... and their standard deviation, in place of the table's."},
    {"json", 0, CLI_TEXT, AT(json), "FILE", 0, 0, NULL,
     "Write all numbers as JSON (\"-\": standard output, in place of the table)."},
    {"csv", 0, CLI_TEXT, AT(csv), "FILE", 0, 0, NULL, "Write all numbers as CSV, one a row."},
    {"plot", 0, CLI_TEXT, AT(plot), "FILE", 0, 0, NULL, "Draw them: FILE.png, FILE.svg or FILE.pdf."},
    {"quiet", 0, CLI_FLAG, AT(quiet), "", 0, 0, NULL, "No progress."},
};

static const cli_example examples[] = {
    {"suan study sparsity weights.safetensors --tensor model.norm.weight", "one tensor"},
    {"suan study sparsity attention.npy --rows --plot rows.png", "of each query's weights"},
    {"suan study sparsity --values 1,2,3,4 --p 3", "of four numbers, with a measure of another order"},
    {"suan study sparsity --axioms", "what each measure promises, and whether it keeps it"},
};

/* ---- The arrays of a file ---- */

static void print_value(double x, const char *format) {
    if (isnan(x))
        printf("%9s", "-");
    else
        printf(format, x);
}

static void print_table(const sn_sparsity_report *r) {
    int width = 5;
    for (int64_t i = 0; i < r->n; i++)
        if ((int)strlen(r->items[i].name) > width) width = (int)strlen(r->items[i].name);
    if (width > 48) width = 48;
    printf("%-*s %12s %10s", width, "array", "values", "zeros");
    for (int m = 0; m < r->n_measures; m++) printf(" %9s", r->measures[m].name);
    putchar('\n');
    for (int64_t i = 0; i < r->n; i++) {
        const sn_sparsity_item *item = &r->items[i];
        printf("%-*s %12" PRId64 " %10" PRId64, width, item->name, item->count, item->zeros);
        for (int m = 0; m < r->n_measures; m++) print_value(item->value[m], " %9.6f");
        putchar('\n');
        if (!r->rows || item->rows == item->zero_rows) continue;
        for (int end = 0; end < 2; end++) {
            printf("%-*s %12s %10s", width, end ? "  most" : "  least", "", "");
            for (int m = 0; m < r->n_measures; m++) print_value(end ? item->most[m] : item->least[m], " %9.6f");
            putchar('\n');
        }
    }
    printf("\nSmaller means sparser, but for Gini%s.\n", r->rows ? "; means over rows" : "");
}

static void print_left_out(const sn_sparsity_report *r) {
    for (int64_t i = 0; i < r->n_left_out && i < 5; i++)
        printf("left out: %s: %s\n", r->left_out[i].name, r->left_out[i].why);
    if (r->n_left_out > 5) printf("left out: %" PRId64 " more\n", r->n_left_out - 5);
}

static sn_status write_files(const settings *s, const sn_sparsity_report *r) {
    sn_status status = SN_OK;
    if (cli_json_on_screen(s->json)) {
        char *text = NULL;
        status = sn_sparsity_report_json(r, &text);
        if (status == SN_OK) fputs(text, stdout);
        sn_text_free(text);
    } else {
        print_table(r);
        print_left_out(r);
        if (s->json) status = sn_sparsity_report_write_json(r, s->json);
    }
    if (status == SN_OK && s->csv) status = sn_sparsity_report_write_csv(r, s->csv);
    if (status == SN_OK && s->plot) status = sn_sparsity_report_write_plot(r, s->plot);
    return status;
}

static sn_status read_numbers(const char *text, double *x, int most, int *n) {
    const char *at = text;
    for (*n = 0; *n < most; at++) {
        char *end;
        x[*n] = strtod(at, &end);
        if (end == at || (*end && *end != ',')) break;
        ++*n;
        at = end;
        if (!*end) return SN_OK;
    }
    return cli_refuse(SN_ERR_ARGUMENT,
                      *n == most ? "--values takes at most %d numbers: put more into a file"
                                 : "--values wants numbers with commas between them; number %d is none",
                      *n == most ? most : *n + 1);
}

static sn_status new_report(const settings *s, const sn_sparsity_options *o, sn_sparsity_report **out) {
    static double x[4096];
    int n = 0;
    if (!s->values) return sn_sparsity_report_new(s->arguments.argument[0], o, out);
    sn_status status = read_numbers(s->values, x, 4096, &n);
    return status == SN_OK ? sn_sparsity_report_values(x, n, o, out) : status;
}

static void show_progress(void *user, double done, double total) { cli_progress_show(user, done, total); }

static int study_file(const settings *s) {
    sn_sparsity_options o = {.arrays = s->tensors.item, .n_arrays = s->tensors.n, .rows = s->rows};
    sn_sparsity_report *r = NULL;
    cli_progress progress = cli_progress_begin("measuring", "arrays", s->quiet);
    o.p = s->p, o.q = s->q, o.cancel = &cli_cancelled, o.progress = show_progress, o.user = &progress;
    sn_status status = cli_check_outputs(s->json, s->csv, s->plot);
    if (status == SN_OK) status = new_report(s, &o, &r);
    cli_progress_end(&progress);
    if (status == SN_OK) status = write_files(s, r);
    sn_sparsity_report_free(r);
    return status == SN_OK ? CLI_OK : cli_failed(status);
}

/* ---- Axioms ---- */

static const char *verdict(const sn_axiom_count *c, char text[static 16]) {
    if (c->wrong)
        snprintf(text, 16, "no (%.0f%%)", fmax(1, 100.0 * (double)c->wrong / (double)c->trials));
    else
        snprintf(text, 16, "%s", c->equal ? "weakly" : "yes");
    return text;
}

static sn_status print_axioms(const settings *s) {
    char text[16];
    printf("%-9s", "");
    for (int a = 0; a < SN_N_AXIOMS; a++) printf("  %-14s", sn_sparsity_axiom_name((sn_sparsity_axiom)a));
    printf("\n");
    for (const sn_sparsity_measure *m = sn_sparsity_measures(); m->name; m++) {
        sn_axiom_count count[SN_N_AXIOMS];
        sn_status status = sn_sparsity_try_axioms(m, s->trials, 1, count);
        if (status != SN_OK) return status;
        printf("%-9s", m->name);
        for (int a = 0; a < SN_N_AXIOMS; a++) printf("  %-*s", a + 1 < SN_N_AXIOMS ? 14 : 0, verdict(&count[a], text));
        printf("\n");
    }
    printf("\nOn %" PRId64
           " random vectors each; weakly: never the wrong way, but not always strictly; no: the share of\n"
           "vectors that go the wrong way. Gini is tried as 1 - Gini.\n",
           s->trials);
    return SN_OK;
}

/* ---- Attention ---- */

static const double decays[][2] = {{0.9, 10}, {0.9, 100}, {0.99, 1000}};
enum { n_decays = 3 };

static void print_attention(const double (*points)[2], int n) {
    printf("S = E|w| / sqrt(E w^2) of the weights w = f(z), z ~ N(beta, gamma^2)\n\n%6s %6s  %12s %12s %12s\n", "beta",
           "gamma", "softmax", "relu^2", "linear");
    for (int i = 0; i < n; i++) {
        printf("%6g %6g", points[i][0], points[i][1]);
        for (int f = SN_CONCENTRATION_EXP; f <= SN_CONCENTRATION_LINEAR; f++)
            printf(" %12.8f", sn_concentration_of((sn_concentration)f, points[i][0], points[i][1]));
        putchar('\n');
    }
    printf("\nlinear is never below sqrt(2/pi) = 0.79788456; softmax and relu^2 go to 0.\n"
           "Weights 1, lambda, ..., lambda^(n-1):");
    for (int i = 0; i < n_decays; i++)
        printf(" %s%g, %g: %.8f", i ? "; " : "", decays[i][0], decays[i][1],
               sn_concentration_of_decay(decays[i][0], (int64_t)decays[i][1]));
    putchar('\n');
}

static sn_status study_claims(const settings *s) {
    static const double usual[][2] = {{0, 0.5}, {0, 1}, {0, 2}, {0, 3}, {1, 1}, {-1, 1}, {-2, 1}, {-4, 1}, {0.5, 2}};
    const double point[][2] = {{s->beta, s->gamma}};
    const double(*points)[2] = s->gamma > 0 ? point : usual;
    int n = s->gamma > 0 ? 1 : sizeof usual / sizeof *usual;
    char *text = NULL;
    sn_status status = cli_check_outputs(s->json, NULL, NULL);
    if (status == SN_OK && !cli_json_on_screen(s->json)) {
        if (s->axioms) status = print_axioms(s);
        if (s->attention) print_attention(points, n);
    }
    if (status != SN_OK || !s->json) return status;
    status = s->axioms ? sn_sparsity_axioms_json(s->trials, 1, &text)
                       : sn_concentration_json(points, n, decays, n_decays, &text);
    return status == SN_OK ? cli_put_json(s->json, text) : status;
}

/* What does not go together. */
static const char *misuse(const settings *s) {
    int n = s->axioms + s->attention + (s->values != NULL);
    if (n > 1) return "one of --axioms, --attention and --values";
    if (s->arguments.n_arguments != !n)
        return n ? "--axioms, --attention and --values take no file" : "wants a FILE (see 'suan help study sparsity')";
    if ((s->axioms || s->attention) && (s->csv || s->plot)) return "--csv and --plot are for a file or --values";
    if ((s->gamma > 0 || s->beta != 0) && !(s->attention && s->gamma > 0))
        return "--beta and --gamma are for --attention, and --beta wants a --gamma";
    if (s->q > 0 && !(s->p > s->q)) return "--q wants a --p above it";
    return NULL;
}

static int run(void *p) {
    const settings *s = p;
    const char *wrong = misuse(s);
    if (wrong) {
        cli_say("study sparsity: %s", wrong);
        return CLI_USAGE;
    }
    if (!s->axioms && !s->attention) return study_file(s);
    sn_status status = study_claims(s);
    return status == SN_OK ? CLI_OK : cli_failed(status);
}

const cli_verb cli_verb_study_sparsity = {
    .name = "study sparsity",
    .summary = "how sparse the arrays of a file are",
    .arguments = "FILE",
    .min_arguments = 0,
    .max_arguments = 1,
    .description =
        "Reads the arrays of a .npy, .npz, safetensors or GGUF file and prints for each how sparse its values are, by "
        "several measures of |x|: S_0 = mean / max, S_1,2, S*_q,p (norm q over norm p, scaled to at most 1), what the "
        "entropy leaves, the Gini index. docs/sparsity.md defines them.\n\n"
        "Arrays with NaN or infinite values are refused with the place of the first. An array of zeros has no "
        "sparsity: its row shows dashes (null in JSON).",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .examples = examples,
    .n_examples = sizeof examples / sizeof *examples,
    .settings_size = sizeof(settings),
    .run = run,
};
