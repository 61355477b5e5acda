/* What the kernels of `linear` share: the shape of the call as matrices. */
#ifndef SN_KERNEL_LINEAR_H
#define SN_KERNEL_LINEAR_H

#include "kernel/kernel.h"

typedef struct sn_linear_dims {
    int64_t n_rows, n, k;
    int64_t x_stride; /* floats between rows of x */
    int64_t w_stride; /* bytes between rows of w */
} sn_linear_dims;

/* Below this many rows each weight is used too seldom to be worth converting first. */
enum { SN_LINEAR_FEW_ROWS = 8 };

/* Fills dims but w_stride for an f32 call whose rows of x are unbroken and evenly spaced; false otherwise. */
bool sn_linear_x_get(const sn_call *call, sn_linear_dims *dims);
/* The same where the rows of w are unbroken too. */
bool sn_linear_dims_get(const sn_call *call, sn_linear_dims *dims);

/* Whether a kernel for few rows meets the weights with activations rounded to 8 bits; and its tolerance. */
bool sn_linear_rounds_activations(const sn_call *call);
double sn_linear_few_tolerance(const sn_call *call);

#endif
