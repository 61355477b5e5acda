/* suan fit scaling: laws of loss over size. */
#include "cli.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct settings {
    cli_arguments arguments;
    const char *n, *d, *c, *loss, *form, *json, *csv, *plot;
    double delta, level, flops;
    int64_t bootstrap, drop, seed, threads;
    cli_list compute;
    bool quiet;
} settings;

#define AT(field) offsetof(settings, field)

static const cli_option options[] = {
    {"n", 'n', CLI_TEXT, AT(n), "COLUMN", 0, 0, NULL,
     "The size N (parameters, say): name or number of a column; without it one named n, params, parameters or size, "
     "or with such a word in its name, else the first."},
    {"d", 'd', CLI_TEXT, AT(d), "COLUMN", 0, 0, NULL,
     "The size D (tokens, say); without it a column named d, tokens or data, or with such a word, if there is one."},
    {"c", 'c', CLI_TEXT, AT(c), "COLUMN", 0, 0, NULL,
     "Compute in place of D: D = C / (flops N); without it and D a column named c, compute or flops."},
    {"loss", 'l', CLI_TEXT, AT(loss), "COLUMN", 0, 0, NULL,
     "The loss; without it a column named loss, else the last one."},
    {"form", 'f', CLI_TEXT, AT(form), "FORM", 0, 0, NULL,
     "power, offset or chinchilla; without it chinchilla where there is a D, else power and offset."},
    {"compute", 0, CLI_LIST, AT(compute), "C,...", 0, 0, NULL,
     "Say the best N and D for so much compute (chinchilla only)."},
    {"flops", 0, CLI_REAL, AT(flops), "X", 1e-300, 1e300, "6", "Operations per N and D: C = X N D."},
    {"drop-highest", 0, CLI_INT, AT(drop), "K", 0, 1000000, "0", "Leave out the K points of the highest loss."},
    {"delta", 0, CLI_REAL, AT(delta), "X", 1e-12, 1e12, "1e-3", "Where Huber's loss turns linear, in ln loss."},
    {"bootstrap", 'b', CLI_INT, AT(bootstrap), "N", 0, 1000000, "200", "Resamples for the intervals; 0: none."},
    {"level", 0, CLI_REAL, AT(level), "X", 0.01, 0.999, "0.95", "Of the intervals."},
    {"seed", 0, CLI_INT, AT(seed), "N", 0, 4294967295.0, "1", "Of the resamples."},
    {"threads", 't', CLI_INT, AT(threads), "N", 0, 4096, "0", "Threads; 0: one per core. The result is the same."},
    {"json", 0, CLI_TEXT, AT(json), "FILE", 0, 0, NULL, "Write everything as JSON (\"-\": standard output)."},
    {"csv", 0, CLI_TEXT, AT(csv), "FILE", 0, 0, NULL, "Write the points with what each law says."},
    {"plot", 0, CLI_TEXT, AT(plot), "FILE", 0, 0, NULL, "Draw points and law: FILE.png, FILE.svg or FILE.pdf."},
    {"quiet", 'q', CLI_FLAG, AT(quiet), NULL, 0, 0, NULL, "No progress."},
};

static const cli_example examples[] = {
    {"suan fit scaling runs.csv", "columns params, tokens, loss"},
    {"suan fit scaling widths.csv --n width --loss loss --plot law.svg", "one size: with and without an offset"},
    {"suan fit scaling runs.csv -n 'Model Size' -c 'Training FLOP' --drop-highest 5 --compute 5.76e23",
     "compute in place of tokens; the best split of a budget"},
};

enum { MOST_BUDGETS = 64, MOST_FITS = 2 };

/* Which columns hold N, D (NULL: none) and the loss, where they are not named. */
typedef struct choice {
    const char *n, *d, *loss;
    bool is_compute; /* of D */
    char last[16];
} choice;

typedef struct job {
    const settings *s;
    double *memory;
    sn_scaling_data data;
    sn_scaling_fit fits[MOST_FITS];
    int n_fits, n_budgets;
    choice by;
    double budget[MOST_BUDGETS];
    sn_allocation best[MOST_BUDGETS];
} job;

/* ---- Columns ---- */

