/* Singular values against closed forms and planted ones, the measures made of them, and the claims about attention. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/philox.h"
#include "suan/measure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double pi = 3.14159265358979323846;

static void near(double got, double want, double tolerance) {
    if (!(fabs(got - want) <= tolerance)) fail_msg("%.16g, not %.16g", got, want);
}

static double normal(uint64_t stream, int64_t i) { return sn_normal_f64(11, stream, (uint64_t)i); }

static double *random_matrix(int64_t n, uint64_t stream) {
    double *a = malloc((size_t)n * sizeof *a);
    for (int64_t i = 0; i < n; i++) a[i] = normal(stream, i);
    return a;
}

/* The difference matrix has sigma_k = 2 cos(k pi / (2n + 1)). */
static void bidiagonal_closed_form(void **state) {
    (void)state;
    for (int n = 1; n <= 200; n += 13) {
        double *a = calloc((size_t)(n * n), sizeof *a);
        sn_rank_result r;
        for (int i = 0; i < n; i++) {
            a[i * n + i] = 1;
            if (i + 1 < n) a[i * n + i + 1] = -1;
        }
        assert_int_equal(sn_rank(a, n, n, NULL, &r), SN_OK);
        for (int k = 1; k <= n; k++) near(r.singular[k - 1] / (2 * cos(k * pi / (2 * n + 1))), 1, 1e-13);
        near(r.eliminated, 0, 1e-13);
        sn_rank_free(&r);
        free(a);
    }
}

/* a = H_1 ... H_4 diag(s) H_5 ... H_8 with reflections H. */
static void reflect_rows(double *a, int64_t m, int64_t n, uint64_t stream) {
    double *v = random_matrix(m, stream), length = 0;
    for (int64_t i = 0; i < m; i++) length += v[i] * v[i];
    for (int64_t j = 0; j < n; j++) {
        double w = 0;
        for (int64_t i = 0; i < m; i++) w += v[i] * a[i * n + j];
        for (int64_t i = 0; i < m; i++) a[i * n + j] -= 2 * w / length * v[i];
    }
    free(v);
}

static void transpose(const double *a, int64_t m, int64_t n, double *to) {
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j++) to[j * m + i] = a[i * n + j];
}

static double *planted(int64_t m, int64_t n, const double *s, uint64_t stream) {
    double *a = calloc((size_t)(m * n), sizeof *a), *b = calloc((size_t)(m * n), sizeof *b);
    for (int64_t i = 0; i < m && i < n; i++) a[i * n + i] = s[i];
    for (uint64_t k = 0; k < 4; k++) reflect_rows(a, m, n, stream + k);
    transpose(a, m, n, b);
    for (uint64_t k = 0; k < 4; k++) reflect_rows(b, n, m, stream + 10 + k);
    transpose(b, n, m, a);
    free(b);
    return a;
}

static void planted_values_are_found(void **state) {
    static const int64_t sizes[][2] = {{1, 1}, {1, 5}, {7, 1}, {2, 2}, {9, 4}, {4, 9}, {40, 40}, {300, 90}, {90, 300}};
    (void)state;
    for (size_t c = 0; c < sizeof sizes / sizeof *sizes; c++) {
        int64_t m = sizes[c][0], n = sizes[c][1], least = m < n ? m : n;
        double s[300];
        for (int64_t i = 0; i < least; i++) s[i] = i < 2 * least / 3 + 1 ? 3.0 / (double)(1 + i * i) : 0;
        double *a = planted(m, n, s, 100 * c);
        sn_rank_result r;
        assert_int_equal(sn_rank(a, m, n, &(sn_rank_options){.threads = 2}, &r), SN_OK);
        assert_int_equal(r.n, least);
        for (int64_t i = 0; i < least; i++) near(r.singular[i], s[i], 2e-14);
        assert_int_equal(r.numerical, 2 * least / 3 + 1 < least ? 2 * least / 3 + 1 : least);
        sn_rank_free(&r);
        for (int64_t i = 0; i < m * n; i++) a[i] *= 1e-170; /* squares would vanish */
        assert_int_equal(sn_rank(a, m, n, NULL, &r), SN_OK);
        for (int64_t i = 0; i < least; i++) near(r.singular[i] * 1e170, s[i], 2e-14);
        sn_rank_free(&r);
        free(a);
    }
}

