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

typedef struct sn_curvature_numbers sn_curvature_numbers;

struct sn_curvature {
    sn_expr_scope scope;
    int n, n_pairs;          /* coordinates; a < b */
    const sn_expr **entries; /* n (n+1)/2, as typed */
    sn_field *field;
    sn_frac *tensor[SN_CURVATURE_N_TENSORS]; /* independent components, see sn_curvature_find */
    bool too_large[SN_CURVATURE_N_TENSORS];  /* not written out: values from numbers, zero by random points */
    bool *vanishes[SN_CURVATURE_N_TENSORS];  /* of those, the components that vanish at random points */
    sn_frac *first;                          /* d_c g_ab at [sym(ab) n + c] */
    sn_frac *second;                         /* d_d d_c g_ab at [sym(ab) n (n+1)/2 + sym(cd)], where they are needed */
    sn_field_values values[3];
    int n_values;                  /* 0: no point is set */
    sn_curvature_numbers *numbers; /* at the point, where something is too large */
    const volatile int *cancel;
    void (*progress)(void *user, int64_t done, int64_t total);
    void *progress_user;
    int64_t done, total; /* components */
};

/* All tensors of c's metric. */
sn_status sn_curvature_compute(sn_curvature *c);

sn_frac *sn_curvature_new_fracs(sn_field *f, int64_t n); /* zeros; NULL without memory */
void sn_curvature_free_fracs(sn_field *f, sn_frac *list, int64_t n);

/* All tensors at the point; freed by sn_free. */
sn_status sn_curvature_numbers_new(sn_curvature *c, const sn_field_values *v, sn_curvature_numbers **out);
double sn_curvature_number(int n, const sn_curvature_numbers *m, sn_curvature_tensor tensor, const int *index);
bool sn_curvature_number_is_singular(int n, const sn_curvature_numbers *m);
/* Are the values within range? */
bool sn_curvature_number_is_real(int n, const sn_curvature_numbers *m);
/* No more than rounding may leave of zero. */
bool sn_curvature_number_is_noise(const sn_curvature_numbers *m, sn_curvature_tensor tensor, const int *index);
/* Of the tensors that are too large: which components vanish at random points. */
sn_status sn_curvature_find_zeros(sn_curvature *c);

/* As sn_curvature_c_code, where FLINT is guarded. */
sn_status sn_curvature_write_c(sn_curvature *c, char **text);

int64_t sn_curvature_size(int n, sn_curvature_tensor tensor); /* components kept */
/* Where a component is kept, and its sign; sign 0: zero by symmetry. */
int64_t sn_curvature_find(int n, sn_curvature_tensor tensor, const int *index, int *sign);
/* R_adbc for a < b < c < d follows from R_abcd and R_acbd. */
bool sn_curvature_follows(const int *index);
/* Steps through all kept components in the order of their indices; begins with done = false, index all 0. */
bool sn_curvature_next(int n, sn_curvature_tensor tensor, int *index);

#endif
#endif
