/* suan fit density: densities of one variable, compared on data they have not seen. */
#include "cli.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct settings {
    cli_arguments arguments;
    const char *source, *column, *interval, *samples, *json, *csv, *plot;
    cli_list methods, quantiles, coefficients, components, bins;
    int64_t starts, seed, n_samples;
    double holdout, roughness, step;
    bool quiet;
} settings;

#define AT(field) offsetof(settings, field)

static const cli_option options[] = {
    {"source", 's', CLI_TEXT, AT(source), "SOURCE", 0, 0, NULL,
     "Draw from a known density in place of TABLE, and compare with it: gaussians:count=10, uniform, laplace, "
     "lognormal:sigma=0.5, student:freedom=3; each with seed=1,samples=20000."},
    {"column", 'c', CLI_TEXT, AT(column), "COLUMN", 0, 0, "1", "Name or number of the column."},
    {"methods", 'm', CLI_LIST, AT(methods), "M,...", 0, 0, NULL,
     "fourier, mixture, histogram, kde; without it all of them."},
    {"interval", 'i', CLI_TEXT, AT(interval), "LOW,HIGH", 0, 0, NULL,
     "A density on this interval, where all data lies; without it on the line."},
    {"coefficients", 0, CLI_LIST, AT(coefficients), "N,...", 0, 0, NULL, "Of fourier; without it by BIC."},
    {"components", 0, CLI_LIST, AT(components), "N,...", 0, 0, NULL, "Of the mixture; without it by BIC."},
    {"bins", 0, CLI_LIST, AT(bins), "N,...", 0, 0, NULL, "Of the histogram; without it by leaving one out."},
    {"roughness", 0, CLI_REAL, AT(roughness), "X", 0, 1e6, "0",
     "Weight of the integral of p'^2 against the mean of -log p (fourier)."},
    {"starts", 0, CLI_INT, AT(starts), "N", 1, 10000, "8", "Starts (fourier on the line, mixture)."},
    {"holdout", 0, CLI_REAL, AT(holdout), "X", 0, 0.95, "0.25", "Share of the data to be held out for the comparison."},
    {"step", 0, CLI_REAL, AT(step), "X", 0, 1e300, "0",
     "The data is rounded to multiples of it: fit nothing narrower, and say the bits that an entropy coder needs for a "
     "held-out value."},
    {"quantiles", 0, CLI_LIST, AT(quantiles), "U,...", 0, 0, NULL, "Print these quantiles of each density."},
    {"samples", 0, CLI_TEXT, AT(samples), "FILE", 0, 0, NULL, "Write samples of the first method, one a line."},
    {"n-samples", 0, CLI_INT, AT(n_samples), "N", 1, 100000000, "1000", "How many."},
    {"seed", 0, CLI_INT, AT(seed), "N", 0, 4294967295.0, "1", "Of the split, the starts and the samples."},
    {"json", 0, CLI_TEXT, AT(json), "FILE", 0, 0, NULL, "Write everything as JSON (\"-\": standard output)."},
    {"csv", 0, CLI_TEXT, AT(csv), "FILE", 0, 0, NULL, "Write densities and CDFs on 1000 points."},
    {"plot", 0, CLI_TEXT, AT(plot), "FILE", 0, 0, NULL, "Draw them: FILE.png, FILE.svg or FILE.pdf."},
    {"quiet", 'q', CLI_FLAG, AT(quiet), NULL, 0, 0, NULL, "No progress."},
};

static const cli_example examples[] = {
    {"suan fit density waiting.csv --column minutes --plot density.png", "four methods on one column"},
    {"suan fit density angles.npy --interval 0,360 -m fourier --coefficients 12", "a density on an interval"},
    {"suan fit density weights.npy --step 0.001 --quantiles 0.01,0.5,0.99 --json d.json", "coding length, quantiles"},
    {"suan fit density --source gaussians:seed=1 -m fourier,mixture --coefficients 6,14 --components 4,10",
     "a known density: the divergence of each fit from it"},
};

enum { MOST = 16, MOST_QUANTILES = 32 };

