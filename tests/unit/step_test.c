/* Training steps against hand-written loops in double: rules, accumulation, clipping, averages, what happens
 * to numbers that are not finite, cancellation, lists of several entries. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/philox.h"
#include "train/step.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { N_IN = 3, N_HIDDEN = 7, N_OUT = 2, N_PARAMS = 4, MOST_ROWS = 16 };

/* ---- a source of pairs ---- */

typedef struct pairs {
    int64_t rows;
    float x[MOST_ROWS * N_IN], y[MOST_ROWS * N_OUT];
    sn_batch batch;
    sn_source source;
    int64_t bad_index; /* this micro-batch has a NaN; -1: none */
    int *cancel;       /* set at micro-batch cancel_at */
    int64_t cancel_at;
} pairs;

static double x_of(int64_t i) { return 2 * sn_uniform_f64(3, 0, (uint64_t)i) - 1; }
static double y_of(int64_t i) { return 2 * sn_uniform_f64(3, 1, (uint64_t)i) - 1; }

static sn_status fill_pairs(void *user, int64_t index) {
    pairs *p = user;
    for (int64_t i = 0; i < p->rows * N_IN; i++) p->x[i] = (float)x_of(index * p->rows * N_IN + i);
    for (int64_t i = 0; i < p->rows * N_OUT; i++) p->y[i] = (float)y_of(index * p->rows * N_OUT + i);
    if (index == p->bad_index) p->x[1] = NAN;
    if (p->cancel && index == p->cancel_at) *p->cancel = 1;
    return SN_OK;
}

static void pairs_init(pairs *p, int64_t rows) {
    *p = (pairs){.rows = rows, .bad_index = -1};
    p->batch.n = 2;
    p->batch.item[0].name = "x";
    p->batch.item[0].tensor = sn_tensor_make(SN_F32, 2, (int64_t[]){rows, N_IN}, p->x);
    p->batch.item[1].name = "y";
    p->batch.item[1].tensor = sn_tensor_make(SN_F32, 2, (int64_t[]){rows, N_OUT}, p->y);
    p->source = (sn_source){.name = "pairs", .user = p, .batch = &p->batch, .n_items = rows, .fill = fill_pairs};
}

/* ---- a small net: y ~ w2 tanh(w1 x + b1) + b2 ---- */

static const int64_t shapes[N_PARAMS][2] = {{N_HIDDEN, N_IN}, {N_HIDDEN, 0}, {N_OUT, N_HIDDEN}, {N_OUT, 0}};
static const char *const names[N_PARAMS] = {"w1", "b1", "w2", "b2"};

typedef struct net {
    float data[N_PARAMS][N_HIDDEN * N_HIDDEN];
    sn_train_param params[N_PARAMS];
} net;

static int64_t count_of(int i) { return shapes[i][0] * (shapes[i][1] ? shapes[i][1] : 1); }

static void net_init(net *t) {
    for (int i = 0; i < N_PARAMS; i++) {
        bool vector = shapes[i][1] == 0;
        for (int64_t k = 0; k < count_of(i); k++)
            t->data[i][k] = (float)(sn_uniform_f64(5, (uint64_t)i, (uint64_t)k) - 0.5);
        t->params[i] = (sn_train_param){names[i], vector ? SN_KIND_BIAS : SN_KIND_MATRIX,
                                        sn_tensor_make(SN_F32, vector ? 1 : 2, shapes[i], t->data[i])};
    }
}

static sn_value *net_loss(void *user, sn_graph *g, sn_value *const *p, sn_value *const *in, sn_value *step) {
    const double *dropout = user;
    sn_value *h = sn_tanh(g, sn_linear(g, in[0], p[0], p[1]));
    if (dropout && step) h = sn_dropout(g, h, *dropout, 9, step);
    return sn_mean_all(g, sn_square(g, sn_sub(g, sn_linear(g, h, p[2], p[3]), in[1])));
}
static const sn_objective net_objective = {"net", NULL, net_loss};

