/* The stepper's own structures, for src/train/step*.c only. */
#ifndef SN_TRAIN_STEPPER_H
#define SN_TRAIN_STEPPER_H

#include "base/arena.h"
#include "base/threads.h"
#include "base/workspace.h"
#include "train/step.h"

/* A graph with its one plan. */
typedef struct sn_step_plan {
    sn_graph *graph;
    sn_plan *plan;
    sn_value *inputs[SN_BATCH_MAX]; /* of the batch */
    int loss, norm;                 /* outputs; -1: none */
} sn_step_plan;

/* What an entry needs for one parameter of its group. */
typedef struct sn_step_slot {
    bool trained;
    sn_tensor states[SN_RULE_MAX_STATES];
    sn_tensor grad; /* keeps the sum over micro-batches; n_dims -1: none */
} sn_step_slot;

/* The scalars of an update depend on whether it is the first and the last of an update's parts. */
enum { SN_STEP_TURNS = 4 };
#define SN_STEP_TURN(first_, last_) ((first_) + 2 * (last_))

typedef struct sn_step_part {
    sn_step_entry entry;
    sn_step_slot *slots; /* by parameter */
    bool split;          /* gradients are added up, then `apply` makes the updates */
    bool in_parts;       /* some gradient is taken in parts: the norm of the parts is not that of the gradient */
    sn_step_plan micro, apply, evaluate;
    /* Inputs of the plans. */
    float scalars[SN_STEP_TURNS][SN_RULE_SCALARS], factors[2];
    int32_t index; /* of the micro-batch */
} sn_step_part;

typedef struct sn_step_state {
    const char *name;
    sn_tensor tensor;
} sn_step_state;

enum { SN_STEP_PROFILE_ROWS = 256 };

struct sn_stepper {
    sn_stepper_options options;
    int64_t accumulate;
    const sn_train_param *params;
    int64_t n_params;
    sn_step_part *parts;
    int n_parts;
    sn_tensor *averages; /* by parameter; n_dims -1: none */
    sn_step_plan average;
    sn_step_state *states;
    int64_t n_states;
    sn_stepper_memory memory;
    sn_arena arena; /* tables and names */
    void **blocks;  /* tensors of the states */
    int64_t n_blocks;
    sn_team *team;
    sn_workspace workspace;
    sn_step_profile *profile;
    int64_t n_profile;
};

/* States, gradient buffers and averages of all parts, with their names. */
sn_status sn_stepper_allocate(sn_stepper *s);
/* The plans of a training step. */
sn_status sn_stepper_plan(sn_stepper *s, sn_step_part *part);
/* The loss alone, without dropout. Bound to nothing but its parameters. */
sn_status sn_stepper_plan_loss(sn_stepper *s, sn_step_part *part);
sn_status sn_stepper_plan_averages(sn_stepper *s);
void sn_step_plan_free(sn_step_plan *p);
/* Binds the batch's items to the plan's inputs. */
sn_status sn_step_plan_bind(sn_step_plan *p, const sn_batch *batch);

#endif
