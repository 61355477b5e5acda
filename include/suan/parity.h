/* Multitask sparse parity: the experiment behind the quantization model of scaling (Michaud et al. 2023,
 * arXiv:2303.13506; the model's closed forms are in fit.h). */
#ifndef SUAN_PARITY_H
#define SUAN_PARITY_H

#include "suan/fit.h"

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* An example names its task and shows random bits; the answer is the parity of `subset` of them that belong to the
 * task. Task k of 1..tasks comes with probability k^-(1+gamma) / Z. A network with one hidden layer of `width` ReLUs
 * and two outputs reads task (one-hot) and bits; it is trained by AdamW on fresh examples. */
typedef struct sn_parity_options {
    int64_t tasks;    /* 0: 16 */
    int64_t bits;     /* at most 256; 0: 16 */
    int64_t subset;   /* 0: 3 */
    double gamma;     /* 0: 0.4 */
    int64_t width;    /* 0: 128 */
    int64_t batch;    /* 0: 512 */
    int64_t steps;    /* 0: 10000 */
    int64_t examples; /* of a fixed training set; 0: each step sees new ones */
    double patience;  /* with a fixed set: stop after so many times the steps of the least loss; 0: never */
    int64_t marks;    /* measurements, at equal ratios of steps; 0: 60 */
    int64_t test;     /* examples of each task in a measurement; 0: 256 */
    double rate;      /* 0: 1e-3 */
    bool zero_one;    /* bits are read as 0 and 1, not as -1 and 1 */
    bool bf16;        /* products in bf16 */
    uint64_t seed;
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
    int64_t best;         /* the mark of the least loss */
    int64_t learned_best; /* tasks below half a bit there */
    int64_t learned;      /* tasks with a learned_at */
    double time_exponent; /* of learned_at over probability, by least squares of logarithms: the model says -1; NAN for
                           * fewer than three tasks learned */
} sn_parity_result;

/* One network, on the calling thread. SN_ERR_ARGUMENT names what is out of range; SN_ERR_CANCELLED. */
SN_API sn_status sn_parity_run(const sn_parity_options *options, sn_parity_result *out);
SN_API void sn_parity_free(sn_parity_result *r);

/* Many of them: networks of several widths on fresh examples, and networks of one width on fixed sets of several
 * sizes. */
typedef struct sn_parity_study_options {
    sn_parity_options run;   /* of all; width, examples, progress and user are not read */
    const int64_t *widths;   /* n_widths, at most SN_PARITY_RUNS */
    const int64_t *examples; /* n_examples, at most SN_PARITY_RUNS: sizes of fixed sets */
    int n_widths, n_examples;
    int64_t data_width; /* of the networks on fixed sets; 0: the largest of the widths */
    int n_threads;      /* 0: one per core. Each trains a network of its own; results do not depend on it */
    const char *keep;   /* a folder for finished runs, which are not made again; NULL: none */
    void (*progress)(void *user, int64_t done, int64_t total); /* steps of all runs; may be NULL */
    void *user;
} sn_parity_study_options;

enum { SN_PARITY_RUNS = 32 };

typedef struct sn_parity_study {
    sn_parity_result *runs;       /* n_widths, rising, then n_data, rising */
    int n_widths, n_data, n_kept; /* n_kept: read from the folder */
    /* Loss at the end over parameters; loss of the widest network over steps, from the first to the last task it
     * learns; least loss over the size of a fixed set, where a task is learned. */
    sn_quanta_comparison by_parameters, by_steps, by_data;
    /* Of the widest network: Spearman's correlation of when a task is learned with its rank; how many times the steps
     * it takes from 0.9 to 0.1 bits, the median over tasks (NAN: none), and the same for the mean loss, or as far as
     * it gets (1 where it has not begun). */
    double order, sudden, smooth;
} sn_parity_study;

SN_API sn_status sn_parity_study_run(const sn_parity_study_options *options, sn_parity_study *out);
SN_API void sn_parity_study_free(sn_parity_study *s);

/* {"runs": [RUN by width], "data": [RUN by size of the fixed set], "slopes": {"parameters": {"points", "measured",
 * "ideal", "endless", "scale"}, "steps", "data"}, "order", "sudden", "smooth"}; RUN is {"tasks", ..., "width",
 * "examples", "parameters", "learned", "least", "least_at", "time_exponent", "probability": [...], "learned_at": [...],
 * "marks": [{"step", "loss", "task_loss": [...]}]}; in bits. *text is freed with sn_text_free. */
SN_API sn_status sn_parity_json(const sn_parity_study *s, char **text);
/* One row a mark: width, examples, step, loss, and the loss of each task. */
SN_API sn_status sn_parity_write_csv(const sn_parity_study *s, const char *path);
/* The widest network's tasks and their mean over steps; the step at which a task is learned over its probability; with
 * several widths, the loss over parameters, with several sets, over their size, beside ideal learners. */
SN_API sn_status sn_parity_write_plot(const sn_parity_study *s, const char *path);

#ifdef __cplusplus
}
#endif
#endif