static sn_step_entry entry_of(const char *rule, pairs *p) {
    const sn_rule_def *def = sn_rule_find(rule);
    assert_non_null(def);
    sn_step_entry e = {.objective = &net_objective,
                       .source = &p->source,
                       .rule = def,
                       .schedule = {.name = "constant", .peak = 0.05, .steps = 100}};
    sn_rule_defaults(def, e.settings);
    return e;
}

static void set(sn_step_entry *e, const char *name, double value) {
    assert_int_equal(sn_rule_set(e->rule, name, value, e->settings), SN_OK);
}

static sn_stepper *stepper_of(const net *t, const sn_step_entry *entries, int n, sn_stepper_options options) {
    sn_stepper *s = NULL;
    if (options.n_threads == 0) options.n_threads = 1;
    if (sn_stepper_new(t->params, N_PARAMS, entries, n, &options, &s) != SN_OK) fail_msg("%s", sn_last_error());
    return s;
}

static sn_step_result run_step(sn_stepper *s, int64_t step) {
    sn_step_result r;
    if (sn_stepper_run(s, step, &r) != SN_OK) fail_msg("%s", sn_last_error());
    return r;
}

/* ---- the same in double ---- */

typedef struct oracle {
    double p[N_PARAMS][N_HIDDEN * N_HIDDEN], g[N_PARAMS][N_HIDDEN * N_HIDDEN], m[N_PARAMS][N_HIDDEN * N_HIDDEN],
        v[N_PARAMS][N_HIDDEN * N_HIDDEN];
} oracle;

static void oracle_init(oracle *o, const net *t) {
    memset(o, 0, sizeof *o);
    for (int i = 0; i < N_PARAMS; i++)
        for (int64_t k = 0; k < count_of(i); k++) o->p[i][k] = (double)t->data[i][k];
}

/* The loss over rows [first, first + n) of the stream, and its gradient in o->g. */
static double oracle_gradient(oracle *o, int64_t first, int64_t n) {
    double loss = 0;
    memset(o->g, 0, sizeof o->g);
    for (int64_t r = first; r < first + n; r++) {
        double h[N_HIDDEN], dh[N_HIDDEN] = {0};
        for (int j = 0; j < N_HIDDEN; j++) {
            h[j] = o->p[1][j];
            for (int k = 0; k < N_IN; k++) h[j] += o->p[0][j * N_IN + k] * (double)(float)x_of(r * N_IN + k);
            h[j] = tanh(h[j]);
        }
        for (int i = 0; i < N_OUT; i++) {
            double e = o->p[3][i] - (double)(float)y_of(r * N_OUT + i);
            for (int j = 0; j < N_HIDDEN; j++) e += o->p[2][i * N_HIDDEN + j] * h[j];
            loss += e * e / (double)(n * N_OUT);
            double d = 2 * e / (double)(n * N_OUT);
            o->g[3][i] += d;
            for (int j = 0; j < N_HIDDEN; j++) {
                o->g[2][i * N_HIDDEN + j] += d * h[j];
                dh[j] += d * o->p[2][i * N_HIDDEN + j];
            }
        }
        for (int j = 0; j < N_HIDDEN; j++) {
            double d = dh[j] * (1 - h[j] * h[j]);
            o->g[1][j] += d;
            for (int k = 0; k < N_IN; k++) o->g[0][j * N_IN + k] += d * (double)(float)x_of(r * N_IN + k);
        }
    }
    return loss;
}

static double oracle_norm(const oracle *o) {
    double sum = 0;
    for (int i = 0; i < N_PARAMS; i++)
        for (int64_t k = 0; k < count_of(i); k++) sum += o->g[i][k] * o->g[i][k];
    return sqrt(sum);
}

typedef void (*update_fn)(double *p, double *m, double *v, double g, int64_t t, double decay);

static void oracle_update(oracle *o, update_fn update, int64_t step, double decay, double scale) {
    for (int i = 0; i < N_PARAMS; i++)
        for (int64_t k = 0; k < count_of(i); k++)
            update(&o->p[i][k], &o->m[i][k], &o->v[i][k], scale * o->g[i][k], step + 1, shapes[i][1] ? decay : 0);
}

static void sgd(double *p, double *m, double *v, double g, int64_t t, double decay) {
    (void)v, (void)t;
    *m = 0.9 * *m + g;
    *p -= 0.05 * (*m + decay * *p);
}

