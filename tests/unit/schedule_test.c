/* Learning-rate schedules against their closed forms. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "suan/optim.h"
#include "suan/status.h"

#include <math.h>
#include <string.h>

static void expect(const sn_schedule *s, int64_t step, double want) {
    double got = sn_schedule_at(s, step);
    if (!(fabs(got - want) <= 1e-14)) fail_msg("%s at %lld: %.17g, not %.17g", s->name, (long long)step, got, want);
}

static void values_are_the_closed_forms(void **state) {
    (void)state;
    sn_schedule s = {.name = "cosine", .peak = 3e-3, .floor = 1e-4, .warmup = 10, .steps = 110};
    expect(&s, 10, 3e-3);
    expect(&s, 60, (3e-3 + 1e-4) / 2);
    expect(&s, 35, 1e-4 + (3e-3 - 1e-4) * (0.5 + 0.5 * sqrt(0.5)));
    expect(&s, 110, 1e-4);
    s.name = "linear";
    expect(&s, 10, 3e-3);
    expect(&s, 35, 3e-3 - 0.25 * (3e-3 - 1e-4));
    expect(&s, 110, 1e-4);
    s.name = "constant";
    expect(&s, 10, 3e-3);
    expect(&s, 109, 3e-3);
    s.name = "rsqrt";
    expect(&s, 10, 3e-3);
    expect(&s, 40, 1.5e-3);
    expect(&s, 90, 1e-3);
    s.name = "wsd";
    s.decay_steps = 40;
    expect(&s, 10, 3e-3);
    expect(&s, 70, 3e-3);
    expect(&s, 80, 3e-3 - 0.25 * (3e-3 - 1e-4));
    expect(&s, 110, 1e-4);
    s.decay_steps = 0; /* a tenth of the run: 11 steps */
    expect(&s, 99, 3e-3);
    expect(&s, 100, 3e-3 - (3e-3 - 1e-4) / 11);
}

static void every_schedule_warms_up_and_stays_within_its_bounds(void **state) {
    (void)state;
    for (int i = 0; i < sn_schedule_count(); i++)
        for (int64_t warmup = 0; warmup <= 50; warmup += 25) {
            sn_schedule s = {sn_schedule_get(i)->name, 0.5, 0.1, warmup, 50, 0};
            double last = 0.5;
            assert_int_equal(sn_schedule_check(&s), SN_OK);
            for (int64_t step = 0; step < warmup; step++) expect(&s, step, 0.5 * (double)(step + 1) / (double)warmup);
            for (int64_t step = warmup; step < 60; step++) { /* past the end too */
                double rate = sn_schedule_at(&s, step);
                assert_true(rate >= 0.1 && rate <= last);
                last = rate;
            }
        }
}

static void wrong_schedules_are_refused_by_field(void **state) {
    (void)state;
    const sn_schedule good = {"wsd", 0.5, 0.1, 5, 50, 10};
    sn_schedule bad[8];
    static const char *const fields[] = {"cosine", "peak", "peak", "floor", "floor", "warmup", "steps", "decay_steps"};
    for (int i = 0; i < 8; i++) bad[i] = good;
    bad[0].name = "cosin";
    bad[1].peak = -1;
    bad[2].peak = NAN;
    bad[3].floor = 0.6;
    bad[4].floor = NAN;
    bad[5].warmup = 51;
    bad[6].steps = 0;
    bad[7].decay_steps = 46;
    assert_int_equal(sn_schedule_check(&good), SN_OK);
    for (int i = 0; i < 8; i++) {
        assert_int_equal(sn_schedule_check(&bad[i]), i ? SN_ERR_ARGUMENT : SN_ERR_NOT_FOUND);
        assert_non_null(strstr(sn_last_error(), fields[i]));
    }
    bad[0].name = "cosin";
    assert_int_equal(sn_schedule_check(&bad[0]), SN_ERR_NOT_FOUND);
    assert_non_null(strstr(sn_last_error(), "did you mean cosine?"));
    bad[0].name = "zzzzzzzzzzzz";
    assert_int_equal(sn_schedule_check(&bad[0]), SN_ERR_NOT_FOUND);
    assert_non_null(strstr(sn_last_error(), "; there are "));
    bad[0].name = NULL;
    assert_int_equal(sn_schedule_check(&bad[0]), SN_ERR_NOT_FOUND);
    assert_null(sn_schedule_get(-1));
    assert_null(sn_schedule_get(sn_schedule_count()));
    assert_int_equal(sn_schedule_count(), 5);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_the_closed_forms),
        cmocka_unit_test(every_schedule_warms_up_and_stays_within_its_bounds),
        cmocka_unit_test(wrong_schedules_are_refused_by_field),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
