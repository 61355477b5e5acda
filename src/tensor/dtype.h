/* The table of element types. A block type fills its entry from its own file (src/tensor/quant_<name>.c). */
#ifndef SN_TENSOR_DTYPE_H
#define SN_TENSOR_DTYPE_H

#include "suan/tensor.h"

typedef struct sn_dtype_def {
    sn_dtype dtype;
    const char *name;
    int64_t block, bytes; /* elements and bytes per block; block 1 for plain types */
    bool is_float;
    /* n is a multiple of block. NULL where there is no conversion (integers other than i8/i32). */
    void (*to_f32)(const void *from, float *to, int64_t n);
    void (*from_f32)(const float *from, void *to, int64_t n);
} sn_dtype_def;

const sn_dtype_def *sn_dtype_get(sn_dtype dtype);

/* One entry per quantized type, defined in src/tensor/quant_<name>.c. */
extern const sn_dtype_def sn_dtype_q8_0, sn_dtype_q4_0, sn_dtype_q4_1, sn_dtype_q5_0, sn_dtype_q5_1, sn_dtype_q2_k,
    sn_dtype_q3_k, sn_dtype_q4_k, sn_dtype_q5_k, sn_dtype_q6_k;

#endif
