/* What the ops share that change a tensor in place by another one of the same shape. */
#ifndef SN_OP_INPLACE_H
#define SN_OP_INPLACE_H

#include "op/shared.h"

#if SN_OP_MAIN
#include "base/error.h"

/* Both f32 or f64, contiguous, of one shape; out is the first. */
static inline sn_status sn_infer_inplace(const sn_tensor *state, const sn_tensor *x, const char *state_name,
                                         const char *x_name, sn_tensor *out) {
    SN_TRY(sn_need_real(state, state_name));
    if (x->dtype != state->dtype || !sn_same_shape(state, x))
        return sn_fail(SN_ERR_SHAPE, "%s is %s %s, %s %s %s: they must be equal", state_name,
                       sn_dtype_name(state->dtype), sn_shape_text(state), x_name, sn_dtype_name(x->dtype),
                       sn_shape_text(x));
    if (!sn_tensor_is_contiguous(state) || !sn_tensor_is_contiguous(x))
        return sn_fail(SN_ERR_SHAPE, "%s and %s must be contiguous", state_name, x_name);
    return sn_infer_like(out, state);
}

static inline sn_cost sn_cost_inplace(const void *attr, const sn_tensor *in, int n_in, const sn_tensor *out) {
    (void)attr, (void)n_in, (void)out;
    return (sn_cost){3 * (double)sn_tensor_count(&in[0]), 3 * (double)sn_tensor_bytes(&in[0])};
}

static inline void sn_random_inplace(uint64_t seed, sn_op_case *out) {
    out->n_in = 2;
    for (int k = 0; k < 2; k++) {
        out->in[k].n_dims = 1;
        out->in[k].shape[0] = sn_random_int(seed, 0, 1, seed % 2 ? 60000 : 300);
    }
}

#define SN_INPLACE(op)                                                                                                 \
    .name = #op, .n_out = 1, .flags = SN_OP_STATE, .infer = infer, .forward_f32 = sn_forward_f32_##op,                 \
    .forward_f64 = sn_forward_f64_##op, .cost = sn_cost_inplace, .cases = cases, .n_cases = SN_COUNT(cases),           \
    .bad_cases = bad_cases, .n_bad_cases = SN_COUNT(bad_cases), .random_case = random_case,                            \
    .bench_cases = bench_cases, .n_bench_cases = SN_COUNT(bench_cases)
#endif
#endif
