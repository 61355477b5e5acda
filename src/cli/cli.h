/* The program: verbs and their options as tables. Parsing, --help, man pages and completion walk them. */
#ifndef SN_CLI_CLI_H
#define SN_CLI_CLI_H

#include "suan/suan.h"

#include <stddef.h>
#include <stdio.h>

typedef enum cli_type {
    CLI_FLAG, /* bool */
    CLI_INT,  /* int64_t; suffixes k and m mean 1024 and 1024^2 */
    CLI_REAL, /* double */
    CLI_TEXT, /* const char *, borrowed from argv */
    CLI_LIST  /* cli_list: repeated options and comma-separated items joined by commas */
} cli_type;

enum { CLI_MAX_LIST = 64 };
typedef struct cli_list {
    const char *item[CLI_MAX_LIST]; /* each occurrence of the option, not split */
    int n;
} cli_list;

typedef struct cli_option {
    const char *name; /* without the dashes */
    char letter;      /* 0: none */
    cli_type type;
    size_t offset; /* of the field in the verb's settings struct */
    const char *metavar;
    double minimum, maximum; /* of numbers; both 0: any */
    const char *fallback;    /* parsed like an argument before the command line; NULL: zero */
    const char *help;
} cli_option;

typedef struct cli_example {
    const char *command, *what;
} cli_example;

typedef struct cli_verb {
    const char *name, *summary;
    const char *arguments; /* "MODEL [TEXT]" */
    int min_arguments, max_arguments;
    const char *description;   /* paragraphs separated by blank lines */
    const cli_option *options; /* n_options */
    int n_options;
    const cli_example *examples; /* n_examples */
    int n_examples;
    size_t settings_size;       /* its struct begins with `const char *argument[CLI_MAX_ARGUMENTS]; int n_arguments` */
    int (*run)(void *settings); /* exit status */
} cli_verb;

enum { CLI_MAX_ARGUMENTS = 64 };
typedef struct cli_arguments {
    const char *argument[CLI_MAX_ARGUMENTS];
    int n_arguments;
} cli_arguments;

/* Exit statuses: 0 fine, 1 the work failed, 2 wrong usage, 130 stopped by Ctrl-C. */
enum { CLI_OK = 0, CLI_FAILED = 1, CLI_USAGE = 2, CLI_STOPPED = 130 };

/* All verbs, sorted by the build; ends with NULL. A name has one word or two ("math abc"): the first is then a group.
 */
enum { CLI_MAX_VERBS = 64 };
extern const cli_verb *const cli_verb_table[];
const cli_verb *cli_verb_find(const char *name);

/* Fills settings from argv (after the verb). CLI_OK, or CLI_USAGE after printing what is wrong. */
int cli_parse(const cli_verb *verb, int argc, char **argv, void *settings);

void cli_print_overview(FILE *to, const char *group); /* of one group of verbs; NULL: of all */
void cli_print_help(const cli_verb *verb, FILE *to);
void cli_print_man(const cli_verb *verb, FILE *to); /* verb NULL: the program's page */
void cli_print_completion(FILE *to);

/* Prints "suan: message" on standard error. */
void cli_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same for a failure that the program finds itself: gives `status` back, and cli_failed then adds nothing. */
sn_status cli_refuse(sn_status status, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Of --json, --csv, --plot (NULL: not given): before long work, whether they can be written. Only JSON may go to the
 * screen ("-"). */
sn_status cli_check_outputs(const char *json, const char *csv, const char *plot);
bool cli_json_on_screen(const char *json);
/* Puts a JSON text where --json says, and frees it by sn_text_free. */
sn_status cli_put_json(const char *json, char *text);
/* A text file that is printed to and appears whole or not at all; "-": the screen. End also what has not begun. */
typedef struct cli_text {
    FILE *to;
    const char *path;
    char *text;
    size_t size;
} cli_text;
sn_status cli_text_begin(cli_text *t, const char *path);
sn_status cli_text_end(cli_text *t, bool write); /* write false: it is dropped */
/* Reports sn_last_error() for a failed call and gives the exit status for it. */
int cli_failed(sn_status status);

/* What `suan info` says of a file that is a tokenizer; false, with nothing printed, where it is none. */
bool cli_describe_tokenizer(const char *path, bool json);

/* From here on the library's warnings are printed as "suan: warning: ...". */
void cli_show_warnings(void);

/* The signal's number after Ctrl-C or SIGTERM; a second one ends the program. */
extern volatile int cli_cancelled;
void cli_catch_signals(void);
/* For verbs that may be in a long step of another library: this long after the signal the program ends where it is.
 * Only where nothing is half written then. */
void cli_stop_within(unsigned seconds);

/* A progress line on a terminal, a plain line now and then elsewhere; nothing with --quiet. */
typedef struct cli_progress {
    const char *what, *unit;
    double shown;       /* when it was drawn last */
    double since, from; /* when it was first shown, and how much was done by then: what was kept has no rate */
    bool terminal, quiet, drawn, started;
} cli_progress;
cli_progress cli_progress_begin(const char *what, const char *unit, bool quiet);
void cli_progress_show(cli_progress *p, double done, double total);
void cli_progress_end(cli_progress *p);

double cli_now(void); /* seconds of a monotonic clock */

/* A model with the tokenizer to use with it: the file --tokenizer names, else the model's own. */
typedef struct cli_model {
    sn_model *model;
    const sn_tokenizer *tokenizer; /* NULL when there is none and none was asked for */
    sn_tokenizer *own_tokenizer;
} cli_model;
/* needs_tokenizer: its absence is an error that says to give --tokenizer. Close on failure too. */
sn_status cli_model_open(const char *path, const char *tokenizer_path, bool needs_tokenizer, cli_model *out);
void cli_model_close(cli_model *m);

/* The whole numbers of a list option, separated by commas, with k and m as in CLI_INT; *n of them, at most `most`.
 * CLI_OK, or CLI_USAGE after printing what is wrong. */
int cli_list_numbers(const cli_list *list, const char *option, int64_t minimum, int64_t maximum, int64_t *out, int most,
                     int *n);
/* Joins the items of a list option with commas (freed by the caller with free()); NULL when empty or without memory. */
char *cli_list_join(const cli_list *list);

/* JSON text of a string, quoted and escaped, on `to`; invalid UTF-8 becomes U+FFFD. */
void cli_json_text(FILE *to, const char *text);

/* "1.25 GiB" in one of a few rotating buffers. */
const char *cli_bytes(int64_t bytes);

/* A whole file ("-": standard input), zero-terminated, freed by the caller with free(). */
sn_status cli_read_file(const char *path, char **data, size_t *size);

#endif
