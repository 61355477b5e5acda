#include "fit/order.h"

#include "base/philox.h"
#include "suan/fit.h"

#include <math.h>
#include <stdlib.h>

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void sn_sort_f64(double *x, int64_t n) { qsort(x, (size_t)n, sizeof *x, ascending); }

double sn_sorted_quantile(const double *x, int64_t n, double share) {
    if (n <= 0) return NAN;
    double at = share * (double)(n - 1), below = floor(at);
    int64_t i = (int64_t)below;
    return i + 1 < n ? x[i] + (at - below) * (x[i + 1] - x[i]) : x[n - 1];
}

void sn_interval(double *x, int64_t n, double level, double *low, double *high) {
    sn_sort_f64(x, n);
    *low = sn_sorted_quantile(x, n, (1 - level) / 2);
    *high = sn_sorted_quantile(x, n, (1 + level) / 2);
}

void sn_shuffle_f64(double *x, int64_t n, uint64_t seed) {
    for (int64_t i = n - 1; i > 0; i--) {
        int64_t k = (int64_t)(sn_uniform_f64(seed, 0, (uint64_t)i) * (double)(i + 1));
        double kept = x[i];
        x[i] = x[k], x[k] = kept;
    }
}
