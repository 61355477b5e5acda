/* Multitask sparse parity: fair labels, tasks by their frequencies, the fused step against the general graph, frequent
 * tasks first, what follows from the curves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/philox.h"
#include "study/parity.h"
#include "study/parity_net.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TASKS = 12, EXAMPLES = 200000 };

static bool bit_of(const sn_parity_bits *bits, int64_t b) { return bits->word[b / 64] >> b % 64 & 1; }

/* Labels are fair, bits are fair, tasks come as often as they should, and a label is the parity of three bits. */
static void check_data(int64_t bits) {
    const sn_parity_options o = {.tasks = TASKS, .bits = bits, .subset = 3, .gamma = 0.4, .seed = 7};
    const sn_quanta q = {.gamma = 0.4, .tasks = TASKS};
    int64_t seen[TASKS] = {0}, ones[TASKS] = {0}, bit[SN_PARITY_BITS] = {0};
    sn_arena arena = {0};
    sn_parity_tasks t;
    assert_int_equal(sn_parity_tasks_new(&arena, &o, &t), SN_OK);
    for (int64_t k = 0; k < TASKS; k++) {
        int64_t n = 0, outside = 0;
        for (int64_t b = 0; b < SN_PARITY_BITS; b++)
            n += bit_of(&t.mask[k], b), outside += b >= bits && bit_of(&t.mask[k], b);
        assert_int_equal(n, 3);
        for (int64_t i = 0; i < k; i++) assert_memory_not_equal(&t.mask[i], &t.mask[k], sizeof *t.mask);
        assert_int_equal(outside, 0);
    }
    for (int64_t i = 0; i < EXAMPLES; i++) {
        sn_parity_example e = sn_parity_draw(&t, -1, 99, i);
        int count = 0;
        for (int64_t b = 0; b < SN_PARITY_BITS; b++) {
            bool set = b < bits && bit_of(&e.bits, b);
            bit[b] += set;
            count += set && bit_of(&t.mask[e.task], b);
        }
        assert_int_equal(e.answer, count % 2);
        seen[e.task]++, ones[e.task] += e.answer;
    }
    for (int64_t k = 0; k < TASKS; k++) { /* within 4.5 standard errors */
        double p = sn_quanta_probability(&q, k + 1);
        assert_true(fabs((double)seen[k] - EXAMPLES * p) < 4.5 * sqrt(EXAMPLES * p * (1 - p)));
        assert_true(fabs((double)ones[k] - 0.5 * (double)seen[k]) < 4.5 * sqrt(0.25 * (double)seen[k]));
    }
    for (int64_t b = 0; b < bits; b++) assert_true(fabs((double)bit[b] - EXAMPLES / 2) < 4.5 * sqrt(EXAMPLES / 4));
    assert_int_equal(sn_parity_draw(&t, 5, 99, 0).task, 5);
    sn_arena_free(&arena);
}

static void data_is_as_defined(void **state) {
    (void)state;
    check_data(6); /* 20 subsets for 12 tasks */
    check_data(20);
    check_data(100);
    check_data(200);
}

static void bits_become_numbers(void **state) {
    sn_parity_codes codes;
    const sn_parity_bits bits = {{0x8000000000000005, 0x1f}};
    float x[70] = {0};
    (void)state;
    sn_parity_codes_make(-1, 1, &codes);
    sn_parity_spread(&codes, &bits, 67, x);
    for (int b = 0; b < 67; b++) assert_true(x[b] == (bit_of(&bits, b) ? 1 : -1));
    assert_true(x[67] == 0);
}

/* ---- The network against the general graph ---- */

enum { NET_TASKS = 5, NET_BITS = 11, WIDTH = 21, ROWS = 16 };

static void fill_block(sn_parity_net *n, uint64_t first) {
    for (int64_t i = 0; i < ROWS; i++) {
        n->block.task[i] = (int32_t)((uint64_t)i * 7 % NET_TASKS);
        n->block.answer[i] = (uint8_t)(sn_uniform_f64(5, first, (uint64_t)i) < 0.5);
        for (int64_t b = 0; b < NET_BITS; b++)
            n->block.bits[i * NET_BITS + b] = sn_uniform_f64(6, first, (uint64_t)(i * NET_BITS + b)) < 0.5 ? -1 : 1;
    }
    n->block.n = ROWS;
}