static void norms_and_determinant_agree(void **state) {
    (void)state;
    for (int64_t n = 1; n <= 161; n += 32) {
        double *a = random_matrix(n * n, 5), squares = 0, logs = 0, sum = 0;
        sn_rank_result r;
        for (int64_t i = 0; i < n * n; i++) squares += a[i] * a[i];
        assert_int_equal(sn_rank(a, n, n, &(sn_rank_options){.tail = n / 3}, &r), SN_OK);
        for (int64_t i = 0; i < n; i++) {
            sum += r.singular[i] * r.singular[i];
            logs += log(r.singular[i]);
            if (i) assert_true(r.singular[i] <= r.singular[i - 1]);
        }
        near(sum / squares, 1, 1e-13);
        near(r.log_det, logs, 1e-9);
        near(r.stable, squares / (r.singular[0] * r.singular[0]), 1e-12);
        assert_int_equal(r.tail, n / 3 ? n / 3 : 1);
        sn_rank_free(&r);
        free(a);
    }
}

static void measures_of_known_spectra(void **state) {
    (void)state;
    sn_rank_result r;
    double s[12] = {1, 1, 1, 1, 1, 1};
    double *a = planted(12, 20, s, 7);
    assert_int_equal(sn_rank(a, 12, 20, &(sn_rank_options){.tail = 3}, &r), SN_OK);
    assert_int_equal(r.numerical, 6);
    near(r.effective, 6, 1e-10);
    near(r.stable, 6, 1e-12);
    near(r.tail_share, 0.5, 1e-12);
    assert_true(isnan(r.log_det) && r.tail == 3);
    sn_rank_free(&r);
    free(a);
    const double swap[] = {0, 2, 3, 0}, singular[] = {1, 2, 2, 4}, zero[4] = {0};
    assert_int_equal(sn_rank(swap, 2, 2, NULL, &r), SN_OK);
    near(r.log_det, log(6), 1e-15);
    sn_rank_free(&r);
    assert_int_equal(sn_rank(singular, 2, 2, NULL, &r), SN_OK);
    assert_true(r.log_det == -INFINITY && r.numerical == 1);
    sn_rank_free(&r);
    assert_int_equal(sn_rank(zero, 2, 2, NULL, &r), SN_OK);
    assert_true(r.numerical == 0 && r.effective == 0 && r.tail_share == 0 && r.log_det == -INFINITY);
    sn_rank_free(&r);
}

/* ---- Complex ---- */

/* A unitary matrix of Fourier columns scales to planted values; a diagonal of phases; a triangle. */
static void complex_matrices(void **state) {
    enum { n = 24 };
    static double a[2 * n * n], phases[2 * 5 * 3], triangle[2 * 4 * 4];
    sn_rank_result r;
    (void)state;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) {
            double angle = 2 * pi * i * j / n, s = (1.0 + j) / sqrt(n);
            a[2 * (i * n + j)] = s * cos(angle), a[2 * (i * n + j) + 1] = s * sin(angle);
        }
    assert_int_equal(sn_rank_complex(a, n, n, &(sn_rank_options){.tail = 6}, &r), SN_OK);
    assert_true(r.n == n && r.rows == n && r.cols == n && r.numerical == n && r.tail == 6 && !r.triangular);
    double logs = 0, squares = 0, tail = 0;
    for (int i = 0; i < n; i++) {
        near(r.singular[i], n - i, 1e-12);
        logs += log(i + 1), squares += (i + 1) * (i + 1), tail += i < n - 6 ? (i + 1) * (i + 1) : 0;
    }
    near(r.log_det, logs, 1e-11);
    near(r.tail_share, tail / squares, 1e-13);
    sn_rank_free(&r);
    for (int i = 0; i < 3; i++) phases[2 * (i * 3 + i)] = 3 * cos(i), phases[2 * (i * 3 + i) + 1] = 3 * sin(i);
    assert_int_equal(sn_rank_complex(phases, 5, 3, NULL, &r), SN_OK);
    assert_true(r.n == 3 && r.rows == 5 && isnan(r.log_det) && r.tail == 2);
    for (int i = 0; i < 3; i++) near(r.singular[i], 3, 1e-14);
    near(r.effective, 3, 1e-12);
    sn_rank_free(&r);
    for (int i = 0; i < 4; i++)
        for (int j = i; j < 4; j++) triangle[2 * (i * 4 + j)] = j, triangle[2 * (i * 4 + j) + 1] = i + 1;
    assert_int_equal(sn_rank_complex(triangle, 4, 4, NULL, &r), SN_OK);
    logs = 0;
    for (int i = 0; i < 4; i++) logs += log(i * i + (i + 1) * (i + 1)) / 2;
    near(r.log_det, logs, 1e-14);
    near(r.eliminated, logs, 1e-13);
    assert_true(r.triangular);
    sn_rank_free(&r);
    triangle[2 * 6 + 1] = NAN;
    assert_int_equal(sn_rank_complex(triangle, 4, 4, NULL, &r), SN_ERR_NUMERIC);
    assert_non_null(strstr(sn_last_error(), "[1, 2] is NaN"));
    assert_int_equal(sn_rank_complex(triangle, 0, 4, NULL, &r), SN_ERR_SHAPE);
}

