/* Probes: questions about facts told far earlier in a story, and how many a model answers. */
#ifndef SUAN_PROBE_H
#define SUAN_PROBE_H

#include "suan/session.h"
#include "suan/story.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { SN_PROBE_MAX_BUCKETS = 16 };

typedef struct sn_probe_options {
    const sn_extend *const *methods; /* n_methods >= 1; NULL entries are the model's own positions */
    int n_methods;
    int64_t length;    /* tokens read of each story; 0: 16 times the trained length */
    int64_t questions; /* wanted in each bucket of distance; 0: 200 */
    sn_story_options story;
    sn_session_options session;                                /* capacity, extend and declared_length are ignored */
    void (*progress)(void *user, int64_t done, int64_t total); /* questions; may be NULL */
    void *user;
} sn_probe_options;
SN_API sn_probe_options sn_probe_defaults(void);

/* Questions whose fact was last told from <= distance < to tokens before the answer. */
typedef struct sn_probe_bucket {
    int64_t from, to, questions, right;
    double loss; /* mean, nats per answer */
} sn_probe_bucket;

typedef struct sn_probe_method {
    char spec[256];
    sn_probe_bucket bucket[SN_PROBE_MAX_BUCKETS];
} sn_probe_method;

typedef struct sn_probe_result {
    int64_t train_length, length, stories;
    int n_methods, n_buckets;
    sn_probe_method *methods;
} sn_probe_result;

/* Reads stories and asks: an answer is right where each of its tokens is the most likely one, given the story up to
 * there. Buckets are octaves of the distance; the first one ends at the trained length, the last at `length`. Stories
 * are read until every bucket has its questions. SN_ERR_ARGUMENT where the tokenizer cannot be followed byte by byte.
 */
SN_API sn_status sn_probe_run(const sn_model *m, const sn_tokenizer *t, const sn_probe_options *options,
                              sn_probe_result **out);
SN_API void sn_probe_free(sn_probe_result *r);
/* One object: {"train_length", "length", "stories", "methods": [{"spec", "by_distance": [{"from", "to", "questions",
 * "right", "accuracy", "loss"}]}]}. *text is freed with sn_text_free. */
SN_API sn_status sn_probe_json(const sn_probe_result *r, char **text);
SN_API sn_status sn_probe_write_json(const sn_probe_result *r, const char *path);
/* The share of right answers by distance, a curve for each method; see plot.h for the formats. */
SN_API sn_status sn_probe_write_plot(const sn_probe_result *r, const char *path);

#ifdef __cplusplus
}
#endif
#endif
