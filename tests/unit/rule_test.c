/* Update rules against torch's optimizers (tools/oracles/optimizers.py), against traces in double written from the
 * definitions, and against what must not change a trajectory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/philox.h"
#include "optim/rule.h"
#include "suan/graph.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { most = 64, n_kinds = 4 };
static const sn_param_kind kinds[n_kinds] = {SN_KIND_MATRIX, SN_KIND_EMBEDDING, SN_KIND_GAIN, SN_KIND_BIAS};

/* One parameter [rows, columns] under a rule. */
typedef struct trainee {
    const sn_rule_def *rule;
    double settings[SN_RULE_MAX_SETTINGS];
    int64_t rows, columns, n;
    float p[most], g[most], state[SN_RULE_MAX_STATES][most], scalars[SN_RULE_SCALARS];
    sn_graph *graph;
    sn_plan *plan;
} trainee;

static trainee *begin(const char *rule, sn_param_kind kind, int64_t rows, int64_t columns, const double *settings) {
    trainee *t = calloc(1, sizeof *t);
    int64_t shape[2] = {rows, columns}, eight = SN_RULE_SCALARS;
    t->rule = sn_rule_find(rule);
    assert_non_null(t->rule);
    t->rows = rows, t->columns = columns, t->n = rows * columns;
    sn_rule_defaults(t->rule, t->settings);
    for (int i = 0; settings && i < t->rule->info.n_settings; i++) t->settings[i] = settings[i];
    assert_int_equal(sn_graph_new(&t->graph), SN_OK);
    sn_tensor p = sn_tensor_make(SN_F32, 2, shape, t->p);
    sn_rule_target target = {.param = sn_param(t->graph, "p", &p), .kind = kind, .rate_factor = 1};
    for (int k = 0; k < t->rule->info.n_states; k++) {
        sn_tensor state = sn_tensor_make(SN_F32, 2, shape, t->state[k]);
        target.states[k] = sn_param(t->graph, "state", &state);
    }
    target.grad = sn_input(t->graph, "g", SN_F32, 2, shape);
    target.scalars = sn_input(t->graph, "scalars", SN_F32, 1, &eight);
    sn_value *after = t->rule->update(t->graph, t->settings, &target);
    assert_int_equal(sn_plan_new(t->graph, &after, 1, &(sn_plan_options){.n_threads = 1}, &t->plan), SN_OK);
    assert_int_equal(sn_plan_bind(t->plan, target.grad, t->g), SN_OK);
    assert_int_equal(sn_plan_bind(t->plan, target.scalars, t->scalars), SN_OK);
    return t;
}

static void end(trainee *t) {
    sn_plan_free(t->plan);
    sn_graph_free(t->graph);
    free(t);
}

static void step(trainee *t, int64_t micro_step, int64_t accumulate, double rate) {
    int64_t micro = micro_step % accumulate;
    sn_rule_clock clock = {micro_step / accumulate, micro == 0, micro == accumulate - 1, accumulate, rate};
    t->rule->scalars(t->settings, &clock, t->scalars);
    assert_int_equal(sn_plan_run(t->plan), SN_OK);
}

static double random_number(uint64_t stream, int64_t i) { return 2 * sn_uniform_f64(5, stream, (uint64_t)i) - 1; }

static void fill(float *x, int64_t n, uint64_t stream, double factor) {
    for (int64_t i = 0; i < n; i++) x[i] = (float)random_number(stream, i) * (float)factor;
}

static void assert_near(double got, double want, double tolerance) {
    if (!(fabs(got - want) <= tolerance)) fail_msg("%.9g is not %.9g", got, want);
}

static void expect_same_bits(const void *a, const void *b, int64_t n) {
    assert_memory_equal(a, b, (size_t)n * sizeof(float));
}

/* ---- torch ---- */

static void follow_golden(const char *name, const char *rule, const double *settings) {
    enum { n = 7, n_steps = 12 };
    FILE *f = fopen(SN_TEST_SOURCE "/golden/optimizers.txt", "r");
    char case_name[64];
    int found = 0, t;
    trainee *x = begin(rule, SN_KIND_MATRIX, 1, n, settings);
    assert_non_null(f);
    for (int i = 0; i < n; i++) x->p[i] = (float)(sin(i + 1) / 2);
    while (fscanf(f, "%63s %d", case_name, &t) == 2) {
        double want[n];
        for (int i = 0; i < n; i++) assert_int_equal(fscanf(f, "%lf", &want[i]), 1);
        if (strcmp(case_name, name) != 0) continue;
        for (int i = 0; i < n; i++) x->g[i] = (float)(cos(3 * i + 0.7 * t) / (1 + i % 3));
        step(x, t - 1, 1, 0.05);
        for (int i = 0; i < n; i++) assert_near(x->p[i], want[i], 1e-6);
        found++;
    }
    fclose(f);
    end(x);
    assert_int_equal(found, n_steps);
}

