/* suan recipe: published claims, tried on small models. */
#include "recipe.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef cli_recipe_settings settings;

#define AT(field) offsetof(settings, field)

static const cli_option options[] = {
    {"out", 'o', CLI_TEXT, AT(out), "DIR", 0, 0, "recipe-runs",
     "Folder for texts, trained models and results. What is finished there is used again, by other recipes too."},
    {"data", 0, CLI_TEXT, AT(data), "FILE", 0, 0, NULL,
     "A text to train on, but for its last tenth, which is to test on. Without it stories that the recipe describes."},
    {"seeds", 0, CLI_INT, AT(seeds), "N", 1, 16, NULL, "Trainings of each model; without it as the recipe says."},
    {"mini", 0, CLI_FLAG, AT(mini), "", 0, 0, NULL, "As small as the recipe's group mini makes it: a try, no result."},
    {"folder", 0, CLI_TEXT, AT(folder), "DIR", 0, 0, NULL,
     "Where the recipes are; without it ./recipes, else the installed ones."},
    {"threads", 't', CLI_INT, AT(threads), "N", 0, 1024, NULL, "Threads; without it one per core."},
    {"json", 0, CLI_TEXT, AT(json), "FILE", 0, 0, NULL,
     "Write all numbers as JSON (\"-\": standard output, in place of the tables)."},
    {"csv", 0, CLI_TEXT, AT(csv), "FILE", 0, 0, NULL, "Write all numbers as CSV, one a row."},
    {"plot", 0, CLI_TEXT, AT(plot), "FILE", 0, 0, NULL,
     "Draw accuracy by position, or what the verb of a recipe of figures draws: FILE.png, FILE.svg or FILE.pdf."},
    {"quiet", 'q', CLI_FLAG, AT(quiet), "", 0, 0, NULL, "Print results and errors only."},
};

static const cli_example examples[] = {
    {"suan recipe", "list the recipes"},
    {"suan recipe rerope --mini", "a first look, in a minute"},
    {"suan recipe rerope --plot rerope.svg", "the whole, resumed where it was stopped"},
    {"suan recipe curvature", "what the verb computes beside what is known"},
    {"suan recipe rerope --data book.txt --out book-runs", "on another text"},
};

/* ---- Which recipe? ---- */

static const char *recipe_folder(const settings *s) {
    if (s->folder) return s->folder;
    return access("recipes", R_OK) == 0 ? "recipes" : SN_RECIPE_FOLDER;
}

/* One that cannot be read does not hide the others. */
static int list_one(const settings *s, const char *path) {
    sn_recipe *r;
    if (cli_is_figures(path)) return cli_figures_list(path, s->mini);
    sn_status status = sn_recipe_open(path, s->mini, &r);
    if (status != SN_OK) return cli_failed(status);
    printf("%-16s %s (%" PRId64 " trainings)\n", sn_recipe_name(r), sn_recipe_title(r), sn_recipe_trainings(r));
    sn_recipe_free(r);
    return CLI_OK;
}

static int list(const settings *s) {
    const char *folder = recipe_folder(s);
    char **paths;
    int n, code = CLI_OK;
    sn_status status = sn_recipe_list(folder, &paths, &n);
    if (status != SN_OK) return cli_failed(status);
    for (int i = 0; i < n; i++) {
        int one = list_one(s, paths[i]);
        if (one != CLI_OK) code = one;
    }
    if (n == 0) cli_say("%s holds no recipes: --folder says where they are", folder);
    sn_recipe_list_free(paths, n);
    return code;
}

/* The recipe of the folder whose name is nearest; NULL where none is near. Freed by the caller. */
static char *nearest(const settings *s, const char *name) {
    char **paths;
    const char *names[64], *best = NULL;
    int n, used = 0;
    char *copy = NULL;
    if (sn_recipe_list(recipe_folder(s), &paths, &n) != SN_OK) return NULL;
    for (int i = 0; i < n && i < 64; i++) {
        char *slash = strrchr(paths[i], '/'), *dot = strrchr(paths[i], '.');
        if (dot) *dot = 0;
        names[used++] = slash ? slash + 1 : paths[i];
    }
    best = sn_nearest(name, names, used);
    if (best) copy = strdup(best);
    sn_recipe_list_free(paths, n);
    return copy;
}

