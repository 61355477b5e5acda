/* Texts to learn from: files, JSON lines and folders of them as one stream of documents, read through maps whose pages
 * are given back, so that memory does not grow with the files. */
#ifndef SN_FILE_CORPUS_H
#define SN_FILE_CORPUS_H

#include "file/reader.h"

/* Where a long document may be cut into parts. */
typedef enum sn_cut {
    SN_CUT_NEVER,
    SN_CUT_LINE, /* after a line end between two characters that are no white space */
    SN_CUT_SPACE /* at one space between two such characters; the space is in neither part */
} sn_cut;

typedef struct sn_corpus_options {
    const char *separator; /* ends a document in plain text; NULL: "<|endoftext|>", "": every file is one document */
    const char *field;     /* member of each JSON line that is the text; NULL: "text" */
    sn_cut cut;
    size_t part_bytes; /* parts are about this long at most; 0: 1 MiB */
} sn_corpus_options;

#define SN_CORPUS_SEPARATOR "<|endoftext|>"

/* A document or a piece of one; the text lives until the next call. */
typedef struct sn_part {
    sn_text text;     /* not empty; of a document, without white space around it */
    const char *file; /* name */
    int64_t offset;   /* byte of the file where the text (or its JSON line) starts */
    bool first, last; /* of its document */
} sn_part;

typedef struct sn_corpus sn_corpus;

/* A path is a text, JSON lines (.jsonl, .ndjson), or a folder: all files .txt .text .md .jsonl .ndjson below it, in the
 * order of their names. Options may be NULL. SN_ERR_NOT_FOUND where there is nothing to read. */
sn_status sn_corpus_open(const char *const *paths, int n_paths, const sn_corpus_options *options, sn_corpus **out);
void sn_corpus_close(sn_corpus *c);
/* The next part, or *end. Empty documents are left out. */
sn_status sn_corpus_next(sn_corpus *c, sn_part *part, bool *end);
void sn_corpus_rewind(sn_corpus *c);
void sn_corpus_set_cut(sn_corpus *c, sn_cut cut);
const char *sn_corpus_separator(const sn_corpus *c);

int sn_corpus_n_files(const sn_corpus *c);
int64_t sn_corpus_bytes(const sn_corpus *c); /* of all files */
int64_t sn_corpus_done(const sn_corpus *c);  /* of them, how many have been passed */
/* Names, sizes, times and how they are read: the same while nobody has touched the files. */
uint64_t sn_corpus_key(const sn_corpus *c);
/* Of the bytes of all files and how they are read; reads them all. `cancel` may be NULL. */
sn_status sn_corpus_content(const sn_corpus *c, const volatile int *cancel, uint64_t *out);

#endif
