/* suan compare: context methods on one model and one text. */
#include "session_options.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct settings {
    cli_arguments arguments;
    cli_session_settings session;
    const char *text, *separator, *json, *csv, *plot;
    cli_list methods, lengths;
    int64_t windows, score, bucket;
} settings;

#define AT(field) offsetof(settings, field)

static const cli_option options[] = {
    {"text", 0, CLI_TEXT, AT(text), "FILE", 0, 0, NULL, "The text to predict (\"-\": standard input). Required."},
    {"extend", 'e', CLI_LIST, AT(methods), "M,...", 0, 0, NULL,
     "The context methods, e.g. none,ntk:factor=4,leaky:window=128,factor=16. May be repeated. Without it none, ntk, "
     "yarn, rerope and leaky with parameters from the trained window."},
    {"lengths", 'l', CLI_LIST, AT(lengths), "N,...", 0, 0, NULL,
     "Context lengths in tokens; without it a half, one, two and four times the trained window."},
    {"windows", 'w', CLI_INT, AT(windows), "N", 1, 1073741824, "4",
     "Windows of the largest length, one after another."},
    {"score", 0, CLI_INT, AT(score), "N", 1, 1073741824, NULL,
     "Last tokens of a window that are scored at every length; without it half the trained window, at most half the "
     "smallest length."},
    {"bucket", 0, CLI_INT, AT(bucket), "N", 1, 1073741824, "128", "Width of the buckets by position."},
    {"separator", 0, CLI_TEXT, AT(separator), "TEXT", 0, 0, "<|endoftext|>",
     "What divides documents in the text; each begins with BOS. Empty: one document."},
    {"json", 0, CLI_TEXT, AT(json), "FILE", 0, 0, NULL,
     "Write all numbers as JSON (\"-\": standard output, in place of the tables)."},
    {"csv", 0, CLI_TEXT, AT(csv), "FILE", 0, 0, NULL, "Write all numbers as CSV, one a row."},
    {"plot", 0, CLI_TEXT, AT(plot), "FILE", 0, 0, NULL, "Draw the curves: FILE.png, FILE.svg or FILE.pdf."},
    CLI_OPTIONS_CACHE(AT(session)),
    CLI_OPTION_TOKENIZER(AT(session)),
    CLI_OPTIONS_COMPUTE(AT(session)),
};

static const cli_example examples[] = {
    {"suan compare model.gguf --text book.txt", "methods and lengths chosen for the model"},
    {"suan compare model.gguf --text book.txt --extend none,rerope:window=1024 --lengths 4k,8k", "chosen by you"},
    {"suan compare model.gguf --text book.txt --json r.json --csv r.csv --plot r.svg", "numbers and a picture"},
};

enum { max_lengths = 64 };
typedef struct job {
    const settings *s;
    cli_model model;
    sn_extend **methods;
    int n_methods;
    int64_t lengths[max_lengths];
    int n_lengths;
    int32_t *ids;
    int64_t n_ids, n_documents;
    sn_compare_result *result;
} job;

/* ---- What is asked for ---- */

static int64_t largest(const job *j) {
    int64_t most = 0;
    for (int i = 0; i < j->n_lengths; i++) most = j->lengths[i] > most ? j->lengths[i] : most;
    return most;
}

static bool is_double(const job *j, int n, const sn_extend *e) {
    for (int i = 0; i < n; i++)
        if (strcmp(sn_extend_spec(j->methods[i]), sn_extend_spec(e)) == 0) return true;
    return false;
}

/* A method given twice would be computed twice and drawn over itself. */
static void drop_doubles(job *j) {
    int kept = 0;
    for (int i = 0; i < j->n_methods; i++) {
        if (!is_double(j, kept, j->methods[i])) {
            j->methods[kept++] = j->methods[i];
            continue;
        }
        cli_say("--extend has %s twice: it is computed once", sn_extend_spec(j->methods[i]));
        sn_extend_free(j->methods[i]);
    }
    j->n_methods = kept;
}

static sn_status parse_methods(job *j) {
    char *list = cli_list_join(&j->s->methods);
    if (!list) return SN_OK;
    sn_status status = sn_extend_parse_list(list, &j->methods, &j->n_methods);
    free(list);
    if (status == SN_OK) drop_doubles(j);
    return status;
}

