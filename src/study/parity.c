/* Multitask sparse parity: data, training, measurement. */
#include "study/parity.h"

#include "base/alloc.h"
#include "base/arena.h"
#include "base/error.h"
#include "base/philox.h"
#include "suan/fit.h"
#include "train/step.h"

#include <math.h>
#include <string.h>

/* ---- Data ---- */

enum { STREAM_MASKS = 1, STREAM_TEST = 2, STREAM_WEIGHTS = 3, STREAM_TRAIN = 16 };

uint64_t sn_parity_mask(const sn_parity_options *o, int64_t task) {
    uint64_t mask = 0;
    for (uint64_t i = 0; __builtin_popcountll(mask) < o->subset; i++)
        mask |= (uint64_t)1 << (int)(sn_uniform_f64(o->seed, STREAM_MASKS, (uint64_t)task << 32 | i) * (double)o->bits);
    return mask;
}

sn_parity_example sn_parity_draw(const sn_parity_options *o, const uint64_t *masks, const double *below, int64_t fixed,
                                 uint64_t stream, int64_t i) {
    uint32_t word[4];
    sn_parity_example e = {.task = fixed};
    sn_philox(o->seed, stream, (uint64_t)i, word);
    e.bits = (uint64_t)word[1] << 32 | word[0];
    if (o->bits < 64) e.bits &= ((uint64_t)1 << o->bits) - 1;
    double u = (double)word[2] * 0x1p-32 + (double)word[3] * 0x1p-64;
    if (fixed < 0)
        for (e.task = 0; e.task < o->tasks - 1 && u >= below[e.task];) e.task++;
    e.answer = __builtin_popcountll(e.bits & masks[e.task]) & 1;
    return e;
}

typedef struct rows {
    float *bits;            /* n x bits, as -1 and 1 */
    int32_t *task, *answer; /* n */
    int64_t n;
} rows;

typedef struct parity {
    sn_arena arena;
    sn_parity_options o;
    sn_parity_result *r;
    uint64_t *masks;
    double *below;
    rows train, test;
    sn_batch batch;
    sn_train_param params[5];
    sn_graph *graph; /* of measurements */
    sn_plan *plan;
} parity;

static void put_row(const parity *p, rows *to, int64_t i, const sn_parity_example *e) {
    for (int64_t b = 0; b < p->o.bits; b++) to->bits[i * p->o.bits + b] = e->bits >> b & 1 ? 1 : -1;
    to->task[i] = (int32_t)e->task;
    to->answer[i] = e->answer;
}

static sn_status fill(void *user, int64_t index) {
    parity *p = user;
    for (int64_t i = 0; i < p->train.n; i++) {
        sn_parity_example e = sn_parity_draw(&p->o, p->masks, p->below, -1, STREAM_TRAIN, index * p->train.n + i);
        put_row(p, &p->train, i, &e);
    }
    return SN_OK;
}

/* ---- The network ---- */

enum { TASK_WEIGHT, BIT_WEIGHT, HIDDEN_BIAS, OUT_WEIGHT, OUT_BIAS, N_PARAMS };

/* in: bits, task. The one-hot part of the first layer is a row of its own for each task. */
static sn_value *logits(sn_graph *g, sn_value *const *params, sn_value *bits, sn_value *task) {
    sn_value *hidden = sn_add(g, sn_linear(g, bits, params[BIT_WEIGHT], params[HIDDEN_BIAS]),
                              sn_embedding(g, params[TASK_WEIGHT], task));
    return sn_linear(g, sn_relu(g, hidden), params[OUT_WEIGHT], params[OUT_BIAS]);
}

static sn_value *loss(void *user, sn_graph *g, sn_value *const *params, sn_value *const *in, sn_value *step) {
    (void)user, (void)step;
    return sn_cross_entropy(g, logits(g, params, in[0], in[1]), in[2]);
}

