/* Ops that are the fused gradients of others, and how they are differentiated again. */
#ifndef SN_OP_BACKWARD_H
#define SN_OP_BACKWARD_H

#include "graph/op.h"

#if SN_OP_MAIN
/* Appends plain nodes that give what node n gives, for the inputs `in`; fills out[k] for each of its outputs. */
typedef void (*sn_decomposed_fn)(sn_graph *g, const sn_node *n, sn_value *const *in, sn_value **out);

/* The vjp of a fused op, through nodes that stand for it. All inputs must be floats. */
void sn_vjp_decomposed(sn_graph *g, const sn_node *n, sn_decomposed_fn decomposed, sn_value *const *grad_out,
                       sn_value **grad_in);

/* Both gradients of silu_mul(gate, up); all of one shape. */
void sn_silu_mul_backward(sn_graph *g, sn_value *gate, sn_value *up, sn_value *grad_out, sn_value *grads[2]);
/* The gradients of rms_norm for x and for the weight, which may be NULL (then grads[1] is that of ones). */
void sn_rms_norm_backward(sn_graph *g, sn_value *x, sn_value *weight, sn_value *grad_out, double epsilon,
                          sn_value *grads[2]);
/* The gradients of swiglu for x, gate, up and down; in[]: these and the gradient of its result. */
void sn_swiglu_backward(sn_graph *g, sn_value *const in[5], sn_value *grads[4]);
/* The gradient of linear3 for the rows; in[]: the weights and the gradients of the results. */
sn_value *sn_linear3_backward(sn_graph *g, sn_value *const in[6]);
/* Whether the first four inputs of swiglu and its gradient fit each other. */
sn_status sn_swiglu_check(const sn_tensor *in);
#endif
#endif
