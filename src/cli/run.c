/* suan run: generate text. */
#include "session_options.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct settings {
    cli_arguments arguments;
    cli_session_settings session;
    const char *prompt, *file, *system, *context_full;
    bool chat, interactive, ignore_end, with_special, logprobs, echo;
    int64_t n, seed, top_k, repeat_last;
    double temperature, top_p, min_p, penalty;
    cli_list stop;
} settings;

#define AT(field) offsetof(settings, field)

static const cli_option options[] = {
    {"prompt", 'p', CLI_TEXT, AT(prompt), "TEXT", 0, 0, NULL, "Continue this text; without one, from the start token."},
    {"file", 'f', CLI_TEXT, AT(file), "FILE", 0, 0, NULL, "Take the prompt from a file (\"-\": standard input)."},
    {"n", 'n', CLI_INT, AT(n), "N", 1, 1073741824, NULL,
     "Tokens to generate; without it until the end token or a full context."},
    CLI_OPTION_EXTEND(AT(session)),
    CLI_OPTION_CONTEXT(AT(session)),
    {"context-full", 0, CLI_TEXT, AT(context_full), "error|stop", 0, 0, "error",
     "When the context is full before the text has ended: an error (said, with status 1, after the text so far), or "
     "stop as at its end. Nothing is ever cut from the context."},
    {"temp", 0, CLI_REAL, AT(temperature), "T", 0, 100, "0.8", "Temperature; 0 always takes the likeliest token."},
    {"top-k", 0, CLI_INT, AT(top_k), "K", 0, 1073741824, "40", "Keep the K likeliest tokens; 0: all."},
    {"top-p", 0, CLI_REAL, AT(top_p), "P", 0, 1, "0.95", "Keep the likeliest tokens that sum to P; 1: all."},
    {"min-p", 0, CLI_REAL, AT(min_p), "P", 0, 1, "0.05", "Drop tokens less likely than P times the likeliest."},
    {"repeat-penalty", 0, CLI_REAL, AT(penalty), "R", 0.01, 100, "1",
     "Divide the logits of recent tokens by R; 1: off."},
    {"repeat-last", 0, CLI_INT, AT(repeat_last), "N", 1, 1073741824, "64", "Tokens the penalty looks back at."},
    {"seed", 's', CLI_INT, AT(seed), "S", 0, 9007199254740992, "0", "The same seed gives the same text."},
    {"stop", 0, CLI_LIST, AT(stop), "TEXT", 0, 0, NULL, "Stop before this text; may be repeated."},
    {"ignore-end", 0, CLI_FLAG, AT(ignore_end), "", 0, 0, NULL, "Go on past the end token."},
    {"with-special", 0, CLI_FLAG, AT(with_special), "", 0, 0, NULL, "Print special tokens as text."},
    {"echo", 0, CLI_FLAG, AT(echo), "", 0, 0, NULL, "Print the prompt before the text."},
    {"logprobs", 0, CLI_FLAG, AT(logprobs), "", 0, 0, NULL,
     "One line for each token on standard error: id, log probability."},
    {"chat", 0, CLI_FLAG, AT(chat), "", 0, 0, NULL,
     "Use the model's chat template: one message from --prompt, or a conversation on the terminal."},
    {"system", 0, CLI_TEXT, AT(system), "TEXT", 0, 0, NULL, "The system message of a chat."},
    {"interactive", 'i', CLI_FLAG, AT(interactive), "", 0, 0, NULL,
     "After each text read a line from standard input and go on from there."},
    CLI_OPTIONS_CACHE(AT(session)),
    CLI_OPTION_TOKENIZER(AT(session)),
    CLI_OPTIONS_COMPUTE(AT(session)),
};

static const cli_example examples[] = {
    {"suan run model.gguf -p 'Once upon a time' -n 100", "continue a text"},
    {"suan run model.gguf -f book.txt --extend auto -n 200", "a prompt longer than the trained window"},
    {"suan run model.gguf --chat", "a conversation"},
    {"suan run stories.bin --tokenizer tok512.bin --temp 0 -n 200", "the likeliest story"},
};