/* Loss and gradient of the block's first n rows by the general graph; the parameters lie in a row. */
static double oracle(const sn_parity_net *n, float *gradient) {
    const int64_t shape[5][2] = {{NET_TASKS, WIDTH}, {WIDTH, NET_BITS}, {WIDTH}, {2, WIDTH}, {2}};
    const int dims[5] = {2, 2, 1, 2, 1};
    int64_t at = 0, rows = n->block.n, bits_shape[2] = {rows, NET_BITS};
    int32_t answer[ROWS];
    sn_value *p[5], *grads[6];
    sn_graph *g;
    sn_plan *plan;
    sn_tensor t;
    assert_int_equal(sn_graph_new(&g), SN_OK);
    for (int i = 0; i < 5; i++) {
        t = sn_tensor_make(SN_F32, dims[i], shape[i], n->weight + at);
        p[i] = sn_param(g, "p", &t);
        at += sn_tensor_count(&t);
    }
    for (int64_t i = 0; i < rows; i++) answer[i] = n->block.answer[i];
    sn_value *bits = sn_input(g, "bits", SN_F32, 2, bits_shape), *task = sn_input(g, "task", SN_I32, 1, &rows);
    sn_value *label = sn_input(g, "answer", SN_I32, 1, &rows);
    sn_value *hidden = sn_relu(g, sn_add(g, sn_linear(g, bits, p[1], p[2]), sn_embedding(g, p[0], task)));
    grads[5] = sn_cross_entropy(g, sn_linear(g, hidden, p[3], p[4]), label);
    assert_int_equal(sn_grad(g, grads[5], p, 5, grads), SN_OK);
    assert_int_equal(sn_plan_new(g, grads, 6, &(sn_plan_options){.n_threads = 1}, &plan), SN_OK);
    assert_int_equal(sn_plan_bind(plan, bits, n->block.bits), SN_OK);
    assert_int_equal(sn_plan_bind(plan, task, n->block.task), SN_OK);
    assert_int_equal(sn_plan_bind(plan, label, answer), SN_OK);
    assert_int_equal(sn_plan_run(plan), SN_OK);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(sn_plan_output(plan, i, &t), SN_OK);
        memcpy(gradient, t.data, (size_t)sn_tensor_bytes(&t));
        gradient += sn_tensor_count(&t);
    }
    assert_int_equal(sn_plan_output(plan, 5, &t), SN_OK);
    double loss = *(const float *)t.data;
    sn_plan_free(plan);
    sn_graph_free(g);
    return loss;
}

static void gradient_is_that_of_the_graph(void **state) {
    sn_arena arena = {0};
    sn_parity_net n;
    float expected[2048];
    (void)state;
    assert_int_equal(sn_parity_net_new(&arena, NET_TASKS, NET_BITS, WIDTH, ROWS, SN_PRECISION_AUTO, 4, 3, &n), SN_OK);
    assert_int_equal(n.n_parameters, (NET_TASKS + NET_BITS + 1) * WIDTH + 2 * WIDTH + 2);
    for (int64_t rows = ROWS; rows > 0; rows -= 5) { /* whole blocks and others */
        double loss = 0, largest = 0;
        fill_block(&n, (uint64_t)rows);
        n.block.n = rows;
        double wanted = oracle(&n, expected);
        sn_parity_net_begin(&n);
        assert_int_equal(sn_parity_net_add(&n, 1 / (double)rows, &loss), SN_OK);
        sn_parity_net_finish(&n);
        assert_true(fabs(loss / (double)rows - wanted) < 1e-6);
        for (int64_t k = 0; k < n.n_parameters; k++) {
            largest = fmax(largest, fabs(expected[k]));
            if (fabs(n.gradient[k] - expected[k]) > 2e-7)
                fail_msg("parameter %d: %g, not %g", (int)k, n.gradient[k], expected[k]);
        }
        assert_true(largest > 1e-2);
    }
    sn_parity_net_free(&n);
    sn_arena_free(&arena);
}

/* Three steps of AdamW in double, with torch's settings and no decay. */
static void updates_are_those_of_adam(void **state) {
    sn_arena arena = {0};
    sn_parity_net n;
    static double w[2048], m[2048], v[2048];
    (void)state;
    assert_int_equal(sn_parity_net_new(&arena, NET_TASKS, NET_BITS, WIDTH, ROWS, SN_PRECISION_AUTO, 4, 3, &n), SN_OK);
    for (int64_t k = 0; k < n.n_parameters; k++) w[k] = n.weight[k], m[k] = v[k] = 0;
    for (int t = 1; t <= 3; t++) {
        double loss = 0;
        fill_block(&n, (uint64_t)t);
        sn_parity_net_begin(&n);
        assert_int_equal(sn_parity_net_add(&n, 1.0 / ROWS, &loss), SN_OK);
        sn_parity_net_finish(&n);
        sn_parity_net_update(&n, 1e-2);
        for (int64_t k = 0; k < n.n_parameters; k++) {
            double g = n.gradient[k];
            m[k] = 0.9 * m[k] + 0.1 * g;
            v[k] = 0.999 * v[k] + 0.001 * g * g;
            w[k] -= 1e-2 * m[k] / (1 - pow(0.9, t)) / (sqrt(v[k] / (1 - pow(0.999, t))) + 1e-8);
            if (fabs(n.weight[k] - w[k]) > 1e-6)
                fail_msg("step %d, parameter %d: %g, not %g", t, (int)k, n.weight[k], w[k]);
        }
    }
    sn_parity_net_free(&n);
    sn_arena_free(&arena);
}

