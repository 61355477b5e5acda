/* A training step: a list of (objective, parameter group, update rule, period). It knows graphs, parameters and rules,
 * and nothing of what is modelled. */
#ifndef SN_TRAIN_STEP_H
#define SN_TRAIN_STEP_H

#include "optim/rule.h"
#include "train/batch.h"

/* One trained tensor, borrowed: f32, contiguous, updated in place. */
typedef struct sn_train_param {
    const char *name;
    sn_param_kind kind;
    sn_tensor value;
} sn_train_param;

/* Says what is to be made small. `params[i]` is parameter i of the step's list, `inputs[i]` item i of the batch,
 * `step` an i32 scalar that counts micro-batches, for dropout; NULL where the loss is only evaluated: then nothing is
 * dropped. The loss is one f32 number: a mean over the micro-batch. */
typedef struct sn_objective {
    const char *name;
    void *user;
    sn_value *(*loss)(void *user, sn_graph *g, sn_value *const *params, sn_value *const *inputs, sn_value *step);
} sn_objective;

/* One entry of the list. */
typedef struct sn_step_entry {
    const sn_objective *objective;
    const sn_source *source;
    const double *rate_factors; /* by parameter; 0 leaves it out of the group. NULL: all, with 1 */
    const sn_rule_def *rule;
    double settings[SN_RULE_MAX_SETTINGS];
    sn_schedule schedule;
    double clip;    /* the largest global norm of the gradient; 0: not clipped */
    int64_t period; /* runs in steps that are multiples of it; 0 and 1: every step */
} sn_step_entry;

typedef struct sn_stepper_options {
    int64_t accumulate;         /* micro-batches of an update; 0: 1 */
    bool bf16;                  /* products in bf16; masters, sums and everything else in f32 */
    bool bf16_states;           /* the first state of each rule (the momentum) is kept in bf16 */
    bool recompute;             /* segments of the forward pass are computed again in the backward pass */
    double average;             /* decay of an exponential moving average of the weights; 0: none */
    bool measure_only;          /* plan and report memory; nothing is allocated, nothing can run */
    bool profile;               /* time each node */
    int n_threads;              /* 0: one per core */
    const volatile int *cancel; /* may be NULL: a step stops between micro-batches as long as nothing has changed; once
                                   a parameter or state has, the step is carried through */
} sn_stepper_options;

typedef struct sn_stepper_memory {
    int64_t param_bytes, state_bytes, average_bytes;
    int64_t gradient_bytes;   /* buffers that keep gradients between plans; 0 for tight rules */
    int64_t activation_bytes; /* the plan's shared buffers: activations and gradients alive at once */
    int64_t scratch_bytes;
    int64_t table_bytes; /* graphs and plans themselves */
    int64_t largest_gradient_bytes;
    int64_t peak_bytes; /* all of it */
} sn_stepper_memory;

typedef struct sn_step_result {
    double loss[SN_BATCH_MAX];      /* by entry; NAN for one whose period it is not */
    double grad_norm[SN_BATCH_MAX]; /* global norm before clipping; NAN where it was not computed */
    double rate[SN_BATCH_MAX];
    /* Whether all losses and gradients are finite. Otherwise the entry that met it has changed no parameter and no
     * state, with these exceptions: Tiger follows its own rule; the momentum of SGD keeps what the micro-batches before
     * the bad one have added to it; and where updates are made as the gradients come (no clipping, no accumulation
     * beside the momentum) and the loss is finite, only the parameters whose own gradient is not finite are left as
     * they are. */
    bool finite;
} sn_step_result;

typedef struct sn_stepper sn_stepper;

/* Borrows params, sources, objectives and entries' pointers until it is freed. */
sn_status sn_stepper_new(const sn_train_param *params, int64_t n_params, const sn_step_entry *entries, int n_entries,
                         const sn_stepper_options *options, sn_stepper **out);
void sn_stepper_free(sn_stepper *s);
sn_stepper_memory sn_stepper_memory_get(const sn_stepper *s);
/* Runs step `step` (0-based): deterministic given parameters, states and step. Entry e draws micro-batches
 * u * accumulate .. (u + 1) * accumulate - 1 of its source, where u = step / period counts its updates. */
sn_status sn_stepper_run(sn_stepper *s, int64_t step, sn_step_result *out);
/* The mean loss of entry e over micro-batches from..to of another source with the same batch shapes, without updates
 * and without dropout. */
sn_status sn_stepper_evaluate(sn_stepper *s, int e, const sn_source *source, int64_t from, int64_t to, double *loss);

/* What a checkpoint keeps besides the parameters: states ("adamw.v.layers.0.q.weight"; of the second entry of the list
 * "2.adamw.v.layers.0.q.weight") and averages ("average.layers.0.q.weight"), owned by the stepper, written to in place
 * when a run is resumed. */
int64_t sn_stepper_n_states(const sn_stepper *s);
sn_status sn_stepper_state(const sn_stepper *s, int64_t i, const char **name, sn_tensor *tensor);
/* The moving average of parameter i, or SN_ERR_NOT_FOUND. */
sn_status sn_stepper_average(const sn_stepper *s, int64_t param, sn_tensor *tensor);

/* Of the last step, with profile: time and work by op, for tables; at most `capacity` rows, sorted by time. */
typedef struct sn_step_profile {
    const char *op, *kernel;
    int64_t count;
    double seconds, flops, bytes;
} sn_step_profile;
int64_t sn_stepper_profile(const sn_stepper *s, sn_step_profile *out, int64_t capacity);

#endif
