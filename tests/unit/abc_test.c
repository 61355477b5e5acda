/* The minimal a + b + c against brute force, against searches over a, and at the ends of its ranges. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/philox.h"
#include "math/abc.h"
#include "suan/build.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static sn_abc_number solve(sn_u128 n) {
    sn_abc_number x;
    assert_int_equal(sn_abc_solve_number(n, NULL, &x), SN_OK);
    assert_true(x.a * x.b + x.c == n && x.a <= x.b);
    return x;
}

static uint64_t sum_of(sn_u128 n) {
    sn_abc_number x = solve(n);
    return (uint64_t)(x.a + x.b + x.c);
}

/* ---- Brute force ---- */

enum { most = 1000000 };
static int32_t least[most + 1]; /* of a + b + c, for each N */

/* least[m] = min a + b with ab = m, then least[N] = min over m <= N of that + (N - m). */
static void sieve(void) {
    for (int m = 0; m <= most; m++) least[m] = m ? m + 1 : 0;
    for (int a = 2; a * a <= most; a++)
        for (int b = a; a * b <= most; b++)
            if (a + b < least[a * b]) least[a * b] = a + b;
    for (int n = 1; n <= most; n++)
        if (least[n - 1] + 1 < least[n]) least[n] = least[n - 1] + 1;
}

static void brute_force_agrees_up_to_a_million(void **state) {
    (void)state;
    int64_t total = 0;
    for (int n = 0; n <= most; n++) {
        if ((int64_t)sum_of((unsigned)n) != least[n]) fail_msg("N = %d: %d is the least sum", n, least[n]);
        total += least[n];
    }
    assert_int_equal(total, 1342460891);
}

/* The published shortcut that looks only at sqrt(N/2) < a <= sqrt N. */
static int32_t naive(int n) {
    int32_t best = INT32_MAX;
    for (int a = (int)sqrt(n) + 1; a > 0; a--)
        if (a * a <= n && 2 * a * a > n && a + n / a + n % a < best) best = a + n / a + n % a;
    return best;
}

static void the_naive_scan_fails_where_it_should_and_we_do_not(void **state) {
    static const int wrong[] = {8,   18,  19,  32,  33,  34,  98,  128, 129, 162,  163,  164,  200,  201,
                                202, 203, 512, 882, 883, 968, 969, 970, 971, 2048, 2049, 2888, 2889, 2890};
    (void)state;
    int found = 0;
    for (int n = 4; n <= 20000; n++) {
        if (naive(n) == least[n]) continue;
        assert_true(found < 28);
        assert_int_equal(n, wrong[found++]);
        assert_int_equal(sum_of((unsigned)n), least[n]);
    }
    assert_int_equal(found, 28);
}

/* ---- Ties ---- */

typedef struct list {
    uint64_t a[64];
    int n;
} list;

static void add(void *user, const sn_abc *x) {
    list *l = user;
    assert_true(l->n < 64);
    l->a[l->n++] = strtoull(x->a, NULL, 10);
}

/* All a <= b whose sum is least, by trying them all. */
static int count_best(int n) {
    int count = least[n] == n; /* a = 0, b = 0 */
    for (int a = 1; a * a <= n; a++)
        for (int b = a; a * b <= n; b++) count += a + b + n - a * b == least[n];
    return count;
}

static void all_means_all(void **state) {
    (void)state;
    for (int n = 0; n <= 3000; n++) {
        char text[16];
        list l = {.n = 0};
        snprintf(text, sizeof text, "%d", n);
        assert_int_equal(sn_abc_all(text, NULL, add, &l), SN_OK);
        if (l.n != count_best(n)) fail_msg("N = %d: %d of %d", n, l.n, count_best(n));
        assert_int_equal(l.a[0], (uint64_t)solve((unsigned)n).a);
        for (int i = 0; i < l.n; i++)
            for (int k = 0; k < i; k++) assert_true(l.a[i] != l.a[k]);
    }
}

static void of_several_the_smallest_a_plus_b_is_told(void **state) {
    (void)state;
    for (int n = 6; n <= 3000; n++) {
        sn_abc_number x = solve((unsigned)n);
        for (int p = 2; p < (int)(x.a + x.b); p++)
            for (int a = 1; a <= p / 2; a++)
                if (a * (p - a) <= n) assert_true(p + n - a * (p - a) > least[n]);
    }
}

/* ---- Large numbers ---- */

/* The least sum by trying a = sqrt(N), sqrt(N) - 1, ...: b = N / a is the best for a, and a + N / a never falls. With
 * `whole`, all a down to 1. */
