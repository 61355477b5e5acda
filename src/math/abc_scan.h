/* The scan behind the minimal a + b + c, apart from how large N is. docs/abc.md derives it.
 *
 * p = a + b runs upwards from p0 = floor(2 sqrt N); t = p - p0. With p = 2h + j, j in {0, 1}, the best split is
 * a = h - u, b = h + u + j for the smallest u >= 0 with u (u + j) >= excess, excess = h (h + j) - N, and then
 * c = u (u + j) - excess. The excess is small beside N: it fits 128 bits where N has 184. */
#ifndef SN_MATH_ABC_SCAN_H
#define SN_MATH_ABC_SCAN_H

#include "math/decimal.h"
#include "suan/status.h"

/* The values of p of one parity j that lie above p0: the excess of the first of them, and its growth to the next. */
typedef struct sn_abc_lane {
    sn_u128 excess, step;
} sn_abc_lane;

typedef struct sn_abc_start {
    sn_abc_lane lane[2]; /* by j */
    int odd;             /* j of p0 */
    int64_t c0;          /* c of p0; INT64_MAX stands for all larger ones, which p0 + 1 beats */
    bool wide;           /* N has more than 128 bits: roots need more than 53 */
} sn_abc_start;

typedef struct sn_abc_split {
    uint64_t u;
    sn_i128 c;
} sn_abc_split;

/* u and c of t >= 1. */
sn_abc_split sn_abc_at(const sn_abc_start *s, int64_t t);
/* The first t at which t + c is smallest, and how many t were looked at. cancel may be NULL. SN_ERR_LIMIT where the
 * excess would leave 127 bits. */
sn_status sn_abc_scan(const sn_abc_start *s, const volatile int *cancel, int64_t *t, int64_t *steps);
/* The next t after `t` with t + c == best, or -1. */
sn_status sn_abc_next(const sn_abc_start *s, const volatile int *cancel, int64_t best, int64_t *t);

#endif
