/* What rank a matrix has (Su, kexue.fm/archives/9529). */
#include "suan/measure.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/size.h"
#include "study/dense.h"
#include "study/singular.h"

#include <math.h>
#include <string.h>

/* ---- ln |det| ---- */

enum { panel = 32 };

static void swap_rows(double *a, int64_t n, int64_t i, int64_t k) {
    for (int64_t j = 0; j < n && i != k; j++) {
        double x = a[i * n + j];
        a[i * n + j] = a[k * n + j];
        a[k * n + j] = x;
    }
}

/* Columns k to `to` of the rows from k on; their factors stay below the diagonal. False: a pivot is 0. */
static bool factor_panel(double *a, int64_t n, int64_t k, int64_t to, double *total) {
    for (; k < to; k++) {
        int64_t pivot = k;
        for (int64_t i = k + 1; i < n; i++)
            if (fabs(a[i * n + k]) > fabs(a[pivot * n + k])) pivot = i;
        if (a[pivot * n + k] == 0) return false;
        swap_rows(a, n, k, pivot);
        *total += log(fabs(a[k * n + k]));
        for (int64_t i = k + 1; i < n; i++) {
            double factor = a[i * n + k] /= a[k * n + k];
            for (int64_t j = k + 1; j < to && factor != 0; j++) a[i * n + j] -= factor * a[k * n + j];
        }
    }
    return true;
}

/* By panels; packed has room for sn_packed_size(n, panel). */
static double log_det(double *a, int64_t n, double *packed, const sn_dense *dense) {
    double total = 0;
    for (int64_t k = 0; k < n; k += panel) {
        int64_t to = sn_min_i64(n, k + panel);
        if (!factor_panel(a, n, k, to, &total)) return -INFINITY;
        for (int64_t i = k + 1; i < to; i++) /* the panel's rows to the right of it */
            for (int64_t l = k; l < i; l++)
                for (int64_t j = to; j < n; j++) a[i * n + j] -= a[i * n + l] * a[l * n + j];
        sn_matrix rest = {a + to * n + to, n - to, n - to, n};
        sn_matrix left = {a + to * n + k, n - to, to - k, n}, right = {a + k * n + to, to - k, n - to, n};
        sn_subtract_product(dense, &rest, &left, &right, packed);
    }
    return total;
}

sn_status sn_log_det(double *a, int64_t n, double *out) {
    double *packed = sn_calloc((size_t)sn_packed_size(n, panel), sizeof *packed);
    if (!packed) return sn_fail_memory("a determinant");
    const sn_dense dense = {sn_dense_choose(), NULL};
    *out = log_det(a, n, packed, &dense);
    sn_free(packed);
    return SN_OK;
}

/* Are all values above (or all below) the diagonal 0? */
static bool is_triangular(const double *a, int64_t n) {
    bool lower = true, upper = true;
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < n; j++) {
            if (a[i * n + j] == 0) continue;
            if (j > i) lower = false;
            if (j < i) upper = false;
        }
    return lower || upper;
}

static double log_diagonal(const double *a, int64_t n) {
    double total = 0;
    for (int64_t i = 0; i < n; i++) total += log(fabs(a[i * n + i]));
    return total;
}

/* ---- Of the singular values ---- */

static void summarise(sn_rank_result *r) {
    double total = 0, squares = 0, tail = 0, entropy = 0, largest = r->singular[0];
    r->threshold = 0x1p-52 * largest * (double)sn_max_i64(r->rows, r->cols);
    for (int64_t i = 0; i < r->n; i++) {
        double s = largest > 0 ? r->singular[i] / largest : 0;
        r->numerical += r->singular[i] > r->threshold;
        total += s;
        squares += s * s;
        if (i >= r->tail) tail += s * s;
    }
    for (int64_t i = 0; i < r->n && largest > 0; i++) {
        double share = r->singular[i] / largest / total;
        if (share > 0) entropy -= share * log(share);
    }
    r->effective = largest > 0 ? exp(entropy) : 0;
    r->stable = squares;
    r->tail_share = largest > 0 ? tail / squares : 0;
}

/* ---- The whole ---- */

static sn_status check(const double *a, int64_t rows, int64_t cols, int64_t tail) {
    int64_t count;
    if (rows < 1 || cols < 1 || !sn_mul_i64(rows, cols, &count))
        return sn_fail(SN_ERR_SHAPE, "rank: a matrix of %lld x %lld has none", (long long)rows, (long long)cols);
    if (tail < 0 || tail > sn_min_i64(rows, cols))
        return sn_fail(SN_ERR_ARGUMENT, "rank: the tail begins after %lld of %lld singular values", (long long)tail,
                       (long long)sn_min_i64(rows, cols));
    for (int64_t i = 0; i < count; i++)
        if (!isfinite(a[i]))
            return sn_fail(SN_ERR_NUMERIC, "element [%lld, %lld] is %s: rank is of finite values",
                           (long long)(i / cols), (long long)(i % cols), isnan(a[i]) ? "NaN" : "infinite");
    return SN_OK;
}

/* With at least as many rows as columns, as the bidiagonalisation wants it. */
static void copy_tall(const double *a, int64_t rows, int64_t cols, double *to) {
    if (rows >= cols) {
        memcpy(to, a, (size_t)(rows * cols) * sizeof *to);
        return;
    }
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < cols; j++) to[j * rows + i] = a[i * cols + j];
}