static uint64_t search_over_a(uint64_t n, bool whole) {
    uint64_t a = (uint64_t)sqrt((double)n), best = UINT64_MAX;
    while (a > UINT32_MAX || a * a > n) a--;
    while (a < UINT32_MAX && (a + 1) * (a + 1) <= n) a++;
    for (; a > 0; a--) {
        uint64_t b = n / a, sum = a + b + (n - a * b);
        if (sum < best) best = sum;
        if (!whole && a + b >= best) break;
    }
    return best;
}

static uint64_t random_bits(int bits, uint64_t index) {
    uint32_t w[4];
    sn_philox(9775, 0, index, w);
    return (((uint64_t)w[0] << 32 | w[1]) | (uint64_t)1 << 63) >> (64 - bits);
}

static void a_search_over_all_a_agrees(void **state) {
    (void)state;
    for (uint64_t i = 0; i < 40; i++) {
        uint64_t n = random_bits(40, i);
        assert_true(sum_of(n) == search_over_a(n, true));
    }
    for (uint64_t i = 0; i < 2; i++) {
        uint64_t n = random_bits(52, i);
        assert_true(sum_of(n) == search_over_a(n, true));
    }
    const char *slow = getenv("SUAN_TEST_SLOW"); /* half a minute each */
    for (uint64_t i = 0; slow && i < 3; i++)
        assert_true(sum_of(random_bits(64, i)) == search_over_a(random_bits(64, i), true));
}

static void a_search_over_a_with_an_end_agrees_at_64_bits(void **state) {
    (void)state;
    for (uint64_t i = 0; i < 20; i++) {
        uint64_t n = random_bits(64, 100 + i);
        assert_true(sum_of(n) == search_over_a(n, false));
    }
    for (uint64_t i = 0; i < 1000; i++) {
        uint64_t n = random_bits(32, i);
        assert_true(sum_of(n) == search_over_a(n, false));
    }
}

static void expect(const char *n, const char *a, const char *b, const char *c) {
    sn_abc x;
    assert_int_equal(sn_abc_solve(n, NULL, &x), SN_OK);
    if (strcmp(x.a, a) || strcmp(x.b, b) || strcmp(x.c, c))
        fail_msg("N = %s: %s * %s + %s, not %s * %s + %s", n, x.a, x.b, x.c, a, b, c);
    assert_string_equal(x.n, n);
}

static void known_values(void **state) {
    (void)state;
    expect("0", "0", "0", "0");
    expect("1", "0", "0", "1");
    expect("2", "0", "0", "2");
    expect("3", "0", "0", "3");
    expect("4", "2", "2", "0");
    expect("5", "2", "2", "1");
    expect("34", "4", "8", "2");
    expect("130", "10", "13", "0");
    expect("997", "31", "32", "5");
    expect("1000", "27", "37", "1");
    expect("10007", "87", "115", "2");
    expect("123456", "319", "387", "3");
    expect("999983", "995", "1005", "8");
    expect("9223372036854775807", "3036542606", "3037458463", "1229");
    expect("18446744073709551615", "4294967295", "4294967297", "0");
    expect("18446744073709551557", "4294967288", "4294967304", "5");
    expect("170141183460469231731687303715884105727", "13043815287926399617", "13043820362739658408", "2075991");
    expect("340282366920938463463374607431768211297", "18446744073709551603", "18446744073709551629", "10");
    expect("340282366920938463463374607431768211455", "18446744073709551615", "18446744073709551617", "0");
}

static void squares_and_pronics_need_no_rest(void **state) {
    (void)state;
    for (uint64_t i = 0; i < 3000; i++) {
        uint64_t r = random_bits(1 + (int)(i % 64), i);
        if (r < 2) continue;
        sn_abc_number square = solve((sn_u128)r * r), pronic = solve((sn_u128)r * (r - 1));
        assert_true(square.a == r && square.b == r && square.c == 0 && square.steps == 1);
        if (r > 3) assert_true(pronic.a == r - 1 && pronic.b == r && pronic.c == 0);
    }
    for (uint64_t r = 2; r < 1000000; r += 99989) assert_true(sum_of(r * r * r) <= r + r * r);
}

static bool has_gmp(void) { return strstr(sn_build_libraries(), "gmp "); }

/* Just below squares and products of neighbours the scan begins with small roots: these take a handful of steps. */
static void large_numbers_below_squares_take_no_time(void **state) {
    (void)state;
    if (!has_gmp()) skip();
    clock_t begin = clock();
    for (int i = 0; i < 20; i++) {
        expect("24519928653854221733733552434404946937899825954937634815", /* 2^184 - 1, the largest of 184 bits */
               "4951760157141521099596496895", "4951760157141521099596496897", "0");
        expect("24519928653854221733733552434404946937899825954937634771", "4951760157141521099596496889",
               "4951760157141521099596496903", "4");
        expect("1393796574908163946345982392040522594122776", "1180591620717411303392", "1180591620717411303456", "24");
        expect("1393796574908163975495970099174125239377123", "1180591620717411315766", "1180591620717411315773", "5");
    }
    assert_true((double)(clock() - begin) / CLOCKS_PER_SEC < 5);
}

