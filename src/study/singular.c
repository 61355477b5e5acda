/* Singular values: bidiagonalisation (bidiagonal.c), then bisection by Sturm counts (Golub and Kahan 1965; Barth,
 * Martin and Wilkinson 1967). */
#include "study/singular.h"

#include "base/error.h"
#include "base/size.h"

#include <math.h>
#include <string.h>

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

sn_status sn_singular_values(double *a, int64_t m, int64_t n, double *work, const sn_dense *dense,
                             const sn_watch *watch, double *out) {
    double *d = work, *e = d + n, scale = scale_of(a, m * n);
    for (int64_t i = 0; i < m * n; i++) a[i] /= scale;
    SN_TRY(sn_bidiagonalise(a, m, n, d, e, e + n, dense, watch));
    sn_bidiagonal_values(d, e, n, dense->team, out);
    for (int64_t i = 0; i < n; i++) out[i] *= scale;
    return SN_OK;
}
