/* Mathematics: the minimal a + b + c, stationary paths of functionals. */
#ifndef SUAN_MATH_H
#define SUAN_MATH_H

#include "suan/smoothmax.h"
#include "suan/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Minimal a + b + c with N = ab + c (docs/abc.md) ---- */

#define SN_ABC_MAX_STEPS 2.02e9 /* expected of N: all of 184 bits are below it; beyond, N is refused */
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

/* ---- Stationary paths of functionals (docs/extremal.md) ---- */

enum { SN_EXTREMAL_MAX_PATHS = 8, SN_EXTREMAL_MAX_COLUMNS = 9, SN_EXTREMAL_MAX_CONJUGATE = 8 };

/* What sn_extremal_solve knows by name. */
typedef struct sn_extremal_info {
    const char *name, *summary;
    const char *from, *to;  /* the ends without others: "0,0" */
    const char *parameters; /* "g=9.80665", and those that must be given without "=" */
} sn_extremal_info;
SN_API int sn_extremal_count(void);
SN_API const sn_extremal_info *sn_extremal_get(int i); /* NULL out of range */

/* All texts are borrowed, NULL is the problem's own. Numbers may be expressions: "pi/2". */
typedef struct sn_extremal_problem {
    const char *name;                 /* of a known problem; NULL: `lagrangian` */
    const char *lagrangian;           /* L(x, y, y', ...) of the functional: the integral of L dx */
    const char *constraint;           /* "G = number": the integral of G must be that */
    const char *variable, *functions; /* "x" and "y"; several functions: "y,z" */
    const char *params;               /* "g=9.81,length=2" */
    const char *from, *to;            /* variable and functions at the ends: "0,1"; a function may be "free" */
    const char *index;                /* "fermat": n(x, y); "layers": "1,1.5" from one end to the other */
    const char *interfaces;           /* "layers": the heights where they meet */
    const char *metric, *coords;      /* "geodesic": "1; sin(theta)^2" and "theta,phi", or a known metric */
    int points;                       /* rows of the tables; 0: 33 */
    const volatile int *cancel;       /* may be NULL */
    /* Called between starts of the search, with those done and planned; may be NULL. */
    void (*progress)(void *user, int64_t done, int64_t total);
    void *progress_user;
} sn_extremal_problem;

typedef enum sn_extremal_kind {
    SN_EXTREMAL_MINIMUM, /* no path near it has less */
    SN_EXTREMAL_MAXIMUM,
    SN_EXTREMAL_SADDLE,     /* stationary, but `index` directions lower it (raise it, where Legendre's sign is < 0) */
    SN_EXTREMAL_DEGENERATE, /* the second variation is 0 in some direction: it does not tell */
    SN_EXTREMAL_INDEFINITE, /* Legendre's condition holds in neither sense: neither minimum nor maximum */
    SN_EXTREMAL_ONLY        /* the constraint leaves no other path */
} sn_extremal_kind;
SN_API const char *sn_extremal_kind_name(sn_extremal_kind kind);

typedef struct sn_extremal_path {
    double value, known; /* of the functional; by a closed form, NaN without one */
    double multiplier;   /* of the constraint; NaN without one */
    sn_extremal_kind kind;
    int64_t index;
    double eigenvalue; /* second variation / integral of eta'^2: its least (its largest, of a maximum) */
    double residual;   /* of the Euler-Lagrange equation: root mean square over that of its terms */
    double change;     /* of the path by the last refinement, relative to its size */
    double conjugate[SN_EXTREMAL_MAX_CONJUGATE]; /* where the variable is conjugate to the start */
    int n_conjugate;
    int64_t unknowns;
    bool settled, counted; /* it stands still as meshes are refined; two meshes agree on `index` */
    double *table;         /* points rows of n_columns */
} sn_extremal_path;

typedef enum sn_extremal_end {
    SN_EXTREMAL_NO_SEARCH,  /* the problem is known to have none, or one */
    SN_EXTREMAL_ALL_TRIED,  /* every start that was planned */
    SN_EXTREMAL_FULL,       /* SN_EXTREMAL_MAX_PATHS were found: there may be more */
    SN_EXTREMAL_WORK_SPENT, /* the search took its share of time: there may be more */
    SN_EXTREMAL_NO_FINER    /* what was found dissolved on finer meshes, again and again */
} sn_extremal_end;
SN_API const char *sn_extremal_end_name(sn_extremal_end end);

/* What a search did. */
typedef struct sn_extremal_search {
    sn_extremal_end end;
    int64_t starts, shots, slopes; /* starts tried; of them paths shot from an end, which came from so many slopes */
    int64_t dropped;               /* candidates that solved the equation on coarse meshes only */
} sn_extremal_search;

typedef struct sn_extremal {
    const char *problem, *value_name;  /* "time" */
    int points, n_columns, across, up; /* which columns make a picture */
    bool downwards;                    /* `up` grows downwards */
    char column[SN_EXTREMAL_MAX_COLUMNS][40];
    sn_extremal_path path[SN_EXTREMAL_MAX_PATHS]; /* by rising value; of isoperimetric, by falling */
    int n_paths;
    sn_extremal_search search;
    char note[1024]; /* what else is to be known: why there is none, what is less still; may be "" */
    double *steps;   /* n_steps paths of the same table: from the start of the search to path[0] */
    int n_steps;
    int n_degrees;                                        /* path[0] again with one element of these degrees: */
    double unknowns[24], value_error[24], path_error[24]; /* against the finest */
} sn_extremal;

/* Finds stationary paths by Newton's method from many starts, refines each, and tells its kind. A problem that is known
 * to have none is SN_OK with n_paths = 0 and a note; SN_ERR_NUMERIC where none was found; SN_ERR_FORMAT,
 * SN_ERR_NOT_FOUND, SN_ERR_ARGUMENT for what is wrong with the problem, with the place marked in expressions;
 * SN_ERR_CANCELLED. Freed by sn_extremal_free. */
SN_API sn_status sn_extremal_solve(const sn_extremal_problem *problem, sn_extremal *out);
SN_API void sn_extremal_free(sn_extremal *e);
/* *text is freed with sn_text_free. */
SN_API sn_status sn_extremal_json(const sn_extremal *e, char **text);
SN_API sn_status sn_extremal_write_csv(const sn_extremal *e, const char *path); /* rows of all paths */
/* The paths with the steps to the first, and its errors by the number of unknowns. */
SN_API sn_status sn_extremal_write_plot(const sn_extremal *e, const char *path);

#ifdef __cplusplus
}
#endif
#endif
