/* The graphs of a training step: loss, gradients, norm, updates. */
#include "train/stepper.h"

#include "base/error.h"

#include <math.h>

void sn_step_plan_free(sn_step_plan *p) {
    sn_plan_free(p->plan);
    sn_graph_free(p->graph);
    *p = (sn_step_plan){.loss = -1, .norm = -1};
}

sn_status sn_step_plan_bind(sn_step_plan *p, const sn_batch *batch) {
    for (int i = 0; i < batch->n; i++) SN_TRY(sn_plan_bind(p->plan, p->inputs[i], batch->item[i].tensor.data));
    return SN_OK;
}

/* One graph on its way to a plan. */
typedef struct builder {
    sn_stepper *s;
    sn_step_part *part;
    sn_step_plan *to;
    sn_graph *g;
    sn_value **params;  /* by parameter */
    sn_value **outputs; /* wanted, n_outputs of them */
    int n_outputs;
    sn_value *step, *scalars, *factors;
} builder;

/* A param, or where there is no memory (measure_only) an input of that shape. */
static sn_value *leaf(sn_graph *g, const char *name, const sn_tensor *t) {
    return t->data ? sn_param(g, name, t) : sn_input(g, name, t->dtype, t->n_dims, t->shape);
}

static sn_status begin(builder *b, sn_stepper *s, sn_step_part *part, sn_step_plan *to) {
    *b = (builder){.s = s, .part = part, .to = to};
    to->loss = to->norm = -1;
    SN_TRY(sn_graph_new(&to->graph));
    b->g = to->graph;
    sn_graph_recompute(b->g, s->options.recompute);
    b->params = sn_arena_array(&s->arena, (size_t)s->n_params, sizeof *b->params);
    b->outputs = sn_arena_array(&s->arena, (size_t)s->n_params + 2, sizeof *b->outputs);
    if (!b->params || !b->outputs) return sn_fail_memory("a training step");
    return SN_OK;
}

static int want(builder *b, sn_value *v) {
    b->outputs[b->n_outputs] = v;
    return b->n_outputs++;
}

static sn_status bind_numbers(const builder *b) {
    sn_plan *plan = b->to->plan;
    if (b->step) SN_TRY(sn_plan_bind(plan, b->step, &b->part->index));
    if (b->scalars) SN_TRY(sn_plan_bind(plan, b->scalars, b->part->scalars));
    if (b->factors) SN_TRY(sn_plan_bind(plan, b->factors, b->part->factors));
    return SN_OK;
}

static sn_status finish(builder *b) {
    sn_stepper *s = b->s;
    const sn_plan_options options = {.team = s->team,
                                     .workspace = &s->workspace,
                                     .profile = s->options.profile,
                                     .measure_only = s->options.measure_only,
                                     .precision = s->options.bf16 ? SN_PRECISION_BF16 : SN_PRECISION_AUTO};
    SN_TRY(sn_graph_status(b->g));
    SN_TRY(sn_plan_new(b->g, b->outputs, b->n_outputs, &options, &b->to->plan));
    sn_plan_memory m = sn_plan_memory_get(b->to->plan);
    if (m.buffer_bytes + m.scratch_bytes > s->memory.activation_bytes + s->memory.scratch_bytes) {
        s->memory.activation_bytes = m.buffer_bytes;
        s->memory.scratch_bytes = m.scratch_bytes;
    }
    return bind_numbers(b);
}

static sn_status add_loss(builder *b, bool training, sn_value **loss) {
    const sn_batch *batch = b->part->entry.source->batch;
    const sn_objective *objective = b->part->entry.objective;
    for (int64_t i = 0; i < b->s->n_params; i++)
        b->params[i] = leaf(b->g, b->s->params[i].name, &b->s->params[i].value);
    for (int i = 0; i < batch->n; i++) {
        const sn_tensor *t = &batch->item[i].tensor;
        b->to->inputs[i] = sn_input(b->g, batch->item[i].name, t->dtype, t->n_dims, t->shape);
    }
    if (training) b->step = sn_input(b->g, "step", SN_I32, 0, NULL);
    SN_TRY(sn_graph_status(b->g));
    *loss = objective->loss(objective->user, b->g, b->params, b->to->inputs, b->step);
    SN_TRY(sn_graph_status(b->g));
    if (!*loss || sn_value_tensor(*loss)->dtype != SN_F32 || sn_tensor_count(sn_value_tensor(*loss)) != 1)
        return sn_fail(SN_ERR_SHAPE, "train: objective \"%s\": the loss must be one f32 number", objective->name);
    b->to->loss = want(b, *loss);
    return SN_OK;
}

/* grads[i] by parameter; NULL where it is not trained. */
static sn_status add_gradients(builder *b, sn_value *loss, sn_value **grads) {
    sn_stepper *s = b->s;
    sn_value **wrt = sn_arena_array(&s->arena, 2 * (size_t)s->n_params, sizeof *wrt), **found = wrt + s->n_params;
    if (!wrt) return sn_fail_memory("a training step");
    int n = 0;
    for (int64_t i = 0; i < s->n_params; i++)
        if (b->part->slots[i].trained) wrt[n++] = b->params[i];
    SN_TRY(sn_grad(b->g, loss, wrt, n, found));
    n = 0;
    for (int64_t i = 0; i < s->n_params; i++) {
        if (!b->part->slots[i].trained) continue;
        sn_value *grad = found[n++];
        grads[i] = sn_tensor_is_contiguous(sn_value_tensor(grad)) ? grad : sn_copy(b->g, grad);
    }
    return sn_graph_status(b->g);
}

/* 0, or NaN where x is not finite. */
static sn_value *not_finite(sn_graph *g, sn_value *x) { return sn_sub(g, x, x); }

