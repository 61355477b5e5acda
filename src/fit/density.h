/* One-dimensional densities: what a method of fitting provides. */
#ifndef SN_FIT_DENSITY_H
#define SN_FIT_DENSITY_H

#include "suan/fit.h"

/* What is fitted. On an interval the points lie in low..high; else they are anywhere. */
typedef struct sn_density_points {
    const double *y; /* ascending */
    int64_t n;
    bool interval;
    double low, high;
    double mean, deviation;
    double narrowest; /* of the places where the points lie closest; 0 where many are equal */
} sn_density_points;

typedef struct sn_density_ops {
    sn_density_method method;
    bool bounded; /* knows the interval itself; else its density is cut off there and scaled up */
    /* size 0: chosen by the method. options has no zeros left. */
    sn_status (*fit)(const sn_density_points *p, const sn_density_options *o, void **model);
    double (*log_density)(const void *model, double y);
    double (*cdf)(const void *model, double y);
    void (*describe)(const void *model, sn_density_info *info);
    void (*free)(void *model);
} sn_density_ops;

/* An interval with all but 1e-8 of a known density. */
void sn_density_source_range(const sn_density_source *s, double *low, double *high);

extern const sn_density_ops sn_density_fourier, sn_density_mixture, sn_density_histogram, sn_density_kde;

#endif
