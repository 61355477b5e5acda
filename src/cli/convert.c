/* suan convert and suan quantize: a model into another format or type. */
#include "cli.h"

typedef struct settings {
    cli_arguments arguments;
    const char *type, *tokenizer, *family;
    bool quiet;
} settings;

#define TOKENIZER_OPTION                                                                                               \
    {                                                                                                                  \
        "tokenizer", 0, CLI_TEXT, offsetof(settings, tokenizer), "FILE", 0, 0, NULL,                                   \
            "The tokenizer to store, where the "                                                                       \
            "model carries none."                                                                                      \
    }
#define QUIET_OPTION                                                                                                   \
    { "quiet", 'q', CLI_FLAG, offsetof(settings, quiet), "", 0, 0, NULL, "Show no progress." }

static const cli_option convert_options[] = {
    {"type", 't', CLI_TEXT, offsetof(settings, type), "T", 0, 0, NULL,
     "Store the matrices as T: f32, f16, bf16, q8_0, Q4_K_M, ...; without it the stored types stay."},
    {"as", 0, CLI_TEXT, offsetof(settings, family), "FAMILY", 0, 0, NULL,
     "Write it as a model of this family (llama, gpt2, suan, ...); what the family cannot hold is refused."},
    TOKENIZER_OPTION,
    QUIET_OPTION,
};

static const cli_option quantize_options[] = {
    {"type", 't', CLI_TEXT, offsetof(settings, type), "T", 0, 0, NULL,
     "The type: f32, f16, bf16, q8_0, q4_0, q4_1, q5_0, q5_1, or a mixture such as Q4_K_M. Required."},
    TOKENIZER_OPTION,
    QUIET_OPTION,
};

static const cli_example convert_examples[] = {
    {"suan convert stories.bin stories.gguf --tokenizer tok512.bin", "a llama2.c checkpoint for llama.cpp and suan"},
    {"suan convert ./hf-model model.gguf --type f16", "Hugging Face files to GGUF in half precision"},
    {"suan convert model.gguf ./hf-model", "GGUF to safetensors with config.json"},
};

static const cli_example quantize_examples[] = {
    {"suan quantize model-f16.gguf model-q4.gguf --type Q4_K_M", "about 4.8 bits a weight"},
    {"suan quantize ./hf-model model-q8.gguf --type q8_0", "straight from safetensors"},
};

static void show(void *user, int64_t done, int64_t total) { cli_progress_show(user, (double)done, (double)total); }

static int convert(const settings *s, const char *what) {
    sn_model *m;
    sn_status status = sn_model_open(s->arguments.argument[0], &m);
    if (status != SN_OK) return cli_failed(status);
    cli_progress progress = cli_progress_begin(what, "bytes", s->quiet);
    sn_convert_options options = {
        .type = s->type ? s->type : "", .tokenizer_path = s->tokenizer, .progress = show, .user = &progress};
    options.cancel = &cli_cancelled;
    options.family = s->family;
    status = sn_model_convert(m, s->arguments.argument[1], &options);
    cli_progress_end(&progress);
    sn_model_free(m);
    if (status != SN_OK) return cli_failed(status);
    if (!s->quiet) cli_say("wrote %s", s->arguments.argument[1]);
    return CLI_OK;
}

static int run_convert(void *p) { return convert(p, "convert"); }

static int run_quantize(void *p) {
    const settings *s = p;
    if (!s->type) {
        cli_say("quantize needs --type: one of %s", sn_quantize_types());
        return CLI_USAGE;
    }
    return convert(s, "quantize");
}

const cli_verb cli_verb_convert = {
    .name = "convert",
    .summary = "write a model in another format",
    .arguments = "IN OUT",
    .min_arguments = 2,
    .max_arguments = 2,
    .description =
        "IN is a GGUF, a safetensors file or directory, or a llama2.c .bin. OUT ending in .gguf is written as GGUF; "
        "any other name becomes a directory, new or empty, with model.safetensors, config.json and the tokenizer. "
        "Nothing appears under its name before it is complete; an existing file is replaced then.",
    .options = convert_options,
    .n_options = sizeof convert_options / sizeof *convert_options,
    .examples = convert_examples,
    .n_examples = sizeof convert_examples / sizeof *convert_examples,
    .settings_size = sizeof(settings),
    .run = run_convert,
};

const cli_verb cli_verb_quantize = {
    .name = "quantize",
    .summary = "store a model's matrices in fewer bits",
    .arguments = "IN OUT",
    .min_arguments = 2,
    .max_arguments = 2,
    .description =
        "The mixtures give sensitive matrices more bits, as their names promise elsewhere. Matrices whose rows are "
        "no multiple of the type's block get the nearest type that fits, and that is said.",
    .options = quantize_options,
    .n_options = sizeof quantize_options / sizeof *quantize_options,
    .examples = quantize_examples,
    .n_examples = sizeof quantize_examples / sizeof *quantize_examples,
    .settings_size = sizeof(settings),
    .run = run_quantize,
};
