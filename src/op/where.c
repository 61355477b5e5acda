/* where: a choice by condition, all three operands broadcast together. */
#include "op/elementwise.h"

static bool is_set(const sn_tensor *t, const sn_tensor *out, int64_t i) {
    const void *p = sn_broadcast_at(t, out->n_dims, out->shape, i);
    return t->dtype == SN_I32 ? *(const int32_t *)p != 0 : *(const real *)p != 0;
}

/* Operands that are one number or lie as the result does: elements from one to the next, 0 or 1. */
static bool is_flat(const sn_call *c, int64_t *step) {
    int64_t n = sn_tensor_count(&c->out[0]);
    for (int k = 0; k < 3; k++) {
        int64_t count = sn_tensor_count(&c->in[k]);
        if (count != 1 && (count != n || !sn_tensor_is_contiguous(&c->in[k]))) return false;
        step[k] = count != 1;
    }
    return true;
}

static void forward_flat(const sn_call *c, const int64_t *step) {
    const real *a = c->in[1].data, *b = c->in[2].data, *condition = c->in[0].data;
    const int32_t *set = c->in[0].data;
    int64_t n = sn_tensor_count(&c->out[0]);
    real *y = c->out[0].data;
    if (c->in[0].dtype == SN_I32)
        for (int64_t i = 0; i < n; i++) y[i] = set[i * step[0]] != 0 ? a[i * step[1]] : b[i * step[2]];
    else
        for (int64_t i = 0; i < n; i++) y[i] = condition[i * step[0]] != 0 ? a[i * step[1]] : b[i * step[2]];
}

static void forward(const sn_call *c) {
    const sn_tensor *out = &c->out[0];
    int64_t n = sn_tensor_count(out), step[3];
    real *y = out->data;
    if (is_flat(c, step)) {
        forward_flat(c, step);
        return;
    }
    for (int64_t i = 0; i < n; i++) {
        const sn_tensor *from = is_set(&c->in[0], out, i) ? &c->in[1] : &c->in[2];
        y[i] = *(const real *)sn_broadcast_at(from, out->n_dims, out->shape, i);
    }
}
SN_OP_FORWARD(where)

#if SN_OP_MAIN
#include "base/error.h"

static sn_status infer(const void *attr, const sn_tensor *in, int n_in, sn_tensor *out) {
    (void)attr, (void)n_in;
    SN_TRY(sn_need_real(&in[1], "the value where the condition holds"));
    SN_TRY(sn_infer_broadcast("values", &in[1], &in[2], out));
    sn_tensor condition = in[0], values = *out;
    if (condition.dtype == SN_I32) condition.dtype = values.dtype;
    return sn_infer_broadcast("condition and values", &condition, &values, out);
}

static void vjp(sn_graph *g, const sn_node *n, sn_value *const *grad_out, sn_value **grad_in) {
    sn_value *condition = sn_node_in(n, 0), *dy = grad_out[0], *zero = sn_scalar_like(g, dy, 0);
    grad_in[1] = sn_sum_like(g, sn_where(g, condition, dy, zero), sn_node_in(n, 1));
    grad_in[2] = sn_sum_like(g, sn_where(g, condition, zero, dy), sn_node_in(n, 2));
}

static const sn_op_case cases[] = {
    {.n_in = 3, .in = {SN_CASE_I32(0, 2, 2, 3, 5), SN_CASE_F32(-1, 1, 2, 3, 5), SN_CASE_F32(-1, 1, 2, 3, 5)}},
    {.n_in = 3, .in = {SN_CASE_I32(0, 2, 2, 3, 1), SN_CASE_F32(-1, 1, 1, 5), SN_CASE_F32(-1, 1, 0, 0)}},
    {.n_in = 3, .in = {SN_CASE_F32(0, 0, 1, 4), SN_CASE_F32(-1, 1, 3, 2, 3, 1), SN_CASE_F32(-1, 1, 1, 1)}},
    {.n_in = 3, .in = {SN_CASE_I32(0, 2, 1, 0), SN_CASE_F32(-1, 1, 1, 1), SN_CASE_F32(-1, 1, 0, 0)}},
};
static const sn_op_case bad_cases[] = {
    {.n_in = 3, .in = {SN_CASE_I32(0, 2, 1, 3), SN_CASE_F32(-1, 1, 1, 5), SN_CASE_F32(-1, 1, 0, 0)}},
    {.n_in = 3, .in = {SN_CASE_I32(0, 2, 1, 3), SN_CASE_I32(0, 2, 1, 3), SN_CASE_I32(0, 2, 1, 3)}},
};

static void random_case(uint64_t seed, sn_op_case *out) {
    sn_random_binary(seed, out);
    out->n_in = 3;
    out->in[2] = out->in[0];
}

static const sn_op_case bench_cases[] = {
    {.n_in = 3, .in = {SN_CASE_I32(0, 2, 2, 2048, 2048), SN_CASE_F32(-1, 1, 2, 2048, 2048), SN_CASE_F32(-1, 1, 0, 0)}},
};

const sn_op_def sn_op_where = {
    SN_ELEMENTWISE(where),
    .formula = "out = a where condition != 0, else b",
    .source = "",
    .min_in = 3,
    .max_in = 3,
    .infer = infer,
    .bad_cases = bad_cases,
    .n_bad_cases = SN_COUNT(bad_cases),
    .random_case = random_case,
    .grad_mask = 6,
    .bench_cases = bench_cases,
    .n_bench_cases = SN_COUNT(bench_cases),
};

sn_value *sn_where(sn_graph *g, sn_value *condition, sn_value *a, sn_value *b) {
    return sn_node_append(g, &sn_op_where, (sn_value *[]){condition, a, b}, 3, 0, NULL);
}
#endif