static void adamw(double *p, double *m, double *v, double g, int64_t t, double decay) {
    *m = 0.9 * *m + 0.1 * g;
    *v = 0.999 * *v + 0.001 * g * g;
    double mh = *m / (1 - pow(0.9, (double)t)), vh = *v / (1 - pow(0.999, (double)t));
    *p -= 0.05 * (mh / (sqrt(vh) + 1e-8) + decay * *p);
}

static void expect_params(const net *t, const oracle *o, double tolerance) {
    for (int i = 0; i < N_PARAMS; i++)
        for (int64_t k = 0; k < count_of(i); k++)
            if (!(fabs((double)t->data[i][k] - o->p[i][k]) <= tolerance))
                fail_msg("%s[%lld] is %.9g, not %.9g", names[i], (long long)k, (double)t->data[i][k], o->p[i][k]);
}

/* 20 steps of `accumulate` micro-batches of `rows` rows; clip 0: none. */
static void against_oracle(const char *rule, update_fn update, int64_t accumulate, int64_t rows, double clip) {
    const double decay = 0.1;
    net t;
    pairs p;
    oracle o;
    net_init(&t);
    pairs_init(&p, rows);
    oracle_init(&o, &t);
    sn_step_entry e = entry_of(rule, &p);
    e.clip = clip;
    set(&e, "weight_decay", decay);
    sn_stepper *s = stepper_of(&t, &e, 1, (sn_stepper_options){.accumulate = accumulate});
    int n_clipped = 0;
    for (int64_t step = 0; step < 20; step++) {
        sn_step_result r = run_step(s, step);
        double loss = oracle_gradient(&o, step * accumulate * rows, accumulate * rows), norm = oracle_norm(&o);
        assert_true(r.finite && fabs(r.loss[0] - loss) < 1e-5 && r.rate[0] == 0.05 && isnan(r.loss[1]));
        if (accumulate > 1 && clip == 0 && e.rule->info.tight)
            assert_true(isnan(r.grad_norm[0])); /* the gradient is nowhere as a whole */
        else
            assert_true(fabs(r.grad_norm[0] - norm) < 1e-5);
        n_clipped += clip > 0 && norm > clip;
        oracle_update(&o, update, step, decay, clip > 0 ? fmin(1, clip / (norm + 1e-6)) : 1);
    }
    if (clip > 0) assert_true(n_clipped > 2 && n_clipped < 20);
    expect_params(&t, &o, 1e-5);
    sn_stepper_free(s);
}

static void rules_match_a_loop_in_double(void **state) {
    (void)state;
    against_oracle("sgd", sgd, 1, 4, 0);
    against_oracle("adamw", adamw, 1, 4, 0);
}

static void micro_batches_add_up_to_a_batch(void **state) {
    (void)state;
    against_oracle("sgd", sgd, 4, 2, 0);
    against_oracle("adamw", adamw, 4, 2, 0);
    against_oracle("adamw", adamw, 3, 5, 0);
}

static void the_global_norm_is_clipped(void **state) {
    (void)state;
    against_oracle("sgd", sgd, 1, 4, 0.6);
    against_oracle("sgd", sgd, 4, 2, 0.6);
    against_oracle("adamw", adamw, 1, 4, 0.6);
    against_oracle("adamw", adamw, 2, 4, 0.6);
}

/* ---- refusals ---- */

static void expect_refused(const net *t, const sn_step_entry *e, sn_stepper_options o, const char *word) {
    sn_stepper *s = NULL;
    assert_int_equal(sn_stepper_new(t->params, N_PARAMS, e, 1, &o, &s), SN_ERR_ARGUMENT);
    assert_null(s);
    if (!strstr(sn_last_error(), word)) fail_msg("\"%s\" does not say %s", sn_last_error(), word);
}

