/* Help, man pages and bash completion, all from the verb table. */
#include "cli.h"

#include <ctype.h>
#include <string.h>

enum { NAME_WIDTH = 16 };

static void print_verbs(FILE *to, const char *group) {
    size_t n = group ? strlen(group) : 0;
    for (const cli_verb *const *v = cli_verb_table; *v; v++)
        if (!group || (strncmp((*v)->name, group, n) == 0 && (*v)->name[n] == ' '))
            fprintf(to, "  %-*s %s\n", NAME_WIDTH, (*v)->name, (*v)->summary);
}

void cli_print_overview(FILE *to, const char *group) {
    if (group) {
        fprintf(to, "usage: suan %s VERB [arguments] [options]\n\nverbs:\n", group);
        print_verbs(to, group);
        return;
    }
    fprintf(to, "suan %s - generative models in C\n\nusage: suan VERB [arguments] [options]\n\nverbs:\n", SN_VERSION);
    print_verbs(to, NULL);
    fprintf(to, "\n  %-*s %s\n", NAME_WIDTH, "help VERB", "what a verb does, its options and examples");
    fprintf(to, "  %-*s %s\n", NAME_WIDTH, "man [VERB]", "a man page in roff: suan man run | man -l -");
    fprintf(to, "  %-*s %s\n", NAME_WIDTH, "completion", "completion for bash: source <(suan completion)");
    fprintf(to, "  %-*s %s\n", NAME_WIDTH, "--version", "the version");
}

/* Prints words wrapped at 100 columns with an indent for all lines but the first. */
static void print_wrapped(FILE *to, const char *text, int indent, int column) {
    enum { width = 100 };
    int blank = 0; /* between the word before and the next, not printed yet */
    while (*text) {
        if (*text == ' ') {
            blank = 1;
            text++;
            continue;
        }
        bool line_end = *text == '\n';
        int word = line_end ? 0 : (int)strcspn(text, " \n");
        if (line_end || (column + blank + word > width && column > indent)) {
            fprintf(to, "\n%*s", text[line_end] == '\n' ? 0 : indent, "");
            column = indent;
        } else {
            fprintf(to, "%*s", blank, "");
            column += blank;
        }
        fprintf(to, "%.*s", word, text);
        column += word;
        text += word + line_end;
        blank = 0;
    }
    fputc('\n', to);
}

static int option_label(const cli_option *o, char *label, size_t size) {
    const char *metavar = o->type == CLI_FLAG ? "" : o->metavar;
    const char *space = o->type == CLI_FLAG ? "" : " ";
    if (o->letter) return snprintf(label, size, "-%c, --%s%s%s", o->letter, o->name, space, metavar);
    return snprintf(label, size, "    --%s%s%s", o->name, space, metavar);
}

static void print_option(FILE *to, const cli_option *o) {
    enum { indent = 30 };
    char label[128], text[1024];
    int used = option_label(o, label, sizeof label);
    snprintf(text, sizeof text, "%s%s%s%s", o->help, o->fallback ? " (default " : "", o->fallback ? o->fallback : "",
             o->fallback ? ")" : "");
    fprintf(to, "  %s", label);
    if (used + 2 >= indent) {
        fputc('\n', to);
        used = -2;
    }
    fprintf(to, "%*s", indent - used - 2, "");
    print_wrapped(to, text, indent, indent);
}

static void print_methods(const cli_verb *verb, FILE *to) {
    bool extends = false;
    for (int i = 0; i < verb->n_options; i++) extends |= strcmp(verb->options[i].name, "extend") == 0;
    if (!extends) return;
    fprintf(to, "\ncontext methods (name:parameter=value,...; joined with +):\n");
    for (int i = 0; i < sn_method_count(); i++) {
        const sn_method_info *m = sn_method_get(i);
        char head[256];
        int used = snprintf(head, sizeof head, "%s", m->name);
        for (int k = 0; k < m->n_params && used < 200; k++)
            used += snprintf(head + used, sizeof head - (size_t)used, "%s%s=", k ? "," : ":", m->params[k].name);
        fprintf(to, "  %-28s ", head);
        if (used > 28) fprintf(to, "\n%31s", "");
        print_wrapped(to, m->summary, 31, 31);
    }
}

void cli_print_help(const cli_verb *verb, FILE *to) {
    fprintf(to, "suan %s - %s\n\nusage: suan %s %s [options]\n\n", verb->name, verb->summary, verb->name,
            verb->arguments);
    if (verb->description) {
        print_wrapped(to, verb->description, 0, 0);
        fputc('\n', to);
    }
    fprintf(to, "options:\n");
    for (int i = 0; i < verb->n_options; i++) print_option(to, &verb->options[i]);
    fprintf(to, "  -h, --help                  this text\n");
    print_methods(verb, to);
    if (verb->n_examples) fprintf(to, "\nexamples:\n");
    for (int i = 0; i < verb->n_examples; i++)
        fprintf(to, "  %s\n      %s\n", verb->examples[i].command, verb->examples[i].what);
}

/* What roff would take for itself: quotes around arguments, and characters it turns into typographic ones. */
static const char *roff_escape(char c) {
    switch (c) {
    case '\\': return "\\e";
    case '-': return "\\-";
    case '"': return "\\(dq";
    case '\'': return "\\(aq";
    case '`': return "\\(ga";
    case '^': return "\\(ha";
    case '~': return "\\(ti";
    default: return NULL;
    }
}

static void print_roff(FILE *to, const char *text) {
    bool line_start = true;
    for (; *text; text++) {
        const char *escape = roff_escape(*text);
        if (line_start && *text == '.') fputs("\\&", to);
        line_start = *text == '\n';
        if (escape)
            fputs(escape, to);
        else
            fputc(*text, to);
    }
}

