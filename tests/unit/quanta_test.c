/* Measured losses beside an ideal learner of the same quanta. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "suan/fit.h"

#include <math.h>

enum { POINTS = 9 };

static void assert_near(double x, double wanted, double tolerance) {
    if (!(fabs(x - wanted) <= tolerance)) fail_msg("%.17g, not %.17g", x, wanted);
}

static void counts_need_not_be_whole(void **state) {
    const sn_quanta listed = {.gamma = 0.4, .tasks = 500},
                    apart = {.gamma = 0.4, .tasks = 500, .known = 2, .unknown = 5};
    (void)state;
    assert_near(sn_quanta_loss_at(&listed, 10), .26497787, 5e-9);
    double low = sn_quanta_loss(&listed, 11), high = sn_quanta_loss(&listed, 10);
    assert_near(sn_quanta_loss_at(&listed, 10.25), .75 * high + .25 * low, 1e-15);
    assert_near(sn_quanta_loss_at(&listed, -3), 1, 1e-15);
    assert_near(sn_quanta_loss_at(&listed, 1e9), 0, 0);
    assert_near(sn_quanta_loss_at(&apart, 10.25), 2 + 3 * (.75 * high + .25 * low), 1e-14);
}

/* Losses of an ideal learner are found to be such, whatever stands between sizes and counts. */
static void ideal_learners_are_recognised(void **state) {
    static const double power[] = {1, 1 / 1.4}, scale[] = {.02, 3e-5};
    (void)state;
    for (int i = 0; i < 4; i++) {
        const sn_quanta q = {.gamma = 0.4, .tasks = i / 2 ? 500 : 0, .known = .5 * (i / 2), .unknown = 2};
        double x[POINTS], loss[POINTS], ideal[POINTS], p = power[i % 2], c = scale[i % 2];
        sn_quanta_comparison found;
        for (int k = 0; k < POINTS; k++) {
            x[k] = pow(10 * pow(1.5, k), 1 / p) / c; /* 10 to 256 quanta */
            loss[k] = sn_quanta_loss_at(&q, pow(c * x[k], p));
        }
        assert_int_equal(sn_quanta_compare(&q, p, x, loss, POINTS, ideal, &found), SN_OK);
        assert_near(found.scale / c, 1, 1e-9);
        assert_near(found.measured, found.ideal, 1e-9);
        assert_near(found.endless, i % 2 ? .4 / 1.4 : .4, 1e-12);
        assert_int_equal(found.points, POINTS);
        for (int k = 0; k < POINTS; k++) assert_near(ideal[k], loss[k], 1e-9);
    }
}

/* Two points: the slope is that of the closed form. A measured slope is the data's own, whatever the model. */
static void slopes_are_those_of_the_list(void **state) {
    const sn_quanta listed = {.gamma = 0.4, .tasks = 500}, infinite = {.gamma = 0.4};
    const double x[] = {10, 50}, far[] = {100, 1000}, y[] = {sn_quanta_loss(&listed, 10), sn_quanta_loss(&listed, 50)};
    double loss[2], ideal[2];
    sn_quanta_comparison c;
    (void)state;
    assert_int_equal(sn_quanta_compare(&listed, 1, x, y, 2, ideal, &c), SN_OK);
    assert_near(c.ideal, .558, 6e-4);
    assert_near(c.scale, 1, 1e-9);
    for (int i = 0; i < 2; i++) loss[i] = sn_quanta_loss(&infinite, (int64_t)far[i]);
    assert_int_equal(sn_quanta_compare(&infinite, 1, far, loss, 2, ideal, &c), SN_OK);
    assert_near(c.ideal, .3992, 6e-5);
    for (int i = 0; i < 2; i++) loss[i] = pow(far[i], -.7);
    assert_int_equal(sn_quanta_compare(&infinite, 1, far, loss, 2, ideal, &c), SN_OK);
    assert_near(c.measured, .7, 1e-12);
    assert_near(log(ideal[0]) + log(ideal[1]), log(loss[0]) + log(loss[1]), 1e-9);
}

static void little_is_said_of_little(void **state) {
    const sn_quanta q = {.gamma = 0.4, .tasks = 16};
    const double x[] = {5, 5}, loss[] = {.5, .4}, none[] = {.5, 0};
    double ideal[2];
    sn_quanta_comparison c;
    (void)state;
    assert_int_equal(sn_quanta_compare(&q, 1, x, loss, 1, ideal, &c), SN_OK);
    assert_true(isnan(c.measured) && isnan(c.ideal) && c.points == 1);
    assert_int_equal(sn_quanta_compare(&q, 1, x, loss, 2, ideal, &c), SN_OK);
    assert_true(isnan(c.measured) && isnan(c.ideal));
    assert_int_equal(sn_quanta_compare(&q, 1, x, none, 2, ideal, &c), SN_ERR_ARGUMENT);
    assert_int_equal(sn_quanta_compare(&q, 1, none, loss, 2, ideal, &c), SN_ERR_ARGUMENT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_need_not_be_whole),
        cmocka_unit_test(ideal_learners_are_recognised),
        cmocka_unit_test(slopes_are_those_of_the_list),
        cmocka_unit_test(little_is_said_of_little),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
