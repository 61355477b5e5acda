/* Options of every verb that runs a model. */
#ifndef SN_CLI_SESSION_OPTIONS_H
#define SN_CLI_SESSION_OPTIONS_H

#include "cli.h"

typedef struct cli_session_settings {
    const char *tokenizer, *extend, *key_type, *value_type;
    int64_t context, threads, chunk;
    bool exact, quiet;
} cli_session_settings;

/* Entries for an option table; `base` is the offset of the cli_session_settings in the settings struct. */
#define CLI_OPTION_TOKENIZER(base)                                                                                     \
    {                                                                                                                  \
        "tokenizer", 0, CLI_TEXT, (base) + offsetof(cli_session_settings, tokenizer), "FILE", 0, 0, NULL,              \
            "The tokenizer, where the model file carries none."                                                        \
    }
#define CLI_OPTION_EXTEND(base)                                                                                        \
    {                                                                                                                  \
        "extend", 'e', CLI_TEXT, (base) + offsetof(cli_session_settings, extend), "M", 0, 0, NULL,                     \
            "The context method, e.g. rerope:window=128, ntk:factor=4+logn, auto."                                     \
    }
#define CLI_OPTION_CONTEXT(base)                                                                                       \
    {                                                                                                                  \
        "context", 'c', CLI_INT, (base) + offsetof(cli_session_settings, context), "N", 1, 1073741824, NULL,           \
            "Tokens the session can hold; methods that depend on a length take this one."                              \
    }
#define CLI_OPTIONS_CACHE(base)                                                                                        \
    {"cache-type-k",                                                                                                   \
     0,                                                                                                                \
     CLI_TEXT,                                                                                                         \
     (base) + offsetof(cli_session_settings, key_type),                                                                \
     "T",                                                                                                              \
     0,                                                                                                                \
     0,                                                                                                                \
     NULL,                                                                                                             \
     "Type of cached keys: f32, f16, bf16 or q8_0; without it f32 for f32 models, else f16."},                         \
    {                                                                                                                  \
        "cache-type-v", 0, CLI_TEXT, (base) + offsetof(cli_session_settings, value_type), "T", 0, 0, NULL,             \
            "Type of cached values, likewise."                                                                         \
    }
#define CLI_OPTIONS_COMPUTE(base)                                                                                      \
    {"threads",                                                                                                        \
     't',                                                                                                              \
     CLI_INT,                                                                                                          \
     (base) + offsetof(cli_session_settings, threads),                                                                 \
     "N",                                                                                                              \
     1,                                                                                                                \
     1024,                                                                                                             \
     NULL,                                                                                                             \
     "Threads; one per core without it."},                                                                             \
        {"chunk", 0,       CLI_INT, (base) + offsetof(cli_session_settings, chunk), "N",                               \
         1,       1048576, NULL,    "Rows evaluated at once while reading."},                                          \
        {"exact", 0, CLI_FLAG, (base) + offsetof(cli_session_settings, exact),          "",                            \
         0,       0, NULL,     "Multiply and add in f32 whatever the weights' type is."},                              \
    {                                                                                                                  \
        "quiet", 'q', CLI_FLAG, (base) + offsetof(cli_session_settings, quiet), "", 0, 0, NULL,                        \
            "Show no progress and no notes."                                                                           \
    }

/* Fills `out` for the model; *extend (to be freed by the caller, may come out NULL) is parsed from the option. */
sn_status cli_session_options(const cli_session_settings *s, const sn_model *m, sn_session_options *out,
                              sn_extend **extend);

#endif