/* All that lives during one run. */
typedef struct runner {
    const settings *s;
    cli_model model;
    sn_extend *extend;
    sn_session *session;
    int32_t *tokens; /* all tokens the session holds, and those chosen last that it does not hold yet */
    int64_t n_tokens;
    char *reply; /* text of the last turn */
    size_t reply_size;
    int failed;
} runner;

static int on_text(void *user, const char *text, size_t size) {
    runner *r = user;
    fwrite(text, 1, size, stdout);
    fflush(stdout);
    char *reply = realloc(r->reply, r->reply_size + size + 1);
    if (!reply) {
        r->failed = 1;
        return 1;
    }
    memcpy(reply + r->reply_size, text, size);
    r->reply = reply;
    r->reply_size += size;
    reply[r->reply_size] = 0;
    return cli_cancelled || ferror(stdout);
}

static int keep_tokens(runner *r, const int32_t *tokens, int64_t n) {
    int32_t *all = realloc(r->tokens, (size_t)(r->n_tokens + n) * sizeof *all);
    if (!all) return r->failed = 1;
    memcpy(all + r->n_tokens, tokens, (size_t)n * sizeof *all);
    r->tokens = all;
    r->n_tokens += n;
    return 0;
}

static int on_token(void *user, int32_t token, float logprob) {
    runner *r = user;
    if (r->s->logprobs) fprintf(stderr, "%" PRId32 " %.6f\n", token, (double)logprob);
    return keep_tokens(r, &token, 1) || cli_cancelled;
}

static sn_generate_options generate_options(runner *r) {
    const settings *s = r->s;
    sn_generate_options o = sn_generate_defaults();
    o.max_tokens = s->n;
    o.context_full = strcmp(s->context_full, "stop") == 0 ? SN_CONTEXT_FULL_STOP : SN_CONTEXT_FULL_ERROR;
    o.sampler.temperature = s->temperature;
    o.sampler.top_k = (int)s->top_k;
    o.sampler.top_p = s->top_p;
    o.sampler.min_p = s->min_p;
    o.sampler.repetition_penalty = s->penalty;
    o.sampler.repetition_window = (int)s->repeat_last;
    o.sampler.seed = (uint64_t)s->seed;
    o.stop = s->stop.item;
    o.n_stop = s->stop.n;
    o.ignore_end = s->ignore_end;
    o.with_special = s->with_special;
    o.on_text = on_text;
    o.on_token = on_token;
    o.user = r;
    return o;
}

/* Chooses the capacity before the session is made: what the prompt and -n need, at least the trained window. */
static sn_status open_session(runner *r, int64_t n_prompt) {
    const settings *s = r->s;
    const sn_model_config *c = sn_model_get_config(r->model.model);
    bool conversation = s->chat || s->interactive;
    int64_t wanted = n_prompt + (s->n ? s->n : 256);
    sn_session_options o;
    sn_status status = cli_session_options(&s->session, r->model.model, &o, &r->extend);
    if (status != SN_OK) return status;
    if (!o.capacity) o.capacity = wanted > c->train_length || (s->n && !conversation) ? wanted : c->train_length;
    status = sn_session_new(r->model.model, &o, &r->session);
    if (status != SN_OK || s->session.quiet) return status;
    if (r->extend) cli_say("%s", sn_session_note(r->session));
    if (!r->extend && o.capacity > c->train_length)
        cli_say("%" PRId64 " tokens may exceed the trained window of %" PRId64 ": consider --extend auto", o.capacity,
                c->train_length);
    return SN_OK;
}

static void report(const sn_generate_result *g) {
    static const char *const why[] = {"all tokens made", "end token", "stop text", "stopped", "context full"};
    double prompt = g->prompt_seconds > 0 ? (double)g->n_prompt / g->prompt_seconds : 0;
    double rate = g->generate_seconds > 0 ? (double)g->n_generated / g->generate_seconds : 0;
    cli_say("read %" PRId64 " tokens (%.1f/s), wrote %" PRId64 " (%.1f/s): %s", g->n_prompt, prompt, g->n_generated,
            rate, why[g->finish]);
}