typedef struct job {
    const settings *s;
    double *data; /* n_train + n_test, in random order */
    int64_t n_train, n_test;
    double low, high, quantile[MOST_QUANTILES];
    int n_quantiles, n;
    const sn_density_method *method[MOST];
    int64_t size[MOST];
    sn_density_source *source; /* NULL: a table */
    sn_density_truth truth;
    sn_density *density[MOST];
    sn_density_score score[MOST];
} job;

/* ---- Options ---- */

/* Numbers of a comma-separated text; -1: not that. */
static int read_numbers(const char *text, double low, double high, double *out, int most) {
    int n = 0;
    for (const char *p = text; p;) {
        char *end;
        double x = strtod(p, &end);
        if (end == p || (*end && *end != ',') || !(x >= low && x <= high) || n == most) return -1;
        out[n++] = x;
        p = *end ? end + 1 : NULL;
    }
    return n;
}

/* A method with each size it is to have; 0: chosen by the method. */
static int add_method(job *j, const sn_density_method *m) {
    const struct {
        const char *method;
        const cli_list *sizes;
    } lists[] = {{"fourier", &j->s->coefficients}, {"mixture", &j->s->components}, {"histogram", &j->s->bins}};
    double size[MOST] = {0};
    int n = 0;
    for (size_t k = 0; k < sizeof lists / sizeof *lists; k++)
        for (int i = 0; !strcmp(m->name, lists[k].method) && i < lists[k].sizes->n; i++) {
            int more = read_numbers(lists[k].sizes->item[i], 0, 4096, size + n, MOST - n);
            for (int at = n; at < n + more; at++)
                if (size[at] != floor(size[at])) more = -1;
            if (more < 0) {
                cli_say("--%s wants up to %d whole numbers from 0 to 4096, separated by commas, not \"%s\"",
                        m->size_name, MOST, lists[k].sizes->item[i]);
                return CLI_USAGE;
            }
            n += more;
        }
    for (int k = 0; k < (n > 0 ? n : 1); k++) {
        if (j->n == MOST) {
            cli_say("at most %d fits at a time", MOST);
            return CLI_USAGE;
        }
        j->size[j->n] = (int64_t)size[k];
        j->method[j->n++] = m;
    }
    return CLI_OK;
}

static int take_methods(job *j) {
    const cli_list *l = &j->s->methods;
    int code = CLI_OK;
    for (int i = 0; l->n == 0 && code == CLI_OK && i < sn_density_method_count(); i++)
        code = add_method(j, sn_density_method_get(i));
    for (int i = 0; i < l->n; i++)
        for (const char *p = l->item[i]; p && code == CLI_OK;) {
            char name[32];
            size_t size = strcspn(p, ",");
            snprintf(name, sizeof name, "%.*s", (int)(size < sizeof name ? size : sizeof name - 1), p);
            const sn_density_method *m = sn_density_method_find(name);
            if (!m) {
                cli_say("--methods: there is no method \"%s\": fourier, mixture, histogram, kde", name);
                return CLI_USAGE;
            }
            code = add_method(j, m);
            p = p[size] ? p + size + 1 : NULL;
        }
    return code;
}

static int take_options(job *j) {
    const settings *s = j->s;
    double ends[2];
    if ((s->arguments.n_arguments == 1) == (s->source != NULL)) {
        cli_say("%s", s->source ? "TABLE and --source are two sources: leave one out"
                                : "a TABLE is wanted, or a --source to draw from");
        return CLI_USAGE;
    }
    if (s->interval) {
        if (read_numbers(s->interval, -1e300, 1e300, ends, 2) != 2 || !(ends[0] < ends[1])) {
            cli_say("--interval wants LOW,HIGH with LOW < HIGH, not \"%s\"", s->interval);
            return CLI_USAGE;
        }
        j->low = ends[0], j->high = ends[1];
    }
    for (int i = 0; i < s->quantiles.n; i++) {
        int n = read_numbers(s->quantiles.item[i], 0, 1, j->quantile + j->n_quantiles, MOST_QUANTILES - j->n_quantiles);
        if (n < 0) {
            cli_say("--quantiles wants up to %d numbers from 0 to 1, separated by commas, not \"%s\"", MOST_QUANTILES,
                    s->quantiles.item[i]);
            return CLI_USAGE;
        }
        j->n_quantiles += n;
    }
    return take_methods(j);
}

/* ---- Work ---- */

