/* Token files: a text as ids, ready to be mapped by a training run. All numbers are little-endian.
 *
 *   0    "SUANTOKN"          8   u32 version (2)     12  u32 bytes of a token: 2 or 4
 *   16   u64 tokens          24  u64 documents       32  u64 ids in the vocabulary
 *   40   i64 the id that follows a document's last token, -1: none
 *   48   u64 key of the sources (names, sizes, times), u64 hash of their bytes, u64 hash of the tokenizer
 *   72   u64 first byte of the tokens, u64 first byte of the document table
 *   88   u64 sn_hash of the tokens, zeros           120 u64 sn_hash of bytes 0..119
 *   128  tokens; zeros up to a multiple of 8; u64 start of each document (the first is 0), then the token count */
#ifndef SN_FILE_TOKEN_FILE_H
#define SN_FILE_TOKEN_FILE_H

#include "base/map.h"
#include "file/reader.h"

enum { SN_TOKEN_FILE_VERSION = 2 };

/* What the tokens were made from. */
typedef struct sn_token_origin {
    uint64_t key, content, tokenizer;
} sn_token_origin;

typedef struct sn_token_file {
    sn_map map; /* data NULL: the bytes are the caller's */
    const unsigned char *tokens, *documents;
    int width; /* bytes of a token */
    int64_t n_tokens, n_documents, n_vocab;
    int32_t end_target; /* what a document's last token is to be followed by; -1: nothing is said */
    uint64_t tokens_hash;
    sn_token_origin origin;
} sn_token_file;

/* SN_ERR_FORMAT for anything that is no whole token file, and where the tokens are not those that were written. */
sn_status sn_token_file_open(const char *path, sn_token_file *out);
/* Without reading the tokens; sn_token_file_read still sees ids that are not in the vocabulary. */
sn_status sn_token_file_open_memory(const char *name, const void *data, size_t size, sn_token_file *out);
void sn_token_file_close(sn_token_file *f);
/* SN_ERR_FORMAT where `path` holds something that was never a token file: nobody's file is overwritten. */
sn_status sn_token_file_may_replace(const char *path);

/* Tokens from..from+n-1, which must be in the file. SN_ERR_FORMAT where an id is not in the vocabulary. */
sn_status sn_token_file_read(const sn_token_file *f, int64_t from, int64_t n, int32_t *out);
/* First token of document i; of i = n_documents: n_tokens. */
int64_t sn_token_file_document(const sn_token_file *f, int64_t i);

/* Writes one, in memory that does not grow but for 8 bytes a document. Nothing bears `path` before commit. */
typedef struct sn_token_writer sn_token_writer;
sn_status sn_token_writer_open(const char *path, int64_t n_vocab, int32_t end_target, sn_token_writer **out);
sn_status sn_token_writer_put(sn_token_writer *w, const int32_t *ids, int64_t n);
/* Ends a document; one without tokens is left out. */
sn_status sn_token_writer_end_document(sn_token_writer *w);
int64_t sn_token_writer_count(const sn_token_writer *w);
/* Frees `w` on success and on failure alike. */
sn_status sn_token_writer_commit(sn_token_writer *w, const sn_token_origin *origin);
void sn_token_writer_abandon(sn_token_writer *w); /* NULL is fine */

#endif
