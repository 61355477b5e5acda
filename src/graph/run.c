/* Creating, binding and running plans. */
#include "graph/plan.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/size.h"

static sn_status start(sn_plan *plan, sn_value *const *outputs, int n, const sn_plan_options *options) {
    plan->workspace = options->workspace ? options->workspace : &plan->own_workspace;
    plan->team = options->team;
    plan->profile = options->profile;
    plan->cancel = options->cancel;
    if (!plan->team) {
        SN_TRY(sn_team_new(options->n_threads, &plan->own_team));
        plan->team = plan->own_team;
    }
    SN_TRY(sn_plan_build(plan, outputs, n, options->precision));
    plan->measure_only = options->measure_only;
    if (plan->measure_only) return SN_OK;
    return sn_workspace_reserve(plan->workspace, plan->memory.buffer_bytes + plan->memory.scratch_bytes);
}

sn_status sn_plan_new(sn_graph *g, sn_value *const *outputs, int n, const sn_plan_options *options, sn_plan **out) {
    static const sn_plan_options defaults;
    sn_plan *plan = sn_calloc(1, sizeof *plan);
    if (!plan) return sn_fail_memory("a plan");
    plan->graph = g;
    plan->stale = true;
    sn_status status = start(plan, outputs, n, options ? options : &defaults);
    if (status != SN_OK)
        sn_plan_free(plan);
    else
        *out = plan;
    return status;
}

void sn_plan_free(sn_plan *plan) {
    if (!plan) return;
    sn_workspace_free(&plan->own_workspace);
    sn_team_free(plan->own_team);
    sn_free(plan->steps);
    sn_free(plan->leaves);
    sn_free(plan->outputs);
    sn_free(plan->output_places);
    sn_free(plan);
}

sn_plan_memory sn_plan_memory_get(const sn_plan *plan) { return plan->memory; }

sn_status sn_plan_bind(sn_plan *plan, const sn_value *input, const void *data) {
    if (!input || input->graph != plan->graph || input->node || input->is_param)
        return sn_fail(SN_ERR_ARGUMENT, "bind: the value is not an input of the plan's graph");
    if (!data) return sn_fail(SN_ERR_ARGUMENT, "bind: no data for input \"%s\"", input->name);
    for (int64_t i = 0; i < plan->n_leaves; i++) {
        if (plan->leaves[i].value != input || plan->leaves[i].data == data) continue;
        plan->leaves[i].data = data;
        plan->stale = true;
    }
    return SN_OK;
}

static void *address(const sn_plan *plan, sn_place place) {
    const char *base = place.leaf < 0 ? plan->workspace->data : (const char *)plan->leaves[place.leaf].data;
    return (void *)(uintptr_t)(base ? base + place.offset : NULL);
}

static void set_pointers(sn_plan *plan) {
    void *scratch = plan->workspace->data ? plan->workspace->data + sn_round_up(plan->memory.buffer_bytes, 64) : NULL;
    for (int64_t s = 0; s < plan->n_steps; s++) {
        sn_step *step = &plan->steps[s];
        for (int k = 0; k < step->call.n_in; k++)
            if (step->call.in[k].n_dims >= 0) step->call.in[k].data = address(plan, step->in[k]);
        for (int k = 0; k < step->call.n_out; k++) step->call.out[k].data = address(plan, step->out[k]);
        step->call.workspace = scratch;
    }
    for (int i = 0; i < plan->n_outputs; i++) plan->outputs[i].data = address(plan, plan->output_places[i]);
    plan->placed_at = plan->workspace->data;
    plan->stale = false;
}

static sn_status check_bound(const sn_plan *plan) {
    for (int64_t i = 0; i < plan->n_leaves; i++)
        if (!plan->leaves[i].data && sn_tensor_count(&plan->leaves[i].value->tensor) > 0)
            return sn_fail(SN_ERR_ARGUMENT, "run: input \"%s\" is not bound: call sn_plan_bind first",
                           plan->leaves[i].value->name);
    return SN_OK;
}

static void run_step(sn_step *step, bool profile) {
    double begin = profile ? sn_now() : 0;
    step->run(&step->call);
    if (profile) step->seconds = sn_now() - begin;
}

sn_status sn_plan_run(sn_plan *plan) {
    if (plan->measure_only) return sn_fail(SN_ERR_ARGUMENT, "run: the plan was made with measure_only");
    if (plan->stale || plan->placed_at != plan->workspace->data) {
        SN_TRY(check_bound(plan));
        set_pointers(plan);
    }
    for (int64_t s = 0; s < plan->n_steps; s++) {
        if (plan->cancel && *plan->cancel) return sn_fail(SN_ERR_CANCELLED, "cancelled");
        run_step(&plan->steps[s], plan->profile);
    }
    return SN_OK;
}

sn_status sn_plan_output(const sn_plan *plan, int i, sn_tensor *out) {
    if (i < 0 || i >= plan->n_outputs)
        return sn_fail(SN_ERR_ARGUMENT, "output %d: the plan has %d", i, plan->n_outputs);
    *out = plan->outputs[i];
    return SN_OK;
}

int64_t sn_plan_n_steps(const sn_plan *plan) { return plan->n_steps; }

sn_status sn_plan_step_get(const sn_plan *plan, int64_t i, sn_plan_step *out) {
    if (i < 0 || i >= plan->n_steps)
        return sn_fail(SN_ERR_ARGUMENT, "step %lld: the plan has %lld", (long long)i, (long long)plan->n_steps);
    const sn_step *step = &plan->steps[i];
    sn_cost cost = step->node->op->cost(step->call.attr, step->call.in, step->call.n_in, step->call.out);
    *out = (sn_plan_step){step->node->op->name, step->kernel ? step->kernel->name : "ref", cost.flops, cost.bytes,
                          step->seconds};
    return SN_OK;
}
