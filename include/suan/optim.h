/* Update rules, learning-rate schedules, and a minimiser for fits. */
#ifndef SUAN_OPTIM_H
#define SUAN_OPTIM_H

#include "suan/status.h"

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Tables, for help texts, configuration and tests ---- */

typedef struct sn_setting {
    const char *name, *help;
    double minimum, maximum, fallback;
} sn_setting;

typedef struct sn_rule_info {
    const char *name, *summary, *source;
    const sn_setting *settings; /* n_settings of them; "lr" is not one: the schedule gives it */
    int n_settings;
    int n_states; /* tensors of the parameter's shape that the rule keeps */
    bool tight;   /* accumulates inside its state: no gradient outlives the update of its parameter */
} sn_rule_info;

SN_API int sn_rule_count(void);
SN_API const sn_rule_info *sn_rule_get(int i); /* NULL out of range */

typedef struct sn_schedule_info {
    const char *name, *summary;
} sn_schedule_info;

SN_API int sn_schedule_count(void);
SN_API const sn_schedule_info *sn_schedule_get(int i); /* NULL out of range */

/* A learning rate over steps 0..steps-1. */
typedef struct sn_schedule {
    const char *name;    /* of the table: "constant", "cosine", "linear", "rsqrt", "wsd" */
    double peak, floor;  /* rates; floor is where a decay ends */
    int64_t warmup;      /* steps of linear rise from peak / warmup to peak, before everything else */
    int64_t steps;       /* of the whole run */
    int64_t decay_steps; /* wsd: length of the last part; 0: a tenth of the run */
} sn_schedule;

/* SN_ERR_ARGUMENT names the field that is wrong, SN_ERR_NOT_FOUND the known names. */
SN_API sn_status sn_schedule_check(const sn_schedule *s);
SN_API double sn_schedule_at(const sn_schedule *s, int64_t step);

/* ---- L-BFGS, for fits with all data at once ---- */

/* The function's value at x[0..n) and its gradient there. */
typedef double (*sn_fit_fn)(void *user, const double *x, double *gradient);

typedef struct sn_lbfgs_options {
    int memory;                 /* pairs kept; 0: 10 */
    int64_t max_iterations;     /* 0: 1000 */
    double gradient_tolerance;  /* stops at max |gradient| <= this; 0: 1e-8 */
    double value_tolerance;     /* stops at a relative decrease below this; 0: 1e-14 */
    const volatile int *cancel; /* may be NULL */
} sn_lbfgs_options;

typedef struct sn_lbfgs_result {
    double value, gradient_norm; /* largest absolute component */
    int64_t iterations, evaluations;
    bool converged;
    const char *reason; /* why it stopped, a constant text */
} sn_lbfgs_result;

/* Minimises from x in place (strong Wolfe line search; Nocedal and Wright, Numerical Optimization, ch. 3, 7).
 * options and result may be NULL. SN_ERR_NUMERIC where the value at the start is not finite. */
SN_API sn_status sn_lbfgs(sn_fit_fn f, void *user, double *x, int64_t n, const sn_lbfgs_options *options,
                          sn_lbfgs_result *result);

#ifdef __cplusplus
}
#endif
#endif