static sn_status make_param(parity *p, int i, const char *name, sn_param_kind kind, int64_t n_rows, int64_t columns,
                            double reach) {
    int64_t shape[2] = {n_rows, columns}, n = n_rows * (columns > 0 ? columns : 1);
    float *data = sn_arena_array(&p->arena, (size_t)n, sizeof *data);
    if (!data) return sn_fail_memory("a network");
    for (int64_t k = 0; k < n; k++)
        data[k] = (float)(reach * (2 * sn_uniform_f64(p->o.seed, STREAM_WEIGHTS + (uint64_t)i, (uint64_t)k) - 1));
    p->params[i] = (sn_train_param){name, kind, sn_tensor_make(SN_F32, columns > 0 ? 2 : 1, shape, data)};
    p->r->n_parameters += n;
    return SN_OK;
}

/* Uniform in 1 / sqrt(inputs) on either side, as torch's linear layers are. */
static sn_status make_network(parity *p) {
    int64_t width = p->o.width;
    double first = 1 / sqrt((double)(p->o.tasks + p->o.bits)), second = 1 / sqrt((double)width);
    SN_TRY(make_param(p, TASK_WEIGHT, "task", SN_KIND_MATRIX, p->o.tasks, width, first));
    SN_TRY(make_param(p, BIT_WEIGHT, "bits", SN_KIND_MATRIX, width, p->o.bits, first));
    SN_TRY(make_param(p, HIDDEN_BIAS, "hidden_bias", SN_KIND_BIAS, width, 0, first));
    SN_TRY(make_param(p, OUT_WEIGHT, "out", SN_KIND_MATRIX, 2, width, second));
    return make_param(p, OUT_BIAS, "out_bias", SN_KIND_BIAS, 2, 0, second);
}

/* ---- Measurement ---- */

static sn_status make_rows(parity *p, int64_t n, rows *out) {
    out->n = n;
    out->bits = sn_arena_array(&p->arena, (size_t)(n * p->o.bits), sizeof *out->bits);
    out->task = sn_arena_array(&p->arena, (size_t)n, sizeof *out->task);
    out->answer = sn_arena_array(&p->arena, (size_t)n, sizeof *out->answer);
    return out->bits && out->task && out->answer ? SN_OK : sn_fail_memory("examples");
}

static sn_status make_measurement(parity *p) {
    int64_t n = p->o.tasks * p->o.test, shape[2] = {n, p->o.bits};
    sn_value *params[N_PARAMS];
    SN_TRY(make_rows(p, n, &p->test));
    for (int64_t i = 0; i < n; i++) {
        sn_parity_example e = sn_parity_draw(&p->o, p->masks, p->below, i / p->o.test, STREAM_TEST, i);
        put_row(p, &p->test, i, &e);
    }
    SN_TRY(sn_graph_new(&p->graph));
    for (int i = 0; i < N_PARAMS; i++) params[i] = sn_param(p->graph, p->params[i].name, &p->params[i].value);
    sn_value *bits = sn_input(p->graph, "bits", SN_F32, 2, shape), *task = sn_input(p->graph, "task", SN_I32, 1, shape);
    sn_value *out = logits(p->graph, params, bits, task);
    SN_TRY(sn_plan_new(p->graph, &out, 1, &(sn_plan_options){.n_threads = p->o.n_threads}, &p->plan));
    SN_TRY(sn_plan_bind(p->plan, bits, p->test.bits));
    return sn_plan_bind(p->plan, task, p->test.task);
}

static sn_status measure(parity *p, int64_t mark, int64_t step) {
    sn_tensor t;
    double *task_loss = p->r->task_loss + mark * p->o.tasks;
    SN_TRY(sn_plan_run(p->plan));
    SN_TRY(sn_plan_output(p->plan, 0, &t));
    const float *out = t.data;
    p->r->step[mark] = step;
    for (int64_t k = 0; k < p->o.tasks; k++) {
        double sum = 0;
        for (int64_t i = k * p->o.test; i < (k + 1) * p->o.test; i++) {
            double wrong = out[2 * i + 1 - p->test.answer[i]] - (double)out[2 * i + p->test.answer[i]];
            sum += fmax(wrong, 0) + log1p(exp(-fabs(wrong)));
        }
        task_loss[k] = sum / (double)p->o.test / log(2);
        p->r->loss[mark] += p->r->probability[k] * task_loss[k];
    }
    return SN_OK;
}

