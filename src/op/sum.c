/* sum: over one dimension; and the builders made of it: mean, sums over everything or over broadcast dims. */
#include "op/reduce.h"

/* Sums in double, so that the reference settles what a fast kernel should give. */
static void forward(const sn_call *c) {
    const sn_dim_attr *attr = c->attr;
    sn_split s = sn_split_at(&c->in[0], attr->dim);
    real *y = c->out[0].data;
    for (int64_t o = 0; o < s.outer; o++)
        for (int64_t i = 0; i < s.inner; i++) {
            double sum = 0;
            for (int64_t k = 0; k < s.n; k++) sum += (double)*sn_real_at(&c->in[0], (o * s.n + k) * s.inner + i);
            y[o * s.inner + i] = (real)sum;
        }
}
SN_OP_FORWARD(sum)

#if SN_OP_MAIN
static void vjp(sn_graph *g, const sn_node *n, sn_value *const *grad_out, sn_value **grad_in) {
    grad_in[0] = sn_unreduce(g, grad_out[0], sn_node_in(n, 0), sn_node_attr(n));
}

static const sn_op_case cases[] = {
    SN_REDUCE_CASES(-1, 1),
    {.n_in = 1, .in = {SN_CASE_F32(-1, 1, 2, 3, 0)}, .attr = &sn_reduce_1},
};

static const sn_op_case bench_cases[] = {
    {.n_in = 1, .in = {SN_CASE_F32(-1, 1, 2, 2048, 2048)}, .attr = &sn_reduce_0},
    {.n_in = 1, .in = {SN_CASE_F32(-1, 1, 2, 2048, 2048)}, .attr = &sn_reduce_1},
};

const sn_op_def sn_op_sum = {
    .name = "sum",
    .formula = "out = sum of x over dim",
    .source = "",
    .min_in = 1,
    .max_in = 1,
    .n_out = 1,
    .attr_size = sizeof(sn_dim_attr),
    .infer = sn_infer_reduce,
    .forward_f32 = sn_forward_f32_sum,
    .forward_f64 = sn_forward_f64_sum,
    .vjp = vjp,
    .cost = sn_cost_reduce,
    .cases = cases,
    .n_cases = SN_COUNT(cases),
    .bad_cases = sn_bad_reduce,
    .n_bad_cases = SN_N_BAD_REDUCE,
    .random_case = sn_random_reduce,
    .bench_cases = bench_cases,
    .n_bench_cases = SN_COUNT(bench_cases),
};

sn_value *sn_sum(sn_graph *g, sn_value *x, int dim, bool keep) {
    return sn_node_append(g, &sn_op_sum, &x, 1, 0, &(sn_dim_attr){sn_resolve_dim(x, dim), keep});
}

sn_value *sn_mean(sn_graph *g, sn_value *x, int dim, bool keep) {
    sn_value *sum = sn_sum(g, x, dim, keep);
    if (!sum) return NULL;
    return sn_scale(g, sum, 1 / (double)sn_value_tensor(x)->shape[sn_resolve_dim(x, dim)], 0);
}

sn_value *sn_sum_all(sn_graph *g, sn_value *x) {
    return sn_sum(g, sn_reshape(g, x, 1, (int64_t[]){x ? sn_tensor_count(sn_value_tensor(x)) : 0}), 0, false);
}

sn_value *sn_mean_all(sn_graph *g, sn_value *x) {
    sn_value *sum = sn_sum_all(g, x);
    return sum ? sn_scale(g, sum, 1 / (double)sn_tensor_count(sn_value_tensor(x)), 0) : NULL;
}

sn_value *sn_sum_like(sn_graph *g, sn_value *x, sn_value *like) {
    if (!x || !like) return NULL;
    const sn_tensor *from = sn_value_tensor(x), *to = sn_value_tensor(like);
    if (sn_same_shape(from, to)) return x;
    sn_tensor check;
    if (sn_infer_broadcast("sum_like", from, to, &check) != SN_OK || !sn_same_shape(&check, from))
        return sn_graph_fail(g, SN_ERR_SHAPE, "sum_like: %s cannot have been broadcast to %s", sn_shape_text(to),
                             sn_shape_text(from));
    int added = from->n_dims - to->n_dims;
    if (added > 0) { /* all leading dims at once */
        int64_t shape[SN_MAX_DIMS + 1] = {1};
        for (int d = 0; d < added; d++) shape[0] *= from->shape[d];
        for (int d = 0; d < to->n_dims; d++) shape[1 + d] = from->shape[added + d];
        x = sn_sum(g, sn_reshape(g, x, 1 + to->n_dims, shape), 0, false);
    }
    for (int d = 0; d < to->n_dims && x; d++)
        if (to->shape[d] != sn_value_tensor(x)->shape[d]) x = sn_sum(g, x, d, true);
    return x;
}
#endif
