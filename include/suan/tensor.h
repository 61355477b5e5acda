/* Tensors: a typed, strided view of memory that somebody else owns. Dimensions are listed outermost
 * first, as in NumPy. */
#ifndef SUAN_TENSOR_H
#define SUAN_TENSOR_H

#include "suan/status.h"

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { SN_MAX_DIMS = 6 };

/* Values are pinned. The block types pack the last dimension; its length is a multiple of the block. */
typedef enum sn_dtype {
    SN_F32 = 0,
    SN_F64 = 1,
    SN_F16 = 2,
    SN_BF16 = 3,
    SN_I32 = 4,
    SN_I8 = 5,
    SN_Q8_0 = 6,
    SN_Q4_0 = 7,
    SN_Q4_1 = 8,
    SN_Q5_0 = 9,
    SN_Q5_1 = 10,
    SN_Q2_K = 11,
    SN_Q3_K = 12,
    SN_Q4_K = 13,
    SN_Q5_K = 14,
    SN_Q6_K = 15,
    SN_I64 = 16,
    SN_U8 = 17,
    SN_N_DTYPES
} sn_dtype;

/* Name as users write it: "f32", "q4_k". Never NULL. */
SN_API const char *sn_dtype_name(sn_dtype dtype);
/* Case-insensitive; SN_ERR_NOT_FOUND lists the names. */
SN_API sn_status sn_dtype_parse(const char *name, sn_dtype *out);
/* Elements per block (1 for plain types) and bytes per block. */
SN_API int64_t sn_dtype_block(sn_dtype dtype);
SN_API int64_t sn_dtype_bytes(sn_dtype dtype);
SN_API bool sn_dtype_is_float(sn_dtype dtype); /* f32, f64, f16, bf16 */
SN_API bool sn_dtype_is_block(sn_dtype dtype); /* the quantized types */

/* How products may be computed; sums and everything else are in f32 or better always. */
typedef enum sn_precision {
    SN_PRECISION_AUTO, /* as the weights: f32 in f32, smaller types may be multiplied in bf16 or with 8-bit inputs */
    SN_PRECISION_F32,  /* in f32 whatever the weights are */
    SN_PRECISION_BF16, /* operands of f32 too are rounded to bf16 where the processor has a unit for it (AMX) */
} sn_precision;

typedef struct sn_tensor {
    sn_dtype dtype;
    int n_dims;                  /* 0 is a scalar */
    int64_t shape[SN_MAX_DIMS];  /* elements */
    int64_t stride[SN_MAX_DIMS]; /* bytes; of a block type, the last is bytes per block */
    void *data;                  /* borrowed */
} sn_tensor;

/* A contiguous tensor over `data`. */
SN_API sn_tensor sn_tensor_make(sn_dtype dtype, int n_dims, const int64_t *shape, const void *data);
SN_API int64_t sn_tensor_count(const sn_tensor *t);      /* elements */
SN_API int64_t sn_tensor_bytes(const sn_tensor *t);      /* of the contiguous form */
SN_API bool sn_tensor_is_contiguous(const sn_tensor *t); /* row-major without gaps */
/* Bytes of a contiguous tensor; SN_ERR_LIMIT on overflow or a negative dimension, SN_ERR_SHAPE where the
 * last dimension is no multiple of the block. */
SN_API sn_status sn_shape_bytes(sn_dtype dtype, int n_dims, const int64_t *shape, int64_t *out);

/* Converts n elements between any float or block type, i32 or i8, and f32; n is a multiple of the block size.
 * Quantizing reads NaN as 0 and saturates what is too large for the scale; integers round and saturate. */
SN_API void sn_to_f32(sn_dtype dtype, const void *from, float *to, int64_t n);
SN_API void sn_from_f32(sn_dtype dtype, const float *from, void *to, int64_t n);

#ifdef __cplusplus
}
#endif
#endif
