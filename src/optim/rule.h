/* Update rules: one file each in this folder with one `const sn_rule_def sn_rule_<name>`; the update itself is an op
 * (src/op/update_<name>.c) that writes the parameter and its states in place.
 *
 * The numbers that change from step to step reach the op as a small f32 input, so that one plan serves a whole run. */
#ifndef SN_OPTIM_RULE_H
#define SN_OPTIM_RULE_H

#include "suan/graph.h"
#include "suan/optim.h"

enum { SN_RULE_MAX_SETTINGS = 8, SN_RULE_MAX_STATES = 2, SN_RULE_SCALARS = 8 };

/* What a parameter is: rules treat gains and biases apart (no decay; Tiger's rate). */
typedef enum sn_param_kind { SN_KIND_MATRIX, SN_KIND_EMBEDDING, SN_KIND_GAIN, SN_KIND_BIAS } sn_param_kind;

/* Where a run stands when an update is made. */
typedef struct sn_rule_clock {
    int64_t step; /* updates of this rule before this one */
    /* Tight rules add gradients up in their momentum: the first and the last of what an update takes in (micro-batches,
     * and of a parameter used several times the parts of its gradient). Others see (true, true, 1). */
    bool first, last;
    int64_t accumulate; /* micro-batches: each counts one part of so many */
    double rate;        /* of the schedule, now */
} sn_rule_clock;

/* One parameter's update. */
typedef struct sn_rule_target {
    sn_value *param; /* f32, a param of the graph, contiguous */
    sn_value
        *states[SN_RULE_MAX_STATES]; /* params of the graph, as many as the rule keeps: f32, the first may be bf16 */
    sn_value *grad;                  /* f32, the parameter's shape */
    /* f32 scalar: the gradient counts times this (clipping). NULL: 1. An update op that finds it NaN or infinite does
     * nothing at all: parameter and states keep their bits (the step's loss or norm was not finite). Rules that cannot
     * be clipped (no_clipping) are always given NULL. */
    sn_value *grad_scale;
    sn_value *scalars; /* f32 [SN_RULE_SCALARS], an input */
    sn_param_kind kind;
    double rate_factor; /* of the parameter's group; multiplies the rate */
} sn_rule_target;

typedef struct sn_rule_def {
    sn_rule_info info;
    const char *no_clipping; /* why the global norm cannot be clipped; NULL: it can */
    /* What the update itself does about a gradient that is not finite, as "shrank the weights": a run goes on after it.
     * NULL: nothing; a run stops. */
    const char *on_nan;
    /* SN_ERR_ARGUMENT where these settings cannot go with that many micro-batches an update. NULL: all can. */
    sn_status (*check)(const double *settings, int64_t accumulate);
    /* settings: by the order of info.settings. Fills out[SN_RULE_SCALARS]. */
    void (*scalars)(const double *settings, const sn_rule_clock *clock, float *out);
    /* Appends the update and gives the parameter's new value (a state value: running it makes the update). */
    sn_value *(*update)(sn_graph *g, const double *settings, const sn_rule_target *target);
} sn_rule_def;

extern const sn_rule_def *const sn_rule_table[];   /* ends with NULL */
const sn_rule_def *sn_rule_find(const char *name); /* NULL: none */
/* The defaults of a rule's settings, in order. */
void sn_rule_defaults(const sn_rule_def *rule, double *settings);
/* Sets one by name, checked against its range: SN_ERR_NOT_FOUND lists the names. */
sn_status sn_rule_set(const sn_rule_def *rule, const char *name, double value, double *settings);

#endif
