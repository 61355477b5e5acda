/* Distances between sets of points: Frechet's, and covers by neighbours. */
#include "base/alloc.h"
#include "base/error.h"
#include "base/size.h"
#include "study/lapack.h"
#include "study/mad.h"

#include <math.h>
#include <string.h>

void sn_factor_semidefinite(const double *a, int64_t d, double *l) {
    double most = 0;
    for (int64_t i = 0; i < d; i++) most = fmax(most, a[i * d + i]);
    memset(l, 0, (size_t)(d * d) * sizeof *l);
    for (int64_t j = 0; j < d; j++) {
        double pivot = a[j * d + j];
        for (int64_t k = 0; k < j; k++) pivot -= l[j * d + k] * l[j * d + k];
        if (!(pivot > 1e-14 * most)) continue;
        l[j * d + j] = sqrt(pivot);
        for (int64_t i = j + 1; i < d; i++) {
            double sum = a[i * d + j];
            for (int64_t k = 0; k < j; k++) sum -= l[i * d + k] * l[j * d + k];
            l[i * d + j] = sum / l[j * d + j];
        }
    }
}

/* ---- Frechet's distance ---- */

/* tr (S1 S2)^(1/2) is the sum of the singular values of L1^T L2, with S = L L^T. `work`: 3 d d + d numbers. */
static sn_status root_trace(const double *covariance1, const double *covariance2, int64_t d, double *work,
                            double *out) {
    double *l1 = work, *l2 = l1 + d * d, *product = l2 + d * d, *values = product + d * d;
    sn_factor_semidefinite(covariance1, d, l1);
    sn_factor_semidefinite(covariance2, d, l2);
    for (int64_t i = 0; i < d; i++)
        for (int64_t j = 0; j < d; j++) {
            product[i * d + j] = 0;
            for (int64_t k = i > j ? i : j; k < d; k++) product[i * d + j] += l1[k * d + i] * l2[k * d + j];
        }
    if (d == 1)
        values[0] = fabs(product[0]);
    else
        SN_TRY(sn_singular_values(&(sn_dense){product, d, d, false}, 1, values));
    *out = 0;
    for (int64_t i = 0; i < d; i++) *out += values[i];
    return SN_OK;
}

sn_status sn_frechet_gaussians(const double *mean1, const double *covariance1, const double *mean2,
                               const double *covariance2, int64_t d, double *out) {
    double *work = sn_alloc((size_t)(3 * d * d + d) * sizeof *work), root, sum = 0;
    if (!work) return sn_fail_memory("a distance");
    sn_status status = root_trace(covariance1, covariance2, d, work, &root);
    sn_free(work);
    if (status != SN_OK) return status;
    for (int64_t i = 0; i < d; i++) {
        double apart = mean1[i] - mean2[i];
        sum += apart * apart + covariance1[i * d + i] + covariance2[i * d + i];
    }
    *out = fmax(0, sum - 2 * root);
    return SN_OK;
}

static void take_moments(const double *x, int64_t n, int64_t d, double *mean, double *covariance) {
    memset(mean, 0, (size_t)d * sizeof *mean);
    memset(covariance, 0, (size_t)(d * d) * sizeof *covariance);
    for (int64_t i = 0; i < n; i++)
        for (int64_t a = 0; a < d; a++) mean[a] += x[i * d + a] / (double)n;
    for (int64_t i = 0; i < n; i++)
        for (int64_t a = 0; a < d; a++)
            for (int64_t b = 0; b < d; b++)
                covariance[a * d + b] += (x[i * d + a] - mean[a]) * (x[i * d + b] - mean[b]) / (double)(n - 1);
}

sn_status sn_frechet_points(const double *x, int64_t n_x, const double *y, int64_t n_y, int64_t d, double *out) {
    if (n_x < 2 || n_y < 2 || d < 1) return sn_fail(SN_ERR_ARGUMENT, "frechet: at least two points of each are wanted");
    double *m = sn_alloc((size_t)(2 * d * (d + 1)) * sizeof *m);
    if (!m) return sn_fail_memory("a distance");
    double *s1 = m + 2 * d, *s2 = s1 + d * d;
    take_moments(x, n_x, d, m, s1);
    take_moments(y, n_y, d, m + d, s2);
    sn_status status = sn_frechet_gaussians(m, s1, m + d, s2, d, out);
    sn_free(m);
    return status;
}

/* ---- Neighbours ---- */

static double square_apart(const double *a, const double *b, int64_t d) {
    double sum = 0;
    for (int64_t k = 0; k < d; k++) sum += (a[k] - b[k]) * (a[k] - b[k]);
    return sum;
}

enum { MOST_NEIGHBOURS = 64 };

/* The squared distance of point i to its k-th neighbour among the n. */
static double radius(const double *x, int64_t n, int64_t d, int64_t i, int k) {
    double near[MOST_NEIGHBOURS];
    for (int j = 0; j < k; j++) near[j] = INFINITY;
    for (int64_t other = 0; other < n; other++) {
        double apart = other == i ? INFINITY : square_apart(x + i * d, x + other * d, d);
        if (!(apart < near[k - 1])) continue;
        int at = k - 1;
        for (; at > 0 && near[at - 1] > apart; at--) near[at] = near[at - 1];
        near[at] = apart;
    }
    return near[k - 1];
}

sn_status sn_neighbour_cover(const double *x, int64_t n, const double *reference, int64_t n_reference, int64_t d, int k,
                             double *out) {
    if (k < 1 || k > MOST_NEIGHBOURS || n_reference <= k || n < 1)
        return sn_fail(SN_ERR_ARGUMENT, "neighbours: %d (1 to %d) of %lld points: more points are wanted", k,
                       MOST_NEIGHBOURS, (long long)n_reference);
    double *reach = sn_alloc((size_t)n_reference * sizeof *reach);
    if (!reach) return sn_fail_memory("distances of neighbours");
    for (int64_t i = 0; i < n_reference; i++) reach[i] = radius(reference, n_reference, d, i, k);
    int64_t covered = 0;
    for (int64_t i = 0; i < n; i++) {
        int64_t r = 0;
        while (r < n_reference && square_apart(x + i * d, reference + r * d, d) > reach[r]) r++;
        covered += r < n_reference;
    }
    *out = (double)covered / (double)n;
    sn_free(reach);
    return SN_OK;
}
