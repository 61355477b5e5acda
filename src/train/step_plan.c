/* The graphs of a training step: loss, gradients, norm, updates. */
#include "train/stepper.h"

#include "base/error.h"
#include "graph/op.h"

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
    sn_value *step, *scalars[SN_STEP_TURNS], *factors;
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
    for (int i = 0; i < SN_STEP_TURNS; i++)
        if (b->scalars[i]) SN_TRY(sn_plan_bind(plan, b->scalars[i], b->part->scalars[i]));
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
    s->memory.table_bytes += m.own_bytes;
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

/* The parameters to differentiate by, n of them, and where they are in the list. */
static sn_status find_trained(builder *b, sn_value ***wrt, int64_t **at, int *n) {
    const sn_stepper *s = b->s;
    *wrt = sn_arena_array(&b->s->arena, (size_t)s->n_params, sizeof **wrt);
    *at = sn_arena_array(&b->s->arena, (size_t)s->n_params, sizeof **at);
    if (!*wrt || !*at) return sn_fail_memory("a training step");
    *n = 0;
    for (int64_t i = 0; i < s->n_params; i++) {
        if (!b->part->slots[i].trained) continue;
        (*wrt)[*n] = b->params[i];
        (*at)[(*n)++] = i;
    }
    return SN_OK;
}

static sn_value *without_gaps(builder *b, sn_value *grad) {
    return !grad || sn_tensor_is_contiguous(sn_value_tensor(grad)) ? grad : sn_copy(b->g, grad);
}

/* grads[i] by parameter; NULL where it is not trained. */
static sn_status add_gradients(builder *b, sn_value *loss, sn_value **grads) {
    int n;
    int64_t *at;
    sn_value **wrt, **found = sn_arena_array(&b->s->arena, (size_t)b->s->n_params, sizeof *found);
    if (!found) return sn_fail_memory("a training step");
    SN_TRY(find_trained(b, &wrt, &at, &n));
    SN_TRY(sn_grad(b->g, loss, wrt, n, found));
    for (int i = 0; i < n; i++) grads[at[i]] = without_gaps(b, found[i]);
    return sn_graph_status(b->g);
}

/* 0, or NaN where x is not finite. */
static sn_value *not_finite(sn_graph *g, sn_value *x) { return sn_sub(g, x, x); }

/* The root of the sum of squares becomes the plan's norm. */
static sn_value *add_norm(builder *b, sn_value *sum) {
    sn_value *norm = sn_sqrt(b->g, sum);
    b->to->norm = want(b, norm);
    return norm;
}

/* min(1, clip / (norm + 1e-6)), NaN where the norm is not finite. Squares are summed in f64, parameter by parameter in
 * their order. Without clipping that is 1 or NaN. */
static sn_value *add_grad_scale(builder *b, sn_value *const *grads) {
    sn_graph *g = b->g;
    double most = b->part->entry.clip > 0 ? b->part->entry.clip : (double)INFINITY;
    sn_value *sum = NULL;
    for (int64_t i = 0; i < b->s->n_params; i++) {
        if (!grads[i]) continue;
        sn_value *squares = sn_sum_squares(g, grads[i]);
        sum = sum ? sn_add(g, sum, squares) : squares;
    }
    sn_value *norm = add_norm(b, sum);
    sn_value *one = sn_fill(g, SN_F64, 0, NULL, 1), *clip = sn_fill(g, SN_F64, 0, NULL, most);
    sn_value *scale = sn_min(g, sn_div(g, clip, sn_scale(g, norm, 1, 1e-6)), one);
    return sn_cast(g, sn_add(g, scale, not_finite(g, norm)), SN_F32);
}