static void sgd_and_adamw_follow_torch(void **state) {
    (void)state;
    follow_golden("sgd-plain", "sgd", (double[]){0, 0, 0});
    follow_golden("sgd-momentum", "sgd", (double[]){0.9, 0, 0});
    follow_golden("sgd-nesterov", "sgd", (double[]){0.9, 1, 0.1});
    follow_golden("adamw-default", "adamw", NULL);
    follow_golden("adamw-gpt", "adamw", (double[]){0.9, 0.95, 1e-6, 0.1});
    follow_golden("adamw-none", "adamw", (double[]){0.8, 0.99, 1e-3, 0});
}

/* ---- traces from the definitions, in double ---- */

static double sign_of(double x) { return (x > 0) - (x < 0); }

static double rms(const double *p, int64_t from, int64_t n) {
    double sum = 0;
    for (int64_t i = from; i < from + n; i++) sum += p[i] * p[i];
    return sqrt(sum / (double)n);
}

typedef struct trace {
    double p[most], m[most];
} trace;

/* Micro-step t = 0, 1, ... of Tiger with k micro-steps an update. */
static void trace_tiger(trace *x, const trainee *t, const float *g, sn_param_kind kind, int64_t time, int64_t k,
                        double rate) {
    const double beta = t->settings[0], shrink = t->settings[2];
    bool vector = kind == SN_KIND_GAIN || kind == SN_KIND_BIAS, nan = false;
    double decay = vector ? 0 : t->settings[1], before[most], eta[most];
    for (int64_t i = 0; i < t->n; i++) nan |= isnan(g[i]) != 0;
    memcpy(before, x->p, sizeof before);
    for (int64_t i = 0; i < t->n; i++) {
        double size =
            kind == SN_KIND_EMBEDDING ? rms(before, i / t->columns * t->columns, t->columns) : rms(before, 0, t->n);
        eta[i] = (time + 1) % k == 0 ? rate * (vector ? 0.5 : size) : 0;
    }
    for (int64_t i = 0; i < t->n; i++) {
        double c = kind == SN_KIND_GAIN ? 1 : 0;
        if (nan) {
            x->p[i] = (x->p[i] - c) * shrink + c;
            continue;
        }
        x->m[i] = (time % k == 0 ? beta : 1) * x->m[i] + (1 - beta) / (double)k * (double)g[i];
        x->p[i] -= eta[i] * (sign_of(x->m[i]) + decay * x->p[i]);
    }
}

/* Two cycles of k micro-steps with NaN at one of them (none: -1). */
static void check_tiger(sn_param_kind kind, int64_t k, int64_t nan_at) {
    trainee *t = begin("tiger", kind, 3, 5, NULL);
    trace want = {0};
    fill(t->p, t->n, 1, 1);
    for (int64_t i = 0; i < t->n; i++) want.p[i] = (double)t->p[i];
    for (int64_t time = 0; time < 2 * k; time++) {
        fill(t->g, t->n, 10 + (uint64_t)time, 1);
        if (time == nan_at) t->g[7] = NAN;
        double rate = 0.01 * (double)(time + 1);
        trace_tiger(&want, t, t->g, kind, time, k, rate);
        step(t, time, k, rate);
        for (int64_t i = 0; i < t->n; i++) {
            assert_near((double)t->p[i], want.p[i], 1e-6);
            assert_near((double)t->state[0][i], want.m[i], 1e-7);
        }
    }
    end(t);
}

static void tiger_follows_its_definition(void **state) {
    (void)state;
    for (int kind = 0; kind < n_kinds; kind++)
        for (int64_t k = 1; k <= 4; k++)
            for (int64_t nan_at = -1; nan_at < 2 * k; nan_at++) check_tiger(kinds[kind], k, nan_at);
}

static void lion_follows_its_definition(void **state) {
    (void)state;
    for (int kind = 0; kind < n_kinds; kind++) {
        trainee *t = begin("lion", kinds[kind], 3, 5, (double[]){0.9, 0.99, 0.3});
        double p[most], m[most] = {0}, decay = kind < 2 ? 0.3 : 0;
        fill(t->p, t->n, 1, 1);
        for (int64_t i = 0; i < t->n; i++) p[i] = (double)t->p[i];
        for (int64_t time = 0; time < 10; time++) {
            fill(t->g, t->n, 10 + (uint64_t)time, 1);
            for (int64_t i = 0; i < t->n; i++) {
                double g = (double)t->g[i], u = sign_of(0.9 * m[i] + (1 - 0.9) * g);
                p[i] -= 0.02 * (u + decay * p[i]);
                m[i] = 0.99 * m[i] + (1 - 0.99) * g;
            }
            step(t, time, 1, 0.02);
            for (int64_t i = 0; i < t->n; i++) {
                assert_near((double)t->p[i], p[i], 1e-6);
                assert_near((double)t->state[0][i], m[i], 1e-7);
            }
        }
        end(t);
    }
}

