/* suan logits: the raw outputs of a model for a text. */
#include "session_options.h"

#include "suan/array.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

typedef struct settings {
    cli_arguments arguments;
    cli_session_settings session;
    const char *prompt, *file, *npy;
    bool last, no_special;
} settings;

#define AT(field) offsetof(settings, field)

static const cli_option options[] = {
    {"prompt", 'p', CLI_TEXT, AT(prompt), "TEXT", 0, 0, NULL, "The text."},
    {"file", 'f', CLI_TEXT, AT(file), "FILE", 0, 0, NULL, "Take the text from a file (\"-\": standard input)."},
    {"npy", 'o', CLI_TEXT, AT(npy), "FILE", 0, 0, NULL, "Write f32 logits [tokens, vocabulary] as .npy. Required."},
    {"last", 0, CLI_FLAG, AT(last), "", 0, 0, NULL, "Only the last token's logits: [1, vocabulary]."},
    {"no-special", 0, CLI_FLAG, AT(no_special), "", 0, 0, NULL, "Add no BOS and the like to the text."},
    CLI_OPTION_EXTEND(AT(session)),
    CLI_OPTION_CONTEXT(AT(session)),
    CLI_OPTIONS_CACHE(AT(session)),
    CLI_OPTION_TOKENIZER(AT(session)),
    CLI_OPTIONS_COMPUTE(AT(session)),
};

static const cli_example examples[] = {
    {"suan logits model.gguf -p 'Once upon a time' --npy out.npy", "logits of every position"},
};

typedef struct rows {
    float *data;
    bool last; /* one row only */
} rows;

static sn_status keep_row(void *user, int64_t index, const float *logits, int64_t n_vocab) {
    rows *r = user;
    memcpy(r->data + (r->last ? 0 : index * n_vocab), logits, (size_t)n_vocab * sizeof *logits);
    return SN_OK;
}

static sn_status evaluate(const settings *s, const cli_model *m, const int32_t *ids, int64_t n) {
    sn_session_options o;
    sn_extend *extend = NULL;
    sn_session *session = NULL;
    int64_t n_rows = s->last ? 1 : n, n_vocab = sn_model_get_config(m->model)->n_vocab;
    sn_status status = cli_session_options(&s->session, m->model, &o, &extend);
    if (status == SN_OK && !o.capacity) o.capacity = n;
    rows r = {calloc((size_t)(n_rows * n_vocab), sizeof(float)), s->last};
    if (!r.data) {
        status =
            cli_refuse(SN_ERR_MEMORY, "out of memory for %s of logits: try --last", cli_bytes(n_rows * n_vocab * 4));
    }
    if (status == SN_OK) status = sn_session_new(m->model, &o, &session);
    if (status == SN_OK) status = sn_session_append(session, 0, ids, n, s->last ? 1 : 2, keep_row, &r);
    sn_tensor t = sn_tensor_make(SN_F32, 2, (int64_t[]){n_rows, n_vocab}, r.data);
    if (status == SN_OK) status = sn_npy_write(s->npy, &t);
    free(r.data);
    sn_session_free(session);
    sn_extend_free(extend);
    return status;
}

static sn_status run_on(const settings *s, const char *text, size_t size) {
    cli_model m;
    int32_t *ids = NULL;
    int64_t n = 0;
    sn_encode_options encode = {.add_special = !s->no_special, .parse_special = !s->no_special};
    sn_status status = cli_model_open(s->arguments.argument[0], s->session.tokenizer, true, &m);
    if (status == SN_OK) status = sn_tokenizer_encode(m.tokenizer, text, size, &encode, &ids, &n);
    if (status == SN_OK && n == 0) {
        status = cli_refuse(SN_ERR_ARGUMENT, "the text has no tokens: logits need at least one");
    } else if (status == SN_OK) {
        status = evaluate(s, &m, ids, n);
    }
    sn_ids_free(ids);
    cli_model_close(&m);
    return status;
}

static int run(void *p) {
    const settings *s = p;
    char *read = NULL;
    size_t size = s->prompt ? strlen(s->prompt) : 0;
    if (!s->npy || (s->prompt != NULL) == (s->file != NULL)) {
        cli_say("logits needs --npy FILE and one of --prompt and --file");
        return CLI_USAGE;
    }
    if (!strcmp(s->npy, "-")) {
        cli_say("--npy wants the name of a file, not \"-\"");
        return CLI_USAGE;
    }
    if (s->file && cli_read_file(s->file, &read, &size) != SN_OK) return CLI_FAILED;
    sn_status status = run_on(s, s->prompt ? s->prompt : read, size);
    free(read);
    return status == SN_OK ? CLI_OK : cli_failed(status);
}

const cli_verb cli_verb_logits = {
    .name = "logits",
    .summary = "write a model's logits for a text",
    .arguments = "MODEL",
    .min_arguments = 1,
    .max_arguments = 1,
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .examples = examples,
    .n_examples = sizeof examples / sizeof *examples,
    .settings_size = sizeof(settings),
    .run = run,
};
