/* linear: rows times a weight matrix stored [n, k] in any float or block type, plus a bias. */
#include "graph/op.h"

#include "base/size.h"

enum { max_chunk = 256 };

/* count values of row j of w from column `from`; from is a multiple of the block. */
static void load_weights(const sn_tensor *w, int64_t j, int64_t from, int64_t count, real *to) {
    int64_t step = w->stride[1], block = sn_dtype_block(w->dtype);
    const char *data = (const char *)w->data + j * w->stride[0] + from / block * step;
    float converted[max_chunk];
    if (w->dtype == SN_F64) {
        for (int64_t i = 0; i < count; i++) to[i] = (real) * (const double *)(data + i * step);
        return;
    }
    if (step == sn_dtype_bytes(w->dtype))
        sn_to_f32(w->dtype, data, converted, count);
    else
        for (int64_t i = 0; i < count; i++) sn_to_f32(w->dtype, data + i * step, &converted[i], 1);
    for (int64_t i = 0; i < count; i++) to[i] = converted[i];
}

static void forward(const sn_call *c) {
    const sn_tensor *x = &c->in[0], *w = &c->in[1], *out = &c->out[0];
    int64_t n = w->shape[0], k = w->shape[1], n_rows = 1;
    for (int d = 0; d < x->n_dims - 1; d++) n_rows *= x->shape[d];
    real *y = out->data, weights[max_chunk];
    for (int64_t j = 0; j < n; j++) {
        for (int64_t r = 0; r < n_rows; r++) y[r * n + j] = sn_call_has(c, 2) ? *sn_real_at(&c->in[2], j) : 0;
        for (int64_t from = 0; from < k; from += max_chunk) {
            int64_t count = sn_min_i64(max_chunk, k - from);
            load_weights(w, j, from, count, weights);
            for (int64_t r = 0; r < n_rows; r++) {
                const char *row = (const char *)sn_real_at(x, r * k + from);
                double sum = 0;
                for (int64_t i = 0; i < count; i++)
                    sum += (double)*(const real *)(row + i * x->stride[x->n_dims - 1]) * (double)weights[i];
                y[r * n + j] = (real)((double)y[r * n + j] + sum);
            }
        }
    }
}
SN_OP_FORWARD(linear)

#if SN_OP_MAIN
#include "base/error.h"
#include "base/philox.h"
#include "suan/ops.h"

static sn_status infer(const void *attr, const sn_tensor *in, int n_in, sn_tensor *out) {
    const sn_tensor *x = &in[0], *w = &in[1];
    int64_t shape[SN_MAX_DIMS];
    (void)attr;
    if (x->dtype != SN_F32 && x->dtype != SN_F64)
        return sn_fail(SN_ERR_SHAPE, "linear: the input is %s: it must be f32 or f64", sn_dtype_name(x->dtype));
    if (!sn_dtype_is_float(w->dtype) && !sn_dtype_is_block(w->dtype))
        return sn_fail(SN_ERR_SHAPE, "linear: the weight is %s: it must be a float or quantized type",
                       sn_dtype_name(w->dtype));
    if (w->dtype == SN_F64 && x->dtype != SN_F64)
        return sn_fail(SN_ERR_SHAPE, "linear: an f64 weight needs an f64 input, not f32");
    if (x->n_dims < 1 || w->n_dims != 2 || x->shape[x->n_dims - 1] != w->shape[1])
        return sn_fail(SN_ERR_SHAPE, "linear: input %s by weight %s: the last dimensions must be equal",
                       sn_shape_text(x), sn_shape_text(w));
    if (n_in > 2 && in[2].n_dims >= 0 &&
        (in[2].n_dims != 1 || in[2].shape[0] != w->shape[0] || in[2].dtype != x->dtype))
        return sn_fail(SN_ERR_SHAPE, "linear: the bias is %s %s: it must be %s [%lld]", sn_dtype_name(in[2].dtype),
                       sn_shape_text(&in[2]), sn_dtype_name(x->dtype), (long long)w->shape[0]);
    for (int d = 0; d < x->n_dims - 1; d++) shape[d] = x->shape[d];
    shape[x->n_dims - 1] = w->shape[0];
    return sn_infer_out(out, x->dtype, x->n_dims, shape);
}

/* y = x w^T + b: dx = dy w, dw = dy^T x, db = sum of dy's rows. A quantized weight has no gradient. */
static void vjp(sn_graph *g, const sn_node *n, sn_value *const *grad_out, sn_value **grad_in) {
    sn_value *x = sn_node_in(n, 0), *w = sn_node_in(n, 1), *bias = sn_node_in(n, 2), *dy = grad_out[0];
    const sn_tensor *tx = sn_value_tensor(x), *tw = sn_value_tensor(w);
    sn_value *rows_dy = sn_reshape(g, dy, 2, (int64_t[]){-1, tw->shape[0]});
    sn_value *dx = sn_matmul(g, rows_dy, sn_cast(g, w, tx->dtype));
    grad_in[0] = sn_reshape(g, dx, tx->n_dims, tx->shape);
    if (sn_dtype_is_float(tw->dtype)) {
        sn_value *rows_x = sn_reshape(g, x, 2, (int64_t[]){-1, tw->shape[1]});
        grad_in[1] = sn_cast(g, sn_matmul_t(g, rows_dy, rows_x, true, false), tw->dtype);
    }
    if (bias) grad_in[2] = sn_sum_like(g, dy, bias);
}

static sn_cost cost(const void *attr, const sn_tensor *in, int n_in, const sn_tensor *out) {
    (void)attr, (void)n_in;
    return (sn_cost){2 * (double)in[1].shape[1] * (double)sn_tensor_count(out),
                     (double)(sn_tensor_bytes(&in[0]) + sn_tensor_bytes(&in[1]) + sn_tensor_bytes(out))};
}

