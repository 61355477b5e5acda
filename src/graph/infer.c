/* Helpers of the shape rules. */
#include "graph/op.h"

#include "base/error.h"
#include "base/size.h"

#include <stdio.h>

sn_status sn_infer_out(sn_tensor *out, sn_dtype dtype, int n_dims, const int64_t *shape) {
    int64_t bytes;
    SN_TRY(sn_shape_bytes(dtype, n_dims, shape, &bytes));
    *out = sn_tensor_make(dtype, n_dims, shape, NULL);
    return SN_OK;
}

sn_status sn_infer_like(sn_tensor *out, const sn_tensor *like) {
    return sn_infer_out(out, like->dtype, like->n_dims, like->shape);
}

const char *sn_shape_text(const sn_tensor *t) {
    enum { n_buffers = 4, size = 160 };
    static _Thread_local char buffers[n_buffers][size];
    static _Thread_local int next;
    char *text = buffers[next++ % n_buffers];
    int used = snprintf(text, size, "[");
    for (int d = 0; d < t->n_dims; d++)
        used += snprintf(text + used, (size_t)(size - used), "%s%lld", d ? ", " : "", (long long)t->shape[d]);
    snprintf(text + used, (size_t)(size - used), "]");
    return text;
}

bool sn_same_shape(const sn_tensor *a, const sn_tensor *b) {
    if (a->n_dims != b->n_dims) return false;
    for (int d = 0; d < a->n_dims; d++)
        if (a->shape[d] != b->shape[d]) return false;
    return true;
}

/* Size of dim d of an n-dimensional broadcast of t: missing leading dims count as 1. */
static int64_t aligned_size(const sn_tensor *t, int n, int d) {
    int own = d - (n - t->n_dims);
    return own < 0 ? 1 : t->shape[own];
}

sn_status sn_infer_broadcast(const char *op, const sn_tensor *a, const sn_tensor *b, sn_tensor *out) {
    int n = a->n_dims > b->n_dims ? a->n_dims : b->n_dims;
    int64_t shape[SN_MAX_DIMS];
    if (a->dtype != b->dtype)
        return sn_fail(SN_ERR_SHAPE, "%s: a is %s and b is %s: cast one of them", op, sn_dtype_name(a->dtype),
                       sn_dtype_name(b->dtype));
    for (int d = 0; d < n; d++) {
        int64_t x = aligned_size(a, n, d), y = aligned_size(b, n, d);
        if (x != y && x != 1 && y != 1)
            return sn_fail(SN_ERR_SHAPE, "%s: shapes %s and %s do not broadcast", op, sn_shape_text(a),
                           sn_shape_text(b));
        shape[d] = x == 1 ? y : x;
    }
    return sn_infer_out(out, a->dtype, n, shape);
}
