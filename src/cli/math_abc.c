/* suan math abc: the smallest a + b + c with ab + c = N. */
#include "cli.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct settings {
    cli_arguments arguments;
    bool all, range, bench, json;
    int64_t threads;
    const char *plot;
} settings;

#define AT(field) offsetof(settings, field)

static const cli_option options[] = {
    {"all", 'a', CLI_FLAG, AT(all), "", 0, 0, NULL, "Print every a, b, c that reaches the smallest sum."},
    {"range", 'r', CLI_FLAG, AT(range), "", 0, 0, NULL,
     "Take two numbers, LO HI, and print a line of CSV for each N from LO to HI, in order."},
    {"threads", 't', CLI_INT, AT(threads), "N", 0, 1024, "0", "Threads of --range; 0: one for each core."},
    {"json", 0, CLI_FLAG, AT(json), "", 0, 0, NULL, "Print JSON."},
    {"bench", 0, CLI_FLAG, AT(bench), "", 0, 0, NULL,
     "Measure steps and time on random N of 16 to 128 bits instead; a few seconds."},
    {"plot", 0, CLI_TEXT, AT(plot), "FILE", 0, 0, NULL, "With --bench, draw it: FILE.png, FILE.svg or FILE.pdf."},
};

static const cli_example examples[] = {
    {"suan math abc 130", "10 * 13 + 0, sum 23"},
    {"suan math abc --all 22", "both ways that reach 10"},
    {"suan math abc --json 340282366920938463463374607431768211297", "128 bits, for programs"},
    {"suan math abc --range 1 1000000", "CSV, on all cores"},
    {"suan math abc --bench --plot abc.png", "what it costs by the size of N"},
};

/* ---- One N ---- */

typedef struct solutions {
    sn_abc *item;
    int n, capacity;
    bool failed;
} solutions;

static void keep(void *user, const sn_abc *x) {
    solutions *s = user;
    if (s->n == s->capacity) {
        int capacity = s->capacity ? 2 * s->capacity : 8;
        sn_abc *item = realloc(s->item, (size_t)capacity * sizeof *item);
        if (!item) {
            s->failed = true;
            return;
        }
        s->item = item, s->capacity = capacity;
    }
    s->item[s->n++] = *x;
}

static void print_json(const solutions *s, bool all) {
    const sn_abc *x = s->item;
    printf("{\"n\":\"%s\",\"a\":\"%s\",\"b\":\"%s\",\"c\":\"%s\",\"sum\":\"%s\",\"steps\":%" PRId64, x->n, x->a, x->b,
           x->c, x->sum, x->steps);
    for (int i = 0; all && i < s->n; i++)
        printf("%s{\"a\":\"%s\",\"b\":\"%s\",\"c\":\"%s\"}", i ? "," : ",\"all\":[", x[i].a, x[i].b, x[i].c);
    printf("%s}\n", all ? "]" : "");
}

static void print_text(const solutions *s) {
    const sn_abc *x = s->item;
    for (int i = 0; i < s->n; i++) printf("%s = %s * %s + %s\n", x[i].n, x[i].a, x[i].b, x[i].c);
    if (s->n == 1) printf("a      %s\nb      %s\nc      %s\n", x->a, x->b, x->c);
    printf("sum    %s\nsteps  %" PRId64 "\n", x->sum, x->steps);
}

static int solve(const settings *s) {
    solutions found = {0};
    const char *n = s->arguments.argument[0];
    sn_abc x;
    sn_status status = s->all ? sn_abc_all(n, &cli_cancelled, keep, &found) : sn_abc_solve(n, &cli_cancelled, &x);
    if (status == SN_OK && !s->all) keep(&found, &x);
    if (status == SN_OK && found.failed) status = cli_refuse(SN_ERR_MEMORY, "out of memory");
    if (status == SN_OK && s->json) print_json(&found, s->all);
    if (status == SN_OK && !s->json) print_text(&found);
    free(found.item);
    return status == SN_OK ? CLI_OK : cli_failed(status);
}

