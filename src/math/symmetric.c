/* See symmetric.h. The algorithm is the unblocked one of Golub and Van Loan, Matrix Computations, section 4.4. */
#include "math/symmetric.h"

#include "base/alloc.h"
#include "base/size.h"

#include <math.h>
#include <stdlib.h>

sn_status sn_symmetric_new(int64_t n, sn_symmetric *out) {
    size_t numbers = (size_t)(n > 0 ? n : 1);
    *out = (sn_symmetric){.n = n};
    out->a = sn_calloc(numbers * numbers, sizeof(double));
    out->below = sn_calloc(numbers, sizeof(double));
    out->order = sn_calloc(numbers, sizeof(int64_t));
    out->work = sn_calloc(numbers, sizeof(double));
    if (out->a && out->below && out->order && out->work) return SN_OK;
    sn_symmetric_free(out);
    return sn_fail_memory("a symmetric matrix");
}

void sn_symmetric_free(sn_symmetric *s) {
    sn_free(s->a);
    sn_free(s->below);
    sn_free(s->order);
    sn_free(s->work);
    *s = (sn_symmetric){0};
}

#define A(i, j) s->a[(i)*s->n + (j)]

static void swap(double *x, double *y) {
    double t = *x;
    *x = *y, *y = t;
}

/* Rows and columns i < j of the matrix that is left, and the rows of L so far. */
static void exchange(sn_symmetric *s, int64_t i, int64_t j) {
    if (i == j) return;
    for (int64_t k = 0; k < i; k++) swap(&A(i, k), &A(j, k));
    for (int64_t k = i + 1; k < j; k++) swap(&A(k, i), &A(j, k));
    for (int64_t k = j + 1; k < s->n; k++) swap(&A(k, i), &A(k, j));
    swap(&A(i, i), &A(j, j));
    int64_t t = s->order[i];
    s->order[i] = s->order[j], s->order[j] = t;
}

/* Chooses the pivot at k and brings it there; its size. */
static int pivot(sn_symmetric *s, int64_t k) {
    const double alpha = (1 + sqrt(17.0)) / 8;
    double here = fabs(A(k, k)), most = 0, row = 0;
    int64_t r = k;
    for (int64_t i = k + 1; i < s->n; i++)
        if (fabs(A(i, k)) > most) most = fabs(A(i, k)), r = i;
    if (most == 0 || here >= alpha * most) return 1;
    for (int64_t j = k; j < r; j++) row = fmax(row, fabs(A(r, j)));
    for (int64_t i = r + 1; i < s->n; i++) row = fmax(row, fabs(A(i, r)));
    if (here * row >= alpha * most * most) return 1;
    if (fabs(A(r, r)) >= alpha * row) {
        exchange(s, k, r);
        return 1;
    }
    exchange(s, k + 1, r);
    return 2;
}

static void eliminate_one(sn_symmetric *s, int64_t k) {
    double d = A(k, k);
    s->n_negative += d < 0;
    s->n_nothing += d == 0;
    if (d == 0) return;
    for (int64_t i = k + 1; i < s->n; i++) {
        double l = A(i, k) / d;
        double *row = &A(i, 0);
        for (int64_t j = k + 1; j <= i; j++) row[j] -= l * s->work[j];
    }
    for (int64_t i = k + 1; i < s->n; i++) A(i, k) /= d;
}

/* The pivot [a b; b c] has one eigenvalue of each sign: Bunch and Kaufman choose it only where ac < b^2. */
static void eliminate_two(sn_symmetric *s, int64_t k) {
    double a = A(k, k), b = A(k + 1, k), c = A(k + 1, k + 1), det = a * c - b * b;
    s->n_negative += det < 0 ? 1 : a < 0 ? 2 : 0;
    s->below[k] = b;
    for (int64_t i = k + 2; i < s->n; i++) {
        double x = A(i, k), y = A(i, k + 1);
        s->work[i] = (c * x - b * y) / det; /* of L's column k; that of k + 1: */
        A(i, k + 1) = (a * y - b * x) / det;
        /* Row i of the update needs rows j <= i of the columns as they were: x_j, y_j = D L_j. */
        double *row = &A(i, 0);
        for (int64_t j = k + 2; j <= i; j++) {
            double lx = s->work[j], ly = A(j, k + 1);
            row[j] -= lx * x + ly * y;
        }
    }
    for (int64_t i = k + 2; i < s->n; i++) A(i, k) = s->work[i];
    A(k + 1, k) = 0;
}

void sn_symmetric_factor(sn_symmetric *s) {
    s->n_negative = s->n_nothing = 0;
    for (int64_t i = 0; i < s->n; i++) s->order[i] = i, s->below[i] = 0;
    for (int64_t k = 0; k < s->n;) {
        int size = pivot(s, k);
        for (int64_t j = k + 1; size == 1 && j < s->n; j++) s->work[j] = A(j, k);
        if (size == 1)
            eliminate_one(s, k);
        else
            eliminate_two(s, k);
        k += size;
    }
}

void sn_symmetric_solve(const sn_symmetric *s, double *x) {
    int64_t n = s->n;
    double *y = s->work;
    for (int64_t i = 0; i < n; i++) {
        y[i] = x[s->order[i]];
        for (int64_t j = 0; j < i; j++) y[i] -= A(i, j) * y[j];
    }
    for (int64_t i = 0; i < n; i++) {
        double b = s->below[i];
        if (b == 0) {
            y[i] = A(i, i) == 0 ? 0 : y[i] / A(i, i);
            continue;
        }
        double a = A(i, i), c = A(i + 1, i + 1), det = a * c - b * b, u = y[i], v = y[i + 1];
        y[i] = (c * u - b * v) / det;
        y[i + 1] = (a * v - b * u) / det;
        i++;
    }
    for (int64_t i = n - 1; i >= 0; i--)
        for (int64_t j = 0; j < i; j++) y[j] -= A(i, j) * y[i];
    for (int64_t i = 0; i < n; i++) x[s->order[i]] = y[i];
}
