/* Making, running and freeing steppers. */
#include "train/step.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/size.h"
#include "train/stepper.h"

#include <math.h>
#include <stdlib.h>

/* ---- checking what was asked for ---- */

static sn_status check_params(const sn_train_param *params, int64_t n) {
    if (!params || n < 1) return sn_fail(SN_ERR_ARGUMENT, "train: there are no parameters");
    for (int64_t i = 0; i < n; i++)
        if (params[i].value.dtype != SN_F32 || !sn_tensor_is_contiguous(&params[i].value))
            return sn_fail(SN_ERR_ARGUMENT, "train: parameter \"%s\" is %s: contiguous f32 is needed", params[i].name,
                           sn_dtype_name(params[i].value.dtype));
    return SN_OK;
}

static sn_status check_entry(const sn_step_entry *e, const sn_stepper_options *options) {
    if (!e->objective || !e->source || !e->source->batch || !e->rule)
        return sn_fail(SN_ERR_ARGUMENT, "train: an entry needs an objective, a source and a rule");
    if (e->source->batch->n < 0 || e->source->batch->n > SN_BATCH_MAX)
        return sn_fail(SN_ERR_ARGUMENT, "train: a batch of %d items: 0 to %d are possible", e->source->batch->n,
                       SN_BATCH_MAX);
    if (!(e->clip >= 0) || e->period < 0)
        return sn_fail(SN_ERR_ARGUMENT, "train: clip %g and period %lld must not be negative", e->clip,
                       (long long)e->period);
    if (e->clip > 0 && e->rule->no_clipping)
        return sn_fail(SN_ERR_ARGUMENT, "train: %s cannot be used with clip = %g: %s: set clip to 0",
                       e->rule->info.name, e->clip, e->rule->no_clipping);
    if (e->rule->check) SN_TRY(e->rule->check(e->settings, sn_max_i64(1, options->accumulate)));
    return sn_schedule_check(&e->schedule);
}

static sn_status check_options(const sn_stepper_options *o, const sn_step_entry *entries, int n_entries) {
    if (!entries || n_entries < 1 || n_entries > SN_BATCH_MAX)
        return sn_fail(SN_ERR_ARGUMENT, "train: %d entries: 1 to %d are possible", n_entries, SN_BATCH_MAX);
    if (o->accumulate < 0)
        return sn_fail(SN_ERR_ARGUMENT, "train: accumulate %lld must not be negative", (long long)o->accumulate);
    if (!(o->average >= 0 && o->average < 1))
        return sn_fail(SN_ERR_ARGUMENT, "train: average %g must be in [0, 1)", o->average);
    return SN_OK;
}

/* ---- making ---- */

static sn_status add_part(sn_stepper *s, const sn_step_entry *entry) {
    sn_step_part *part = &s->parts[s->n_parts];
    SN_TRY(check_entry(entry, &s->options));
    part->entry = *entry;
    part->split = s->accumulate > 1 && (!entry->rule->info.tight || entry->clip > 0);
    part->slots = sn_arena_array(&s->arena, (size_t)s->n_params, sizeof *part->slots);
    if (!part->slots) return sn_fail_memory("a training step");
    int64_t n_trained = 0;
    for (int64_t i = 0; i < s->n_params; i++) {
        part->slots[i].trained = !entry->rate_factors || entry->rate_factors[i] != 0;
        n_trained += part->slots[i].trained;
        int64_t bytes = sn_tensor_bytes(&s->params[i].value);
        if (part->slots[i].trained)
            s->memory.largest_gradient_bytes = sn_max_i64(s->memory.largest_gradient_bytes, bytes);
    }
    if (n_trained == 0)
        return sn_fail(SN_ERR_ARGUMENT, "train: objective \"%s\" has no parameter to train", entry->objective->name);
    s->n_parts++;
    return SN_OK;
}

static sn_status build(sn_stepper *s, const sn_step_entry *entries, int n_entries) {
    SN_TRY(check_options(&s->options, entries, n_entries));
    SN_TRY(check_params(s->params, s->n_params));
    s->accumulate = sn_max_i64(1, s->options.accumulate);
    s->parts = sn_arena_array(&s->arena, (size_t)n_entries, sizeof *s->parts);
    s->profile = sn_arena_array(&s->arena, SN_STEP_PROFILE_ROWS, sizeof *s->profile);
    if (!s->parts || !s->profile) return sn_fail_memory("a training step");
    for (int i = 0; i < n_entries; i++) SN_TRY(add_part(s, &entries[i]));
    for (int64_t i = 0; i < s->n_params; i++) s->memory.param_bytes += sn_tensor_bytes(&s->params[i].value);
    SN_TRY(sn_stepper_allocate(s));
    SN_TRY(sn_team_new(s->options.n_threads, &s->team));
    for (int i = 0; i < s->n_parts; i++) SN_TRY(sn_stepper_plan(s, &s->parts[i]));
    if (s->options.average > 0) SN_TRY(sn_stepper_plan_averages(s));
    sn_stepper_memory *m = &s->memory;
    m->peak_bytes = m->param_bytes + m->state_bytes + m->average_bytes + m->gradient_bytes + m->activation_bytes +
                    m->scratch_bytes + m->table_bytes;
    return SN_OK;
}

