/* What the attention op and its gradients share. */
#ifndef SN_OP_ATTENTION_PARTS_H
#define SN_OP_ATTENTION_PARTS_H

#include "kernel/attr.h"
#include "suan/graph.h"

/* Checks the first six inputs (order of kernel/attention.h) against each other and the position value.
 * SN_ERR_SHAPE with a sentence that begins with `op`. */
sn_status sn_attention_check(const char *op, const sn_attention_attr *attr, const sn_tensor *in);

/* Gradients of attention for q, k and v, in that order. in[] is in the order of kernel/attention.h, its last,
 * the gradient for lse, may be NULL, as may the tables where nothing is rotated. Grows linearly with length. */
void sn_attention_backward(sn_graph *g, sn_value *const in[10], const sn_position *position, sn_value *grads[3]);

/* Attention by other ops: it forms rows x slots, and has derivatives of every order. Same inputs as
 * sn_attention. */
sn_value *sn_attention_decomposed(sn_graph *g, sn_value *q, sn_value *k, sn_value *v, sn_value *sequences,
                                  sn_value *query_table, sn_value *key_table, const sn_position *position,
                                  sn_value **lse);

#endif
