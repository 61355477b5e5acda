/* Inside of a curvature: where the components are. */
#ifndef SN_MATH_CURVATURE_H
#define SN_MATH_CURVATURE_H

#include "math/field.h"
#include "suan/curvature.h"

/* The catalogue's metric of this name, its text with a dimension put in; false: none. */
typedef struct sn_curvature_named {
    char coordinates[256], parameters[64], metric[4096];
} sn_curvature_named;
bool sn_curvature_lookup(const char *name, sn_curvature_named *out);
const char *sn_curvature_nearest_name(const char *name);

/* The entries of the metric's text, row by row, only a <= b; n^2 places in `out`. */
sn_status sn_curvature_parse_metric(sn_expr_scope *scope, const char *text, const sn_expr **out);

#if SN_HAVE_FLINT

struct sn_curvature {
    sn_expr_scope scope;
    int n, n_pairs;          /* coordinates; a < b */
    const sn_expr **entries; /* n (n+1)/2, as typed */
    sn_field *field;
    sn_frac *tensor[SN_CURVATURE_N_TENSORS]; /* independent components, see sn_curvature_find */
    sn_field_values values[3];
    int n_values; /* 0: no point is set */
    char *point;
};

int64_t sn_curvature_size(int n, sn_curvature_tensor tensor); /* components kept */
/* Where a component is kept, and its sign; sign 0: zero by symmetry. */
int64_t sn_curvature_find(int n, sn_curvature_tensor tensor, const int *index, int *sign);
/* R_adbc for a < b < c < d follows from R_abcd and R_acbd. */
bool sn_curvature_follows(const int *index);
/* Steps through all kept components in the order of their indices; begins with done = false, index all 0. */
bool sn_curvature_next(int n, sn_curvature_tensor tensor, int *index);

#endif
#endif
