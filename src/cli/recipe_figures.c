/* suan recipe NAME, where the recipe holds figures of other verbs: they are run as programs of their own. */
#include "recipe.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { MOST_WORDS = 320, STAMP_SIZE = 256 };
static const char self[] = "/proc/self/exe";

bool cli_is_figures(const char *path) {
    const char *dot = strrchr(path, '.');
    return dot && strcmp(dot, ".figures") == 0;
}

int cli_figures_list(const char *path, bool mini) {
    sn_figures *f;
    sn_status status = sn_figures_open(path, mini, &f);
    if (status != SN_OK) return cli_failed(status);
    printf("%-16s %s (%d figures)\n", sn_figures_name(f), sn_figures_title(f), sn_figures_count(f));
    sn_figures_free(f);
    return CLI_OK;
}

/* ---- Running a verb ---- */

/* The verb that the arguments begin with; NULL: none. */
static const cli_verb *verb_of(const char *const *arguments, int n) {
    char two[128];
    const cli_verb *verb = cli_verb_find(arguments[0]);
    if (verb || n < 2) return verb;
    snprintf(two, sizeof two, "%s %s", arguments[0], arguments[1]);
    return cli_verb_find(two);
}

static bool takes(const cli_verb *verb, const char *option) {
    for (int i = 0; i < verb->n_options; i++)
        if (strcmp(verb->options[i].name, option) == 0) return true;
    return false;
}

static sn_status start(char *const *words, const char *output, pid_t *child) {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    int error = posix_spawn(child, self, &actions, NULL, words, environ);
    posix_spawn_file_actions_destroy(&actions);
    return error ? cli_refuse(SN_ERR_IO, "cannot run \"%s\": %s", words[1], strerror(error)) : SN_OK;
}

/* A signal that came to us alone is passed on, once. */
static int wait_for(pid_t child) {
    int status;
    bool passed = false;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        if (cli_cancelled && !passed) {
            kill(child, cli_cancelled);
            passed = true;
        }
    return status;
}

static sn_status run_verb(void *user, const char *const *arguments, int n, const char *output) {
    const cli_recipe_settings *s = user;
    const char *words[MOST_WORDS] = {"suan"};
    char threads[32];
    pid_t child;
    int count = 1;
    const cli_verb *verb = verb_of(arguments, n);
    if (!verb) return cli_refuse(SN_ERR_NOT_FOUND, "a run begins with \"%s\", which is no verb", arguments[0]);
    if (strcmp(verb->name, "recipe") == 0) return cli_refuse(SN_ERR_ARGUMENT, "a recipe cannot run a recipe");
    for (int i = 0; i < n && count < MOST_WORDS - 4; i++) words[count++] = arguments[i];
    snprintf(threads, sizeof threads, "%" PRId64, s->threads);
    if (s->threads > 0 && takes(verb, "threads")) words[count++] = "--threads", words[count++] = threads;
    if (s->quiet && takes(verb, "quiet")) words[count++] = "--quiet";
    if (cli_cancelled) return cli_refuse(SN_ERR_CANCELLED, "stopped");
    sn_status status = start((char *const *)words, output, &child);
    if (status != SN_OK) return status;
    int ended = wait_for(child);
    if (cli_cancelled) return cli_refuse(SN_ERR_CANCELLED, "stopped; the same command goes on from here");
    if (WIFEXITED(ended) && WEXITSTATUS(ended) == 0) return SN_OK;
    return cli_refuse(SN_ERR_ARGUMENT, "the run \"%s ...\" of the recipe failed (%s %d)", verb->name,
                      WIFEXITED(ended) ? "exit status" : "signal",
                      WIFEXITED(ended) ? WEXITSTATUS(ended) : WTERMSIG(ended));
}

/* Results are kept for this build of program and library alone. */
static void stamp_of(char stamp[static STAMP_SIZE]) {
    Dl_info library;
    struct stat program, code = {0};
    if (stat(self, &program) != 0) memset(&program, 0, sizeof program);
    if (dladdr((void *)(uintptr_t)sn_figures_try, &library) && library.dli_fname) (void)stat(library.dli_fname, &code);
    snprintf(stamp, STAMP_SIZE, "%lld %lld.%ld %lld %lld.%ld", (long long)program.st_size,
             (long long)program.st_mtim.tv_sec, program.st_mtim.tv_nsec, (long long)code.st_size,
             (long long)code.st_mtim.tv_sec, code.st_mtim.tv_nsec);
}

static void on_run(void *user, const char *name, const char *command, bool kept) {
    const cli_recipe_settings *s = user;
    if (!s->quiet) cli_say("%s: %ssuan %s", name, kept ? "kept: " : "", command);
}

/* ---- What came out ---- */

static int width_of(const sn_figures_result *r, size_t offset, int least, int most) {
    int width = least;
    for (int i = 0; i < r->n_figures; i++) {
        int n = (int)strlen(*(const char *const *)((const char *)&r->figures[i] + offset));
        if (n > width) width = n;
    }
    return width < most ? width : most;
}

static void print_table(const sn_figures_result *r) {
    int name = width_of(r, offsetof(sn_figure, name), 6, 28), claim = width_of(r, offsetof(sn_figure, claim), 5, 64);
    printf("%s%s\n", r->title, r->mini ? " (miniature)" : "");
    if (r->source[0]) printf("claimed in: %s\n", r->source);
    printf("\n     %-*s  %-*s  here\n", name, "figure", claim, "claim");
    for (int i = 0; i < r->n_figures; i++) {
        const sn_figure *f = &r->figures[i];
        printf("%-3s  %-*s  %-*s  %s\n", f->held ? "yes" : "NO", name, f->name, claim, f->claim, f->here);
        if (!f->held && f->note[0]) printf("     %s\n", f->note);
    }
    printf("%d of %d figures held\n", r->n_held, r->n_figures);
}

static sn_status report(const cli_recipe_settings *s, const sn_figures_result *r) {
    char *text;
    if (!cli_json_on_screen(s->json)) print_table(r);
    sn_status status = s->json ? sn_figures_json(r, &text) : SN_OK;
    if (status == SN_OK && s->json) status = cli_put_json(s->json, text);
    return status == SN_OK && s->csv ? sn_figures_write_csv(r, s->csv) : status;
}

int cli_figures_run(const char *path, const cli_recipe_settings *s) {
    char stamp[STAMP_SIZE];
    sn_figures *f;
    sn_figures_result *result;
    if (s->data || s->seeds)
        return cli_failed(cli_refuse(SN_ERR_ARGUMENT, "--data and --seeds are for recipes that train: %s runs verbs",
                                     s->arguments.argument[0]));
    sn_status status = sn_figures_open(path, s->mini, &f);
    if (status != SN_OK) return cli_failed(status);
    stamp_of(stamp);
    const sn_figures_options o = {.out = s->out,
                                  .run = run_verb,
                                  .stamp = stamp,
                                  .plot = s->plot,
                                  .on_run = on_run,
                                  .user = (void *)(uintptr_t)s};
    status = sn_figures_try(f, &o, &result);
    if (status == SN_OK) {
        status = report(s, result);
        sn_figures_result_free(result);
    }
    sn_figures_free(f);
    if (status == SN_ERR_CANCELLED) return 128 + cli_cancelled;
    return status == SN_OK ? CLI_OK : cli_failed(status);
}
