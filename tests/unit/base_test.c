/* Status texts, arenas, random numbers, teams, checked sizes, half floats. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/error.h"
#include "base/map.h"
#include "base/philox.h"
#include "base/size.h"
#include "base/threads.h"
#include "tensor/half.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void error_text_keeps_its_own_prefix(void **state) {
    (void)state;
    assert_int_equal(sn_fail(SN_ERR_FORMAT, "byte %d", 7), SN_ERR_FORMAT);
    assert_string_equal(sn_last_error(), "byte 7");
    sn_fail_in(SN_ERR_FORMAT, "file %s", "x");
    assert_string_equal(sn_last_error(), "file x: byte 7");
    sn_fail(SN_ERR_IO, "again: %s", sn_last_error());
    assert_string_equal(sn_last_error(), "again: file x: byte 7");
    assert_string_equal(sn_status_name(SN_ERR_LIMIT), "limit");
    assert_string_equal(sn_status_name((sn_status)-99), "unknown");
}

/* Known answers of Random123's kat_vectors for philox4x32-10. */
static void philox_gives_the_published_vectors(void **state) {
    (void)state;
    uint32_t w[4];
    sn_philox(0, 0, 0, w);
    assert_int_equal(w[0], 0x6627e8d5);
    assert_int_equal(w[1], 0xe169c58d);
    assert_int_equal(w[2], 0xbc57ac4c);
    assert_int_equal(w[3], 0x9b00dbd8);
    sn_philox(UINT64_MAX, UINT64_MAX, UINT64_MAX, w);
    assert_int_equal(w[0], 0x408f276d);
    assert_int_equal(w[1], 0x41c83b0e);
    assert_int_equal(w[2], 0xa20bc7c6);
    assert_int_equal(w[3], 0x6d5451fd);
}

static void normals_have_the_moments_of_a_normal(void **state) {
    (void)state;
    enum { n = 40000 };
    double sum = 0, square = 0, fourth = 0;
    for (uint64_t i = 0; i < n; i++) {
        double x = sn_normal_f64(1, 2, i);
        sum += x, square += x * x, fourth += x * x * x * x;
    }
    assert_true(fabs(sum / n) < 0.02);
    assert_true(fabs(square / n - 1) < 0.03);
    assert_true(fabs(fourth / n - 3) < 0.2);
}

static void halves_round_trip_and_round_to_even(void **state) {
    (void)state;
    for (uint32_t h = 0; h < 0x10000; h++) {
        float f = sn_f16_to_f32((sn_f16)h);
        if (f != f) continue;
        assert_int_equal(sn_f32_to_f16(f), h);
        assert_int_equal(
            sn_f32_to_bf16(sn_bf16_to_f32((sn_bf16)h)),
            sn_bf16_to_f32((sn_bf16)h) != sn_bf16_to_f32((sn_bf16)h) ? sn_f32_to_bf16(sn_bf16_to_f32((sn_bf16)h)) : h);
    }
    assert_int_equal(sn_f32_to_f16(65519.99f), 0x7bff);
    assert_int_equal(sn_f32_to_f16(65520.0f), 0x7c00);
    assert_int_equal(sn_f32_to_f16(0x1p-25f), 0);
    assert_int_equal(sn_f32_to_f16(0x1.8p-25f), 1);
    assert_int_equal(sn_f32_to_f16(2049.0f / 2048.0f), 0x3c00);
    assert_int_equal(sn_f32_to_f16(2051.0f / 2048.0f), 0x3c02);
}

static void mark(void *arg, int64_t task, int thread) {
    (void)thread;
    ((unsigned char *)arg)[task]++;
}

static void a_team_runs_each_task_once(void **state) {
    (void)state;
    unsigned char seen[1000] = {0};
    sn_team *team = NULL;
    assert_int_equal(sn_team_new(4, &team), SN_OK);
    for (int round = 0; round < 50; round++) sn_parallel(team, mark, seen, 1000);
    sn_team_free(team);
    for (int i = 0; i < 1000; i++) assert_int_equal(seen[i], 50);
    assert_int_equal(sn_team_new(-1, &team), SN_ERR_ARGUMENT);
}

static void sizes_are_checked(void **state) {
    (void)state;
    int64_t n;
    assert_true(sn_product_i64((int64_t[]){3, 4, 5}, 3, &n));
    assert_int_equal(n, 60);
    assert_false(sn_product_i64((int64_t[]){INT64_MAX, 2}, 2, &n));
    assert_false(sn_product_i64((int64_t[]){-1}, 1, &n));
}

static void arenas_zero_and_report_failure(void **state) {
    (void)state;
    sn_arena arena = {0};
    unsigned char *p = sn_arena_alloc(&arena, 100000);
    assert_non_null(p);
    for (int i = 0; i < 100000; i++) assert_int_equal(p[i], 0);
    assert_null(sn_arena_array(&arena, SIZE_MAX / 2, 4));
    assert_string_equal(sn_arena_strdup(&arena, "abc"), "abc");
    sn_alloc_fail_after(0);
    assert_null(sn_arena_alloc(&arena, 1 << 20));
    sn_alloc_fail_after(-1);
    sn_arena_free(&arena);
}

static void files_appear_whole_or_not_at_all(void **state) {
    (void)state;
    char path[] = "/tmp/suan-base-test-XXXXXX";
    close(mkstemp(path));
    assert_int_equal(sn_file_write(path, "hello", 5), SN_OK);
    sn_map map;
    assert_int_equal(sn_map_open(path, &map), SN_OK);
    assert_int_equal(map.size, 5);
    assert_memory_equal(map.data, "hello", 5);
    sn_map_close(&map);
    sn_writer *w = NULL;
    assert_int_equal(sn_writer_open(path, &w), SN_OK);
    assert_int_equal(sn_writer_put(w, "half", 4), SN_OK);
    sn_writer_abandon(w);
    assert_int_equal(sn_map_open(path, &map), SN_OK);
    assert_int_equal(map.size, 5);
    sn_map_close(&map);
    unlink(path);
    assert_int_equal(sn_map_open(path, &map), SN_ERR_IO);
    assert_int_equal(sn_map_open("/tmp", &map), SN_ERR_IO);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(error_text_keeps_its_own_prefix),      cmocka_unit_test(philox_gives_the_published_vectors),
        cmocka_unit_test(normals_have_the_moments_of_a_normal), cmocka_unit_test(halves_round_trip_and_round_to_even),
        cmocka_unit_test(a_team_runs_each_task_once),           cmocka_unit_test(sizes_are_checked),
        cmocka_unit_test(arenas_zero_and_report_failure),       cmocka_unit_test(files_appear_whole_or_not_at_all)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