/* Appends the ids and writes on from there. */
static sn_status write_on(runner *r, const int32_t *ids, int64_t n) {
    sn_generate_options o = generate_options(r);
    sn_generate_result result = {0};
    r->reply_size = 0;
    if (keep_tokens(r, ids, n)) return SN_ERR_MEMORY;
    sn_status status = sn_generate(r->session, r->model.tokenizer, ids, n, &o, &result);
    bool full = result.finish == SN_FINISH_FULL && (status == SN_OK || status == SN_ERR_LIMIT);
    if (status != SN_OK && !full) return status;
    if (isatty(STDOUT_FILENO)) fputc('\n', stdout);
    if (!r->s->session.quiet) report(&result);
    if (cli_cancelled) return SN_ERR_CANCELLED;
    if (full && status != SN_OK)
        return cli_refuse(status,
                          "the context of %" PRId64 " tokens is full and the text has not ended: give a larger "
                          "--context, fewer tokens with -n, or --context-full stop",
                          sn_session_capacity(r->session));
    return SN_OK;
}

static sn_status encode(const runner *r, const char *text, bool add_special, int32_t **ids, int64_t *n) {
    sn_encode_options o = {.add_special = add_special, .parse_special = true};
    return sn_tokenizer_encode(r->model.tokenizer, text, strlen(text), &o, ids, n);
}

/* The ids of the prompt; an empty one is the start token alone. */
static sn_status prompt_ids(const runner *r, const char *text, int32_t **ids, int64_t *n) {
    sn_status status = encode(r, text, true, ids, n);
    if (status != SN_OK || *n > 0) return status;
    sn_ids_free(*ids);
    int32_t bos = sn_tokenizer_bos(r->model.tokenizer);
    const char *piece = bos >= 0 ? sn_tokenizer_piece(r->model.tokenizer, bos, NULL) : NULL;
    if (!piece) return cli_refuse(SN_ERR_ARGUMENT, "the model has no start token: give a prompt with -p");
    return encode(r, piece, false, ids, n);
}

static char *read_line(void) {
    char *line = NULL;
    size_t size = 0;
    if (isatty(STDIN_FILENO)) fputs("> ", stderr);
    ssize_t length = getline(&line, &size, stdin);
    if (length < 0 || cli_cancelled) {
        free(line);
        return NULL;
    }
    if (length > 0 && line[length - 1] == '\n') line[length - 1] = 0;
    return line;
}

/* Goes on with a line; what was chosen last and is not in the session yet comes before it. */
static sn_status go_on(runner *r, const char *line) {
    int32_t *ids, *all;
    int64_t n, held = sn_session_length(r->session, 0), pending = r->n_tokens - held;
    sn_status status = encode(r, line, false, &ids, &n);
    if (status != SN_OK) return status;
    all = malloc((size_t)(pending + n + 1) * sizeof *all);
    if (all) {
        memcpy(all, r->tokens + held, (size_t)pending * sizeof *all);
        memcpy(all + pending, ids, (size_t)n * sizeof *all);
        r->n_tokens = held;
        status = write_on(r, all, pending + n);
    } else {
        status = cli_refuse(SN_ERR_MEMORY, "out of memory");
    }
    free(all);
    sn_ids_free(ids);
    return status;
}

static sn_status run_text(runner *r, const char *prompt) {
    int32_t *ids;
    int64_t n;
    sn_status status = prompt_ids(r, prompt, &ids, &n);
    if (status != SN_OK) return status;
    status = open_session(r, n);
    if (status == SN_OK && r->s->echo) fputs(prompt, stdout);
    if (status == SN_OK) status = write_on(r, ids, n);
    sn_ids_free(ids);
    while (status == SN_OK && r->s->interactive) {
        char *line = read_line();
        if (!line) break;
        status = go_on(r, line);
        free(line);
    }
    return status;
}

enum { max_messages = 512 };
typedef struct conversation {
    sn_chat_message message[max_messages];
    char *content[max_messages]; /* owned */
    int n;
} conversation;

static sn_status add_message(conversation *c, const char *role, const char *content) {
    if (c->n == max_messages) {
        return cli_refuse(SN_ERR_LIMIT, "a conversation of more than %d messages", max_messages);
    }
    c->content[c->n] = strdup(content);
    if (!c->content[c->n]) return SN_ERR_MEMORY;
    c->message[c->n] = (sn_chat_message){role, c->content[c->n]};
    c->n++;
    return SN_OK;
}

