/* max_over: the largest element along a dimension. Its gradient is shared equally by all elements that
 * reach it. */
#include "op/reduce.h"

static void forward(const sn_call *c) {
    const sn_dim_attr *attr = c->attr;
    sn_split s = sn_split_at(&c->in[0], attr->dim);
    real *y = c->out[0].data;
    for (int64_t o = 0; o < s.outer; o++)
        for (int64_t i = 0; i < s.inner; i++) {
            real best = *sn_real_at(&c->in[0], o * s.n * s.inner + i);
            for (int64_t k = 1; k < s.n; k++) {
                real x = *sn_real_at(&c->in[0], (o * s.n + k) * s.inner + i);
                if (x > best) best = x;
            }
            y[o * s.inner + i] = best;
        }
}
SN_OP_FORWARD(max_over)

#if SN_OP_MAIN
#include "base/error.h"

static sn_status infer(const void *attr, const sn_tensor *in, int n_in, sn_tensor *out) {
    const sn_dim_attr *a = attr;
    SN_TRY(sn_infer_reduce(attr, in, n_in, out));
    if (in[0].shape[a->dim] == 0 && sn_tensor_count(out) > 0)
        return sn_fail(SN_ERR_SHAPE, "dimension %d of %s is empty: it has no largest element", a->dim,
                       sn_shape_text(&in[0]));
    return SN_OK;
}

static void vjp(sn_graph *g, const sn_node *n, sn_value *const *grad_out, sn_value **grad_in) {
    const sn_dim_attr *attr = sn_node_attr(n);
    sn_value *x = sn_node_in(n, 0), *top = sn_unreduce(g, sn_node_out(n, 0), x, attr);
    sn_value *mask = sn_scale(g, sn_less(g, x, top), -1, 1); /* 1 at the largest elements */
    sn_value *share = sn_div(g, grad_out[0], sn_sum(g, mask, attr->dim, attr->keep));
    grad_in[0] = sn_mul(g, mask, sn_unreduce(g, share, x, attr));
}

static const sn_op_case cases[] = {SN_REDUCE_CASES(-1, 1)};
static const sn_op_case bad_cases[] = {
    {.n_in = 1, .in = {SN_CASE_F32(-1, 1, 2, 3, 0)}, .attr = &sn_reduce_1},
    {.n_in = 1, .in = {SN_CASE_F32(-1, 1, 1, 5)}, .attr = &sn_reduce_1},
};

static const sn_op_case bench_cases[] = {
    {.n_in = 1, .in = {SN_CASE_F32(-1, 1, 2, 2048, 2048)}, .attr = &sn_reduce_1},
};

const sn_op_def sn_op_max_over = {
    .name = "max_over",
    .formula = "out = max of x over dim",
    .source = "",
    .min_in = 1,
    .max_in = 1,
    .n_out = 1,
    .attr_size = sizeof(sn_dim_attr),
    .infer = infer,
    .forward_f32 = sn_forward_f32_max_over,
    .forward_f64 = sn_forward_f64_max_over,
    .vjp = vjp,
    .cost = sn_cost_reduce,
    .cases = cases,
    .n_cases = SN_COUNT(cases),
    .bad_cases = bad_cases,
    .n_bad_cases = SN_COUNT(bad_cases),
    .random_case = sn_random_reduce,
    .bench_cases = bench_cases,
    .n_bench_cases = SN_COUNT(bench_cases),
};

sn_value *sn_max_over(sn_graph *g, sn_value *x, int dim, bool keep) {
    return sn_node_append(g, &sn_op_max_over, &x, 1, 0, &(sn_dim_attr){sn_resolve_dim(x, dim), keep});
}
#endif
