/* Starts for the search by shooting: paths that obey the Euler-Lagrange equation from one end, among many slopes there
 * those that come near the other end. For one or two functions without a constraint. */
#ifndef SN_MATH_VARIATIONAL_SHOOT_H
#define SN_MATH_VARIATIONAL_SHOOT_H

#include "math/variational.h"

enum { SN_SHOT_STEPS = 192, SN_MOST_SHOTS = 24 };

typedef struct sn_shots {
    int n, d;
    int64_t tried; /* slopes */
    double *t;     /* SN_SHOT_STEPS + 1, rising */
    double *path;  /* [n][SN_SHOT_STEPS + 1][2 d]: functions and slopes; the gentlest come first */
} sn_shots;

/* The work of a round in the units of sn_lagrangian_work, 0: it cannot be shot, or not soon. */
int64_t sn_shoot_work(const sn_variational *v);
sn_status sn_shoot(const sn_variational *v, sn_shots *out);
void sn_shots_free(sn_shots *s);
/* Functions of a shot at t, by cubics through values and slopes. */
void sn_shot_sample(const sn_shots *s, int shot, double t, double *q);

#endif
