#include "cli.h"

#include <stdlib.h>
#include <string.h>

static int print_version(void) {
    printf("suan %s\n", SN_VERSION);
    return CLI_OK;
}

static int help_for(const char *name) {
    if (!name) {
        cli_print_overview(stdout);
        return CLI_OK;
    }
    const cli_verb *verb = cli_verb_find(name);
    if (!verb) {
        cli_say("there is no verb \"%s\": see 'suan help'", name);
        return CLI_USAGE;
    }
    cli_print_help(verb, stdout);
    return CLI_OK;
}

static int man_for(const char *name) {
    const cli_verb *verb = name ? cli_verb_find(name) : NULL;
    if (name && !verb) {
        cli_say("there is no verb \"%s\": see 'suan help'", name);
        return CLI_USAGE;
    }
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

/* Words that are not verbs of their own; -1 where the word is none of them. */
static int run_builtin(const char *word, const char *argument) {
    if (!strcmp(word, "help") || !strcmp(word, "--help") || !strcmp(word, "-h")) return help_for(argument);
    if (!strcmp(word, "--version") || !strcmp(word, "version")) return print_version();
    if (!strcmp(word, "man")) return man_for(argument);
    if (!strcmp(word, "completion")) return completion(argument);
    return -1;
}

static int unknown_verb(const char *name) {
    const char *names[64];
    int n = 0;
    for (const cli_verb *const *v = cli_verb_table; *v && n < 64; v++) names[n++] = (*v)->name;
    const char *near = sn_nearest(name, names, n);
    if (near)
        cli_say("there is no verb \"%s\": did you mean \"%s\"? 'suan help' lists them", name, near);
    else
        cli_say("there is no verb \"%s\": 'suan help' lists them", name);
    return CLI_USAGE;
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
    if (argc < 2) {
        cli_print_overview(stderr);
        return CLI_USAGE;
    }
    int status = run_builtin(argv[1], argc > 2 ? argv[2] : NULL);
    if (status >= 0) return status;
    cli_show_warnings();
    const cli_verb *verb = cli_verb_find(argv[1]);
    return verb ? run_verb(verb, argc - 2, argv + 2) : unknown_verb(argv[1]);
}