/* ---- The run ---- */

/* After how many steps mark m is made: 1 first, `steps` last, at equal ratios, each only once. */
static int64_t step_of(const sn_parity_options *o, int64_t m) {
    return (int64_t)llround(pow((double)o->steps, (double)m / (double)(o->marks - 1)));
}

static sn_status train(parity *p, sn_stepper *s) {
    sn_step_result at;
    int64_t mark = 0;
    for (int64_t step = 0; step < p->o.steps; step++) {
        SN_TRY(sn_stepper_run(s, step, &at));
        if (!at.finite) return sn_fail(SN_ERR_NUMERIC, "parity: the loss is not finite at step %lld", (long long)step);
        while (mark < p->o.marks && step_of(&p->o, mark) < step + 1) mark++;
        if (mark < p->o.marks && step_of(&p->o, mark) == step + 1) SN_TRY(measure(p, p->r->n_marks++, step + 1));
        if (p->o.progress && (step + 1) % 50 == 0) p->o.progress(p->o.user, step + 1, p->o.steps);
    }
    return SN_OK;
}

static void sum_up(sn_parity_result *r) {
    double n = 0, x = 0, y = 0, xx = 0, xy = 0;
    for (int64_t k = 0; k < r->options.tasks; k++) {
        int64_t m = r->n_marks;
        while (m > 0 && r->task_loss[(m - 1) * r->options.tasks + k] < 0.5) m--;
        r->learned_at[k] = m < r->n_marks ? r->step[m] : -1;
        if (r->learned_at[k] < 0) continue;
        double u = log(r->probability[k]), v = log((double)r->learned_at[k]);
        n++, x += u, y += v, xx += u * u, xy += u * v;
        r->learned++;
    }
    r->time_exponent = n > 2 ? (n * xy - x * y) / (n * xx - x * x) : NAN;
}

static sn_status prepare(parity *p) {
    const sn_parity_options *o = &p->o;
    const sn_quanta q = {.gamma = o->gamma, .tasks = o->tasks};
    p->masks = sn_arena_array(&p->arena, (size_t)o->tasks, sizeof *p->masks);
    p->below = sn_arena_array(&p->arena, (size_t)o->tasks, sizeof *p->below);
    if (!p->masks || !p->below) return sn_fail_memory("tasks");
    for (int64_t k = 0; k < o->tasks; k++) {
        p->masks[k] = sn_parity_mask(o, k);
        p->r->probability[k] = sn_quanta_probability(&q, k + 1);
        p->below[k] = p->r->probability[k] + (k > 0 ? p->below[k - 1] : 0);
    }
    SN_TRY(make_network(p));
    SN_TRY(make_rows(p, o->batch, &p->train));
    int64_t shape[2] = {o->batch, o->bits};
    p->batch.n = 3;
    p->batch.item[0].name = "bits", p->batch.item[0].tensor = sn_tensor_make(SN_F32, 2, shape, p->train.bits);
    p->batch.item[1].name = "task", p->batch.item[1].tensor = sn_tensor_make(SN_I32, 1, shape, p->train.task);
    p->batch.item[2].name = "answer", p->batch.item[2].tensor = sn_tensor_make(SN_I32, 1, shape, p->train.answer);
    return make_measurement(p);
}