sn_status sn_stepper_new(const sn_train_param *params, int64_t n_params, const sn_step_entry *entries, int n_entries,
                         const sn_stepper_options *options, sn_stepper **out) {
    static const sn_stepper_options defaults;
    sn_stepper *s = sn_calloc(1, sizeof *s);
    if (!s) return sn_fail_memory("a training step");
    s->options = options ? *options : defaults;
    s->params = params;
    s->n_params = n_params;
    sn_status status = build(s, entries, n_entries);
    if (status != SN_OK)
        sn_stepper_free(s);
    else
        *out = s;
    return status;
}

void sn_stepper_free(sn_stepper *s) {
    if (!s) return;
    for (int i = 0; i < s->n_parts; i++) {
        sn_step_plan_free(&s->parts[i].micro);
        sn_step_plan_free(&s->parts[i].apply);
        sn_step_plan_free(&s->parts[i].evaluate);
    }
    sn_step_plan_free(&s->average);
    for (int64_t i = 0; i < s->n_blocks; i++) sn_free(s->blocks[i]);
    sn_workspace_free(&s->workspace);
    sn_team_free(s->team);
    sn_arena_free(&s->arena);
    sn_free(s);
}

sn_stepper_memory sn_stepper_memory_get(const sn_stepper *s) { return s->memory; }

/* ---- profile ---- */

static void add_to_profile(sn_stepper *s, const sn_plan_step *step) {
    sn_step_profile *row = s->profile, *end = s->profile + s->n_profile;
    while (row < end && (row->op != step->op || row->kernel != step->kernel)) row++;
    if (row == end && s->n_profile == SN_STEP_PROFILE_ROWS) return;
    if (row == end) s->n_profile++, *row = (sn_step_profile){.op = step->op, .kernel = step->kernel};
    row->count++;
    row->seconds += step->seconds;
    row->flops += step->flops;
    row->bytes += step->bytes;
}

static sn_status run_plan(sn_stepper *s, sn_plan *plan) {
    SN_TRY(sn_plan_run(plan));
    sn_plan_step step;
    for (int64_t i = 0; s->options.profile && i < sn_plan_n_steps(plan); i++) {
        SN_TRY(sn_plan_step_get(plan, i, &step));
        add_to_profile(s, &step);
    }
    return SN_OK;
}

static int by_seconds(const void *x, const void *y) {
    const sn_step_profile *a = x, *b = y;
    return a->seconds < b->seconds ? 1 : a->seconds > b->seconds ? -1 : 0;
}

int64_t sn_stepper_profile(const sn_stepper *s, sn_step_profile *out, int64_t capacity) {
    int64_t n = sn_min_i64(s->n_profile, sn_max_i64(0, capacity));
    if (n == 0) return 0;
    qsort(s->profile, (size_t)s->n_profile, sizeof *s->profile, by_seconds);
    for (int64_t i = 0; i < n; i++) out[i] = s->profile[i];
    return n;
}

/* ---- running ---- */

/* One step on its way. Until something has changed it can be cancelled; then it is carried through. */
typedef struct progress {
    sn_stepper *s;
    int64_t step;
    bool changed;
    sn_step_result *out;
} progress;

static sn_status check_cancel(const progress *p) {
    const volatile int *cancel = p->s->options.cancel;
    return cancel && *cancel && !p->changed ? sn_fail(SN_ERR_CANCELLED, "cancelled") : SN_OK;
}

static sn_status read_number(const sn_plan *plan, int output, double *out) {
    sn_tensor t;
    SN_TRY(sn_plan_output(plan, output, &t));
    *out = t.dtype == SN_F64 ? *(const double *)t.data : (double)*(const float *)t.data;
    return SN_OK;
}

/* The numbers of the updates in micro-batch m of k; those of rules that add micro-batches up elsewhere see one. */
static void set_scalars(sn_step_part *part, int64_t update, int64_t m, int64_t k, double rate) {
    for (int first = 0; first < 2; first++)
        for (int last = 0; last < 2; last++) {
            const sn_rule_clock clock = {.step = update,
                                         .first = first && (m == 0 || k == 1),
                                         .last = last && (m == k - 1 || k == 1),
                                         .accumulate = k,
                                         .rate = rate};
            part->entry.rule->scalars(part->entry.settings, &clock, part->scalars[SN_STEP_TURN(first, last)]);
        }
}

