/* Attributes of the ops that have tuned kernels and more to say than their shapes. */
#ifndef SN_KERNEL_ATTR_H
#define SN_KERNEL_ATTR_H

#include "suan/position.h"

/* out[..., m, n] = sum_k a[..., m, k] * b[..., k, n]; with transpose_b, b is [..., n, k] (how linear
 * layers store weights), with transpose_a, a is [..., k, m]. Leading dimensions broadcast. */
typedef struct sn_matmul_attr {
    bool transpose_a, transpose_b;
} sn_matmul_attr;

/* rope and cache_write. transpose: rotates back (the gradient of rope). */
typedef struct sn_rope_attr {
    sn_pair_layout layout;
    bool transpose;
} sn_rope_attr;

/* See the attention op. */
typedef struct sn_attention_attr {
    sn_position position;
} sn_attention_attr;

typedef struct sn_scale_attr {
    double factor, offset;
} sn_scale_attr;

typedef struct sn_dropout_attr {
    double rate;
    uint64_t seed;
    uint32_t stream; /* of the node */
} sn_dropout_attr;

/* The Philox stream of a dropout node at a step. */
static inline uint64_t sn_dropout_stream(const sn_dropout_attr *attr, int32_t step) {
    return (uint64_t)attr->stream << 32 | (uint32_t)step;
}

/* concat and the reductions; dim >= 0. */
typedef struct sn_dim_attr {
    int dim;
    bool keep; /* reductions: keep the dim, with size 1 */
} sn_dim_attr;

typedef struct sn_pad_attr {
    int dim;
    int64_t from, size;
} sn_pad_attr;

/* The update ops: what is fixed for one parameter under one rule. What changes from step to step is in their last
 * input, the scalars. */
typedef enum sn_update_rate {
    SN_RATE_PLAIN,  /* the rate as it is */
    SN_RATE_RMS,    /* times the root mean square of the parameter before the update */
    SN_RATE_ROW_RMS /* times that of each row */
} sn_update_rate;

typedef struct sn_update_attr {
    double rate_factor;  /* multiplies the rate */
    double weight_decay; /* 0 for parameters that do not decay */
    double beta1, beta2, epsilon;
    bool nesterov;
    sn_update_rate rate_by;       /* update_tiger */
    double shrink, shrink_centre; /* update_tiger: a gradient with NaN takes the parameter this much of its way from
                                     the centre */
} sn_update_attr;

/* The scalars of an update: the first state becomes keep * state + add * gradient. */
enum {
    SN_UPDATE_RATE, /* 0 leaves the parameter as it is: not the last micro-batch */
    SN_UPDATE_KEEP,
    SN_UPDATE_ADD,
    SN_UPDATE_CORRECT1, /* update_adamw: 1 / (1 - beta1^t) */
    SN_UPDATE_CORRECT2, /* update_adamw: 1 / sqrt(1 - beta2^t) */
    SN_UPDATE_SCALARS = 8
};

/* update_average */
typedef struct sn_average_attr {
    double decay;
} sn_average_attr;

typedef struct sn_norm_attr {
    double epsilon;
} sn_norm_attr;

#endif
