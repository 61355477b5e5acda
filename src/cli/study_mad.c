/* suan study mad: models trained on what their predecessors made. */
#include "cli.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct settings {
    cli_arguments arguments;
    const char *model, *source, *json, *csv, *plot;
    cli_list loops, lambdas, columns;
    int64_t dims, size, generations, initial, real, synthetic, judge, neighbours, runs, seed, threads;
    bool pool, quiet;
} settings;

#define AT(field) offsetof(settings, field)

static const cli_option options[] = {
    {"model", 'm', CLI_TEXT, AT(model), "MODEL", 0, 0, "gaussian", "gaussian, mixture or fourier (one column only)."},
    {"size", 0, CLI_INT, AT(size), "N", 0, 4096, "0",
     "Components of a mixture (0: 25), coefficients of fourier (0: 14)."},
    {"loop", 'l', CLI_LIST, AT(loops), "L,...", 0, 0, NULL, "synthetic, augmented, fresh; without it all three."},
    {"lambda", 0, CLI_LIST, AT(lambdas), "X,...", 0, 0, NULL,
     "How far samples spread, above 0, at most 1 (no bias); without it 1."},
    {"source", 's', CLI_TEXT, AT(source), "NAME", 0, 0, "gaussian",
     "Real data where no TABLE is given: gaussian, or grid (25 modes in the plane)."},
    {"dims", 'd', CLI_INT, AT(dims), "N", 1, 64, NULL, "Dimensions of the Gaussian; without it 1."},
    {"columns", 'c', CLI_LIST, AT(columns), "C,...", 0, 0, NULL, "Columns of TABLE; without it all."},
    {"generations", 'g', CLI_INT, AT(generations), "N", 1, 1048576, "10", "The first is trained on real data."},
    {"initial", 0, CLI_INT, AT(initial), "N", 2, 16777216, "1000", "Real points of the first generation."},
    {"real", 0, CLI_INT, AT(real), "N", 0, 16777216, "0",
     "Fresh real points of each later one; 0: as many as at first."},
    {"synthetic", 0, CLI_INT, AT(synthetic), "N", 0, 16777216, "0",
     "Made points of each later one; 0: as many as at first."},
    {"pool", 0, CLI_FLAG, AT(pool), NULL, 0, 0, NULL, "augmented: keep the made points of all generations."},
    {"judge", 0, CLI_INT, AT(judge), "N", 0, 1048576, "1000",
     "Real and made points to compare, which takes most of the time; 0: moments only, where they are known."},
    {"neighbours", 'k', CLI_INT, AT(neighbours), "K", 1, 64, "5", "Of precision and recall."},
    {"runs", 'r', CLI_INT, AT(runs), "N", 1, 1048576, "1", "Repetitions; the mean and its standard error are told."},
    {"seed", 0, CLI_INT, AT(seed), "N", 0, 4294967295.0, "1", "Of everything that is drawn."},
    {"threads", 't', CLI_INT, AT(threads), "N", 0, 4096, "0",
     "Runs at a time; 0: one per core. The result is the same."},
    {"json", 0, CLI_TEXT, AT(json), "FILE", 0, 0, NULL, "Write all numbers as JSON (\"-\": standard output)."},
    {"csv", 0, CLI_TEXT, AT(csv), "FILE", 0, 0, NULL, "Write all numbers, one row a generation."},
    {"plot", 0, CLI_TEXT, AT(plot), "FILE", 0, 0, NULL, "Draw them: FILE.png, FILE.svg or FILE.pdf."},
    {"quiet", 'q', CLI_FLAG, AT(quiet), NULL, 0, 0, NULL, "No progress."},
};

static const cli_example examples[] = {
    {"suan study mad --initial 20 --runs 1000 --judge 0 --lambda 1,0.8 --plot mad.png",
     "Gaussians, beside their closed forms"},
    {"suan study mad -m mixture -s grid --generations 20 --lambda 1,0.8", "25 modes, forgotten one by one"},
    {"suan study mad flowers.csv -c petal_length -m fourier --initial 150", "your own data"},
};

enum { MOST = 12, MOST_LAMBDAS = 8, MOST_COLUMNS = 64 };

typedef struct job {
    const settings *s;
    sn_mad_model model;
    sn_mad_source source;
    int64_t size;
    double *table;
    char column[MOST_COLUMNS][64];
    int n_columns;
    sn_mad_loop loop[SN_MAD_LOOPS];
    double lambda[MOST_LAMBDAS];
    int n_loops, n_lambdas, n;
    sn_mad_result result[MOST];
} job;

/* ---- Options ---- */

/* Calls `take` for each of the comma-separated items of a list. */
static int each_item(const cli_list *l, int (*take)(job *j, const char *item), job *j) {
    for (int i = 0; i < l->n; i++)
        for (const char *p = l->item[i]; p;) {
            char item[64];
            size_t size = strcspn(p, ",");
            snprintf(item, sizeof item, "%.*s", (int)(size < sizeof item ? size : sizeof item - 1), p);
            int code = take(j, item);
            if (code != CLI_OK) return code;
            p = p[size] ? p + size + 1 : NULL;
        }
    return CLI_OK;
}