/* The first of the words that is a column, else the first column whose name has one of them in it (words of a letter
 * must be names); never column `taken` (-1: none is). */
static const char *guess(const sn_columns *c, const char *const *words, int taken, const char *fallback) {
    for (const char *const *word = words; *word; word++) {
        int k = sn_columns_find(c, *word);
        if (k >= 0 && k != taken) return *word;
    }
    for (int k = 0; k < sn_columns_count(c); k++)
        for (const char *const *word = words; sn_columns_name(c, k) && *word; word++)
            if (k != taken && (*word)[1] && strcasestr(sn_columns_name(c, k), *word)) return sn_columns_name(c, k);
    return fallback;
}

static void choose(const settings *s, const sn_columns *c, choice *out) {
    static const char *const sizes[] = {"n", "N", "params", "parameters", "size", "param", NULL};
    static const char *const data[] = {"d", "D", "tokens", "data", "token", NULL};
    static const char *const computes[] = {"c", "C", "compute", "flops", "flop", NULL};
    static const char *const losses[] = {"loss", NULL};
    snprintf(out->last, sizeof out->last, "%d", sn_columns_count(c));
    out->n = s->n ? s->n : guess(c, sizes, -1, "1");
    out->loss = s->loss ? s->loss : guess(c, losses, -1, out->last);
    int taken = sn_columns_find(c, out->n);
    out->d = s->d ? s->d : s->c ? NULL : guess(c, data, taken, NULL);
    if (!out->d) {
        out->d = s->c ? s->c : guess(c, computes, taken, NULL);
        out->is_compute = out->d != NULL;
    }
    if (s->form && strcmp(s->form, "chinchilla") != 0) out->d = NULL;
}

/* Leaves out the points of the highest loss, one after another. */
static void drop_highest(sn_scaling_data *data, double *const column[3], int64_t drop) {
    for (; drop > 0 && data->count > 0; drop--) {
        int64_t top = 0, last = --data->count;
        for (int64_t i = 1; i <= last; i++)
            if (column[2][i] > column[2][top]) top = i;
        for (int k = 0; k < 3; k++)
            memmove(column[k] + top, column[k] + top + 1, (size_t)(last - top) * sizeof(double));
    }
}

/* A column fitted against itself would give a perfect law. */
static sn_status check_choice(const sn_columns *c, const choice *by) {
    int n = sn_columns_find(c, by->n), d = by->d ? sn_columns_find(c, by->d) : -1, loss = sn_columns_find(c, by->loss);
    if (sn_columns_count(c) == 1)
        return cli_refuse(SN_ERR_ARGUMENT, "the table has one column: sizes and losses are two");
    if (n < 0 || loss < 0 || (n != loss && (d < 0 || (d != n && d != loss)))) return SN_OK;
    return cli_refuse(SN_ERR_ARGUMENT, "column \"%s\" is taken twice: name N, D and loss by --n, --d (or --c), --loss",
                      n == loss || d == n ? by->n : by->d);
}

static sn_status take_columns(job *j, const sn_columns *c) {
    const settings *s = j->s;
    int64_t n = sn_columns_n_rows(c);
    double *column[3];
    choose(s, c, &j->by);
    const choice by = j->by;
    sn_status fine = check_choice(c, &by);
    if (fine != SN_OK) return fine;
    j->memory = malloc((size_t)n * sizeof(double) * 3);
    if (!j->memory) return cli_refuse(SN_ERR_MEMORY, "out of memory");
    for (int k = 0; k < 3; k++) column[k] = j->memory + k * n;
    sn_status status = sn_columns_get(c, by.n, column[0]);
    if (status == SN_OK && by.d) status = sn_columns_get(c, by.d, column[1]);
    if (status == SN_OK) status = sn_columns_get(c, by.loss, column[2]);
    if (status != SN_OK) return status;
    for (int64_t i = 0; by.is_compute && i < n; i++) column[1][i] /= s->flops * column[0][i];
    j->data = (sn_scaling_data){column[0], by.d ? column[1] : NULL, column[2], n};
    drop_highest(&j->data, column, s->drop);
    return SN_OK;
}