/* ---- Attention ---- */

static sn_rank_result of_attention(sn_attention_form form, int64_t n, int64_t d, double *a) {
    sn_rank_result r;
    assert_int_equal(sn_attention_sample(form, n, d, 1, a), SN_OK);
    for (int64_t i = 0; i < n; i++) {
        double sum = 0;
        for (int64_t j = 0; j < n; j++) sum += a[i * n + j];
        near(sum, 1, 1e-13);
    }
    assert_int_equal(sn_rank(a, n, n, &(sn_rank_options){.tail = d < n ? d : n}, &r), SN_OK);
    return r;
}

static void causal_attention_has_full_rank(void **state) {
    enum { n = 96, d = 8 };
    static const sn_attention_form causal[] = {SN_ATTENTION_SOFTMAX_CAUSAL, SN_ATTENTION_LINEAR_CAUSAL,
                                               SN_ATTENTION_SOFTMAX_REVERSED, SN_ATTENTION_EQUAL_CAUSAL};
    static double a[n * n];
    (void)state;
    for (int i = 0; i < 4; i++) {
        double diagonal = 0, claimed;
        int64_t rank;
        sn_rank_result r = of_attention(causal[i], n, d, a);
        assert_true(r.triangular);
        for (int k = 0; k < n; k++) diagonal += log(a[k * n + k]);
        near(r.log_det, diagonal, 1e-10);
        assert_int_equal(sn_attention_claims(causal[i], n, d, 1, &rank, &claimed), SN_OK);
        assert_int_equal(rank, n);
        near(r.log_det, claimed, 1e-10);
        sn_rank_free(&r);
        /* Elimination knows nothing of the triangle, and is right while the least singular value is above rounding. */
        r = of_attention(causal[i], 16, d, a);
        near(r.eliminated, r.log_det, 1e-6);
        sn_rank_free(&r);
    }
}

/* Queries and keys in reverse order under the upper triangle: the same matrix, turned. */
static void the_upper_triangle_has_the_same_determinant(void **state) {
    enum { n = 40, d = 6 };
    static double lower[n * n], upper[n * n];
    (void)state;
    sn_rank_result a = of_attention(SN_ATTENTION_SOFTMAX_CAUSAL, n, d, lower);
    sn_rank_result b = of_attention(SN_ATTENTION_SOFTMAX_REVERSED, n, d, upper);
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) assert_true(upper[i * n + j] == lower[(n - 1 - i) * n + n - 1 - j]);
    near(a.log_det, b.log_det, 1e-11);
    sn_rank_free(&a);
    sn_rank_free(&b);
}

