/* Raising and forwarding errors inside the library. */
#ifndef SN_BASE_ERROR_H
#define SN_BASE_ERROR_H

#include "suan/status.h"

#include <stdarg.h>

#if defined(__GNUC__)
#define SN_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define SN_PRINTF(fmt, args)
#endif

/* Stores the message for sn_last_error() and returns `status`. Write what, where and what to do:
 *   return sn_fail(SN_ERR_FORMAT, "gguf: %s: version %u is not 2 or 3", path, v); */
sn_status sn_fail(sn_status status, const char *format, ...) SN_PRINTF(2, 3);
sn_status sn_vfail(sn_status status, const char *format, va_list args) SN_PRINTF(2, 0);

/* Puts "prefix: " before the current message and returns `status` unchanged. */
sn_status sn_fail_in(sn_status status, const char *format, ...) SN_PRINTF(2, 3);

/* The status every failed allocation returns, with its message. */
sn_status sn_fail_memory(const char *what);

#ifdef __clang_analyzer__
/* The analyzer looks at one file at a time and would follow paths on which a failure returns SN_OK. */
#define sn_fail(status, ...) ((void)(sn_fail)(status, __VA_ARGS__), (status))
#define sn_fail_in(status, ...) ((void)(sn_fail_in)(status, __VA_ARGS__), (status))
#define sn_fail_memory(what) ((void)(sn_fail_memory)(what), SN_ERR_MEMORY)
#endif

void sn_log_message(sn_log_level level, const char *format, ...) SN_PRINTF(2, 3);

#define SN_TRY(expr)                                                                                                   \
    do {                                                                                                               \
        sn_status sn_try_status_ = (expr);                                                                             \
        if (sn_try_status_ != SN_OK) return sn_try_status_;                                                            \
    } while (0)

#endif