/* ---- Runs ---- */

static const sn_parity_options quick = {
    .tasks = 4, .bits = 8, .subset = 2, .gamma = 1, .width = 32, .batch = 128, .steps = 1500, .rate = 5e-3, .seed = 3};

static void frequent_tasks_are_learned_first(void **state) {
    sn_parity_result r;
    (void)state;
    assert_int_equal(sn_parity_run(&quick, &r), SN_OK);
    assert_int_equal(r.step[0], 1);
    assert_int_equal(r.step[r.n_marks - 1], 1500);
    assert_int_equal(r.n_parameters, (4 + 8 + 1) * 32 + 2 * 32 + 2);
    for (int k = 0; k < 4; k++) assert_true(fabs(r.task_loss[k] - 1) < 0.1); /* it knows nothing yet */
    for (int64_t m = 0; m < r.n_marks; m++) {
        double mean = 0;
        for (int k = 0; k < 4; k++) mean += r.probability[k] * r.task_loss[m * 4 + k];
        assert_true(fabs(mean - r.loss[m]) < 1e-12);
    }
    assert_true(r.learned >= 2 && r.learned_at[0] > 1);
    for (int k = 1; k < 4; k++) assert_true(r.learned_at[k] < 0 || r.learned_at[k] >= r.learned_at[0]);
    assert_true(r.loss[r.n_marks - 1] < 0.3);
    sn_parity_free(&r);
    sn_parity_free(&r);
}

/* Few examples are learned by heart, which helps nobody; with patience such a run ends early. */
static void little_data_teaches_little(void **state) {
    sn_parity_options o = quick;
    sn_parity_result few, many, short_of_it;
    (void)state;
    o.examples = 40;
    assert_int_equal(sn_parity_run(&o, &few), SN_OK);
    o.patience = 4;
    assert_int_equal(sn_parity_run(&o, &short_of_it), SN_OK);
    o.examples = 20000;
    assert_int_equal(sn_parity_run(&o, &many), SN_OK);
    assert_true(few.loss[few.best] > 0.6 && few.loss[few.n_marks - 1] > 1.2);
    assert_true(many.loss[many.best] < 0.3 && many.learned_best > few.learned_best);
    assert_true(short_of_it.step[short_of_it.n_marks - 1] < 1500 && many.step[many.n_marks - 1] == 1500);
    assert_true(short_of_it.loss[short_of_it.best] == few.loss[few.best]);
    sn_parity_free(&few);
    sn_parity_free(&many);
    sn_parity_free(&short_of_it);
}

/* ---- Studies ---- */

static void assert_same(const sn_parity_study *a, const sn_parity_study *b) {
    for (int i = 0; i < a->n_widths + a->n_data; i++) {
        const sn_parity_result *x = &a->runs[i], *y = &b->runs[i];
        assert_int_equal(x->options.width, y->options.width);
        assert_int_equal(x->n_marks, y->n_marks);
        assert_memory_equal(x->task_loss, y->task_loss, (size_t)(x->n_marks * x->options.tasks) * sizeof(double));
        assert_memory_equal(x->loss, y->loss, (size_t)x->n_marks * sizeof(double));
    }
    assert_memory_equal(&a->by_steps, &b->by_steps, sizeof a->by_steps);
    assert_memory_equal(&a->by_data, &b->by_data, sizeof a->by_data);
}

