/* Comparing context methods on a model: checks, sessions, defaults. */
#include "study/compare.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/size.h"
#include "model/decoder.h"
#include "study/loss.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

sn_compare_options sn_compare_defaults(void) { return (sn_compare_options){.session = sn_session_defaults()}; }

/* ---- Checks before work ---- */

/* Does the method apply to every kind of layer, for sessions of that length? */
static sn_status try_method(const sn_model *m, const sn_extend *extend, int64_t length) {
    sn_position positions[SN_MAX_LAYER_KINDS];
    bool used[SN_MAX_LAYER_KINDS];
    return sn_model_positions(m, extend, length, positions, used, NULL, 0);
}

static sn_status check_methods(const sn_model *m, const sn_compare_options *o, const sn_compare_data *d) {
    for (int i = 0; i < o->n_methods; i++)
        for (int k = 0; k < d->result.n_lengths; k++) {
            sn_status status = try_method(m, o->methods[i], d->lengths[k]);
            if (status != SN_OK) return sn_fail_in(status, "compare: %s", sn_extend_spec(o->methods[i]));
        }
    return SN_OK;
}

static sn_status check_text(const sn_compare_data *d, int64_t n) {
    int64_t length = d->lengths[d->result.n_lengths - 1], needed;
    if (!sn_mul_i64(d->result.windows, length, &needed) || needed >= INT64_MAX - 1 || needed + 1 > n)
        return sn_fail(SN_ERR_ARGUMENT,
                       "compare: %" PRId64 " windows of %" PRId64 " read %" PRId64 " tokens and the text has %" PRId64
                       ": take fewer windows, smaller lengths or a longer text",
                       d->result.windows, length, needed + 1, n);
    return SN_OK;
}

/* ---- Sessions as the source of losses ---- */

typedef struct runner {
    const sn_model *model;
    const sn_compare_options *options;
    sn_compare_data *data;
    sn_session *session;
    sn_study_progress progress;
} runner;

static int64_t memory_of(const sn_session_memory *m) { return m->cache_bytes + m->work_bytes + m->table_bytes; }

static sn_status open_session(void *user, int method, int64_t length) {
    runner *r = user;
    sn_compare_data *d = r->data;
    sn_session_options o = r->options->session;
    o.capacity = length;
    o.n_sequences = 1;
    o.declared_length = length;
    o.extend = r->options->methods[method];
    sn_session_free(r->session);
    r->session = NULL;
    SN_TRY(sn_session_new(r->model, &o, &r->session));
    sn_session_memory memory = sn_session_memory_get(r->session);
    if (memory_of(&memory) > memory_of(&d->result.memory)) d->result.memory = memory;
    if (length < d->lengths[d->result.n_lengths - 1]) return SN_OK;
    d->methods[method].note = sn_arena_strdup(&d->arena, sn_session_note(r->session));
    return d->methods[method].note ? SN_OK : sn_fail_memory("a comparison");
}

static sn_status session_losses(void *user, const int32_t *tokens, int64_t n, int64_t first, double *out) {
    runner *r = user;
    return sn_window_losses(r->session, tokens, n, first, out, &r->progress);
}

static int64_t total_tokens(const sn_compare_data *d) {
    int64_t lengths = 0;
    for (int i = 0; i < d->result.n_lengths; i++) lengths += d->lengths[i];
    return lengths * d->result.windows * d->result.n_methods;
}

static sn_status name_all(sn_compare_data *d, const sn_model *m, const sn_compare_options *o) {
    d->result.model = sn_arena_strdup(&d->arena, sn_model_name(m));
    bool named = d->result.model != NULL;
    for (int i = 0; i < o->n_methods; i++) {
        d->methods[i].spec = sn_arena_strdup(&d->arena, sn_extend_spec(o->methods[i]));
        named = named && d->methods[i].spec;
    }
    return named ? SN_OK : sn_fail_memory("a comparison");
}

sn_status sn_compare_run(const sn_model *m, const int32_t *ids, int64_t n, const sn_compare_options *options,
                         sn_compare_result **out) {
    if (!m || !ids || !options || !options->methods)
        return sn_fail(SN_ERR_ARGUMENT, "compare: a model, tokens and methods are needed");
    sn_compare_data *d = NULL;
    SN_TRY(sn_compare_data_new(options, sn_model_get_config(m)->train_length, &d));
    runner r = {.model = m, .options = options, .data = d};
    r.progress = (sn_study_progress){options->progress, options->user, 0, total_tokens(d)};
    const sn_compare_source source = {&r, open_session, session_losses};
    sn_status status = name_all(d, m, options);
    if (status == SN_OK) status = check_methods(m, options, d);
    if (status == SN_OK) status = check_text(d, n);
    if (status == SN_OK) status = sn_compare_measure(d, ids, &source);
    sn_session_free(r.session);
    if (status == SN_OK)
        *out = &d->result;
    else
        sn_compare_free(&d->result);
    return status;
}

/* ---- Sensible choices ---- */

sn_status sn_compare_choose_lengths(const sn_model *m, int64_t n, int64_t windows,
                                    int64_t lengths[SN_COMPARE_CHOSEN_LENGTHS], int *n_lengths) {
    const sn_model_config *c = sn_model_get_config(m);
    int64_t window = sn_max_i64(c->train_length, 4), count = windows > 0 ? windows : 4, fit = (n - 1) / count;
    if (c->learned_positions) fit = sn_min_i64(fit, window);
    *n_lengths = 0;
    for (int i = 0; i < SN_COMPARE_CHOSEN_LENGTHS; i++) {
        int64_t length = i ? window << (i - 1) : window / 2;
        if (length <= fit) lengths[(*n_lengths)++] = length;
    }
    if (*n_lengths > 0) return SN_OK;
    if (fit < 2)
        return sn_fail(SN_ERR_ARGUMENT, "compare: a text of %" PRId64 " tokens is too short for %" PRId64 " windows", n,
                       count);
    lengths[(*n_lengths)++] = fit;
    return SN_OK;
}

static bool applies(const sn_model *m, const char *spec, int64_t length) {
    sn_extend *extend = NULL;
    bool fine = sn_extend_parse(spec, &extend) == SN_OK && try_method(m, extend, length) == SN_OK;
    sn_extend_free(extend);
    return fine;
}

sn_status sn_compare_choose_methods(const sn_model *m, int64_t longest, char **list) {
    int64_t window = sn_max_i64(sn_model_get_config(m)->train_length, 4);
    int64_t factor = sn_max_i64(2, sn_ceil_div(longest, window)), near = window / 2;
    char spec[4][64], all[512] = "none";
    snprintf(spec[0], sizeof spec[0], "ntk:factor=%" PRId64, factor);
    snprintf(spec[1], sizeof spec[1], "yarn:factor=%" PRId64, factor);
    snprintf(spec[2], sizeof spec[2], "rerope:window=%" PRId64, near);
    snprintf(spec[3], sizeof spec[3], "leaky:window=%" PRId64 ",factor=16", near);
    for (int i = 0; i < 4; i++) {
        size_t used = strlen(all);
        if (applies(m, spec[i], longest)) snprintf(all + used, sizeof all - used, ",%s", spec[i]);
    }
    *list = sn_strdup(all);
    return *list ? SN_OK : sn_fail_memory("a list of methods");
}
