/* The builders of all ops. Include suan/graph.h. Shapes are row-major; dims may be given negative to
 * count from the last. Two-operand elementwise builders broadcast as NumPy does. */
#ifndef SUAN_OPS_H
#define SUAN_OPS_H

#include "suan/graph.h"
#include "suan/position.h"
#include "suan/smoothmax.h"

/* -- constants and types -- */
SN_API sn_value *sn_fill(sn_graph *g, sn_dtype dtype, int n_dims, const int64_t *shape, double value);
SN_API sn_value *sn_cast(sn_graph *g, sn_value *x, sn_dtype dtype);
SN_API sn_value *sn_copy(sn_graph *g, sn_value *x); /* contiguous copy */
SN_API sn_value *sn_stop_gradient(sn_graph *g, sn_value *x);

/* -- elementwise, broadcasting -- */
SN_API sn_value *sn_add(sn_graph *g, sn_value *a, sn_value *b);
SN_API sn_value *sn_sub(sn_graph *g, sn_value *a, sn_value *b);
SN_API sn_value *sn_mul(sn_graph *g, sn_value *a, sn_value *b);
SN_API sn_value *sn_div(sn_graph *g, sn_value *a, sn_value *b);
SN_API sn_value *sn_max(sn_graph *g, sn_value *a, sn_value *b);
SN_API sn_value *sn_min(sn_graph *g, sn_value *a, sn_value *b);
/* A smooth maximum of sharpness k: smooth also where a = b, nothing overflows. The power families want a, b >= 0. */
SN_API sn_value *sn_smooth_max(sn_graph *g, sn_value *a, sn_value *b, sn_smoothmax_family family, double k);
SN_API sn_value *sn_pow(sn_graph *g, sn_value *a, sn_value *b);
SN_API sn_value *sn_less(sn_graph *g, sn_value *a, sn_value *b); /* 1 where a < b, else 0; of a's dtype */
SN_API sn_value *sn_where(sn_graph *g, sn_value *condition, sn_value *a, sn_value *b); /* a where condition != 0 */

/* -- elementwise, one operand -- */
SN_API sn_value *sn_neg(sn_graph *g, sn_value *x);
SN_API sn_value *sn_abs(sn_graph *g, sn_value *x);
SN_API sn_value *sn_sign(sn_graph *g, sn_value *x);
SN_API sn_value *sn_square(sn_graph *g, sn_value *x);
SN_API sn_value *sn_sqrt(sn_graph *g, sn_value *x);
SN_API sn_value *sn_rsqrt(sn_graph *g, sn_value *x);
SN_API sn_value *sn_exp(sn_graph *g, sn_value *x);
SN_API sn_value *sn_log(sn_graph *g, sn_value *x);
SN_API sn_value *sn_expm1(sn_graph *g, sn_value *x); /* e^x - 1 and ln(1 + x), exact where x is small */
SN_API sn_value *sn_log1p(sn_graph *g, sn_value *x);
SN_API sn_value *sn_sin(sn_graph *g, sn_value *x);
SN_API sn_value *sn_cos(sn_graph *g, sn_value *x);
SN_API sn_value *sn_atan(sn_graph *g, sn_value *x);
SN_API sn_value *sn_tanh(sn_graph *g, sn_value *x);
SN_API sn_value *sn_sigmoid(sn_graph *g, sn_value *x);
SN_API sn_value *sn_softplus(sn_graph *g, sn_value *x);
SN_API sn_value *sn_erf(sn_graph *g, sn_value *x);
SN_API sn_value *sn_relu(sn_graph *g, sn_value *x);
SN_API sn_value *sn_silu(sn_graph *g, sn_value *x);
SN_API sn_value *sn_silu_mul(sn_graph *g, sn_value *gate, sn_value *up); /* silu(gate) * up in one pass, broadcasting */
/* A gated network of rows in one op; its gradient computes the hidden numbers again. For training in bf16. */
SN_API sn_value *sn_swiglu(sn_graph *g, sn_value *x, sn_value *gate, sn_value *up, sn_value *down);
/* Three weights over the same rows. For training in bf16. */
SN_API void sn_linear3(sn_graph *g, sn_value *x, sn_value *const w[3], sn_value *out[3]);
SN_API sn_value *sn_gelu(sn_graph *g, sn_value *x);                                /* exact, by erf */
SN_API sn_value *sn_gelu_tanh(sn_graph *g, sn_value *x);                           /* the tanh approximation of GPT-2 */
SN_API sn_value *sn_scale(sn_graph *g, sn_value *x, double factor, double offset); /* x * factor + offset */

