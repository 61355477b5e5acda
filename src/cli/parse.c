/* Command lines to settings structs, by the option tables. */
#include "cli.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

const cli_verb *cli_verb_find(const char *name) {
    for (const cli_verb *const *v = cli_verb_table; *v; v++)
        if (strcmp((*v)->name, name) == 0) return *v;
    return NULL;
}

static const cli_option *find_option(const cli_verb *verb, const char *name, size_t length) {
    for (int i = 0; i < verb->n_options; i++)
        if (strlen(verb->options[i].name) == length && strncmp(verb->options[i].name, name, length) == 0)
            return &verb->options[i];
    return NULL;
}

static const cli_option *find_letter(const cli_verb *verb, char letter) {
    for (int i = 0; i < verb->n_options; i++)
        if (verb->options[i].letter == letter) return &verb->options[i];
    return NULL;
}

static bool in_range(const cli_option *o, double value) {
    return (o->minimum == 0 && o->maximum == 0) || (value >= o->minimum && value <= o->maximum);
}

static int bad_value(const cli_option *o, const char *text) {
    const char *kind = o->type == CLI_INT ? "a whole number" : "a number";
    if (o->minimum != 0 || o->maximum != 0)
        cli_say("--%s wants %s from %.16g to %.16g, not \"%s\"", o->name, kind, o->minimum, o->maximum, text);
    else
        cli_say("--%s wants %s, not \"%s\"", o->name, kind, text);
    return CLI_USAGE;
}

/* A whole number at the start of the text; returns where it ends, or NULL where there is none or it is too large. */
static const char *read_int(const char *text, int64_t *out) {
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno || end == text) return NULL;
    int64_t unit = *end == 'k' || *end == 'K' ? 1024 : *end == 'm' || *end == 'M' ? 1024 * 1024 : 1;
    if (unit > 1) end++;
    return __builtin_mul_overflow(value, unit, out) ? NULL : end;
}

static int set_int(const cli_option *o, const char *text, int64_t *field) {
    int64_t value;
    const char *end = read_int(text, &value);
    if (!end || *end || !in_range(o, (double)value)) return bad_value(o, text);
    *field = value;
    return CLI_OK;
}

static bool has_empty_item(const char *list) {
    size_t n = strlen(list);
    return n == 0 || list[0] == ',' || list[n - 1] == ',' || strstr(list, ",,");
}

static int add_numbers(const char *text, const char *option, int64_t minimum, int64_t maximum, int64_t *out, int most,
                       int *n) {
    for (const char *p = text, *end; *p; p = *end ? end + 1 : end) {
        int64_t value = 0;
        end = *n < most ? read_int(p, &value) : NULL;
        if (end && (*end == ',' || *end == 0) && value >= minimum && value <= maximum) {
            out[(*n)++] = value;
            continue;
        }
        cli_say("--%s wants up to %d whole numbers from %" PRId64 " to %" PRId64 ", separated by commas, not \"%s\"",
                option, most, minimum, maximum, text);
        return CLI_USAGE;
    }
    return CLI_OK;
}

int cli_list_numbers(const cli_list *list, const char *option, int64_t minimum, int64_t maximum, int64_t *out, int most,
                     int *n) {
    for (int i = 0; i < list->n; i++) {
        if (has_empty_item(list->item[i])) {
            cli_say("--%s: \"%s\" has an empty item", option, list->item[i]);
            return CLI_USAGE;
        }
        if (add_numbers(list->item[i], option, minimum, maximum, out, most, n) != CLI_OK) return CLI_USAGE;
    }
    return CLI_OK;
}

static int set_real(const cli_option *o, const char *text, double *field) {
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end || value != value || !in_range(o, value)) return bad_value(o, text);
    *field = value;
    return CLI_OK;
}

static int set_list(const cli_option *o, const char *text, cli_list *list) {
    if (list->n == CLI_MAX_LIST) {
        cli_say("--%s may be given %d times at most", o->name, CLI_MAX_LIST);
        return CLI_USAGE;
    }
    if (!*text) {
        cli_say("--%s wants %s, not an empty text", o->name, o->metavar);
        return CLI_USAGE;
    }
    list->item[list->n++] = text;
    return CLI_OK;
}