static void golden_values(void **state) {
    char line[512], n[128], a[128], b[128], c[128];
    int seen = 0;
    (void)state;
    FILE *f = fopen(SN_TEST_SOURCE "/golden/abc.txt", "r");
    assert_non_null(f);
    while (fgets(line, sizeof line, f)) {
        if (line[0] == '#') continue;
        assert_int_equal(sscanf(line, "%127s %127s %127s %127s", n, a, b, c), 4);
        seen++;
        sn_u128 number;
        if (!has_gmp() && !sn_u128_parse(n, strlen(n), &number)) continue;
        expect(n, a, b, c);
    }
    fclose(f);
    assert_true(seen > 60);
}

/* The two scans meet where N has 128 bits. */
static void the_wide_scan_is_the_narrow_one(void **state) {
    (void)state;
    if (!has_gmp()) {
        printf("without GMP: nothing beyond 128 bits\n");
        skip();
    }
    for (uint64_t i = 0; i < 200; i++) {
        sn_u128 n = (sn_u128)random_bits(1 + (int)(i % 40), i) << 64 | random_bits(64, i + 1);
        char text[SN_U128_DIGITS], a[SN_U128_DIGITS];
        sn_abc_number x = solve(n);
        sn_abc_start s;
        sn_abc wide;
        int64_t t, steps;
        assert_int_equal(sn_abc_wide_start(sn_u128_format(n, text), &s), SN_OK);
        assert_int_equal(sn_abc_scan(&s, NULL, &t, &steps), SN_OK);
        assert_int_equal(sn_abc_wide_solution(text, &s, t, steps, &wide), SN_OK);
        assert_string_equal(wide.a, sn_u128_format(x.a, a));
        assert_int_equal(steps, x.steps);
    }
}

static void steps_follow_the_law(void **state) {
    sn_abc_speed speed;
    (void)state;
    assert_int_equal(sn_abc_measure(48, 2000, 7, NULL, &speed), SN_OK);
    assert_true(speed.steps_by_law > 1.08 && speed.steps_by_law < 1.28);
    assert_int_equal(sn_abc_measure(64, 1000, 7, NULL, &speed), SN_OK);
    assert_true(speed.steps_by_law > 1.08 && speed.steps_by_law < 1.28);
    assert_int_equal(sn_abc_measure(2, 10, 7, NULL, &speed), SN_ERR_ARGUMENT);
    assert_int_equal(sn_abc_measure(129, 10, 7, NULL, &speed), SN_ERR_ARGUMENT);
}

/* ---- Ranges ---- */

typedef struct text {
    char *data;
    size_t size, capacity;
    int left; /* calls before it fails; negative: never */
} text;

static sn_status put(void *user, const char *data, size_t size) {
    text *t = user;
    if (t->left-- == 0) return SN_ERR_IO;
    if (t->size + size >= t->capacity) {
        t->capacity = 2 * (t->size + size) + 1;
        t->data = realloc(t->data, t->capacity);
    }
    memcpy(t->data + t->size, data, size);
    t->data[t->size += size] = 0;
    return SN_OK;
}

static void a_range_is_every_number_in_order(void **state) {
    (void)state;
    text one = {.left = -1}, many = {.left = -1};
    assert_int_equal(sn_abc_range("0", "60000", 1, NULL, put, &one), SN_OK);
    assert_int_equal(sn_abc_range("0", "60000", 3, NULL, put, &many), SN_OK);
    assert_string_equal(one.data, many.data);
    char *line = strtok(one.data, "\n");
    assert_string_equal(line, "n,a,b,c,sum,steps");
    for (unsigned n = 0; n <= 60000; n++) {
        char want[256];
        sn_abc_number x = solve(n);
        snprintf(want, sizeof want, "%u,%llu,%llu,%llu,%d,%lld", n, (unsigned long long)x.a, (unsigned long long)x.b,
                 (unsigned long long)x.c, least[n], (long long)x.steps);
        assert_string_equal(strtok(NULL, "\n"), want);
    }
    assert_null(strtok(NULL, "\n"));
    free(one.data);
    free(many.data);
}

static void a_range_ends_at_the_largest_number(void **state) {
    (void)state;
    text t = {.left = -1};
    assert_int_equal(sn_abc_range("340282366920938463463374607431768211454", "340282366920938463463374607431768211455",
                                  2, NULL, put, &t),
                     SN_OK);
    assert_non_null(strstr(t.data, "\n340282366920938463463374607431768211455,18446744073709551615,"
                                   "18446744073709551617,0,36893488147419103232,"));
    free(t.data);
}