static sn_status draw_data(job *j, int64_t *n) {
    sn_status status = sn_density_source_new(j->s->source, &j->source);
    if (status != SN_OK) return status;
    *n = sn_density_source_samples(j->source);
    j->data = malloc((size_t)*n * sizeof *j->data);
    if (!j->data) return cli_refuse(SN_ERR_MEMORY, "out of memory");
    sn_density_source_draw(j->source, *n, j->data);
    return sn_density_truth_of(j->source, &j->truth);
}

static sn_status read_table(job *j, int64_t *n) {
    sn_columns *c;
    sn_status status = sn_columns_open(j->s->arguments.argument[0], &c);
    if (status != SN_OK) return status;
    *n = sn_columns_n_rows(c);
    j->data = malloc((size_t)*n * sizeof *j->data);
    status = j->data ? sn_columns_get(c, j->s->column, j->data) : cli_refuse(SN_ERR_MEMORY, "out of memory");
    if (status == SN_OK && sn_columns_count(c) > 1 && !j->s->quiet) {
        const char *name = sn_columns_name(c, sn_columns_find(c, j->s->column));
        cli_say("column %s%s%s%s of %d", j->s->column, name ? " (\"" : "", name ? name : "", name ? "\")" : "",
                sn_columns_count(c));
    }
    sn_columns_free(c);
    return status;
}

static sn_status take_data(job *j) {
    int64_t n;
    sn_status status = j->s->source ? draw_data(j, &n) : read_table(j, &n);
    if (status == SN_OK) status = sn_density_check(j->data, n, j->low, j->high); /* rows have their numbers still */
    if (status != SN_OK) return status;
    j->n_test = (int64_t)((double)n * j->s->holdout);
    j->n_train = n - j->n_test;
    sn_shuffle_f64(j->data, n, (uint64_t)j->s->seed);
    return SN_OK;
}

static sn_status fit_one(job *j, int i) {
    const settings *s = j->s;
    const sn_density_options o = {.size = j->size[i],
                                  .low = j->low,
                                  .high = j->high,
                                  .step = s->step,
                                  .roughness = s->roughness,
                                  .starts = (int)s->starts,
                                  .seed = (uint64_t)s->seed,
                                  .cancel = &cli_cancelled};
    if (!s->quiet) cli_say("fitting %s to %" PRId64 " numbers", j->method[i]->name, j->n_train);
    sn_status status = sn_density_fit(j->method[i], j->data, j->n_train, &o, &j->density[i]);
    if (status == SN_OK)
        status = sn_density_score_of(j->density[i], j->data, j->n_train, j->data + j->n_train, j->n_test, s->step,
                                     &j->score[i]);
    if (status == SN_OK && j->source) status = sn_density_judge(j->density[i], j->source, &j->score[i]);
    return status;
}

static sn_status fit_all(job *j) {
    sn_status status = SN_OK;
    for (int i = 0; status == SN_OK && i < j->n; i++) status = fit_one(j, i);
    return status;
}

/* ---- Output ---- */

/* An outlier that the density does not expect makes them as large as you like. */
static void print_score(double x, int width) { printf(fabs(x) < 1000 ? " %*.5f" : " %*.3g", width, x); }

static void print_row(const job *j, const sn_density_score *s) {
    printf("%-10s %8" PRId64 " %10" PRId64, s->info.method->name, s->info.size, s->info.n_parameters);
    print_score(s->train, 10);
    print_score(s->test, 10);
    print_score(s->error, 9);
    print_score(s->distance, 9);
    if (j->s->step > 0) printf(" %9.4f", s->bits);
    if (j->source) {
        print_score(s->kl, 9);
        printf(" %5d of %d", s->found, j->truth.modes);
        if (s->modes > s->found) printf(", %d more", s->modes - s->found);
    }
    printf("\n");
}

