/* All stationary paths that can be found: many starts on a coarse mesh, each find refined until it stands still. */
#ifndef SN_MATH_VARIATIONAL_SEARCH_H
#define SN_MATH_VARIATIONAL_SEARCH_H

#include "math/variational_shoot.h"

enum { SN_SEARCH_MOST = 8, SN_SEARCH_RUNGS = 7, SN_SEARCH_FAILURES = 12 };

/* Where a search begins: the straight path plus, in one function, amplitude times sin(waves pi tau); with `turn`, the
 * next function swings too, half as far at twice the pace, so that the two go round. Or it is a path shot from an end.
 */
typedef struct sn_search_start {
    int function, waves; /* waves 0: straight */
    double amplitude;    /* in units of the function's scale */
    bool descend, turn;
    int shot;    /* 0: none, else its number from 1 on */
    bool walked; /* led there from a bound that is easier; only its end is known */
} sn_search_start;

typedef struct sn_search_find {
    int rung;                       /* of the finest mesh that it was solved on */
    double *u, multiplier, j, size; /* size: of J's terms */
    int64_t unknowns;
    double change, value_change; /* of the path and of J by the last refinement, relative to their size */
    bool counted;                /* a finer mesh counts as many directions below 0 */
    sn_second_variation second;
    sn_search_start start;
    int family;     /* degenerate finds of the same value that it stands for */
    int depth;      /* of the mesh of the search */
    double *coarse; /* the path on it */
} sn_search_find;

typedef struct sn_search {
    const sn_variational *v;
    sn_search_find find[SN_SEARCH_MOST]; /* by rising J, or falling, as the problem wants */
    int n, failures;                     /* failures: what seemed a path on the coarse mesh and was none */
    bool none_finite;                    /* the functional had no value on any start */
    bool full, spent;                    /* it ended because there was no room for more paths; its work was done */
    int tried, planned;                  /* starts */
    int dropped;                         /* what stood still, but did not solve the equation */
    int64_t work;
    sn_shots shots;
    sn_level rung[SN_SEARCH_RUNGS]; /* made when they are needed */
} sn_search;

/* The mesh of find i with the path linearised on it belongs to whoever asked last. */
sn_status sn_search_level(sn_search *s, int rung, sn_level **out);

/* Considers a path that Newton's method found on the mesh of a rung, whose level holds its J: refines it and keeps it
 * where it is new. */
sn_status sn_search_consider(sn_search *s, int rung, sn_search_start start, const double *u, double multiplier);
/* For constraints that the straight path is far from: paths of an easy bound are led to the problem's. */
sn_status sn_search_walk(sn_search *s);

/* Finding nothing is SN_OK with n = 0. */
sn_status sn_search_run(const sn_variational *v, sn_search *out);
void sn_search_free(sn_search *s);
/* The way from its start to find i, on the mesh of the search. */
sn_status sn_search_retrace(sn_search *s, int i, sn_trace *trace);
/* Find i again with one element for each interval, of each of n degrees: its unknowns, and its differences in J and,
 * over the scale, in the path. A degree that does not converge gets NaN. */
sn_status sn_search_degrees(sn_search *s, int i, const int *degrees, int n, double *unknowns, double *value_error,
                            double *path_error);

#endif
