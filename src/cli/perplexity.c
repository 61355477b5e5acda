/* suan perplexity: how well a model predicts a text. */
#include "session_options.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

typedef struct settings {
    cli_arguments arguments;
    cli_session_settings session;
    const char *file, *json;
    int64_t windows;
} settings;

#define AT(field) offsetof(settings, field)

static const cli_option options[] = {
    {"file", 'f', CLI_TEXT, AT(file), "FILE", 0, 0, NULL, "The text (\"-\": standard input). Required."},
    {"context", 'c', CLI_INT, AT(session.context), "N", 4, 1073741824, NULL,
     "Tokens of a window; without it the trained length."},
    {"windows", 'w', CLI_INT, AT(windows), "N", 1, 1073741824, NULL, "The first N windows only."},
    CLI_OPTION_EXTEND(AT(session)),
    {"json", 0, CLI_TEXT, AT(json), "FILE", 0, 0, NULL, "Write the result as JSON (\"-\": standard output)."},
    CLI_OPTIONS_CACHE(AT(session)),
    CLI_OPTION_TOKENIZER(AT(session)),
    CLI_OPTIONS_COMPUTE(AT(session)),
};

static const cli_example examples[] = {
    {"suan perplexity model.gguf -f wiki.test.raw", "windows of the trained length"},
    {"suan perplexity model.gguf -f book.txt -c 8192 --extend rerope:window=1024", "beyond the trained length"},
    {"suan perplexity model.gguf -f wiki.test.raw -c 512 --windows 20 --json r.json", "comparable with llama.cpp"},
};

static void show_progress(void *user, int64_t done, int64_t total) {
    cli_progress_show(user, (double)done, (double)total);
}

static sn_status write_json(const char *path, const sn_perplexity_result *r, const char *model) {
    cli_text json;
    sn_status status = cli_text_begin(&json, path);
    if (status != SN_OK) return status;
    fputs("{\"model\": ", json.to);
    cli_json_text(json.to, model);
    fprintf(json.to,
            ", \"ppl\": %.17g, \"ppl_stderr\": %.17g, \"nll\": %.17g, \"stderr\": %.17g, \"tokens\": %" PRId64
            ", \"windows\": %" PRId64 ", \"context\": %" PRId64 ", \"unit\": \"nats/token\"}\n",
            r->perplexity, r->perplexity_error, r->nll, r->nll_error, r->tokens, r->windows, r->context);
    return cli_text_end(&json, true);
}

static sn_status evaluate(const settings *s, const cli_model *m, const char *text, size_t size,
                          sn_perplexity_result *r) {
    sn_perplexity_options o = sn_perplexity_defaults();
    sn_extend *extend = NULL;
    cli_progress progress = cli_progress_begin("perplexity", "tokens", s->session.quiet);
    sn_status status = cli_session_options(&s->session, m->model, &o.session, &extend);
    o.context = s->session.context;
    o.windows = s->windows;
    o.progress = show_progress;
    o.user = &progress;
    if (status == SN_OK) status = sn_perplexity_text(m->model, m->tokenizer, text, size, &o, r);
    cli_progress_end(&progress);
    sn_extend_free(extend);
    return status;
}

static int report(const settings *s, const cli_model *m, const sn_perplexity_result *r) {
    if (!s->session.quiet && s->session.extend) cli_say("%s", r->note);
    if (!s->json || strcmp(s->json, "-") != 0)
        printf("perplexity %.4f ± %.4f  (%.5f ± %.5f nats/token; %" PRId64 " tokens in %" PRId64 " windows of %" PRId64
               ")\n",
               r->perplexity, r->perplexity_error, r->nll, r->nll_error, r->tokens, r->windows, r->context);
    sn_status status = s->json ? write_json(s->json, r, sn_model_name(m->model)) : SN_OK;
    return status == SN_OK ? CLI_OK : cli_failed(status);
}

static int run(void *p) {
    const settings *s = p;
    char *text = NULL;
    size_t size = 0;
    cli_model m = {0};
    sn_perplexity_result r;
    if (!s->file) {
        cli_say("perplexity needs --file FILE (see 'suan help perplexity')");
        return CLI_USAGE;
    }
    if (s->json && strcmp(s->json, "-") != 0 && sn_compare_check_path(s->json, false) != SN_OK)
        return cli_failed(SN_ERR_IO);
    if (cli_read_file(s->file, &text, &size) != SN_OK) return CLI_FAILED;
    sn_status status = cli_model_open(s->arguments.argument[0], s->session.tokenizer, true, &m);
    if (status == SN_OK) status = evaluate(s, &m, text, size, &r);
    int code = status == SN_OK ? report(s, &m, &r) : cli_failed(status);
    cli_model_close(&m);
    free(text);
    return code;
}

const cli_verb cli_verb_perplexity = {
    .name = "perplexity",
    .summary = "how well a model predicts a text",
    .arguments = "MODEL",
    .min_arguments = 1,
    .max_arguments = 1,
    .description =
        "The rule is that of llama-perplexity. The whole text becomes one row of tokens, with BOS in front where the "
        "tokenizer adds one. It is cut into windows of --context tokens; a rest is left out. The first token of each "
        "window is replaced by BOS (again, where the tokenizer adds one). Only the second half of a window is scored: "
        "token i is predicted from those before it in its window, for i from N/2 + 1 to N - 1. The perplexity is "
        "exp(mean loss); the error after ± is the standard error over tokens, carried through exp.",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .examples = examples,
    .n_examples = sizeof examples / sizeof *examples,
    .settings_size = sizeof(settings),
    .run = run,
};
