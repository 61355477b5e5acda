/* Order statistics. */
#ifndef SN_FIT_ORDER_H
#define SN_FIT_ORDER_H

#include <stdint.h>

void sn_sort_f64(double *x, int64_t n); /* ascending; no NaN */
/* The quantile at share 0..1 of sorted numbers, linear between them; NAN for n = 0. */
double sn_sorted_quantile(const double *x, int64_t n, double share);
/* The middle `level` of the numbers, which are sorted in place; NANs where there are none. */
void sn_interval(double *x, int64_t n, double level, double *low, double *high);

#endif
