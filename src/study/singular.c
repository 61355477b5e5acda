/* Householder bidiagonalisation, then bisection by Sturm counts (Golub and Kahan 1965; Barth, Martin and Wilkinson
 * 1967). */
#include "study/singular.h"

#include "base/error.h"
#include "base/size.h"

#include <math.h>
#include <string.h>

/* ---- Reflections ---- */

static double dot(const double *a, const double *b, int64_t n) {
    double part[8] = {0}, total = 0;
    int64_t i = 0;
    for (; i + 8 <= n; i += 8)
        for (int k = 0; k < 8; k++) part[k] += a[i + k] * b[i + k];
    for (; i < n; i++) total += a[i] * b[i];
    for (int k = 0; k < 8; k++) total += part[k];
    return total;
}

/* Makes x into the v of I - beta v v^T, which takes x to (alpha, 0, ..., 0); gives alpha. */
static double reflector(double *x, int64_t n, double *beta) {
    double norm = sqrt(dot(x, x, n)), first = x[0];
    *beta = 0;
    if (n == 1 || norm < 0x1p-500) return first;
    *beta = 1 / (norm * (norm + fabs(first)));
    x[0] = first + copysign(norm, first);
    return -copysign(norm, first);
}

typedef struct reflection {
    double *a; /* its top left corner; rows x cols with `stride` */
    int64_t rows, cols, stride;
    const double *v;
    double beta;
} reflection;

enum { strip = 128 }; /* columns, or rows, of a task */

/* From the left, a strip of columns: no task needs another's sums. */
static void reflect_left(void *arg, int64_t task, int thread) {
    const reflection *r = arg;
    double w[strip] = {0};
    int64_t from = task * strip, n = sn_min_i64(strip, r->cols - from);
    (void)thread;
    for (int64_t i = 0; i < r->rows; i++) {
        const double *row = r->a + i * r->stride + from;
        for (int64_t j = 0; j < n; j++) w[j] += r->v[i] * row[j];
    }
    for (int64_t i = 0; i < r->rows; i++) {
        double *row = r->a + i * r->stride + from, factor = r->beta * r->v[i];
        for (int64_t j = 0; j < n; j++) row[j] -= factor * w[j];
    }
}

static void reflect_right(void *arg, int64_t task, int thread) {
    const reflection *r = arg;
    int64_t to = sn_min_i64(r->rows, (task + 1) * strip);
    (void)thread;
    for (int64_t i = task * strip; i < to; i++) {
        double *row = r->a + i * r->stride, factor = r->beta * dot(row, r->v, r->cols);
        for (int64_t j = 0; j < r->cols; j++) row[j] -= factor * r->v[j];
    }
}

/* Small matrices are not worth waking the team. */
static void reflect(reflection *r, sn_team *team, sn_task_fn fn, int64_t length) {
    if (r->beta == 0 || r->rows == 0 || r->cols == 0) return;
    sn_parallel(r->rows * r->cols > 65536 ? team : NULL, fn, r, sn_ceil_div(length, strip));
}

/* d and e of the bidiagonal form; v has room for m. */
static sn_status bidiagonalise(double *a, int64_t m, int64_t n, double *d, double *e, double *v, sn_team *team,
                               const volatile int *cancel) {
    for (int64_t k = 0; k < n; k++) {
        reflection r = {a + k * n + k + 1, m - k, n - k - 1, n, v, 0};
        if (cancel && *cancel) return sn_fail(SN_ERR_CANCELLED, "singular values: stopped");
        for (int64_t i = k; i < m; i++) v[i - k] = a[i * n + k];
        d[k] = reflector(v, m - k, &r.beta);
        reflect(&r, team, reflect_left, r.cols);
        if (k + 1 == n) break;
        double *row = a + k * n + k + 1;
        e[k] = reflector(row, n - k - 1, &r.beta);
        r.a += n, r.rows--, r.v = row;
        reflect(&r, team, reflect_right, r.rows);
    }
    return SN_OK;
}

