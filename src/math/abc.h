/* What the parts of the minimal a + b + c share. */
#ifndef SN_MATH_ABC_H
#define SN_MATH_ABC_H

#include "math/abc_scan.h"
#include "suan/math.h"

/* The solution of an N below 2^128, in numbers. */
typedef struct sn_abc_number {
    sn_u128 n, a, b, c;
    int64_t steps;
} sn_abc_number;

sn_status sn_abc_solve_number(sn_u128 n, const volatile int *cancel, sn_abc_number *out);

/* N of more than 128 bits, by GMP: the scan's start, and the solution that belongs to t = p - p0 >= 0. */
sn_status sn_abc_wide_start(const char *n, sn_abc_start *out);
sn_status sn_abc_wide_solution(const char *n, const sn_abc_start *s, int64_t t, int64_t steps, sn_abc *out);

#endif