static sn_status measure(const double *a, sn_rank_result *r, double *copy, double *work, const sn_dense *dense,
                         const sn_watch *watch) {
    copy_tall(a, r->rows, r->cols, copy);
    SN_TRY(sn_singular_values(copy, sn_max_i64(r->rows, r->cols), r->n, work, dense, watch, r->singular));
    summarise(r);
    if (r->rows != r->cols) return SN_OK;
    memcpy(copy, a, (size_t)(r->n * r->n) * sizeof *copy);
    r->eliminated = log_det(copy, r->n, work, dense);
    r->triangular = is_triangular(a, r->n);
    r->log_det = r->triangular ? log_diagonal(a, r->n) : r->eliminated;
    return SN_OK;
}

sn_status sn_rank(const double *matrix, int64_t rows, int64_t cols, const sn_rank_options *options,
                  sn_rank_result *out) {
    static const sn_rank_options defaults = {0};
    const sn_rank_options *o = options ? options : &defaults;
    SN_TRY(check(matrix, rows, cols, o->tail));
    sn_rank_result r = {.rows = rows, .cols = cols, .n = sn_min_i64(rows, cols), .log_det = NAN, .eliminated = NAN};
    r.tail = o->tail ? o->tail : (r.n + 1) / 2;
    sn_dense dense = {sn_dense_choose(), NULL};
    const sn_watch watch = {o->cancel, o->progress, o->user};
    SN_TRY(sn_team_new(o->threads, &dense.team));
    double *copy = sn_calloc((size_t)rows, (size_t)cols * sizeof *copy);
    double *work = sn_calloc((size_t)sn_singular_work(sn_max_i64(rows, cols), r.n), sizeof *work);
    r.singular = sn_calloc((size_t)r.n, sizeof *r.singular);
    sn_status status = copy && work && r.singular ? measure(matrix, &r, copy, work, &dense, &watch)
                                                  : sn_fail_memory("the singular values of a matrix");
    sn_free(copy);
    sn_free(work);
    sn_team_free(dense.team);
    if (status == SN_OK)
        *out = r;
    else
        sn_rank_free(&r);
    return status;
}

/* ---- Complex ---- */

/* [[re, -im], [im, re]]. */
static void embed(const double *a, int64_t rows, int64_t cols, double *to) {
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < cols; j++) {
            double re = a[2 * (i * cols + j)], im = a[2 * (i * cols + j) + 1];
            double *upper = to + i * 2 * cols + j, *lower = upper + rows * 2 * cols;
            upper[0] = lower[cols] = re;
            upper[cols] = -im;
            lower[0] = im;
        }
}

static bool is_triangular_complex(const double *a, int64_t n) {
    bool lower = true, upper = true;
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < n; j++) {
            const double *x = a + 2 * (i * n + j);
            if (x[0] == 0 && x[1] == 0) continue;
            if (j > i) lower = false;
            if (j < i) upper = false;
        }
    return lower || upper;
}

/* Each singular value of the embedding is there twice, and its |det| is a square. */
static void halve(const double *a, sn_rank_result *r) {
    r->rows /= 2, r->cols /= 2, r->n /= 2, r->tail /= 2;
    for (int64_t i = 0; i < r->n; i++) r->singular[i] = (r->singular[2 * i] + r->singular[2 * i + 1]) / 2;
    r->numerical = 0;
    summarise(r);
    if (r->rows != r->cols) return;
    r->log_det = r->eliminated /= 2;
    r->triangular = is_triangular_complex(a, r->n);
    if (!r->triangular) return;
    r->log_det = 0;
    for (int64_t i = 0; i < r->n; i++) r->log_det += log(hypot(a[2 * i * (r->n + 1)], a[2 * i * (r->n + 1) + 1]));
}

static sn_status check_complex(const double *a, int64_t rows, int64_t cols, int64_t tail) {
    int64_t count;
    if (!sn_mul_i64(rows, cols, &count) || !sn_mul_i64(count, 4 * (int64_t)sizeof(double), &count))
        return sn_fail(SN_ERR_SHAPE, "rank: a matrix of %lld x %lld has none", (long long)rows, (long long)cols);
    sn_status status = check(a, rows, 2 * cols, tail); /* parts as if they were elements */
    if (status != SN_ERR_NUMERIC) return status;
    int64_t i = 0;
    while (isfinite(a[i])) i++;
    return sn_fail(SN_ERR_NUMERIC, "element [%lld, %lld] is %s: rank is of finite values", (long long)(i / 2 / cols),
                   (long long)(i / 2 % cols), isnan(a[i]) ? "NaN" : "infinite");
}

sn_status sn_rank_complex(const double *matrix, int64_t rows, int64_t cols, const sn_rank_options *options,
                          sn_rank_result *out) {
    sn_rank_options o = options ? *options : (sn_rank_options){0};
    SN_TRY(check_complex(matrix, rows, cols, o.tail));
    o.tail = 2 * (o.tail ? o.tail : (sn_min_i64(rows, cols) + 1) / 2);
    double *twice = sn_calloc((size_t)(rows * cols), 4 * sizeof *twice);
    if (!twice) return sn_fail_memory("a complex matrix");
    embed(matrix, rows, cols, twice);
    sn_status status = sn_rank(twice, 2 * rows, 2 * cols, &o, out);
    sn_free(twice);
    if (status == SN_OK) halve(matrix, out);
    return status;
}

void sn_rank_free(sn_rank_result *r) {
    if (!r) return;
    sn_free(r->singular);
    *r = (sn_rank_result){0};
}