/* An update of parameter i, whose value is `param`. first, last: of the parts of the gradient. */
static sn_value *add_update(builder *b, int64_t i, sn_value *param, sn_value *grad, sn_value *scale, bool first,
                            bool last) {
    const sn_step_entry *e = &b->part->entry;
    int turn = SN_STEP_TURN(first, last);
    if (!b->scalars[turn]) b->scalars[turn] = sn_input(b->g, "scalars", SN_F32, 1, (int64_t[]){SN_RULE_SCALARS});
    sn_rule_target target = {.param = param,
                             .grad = grad,
                             .grad_scale = scale,
                             .scalars = b->scalars[turn],
                             .kind = b->s->params[i].kind,
                             .rate_factor = e->rate_factors ? e->rate_factors[i] : 1};
    for (int k = 0; k < e->rule->info.n_states; k++)
        target.states[k] = leaf(b->g, e->rule->info.name, &b->part->slots[i].states[k]);
    return e->rule->update(b->g, e->settings, &target);
}

static void add_updates(builder *b, sn_value *const *grads, sn_value *scale) {
    for (int64_t i = 0; i < b->s->n_params; i++)
        if (grads[i]) want(b, add_update(b, i, b->params[i], grads[i], scale, true, true));
}

/* ---- updates as the gradients come ---- */

typedef struct stream {
    builder *b;
    const int64_t *at; /* by wrt: the parameter */
    sn_value *gate;    /* 1, or NaN where the loss is not finite */
    sn_value *sum;     /* of squares, of all parts so far */
} stream;

/* The update with a gradient, or with a part of it; none where the loss or the gradient is not finite, unless the rule
 * itself sees to that. */
static void take_gradient(void *user, int i, sn_value *grad, bool first, bool last) {
    stream *s = user;
    builder *b = s->b;
    sn_value **param = &b->params[s->at[i]], *scale = NULL;
    grad = without_gaps(b, grad);
    sn_value *squares = sn_sum_squares(b->g, grad);
    s->sum = s->sum ? sn_add(b->g, s->sum, squares) : squares;
    if (!b->part->entry.rule->no_clipping)
        scale = sn_add(b->g, s->gate, sn_cast(b->g, not_finite(b->g, squares), SN_F32));
    *param = add_update(b, s->at[i], *param, grad, scale, first, last);
    if (last) want(b, *param);
    b->part->in_parts |= !first;
}

static sn_status add_stream(builder *b, sn_value *loss, sn_value *gate) {
    const sn_step_entry *e = &b->part->entry;
    stream s = {.b = b, .gate = gate};
    sn_grad_taker taker = {take_gradient, &s, e->rule->info.tight};
    int n;
    int64_t *at;
    sn_value **wrt;
    SN_TRY(find_trained(b, &wrt, &at, &n));
    s.at = at;
    if (e->rule->check && e->rule->check(e->settings, 2) != SN_OK) taker.parts = false;
    SN_TRY(sn_grad_each(b->g, loss, wrt, n, &taker));
    add_norm(b, s.sum);
    return SN_OK;
}

/* ---- the plans ---- */

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
    add_updates(&b, grads, add_grad_scale(&b, grads));
    return finish(&b);
}

/* What a micro-batch does with its gradients: they are kept; or updates are made with all of them, once their norm is
 * known; or each update is made as soon as its gradient is there. */
static sn_status add_use(builder *b, sn_value *loss) {
    sn_step_part *part = b->part;
    /* 1, or NaN. Made before the gradients, so that no update has to wait for it. */
    sn_value *gate = sn_scale(b->g, not_finite(b->g, sn_reshape(b->g, loss, 0, NULL)), 1, 1);
    sn_value **grads = sn_arena_array(&b->s->arena, (size_t)b->s->n_params, sizeof *grads);
    if (!grads) return sn_fail_memory("a training step");
    if (!part->split && part->entry.clip == 0) return add_stream(b, loss, gate);
    SN_TRY(add_gradients(b, loss, grads));
    if (part->split)
        add_accumulation(b, grads);
    else
        add_updates(b, grads, sn_mul(b->g, add_grad_scale(b, grads), gate));
    return SN_OK;
}

sn_status sn_stepper_plan(sn_stepper *s, sn_step_part *part) {
    builder b;
    sn_value *loss;
    SN_TRY(begin(&b, s, part, &part->micro));
    SN_TRY(add_loss(&b, true, &loss));
    SN_TRY(add_use(&b, loss));
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