static void what_cannot_be_is_refused(void **state) {
    const double none[N_PARAMS] = {0};
    net t;
    pairs p;
    (void)state;
    net_init(&t);
    pairs_init(&p, 2);
    sn_step_entry e = entry_of("tiger", &p), good = e;
    e.clip = 1;
    expect_refused(&t, &e, (sn_stepper_options){.accumulate = 1}, e.rule->no_clipping);
    e = good, e.rate_factors = none;
    expect_refused(&t, &e, (sn_stepper_options){.accumulate = 1}, "no parameter");
    e = good, e.schedule.peak = -1;
    expect_refused(&t, &e, (sn_stepper_options){.accumulate = 1}, "peak");
    expect_refused(&t, &good, (sn_stepper_options){.accumulate = -1}, "accumulate");
    expect_refused(&t, &good, (sn_stepper_options){.average = 1}, "average");
    t.params[2].value.dtype = SN_BF16;
    expect_refused(&t, &good, (sn_stepper_options){.accumulate = 1}, "w2");
}

/* ---- what is not finite ---- */

/* Parameters, states and averages of a stepper, byte by byte. */
typedef struct snapshot {
    char bytes[16384];
    size_t used;
} snapshot;

static void keep(snapshot *k, const sn_tensor *t) {
    size_t n = (size_t)sn_tensor_bytes(t);
    assert_true(k->used + n <= sizeof k->bytes);
    memcpy(k->bytes + k->used, t->data, n);
    k->used += n;
}

static snapshot snapshot_of(const net *t, const sn_stepper *s) {
    snapshot k = {.used = 0};
    for (int i = 0; i < N_PARAMS; i++) keep(&k, &t->params[i].value);
    for (int64_t i = 0; i < sn_stepper_n_states(s); i++) {
        const char *name;
        sn_tensor tensor;
        assert_int_equal(sn_stepper_state(s, i, &name, &tensor), SN_OK);
        keep(&k, &tensor);
    }
    return k;
}

static void expect_same(const snapshot *a, const snapshot *b) {
    assert_true(a->used == b->used);
    assert_memory_equal(a->bytes, b->bytes, a->used);
}

/* Steps 0, 1, then a bad one that changes nothing, then a good one that does. */
static void survive(const char *rule, int64_t accumulate, double clip) {
    net t;
    pairs p;
    net_init(&t);
    pairs_init(&p, 4);
    p.bad_index = 2 * accumulate + accumulate - 1;
    sn_step_entry e = entry_of(rule, &p);
    e.clip = clip;
    sn_stepper *s = stepper_of(&t, &e, 1, (sn_stepper_options){.accumulate = accumulate, .average = 0.9});
    for (int i = 0; i < 2; i++) assert_true(run_step(s, i).finite);
    snapshot before = snapshot_of(&t, s);
    sn_step_result r = run_step(s, 2);
    assert_true(!r.finite && isnan(r.loss[0]));
    snapshot after = snapshot_of(&t, s);
    expect_same(&before, &after);
    assert_true(run_step(s, 3).finite);
    after = snapshot_of(&t, s);
    assert_true(memcmp(before.bytes, after.bytes, before.used) != 0);
    sn_stepper_free(s);
}

static void a_step_that_is_not_finite_changes_nothing(void **state) {
    (void)state;
    survive("sgd", 1, 0);
    survive("sgd", 1, 0.5);
    survive("sgd", 2, 0.5);
    survive("adamw", 1, 0);
    survive("adamw", 3, 0);
    survive("adamw", 1, 0.5);
    survive("adamw", 2, 0.5);
    survive("lion", 1, 0);
}

/* The loss is finite, and the gradient of w1 and b1 is not: sqrt(|h - h|) has the slope 1/0 * 0. */
static sn_value *steep_loss(void *user, sn_graph *g, sn_value *const *p, sn_value *const *in, sn_value *step) {
    sn_value *h = sn_tanh(g, sn_linear(g, in[0], p[0], p[1]));
    (void)user, (void)step;
    sn_value *zero = sn_sqrt(g, sn_mul(g, h, sn_fill(g, SN_F32, 0, NULL, 0)));
    sn_value *y = sn_linear(g, sn_add(g, h, sn_sub(g, zero, zero)), p[2], p[3]);
    return sn_mean_all(g, sn_square(g, sn_sub(g, y, in[1])));
}