/* ---- Bisection ---- */

/* The symmetric tridiagonal matrix with 0 on the diagonal and d0, e0, d1, e1, ... beside it has the eigenvalues
 * +-sigma. Bisecting 8 at once hides what a division takes. */
enum { lanes = 8 };

typedef struct bisection {
    const double *d, *e;
    double most; /* above all of them */
    int64_t n;
    double *out;
} bisection;

/* below[k]: how many of the 2n eigenvalues lie below x[k]. */
static void count_below(const bisection *b, const double x[lanes], int64_t below[lanes]) {
    double q[lanes];
    for (int k = 0; k < lanes; k++) q[k] = -x[k], below[k] = q[k] < 0;
    for (int64_t i = 1; i < 2 * b->n; i++) {
        double side = i % 2 ? b->d[i / 2] : b->e[i / 2 - 1], square = side * side;
        if (square < 1e-290) square = 1e-290; /* never 0 / 0 */
        for (int k = 0; k < lanes; k++) {
            q[k] = -x[k] - square / q[k];
            below[k] += q[k] < 0;
        }
    }
}

static void bisect(void *arg, int64_t task, int thread) {
    const bisection *b = arg;
    double low[lanes], high[lanes], middle[lanes];
    int64_t below[lanes];
    (void)thread;
    for (int k = 0; k < lanes; k++) low[k] = 0, high[k] = b->most;
    for (int step = 0; step < 90; step++) {
        bool wide = false;
        for (int k = 0; k < lanes; k++) {
            wide |= high[k] - low[k] > 0x1p-52 * high[k];
            middle[k] = low[k] + (high[k] - low[k]) / 2;
        }
        if (!wide) break;
        count_below(b, middle, below);
        for (int k = 0; k < lanes; k++) {
            bool above = below[k] - b->n > task * lanes + k; /* the value of this number, from below, is less */
            high[k] = above ? middle[k] : high[k];
            low[k] = above ? low[k] : middle[k];
        }
    }
    for (int k = 0; k < lanes && task * lanes + k < b->n; k++)
        b->out[b->n - 1 - (task * lanes + k)] = low[k] + (high[k] - low[k]) / 2;
}

void sn_bidiagonal_values(const double *d, const double *e, int64_t n, sn_team *team, double *out) {
    bisection b = {d, e, 0, n, out};
    for (int64_t i = 0; i < n; i++) {
        double row = fabs(d[i]) + (i + 1 < n ? fabs(e[i]) : 0), column = fabs(d[i]) + (i ? fabs(e[i - 1]) : 0);
        b.most = fmax(b.most, fmax(row, column));
    }
    b.most *= 1 + 0x1p-40;
    memset(out, 0, (size_t)n * sizeof *out);
    if (b.most > 0) sn_parallel(team, bisect, &b, sn_ceil_div(n, lanes));
}

/* A power of two near the largest value: dividing by it is exact. */
static double scale_of(const double *a, int64_t n) {
    double most = 0;
    int exponent;
    for (int64_t i = 0; i < n; i++) most = fmax(most, fabs(a[i]));
    frexp(most, &exponent);
    return most > 0 ? ldexp(1, exponent > 1022 ? 1022 : exponent) : 1;
}

sn_status sn_singular_values(double *a, int64_t m, int64_t n, double *work, sn_team *team, const volatile int *cancel,
                             double *out) {
    double *d = work, *e = d + n, *v = e + n, scale = scale_of(a, m * n);
    for (int64_t i = 0; i < m * n; i++) a[i] /= scale;
    SN_TRY(bidiagonalise(a, m, n, d, e, v, team, cancel));
    sn_bidiagonal_values(d, e, n, team, out);
    for (int64_t i = 0; i < n; i++) out[i] *= scale;
    return SN_OK;
}