static int take_loop(job *j, const char *item) {
    for (int k = 0; k < SN_MAD_LOOPS; k++)
        if (!strcmp(item, sn_mad_loop_name((sn_mad_loop)k)) && j->n_loops < SN_MAD_LOOPS) {
            j->loop[j->n_loops++] = (sn_mad_loop)k;
            return CLI_OK;
        }
    cli_say("--loop wants synthetic, augmented, fresh, each once, not \"%s\"", item);
    return CLI_USAGE;
}

static int take_lambda(job *j, const char *item) {
    char *end;
    double x = strtod(item, &end);
    if (end == item || *end || !(x > 0 && x <= 1) || j->n_lambdas == MOST_LAMBDAS) {
        cli_say("--lambda wants up to %d numbers above 0, at most 1, separated by commas, not \"%s\"", MOST_LAMBDAS,
                item);
        return CLI_USAGE;
    }
    j->lambda[j->n_lambdas++] = x;
    return CLI_OK;
}

static int take_column(job *j, const char *item) {
    if (j->n_columns == MOST_COLUMNS) {
        cli_say("--columns wants at most %d", MOST_COLUMNS);
        return CLI_USAGE;
    }
    snprintf(j->column[j->n_columns++], sizeof j->column[0], "%s", item);
    return CLI_OK;
}

static int take_options(job *j) {
    int code = each_item(&j->s->loops, take_loop, j);
    if (code == CLI_OK) code = each_item(&j->s->columns, take_column, j);
    if (code == CLI_OK) code = each_item(&j->s->lambdas, take_lambda, j);
    for (int k = 0; j->s->loops.n == 0 && k < SN_MAD_LOOPS; k++) j->loop[j->n_loops++] = (sn_mad_loop)k;
    if (j->n_lambdas == 0) j->lambda[j->n_lambdas++] = 1;
    if (code == CLI_OK && j->n_loops * j->n_lambdas > MOST) {
        cli_say("at most %d loops with a lambda at a time", MOST);
        return CLI_USAGE;
    }
    return code;
}

/* ---- Data ---- */

static sn_status read_columns(job *j, const sn_columns *c) {
    int64_t n = sn_columns_n_rows(c), d = j->n_columns > 0 ? j->n_columns : sn_columns_count(c);
    if (d > MOST_COLUMNS) return cli_refuse(SN_ERR_LIMIT, "more than %d columns: choose by --columns", MOST_COLUMNS);
    double *column = malloc((size_t)n * sizeof *column);
    j->table = malloc((size_t)(n * d) * sizeof *j->table);
    sn_status status = column && j->table ? SN_OK : cli_refuse(SN_ERR_MEMORY, "out of memory");
    for (int64_t k = 0; status == SN_OK && k < d; k++) {
        char number[24];
        snprintf(number, sizeof number, "%" PRId64, k + 1);
        status = sn_columns_get(c, j->n_columns > 0 ? j->column[k] : number, column);
        for (int64_t i = 0; status == SN_OK && i < n; i++) j->table[i * d + k] = column[i];
    }
    free(column);
    j->source = (sn_mad_source){.name = j->s->arguments.argument[0], .d = d, .table = j->table, .n_table = n};
    return status;
}

static sn_status take_source(job *j) {
    sn_columns *c;
    if (j->s->arguments.n_arguments == 0) return sn_mad_source_named(j->s->source, j->s->dims, &j->source);
    sn_status status = sn_columns_open(j->s->arguments.argument[0], &c);
    if (status != SN_OK) return status;
    status = read_columns(j, c);
    sn_columns_free(c);
    return status;
}

static sn_status take_model(job *j) {
    const sn_mad_model *m = sn_mad_model_find(j->s->model);
    if (!m) return cli_refuse(SN_ERR_ARGUMENT, "--model: there is no \"%s\": gaussian, mixture, fourier", j->s->model);
    j->size = j->s->size;
    j->model = *m;
    j->model.user = &j->size;
    return SN_OK;
}

/* ---- Work ---- */

static void show_progress(void *user, int64_t done, int64_t total) {
    cli_progress_show(user, (double)done, (double)total);
}

static sn_status run_loop(job *j, sn_mad_loop loop, double lambda) {
    const settings *s = j->s;
    char what[64];
    snprintf(what, sizeof what, "%s, lambda %g", sn_mad_loop_name(loop), lambda);
    cli_progress progress = cli_progress_begin(what, "runs", s->quiet);
    const sn_mad_options o = {.model = &j->model,
                              .source = &j->source,
                              .loop = loop,
                              .lambda = lambda,
                              .generations = s->generations,
                              .n_initial = s->initial,
                              .n_real = s->real,
                              .n_synthetic = s->synthetic,
                              .n_judge = s->judge > 0 ? s->judge : -1,
                              .pool = s->pool,
                              .neighbours = (int)s->neighbours,
                              .runs = s->runs,
                              .seed = (uint64_t)s->seed,
                              .n_threads = (int)s->threads,
                              .progress = show_progress,
                              .user = &progress,
                              .cancel = &cli_cancelled};
    sn_status status = sn_mad_run(&o, &j->result[j->n]);
    cli_progress_end(&progress);
    if (status == SN_OK) j->n++;
    return status;
}