static void broken_gradient(const char *rule, int64_t accumulate, double clip) {
    static const sn_objective objective = {"steep", NULL, steep_loss};
    net t, before;
    pairs p;
    net_init(&t);
    pairs_init(&p, 4);
    before = t;
    sn_step_entry e = entry_of(rule, &p);
    e.objective = &objective;
    e.clip = clip;
    sn_stepper *s = stepper_of(&t, &e, 1, (sn_stepper_options){.accumulate = accumulate});
    sn_step_result r = run_step(s, 0);
    assert_true(isfinite(r.loss[0]) && !r.finite);
    bool whole = e.rule->on_nan || (accumulate == 1 && clip == 0); /* which updates are made */
    for (int i = 0; i < N_PARAMS; i++)
        for (int64_t k = 0; k < count_of(i); k++) {
            assert_true(isfinite(t.data[i][k]));
            if (!e.rule->on_nan && (i < 2 || !whole)) assert_true(t.data[i][k] == before.data[i][k]);
        }
    if (e.rule->on_nan && accumulate == 1) assert_true(fabsf(t.data[0][0] - 0.99f * before.data[0][0]) < 1e-6f);
    sn_stepper_free(s);
}

static void a_gradient_that_is_not_finite_is_noticed(void **state) {
    (void)state;
    for (int64_t accumulate = 1; accumulate <= 2; accumulate++) {
        broken_gradient("adamw", accumulate, 0);
        broken_gradient("adamw", accumulate, 0.5);
        broken_gradient("lion", accumulate, 0);
        broken_gradient("sgd", accumulate, 0);
        broken_gradient("sgd", accumulate, 0.5);
        broken_gradient("tiger", accumulate, 0);
    }
}

/* Tiger: matrices shrink a little, biases towards 0; then it goes on. */
static void tiger_shrinks_on_nan(void **state) {
    net t, before;
    pairs p;
    (void)state;
    net_init(&t);
    pairs_init(&p, 4);
    p.bad_index = 1;
    sn_step_entry e = entry_of("tiger", &p);
    sn_stepper *s = stepper_of(&t, &e, 1, (sn_stepper_options){.accumulate = 1});
    assert_true(run_step(s, 0).finite);
    before = t;
    assert_false(run_step(s, 1).finite);
    for (int i = 0; i < N_PARAMS; i++)
        for (int64_t k = 0; k < count_of(i); k++) assert_true(isfinite(t.data[i][k]));
    assert_true(fabsf(t.data[0][0] - 0.99f * before.data[0][0]) < 1e-6f);
    assert_true(run_step(s, 2).finite);
    sn_stepper_free(s);
}

/* ---- continuing, cancelling ---- */

/* Steps [from, to) and what is there afterwards; the states of `resume` first, if given. */
static snapshot run_steps(net *t, const char *rule, sn_stepper_options o, int64_t from, int64_t to,
                          const snapshot *resume) {
    pairs p;
    double dropout = 0.2;
    pairs_init(&p, 4);
    sn_objective objective = {"net", &dropout, net_loss};
    sn_step_entry e = entry_of(rule, &p);
    e.objective = &objective;
    sn_stepper *s = stepper_of(t, &e, 1, o);
    size_t at = 0;
    for (int i = 0; resume && i < N_PARAMS; i++) {
        size_t n = (size_t)sn_tensor_bytes(&t->params[i].value);
        memcpy(t->data[i], resume->bytes + at, n);
        at += n;
    }
    for (int64_t i = 0; resume && i < sn_stepper_n_states(s); i++) {
        const char *name;
        sn_tensor tensor;
        assert_int_equal(sn_stepper_state(s, i, &name, &tensor), SN_OK);
        memcpy(tensor.data, resume->bytes + at, (size_t)sn_tensor_bytes(&tensor));
        at += (size_t)sn_tensor_bytes(&tensor);
    }
    for (int64_t step = from; step < to; step++) run_step(s, step);
    snapshot k = snapshot_of(t, s);
    sn_stepper_free(s);
    return k;
}

