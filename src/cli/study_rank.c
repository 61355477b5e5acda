/* suan study rank: what rank the matrices of a file have. */
#include "cli.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct settings {
    cli_arguments arguments;
    cli_list tensors;
    const char *json, *csv, *plot;
    int64_t tail, threads, n, d, seed;
    bool attention, quiet;
} settings;

#define AT(field) offsetof(settings, field)

static const cli_option options[] = {
    {"tensor", 't', CLI_LIST, AT(tensors), "NAME", 0, 0, NULL,
     "Measure this array only; may be repeated. Without it, all arrays of two dimensions or more."},
    {"tail", 0, CLI_INT, AT(tail), "K", 1, 1073741824, NULL,
     "Singular values after the first K are the tail; without it half of them (with --attention: d)."},
    {"attention", 'a', CLI_FLAG, AT(attention), "", 0, 0, NULL,
     "No file: the attention of random queries and keys, softmax, linear and of equal logits, bidirectional and "
     "causal."},
    {"n", 'n', CLI_INT, AT(n), "N", 1, 8192, "256", "Queries and keys of --attention."},
    {"d", 'd', CLI_INT, AT(d), "N", 1, 8192, "32", "Their size."},
    {"seed", 0, CLI_INT, AT(seed), "N", 0, 0, "1", "Their seed."},
    {"threads", 0, CLI_INT, AT(threads), "N", 0, 1024, "0", "0: one for each core."},
    {"json", 0, CLI_TEXT, AT(json), "FILE", 0, 0, NULL,
     "Write all numbers, every singular value too, as JSON (\"-\": standard output, in place of the table)."},
    {"csv", 0, CLI_TEXT, AT(csv), "FILE", 0, 0, NULL, "Write the singular values as CSV."},
    {"plot", 0, CLI_TEXT, AT(plot), "FILE", 0, 0, NULL, "Draw them: FILE.png, FILE.svg or FILE.pdf."},
    {"quiet", 0, CLI_FLAG, AT(quiet), "", 0, 0, NULL, "No progress."},
};

static const cli_example examples[] = {
    {"suan study rank weights.safetensors --tensor model.layers.0.self_attn.q_proj.weight", "one matrix"},
    {"suan study rank attention.npy --tail 64 --plot spectrum.png", "every matrix of a stack"},
    {"suan study rank --attention --n 256 --d 32", "why causal attention has full rank"},
};

static void print_row(const sn_rank_item *item, int width) {
    const sn_rank_result *r = &item->result;
    printf("%-*s %6" PRId64 " x %-6" PRId64 " %6" PRId64 " %10.3f %10.3f  %10.3e %11.4e %11.4e", width, item->name,
           r->rows, r->cols, r->numerical, r->effective, r->stable, r->tail_share, r->singular[0],
           r->singular[r->n - 1]);
    if (isnan(r->log_det))
        printf("  %12s\n", "-");
    else
        printf("  %12.6g%s\n", r->log_det, r->triangular ? " (diagonal)" : "");
}

static void print_table(const sn_rank_report *r) {
    int width = 6;
    for (int64_t i = 0; i < r->n; i++)
        if ((int)strlen(r->items[i].name) > width) width = (int)strlen(r->items[i].name);
    if (width > 48) width = 48;
    printf("%-*s %-15s %6s %10s %10s  %10s %11s %11s  %12s\n", width, "matrix", "   size", "rank", "effective",
           "stable", "tail", "sigma_1", "sigma_n", "ln |det|");
    for (int64_t i = 0; i < r->n; i++) print_row(&r->items[i], width);
    if (r->skipped)
        printf("\n%" PRId64 " array%s without two dimensions left out.\n", r->skipped, r->skipped == 1 ? "" : "s");
    for (int64_t i = 0; i < r->n_left_out && i < 5; i++)
        printf("left out: %s: %s\n", r->left_out[i].name, r->left_out[i].why);
    if (r->n_left_out > 5) printf("left out: %" PRId64 " more\n", r->n_left_out - 5);
}

static sn_status write_files(const settings *s, const sn_rank_report *r) {
    sn_status status = SN_OK;
    if (cli_json_on_screen(s->json)) {
        char *text = NULL;
        status = sn_rank_report_json(r, &text);
        if (status == SN_OK) fputs(text, stdout);
        sn_text_free(text);
    } else {
        print_table(r);
        if (s->json) status = sn_rank_report_write_json(r, s->json);
    }
    if (status == SN_OK && s->csv) status = sn_rank_report_write_csv(r, s->csv);
    if (status == SN_OK && s->plot) status = sn_rank_report_write_plot(r, s->plot);
    return status;
}

static void show_progress(void *user, double done, double total) { cli_progress_show(user, done, total); }

static sn_status study(const settings *s, sn_rank_report **out) {
    sn_rank_options o = {.tail = s->tail, .threads = (int)s->threads, .cancel = &cli_cancelled};
    if (!s->attention) {
        cli_progress progress = cli_progress_begin("measuring", "arrays", s->quiet);
        o.progress = show_progress, o.user = &progress;
        sn_status status = sn_rank_report_new(s->arguments.argument[0], s->tensors.item, s->tensors.n, &o, out);
        cli_progress_end(&progress);
        return status;
    }
    if (!o.tail) o.tail = s->d < s->n ? s->d : s->n;
    return sn_rank_report_attention(s->n, s->d, (uint64_t)s->seed, &o, out);
}

static int run(void *p) {
    const settings *s = p;
    sn_rank_report *r = NULL;
    if (s->arguments.n_arguments != !s->attention) {
        cli_say(s->attention ? "study rank: --attention takes no file"
                             : "study rank wants a FILE (see 'suan help study rank')");
        return CLI_USAGE;
    }
    sn_status status = cli_check_outputs(s->json, s->csv, s->plot);
    if (status == SN_OK) status = study(s, &r);
    if (status == SN_OK) status = write_files(s, r);
    sn_rank_report_free(r);
    return status == SN_OK ? CLI_OK : cli_failed(status);
}

const cli_verb cli_verb_study_rank = {
    .name = "study rank",
    .summary = "what rank the matrices of a file have",
    .arguments = "FILE",
    .min_arguments = 0,
    .max_arguments = 1,
    .description =
        "Reads the arrays of a .npy, .npz, safetensors or GGUF file, takes the last two dimensions of each as "
        "matrices, and "
        "prints what their singular values say, computed in double: the numerical rank (those above the larger "
        "dimension * 2^-52 * sigma_1), the effective rank (exp of the entropy of their shares), the stable rank (sum "
        "of squares over the largest), the share of the sum of squares in the tail, the largest and the least; of "
        "square "
        "matrices also ln |det|, of triangular ones from the diagonal, which shows full rank where the least singular "
        "value is lost in rounding. docs/rank.md has more.",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .examples = examples,
    .n_examples = sizeof examples / sizeof *examples,
    .settings_size = sizeof(settings),
    .run = run,
};