static void print_upper(FILE *to, const char *text) {
    for (; *text; text++) fputc(toupper((unsigned char)*text), to);
}

static void man_options(const cli_verb *verb, FILE *to) {
    fprintf(to, ".SH OPTIONS\n");
    for (int i = 0; i < verb->n_options; i++) {
        const cli_option *o = &verb->options[i];
        char label[128];
        option_label(o, label, sizeof label);
        fprintf(to, ".TP\n.B ");
        print_roff(to, o->letter ? label : label + 4);
        fputc('\n', to);
        print_roff(to, o->help);
        if (o->fallback) {
            fputs(" (default ", to);
            print_roff(to, o->fallback);
            fputc(')', to);
        }
        fputc('\n', to);
    }
}

static void man_examples(const cli_verb *verb, FILE *to) {
    if (verb->n_examples) fprintf(to, ".SH EXAMPLES\n.ad l\n.nh\n");
    for (int i = 0; i < verb->n_examples; i++) {
        fprintf(to, ".TP\n.B ");
        print_roff(to, verb->examples[i].command);
        fputc('\n', to);
        print_roff(to, verb->examples[i].what);
        fputc('\n', to);
    }
}

static void man_program(FILE *to) {
    fprintf(to, ".TH SUAN 1 \"\" \"suan %s\"\n.SH NAME\nsuan \\- generative models in C\n", SN_VERSION);
    fprintf(to, ".SH SYNOPSIS\n.B suan\n.I VERB\n[arguments] [options]\n.SH VERBS\n");
    for (const cli_verb *const *v = cli_verb_table; *v; v++) {
        fprintf(to, ".TP\n.B %s\n", (*v)->name);
        print_roff(to, (*v)->summary);
        fputc('\n', to);
    }
    fprintf(to, ".SH EXIT STATUS\n0 fine, 1 the work failed, 2 wrong usage, 130 stopped by Ctrl\\-C.\n");
    fprintf(to,
            ".SH ENVIRONMENT\n.TP\n.B SN_MAX_ISA\nlowers the instruction set used: generic, avx2, avx512, vnni, amx\n");
}

void cli_print_man(const cli_verb *verb, FILE *to) {
    if (!verb) {
        man_program(to);
        return;
    }
    char page[64];
    snprintf(page, sizeof page, "suan-%s", verb->name);
    for (char *c = page; *c; c++)
        if (*c == ' ') *c = '-';
    fprintf(to, ".TH ");
    print_upper(to, page);
    fprintf(to, " 1 \"\" \"suan %s\"\n.SH NAME\n", SN_VERSION);
    print_roff(to, page);
    fprintf(to, " \\- ");
    print_roff(to, verb->summary);
    fprintf(to, "\n.SH SYNOPSIS\n.B suan %s\n", verb->name);
    print_roff(to, verb->arguments);
    fprintf(to, " [options]\n");
    if (verb->description) {
        fprintf(to, ".SH DESCRIPTION\n");
        print_roff(to, verb->description);
        fputc('\n', to);
    }
    man_options(verb, to);
    man_examples(verb, to);
}

static void complete_words(FILE *to, const char *words) {
    fprintf(to, "COMPREPLY=($(compgen -W \"%s\" -- \"$cur\"))", words);
}

/* The words that may stand first: verbs of one word and groups, each once. The table is sorted. */
static void print_first_words(FILE *to) {
    size_t n = 0;
    const char *last = "";
    for (const cli_verb *const *v = cli_verb_table; *v; v++) {
        size_t size = strcspn((*v)->name, " ");
        if (size == n && strncmp(last, (*v)->name, n) == 0) continue;
        last = (*v)->name;
        n = size;
        fprintf(to, "%.*s ", (int)n, last);
    }
    fprintf(to, "help man completion --version");
}

static void print_second_words(FILE *to) {
    for (const cli_verb *const *v = cli_verb_table; *v; v++) {
        const char *blank = strchr((*v)->name, ' ');
        if (blank) fprintf(to, "    %.*s) second=\"$second%s\" ;;&\n", (int)(blank - (*v)->name), (*v)->name, blank);
    }
}

void cli_print_completion(FILE *to) {
    fprintf(to,
            "# bash completion for suan\n_suan() {\n    local cur=${COMP_WORDS[COMP_CWORD]} verb=${COMP_WORDS[1]}\n");
    fprintf(to,
            "    local options second=\n    if [ \"$COMP_CWORD\" -eq 1 ]; then\n        COMPREPLY=($(compgen -W \"");
    print_first_words(to);
    fprintf(to, "\" -- \"$cur\"))\n        return\n    fi\n    case $verb in\n");
    print_second_words(to);
    fprintf(to, "    esac\n    [ -z \"$second\" ] || verb=\"$verb ${COMP_WORDS[2]}\"\n");
    fprintf(to, "    if [ -n \"$second\" ] && [ \"$COMP_CWORD\" -eq 2 ]; then\n        ");
    complete_words(to, "$second");
    fprintf(to, "\n        return\n    fi\n    case $verb in\n");
    for (const cli_verb *const *v = cli_verb_table; *v; v++) {
        fprintf(to, "    \"%s\") options=\"--help", (*v)->name);
        for (int i = 0; i < (*v)->n_options; i++) fprintf(to, " --%s", (*v)->options[i].name);
        fprintf(to, "\" ;;\n");
    }
    fprintf(to, "    *) options=\"\" ;;\n    esac\n    case $cur in\n    -*) ");
    complete_words(to, "$options");
    fprintf(to,
            " ;;\n    *) COMPREPLY=($(compgen -f -- \"$cur\")) ;;\n    esac\n}\ncomplete -o filenames -F _suan suan\n");
}