/* min(1, clip / (norm + 1e-6)), NaN where the norm is not finite; the norm becomes an output. Squares are summed in
 * f64, parameter by parameter in their order. */
static sn_value *add_clipping(builder *b, sn_value *const *grads) {
    sn_graph *g = b->g;
    sn_value *sum = NULL;
    for (int64_t i = 0; i < b->s->n_params; i++) {
        if (!grads[i]) continue;
        sn_value *squares = sn_sum_squares(g, grads[i]);
        sum = sum ? sn_add(g, sum, squares) : squares;
    }
    sn_value *norm = sn_sqrt(g, sum);
    b->to->norm = want(b, norm);
    sn_value *one = sn_fill(g, SN_F64, 0, NULL, 1), *clip = sn_fill(g, SN_F64, 0, NULL, b->part->entry.clip);
    sn_value *scale = sn_min(g, sn_div(g, clip, sn_scale(g, norm, 1, 1e-6)), one);
    return sn_cast(g, sn_add(g, scale, not_finite(g, norm)), SN_F32);
}

/* The factor of all gradients, which turns the updates off where something is not finite. `gate` is 1, or NaN where the
 * loss is not finite; NULL where the caller has looked at it. */
static sn_value *add_grad_scale(builder *b, sn_value *gate, sn_value *const *grads) {
    const sn_step_entry *e = &b->part->entry;
    if (e->rule->no_clipping) return NULL;
    if (e->clip == 0) return gate;
    sn_value *scale = add_clipping(b, grads);
    return gate ? sn_mul(b->g, scale, gate) : scale;
}

static void add_updates(builder *b, sn_value *const *grads, sn_value *grad_scale) {
    sn_stepper *s = b->s;
    const sn_step_entry *e = &b->part->entry;
    b->scalars = sn_input(b->g, "scalars", SN_F32, 1, (int64_t[]){SN_RULE_SCALARS});
    for (int64_t i = 0; i < s->n_params; i++) {
        if (!grads[i]) continue;
        sn_rule_target target = {.param = b->params[i],
                                 .grad = grads[i],
                                 .grad_scale = grad_scale,
                                 .scalars = b->scalars,
                                 .kind = s->params[i].kind,
                                 .rate_factor = e->rate_factors ? e->rate_factors[i] : 1};
        for (int k = 0; k < e->rule->info.n_states; k++)
            target.states[k] = leaf(b->g, e->rule->info.name, &b->part->slots[i].states[k]);
        want(b, e->rule->update(b->g, e->settings, &target));
    }
}

static void add_accumulation(builder *b, sn_value *const *grads) {
    b->factors = sn_input(b->g, "factors", SN_F32, 1, (int64_t[]){2});
    for (int64_t i = 0; i < b->s->n_params; i++)
        if (grads[i])
            want(b, sn_accumulate(b->g, leaf(b->g, "gradient", &b->part->slots[i].grad), grads[i], b->factors));
}

/* The updates from the gradient buffers, for several micro-batches. */
static sn_status plan_apply(sn_stepper *s, sn_step_part *part) {
    builder b;
    SN_TRY(begin(&b, s, part, &part->apply));
    sn_value **grads = sn_arena_array(&s->arena, (size_t)s->n_params, sizeof *grads);
    if (!grads) return sn_fail_memory("a training step");
    for (int64_t i = 0; i < s->n_params; i++) {
        if (!part->slots[i].trained) continue;
        b.params[i] = leaf(b.g, s->params[i].name, &s->params[i].value);
        grads[i] = leaf(b.g, "gradient", &part->slots[i].grad);
    }
    add_updates(&b, grads, add_grad_scale(&b, NULL, grads));
    return finish(&b);
}

sn_status sn_stepper_plan(sn_stepper *s, sn_step_part *part) {
    builder b;
    sn_value *loss;
    SN_TRY(begin(&b, s, part, &part->micro));
    sn_value **grads = sn_arena_array(&s->arena, (size_t)s->n_params, sizeof *grads);
    if (!grads) return sn_fail_memory("a training step");
    SN_TRY(add_loss(&b, true, &loss));
    /* 1, or NaN. Made before the gradients, so that no update has to wait for it. */
    sn_value *gate = sn_scale(b.g, not_finite(b.g, sn_reshape(b.g, loss, 0, NULL)), 1, 1);
    SN_TRY(add_gradients(&b, loss, grads));
    if (part->split)
        add_accumulation(&b, grads);
    else
        add_updates(&b, grads, add_grad_scale(&b, gate, grads));
    SN_TRY(finish(&b));
    if (!s->options.measure_only) SN_TRY(sn_step_plan_bind(&part->micro, part->entry.source->batch));
    return part->split ? plan_apply(s, part) : SN_OK;
}

sn_status sn_stepper_plan_loss(sn_stepper *s, sn_step_part *part) {
    builder b;
    sn_value *loss;
    SN_TRY(begin(&b, s, part, &part->evaluate));
    SN_TRY(add_loss(&b, false, &loss));
    return finish(&b);
}

sn_status sn_stepper_plan_averages(sn_stepper *s) {
    builder b;
    SN_TRY(begin(&b, s, NULL, &s->average));
    for (int64_t i = 0; i < s->n_params; i++) {
        if (s->averages[i].n_dims < 0) continue;
        sn_value *average = leaf(b.g, "average", &s->averages[i]);
        sn_value *param = leaf(b.g, s->params[i].name, &s->params[i].value);
        want(&b, sn_update_average(b.g, average, param, s->options.average));
    }
    return b.n_outputs > 0 ? finish(&b) : SN_OK;
}
