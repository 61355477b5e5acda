/* suan study parity: the experiment behind the quantization model of scaling. */
#include "cli.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

typedef struct settings {
    cli_arguments arguments;
    const char *json, *csv, *plot;
    cli_list widths;
    int64_t tasks, bits, subset, batch, steps, marks, test, seed, threads;
    double gamma, rate;
    bool quiet;
} settings;

#define AT(field) offsetof(settings, field)

static const cli_option options[] = {
    {"tasks", 0, CLI_INT, AT(tasks), "N", 1, 4096, "16", "Tasks; task k comes with probability ~ k^-(1+gamma)."},
    {"bits", 0, CLI_INT, AT(bits), "N", 1, 64, "16", "Random bits of an example."},
    {"subset", 0, CLI_INT, AT(subset), "N", 1, 64, "3", "Of them, those whose parity a task asks for."},
    {"gamma", 0, CLI_REAL, AT(gamma), "X", 0.001, 99, "0.4", "Exponent of the tasks' frequencies, less 1."},
    {"width", 'w', CLI_LIST, AT(widths), "N,...", 0, 0, NULL, "Hidden units: one network for each; without it 128."},
    {"batch", 'b', CLI_INT, AT(batch), "N", 1, 1048576, "512", "Fresh examples of a step."},
    {"steps", 'n', CLI_INT, AT(steps), "N", 2, 1073741824, "10000", "Steps of AdamW."},
    {"lr", 0, CLI_REAL, AT(rate), "X", 1e-9, 99, "1e-3", "Its rate."},
    {"marks", 0, CLI_INT, AT(marks), "N", 2, 4096, "60", "Measurements, at equal ratios of steps."},
    {"test", 0, CLI_INT, AT(test), "N", 1, 65536, "256", "Examples of each task in a measurement."},
    {"seed", 0, CLI_INT, AT(seed), "N", 0, 4294967295.0, "1", "Of tasks, examples and weights."},
    {"threads", 't', CLI_INT, AT(threads), "N", 0, 4096, "0", "Threads; 0: one per core."},
    {"json", 0, CLI_TEXT, AT(json), "FILE", 0, 0, NULL, "Write all numbers as JSON (\"-\": standard output)."},
    {"csv", 0, CLI_TEXT, AT(csv), "FILE", 0, 0, NULL, "Write the loss of each task at each mark."},
    {"plot", 0, CLI_TEXT, AT(plot), "FILE", 0, 0, NULL, "Draw them: FILE.png, FILE.svg or FILE.pdf."},
    {"quiet", 'q', CLI_FLAG, AT(quiet), NULL, 0, 0, NULL, "No progress."},
};

static const cli_example examples[] = {
    {"suan study parity", "16 tasks, a minute or two"},
    {"suan study parity --width 8,16,32,64,128 --plot parity.png", "what width buys"},
};

enum { MOST = 16 };

static void show_progress(void *user, int64_t done, int64_t total) {
    cli_progress_show(user, (double)done, (double)total);
}

static sn_status run_width(const settings *s, int64_t width, sn_parity_result *out) {
    char what[64];
    snprintf(what, sizeof what, "width %" PRId64, width);
    cli_progress progress = cli_progress_begin(what, "steps", s->quiet);
    const sn_parity_options o = {.tasks = s->tasks,
                                 .bits = s->bits,
                                 .subset = s->subset,
                                 .gamma = s->gamma,
                                 .width = width,
                                 .batch = s->batch,
                                 .steps = s->steps,
                                 .marks = s->marks,
                                 .test = s->test,
                                 .rate = s->rate,
                                 .seed = (uint64_t)s->seed,
                                 .n_threads = (int)s->threads,
                                 .progress = show_progress,
                                 .user = &progress,
                                 .cancel = &cli_cancelled};
    sn_status status = sn_parity_run(&o, out);
    cli_progress_end(&progress);
    return status;
}

static void print_tasks(const sn_parity_result *r) {
    const double *end = r->task_loss + (r->n_marks - 1) * r->options.tasks;
    printf("\nwidth %" PRId64 "\n%6s %12s %12s %12s\n", r->options.width, "task", "probability", "learned at", "loss");
    for (int64_t k = 0; k < r->options.tasks; k++) {
        printf("%6" PRId64 " %12.5f ", k + 1, r->probability[k]);
        if (r->learned_at[k] < 0)
            printf("%12s", "-");
        else
            printf("%12" PRId64, r->learned_at[k]);
        printf(" %12.4f\n", end[k]);
    }
    if (!isnan(r->time_exponent))
        printf("steps to learn ~ probability^%.3f (the quantization model: -1)\n", r->time_exponent);
}

static void print_widths(const sn_parity_result *r, int n) {
    printf("%6s %12s %8s %12s %12s\n", "width", "parameters", "learned", "loss (bits)", "ideal");
    for (int i = 0; i < n; i++) {
        const sn_quanta q = {.gamma = r[i].options.gamma, .tasks = r[i].options.tasks};
        printf("%6" PRId64 " %12" PRId64 " %8" PRId64 " %12.5f %12.5f\n", r[i].options.width, r[i].n_parameters,
               r[i].learned, r[i].loss[r[i].n_marks - 1], sn_quanta_loss(&q, r[i].learned));
    }
    print_tasks(&r[n - 1]);
}

static sn_status write_outputs(const settings *s, const sn_parity_result *r, int n) {
    sn_status status = SN_OK;
    char *text;
    if (s->json && (status = sn_parity_json(r, n, &text)) == SN_OK) status = cli_put_json(s->json, text);
    if (status == SN_OK && s->csv) status = sn_parity_write_csv(r, n, s->csv);
    if (status == SN_OK && s->plot) status = sn_parity_write_plot(r, n, s->plot);
    if (status == SN_OK && !cli_json_on_screen(s->json)) print_widths(r, n);
    return status;
}

static int run(void *p) {
    const settings *s = p;
    int64_t widths[MOST] = {128};
    int n_widths = 0, n = 0;
    sn_parity_result result[MOST];
    int code = cli_list_numbers(&s->widths, "width", 1, 1048576, widths, MOST, &n_widths);
    if (code != CLI_OK) return code;
    if (n_widths == 0) n_widths = 1;
    sn_status status = cli_check_outputs(s->json, s->csv, s->plot);
    for (; status == SN_OK && n < n_widths; n += status == SN_OK) status = run_width(s, widths[n], &result[n]);
    if (status == SN_OK) status = write_outputs(s, result, n);
    for (int i = 0; i < n; i++) sn_parity_free(&result[i]);
    return status == SN_OK ? CLI_OK : cli_failed(status);
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
        "with probabilities ~ k^-(1+gamma). A network with one hidden layer is trained on fresh examples; each task is "
        "learned rather suddenly, the frequent ones first, and a wider network learns more of them.\n\n"
        "A task counts as learned from the step on from which its loss stays below half a bit. The column \"ideal\" is "
        "the "
        "loss of a learner that knows that many of the most frequent tasks and nothing of the others.",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .examples = examples,
    .n_examples = sizeof examples / sizeof *examples,
    .settings_size = sizeof(settings),
    .run = run,
};
