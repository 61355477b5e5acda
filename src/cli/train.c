/* suan train: train or fine-tune a language model. */
#include "cli.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

typedef struct settings {
    cli_arguments arguments;
    bool resume, plan, explain, profile, quiet;
} settings;

#define AT(field) offsetof(settings, field)

static const cli_option options[] = {
    {"resume", 0, CLI_FLAG, AT(resume), "", 0, 0, NULL,
     "Go on from the newest checkpoint, bit by bit as if never stopped."},
    {"plan", 0, CLI_FLAG, AT(plan), "", 0, 0, NULL, "Say what the run will need, and stop."},
    {"explain", 0, CLI_FLAG, AT(explain), "", 0, 0, NULL, "List every key of a configuration, and stop."},
    {"profile", 0, CLI_FLAG, AT(profile), "", 0, 0, NULL, "Print at the end where the time of a step goes."},
    {"quiet", 'q', CLI_FLAG, AT(quiet), "", 0, 0, NULL, "Print errors only."},
};

static const cli_example examples[] = {
    {"suan train recipes/char-small.conf data=book.txt out=book", "a small model of a book's characters"},
    {"suan train run.conf --plan", "parameters, optimizer state, activations, peak"},
    {"suan train run.conf --resume", "go on after a crash, a signal, a full disk"},
    {"suan train tune.conf init=model.gguf data=notes out=tuned steps=200", "fine-tune a model"},
    {"suan run book/last -p 'It was'", "use what was trained"},
};

/* ---- --explain ---- */

static const char *type_name(const sn_train_key *k) {
    switch (k->type) {
    case SN_KEY_TEXT: return "text";
    case SN_KEY_INT: return "whole number";
    case SN_KEY_REAL: return "number";
    case SN_KEY_FLAG: return "true or false";
    case SN_KEY_WORD: return k->words;
    }
    return "";
}

static void explain_key(const sn_train_key *k) {
    printf("%s (%s", k->name, type_name(k));
    if (k->minimum != 0 || k->maximum != 0) printf(", %.10g to %.10g", k->minimum, k->maximum);
    printf(")%s%s%s%s\n    %s\n", k->fallback[0] ? " = " : "", k->fallback, k->may_change ? "  " : "",
           k->may_change ? "[may change on --resume]" : "", k->help);
}

static void explain_rules(void) {
    printf("\nUpdate rules (optimizer.rule) and their settings:\n");
    for (int r = 0; r < sn_rule_count(); r++) {
        const sn_rule_info *info = sn_rule_get(r);
        printf("%s: %s (%s); keeps %d tensor%s for each weight\n", info->name, info->summary, info->source,
               info->n_states, info->n_states == 1 ? "" : "s");
        for (int i = 0; i < info->n_settings; i++) {
            const sn_setting *s = &info->settings[i];
            printf("    optimizer.%s (%g to %g) = %g\n        %s\n", s->name, s->minimum, s->maximum, s->fallback,
                   s->help);
        }
    }
}

static int explain(void) {
    printf(
        "Keys of a training configuration: name = value; in the file, name=value on the command line. \"a.b\" may be "
        "written a = { b = value } in the file.\n\n");
    for (int i = 0; i < sn_train_key_count(); i++) explain_key(sn_train_key_get(i));
    explain_rules();
    printf("\nSchedules (schedule.kind):\n");
    for (int i = 0; i < sn_schedule_count(); i++)
        printf("    %s: %s\n", sn_schedule_get(i)->name, sn_schedule_get(i)->summary);
    return CLI_OK;
}

/* ---- --plan ---- */

static void row(const char *what, int64_t bytes) {
    if (bytes > 0) printf("  %-20s %12s\n", what, cli_bytes(bytes));
}

