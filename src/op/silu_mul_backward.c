/* silu_mul_backward: both gradients of silu_mul in one pass over memory.
 *
 * With s = sigmoid(gate): dgate = dy up s (1 + gate (1 - s)), dup = dy gate s. */
#include "op/backward.h"
#include "op/elementwise.h"

static void forward(const sn_call *c) {
    int64_t n = sn_tensor_count(&c->out[0]);
    real *dgate = c->out[0].data, *dup = c->out[1].data;
    for (int64_t i = 0; i < n; i++) {
        real gate = *sn_real_at(&c->in[0], i), up = *sn_real_at(&c->in[1], i), dy = *sn_real_at(&c->in[2], i);
        real s = 1 / (1 + exp(-gate));
        dgate[i] = dy * up * s * (1 + gate * (1 - s));
        dup[i] = dy * gate * s;
    }
}
SN_OP_FORWARD(silu_mul_backward)

#if SN_OP_MAIN
#include "base/error.h"

static sn_status infer(const void *attr, const sn_tensor *in, int n_in, sn_tensor *out) {
    (void)attr, (void)n_in;
    SN_TRY(sn_need_real(&in[0], "the gate"));
    for (int i = 1; i < 3; i++)
        if (!sn_same_shape(&in[0], &in[i]) || in[i].dtype != in[0].dtype)
            return sn_fail(SN_ERR_SHAPE, "operand %d is %s %s: it must be %s %s as the gate is", i,
                           sn_dtype_name(in[i].dtype), sn_shape_text(&in[i]), sn_dtype_name(in[0].dtype),
                           sn_shape_text(&in[0]));
    SN_TRY(sn_infer_like(&out[0], &in[0]));
    return sn_infer_like(&out[1], &in[0]);
}

static void decomposed(sn_graph *g, const sn_node *n, sn_value *const *in, sn_value **out) {
    (void)n;
    sn_value *s = sn_sigmoid(g, in[0]), *silu = sn_mul(g, in[0], s);
    sn_value *slope = sn_add(g, s, sn_mul(g, silu, sn_scale(g, s, -1, 1)));
    out[0] = sn_mul(g, in[2], sn_mul(g, slope, in[1]));
    out[1] = sn_mul(g, in[2], silu);
}

static void vjp(sn_graph *g, const sn_node *n, sn_value *const *grad_out, sn_value **grad_in) {
    sn_vjp_decomposed(g, n, decomposed, grad_out, grad_in);
}

/* About ten operations per element; three operands read, two results written. */
static sn_cost cost(const void *attr, const sn_tensor *in, int n_in, const sn_tensor *out) {
    (void)attr, (void)n_in, (void)out;
    return (sn_cost){10.0 * (double)sn_tensor_count(&in[0]), 5.0 * (double)sn_tensor_bytes(&in[0])};
}

#define THREE(...)                                                                                                     \
    { SN_CASE_F32(-4, 4, __VA_ARGS__), SN_CASE_F32(-2, 2, __VA_ARGS__), SN_CASE_F32(-1, 1, __VA_ARGS__) }
static const sn_op_case cases[] = {
    {.n_in = 3, .in = THREE(2, 3, 5)},
    {.n_in = 3, .in = THREE(1, 37)},
    {.n_in = 3, .in = THREE(0, 0)},
    {.n_in = 3, .in = THREE(2, 0, 3)},
};
static const sn_op_case bad_cases[] = {
    {.n_in = 3, .in = {SN_CASE_F32(-4, 4, 2, 3, 5), SN_CASE_F32(-2, 2, 1, 5), SN_CASE_F32(-1, 1, 2, 3, 5)}},
    {.n_in = 3, .in = {SN_CASE_F32(-4, 4, 1, 5), SN_CASE_F32(-2, 2, 1, 5), SN_CASE_F32(-1, 1, 1, 4)}},
};
static const sn_op_case bench_cases[] = {{.n_in = 3, .in = THREE(2, 4096, 1024)}};

static void random_case(uint64_t seed, sn_op_case *out) {
    sn_random_unary(seed, out);
    out->n_in = 3;
    for (int k = 1; k < 3; k++) {
        out->in[k].n_dims = out->in[0].n_dims;
        for (int d = 0; d < SN_MAX_DIMS; d++) out->in[k].shape[d] = out->in[0].shape[d];
    }
}

const sn_op_def sn_op_silu_mul_backward = {
    .name = "silu_mul_backward",
    .formula = "the gradients of silu_mul for gate and up, from gate, up and grad_out",
    .source = "Shazeer 2020, arXiv:2002.05202",
    .min_in = 3,
    .max_in = 3,
    .n_out = 2,
    .flags = SN_OP_INPLACE0,
    .infer = infer,
    .forward_f32 = sn_forward_f32_silu_mul_backward,
    .forward_f64 = sn_forward_f64_silu_mul_backward,
    .vjp = vjp,
    .cost = cost,
    .cases = cases,
    .n_cases = SN_COUNT(cases),
    .bad_cases = bad_cases,
    .n_bad_cases = SN_COUNT(bad_cases),
    .random_case = random_case,
    .bench_cases = bench_cases,
    .n_bench_cases = SN_COUNT(bench_cases),
};

void sn_silu_mul_backward(sn_graph *g, sn_value *gate, sn_value *up, sn_value *grad_out, sn_value *grads[2]) {
    sn_value *first = sn_node_append(g, &sn_op_silu_mul_backward, (sn_value *[]){gate, up, grad_out}, 3, 0, NULL);
    for (int i = 0; i < 2; i++) grads[i] = first ? sn_node_out(sn_value_node(first), i) : NULL;
}
#endif
