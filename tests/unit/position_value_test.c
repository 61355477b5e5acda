/* The position value: its definition pair by pair, key counts, and the cos/sin tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "position_common.h"

static sn_position rope(int d, sn_pair_layout layout) {
    sn_position p;
    assert_int_equal(sn_position_rope(d, d, 10000, layout, &p), SN_OK);
    return p;
}

/* q = k = ones: the logit without 1/sqrt(d) is 2 * sum cos(r theta). */
static void logits_of_ones_give_the_known_sums(void **state) {
    (void)state;
    static const struct {
        int64_t r;
        double sum;
    } golden[] = {{0, 64},           {1, 62.0936838},   {2, 57.3818606},   {10, 42.8200229},
                  {100, 30.5434547}, {256, 20.5248327}, {512, 14.0431598}, {4096, -3.3826140}};
    double ones[128];
    for (int c = 0; c < 128; c++) ones[c] = 1;
    for (int layout = 0; layout < 2; layout++) {
        sn_position p = rope(128, (sn_pair_layout)layout);
        for (size_t g = 0; g < sizeof golden / sizeof *golden; g++) {
            double logit = sn_position_logit(&p, ones, ones, 128, 5000, 5000 - golden[g].r);
            assert_near(logit * sqrt(128) / 2, golden[g].sum, 1e-7);
        }
    }
}

static void logits_depend_on_the_distance_alone(void **state) {
    (void)state;
    sn_position p = rope(32, SN_PAIR_INTERLEAVED);
    double q[32], k[32];
    random_vector(1, q, 32), random_vector(2, k, 32);
    for (int64_t r = 0; r < 50; r += 7) {
        double at_zero = sn_position_logit(&p, q, k, 32, r, 0);
        assert_near(sn_position_logit(&p, q, k, 32, 1000000 + r, 1000000), at_zero, 1e-9);
    }
}

static void layouts_agree_after_the_permutation_only(void **state) {
    (void)state;
    sn_position pairs = rope(16, SN_PAIR_INTERLEAVED), halves = rope(16, SN_PAIR_HALVES);
    double q[16], k[16], q2[16], k2[16];
    random_vector(3, q, 16), random_vector(4, k, 16);
    for (int m = 0; m < 8; m++) {
        q2[m] = q[2 * m], q2[m + 8] = q[2 * m + 1];
        k2[m] = k[2 * m], k2[m + 8] = k[2 * m + 1];
    }
    double expected = sn_position_logit(&pairs, q, k, 16, 90, 17);
    assert_near(sn_position_logit(&halves, q2, k2, 16, 90, 17), expected, 1e-12);
    assert_true(fabs(sn_position_logit(&halves, q, k, 16, 90, 17) - expected) > 1e-3);
}

static void partial_rotation_leaves_the_rest(void **state) {
    (void)state;
    sn_position p;
    assert_int_equal(sn_position_rope(8, 4, 10000, SN_PAIR_HALVES, &p), SN_OK);
    double q[8] = {0, 0, 0, 0, 1, 2, 3, 4}, k[8] = {9, 9, 9, 9, 1, 1, 1, 1};
    assert_near(sn_position_logit(&p, q, k, 8, 100, 3), 10 / sqrt(8), 1e-12);
    assert_near(p.frequency[1], 0.01, 1e-15);
}

static void wrong_ropes_are_refused(void **state) {
    (void)state;
    sn_position p;
    assert_int_equal(sn_position_rope(8, 3, 10000, SN_PAIR_HALVES, &p), SN_ERR_ARGUMENT);
    assert_int_equal(sn_position_rope(8, 10, 10000, SN_PAIR_HALVES, &p), SN_ERR_ARGUMENT);
    assert_int_equal(sn_position_rope(1024, 1024, 10000, SN_PAIR_HALVES, &p), SN_ERR_ARGUMENT);
    assert_int_equal(sn_position_rope(0, 0, 10000, SN_PAIR_HALVES, &p), SN_ERR_ARGUMENT);
    assert_int_equal(sn_position_rope(8, 8, 0, SN_PAIR_HALVES, &p), SN_ERR_ARGUMENT);
    assert_int_equal(sn_position_rope(8, 8, NAN, SN_PAIR_HALVES, &p), SN_ERR_ARGUMENT);
    assert_int_equal(sn_position_rope(8, 0, 10000, SN_PAIR_HALVES, &p), SN_OK);
}

static void floors_divide_exactly(void **state) {
    (void)state;
    for (int group = 1; group <= 100; group++) {
        sn_pos_map map = {.scale = 1.0 / group, .clamp = INFINITY, .floors = true};
        for (int64_t x = 0; x < 3000; x++) assert_true(sn_pos_map_at(&map, x) == (double)(x / group));
        int64_t far = INT64_C(1) << 40;
        for (int64_t x = far; x < far + 200; x++) assert_true(sn_pos_map_at(&map, x) == (double)(x / group));
    }
}

