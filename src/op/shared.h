/* Small helpers that many op files share: checks, costs, random cases, values. */
#ifndef SN_OP_SHARED_H
#define SN_OP_SHARED_H

#include "graph/op.h"

/* Rows and columns of a tensor of at least one dim: all leading dims together, and the last. */
static inline int64_t sn_n_columns(const sn_tensor *t) { return t->shape[t->n_dims - 1]; }
static inline int64_t sn_n_rows(const sn_tensor *t) {
    int64_t rows = 1;
    for (int d = 0; d < t->n_dims - 1; d++) rows *= t->shape[d];
    return rows;
}
/* t split at `dim` into [outer, n, inner]. */
typedef struct sn_split {
    int64_t outer, n, inner;
} sn_split;
static inline sn_split sn_split_at(const sn_tensor *t, int dim) {
    sn_split s = {1, t->shape[dim], 1};
    for (int d = 0; d < dim; d++) s.outer *= t->shape[d];
    for (int d = dim + 1; d < t->n_dims; d++) s.inner *= t->shape[d];
    return s;
}
/* Copies all elements of `from` to the equally shaped `to`, both strided; plain dtypes. */
void sn_copy_strided(const sn_tensor *to, const sn_tensor *from);
/* The part [from, to) of t along dim. */
sn_tensor sn_tensor_part(const sn_tensor *t, int dim, int64_t from, int64_t to);

#if SN_OP_MAIN
/* SN_ERR_SHAPE unless t is f32 or f64 (i32; not a block type); `what` names the operand. */
sn_status sn_need_real(const sn_tensor *t, const char *what);
sn_status sn_need_i32(const sn_tensor *t, const char *what);
sn_status sn_need_plain(const sn_tensor *t, const char *what);
/* A real tensor of at least one dim, for the ops over the last one. */
sn_status sn_need_rows(const sn_tensor *t, const char *what);
/* SN_ERR_SHAPE unless 0 <= dim < t's dims. */
sn_status sn_need_dim(const sn_tensor *t, int dim);
/* A dim given negative counts from the last; the result may still be out of range (infer refuses it). */
int sn_resolve_dim(const sn_value *x, int dim);

/* One operation per element of the output; every operand read and the output written once. */
sn_cost sn_cost_elementwise(const void *attr, const sn_tensor *in, int n_in, const sn_tensor *out);
/* The same without operations; and nothing at all, for views. */
sn_cost sn_cost_move(const void *attr, const sn_tensor *in, int n_in, const sn_tensor *out);
sn_cost sn_cost_none(const void *attr, const sn_tensor *in, int n_in, const sn_tensor *out);

/* An integer in [low, high] for draw `index` of a random case. */
int64_t sn_random_int(uint64_t seed, uint64_t index, int64_t low, int64_t high);
/* Random cases: one shape; two shapes of which dims are dropped or set to 1 at random; one shape of rows. */
void sn_random_unary(uint64_t seed, sn_op_case *out);
void sn_random_binary(uint64_t seed, sn_op_case *out);
void sn_random_rows(uint64_t seed, sn_op_case *out);

/* What the bench times: a residual stream (with a vector for broadcasts), and rows of logits and of hidden states. */
enum { SN_N_BENCH_UNARY = 1, SN_N_BENCH_BINARY = 2 };
extern const sn_op_case sn_bench_unary[SN_N_BENCH_UNARY], sn_bench_binary[SN_N_BENCH_BINARY];

/* A scalar constant of v's dtype; NULL for a NULL v. */
sn_value *sn_scalar_like(sn_graph *g, const sn_value *v, double value);
#endif
#endif
