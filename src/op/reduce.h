/* What the reductions over one dimension share. */
#ifndef SN_OP_REDUCE_H
#define SN_OP_REDUCE_H

#include "op/shared.h"

#if SN_OP_MAIN
sn_status sn_infer_reduce(const void *attr, const sn_tensor *in, int n_in, sn_tensor *out);
/* One operation per element of the input. */
sn_cost sn_cost_reduce(const void *attr, const sn_tensor *in, int n_in, const sn_tensor *out);
/* `v`, of a reduction's output shape, spread again over the reduced dim of x. */
sn_value *sn_unreduce(sn_graph *g, sn_value *v, const sn_value *x, const sn_dim_attr *attr);
/* A random split of the reduced dim 0, of ragged sizes. */
void sn_random_reduce(uint64_t seed, sn_op_case *out);

enum { SN_N_BAD_REDUCE = 3 };
extern const sn_op_case sn_bad_reduce[SN_N_BAD_REDUCE];
extern const sn_dim_attr sn_reduce_0, sn_reduce_1, sn_reduce_1_keep, sn_reduce_2;

/* Rows, columns, a middle dim, one element, no output. */
#define SN_REDUCE_CASES(low, high)                                                                                     \
    {.n_in = 1, .in = {SN_CASE_F32(low, high, 2, 3, 7)}, .attr = &sn_reduce_1},                                        \
        {.n_in = 1, .in = {SN_CASE_F32(low, high, 2, 5, 3)}, .attr = &sn_reduce_0},                                    \
        {.n_in = 1, .in = {SN_CASE_F32(low, high, 3, 2, 5, 3)}, .attr = &sn_reduce_1_keep},                            \
        {.n_in = 1, .in = {SN_CASE_F32(low, high, 3, 2, 3, 19)}, .attr = &sn_reduce_2},                                \
        {.n_in = 1, .in = {SN_CASE_F32(low, high, 1, 1)}, .attr = &sn_reduce_0}, {                                     \
        .n_in = 1, .in = {SN_CASE_F32(low, high, 2, 0, 4)}, .attr = &sn_reduce_1                                       \
    }
#endif
#endif