static sn_status encode(job *j) {
    char *text;
    size_t size;
    int64_t longest = largest(j), train = sn_model_get_config(j->model.model)->train_length;
    if (longest == 0) longest = 4 * train;
    int64_t needed = longest < INT32_MAX ? j->s->windows * longest + 1 : 0;
    if (cli_read_file(j->s->text, &text, &size) != SN_OK) return SN_ERR_IO;
    sn_status status = sn_documents_encode(j->model.tokenizer, text, size, j->s->separator, needed, &j->ids, &j->n_ids,
                                           &j->n_documents);
    free(text);
    if (status != SN_OK) cli_failed(status);
    return status;
}

/* Fills in what was not asked for, and says so. */
static sn_status choose(job *j) {
    char *list = NULL;
    bool chose_lengths = j->n_lengths == 0, chose_methods = j->n_methods == 0;
    sn_status status = SN_OK;
    if (chose_lengths)
        status = sn_compare_choose_lengths(j->model.model, j->n_ids, j->s->windows, j->lengths, &j->n_lengths);
    if (status == SN_OK && chose_methods) {
        status = sn_compare_choose_methods(j->model.model, largest(j), &list);
        if (status == SN_OK) status = sn_extend_parse_list(list, &j->methods, &j->n_methods);
    }
    if (status == SN_OK && !j->s->session.quiet && (chose_lengths || chose_methods)) {
        cli_say("the trained window is %" PRId64 " tokens", sn_model_get_config(j->model.model)->train_length);
        if (chose_methods) cli_say("chosen: --extend %s", list);
        if (chose_lengths) {
            fputs("suan: chosen: --lengths ", stderr);
            for (int i = 0; i < j->n_lengths; i++) fprintf(stderr, "%s%" PRId64, i ? "," : "", j->lengths[i]);
            fputc('\n', stderr);
        }
    }
    sn_text_free(list);
    return status;
}

/* ---- What came out ---- */

static int widest(const sn_compare_result *r) {
    int width = 6;
    for (int m = 0; m < r->n_methods; m++)
        if ((int)strlen(r->methods[m].spec) > width) width = (int)strlen(r->methods[m].spec);
    return width;
}

static const char *count_windows(const sn_compare_result *r, char text[static 40]) {
    snprintf(text, 40, "%" PRId64 " window%s", r->windows, r->windows == 1 ? "" : "s");
    return text;
}

static void print_lengths(const sn_compare_result *r, int width) {
    char text[40];
    printf("\nSame tokens, more context: loss of the last %" PRId64 " tokens of %s (nats/token)\n%-*s", r->score,
           count_windows(r, text), width, "");
    for (int i = 0; i < r->n_lengths; i++) printf("  %14" PRId64, r->methods[0].by_length[i].length);
    putchar('\n');
    for (int m = 0; m < r->n_methods; m++) {
        printf("%-*s", width, r->methods[m].spec);
        for (int i = 0; i < r->n_lengths; i++) {
            const sn_compare_length *l = &r->methods[m].by_length[i];
            printf("  %6.3f ± %5.3f", l->loss, l->standard_error);
        }
        putchar('\n');
    }
}

static void print_positions(const sn_compare_result *r, int width) {
    enum { columns = 16 };
    char text[40];
    int step = (r->n_buckets + columns - 1) / columns;
    const sn_compare_bucket *last = &r->methods[0].by_position[r->n_buckets - 1];
    printf("\nBy position: loss in %s of %" PRId64 ", %s of %" PRId64 " from\n%-*s", count_windows(r, text), last->to,
           step > 1 ? "some of the buckets" : "buckets", r->bucket, width, "");
    for (int b = 0; b < r->n_buckets; b += step) printf(" %6" PRId64, r->methods[0].by_position[b].from);
    printf("     all\n");
    for (int m = 0; m < r->n_methods; m++) {
        printf("%-*s", width, r->methods[m].spec);
        for (int b = 0; b < r->n_buckets; b += step) printf(" %6.3f", r->methods[m].by_position[b].loss);
        printf("  %6.3f\n", r->methods[m].loss);
    }
}

static void print_tables(const sn_compare_result *r) {
    int width = widest(r);
    printf("%s, trained window %" PRId64 "; read %" PRId64 " tokens of the text from its start\n", r->model,
           r->train_length, r->windows * r->methods[0].by_length[r->n_lengths - 1].length + 1);
    print_lengths(r, width);
    print_positions(r, width);
}

