/* What the update ops share: operands, checks, and the reference's way to them.
 *
 * Operands in this order: the parameter and n states (all of one shape, contiguous, written in place), the gradient,
 * grad_scale (a scalar by which the gradient counts; may be absent), the scalars [SN_UPDATE_SCALARS]. A state is f32 or
 * bf16, rounded to nearest even when it is stored; a step computes with it before it is rounded. A grad_scale
 * that is not finite leaves everything as it is. */
#ifndef SN_OP_UPDATE_H
#define SN_OP_UPDATE_H

#include "op/shared.h"
#include "tensor/half.h"

#include <math.h>

typedef struct sn_update {
    const sn_update_attr *attr;
    int64_t n;
    real *param;
    const sn_tensor *states[2], *grad;
    real scale, rate, keep, add, correct1, correct2; /* rate: with the parameter's factor */
    real decay;                                      /* by which decoupled weight decay multiplies the parameter */
} sn_update;

static inline int sn_update_n_states(const sn_call *c) { return c->n_in - 4; }

/* False where nothing is to be done. */
static inline bool sn_update_begin(const sn_call *c, sn_update *u) {
    const sn_update_attr *attr = c->attr;
    int n = sn_update_n_states(c);
    const sn_tensor *scalars = &c->in[n + 3];
    *u = (sn_update){.attr = attr,
                     .n = sn_tensor_count(&c->in[0]),
                     .param = c->in[0].data,
                     .states = {&c->in[1], &c->in[2]},
                     .grad = &c->in[n + 1],
                     .scale = sn_call_has(c, n + 2) ? *sn_real_at(&c->in[n + 2], 0) : 1};
    double rate = (double)*sn_real_at(scalars, SN_UPDATE_RATE) * attr->rate_factor;
    u->rate = (real)rate;
    u->decay = (real)(1 - rate * attr->weight_decay);
    u->keep = *sn_real_at(scalars, SN_UPDATE_KEEP);
    u->add = *sn_real_at(scalars, SN_UPDATE_ADD);
    u->correct1 = *sn_real_at(scalars, SN_UPDATE_CORRECT1);
    u->correct2 = *sn_real_at(scalars, SN_UPDATE_CORRECT2);
    return isfinite(u->scale);
}

static inline real sn_update_grad(const sn_update *u, int64_t i) { return *sn_real_at(u->grad, i) * u->scale; }

static inline real sn_update_state(const sn_update *u, int k, int64_t i) {
    const sn_tensor *t = u->states[k];
    return t->dtype == SN_BF16 ? (real)sn_bf16_to_f32(((const sn_bf16 *)t->data)[i]) : ((const real *)t->data)[i];
}

static inline void sn_update_store(const sn_update *u, int k, int64_t i, real value) {
    const sn_tensor *t = u->states[k];
    if (t->dtype == SN_BF16)
        ((sn_bf16 *)t->data)[i] = sn_f32_to_bf16((float)value);
    else
        ((real *)t->data)[i] = value;
}

/* -1, 0 or 1; NaN stays, so that a broken gradient is seen. */
static inline real sn_update_sign(real x) { return x > 0 ? 1 : x < 0 ? -1 : x; }

#if SN_OP_MAIN
/* Checks the operands above for n_in - 4 states; outputs are the parameter and the states. */
sn_status sn_infer_update(const void *attr, const sn_tensor *in, int n_in, sn_tensor *out);
/* Everything read once, parameter and states written once. */
sn_cost sn_cost_update(const void *attr, const sn_tensor *in, int n_in, const sn_tensor *out);
/* A ragged shape with one state (two), in bf16 under odd seeds. */
void sn_random_update1(uint64_t seed, sn_op_case *out);
void sn_random_update2(uint64_t seed, sn_op_case *out);
extern const double sn_update_numbers[SN_UPDATE_SCALARS]; /* scalars for cases */

extern const sn_op_def sn_op_update_sgd, sn_op_update_adamw, sn_op_update_lion, sn_op_update_tiger;

typedef struct sn_update_operands {
    sn_value *param, *states[2], *grad, *grad_scale, *scalars;
} sn_update_operands;
/* Appends an update; a gradient with gaps is copied first. Gives the parameter after it. */
sn_value *sn_update_append(sn_graph *g, const sn_op_def *op, const sn_update_operands *x, const sn_update_attr *attr);

#define SN_UPDATE_SCALARS_IN                                                                                           \
    { .n_dims = 1, .shape = {SN_UPDATE_SCALARS}, .dtype = SN_F32, .values = sn_update_numbers }
/* The fields that the records share; cases and attributes are the file's. */
#define SN_UPDATE(op, n_states)                                                                                        \
    .name = #op, .min_in = 4 + (n_states), .max_in = 4 + (n_states), .n_out = 1 + (n_states),                          \
    .attr_size = sizeof(sn_update_attr), .flags = SN_OP_STATE, .infer = sn_infer_update,                               \
    .forward_f32 = sn_forward_f32_##op, .forward_f64 = sn_forward_f64_##op,                                            \
    .no_gradient = "it changes a parameter in place: differentiate the loss, not the step", .cases = cases,            \
    .n_cases = SN_COUNT(cases), .bad_cases = bad_cases, .n_bad_cases = SN_COUNT(bad_cases),                            \
    .random_case = sn_random_update##n_states, .bench_cases = bench_cases, .n_bench_cases = SN_COUNT(bench_cases)
/* Inputs of a case: parameter, one state, gradient, factor, scalars. */
#define SN_UPDATE_IN1(type, ...)                                                                                       \
    {                                                                                                                  \
        SN_CASE_F32(-1, 1, __VA_ARGS__), SN_CASE_IN(type, -1, 1, __VA_ARGS__), SN_CASE_F32(-1, 1, __VA_ARGS__),        \
            SN_CASE_F32(0.5, 2, 0, 0), SN_UPDATE_SCALARS_IN                                                            \
    }
#endif
#endif
