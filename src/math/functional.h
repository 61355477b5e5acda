/* J[q] = integral of L(t, q, q') dt, discretised on a mesh as a graph in f64, with an optional integral constraint
 * K[q] = integral of G(t, q, q') dt. Gradients by sn_grad; second derivatives by sn_grad of sn_grad, as
 * Hessian-vector products with the unit vectors of q and q', which give them at every point at once. */
#ifndef SN_MATH_FUNCTIONAL_H
#define SN_MATH_FUNCTIONAL_H

#include "math/expr.h"
#include "math/spectral.h"
#include "suan/graph.h"

#include <stdbool.h>

enum { SN_LAGRANGIAN_MAX_FUNCTIONS = 4, SN_LAGRANGIAN_MAX_SIZE = 4000 };

/* Names of the expressions: 0 the variable, then d functions, their d derivatives, one number a layer (an element of
 * the coarsest mesh), and constants. */
typedef struct sn_lagrangian {
    int d;
    const sn_expr *density, *constraint; /* constraint NULL: none */
    double bound;                        /* K = bound */
    const double *layer;                 /* by layer; NULL: there are none */
    bool mirrored;                       /* the expressions' variable is minus the mesh's */
    double constants[SN_EXPR_MAX_NAMES]; /* by name */
} sn_lagrangian;

static inline int sn_lagrangian_layer(const sn_lagrangian *l) { return 2 * l->d + 1; } /* the index of the name */

/* At all points, of A = L + multiplier G: [n_points][d] and [n_points][d][d], row-major. */
typedef struct sn_functional_terms {
    double j, k;                           /* the integrals */
    const double *gradient_j, *gradient_k; /* [n_nodes][d]; gradient_k NULL without a constraint */
    const double *a_q, *a_p;
    const double *a_qq, *a_qp, *a_pp; /* a_qp[point][k][l] = d2 A / dq_k dp_l */
    const double *a_pt;
} sn_functional_terms;

typedef struct sn_functional sn_functional;
/* element_layer: the layer of each element, NULL without layers. Borrows `l` and the arrays of `mesh`. */
sn_status sn_functional_new(const sn_lagrangian *l, const sn_mesh *mesh, const int *element_layer,
                            const volatile int *cancel, sn_functional **out);
void sn_functional_free(sn_functional *f);
/* NaN where the path leaves the domain. u is [n_nodes][d]. */
sn_status sn_functional_value(sn_functional *f, const double *u, double *j, double *k);
/* The integrals and their gradients alone, which live until the next call: much cheaper where L is long. */
sn_status sn_functional_slopes_at(sn_functional *f, const double *u, sn_functional_terms *out);
/* What an evaluation of the terms at n points takes: by the length of the expressions, as often as they are gone
 * through. */
int64_t sn_lagrangian_work(const sn_lagrangian *l, int64_t n);

/* The same terms at n points that are given: paths drawn from their equation. j, k and their gradients are not set. */
sn_status sn_functional_points_new(const sn_lagrangian *l, int64_t n, const volatile int *cancel, sn_functional **out);
/* t [n], q and p [n][d]. */
sn_status sn_functional_points_at(sn_functional *f, const double *t, const double *q, const double *p,
                                  sn_functional_terms *out);

/* The terms live until the next call. */
sn_status sn_functional_terms_at(sn_functional *f, const double *u, double multiplier, sn_functional_terms *out);

#endif