static sn_status missing(const settings *s, const char *name) {
    char *near = nearest(s, name);
    sn_status status =
        cli_refuse(SN_ERR_NOT_FOUND, "there is no recipe %s in \"%s\"%s%s%s 'suan recipe' lists them", name,
                   recipe_folder(s), near ? ": did you mean " : "", near ? near : "", near ? "?" : ":");
    free(near);
    return status;
}

/* A path, or a name in the folder. */
static sn_status find_recipe(const settings *s, char *path, size_t size) {
    static const char *const endings[] = {".recipe", ".figures"};
    const char *name = s->arguments.argument[0];
    if (strchr(name, '/') || strstr(name, endings[0]) || strstr(name, endings[1]))
        return snprintf(path, size, "%s", name) < (int)size
                   ? SN_OK
                   : cli_refuse(SN_ERR_ARGUMENT, "the name of the recipe is too long");
    for (int i = 0; i < 2; i++) {
        if (snprintf(path, size, "%s/%s%s", recipe_folder(s), name, endings[i]) >= (int)size)
            return cli_refuse(SN_ERR_ARGUMENT, "the name of the recipe is too long");
        if (access(path, R_OK) == 0) return SN_OK;
    }
    return missing(s, name);
}

/* ---- What came out ---- */

static int widest(const sn_recipe_result *r) {
    int width = 3;
    for (int i = 0; i < r->n_rows; i++)
        if ((int)strlen(r->rows[i].name) > width) width = (int)strlen(r->rows[i].name);
    return width;
}

static void print_figures(const double *figures) {
    for (int t = 0; t < SN_RECIPE_TESTS; t++)
        if (isnan(figures[t]))
            printf(" %6s", "");
        else
            printf(" %6.2f", figures[t]);
}

static void print_rows(const sn_recipe_result *r) {
    int width = widest(r);
    printf("%-*s %15s %15s %15s   %s\n", width, "row", "in", "repeated", "long", "published: in, repeated, long");
    for (int i = 0; i < r->n_rows; i++) {
        const sn_recipe_row *row = &r->rows[i];
        printf("%-*s", width, row->name);
        for (int t = 0; t < SN_RECIPE_TESTS; t++)
            printf("  %6.2f ± %5.2f", row->mean[t].accuracy, row->spread[t].accuracy);
        printf("  ");
        print_figures(row->published);
        printf("   %s%s%s\n", row->model, strcmp(row->extend, "none") ? ", " : "",
               strcmp(row->extend, "none") ? row->extend : "");
    }
}

static void print_orderings(const sn_recipe_result *r) {
    int all = 0;
    printf("\norderings, and in how many of %d seed%s they held\n", r->n_seeds, r->n_seeds == 1 ? "" : "s");
    for (int i = 0; i < r->n_orderings; i++) {
        const sn_recipe_ordering *o = &r->orderings[i];
        all += o->n_held == r->n_seeds;
        printf("  %d/%d  %s: %s\n", o->n_held, r->n_seeds, o->name, o->claim);
        if (o->n_held < r->n_seeds && o->note[0]) printf("       %s\n", o->note);
    }
    printf("%d of %d orderings held in every seed\n", all, r->n_orderings);
}

static void print_tables(const sn_recipe_result *r) {
    printf("%s%s\n", r->title, r->mini ? " (miniature: a try of the machinery, no result)" : "");
    if (r->source[0]) printf("claimed in: %s\n", r->source);
    printf("data: %s; trained window %" PRId64 ", tested at %" PRId64 "; right tokens (%%) of %" PRId64
           ", mean and standard deviation over %d seed%s\n",
           r->data, r->window, r->length, r->tokens, r->n_seeds, r->n_seeds == 1 ? "" : "s");
    printf("in: windows of %" PRId64 "; repeated: a piece of %" PRId64 " tokens over and over; long: text as it is\n\n",
           r->window, r->period);
    print_rows(r);
    if (r->n_orderings) print_orderings(r);
}

/* ---- The work ---- */

