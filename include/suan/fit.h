/* Fits of small models: scaling laws, the quantization model of scaling, densities of one variable. */
#ifndef SUAN_FIT_H
#define SUAN_FIT_H

#include "suan/array.h"
#include "suan/optim.h"

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Scaling laws ---- */

/* A form is a sum of terms c_k x_k^-e_k: a loss as a function of one or two sizes.
 *   "power"       A / N^alpha
 *   "offset"      E + A / N^alpha
 *   "chinchilla"  E + A / N^alpha + B / D^beta   (Hoffmann et al. 2022, arXiv:2203.15556, approach 3)
 * What is minimised is the sum over points of Huber_delta(ln L_model - ln L), with the coefficients as logarithms, by
 * L-BFGS from every point of a grid of starts. */
enum { SN_SCALING_MAX = 5 };

typedef struct sn_scaling_form {
    const char *name, *formula;
    int n_parameters, n_sizes;             /* sizes: 1 or 2 */
    const char *parameter[SN_SCALING_MAX]; /* "A", "alpha", "E", "B", "beta": as people write them, A and not ln A */
} sn_scaling_form;
SN_API int sn_scaling_form_count(void);
SN_API const sn_scaling_form *sn_scaling_form_get(int i); /* NULL out of range */
SN_API const sn_scaling_form *sn_scaling_form_find(const char *name);

typedef struct sn_scaling_data {
    const double *n, *d, *loss; /* count of each, finite and > 0; d NULL where the form has one size */
    int64_t count;
} sn_scaling_data;

typedef struct sn_scaling_options {
    double delta;                                              /* of Huber's loss; 0: 1e-3 */
    int64_t resamples;                                         /* of the bootstrap; 0: no intervals */
    double level;                                              /* of the intervals; 0: 0.95 */
    uint64_t seed;                                             /* of the bootstrap */
    int n_threads;                                             /* 0: one per core; the result does not depend on it */
    void (*progress)(void *user, int64_t done, int64_t total); /* fits; may be NULL */
    void *user;
    const volatile int *cancel; /* may be NULL */
} sn_scaling_options;

typedef struct sn_scaling_fit {
    const sn_scaling_form *form;
    double value[SN_SCALING_MAX];                     /* in the order of form->parameter */
    double low[SN_SCALING_MAX], high[SN_SCALING_MAX]; /* NAN without a bootstrap */
    double objective;                                 /* the sum of Huber's losses */
    double rms;                                       /* of ln L_model - ln L */
    int64_t count, starts,
        agreeing; /* points; starts of the grid; those that ended within 1e-6 of the best, relatively */
    int minima;   /* the best distinct ones that resamples are fitted from */
    /* By parameter: an exponent below 0, that is told: the term grows with size; what the points do not tell: others
     * can make up for a factor e of a coefficient or for the whole of an exponent, within the scatter of the points. */
    bool rising[SN_SCALING_MAX], untold[SN_SCALING_MAX];
    int64_t resamples;
    double *sample; /* resamples rows of SN_SCALING_MAX: what each gave; freed by sn_scaling_free */
} sn_scaling_fit;

/* The starts of tables of more than 2048 points are tried on 512 of them, drawn by the seed, and the best distinct
 * minima then fitted to all. SN_ERR_ARGUMENT for fewer points than parameters + 1 and for values that are not finite
 * and positive, with the row (from 1); SN_ERR_CANCELLED. options may be NULL. */
SN_API sn_status sn_scaling_fit_new(const sn_scaling_form *form, const sn_scaling_data *data,
                                    const sn_scaling_options *options, sn_scaling_fit *out);
SN_API void sn_scaling_free(sn_scaling_fit *f);
/* The form at sizes n, d (d is not read by forms of one size). */
SN_API double sn_scaling_at(const sn_scaling_form *form, const double *value, double n, double d);
/* The objective at any parameters: to compare with published ones. */
SN_API double sn_scaling_objective(const sn_scaling_form *form, const sn_scaling_data *data, double delta,
                                   const double *value);