/* Random values with up to three pieces of every kind of map. */
static sn_position random_position(uint64_t seed) {
    uint32_t w[4];
    sn_philox(seed, 11, 0, w);
    sn_position p = rope(16, w[0] & 1 ? SN_PAIR_HALVES : SN_PAIR_INTERLEAVED);
    p.n_pieces = 1 + (int)(w[1] % 3);
    p.gain = 1 + (double)(w[2] % 10) / 10;
    for (int c = 0; c < p.n_pieces; c++) {
        sn_philox(seed, 12, (uint64_t)c, w);
        sn_piece *piece = &p.piece[c];
        *piece = p.piece[0];
        piece->r_min = c == 0 ? 0 : w[0] % 20;
        piece->r_max = c == p.n_pieces - 1 ? SN_NO_LIMIT : piece->r_min + w[1] % 30;
        piece->key_max = w[2] % 3 ? SN_NO_LIMIT : w[2] % 40;
        piece->query = (sn_pos_map){w[3] % 3 / 2.0, w[3] % 7, w[3] % 2 ? INFINITY : 25, w[3] % 5 == 0};
        piece->key = (sn_pos_map){w[0] % 3 / 2.0, 0, w[1] % 2 ? INFINITY : 17, w[2] % 5 == 0};
    }
    sn_philox(seed, 13, 0, w);
    if (w[0] % 2) p.mask.window = 1 + w[1] % 30;
    if (w[0] % 3) p.mask.sinks = w[2] % 10;
    p.scale.log_base = w[3] % 2 ? 8 : 0;
    p.scale.log_floor = w[3] % 3 ? 1 : 0;
    return p;
}

static void counts_agree_with_counting(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < 300; seed++) {
        sn_position p = random_position(seed);
        for (int64_t i = 0; i < 60; i++) {
            int64_t n = 0;
            for (int64_t j = 0; j <= i; j++) n += sn_position_piece(&p, i, j) >= 0;
            assert_int_equal(sn_position_count(&p, i), n);
        }
    }
    sn_position p = rope(16, SN_PAIR_HALVES);
    p.mask.window = 100, p.mask.sinks = 4;
    assert_int_equal(sn_position_count(&p, INT64_C(1) << 60), 104);
}

static void tables_give_the_logits_of_the_definition(void **state) {
    (void)state;
    enum { d = 16, n = 64, planes = d / 2, row = planes * 2 };
    static double query[SN_MAX_PIECES * n * row], key[SN_MAX_PIECES * n * row], canonical[n * row];
    double q[d], k[d];
    for (uint64_t seed = 0; seed < 100; seed++) {
        sn_position p = random_position(seed);
        sn_position_tables(&p, SN_F64, n, 0, 40, query, key, canonical);
        sn_position_tables(&p, SN_F64, n, 40, n, query, key, canonical);
        random_vector(100 + seed, q, d), random_vector(500 + seed, k, d);
        for (int64_t i = 0; i < n; i++)
            for (int64_t j = 0; j <= i; j++) {
                double expected = sn_position_logit(&p, q, k, d, i, j);
                double got = table_logit(&p, query, key, canonical, n, q, k, d, i, j);
                if (sn_position_piece(&p, i, j) < 0)
                    assert_true(expected == -INFINITY && got == -INFINITY);
                else
                    assert_near(got, expected, 1e-12 * (1 + fabs(expected)));
            }
    }
}

static void f32_tables_are_the_rounded_f64_ones(void **state) {
    (void)state;
    enum { n = 50, row = 16 };
    static double query[SN_MAX_PIECES * n * row], key[SN_MAX_PIECES * n * row], canonical[n * row];
    static float query32[SN_MAX_PIECES * n * row], key32[SN_MAX_PIECES * n * row], canonical32[n * row];
    for (uint64_t seed = 0; seed < 20; seed++) {
        sn_position p = random_position(seed);
        sn_position_tables(&p, SN_F64, n, 0, n, query, key, canonical);
        sn_position_tables(&p, SN_F32, n, 0, n, query32, NULL, NULL);
        sn_position_tables(&p, SN_F32, n, 0, n, NULL, key32, canonical32);
        for (int x = 0; x < p.n_pieces * n * row; x++) {
            assert_true(query32[x] == (float)query[x]);
            assert_true(key32[x] == (float)key[x]);
        }
        for (int x = 0; x < n * row; x++) assert_true(canonical32[x] == (float)canonical[x]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(logits_of_ones_give_the_known_sums),
                                       cmocka_unit_test(logits_depend_on_the_distance_alone),
                                       cmocka_unit_test(layouts_agree_after_the_permutation_only),
                                       cmocka_unit_test(partial_rotation_leaves_the_rest),
                                       cmocka_unit_test(wrong_ropes_are_refused),
                                       cmocka_unit_test(floors_divide_exactly),
                                       cmocka_unit_test(counts_agree_with_counting),
                                       cmocka_unit_test(tables_give_the_logits_of_the_definition),
                                       cmocka_unit_test(f32_tables_are_the_rounded_f64_ones)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
