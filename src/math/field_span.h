/* Inside of the field: which earlier arguments an argument is a combination of. */
#ifndef SN_MATH_FIELD_SPAN_H
#define SN_MATH_FIELD_SPAN_H

#include "math/field.h"

#if SN_HAVE_FLINT

enum { SN_FIELD_MAX_SPAN = 40 };
typedef struct sn_field_span {
    int gen[SN_FIELD_MAX_SPAN]; /* generators whose arguments (of pi, log, atan: themselves) span */
    int n;
    int64_t numerator[SN_FIELD_MAX_SPAN], denominator[SN_FIELD_MAX_SPAN]; /* of the solution */
} sn_field_span;

/* Generators of these kinds; kinds: bits 1 << kind. */
sn_field_span sn_field_collect(const sn_field *f, unsigned kinds);
/* u as a combination of the members, with rational coefficients: false where it is none. */
bool sn_field_solve(sn_field *f, const sn_frac *u, sn_field_span *s);

#endif
#endif