static sn_status run(parity *p) {
    const sn_objective objective = {.name = "parity", .loss = loss};
    const sn_source source = {.name = "parity", .user = p, .batch = &p->batch, .n_items = p->o.batch, .fill = fill};
    sn_step_entry entry = {.objective = &objective,
                           .source = &source,
                           .rule = sn_rule_find("adamw"),
                           .schedule = {.name = "constant", .peak = p->o.rate, .steps = p->o.steps}};
    sn_stepper *s = NULL;
    SN_TRY(prepare(p));
    sn_rule_defaults(entry.rule, entry.settings);
    SN_TRY(sn_rule_set(entry.rule, "weight_decay", 0, entry.settings));
    const sn_stepper_options options = {.n_threads = p->o.n_threads, .cancel = p->o.cancel};
    sn_status status = sn_stepper_new(p->params, N_PARAMS, &entry, 1, &options, &s);
    if (status == SN_OK) status = train(p, s);
    sn_stepper_free(s);
    if (status == SN_OK) sum_up(p->r);
    return status;
}

static void fill_zeros(sn_parity_options *o) {
    if (o->tasks == 0) o->tasks = 16;
    if (o->bits == 0) o->bits = 16;
    if (o->subset == 0) o->subset = 3;
    if (o->gamma == 0) o->gamma = 0.4;
    if (o->width == 0) o->width = 128;
    if (o->batch == 0) o->batch = 512;
    if (o->steps == 0) o->steps = 10000;
    if (o->marks == 0) o->marks = 60;
    if (o->test == 0) o->test = 256;
    if (o->rate == 0) o->rate = 1e-3;
}

static sn_status check(const sn_parity_options *o) {
    enum { MOST = 1 << 20 };
    if (o->tasks < 1 || o->tasks > 4096 || o->bits < 1 || o->bits > 64 || o->subset < 1 || o->subset > o->bits)
        return sn_fail(SN_ERR_ARGUMENT, "parity: %lld tasks of %lld among %lld bits: at most 4096, and 64 bits",
                       (long long)o->tasks, (long long)o->subset, (long long)o->bits);
    if (!(o->gamma > 0 && o->gamma < 100) || !(o->rate > 0 && o->rate < 100))
        return sn_fail(SN_ERR_ARGUMENT, "parity: gamma %g or rate %g: above 0, below 100", o->gamma, o->rate);
    if (o->width < 1 || o->width > MOST || o->batch < 1 || o->batch > MOST || o->test < 1 || o->tasks * o->test > MOST)
        return sn_fail(SN_ERR_ARGUMENT, "parity: width, batch or test examples out of range (1 to %d)", MOST);
    if (o->steps < 2 || o->marks < 2 || o->marks > 4096)
        return sn_fail(SN_ERR_ARGUMENT, "parity: at least two steps and 2 to 4096 marks are wanted");
    return SN_OK;
}

sn_status sn_parity_run(const sn_parity_options *options, sn_parity_result *out) {
    sn_parity_result r = {.options = *options};
    fill_zeros(&r.options);
    SN_TRY(check(&r.options));
    size_t marks = (size_t)r.options.marks, tasks = (size_t)r.options.tasks;
    parity p = {.o = r.options, .r = &r};
    r.step = sn_calloc(marks, sizeof *r.step);
    r.loss = sn_calloc(marks, sizeof *r.loss);
    r.task_loss = sn_calloc(marks * tasks, sizeof *r.task_loss);
    r.probability = sn_calloc(tasks, sizeof *r.probability);
    r.learned_at = sn_calloc(tasks, sizeof *r.learned_at);
    bool have = r.step && r.loss && r.task_loss && r.probability && r.learned_at;
    sn_status status = have ? run(&p) : sn_fail_memory("an experiment");
    sn_plan_free(p.plan);
    sn_graph_free(p.graph);
    sn_arena_free(&p.arena);
    if (status == SN_OK)
        *out = r;
    else
        sn_parity_free(&r);
    return status;
}

void sn_parity_free(sn_parity_result *r) {
    if (!r) return;
    sn_free(r->step);
    sn_free(r->loss);
    sn_free(r->task_loss);
    sn_free(r->probability);
    sn_free(r->learned_at);
    *r = (sn_parity_result){0};
}
