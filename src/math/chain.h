/* Symmetric systems of a chain of elements, indefinite ones too, with at most one row that touches all (a
 * multiplier's). Each element's block couples its own unknowns; neighbours share those of one node. The matrix is
 * factored front by front (Duff and Reid 1983), P A P^T = L D L^T with 1x1 and 2x2 pivots (Bunch and Kaufman 1977): an
 * element's inner unknowns are eliminated with its block, and those without a pivot that is safe wait for the next. */
#ifndef SN_MATH_CHAIN_H
#define SN_MATH_CHAIN_H

#include "base/error.h"

#include <stdint.h>

typedef struct sn_chain {
    int n_elements, width, stride; /* unknowns of an element, and from one element's first to the next one's */
    const int64_t *unknown;        /* [(n_elements - 1) stride + width]: its index, rising, or -1: it is fixed */
    int64_t n;                     /* unknowns; with a border its row is the last, n */
    int border;                    /* 0 or 1 */
    double *block;                 /* [n_elements][width][width], lower triangles: given, kept */
    double *edge;                  /* n: the border's row; its diagonal is 0 */
    int64_t n_negative, n_nothing; /* eigenvalues below 0 (Sylvester's law); pivots of exactly 0 */
    /* Inner: */
    int room;          /* rows of a front at most */
    double *front;     /* [n_elements + 1][room][room]: L and D, and what is left; the last for sn_chain_count_until */
    double *below;     /* [n_elements + 1][room]: D's entries below its diagonal */
    int64_t *order;    /* [n_elements + 1][room]: unknowns of the rows */
    int *rows, *done;  /* n_elements + 1: of a front, and those eliminated */
    int64_t *negative; /* n_elements + 1: found in a front */
    int *place;        /* n + border: the row of an unknown in the present front */
    double *work;      /* room */
} sn_chain;

/* Borrows `unknown`. */
sn_status sn_chain_new(int n_elements, int width, int stride, const int64_t *unknown, int64_t n, int border,
                       sn_chain *out);
void sn_chain_free(sn_chain *s);
void sn_chain_factor(sn_chain *s);
/* x = A^-1 x, n + border numbers; components of pivots that are 0 become 0. */
void sn_chain_solve(const sn_chain *s, double *x);
/* After sn_chain_factor, without a border: eigenvalues below 0 of the chain that ends with element e, which has another
 * block, its last node's unknowns fixed. */
int64_t sn_chain_count_until(sn_chain *s, int e, const double *block);

#endif
