/* What the verbs share with the person in front: messages, signals, progress, files. */
#include "cli.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

volatile int cli_cancelled;

void cli_say(const char *format, ...) {
    va_list args;
    va_start(args, format);
    fputs("suan: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
}

/* Every warning once: the same method is often resolved for many lengths and sessions. */
static void on_log(void *user, sn_log_level level, const char *message) {
    static char said[16][256];
    static int n;
    (void)user;
    if (level < SN_LOG_WARN) return;
    for (int i = 0; i < n && i < 16; i++)
        if (strncmp(said[i], message, sizeof said[i] - 1) == 0) return;
    snprintf(said[n++ % 16], sizeof said[0], "%s", message);
    cli_say("warning: %s", message);
}

void cli_show_warnings(void) { sn_log_set(on_log, NULL); }

static bool refused; /* the reason of the failure that comes is said */

sn_status cli_refuse(sn_status status, const char *format, ...) {
    va_list args;
    va_start(args, format);
    fputs("suan: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    refused = true;
    return status;
}

int cli_failed(sn_status status) {
    if (refused) return CLI_FAILED;
    if (status == SN_ERR_CANCELLED) {
        cli_say("stopped");
        return CLI_STOPPED;
    }
    cli_say("%s", sn_last_error());
    return CLI_FAILED;
}

static volatile sig_atomic_t patience;

static void on_signal(int number) {
    if (cli_cancelled) _exit(128 + number);
    cli_cancelled = number;
    if (patience) alarm((unsigned)patience);
}

static void on_alarm(int number) {
    (void)number;
    static const char said[] = "suan: stopped\n";
    ssize_t ignored = write(STDERR_FILENO, said, sizeof said - 1);
    (void)ignored;
    _exit(CLI_STOPPED);
}

void cli_stop_within(unsigned seconds) {
    struct sigaction action = {.sa_handler = on_alarm};
    sigemptyset(&action.sa_mask);
    sigaction(SIGALRM, &action, NULL);
    patience = (sig_atomic_t)seconds;
}

void cli_catch_signals(void) {
    struct sigaction action = {.sa_handler = on_signal};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

double cli_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

cli_progress cli_progress_begin(const char *what, const char *unit, bool quiet) {
    double now = cli_now();
    return (cli_progress){
        .what = what, .unit = unit, .shown = now, .terminal = isatty(STDERR_FILENO) != 0, .quiet = quiet};
}

static void draw_bar(const cli_progress *p, double share, double rate, double left) {
    enum { cells = 24 };
    char bar[cells + 1];
    int full = (int)(share * cells);
    for (int i = 0; i < cells; i++) bar[i] = i < full ? '#' : '.';
    bar[cells] = 0;
    fprintf(stderr, "\r%s [%s] %3.0f %%  %.4g %s/s  %d:%02d left \033[K", p->what, bar, 100 * share, rate, p->unit,
            (int)left / 60, (int)left % 60);
}

void cli_progress_show(cli_progress *p, double done, double total) {
    double now = cli_now(), interval = p->terminal ? 0.1 : 10;
    if (!p->started) p->started = true, p->since = now, p->from = done;
    if (p->quiet || total <= 0 || now - p->shown < interval || now <= p->since) return;
    double share = done < total ? done / total : 1;
    double rate = (done - p->from) / (now - p->since), left = rate > 0 ? (total - done) / rate : 0;
    p->shown = now;
    p->drawn = true;
    if (p->terminal)
        draw_bar(p, share, rate, left);
    else
        fprintf(stderr, "%s: %.0f %%, %.4g %s/s, %.0f s left\n", p->what, 100 * share, rate, p->unit, left);
}

void cli_progress_end(cli_progress *p) {
    if (p->drawn && p->terminal) fputs("\r\033[K", stderr);
    p->drawn = false;
}

static int read_all(FILE *file, char **data, size_t *size) {
    size_t capacity = 1 << 16, used = 0;
    char *buffer = malloc(capacity);
    while (buffer) {
        used += fread(buffer + used, 1, capacity - used - 1, file);
        if (used < capacity - 1) break;
        char *larger = realloc(buffer, capacity *= 2);
        if (!larger) free(buffer);
        buffer = larger;
    }
    if (!buffer) return ENOMEM;
    if (ferror(file)) {
        free(buffer);
        return EIO;
    }
    buffer[used] = 0;
    *data = buffer;
    *size = used;
    return 0;
}

sn_status cli_read_file(const char *path, char **data, size_t *size) {
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    int error = file ? read_all(file, data, size) : errno;
    if (file && file != stdin) fclose(file);
    return error ? cli_refuse(SN_ERR_IO, "cannot read \"%s\": %s", path, strerror(error)) : SN_OK;
}
