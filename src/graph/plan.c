/* Planning: reachability, lifetimes, buffers, kernels. */
#include "graph/plan.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/size.h"
#include "graph/layout.h"
#include "graph/schedule.h"

#include <string.h>

/* What is known of each value while planning, by value id. Only roots have a lifetime and a place. */
typedef struct life {
    int64_t last_use; /* step; -1: never read; INT64_MAX: wanted by the caller */
    int64_t leaf;     /* index among the plan's leaves, or -1 */
    int64_t offset;   /* in the workspace */
    int64_t bytes;
    bool in_leaf;
} life;

typedef struct planner {
    sn_plan *plan;
    bool *wanted_node;     /* by node id */
    const sn_node **order; /* of the nodes that run, n_order of them */
    int64_t n_order;
    life *lives;
    sn_layout layout;
    sn_precision precision;
} planner;

static void mark_node(planner *p, const sn_value *v) {
    if (v->node) p->wanted_node[v->node->id] = true;
}

static void mark_reachable(planner *p, sn_value *const *wanted, int n) {
    const sn_graph *g = p->plan->graph;
    for (int i = 0; i < n; i++) mark_node(p, wanted[i]);
    for (int64_t i = g->n_nodes - 1; i >= 0; i--) {
        if (!p->wanted_node[i]) continue;
        for (int k = 0; k < g->nodes[i]->n_in; k++)
            if (g->nodes[i]->in[k]) mark_node(p, g->nodes[i]->in[k]);
    }
}

static sn_status add_leaf(planner *p, sn_value *v) {
    life *l = &p->lives[v->id];
    if (l->in_leaf) return SN_OK;
    sn_plan *plan = p->plan;
    l->in_leaf = true;
    l->leaf = plan->n_leaves;
    plan->leaves[plan->n_leaves++] = (sn_plan_leaf){v, v->is_param ? v->tensor.data : NULL};
    if (v->is_param) plan->memory.param_bytes += sn_tensor_bytes(&v->tensor);
    return SN_OK;
}

static sn_status touch(planner *p, sn_value *v, int64_t step) {
    sn_value *root = sn_value_root(v);
    life *l = &p->lives[root->id];
    if (step > l->last_use) l->last_use = step;
    return root->node ? SN_OK : add_leaf(p, root);
}

/* Numbers the steps and finds the last use of every root. */
static sn_status find_lifetimes(planner *p, sn_value *const *wanted, int n) {
    sn_plan *plan = p->plan;
    for (; plan->n_steps < p->n_order; plan->n_steps++) {
        const sn_node *node = p->order[plan->n_steps];
        for (int k = 0; k < node->n_in; k++)
            if (node->in[k]) SN_TRY(touch(p, node->in[k], plan->n_steps));
        plan->steps[plan->n_steps].node = node;
    }
    for (int i = 0; i < n; i++) SN_TRY(touch(p, wanted[i], INT64_MAX));
    return SN_OK;
}

static sn_place place_of(const planner *p, sn_value *v) {
    const life *l = &p->lives[sn_value_root(v)->id];
    int64_t within = sn_value_root_offset(v);
    return l->in_leaf ? (sn_place){l->leaf, within} : (sn_place){-1, l->offset + within};
}

/* Whether output 0 of the node may take over the memory of its first input, which dies here. */
static bool can_reuse_input(const planner *p, const sn_node *n, int64_t step) {
    if (!(n->op->flags & SN_OP_INPLACE0) || n->n_in == 0 || !n->in[0]) return false;
    sn_value *in = n->in[0], *root = sn_value_root(in);
    const life *l = &p->lives[root->id];
    if (l->in_leaf || l->last_use != step || in != root) return false;
    for (int k = 1; k < n->n_in; k++)
        if (n->in[k] && sn_value_root(n->in[k]) == root) return false;
    return in->tensor.dtype == n->out[0].tensor.dtype && sn_same_shape(&in->tensor, &n->out[0].tensor);
}

static sn_status place_outputs(planner *p, const sn_node *n, int64_t step) {
    for (int k = 0; k < n->op->n_out; k++) {
        sn_value *out = &n->out[k];
        if (sn_value_root(out) != out) continue;
        life *l = &p->lives[out->id];
        l->bytes = sn_tensor_bytes(&out->tensor);
        p->plan->memory.unshared_bytes += sn_round_up(l->bytes, 64);
        if (k == 0 && can_reuse_input(p, n, step)) {
            life *from = &p->lives[n->in[0]->id];
            l->offset = from->offset;
            l->bytes = from->bytes;
            from->bytes = -1; /* taken over: not given back below */
            continue;
        }
        SN_TRY(sn_layout_take(&p->layout, l->bytes, &l->offset));
    }
    return SN_OK;
}

static sn_status release(planner *p, sn_value *v, int64_t step) {
    sn_value *root = sn_value_root(v);
    life *l = &p->lives[root->id];
    if (l->in_leaf || l->bytes < 0 || l->last_use > step) return SN_OK;
    int64_t bytes = l->bytes;
    l->bytes = -1;
    return sn_layout_give(&p->layout, l->offset, bytes);
}

/* Buffers born and released step by step. An output that nobody reads dies at once. */
static sn_status place_buffers(planner *p) {
    sn_plan *plan = p->plan;
    for (int64_t s = 0; s < plan->n_steps; s++) {
        sn_step *step = &plan->steps[s];
        const sn_node *n = step->node;
        SN_TRY(place_outputs(p, n, s));
        for (int k = 0; k < n->n_in; k++)
            if (n->in[k]) step->in[k] = place_of(p, n->in[k]);
        for (int k = 0; k < n->op->n_out; k++) step->out[k] = place_of(p, &n->out[k]);
        for (int k = 0; k < n->n_in; k++)
            if (n->in[k]) SN_TRY(release(p, n->in[k], s));
        for (int k = 0; k < n->op->n_out; k++) SN_TRY(release(p, &n->out[k], s));
    }
    return SN_OK;
}

