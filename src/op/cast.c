/* cast: the same values in another element type. */
#include "graph/op.h"

#include "base/size.h"

typedef struct cast_attr {
    sn_dtype dtype;
} cast_attr;

enum { max_chunk = 256 };

static double load_f64(const sn_tensor *x, const char *from) {
    float f;
    if (x->dtype == SN_F64) return *(const double *)(const void *)from;
    if (x->dtype == SN_I32) return *(const int32_t *)(const void *)from;
    sn_to_f32(x->dtype, from, &f, 1);
    return (double)f;
}

/* count values of one row: from a plain type they may be strided. */
static void cast_chunk(const sn_tensor *x, const char *from, int64_t step, const sn_tensor *out, char *to,
                       int64_t count) {
    float values[max_chunk];
    if (out->dtype == SN_F64 && !sn_dtype_is_block(x->dtype)) {
        for (int64_t i = 0; i < count; i++) ((double *)(void *)to)[i] = load_f64(x, from + i * step);
        return;
    }
    if (step == sn_dtype_bytes(x->dtype))
        sn_to_f32(x->dtype, from, values, count);
    else
        for (int64_t i = 0; i < count; i++) sn_to_f32(x->dtype, from + i * step, &values[i], 1);
    sn_from_f32(out->dtype, values, to, count);
}

/* The same in both builds: the types come from the tensors, not from `real`. */
static void forward(const sn_call *c) {
    const sn_tensor *x = &c->in[0], *out = &c->out[0];
    int last = x->n_dims - 1;
    int64_t n = sn_tensor_count(x), row = x->n_dims ? x->shape[last] : 1, block = sn_dtype_block(x->dtype);
    int64_t step = x->n_dims ? x->stride[last] : sn_dtype_bytes(x->dtype);
    sn_tensor rows = *x; /* the leading dimensions, to find where each row starts */
    rows.n_dims = x->n_dims ? last : 0;
    for (int64_t r = 0; n > 0 && r < n / row; r++)
        for (int64_t i = 0; i < row; i += max_chunk) {
            const char *from = (const char *)x->data + sn_offset(&rows, r) + i / block * step;
            char *to = (char *)out->data + (r * row + i) * sn_dtype_bytes(out->dtype);
            cast_chunk(x, from, step, out, to, sn_min_i64(max_chunk, row - i));
        }
}
SN_OP_FORWARD(cast)

#if SN_OP_MAIN
#include "base/error.h"
#include "suan/ops.h"

static bool castable(sn_dtype t) { return sn_dtype_is_float(t) || sn_dtype_is_block(t) || t == SN_I32 || t == SN_I8; }

static sn_status infer(const void *attr, const sn_tensor *in, int n_in, sn_tensor *out) {
    const cast_attr *a = attr;
    (void)n_in;
    if (!castable(in[0].dtype) || !castable(a->dtype) || sn_dtype_is_block(a->dtype))
        return sn_fail(SN_ERR_SHAPE, "cast: %s to %s: from float, quantized, i32 or i8 to float, i32 or i8 is possible",
                       sn_dtype_name(in[0].dtype), sn_dtype_name(a->dtype));
    return sn_infer_out(out, a->dtype, in[0].n_dims, in[0].shape);
}

static void vjp(sn_graph *g, const sn_node *n, sn_value *const *grad_out, sn_value **grad_in) {
    sn_dtype dtype = sn_value_tensor(sn_node_in(n, 0))->dtype;
    const cast_attr *a = sn_node_attr(n);
    if (sn_dtype_is_float(dtype) && sn_dtype_is_float(a->dtype)) grad_in[0] = sn_cast(g, grad_out[0], dtype);
}

static sn_cost cost(const void *attr, const sn_tensor *in, int n_in, const sn_tensor *out) {
    (void)attr, (void)n_in;
    return (sn_cost){0, (double)(sn_tensor_bytes(&in[0]) + sn_tensor_bytes(out))};
}

static const cast_attr to_f64 = {SN_F64}, to_f32 = {SN_F32}, to_f16 = {SN_F16}, to_bf16 = {SN_BF16};
static const sn_op_case cases[] = {
    {1, {SN_CASE_F32(-1, 1, 2, 3, 5)}, &to_f64},           {1, {SN_CASE_F32(-1, 1, 0, 0)}, &to_f64},
    {1, {SN_CASE_F32(-1, 1, 2, 7, 13)}, &to_f16},          {1, {SN_CASE_F32(-1, 1, 2, 7, 13)}, &to_bf16},
    {1, {SN_CASE_IN(SN_F16, -1, 1, 2, 5, 11)}, &to_f32},   {1, {SN_CASE_IN(SN_BF16, -1, 1, 2, 5, 11)}, &to_f32},
    {1, {SN_CASE_IN(SN_Q4_K, -1, 1, 2, 1, 256)}, &to_f32},
};

const sn_op_def sn_op_cast = {
    .name = "cast",
    .formula = "out[...] = x[...] in another type, rounded to nearest even",
    .source = "",
    .min_in = 1,
    .max_in = 1,
    .n_out = 1,
    .attr_size = sizeof(cast_attr),
    .infer = infer,
    .forward_f32 = sn_forward_f32_cast,
    .forward_f64 = sn_forward_f64_cast,
    .vjp = vjp,
    .cost = cost,
    .cases = cases,
    .n_cases = SN_COUNT(cases),
};

sn_value *sn_cast(sn_graph *g, sn_value *x, sn_dtype dtype) {
    if (x && sn_value_tensor(x)->dtype == dtype) return x;
    cast_attr attr = {dtype};
    return sn_node_append(g, &sn_op_cast, &x, 1, 0, &attr);
}
#endif