static void bad_ranges_are_refused(void **state) {
    (void)state;
    text t = {.left = -1};
    const volatile int stop = 1;
    assert_int_equal(sn_abc_range("10", "9", 1, NULL, put, &t), SN_ERR_ARGUMENT);
    assert_non_null(strstr(sn_last_error(), "empty"));
    assert_int_equal(sn_abc_range("", "9", 1, NULL, put, &t), SN_ERR_ARGUMENT);
    assert_int_equal(sn_abc_range("1", "9x", 1, NULL, put, &t), SN_ERR_ARGUMENT);
    assert_int_equal(sn_abc_range("1", "340282366920938463463374607431768211456", 1, NULL, put, &t), SN_ERR_LIMIT);
    assert_null(t.data);
    t.left = 1;
    assert_int_equal(sn_abc_range("1", "9", 1, NULL, put, &t), SN_ERR_IO);
    t.left = -1;
    assert_int_equal(sn_abc_range("1", "100000000", 1, &stop, put, &t), SN_ERR_CANCELLED);
    for (int i = 0; i < 8; i++) {
        sn_alloc_fail_after(i);
        sn_status status = sn_abc_range("1", "9", 2, NULL, put, &t);
        sn_alloc_fail_after(-1);
        assert_true(status == SN_OK || status == SN_ERR_MEMORY);
    }
    free(t.data);
}

/* ---- What is no number ---- */

static void refuse(const char *n, sn_status status, const char *why) {
    sn_abc x;
    assert_int_equal(sn_abc_solve(n, NULL, &x), status);
    if (!strstr(sn_last_error(), why)) fail_msg("\"%s\": \"%s\" lacks \"%s\"", n, sn_last_error(), why);
}

static void bad_numbers_are_refused(void **state) {
    sn_abc x;
    double steps;
    (void)state;
    refuse("", SN_ERR_ARGUMENT, "empty");
    refuse("-1", SN_ERR_ARGUMENT, "negative");
    refuse("12a", SN_ERR_ARGUMENT, "character 3");
    refuse("1.5", SN_ERR_ARGUMENT, "character 2");
    refuse("1e9", SN_ERR_ARGUMENT, "character 2");
    refuse(" 7", SN_ERR_ARGUMENT, "character 1");
    refuse("\xd9\xa3", SN_ERR_ARGUMENT, "character 1");
    char huge[2001];
    memset(huge, '9', 2000), huge[2000] = 0;
    refuse(huge, SN_ERR_LIMIT, "2.54e+333 steps"); /* 1.18 * 10^(2000/6) */
    huge[60] = 0;
    refuse(huge, SN_ERR_LIMIT, "1.18e+10 steps");
    assert_int_equal(
        sn_abc_solve("000000000000000000000000000000000000000000000000000000000000000000000000130", NULL, &x), SN_OK);
    assert_string_equal(x.n, "130");
    assert_int_equal(sn_abc_solve("000", NULL, &x), SN_OK);
    assert_string_equal(x.sum, "0");
    assert_int_equal(sn_abc_expect_steps("1000000000000", &steps), SN_OK);
    assert_true(fabs(steps - log10(118)) < 1e-12);
}

static void a_flag_stops_a_long_search(void **state) {
    (void)state;
    const volatile int stop = 1;
    sn_abc x;
    assert_int_equal(sn_abc_solve("340282366920938463463374607431768200000", &stop, &x), SN_ERR_CANCELLED);
}

static int setup(void **state) {
    (void)state;
    sieve();
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(brute_force_agrees_up_to_a_million),
        cmocka_unit_test(the_naive_scan_fails_where_it_should_and_we_do_not),
        cmocka_unit_test(all_means_all),
        cmocka_unit_test(of_several_the_smallest_a_plus_b_is_told),
        cmocka_unit_test(a_search_over_all_a_agrees),
        cmocka_unit_test(a_search_over_a_with_an_end_agrees_at_64_bits),
        cmocka_unit_test(known_values),
        cmocka_unit_test(squares_and_pronics_need_no_rest),
        cmocka_unit_test(golden_values),
        cmocka_unit_test(large_numbers_below_squares_take_no_time),
        cmocka_unit_test(the_wide_scan_is_the_narrow_one),
        cmocka_unit_test(steps_follow_the_law),
        cmocka_unit_test(a_range_is_every_number_in_order),
        cmocka_unit_test(a_range_ends_at_the_largest_number),
        cmocka_unit_test(bad_ranges_are_refused),
        cmocka_unit_test(bad_numbers_are_refused),
        cmocka_unit_test(a_flag_stops_a_long_search),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
