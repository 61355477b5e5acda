/* Sessions: running a language model over one or several sequences with a key/value cache. */
#ifndef SUAN_SESSION_H
#define SUAN_SESSION_H

#include "suan/model.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sn_session sn_session;

typedef struct sn_session_options {
    int64_t capacity;        /* tokens each sequence can hold; also the declared length of length-dependent methods.
                                0: the model's trained length */
    int n_sequences;         /* 0: 1 */
    const sn_extend *extend; /* context method; NULL: the model's own. Copied. */
    int64_t declared_length; /* for methods that depend on it; 0: capacity */
    sn_dtype key_type, value_type; /* f32 (default), f16, bf16, q8_0 */
    int n_threads;                 /* 0: one per core */
    int64_t chunk;                 /* rows evaluated at once; 0: 512 */
    bool exact_f32;                /* products in f32 whatever the weights are */
    int64_t memory_limit;          /* bytes; 0: what the machine has available. More is SN_ERR_LIMIT with numbers */
    const volatile int *cancel;    /* may be NULL: evaluation stops with SN_ERR_CANCELLED soon after it is nonzero */
} sn_session_options;

/* All zero but for the defaults above: key_type and value_type f32. */
SN_API sn_session_options sn_session_defaults(void);

/* Plans memory (weights as mapped, cache, work) and refuses with numbers before allocating. The model must outlive
 * the session. options NULL: defaults. */
SN_API sn_status sn_session_new(const sn_model *m, const sn_session_options *options, sn_session **out);
SN_API void sn_session_free(sn_session *s);

typedef struct sn_session_memory {
    int64_t weight_bytes, cache_bytes, work_bytes, table_bytes;
} sn_session_memory;
SN_API sn_session_memory sn_session_memory_get(const sn_session *s);
/* One line on the positions in use: method, resolved parameters, why. */
SN_API const char *sn_session_note(const sn_session *s);
SN_API const sn_model *sn_session_model(const sn_session *s);
SN_API int64_t sn_session_capacity(const sn_session *s); /* tokens of each sequence */

/* Appends n tokens to sequence `seq`; with rows of other sequences in between, chunks are the library's affair.
 * want_logits: 0 none, 1 of the last token, 2 of every token. Logits are handed to `sink` in order as they are
 * computed (may be NULL with 1: then read sn_session_logits). Context full is SN_ERR_LIMIT; nothing is cut. */
typedef sn_status (*sn_logits_fn)(void *user, int64_t index, const float *logits, int64_t n_vocab);
SN_API sn_status sn_session_append(sn_session *s, int seq, const int32_t *tokens, int64_t n, int want_logits,
                                   sn_logits_fn sink, void *user);
/* One token for each of n different sequences in one batch; logits of each follow by sn_session_logits. */
SN_API sn_status sn_session_step(sn_session *s, const int *seqs, const int32_t *tokens, int n);
/* n_vocab logits of the last evaluated token of the sequence; NULL when there are none. Borrowed until the next call.
 */
SN_API const float *sn_session_logits(const sn_session *s, int seq);
SN_API int64_t sn_session_length(const sn_session *s, int seq);
/* Forgets all tokens from `length` on. Windowed layers keep little more than their window of keys: where the keys
 * before `length` are gone, the sequence is computed again from its beginning. */
SN_API sn_status sn_session_truncate(sn_session *s, int seq, int64_t length);

/* ---- Choosing tokens ---- */

typedef struct sn_sampler_options {
    double temperature;        /* 0: greedy */
    int top_k;                 /* 0: off */
    double top_p, min_p;       /* 1 and 0: off */
    double repetition_penalty; /* 1: off */
    int repetition_window;     /* last tokens it looks at; 0: 64 */
    uint64_t seed;
} sn_sampler_options;
SN_API sn_sampler_options sn_sampler_defaults(void); /* temperature 0.8, top_k 40, top_p 0.95, min_p 0.05 */

typedef struct sn_sampler sn_sampler;
SN_API sn_status sn_sampler_new(int64_t n_vocab, const sn_sampler_options *options, sn_sampler **out);
SN_API void sn_sampler_free(sn_sampler *p);
/* Picks a token and remembers it for the repetition penalty. The draw depends on (seed, number of draws) only.
 * *logprob (may be NULL) is ln softmax(logits)[token] before any filter. SN_ERR_NUMERIC where logits are NaN. */
SN_API sn_status sn_sampler_pick(sn_sampler *p, const float *logits, int32_t *token, float *logprob);
/* Prompt tokens count for the repetition penalty too. */
SN_API sn_status sn_sampler_accept(sn_sampler *p, int32_t token);

/* ---- Generating text ---- */

/* What happens when the context is full before the text has ended. Nothing is ever cut from it. */
typedef enum sn_context_full {
    SN_CONTEXT_FULL_ERROR, /* SN_ERR_LIMIT, and max_tokens that cannot fit is refused before any work */
    SN_CONTEXT_FULL_STOP   /* the text ends there: SN_FINISH_FULL */
} sn_context_full;

typedef struct sn_generate_options {
    int64_t max_tokens; /* <= 0: until the end token or a full context */
    sn_context_full context_full;
    sn_sampler_options sampler;
    const char *const *stop; /* n_stop strings that end the text; they are not emitted */
    int n_stop;
    bool ignore_end;   /* go on past the end token */
    bool with_special; /* emit special tokens as text */
    /* Called with text as it becomes certain; a nonzero result stops cleanly. May be NULL. */
    int (*on_text)(void *user, const char *text, size_t size);
    int (*on_token)(void *user, int32_t token, float logprob);
    void *user;
} sn_generate_options;
SN_API sn_generate_options sn_generate_defaults(void);

typedef enum sn_finish {
    SN_FINISH_LENGTH,
    SN_FINISH_END,
    SN_FINISH_STOP,
    SN_FINISH_CALLBACK,
    SN_FINISH_FULL
} sn_finish;
typedef struct sn_generate_result {
    int64_t n_prompt, n_generated;
    double prompt_seconds, generate_seconds;
    sn_finish finish;
} sn_generate_result;

/* Appends the prompt to sequence 0 and generates. A prompt that does not fit is SN_ERR_LIMIT before anything is
 * computed; for the rest see context_full. Where the context fills up, the callbacks have had the whole text and
 * *result is complete also with SN_ERR_LIMIT. The last token is chosen but not appended: n_prompt + n_generated - 1
 * tokens were added to the sequence (n_prompt + n_generated before an end token, which is not counted itself). */
SN_API sn_status sn_generate(sn_session *s, const sn_tokenizer *t, const int32_t *prompt, int64_t n_prompt,
                             const sn_generate_options *options, sn_generate_result *result);

#ifdef __cplusplus
}
#endif
#endif
