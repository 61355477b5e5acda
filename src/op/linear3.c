/* linear3: three weights over the same rows, which are read once: queries, keys and values of training in bf16. */
#include "op/backward.h"
#include "op/shared.h"

static void forward(const sn_call *c) {
    const sn_tensor *x = &c->in[0];
    int64_t k = x->shape[1];
    for (int o = 0; o < 3; o++) {
        const sn_tensor *w = &c->in[o + 1];
        real *out = c->out[o].data;
        for (int64_t i = 0; i < x->shape[0]; i++)
            for (int64_t j = 0; j < w->shape[0]; j++) {
                double sum = 0;
                for (int64_t l = 0; l < k; l++)
                    sum += (double)*sn_real_at(x, i * k + l) * (double)*sn_real_at(w, j * k + l);
                *out++ = (real)sum;
            }
    }
}
SN_OP_FORWARD(linear3)

#if SN_OP_MAIN
#include "base/error.h"

static sn_status infer(const void *attr, const sn_tensor *in, int n_in, sn_tensor *out) {
    (void)attr, (void)n_in;
    SN_TRY(sn_need_real(&in[0], "x"));
    for (int o = 0; o < 3; o++) {
        const sn_tensor *w = &in[o + 1];
        if (in[0].n_dims != 2 || w->n_dims != 2 || w->dtype != in[0].dtype || w->shape[1] != in[0].shape[1])
            return sn_fail(SN_ERR_SHAPE, "weight %d is %s %s, the rows %s %s: the last of two dimensions must be equal",
                           o, sn_dtype_name(w->dtype), sn_shape_text(w), sn_dtype_name(in[0].dtype),
                           sn_shape_text(&in[0]));
        SN_TRY(sn_infer_out(&out[o], in[0].dtype, 2, (int64_t[]){in[0].shape[0], w->shape[0]}));
    }
    return SN_OK;
}

/* dx = sum of dy w in one op, dw = dy^T x. */
static void vjp(sn_graph *g, const sn_node *n, sn_value *const *grad_out, sn_value **grad_in) {
    sn_value *in[6];
    for (int o = 0; o < 3; o++) {
        const sn_tensor *t = sn_value_tensor(sn_node_out(n, o));
        in[o] = sn_node_in(n, o + 1);
        in[o + 3] = grad_out[o] ? grad_out[o] : sn_fill(g, t->dtype, t->n_dims, t->shape, 0);
        grad_in[o + 1] = sn_matmul_t(g, in[o + 3], sn_node_in(n, 0), true, false);
    }
    grad_in[0] = sn_linear3_backward(g, in);
}

static sn_cost cost(const void *attr, const sn_tensor *in, int n_in, const sn_tensor *out) {
    sn_cost sum = {0, (double)sn_tensor_bytes(&in[0])};
    (void)attr, (void)n_in;
    for (int o = 0; o < 3; o++) {
        sum.flops += 2 * (double)sn_tensor_count(&out[o]) * (double)in[0].shape[1];
        sum.bytes += (double)(sn_tensor_bytes(&in[o + 1]) + sn_tensor_bytes(&out[o]));
    }
    return sum;
}

#define FOUR(m, k, a, b, c)                                                                                            \
    {                                                                                                                  \
        SN_CASE_F32(-1, 1, 2, m, k), SN_CASE_F32(-1, 1, 2, a, k), SN_CASE_F32(-1, 1, 2, b, k),                         \
            SN_CASE_F32(-1, 1, 2, c, k)                                                                                \
    }
static const sn_op_case cases[] = {
    {.n_in = 4, .in = FOUR(3, 5, 4, 2, 6)},
    {.n_in = 4, .in = FOUR(1, 9, 7, 7, 7)},
    {.n_in = 4, .in = FOUR(2, 1, 1, 1, 1)},
    {.n_in = 4, .in = FOUR(0, 3, 4, 2, 1)},
};
static const sn_op_case bad_cases[] = {
    {.n_in = 4,
     .in = {SN_CASE_F32(-1, 1, 2, 3, 5), SN_CASE_F32(-1, 1, 2, 4, 5), SN_CASE_F32(-1, 1, 2, 4, 6),
            SN_CASE_F32(-1, 1, 2, 2, 5)}},
};

static void random_case(uint64_t seed, sn_op_case *out) {
    static const int64_t most[] = {300, 150, 120, 90, 90};
    int64_t size[5];
    for (uint64_t i = 0; i < 5; i++) size[i] = sn_random_int(seed, i + 1, 1, most[i]);
    *out = (sn_op_case){.n_in = 4, .in = FOUR(size[0], size[1], size[2], size[3], size[4])};
}

const sn_op_def sn_op_linear3 = {
    .name = "linear3",
    .formula = "out[o] = x w[o]^T for three weights",
    .source = "",
    .min_in = 4,
    .max_in = 4,
    .n_out = 3,
    .infer = infer,
    .forward_f32 = sn_forward_f32_linear3,
    .forward_f64 = sn_forward_f64_linear3,
    .vjp = vjp,
    .cost = cost,
    .cases = cases,
    .n_cases = SN_COUNT(cases),
    .bad_cases = bad_cases,
    .n_bad_cases = SN_COUNT(bad_cases),
    .random_case = random_case,
};

void sn_linear3(sn_graph *g, sn_value *x, sn_value *const w[3], sn_value *out[3]) {
    sn_value *first = sn_node_append(g, &sn_op_linear3, (sn_value *[]){x, w[0], w[1], w[2]}, 4, 0, NULL);
    for (int o = 0; o < 3; o++) out[o] = first ? sn_node_out(sn_value_node(first), o) : NULL;
}
#endif