/* Signs of equal mixtures: the first steps of both are the same to the bit. */
static void lion_with_equal_betas_is_the_core_of_tiger(void **state) {
    (void)state;
    trainee *lion = begin("lion", SN_KIND_GAIN, 2, 9, (double[]){0.75, 0.75, 0});
    trainee *tiger = begin("tiger", SN_KIND_GAIN, 2, 9, (double[]){0.75, 0.5, 0.99});
    fill(lion->p, lion->n, 1, 1);
    fill(tiger->p, tiger->n, 1, 1);
    for (int64_t time = 0; time < 20; time++) {
        fill(lion->g, lion->n, 10 + (uint64_t)time, 1);
        fill(tiger->g, tiger->n, 10 + (uint64_t)time, 1);
        step(lion, time, 1, 0.01);
        step(tiger, time, 1, 0.02);
        expect_same_bits(lion->p, tiger->p, lion->n);
        expect_same_bits(lion->state[0], tiger->state[0], lion->n);
    }
    end(lion);
    end(tiger);
}

/* ---- accumulation in the momentum ---- */

static void momentum_adds_up_micro_batches(void **state) {
    (void)state;
    static const char *const rules[] = {"sgd", "tiger"};
    for (int r = 0; r < 2; r++)
        for (int64_t k = 1; k <= 8; k++) {
            trainee *many = begin(rules[r], SN_KIND_MATRIX, 3, 5, NULL);
            trainee *one = begin(rules[r], SN_KIND_MATRIX, 3, 5, NULL);
            double keep = one->settings[0], share = r ? 1 - keep : 1, shortcut[most] = {0}, furthest = 0;
            fill(many->p, many->n, 1, 1);
            fill(one->p, one->n, 1, 1);
            for (int64_t cycle = 0; cycle < 6; cycle++) {
                double mean[most] = {0};
                for (int64_t micro = 0; micro < k; micro++) {
                    fill(many->g, many->n, 100 + (uint64_t)(cycle * k + micro), 1);
                    for (int64_t i = 0; i < many->n; i++) {
                        mean[i] += (double)many->g[i] / (double)k;
                        shortcut[i] =
                            (1 - (1 - keep) / (double)k) * shortcut[i] + share / (double)k * (double)many->g[i];
                    }
                    step(many, cycle * k + micro, k, 0.01);
                }
                for (int64_t i = 0; i < one->n; i++) one->g[i] = (float)mean[i];
                step(one, cycle, 1, 0.01);
                for (int64_t i = 0; i < one->n; i++) {
                    assert_near((double)many->p[i], (double)one->p[i], 1e-6);
                    assert_near((double)many->state[0][i], (double)one->state[0][i], 1e-6);
                    furthest = fmax(furthest, fabs(shortcut[i] - (double)one->state[0][i]));
                }
            }
            if (k > 1) assert_true(furthest > 1e-4);
            end(many);
            end(one);
        }
}

/* Without momentum the state is only the sum of the micro-batches. */
static void sgd_without_momentum_accumulates_too(void **state) {
    (void)state;
    trainee *t = begin("sgd", SN_KIND_MATRIX, 1, 4, (double[]){0, 0, 0});
    double want[4] = {0};
    for (int64_t time = 0; time < 6; time++) {
        fill(t->g, 4, 10 + (uint64_t)time, 1);
        for (int i = 0; i < 4; i++) want[i] -= 0.1 / 3 * (double)t->g[i];
        step(t, time, 3, 0.1);
        if (time % 3 == 2)
            for (int i = 0; i < 4; i++) assert_near((double)t->p[i], want[i], 1e-7);
    }
    assert_int_equal(t->rule->check((double[]){0.9, 0, 0}, 4), SN_OK);
    assert_int_equal(t->rule->check((double[]){0.9, 1, 0}, 1), SN_OK);
    assert_int_equal(t->rule->check((double[]){0.9, 1, 0}, 2), SN_ERR_ARGUMENT);
    end(t);
}

/* ---- invariances ---- */

