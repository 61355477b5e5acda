/* suan tokenize: text to ids. */
#include "cli.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

typedef struct settings {
    cli_arguments arguments;
    const char *file;
    bool ids, no_special, count;
} settings;

static const cli_option options[] = {
    {"file", 'f', CLI_TEXT, offsetof(settings, file), "FILE", 0, 0, NULL,
     "Take the text from a file (\"-\": standard input)."},
    {"ids", 0, CLI_FLAG, offsetof(settings, ids), "", 0, 0, NULL,
     "Print ids separated by blanks on one line, nothing else; a file is one text."},
    {"no-special", 0, CLI_FLAG, offsetof(settings, no_special), "", 0, 0, NULL,
     "Add no BOS, EOS and the like, and read special tokens in the text as plain text."},
    {"count", 0, CLI_FLAG, offsetof(settings, count), "", 0, 0, NULL, "Print the number of tokens only."},
};

static const cli_example examples[] = {
    {"suan tokenize model.gguf 'Hello world'", "one line for each token: id and piece"},
    {"suan tokenize tokenizer.json --file book.txt --ids", "all ids of a book"},
    {"suan tokenize tokenizer.model --file book.txt --count", "how many tokens a book has"},
};

static void print_pieces(const sn_tokenizer *t, const int32_t *ids, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        const char *piece = sn_tokenizer_piece(t, ids[i], NULL);
        printf("%8" PRId32 "  ", ids[i]);
        cli_json_text(stdout, piece ? piece : "");
        fputc('\n', stdout);
    }
}

static void print_ids(const int32_t *ids, int64_t n) {
    for (int64_t i = 0; i < n; i++) printf("%s%" PRId32, i ? " " : "", ids[i]);
    fputc('\n', stdout);
}

static sn_status tokenize(const settings *s, const sn_tokenizer *t, const char *text, size_t size) {
    int32_t *ids;
    int64_t n;
    sn_encode_options encode = {.add_special = !s->no_special, .parse_special = !s->no_special};
    sn_status status = sn_tokenizer_encode(t, text, size, &encode, &ids, &n);
    if (status != SN_OK) return status;
    if (s->count)
        printf("%" PRId64 "\n", n);
    else if (s->ids)
        print_ids(ids, n);
    else
        print_pieces(t, ids, n);
    sn_ids_free(ids);
    return SN_OK;
}

static int run(void *p) {
    const settings *s = p;
    const char *argument = s->arguments.n_arguments > 1 ? s->arguments.argument[1] : NULL;
    char *read = NULL;
    size_t size = argument ? strlen(argument) : 0;
    if (argument && s->file) {
        cli_say("give a text or --file, not both");
        return CLI_USAGE;
    }
    sn_tokenizer *t;
    sn_status status = sn_tokenizer_open(s->arguments.argument[0], &t);
    if (status != SN_OK) return cli_failed(status);
    if (!argument && cli_read_file(s->file ? s->file : "-", &read, &size) != SN_OK) {
        sn_tokenizer_free(t);
        return CLI_FAILED;
    }
    status = tokenize(s, t, argument ? argument : read, size);
    free(read);
    sn_tokenizer_free(t);
    return status == SN_OK ? CLI_OK : cli_failed(status);
}

const cli_verb cli_verb_tokenize = {
    .name = "tokenize",
    .summary = "turn text into tokens",
    .arguments = "MODEL [TEXT]",
    .min_arguments = 1,
    .max_arguments = 2,
    .description =
        "MODEL is a GGUF file, a tokenizer.json, a SentencePiece .model, a llama2.c tokenizer .bin, a tiktoken "
        "rank file, or a directory with one of them. Without TEXT and --file the text comes from standard input.",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .examples = examples,
    .n_examples = sizeof examples / sizeof *examples,
    .settings_size = sizeof(settings),
    .run = run,
};
