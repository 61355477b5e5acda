/* The shape rule that attention and attention_backward share. */
#ifndef SN_OP_ATTENTION_CHECK_H
#define SN_OP_ATTENTION_CHECK_H

#include "kernel/attr.h"
#include "suan/tensor.h"

/* Checks the first six inputs (order of kernel/attention.h) against each other and the position value.
 * SN_ERR_SHAPE with a sentence that begins with `op`. */
sn_status sn_attention_check(const char *op, const sn_attention_attr *attr, const sn_tensor *in);

#endif
