#include "kernel/linear.h"

/* Whether the leading dimensions of x can be walked with one stride; a dimension of 1 has any stride. */
static bool even_rows(const sn_tensor *x, sn_linear_dims *dims) {
    int64_t expected = -1;
    dims->n_rows = 1;
    dims->x_stride = dims->k;
    for (int d = x->n_dims - 2; d >= 0; d--) {
        dims->n_rows *= x->shape[d];
        if (x->shape[d] == 1) continue;
        if (expected >= 0 && x->stride[d] != expected) return false;
        if (expected < 0) dims->x_stride = x->stride[d] / (int64_t)sizeof(float);
        expected = x->stride[d] * x->shape[d];
    }
    return true;
}

bool sn_linear_x_get(const sn_call *call, sn_linear_dims *dims) {
    const sn_tensor *x = &call->in[0], *w = &call->in[1], *out = &call->out[0];
    if (x->dtype != SN_F32 || out->dtype != SN_F32 || w->dtype == SN_F64 || x->n_dims < 1) return false;
    dims->n = w->shape[0];
    dims->k = w->shape[1];
    bool unbroken = dims->k <= 1 || x->stride[x->n_dims - 1] == (int64_t)sizeof(float);
    bool bias_fits = !sn_call_has(call, 2) || sn_tensor_is_contiguous(&call->in[2]);
    return unbroken && bias_fits && even_rows(x, dims);
}

bool sn_linear_dims_get(const sn_call *call, sn_linear_dims *dims) {
    const sn_tensor *w = &call->in[1];
    if (!sn_linear_x_get(call, dims)) return false;
    dims->w_stride = w->stride[0];
    return dims->k <= 1 || w->stride[1] == sn_dtype_bytes(w->dtype);
}

bool sn_linear_rounds_activations(const sn_call *call) {
    return sn_dtype_is_block(call->in[1].dtype) && call->precision != SN_PRECISION_F32;
}

double sn_linear_few_tolerance(const sn_call *call) {
    return sn_linear_rounds_activations(call) ? SN_TOLERANCE_8_BITS : 0;
}