/* Renders the whole conversation and gives the session what is new in it. */
static sn_status chat_turn(runner *r, const conversation *c) {
    char *text;
    int32_t *ids;
    int64_t n, same = 0;
    sn_status status = sn_chat_render(r->model.tokenizer, NULL, c->message, c->n, true, &text);
    if (status != SN_OK) return status;
    /* The template writes BOS itself where it wants one; the tokenizer adds it only where the text has none. */
    status = encode(r, text, false, &ids, &n);
    int32_t bos = sn_tokenizer_bos(r->model.tokenizer);
    bool lacks_bos = status == SN_OK && sn_tokenizer_adds_bos(r->model.tokenizer) && (n == 0 || ids[0] != bos);
    if (lacks_bos) {
        sn_ids_free(ids);
        status = encode(r, text, true, &ids, &n);
    }
    sn_text_free(text);
    if (status != SN_OK) return status;
    if (!r->session) status = open_session(r, n);
    while (status == SN_OK && same < n - 1 && same < r->n_tokens && ids[same] == r->tokens[same]) same++;
    int64_t held = r->session ? sn_session_length(r->session, 0) : 0;
    if (same > held) same = held;
    if (status == SN_OK && same < held) status = sn_session_truncate(r->session, 0, same);
    if (same < r->n_tokens) r->n_tokens = same;
    if (status == SN_OK) status = write_on(r, ids + same, n - same);
    sn_ids_free(ids);
    return status;
}

static sn_status run_chat(runner *r, const char *prompt) {
    static conversation c;
    sn_status status = r->s->system ? add_message(&c, "system", r->s->system) : SN_OK;
    bool once = *prompt != 0 && !r->s->interactive;
    while (status == SN_OK) {
        char *line = *prompt ? strdup(prompt) : read_line();
        prompt = "";
        if (!line) break;
        status = add_message(&c, "user", line);
        free(line);
        if (status == SN_OK) status = chat_turn(r, &c);
        if (status == SN_OK) status = add_message(&c, "assistant", r->reply ? r->reply : "");
        if (once) break;
    }
    for (int i = 0; i < c.n; i++) free(c.content[i]);
    c.n = 0;
    return status;
}

static sn_status run_with(runner *r) {
    const settings *s = r->s;
    char *read = NULL;
    size_t size;
    sn_status status = cli_model_open(s->arguments.argument[0], s->session.tokenizer, true, &r->model);
    if (status != SN_OK) return status;
    if (s->file && cli_read_file(s->file, &read, &size) != SN_OK) return SN_ERR_IO;
    const char *prompt = read ? read : s->prompt ? s->prompt : "";
    status = s->chat ? run_chat(r, prompt) : run_text(r, prompt);
    free(read);
    return status;
}

static int run(void *p) {
    runner r = {.s = p};
    if (r.s->prompt && r.s->file) {
        cli_say("give --prompt or --file, not both");
        return CLI_USAGE;
    }
    if (r.s->system && !r.s->chat) {
        cli_say("--system is for --chat: give both");
        return CLI_USAGE;
    }
    if (strcmp(r.s->context_full, "error") != 0 && strcmp(r.s->context_full, "stop") != 0) {
        cli_say("--context-full is error or stop, not \"%s\"", r.s->context_full);
        return CLI_USAGE;
    }
    sn_status status = run_with(&r);
    sn_session_free(r.session);
    sn_extend_free(r.extend);
    cli_model_close(&r.model);
    free(r.tokens);
    free(r.reply);
    if (r.failed) cli_say("out of memory");
    if (status != SN_OK) return cli_failed(status);
    return r.failed ? CLI_FAILED : CLI_OK;
}

const cli_verb cli_verb_run = {
    .name = "run",
    .summary = "generate text, or chat",
    .arguments = "MODEL",
    .min_arguments = 1,
    .max_arguments = 1,
    .description =
        "The generated text goes to standard output, everything else to standard error. A prompt that does not "
        "fit the context is refused, never cut.",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .examples = examples,
    .n_examples = sizeof examples / sizeof *examples,
    .settings_size = sizeof(settings),
    .run = run,
};
