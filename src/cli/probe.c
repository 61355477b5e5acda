/* suan probe: what a model remembers of a story. */
#include "session_options.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

typedef struct settings {
    cli_arguments arguments;
    cli_session_settings session;
    cli_list methods;
    int64_t length, questions, seed;
    const char *json, *plot;
} settings;

#define AT(field) offsetof(settings, field)

static const cli_option options[] = {
    {"extend", 'e', CLI_LIST, AT(methods), "M,...", 0, 0, NULL, "The context methods to read under; without it none."},
    {"length", 'l', CLI_INT, AT(length), "N", 2, 16777216, NULL,
     "Tokens read of each story; without it 16 times the trained window."},
    {"questions", 'n', CLI_INT, AT(questions), "N", 1, 1000000, "200", "At least so many for each range of distances."},
    {"seed", 's', CLI_INT, AT(seed), "S", 0, 9e15, "20260101", "Of the stories: not one that was trained on."},
    {"json", 0, CLI_TEXT, AT(json), "FILE", 0, 0, NULL,
     "Write the numbers as JSON (\"-\": standard output, in place of the table)."},
    {"plot", 0, CLI_TEXT, AT(plot), "FILE", 0, 0, NULL, "Draw the curves: FILE.png, FILE.svg or FILE.pdf."},
    CLI_OPTIONS_CACHE(AT(session)),
    CLI_OPTION_TOKENIZER(AT(session)),
    CLI_OPTIONS_COMPUTE(AT(session)),
};

static const cli_example examples[] = {
    {"suan probe model.gguf --extend none,rerope:window=128", "at up to 16 times the trained window"},
    {"suan probe model.gguf --length 4k --questions 500 --json r.json --plot r.svg", "numbers and a picture"},
};

static void show_progress(void *user, int64_t done, int64_t total) {
    cli_progress_show(user, (double)done, (double)total);
}

static void print_table(const sn_probe_result *r) {
    const sn_probe_bucket *b = r->methods[0].bucket;
    int width = 6;
    for (int i = 0; i < r->n_methods; i++)
        if ((int)strlen(r->methods[i].spec) > width) width = (int)strlen(r->methods[i].spec);
    printf("Right answers (%%) about facts told so many tokens earlier; %" PRId64 " stories of %" PRId64
           " tokens, trained window %" PRId64 "\n%-*s",
           r->stories, r->length, r->train_length, width, "");
    for (int k = 0; k < r->n_buckets; k++) printf("  %5" PRId64 "-%-5" PRId64, b[k].from, b[k].to);
    printf("\n%-*s", width, "questions");
    for (int k = 0; k < r->n_buckets; k++) printf("  %11" PRId64, b[k].questions);
    putchar('\n');
    for (int i = 0; i < r->n_methods; i++) {
        printf("%-*s", width, r->methods[i].spec);
        for (int k = 0; k < r->n_buckets; k++) {
            const sn_probe_bucket *c = &r->methods[i].bucket[k];
            printf("  %11.1f", 100.0 * (double)c->right / (double)c->questions);
        }
        putchar('\n');
    }
}

static sn_status report(const settings *s, const sn_probe_result *r) {
    sn_status status = SN_OK;
    char *text = NULL;
    bool screen = s->json && strcmp(s->json, "-") == 0;
    if (!screen) print_table(r);
    if (screen) {
        status = sn_probe_json(r, &text);
        if (status == SN_OK) fputs(text, stdout);
        sn_text_free(text);
    } else if (s->json) {
        status = sn_probe_write_json(r, s->json);
    }
    if (status == SN_OK && s->plot) status = sn_probe_write_plot(r, s->plot);
    return status;
}

static sn_status probe(const settings *s, const cli_model *m, sn_extend **methods, int n, sn_probe_result **out) {
    sn_probe_options o = sn_probe_defaults();
    sn_extend *unused = NULL;
    sn_status status = cli_session_options(&s->session, m->model, &o.session, &unused);
    cli_progress progress = cli_progress_begin("asking", "questions", s->session.quiet);
    o.methods = (const sn_extend *const *)methods;
    o.n_methods = n;
    o.length = s->length;
    o.questions = s->questions;
    o.story.seed = (uint64_t)s->seed;
    o.progress = show_progress;
    o.user = &progress;
    if (status == SN_OK) status = sn_probe_run(m->model, m->tokenizer, &o, out);
    cli_progress_end(&progress);
    return status;
}

static int run(void *p) {
    const settings *s = p;
    cli_model m = {0};
    sn_extend **methods = NULL;
    sn_probe_result *result = NULL;
    int n = 0;
    char *list = cli_list_join(&s->methods);
    sn_status status = sn_extend_parse_list(list ? list : "none", &methods, &n);
    free(list);
    if (status == SN_OK && s->plot) status = sn_compare_check_path(s->plot, true);
    if (status == SN_OK && s->json && strcmp(s->json, "-") != 0) status = sn_compare_check_path(s->json, false);
    if (status == SN_OK) status = cli_model_open(s->arguments.argument[0], s->session.tokenizer, true, &m);
    if (status == SN_OK) status = probe(s, &m, methods, n, &result);
    if (status == SN_OK) status = report(s, result);
    sn_probe_free(result);
    sn_extend_list_free(methods, n);
    cli_model_close(&m);
    return status == SN_OK ? CLI_OK : cli_failed(status);
}

const cli_verb cli_verb_probe = {
    .name = "probe",
    .summary = "ask a model about facts told far earlier",
    .arguments = "MODEL",
    .min_arguments = 1,
    .max_arguments = 1,
    .description =
        "Lets the model read stories of 'suan corpus' that are full of questions, and counts the answers that it would "
        "have given itself: each token of an answer must be the most likely one. Answers are sorted by how many tokens "
        "before the fact was last told, up to the trained window and in octaves beyond it. Only a model trained on "
        "such "
        "stories, or a capable one, can know the answers; then this shows how far it reads under each context method.",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .examples = examples,
    .n_examples = sizeof examples / sizeof *examples,
    .settings_size = sizeof(settings),
    .run = run,
};
