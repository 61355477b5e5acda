/* Products in double by every kernel this processor can run, against the definition, on ragged shapes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/philox.h"
#include "study/dense.h"
#include "suan/measure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { most = 300 };
static double a[most * most], b[most * most], c[most * most], want[most * most], packed[most * (most + 64)];
static double v[most], out[most];

static void near(const char *kernel, double got, double right, double scale) {
    if (!(fabs(got - right) <= 1e-14 * scale)) fail_msg("%s: %.17g, not %.17g", kernel, got, right);
}

static void check_products(const char *kernel, const sn_dense *d, int64_t m, int64_t n, int64_t stride) {
    const sn_matrix x = {a, m, n, stride};
    sn_product_left(d, &x, v, out);
    for (int64_t j = 0; j < n; j++) {
        double sum = 0;
        for (int64_t i = 0; i < m; i++) sum += v[i] * a[i * stride + j];
        near(kernel, out[j], sum, (double)m);
    }
    sn_product_right(d, &x, v, out, 1);
    for (int64_t i = 0; i < m; i++) {
        double sum = 0;
        for (int64_t j = 0; j < n; j++) sum += v[j] * a[i * stride + j];
        near(kernel, out[i], sum, (double)n);
    }
}

/* What lies beside the block in memory stays as it is. */
static void check_update(const char *kernel, const sn_dense *d, int64_t m, int64_t n, int64_t depth) {
    const int64_t stride = most;
    const sn_matrix left = {a, m, depth, stride}, right = {b, depth, n, stride}, to = {c, m, n, stride};
    for (int i = 0; i < most * most; i++) want[i] = c[i] = sn_normal_f64(3, 2, (uint64_t)i);
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j++)
            for (int64_t l = 0; l < depth; l++) want[i * stride + j] -= a[i * stride + l] * b[l * stride + j];
    sn_subtract_product(d, &to, &left, &right, packed);
    for (int64_t i = 0; i < most; i++)
        for (int64_t j = 0; j < most; j++) {
            if (i < m && j < n)
                near(kernel, c[i * stride + j], want[i * stride + j], (double)(depth + 1));
            else
                assert_true(c[i * stride + j] == want[i * stride + j]);
        }
}

static void every_kernel(void **state) {
    static const int64_t sizes[] = {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 64, 65, 255, 256, 257, 299};
    enum { n_sizes = sizeof sizes / sizeof *sizes };
    int tried = 0;
    (void)state;
    for (int i = 0; i < most * most; i++) {
        a[i] = sn_normal_f64(3, 0, (uint64_t)i), b[i] = sn_normal_f64(3, 1, (uint64_t)i);
        v[i % most] = sn_normal_f64(3, 3, (uint64_t)(i % most));
    }
    for (const sn_kernel *const *k = sn_kernel_table; *k; k++) {
        if (strcmp((*k)->op, "dense_f64") != 0 || (*k)->isa > sn_cpu_isa()) continue;
        for (int threads = 1; threads <= 2; threads++) {
            sn_dense d;
            const sn_dense_attr attr = {&d.parts};
            (*k)->run(&(sn_call){.attr = &attr});
            assert_int_equal(sn_team_new(threads, &d.team), SN_OK);
            for (int i = 0; i < n_sizes; i++) {
                check_products((*k)->name, &d, sizes[i], sizes[n_sizes - 1 - i], most);
                check_products((*k)->name, &d, sizes[i], sizes[i], sizes[i]);
                check_update((*k)->name, &d, sizes[i], sizes[(i + 5) % n_sizes], sizes[i * 7 % 14]);
            }
            check_update((*k)->name, &d, 0, 5, 3);
            sn_team_free(d.team);
        }
        tried++;
    }
    assert_true(tried >= 1);
}

static void determinants(void **state) {
    double got, x[16] = {0};
    (void)state;
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 4; j++) x[i * 4 + j] = 1.0 / (i + j + 1); /* Hilbert: 1 / 6048000 */
    assert_int_equal(sn_log_det(x, 4, &got), SN_OK);
    near("log det", got, -log(6048000), 100);
    for (int i = 0; i < 16; i++) x[i] = i;
    assert_int_equal(sn_log_det(x, 3, &got), SN_OK); /* rows 0 1 2, 3 4 5, 6 7 8 */
    assert_true(got < -30);
    memset(x, 0, sizeof x);
    assert_int_equal(sn_log_det(x, 4, &got), SN_OK);
    assert_true(got == -INFINITY);
    double *large = malloc(100 * 100 * sizeof *large); /* min(i, j): determinant 1; over panels */
    for (int i = 0; i < 10000; i++) large[i] = 1 + (i / 100 < i % 100 ? i / 100 : i % 100);
    assert_int_equal(sn_log_det(large, 100, &got), SN_OK);
    assert_true(fabs(got) < 1e-11);
    free(large);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_kernel), cmocka_unit_test(determinants)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
