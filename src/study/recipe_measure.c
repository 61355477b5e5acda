/* The tests of a recipe: one model, one context method, windows of text. */
#include "base/alloc.h"
#include "base/error.h"
#include "study/loss.h"
#include "study/recipe.h"

#include <string.h>

typedef struct tally {
    int64_t tokens, hits;
    double loss;
} tally;

typedef struct measurer {
    const sn_recipe_measure *m;
    sn_session *session;
    int64_t length;
    int32_t *window; /* length + 1 */
    double *losses;
    bool *hits;
    tally all;
} measurer;

static sn_status open_session(measurer *s) {
    const sn_recipe_measure *m = s->m;
    sn_extend *extend;
    sn_session_options o = sn_session_defaults();
    SN_TRY(sn_extend_parse(m->extend, &extend));
    o.capacity = o.declared_length = s->length;
    o.extend = extend;
    o.n_threads = m->n_threads;
    o.cancel = m->cancel;
    sn_status status = sn_session_new(m->model, &o, &s->session);
    sn_extend_free(extend);
    return status;
}

/* Hits by position: bucket b holds the positions i with i * n_buckets / length = b. */
static void count_curve(const measurer *s, double *curve) {
    for (int64_t i = 0; i < s->length; i++) curve[i * s->m->n_buckets / s->length] += s->hits[i];
}

static sn_status count_window(measurer *s, double *curve) {
    SN_TRY(sn_window_hits(s->session, s->window, s->length, s->losses, s->hits, &(sn_study_progress){0}));
    for (int64_t i = 0; i < s->length; i++) {
        s->all.hits += s->hits[i];
        s->all.loss += s->losses[i];
    }
    s->all.tokens += s->length;
    if (curve) count_curve(s, curve);
    return SN_OK;
}

static void finish_curve(const measurer *s, double *curve) {
    int64_t begin = 0, n = s->m->n_buckets, windows = s->all.tokens / s->length;
    for (int64_t b = 0; b < n; b++) {
        int64_t end = begin;
        while (end < s->length && end * n / s->length == b) end++;
        int64_t tokens = windows * (end - begin);
        curve[b] = tokens ? 100 * curve[b] / (double)tokens : 0;
        begin = end;
    }
}

static sn_status measure(measurer *s, sn_recipe_test test, double *curve) {
    const sn_recipe_data *d = s->m->data;
    int64_t count = s->m->windows * d->length / s->length, period = d->period;
    SN_TRY(open_session(s));
    if (curve) memset(curve, 0, (size_t)s->m->n_buckets * sizeof *curve);
    for (int64_t w = 0; w < count; w++) {
        const int32_t *text = d->ids + w * s->length;
        for (int64_t i = 0; i <= s->length; i++) s->window[i] = text[test == SN_RECIPE_REPEATED ? i % period : i];
        SN_TRY(count_window(s, curve));
    }
    if (curve) finish_curve(s, curve);
    return SN_OK;
}

sn_status sn_recipe_measure_test(const sn_recipe_measure *m, sn_recipe_test test, sn_recipe_score *score,
                                 double *curve) {
    measurer s = {.m = m, .length = test == SN_RECIPE_IN ? m->data->window : m->data->length};
    size_t n = (size_t)s.length;
    s.window = sn_alloc((n + 1) * sizeof *s.window);
    s.losses = sn_alloc(n * sizeof *s.losses);
    s.hits = sn_alloc(n * sizeof *s.hits);
    sn_status status = s.window && s.losses && s.hits ? SN_OK : sn_fail_memory("the losses of a window");
    if (status == SN_OK) status = measure(&s, test, curve);
    if (status == SN_OK)
        *score = (sn_recipe_score){100 * (double)s.all.hits / (double)s.all.tokens, s.all.loss / (double)s.all.tokens};
    sn_session_free(s.session);
    sn_free(s.window);
    sn_free(s.losses);
    sn_free(s.hits);
    return status;
}
