/* The loop: steps, records, validation, samples, checkpoints. */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/path.h"
#include "train/learner.h"
#include "train/record.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

/* Some rules have their own answer to a gradient that is not finite, and go on; so many times in a row. */
enum { MOST_BROKEN_STEPS = 20 };

typedef struct run {
    const sn_train_config *config;
    const sn_train_options *options;
    sn_train_result *result;
    sn_learner learner;
    sn_record *record;
    int64_t step, begun, saved; /* updates done; at the start of this call; of the newest checkpoint */
    double start, earlier;      /* clock; seconds of the calls before this one */
    double loss_sum, val_loss, rate, grad_norm;
    int64_t loss_count, broken;
} run;

static void note(const run *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void note(const run *r, const char *format, ...) {
    char text[4400];
    va_list args;
    if (!r->options->on_note) return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    r->options->on_note(r->options->user, text);
}

static bool cancelled(const run *r) { return r->options->cancel && *r->options->cancel; }
static bool due(int64_t step, int64_t every) { return every > 0 && step % every == 0; }
static double seconds(const run *r) { return r->earlier + sn_now() - r->start; }

static int64_t tokens_per_step(const run *r) {
    return sn_token_batches_source(r->learner.train_batches)->n_items * r->config->accumulate;
}

/* ---- What happens now and then ---- */

static sn_status save(run *r) {
    if (r->saved == r->step) return SN_OK;
    const sn_learner *t = &r->learner;
    sn_checkpoint c = {r->config, t->model, t->params, t->n_params, t->stepper, t->state};
    c.state.step = r->step;
    sn_status status = sn_checkpoint_write(&c, r->result->checkpoint, sizeof r->result->checkpoint);
    if (status != SN_OK)
        return sn_fail_in(status, "the checkpoint of step %" PRId64 " could not be written (%s%s)", r->step,
                          r->result->checkpoint[0] ? "the last good one is " : "there is none yet",
                          r->result->checkpoint);
    r->saved = r->step;
    note(r, "wrote %s", r->result->checkpoint);
    return sn_record_draw(r->record, sn_model_name(t->model));
}

static sn_status validate(run *r, bool *evaluated) {
    const sn_learner *t = &r->learner;
    bool last = r->step == r->config->steps;
    *evaluated = t->val_batches && (last || due(r->step, r->config->val_every));
    if (!*evaluated) return SN_OK;
    int64_t n = sn_token_batches_count(t->val_batches);
    if (n > r->config->val_batches) n = r->config->val_batches;
    SN_TRY(sn_stepper_evaluate(t->stepper, 0, sn_token_batches_source(t->val_batches), 0, n, &r->val_loss));
    if (r->val_loss < r->result->best_val_loss || !isfinite(r->result->best_val_loss)) {
        r->result->best_val_loss = r->val_loss;
        r->result->best_step = r->step;
    }
    return SN_OK;
}

static sn_status sample(run *r) {
    char *text;
    SN_TRY(sn_learner_sample(&r->learner, &text));
    sn_status status = sn_record_sample(r->record, r->step, text);
    if (r->options->on_sample) r->options->on_sample(r->options->user, r->step, text);
    sn_free(text);
    return status;
}

static void report(const run *r, bool logged, bool evaluated) {
    struct rusage usage;
    if (!r->options->on_step) return;
    getrusage(RUSAGE_SELF, &usage);
    double spent = sn_now() - r->start, done = (double)(r->step - r->begun);
    sn_train_progress p = {.step = r->step,
                           .steps = r->config->steps,
                           .loss = r->result->loss,
                           .rate = r->rate,
                           .grad_norm = r->grad_norm,
                           .val_loss = r->val_loss,
                           .seconds = seconds(r),
                           .tokens_per_second = done * (double)tokens_per_step(r) / spent,
                           .seconds_left = spent / done * (double)(r->config->steps - r->step),
                           .memory_bytes = (int64_t)usage.ru_maxrss * 1024,
                           .logged = logged,
                           .evaluated = evaluated};
    r->options->on_step(r->options->user, &p);
}

/* A line where one is due: the mean loss since the last one. */
static sn_status record(run *r, bool logged, bool evaluated) {
    if (!logged && !evaluated) return SN_OK;
    sn_record_line line = {.step = r->step,
                           .tokens = r->step * tokens_per_step(r),
                           .loss = NAN,
                           .rate = r->rate,
                           .grad_norm = r->grad_norm,
                           .seconds = seconds(r),
                           .val_loss = evaluated ? r->val_loss : NAN};
    if (logged) {
        line.loss = r->result->loss = r->loss_sum / (double)r->loss_count;
        r->loss_sum = 0;
        r->loss_count = 0;
    }
    return sn_record_put(r->record, &line);
}

/* ---- Steps ---- */

static sn_status broken(run *r, const sn_step_result *s) {
    const sn_train_config *c = r->config;
    const char *what = isfinite(s->loss[0]) ? "the gradient" : "the loss";
    char advice[4400] = "there is no checkpoint yet: begin again with a smaller optimizer.lr";
    if (r->result->checkpoint[0])
        snprintf(advice, sizeof advice,
                 "to go on with a smaller rate from the last good checkpoint: init=%s out=NEW "
                 "optimizer.lr=...",
                 r->result->checkpoint);
    return sn_fail(SN_ERR_NUMERIC,
                   "step %" PRId64 ": %s is not finite (rate %g of %s); the run stopped before it could "
                   "spoil the weights. %s",
                   r->step + 1, what, s->rate[0], c->rule_name, advice);
}

static sn_status one_step(run *r) {
    sn_step_result s;
    SN_TRY(sn_stepper_run(r->learner.stepper, r->step, &s));
    r->broken = s.finite ? 0 : r->broken + 1;
    if (!s.finite && (!r->config->rule->on_nan || r->broken >= MOST_BROKEN_STEPS)) return broken(r, &s);
    if (!s.finite)
        note(r, "step %" PRId64 ": a gradient that is not finite: %s %s and goes on", r->step + 1, r->config->rule_name,
             r->config->rule->on_nan);
    r->step++;
    r->rate = s.rate[0];
    r->grad_norm = s.grad_norm[0];
    if (isfinite(s.loss[0])) {
        r->loss_sum += s.loss[0];
        r->loss_count++;
    }
    return SN_OK;
}

static sn_status after_step(run *r) {
    const sn_train_config *c = r->config;
    bool last = r->step == c->steps, evaluated;
    bool logged = (last || due(r->step, c->log_every)) && r->loss_count > 0;
    SN_TRY(validate(r, &evaluated));
    SN_TRY(record(r, logged, evaluated));
    report(r, logged, evaluated);
    if (c->sample_every > 0 && (last || due(r->step, c->sample_every))) SN_TRY(sample(r));
    return last || due(r->step, c->save_every) ? save(r) : SN_OK;
}

static sn_status loop(run *r) {
    while (r->step < r->config->steps) {
        if (cancelled(r)) {
            if (r->step > 0) SN_TRY(save(r));
            return sn_fail(SN_ERR_CANCELLED, "stopped after step %" PRId64, r->step);
        }
        SN_TRY(one_step(r));
        SN_TRY(after_step(r));
    }
    return save(r);
}

/* ---- Beginning and end ---- */

static sn_status begin(run *r) {
    const sn_train_config *c = r->config;
    char last[SN_PATH_SIZE];
    SN_TRY(sn_path_join(c->out, "last", last));
    bool exists = sn_checkpoint_exists(c->out);
    if (exists && !r->options->resume)
        return sn_train_config_fail(c, "out", "\"%s\" holds a run already: go on with --resume, or give another out",
                                    c->out);
    if (!exists && r->options->resume) note(r, "%s holds no checkpoint: the run begins at step 0", c->out);
    sn_learner_options o = {exists ? last : NULL, false, r->options->profile, r->options->cancel};
    SN_TRY(sn_learner_open(c, &o, &r->learner));
    r->step = r->begun = r->learner.state.step;
    r->saved = exists ? r->step : -1;
    if (exists) {
        snprintf(r->result->checkpoint, sizeof r->result->checkpoint, "%s", last);
        note(r, "resumed after step %" PRId64, r->step);
        if (r->learner.other_threads)
            note(r, "%" PRId64 " threads instead of %" PRId64 ": the run goes on, but not to the same last bits",
                 r->learner.state.threads, r->learner.other_threads);
    }
    SN_TRY(sn_record_open(c->out, r->step, &r->record));
    sn_record_line line = sn_record_last(r->record);
    r->earlier = line.seconds;
    r->result->loss = line.loss;
    sn_record_best(r->record, &r->result->best_val_loss, &r->result->best_step);
    return SN_OK;
}

static void finish(run *r) {
    sn_train_result *result = r->result;
    result->step = r->step;
    result->val_loss = r->val_loss;
    result->seconds = sn_now() - r->start;
    result->n_threads = (int)r->learner.state.threads;
    result->bf16 = r->config->precision == 1;
    if (r->options->profile && r->learner.stepper) {
        enum { most = sizeof result->profile / sizeof *result->profile };
        sn_step_profile rows[most];
        result->n_profile = sn_stepper_profile(r->learner.stepper, rows, most);
        for (int64_t i = 0; i < result->n_profile; i++)
            result->profile[i] = (sn_train_profile_row){rows[i].op,      rows[i].kernel, rows[i].count,
                                                        rows[i].seconds, rows[i].flops,  rows[i].bytes};
    }
}

sn_status sn_train_run(const sn_train_config *c, const sn_train_options *options, sn_train_result *result) {
    static const sn_train_options defaults;
    sn_train_result *own = sn_calloc(1, sizeof *own);
    if (!c || !own) {
        sn_free(own);
        return c ? sn_fail_memory("a training run") : sn_fail(SN_ERR_ARGUMENT, "train: a configuration is needed");
    }
    run r = {.config = c,
             .options = options ? options : &defaults,
             .result = own,
             .val_loss = NAN,
             .start = sn_now(),
             .learner.lock = -1};
    own->loss = own->val_loss = own->best_val_loss = NAN;
    sn_status status = begin(&r);
    r.start = sn_now();
    if (status == SN_OK) status = loop(&r);
    finish(&r);
    sn_status closed = sn_record_close(r.record);
    sn_learner_close(&r.learner);
    if (result) *result = *own;
    sn_free(own);
    return status == SN_OK ? closed : status;
}

sn_status sn_train_plan_make(const sn_train_config *c, sn_train_plan *out) {
    sn_learner t = {.lock = -1};
    sn_learner_options o = {.measure_only = true};
    sn_status status = sn_learner_open(c, &o, &t);
    if (status == SN_OK) {
        const sn_model_config *m = sn_model_get_config(t.model);
        sn_stepper_memory y = sn_stepper_memory_get(t.stepper);
        *out = (sn_train_plan){.rule = c->rule->info.name,
                               .n_params = sn_model_n_params(t.model),
                               .n_vocab = m->n_vocab,
                               .tokens_per_step = sn_token_batches_source(t.train_batches)->n_items * c->accumulate,
                               .train_tokens = t.train.to - t.train.from,
                               .val_tokens = t.validation.to - t.validation.from,
                               .param_bytes = y.param_bytes,
                               .state_bytes = y.state_bytes,
                               .average_bytes = y.average_bytes,
                               .gradient_bytes = y.gradient_bytes,
                               .activation_bytes = y.activation_bytes,
                               .scratch_bytes = y.scratch_bytes,
                               .table_bytes = y.table_bytes,
                               .largest_gradient_bytes = y.largest_gradient_bytes,
                               .peak_bytes = y.peak_bytes,
                               .available_bytes = sn_memory_available()};
        snprintf(out->model, sizeof out->model, "%s, %" PRId64 " layers of %" PRId64, m->family, m->n_layers,
                 m->n_embd);
    }
    sn_learner_close(&t);
    return status;
}