/* The sizes that minimise "chinchilla" for compute C = flops N D (flops 6: training of a transformer), with intervals
 * from the resamples. */
typedef struct sn_allocation {
    double n, d, loss;
    double n_low, n_high, d_low, d_high;
    double exponent; /* of C in N; that of D is 1 minus it */
} sn_allocation;
/* SN_ERR_ARGUMENT for other forms, for exponents or coefficients that are not positive (then there is no optimum). */
SN_API sn_status sn_scaling_allocate(const sn_scaling_fit *fit, double compute, double flops, double level,
                                     sn_allocation *out);

/* What a fit of one data set gave, to be written. */
typedef struct sn_scaling_report {
    const sn_scaling_data *data;
    const sn_scaling_fit *fits; /* n_fits */
    int n_fits;
    double delta, level;
    double flops;
    const double *compute;     /* n_best */
    const sn_allocation *best; /* of the last fit */
    int n_best;
} sn_scaling_report;

/* {"points", "delta", "level", "fits": [{"form", "formula", "objective", "rms", "starts", "agreeing", "minima",
 * "resamples", "rising", "parameters": {"A": {"value", "low", "high", "told"}, ...}}], "flops", "optimal": [{"compute",
 * "n", "n_low", "n_high", "d", "d_low", "d_high", "loss", "exponent"}]}. *text is freed with sn_text_free. */
SN_API sn_status sn_scaling_json(const sn_scaling_report *r, char **text);
/* One row a point: sizes, the loss, and what each fit says. */
SN_API sn_status sn_scaling_write_csv(const sn_scaling_report *r, const char *path);
/* One size: points and curves on logarithmic axes. Two: loss over compute with the curve of the best allocation, and
 * the model's loss over the measured one. */
SN_API sn_status sn_scaling_write_plot(const sn_scaling_report *r, const char *path);

/* ---- The quantization model of scaling ---- */

/* Knowledge comes in quanta used with probability p_k = k^-(gamma+1) / Z and learned in the order of use; a token costs
 * `known` where its quantum is learned and `unknown` where it is not (Michaud et al. 2023, arXiv:2303.13506). */
typedef struct sn_quanta {
    double gamma;          /* > 0 */
    int64_t tasks;         /* quanta there are; 0: infinitely many */
    double known, unknown; /* losses; both 0: 0 and 1 */
} sn_quanta;

SN_API double sn_quanta_normaliser(const sn_quanta *q);             /* Z: zeta(gamma + 1), or its first terms */
SN_API double sn_quanta_probability(const sn_quanta *q, int64_t k); /* k from 1 */
SN_API double sn_quanta_loss(const sn_quanta *q, int64_t learned);  /* with the first `learned` quanta learned */
/* -d ln(L - known) / d ln n between two counts: gamma for infinitely many quanta and large n, more where the list ends
 * soon. Infinite where everything is learned at `to`. */
SN_API double sn_quanta_slope(const sn_quanta *q, int64_t from, int64_t to);
/* The quanta that `examples` examples teach where one takes `each` of them, and the exponents of loss in parameters,
 * data and steps: gamma, gamma / (1 + gamma) twice. */
SN_API double sn_quanta_learned(const sn_quanta *q, double examples, double each);
SN_API double sn_quanta_data_exponent(const sn_quanta *q);
/* The same for a count that is not whole: the next quantum is known in that share. */
SN_API double sn_quanta_loss_at(const sn_quanta *q, double learned);

/* Measured losses at sizes x beside an ideal learner of the same list, who knows (scale x)^power of the quanta: power 1
 * for parameters, 1 / (1 + gamma) for data and steps. `scale` is such that both have the same mean ln(loss - known);
 * the slope is then a prediction, for this very list and these very sizes. */