typedef struct screen {
    cli_progress progress;
    char what[128];
    bool quiet;
} screen;

static void on_note(void *user, const char *text) {
    screen *s = user;
    cli_progress_end(&s->progress);
    s->what[0] = 0;
    if (!s->quiet) cli_say("%s", text);
}

static void on_progress(void *user, const char *what, const char *unit, double done, double total) {
    screen *s = user;
    if (strcmp(s->what, what) != 0) {
        cli_progress_end(&s->progress);
        snprintf(s->what, sizeof s->what, "%s", what);
        s->progress = cli_progress_begin(s->what, unit, s->quiet);
    }
    cli_progress_show(&s->progress, done, total);
}

static sn_status print_json(const sn_recipe_result *r) {
    char *text;
    sn_status status = sn_recipe_json(r, &text);
    if (status == SN_OK) fputs(text, stdout);
    if (status == SN_OK) sn_text_free(text);
    return status;
}

static sn_status report(const settings *s, const sn_recipe_result *r) {
    sn_status status = SN_OK;
    if (cli_json_on_screen(s->json))
        status = print_json(r);
    else
        print_tables(r);
    if (status == SN_OK && s->json && !cli_json_on_screen(s->json)) status = sn_recipe_write_json(r, s->json);
    if (status == SN_OK && s->csv) status = sn_recipe_write_csv(r, s->csv);
    if (status == SN_OK && s->plot) status = sn_recipe_write_plot(r, s->plot);
    return status;
}

static int stopped(const settings *s) {
    cli_say("stopped; the same command goes on from here: suan recipe %s ...", s->arguments.argument[0]);
    return 128 + cli_cancelled;
}

static int work(const settings *s, const sn_recipe *recipe) {
    screen view = {.quiet = s->quiet, .progress = cli_progress_begin("", "", true)};
    const sn_recipe_options o = {.out = s->out,
                                 .data = s->data,
                                 .seeds = s->seeds,
                                 .n_threads = (int)s->threads,
                                 .on_note = on_note,
                                 .on_progress = on_progress,
                                 .user = &view,
                                 .cancel = &cli_cancelled};
    sn_recipe_result *result;
    sn_status status = sn_recipe_run(recipe, &o, &result);
    cli_progress_end(&view.progress);
    if (status == SN_ERR_CANCELLED) return stopped(s);
    if (status != SN_OK) return cli_failed(status);
    status = report(s, result);
    sn_recipe_result_free(result);
    return status == SN_OK ? CLI_OK : cli_failed(status);
}

static int run(void *p) {
    const settings *s = p;
    sn_recipe *recipe;
    char path[4096];
    if (s->arguments.n_arguments == 0) return list(s);
    sn_status status = cli_check_outputs(s->json, s->csv, s->plot);
    if (status == SN_OK) status = find_recipe(s, path, sizeof path);
    if (status != SN_OK) return cli_failed(status);
    if (cli_is_figures(path)) return cli_figures_run(path, s);
    status = sn_recipe_open(path, s->mini, &recipe);
    if (status != SN_OK) return cli_failed(status);
    int code = work(s, recipe);
    sn_recipe_free(recipe);
    return code;
}

const cli_verb cli_verb_recipe = {
    .name = "recipe",
    .summary = "try published claims: on small models, or by figures of other verbs",
    .arguments = "[NAME]",
    .min_arguments = 0,
    .max_arguments = 1,
    .description =
        "Without a name lists the recipes. A recipe trains small models, each with several seeds, reads texts of the "
        "trained length and of several times that length with them, under context methods or without, and says which "
        "of the orderings that were published came out, beside the published figures.\n\n"
        "Recipes of figures (abc, curvature, ...) run other verbs instead and hold what they print against what is "
        "claimed; with --plot they draw what the verb draws. Their results are kept in --out too, for this build.\n\n"
        "Ctrl-C stops; the same command goes on from there. Finished trainings are kept in --out under names that say "
        "what they depend on, so recipes share them. That an ordering did not hold is a result: the exit status is 0.",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .examples = examples,
    .n_examples = sizeof examples / sizeof *examples,
    .settings_size = sizeof(settings),
    .run = run,
};
