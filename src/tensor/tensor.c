#include "suan/tensor.h"

#include "base/error.h"
#include "base/size.h"

#include <stddef.h>

static void set_strides(sn_tensor *t) {
    int64_t stride = sn_dtype_bytes(t->dtype);
    for (int d = t->n_dims - 1; d >= 0; d--) {
        t->stride[d] = stride;
        stride *= d == t->n_dims - 1 ? t->shape[d] / sn_dtype_block(t->dtype) : t->shape[d];
    }
}

sn_tensor sn_tensor_make(sn_dtype dtype, int n_dims, const int64_t *shape, const void *data) {
    sn_tensor t = {.dtype = dtype, .n_dims = n_dims, .data = (void *)(uintptr_t)data};
    for (int d = 0; d < n_dims; d++) t.shape[d] = shape[d];
    set_strides(&t);
    return t;
}

int64_t sn_tensor_count(const sn_tensor *t) {
    int64_t count = 1;
    for (int d = 0; d < t->n_dims; d++) count *= t->shape[d];
    return count;
}

int64_t sn_tensor_bytes(const sn_tensor *t) {
    return sn_tensor_count(t) / sn_dtype_block(t->dtype) * sn_dtype_bytes(t->dtype);
}

bool sn_tensor_is_contiguous(const sn_tensor *t) {
    sn_tensor packed = sn_tensor_make(t->dtype, t->n_dims, t->shape, NULL);
    for (int d = 0; d < t->n_dims; d++)
        if (t->shape[d] != 1 && t->stride[d] != packed.stride[d]) return false;
    return true;
}

sn_status sn_shape_bytes(sn_dtype dtype, int n_dims, const int64_t *shape, int64_t *out) {
    int64_t count, extent, block = sn_dtype_block(dtype);
    if (n_dims < 0 || n_dims > SN_MAX_DIMS)
        return sn_fail(SN_ERR_LIMIT, "a tensor of %d dimensions: at most %d are possible", n_dims, SN_MAX_DIMS);
    if (!sn_product_i64(shape, n_dims, &count) || !sn_extent_i64(shape, n_dims, &extent))
        return sn_fail(SN_ERR_LIMIT, "a tensor with a negative dimension or more elements than fit in 63 bits");
    if (block > 1 && (n_dims == 0 || shape[n_dims - 1] % block != 0))
        return sn_fail(SN_ERR_SHAPE, "the rows of a %s tensor must be multiples of %lld elements, not %lld",
                       sn_dtype_name(dtype), (long long)block, (long long)(n_dims ? shape[n_dims - 1] : 1));
    if (!sn_mul_i64(extent / block, sn_dtype_bytes(dtype), &extent) ||
        !sn_mul_i64(count / block, sn_dtype_bytes(dtype), out))
        return sn_fail(SN_ERR_LIMIT, "a tensor of more bytes than fit in 63 bits");
    return SN_OK;
}