static void a_resumed_run_has_the_same_bits(void **state) {
    static const char *const rules[] = {"adamw", "tiger", "sgd", "lion"};
    (void)state;
    for (int r = 0; r < 4; r++)
        for (int64_t accumulate = 1; accumulate <= 2; accumulate++) {
            sn_stepper_options o = {.accumulate = accumulate, .average = 0.9, .bf16_states = r == 1};
            net whole, halves;
            net_init(&whole);
            net_init(&halves);
            snapshot want = run_steps(&whole, rules[r], o, 0, 8, NULL);
            snapshot first = run_steps(&halves, rules[r], o, 0, 5, NULL);
            net_init(&halves);
            snapshot got = run_steps(&halves, rules[r], o, 5, 8, &first);
            expect_same(&want, &got);
            o.n_threads = 2;
            net_init(&halves);
            got = run_steps(&halves, rules[r], o, 0, 8, NULL);
            expect_same(&want, &got);
        }
}

static void cancelling_leaves_a_whole_state(void **state) {
    static const char *const rules[] = {"adamw", "tiger"};
    (void)state;
    for (int r = 0; r < 2; r++) {
        net t;
        pairs p;
        int cancel = 0;
        net_init(&t);
        pairs_init(&p, 4);
        p.cancel = &cancel, p.cancel_at = 6; /* the third micro-batch of step 1 */
        sn_step_entry e = entry_of(rules[r], &p);
        sn_stepper *s = stepper_of(&t, &e, 1, (sn_stepper_options){.accumulate = 4, .cancel = &cancel});
        run_step(s, 0);
        snapshot before = snapshot_of(&t, s);
        sn_step_result result;
        sn_status status = sn_stepper_run(s, 1, &result);
        snapshot after = snapshot_of(&t, s);
        if (r == 0) {
            assert_int_equal(status, SN_ERR_CANCELLED);
            expect_same(&before, &after);
        } else { /* its momentum has changed: the step is carried through */
            assert_int_equal(status, SN_OK);
            before = after;
        }
        assert_int_equal(sn_stepper_run(s, 2, &result), SN_ERR_CANCELLED);
        after = snapshot_of(&t, s);
        expect_same(&before, &after);
        sn_stepper_free(s);
    }
}

/* ---- averages, evaluation, names ---- */

static void an_average_follows_the_weights(void **state) {
    net t;
    pairs p;
    double average[N_PARAMS][N_HIDDEN * N_HIDDEN];
    (void)state;
    net_init(&t);
    pairs_init(&p, 4);
    for (int i = 0; i < N_PARAMS; i++)
        for (int64_t k = 0; k < count_of(i); k++) average[i][k] = (double)t.data[i][k];
    sn_step_entry e = entry_of("adamw", &p);
    sn_stepper *s = stepper_of(&t, &e, 1, (sn_stepper_options){.average = 0.8});
    for (int64_t step = 0; step < 10; step++) {
        run_step(s, step);
        for (int i = 0; i < N_PARAMS; i++)
            for (int64_t k = 0; k < count_of(i); k++) average[i][k] = 0.8 * average[i][k] + 0.2 * (double)t.data[i][k];
    }
    for (int i = 0; i < N_PARAMS; i++) {
        sn_tensor kept;
        assert_int_equal(sn_stepper_average(s, i, &kept), SN_OK);
        for (int64_t k = 0; k < count_of(i); k++)
            assert_true(fabs((double)((const float *)kept.data)[k] - average[i][k]) < 1e-5);
    }
    const char *name;
    sn_tensor tensor;
    assert_true(sn_stepper_n_states(s) == 3 * N_PARAMS);
    assert_int_equal(sn_stepper_state(s, 0, &name, &tensor), SN_OK);
    assert_string_equal(name, "adamw.m.w1");
    assert_int_equal(sn_stepper_state(s, 1, &name, &tensor), SN_OK);
    assert_string_equal(name, "adamw.v.w1");
    assert_int_equal(sn_stepper_state(s, 2 * N_PARAMS, &name, &tensor), SN_OK);
    assert_string_equal(name, "average.w1");
    assert_int_equal(sn_stepper_state(s, 3 * N_PARAMS, &name, &tensor), SN_ERR_ARGUMENT);
    sn_stepper_free(s);
}

