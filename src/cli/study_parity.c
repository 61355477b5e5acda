/* suan study parity: the experiment behind the quantization model of scaling. */
#include "cli.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

typedef struct settings {
    cli_arguments arguments;
    const char *json, *csv, *plot, *keep, *precision, *code;
    cli_list widths, sets;
    int64_t tasks, bits, subset, batch, steps, marks, test, seed, threads, data_width;
    double gamma, rate, patience;
    bool quiet;
} settings;

#define AT(field) offsetof(settings, field)

static const cli_option options[] = {
    {"tasks", 0, CLI_INT, AT(tasks), "N", 1, 4096, "16", "Tasks; task k comes with probability ~ k^-(1+gamma)."},
    {"bits", 0, CLI_INT, AT(bits), "N", 1, 256, "16", "Random bits of an example."},
    {"subset", 'k', CLI_INT, AT(subset), "N", 1, 256, "3", "Of them, those whose parity a task asks for."},
    {"gamma", 0, CLI_REAL, AT(gamma), "X", 0.001, 99, "0.4", "Exponent of the tasks' frequencies, less 1."},
    {"width", 'w', CLI_LIST, AT(widths), "N,...", 0, 0, NULL, "Hidden units: one network for each; without it 128."},
    {"data", 'd', CLI_LIST, AT(sets), "D,...", 0, 0, NULL,
     "Also train on fixed sets of so many examples, one network for each."},
    {"data-width", 0, CLI_INT, AT(data_width), "N", 0, 1048576, "0", "Hidden units of those; 0: the largest width."},
    {"patience", 0, CLI_REAL, AT(patience), "X", 0, 1e9, "0",
     "On a fixed set, stop after X times the steps of the least loss; 0: never."},
    {"batch", 'b', CLI_INT, AT(batch), "N", 1, 1048576, "512", "Examples of a step."},
    {"steps", 'n', CLI_INT, AT(steps), "N", 2, 1073741824, "10000", "Steps of AdamW."},
    {"lr", 0, CLI_REAL, AT(rate), "X", 1e-9, 99, "1e-3", "Its rate."},
    {"code", 0, CLI_TEXT, AT(code), "CODE", 0, 0, "signs", "How bits are read: signs (-1 and 1) or 01."},
    {"precision", 0, CLI_TEXT, AT(precision), "P", 0, 0, "f32", "Of matrix products: f32 or bf16."},
    {"marks", 0, CLI_INT, AT(marks), "N", 2, 4096, "60", "Measurements, at equal ratios of steps."},
    {"test", 0, CLI_INT, AT(test), "N", 1, 65536, "256", "Examples of each task in a measurement."},
    {"seed", 0, CLI_INT, AT(seed), "N", 0, 4294967295.0, "1", "Of tasks, examples and weights."},
    {"threads", 't', CLI_INT, AT(threads), "N", 0, 4096, "0",
     "Networks trained at once; 0: one per core. The result is the same."},
    {"keep", 0, CLI_TEXT, AT(keep), "FOLDER", 0, 0, NULL,
     "Keep each finished network's curves there; a run that was stopped goes on with the others."},
    {"json", 0, CLI_TEXT, AT(json), "FILE", 0, 0, NULL, "Write all numbers as JSON (\"-\": standard output)."},
    {"csv", 0, CLI_TEXT, AT(csv), "FILE", 0, 0, NULL, "Write the loss of each task at each mark."},
    {"plot", 0, CLI_TEXT, AT(plot), "FILE", 0, 0, NULL, "Draw them: FILE.png, FILE.svg or FILE.pdf."},
    {"quiet", 'q', CLI_FLAG, AT(quiet), NULL, 0, 0, NULL, "No progress."},
};

static const cli_example examples[] = {
    {"suan study parity", "16 tasks, a few seconds"},
    {"suan study parity --width 8,16,32,64,128 --plot parity.png", "what width buys"},
    {"suan study parity --width 128 --data 4k,16k,64k,256k", "what data buys"},
};

static void show_progress(void *user, int64_t done, int64_t total) {
    cli_progress_show(user, (double)done, (double)total);
}

