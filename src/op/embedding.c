/* embedding: rows of a table in any float or block type, by index. */
#include "graph/op.h"

#include <string.h>

/* The output is f64 only where the table is. */
static void load_row(const sn_tensor *table, const char *row, real *to) {
    int64_t step = table->stride[1], d = table->shape[1];
    if (table->dtype == SN_REAL_DTYPE)
        for (int64_t i = 0; i < d; i++) to[i] = *(const real *)(row + i * step);
    else if (step == sn_dtype_bytes(table->dtype))
        sn_to_f32(table->dtype, row, (float *)(void *)to, d);
    else
        for (int64_t i = 0; i < d; i++) sn_to_f32(table->dtype, row + i * step, (float *)(void *)to + i, 1);
}

/* An id outside the table gives a row of zeros: ids are run-time data, and kernels cannot fail. */
static void forward(const sn_call *c) {
    const sn_tensor *table = &c->in[0], *ids = &c->in[1], *out = &c->out[0];
    int64_t n = sn_tensor_count(ids), v = table->shape[0], d = table->shape[1];
    for (int64_t i = 0; i < n; i++) {
        int32_t id = sn_i32_at(ids, i);
        real *to = (real *)out->data + i * d;
        const char *row = (const char *)table->data + id * table->stride[0];
        if (id < 0 || id >= v)
            memset(to, 0, (size_t)d * sizeof *to);
        else
            load_row(table, row, to);
    }
}
SN_OP_FORWARD(embedding)

#if SN_OP_MAIN
#include "base/error.h"
#include "suan/ops.h"

static sn_status infer(const void *attr, const sn_tensor *in, int n_in, sn_tensor *out) {
    const sn_tensor *table = &in[0], *ids = &in[1];
    int64_t shape[SN_MAX_DIMS];
    (void)attr, (void)n_in;
    if (!sn_dtype_is_float(table->dtype) && !sn_dtype_is_block(table->dtype))
        return sn_fail(SN_ERR_SHAPE, "embedding: the table is %s: it must be a float or quantized type",
                       sn_dtype_name(table->dtype));
    if (table->n_dims != 2)
        return sn_fail(SN_ERR_SHAPE, "embedding: the table %s must have two dimensions", sn_shape_text(table));
    if (ids->dtype != SN_I32 || ids->n_dims >= SN_MAX_DIMS)
        return sn_fail(SN_ERR_SHAPE, "embedding: the ids are %s %s: they must be i32 of at most %d dimensions",
                       sn_dtype_name(ids->dtype), sn_shape_text(ids), SN_MAX_DIMS - 1);
    for (int d = 0; d < ids->n_dims; d++) shape[d] = ids->shape[d];
    shape[ids->n_dims] = table->shape[1];
    return sn_infer_out(out, table->dtype == SN_F64 ? SN_F64 : SN_F32, ids->n_dims + 1, shape);
}

static void vjp(sn_graph *g, const sn_node *n, sn_value *const *grad_out, sn_value **grad_in) {
    sn_value *table = sn_node_in(n, 0), *ids = sn_node_in(n, 1);
    const sn_tensor *t = sn_value_tensor(table);
    if (!sn_dtype_is_float(t->dtype)) return;
    sn_value *rows = sn_reshape(g, grad_out[0], 2, (int64_t[]){-1, t->shape[1]});
    sn_value *flat = sn_reshape(g, ids, 1, (int64_t[]){-1});
    grad_in[0] = sn_cast(g, sn_scatter_add(g, rows, flat, t->shape[0]), t->dtype);
}

static sn_cost cost(const void *attr, const sn_tensor *in, int n_in, const sn_tensor *out) {
    (void)attr, (void)in, (void)n_in;
    return (sn_cost){0, 2 * (double)sn_tensor_bytes(out)};
}

static const sn_op_case cases[] = {
    {2, {SN_CASE_F32(-1, 1, 2, 7, 5), SN_CASE_I32(0, 7, 1, 9)}, NULL},
    {2, {SN_CASE_F32(-1, 1, 2, 3, 1), SN_CASE_I32(0, 3, 2, 2, 3)}, NULL},
    {2, {SN_CASE_F32(-1, 1, 2, 3, 4), SN_CASE_I32(-2, 6, 1, 4)}, NULL},
    {2, {SN_CASE_IN(SN_F16, -1, 1, 2, 5, 11), SN_CASE_I32(0, 5, 1, 40)}, NULL},
    {2, {SN_CASE_IN(SN_Q5_0, -1, 1, 2, 3, 64), SN_CASE_I32(0, 3, 1, 4)}, NULL},
};

const sn_op_def sn_op_embedding = {
    .name = "embedding",
    .formula = "out[..., :] = table[ids[...], :], zeros where an id is outside the table",
    .source = "",
    .min_in = 2,
    .max_in = 2,
    .n_out = 1,
    .infer = infer,
    .forward_f32 = sn_forward_f32_embedding,
    .forward_f64 = sn_forward_f64_embedding,
    .vjp = vjp,
    .cost = cost,
    .cases = cases,
    .n_cases = SN_COUNT(cases),
};

sn_value *sn_embedding(sn_graph *g, sn_value *table, sn_value *ids) {
    return sn_node_append(g, &sn_op_embedding, (sn_value *[]){table, ids}, 2, 0, NULL);
}
#endif
