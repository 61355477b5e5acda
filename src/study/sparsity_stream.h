/* The sparsity of more values than are held in memory: two passes over them. */
#ifndef SN_STUDY_SPARSITY_STREAM_H
#define SN_STUDY_SPARSITY_STREAM_H

#include "suan/measure.h"

enum { SN_SUM_ORDERS = 24 };

/* What the measures need, of |x| / max|x|. */
typedef struct sn_sparsity_sums {
    int n;
    double order[SN_SUM_ORDERS], power[SN_SUM_ORDERS]; /* power: the sum of x^order */
    double entropy;                                    /* the sum of x ln x */
    double gini, gini_error;                           /* the index lies from gini to gini + gini_error */
    double share[SN_SHARE_POINTS];
} sn_sparsity_sums;

/* Adds an order that is wanted, once. */
void sn_sparsity_sums_want(sn_sparsity_sums *s, double order);

/* Values from..from+n, at most SN_SPAN_VALUES of them, as |x|. */
enum { SN_SPAN_VALUES = 8192 };
typedef sn_status (*sn_span_fn)(void *user, int64_t from, int64_t n, double *out);

/* Fills *s, whose orders are set, and *out, which refers to it. Errors as of sn_sparsity_prepare. */
sn_status sn_sparsity_stream(sn_span_fn read, void *user, int64_t n, sn_sparsity_sums *s, sn_sparsity_vector *out);

/* x^p, cheap where p is one of the usual orders. */
double sn_sparsity_power(double x, double p);
/* SN_ERR_NUMERIC where a value is not finite: `from` is the number of x[0]. Else makes them |x| and gives the largest.
 */
sn_status sn_sparsity_magnitudes(double *x, int64_t n, int64_t from, double *largest);

#endif
