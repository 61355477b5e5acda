/* Self-consuming loops: generative models trained on what their predecessors made (Alemohammad et al. 2023, "Self-
 * Consuming Generative Models Go MAD", arXiv:2307.01850). */
#ifndef SUAN_MAD_H
#define SUAN_MAD_H

#include "suan/status.h"

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A kind of model, fitted anew in every generation. Any model can take part that can do this. Points are rows of d
 * numbers; what is drawn depends on (seed, stream) only. Calls come from several threads at once. */
typedef struct sn_mad_model {
    const char *name, *summary;
    int64_t most_dims; /* 0: any number */
    void *user;        /* passed on; of the built-in ones: the size (int64_t *, NULL: chosen) */
    sn_status (*fit)(void *user, const double *x, int64_t n, int64_t d, uint64_t seed, uint64_t stream, void **model);
    /* lambda in (0, 1]: how far samples spread; 1 is without bias. */
    sn_status (*sample)(const void *model, double lambda, uint64_t seed, uint64_t stream, int64_t n, double *out);
    /* Mean [d] and covariance [d, d] of the model itself (lambda 1). NULL: unknown. */
    void (*moments)(const void *model, double *mean, double *covariance);
    void (*free)(void *model);
} sn_mad_model;

/* "gaussian" (lambda scales the covariance), "mixture" of Gaussians by EM (lambda scales each component's covariance),
 * "fourier", a Fourier basis density of one variable (lambda: samples of p^(1/lambda)). */
SN_API int sn_mad_model_count(void);
SN_API const sn_mad_model *sn_mad_model_get(int i); /* NULL out of range */
SN_API const sn_mad_model *sn_mad_model_find(const char *name);

/* Where real data comes from. */
typedef struct sn_mad_source {
    const char *name;
    int64_t d;
    const double *table; /* n_table rows of d, drawn with replacement; NULL: a known distribution by name: "gaussian"
                          * N(0, I) of any d, "grid": 25 modes in the plane, 5 x 5 at distance 1, deviation 0.05 */
    int64_t n_table;
} sn_mad_source;
/* SN_ERR_NOT_FOUND for another name. d 0: 1 for gaussian. */
SN_API sn_status sn_mad_source_named(const char *name, int64_t d, sn_mad_source *out);

typedef enum sn_mad_loop {
    SN_MAD_SYNTHETIC, /* only samples of the generation before */
    SN_MAD_AUGMENTED, /* the first generation's real data and samples */
    SN_MAD_FRESH      /* new real data and samples */
} sn_mad_loop;
enum { SN_MAD_LOOPS = 3 };
SN_API const char *sn_mad_loop_name(sn_mad_loop loop); /* "synthetic", "augmented", "fresh" */

typedef struct sn_mad_options {
    const sn_mad_model *model;
    const sn_mad_source *source;
    sn_mad_loop loop;
    double lambda;       /* 0: 1 */
    int64_t generations; /* 0: 10; the first is fitted to real data */
    int64_t n_initial;   /* real points of the first generation; 0: 1000 */
    int64_t n_real;      /* fresh: new ones in each later generation; 0: n_initial */
    int64_t n_synthetic; /* in each later generation; 0: n_initial */
    int64_t n_judge; /* real and made points compared; 0: 1000; of a table at most its rows. Negative: no precision and
                        recall, and no frechet where w2 is known */
    bool pool;       /* augmented: samples of all generations before, n_synthetic from each */
    int neighbours;  /* of precision and recall; 0: 5 */
    int64_t runs;    /* 0: 1 */
    uint64_t seed;
    int n_threads;                                             /* runs at a time; 0: one per core */
    void (*progress)(void *user, int64_t done, int64_t total); /* runs; may be NULL */
    void *user;
    const volatile int *cancel; /* may be NULL */
} sn_mad_options;

/* What is measured in each generation: the mean over runs and its standard error (NAN of a single run).
 *   frechet     squared Frechet distance of Gaussians with the moments of made and of real points (Heusel et al. 2017)
 *   precision   share of made points within the k-th neighbour's distance of a real point (Kynkaanniemi et al. 2019)
 *   recall      share of real points within that of a made one
 *   mean_square squared mean of the model, over the dimensions; variance: its variance, likewise
 *   w2          squared Wasserstein distance of Gaussians with the moments of model and source, where both are known
 * Moments are NAN for models that do not know theirs. */