/* -- shape: views where possible, no data is moved -- */
SN_API sn_value *sn_reshape(sn_graph *g, sn_value *x, int n_dims, const int64_t *shape); /* one dim may be -1 */
SN_API sn_value *sn_permute(sn_graph *g, sn_value *x, const int *order); /* out dim i = in dim order[i] */
SN_API sn_value *sn_transpose(sn_graph *g, sn_value *x, int dim_a, int dim_b);
SN_API sn_value *sn_slice(sn_graph *g, sn_value *x, int dim, int64_t from, int64_t to);
SN_API sn_value *sn_broadcast(sn_graph *g, sn_value *x, int n_dims, const int64_t *shape);
SN_API sn_value *sn_concat(sn_graph *g, sn_value *const *x, int n, int dim); /* 1 <= n <= 12 */
/* Places x into zeros of size `size` along dim, from `from`: the transpose of slice. */
SN_API sn_value *sn_pad_zero(sn_graph *g, sn_value *x, int dim, int64_t from, int64_t size);
/* out[i, ...] = x[index[i], ...]: rows by an i32 vector; and its transpose, which adds rows up into n_rows. */
SN_API sn_value *sn_gather(sn_graph *g, sn_value *x, sn_value *index);
SN_API sn_value *sn_scatter_add(sn_graph *g, sn_value *x, sn_value *index, int64_t n_rows);
/* out[i] = x[i, index[i]] over the last dimension of [n, c], and its transpose to [n, c]. */
SN_API sn_value *sn_pick(sn_graph *g, sn_value *x, sn_value *index);
SN_API sn_value *sn_unpick(sn_graph *g, sn_value *x, sn_value *index, int64_t n_columns);

/* -- reductions: `dims` is kept with size 1 when keep, else removed -- */
SN_API sn_value *sn_sum(sn_graph *g, sn_value *x, int dim, bool keep);
SN_API sn_value *sn_mean(sn_graph *g, sn_value *x, int dim, bool keep);
SN_API sn_value *sn_max_over(sn_graph *g, sn_value *x, int dim, bool keep);
/* The smooth maximum of a dim, as sn_smoothmax of its values. */
SN_API sn_value *sn_smooth_max_over(sn_graph *g, sn_value *x, int dim, bool keep, sn_smoothmax_family family, double k);
SN_API sn_value *sn_sum_all(sn_graph *g, sn_value *x);     /* to a scalar */
SN_API sn_value *sn_mean_all(sn_graph *g, sn_value *x);    /* to a scalar */
SN_API sn_value *sn_sum_squares(sn_graph *g, sn_value *x); /* to an f64 scalar */
/* Sums x over the dims by which `like` was broadcast to x's shape. */
SN_API sn_value *sn_sum_like(sn_graph *g, sn_value *x, sn_value *like);

/* -- over the last dimension -- */
SN_API sn_value *sn_softmax(sn_graph *g, sn_value *x);
SN_API sn_value *sn_log_softmax(sn_graph *g, sn_value *x);
SN_API sn_value *sn_rms_norm(sn_graph *g, sn_value *x, sn_value *weight, double epsilon); /* weight may be NULL */
SN_API sn_value *sn_layer_norm(sn_graph *g, sn_value *x, sn_value *weight, sn_value *bias, double epsilon);
/* Mean over rows of -log softmax(logits)[target]; targets i32, a negative target is not counted. */
SN_API sn_value *sn_cross_entropy(sn_graph *g, sn_value *logits, sn_value *targets);
/* The weight of each row in that mean: 1/count where the target counts, 0 elsewhere; f32 or f64. */
SN_API sn_value *sn_target_weight(sn_graph *g, sn_value *targets, sn_dtype dtype);

