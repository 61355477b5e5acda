/* tiktoken rank files: one line per token, its bytes in base64, a blank, its rank. */
#ifndef SN_FILE_TIKTOKEN_H
#define SN_FILE_TIKTOKEN_H

#include "base/arena.h"
#include "file/reader.h"

typedef struct sn_tiktoken_rank {
    sn_text bytes;
    int64_t rank;
} sn_tiktoken_rank;

typedef struct sn_tiktoken {
    int64_t n_ranks;
    sn_tiktoken_rank *ranks; /* by rising rank; no rank and no byte string appears twice; gaps are possible */
    sn_arena arena;
} sn_tiktoken;

/* A token of "=" is the empty one: a published file has it. */
sn_status sn_tiktoken_open(const char *path, sn_tiktoken **out);
sn_status sn_tiktoken_open_memory(const char *name, const void *data, size_t size, const sn_read_limits *limits,
                                  sn_tiktoken **out);
void sn_tiktoken_close(sn_tiktoken *t);

#endif