static void print_scores(const job *j) {
    printf("mean log density in nats; %" PRId64 " numbers fitted, %" PRId64 " held out\n", j->n_train, j->n_test);
    if (j->source)
        printf("drawn from %s: entropy %.5f nats, divergence KL and modes in comparison with it\n",
               sn_density_source_spec(j->source), j->truth.entropy);
    printf("\n%-10s %8s %10s %10s %10s %9s %9s", "method", "size", "parameters", "fitted", "held out", "+-",
           "distance");
    if (j->s->step > 0) printf(" %9s", "bits");
    printf(j->source ? " %9s  %s\n" : "\n", "KL", "modes");
    for (int i = 0; i < j->n; i++) print_row(j, &j->score[i]);
    if (j->n_quantiles == 0) return;
    printf("\n%-10s", "quantile");
    for (int q = 0; q < j->n_quantiles; q++) printf(" %10g", j->quantile[q]);
    for (int i = 0; i < j->n; i++) {
        printf("\n%-10s", j->method[i]->name);
        for (int q = 0; q < j->n_quantiles; q++) printf(" %10.5g", sn_density_quantile(j->density[i], j->quantile[q]));
    }
    printf("\n");
}

static sn_status write_samples(const job *j) {
    enum { WIDTH = 26 }; /* of "-1.2345678901234567e-308", its end of line and a zero */
    size_t n = (size_t)j->s->n_samples, used = 0;
    double *x = malloc(n * sizeof *x);
    char *text = malloc(n * WIDTH);
    sn_status status = x && text ? SN_OK : cli_refuse(SN_ERR_MEMORY, "out of memory");
    if (status == SN_OK) {
        sn_density_sample(j->density[0], (uint64_t)j->s->seed, 1, (int64_t)n, x);
        for (size_t i = 0; i < n; i++) used += (size_t)snprintf(text + used, WIDTH, "%.17g\n", x[i]);
        status = sn_text_write(j->s->samples, text);
    }
    free(text);
    free(x);
    return status;
}

static sn_status write_outputs(const job *j) {
    const settings *s = j->s;
    const sn_density_report r = {.densities = (const sn_density *const *)j->density,
                                 .scores = j->score,
                                 .n = j->n,
                                 .train = j->data,
                                 .test = j->data + j->n_train,
                                 .n_train = j->n_train,
                                 .n_test = j->n_test,
                                 .low = j->low,
                                 .high = j->high,
                                 .step = s->step,
                                 .source = j->source,
                                 .truth = j->truth};
    sn_status status = SN_OK;
    char *text;
    if (s->json && (status = sn_density_json(&r, &text)) == SN_OK) status = cli_put_json(s->json, text);
    if (status == SN_OK && s->csv) status = sn_density_write_csv(&r, s->csv);
    if (status == SN_OK && s->plot) status = sn_density_write_plot(&r, s->plot);
    if (status == SN_OK && s->samples) status = write_samples(j);
    if (status == SN_OK && !cli_json_on_screen(s->json)) print_scores(j);
    return status;
}

static int run(void *p) {
    const settings *s = p;
    job j = {.s = s};
    int code = take_options(&j);
    if (code != CLI_OK) return code;
    sn_status status = cli_check_outputs(s->json, s->csv, s->plot);
    if (status == SN_OK) status = take_data(&j);
    if (status == SN_OK) status = fit_all(&j);
    if (status == SN_OK) status = write_outputs(&j);
    for (int i = 0; i < j.n; i++) sn_density_free(j.density[i]);
    sn_density_source_free(j.source);
    free(j.data);
    return status == SN_OK ? CLI_OK : cli_failed(status);
}

const cli_verb cli_verb_fit_density = {
    .name = "fit density",
    .summary = "densities of one variable, compared on held-out data",
    .arguments = "[TABLE]",
    .min_arguments = 0,
    .max_arguments = 1,
    .description =
        "Fits a column of numbers (a CSV, a text or an .npy), or numbers drawn from a known density, by maximum "
        "likelihood with a Fourier basis density, a "
        "mixture of Gaussians, a histogram and a kernel density, and compares them on numbers that were held out.\n\n"
        "The Fourier basis density is the square of a trigonometric polynomial on -1..1, normalised in closed form: "
        "never negative, with CDF, quantiles and samples. On the line it is carried over by x = tanh((y - t) / s) with "
        "t "
        "and s fitted too. On an interval it is periodic: the ends meet. The other methods' densities are cut off at "
        "the "
        "interval's ends and scaled up.\n\n"
        "With --source the divergence of each fit from the truth is told, and how many of its modes the fit has: peaks "
        "that rise above the valleys beside them by 0.01 of the highest density.",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .examples = examples,
    .n_examples = sizeof examples / sizeof *examples,
    .settings_size = sizeof(settings),
    .run = run,
};
