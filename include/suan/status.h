/* Status codes, the text of the last error, and the log callback.
 *
 * Every function that can fail returns an sn_status; outputs are its last parameters and are
 * untouched on failure unless the comment says otherwise. The library never prints, exits, aborts
 * or installs signal handlers. */
#ifndef SUAN_STATUS_H
#define SUAN_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define SN_API __attribute__((visibility("default")))
#define SN_MUST_CHECK __attribute__((warn_unused_result))
#else
#define SN_API
#define SN_MUST_CHECK
#endif

/* The values are pinned: they never change meaning, new ones are added at the end. */
typedef enum sn_status {
    SN_OK = 0,
    SN_ERR_ARGUMENT = -1,    /* a value the caller gave is wrong */
    SN_ERR_MEMORY = -2,      /* an allocation failed */
    SN_ERR_IO = -3,          /* the operating system refused a file operation */
    SN_ERR_FORMAT = -4,      /* a file or text is malformed */
    SN_ERR_UNSUPPORTED = -5, /* well-formed, but not something this build can do */
    SN_ERR_SHAPE = -6,       /* tensor shapes or types do not fit together */
    SN_ERR_LIMIT = -7,       /* a stated limit (size, depth, context, memory) would be exceeded */
    SN_ERR_CANCELLED = -8,   /* the caller's cancel flag was raised */
    SN_ERR_NOT_FOUND = -9,   /* a named thing does not exist */
    SN_ERR_NUMERIC = -10,    /* a computation gave NaN or infinity where that is an error */
    SN_ERR_INTERNAL = -11    /* a bug in suan */
} sn_status;

/* Short fixed name of a status, e.g. "format". Never NULL. */
SN_API const char *sn_status_name(sn_status status);

/* What failed, where, and what to do, for the last failing call on this thread. Never NULL; valid
 * until the next failing call on the same thread. */
SN_API const char *sn_last_error(void);

/* The known word nearest to `word` by edit distance, or NULL when none is near: for "did you mean". */
SN_API const char *sn_nearest(const char *word, const char *const *words, int n);

typedef enum sn_log_level { SN_LOG_DEBUG, SN_LOG_INFO, SN_LOG_WARN, SN_LOG_ERROR } sn_log_level;
typedef void (*sn_log_fn)(void *user, sn_log_level level, const char *message);

/* Sets where messages go (process-wide; NULL, the default, drops them). Set it before other calls:
 * the change itself is not synchronised. */
SN_API void sn_log_set(sn_log_fn fn, void *user);

#ifdef __cplusplus
}
#endif
#endif
