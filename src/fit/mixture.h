/* Mixtures of Gaussians with full covariances, by EM (Dempster, Laird and Rubin 1977) from several starts. */
#ifndef SN_FIT_MIXTURE_H
#define SN_FIT_MIXTURE_H

#include "suan/status.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct sn_mixture {
    int64_t n, d;       /* components, dimensions */
    double *weight;     /* n */
    double *mean;       /* n x d */
    double *covariance; /* n x d x d */
    double *factor;     /* n x d x d: lower Cholesky factors of them */
    double *log_norm;   /* n: log weight - d/2 log 2 pi - sum of log diagonal of the factor */
} sn_mixture;

typedef struct sn_mixture_options {
    int starts;   /* 0: 8; seeded as k-means++ seeds */
    double floor; /* added to variances, as a share of the mean variance of the data; 0: 1e-6 */
    uint64_t seed, stream;
    const volatile int *cancel; /* may be NULL */
} sn_mixture_options;

/* Fits n components to x [count, d]; *mean_log (may be NULL): the mean log density of the points.
 * SN_ERR_ARGUMENT where count < n or all points are equal. */
sn_status sn_mixture_fit(const double *x, int64_t count, int64_t d, int64_t n, const sn_mixture_options *o,
                         sn_mixture **out, double *mean_log);
void sn_mixture_free(sn_mixture *m);
/* Room for n components; set weights, means and covariances, then call sn_mixture_prepare. */
sn_status sn_mixture_new(int64_t n, int64_t d, sn_mixture **out);
sn_status sn_mixture_prepare(sn_mixture *m); /* SN_ERR_NUMERIC: a covariance that is not positive definite */
double sn_mixture_log_density(const sn_mixture *m, const double *x);
/* `count` points; each component's covariance is multiplied by `spread`. */
void sn_mixture_sample(const sn_mixture *m, double spread, uint64_t seed, uint64_t stream, int64_t count, double *out);

/* Lower Cholesky factor of a [d, d] into l (may be a); false where a is not positive definite. */
bool sn_cholesky(const double *a, int64_t d, double *l);

#endif
