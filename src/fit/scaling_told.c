/* What the points of a scaling fit tell and what they do not. */
#include "base/alloc.h"
#include "base/error.h"
#include "fit/order.h"
#include "fit/scaling.h"

#include <math.h>
#include <string.h>

static double dot(const double *a, const double *b, int64_t n) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += a[i] * b[i];
    return sum;
}

/* How long column `last` remains when all others are taken out of it (Gram and Schmidt, twice); columns that are next
 * to nothing are left alone. */
static double own_length(double *columns, double *basis, int64_t n, int n_columns, int last) {
    int order[SN_SCALING_MAX], m = 0;
    double length = 0;
    for (int k = 0; k < n_columns; k++)
        if (k != last) order[m++] = k;
    order[m++] = last;
    memcpy(basis, columns, (size_t)(n * n_columns) * sizeof *basis);
    for (int a = 0; a < m; a++) {
        double *x = basis + order[a] * n, before = sqrt(dot(x, x, n));
        for (int turn = 0; turn < 2; turn++)
            for (int b = 0; b < a; b++) {
                const double *y = basis + order[b] * n;
                double share = dot(x, y, n);
                for (int64_t i = 0; i < n; i++) x[i] -= share * y[i];
            }
        length = sqrt(dot(x, x, n));
        if (length <= 1e-9 * before) length = 0;
        for (int64_t i = 0; i < n; i++) x[i] = length > 0 ? x[i] / length : 0;
    }
    return length;
}

/* Of the residuals, without regard to outliers: their median size is .6745 of a normal deviation. */
static double scatter(double *residual, int64_t n) {
    for (int64_t i = 0; i < n; i++) residual[i] = fabs(residual[i]);
    sn_sort_f64(residual, n);
    return sn_sorted_quantile(residual, n, 0.5) / 0.6745;
}

/* The standard error of a parameter is the scatter over the length of its own share of the slopes. Rounding leaves
 * lengths and scatters of about 1e-9 where they should be nothing. */
sn_status sn_scaling_tell(const sn_scaling_points *p, const double *q, bool untold[SN_SCALING_MAX]) {
    const sn_scaling_law *law = p->law;
    int64_t n = p->count;
    int m = law->form.n_parameters;
    double *columns = sn_alloc((size_t)n * (2 * SN_SCALING_MAX + 1) * sizeof *columns), slopes[SN_SCALING_MAX];
    if (!columns) return sn_fail_memory("a scaling fit");
    double *basis = columns + SN_SCALING_MAX * n, *residual = basis + SN_SCALING_MAX * n;
    for (int64_t i = 0; i < n; i++) {
        const double size[2] = {p->size[0][i], law->form.n_sizes == 2 ? p->size[1][i] : 0};
        residual[i] = sn_scaling_slopes(law, q, size, slopes) - p->loss[i];
        for (int k = 0; k < m; k++) columns[k * n + i] = slopes[k];
    }
    double error = fmax(scatter(residual, n), 1e-9);
    for (int k = 0; k < m; k++) {
        double length = own_length(columns, basis, n, m, k), most = 1;
        for (int t = 0; t < law->n_terms; t++)
            if (law->term[t].exponent == k) most = fabs(q[k]);
        untold[k] = !(error < most * length);
    }
    sn_free(columns);
    return SN_OK;
}