static sn_status run_all(job *j) {
    sn_status status = SN_OK;
    for (int l = 0; l < j->n_loops; l++)
        for (int k = 0; status == SN_OK && k < j->n_lambdas; k++) status = run_loop(j, j->loop[l], j->lambda[k]);
    return status;
}

/* ---- Output ---- */

/* What the expected values tend to, below their columns. */
static void print_limits(const sn_mad_result *r) {
    bool any = false;
    for (int m = 0; m < SN_MAD_MEASURES; m++) any |= !isnan(r->limit[m]);
    if (!any) return;
    printf("%10s", "limit");
    for (int m = 0; m < SN_MAD_MEASURES; m++) {
        if (isnan(r->by_generation[0].value[m])) continue;
        printf(" %11s", "");
        if (isnan(r->by_generation[0].expected[m])) continue;
        if (isnan(r->limit[m]))
            printf(" %11s", "");
        else
            printf(" %11.5f", r->limit[m]);
    }
    printf("\n");
}

static void print_result(const sn_mad_result *r) {
    printf("\n%s, lambda %g\n%10s", sn_mad_loop_name(r->options.loop), r->options.lambda, "generation");
    bool known[SN_MAD_MEASURES];
    for (int m = 0; m < SN_MAD_MEASURES; m++) {
        known[m] = !isnan(r->by_generation[0].value[m]);
        if (known[m]) printf(" %11s", sn_mad_measure_name((sn_mad_measure)m));
        if (known[m] && !isnan(r->by_generation[0].expected[m])) printf(" %11s", "expected");
    }
    printf("\n");
    for (int64_t g = 0; g < r->options.generations; g++) {
        const sn_mad_generation *at = &r->by_generation[g];
        printf("%10" PRId64, g + 1);
        for (int m = 0; m < SN_MAD_MEASURES; m++) {
            if (known[m]) printf(" %11.5f", at->value[m]);
            if (known[m] && !isnan(r->by_generation[0].expected[m])) {
                if (isnan(at->expected[m]))
                    printf(" %11s", "");
                else
                    printf(" %11.5f", at->expected[m]);
            }
        }
        printf("\n");
    }
    print_limits(r);
}

static sn_status write_outputs(const job *j) {
    const settings *s = j->s;
    sn_status status = SN_OK;
    char *text;
    if (s->json && (status = sn_mad_json(j->result, j->n, &text)) == SN_OK) status = cli_put_json(s->json, text);
    if (status == SN_OK && s->csv) status = sn_mad_write_csv(j->result, j->n, s->csv);
    if (status == SN_OK && s->plot) status = sn_mad_write_plot(j->result, j->n, s->plot);
    if (status != SN_OK || cli_json_on_screen(s->json)) return status;
    printf("%s trained on %s (%" PRId64 " dimensions), %" PRId64 " runs\n", j->model.name, j->source.name, j->source.d,
           j->s->runs);
    for (int i = 0; i < j->n; i++) print_result(&j->result[i]);
    return status;
}

static int run(void *p) {
    const settings *s = p;
    job j = {.s = s};
    int code = take_options(&j);
    if (code != CLI_OK) return code;
    sn_status status = cli_check_outputs(s->json, s->csv, s->plot);
    if (status == SN_OK) status = take_model(&j);
    if (status == SN_OK) status = take_source(&j);
    if (status == SN_OK) status = run_all(&j);
    if (status == SN_OK) status = write_outputs(&j);
    for (int i = 0; i < j.n; i++) sn_mad_free(&j.result[i]);
    free(j.table);
    return status == SN_OK ? CLI_OK : cli_failed(status);
}

const cli_verb cli_verb_study_mad = {
    .name = "study mad",
    .summary = "models trained on what their predecessors made",
    .arguments = "[TABLE]",
    .min_arguments = 0,
    .max_arguments = 1,
    .description =
        "Trains a model on real data, draws from it, trains the next on what was drawn, and so on, and says how the "
        "generations go wrong (Alemohammad et al. 2023, arXiv:2307.01850). Three loops: synthetic (only what the "
        "generation before made), augmented (with the real data of the first generation), fresh (with new real data "
        "each "
        "time). lambda below 1 draws less widely than the model says, as people do who prefer good samples.\n\n"
        "Told are the squared Frechet distance of made to real points, precision (made points near real ones), recall "
        "(real points near made ones), and of models that know them mean and variance. For a Gaussian on a Gaussian "
        "the "
        "expected values are told as well, from closed forms.",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .examples = examples,
    .n_examples = sizeof examples / sizeof *examples,
    .settings_size = sizeof(settings),
    .run = run,
};
