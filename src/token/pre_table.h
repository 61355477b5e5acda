/* The names GGUF files give their pre-tokenizers (tokenizer.ggml.pre), as lists of patterns. */
#ifndef SN_TOKEN_PRE_TABLE_H
#define SN_TOKEN_PRE_TABLE_H

enum {
    SN_PRE_IGNORE_MERGES = 1, /* a word that is a token is taken whole */
    SN_PRE_ADD_BOS = 2,       /* unless the file says otherwise */
    SN_PRE_RAW_TEXT = 4       /* SentencePiece-like: marked spaces and characters, not the byte alphabet */
};

/* Each pattern cuts the pieces the one before it left; matches and what lies between them are pieces. */
typedef struct sn_pre_def {
    const char *names;       /* separated by blanks */
    unsigned flags;          /* SN_PRE_... */
    const char *patterns[8]; /* NULL after the last */
} sn_pre_def;

const sn_pre_def *sn_find_pre(const char *name); /* NULL where unknown */
const sn_pre_def *sn_pre_at(int i);              /* NULL after the last */

#endif
