/* matmul: products of matrices over broadcast leading dimensions. */
#include "graph/op.h"

#include "base/size.h"

/* Strides of the last two dimensions of an operand, in the order (row of the product, k) or (k, column). */
static void matrix_strides(const sn_tensor *t, bool transpose, int64_t *outer, int64_t *inner) {
    *outer = t->stride[t->n_dims - 2];
    *inner = t->stride[t->n_dims - 1];
    if (transpose) {
        int64_t swap = *outer;
        *outer = *inner;
        *inner = swap;
    }
}

/* Where matrix `batch` of the broadcast leading dimensions of `out` starts in t. */
static const char *matrix_at(const sn_tensor *t, const sn_tensor *out, int64_t batch) {
    const char *data = t->data;
    for (int d = out->n_dims - 3, e = t->n_dims - 3; d >= 0; d--, e--) {
        if (e >= 0 && t->shape[e] != 1) data += batch % out->shape[d] * t->stride[e];
        batch /= out->shape[d];
    }
    return data;
}

static void forward(const sn_call *c) {
    const sn_matmul_attr *attr = c->attr;
    const sn_tensor *a = &c->in[0], *b = &c->in[1], *out = &c->out[0];
    int64_t m = out->shape[out->n_dims - 2], n = out->shape[out->n_dims - 1];
    int64_t k = a->shape[a->n_dims - (attr->transpose_a ? 2 : 1)];
    int64_t a_row, a_k, b_k, b_column, n_batches = 1;
    matrix_strides(a, attr->transpose_a, &a_row, &a_k);
    matrix_strides(b, attr->transpose_b, &b_k, &b_column);
    for (int d = 0; d < out->n_dims - 2; d++) n_batches *= out->shape[d];
    real *y = out->data;
    for (int64_t batch = 0; batch < n_batches; batch++) {
        const char *from_a = matrix_at(a, out, batch), *from_b = matrix_at(b, out, batch);
        for (int64_t i = 0; i < m; i++)
            for (int64_t j = 0; j < n; j++) {
                double sum = 0;
                for (int64_t l = 0; l < k; l++)
                    sum += (double)*(const real *)(from_a + i * a_row + l * a_k) *
                           (double)*(const real *)(from_b + l * b_k + j * b_column);
                *y++ = (real)sum;
            }
    }
}
SN_OP_FORWARD(matmul)

#if SN_OP_MAIN
#include "base/error.h"
#include "base/philox.h"
#include "suan/ops.h"

static sn_status infer(const void *attr, const sn_tensor *in, int n_in, sn_tensor *out) {
    const sn_matmul_attr *at = attr;
    const sn_tensor *a = &in[0], *b = &in[1];
    (void)n_in;
    if (a->dtype != b->dtype || (a->dtype != SN_F32 && a->dtype != SN_F64))
        return sn_fail(SN_ERR_SHAPE, "matmul: %s by %s: both must be f32 or both f64", sn_dtype_name(a->dtype),
                       sn_dtype_name(b->dtype));
    if (a->n_dims < 2 || b->n_dims < 2)
        return sn_fail(SN_ERR_SHAPE, "matmul: %s by %s: both need at least two dimensions", sn_shape_text(a),
                       sn_shape_text(b));
    int da = a->n_dims - 2, db = b->n_dims - 2, n_dims = da > db ? a->n_dims : b->n_dims;
    int64_t k_a = a->shape[da + !at->transpose_a], k_b = b->shape[db + at->transpose_b], shape[SN_MAX_DIMS];
    if (k_a != k_b)
        return sn_fail(SN_ERR_SHAPE, "matmul: %s%s by %s%s: inner dimensions %lld and %lld differ", sn_shape_text(a),
                       at->transpose_a ? " transposed" : "", sn_shape_text(b), at->transpose_b ? " transposed" : "",
                       (long long)k_a, (long long)k_b);
    for (int d = 0; d < n_dims - 2; d++) {
        int ea = d - (n_dims - a->n_dims), eb = d - (n_dims - b->n_dims);
        int64_t size_a = ea >= 0 ? a->shape[ea] : 1, size_b = eb >= 0 ? b->shape[eb] : 1;
        if (size_a != size_b && size_a != 1 && size_b != 1)
            return sn_fail(SN_ERR_SHAPE, "matmul: leading dimensions of %s and %s do not broadcast", sn_shape_text(a),
                           sn_shape_text(b));
        shape[d] = size_a == 1 ? size_b : size_a;
    }
    shape[n_dims - 2] = a->shape[da + at->transpose_a];
    shape[n_dims - 1] = b->shape[db + !at->transpose_b];
    return sn_infer_out(out, a->dtype, n_dims, shape);
}

/* C = A' B' with A' = A or its transpose: dA' = dC B'^T and dB' = A'^T dC, transposed back where needed. */
static void vjp(sn_graph *g, const sn_node *n, sn_value *const *grad_out, sn_value **grad_in) {
    const sn_matmul_attr *at = sn_node_attr(n);
    sn_value *a = sn_node_in(n, 0), *b = sn_node_in(n, 1), *dc = grad_out[0];
    bool ta = at->transpose_a, tb = at->transpose_b;
    sn_value *da = ta ? sn_matmul_t(g, b, dc, tb, true) : sn_matmul_t(g, dc, b, false, !tb);
    sn_value *db = tb ? sn_matmul_t(g, dc, a, true, ta) : sn_matmul_t(g, a, dc, !ta, false);
    grad_in[0] = sn_sum_like(g, da, a);
    grad_in[1] = sn_sum_like(g, db, b);
}

