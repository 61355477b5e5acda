/* Curvature of a metric typed by the user, in exact arithmetic.
 *
 * Conventions: R^a_bcd = d_c Gamma^a_bd - d_d Gamma^a_bc + Gamma^a_ce Gamma^e_bd - Gamma^a_de Gamma^e_bc,
 * R_bd = R^a_bad; the unit sphere has R > 0 whatever the signature. Indices are 0 .. n-1 in the order of coordinates.
 */
#ifndef SUAN_CURVATURE_H
#define SUAN_CURVATURE_H

#include "suan/status.h"

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { SN_CURVATURE_MAX_DIMENSION = 10 };

typedef struct sn_curvature_options {
    const char *coordinates; /* "t,r,theta,phi"; NULL with a metric of the catalogue */
    const char *parameters;  /* "M,a"; NULL: none */
    const char *functions;   /* names of unknown functions; NULL: those that occur, unless they look mistyped */
    /* The diagonal's entries separated by ";"; or all rows separated by ";", entries by ","; or a catalogue name. */
    const char *metric;
    /* May be NULL. Once it is not 0, what is being done stops with SN_ERR_CANCELLED after the step it is at: parts of a
     * second, with very large components a few. It is looked at until the curvature is closed. */
    const volatile int *cancel;
    void (*progress)(void *user, int64_t done, int64_t total); /* components computed; may be NULL */
    void *progress_user;
} sn_curvature_options;

typedef struct sn_curvature sn_curvature;

/* All tensors below. Expressions that cannot be read: SN_ERR_FORMAT or SN_ERR_NOT_FOUND with the place marked; a matrix
 * that is not symmetric, a metric whose determinant is zero: SN_ERR_ARGUMENT; too large: SN_ERR_LIMIT;
 * SN_ERR_UNSUPPORTED in a build without FLINT. */
SN_API sn_status sn_curvature_open(const sn_curvature_options *options, sn_curvature **out);
SN_API void sn_curvature_close(sn_curvature *c); /* NULL is fine */

typedef enum sn_curvature_tensor {
    SN_CURVATURE_METRIC,      /* g_ab */
    SN_CURVATURE_INVERSE,     /* g^ab */
    SN_CURVATURE_DETERMINANT, /* no index */
    SN_CURVATURE_CHRISTOFFEL, /* Gamma^a_bc */
    SN_CURVATURE_RIEMANN,     /* R_abcd */
    SN_CURVATURE_RICCI,       /* R_ab */
    SN_CURVATURE_SCALAR,
    SN_CURVATURE_WEYL,     /* C_abcd; 0 below four dimensions */
    SN_CURVATURE_EINSTEIN, /* R_ab - R g_ab / 2 */
    SN_CURVATURE_KRETSCHMANN,
    SN_CURVATURE_N_TENSORS
} sn_curvature_tensor;
SN_API const char *sn_curvature_tensor_name(sn_curvature_tensor tensor); /* its key in JSON: "ricci_scalar" */
SN_API int sn_curvature_rank(sn_curvature_tensor tensor);

SN_API int sn_curvature_dimension(const sn_curvature *c);
SN_API const char *sn_curvature_coordinate(const sn_curvature *c, int index);
/* Why zero was also looked for at random points, and what was assumed of roots; NULL: neither was needed. */
SN_API const char *sn_curvature_doubt(const sn_curvature *c);
SN_API const char *sn_curvature_assumption(const sn_curvature *c);

/* Is the component, with all n indices given, zero? Is the whole tensor? */
SN_API bool sn_curvature_is_zero(const sn_curvature *c, sn_curvature_tensor tensor, const int *index);
SN_API bool sn_curvature_vanishes(const sn_curvature *c, sn_curvature_tensor tensor);
/* Has the tensor been given up as too large to be written out? Then its components have no text but values at points,
 * and zeros among them were found at random points. */
SN_API bool sn_curvature_is_too_large(const sn_curvature *c, sn_curvature_tensor tensor);
/* The component as text that can be typed again; freed by sn_text_free. */
SN_API sn_status sn_curvature_text(sn_curvature *c, sn_curvature_tensor tensor, const int *index, char **text);

/* Sets the point: "t=0,r=5,theta=pi/3,M=1,a(t)=exp(t/2)". Values are expressions without names, unknown functions
 * expressions of coordinates and parameters. SN_ERR_NUMERIC where the metric is not real or regular there. */
SN_API sn_status sn_curvature_set_point(sn_curvature *c, const char *point);
/* The component at the point, rounded correctly but for one last digit; NaN without a point or where it has a pole. */
SN_API double sn_curvature_value(sn_curvature *c, sn_curvature_tensor tensor, const int *index);

/* Draws Ricci and Kretschmann scalar along a line: `at` as for sn_curvature_set_point (NULL: nothing else is needed),
 * `along` as "r=2.5,10". The path's ending chooses the format (plot.h). Gaps where the metric is not regular. */
SN_API sn_status sn_curvature_draw(sn_curvature *c, const char *at, const char *along, const char *path);

/* Everything as text; freed by sn_text_free. JSON has the point's values in "at" where one is set. The C code has one
 * function, curvature(), that fills a struct with all components. */
SN_API sn_status sn_curvature_report(sn_curvature *c, char **text);
SN_API sn_status sn_curvature_json(sn_curvature *c, char **text);
SN_API sn_status sn_curvature_latex(sn_curvature *c, char **text);
SN_API sn_status sn_curvature_c_code(sn_curvature *c, char **text);

/* Independent components in n dimensions. */
typedef struct sn_curvature_counts {
    int64_t all;                                                    /* n^4 of R_abcd */
    int64_t metric, christoffel, riemann, ricci, weyl, kretschmann; /* riemann: n^2 (n^2-1)/12 */
} sn_curvature_counts;
SN_API sn_status sn_curvature_count(int64_t n, sn_curvature_counts *out); /* n from 1 to 10000 */

typedef struct sn_curvature_entry {
    const char *name, *summary, *coordinates, *parameters, *metric;
} sn_curvature_entry;
/* The catalogue; NULL past its end. Spheres and hyperbolic spaces take a dimension after the name: sphere3. */
SN_API const sn_curvature_entry *sn_curvature_catalogue(int i);

#ifdef __cplusplus
}
#endif
#endif
