/* Scaling laws as sums of terms. */
#ifndef SN_FIT_SCALING_H
#define SN_FIT_SCALING_H

#include "suan/fit.h"

enum { SN_SCALING_TERMS = 3 };

/* Term k is exp(q[coefficient]) * size^-q[exponent], with q the parameters as the minimiser sees them: coefficients as
 * logarithms. Size 0 is N, 1 is D; exponent < 0: a constant. */
typedef struct sn_scaling_term {
    int coefficient, exponent, size;
} sn_scaling_term;

typedef struct sn_scaling_law {
    sn_scaling_form form;
    int n_terms;
    sn_scaling_term term[SN_SCALING_TERMS];
    struct {
        double from, to;
        int n;
    } grid[SN_SCALING_MAX]; /* of starts, of q */
} sn_scaling_law;

const sn_scaling_law *sn_scaling_law_of(const sn_scaling_form *form);

/* Points as logarithms; weights count how often a resample drew each, NULL: once. */
typedef struct sn_scaling_points {
    const sn_scaling_law *law;
    const double *size[2], *loss; /* logarithms, count of each */
    const double *weight;
    int64_t count;
    double delta;
} sn_scaling_points;

/* The objective and its gradient at q; a sn_fit_fn over sn_scaling_points. */
double sn_scaling_value(void *points, const double *q, double *gradient);
double sn_huber(double r, double delta);
/* ln of the model at q and one point's sizes (logarithms), and its slopes by q. */
double sn_scaling_slopes(const sn_scaling_law *law, const double *q, const double size[2], double *slopes);
/* Fills `untold` of q, sizes taken relative to their means. */
sn_status sn_scaling_tell(const sn_scaling_points *points, const double *q, bool untold[SN_SCALING_MAX]);

/* Between what is written and what is minimised. */
void sn_scaling_to_logs(const sn_scaling_law *law, const double *value, double *q);
void sn_scaling_from_logs(const sn_scaling_law *law, const double *q, double *value);

#endif