static const sn_op_case cases[] = {
    {2, {SN_CASE_F32(-1, 1, 2, 3, 5), SN_CASE_F32(-1, 1, 2, 4, 5)}, NULL},
    {3, {SN_CASE_F32(-1, 1, 2, 3, 5), SN_CASE_F32(-1, 1, 2, 4, 5), SN_CASE_F32(-1, 1, 1, 4)}, NULL},
    {3, {SN_CASE_F32(-1, 1, 3, 2, 9, 33), SN_CASE_F32(-1, 1, 2, 19, 33), SN_CASE_F32(-1, 1, 1, 19)}, NULL},
    {2, {SN_CASE_F32(-1, 1, 1, 7), SN_CASE_F32(-1, 1, 2, 1, 7)}, NULL},
    {2, {SN_CASE_F32(-1, 1, 2, 0, 5), SN_CASE_F32(-1, 1, 2, 4, 5)}, NULL},
};
static const sn_op_case bad_cases[] = {
    {2, {SN_CASE_F32(-1, 1, 2, 3, 5), SN_CASE_F32(-1, 1, 2, 5, 4)}, NULL},
    {2, {SN_CASE_F32(-1, 1, 2, 3, 5), SN_CASE_F32(-1, 1, 1, 5)}, NULL},
    {3, {SN_CASE_F32(-1, 1, 2, 3, 5), SN_CASE_F32(-1, 1, 2, 4, 5), SN_CASE_F32(-1, 1, 1, 5)}, NULL},
    {2, {SN_CASE_F32(-1, 1, 2, 3, 5), SN_CASE_I32(0, 1, 2, 4, 5)}, NULL},
};

static int64_t random_size(uint64_t seed, uint64_t stream, int64_t most) {
    return 1 + (int64_t)(sn_uniform_f64(seed, stream, 0) * (double)most);
}

/* All types of weights, few rows under even seeds and many under odd ones. */
static void random_case(uint64_t seed, sn_op_case *out) {
    static const sn_dtype types[] = {SN_F32, SN_F16, SN_F32, SN_Q8_0, SN_Q4_0, SN_F32, SN_Q4_K, SN_Q6_K, SN_BF16};
    sn_dtype dtype = types[seed % SN_COUNT(types)];
    int64_t rows = random_size(seed, 1, seed % 2 ? 100 : 9), n = random_size(seed, 2, 150),
            k = random_size(seed, 3, 300);
    k = sn_round_up(k, sn_dtype_block(dtype));
    *out = (sn_op_case){
        3, {SN_CASE_F32(-1, 1, 2, rows, k), SN_CASE_IN(dtype, -1, 1, 2, n, k), SN_CASE_F32(-1, 1, 1, n)}, NULL};
    if (seed % 3 == 0) out->n_in = 2;
}

static const sn_op_case bench_cases[] = {
    /* Decoding reads the weight for one row; a prompt has many. */
    {2, {SN_CASE_F32(-1, 1, 2, 1, 2048), SN_CASE_IN(SN_F32, -1, 1, 2, 2048, 2048)}, NULL},
    {2, {SN_CASE_F32(-1, 1, 2, 512, 2048), SN_CASE_IN(SN_F32, -1, 1, 2, 2048, 2048)}, NULL},
    {2, {SN_CASE_F32(-1, 1, 2, 1, 2048), SN_CASE_IN(SN_F16, -1, 1, 2, 2048, 2048)}, NULL},
    {2, {SN_CASE_F32(-1, 1, 2, 512, 2048), SN_CASE_IN(SN_F16, -1, 1, 2, 2048, 2048)}, NULL},
    {2, {SN_CASE_F32(-1, 1, 2, 1, 2048), SN_CASE_IN(SN_Q8_0, -1, 1, 2, 2048, 2048)}, NULL},
    {2, {SN_CASE_F32(-1, 1, 2, 512, 2048), SN_CASE_IN(SN_Q8_0, -1, 1, 2, 2048, 2048)}, NULL},
    {2, {SN_CASE_F32(-1, 1, 2, 1, 2048), SN_CASE_IN(SN_Q4_0, -1, 1, 2, 2048, 2048)}, NULL},
    {2, {SN_CASE_F32(-1, 1, 2, 512, 2048), SN_CASE_IN(SN_Q4_0, -1, 1, 2, 2048, 2048)}, NULL},
    {2, {SN_CASE_F32(-1, 1, 2, 1, 2048), SN_CASE_IN(SN_Q4_K, -1, 1, 2, 2048, 2048)}, NULL},
    {2, {SN_CASE_F32(-1, 1, 2, 512, 2048), SN_CASE_IN(SN_Q4_K, -1, 1, 2, 2048, 2048)}, NULL},
};

const sn_op_def sn_op_linear = {
    .name = "linear",
    .formula = "out[..., j] = sum_l x[..., l] * w[j, l] + bias[j]",
    .source = "",
    .min_in = 2,
    .max_in = 3,
    .n_out = 1,
    .infer = infer,
    .forward_f32 = sn_forward_f32_linear,
    .forward_f64 = sn_forward_f64_linear,
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

sn_value *sn_linear(sn_graph *g, sn_value *x, sn_value *w, sn_value *bias) {
    if (!x || !w) return NULL;
    sn_dtype dtype = sn_value_tensor(x)->dtype;
    if (dtype == SN_F16 || dtype == SN_BF16) dtype = SN_F32;
    x = sn_cast(g, x, dtype);
    if (bias) bias = sn_cast(g, bias, dtype);
    return sn_node_append(g, &sn_op_linear, (sn_value *[]){x, w, bias}, bias ? 3 : 2, 0, NULL);
}
#endif
