/* A plan: which nodes run, with which kernels, over which memory. For src/graph only. */
#ifndef SN_GRAPH_PLAN_H
#define SN_GRAPH_PLAN_H

#include "base/workspace.h"
#include "graph/graph.h"

/* Where a tensor's data is: in the workspace (leaf < 0) or in a leaf, at a byte offset. */
typedef struct sn_place {
    int64_t leaf, offset;
} sn_place;

typedef struct sn_step {
    const sn_node *node;
    const sn_kernel *kernel; /* NULL: the reference */
    sn_run_fn run;
    sn_call call;
    sn_place in[SN_MAX_INPUTS], out[SN_MAX_OUTPUTS];
    double seconds;
} sn_step;

typedef struct sn_plan_leaf {
    const sn_value *value;
    const void *data; /* NULL: an input not bound yet */
} sn_plan_leaf;

struct sn_plan {
    sn_graph *graph;
    sn_step *steps;
    int64_t n_steps;
    sn_plan_leaf *leaves;
    int64_t n_leaves;
    sn_tensor *outputs;
    sn_place *output_places;
    int n_outputs;
    sn_workspace own_workspace, *workspace;
    const char *placed_at; /* workspace address the steps hold pointers into */
    bool stale;            /* a leaf was bound since the pointers were set */
    sn_team *team, *own_team;
    const volatile int *cancel;
    bool profile, measure_only;
    sn_plan_memory memory;
};

/* Fills plan->steps, leaves, outputs and memory for the values wanted. */
sn_status sn_plan_build(sn_plan *plan, sn_value *const *wanted, int n, sn_precision precision);

#endif