/* Neither the number of threads nor having been read from a folder changes a bit. */
static void studies_are_kept(void **state) {
    static const int64_t widths[] = {32, 8}, sets[] = {4000, 500};
    char folder[] = "/tmp/suan_parity_XXXXXX", command[64];
    sn_parity_study_options o = {
        .run = quick, .widths = widths, .n_widths = 2, .examples = sets, .n_examples = 2, .n_threads = 1};
    sn_parity_study one, two, again;
    (void)state;
    assert_non_null(mkdtemp(folder));
    o.run.steps = 400;
    assert_int_equal(sn_parity_study_run(&o, &one), SN_OK);
    o.n_threads = 2, o.keep = folder;
    assert_int_equal(sn_parity_study_run(&o, &two), SN_OK);
    assert_int_equal(two.n_kept, 0);
    assert_int_equal(sn_parity_study_run(&o, &again), SN_OK);
    assert_int_equal(again.n_kept, 4);
    assert_same(&one, &two);
    assert_same(&two, &again);
    assert_int_equal(one.runs[0].options.width, 8);
    assert_int_equal(one.runs[2].options.examples, 500);
    assert_int_equal(one.runs[2].options.width, 32);
    sn_parity_study_free(&one);
    sn_parity_study_free(&two);
    sn_parity_study_free(&again);
    snprintf(command, sizeof command, "rm -r %s", folder);
    assert_int_equal(system(command), 0);
}

/* Curves made up: task k of 100 drops from 1 to 0 bits between two marks at step 8 / p, as an ideal learner's would. */
static void figures_follow_from_the_curves(void **state) {
    enum { N = 100, MARKS = 160 };
    sn_parity_options o = {.tasks = N, .steps = 100000, .marks = MARKS};
    sn_parity_result r;
    (void)state;
    assert_int_equal(sn_parity_complete(&o), SN_OK);
    assert_int_equal(sn_parity_result_new(&o, &r), SN_OK);
    for (int m = 0; m < MARKS; m++, r.n_marks++) {
        r.step[m] = m < 20 ? m + 1 : (int64_t)(20 * pow(5000, (m - 19.0) / (MARKS - 20)));
        for (int k = 0; k < N; k++) r.task_loss[m * N + k] = (double)r.step[m] * r.probability[k] < 8;
    }
    sn_parity_sum_up(&r);
    sn_parity_study s = {.runs = &r, .n_widths = 1};
    assert_int_equal(sn_parity_compare(&s), SN_OK);
    assert_int_equal(r.learned, N);
    assert_true(fabs(r.time_exponent + 1) < 0.02);
    assert_true(s.order > 0.999 && s.sudden < 1.2 && s.smooth > 20);
    assert_true(fabs(s.by_steps.measured - s.by_steps.ideal) < 0.15 * s.by_steps.ideal);
    assert_true(fabs(s.by_steps.endless - 0.4 / 1.4) < 1e-12);
    for (int m = 0; m < MARKS; m++) /* the other way round */
        for (int k = 0; k < N; k++) r.task_loss[m * N + k] = (double)r.step[m] * r.probability[N - 1 - k] < 8;
    sn_parity_sum_up(&r);
    assert_int_equal(sn_parity_compare(&s), SN_OK);
    assert_true(s.order < -0.999);
    sn_parity_free(&r);
}

static void bad_options_are_refused(void **state) {
    static const sn_parity_options bad[] = {{.tasks = -1},  {.bits = 257}, {.subset = 17},
                                            {.gamma = NAN}, {.width = -3}, {.steps = 1},
                                            {.marks = 1},   {.rate = -1},  {.examples = -1}};
    static const int64_t width = 4, set = 6;
    sn_parity_result r;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) assert_int_equal(sn_parity_run(&bad[i], &r), SN_ERR_ARGUMENT);
    volatile int cancel = 1;
    assert_int_equal(sn_parity_run(&(sn_parity_options){.cancel = &cancel}, &r), SN_ERR_CANCELLED);
    sn_parity_study_options o = {
        .run = {.tasks = 2, .bits = 4, .subset = 2, .batch = 8, .steps = 3, .marks = 2, .test = 8},
        .widths = &width,
        .n_widths = 1,
        .examples = &set,
        .n_examples = 1,
        .n_threads = 1};
    sn_parity_study s;
    sn_status status = SN_ERR_MEMORY;
    for (int64_t n = 0; status != SN_OK; n += 1 + n / 8) {
        sn_alloc_fail_after(n);
        status = sn_parity_study_run(&o, &s);
        sn_alloc_fail_after(-1);
        assert_true(status == SN_OK || status == SN_ERR_MEMORY);
    }
    sn_parity_study_free(&s);
    o.n_widths = 0;
    assert_int_equal(sn_parity_study_run(&o, &s), SN_ERR_ARGUMENT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(data_is_as_defined),
        cmocka_unit_test(bits_become_numbers),
        cmocka_unit_test(gradient_is_that_of_the_graph),
        cmocka_unit_test(updates_are_those_of_adam),
        cmocka_unit_test(frequent_tasks_are_learned_first),
        cmocka_unit_test(little_data_teaches_little),
        cmocka_unit_test(studies_are_kept),
        cmocka_unit_test(figures_follow_from_the_curves),
        cmocka_unit_test(bad_options_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