static sn_cost cost(const void *attr, const sn_tensor *in, int n_in, const sn_tensor *out) {
    const sn_matmul_attr *at = attr;
    (void)n_in;
    double k = (double)in[0].shape[in[0].n_dims - (at->transpose_a ? 2 : 1)];
    return (sn_cost){2 * k * (double)sn_tensor_count(out),
                     (double)(sn_tensor_bytes(&in[0]) + sn_tensor_bytes(&in[1]) + sn_tensor_bytes(out))};
}

static const sn_matmul_attr plain, a_turned = {true, false}, b_turned = {false, true}, both = {true, true};
static const sn_op_case cases[] = {
    {2, {SN_CASE_F32(-1, 1, 2, 3, 5), SN_CASE_F32(-1, 1, 2, 5, 4)}, &plain},
    {2, {SN_CASE_F32(-1, 1, 2, 17, 33), SN_CASE_F32(-1, 1, 2, 33, 19)}, &plain},
    {2, {SN_CASE_F32(-1, 1, 3, 2, 5, 3), SN_CASE_F32(-1, 1, 2, 5, 4)}, &a_turned},
    {2, {SN_CASE_F32(-1, 1, 3, 2, 3, 5), SN_CASE_F32(-1, 1, 4, 3, 1, 4, 5)}, &b_turned},
    {2, {SN_CASE_F32(-1, 1, 4, 2, 1, 5, 3), SN_CASE_F32(-1, 1, 3, 2, 4, 5)}, &both},
    {2, {SN_CASE_F32(-1, 1, 2, 1, 1), SN_CASE_F32(-1, 1, 2, 1, 1)}, &plain},
    {2, {SN_CASE_F32(-1, 1, 2, 3, 0), SN_CASE_F32(-1, 1, 2, 0, 2)}, &plain},
};
static const sn_op_case bad_cases[] = {
    {2, {SN_CASE_F32(-1, 1, 2, 3, 5), SN_CASE_F32(-1, 1, 2, 4, 3)}, &plain},
    {2, {SN_CASE_F32(-1, 1, 2, 3, 5), SN_CASE_F32(-1, 1, 2, 5, 3)}, &b_turned},
    {2, {SN_CASE_F32(-1, 1, 1, 3), SN_CASE_F32(-1, 1, 2, 3, 5)}, &plain},
    {2, {SN_CASE_F32(-1, 1, 3, 2, 3, 5), SN_CASE_F32(-1, 1, 3, 3, 5, 2)}, &plain},
};

static int64_t random_size(uint64_t seed, uint64_t stream, int64_t most) {
    return 1 + (int64_t)(sn_uniform_f64(seed, stream, 0) * (double)most);
}

static void random_case(uint64_t seed, sn_op_case *out) {
    static const sn_matmul_attr *const attrs[] = {&plain, &a_turned, &b_turned, &both};
    int64_t m = random_size(seed, 1, 150), n = random_size(seed, 2, 150), k = random_size(seed, 3, 300);
    const sn_matmul_attr *at = attrs[seed % 4];
    if (seed % 8 > 5) k += seed % 16 < 8 ? 1100 : 2000; /* long sums, as of the gradient of a weight */
    *out = (sn_op_case){2,
                        {SN_CASE_F32(-1, 1, 3, 2, at->transpose_a ? k : m, at->transpose_a ? m : k),
                         SN_CASE_F32(-1, 1, 3, 2, at->transpose_b ? n : k, at->transpose_b ? k : n)},
                        at};
    if (seed % 3 == 0) out->in[1].shape[0] = 1;
}

static const sn_op_case bench_cases[] = {
    {2, {SN_CASE_F32(-1, 1, 2, 512, 2048), SN_CASE_F32(-1, 1, 2, 2048, 2048)}, &plain},
    {2, {SN_CASE_F32(-1, 1, 3, 16, 512, 64), SN_CASE_F32(-1, 1, 3, 16, 512, 64)}, &b_turned},
};

const sn_op_def sn_op_matmul = {
    .name = "matmul",
    .formula = "out[..., i, j] = sum_l a[..., i, l] * b[..., l, j]",
    .source = "",
    .min_in = 2,
    .max_in = 2,
    .n_out = 1,
    .attr_size = sizeof(sn_matmul_attr),
    .infer = infer,
    .forward_f32 = sn_forward_f32_matmul,
    .forward_f64 = sn_forward_f64_matmul,
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

sn_value *sn_matmul_t(sn_graph *g, sn_value *a, sn_value *b, bool transpose_a, bool transpose_b) {
    if (!a || !b) return NULL;
    sn_dtype type_a = sn_value_tensor(a)->dtype, type_b = sn_value_tensor(b)->dtype;
    if (type_a == SN_F16 || type_a == SN_BF16) a = sn_cast(g, a, type_b == SN_F64 ? SN_F64 : SN_F32);
    if (type_b == SN_F16 || type_b == SN_BF16) b = sn_cast(g, b, type_a == SN_F64 ? SN_F64 : SN_F32);
    sn_matmul_attr attr = {transpose_a, transpose_b};
    return sn_node_append(g, &sn_op_matmul, (sn_value *[]){a, b}, 2, 0, &attr);
}

sn_value *sn_matmul(sn_graph *g, sn_value *a, sn_value *b) { return sn_matmul_t(g, a, b, false, false); }
#endif
