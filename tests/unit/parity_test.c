/* Multitask sparse parity: fair labels, tasks by their frequencies, one bit of loss for a network that knows nothing,
 * frequent tasks first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "study/parity.h"
#include "suan/fit.h"

#include <math.h>
#include <string.h>

enum { TASKS = 12, BITS = 20, EXAMPLES = 200000 };

static void data_is_as_defined(void **state) {
    const sn_parity_options o = {.tasks = TASKS, .bits = BITS, .subset = 3, .gamma = 0.4, .seed = 7};
    const sn_quanta q = {.gamma = 0.4, .tasks = TASKS};
    uint64_t masks[TASKS];
    double below[TASKS], sum = 0;
    int64_t seen[TASKS] = {0}, ones[TASKS] = {0}, bit[BITS] = {0};
    (void)state;
    for (int64_t k = 0; k < TASKS; k++) {
        masks[k] = sn_parity_mask(&o, k);
        assert_int_equal(__builtin_popcountll(masks[k]), 3);
        assert_true(masks[k] < (uint64_t)1 << BITS && masks[k] == sn_parity_mask(&o, k));
        below[k] = sum += sn_quanta_probability(&q, k + 1);
    }
    for (int64_t i = 0; i < EXAMPLES; i++) {
        sn_parity_example e = sn_parity_draw(&o, masks, below, -1, 99, i);
        int count = 0;
        for (int b = 0; b < BITS; b++) {
            bit[b] += (int64_t)(e.bits >> b & 1);
            count += (int)((e.bits & masks[e.task]) >> b & 1);
        }
        assert_true(e.bits < (uint64_t)1 << BITS && e.answer == count % 2);
        seen[e.task]++, ones[e.task] += e.answer;
    }
    for (int64_t k = 0; k < TASKS; k++) { /* within 4.5 standard errors */
        double p = sn_quanta_probability(&q, k + 1);
        assert_true(fabs((double)seen[k] - EXAMPLES * p) < 4.5 * sqrt(EXAMPLES * p * (1 - p)));
        assert_true(fabs((double)ones[k] - 0.5 * (double)seen[k]) < 4.5 * sqrt(0.25 * (double)seen[k]));
    }
    for (int b = 0; b < BITS; b++) assert_true(fabs((double)bit[b] - EXAMPLES / 2) < 4.5 * sqrt(EXAMPLES / 4));
    assert_int_equal(sn_parity_draw(&o, masks, below, 5, 99, 0).task, 5);
}

static void frequent_tasks_are_learned_first(void **state) {
    const sn_parity_options o = {.tasks = 4,
                                 .bits = 8,
                                 .subset = 2,
                                 .gamma = 1,
                                 .width = 32,
                                 .batch = 128,
                                 .steps = 1500,
                                 .rate = 5e-3,
                                 .seed = 3,
                                 .n_threads = 1};
    sn_parity_result r;
    (void)state;
    assert_int_equal(sn_parity_run(&o, &r), SN_OK);
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

static void bad_options_are_refused(void **state) {
    static const sn_parity_options bad[] = {{.tasks = -1}, {.bits = 65}, {.subset = 17}, {.gamma = NAN},
                                            {.width = -3}, {.steps = 1}, {.marks = 1},   {.rate = -1}};
    sn_parity_result r;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) assert_int_equal(sn_parity_run(&bad[i], &r), SN_ERR_ARGUMENT);
    volatile int cancel = 1;
    assert_int_equal(sn_parity_run(&(sn_parity_options){.cancel = &cancel, .n_threads = 1}, &r), SN_ERR_CANCELLED);
    const sn_parity_options small = {
        .tasks = 2, .bits = 4, .subset = 2, .width = 4, .batch = 8, .steps = 3, .marks = 2, .test = 8, .n_threads = 1};
    sn_status status = SN_ERR_MEMORY;
    for (int64_t n = 0; status != SN_OK; n += 1 + n / 8) {
        sn_alloc_fail_after(n);
        status = sn_parity_run(&small, &r);
        sn_alloc_fail_after(-1);
        assert_true(status == SN_OK || status == SN_ERR_MEMORY);
    }
    sn_parity_free(&r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(data_is_as_defined),
        cmocka_unit_test(frequent_tasks_are_learned_first),
        cmocka_unit_test(bad_options_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
