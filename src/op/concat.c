/* concat: tensors one after another along a dimension. */
#include "op/shared.h"

static void forward(const sn_call *c) {
    const sn_dim_attr *attr = c->attr;
    int64_t from = 0;
    for (int i = 0; i < c->n_in; i++) {
        int64_t to = from + c->in[i].shape[attr->dim];
        sn_tensor part = sn_tensor_part(&c->out[0], attr->dim, from, to);
        sn_copy_strided(&part, &c->in[i]);
        from = to;
    }
}
SN_OP_FORWARD(concat)

#if SN_OP_MAIN
#include "base/error.h"
#include "base/size.h"

static sn_status infer(const void *attr, const sn_tensor *in, int n_in, sn_tensor *out) {
    const sn_dim_attr *a = attr;
    int64_t shape[SN_MAX_DIMS] = {0}, total = 0;
    SN_TRY(sn_need_plain(&in[0], "the first operand"));
    SN_TRY(sn_need_dim(&in[0], a->dim));
    for (int i = 0; i < n_in; i++) {
        sn_tensor like = in[0];
        if (in[i].n_dims == like.n_dims) like.shape[a->dim] = in[i].shape[a->dim];
        if (!sn_same_shape(&like, &in[i]) || in[i].dtype != like.dtype)
            return sn_fail(SN_ERR_SHAPE, "operand %d is %s %s, the first one %s %s: only dimension %d may differ", i,
                           sn_dtype_name(in[i].dtype), sn_shape_text(&in[i]), sn_dtype_name(in[0].dtype),
                           sn_shape_text(&in[0]), a->dim);
        if (!sn_add_i64(total, in[i].shape[a->dim], &total))
            return sn_fail(SN_ERR_SHAPE, "dimension %d overflows", a->dim);
    }
    for (int d = 0; d < in[0].n_dims; d++) shape[d] = d == a->dim ? total : in[0].shape[d];
    return sn_infer_out(out, in[0].dtype, in[0].n_dims, shape);
}

static void vjp(sn_graph *g, const sn_node *n, sn_value *const *grad_out, sn_value **grad_in) {
    const sn_dim_attr *a = sn_node_attr(n);
    int64_t from = 0;
    for (int i = 0; i < sn_node_n_in(n); i++) {
        int64_t to = from + sn_value_tensor(sn_node_in(n, i))->shape[a->dim];
        grad_in[i] = sn_slice(g, grad_out[0], a->dim, from, to);
        from = to;
    }
}

static const sn_dim_attr attr_0 = {.dim = 0}, attr_1 = {.dim = 1};
static const sn_op_case cases[] = {
    {.n_in = 2, .in = {SN_CASE_F32(-1, 1, 2, 3, 5), SN_CASE_F32(-1, 1, 2, 2, 5)}, .attr = &attr_0},
    {.n_in = 3,
     .in = {SN_CASE_F32(-1, 1, 3, 2, 1, 3), SN_CASE_F32(-1, 1, 3, 2, 4, 3), SN_CASE_F32(-1, 1, 3, 2, 0, 3)},
     .attr = &attr_1},
    {.n_in = 1, .in = {SN_CASE_F32(-1, 1, 1, 7)}, .attr = &attr_0},
    {.n_in = 2, .in = {SN_CASE_I32(-9, 9, 2, 3, 2), SN_CASE_I32(-9, 9, 2, 3, 1)}, .attr = &attr_1},
};
static const sn_op_case bad_cases[] = {
    {.n_in = 2, .in = {SN_CASE_F32(-1, 1, 2, 3, 5), SN_CASE_F32(-1, 1, 2, 2, 4)}, .attr = &attr_0},
    {.n_in = 2, .in = {SN_CASE_F32(-1, 1, 2, 3, 5), SN_CASE_F32(-1, 1, 1, 5)}, .attr = &attr_0},
    {.n_in = 2, .in = {SN_CASE_F32(-1, 1, 1, 5), SN_CASE_I32(-1, 1, 1, 5)}, .attr = &attr_0},
    {.n_in = 1, .in = {SN_CASE_F32(-1, 1, 1, 5)}, .attr = &attr_1},
};

static void random_case(uint64_t seed, sn_op_case *out) {
    sn_random_unary(seed, out);
    out->n_in = 3;
    out->in[1] = out->in[2] = out->in[0];
    out->in[1].shape[0] = 5;
}

static const sn_op_case bench_cases[] = {
    {.n_in = 2, .in = {SN_CASE_F32(-1, 1, 2, 2048, 1024), SN_CASE_F32(-1, 1, 2, 2048, 1024)}, .attr = &attr_1},
};

const sn_op_def sn_op_concat = {
    .name = "concat",
    .formula = "out = the operands one after another along dim",
    .source = "",
    .min_in = 1,
    .max_in = SN_MAX_INPUTS,
    .n_out = 1,
    .attr_size = sizeof(sn_dim_attr),
    .infer = infer,
    .forward_f32 = sn_forward_f32_concat,
    .forward_f64 = sn_forward_f64_concat,
    .vjp = vjp,
    .cost = sn_cost_move,
    .cases = cases,
    .n_cases = SN_COUNT(cases),
    .bad_cases = bad_cases,
    .n_bad_cases = SN_COUNT(bad_cases),
    .random_case = random_case,
    .bench_cases = bench_cases,
    .n_bench_cases = SN_COUNT(bench_cases),
};

sn_value *sn_concat(sn_graph *g, sn_value *const *x, int n, int dim) {
    if (n < 1 || n > SN_MAX_INPUTS)
        return sn_graph_fail(g, SN_ERR_SHAPE, "concat: %d operands: 1 to %d are possible", n, SN_MAX_INPUTS);
    return sn_node_append(g, &sn_op_concat, x, n, 0, &(sn_dim_attr){.dim = sn_resolve_dim(x[0], dim)});
}
#endif
