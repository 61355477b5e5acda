/* The memory of training steps: what is kept, what is alive at once, and that no more is taken than was said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/philox.h"
#include "train/step.h"

#include <math.h>
#include <stdlib.h>

static double deep_clip;

enum { LAYERS = 12, WIDTH = 320, ROWS = 4 };

/* `user`, if any: how many layers lie between the uses of a matrix. */
static sn_value *deep_loss(void *user, sn_graph *g, sn_value *const *p, sn_value *const *in, sn_value *step) {
    const int *distance = user;
    sn_value *x = in[0];
    (void)step;
    for (int i = 0; i < LAYERS; i++) x = sn_tanh(g, sn_linear(g, x, p[distance ? i % *distance : i], NULL));
    return sn_mean_all(g, sn_square(g, x));
}
static sn_status fill_some(void *user, int64_t index) {
    float *x = user;
    for (int64_t i = 0; i < ROWS * WIDTH; i++) x[i] = (float)sn_uniform_f64(7, (uint64_t)index, (uint64_t)i);
    return SN_OK;
}

static sn_stepper_memory tied(const char *rule, sn_stepper_options o, float *data, int distance) {
    const sn_objective objective = {"deep", &distance, deep_loss};
    static float x[ROWS * WIDTH];
    const int64_t shape[] = {WIDTH, WIDTH}, x_shape[] = {ROWS, WIDTH};
    sn_train_param params[LAYERS];
    for (int i = 0; i < LAYERS; i++)
        params[i] = (sn_train_param){"w", SN_KIND_MATRIX,
                                     sn_tensor_make(SN_F32, 2, shape, data ? data + i * WIDTH * WIDTH : NULL)};
    sn_batch batch = {.n = 1};
    batch.item[0].name = "x";
    batch.item[0].tensor = sn_tensor_make(SN_F32, 2, x_shape, x);
    sn_source source = {.name = "numbers", .user = x, .batch = &batch, .fill = fill_some};
    sn_step_entry e = {.objective = &objective,
                       .source = &source,
                       .rule = sn_rule_find(rule),
                       .clip = deep_clip,
                       .schedule = {.name = "constant", .peak = 0.01, .steps = 10}};
    sn_rule_defaults(e.rule, e.settings);
    sn_stepper *s = NULL;
    sn_step_result result;
    o.n_threads = 1;
    if (sn_stepper_new(params, LAYERS, &e, 1, &o, &s) != SN_OK) fail_msg("%s", sn_last_error());
    sn_stepper_memory m = sn_stepper_memory_get(s);
    if (!o.measure_only) assert_true(sn_stepper_run(s, 0, &result) == SN_OK && result.finite);
    sn_stepper_free(s);
    return m;
}

static sn_stepper_memory deep(const char *rule, sn_stepper_options o, float *data) {
    return tied(rule, o, data, LAYERS);
}

/* Weights, momentum, activations, the largest gradient: nothing else, at any accumulation count. */
static void tiger_is_tight(void **state) {
    const int64_t matrix = WIDTH * WIDTH * 4, activation = ROWS * WIDTH * 4;
    float *data = calloc((size_t)(LAYERS * WIDTH * WIDTH), sizeof *data);
    (void)state;
    for (int64_t accumulate = 1; accumulate <= 4; accumulate += 3) {
        sn_stepper_memory m = deep("tiger", (sn_stepper_options){.accumulate = accumulate}, data);
        print_message("accumulate %lld: activations and gradients %lld, scratch %lld, peak %lld of weights %lld\n",
                      (long long)accumulate, (long long)m.activation_bytes, (long long)m.scratch_bytes,
                      (long long)m.peak_bytes, (long long)m.param_bytes);
        assert_true(m.param_bytes == LAYERS * matrix && m.state_bytes == LAYERS * matrix);
        assert_true(m.gradient_bytes == 0 && m.largest_gradient_bytes == matrix);
        /* the outputs of all layers, and five more for what the backward pass has in hand */
        assert_true(m.activation_bytes <= (LAYERS + 5) * activation + matrix);
        assert_true(m.peak_bytes == m.param_bytes + m.state_bytes + m.activation_bytes + m.scratch_bytes +
                                        m.gradient_bytes + m.table_bytes);
    }
    sn_stepper_memory half = deep("tiger", (sn_stepper_options){.bf16_states = true}, data);
    assert_true(half.state_bytes == LAYERS * matrix / 2);
    sn_stepper_memory adamw1 = deep("adamw", (sn_stepper_options){.accumulate = 1}, data);
    print_message("adamw: activations and gradients %lld\n", (long long)adamw1.activation_bytes);
    assert_true(adamw1.activation_bytes <= (LAYERS + 5) * activation + matrix && adamw1.gradient_bytes == 0);
    sn_stepper_memory adamw4 = deep("adamw", (sn_stepper_options){.accumulate = 4}, data);
    assert_true(adamw4.gradient_bytes == LAYERS * matrix && adamw4.state_bytes == 2 * LAYERS * matrix);
    free(data);
}