/* Ten steps with all gradients multiplied by `loss`, from weights multiplied by `weight`. */
static trainee *walk(const char *rule, sn_param_kind kind, const double *settings, double weight, double loss) {
    trainee *t = begin(rule, kind, 4, 8, settings);
    fill(t->p, t->n, 1, weight);
    for (int64_t time = 0; time < 10; time++) {
        fill(t->g, t->n, 10 + (uint64_t)time, loss);
        step(t, time, 2, 0.01);
    }
    return t;
}

static void scaling_the_loss_changes_nothing(void **state) {
    (void)state;
    static const char *const rules[] = {"tiger", "lion"};
    for (int r = 0; r < 2; r++)
        for (int kind = 0; kind < n_kinds; kind++)
            for (int power = -60; power <= 60; power += 12) {
                trainee *a = walk(rules[r], kinds[kind], NULL, 1, 1),
                        *b = walk(rules[r], kinds[kind], NULL, 1, ldexp(1, power));
                expect_same_bits(a->p, b->p, a->n);
                end(a);
                end(b);
            }
}

/* Without decay: rate rms(p) decay p is of second order in p. */
static void tiger_scales_with_the_weight(void **state) {
    const double settings[] = {0.965, 0, 0.99};
    (void)state;
    for (int kind = 0; kind < 2; kind++)
        for (int power = -8; power <= 8; power++) {
            trainee *a = walk("tiger", kinds[kind], settings, 1, 1),
                    *b = walk("tiger", kinds[kind], settings, ldexp(1, power), 8);
            for (int64_t i = 0; i < a->n; i++) a->p[i] = ldexpf(a->p[i], power);
            expect_same_bits(a->p, b->p, a->n);
            end(a);
            end(b);
        }
}

static void gains_and_biases_do_not_decay(void **state) {
    (void)state;
    for (int r = 0; r < sn_rule_count(); r++)
        for (int kind = 0; kind < n_kinds; kind++) {
            trainee *t = begin(sn_rule_get(r)->name, kinds[kind], 1, 6, NULL);
            assert_int_equal(sn_rule_set(t->rule, "weight_decay", 0.5, t->settings), SN_OK);
            trainee *decayed = begin(sn_rule_get(r)->name, kinds[kind], 1, 6, t->settings);
            fill(decayed->p, 6, 1, 1);
            memcpy(t->p, decayed->p, sizeof t->p);
            step(decayed, 0, 1, 0.1); /* the gradient is zero: only decay moves */
            assert_int_equal(memcmp(decayed->p, t->p, sizeof t->p) != 0, kind < 2);
            end(t);
            end(decayed);
        }
}

/* ---- the table ---- */

static void table_is_complete(void **state) {
    (void)state;
    assert_true(sn_rule_count() >= 4);
    assert_null(sn_rule_get(-1));
    assert_null(sn_rule_get(sn_rule_count()));
    assert_null(sn_rule_find("tigger"));
    for (int r = 0; r < sn_rule_count(); r++) {
        const sn_rule_info *info = sn_rule_get(r);
        const sn_rule_def *rule = sn_rule_find(info->name);
        assert_ptr_equal(&rule->info, info);
        assert_in_range(info->n_states, 1, SN_RULE_MAX_STATES);
        assert_in_range(info->n_settings, 1, SN_RULE_MAX_SETTINGS);
        double settings[SN_RULE_MAX_SETTINGS];
        sn_rule_defaults(rule, settings);
        for (int i = 0; i < info->n_settings; i++) {
            const sn_setting *s = &info->settings[i];
            assert_int_equal(sn_rule_set(rule, s->name, s->fallback, settings), SN_OK);
            assert_true(settings[i] == s->fallback);
            assert_int_equal(sn_rule_set(rule, s->name, s->maximum * 2 + 1, settings), SN_ERR_ARGUMENT);
            assert_int_equal(sn_rule_set(rule, s->name, NAN, settings), SN_ERR_ARGUMENT);
            assert_true(settings[i] == s->fallback);
        }
        assert_int_equal(sn_rule_set(rule, "lr", 1, settings), SN_ERR_NOT_FOUND);
    }
    assert_non_null(sn_rule_find("tiger")->no_clipping);
    assert_null(sn_rule_find("adamw")->no_clipping);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sgd_and_adamw_follow_torch),
        cmocka_unit_test(tiger_follows_its_definition),
        cmocka_unit_test(lion_follows_its_definition),
        cmocka_unit_test(lion_with_equal_betas_is_the_core_of_tiger),
        cmocka_unit_test(momentum_adds_up_micro_batches),
        cmocka_unit_test(sgd_without_momentum_accumulates_too),
        cmocka_unit_test(scaling_the_loss_changes_nothing),
        cmocka_unit_test(tiger_scales_with_the_weight),
        cmocka_unit_test(gains_and_biases_do_not_decay),
        cmocka_unit_test(table_is_complete),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
