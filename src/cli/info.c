/* suan info: what a model file holds. */
#include "cli.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

typedef struct settings {
    cli_arguments arguments;
    bool json, tensors;
} settings;

static const cli_option options[] = {
    {"json", 0, CLI_FLAG, offsetof(settings, json), "", 0, 0, NULL, "Print JSON."},
    {"tensors", 0, CLI_FLAG, offsetof(settings, tensors), "", 0, 0, NULL, "List every tensor with its type and shape."},
};

static const cli_example examples[] = {
    {"suan info model.gguf", "architecture, window, position method, size"},
    {"suan info --json --tensors model.gguf", "everything, for programs"},
    {"suan info tokenizer.json", "kind, vocabulary size, special tokens"},
    {"suan info", "this build: processor, libraries"},
};

/* A fact in order: a name with a text, a whole number or a real one. */
typedef struct fact {
    const char *name, *text;
    double number;
    bool is_text;
} fact;

enum { max_facts = 48 };
typedef struct facts {
    fact fact[max_facts];
    int n;
} facts;

static void add_text(facts *f, const char *name, const char *text) {
    if (f->n < max_facts) f->fact[f->n++] = (fact){name, text, 0, true};
}

static void add_number(facts *f, const char *name, double number) {
    if (f->n < max_facts) f->fact[f->n++] = (fact){name, NULL, number, false};
}

static const char *const norm_names[] = {"rms", "layer"};
static const char *const ffn_names[] = {"gated", "plain"};
static const char *const scaling_names[] = {"none", "linear", "dynamic", "yarn", "llama3", "longrope"};

static void collect_positions(facts *f, const sn_model_config *c) {
    const sn_rope_config *r = &c->rope;
    if (c->learned_positions) {
        add_text(f, "positions", "learned");
        return;
    }
    add_text(f, "positions", "rope");
    add_number(f, "rope_base", r->base);
    add_number(f, "rope_dims", r->n_rot);
    add_text(f, "rope_pairs", r->layout == SN_PAIR_HALVES ? "halves" : "interleaved");
    add_text(f, "rope_scaling", scaling_names[r->scaling]);
    if (r->scaling != SN_ROPE_PLAIN) add_number(f, "rope_factor", r->factor);
}

/* What only some architectures have. */
static void collect_architecture(facts *f, const sn_model_config *c) {
    static const char *const units[] = {NULL, "kna", "qna", "cosa"};
    const sn_arch_config *a = &c->arch;
    if (a->block == SN_BLOCK_GAU) add_text(f, "block", "gau");
    if (c->d_value != c->d_head) add_number(f, "value_size", (double)c->d_value);
    if (a->placement == SN_NORM_POST) add_text(f, "norm_placement", "post");
    if (a->residual_scale > 0) add_number(f, "residual_scale", a->residual_scale);
    if (units[a->qk]) add_text(f, "attention_unit", units[a->qk]);
    if (a->logn_base > 0) add_number(f, "logn_base", a->logn_base);
}

/* Of a session's cache: what grows with each token, and what windowed layers keep whatever the length. */
static void collect_cache(facts *f, const sn_model_config *c) {
    int64_t full = 0, windowed = 0, unrotated = 0, bytes = c->n_kv_heads * (c->d_head + c->d_value) * 2;
    for (int64_t i = 0; i < c->n_layers; i++) {
        *(c->layer_windowed[i] ? &windowed : &full) += 1;
        unrotated += !c->layer_rotary[i];
    }
    if (unrotated > 0) add_number(f, "layers_without_rotation", (double)unrotated);
    if (windowed > 0) add_number(f, "windowed_layers", (double)windowed);
    add_number(f, "cache_bytes_per_token_f16", (double)(full * bytes));
    if (windowed > 0) add_number(f, "cache_bytes_of_windows_f16", (double)(windowed * c->window * bytes));
}

static void collect(facts *f, sn_model *m) {
    const sn_model_config *c = sn_model_get_config(m);
    add_text(f, "name", sn_model_name(m));
    add_text(f, "format", sn_model_format(m));
    add_text(f, "family", c->family);
    add_number(f, "parameters", (double)sn_model_n_params(m));
    add_number(f, "bytes", (double)sn_model_bytes(m));
    add_number(f, "layers", (double)c->n_layers);
    add_number(f, "width", (double)c->n_embd);
    add_number(f, "heads", (double)c->n_heads);
    add_number(f, "kv_heads", (double)c->n_kv_heads);
    add_number(f, "head_size", (double)c->d_head);
    add_number(f, "ffn", (double)c->d_ff);
    add_text(f, "ffn_kind", ffn_names[c->ffn]);
    add_text(f, "norm", norm_names[c->norm]);
    add_number(f, "vocabulary", (double)c->n_vocab);
    add_text(f, "head", c->tied_head ? "tied" : "own");
    add_number(f, "train_length", (double)c->train_length);
    if (c->window) add_number(f, "sliding_window", (double)c->window);
    collect_architecture(f, c);
    collect_positions(f, c);
    const sn_tokenizer *t = NULL;
    add_text(f, "tokenizer", sn_model_tokenizer(m, &t) == SN_OK ? sn_tokenizer_kind(t) : "none in this file");
    collect_cache(f, c);
}