typedef struct sn_quanta_comparison {
    int64_t points;
    double measured, ideal; /* -d ln(loss - known) / d ln x by least squares; NAN for fewer than two sizes */
    double endless;         /* what the model says of infinitely many quanta and large x: gamma power */
    double scale;
} sn_quanta_comparison;
/* ideal[i]: what the ideal learner's loss is at x[i]. SN_ERR_ARGUMENT where a size or a loss is not positive. */
SN_API sn_status sn_quanta_compare(const sn_quanta *q, double power, const double *x, const double *loss, int64_t n,
                                   double *ideal, sn_quanta_comparison *out);

/* ---- Densities of one variable ---- */

/* Methods of fitting: "fourier" (size: coefficients), "mixture" of Gaussians by EM (size: components), "histogram"
 * (size: bins), "kde" with Gaussian kernels (no size). */
typedef struct sn_density_method {
    const char *name, *size_name, *summary; /* size_name NULL: it has none */
} sn_density_method;
SN_API int sn_density_method_count(void);
SN_API const sn_density_method *sn_density_method_get(int i); /* NULL out of range */
SN_API const sn_density_method *sn_density_method_find(const char *name);

typedef struct sn_density_options {
    int64_t size;     /* 0: chosen on the same data: by BIC (fourier, mixture) or by leaving one out (histogram) */
    double low, high; /* low < high: a density on that interval; both 0: on the line */
    double step; /* the data is rounded to multiples of it: no kernel, bin or component gets narrower; 0: it is not */
    double roughness; /* fourier: weight of the integral of p'^2 (on -1..1) against the mean of -log p */
    int starts;       /* fourier, mixture; 0: 8 */
    uint64_t seed;
    const volatile int *cancel; /* may be NULL */
} sn_density_options;

typedef struct sn_density sn_density;

/* Whether y[0..n) can be fitted, as below; low and high as in the options. */
SN_API sn_status sn_density_check(const double *y, int64_t n, double low, double high);
/* Fits y[0..n), at least 2 different finite numbers, all in the interval where there is one: else SN_ERR_ARGUMENT with
 * the row (from 1). options may be NULL. */
SN_API sn_status sn_density_fit(const sn_density_method *method, const double *y, int64_t n,
                                const sn_density_options *options, sn_density **out);
SN_API void sn_density_free(sn_density *d);                       /* NULL is fine */
SN_API double sn_density_log(const sn_density *d, double y);      /* -INFINITY outside of an interval */
SN_API double sn_density_cdf(const sn_density *d, double y);      /* 0..1 */
SN_API double sn_density_quantile(const sn_density *d, double u); /* NAN outside of 0..1; may be infinite at its ends */
/* Draws by inverting the CDF at uniform numbers: (seed, stream, first + i) gives out[i]. */
SN_API void sn_density_sample(const sn_density *d, uint64_t seed, uint64_t stream, int64_t n, double *out);
/* Bits of an ideal entropy coder for values rounded to multiples of `step`: the mean of -log2 of the probability of
 * y - step / 2 .. y + step / 2. */
SN_API double sn_density_bits(const sn_density *d, const double *y, int64_t n, double step);
/* Kolmogorov's distance between the density's CDF and that of n numbers, which are sorted in place. */
SN_API double sn_density_distance(const sn_density *d, double *y, int64_t n);

typedef struct sn_density_info {
    const sn_density_method *method;
    int64_t size, n_parameters; /* n_parameters: free ones, as BIC counts them */
    /* fourier: the coefficients, `size` pairs (real, imaginary), and on the line x = tanh((y - shift) / scale).
     * mixture: weights, means and standard deviations, `size` each, in `weight`, `mean`, `deviation`. */
    const double *coefficient, *weight, *mean, *deviation;
    double shift, scale;
    double gap;       /* fourier: nats by which the mean log density of the data may lie below the highest that so many
                         coefficients reach with this shift and scale: a bound; NAN with a regulariser or above 128 */
    double bandwidth; /* kde, histogram: of the kernel, of a bin */
} sn_density_info;
/* Pointers live as long as the density; fields that a method has not are zero. */
SN_API void sn_density_describe(const sn_density *d, sn_density_info *out);