static void report(const job *j) {
    const sn_compare_result *r = j->result;
    if (!cli_json_on_screen(j->s->json)) print_tables(r);
    if (j->s->session.quiet) return;
    for (int m = 0; m < r->n_methods; m++) cli_say("%s: %s", r->methods[m].spec, r->methods[m].note);
    cli_say("largest session: cache %s, work %s, tables %s beside %s of weights", cli_bytes(r->memory.cache_bytes),
            cli_bytes(r->memory.work_bytes), cli_bytes(r->memory.table_bytes), cli_bytes(r->memory.weight_bytes));
}

static sn_status print_json(const sn_compare_result *r) {
    char *text;
    sn_status status = sn_compare_json(r, &text);
    if (status == SN_OK) fputs(text, stdout);
    sn_text_free(text);
    return status;
}

static sn_status write_files(const job *j) {
    sn_status status = cli_json_on_screen(j->s->json) ? print_json(j->result) : SN_OK;
    if (j->s->json && !cli_json_on_screen(j->s->json)) status = sn_compare_write_json(j->result, j->s->json);
    if (status == SN_OK && j->s->csv) status = sn_compare_write_csv(j->result, j->s->csv);
    if (status == SN_OK && j->s->plot) status = sn_compare_write_plot(j->result, j->s->plot);
    return status;
}

/* ---- The work ---- */

static void show_progress(void *user, int64_t done, int64_t total) {
    cli_progress_show(user, (double)done, (double)total);
}

static sn_status compare(job *j) {
    sn_compare_options o = sn_compare_defaults();
    sn_extend *unused = NULL;
    sn_status status = cli_session_options(&j->s->session, j->model.model, &o.session, &unused);
    cli_progress progress = cli_progress_begin("comparing", "tokens", j->s->session.quiet);
    o.methods = (const sn_extend *const *)j->methods;
    o.n_methods = j->n_methods;
    o.lengths = j->lengths;
    o.n_lengths = j->n_lengths;
    o.windows = j->s->windows;
    o.score = j->s->score;
    o.bucket = j->s->bucket;
    o.progress = show_progress;
    o.user = &progress;
    if (status == SN_OK) status = sn_compare_run(j->model.model, j->ids, j->n_ids, &o, &j->result);
    cli_progress_end(&progress);
    return status;
}

static int work(job *j) {
    sn_status status = cli_check_outputs(j->s->json, j->s->csv, j->s->plot);
    if (status == SN_OK) status = parse_methods(j);
    if (status == SN_OK) status = cli_model_open(j->s->arguments.argument[0], j->s->session.tokenizer, true, &j->model);
    if (status == SN_OK && encode(j) != SN_OK) return CLI_FAILED;
    if (status == SN_OK) status = choose(j);
    if (status == SN_OK) status = compare(j);
    if (status != SN_OK) return cli_failed(status);
    report(j);
    status = write_files(j);
    return status == SN_OK ? CLI_OK : cli_failed(status);
}

static int run(void *p) {
    job j = {.s = p};
    if (!j.s->text) {
        cli_say("compare needs --text FILE (see 'suan help compare')");
        return CLI_USAGE;
    }
    if (cli_list_numbers(&j.s->lengths, "lengths", 2, INT32_MAX, j.lengths, max_lengths, &j.n_lengths) != CLI_OK)
        return CLI_USAGE;
    int code = work(&j);
    sn_compare_free(j.result);
    sn_ids_free(j.ids);
    sn_extend_list_free(j.methods, j.n_methods);
    cli_model_close(&j.model);
    return code;
}

const cli_verb cli_verb_compare = {
    .name = "compare",
    .summary = "compare context methods beyond the trained window",
    .arguments = "MODEL",
    .min_arguments = 1,
    .max_arguments = 1,
    .description =
        "Reads the text's first windows of the largest length under each method and measures two things. Same tokens, "
        "more context: the last --score tokens of each window, read with the last N tokens for each of --lengths; a "
        "method that uses the context gets better from column to column. By position: the loss of all tokens by their "
        "index in the window, in buckets; a method that fails beyond the trained window shows where.\n\n"
        "± is the standard error over windows. Losses are natural logarithms. Methods that depend on a length are "
        "told the length of their column, and the largest one by position. White space around documents is dropped.",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .examples = examples,
    .n_examples = sizeof examples / sizeof *examples,
    .settings_size = sizeof(settings),
    .run = run,
};
