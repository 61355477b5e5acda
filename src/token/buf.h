/* Growable bytes and ids: the scratch that tokenizing works in. */
#ifndef SN_TOKEN_BUF_H
#define SN_TOKEN_BUF_H

#include "file/reader.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SN_TEXT(literal) ((sn_text){(literal), sizeof(literal) - 1})

/* A zero-initialised buffer is ready; free it with sn_buf_free. */
typedef struct sn_buf {
    char *data;
    size_t size, capacity;
} sn_buf;

sn_status sn_buf_reserve(sn_buf *b, size_t more); /* room for `more` bytes beyond size */
sn_status sn_buf_append(sn_buf *b, const void *data, size_t size);
sn_status sn_buf_append_cp(sn_buf *b, uint32_t codepoint); /* as UTF-8 */
void sn_buf_free(sn_buf *b);

/* The same for 32-bit ids. */
typedef struct sn_ids {
    int32_t *data;
    size_t n, capacity;
} sn_ids;

sn_status sn_ids_push(sn_ids *ids, int32_t id);
void sn_ids_clear(sn_ids *ids); /* frees */

/* Makes *p hold at least `want` items of `item` bytes; *capacity counts items. Grows by doubling. */
sn_status sn_grow(void **p, size_t *capacity, size_t want, size_t item);

/* Standard alphabet, padding optional. SN_ERR_FORMAT on anything else. */
sn_status sn_base64_decode(sn_text text, sn_buf *out);

#endif
