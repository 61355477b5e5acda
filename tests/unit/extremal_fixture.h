/* What the tests of stationary paths share. */
#ifndef SN_TESTS_EXTREMAL_FIXTURE_H
#define SN_TESTS_EXTREMAL_FIXTURE_H

#include "base/alloc.h"
#include "suan/math.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PI 3.14159265358979323846

static inline sn_extremal solve(sn_extremal_problem p) {
    sn_extremal e;
    if (sn_extremal_solve(&p, &e) != SN_OK) fail_msg("%s: %s", p.name ? p.name : p.lagrangian, sn_last_error());
    return e;
}

static inline void assert_near(double a, double b, double tolerance, const char *what) {
    if (!(fabs(a - b) <= tolerance * (1 + fabs(b)))) fail_msg("%s: %.15g, not %.15g", what, a, b);
}

static inline const double *row_of(const sn_extremal *e, int path, int i) {
    return e->path[path].table + (size_t)i * (size_t)e->n_columns;
}

#endif