/* ---- A range ---- */

static sn_status put(void *user, const char *text, size_t size) {
    if (fwrite(text, 1, size, user) == size) return SN_OK;
    return cli_refuse(SN_ERR_IO, "cannot write to standard output");
}

static int stream(const settings *s) {
    sn_status status =
        sn_abc_range(s->arguments.argument[0], s->arguments.argument[1], (int)s->threads, &cli_cancelled, put, stdout);
    return status == SN_OK ? CLI_OK : cli_failed(status);
}

/* ---- Measurement ---- */

enum { n_sizes = 15 };

static void print_speeds(const sn_abc_speed *v, bool json) {
    if (!json) printf("bits  samples  us per call  steps, mean  steps, most  steps / N^(1/6)\n");
    for (int i = 0; i < n_sizes; i++)
        printf(json ? "%s{\"bits\":%d,\"samples\":%" PRId64
                      ",\"us\":%.4g,\"steps\":%.6g,\"most_steps\":%.0f,\"steps_by_law\":%.4g}%s"
                    : "%s%4d  %7" PRId64 "  %11.4g  %11.6g  %11.0f  %15.3f%s",
               json ? i ? ",\n " : "[" : "", v[i].bits, v[i].samples, v[i].microseconds, v[i].steps, v[i].most_steps,
               v[i].steps_by_law, json ? i + 1 < n_sizes ? "" : "]\n" : "\n");
}

static int measure(const settings *s) {
    sn_abc_speed speeds[n_sizes];
    sn_status status = cli_check_outputs(NULL, NULL, s->plot);
    for (int i = 0; status == SN_OK && i < n_sizes; i++) {
        int bits = 16 + 8 * i;
        double samples = fmin(20000, fmax(60, 4e7 / pow(2, bits / 6.0)));
        status = sn_abc_measure(bits, (int64_t)samples, 1, &cli_cancelled, &speeds[i]);
    }
    if (status == SN_OK) print_speeds(speeds, s->json);
    if (status == SN_OK && s->plot) status = sn_abc_write_plot(speeds, n_sizes, s->plot);
    return status == SN_OK ? CLI_OK : cli_failed(status);
}

/* ---- Which of them ---- */

static int run(void *p) {
    const settings *s = p;
    int wanted = s->bench ? 0 : s->range ? 2 : 1;
    if ((s->bench && s->range) || (s->all && (s->range || s->bench)) || (s->json && s->range) ||
        (s->plot && !s->bench)) {
        cli_say("math abc: --range stands alone, --json goes with one N or --bench, --plot with --bench");
        return CLI_USAGE;
    }
    if (s->arguments.n_arguments != wanted) {
        static const char *const usage[] = {"--bench takes no number", "wants one number N", "--range wants LO HI"};
        cli_say("math abc: %s (see 'suan help math abc')", usage[wanted]);
        return CLI_USAGE;
    }
    return s->bench ? measure(s) : s->range ? stream(s) : solve(s);
}

const cli_verb cli_verb_math_abc = {
    .name = "math abc",
    .summary = "the smallest a + b + c with ab + c = N",
    .arguments = "N | --range LO HI",
    .min_arguments = 0,
    .max_arguments = 2,
    .description =
        "Finds whole numbers a, b, c of 0 or more with ab + c = N whose sum is the smallest possible, and proves it by "
        "trying every a + b up to that sum: about 1.18 N^(1/6) steps, a few microseconds for 64 bits, hundredths of a "
        "second for 128. N may have up to 184 bits; beyond, it is refused with the number of steps to be expected. Of "
        "several best, the one with the smallest a + b is printed, --all prints all.\n\n"
        "--range prints the columns n, a, b, c, sum and steps.",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .examples = examples,
    .n_examples = sizeof examples / sizeof *examples,
    .settings_size = sizeof(settings),
    .run = run,
};
