/* Gradients of every architecture's loss, as training computes them, against differences of the definition in double;
 * InvLeaky ReRoPE too, through both of its branches. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "arch_rows.h"
#include "train/objective_lm.h"

enum { length = 20, most_params = 64 };

static int32_t tokens[length], targets[length];

/* Mean loss by the definition. */
static double plain_loss(const sn_model *m, const plain_pairs *pairs) {
    int64_t v = m->config.n_vocab;
    double *logits = plain_arch_logits(m, pairs, tokens, length), loss = 0;
    for (int64_t i = 0; i < length; i++) {
        double max = -INFINITY, sum = 0;
        for (int64_t k = 0; k < v; k++) max = fmax(max, logits[i * v + k]);
        for (int64_t k = 0; k < v; k++) sum += exp(logits[i * v + k] - max);
        loss += (max + log(sum) - logits[i * v + targets[i]]) / length;
    }
    free(logits);
    return loss;
}

typedef struct trained {
    sn_model *m;
    sn_arena arena;
    sn_model_param *list;
    int64_t n;
    sn_graph *g;
    sn_plan *plan;
} trained;

/* The loss and all gradients, computed once; outputs 0 and 1 + parameter. */
static void trained_init(trained *t, sn_model *m, const char *spec) {
    static int32_t sequences[4] = {0, length, 0, 0}, positions[length], step[1];
    sn_value *params[most_params], *outputs[most_params + 1], *loss;
    sn_lm_options options = {.batch = 1, .context = length};
    sn_extend *extend = NULL;
    sn_lm_objective *lm = NULL;
    memset(t, 0, sizeof *t);
    t->m = m;
    for (int i = 0; i < length; i++) positions[i] = i;
    if (spec) assert_ok(sn_extend_parse(spec, &extend));
    options.extend = extend;
    assert_ok(sn_lm_objective_new(m, &options, &lm));
    sn_extend_free(extend);
    assert_ok(sn_model_params(m, &t->arena, &t->list, &t->n));
    assert_true(t->n <= most_params);
    assert_ok(sn_graph_new(&t->g));
    for (int64_t i = 0; i < t->n; i++) params[i] = sn_param(t->g, t->list[i].name, &t->list[i].value);
    sn_value *in[] = {sn_input(t->g, "tokens", SN_I32, 1, (int64_t[]){length}),
                      sn_input(t->g, "targets", SN_I32, 1, (int64_t[]){length}),
                      sn_input(t->g, "sequences", SN_I32, 2, (int64_t[]){1, 4}),
                      sn_input(t->g, "positions", SN_I32, 1, (int64_t[]){length}),
                      sn_input(t->g, "step", SN_I32, 0, NULL)};
    const void *data[] = {tokens, targets, sequences, positions, step};
    const sn_objective *o = sn_lm_objective_get(lm);
    loss = o->loss(o->user, t->g, params, in, in[4]);
    outputs[0] = loss;
    assert_ok(sn_grad(t->g, loss, params, (int)t->n, outputs + 1));
    assert_ok(sn_plan_new(t->g, outputs, (int)t->n + 1, &(sn_plan_options){.n_threads = 1}, &t->plan));
    for (int i = 0; i < 5; i++) assert_ok(sn_plan_bind(t->plan, in[i], data[i]));
    assert_ok(sn_plan_run(t->plan));
    /* the tables of the objective are read by the run alone */
    sn_lm_objective_free(lm);
}

static void trained_free(trained *t) {
    sn_plan_free(t->plan);
    sn_graph_free(t->g);
    sn_arena_free(&t->arena);
    sn_model_free(t->m);
}

/* d loss / d w[k] by a difference in double. */
static double difference(const sn_model *m, const plain_pairs *pairs, float *w) {
    const float kept = *w;
    *w = kept + 0x1p-9f;
    double up = *w, above = plain_loss(m, pairs);
    *w = kept - 0x1p-9f;
    double down = *w, below = plain_loss(m, pairs);
    *w = kept;
    return (above - below) / (up - down);
}