static int plan(const sn_train_config *c) {
    sn_train_plan p;
    sn_status status = sn_train_plan_make(c, &p);
    if (status != SN_OK) return cli_failed(status);
    printf("model    %s: %" PRId64 " parameters, vocabulary %" PRId64 "\n", p.model, p.n_params, p.n_vocab);
    printf("data     %" PRId64 " tokens for training, %" PRId64 " for validation; %" PRId64 " a step\n", p.train_tokens,
           p.val_tokens, p.tokens_per_step);
    printf("rule     %s\nmemory\n", p.rule);
    row("parameters", p.param_bytes);
    row("optimizer state", p.state_bytes);
    row("averages", p.average_bytes);
    row("kept gradients", p.gradient_bytes);
    row("activations", p.activation_bytes);
    row("scratch", p.scratch_bytes);
    row("graphs", p.table_bytes);
    row("peak", p.peak_bytes);
    printf("largest gradient %s; the machine has %s free\n", cli_bytes(p.largest_gradient_bytes),
           cli_bytes(p.available_bytes));
    if (p.peak_bytes <= p.available_bytes) return CLI_OK;
    cli_say("this will not fit: a smaller batch with accumulate, recompute=true or a rule with less state helps");
    return CLI_FAILED;
}

/* ---- The run ---- */

typedef struct screen {
    bool terminal, quiet, drawn;
    double shown, val_loss;
} screen;

static void clear(screen *s) {
    if (s->drawn) fputs("\r\033[K", stderr);
    s->drawn = false;
}

static void print_progress(const sn_train_progress *p) {
    int64_t left = isfinite(p->seconds_left) ? (int64_t)p->seconds_left : 0;
    fprintf(stderr, "step %" PRId64 "/%" PRId64 "  loss %.4f", p->step, p->steps, p->loss);
    if (!isnan(p->val_loss)) fprintf(stderr, "  validation %.4f", p->val_loss);
    fprintf(stderr, "  %.0f tokens/s  %" PRId64 ":%02" PRId64 ":%02" PRId64 " left  %s", p->tokens_per_second,
            left / 3600, left / 60 % 60, left % 60, cli_bytes(p->memory_bytes));
}

static void on_step(void *user, const sn_train_progress *p) {
    screen *s = user;
    double now = cli_now();
    if (s->quiet || (isnan(p->loss) && !p->evaluated)) return;
    if (p->evaluated || (!s->terminal && (p->step == p->steps || (p->logged && now - s->shown >= 10)))) {
        clear(s);
        print_progress(p);
        fputc('\n', stderr);
        s->shown = now;
    } else if (s->terminal && now - s->shown >= 0.2) {
        fputc('\r', stderr);
        print_progress(p);
        fputs(" \033[K", stderr);
        s->drawn = true;
        s->shown = now;
    }
}

static void on_note(void *user, const char *text) {
    screen *s = user;
    if (s->quiet) return;
    clear(s);
    cli_say("%s", text);
}

static void on_sample(void *user, int64_t step, const char *text) {
    screen *s = user;
    if (s->quiet) return;
    clear(s);
    printf("--- step %" PRId64 "\n%s\n", step, text);
    fflush(stdout);
}

/* Of the limit that binds: operations over the measured peak, or bytes over the measured bandwidth. */
static double limit_share(const sn_train_profile_row *p, const sn_limits *limits, bool bf16) {
    double peak = bf16 && limits->bf16_flops > 0 ? limits->bf16_flops : limits->f32_flops;
    double by_flops = p->flops / p->seconds / peak, by_bytes = p->bytes / p->seconds / limits->read_bytes;
    return by_flops > by_bytes ? by_flops : by_bytes;
}