static void linear_attention_has_the_rank_of_its_features(void **state) {
    enum { n = 96, d = 8 };
    static double a[n * n];
    (void)state;
    sn_rank_result r = of_attention(SN_ATTENTION_LINEAR, n, d, a);
    assert_int_equal(r.numerical, d);
    assert_true(r.singular[d] < 1e-14 * r.singular[0] && r.tail_share < 1e-28);
    sn_rank_free(&r);
    r = of_attention(SN_ATTENTION_SOFTMAX, n, d, a);
    assert_true(r.numerical > d && r.effective < n);
    sn_rank_free(&r);
}

static void equal_logits(void **state) {
    enum { n = 50 };
    static double a[n * n];
    (void)state;
    double factorial = 0, claimed;
    int64_t rank;
    for (int i = 0; i < n; i++) factorial += log(i + 1);
    sn_rank_result r = of_attention(SN_ATTENTION_EQUAL, n, 4, a);
    for (int i = 0; i < n * n; i++) assert_true(a[i] == 1.0 / n);
    assert_int_equal(r.numerical, 1);
    near(r.effective, 1, 1e-10);
    near(r.singular[0], 1, 1e-14);
    sn_rank_free(&r);
    assert_int_equal(sn_attention_claims(SN_ATTENTION_EQUAL, n, 4, 1, &rank, &claimed), SN_OK);
    assert_true(rank == 1 && isnan(claimed));
    r = of_attention(SN_ATTENTION_EQUAL_CAUSAL, n, 4, a);
    for (int i = 0; i < n; i++) near(a[i * n + i], 1.0 / (i + 1), 1e-16);
    assert_int_equal(r.numerical, n);
    near(r.log_det, -factorial, 1e-10);
    assert_int_equal(sn_attention_claims(SN_ATTENTION_EQUAL_CAUSAL, n, 4, 1, &rank, &claimed), SN_OK);
    near(claimed, -factorial, 1e-11);
    sn_rank_free(&r);
}

/* ---- What is refused ---- */

static void bad_matrices_are_refused(void **state) {
    double a[6] = {1, 2, 3, 4, NAN, 6};
    sn_rank_result r;
    const volatile int stop = 1;
    (void)state;
    assert_int_equal(sn_rank(a, 2, 3, NULL, &r), SN_ERR_NUMERIC);
    assert_non_null(strstr(sn_last_error(), "[1, 1] is NaN"));
    a[4] = INFINITY;
    assert_int_equal(sn_rank(a, 2, 3, NULL, &r), SN_ERR_NUMERIC);
    a[4] = 5;
    assert_int_equal(sn_rank(a, 0, 3, NULL, &r), SN_ERR_SHAPE);
    assert_int_equal(sn_rank(a, 2, 3, &(sn_rank_options){.tail = 3}, &r), SN_ERR_ARGUMENT);
    assert_int_equal(sn_rank(a, 2, 3, &(sn_rank_options){.cancel = &stop}, &r), SN_ERR_CANCELLED);
    for (int i = 0; i < 8; i++) {
        sn_alloc_fail_after(i);
        sn_status status = sn_rank(a, 2, 3, NULL, &r);
        sn_alloc_fail_after(-1);
        if (status == SN_OK)
            sn_rank_free(&r);
        else
            assert_int_equal(status, SN_ERR_MEMORY);
    }
}

static bool has_lapack(void) {
    const double one = 1;
    sn_rank_result r;
    if (sn_rank(&one, 1, 1, NULL, &r) == SN_ERR_UNSUPPORTED) return false;
    sn_rank_free(&r);
    return true;
}

int main(void) {
    if (!has_lapack()) {
        print_message("rank: skipped, this build has no LAPACKE\n");
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bidiagonal_closed_form),
        cmocka_unit_test(planted_values_are_found),
        cmocka_unit_test(norms_and_determinant_agree),
        cmocka_unit_test(measures_of_known_spectra),
        cmocka_unit_test(complex_matrices),
        cmocka_unit_test(causal_attention_has_full_rank),
        cmocka_unit_test(the_upper_triangle_has_the_same_determinant),
        cmocka_unit_test(linear_attention_has_the_rank_of_its_features),
        cmocka_unit_test(equal_logits),
        cmocka_unit_test(bad_matrices_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
