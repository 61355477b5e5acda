/* linear3_backward: the gradient of linear3 for the rows, all three products in one sum. */
#include "op/backward.h"
#include "op/shared.h"

static void forward(const sn_call *c) {
    int64_t k = c->in[0].shape[1], m = c->in[3].shape[0];
    real *out = c->out[0].data;
    for (int64_t i = 0; i < m; i++)
        for (int64_t l = 0; l < k; l++) {
            double sum = 0;
            for (int o = 0; o < 3; o++) {
                const sn_tensor *w = &c->in[o], *dy = &c->in[o + 3];
                int64_t n = w->shape[0];
                for (int64_t j = 0; j < n; j++)
                    sum += (double)*sn_real_at(dy, i * n + j) * (double)*sn_real_at(w, j * k + l);
            }
            *out++ = (real)sum;
        }
}
SN_OP_FORWARD(linear3_backward)

#if SN_OP_MAIN
#include "base/error.h"

static sn_status infer(const void *attr, const sn_tensor *in, int n_in, sn_tensor *out) {
    (void)attr, (void)n_in;
    SN_TRY(sn_need_real(&in[0], "a weight"));
    for (int o = 0; o < 3; o++) {
        const sn_tensor *w = &in[o], *dy = &in[o + 3];
        bool alike = w->dtype == in[0].dtype && dy->dtype == in[0].dtype && w->n_dims == 2 && dy->n_dims == 2;
        if (!alike || w->shape[1] != in[0].shape[1] || dy->shape[1] != w->shape[0] || dy->shape[0] != in[3].shape[0])
            return sn_fail(SN_ERR_SHAPE, "gradient %d is %s %s: it does not fit its weight %s or the first, %s", o,
                           sn_dtype_name(dy->dtype), sn_shape_text(dy), sn_shape_text(w), sn_shape_text(&in[0]));
    }
    return sn_infer_out(&out[0], in[0].dtype, 2, (int64_t[]){in[3].shape[0], in[0].shape[1]});
}

static void decomposed(sn_graph *g, const sn_node *n, sn_value *const *in, sn_value **out) {
    (void)n;
    out[0] = sn_add(g, sn_matmul(g, in[3], in[0]), sn_add(g, sn_matmul(g, in[4], in[1]), sn_matmul(g, in[5], in[2])));
}

static void vjp(sn_graph *g, const sn_node *n, sn_value *const *grad_out, sn_value **grad_in) {
    sn_vjp_decomposed(g, n, decomposed, grad_out, grad_in);
}

static sn_cost cost(const void *attr, const sn_tensor *in, int n_in, const sn_tensor *out) {
    sn_cost sum = {0, (double)sn_tensor_bytes(out)};
    (void)attr;
    for (int i = 0; i < n_in; i++) sum.bytes += (double)sn_tensor_bytes(&in[i]);
    for (int o = 0; o < 3; o++) sum.flops += 2 * (double)sn_tensor_count(out) * (double)in[o].shape[0];
    return sum;
}

#define SIX(m, k, a, b, c)                                                                                             \
    {                                                                                                                  \
        SN_CASE_F32(-1, 1, 2, a, k), SN_CASE_F32(-1, 1, 2, b, k), SN_CASE_F32(-1, 1, 2, c, k),                         \
            SN_CASE_F32(-1, 1, 2, m, a), SN_CASE_F32(-1, 1, 2, m, b), SN_CASE_F32(-1, 1, 2, m, c)                      \
    }
static const sn_op_case cases[] = {
    {.n_in = 6, .in = SIX(3, 5, 4, 2, 6)},
    {.n_in = 6, .in = SIX(1, 9, 7, 7, 7)},
    {.n_in = 6, .in = SIX(2, 1, 1, 1, 1)},
    {.n_in = 6, .in = SIX(0, 3, 4, 2, 1)},
};
static const sn_op_case bad_cases[] = {
    {.n_in = 6,
     .in = {SN_CASE_F32(-1, 1, 2, 4, 5), SN_CASE_F32(-1, 1, 2, 4, 5), SN_CASE_F32(-1, 1, 2, 2, 5),
            SN_CASE_F32(-1, 1, 2, 3, 4), SN_CASE_F32(-1, 1, 2, 3, 3), SN_CASE_F32(-1, 1, 2, 3, 2)}},
};

static void random_case(uint64_t seed, sn_op_case *out) {
    static const int64_t most[] = {300, 150, 120, 90, 90};
    int64_t size[5];
    for (uint64_t i = 0; i < 5; i++) size[i] = sn_random_int(seed, i + 1, 1, most[i]);
    *out = (sn_op_case){.n_in = 6, .in = SIX(size[0], size[1], size[2], size[3], size[4])};
}

const sn_op_def sn_op_linear3_backward = {
    .name = "linear3_backward",
    .formula = "the gradient of linear3 for x: sum of dy[o] w[o], from the weights and the gradients",
    .source = "",
    .min_in = 6,
    .max_in = 6,
    .n_out = 1,
    .infer = infer,
    .forward_f32 = sn_forward_f32_linear3_backward,
    .forward_f64 = sn_forward_f64_linear3_backward,
    .vjp = vjp,
    .cost = cost,
    .cases = cases,
    .n_cases = SN_COUNT(cases),
    .bad_cases = bad_cases,
    .n_bad_cases = SN_COUNT(bad_cases),
    .random_case = random_case,
};

sn_value *sn_linear3_backward(sn_graph *g, sn_value *const in[6]) {
    return sn_node_append(g, &sn_op_linear3_backward, in, 6, 0, NULL);
}
#endif
