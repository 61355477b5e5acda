/* Buffers placed by lifetime never overlap while both live, and gaps are reused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/philox.h"
#include "graph/layout.h"

enum { n_buffers = 400 };

static void random_lifetimes_never_overlap(void **state) {
    (void)state;
    sn_layout layout = {0};
    int64_t offset[n_buffers], size[n_buffers], death[n_buffers], total = 0;
    for (int t = 0; t < n_buffers; t++) {
        uint32_t w[4];
        sn_philox(3, 0, (uint64_t)t, w);
        size[t] = 1 + w[0] % 5000;
        death[t] = t + 1 + (int64_t)(w[1] % 12);
        total += size[t];
        assert_int_equal(sn_layout_take(&layout, size[t], &offset[t]), 0);
        assert_int_equal(offset[t] % 64, 0);
        for (int u = 0; u < t; u++)
            if (death[u] >= t) assert_true(offset[u] + size[u] <= offset[t] || offset[t] + size[t] <= offset[u]);
        for (int u = 0; u <= t; u++)
            if (death[u] == t) assert_int_equal(sn_layout_give(&layout, offset[u], size[u]), 0);
    }
    assert_true(layout.end < total / 10);
    sn_layout_free(&layout);
}

static void a_freed_block_is_whole_again(void **state) {
    (void)state;
    sn_layout layout = {0};
    int64_t a, b, c, d;
    assert_int_equal(sn_layout_take(&layout, 100, &a), 0);
    assert_int_equal(sn_layout_take(&layout, 100, &b), 0);
    assert_int_equal(sn_layout_take(&layout, 100, &c), 0);
    assert_int_equal(sn_layout_give(&layout, a, 100), 0);
    assert_int_equal(sn_layout_give(&layout, c, 100), 0);
    assert_int_equal(sn_layout_give(&layout, b, 100), 0);
    assert_int_equal(layout.n_gaps, 1);
    assert_int_equal(sn_layout_take(&layout, 384, &d), 0);
    assert_int_equal(d, 0);
    assert_int_equal(layout.end, 384);
    sn_layout_free(&layout);
}

static void a_last_gap_grows_with_the_end(void **state) {
    (void)state;
    sn_layout layout = {0};
    int64_t a, b;
    assert_int_equal(sn_layout_take(&layout, 64, &a), 0);
    assert_int_equal(sn_layout_give(&layout, a, 64), 0);
    assert_int_equal(sn_layout_take(&layout, 640, &b), 0);
    assert_int_equal(b, 0);
    assert_int_equal(layout.end, 640);
    sn_layout_free(&layout);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_lifetimes_never_overlap),
                                       cmocka_unit_test(a_freed_block_is_whole_again),
                                       cmocka_unit_test(a_last_gap_grows_with_the_end)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
