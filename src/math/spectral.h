/* Piecewise polynomials on Chebyshev elements: each element's path is given by its values at the Chebyshev-Lobatto
 * points, neighbours share a node; integrals by Gauss's rule. */
#ifndef SN_MATH_SPECTRAL_H
#define SN_MATH_SPECTRAL_H

#include "base/error.h"

#include <stdint.h>

typedef struct sn_mesh {
    int n_elements, degree, n_gauss; /* n_gauss points in each element */
    int64_t n_nodes, n_points;       /* n_elements degree + 1; n_elements n_gauss */
    double *cut;                     /* n_elements + 1 ends of elements, rising */
    double *node;                    /* n_nodes */
    double *t, *weight;              /* n_points: where an integrand is taken */
    double *value, *slope, *bend;    /* [n_gauss][degree + 1]: of the element's values, by xi in [-1, 1] */
    double *xi, *barycentric;        /* degree + 1 */
    double *derivative;              /* [degree + 1][degree + 1]: nodal values to nodal slopes, by xi */
    double *memory;
} sn_mesh;

enum { SN_MESH_MAX_DEGREE = 40 };

sn_status sn_mesh_new(const double *cuts, int n_elements, int degree, sn_mesh *out);
void sn_mesh_free(sn_mesh *m);
/* Values (and slopes by t, unless NULL) of d functions at t; u is [n_nodes][d]. */
void sn_mesh_sample(const sn_mesh *m, const double *u, int d, double t, double *values, double *slopes);
/* Points and weights of Gauss's rule on [-1, 1]. */
void sn_gauss_legendre(int n, double *x, double *w);
/* The weights of values at Gauss's n points x of an interval, with weights w, in their polynomial's value. */
void sn_gauss_row(int n, const double *x, const double *w, double at, double *row);

#endif
