/* suan study sparsity: how sparse the arrays of a file are. */
#include "cli.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct settings {
    cli_arguments arguments;
    cli_list tensors;
    const char *json, *csv, *plot;
    bool rows, axioms, attention, quiet;
    double p, q;
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
    {"axioms", 0, CLI_FLAG, AT(axioms), "", 0, 0, NULL,
     "No file: try on random vectors which axioms each measure meets."},
    {"trials", 0, CLI_INT, AT(trials), "N", 1, 10000000, "2000", "Random vectors of --axioms for each axiom."},
    {"attention", 0, CLI_FLAG, AT(attention), "", 0, 0, NULL,
     "No file: how sparse attention can be, by its form (closed forms)."},
    {"json", 0, CLI_TEXT, AT(json), "FILE", 0, 0, NULL,
     "Write all numbers as JSON (\"-\": standard output, in place of the table)."},
    {"csv", 0, CLI_TEXT, AT(csv), "FILE", 0, 0, NULL, "Write all numbers as CSV, one a row."},
    {"plot", 0, CLI_TEXT, AT(plot), "FILE", 0, 0, NULL, "Draw them: FILE.png, FILE.svg or FILE.pdf."},
    {"quiet", 0, CLI_FLAG, AT(quiet), "", 0, 0, NULL, "No progress."},
};

static const cli_example examples[] = {
    {"suan study sparsity weights.safetensors --tensor model.norm.weight", "one tensor"},
    {"suan study sparsity attention.npy --rows --plot rows.png", "of each query's weights"},
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

static void show_progress(void *user, double done, double total) { cli_progress_show(user, done, total); }

static int study_file(const settings *s) {
    sn_sparsity_options o = {.arrays = s->tensors.item, .n_arrays = s->tensors.n, .rows = s->rows};
    sn_sparsity_report *r = NULL;
    cli_progress progress = cli_progress_begin("measuring", "arrays", s->quiet);
    o.p = s->p, o.q = s->q, o.cancel = &cli_cancelled, o.progress = show_progress, o.user = &progress;
    sn_status status = cli_check_outputs(s->json, s->csv, s->plot);
    if (status == SN_OK) status = sn_sparsity_report_new(s->arguments.argument[0], &o, &r);
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

static int print_axioms(const settings *s) {
    char text[16];
    printf("%-9s", "");
    for (int a = 0; a < SN_N_AXIOMS; a++) printf("  %-14s", sn_sparsity_axiom_name((sn_sparsity_axiom)a));
    printf("\n");
    for (const sn_sparsity_measure *m = sn_sparsity_measures(); m->name; m++) {
        sn_axiom_count count[SN_N_AXIOMS];
        sn_status status = sn_sparsity_try_axioms(m, s->trials, 1, count);
        if (status != SN_OK) return cli_failed(status);
        printf("%-9s", m->name);
        for (int a = 0; a < SN_N_AXIOMS; a++) printf("  %-*s", a + 1 < SN_N_AXIOMS ? 14 : 0, verdict(&count[a], text));
        printf("\n");
    }
    printf("\nOn %" PRId64
           " random vectors each; weakly: never the wrong way, but not always strictly; no: the share of\n"
           "vectors that go the wrong way. Gini is tried as 1 - Gini.\n",
           s->trials);
    return CLI_OK;
}

/* ---- Attention ---- */

static int print_attention(void) {
    static const double rows[][2] = {{0, 0.5}, {0, 1}, {0, 2}, {0, 3}, {1, 1}, {-1, 1}, {-2, 1}, {-4, 1}};
    printf("S = E|w| / sqrt(E w^2) of the weights w = f(z), z ~ N(beta, gamma^2)\n\n%6s %6s  %12s %12s %12s\n", "beta",
           "gamma", "softmax", "relu^2", "linear");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        printf("%6g %6g", rows[i][0], rows[i][1]);
        for (int f = SN_CONCENTRATION_EXP; f <= SN_CONCENTRATION_LINEAR; f++)
            printf(" %12.8f", sn_concentration_of((sn_concentration)f, rows[i][0], rows[i][1]));
        putchar('\n');
    }
    printf("\nlinear is never below sqrt(2/pi) = 0.79788456; softmax and relu^2 go to 0.\n");
    printf("Decay lambda^0 .. lambda^(n-1): 0.9, 100: %.8f; 0.99, 1000: %.8f\n", sn_concentration_of_decay(0.9, 100),
           sn_concentration_of_decay(0.99, 1000));
    return CLI_OK;
}

static int run(void *p) {
    const settings *s = p;
    bool no_file = s->axioms || s->attention;
    if (s->axioms && s->attention) {
        cli_say("study sparsity: --axioms or --attention, not both");
        return CLI_USAGE;
    }
    if (s->arguments.n_arguments != !no_file) {
        cli_say(no_file ? "study sparsity: --axioms and --attention take no file"
                        : "study sparsity wants a FILE (see 'suan help study sparsity')");
        return CLI_USAGE;
    }
    if (no_file && (s->json || s->csv || s->plot)) {
        cli_say("study sparsity: --json, --csv and --plot are for a file");
        return CLI_USAGE;
    }
    if (s->q > 0 && !(s->p > s->q)) {
        cli_say("study sparsity: --q wants a --p above it");
        return CLI_USAGE;
    }
    if (s->axioms) return print_axioms(s);
    return s->attention ? print_attention() : study_file(s);
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