static void print_plain(const facts *f) {
    for (int i = 0; i < f->n; i++) {
        const fact *x = &f->fact[i];
        if (x->is_text)
            printf("%-26s %s\n", x->name, x->text);
        else if (strcmp(x->name, "bytes") == 0)
            printf("%-26s %.0f (%s)\n", x->name, x->number, cli_bytes((int64_t)x->number));
        else
            printf("%-26s %.15g\n", x->name, x->number);
    }
}

static void print_json_facts(const facts *f) {
    for (int i = 0; i < f->n; i++) {
        const fact *x = &f->fact[i];
        printf("%s\n  \"%s\": ", i ? "," : "", x->name);
        if (x->is_text)
            cli_json_text(stdout, x->text);
        else
            printf("%.15g", x->number);
    }
}

static void print_shape(const sn_tensor *t, const char *separator) {
    for (int d = 0; d < t->n_dims; d++) printf("%s%" PRId64, d ? separator : "", t->shape[d]);
}

static sn_status print_tensors(sn_model *m, bool json) {
    if (json) printf(",\n  \"tensors\": [");
    for (int64_t i = 0; i < sn_model_n_tensors(m); i++) {
        const char *name = sn_model_tensor_name(m, i);
        sn_tensor t;
        sn_status status = sn_model_tensor(m, name, &t);
        if (status != SN_OK) return status;
        if (json) {
            printf("%s\n    {\"name\": ", i ? "," : "");
            cli_json_text(stdout, name);
            printf(", \"type\": \"%s\", \"shape\": [", sn_dtype_name(t.dtype));
            print_shape(&t, ", ");
            printf("]}");
        } else {
            printf("  %-40s %-6s ", name, sn_dtype_name(t.dtype));
            print_shape(&t, " x ");
            printf("\n");
        }
    }
    if (json) printf("\n  ]");
    return SN_OK;
}

static int describe_build(bool json) {
    const char *isa = sn_build_isa(), *libraries = sn_build_libraries();
    if (json)
        printf("{\"version\": \"%s\", \"isa\": \"%s\", \"threads\": %d, \"libraries\": \"%s\"}\n", SN_VERSION, isa,
               sn_build_threads(), libraries);
    else
        printf("suan %s\ninstruction set  %s (SN_MAX_ISA lowers it)\nthreads          %d\nlibraries        %s\n",
               SN_VERSION, isa, sn_build_threads(), libraries);
    return CLI_OK;
}

static int run(void *p) {
    const settings *s = p;
    if (s->arguments.n_arguments == 0) return describe_build(s->json);
    sn_model *m;
    sn_status status = sn_model_open(s->arguments.argument[0], &m);
    if (status != SN_OK) {
        char why[1024];
        snprintf(why, sizeof why, "%s", sn_last_error());
        if (cli_describe_tokenizer(s->arguments.argument[0], s->json)) return CLI_OK;
        return cli_failed(cli_refuse(status, "%s", why));
    }
    facts f = {.n = 0};
    collect(&f, m);
    if (s->json) {
        printf("{");
        print_json_facts(&f);
    } else {
        print_plain(&f);
    }
    if (s->tensors) status = print_tensors(m, s->json);
    if (s->json) printf("\n}\n");
    sn_model_free(m);
    return status == SN_OK ? CLI_OK : cli_failed(status);
}

const cli_verb cli_verb_info = {
    .name = "info",
    .summary = "describe a model or tokenizer file, or this build",
    .arguments = "[FILE]",
    .max_arguments = 1,
    .description =
        "FILE is a GGUF (also the first part of a split one), a safetensors file or directory with config.json, "
        "or a llama2.c .bin. Nothing is loaded: weights stay mapped. Of a tokenizer file (tokenizer.json, "
        "SentencePiece "
        ".model, llama2.c .bin, tiktoken ranks, a GGUF without tensors) it shows the kind and the special tokens. "
        "Without FILE it describes this build.",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .examples = examples,
    .n_examples = sizeof examples / sizeof *examples,
    .settings_size = sizeof(settings),
    .run = run,
};
