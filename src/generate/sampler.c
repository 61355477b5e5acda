/* Choosing the next token: penalty, temperature, then the filters top-k, top-p, min-p, then one draw. */
#include "suan/session.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/philox.h"
#include "base/size.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct candidate {
    int32_t id;
    double weight; /* exp((logit - max) / temperature) */
} candidate;

struct sn_sampler {
    sn_sampler_options options;
    int64_t n_vocab;
    candidate *candidates; /* n_vocab */
    float *scores;         /* n_vocab: logits after the penalty */
    int32_t *recent;       /* a ring of the last tokens */
    int window, n_recent, at;
    uint64_t n_draws;
};

enum { DEFAULT_WINDOW = 64 };

sn_sampler_options sn_sampler_defaults(void) {
    return (sn_sampler_options){.temperature = 0.8,
                                .top_k = 40,
                                .top_p = 0.95,
                                .min_p = 0.05,
                                .repetition_penalty = 1,
                                .repetition_window = 64};
}

typedef struct limit {
    const char *name;
    double value, minimum, maximum;
} limit;

static sn_status check(const sn_sampler_options *o) {
    const limit limits[] = {{"temperature", o->temperature, 0, 100},
                            {"top_k", o->top_k, 0, INT32_MAX},
                            {"top_p", o->top_p, 0, 1},
                            {"min_p", o->min_p, 0, 1},
                            {"repetition_penalty", o->repetition_penalty, 0.01, 100},
                            {"repetition_window", o->repetition_window, 0, 1 << 20}};
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++)
        if (!(limits[i].value >= limits[i].minimum && limits[i].value <= limits[i].maximum))
            return sn_fail(SN_ERR_ARGUMENT, "sampler: %s is %g: it must be %g to %g", limits[i].name, limits[i].value,
                           limits[i].minimum, limits[i].maximum);
    return SN_OK;
}

sn_status sn_sampler_new(int64_t n_vocab, const sn_sampler_options *options, sn_sampler **out) {
    const sn_sampler_options defaults = sn_sampler_defaults();
    if (!options) options = &defaults;
    if (n_vocab < 1 || n_vocab > INT32_MAX)
        return sn_fail(SN_ERR_ARGUMENT, "sampler: a vocabulary of %lld", (long long)n_vocab);
    SN_TRY(check(options));
    sn_sampler *p = sn_calloc(1, sizeof *p);
    if (!p) return sn_fail_memory("a sampler");
    p->options = *options;
    p->n_vocab = n_vocab;
    p->window = options->repetition_window ? options->repetition_window : DEFAULT_WINDOW;
    p->candidates = sn_calloc((size_t)n_vocab, sizeof *p->candidates);
    p->scores = sn_calloc((size_t)n_vocab, sizeof *p->scores);
    p->recent = sn_calloc((size_t)p->window, sizeof *p->recent);
    if (!p->candidates || !p->scores || !p->recent) {
        sn_sampler_free(p);
        return sn_fail_memory("a sampler");
    }
    *out = p;
    return SN_OK;
}

void sn_sampler_free(sn_sampler *p) {
    if (!p) return;
    sn_free(p->candidates);
    sn_free(p->scores);
    sn_free(p->recent);
    sn_free(p);
}

sn_status sn_sampler_accept(sn_sampler *p, int32_t token) {
    if (token < 0 || token >= p->n_vocab)
        return sn_fail(SN_ERR_ARGUMENT, "sampler: token %d: the vocabulary has %lld", (int)token,
                       (long long)p->n_vocab);
    p->recent[p->at] = token;
    p->at = (p->at + 1) % p->window;
    if (p->n_recent < p->window) p->n_recent++;
    return SN_OK;
}

/* Each recent token once: a positive logit is divided by the penalty, a negative one multiplied (Keskar et
 * al., CTRL, arXiv:1909.05858). */
static void penalise(sn_sampler *p, const float *logits) {
    double penalty = p->options.repetition_penalty;
    for (int i = 0; i < p->n_recent && penalty != 1; i++) {
        float *score = &p->scores[p->recent[i]];
        float plain = logits[p->recent[i]];
        *score = (float)(plain > 0 ? plain / penalty : plain * penalty);
    }
}

static int32_t best_of(const float *scores, int64_t n) {
    int64_t best = 0;
    for (int64_t i = 1; i < n; i++)
        if (scores[i] > scores[best]) best = i;
    return (int32_t)best;
}

/* Heavier first; equal weights in the order of their ids, so that a draw is reproducible. */
static bool before(const candidate *a, const candidate *b) {
    return a->weight != b->weight ? a->weight > b->weight : a->id < b->id;
}

