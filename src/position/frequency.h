/* The changes of the rotation planes that methods and models' own scalings share. Each multiplies the planes by
 * ratios, so that they also work on planes that were scaled before. */
#ifndef SN_POSITION_FREQUENCY_H
#define SN_POSITION_FREQUENCY_H

#include "suan/position.h"

void sn_planes_divide(sn_position *p, double factor);
void sn_planes_divide_each(sn_position *p, const double *divisors); /* n_planes of them */
/* Plane m times factor^(-m / (n_planes - 1)): the base becomes base * factor^(d / (d - 2)). */
void sn_planes_ntk(sn_position *p, double factor);
/* Plane m times exp(-a (m + 1)^b), a = ln factor / n_planes^b. */
void sn_planes_mixed(sn_position *p, double factor, double b);

typedef struct sn_yarn {
    double factor, fast, slow; /* rotations over `trained` above which a plane stays, below which it is divided */
    double trained, base;
    bool truncate; /* round the boundary planes outwards */
} sn_yarn;
/* The ramp of the released code: linear in the plane's index between two boundary planes. */
void sn_planes_yarn(sn_position *p, const sn_yarn *y);
/* Planes that turn more than `fast` times over `trained` stay, those below `slow` are divided by the factor, a
 * line in the rotations between: the ramp of the YaRN paper, and Llama 3's. */
typedef struct sn_by_parts {
    double factor, slow, fast, trained;
} sn_by_parts;
void sn_planes_by_parts(sn_position *p, const sn_by_parts *s);
/* YaRN's temperature on queries and keys: 0.1 weight ln factor + 1, and 1 for factor <= 1. */
double sn_yarn_gain(double factor, double weight);

/* LongRoPE's gain for a model extended `factor` times: sqrt(1 + ln factor / ln trained), 1 for factor <= 1. */
double sn_longrope_gain(double factor, double trained);
/* The factor of dynamic NTK at `length`, at least 1. */
double sn_dynamic_factor(double factor, double length, double trained);

#endif
