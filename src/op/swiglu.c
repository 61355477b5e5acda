/* swiglu: a gated network in one op, so that nothing as wide as it is inside is kept: its gradient computes gate and up
 * again. For training in bf16, where that is cheaper than memory. */
#include "op/backward.h"
#include "op/shared.h"

#include <tgmath.h>

static double dot(const sn_tensor *x, int64_t row, const sn_tensor *w, int64_t j) {
    double sum = 0;
    for (int64_t l = 0; l < x->shape[1]; l++)
        sum += (double)*sn_real_at(x, row * x->shape[1] + l) * (double)*sn_real_at(w, j * w->shape[1] + l);
    return sum;
}

static void forward(const sn_call *c) {
    const sn_tensor *x = &c->in[0], *gate = &c->in[1], *up = &c->in[2], *down = &c->in[3];
    int64_t n = down->shape[0], width = gate->shape[0];
    real *out = c->out[0].data;
    for (int64_t i = 0; i < x->shape[0]; i++) {
        for (int64_t j = 0; j < n; j++) out[i * n + j] = 0;
        for (int64_t h = 0; h < width; h++) {
            double a = dot(x, i, gate, h), hidden = a / (1 + exp(-a)) * dot(x, i, up, h);
            for (int64_t j = 0; j < n; j++) out[i * n + j] += (real)(hidden * (double)*sn_real_at(down, j * width + h));
        }
    }
}
SN_OP_FORWARD(swiglu)

#if SN_OP_MAIN
#include "base/error.h"

static sn_status infer(const void *attr, const sn_tensor *in, int n_in, sn_tensor *out) {
    (void)attr, (void)n_in;
    SN_TRY(sn_swiglu_check(in));
    return sn_infer_out(out, in[0].dtype, 2, (int64_t[]){in[0].shape[0], in[3].shape[0]});
}

static void vjp(sn_graph *g, const sn_node *n, sn_value *const *grad_out, sn_value **grad_in) {
    sn_value *in[] = {sn_node_in(n, 0), sn_node_in(n, 1), sn_node_in(n, 2), sn_node_in(n, 3), grad_out[0]};
    sn_swiglu_backward(g, in, grad_in);
}

/* Three products. */
static sn_cost cost(const void *attr, const sn_tensor *in, int n_in, const sn_tensor *out) {
    (void)attr;
    double pairs = (double)in[0].shape[0] * (double)in[1].shape[0], bytes = (double)sn_tensor_bytes(out);
    for (int i = 0; i < n_in; i++) bytes += (double)sn_tensor_bytes(&in[i]);
    return (sn_cost){2 * pairs * (double)(2 * in[0].shape[1] + in[3].shape[0]), bytes};
}

#define FOUR(m, k, f, n)                                                                                               \
    {                                                                                                                  \
        SN_CASE_F32(-1, 1, 2, m, k), SN_CASE_F32(-1, 1, 2, f, k), SN_CASE_F32(-1, 1, 2, f, k),                         \
            SN_CASE_F32(-1, 1, 2, n, f)                                                                                \
    }
static const sn_op_case cases[] = {
    {.n_in = 4, .in = FOUR(3, 5, 4, 2)},
    {.n_in = 4, .in = FOUR(1, 7, 9, 7)},
    {.n_in = 4, .in = FOUR(2, 1, 1, 1)},
    {.n_in = 4, .in = FOUR(0, 3, 4, 2)},
};
static const sn_op_case bad_cases[] = {
    {.n_in = 4,
     .in = {SN_CASE_F32(-1, 1, 2, 3, 5), SN_CASE_F32(-1, 1, 2, 4, 6), SN_CASE_F32(-1, 1, 2, 4, 5),
            SN_CASE_F32(-1, 1, 2, 2, 4)}},
    {.n_in = 4,
     .in = {SN_CASE_F32(-1, 1, 2, 3, 5), SN_CASE_F32(-1, 1, 2, 4, 5), SN_CASE_F32(-1, 1, 2, 4, 5),
            SN_CASE_F32(-1, 1, 2, 2, 5)}},
};

static void random_case(uint64_t seed, sn_op_case *out) {
    static const int64_t most[] = {300, 120, 150, 100};
    int64_t size[4];
    for (uint64_t i = 0; i < 4; i++) size[i] = sn_random_int(seed, i + 1, 1, most[i]);
    if (seed == 1) size[0] += 2048, size[1] %= 40, size[2] %= 40, size[3] %= 40; /* kernels take rows in chunks */
    for (int i = 1; i < 4; i++) size[i] = size[i] ? size[i] : 1;
    *out = (sn_op_case){.n_in = 4, .in = FOUR(size[0], size[1], size[2], size[3])};
}

const sn_op_def sn_op_swiglu = {
    .name = "swiglu",
    .formula = "out = (silu(x gate^T) * (x up^T)) down^T",
    .source = "Shazeer 2020, arXiv:2002.05202",
    .min_in = 4,
    .max_in = 4,
    .n_out = 1,
    .infer = infer,
    .forward_f32 = sn_forward_f32_swiglu,
    .forward_f64 = sn_forward_f64_swiglu,
    .vjp = vjp,
    .cost = cost,
    .cases = cases,
    .n_cases = SN_COUNT(cases),
    .bad_cases = bad_cases,
    .n_bad_cases = SN_COUNT(bad_cases),
    .random_case = random_case,
};

sn_value *sn_swiglu(sn_graph *g, sn_value *x, sn_value *gate, sn_value *up, sn_value *down) {
    return sn_node_append(g, &sn_op_swiglu, (sn_value *[]){x, gate, up, down}, 4, 0, NULL);
}
#endif
