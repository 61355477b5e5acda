#include "op/reduce.h"

#if SN_OP_MAIN
#include "base/error.h"

const sn_dim_attr sn_reduce_0 = {0, false}, sn_reduce_1 = {1, false}, sn_reduce_1_keep = {1, true},
                  sn_reduce_2 = {2, false};

sn_status sn_infer_reduce(const void *attr, const sn_tensor *in, int n_in, sn_tensor *out) {
    const sn_dim_attr *a = attr;
    int64_t shape[SN_MAX_DIMS] = {0};
    int n_dims = 0;
    (void)n_in;
    SN_TRY(sn_need_real(&in[0], "the operand"));
    SN_TRY(sn_need_dim(&in[0], a->dim));
    for (int d = 0; d < in[0].n_dims; d++)
        if (d != a->dim || a->keep) shape[n_dims++] = d == a->dim ? 1 : in[0].shape[d];
    return sn_infer_out(out, in[0].dtype, n_dims, shape);
}

sn_cost sn_cost_reduce(const void *attr, const sn_tensor *in, int n_in, const sn_tensor *out) {
    return (sn_cost){(double)sn_tensor_count(&in[0]), sn_cost_elementwise(attr, in, n_in, out).bytes};
}

sn_value *sn_unreduce(sn_graph *g, sn_value *v, const sn_value *x, const sn_dim_attr *attr) {
    sn_tensor kept = *sn_value_tensor(x);
    kept.shape[attr->dim] = 1;
    return sn_broadcast(g, sn_reshape(g, v, kept.n_dims, kept.shape), kept.n_dims, sn_value_tensor(x)->shape);
}

void sn_random_reduce(uint64_t seed, sn_op_case *out) {
    static const sn_dim_attr *const attrs[] = {&sn_reduce_0, &sn_reduce_1, &sn_reduce_2};
    int n_dims = (int)sn_random_int(seed, 0, 1, 3);
    out->n_in = 1;
    out->in[0].n_dims = n_dims;
    for (int d = 0; d < n_dims; d++)
        out->in[0].shape[d] = sn_random_int(seed, 1 + (uint64_t)d, 1, n_dims == 1 ? 50000 : 60);
    out->attr = attrs[sn_random_int(seed, 9, 0, n_dims - 1)];
}

const sn_op_case sn_bad_reduce[SN_N_BAD_REDUCE] = {
    {.n_in = 1, .in = {SN_CASE_F32(-1, 1, 1, 5)}, .attr = &sn_reduce_1},
    {.n_in = 1, .in = {SN_CASE_F32(-1, 1, 0, 0)}, .attr = &sn_reduce_0},
    {.n_in = 1, .in = {SN_CASE_I32(-1, 1, 2, 3, 5)}, .attr = &sn_reduce_0},
};
#endif
