/* suan bench: tokens per second, operations, and the machine's limits. */
#include "session_options.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

typedef struct settings {
    cli_arguments arguments;
    cli_session_settings session;
    const char *synthetic, *json, *op;
    int64_t repetitions;
    cli_list prompt, generate, depth;
    bool limits;
} settings;

#define AT(field) offsetof(settings, field)

static const cli_option options[] = {
    {"synthetic", 0, CLI_TEXT, AT(synthetic), "SHAPE:TYPE", 0, 0, NULL,
     "A random model instead of a file, e.g. llama-1b:q8_0 (0.85 B parameters)."},
    {"prompt", 'p', CLI_LIST, AT(prompt), "N,...", 0, 0, NULL,
     "Read N tokens at once (pp); default 512, 0 leaves it out."},
    {"generate", 'n', CLI_LIST, AT(generate), "N,...", 0, 0, NULL, "Make N tokens one by one (tg); default 128."},
    {"depth", 'd', CLI_LIST, AT(depth), "N,...", 0, 0, NULL, "Tokens in the context before each test; default 0."},
    {"repetitions", 'r', CLI_INT, AT(repetitions), "N", 1, 1000, "3", "Runs of each test."},
    CLI_OPTION_EXTEND(AT(session)),
    CLI_OPTION_CONTEXT(AT(session)),
    CLI_OPTIONS_CACHE(AT(session)),
    CLI_OPTIONS_COMPUTE(AT(session)),
    {"op", 0, CLI_TEXT, AT(op), "NAME", 0, 0, NULL, "With 'bench ops': only this op."},
    {"limits", 0, CLI_FLAG, AT(limits), "", 0, 0, NULL, "Measure and print the machine's limits only."},
    {"json", 0, CLI_TEXT, AT(json), "FILE", 0, 0, NULL, "Write the results as JSON (\"-\": standard output)."},
};

static const cli_example examples[] = {
    {"suan bench model.gguf -p 512,2048 -n 128", "reading and writing"},
    {"suan bench --synthetic llama-1b:f16 -n 32 -d 0,4096", "without a file, at two depths"},
    {"suan bench model.gguf -p 8192 -n 32 -d 8192 --extend rerope:window=1024", "what a context method costs"},
    {"suan bench --limits", "bandwidth and peak operations of this machine"},
    {"suan bench ops --op softmax", "every kernel of one op"},
};

typedef struct output {
    FILE *json; /* NULL: none */
    bool table;
    int n;
} output;

static void begin_item(output *o) {
    if (o->json) fprintf(o->json, "%s\n  ", o->n ? "," : "");
    o->n++;
}

static void show_result(output *o, const sn_bench_result *r) {
    begin_item(o);
    if (o->json)
        fprintf(o->json, "{\"test\": \"%s\", \"tokens_per_second\": %.6g, \"stddev\": %.4g, \"limit_share\": %.4g}",
                r->test, r->tokens_per_second, r->stddev, r->limit_share);
    if (o->table)
        printf("%-20s %12.2f ± %-8.2f %8.1f %%\n", r->test, r->tokens_per_second, r->stddev, 100 * r->limit_share);
    fflush(stdout);
}

static sn_status show_op(void *user, const sn_bench_op *r) {
    output *o = user;
    begin_item(o);
    if (o->json)
        fprintf(o->json,
                "{\"op\": \"%s\", \"kernel\": \"%s\", \"shape\": \"%s\", \"seconds\": %.6g, \"flops\": %.6g, "
                "\"bytes\": %.6g, \"limit_share\": %.4g}",
                r->op, r->kernel, r->shape, r->seconds, r->flops, r->bytes, r->limit_share);
    if (o->table)
        printf("%-20s %-16s %-32s %10.1f us %8.2f GFLOP/s %8.2f GB/s %6.1f %%\n", r->op, r->kernel, r->shape,
               1e6 * r->seconds, 1e-9 * r->flops, 1e-9 * r->bytes, 100 * r->limit_share);
    return cli_cancelled ? SN_ERR_CANCELLED : SN_OK;
}

static void show_limits(output *o, const sn_limits *l) {
    begin_item(o);
    if (o->json)
        fprintf(o->json, "{\"read_bytes\": %.6g, \"f32_flops\": %.6g, \"bf16_flops\": %.6g}", l->read_bytes,
                l->f32_flops, l->bf16_flops);
    if (o->table)
        printf("memory reads %.1f GB/s, f32 %.1f GFLOP/s, bf16 %.1f GFLOP/s\n", 1e-9 * l->read_bytes,
               1e-9 * l->f32_flops, 1e-9 * l->bf16_flops);
}

static sn_status open_model(const settings *s, sn_model **out) {
    if (!s->synthetic) return sn_model_open(s->arguments.argument[0], out);
    char preset[64];
    sn_dtype dtype = SN_F16;
    size_t length = strcspn(s->synthetic, ":");
    snprintf(preset, sizeof preset, "%.*s", (int)(length < 63 ? length : 63), s->synthetic);
    sn_status status = s->synthetic[length] ? sn_dtype_parse(s->synthetic + length + 1, &dtype) : SN_OK;
    return status == SN_OK ? sn_model_synthetic(preset, dtype, 1, out) : status;
}

