/* Multitask sparse parity: the experiment behind the quantization model of scaling (Michaud et al. 2023,
 * arXiv:2303.13506; the model's closed forms are in fit.h). */
#ifndef SUAN_PARITY_H
#define SUAN_PARITY_H

#include "suan/status.h"

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* An example names its task and shows random bits; the answer is the parity of `subset` of them that belong to the
 * task. Task k of 1..tasks comes with probability k^-(1+gamma) / Z. A network with one hidden layer of `width` ReLUs
 * and two outputs reads task (one-hot) and bits; it is trained by AdamW on fresh examples. */
typedef struct sn_parity_options {
    int64_t tasks;  /* 0: 16 */
    int64_t bits;   /* at most 64; 0: 16 */
    int64_t subset; /* 0: 3 */
    double gamma;   /* 0: 0.4 */
    int64_t width;  /* 0: 128 */
    int64_t batch;  /* 0: 512 */
    int64_t steps;  /* 0: 10000 */
    int64_t marks;  /* measurements, at equal ratios of steps; 0: 60 */
    int64_t test;   /* examples of each task in a measurement; 0: 256 */
    double rate;    /* 0: 1e-3 */
    uint64_t seed;
    int n_threads;                                             /* 0: one per core */
    void (*progress)(void *user, int64_t done, int64_t total); /* steps; may be NULL */
    void *user;
    const volatile int *cancel; /* may be NULL */
} sn_parity_options;

typedef struct sn_parity_result {
    sn_parity_options options; /* without zeros */
    int64_t n_marks, n_parameters;
    int64_t *step;        /* n_marks: after so many steps */
    double *loss;         /* n_marks: mean over tasks by their probability, in bits */
    double *task_loss;    /* n_marks x tasks, in bits */
    double *probability;  /* tasks */
    int64_t *learned_at;  /* tasks: the first mark's step from which on the loss stays below half a bit; -1: not */
    int64_t learned;      /* tasks with a learned_at */
    double time_exponent; /* of learned_at over probability, by least squares of logarithms: the model says -1; NAN for
                           * fewer than three tasks learned */
} sn_parity_result;

/* SN_ERR_ARGUMENT names what is out of range. */
SN_API sn_status sn_parity_run(const sn_parity_options *options, sn_parity_result *out);
SN_API void sn_parity_free(sn_parity_result *r);

/* {"runs": [{"tasks", ..., "width", "parameters", "learned", "time_exponent", "probability": [...], "learned_at":
 * [...], "marks": [{"step", "loss", "task_loss": [...]}]}]}, in bits. *text is freed with sn_text_free. */
SN_API sn_status sn_parity_json(const sn_parity_result *r, int n, char **text);
/* One row a mark: width, step, loss, and the loss of each task. */
SN_API sn_status sn_parity_write_csv(const sn_parity_result *r, int n, const char *path);
/* The last run's tasks and their mean over steps; the step at which a task is learned over its probability; with
 * several widths, the loss at the end over the width beside what an ideal learner of as many quanta would have. */
SN_API sn_status sn_parity_write_plot(const sn_parity_result *r, int n, const char *path);

#ifdef __cplusplus
}
#endif
#endif