typedef enum sn_mad_measure {
    SN_MAD_FRECHET,
    SN_MAD_PRECISION,
    SN_MAD_RECALL,
    SN_MAD_MEAN_SQUARE,
    SN_MAD_VARIANCE,
    SN_MAD_W2,
    SN_MAD_MEASURES
} sn_mad_measure;
SN_API const char *sn_mad_measure_name(sn_mad_measure m);

typedef struct sn_mad_generation {
    double value[SN_MAD_MEASURES], error[SN_MAD_MEASURES];
    double expected[SN_MAD_MEASURES]; /* closed forms, where there are any (gaussian on gaussian); else NAN */
} sn_mad_generation;

typedef struct sn_mad_result {
    sn_mad_options options;           /* without zeros; model and source are borrowed */
    sn_mad_generation *by_generation; /* options.generations */
    double limit[SN_MAD_MEASURES];    /* what the closed forms tend to; NAN where not known */
} sn_mad_result;

/* SN_ERR_ARGUMENT names what is out of range. */
SN_API sn_status sn_mad_run(const sn_mad_options *options, sn_mad_result *out);
SN_API void sn_mad_free(sn_mad_result *r);

/* Expected values of a Gaussian model of one variable on N(0, 1), unbiased mean and variance. */
typedef struct sn_mad_moments {
    double mean_square, variance; /* E mu^2, E sigma^2 */
    double deviation;             /* E sigma; NAN where no closed form is known */
    double shared;                /* E of mu times the mean of the first generation's data */
} sn_mad_moments;
SN_API sn_mad_moments sn_mad_moments_first(int64_t n_initial);
SN_API sn_mad_moments sn_mad_moments_next(const sn_mad_moments *m, sn_mad_loop loop, int64_t n_real,
                                          int64_t n_synthetic, double lambda);
/* As `next` in the augmented loop where the made points of all generations are kept; n_before points were there. */
SN_API sn_mad_moments sn_mad_moments_pooled(const sn_mad_moments *m, int64_t n_before, int64_t n_synthetic,
                                            double lambda);
/* What `next` tends to over the generations (with real data: from any start), its deviation unknown (NAN); mean_square
 * may be infinite. */
SN_API sn_mad_moments sn_mad_moments_limit(const sn_mad_moments *first, sn_mad_loop loop, int64_t n_real,
                                           int64_t n_synthetic, double lambda);
SN_API double sn_mad_expected_w2(const sn_mad_moments *m); /* E W2^2 to N(0, 1) */

/* ---- Measures of point sets, rows of d numbers ---- */

/* |m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^(1/2)). */
SN_API sn_status sn_frechet_gaussians(const double *mean1, const double *covariance1, const double *mean2,
                                      const double *covariance2, int64_t d, double *out);
SN_API sn_status sn_frechet_points(const double *x, int64_t n_x, const double *y, int64_t n_y, int64_t d, double *out);
/* The share of n points of `x` that lie within the distance of the k-th neighbour of any of n_reference points of
 * `reference`: precision with real points as reference, recall with made ones. */
SN_API sn_status sn_neighbour_cover(const double *x, int64_t n, const double *reference, int64_t n_reference, int64_t d,
                                    int k, double *out);

/* ---- Writing ---- */

/* {"runs": [{"loop", "lambda", "model", "source", ..., "limit": {"mean_square", "variance"}, "generations":
 * [{"generation", "frechet", "frechet_stderr", "frechet_expected", ...}]}]}. *text is freed with sn_text_free. */
SN_API sn_status sn_mad_json(const sn_mad_result *r, int n, char **text);
SN_API sn_status sn_mad_write_csv(const sn_mad_result *r, int n, const char *path);
/* Frechet distance, precision and recall over generations; for Gaussians mean square, variance and W2 as well, with
 * the closed forms. */
SN_API sn_status sn_mad_write_plot(const sn_mad_result *r, int n, const char *path);

#ifdef __cplusplus
}
#endif
#endif
