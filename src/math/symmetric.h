/* Dense symmetric systems, indefinite ones too: P A P^T = L D L^T with 1x1 and 2x2 pivots (Bunch and Kaufman 1977). */
#ifndef SN_MATH_SYMMETRIC_H
#define SN_MATH_SYMMETRIC_H

#include "base/error.h"

#include <stdint.h>

typedef struct sn_symmetric {
    int64_t n;
    double *a;     /* n by n, row-major: the lower triangle is given, L and D come out */
    double *below; /* n: D's entries below its diagonal */
    int64_t *order;
    double *work;                  /* n */
    int64_t n_negative, n_nothing; /* eigenvalues of A below 0 (Sylvester's law); pivots of exactly 0 */
} sn_symmetric;

sn_status sn_symmetric_new(int64_t n, sn_symmetric *out);
void sn_symmetric_free(sn_symmetric *s);
void sn_symmetric_factor(sn_symmetric *s);
/* x = A^-1 x; components of pivots that are 0 become 0. */
void sn_symmetric_solve(const sn_symmetric *s, double *x);

#endif
