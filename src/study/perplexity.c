/* Perplexity by the rule that llama-perplexity made common. */
#include "study/loss.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/size.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

sn_perplexity_options sn_perplexity_defaults(void) { return (sn_perplexity_options){.session = sn_session_defaults()}; }

static sn_status take_sizes(const sn_model *m, const sn_perplexity_options *o, int64_t n, sn_perplexity_result *r) {
    r->context = o->context ? o->context : sn_model_get_config(m)->train_length;
    if (r->context < 4 || o->windows < 0)
        return sn_fail(SN_ERR_ARGUMENT, "perplexity: %" PRId64 " windows of %" PRId64 ": at least 4 tokens each",
                       o->windows, r->context);
    int64_t fit = n / r->context;
    r->windows = o->windows ? o->windows : fit;
    if (fit < 1 || r->windows > fit)
        return sn_fail(SN_ERR_ARGUMENT,
                       "perplexity: the text has %" PRId64 " tokens, which fill %" PRId64 " windows of %" PRId64
                       ": take a smaller context%s, or a longer text",
                       n, fit, r->context, fit > 0 ? " or fewer windows" : "");
    return SN_OK;
}

typedef struct evaluation {
    sn_session *session;
    int32_t *window;
    double *losses;
    double sum, squares;
} evaluation;

static sn_status evaluate(evaluation *e, const int32_t *ids, int32_t bos, sn_study_progress *p,
                          const sn_perplexity_result *r) {
    int64_t n = r->context - 1, first = r->context / 2;
    for (int64_t w = 0; w < r->windows; w++) {
        memcpy(e->window, ids + w * r->context, (size_t)r->context * sizeof *ids);
        if (bos >= 0) e->window[0] = bos;
        SN_TRY(sn_window_losses(e->session, e->window, n, first, e->losses, p));
        for (int64_t i = 0; i < n - first; i++) {
            e->sum += e->losses[i];
            e->squares += e->losses[i] * e->losses[i];
        }
    }
    return SN_OK;
}

static void conclude(const evaluation *e, sn_perplexity_result *r) {
    double n = (double)r->tokens, mean = e->sum / n;
    r->nll = mean;
    r->nll_error = n > 1 ? sqrt(fmax(0, e->squares / n - mean * mean) / (n - 1)) : 0;
    r->perplexity = exp(mean);
    r->perplexity_error = r->nll_error * r->perplexity;
}

sn_status sn_perplexity(const sn_model *m, const int32_t *ids, int64_t n, int32_t bos,
                        const sn_perplexity_options *options, sn_perplexity_result *out) {
    sn_perplexity_options o = options ? *options : sn_perplexity_defaults();
    sn_perplexity_result r = {0};
    evaluation e = {0};
    SN_TRY(take_sizes(m, &o, n, &r));
    r.tokens = r.windows * (r.context - 1 - r.context / 2);
    o.session.capacity = r.context;
    sn_study_progress p = {o.progress, o.user, 0, r.windows * (r.context - 1)};
    e.window = sn_alloc((size_t)r.context * sizeof *e.window);
    e.losses = sn_alloc((size_t)r.context * sizeof *e.losses);
    sn_status status = e.window && e.losses ? SN_OK : sn_fail_memory("a window of tokens");
    if (status == SN_OK) status = sn_session_new(m, &o.session, &e.session);
    if (status == SN_OK) status = evaluate(&e, ids, bos, &p, &r);
    if (status == SN_OK) {
        conclude(&e, &r);
        snprintf(r.note, sizeof r.note, "%s", sn_session_note(e.session));
        *out = r;
    }
    sn_session_free(e.session);
    sn_free(e.window);
    sn_free(e.losses);
    return status;
}

sn_status sn_perplexity_text(const sn_model *m, const sn_tokenizer *t, const char *text, size_t size,
                             const sn_perplexity_options *options, sn_perplexity_result *out) {
    static const sn_encode_options plain = {.add_special = false, .parse_special = false};
    int32_t *ids = NULL, *all, bos = sn_tokenizer_adds_bos(t) ? sn_tokenizer_bos(t) : -1;
    int64_t n = 0, before = bos >= 0;
    SN_TRY(sn_tokenizer_encode(t, text, size, &plain, &ids, &n));
    all = sn_alloc((size_t)(n + 1) * sizeof *all);
    sn_status status = all ? SN_OK : sn_fail_memory("the tokens of a text");
    if (status == SN_OK) {
        all[0] = bos;
        memcpy(all + before, ids, (size_t)n * sizeof *all);
        status = sn_perplexity(m, all, n + before, bos, options, out);
    }
    sn_free(all);
    sn_ids_free(ids);
    return status;
}
