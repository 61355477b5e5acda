/* Stationary paths of a functional between two ends: the discrete problem on one mesh, Newton's method on it, and what
 * the second variation says. Inner workings of sn_extremal_solve. */
#ifndef SN_MATH_VARIATIONAL_H
#define SN_MATH_VARIATIONAL_H

#include "math/chain.h"
#include "math/functional.h"

enum { SN_VARIATIONAL_MAX_CUTS = 17, SN_TRACE_POINTS = 65, SN_TRACE_MAX = 40, SN_MAX_CONJUGATE = 8 };

typedef struct sn_variational {
    sn_lagrangian l;
    double cuts[SN_VARIATIONAL_MAX_CUTS]; /* the ends of the variable, and where the layers meet */
    int n_intervals;
    double from[SN_LAGRANGIAN_MAX_FUNCTIONS], to[SN_LAGRANGIAN_MAX_FUNCTIONS]; /* NaN: a free end */
    double guess[SN_LAGRANGIAN_MAX_FUNCTIONS];  /* where a free end is tried, from the other one */
    bool positive[SN_LAGRANGIAN_MAX_FUNCTIONS]; /* must be > 0 between the ends */
    double scale[SN_LAGRANGIAN_MAX_FUNCTIONS];  /* how far paths are tried */
    bool quadratic;                             /* in the slopes: an energy, whose paths are geodesics */
    bool brief;                                 /* no finer meshes where the first finds nothing */
    bool greatest;                              /* what is looked for is the greatest value: it comes first */
    const volatile int *cancel;
    void (*progress)(void *user, int64_t done, int64_t total); /* starts; may be NULL */
    void *progress_user;
} sn_variational;

/* The problem on a mesh. A path is u [n_nodes][d]; its n unknowns are the values at nodes that are not fixed ends. */
typedef struct sn_level {
    const sn_variational *v;
    sn_mesh mesh;
    sn_functional *f;
    int *layer;       /* of each element */
    int64_t *unknown; /* [n_nodes][d]: its index, or -1 */
    int64_t n;
    int bound;            /* 1 with a constraint: the unknown multiplier comes last */
    int width;            /* (degree + 1) d: values of an element, and rows of its block */
    double *hessian;      /* [n_elements][width][width], lower triangles, of J + multiplier K */
    double *scratch;      /* for assembling, see reserve */
    sn_chain norm;        /* the stiffness: the integral of the product of slopes */
    sn_chain system;      /* the Hessian less a shift; with a constraint, its slope is the border */
    double *residual;     /* n + bound: dJ + multiplier dK, K - bound */
    double *slope_k;      /* n */
    double *step, *image; /* n + bound */
    double *trial;        /* [n_nodes][d] */
    double j, k;
    double force; /* typical size of A_pp */
    int64_t work; /* done on it, in the units of sn_lagrangian_work */
    sn_functional_terms terms;
} sn_level;

/* `parts` elements for each interval of the problem. */
sn_status sn_level_new(const sn_variational *v, int parts, int degree, sn_level *out);
void sn_level_free(sn_level *s);
/* Fills residual, j, k, and with `second` hessian and force, at a path. *fine: the path is in the domain. */
sn_status sn_level_linearise(sn_level *s, const double *u, double multiplier, bool second, bool *fine);
/* The element's block of the second variation at `upto`: the element ends there; of the terms of the last
 * linearisation, which are interpolated. */
void sn_level_cut_block(sn_level *s, int e, double upto, double *block);
/* The inertia of the Hessian minus shift times the stiffness, on variations that keep K: eigenvalues below `shift`. */
int64_t sn_level_count_below(sn_level *s, double shift);
/* A path of another mesh at this one's nodes. */
void sn_level_transfer(const sn_level *s, const sn_mesh *from, const double *u, double *to);

/* Paths on the way, SN_TRACE_POINTS points each. */
typedef struct sn_trace {
    int n, d;
    double *path; /* [SN_TRACE_MAX][SN_TRACE_POINTS][d] */
} sn_trace;

/* Newton's method for a stationary path of any kind, from u, with steps cut so that the residual falls in the dual norm
 * of the stiffness. *found: converged. */
sn_status sn_newton(sn_level *s, double *u, double *multiplier, sn_trace *trace, bool *found);
/* Newton's method made to go down, for minima without a constraint; ends with sn_newton. */
sn_status sn_descend(sn_level *s, double *u, sn_trace *trace, bool *found);

typedef struct sn_second_variation {
    int legendre;    /* of A_pp: 1 positive everywhere, -1 negative, 0 neither */
    int64_t worse;   /* directions that make J less (more, where legendre is -1) */
    int64_t flat;    /* eigenvalues within 1e-7 of their scale of 0 */
    double edge;     /* the least over variations of second variation / integral of eta'^2 (the largest) */
    double residual; /* of the Euler-Lagrange equation: its root mean square over that of its terms */
    double conjugate[SN_MAX_CONJUGATE]; /* points inside conjugate to the start, rising; without a constraint */
    int n_conjugate;
} sn_second_variation;

/* Directions beyond 0 and near it, of a path's Hessian on s; *fine: it is finite. 0 where Legendre's condition fails.
 */
sn_status sn_level_count(sn_level *s, const double *u, double multiplier, int64_t *worse, int64_t *flat, bool *fine);

/* At a stationary path of s. With `conjugate`, finds the conjugate points of fixed ends too. */
sn_status sn_second_variation_at(sn_level *s, const double *u, double multiplier, bool conjugate,
                                 sn_second_variation *out);

#endif