static int take_budgets(job *j) {
    for (int i = 0; i < j->s->compute.n; i++)
        for (const char *p = j->s->compute.item[i]; p;) {
            char *end;
            double x = strtod(p, &end);
            if (end == p || (*end && *end != ',') || !(x > 0 && x < 1e300) || j->n_budgets == MOST_BUDGETS) {
                cli_say("--compute wants up to %d positive numbers, separated by commas, not \"%s\"", MOST_BUDGETS,
                        j->s->compute.item[i]);
                return CLI_USAGE;
            }
            j->budget[j->n_budgets++] = x;
            p = *end ? end + 1 : NULL;
        }
    return CLI_OK;
}

/* ---- The fit ---- */

static void show_progress(void *user, int64_t done, int64_t total) {
    cli_progress_show(user, (double)done, (double)total);
}

static sn_status fit_one(job *j, const char *name) {
    const settings *s = j->s;
    const sn_scaling_form *form = sn_scaling_form_find(name);
    if (!form) return cli_refuse(SN_ERR_ARGUMENT, "--form: there is no \"%s\": power, offset, chinchilla", name);
    cli_progress progress = cli_progress_begin(name, "fits", s->quiet);
    const sn_scaling_options o = {.delta = s->delta,
                                  .resamples = s->bootstrap,
                                  .level = s->level,
                                  .seed = (uint64_t)s->seed,
                                  .n_threads = (int)s->threads,
                                  .progress = show_progress,
                                  .user = &progress,
                                  .cancel = &cli_cancelled};
    sn_status status = sn_scaling_fit_new(form, &j->data, &o, &j->fits[j->n_fits]);
    cli_progress_end(&progress);
    if (status == SN_OK) j->n_fits++;
    return status;
}

static sn_status fit_all(job *j) {
    sn_status status;
    if (j->s->form || j->data.d)
        status = fit_one(j, j->s->form ? j->s->form : "chinchilla");
    else if ((status = fit_one(j, "power")) == SN_OK)
        status = fit_one(j, "offset");
    for (int i = 0; status == SN_OK && i < j->n_budgets; i++)
        status = sn_scaling_allocate(&j->fits[j->n_fits - 1], j->budget[i], j->s->flops, j->s->level, &j->best[i]);
    return status;
}

/* ---- Output ---- */

/* Which columns were taken: a guess should be seen. */
static void print_columns(const job *j, const sn_columns *c) {
    const char *names[3] = {j->by.n, j->by.d, j->by.loss}, *roles[3] = {"N", j->by.is_compute ? "C" : "D", "loss"};
    for (int k = 0; k < 3; k++) {
        if (!names[k]) continue;
        const char *name = sn_columns_name(c, sn_columns_find(c, names[k]));
        printf("%s%s: column %s%s%s", k ? ", " : "", roles[k], name ? "\"" : "", name ? name : names[k],
               name ? "\"" : "");
    }
    printf("\n");
}

/* "A", "A and alpha", "E, B and beta" */
static void list_names(const sn_scaling_form *form, const bool *chosen, char *out, size_t size) {
    int left = 0;
    size_t n = 0;
    for (int k = 0; k < form->n_parameters; k++) left += chosen[k];
    *out = 0;
    for (int k = 0; k < form->n_parameters && n < size; k++) {
        if (!chosen[k]) continue;
        left--;
        n += (size_t)snprintf(out + n, size - n, "%s%s", form->parameter[k],
                              left > 1    ? ", "
                              : left == 1 ? " and "
                                          : "");
    }
}

/* What should not be read off a fit. */
static void warn(const sn_scaling_fit *f) {
    char names[128];
    list_names(f->form, f->untold, names, sizeof names);
    if (*names) cli_say("warning: %s: these points do not tell %s: other values fit as well", f->form->name, names);
    list_names(f->form, f->rising, names, sizeof names);
    if (*names)
        cli_say("warning: %s: the loss rises with size (%s below 0): no scaling law; are the columns the right ones?",
                f->form->name, names);
}

