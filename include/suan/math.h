/* Mathematics: the minimal a + b + c. */
#ifndef SUAN_MATH_H
#define SUAN_MATH_H

#include "suan/smoothmax.h"
#include "suan/status.h"

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Minimal a + b + c with N = ab + c (docs/abc.md) ---- */

#define SN_ABC_MAX_STEPS 2e9 /* expected of N; beyond, N is refused */
enum { SN_ABC_DIGITS = 64 };

/* Whole numbers of 0 or more as decimal digits, a <= b. */
typedef struct sn_abc {
    char n[SN_ABC_DIGITS], a[SN_ABC_DIGITS], b[SN_ABC_DIGITS], c[SN_ABC_DIGITS], sum[SN_ABC_DIGITS];
    int64_t steps; /* values of a + b that were tried */
} sn_abc;

/* The smallest a + b + c with ab + c = n; of several, the one with the smallest a + b (but a = b = 2 rather than
 * a = b = 0 for 4 and 5). n is decimal digits. About 1.18 n^(1/6) steps: 10 us for 64 bits, 20 ms for 128. Beyond 128
 * bits with GMP only (else SN_ERR_UNSUPPORTED). SN_ERR_ARGUMENT where n is no whole number of 0 or more, SN_ERR_LIMIT
 * with the estimate where the steps would be more than SN_ABC_MAX_STEPS, SN_ERR_CANCELLED soon after *cancel (may be
 * NULL) is nonzero. */
SN_API sn_status sn_abc_solve(const char *n, const volatile int *cancel, sn_abc *out);

/* Tells `each` all that reach the smallest sum, by rising a + b, beginning with the one of sn_abc_solve. Twice its
 * work. */
typedef void (*sn_abc_fn)(void *user, const sn_abc *abc);
SN_API sn_status sn_abc_all(const char *n, const volatile int *cancel, sn_abc_fn each, void *user);

/* log10 of 1.18 n^(1/6), the steps to be expected. */
SN_API sn_status sn_abc_expect_steps(const char *n, double *log10_steps);

/* CSV with a header, "n,a,b,c,sum,steps", a line for each n from lo to hi (below 2^128), in order, computed by
 * `threads` threads (0: one for each core). `put` gets the text in large pieces; its failure ends the work. */
typedef sn_status (*sn_abc_put_fn)(void *user, const char *text, size_t size);
SN_API sn_status sn_abc_range(const char *lo, const char *hi, int threads, const volatile int *cancel,
                              sn_abc_put_fn put, void *user);

/* What it costs: n random numbers of exactly `bits` bits (3 to 128), one after another on one thread. */
typedef struct sn_abc_speed {
    int bits;
    int64_t samples;
    double microseconds;                    /* of processor time, mean of a call */
    double steps, most_steps, steps_by_law; /* mean, largest, and mean over N^(1/6): 1.18 */
} sn_abc_speed;
SN_API sn_status sn_abc_measure(int bits, int64_t samples, uint64_t seed, const volatile int *cancel,
                                sn_abc_speed *out);
/* A chart of n measurements: steps beside 1.18 N^(1/6), and time, by bits. */
SN_API sn_status sn_abc_write_plot(const sn_abc_speed *speeds, int n, const char *path);

#ifdef __cplusplus
}
#endif
#endif