static int set_option(const cli_option *o, const char *text, void *settings) {
    void *field = (char *)settings + o->offset;
    switch (o->type) {
    case CLI_FLAG: *(bool *)field = true; return CLI_OK;
    case CLI_INT: return set_int(o, text, field);
    case CLI_REAL: return set_real(o, text, field);
    case CLI_TEXT: *(const char **)field = text; return CLI_OK;
    case CLI_LIST: return set_list(o, text, field);
    }
    return CLI_USAGE;
}

static int unknown_option(const cli_verb *verb, const char *name, size_t length) {
    const char *names[64];
    char word[64];
    int n = 0;
    snprintf(word, sizeof word, "%.*s", (int)(length < 63 ? length : 63), name);
    for (int i = 0; i < verb->n_options && n < 64; i++) names[n++] = verb->options[i].name;
    const char *near = sn_nearest(word, names, n);
    if (near)
        cli_say("%s has no option --%s: did you mean --%s? See 'suan help %s'", verb->name, word, near, verb->name);
    else
        cli_say("%s has no option --%s: see 'suan help %s'", verb->name, word, verb->name);
    return CLI_USAGE;
}

static int add_argument(const cli_verb *verb, cli_arguments *arguments, const char *text) {
    if (arguments->n_arguments == verb->max_arguments) {
        cli_say("one argument too many for %s: \"%s\" (usage: suan %s %s)", verb->name, text, verb->name,
                verb->arguments);
        return CLI_USAGE;
    }
    arguments->argument[arguments->n_arguments++] = text;
    return CLI_OK;
}

/* Parses the option at argv[*i], moving *i over its value. */
static int parse_option(const cli_verb *verb, int argc, char **argv, int *i, void *settings) {
    const char *word = argv[*i], *value = NULL;
    const cli_option *o;
    if (word[1] == '-') {
        size_t length = strcspn(word + 2, "=");
        o = find_option(verb, word + 2, length);
        if (!o) return unknown_option(verb, word + 2, length);
        if (word[2 + length] == '=') value = word + 3 + length;
    } else {
        o = find_letter(verb, word[1]);
        if (!o) {
            cli_say("%s has no option -%c: see 'suan help %s'", verb->name, word[1], verb->name);
            return CLI_USAGE;
        }
        if (word[2]) value = word + 2;
    }
    if (o->type == CLI_FLAG) {
        if (!value) return set_option(o, NULL, settings);
        cli_say("--%s takes no value", o->name);
        return CLI_USAGE;
    }
    if (!value && *i + 1 < argc) value = argv[++*i];
    if (!value) {
        cli_say("--%s needs a value: %s", o->name, o->metavar);
        return CLI_USAGE;
    }
    return set_option(o, value, settings);
}

/* "-5" and "-.5" are numbers, not options, for a verb that has no such letter. */
static bool is_number(const cli_verb *verb, const char *word) {
    const char *digit = word + 1 + (word[1] == '.');
    return *digit >= '0' && *digit <= '9' && !find_letter(verb, word[1]);
}

int cli_parse(const cli_verb *verb, int argc, char **argv, void *settings) {
    cli_arguments *arguments = settings;
    bool only_arguments = false;
    for (int i = 0; i < verb->n_options; i++) {
        const cli_option *o = &verb->options[i];
        if (o->fallback && set_option(o, o->fallback, settings) != CLI_OK) return CLI_USAGE;
    }
    for (int i = 0; i < argc; i++) {
        int status;
        if (!only_arguments && strcmp(argv[i], "--") == 0) {
            only_arguments = true;
            continue;
        }
        if (!only_arguments && argv[i][0] == '-' && argv[i][1] && !is_number(verb, argv[i]))
            status = parse_option(verb, argc, argv, &i, settings);
        else
            status = add_argument(verb, arguments, argv[i]);
        if (status != CLI_OK) return status;
    }
    if (arguments->n_arguments < verb->min_arguments) {
        cli_say("usage: suan %s %s (see 'suan help %s')", verb->name, verb->arguments, verb->name);
        return CLI_USAGE;
    }
    return CLI_OK;
}
