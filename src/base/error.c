#include "base/error.h"

#include <stdio.h>
#include <string.h>

enum { message_size = 2048 };

static _Thread_local char last_error[message_size];
static sn_log_fn log_fn;
static void *log_user;

const char *sn_status_name(sn_status status) {
    static const char *const names[] = {"ok",    "argument", "memory",    "io",        "format",  "unsupported",
                                        "shape", "limit",    "cancelled", "not found", "numeric", "internal"};
    int index = -(int)status;
    if (index < 0 || index >= (int)(sizeof names / sizeof *names)) return "unknown";
    return names[index];
}

const char *sn_last_error(void) { return last_error; }

/* Names in messages come from files: none may steer the terminal that shows them. */
static void hide_controls(char *text) {
    for (; *text; text++)
        if (((unsigned char)*text < 0x20 && *text != '\n' && *text != '\t') || *text == 0x7f) *text = '?';
}

sn_status sn_vfail(sn_status status, const char *format, va_list args) {
    /* Through a second buffer, because an argument may point into the current message. */
    char text[message_size];
    vsnprintf(text, sizeof text, format, args);
    hide_controls(text);
    memcpy(last_error, text, sizeof text);
    return status;
}

sn_status(sn_fail)(sn_status status, const char *format, ...) {
    va_list args;
    va_start(args, format);
    sn_vfail(status, format, args);
    va_end(args);
    return status;
}

sn_status(sn_fail_in)(sn_status status, const char *format, ...) {
    char prefix[message_size], text[message_size];
    va_list args;
    va_start(args, format);
    vsnprintf(prefix, sizeof prefix, format, args);
    va_end(args);
    memcpy(text, last_error, sizeof text);
    snprintf(last_error, sizeof last_error, "%.700s: %.1300s", prefix, text);
    return status;
}

sn_status(sn_fail_memory)(const char *what) { return sn_fail(SN_ERR_MEMORY, "out of memory for %s", what); }

void sn_log_set(sn_log_fn fn, void *user) {
    log_fn = fn;
    log_user = user;
}

void sn_log_message(sn_log_level level, const char *format, ...) {
    if (!log_fn) return;
    char text[message_size];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    log_fn(log_user, level, text);
}