/* Matrices with several uses, so that their gradients have several parts: the last and the first layer share one, or
 * all do. */
static void tiger_is_tight_with_tied_matrices(void **state) {
    const int64_t matrix = WIDTH * WIDTH * 4, activation = ROWS * WIDTH * 4;
    float *data = calloc((size_t)(LAYERS * WIDTH * WIDTH), sizeof *data);
    (void)state;
    for (int distance = 1; distance < LAYERS; distance += LAYERS - 2)
        for (int64_t accumulate = 1; accumulate <= 4; accumulate += 3) {
            sn_stepper_memory m = tied("tiger", (sn_stepper_options){.accumulate = accumulate}, data, distance);
            print_message("shared after %d layers, accumulate %lld: activations and gradients %lld\n", distance,
                          (long long)accumulate, (long long)m.activation_bytes);
            assert_true(m.gradient_bytes == 0 && m.activation_bytes <= (LAYERS + 5) * activation + matrix);
        }
    free(data);
}

/* Where clipping asks for the whole gradient it is summed first, else it goes into the momentum part by part. */
static void parts_of_a_gradient_add_up(void **state) {
    enum { n = LAYERS * WIDTH * WIDTH };
    static const char *const rules[] = {"sgd", "adamw"};
    float *data[2] = {calloc(n, sizeof(float)), calloc(n, sizeof(float))};
    (void)state;
    for (int r = 0; r < 2; r++)
        for (int64_t accumulate = 1; accumulate <= 2; accumulate++) {
            double most = 0, change = 0;
            for (int i = 0; i < 2; i++) {
                for (int64_t k = 0; k < n; k++) data[i][k] = (float)(0.2 * sn_uniform_f64(6, 0, (uint64_t)k) - 0.1);
                deep_clip = i ? 1e30 : 0;
                tied(rules[r], (sn_stepper_options){.accumulate = accumulate}, data[i], 5);
            }
            deep_clip = 0;
            for (int64_t k = 0; k < n; k++) {
                most = fmax(most, (double)fabsf(data[0][k] - data[1][k]));
                change = fmax(change, fabs((double)data[0][k] - (0.2 * sn_uniform_f64(6, 0, (uint64_t)k) - 0.1)));
            }
            print_message("%s, accumulate %lld: %g apart after a step of up to %g\n", rules[r], (long long)accumulate,
                          most, change);
            assert_true(most <= 1e-8 && change > 1e-5);
        }
    free(data[0]);
    free(data[1]);
}

static void measuring_allocates_nothing_and_is_right(void **state) {
    float *data = calloc((size_t)(LAYERS * WIDTH * WIDTH), sizeof *data);
    (void)state;
    for (int64_t accumulate = 1; accumulate <= 2; accumulate++) {
        sn_stepper_options o = {.accumulate = accumulate, .average = 0.5};
        sn_stepper_memory real = deep("adamw", o, data);
        o.measure_only = true;
        sn_alloc_fail_after(-1);
        sn_stepper_memory measured = deep("adamw", o, NULL);
        assert_true(sn_alloc_largest() < WIDTH * WIDTH * 4);
        assert_memory_equal(&real, &measured, sizeof real);
    }
    free(data);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tiger_is_tight),
        cmocka_unit_test(tiger_is_tight_with_tied_matrices),
        cmocka_unit_test(parts_of_a_gradient_add_up),
        cmocka_unit_test(measuring_allocates_nothing_and_is_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
