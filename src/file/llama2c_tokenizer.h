/* Vocabularies of llama2.c (tokenizer .bin): pieces with scores, in the order of their ids. Texts point into the map.
 */
#ifndef SN_FILE_LLAMA2C_TOKENIZER_H
#define SN_FILE_LLAMA2C_TOKENIZER_H

#include "base/map.h"
#include "file/reader.h"

typedef struct sn_llama2c_piece {
    sn_text text;
    float score; /* never NaN */
} sn_llama2c_piece;

typedef struct sn_llama2c_tokenizer {
    int64_t longest; /* as the file says; no piece is longer */
    int64_t n_pieces;
    sn_llama2c_piece *pieces;
    sn_map map; /* empty over memory */
} sn_llama2c_tokenizer;

/* The file does not say how many pieces it has: it is read to its end. */
sn_status sn_llama2c_tokenizer_open(const char *path, sn_llama2c_tokenizer **out);
sn_status sn_llama2c_tokenizer_open_memory(const char *name, const void *data, size_t size,
                                           const sn_read_limits *limits, sn_llama2c_tokenizer **out);
void sn_llama2c_tokenizer_close(sn_llama2c_tokenizer *t);

#endif
