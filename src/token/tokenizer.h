/* A tokenizer is a pipeline value. Every source (tokenizer.json, GGUF, SentencePiece, llama2.c, tiktoken) fills the
 * same parts, and one runner (encode.c, decode.c) walks them:
 *
 *   text -> added tokens -> normalizers -> added tokens -> pre-tokenizers -> model -> prefix and suffix ids
 *   ids  -> pieces -> decoders -> text
 */
#ifndef SN_TOKEN_TOKENIZER_H
#define SN_TOKEN_TOKENIZER_H

#include "base/arena.h"
#include "suan/tokenizer.h"
#include "token/buf.h"
#include "token/charsmap.h"
#include "token/regex.h"
#include "token/trie.h"
#include "token/vocab.h"

enum { SN_MAX_STEPS = 32, SN_MAX_POST = 16, SN_MAX_ENDS = 32 };

#define SN_SPACE_MARK "\xE2\x96\x81" /* U+2581, a space in a SentencePiece vocabulary */

typedef struct sn_normalizer_def sn_normalizer_def;
typedef struct sn_pretokenizer_def sn_pretokenizer_def;
typedef struct sn_decoder_def sn_decoder_def;

/* One step of a list, with every parameter any kind of step has. */
typedef struct sn_step {
    const sn_normalizer_def *normalizer; /* exactly one of the three is set */
    const sn_pretokenizer_def *pretokenizer;
    const sn_decoder_def *decoder;
    sn_text text, with; /* pattern, prefix or content; replacement */
    sn_regex *regex;    /* owned by the tokenizer */
    sn_charsmap charsmap;
    int64_t start, stop;
    int mode;       /* split behaviour, prepend scheme, normalisation form */
    unsigned flags; /* SN_STEP_... */
} sn_step;

enum {
    SN_STEP_CLEAN = 1,
    SN_STEP_CHINESE = 2,
    SN_STEP_LOWER = 4,
    SN_STEP_STRIP_ACCENTS = 8,
    SN_STEP_PREFIX = 16,
    SN_STEP_REGEX = 32,
    SN_STEP_INVERT = 64,
    SN_STEP_SPLIT = 128,
    SN_STEP_LEFT = 256,
    SN_STEP_RIGHT = 512,
    SN_STEP_INDIVIDUAL = 1024,
    SN_STEP_AFTER_FUSE = 2048 /* decoders: boundaries between tokens no longer count */
};

/* A token that is found in the text before the model sees it. */
typedef struct sn_added_token {
    sn_text content; /* what is matched */
    int32_t id;
    bool special, lstrip, rstrip, single_word, normalized;
} sn_added_token;

typedef struct sn_added {
    sn_added_token *tokens;
    int n;
    sn_trie all, plain; /* `plain`: without the special ones */
    bool first[256];    /* bytes some token starts with */
    bool pass_special;  /* where special tokens are not wanted, nothing is looked for inside one either */
} sn_added;

typedef struct sn_scratch sn_scratch;
typedef struct sn_token_model sn_token_model;

/* One algorithm from a piece of text to ids. */
typedef struct sn_token_model_def {
    const char *name; /* as in tokenizer.json: "BPE", "Unigram", ... */
    /* Appends to s->ids. The text is one pre-token, not empty. */
    sn_status (*encode)(const sn_tokenizer *t, sn_scratch *s, const char *text, size_t size);
} sn_token_model_def;

struct sn_token_model {
    const sn_token_model_def *def;
    int32_t unk; /* -1: unknown text is an error of the vocabulary and is left out */
    bool byte_fallback, fuse_unk, ignore_merges;
    sn_text first_prefix, continuing_prefix, suffix; /* first piece of a word, the others, end of a word */
    int64_t max_chars;                               /* WordPiece: longer words are unknown */
    sn_merges merges;                                /* BPE by pairs of ids, or ... */
    uint32_t *ranks;                                 /* ... BPE by the merged text: rank per token, UINT32_MAX never */
    sn_trie trie;                                    /* Unigram */
    double unk_score;
    int32_t bytes[256]; /* ids of <0x00>..<0xFF>, -1 where there is none */
};

typedef struct sn_token_source {
    const char *model; /* the GGUF name of the kind: "llama", "gpt2", "bert", "t5"; NULL: cannot be expressed */
    const char *pre;   /* the GGUF pre-tokenizer name, NULL where unknown */
    const char *why;   /* why it cannot be expressed */
    bool add_space_prefix, remove_extra_spaces;
    int32_t byte_offset; /* of sn_tokenizer_shift_bytes; 0: none. In GGUF: SN_KEY_BYTE_OFFSET */
    sn_text charsmap;    /* raw bytes, in the arena */
    sn_text json, spm;   /* the tokenizer.json or SentencePiece .model it came from, in the arena */
    sn_text *merges;     /* "left right", in rank order, or NULL */
    int64_t n_merges;
} sn_token_source;

struct sn_tokenizer {
    sn_arena arena; /* all tables and texts */
    const char *kind;
    sn_vocab vocab;
    sn_added raw, normalized; /* matched before and after normalization */
    sn_step normalizers[SN_MAX_STEPS], pretokenizers[SN_MAX_STEPS], decoders[SN_MAX_STEPS];
    int n_normalizers, n_pretokenizers, n_decoders;
    sn_token_model model;
    int32_t prefix[SN_MAX_POST], suffix[SN_MAX_POST]; /* added around the ids by add_special */
    int n_prefix, n_suffix;
    int32_t bos, eos, unk, pad, sep, cls, mask;
    int32_t ends[SN_MAX_ENDS];
    int n_ends;
    bool needs_head; /* a step asks for sn_scratch.head */
    bool lone_bytes; /* decoding: every byte of an ill-formed run becomes its own U+FFFD (byte fallback) */
    char *chat_template;
    sn_token_source source;
};