enum { max_counts = 16 };
typedef struct counts {
    int64_t prompt[max_counts], generate[max_counts], depth[max_counts];
    int n_prompt, n_generate, n_depth;
} counts;

static int parse_counts(const cli_list *list, const char *option, int64_t fallback, int64_t *out, int *n) {
    *n = 0;
    if (list->n == 0) out[(*n)++] = fallback;
    return cli_list_numbers(list, option, 0, 1 << 30, out, max_counts, n);
}

static int parse_all_counts(const settings *s, counts *c) {
    int code = parse_counts(&s->prompt, "prompt", 512, c->prompt, &c->n_prompt);
    if (code == CLI_OK) code = parse_counts(&s->generate, "generate", 128, c->generate, &c->n_generate);
    return code == CLI_OK ? parse_counts(&s->depth, "depth", 0, c->depth, &c->n_depth) : code;
}

static sn_status one_test(const sn_model *m, sn_bench_options b, const sn_limits *limits, output *o) {
    sn_bench_result results[2];
    int n = 0;
    sn_status status = sn_bench_model(m, &b, limits, results, &n);
    for (int i = 0; status == SN_OK && i < n; i++) show_result(o, &results[i]);
    return status;
}

static sn_status all_tests(const settings *s, const counts *c, const sn_model *m, const sn_limits *limits, output *o) {
    sn_bench_options b = {.repetitions = (int)s->repetitions};
    sn_extend *extend = NULL;
    sn_status status = cli_session_options(&s->session, m, &b.session, &extend);
    for (int d = 0; d < c->n_depth; d++) {
        b.depth = c->depth[d];
        for (int i = 0; status == SN_OK && i < c->n_prompt; i++) {
            b.n_prompt = c->prompt[i], b.n_generate = 0;
            if (b.n_prompt) status = one_test(m, b, limits, o);
        }
        for (int i = 0; status == SN_OK && i < c->n_generate; i++) {
            b.n_prompt = 0, b.n_generate = c->generate[i];
            if (b.n_generate) status = one_test(m, b, limits, o);
        }
    }
    sn_extend_free(extend);
    return status;
}

static sn_status bench_model(const settings *s, const counts *c, const sn_limits *limits, output *o) {
    sn_model *m;
    sn_status status = open_model(s, &m);
    if (status != SN_OK) {
        cli_failed(status);
        return status;
    }
    if (o->table)
        printf("%s, %s, %s\n%-20s %12s   %-8s %10s\n", sn_model_name(m), cli_bytes(sn_model_bytes(m)), sn_build_isa(),
               "test", "tokens/s", "stddev", "of limit");
    status = all_tests(s, c, m, limits, o);
    if (status != SN_OK) cli_failed(status);
    sn_model_free(m);
    return status;
}

static sn_status run_on(const settings *s, const counts *c, output *o) {
    sn_limits limits;
    sn_status status = sn_limits_measure((int)s->session.threads, &limits);
    if (status == SN_OK && s->limits) {
        show_limits(o, &limits);
        return SN_OK;
    }
    if (o->table && status == SN_OK) show_limits(&(output){.table = true}, &limits);
    bool ops = s->arguments.n_arguments && strcmp(s->arguments.argument[0], "ops") == 0;
    if (status == SN_OK && !ops) return bench_model(s, c, &limits, o);
    if (status == SN_OK) status = sn_bench_ops(s->op, (int)s->session.threads, &limits, show_op, o);
    if (status != SN_OK) cli_failed(status);
    return status;
}

static int run(void *p) {
    const settings *s = p;
    output o = {.table = true};
    cli_text json = {0};
    counts c;
    if (!s->limits && !s->synthetic && s->arguments.n_arguments == 0) {
        cli_say("bench needs MODEL, 'ops', --synthetic or --limits (see 'suan help bench')");
        return CLI_USAGE;
    }
    if (parse_all_counts(s, &c) != CLI_OK) return CLI_USAGE;
    if (s->json) {
        if (cli_text_begin(&json, s->json) != SN_OK) return CLI_FAILED;
        o.table = json.to != stdout;
        o.json = json.to;
        fputc('[', o.json);
    }
    sn_status status = run_on(s, &c, &o);
    if (o.json) fputs("\n]\n", o.json);
    bool written = cli_text_end(&json, status == SN_OK) == SN_OK;
    if (status == SN_ERR_CANCELLED) return CLI_STOPPED;
    return status == SN_OK && written ? CLI_OK : CLI_FAILED;
}

const cli_verb cli_verb_bench = {
    .name = "bench",
    .summary = "measure speed against the machine's limits",
    .arguments = "[MODEL|ops]",
    .max_arguments = 1,
    .description =
        "ppN reads N tokens at once, tgN makes N tokens one by one, @ dN with N tokens in the context before. The "
        "last column is the share of what the machine could do: of its peak operations for pp, of its memory "
        "bandwidth for tg, both measured in the same run.",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .examples = examples,
    .n_examples = sizeof examples / sizeof *examples,
    .settings_size = sizeof(settings),
    .run = run,
};
