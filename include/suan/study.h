/* Studies of a language model: perplexity and the comparison of context methods. */
#ifndef SUAN_STUDY_H
#define SUAN_STUDY_H

#include "suan/session.h"

#ifdef __cplusplus
extern "C" {
#endif

/* -ln softmax(logits)[target], summed in double; NaN where a logit is NaN or infinite. target is in [0, n_vocab). */
SN_API double sn_token_loss(const float *logits, int64_t n_vocab, int32_t target);

/* ---- Text as tokens ---- */

/* Cuts the text at each `separator` (NULL or "": one document), drops the white space around each document and the
 * empty ones, and puts the documents in a row, each begun by BOS where the tokenizer has one. The separators
 * themselves become no tokens. Stops after the document that reaches max_tokens (0: no limit). *ids is freed by
 * sn_ids_free; n_documents may be NULL. */
SN_API sn_status sn_documents_encode(const sn_tokenizer *t, const char *text, size_t size, const char *separator,
                                     int64_t max_tokens, int32_t **ids, int64_t *n_ids, int64_t *n_documents);

/* ---- Perplexity ---- */

typedef struct sn_perplexity_options {
    int64_t context;                                           /* tokens of a window; 0: the model's trained length */
    int64_t windows;                                           /* 0: as many as the text fills */
    sn_session_options session;                                /* capacity is ignored */
    void (*progress)(void *user, int64_t done, int64_t total); /* tokens; may be NULL */
    void *user;
} sn_perplexity_options;
SN_API sn_perplexity_options sn_perplexity_defaults(void);

typedef struct sn_perplexity_result {
    double perplexity, perplexity_error; /* exp(nll) and nll_error * perplexity */
    double nll, nll_error;               /* mean loss of a token in nats, and its standard error over tokens */
    int64_t tokens, windows, context;    /* tokens scored */
    char note[512];                      /* of the session: method, parameters */
} sn_perplexity_result;

/* The rule of llama-perplexity: the ids are cut into windows of `context`, a rest is left out; the first id of each
 * window gives way to `bos` (negative: stays); only ids in the second half of a window are scored, those at
 * context/2 + 1 and after, so that each has at least half a window before it. SN_ERR_ARGUMENT where the text fills
 * no window or fewer than asked for, SN_ERR_NUMERIC where a loss is not finite. */
SN_API sn_status sn_perplexity(const sn_model *m, const int32_t *ids, int64_t n, int32_t bos,
                               const sn_perplexity_options *options, sn_perplexity_result *out);
/* The same for a text: the whole of it as one document, BOS in front and at the windows' starts where the tokenizer
 * adds one; special tokens written in the text are plain text. */
SN_API sn_status sn_perplexity_text(const sn_model *m, const sn_tokenizer *t, const char *text, size_t size,
                                    const sn_perplexity_options *options, sn_perplexity_result *out);

/* ---- Comparing context methods ---- */

/* Two measurements of each method on the same windows: window w reads tokens [w L, (w+1) L), L the largest length,
 * and predicts the L tokens that follow each of them. The windows follow each other from the start of the text.
 *
 * (a) Same tokens, more context: the last `score` predicted tokens of each window, read with the last `length` tokens
 *     before and among them, for each length.
 * (b) By position: the loss of all predicted tokens, in buckets over their index in the window (0 .. L-1).
 *
 * Methods that depend on a length are told the length at hand: `length` in (a), L in (b). */
typedef struct sn_compare_options {
    const sn_extend *const *methods; /* n_methods >= 1, each needed only during the call */
    int n_methods;
    const int64_t *lengths; /* n_lengths >= 1, in any order */
    int n_lengths;
    int64_t windows;            /* 0: 4 */
    int64_t score;              /* 0: half the trained length, at most half the smallest length */
    int64_t bucket;             /* 0: 128 */
    sn_session_options session; /* capacity, extend and declared_length are ignored */
    void (*progress)(void *user, int64_t done, int64_t total); /* tokens; may be NULL */
    void *user;
} sn_compare_options;
SN_API sn_compare_options sn_compare_defaults(void);

typedef struct sn_compare_length {
    int64_t length, tokens;
    double loss;           /* mean, nats per token */
    double standard_error; /* over the windows' means; of a single window: over its tokens */
} sn_compare_length;

typedef struct sn_compare_bucket {
    int64_t from, to, tokens; /* from <= index < to */
    double loss;              /* mean, nats per token */
} sn_compare_bucket;

typedef struct sn_compare_method {
    const char *spec;                     /* canonical */
    const char *note;                     /* what it resolved to at the largest length */
    const sn_compare_length *by_length;   /* n_lengths, rising */
    const sn_compare_bucket *by_position; /* n_buckets */
    double loss;                          /* mean over all positions */
} sn_compare_method;

typedef struct sn_compare_result {
    const char *model;
    int64_t train_length, windows, score, bucket;
    int n_methods, n_lengths, n_buckets;
    const sn_compare_method *methods; /* in the order given */
    sn_session_memory memory;         /* of the session that needed most */
} sn_compare_result;

/* Everything is checked before work begins: methods against the model at every length, the text's length, the
 * memory of the largest session. *out is freed by sn_compare_free. */
SN_API sn_status sn_compare_run(const sn_model *m, const int32_t *ids, int64_t n, const sn_compare_options *options,
                                sn_compare_result **out);
SN_API void sn_compare_free(sn_compare_result *r);

enum { SN_COMPARE_CHOSEN_LENGTHS = 4 };
/* Lengths for a model and a text of n tokens: a half, one, two, four times the trained length, those of them that
 * `windows` windows of the text can fill; where none fits, the largest that does. *n_lengths is at least 1. */
SN_API sn_status sn_compare_choose_lengths(const sn_model *m, int64_t n, int64_t windows,
                                           int64_t lengths[SN_COMPARE_CHOSEN_LENGTHS], int *n_lengths);
/* A list of methods worth comparing up to `longest`, with parameters from the trained length: none, ntk, yarn, rerope
 * and leaky as far as they apply to the model. Freed by sn_text_free. */
SN_API sn_status sn_compare_choose_methods(const sn_model *m, int64_t longest, char **list);

/* One object: {"model", "train_length", "unit": "nats/token", "methods": [{"spec", "by_length": [{"length", "tokens",
 * "loss", "stderr"}], "by_position": [{"from", "to", "tokens", "loss"}]}]}. *text is freed with sn_text_free. */
SN_API sn_status sn_compare_json(const sn_compare_result *r, char **text);
SN_API sn_status sn_compare_write_json(const sn_compare_result *r, const char *path);
/* A row for each number: method,measure,length,from,to,tokens,loss,stderr; measure is by_length or by_position. */
SN_API sn_status sn_compare_write_csv(const sn_compare_result *r, const char *path);
/* A chart by the path's ending (see plot.h): loss by position, and by context length where there are several. */
SN_API sn_status sn_compare_write_plot(const sn_compare_result *r, const char *path);
/* Would a chart or (is_plot false) a file be written there? To be asked before hours of work. */
SN_API sn_status sn_compare_check_path(const char *path, bool is_plot);

#ifdef __cplusplus
}
#endif
#endif
