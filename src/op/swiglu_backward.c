/* swiglu_backward: the gradients of swiglu for x, gate, up and down. With a = x gate^T, b = x up^T, s = sigmoid(a) and
 * dh = dy down: da = dh b s (1 + a (1 - s)), db = dh a s; dx = da gate + db up, dgate = da^T x, dup = db^T x,
 * ddown = dy^T (a s b). */
#include "op/backward.h"
#include "op/shared.h"

#include <tgmath.h>

/* What one hidden number of one row has to do with the row and its weights. */
static void meet(const sn_call *c, int64_t i, int64_t h) {
    const sn_tensor *x = &c->in[0], *gate = &c->in[1], *up = &c->in[2], *down = &c->in[3], *dy = &c->in[4];
    int64_t k = x->shape[1], n = down->shape[0], width = gate->shape[0];
    real *dx = c->out[0].data, *dgate = c->out[1].data, *dup = c->out[2].data, *ddown = c->out[3].data;
    double a = 0, b = 0, dh = 0;
    for (int64_t l = 0; l < k; l++) {
        double v = (double)*sn_real_at(x, i * k + l);
        a += v * (double)*sn_real_at(gate, h * k + l);
        b += v * (double)*sn_real_at(up, h * k + l);
    }
    for (int64_t j = 0; j < n; j++) dh += (double)*sn_real_at(dy, i * n + j) * (double)*sn_real_at(down, j * width + h);
    double s = 1 / (1 + exp(-a)), da = dh * b * s * (1 + a * (1 - s)), db = dh * a * s;
    for (int64_t l = 0; l < k; l++) {
        double v = (double)*sn_real_at(x, i * k + l);
        dx[i * k + l] += (real)(da * (double)*sn_real_at(gate, h * k + l) + db * (double)*sn_real_at(up, h * k + l));
        dgate[h * k + l] += (real)(da * v);
        dup[h * k + l] += (real)(db * v);
    }
    for (int64_t j = 0; j < n; j++) ddown[j * width + h] += (real)((double)*sn_real_at(dy, i * n + j) * a * s * b);
}

static void forward(const sn_call *c) {
    for (int o = 0; o < 4; o++) {
        real *out = c->out[o].data;
        for (int64_t e = 0; e < sn_tensor_count(&c->out[o]); e++) out[e] = 0;
    }
    for (int64_t i = 0; i < c->in[0].shape[0]; i++)
        for (int64_t h = 0; h < c->in[1].shape[0]; h++) meet(c, i, h);
}
SN_OP_FORWARD(swiglu_backward)

#if SN_OP_MAIN
#include "base/error.h"

static bool fits(const sn_tensor *t, const sn_tensor *x, int64_t rows, int64_t columns) {
    return t->dtype == x->dtype && t->n_dims == 2 && t->shape[0] == rows && t->shape[1] == columns;
}

sn_status sn_swiglu_check(const sn_tensor *in) {
    const sn_tensor *x = &in[0], *gate = &in[1], *up = &in[2], *down = &in[3];
    SN_TRY(sn_need_real(x, "x"));
    if (x->n_dims != 2 || gate->n_dims != 2 || !fits(gate, x, gate->shape[0], x->shape[1]))
        return sn_fail(SN_ERR_SHAPE, "the gate %s of rows %s: it must have as many columns as they",
                       sn_shape_text(gate), sn_shape_text(x));
    if (!fits(up, x, gate->shape[0], x->shape[1]))
        return sn_fail(SN_ERR_SHAPE, "up is %s, the gate %s: they must be alike", sn_shape_text(up),
                       sn_shape_text(gate));
    if (down->n_dims == 2 && fits(down, x, down->shape[0], gate->shape[0])) return SN_OK;
    return sn_fail(SN_ERR_SHAPE, "down is %s, the gate %s: its columns must be the gate's rows", sn_shape_text(down),
                   sn_shape_text(gate));
}

static sn_status infer(const void *attr, const sn_tensor *in, int n_in, sn_tensor *out) {
    (void)attr, (void)n_in;
    SN_TRY(sn_swiglu_check(in));
    if (!fits(&in[4], &in[0], in[0].shape[0], in[3].shape[0]))
        return sn_fail(SN_ERR_SHAPE, "the gradient is %s %s: it does not fit rows %s and down %s",
                       sn_dtype_name(in[4].dtype), sn_shape_text(&in[4]), sn_shape_text(&in[0]), sn_shape_text(&in[3]));
    for (int i = 0; i < 4; i++) SN_TRY(sn_infer_like(&out[i], &in[i]));
    return SN_OK;
}