/* ---- Output ---- */

static void print_tasks(const sn_parity_result *r) {
    enum { MOST = 64 };
    const double *end = r->task_loss + (r->n_marks - 1) * r->options.tasks;
    int64_t last = 0;
    for (int64_t k = 0; k < r->options.tasks; k++)
        if (r->learned_at[k] >= 0 || k < 16) last = k;
    printf("\nwidth %" PRId64 "\n%6s %12s %12s %12s\n", r->options.width, "task", "probability", "learned at", "loss");
    for (int64_t k = 0; k <= last && k < MOST; k++) {
        printf("%6" PRId64 " %12.5f ", k + 1, r->probability[k]);
        if (r->learned_at[k] < 0)
            printf("%12s", "-");
        else
            printf("%12" PRId64, r->learned_at[k]);
        printf(" %12.4f\n", end[k]);
    }
    if (last + 1 < r->options.tasks || last >= MOST)
        printf("  ... of %" PRId64 " tasks (--json, --csv: all)\n", r->options.tasks);
    if (!isnan(r->time_exponent))
        printf("steps to learn ~ probability^%.3f (the quantization model: -1)\n", r->time_exponent);
}

static void print_widths(const sn_parity_study *s) {
    printf("%6s %12s %8s %12s %12s\n", "width", "parameters", "learned", "loss (bits)", "ideal");
    for (int i = 0; i < s->n_widths; i++) {
        const sn_parity_result *r = &s->runs[i];
        const sn_quanta q = {.gamma = r->options.gamma, .tasks = r->options.tasks};
        printf("%6" PRId64 " %12" PRId64 " %8" PRId64 " %12.5f %12.5f\n", r->options.width, r->n_parameters, r->learned,
               r->loss[r->n_marks - 1], sn_quanta_loss(&q, r->learned));
    }
}

static void print_sets(const sn_parity_study *s) {
    if (s->n_data > 0) printf("\n%12s %8s %12s %12s %12s\n", "examples", "learned", "least loss", "at step", "ideal");
    for (int i = s->n_widths; i < s->n_widths + s->n_data; i++) {
        const sn_parity_result *r = &s->runs[i];
        const sn_quanta q = {.gamma = r->options.gamma, .tasks = r->options.tasks};
        printf("%12" PRId64 " %8" PRId64 " %12.5f %12" PRId64 " %12.5f\n", r->options.examples, r->learned_best,
               r->loss[r->best], r->step[r->best], sn_quanta_loss(&q, r->learned_best));
    }
}

static void print_slope(const char *name, const sn_quanta_comparison *c) {
    if (!isnan(c->measured))
        printf("%-12s %7" PRId64 " %10.4f %10.4f %10.4f\n", name, c->points, c->measured, c->ideal, c->endless);
}

static void print_slopes(const sn_parity_study *s) {
    printf("\nloss falls as size^-slope\n%-12s %7s %10s %10s %10s\n", "size", "points", "measured", "ideal", "endless");
    print_slope("parameters", &s->by_parameters);
    print_slope("steps", &s->by_steps);
    print_slope("data", &s->by_data);
    if (!isnan(s->order)) printf("order of learning with frequency: rank correlation %.3f\n", s->order);
    if (!isnan(s->sudden))
        printf("from 0.9 to 0.1 bits a task takes %.3g times its steps (median), the mean %.3g times\n", s->sudden,
               s->smooth);
}

static sn_status write_outputs(const settings *s, const sn_parity_study *r) {
    sn_status status = SN_OK;
    char *text;
    if (s->json && (status = sn_parity_json(r, &text)) == SN_OK) status = cli_put_json(s->json, text);
    if (status == SN_OK && s->csv) status = sn_parity_write_csv(r, s->csv);
    if (status == SN_OK && s->plot) status = sn_parity_write_plot(r, s->plot);
    if (status != SN_OK || cli_json_on_screen(s->json)) return status;
    print_widths(r);
    print_sets(r);
    print_tasks(&r->runs[r->n_widths - 1]);
    print_slopes(r);
    return status;
}

/* ---- The run ---- */

