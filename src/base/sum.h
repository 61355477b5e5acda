/* Sums that lose no digits over many terms (Neumaier's compensation). */
#ifndef SN_BASE_SUM_H
#define SN_BASE_SUM_H

#include <math.h>

typedef struct sn_sum {
    double total, rest;
} sn_sum;

static inline void sn_sum_add(sn_sum *s, double x) {
    double total = s->total + x;
    s->rest += fabs(s->total) >= fabs(x) ? s->total - total + x : x - total + s->total;
    s->total = total;
}

static inline double sn_sum_end(const sn_sum *s) { return s->total + s->rest; }

#endif