static void decomposed(sn_graph *g, const sn_node *n, sn_value *const *in, sn_value **out) {
    (void)n;
    sn_value *a = sn_matmul_t(g, in[0], in[1], false, true), *b = sn_matmul_t(g, in[0], in[2], false, true);
    sn_value *dh = sn_matmul(g, in[4], in[3]), *s = sn_sigmoid(g, a), *silu = sn_mul(g, a, s);
    sn_value *slope = sn_add(g, s, sn_mul(g, silu, sn_scale(g, s, -1, 1)));
    sn_value *da = sn_mul(g, dh, sn_mul(g, slope, b)), *db = sn_mul(g, dh, silu);
    out[0] = sn_add(g, sn_matmul(g, da, in[1]), sn_matmul(g, db, in[2]));
    out[1] = sn_matmul_t(g, da, in[0], true, false);
    out[2] = sn_matmul_t(g, db, in[0], true, false);
    out[3] = sn_matmul_t(g, in[4], sn_mul(g, silu, b), true, false);
}

static void vjp(sn_graph *g, const sn_node *n, sn_value *const *grad_out, sn_value **grad_in) {
    sn_vjp_decomposed(g, n, decomposed, grad_out, grad_in);
}

/* Eight products. */
static sn_cost cost(const void *attr, const sn_tensor *in, int n_in, const sn_tensor *out) {
    (void)attr;
    double pairs = (double)in[0].shape[0] * (double)in[1].shape[0], bytes = 0;
    for (int i = 0; i < n_in; i++) bytes += (double)sn_tensor_bytes(&in[i]);
    for (int i = 0; i < 4; i++) bytes += (double)sn_tensor_bytes(&out[i]);
    return (sn_cost){2 * pairs * (double)(6 * in[0].shape[1] + 2 * in[3].shape[0]), bytes};
}

#define FIVE(m, k, f, n)                                                                                               \
    {                                                                                                                  \
        SN_CASE_F32(-1, 1, 2, m, k), SN_CASE_F32(-1, 1, 2, f, k), SN_CASE_F32(-1, 1, 2, f, k),                         \
            SN_CASE_F32(-1, 1, 2, n, f), SN_CASE_F32(-1, 1, 2, m, n)                                                   \
    }
static const sn_op_case cases[] = {
    {.n_in = 5, .in = FIVE(3, 5, 4, 2)},
    {.n_in = 5, .in = FIVE(1, 7, 9, 7)},
    {.n_in = 5, .in = FIVE(2, 1, 1, 1)},
    {.n_in = 5, .in = FIVE(0, 3, 4, 2)},
};
static const sn_op_case bad_cases[] = {
    {.n_in = 5,
     .in = {SN_CASE_F32(-1, 1, 2, 3, 5), SN_CASE_F32(-1, 1, 2, 4, 5), SN_CASE_F32(-1, 1, 2, 4, 5),
            SN_CASE_F32(-1, 1, 2, 2, 4), SN_CASE_F32(-1, 1, 2, 3, 5)}},
};

static void random_case(uint64_t seed, sn_op_case *out) {
    static const int64_t most[] = {300, 120, 150, 100};
    int64_t size[4];
    for (uint64_t i = 0; i < 4; i++) size[i] = sn_random_int(seed, i + 1, 1, most[i]);
    if (seed == 1) size[0] += 2048, size[1] %= 40, size[2] %= 40, size[3] %= 40; /* kernels take rows in chunks */
    for (int i = 1; i < 4; i++) size[i] = size[i] ? size[i] : 1;
    *out = (sn_op_case){.n_in = 5, .in = FIVE(size[0], size[1], size[2], size[3])};
}

const sn_op_def sn_op_swiglu_backward = {
    .name = "swiglu_backward",
    .formula = "the gradients of swiglu for x, gate, up and down, from these and grad_out",
    .source = "Shazeer 2020, arXiv:2002.05202",
    .min_in = 5,
    .max_in = 5,
    .n_out = 4,
    .infer = infer,
    .forward_f32 = sn_forward_f32_swiglu_backward,
    .forward_f64 = sn_forward_f64_swiglu_backward,
    .vjp = vjp,
    .cost = cost,
    .cases = cases,
    .n_cases = SN_COUNT(cases),
    .bad_cases = bad_cases,
    .n_bad_cases = SN_COUNT(bad_cases),
    .random_case = random_case,
};

void sn_swiglu_backward(sn_graph *g, sn_value *const in[5], sn_value *grads[4]) {
    sn_value *first = sn_node_append(g, &sn_op_swiglu_backward, in, 5, 0, NULL);
    for (int i = 0; i < 4; i++) grads[i] = first ? sn_node_out(sn_value_node(first), i) : NULL;
}
#endif
