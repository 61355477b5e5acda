/* Householder bidiagonalisation, a panel of columns at a time: within it the matrix is only multiplied with vectors,
 * and what the reflections of the panel change is subtracted at its end (Dongarra, Hammarling and Sorensen 1989). */
#include "study/singular.h"

#include "base/error.h"
#include "base/size.h"
#include "study/dense.h"

#include <math.h>
#include <string.h>

enum { width = 32, depth = 2 * width };

/* The matrix as it is now is A - V Y - X U: V and X are the columns of `left` (V in 0..width), Y and U the rows of
 * `right`. In step i of the panel the first i of each are there. */
typedef struct panel {
    double *a, *left, *right, *v, *u, *packed;
    int64_t m, n;
    const sn_dense *dense;
} panel;

int64_t sn_bidiagonal_work(int64_t m, int64_t n) { return m * depth + n * depth + m + n + sn_packed_size(n, depth); }

/* Makes x into the v of I - beta v v^T, which takes x to (alpha, 0, ..., 0); gives alpha. */
static double reflector(const panel *p, double *x, int64_t n, double *beta) {
    double norm = sqrt(p->dense->parts.dot(x, x, n)), first = x[0];
    *beta = 0;
    if (n == 1 || norm < 0x1p-500) return first;
    *beta = 1 / (norm * (norm + fabs(first)));
    x[0] = first + copysign(norm, first);
    return -copysign(norm, first);
}

/* Element of A as it is now, by the first i of V and Y, the first k of X and U. */
static double current(const panel *p, int64_t row, int64_t col, int64_t i, int64_t k) {
    const double *left = p->left + row * depth, *right = p->right + col;
    double x = p->a[row * p->n + col];
    for (int64_t l = 0; l < i; l++) x -= left[l] * right[l * p->n];
    for (int64_t l = width; l < width + k; l++) x -= left[l] * right[l * p->n];
    return x;
}

/* The same of row k from its column k + 1 on. */
static void current_row(const panel *p, int64_t k, int64_t i, double *row) {
    const double *left = p->left + k * depth;
    int64_t n = p->n - k - 1;
    memcpy(row, p->a + k * p->n + k + 1, (size_t)n * sizeof *row);
    for (int64_t l = 0; l < width + i; l++) {
        if (l >= i && l < width) continue;
        const double *right = p->right + l * p->n + k + 1;
        for (int64_t j = 0; j < n; j++) row[j] -= left[l] * right[j];
    }
}

/* Y_i = beta v^T (A - V Y - X U), columns from k + 1. */
static void next_y(const panel *p, int64_t k, int64_t i, double beta) {
    double sums[depth] = {0}, *y = p->right + i * p->n + k + 1;
    sn_matrix a = {p->a + k * p->n + k + 1, p->m - k, p->n - k - 1, p->n};
    sn_product_left(p->dense, &a, p->v, y);
    for (int64_t r = 0; r < a.rows; r++)
        for (int l = 0; l < depth; l++) sums[l] += p->v[r] * p->left[(k + r) * depth + l];
    for (int64_t l = 0; l < width + i; l++) {
        if (l >= i && l < width) continue;
        const double *right = p->right + l * p->n + k + 1;
        for (int64_t j = 0; j < a.cols; j++) y[j] -= sums[l] * right[j];
    }
    for (int64_t j = 0; j < a.cols; j++) y[j] *= beta;
}

/* X_i = beta (A - V Y - X U) u, rows from k + 1; Y has its row i already. */
static void next_x(const panel *p, int64_t k, int64_t i, double beta) {
    double sums[depth] = {0}, *x = p->left + (k + 1) * depth + width + i;
    sn_matrix a = {p->a + (k + 1) * p->n + k + 1, p->m - k - 1, p->n - k - 1, p->n};
    sn_product_right(p->dense, &a, p->u, x, depth);
    for (int64_t l = 0; l < width + i; l++)
        if (l <= i || l >= width) sums[l] = p->dense->parts.dot(p->right + l * p->n + k + 1, p->u, a.cols);
    for (int64_t r = 0; r < a.rows; r++, x += depth) {
        const double *left = x - width - i;
        double sum = 0;
        for (int64_t l = 0; l <= i; l++) sum += left[l] * sums[l];
        for (int64_t l = width; l < width + i; l++) sum += left[l] * sums[l];
        *x = beta * (*x - sum);
    }
}

static void step(panel *p, int64_t k, int64_t i, double *d, double *e) {
    double beta;
    for (int64_t r = k; r < p->m; r++) p->v[r - k] = current(p, r, k, i, i);
    d[k] = reflector(p, p->v, p->m - k, &beta);
    if (k + 1 == p->n) return;
    for (int64_t r = k; r < p->m; r++) p->left[r * depth + i] = p->v[r - k];
    next_y(p, k, i, beta);
    current_row(p, k, i, p->u);
    const double *y = p->right + i * p->n + k + 1;
    for (int64_t j = 0; j < p->n - k - 1; j++) p->u[j] -= p->v[0] * y[j];
    e[k] = reflector(p, p->u, p->n - k - 1, &beta);
    memcpy(p->right + (width + i) * p->n + k + 1, p->u, (size_t)(p->n - k - 1) * sizeof *p->u);
    next_x(p, k, i, beta);
}

sn_status sn_bidiagonalise(double *a, int64_t m, int64_t n, double *d, double *e, double *work, const sn_dense *dense,
                           const sn_watch *watch) {
    panel p = {.a = a, .left = work, .m = m, .n = n, .dense = dense};
    p.right = p.left + m * depth, p.v = p.right + n * depth, p.u = p.v + m, p.packed = p.u + n;
    for (int64_t k = 0; k < n; k += width) {
        int64_t steps = sn_min_i64(width, n - k), to = k + width;
        double ahead = 1 - (double)k / (double)n;
        if (watch && watch->progress) watch->progress(watch->user, 1 - ahead * ahead * ahead, 1);
        memset(p.left, 0, (size_t)(m * depth) * sizeof *p.left);
        for (int64_t i = 0; i < steps; i++) {
            if (watch && watch->cancel && *watch->cancel) return sn_fail(SN_ERR_CANCELLED, "singular values: stopped");
            step(&p, k + i, i, d, e);
        }
        if (to >= n) break;
        sn_matrix rest = {a + to * n + to, m - to, n - to, n};
        sn_matrix left = {p.left + to * depth, m - to, depth, depth};
        sn_matrix right = {p.right + to, depth, n - to, n};
        sn_subtract_product(dense, &rest, &left, &right, p.packed);
    }
    return SN_OK;
}