/* Which of two words a setting is; -1, with a message, where it is neither. */
static int word_of(const char *option, const char *given, const char *first, const char *second) {
    if (strcmp(given, first) == 0) return 0;
    if (strcmp(given, second) == 0) return 1;
    cli_say("--%s wants %s or %s, not \"%s\"", option, first, second, given);
    return -1;
}

static int study(const settings *s, sn_parity_study_options *o) {
    sn_parity_study r = {0};
    cli_progress progress = cli_progress_begin("training", "steps", s->quiet);
    o->user = &progress;
    sn_status status = sn_parity_study_run(o, &r);
    cli_progress_end(&progress);
    if (status == SN_OK && r.n_kept > 0 && !s->quiet)
        fprintf(stderr, "%d of %d networks were read from %s\n", r.n_kept, r.n_widths + r.n_data, s->keep);
    if (status == SN_OK) status = write_outputs(s, &r);
    sn_parity_study_free(&r);
    if (status == SN_ERR_CANCELLED && s->keep)
        cli_say("what is finished lies in %s: the same command goes on with the rest", s->keep);
    return status == SN_OK ? CLI_OK : cli_failed(status);
}

static int run(void *p) {
    const settings *s = p;
    int64_t widths[SN_PARITY_RUNS] = {128}, sets[SN_PARITY_RUNS];
    sn_parity_study_options o = {.widths = widths, .examples = sets, .data_width = s->data_width, .keep = s->keep};
    int code = cli_list_numbers(&s->widths, "width", 1, 1048576, widths, SN_PARITY_RUNS, &o.n_widths);
    if (code == CLI_OK)
        code = cli_list_numbers(&s->sets, "data", 1, (int64_t)1 << 40, sets, SN_PARITY_RUNS, &o.n_examples);
    int bf16 = word_of("precision", s->precision, "f32", "bf16"), zero_one = word_of("code", s->code, "signs", "01");
    if (code != CLI_OK || bf16 < 0 || zero_one < 0) return CLI_USAGE;
    if (o.n_widths == 0) o.n_widths = 1;
    sn_status status = cli_check_outputs(s->json, s->csv, s->plot);
    if (status != SN_OK) return cli_failed(status);
    o.n_threads = (int)s->threads;
    o.progress = show_progress;
    o.run = (sn_parity_options){.tasks = s->tasks,
                                .bits = s->bits,
                                .subset = s->subset,
                                .gamma = s->gamma,
                                .batch = s->batch,
                                .steps = s->steps,
                                .patience = s->patience,
                                .marks = s->marks,
                                .test = s->test,
                                .rate = s->rate,
                                .zero_one = zero_one,
                                .bf16 = bf16,
                                .seed = (uint64_t)s->seed,
                                .cancel = &cli_cancelled};
    return study(s, &o);
}

const cli_verb cli_verb_study_parity = {
    .name = "study parity",
    .summary = "knowledge in pieces: multitask sparse parity",
    .arguments = "",
    .min_arguments = 0,
    .max_arguments = 0,
    .description =
        "The experiment behind the quantization model of scaling (Michaud et al. 2023, arXiv:2303.13506). An example "
        "names a task and shows random bits; the answer is the parity of the few bits that are the task's. Tasks come "
        "with probabilities ~ k^-(1+gamma). A network with one hidden layer is trained on fresh examples, or on a "
        "fixed set of them; each task is learned rather suddenly, the frequent ones first, and a wider network, longer "
        "training or more data teach more of them.\n\n"
        "A task counts as learned from the step on from which its loss stays below half a bit; on a fixed set, where "
        "it is below at the step of the least loss. The column \"ideal\" is the loss of a learner that knows that many "
        "of the most frequent tasks and nothing of the others. Slopes are compared with those of an ideal learner of "
        "the same tasks that knows c N of them for N parameters or (c D)^(1/(1+gamma)) for D examples or steps, with "
        "the c that gives the same mean logarithm of the loss, and with those of endlessly many tasks.",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .examples = examples,
    .n_examples = sizeof examples / sizeof *examples,
    .settings_size = sizeof(settings),
    .run = run,
};