/* -- products -- */
SN_API sn_value *sn_matmul(sn_graph *g, sn_value *a, sn_value *b);
SN_API sn_value *sn_matmul_t(sn_graph *g, sn_value *a, sn_value *b, bool transpose_a, bool transpose_b);
/* x [..., k] by w [n, k] of any float or block dtype, plus bias [n] (may be NULL): [..., n] in f32 (f64 for f64). */
SN_API sn_value *sn_linear(sn_graph *g, sn_value *x, sn_value *w, sn_value *bias);
/* Rows of table [v, d] (any float or block dtype) by i32 ids [...]: [..., d] in f32 (f64 for f64). */
SN_API sn_value *sn_embedding(sn_graph *g, sn_value *table, sn_value *ids);
/* Zeroes a share `rate` of x and scales the rest by 1/(1-rate). Draws by (seed, stream of this node, step
 * and element index); step is an i32 scalar input. */
SN_API sn_value *sn_dropout(sn_graph *g, sn_value *x, double rate, uint64_t seed, sn_value *step);

/* -- positions and attention -- */
/* Rotates x [n, heads, d] by cos/sin pairs: row i of `angles` [n, planes, 2] (cos, sin) turns the planes of
 * x[i, h]. planes <= d/2; the rest is copied. */
SN_API sn_value *sn_rope(sn_graph *g, sn_value *x, sn_value *angles, sn_pair_layout layout);

/* Attention of packed queries over keys and values.
 *   q     [n_rows, n_heads, d]            unrotated, f32 (or f64)
 *   k, v  [n_slots, n_kv_heads, d], [n_slots, n_kv_heads, d_v]: keys in the canonical form of `position`
 *         (its LAST piece's key rotation already applied, see sn_position_tables), f32, f16, bf16, q8_0 or f64
 *   sequences i32 [n_sequences, 4]: (first row, row count, position of the first row, first slot) of each.
 *         Query row r of a sequence is at position p = position + r - first row; its keys are positions
 *         0..p (causal), key j in slot first_slot + j. Rows of no sequence give zeros.
 *   query_table [n_pieces, n_positions, planes, 2], key_table the same: cos/sin made by sn_position_tables:
 *         row i turns a query at position i into each piece's form; a canonical key at j into each piece's.
 * Result: [n_rows, n_heads, d_v]; *lse (may be NULL) gets the log-sum-exp [n_rows, n_heads]. */
SN_API sn_value *sn_attention(sn_graph *g, sn_value *q, sn_value *k, sn_value *v, sn_value *sequences,
                              sn_value *query_table, sn_value *key_table, const sn_position *position, sn_value **lse);

/* Writes rows into a cache in place and gives the cache back as a new value (later readers must use that
 * one): row i of x [n, heads, d] goes to slot slots[i] (i32) of cache [n_slots, heads, d] (f32, f16, bf16,
 * q8_0). With angles [n, planes, 2] the rows are rotated first (keys); NULL copies (values). */
SN_API sn_value *sn_cache_write(sn_graph *g, sn_value *cache, sn_value *x, sn_value *slots, sn_value *angles,
                                sn_pair_layout layout);

/* -- training: state ops; the first argument is changed in place and given back as a new value -- */
/* sum = factors[0] sum + factors[1] x, with factors [2] an input; factors[0] = 0 overwrites. */
SN_API sn_value *sn_accumulate(sn_graph *g, sn_value *sum, sn_value *x, sn_value *factors);
/* average = decay average + (1 - decay) x */
SN_API sn_value *sn_update_average(sn_graph *g, sn_value *average, sn_value *x, double decay);

#endif