static int compare(const void *a, const void *b) { return before(a, b) ? -1 : 1; }

static void sift_down(candidate *heap, int64_t n, int64_t i) {
    for (;;) {
        int64_t worst = i;
        for (int64_t child = 2 * i + 1; child <= 2 * i + 2 && child < n; child++)
            if (before(&heap[worst], &heap[child])) worst = child;
        if (worst == i) return;
        candidate swap = heap[i];
        heap[i] = heap[worst];
        heap[worst] = swap;
        i = worst;
    }
}

/* The k first of n in order, without sorting the rest: a heap of the best k, its root the last of them. */
static void take_first(candidate *c, int64_t n, int64_t k) {
    for (int64_t i = k / 2; i-- > 0;) sift_down(c, k, i);
    for (int64_t i = k; i < n; i++) {
        if (!before(&c[i], &c[0])) continue;
        c[0] = c[i];
        sift_down(c, k, 0);
    }
    qsort(c, (size_t)k, sizeof *c, compare);
}

/* Weights that cannot pass the filters whatever the order: all tokens lighter than (1 - top_p) * total / n weigh
 * less than (1 - top_p) * total together. Spares sorting them. */
static int64_t drop_light(candidate *c, int64_t n, double floor) {
    int64_t kept = 0;
    for (int64_t i = 0; i < n; i++)
        if (c[i].weight >= floor) c[kept++] = c[i];
    return kept;
}

/* Sorted candidates that pass top-k, then top-p of what is left, then min-p. The heaviest weight is 1. */
static int64_t filter(sn_sampler *p) {
    const sn_sampler_options *o = &p->options;
    candidate *c = p->candidates;
    int64_t n = p->n_vocab;
    double total = 0;
    for (int64_t i = 0; i < n; i++) total += c[i].weight;
    if (o->top_k == 0) n = drop_light(c, n, o->top_p < 1 ? 0.999 * (1 - o->top_p) * total / (double)n : o->min_p);
    int64_t k = o->top_k > 0 ? sn_min_i64(n, o->top_k) : n;
    take_first(c, n, k);
    n = k;
    if (o->top_p < 1) {
        double sum = 0;
        if (o->top_k > 0) total = 0;
        for (int64_t i = 0; i < n && o->top_k > 0; i++) total += c[i].weight;
        int64_t kept = 0;
        while (kept < n && (kept == 0 || sum < o->top_p * total)) sum += c[kept++].weight;
        n = kept;
    }
    int64_t kept = 1;
    while (kept < n && c[kept].weight >= o->min_p * c[0].weight) kept++;
    return kept;
}

static int32_t draw(sn_sampler *p, double max) {
    for (int64_t i = 0; i < p->n_vocab; i++)
        p->candidates[i] = (candidate){(int32_t)i, exp(((double)p->scores[i] - max) / p->options.temperature)};
    int64_t n = filter(p);
    double total = 0;
    for (int64_t i = 0; i < n; i++) total += p->candidates[i].weight;
    double point = sn_uniform_f64(p->options.seed, 0, p->n_draws++) * total;
    for (int64_t i = 0; i < n - 1; i++) {
        point -= p->candidates[i].weight;
        if (point < 0) return p->candidates[i].id;
    }
    return p->candidates[n - 1].id;
}

static double log_sum_exp(const float *logits, int64_t n, double max) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += exp((double)logits[i] - max);
    return max + log(sum);
}

sn_status sn_sampler_pick(sn_sampler *p, const float *logits, int32_t *token, float *logprob) {
    if (!logits) return sn_fail(SN_ERR_ARGUMENT, "sampler: there are no logits");
    for (int64_t i = 0; i < p->n_vocab; i++)
        if (isnan(logits[i]) || logits[i] == INFINITY)
            return sn_fail(SN_ERR_NUMERIC, "sampler: the logit of token %lld is %g", (long long)i, (double)logits[i]);
    memcpy(p->scores, logits, (size_t)p->n_vocab * sizeof *logits);
    penalise(p, logits);
    int32_t best = best_of(p->scores, p->n_vocab);
    if (p->scores[best] == -INFINITY) return sn_fail(SN_ERR_NUMERIC, "sampler: every logit is -infinity");
    int32_t chosen = p->options.temperature > 0 ? draw(p, (double)p->scores[best]) : best;
    if (logprob) {
        double max = (double)logits[best_of(logits, p->n_vocab)];
        *logprob = (float)((double)logits[chosen] - log_sum_exp(logits, p->n_vocab, max));
    }
    SN_TRY(sn_sampler_accept(p, chosen));
    *token = chosen;
    return SN_OK;
}