static sn_status print_profile(const sn_train_result *r) {
    double total = 0;
    sn_limits limits;
    if (r->n_profile == 0) return SN_OK;
    sn_status status = sn_limits_measure(r->n_threads, &limits);
    if (status != SN_OK) return status;
    for (int64_t i = 0; i < r->n_profile; i++) total += r->profile[i].seconds;
    printf("the last step: %.1f ms in nodes; limits: %.0f GFLOP/s f32, %.0f bf16, %.1f GB/s\n", 1e3 * total,
           1e-9 * limits.f32_flops, 1e-9 * limits.bf16_flops, 1e-9 * limits.read_bytes);
    printf("%-20s %-26s %6s %9s %7s %9s %8s %9s\n", "op", "kernel", "nodes", "ms", "share", "GFLOP/s", "GB/s",
           "of limit");
    for (int64_t i = 0; i < r->n_profile; i++) {
        const sn_train_profile_row *p = &r->profile[i];
        if (!(p->seconds > 0)) continue;
        printf("%-20s %-26s %6" PRId64 " %9.3f %6.1f%% %9.1f %8.1f %8.1f%%\n", p->op, p->kernel ? p->kernel : "",
               p->count, 1e3 * p->seconds, 100 * p->seconds / total, 1e-9 * p->flops / p->seconds,
               1e-9 * p->bytes / p->seconds, 100 * limit_share(p, &limits, r->bf16));
    }
    return SN_OK;
}

/* A run that was stopped by a signal ends as programs do that the signal ended. */
static int stopped(const sn_train_result *r, const settings *s) {
    if (r->checkpoint[0])
        cli_say("stopped after step %" PRId64 "; go on with: suan train %s ... --resume", r->step,
                s->arguments.argument[0]);
    else
        cli_say("stopped before the first step");
    return 128 + cli_cancelled;
}

static int train(const settings *s, const sn_train_config *c) {
    screen view = {.terminal = isatty(STDERR_FILENO) != 0, .quiet = s->quiet, .shown = cli_now()};
    sn_train_options o = {.resume = s->resume,
                          .profile = s->profile,
                          .on_step = on_step,
                          .on_note = on_note,
                          .on_sample = on_sample,
                          .user = &view,
                          .cancel = &cli_cancelled};
    sn_train_result r = {.step = 0};
    sn_status status = sn_train_run(c, &o, &r);
    clear(&view);
    if (status == SN_ERR_CANCELLED) return stopped(&r, s);
    if (status != SN_OK) return cli_failed(status);
    status = print_profile(&r);
    if (status != SN_OK) return cli_failed(status);
    if (s->quiet) return CLI_OK;
    cli_say("%" PRId64 " steps in %.0f s, loss %.4f", r.step, r.seconds, r.loss);
    if (!isnan(r.best_val_loss))
        cli_say("validation %.4f, best %.4f at step %" PRId64, r.val_loss, r.best_val_loss, r.best_step);
    return CLI_OK;
}

static int run(void *p) {
    const settings *s = p;
    sn_train_config *c;
    if (s->explain) return explain();
    if (s->arguments.n_arguments == 0) {
        cli_say("usage: suan train CONFIG [KEY=VALUE ...] (see 'suan help train')");
        return CLI_USAGE;
    }
    sn_status status =
        sn_train_config_open(s->arguments.argument[0], s->arguments.argument + 1, s->arguments.n_arguments - 1, &c);
    if (status != SN_OK) return cli_failed(status);
    int code = s->plan ? plan(c) : train(s, c);
    sn_train_config_free(c);
    return code;
}

const cli_verb cli_verb_train = {
    .name = "train",
    .summary = "train or fine-tune a model",
    .arguments = "CONFIG [KEY=VALUE ...]",
    .min_arguments = 0,
    .max_arguments = CLI_MAX_ARGUMENTS,
    .description =
        "Trains as the configuration file says, KEY=VALUE counting more. The folder OUT (key out) gets checkpoints "
        "step-NNNNNN, of which the last ones are kept, and last, which points to the newest and is a model for every "
        "other verb; metrics.jsonl, TensorBoard events, a picture of the loss, and samples.txt.\n\n"
        "Ctrl-C and SIGTERM finish the step and write a checkpoint; a second one ends at once. Samples go to standard "
        "output, everything else to standard error.",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .examples = examples,
    .n_examples = sizeof examples / sizeof *examples,
    .settings_size = sizeof(settings),
    .run = run,
};
