/* Singular values of dense matrices, without vectors. */
#ifndef SN_STUDY_SINGULAR_H
#define SN_STUDY_SINGULAR_H

#include "study/dense.h"
#include "suan/status.h"

#include <stdint.h>

/* How the work goes on: each may be NULL, and the whole. */
typedef struct sn_watch {
    const volatile int *cancel;
    void (*progress)(void *user, double done, double total);
    void *user;
} sn_watch;

/* Row-major m x n, m >= n >= 1, overwritten; `out` gets n values, falling; work has room for sn_singular_work(m, n).
 * Absolute error a small multiple of 2^-53 times the largest. */
sn_status sn_singular_values(double *a, int64_t m, int64_t n, double *work, const sn_dense *dense,
                             const sn_watch *watch, double *out);
/* The bidiagonal form of a, which is overwritten: diagonal d (n), superdiagonal e (n - 1). */
int64_t sn_bidiagonal_work(int64_t m, int64_t n);
sn_status sn_bidiagonalise(double *a, int64_t m, int64_t n, double *d, double *e, double *work, const sn_dense *dense,
                           const sn_watch *watch);
static inline int64_t sn_singular_work(int64_t m, int64_t n) { return 2 * n + sn_bidiagonal_work(m, n); }
/* Those of the upper bidiagonal matrix with diagonal d (n) and superdiagonal e (n - 1), nearly to the last digit each.
 */
void sn_bidiagonal_values(const double *d, const double *e, int64_t n, sn_team *team, double *out);

#endif
