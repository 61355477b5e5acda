/* Graphs: build, differentiate, plan, run.
 *
 * A builder such as sn_matmul(g, a, b) appends a node and returns its output value. Builders never
 * need to be checked one by one: the first failure is kept in the graph, the builder returns NULL, and
 * every builder given NULL returns NULL. sn_graph_status or sn_plan_new reports it.
 *
 *   sn_value *y = sn_mean_all(g, sn_square(g, sn_sub(g, sn_linear(g, x, w, NULL), t)));
 *   sn_value *dw;
 *   sn_grad(g, y, &w, 1, &dw);              // more nodes of the same graph
 *   sn_plan_new(g, (sn_value *[]){y, dw}, 2, NULL, &plan);
 *   sn_plan_bind(plan, x, data); sn_plan_run(plan); sn_plan_output(plan, 1, &tensor);
 */
#ifndef SUAN_GRAPH_H
#define SUAN_GRAPH_H

#include "suan/tensor.h"

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sn_graph sn_graph;
typedef struct sn_value sn_value;
typedef struct sn_plan sn_plan;

SN_API sn_status sn_graph_new(sn_graph **out);
SN_API void sn_graph_free(sn_graph *g); /* plans made from it must be freed before it */
/* SN_OK, or the first failure of a builder, its message in sn_last_error(). */
SN_API sn_status sn_graph_status(const sn_graph *g);
SN_API int64_t sn_graph_size(const sn_graph *g); /* nodes */
/* One line per node (op, inputs, shape), for people; bytes written as snprintf. */
SN_API size_t sn_graph_print(const sn_graph *g, char *buffer, size_t size);

/* A value whose contiguous data is bound at run time. The name is copied. */
SN_API sn_value *sn_input(sn_graph *g, const char *name, sn_dtype dtype, int n_dims, const int64_t *shape);
/* A value over existing memory (a weight, a cache), borrowed until the graph's last plan is freed. */
SN_API sn_value *sn_param(sn_graph *g, const char *name, const sn_tensor *tensor);

/* The value's dtype and shape; its data is NULL except for a param. Never NULL for a value of a graph. */
SN_API const sn_tensor *sn_value_tensor(const sn_value *v);
SN_API const char *sn_value_name(const sn_value *v); /* "" when it has none */

/* Appends the gradient of `loss` (one element) with respect to wrt[0..n) and stores its values in
 * grads. A wrt that loss does not depend on gets zeros. Gradients of gradients work. */
SN_API sn_status sn_grad(sn_graph *g, sn_value *loss, sn_value *const *wrt, int n, sn_value **grads);

/* Recomputation (checkpointing): the nodes made between begin and end form a segment; pairs inside a pair belong to the
 * outer one. Where recomputation is on when sn_grad is called, the gradient of a segment is made from a copy of its
 * nodes that runs again in the backward pass: what the segment computes inside dies after the forward pass, only what
 * comes into it and goes out of it lives on. The results have the same bits; dropout keeps its mask. `always`: this
 * segment is computed again even where recomputation is off. */
SN_API void sn_segment_begin(sn_graph *g, bool always);
SN_API void sn_segment_end(sn_graph *g);
SN_API void sn_graph_recompute(sn_graph *g, bool on); /* off at first */

/* ---- Plans ---- */

typedef struct sn_plan_options {
    int n_threads;              /* 0: one per core; ignored when `team` is given */
    sn_precision precision;     /* of products */
    bool profile;               /* time each node */
    bool measure_only;          /* reserves no memory: for sn_plan_memory_get; the plan cannot run */
    const volatile int *cancel; /* may be NULL: a run stops between nodes once it is nonzero */
    void *team;                 /* internal: a thread team to borrow (sn_team) */
    void *workspace; /* internal: a buffer to share between plans that never run at the same time (sn_workspace) */
} sn_plan_options;

typedef struct sn_plan_memory {
    int64_t n_nodes, n_kernels; /* nodes to run; of these, with a tuned kernel */
    int64_t buffer_bytes;       /* intermediate values after sharing */
    int64_t unshared_bytes;     /* the same without sharing */
    int64_t scratch_bytes;      /* largest kernel workspace */
    int64_t param_bytes;        /* borrowed params the plan reads */
    int64_t own_bytes;          /* what the plan itself and its graph take */
} sn_plan_memory;

/* A plan that computes outputs[0..n). Buffers are shared by liveness. options NULL: defaults. */
SN_API sn_status sn_plan_new(sn_graph *g, sn_value *const *outputs, int n, const sn_plan_options *options,
                             sn_plan **out);
SN_API void sn_plan_free(sn_plan *plan);
SN_API sn_plan_memory sn_plan_memory_get(const sn_plan *plan);
/* Contiguous data of an input, borrowed until the next bind; must be set before the first run. An input
 * the plan does not need is ignored. */
SN_API sn_status sn_plan_bind(sn_plan *plan, const sn_value *input, const void *data);
/* SN_ERR_ARGUMENT names an unbound input. */
SN_API sn_status sn_plan_run(sn_plan *plan);
/* View of output i, valid until the next run. */
SN_API sn_status sn_plan_output(const sn_plan *plan, int i, sn_tensor *out);

typedef struct sn_plan_step {
    const char *op, *kernel; /* kernel "ref" for the reference */
    double flops, bytes;     /* of one run */
    double seconds;          /* of the last run, with profile */
} sn_plan_step;
SN_API int64_t sn_plan_n_steps(const sn_plan *plan);
SN_API sn_status sn_plan_step_get(const sn_plan *plan, int64_t i, sn_plan_step *out);

/* ---- Ops: see docs/ops.md, made from the op files ---- */
#include "suan/ops.h"

#ifdef __cplusplus
}
#endif
#endif