static void evaluation_drops_nothing_and_changes_nothing(void **state) {
    net t;
    pairs p, other;
    oracle o;
    double dropout = 0.5, loss, want = 0;
    (void)state;
    net_init(&t);
    pairs_init(&p, 4);
    pairs_init(&other, 4);
    oracle_init(&o, &t);
    sn_objective objective = {"net", &dropout, net_loss};
    sn_step_entry e = entry_of("adamw", &p);
    e.objective = &objective;
    sn_stepper *s = stepper_of(&t, &e, 1, (sn_stepper_options){.accumulate = 2});
    snapshot before = snapshot_of(&t, s);
    for (int64_t i = 3; i < 6; i++) want += oracle_gradient(&o, i * 4, 4) / 3;
    assert_int_equal(sn_stepper_evaluate(s, 0, &other.source, 3, 6, &loss), SN_OK);
    assert_true(fabs(loss - want) < 1e-6);
    snapshot after = snapshot_of(&t, s);
    expect_same(&before, &after);
    assert_true(fabs(run_step(s, 0).loss[0] - oracle_gradient(&o, 0, 8)) > 1e-4); /* with dropout */
    pairs_init(&other, 5);
    assert_int_equal(sn_stepper_evaluate(s, 0, &other.source, 0, 1, &loss), SN_ERR_SHAPE);
    sn_stepper_free(s);
}

/* ---- several entries: a game ---- */

/* Discriminator d x, generator a z: loss of d is mean((d x - 1)^2 + (d stop(a z))^2), of a mean((d a z - 1)^2). */
static sn_value *judge_loss(void *user, sn_graph *g, sn_value *const *p, sn_value *const *in, sn_value *step) {
    (void)user, (void)step;
    sn_value *fake = sn_stop_gradient(g, sn_mul(g, in[1], p[1]));
    sn_value *real_part = sn_square(g, sn_scale(g, sn_mul(g, in[0], p[0]), 1, -1));
    return sn_add(g, sn_mean_all(g, real_part), sn_mean_all(g, sn_square(g, sn_mul(g, fake, p[0]))));
}
static sn_value *forge_loss(void *user, sn_graph *g, sn_value *const *p, sn_value *const *in, sn_value *step) {
    (void)user, (void)step;
    return sn_mean_all(g, sn_square(g, sn_scale(g, sn_mul(g, sn_mul(g, in[1], p[1]), p[0]), 1, -1)));
}

static void a_game_of_two_entries(void **state) {
    enum { rows = 4 };
    const int64_t one = 1;
    static const sn_objective judge = {"judge", NULL, judge_loss}, forge = {"forge", NULL, forge_loss};
    float d = 0.5f, a = -0.25f;
    pairs p;
    (void)state;
    const sn_train_param params[] = {{"d", SN_KIND_MATRIX, sn_tensor_make(SN_F32, 1, &one, &d)},
                                     {"a", SN_KIND_MATRIX, sn_tensor_make(SN_F32, 1, &one, &a)}};
    const double only_d[] = {1, 0}, only_a[] = {0, 0.5};
    pairs_init(&p, rows);
    p.batch.item[0].tensor = sn_tensor_make(SN_F32, 1, &(int64_t){rows}, p.x);
    p.batch.item[1].tensor = sn_tensor_make(SN_F32, 1, &(int64_t){rows}, p.y);
    sn_step_entry entries[2] = {entry_of("sgd", &p), entry_of("lion", &p)};
    entries[0].objective = &judge, entries[0].rate_factors = only_d;
    set(&entries[0], "momentum", 0);
    entries[1].objective = &forge, entries[1].rate_factors = only_a, entries[1].period = 3;
    sn_stepper *s = NULL;
    if (sn_stepper_new(params, 2, entries, 2, &(sn_stepper_options){.n_threads = 1}, &s) != SN_OK)
        fail_msg("%s", sn_last_error());
    double wd = (double)d, wa = (double)a, m = 0;
    for (int64_t step = 0; step < 12; step++) {
        sn_step_result r = run_step(s, step);
        double gd = 0, ga = 0;
        fill_pairs(&p, step);
        for (int i = 0; i < rows; i++) {
            double x = (double)p.x[i], f = wa * (double)p.y[i];
            gd += (2 * (wd * x - 1) * x + 2 * wd * f * f) / rows;
        }
        wd -= 0.05 * gd;
        assert_true(isnan(r.loss[1]) == (step % 3 != 0));
        if (step % 3 == 0) {
            fill_pairs(&p, step / 3);
            for (int i = 0; i < rows; i++) ga += 2 * (wd * wa * (double)p.y[i] - 1) * wd * (double)p.y[i] / rows;
            double direction = 0.9 * m + 0.1 * ga;
            wa -= 0.5 * 0.05 * (double)((direction > 0) - (direction < 0));
            m = 0.99 * m + 0.01 * ga;
        }
        assert_true(fabs((double)d - wd) < 1e-5 && fabs((double)a - wa) < 1e-5);
    }
    const char *name;
    sn_tensor tensor;
    assert_true(sn_stepper_n_states(s) == 2);
    assert_int_equal(sn_stepper_state(s, 1, &name, &tensor), SN_OK);
    assert_string_equal(name, "2.lion.m.a");
    sn_stepper_free(s);
}

