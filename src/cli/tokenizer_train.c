/* suan tokenizer train: learns a vocabulary. */
#include "cli.h"

#include <inttypes.h>
#include <string.h>

typedef struct settings {
    cli_arguments arguments;
    const char *type, *out, *separator, *field;
    int64_t vocab_size, threads;
    double coverage;
    cli_list special;
    bool no_special, quiet;
} settings;

static const cli_option options[] = {
    {"type", 't', CLI_TEXT, offsetof(settings, type), "T", 0, 0, "bpe",
     "bpe (byte-level), spm-bpe, unigram, char (every character of the text) or byte."},
    {"vocab-size", 'n', CLI_INT, offsetof(settings, vocab_size), "N", 0, 1048576, NULL,
     "Tokens in all; 4096 where nothing is said, and for char and byte what there is."},
    {"out", 'o', CLI_TEXT, offsetof(settings, out), "FILE", 0, 0, "tokenizer.json",
     "A tokenizer.json, a GGUF (the vocabulary alone) where the name ends in .gguf, or a folder."},
    {"special", 0, CLI_LIST, offsetof(settings, special), "TEXT", 0, 0, NULL,
     "A control token; may be given again. Otherwise bpe has <|endoftext|>, and char and byte have the separator where "
     "there are several documents."},
    {"no-special", 0, CLI_FLAG, offsetof(settings, no_special), "", 0, 0, NULL,
     "No control tokens of one's own at all."},
    {"separator", 0, CLI_TEXT, offsetof(settings, separator), "TEXT", 0, 0, "<|endoftext|>",
     "What ends a document in plain text."},
    {"field", 0, CLI_TEXT, offsetof(settings, field), "NAME", 0, 0, "text", "The text's member in JSON lines."},
    {"coverage", 0, CLI_REAL, offsetof(settings, coverage), "SHARE", 0.5, 1, "0.9995",
     "Of spm-bpe and unigram: characters that make up this share of the text are tokens, the rest become bytes."},
    {"threads", 0, CLI_INT, offsetof(settings, threads), "N", 0, 64, NULL,
     "Threads; 0: one per core. The result is the same for any number."},
    {"quiet", 'q', CLI_FLAG, offsetof(settings, quiet), "", 0, 0, NULL, "Show no progress."},
};

static const cli_example examples[] = {
    {"suan tokenizer train book.txt --vocab-size 4096", "byte-level BPE into tokenizer.json"},
    {"suan tokenizer train texts/ more.jsonl --type unigram --vocab-size 8k --out spm.json", "SentencePiece's unigram"},
    {"suan tokenizer train book.txt --type char --out char.json", "one token for each character of the book"},
};

typedef struct show_state {
    cli_progress progress;
    const char *what;
    bool quiet;
} show_state;

static void show(void *user, const char *what, int64_t done, int64_t total) {
    show_state *s = user;
    if (!s->what || strcmp(s->what, what) != 0) {
        if (s->what) cli_progress_end(&s->progress);
        s->progress = cli_progress_begin(what, strcmp(what, "reading") == 0 ? "bytes" : "pieces", s->quiet);
        s->what = what;
    }
    cli_progress_show(&s->progress, (double)done, (double)total);
}

static int run(void *p) {
    const settings *s = p;
    if (s->no_special && s->special.n) {
        cli_say("give --special or --no-special, not both");
        return CLI_USAGE;
    }
    show_state state = {.quiet = s->quiet};
    sn_tokenizer_train_options options_ = {.type = s->type,
                                           .vocab_size = s->vocab_size,
                                           .special = s->special.n || s->no_special ? s->special.item : NULL,
                                           .n_special = s->special.n,
                                           .separator = s->separator,
                                           .field = s->field,
                                           .coverage = s->coverage,
                                           .n_threads = (int)s->threads,
                                           .cancel = &cli_cancelled,
                                           .progress = show,
                                           .user = &state};
    sn_tokenizer *t;
    sn_status status = sn_tokenizer_train(s->arguments.argument, s->arguments.n_arguments, &options_, &t);
    if (state.what) cli_progress_end(&state.progress);
    if (status != SN_OK) return cli_failed(status);
    int32_t n = sn_tokenizer_n_tokens(t);
    status = sn_tokenizer_save(t, s->out);
    sn_tokenizer_free(t);
    if (status != SN_OK) return cli_failed(status);
    if (n < s->vocab_size) cli_say("the text has no more than %" PRId32 " tokens in it", n);
    if (!s->quiet) cli_say("wrote %s: %" PRId32 " tokens", s->out, n);
    return CLI_OK;
}

const cli_verb cli_verb_tokenizer_train = {
    .name = "tokenizer train",
    .summary = "learn a vocabulary from texts",
    .arguments = "FILE...",
    .min_arguments = 1,
    .max_arguments = CLI_MAX_ARGUMENTS,
    .description =
        "A FILE is plain text, JSON lines (.jsonl, .ndjson) or a folder of such files; they are read in order and need "
        "not fit into memory. Texts must be UTF-8.\n\n"
        "bpe merges bytes inside the words of GPT-2's pattern, the most frequent pair first, of equals the one with "
        "the "
        "greater bytes. spm-bpe and unigram mark spaces as SentencePiece does and fall back to bytes. char gives every "
        "character an id and everything else <unk>; byte needs no text but to see whether there are several documents.",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .examples = examples,
    .n_examples = sizeof examples / sizeof *examples,
    .settings_size = sizeof(settings),
    .run = run,
};