/* Micro-batch m of the update: its loss in *loss. */
static sn_status run_micro(progress *p, sn_step_part *part, int64_t update, int64_t m, double rate, double *loss) {
    sn_stepper *s = p->s;
    int64_t k = s->accumulate, index = update * k + m;
    const sn_source *source = part->entry.source;
    SN_TRY(check_cancel(p));
    SN_TRY(source->fill(source->user, index));
    part->index = (int32_t)(index & INT32_MAX);
    set_scalars(part, update, m, part->split ? 1 : k, rate);
    part->factors[0] = m > 0 ? 1 : 0;
    part->factors[1] = 1 / (float)k;
    if (!part->split) p->changed = true;
    SN_TRY(run_plan(s, part->micro.plan));
    return read_number(part->micro.plan, part->micro.loss, loss);
}

/* The micro-batches of an update; *norm is that of the last one's gradients where it is made there, else NAN. */
static sn_status run_micros(progress *p, sn_step_part *part, int64_t update, double rate, double *loss, double *norm,
                            bool *finite) {
    double sum = 0;
    *norm = (double)NAN;
    *finite = true;
    for (int64_t m = 0; m < p->s->accumulate; m++) {
        double one;
        SN_TRY(run_micro(p, part, update, m, rate, &one));
        sum += one;
        if (part->micro.norm >= 0) SN_TRY(read_number(part->micro.plan, part->micro.norm, norm));
        *finite = *finite && isfinite(one) && (part->micro.norm < 0 || isfinite(*norm));
        if (!*finite && !part->entry.rule->on_nan) break; /* before the parameters change */
    }
    *loss = sum / (double)p->s->accumulate;
    return SN_OK;
}

static sn_status run_part(progress *p, int e) {
    sn_stepper *s = p->s;
    sn_step_part *part = &s->parts[e];
    int64_t update = p->step / sn_max_i64(1, part->entry.period);
    double rate = sn_schedule_at(&part->entry.schedule, p->step), *norm = &p->out->grad_norm[e];
    bool finite;
    p->out->rate[e] = rate;
    SN_TRY(run_micros(p, part, update, rate, &p->out->loss[e], norm, &finite));
    if (part->split && finite) {
        SN_TRY(check_cancel(p));
        p->changed = true;
        SN_TRY(run_plan(s, part->apply.plan));
        SN_TRY(read_number(part->apply.plan, part->apply.norm, norm));
        finite = isfinite(*norm);
    }
    if (!part->split && (s->accumulate > 1 || part->in_parts)) *norm = (double)NAN; /* of a part of the gradient only */
    p->out->finite = p->out->finite && finite;
    return SN_OK;
}

sn_status sn_stepper_run(sn_stepper *s, int64_t step, sn_step_result *out) {
    if (s->options.measure_only)
        return sn_fail(SN_ERR_ARGUMENT, "train: this stepper was made with measure_only: it cannot run");
    progress p = {.s = s, .step = step, .out = out};
    *out = (sn_step_result){.finite = true};
    for (int e = 0; e < SN_BATCH_MAX; e++) out->loss[e] = out->grad_norm[e] = out->rate[e] = (double)NAN;
    s->n_profile = 0;
    for (int e = 0; e < s->n_parts; e++)
        if (step % sn_max_i64(1, s->parts[e].entry.period) == 0) SN_TRY(run_part(&p, e));
    if (s->average.plan && out->finite) SN_TRY(run_plan(s, s->average.plan));
    return SN_OK;
}

/* ---- evaluation ---- */

static sn_status check_batch(const sn_batch *want, const sn_batch *got) {
    bool equal = want->n == got->n;
    for (int i = 0; equal && i < want->n; i++) {
        const sn_tensor *a = &want->item[i].tensor, *b = &got->item[i].tensor;
        equal = a->dtype == b->dtype && a->n_dims == b->n_dims;
        for (int d = 0; equal && d < a->n_dims; d++) equal = a->shape[d] == b->shape[d];
    }
    return equal ? SN_OK
                 : sn_fail(SN_ERR_SHAPE, "train: the batches to evaluate differ in shape from those trained on");
}

sn_status sn_stepper_evaluate(sn_stepper *s, int e, const sn_source *source, int64_t from, int64_t to, double *loss) {
    if (e < 0 || e >= s->n_parts || to <= from || s->options.measure_only)
        return sn_fail(SN_ERR_ARGUMENT, "train: evaluate: entry %d over micro-batches %lld to %lld", e, (long long)from,
                       (long long)to);
    sn_step_part *part = &s->parts[e];
    SN_TRY(check_batch(part->entry.source->batch, source->batch));
    if (!part->evaluate.plan) {
        sn_step_plan_free(&part->evaluate);
        SN_TRY(sn_stepper_plan_loss(s, part));
    }
    SN_TRY(sn_step_plan_bind(&part->evaluate, source->batch));
    double sum = 0;
    for (int64_t i = from; i < to; i++) {
        double one;
        if (s->options.cancel && *s->options.cancel) return sn_fail(SN_ERR_CANCELLED, "cancelled");
        SN_TRY(source->fill(source->user, i));
        SN_TRY(sn_plan_run(part->evaluate.plan));
        SN_TRY(read_number(part->evaluate.plan, part->evaluate.loss, &one));
        sum += one;
    }
    *loss = sum / (double)(to - from);
    return SN_OK;
}