static bool touches_f64(const sn_call *call) {
    for (int i = 0; i < call->n_in; i++)
        if (call->in[i].n_dims >= 0 && call->in[i].dtype == SN_F64) return true;
    for (int i = 0; i < call->n_out; i++)
        if (call->out[i].dtype == SN_F64) return true;
    return false;
}

static void choose_kernel(planner *p, sn_step *step) {
    sn_plan *plan = p->plan;
    const sn_node *n = step->node;
    sn_call *call = &step->call;
    *call = (sn_call){
        .attr = n->attr, .n_in = n->n_in, .n_out = n->op->n_out, .team = plan->team, .precision = p->precision};
    for (int k = 0; k < n->n_in; k++) {
        call->in[k] = n->in[k] ? n->in[k]->tensor : (sn_tensor){.n_dims = -1};
        call->in[k].data = NULL;
    }
    for (int k = 0; k < n->op->n_out; k++) {
        call->out[k] = n->out[k].tensor;
        call->out[k].data = NULL;
    }
    step->kernel = sn_kernel_choose(n->op->name, call);
    if (step->kernel)
        step->run = step->kernel->run;
    else
        step->run = touches_f64(call) ? n->op->forward_f64 : n->op->forward_f32;
    if (step->kernel && step->kernel->workspace) {
        int64_t bytes = (int64_t)step->kernel->workspace(call, sn_team_size(plan->team));
        plan->memory.scratch_bytes = sn_max_i64(plan->memory.scratch_bytes, bytes);
    }
    plan->memory.n_kernels += step->kernel != NULL;
}

static void finish_plan(planner *p, sn_value *const *wanted, int n) {
    sn_plan *plan = p->plan;
    for (int64_t s = 0; s < plan->n_steps; s++) choose_kernel(p, &plan->steps[s]);
    for (int i = 0; i < n; i++) {
        plan->outputs[i] = wanted[i]->tensor;
        plan->output_places[i] = place_of(p, wanted[i]);
    }
    plan->n_outputs = n;
    plan->memory.n_nodes = plan->n_steps;
    plan->memory.own_bytes =
        plan->n_steps * (int64_t)sizeof *plan->steps + plan->graph->n_values * (int64_t)sizeof *plan->leaves +
        n * (int64_t)(sizeof *plan->outputs + sizeof *plan->output_places) + (int64_t)plan->graph->arena.reserved +
        plan->graph->nodes_capacity * (int64_t)sizeof *plan->graph->nodes;
    plan->memory.buffer_bytes = p->layout.end;
}

static sn_status allocate(planner *p, int n_outputs) {
    sn_plan *plan = p->plan;
    const sn_graph *g = plan->graph;
    size_t n_nodes = (size_t)g->n_nodes, n_values = (size_t)g->n_values;
    p->wanted_node = sn_calloc(n_nodes, sizeof *p->wanted_node);
    p->order = sn_calloc(n_nodes, sizeof *p->order);
    p->lives = sn_calloc(n_values, sizeof *p->lives);
    if (!p->wanted_node || !p->order || !p->lives) return sn_fail_memory("a plan");
    for (size_t i = 0; i < n_values; i++) p->lives[i].last_use = -1;
    return n_outputs > 0 ? SN_OK : sn_fail(SN_ERR_ARGUMENT, "a plan needs at least one output");
}

static sn_status allocate_steps(planner *p, int n_outputs) {
    sn_plan *plan = p->plan;
    int64_t most_leaves = plan->graph->n_values;
    plan->steps = sn_calloc((size_t)p->n_order, sizeof *plan->steps);
    plan->leaves = sn_calloc((size_t)most_leaves, sizeof *plan->leaves);
    plan->outputs = sn_calloc((size_t)n_outputs, sizeof *plan->outputs);
    plan->output_places = sn_calloc((size_t)n_outputs, sizeof *plan->output_places);
    if (!plan->steps || !plan->leaves || !plan->outputs || !plan->output_places) return sn_fail_memory("a plan");
    return SN_OK;
}

static sn_status check_wanted(const sn_graph *g, sn_value *const *wanted, int n) {
    for (int i = 0; i < n; i++)
        if (!wanted[i] || wanted[i]->graph != g)
            return sn_fail(SN_ERR_ARGUMENT, "plan: output %d is not a value of this graph", i);
    return SN_OK;
}

static sn_status build(planner *p, sn_value *const *wanted, int n) {
    SN_TRY(sn_graph_status(p->plan->graph));
    SN_TRY(check_wanted(p->plan->graph, wanted, n));
    SN_TRY(allocate(p, n));
    mark_reachable(p, wanted, n);
    SN_TRY(sn_schedule(p->plan->graph, p->wanted_node, p->order, &p->n_order));
    SN_TRY(allocate_steps(p, n));
    SN_TRY(find_lifetimes(p, wanted, n));
    SN_TRY(place_buffers(p));
    finish_plan(p, wanted, n);
    return SN_OK;
}

sn_status sn_plan_build(sn_plan *plan, sn_value *const *wanted, int n, sn_precision precision) {
    planner p = {.plan = plan, .precision = precision};
    sn_status status = build(&p, wanted, n);
    sn_layout_free(&p.layout);
    sn_free(p.lives);
    sn_free(p.wanted_node);
    sn_free(p.order);
    return status;
}