/* Known densities to draw from: "gaussians:count=10,seed=1,samples=20000", "uniform", "laplace", "lognormal:sigma=0.5",
 * "student:freedom=3"; each takes seed and samples. */
typedef struct sn_density_source_info {
    const char *name, *summary;
    const sn_setting *settings;
    int n_settings;
} sn_density_source_info;
SN_API int sn_density_source_count(void);
SN_API const sn_density_source_info *sn_density_source_get(int i); /* NULL out of range */

typedef struct sn_density_source sn_density_source;
/* SN_ERR_ARGUMENT names what is unknown or out of range. */
SN_API sn_status sn_density_source_new(const char *spec, sn_density_source **out);
SN_API void sn_density_source_free(sn_density_source *s); /* NULL is fine */
SN_API const char *sn_density_source_spec(const sn_density_source *s);
SN_API int64_t sn_density_source_samples(const sn_density_source *s);
SN_API double sn_density_source_log(const sn_density_source *s, double y); /* log density; may be -INFINITY */
SN_API void sn_density_source_draw(const sn_density_source *s, int64_t n, double *out);

typedef struct sn_density_truth {
    double entropy; /* nats */
    int modes;      /* peaks 0.01 of the highest density above the valleys beside them */
} sn_density_truth;
SN_API sn_status sn_density_truth_of(const sn_density_source *s, sn_density_truth *out);

/* Several densities on the same data: `train` they were fitted to, `test` they have not seen. */
typedef struct sn_density_score {
    sn_density_info info;
    double train, test, error; /* mean log density in nats, and the standard error of `test` */
    double bits;               /* of a coder for `test`, as sn_density_bits says; NAN without a step */
    double distance;           /* Kolmogorov's, to `test` */
    double kl;                 /* divergence of the density from a known one in nats; NAN where it is not known */
    int modes, found;          /* peaks as above, and how many of the true ones have one between their valleys */
} sn_density_score;

typedef struct sn_density_report {
    const sn_density *const *densities; /* n */
    const sn_density_score *scores;     /* n */
    int n;
    const double *train, *test;
    int64_t n_train, n_test;
    double low, high; /* the interval; both 0: none */
    double step;
    const sn_density_source *source; /* what the data was drawn from, and its truth; NULL: not known */
    sn_density_truth truth;
} sn_density_report;

/* Puts numbers into a random order. */
SN_API void sn_shuffle_f64(double *x, int64_t n, uint64_t seed);
/* n_test 0: what is about `test` is NAN. step 0: no bits. */
SN_API sn_status sn_density_score_of(const sn_density *d, const double *train, int64_t n_train, const double *test,
                                     int64_t n_test, double step, sn_density_score *out);
/* Sets kl, modes and found of the score. */
SN_API sn_status sn_density_judge(const sn_density *d, const sn_density_source *s, sn_density_score *score);
/* {"train", "test", "step", "source": {"spec", "entropy", "modes", "train", "test"}, "methods": [{"method", "size",
 * "parameters", "train", "test", "stderr", "bits", "distance", "kl", "modes", "found", and what sn_density_info has of
 * the method}]}, in nats. *text is freed with sn_text_free. */
SN_API sn_status sn_density_json(const sn_density_report *r, char **text);
/* 1000 rows: y and for each method density and CDF. */
SN_API sn_status sn_density_write_csv(const sn_density_report *r, const char *path);
/* The densities over a histogram of all points. */
SN_API sn_status sn_density_write_plot(const sn_density_report *r, const char *path);

#ifdef __cplusplus
}
#endif
#endif
