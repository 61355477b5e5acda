/* Fits of small models: scaling laws, the quantization model of scaling. */
#ifndef SUAN_FIT_H
#define SUAN_FIT_H

#include "suan/array.h"
#include "suan/optim.h"

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
    int64_t resamples;
    double *sample; /* resamples rows of SN_SCALING_MAX: what each gave; freed by sn_scaling_free */
} sn_scaling_fit;

/* SN_ERR_ARGUMENT for fewer points than parameters + 1 and for values that are not finite and positive, with the row
 * (from 1); SN_ERR_CANCELLED. options may be NULL. */
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

/* {"points", "delta", "level", "fits": [{"form", "formula", "objective", "rms", "starts", "agreeing", "resamples",
 * "parameters": {"A": {"value", "low", "high"}, ...}}], "flops", "optimal": [{"compute", "n", "n_low", "n_high", "d",
 * "d_low", "d_high", "loss", "exponent"}]}. *text is freed with sn_text_free. */
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

#ifdef __cplusplus
}
#endif
#endif