/* ---- Building (setup.c) ---- */

sn_status sn_tokenizer_new(sn_tokenizer **out);                           /* empty: all special ids -1, no steps */
sn_status sn_tokenizer_keep(sn_tokenizer *t, sn_text text, sn_text *out); /* copies into the arena, with a final zero */
/* Add a zeroed step and return it in *out; SN_ERR_LIMIT when the list is full. */
sn_status sn_add_normalizer(sn_tokenizer *t, const sn_normalizer_def *def, sn_step **out);
sn_status sn_add_pretokenizer(sn_tokenizer *t, const sn_pretokenizer_def *def, sn_step **out);
sn_status sn_add_decoder(sn_tokenizer *t, const sn_decoder_def *def, sn_step **out);
/* Finds <0x00>..<0xFF> in the vocabulary; byte_fallback of the model is set when all are there. */
void sn_tokenizer_find_bytes(sn_tokenizer *t);
/* The rule of llama2.c for vocabularies without byte pieces: byte b, where no piece holds its character, is id
 * b + offset, whatever stands there (unk past the end). GGUF has no word for it, so files of ours carry a key. */
#define SN_KEY_BYTE_OFFSET "suan.tokenizer.byte_offset"
void sn_tokenizer_shift_bytes(sn_tokenizer *t, int32_t offset);
/* Ranks for BPE by merged text from the scores (higher first); only normal, user and unused tokens take part. */
sn_status sn_tokenizer_rank_by_score(sn_tokenizer *t);
/* The trie and the score of unknown text for the unigram model, from the scores. */
sn_status sn_tokenizer_make_unigram(sn_tokenizer *t);
/* Splits the tokens into the two matchers and makes their tries. The array is borrowed; texts must be in the arena. */
sn_status sn_tokenizer_set_added(sn_tokenizer *t, const sn_added_token *tokens, int n);
/* All control, unknown and user tokens of the vocabulary as added tokens (SentencePiece and GGUF). */
sn_status sn_tokenizer_added_from_types(sn_tokenizer *t, bool user_after_normalizing);
void sn_tokenizer_add_end(sn_tokenizer *t, int32_t id); /* ids < 0 and repeats are ignored */
void sn_tokenizer_find_ends(sn_tokenizer *t);           /* eos and the well-known end-of-turn names */
sn_status sn_tokenizer_set_chat(sn_tokenizer *t, sn_text text);
/* Cuts at each of the patterns in turn (static texts, NULL after the last). */
sn_status sn_tokenizer_add_patterns(sn_tokenizer *t, const char *const *patterns);
/* The dummy prefix, escaped spaces and their inverse, as in every SentencePiece vocabulary. */
sn_status sn_tokenizer_sentencepiece_steps(sn_tokenizer *t, bool add_prefix, bool collapse_spaces);

/* ---- Constructors from what files hold ---- */

struct sn_gguf;
sn_status sn_tokenizer_from_gguf(const struct sn_gguf *f, sn_tokenizer **out);
/* A directory: tokenizer.json with tokenizer_config.json and special_tokens_map.json, else tokenizer.model. */
sn_status sn_tokenizer_from_directory(const char *path, sn_tokenizer **out);
/* Bytes in memory, told apart by content; `name` is for messages. */
sn_status sn_tokenizer_from_memory(const char *name, const void *data, size_t size, sn_tokenizer **out);

/* ---- Encoding (encode.c) ---- */

/* Pieces of text: one buffer, and where each piece ends. */
typedef struct sn_pieces {
    sn_buf text;
    size_t *ends, n, capacity;
    size_t head; /* bytes at the start of the buffer that stand for the first character of the whole text */
} sn_pieces;

/* What one call needs; nothing of it outlives the call. */
struct sn_scratch {
    sn_ids ids;
    sn_buf text[2];      /* normalizers, in turn */
    sn_pieces pieces[2]; /* pre-tokenizers, in turn */
    sn_regex_scratch regex;
    size_t head; /* bytes at the start of this text that stand for the first character of the whole one */
    void *symbols, *heap, *lattice;
    size_t n_symbols, n_heap, n_lattice; /* capacities */
    sn_buf word;
};

sn_status sn_pieces_add(sn_pieces *p, const char *text, size_t size); /* empty pieces are dropped */
/* Ends a piece whose bytes were appended to p->text. */
sn_status sn_pieces_end(sn_pieces *p);
void sn_pieces_free(sn_pieces *p);
void sn_scratch_free(sn_scratch *s);
/* The unknown text between two known pieces: byte tokens, or the unknown id (fused with one just before `from`). */
sn_status sn_emit_unknown(const sn_tokenizer *t, sn_scratch *s, const char *text, size_t size, bool fuse);

/* The normalized form of a text, kept in the arena. */
sn_status sn_tokenizer_normalize(sn_tokenizer *t, sn_text text, sn_text *out);

extern const sn_token_model_def sn_token_bpe, sn_token_unigram, sn_token_wordpiece, sn_token_wordlevel;

#endif