/* ---- profile, failing allocations ---- */

static void a_profile_counts_the_nodes(void **state) {
    net t;
    pairs p;
    sn_step_profile rows[64];
    bool found = false;
    (void)state;
    net_init(&t);
    pairs_init(&p, 4);
    sn_step_entry e = entry_of("adamw", &p);
    sn_stepper *s = stepper_of(&t, &e, 1, (sn_stepper_options){.accumulate = 3, .profile = true});
    run_step(s, 0);
    run_step(s, 1);
    int64_t n = sn_stepper_profile(s, rows, 64);
    assert_true(n > 3);
    for (int64_t i = 0; i < n; i++) {
        if (i) assert_true(rows[i].seconds <= rows[i - 1].seconds);
        if (strcmp(rows[i].op, "accumulate") != 0) continue;
        found = true;
        assert_true(rows[i].count == 3 * N_PARAMS && rows[i].bytes > 0);
    }
    assert_true(found);
    assert_true(sn_stepper_profile(s, rows, 2) == 2);
    sn_stepper_free(s);
}

static sn_status whole_life(void) {
    net t;
    pairs p;
    sn_stepper *s = NULL;
    sn_step_result r;
    double loss;
    net_init(&t);
    pairs_init(&p, 4);
    sn_step_entry e = entry_of("adamw", &p);
    e.clip = 1;
    const sn_stepper_options o = {.accumulate = 2, .average = 0.9, .n_threads = 1};
    sn_status status = sn_stepper_new(t.params, N_PARAMS, &e, 1, &o, &s);
    if (status == SN_OK) status = sn_stepper_run(s, 0, &r);
    if (status == SN_OK) status = sn_stepper_evaluate(s, 0, &p.source, 0, 1, &loss);
    sn_stepper_free(s);
    return status;
}

static void every_failing_allocation_is_an_error(void **state) {
    (void)state;
    for (int64_t n = 0;; n++) {
        sn_alloc_fail_after(n);
        sn_status status = whole_life();
        sn_alloc_fail_after(-1);
        if (status == SN_OK) break;
        if (status != SN_ERR_MEMORY) fail_msg("request %lld: %s", (long long)n, sn_last_error());
        assert_true(n < 100000);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_match_a_loop_in_double),
        cmocka_unit_test(micro_batches_add_up_to_a_batch),
        cmocka_unit_test(the_global_norm_is_clipped),
        cmocka_unit_test(what_cannot_be_is_refused),
        cmocka_unit_test(a_step_that_is_not_finite_changes_nothing),
        cmocka_unit_test(a_gradient_that_is_not_finite_is_noticed),
        cmocka_unit_test(tiger_shrinks_on_nan),
        cmocka_unit_test(a_resumed_run_has_the_same_bits),
        cmocka_unit_test(cancelling_leaves_a_whole_state),
        cmocka_unit_test(an_average_follows_the_weights),
        cmocka_unit_test(evaluation_drops_nothing_and_changes_nothing),
        cmocka_unit_test(a_game_of_two_entries),
        cmocka_unit_test(a_profile_counts_the_nodes),
        cmocka_unit_test(every_failing_allocation_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
