#include "cli.h"

#include <stdlib.h>
#include <string.h>

static int print_version(void) {
    printf("suan %s\n", SN_VERSION);
    return CLI_OK;
}

/* The verb that the first words name, two ("math abc") or one; *n_words of them. NULL: none. */
static const cli_verb *find_verb(int argc, char **argv, int *n_words) {
    char name[64];
    for (*n_words = 2; *n_words >= 1; --*n_words) {
        if (*n_words > argc) continue;
        int size = snprintf(name, sizeof name, *n_words == 2 ? "%s %s" : "%s", argv[0], *n_words == 2 ? argv[1] : "");
        const cli_verb *verb = size < (int)sizeof name ? cli_verb_find(name) : NULL;
        if (verb) return verb;
    }
    return NULL;
}

/* Whether verbs begin with this word and a blank. */
static bool is_group(const char *word) {
    size_t n = strlen(word);
    for (const cli_verb *const *v = cli_verb_table; *v; v++)
        if (strncmp((*v)->name, word, n) == 0 && (*v)->name[n] == ' ') return true;
    return false;
}

static int unknown_verb(int argc, char **argv) {
    const char *names[CLI_MAX_VERBS];
    char name[64];
    int n = 0;
    bool group = is_group(argv[0]);
    if (group && (argc < 2 || argv[1][0] == '-')) {
        bool asked = argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"));
        cli_print_overview(asked ? stdout : stderr, argv[0]);
        return asked ? CLI_OK : CLI_USAGE;
    }
    for (const cli_verb *const *v = cli_verb_table; *v && n < CLI_MAX_VERBS; v++) names[n++] = (*v)->name;
    snprintf(name, sizeof name, group ? "%s %s" : "%s", argv[0], group ? argv[1] : "");
    const char *near = sn_nearest(name, names, n);
    if (near)
        cli_say("there is no verb \"%s\": did you mean \"%s\"? 'suan help' lists them", name, near);
    else
        cli_say("there is no verb \"%s\": 'suan help' lists them", name);
    return CLI_USAGE;
}

static int help_for(int argc, char **argv) {
    int n_words;
    const cli_verb *verb = find_verb(argc, argv, &n_words);
    if (verb)
        cli_print_help(verb, stdout);
    else if (argc == 0 || (argc == 1 && is_group(argv[0])))
        cli_print_overview(stdout, argc ? argv[0] : NULL);
    else
        return unknown_verb(argc, argv);
    return CLI_OK;
}

static int man_for(int argc, char **argv) {
    int n_words;
    const cli_verb *verb = find_verb(argc, argv, &n_words);
    if (argc && !verb) return unknown_verb(argc, argv);
    cli_print_man(verb, stdout);
    return CLI_OK;
}

static int completion(const char *shell) {
    if (shell && strcmp(shell, "bash") != 0) {
        cli_say("there is completion for bash only, not for \"%s\"", shell);
        return CLI_USAGE;
    }
    cli_print_completion(stdout);
    return CLI_OK;
}

/* Words that are not verbs of their own; -1 where the first word is none of them. */
static int run_builtin(int argc, char **argv) {
    const char *word = argv[0];
    if (!strcmp(word, "help") || !strcmp(word, "--help") || !strcmp(word, "-h")) return help_for(argc - 1, argv + 1);
    if (!strcmp(word, "--version") || !strcmp(word, "version")) return print_version();
    if (!strcmp(word, "man")) return man_for(argc - 1, argv + 1);
    if (!strcmp(word, "completion")) return completion(argc > 1 ? argv[1] : NULL);
    return -1;
}

static int run_verb(const cli_verb *verb, int argc, char **argv) {
    for (int i = 0; i < argc; i++) {
        if (!strcmp(argv[i], "--")) break;
        if (strcmp(argv[i], "--help") != 0 && strcmp(argv[i], "-h") != 0) continue;
        cli_print_help(verb, stdout);
        return CLI_OK;
    }
    void *settings = calloc(1, verb->settings_size);
    if (!settings) {
        cli_say("out of memory");
        return CLI_FAILED;
    }
    int status = cli_parse(verb, argc, argv, settings);
    if (status == CLI_OK) {
        cli_catch_signals();
        status = verb->run(settings);
    }
    free(settings);
    if ((fflush(stdout) != 0 || ferror(stdout)) && status == CLI_OK) {
        cli_say("cannot write to standard output");
        status = CLI_FAILED;
    }
    return status;
}

int main(int argc, char **argv) {
    int n_words;
    if (argc < 2) {
        cli_print_overview(stderr, NULL);
        return CLI_USAGE;
    }
    int status = run_builtin(argc - 1, argv + 1);
    if (status >= 0) return status;
    cli_show_warnings();
    const cli_verb *verb = find_verb(argc - 1, argv + 1, &n_words);
    return verb ? run_verb(verb, argc - 1 - n_words, argv + 1 + n_words) : unknown_verb(argc - 1, argv + 1);
}