static void check(const char *name, trained *t, const plain_pairs *pairs) {
    sn_tensor out;
    assert_ok(sn_plan_output(t->plan, 0, &out));
    assert_true(fabs((double)*(const float *)out.data - plain_loss(t->m, pairs)) < 1e-5);
    for (int64_t p = 0; p < t->n; p++) {
        if (t->list[p].layer == 1 || t->list[p].layer == 2) continue;
        sn_tensor value = t->list[p].value;
        assert_ok(sn_plan_output(t->plan, (int)p + 1, &out));
        const float *g = out.data;
        int64_t n = sn_tensor_count(&value), at[2] = {0, (p * 31 + 7) % n};
        for (int64_t k = 0; k < n; k++)
            if (fabsf(g[k]) > fabsf(g[at[0]])) at[0] = k;
        for (int k = 0; k < 2; k++) {
            double expected = difference(t->m, pairs, (float *)value.data + at[k]), got = (double)g[at[k]];
            if (!(fabs(got - expected) <= 2e-5 + 2e-3 * fabs(expected)))
                fail_msg("%s: %s[%d]: gradient %g, difference %g", name, t->list[p].name, (int)at[k], got, expected);
        }
    }
}

static void every_architecture_has_its_gradient(void **state) {
    (void)state;
    for (int row = 0; row < N_ROWS; row++) {
        trained t;
        trained_init(&t, make(row), NULL);
        check(rows[row].name, &t, NULL);
        trained_free(&t);
    }
}

static sn_model *plain_model(void) {
    sn_model *m = NULL;
    sn_model_config c = base();
    assert_ok(sn_model_create(&c, &(sn_model_init){.scheme = "fan_in"}, 11, &m));
    return m;
}

static void inverse_leaky_has_its_gradient(void **state) {
    (void)state;
    plain_pairs pairs[n_layers];
    trained t, plain;
    trained_init(&t, plain_model(), "leaky:window=6,factor=0.0625");
    for (int i = 0; i < n_layers; i++) {
        pairs[i] = plain_pairs_of(&t.m->config, i);
        pairs[i].near_window = 6, pairs[i].leak = 16;
    }
    check("inverse leaky", &t, pairs);
    trained_free(&t);
    trained_init(&t, plain_model(), "leaky:window=6,factor=1");
    trained_init(&plain, plain_model(), NULL);
    for (int64_t p = 0; p <= t.n; p++) {
        sn_tensor a, b;
        assert_ok(sn_plan_output(t.plan, (int)p, &a));
        assert_ok(sn_plan_output(plain.plan, (int)p, &b));
        for (int64_t k = 0; k < sn_tensor_count(&a); k++)
            assert_true(fabsf(((const float *)a.data)[k] - ((const float *)b.data)[k]) < 1e-6f);
    }
    trained_free(&t);
    trained_free(&plain);
}

/* The full layers of HWFA2 by ReRoPE in training form: windowed layers keep theirs, and so do the gradients. */
static void methods_train_full_layers_alone(void **state) {
    (void)state;
    plain_pairs pairs[n_layers];
    trained t;
    trained_init(&t, make(1), "leaky:window=5,factor=0.5");
    for (int i = 0; i < n_layers; i++) {
        pairs[i] = plain_pairs_of(&t.m->config, i);
        if (!t.m->config.layer_windowed[i]) pairs[i].near_window = 5, pairs[i].leak = 2;
    }
    check("hwfa2 by leaky", &t, pairs);
    trained_free(&t);
}

static int setup(void **state) {
    (void)state;
    random_tokens(4, 50, tokens, length);
    random_tokens(5, 50, targets, length);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_architecture_has_its_gradient),
        cmocka_unit_test(inverse_leaky_has_its_gradient),
        cmocka_unit_test(methods_train_full_layers_alone),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