static void print_fit(const sn_scaling_fit *f, double level) {
    printf("%s: %s", f->form->name, f->form->formula);
    if (f->resamples > 0) printf("  (%g %% intervals)", 100 * level);
    printf("\n");
    for (int k = 0; k < f->form->n_parameters; k++) {
        printf("  %-6s %.7g", f->form->parameter[k], f->value[k]);
        if (!isnan(f->low[k])) printf(" (%.4g to %.4g)", f->low[k], f->high[k]);
        printf("\n");
    }
    printf("  objective %.10g, rms of ln loss %.3g; %" PRId64 " points, %" PRId64 " of %" PRId64
           " starts came to this minimum\n",
           f->objective, f->rms, f->count, f->agreeing, f->starts);
}

static void print_best(const job *j) {
    if (j->n_budgets > 0) printf("\n%-12s %-12s %-12s %-10s %s\n", "compute", "N", "D", "loss", "D / N");
    for (int i = 0; i < j->n_budgets; i++) {
        const sn_allocation *a = &j->best[i];
        printf("%-12.4g %-12.5g %-12.5g %-10.5g %.4g\n", j->budget[i], a->n, a->d, a->loss, a->d / a->n);
        if (!isnan(a->n_low))
            printf("%-12s %.4g to %.4g; D %.4g to %.4g\n", "", a->n_low, a->n_high, a->d_low, a->d_high);
    }
    if (j->n_budgets > 0) printf("N grows as C^%.4f, D as C^%.4f\n", j->best[0].exponent, 1 - j->best[0].exponent);
}

static sn_status write_outputs(const job *j, const sn_columns *c) {
    const settings *s = j->s;
    const sn_scaling_report r = {.data = &j->data,
                                 .fits = j->fits,
                                 .n_fits = j->n_fits,
                                 .delta = s->delta,
                                 .level = s->level,
                                 .flops = s->flops,
                                 .compute = j->budget,
                                 .best = j->best,
                                 .n_best = j->n_budgets};
    sn_status status = SN_OK;
    char *text;
    if (s->json && (status = sn_scaling_json(&r, &text)) == SN_OK) status = cli_put_json(s->json, text);
    if (status == SN_OK && s->csv) status = sn_scaling_write_csv(&r, s->csv);
    if (status == SN_OK && s->plot) status = sn_scaling_write_plot(&r, s->plot);
    for (int i = 0; status == SN_OK && i < j->n_fits; i++) warn(&j->fits[i]);
    if (status != SN_OK || cli_json_on_screen(s->json)) return status;
    print_columns(j, c);
    for (int i = 0; i < j->n_fits; i++) print_fit(&j->fits[i], s->level);
    print_best(j);
    return status;
}

static int run(void *p) {
    const settings *s = p;
    job j = {.s = s};
    sn_columns *c = NULL;
    int code = take_budgets(&j);
    if (code != CLI_OK) return code;
    sn_status status = cli_check_outputs(s->json, s->csv, s->plot);
    if (status == SN_OK) status = sn_columns_open(s->arguments.argument[0], &c);
    if (status == SN_OK) status = take_columns(&j, c);
    if (status == SN_OK) status = fit_all(&j);
    if (status == SN_OK) status = write_outputs(&j, c);
    for (int i = 0; i < j.n_fits; i++) sn_scaling_free(&j.fits[i]);
    sn_columns_free(c);
    free(j.memory);
    return status == SN_OK ? CLI_OK : cli_failed(status);
}

const cli_verb cli_verb_fit_scaling = {
    .name = "fit scaling",
    .summary = "laws of loss over size, by the rule of Chinchilla",
    .arguments = "TABLE",
    .min_arguments = 1,
    .max_arguments = 1,
    .description =
        "TABLE is a CSV, a text of numbers or an .npy; every row is a run: its size or sizes and its loss. Fits A / "
        "N^alpha, E + A / N^alpha or E + A / N^alpha + B / D^beta: the sum over runs of Huber's loss of ln(law) - "
        "ln(loss) is minimised by L-BFGS from each point of a grid of starts (4500 for the third form, as Hoffmann et "
        "al. 2022 do), and the best is taken.\n\n"
        "The intervals are the middle 95 % of what as many resampled tables give (drawn with replacement, each fitted "
        "from up to four of the best distinct minima). They say how much the answer depends on which runs were made; "
        "they say nothing about "
        "whether the law holds beyond them.",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .examples = examples,
    .n_examples = sizeof examples / sizeof *examples,
    .settings_size = sizeof(settings),
    .run = run,
};
