/* Mixtures of Gaussians as densities of one variable; the number of components by BIC. */
#include "base/alloc.h"
#include "base/error.h"
#include "fit/density.h"
#include "fit/mixture.h"

#include <math.h>

typedef struct mixture {
    sn_mixture *m;
    double *deviation;
} mixture;

/* The number by BIC from `count` of the points, x; the best mixture of these. */
static sn_status fit_by_bic(const sn_density_points *p, const double *x, int64_t count, const sn_mixture_options *o,
                            sn_mixture **best) {
    enum { LARGEST = 40, WORSE = 3 };
    double least = INFINITY, value;
    int worse = 0;
    for (int64_t n = 1; n <= LARGEST && 3 * n - 1 < p->n && worse < WORSE; n++) {
        sn_mixture *m;
        SN_TRY(sn_mixture_fit(x, count, 1, n, o, &m, &value));
        double bic = -2 * (double)p->n * value + (double)(3 * n - 1) * log((double)p->n);
        worse++;
        if (bic >= least) {
            sn_mixture_free(m);
            continue;
        }
        sn_mixture_free(*best);
        *best = m;
        least = bic, worse = 0;
    }
    return *best ? SN_OK : sn_fail(SN_ERR_ARGUMENT, "density: too few points for a mixture");
}

/* Of many points evenly spaced ones choose the number of components; then all are fitted. */
static sn_status choose(const sn_density_points *p, const sn_mixture_options *o, sn_mixture **best) {
    enum { MOST_POINTS = 20000 };
    if (p->n <= MOST_POINTS) return fit_by_bic(p, p->y, p->n, o, best);
    double *few = sn_alloc(MOST_POINTS * sizeof *few);
    if (!few) return sn_fail_memory("a density");
    for (int64_t i = 0; i < MOST_POINTS; i++) few[i] = p->y[(int64_t)(((double)i + 0.5) * (double)p->n / MOST_POINTS)];
    sn_status status = fit_by_bic(p, few, MOST_POINTS, o, best);
    sn_free(few);
    if (status != SN_OK) return status;
    int64_t n = (*best)->n;
    sn_mixture_free(*best);
    *best = NULL;
    return sn_mixture_fit(p->y, p->n, 1, n, o, best, NULL);
}

static void mixture_free(void *model) {
    mixture *m = model;
    if (!m) return;
    sn_mixture_free(m->m);
    sn_free(m->deviation);
    sn_free(m);
}

static sn_status fit_into(const sn_density_points *p, const sn_density_options *o, mixture *m) {
    /* a tenth of the narrowest window, or the variance that rounding adds */
    double narrow = 0.1 * p->narrowest / p->deviation, round = o->step / p->deviation;
    double floor = fmax(narrow > 0 ? fmin(1e-6, narrow * narrow) : 1e-6, round * round / 12);
    const sn_mixture_options options = {.starts = o->starts, .floor = floor, .seed = o->seed, .cancel = o->cancel};
    if (o->size > 0)
        SN_TRY(sn_mixture_fit(p->y, p->n, 1, o->size, &options, &m->m, NULL));
    else
        SN_TRY(choose(p, &options, &m->m));
    m->deviation = sn_alloc((size_t)m->m->n * sizeof *m->deviation);
    if (!m->deviation) return sn_fail_memory("a density");
    for (int64_t k = 0; k < m->m->n; k++) m->deviation[k] = m->m->factor[k];
    return SN_OK;
}

static sn_status mixture_fit(const sn_density_points *p, const sn_density_options *o, void **model) {
    mixture *m = sn_calloc(1, sizeof *m);
    sn_status status = m ? fit_into(p, o, m) : sn_fail_memory("a density");
    if (status == SN_OK)
        *model = m;
    else
        mixture_free(m);
    return status;
}

static double mixture_log(const void *model, double y) {
    return sn_mixture_log_density(((const mixture *)model)->m, &y);
}

static double mixture_cdf(const void *model, double y) {
    const mixture *m = model;
    double sum = 0;
    for (int64_t k = 0; k < m->m->n; k++)
        sum += m->m->weight[k] * 0.5 * erfc((m->m->mean[k] - y) / (m->deviation[k] * sqrt(2)));
    return sum;
}

static void mixture_describe(const void *model, sn_density_info *info) {
    const mixture *m = model;
    info->size = m->m->n;
    info->n_parameters = 3 * m->m->n - 1;
    info->weight = m->m->weight;
    info->mean = m->m->mean;
    info->deviation = m->deviation;
}

const sn_density_ops sn_density_mixture = {
    .method = {"mixture", "components", "mixture of Gaussians, by EM"},
    .fit = mixture_fit,
    .log_density = mixture_log,
    .cdf = mixture_cdf,
    .describe = mixture_describe,
    .free = mixture_free,
};
