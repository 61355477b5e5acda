/* gather: rows by index. An index outside the table gives a row of zeros: kernels cannot fail. */
#include "op/shared.h"

#include <string.h>

static void forward(const sn_call *c) {
    const sn_tensor *x = &c->in[0], *index = &c->in[1], *out = &c->out[0];
    memset(out->data, 0, (size_t)sn_tensor_bytes(out));
    for (int64_t i = 0; i < index->shape[0]; i++) {
        int64_t row = sn_i32_at(index, i);
        if (row < 0 || row >= x->shape[0]) continue;
        sn_tensor to = sn_tensor_part(out, 0, i, i + 1), from = sn_tensor_part(x, 0, row, row + 1);
        sn_copy_strided(&to, &from);
    }
}
SN_OP_FORWARD(gather)

#if SN_OP_MAIN
#include "base/error.h"

static sn_status infer(const void *attr, const sn_tensor *in, int n_in, sn_tensor *out) {
    int64_t shape[SN_MAX_DIMS] = {0};
    (void)attr, (void)n_in;
    SN_TRY(sn_need_plain(&in[0], "the table"));
    SN_TRY(sn_need_i32(&in[1], "the index"));
    SN_TRY(sn_need_dim(&in[0], 0));
    if (in[1].n_dims != 1)
        return sn_fail(SN_ERR_SHAPE, "the index has shape %s: it must be a vector", sn_shape_text(&in[1]));
    for (int d = 0; d < in[0].n_dims; d++) shape[d] = d == 0 ? in[1].shape[0] : in[0].shape[d];
    return sn_infer_out(out, in[0].dtype, in[0].n_dims, shape);
}

static void vjp(sn_graph *g, const sn_node *n, sn_value *const *grad_out, sn_value **grad_in) {
    int64_t n_rows = sn_value_tensor(sn_node_in(n, 0))->shape[0];
    grad_in[0] = sn_scatter_add(g, grad_out[0], sn_node_in(n, 1), n_rows);
}

static sn_cost cost(const void *attr, const sn_tensor *in, int n_in, const sn_tensor *out) {
    (void)attr, (void)n_in;
    return (sn_cost){0, 2.0 * (double)sn_tensor_bytes(out) + (double)sn_tensor_bytes(&in[1])};
}

static const sn_op_case cases[] = {
    {.n_in = 2, .in = {SN_CASE_F32(-1, 1, 2, 4, 5), SN_CASE_I32(0, 4, 1, 7)}},
    {.n_in = 2, .in = {SN_CASE_F32(-1, 1, 3, 4, 2, 3), SN_CASE_I32(-1, 5, 1, 6)}},
    {.n_in = 2, .in = {SN_CASE_F32(-1, 1, 1, 4), SN_CASE_I32(0, 4, 1, 0)}},
    {.n_in = 2, .in = {SN_CASE_F32(-1, 1, 2, 0, 3), SN_CASE_I32(0, 1, 1, 2)}},
};
static const sn_op_case bad_cases[] = {
    {.n_in = 2, .in = {SN_CASE_F32(-1, 1, 2, 4, 5), SN_CASE_F32(0, 4, 1, 7)}},
    {.n_in = 2, .in = {SN_CASE_F32(-1, 1, 0, 0), SN_CASE_I32(0, 4, 1, 7)}},
    {.n_in = 2, .in = {SN_CASE_F32(-1, 1, 2, 4, 5), SN_CASE_I32(0, 4, 2, 7, 1)}},
};

static void random_case(uint64_t seed, sn_op_case *out) {
    sn_random_unary(seed, out);
    out->n_in = 2;
    out->in[1].n_dims = 1;
    out->in[1].shape[0] = sn_random_int(seed, 20, 1, 50);
}

static const sn_op_case bench_cases[] = {
    {.n_in = 2, .in = {SN_CASE_F32(-1, 1, 2, 8192, 2048), SN_CASE_I32(0, 8192, 1, 2048)}},
};

const sn_op_def sn_op_gather = {
    .name = "gather",
    .formula = "out[i, ...] = x[index[i], ...], 0 for an index outside x",
    .source = "",
    .min_in = 2,
    .max_in = 2,
    .n_out = 1,
    .infer = infer,
    .forward_f32 = sn_forward_f32_gather,
    .forward_f64 = sn_forward_f64_gather,
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

sn_value *sn_gather(sn_graph *g, sn_value *x, sn_value *index) {
    return sn_node_append(g, &sn_op_gather, (sn_value *[]){x, index}, 2, 0, NULL);
}
#endif
