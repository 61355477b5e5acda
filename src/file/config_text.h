/* Configuration files: settings in groups, with comments, as libconfig reads them, flattened into dotted names. Needs
 * libconfig; nothing else knows about that library. */
#ifndef SN_FILE_CONFIG_TEXT_H
#define SN_FILE_CONFIG_TEXT_H

#include "base/arena.h"
#include "suan/status.h"

#include <stdbool.h>
#include <stdint.h>

typedef enum sn_config_kind { SN_CONFIG_INTEGER, SN_CONFIG_REAL, SN_CONFIG_BOOL, SN_CONFIG_TEXT } sn_config_kind;

typedef struct sn_config_entry {
    const char *key; /* "optimizer.lr" */
    sn_config_kind kind;
    int64_t integer; /* of an integer */
    double real;     /* of both kinds of number */
    bool boolean;
    const char *text;
    int line;
} sn_config_entry;

typedef struct sn_config_text {
    sn_config_entry *entries; /* in the order of the text */
    int64_t n;
    sn_arena arena;
} sn_config_text;

/* `name` begins messages, which say the line. SN_ERR_FORMAT for what libconfig refuses, and for lists, @include and
 * numbers that need more than 32 bits and do not say so by an L, which libconfig would cut. */
sn_status sn_config_text_parse(const char *name, const char *text, size_t size, sn_config_text *out);
sn_status sn_config_text_open(const char *path, sn_config_text *out);
void sn_config_text_free(sn_config_text *c);

#endif
