#include "kernel/product.h"

#include "base/size.h"
#include "kernel/attr.h"
#include "kernel/linear.h"

static const int64_t float_bytes = sizeof(float);

static bool whole_floats(const sn_tensor *t) {
    for (int d = 0; d < t->n_dims; d++)
        if (t->stride[d] % float_bytes != 0) return false;
    return t->dtype == SN_F32;
}

/* Weights of f32 may lie anyhow (GPT-2 stores them transposed), others in unbroken rows. */
bool sn_product_of_linear(const sn_call *call, sn_product *p) {
    const sn_tensor *w = &call->in[1];
    sn_linear_dims dims;
    if (!(whole_floats(w) ? sn_linear_x_get(call, &dims) : sn_linear_dims_get(call, &dims))) return false;
    *p = (sn_product){.m = dims.n_rows, .n = dims.n, .k = dims.k, .n_batches = 1};
    p->a = call->in[0].data;
    p->a_row = dims.x_stride;
    p->a_k = 1;
    if (whole_floats(w)) {
        p->b = w->data;
        p->b_k = w->stride[1] / float_bytes;
        p->b_column = w->stride[0] / float_bytes;
    } else {
        p->rows = w->data;
        p->rows_dtype = w->dtype;
        p->rows_stride = dims.w_stride;
    }
    if (sn_call_has(call, 2)) p->bias = call->in[2].data;
    p->out = call->out[0].data;
    p->out_row = dims.n;
    return true;
}

bool sn_product_of_matmul(const sn_call *call, sn_product *p) {
    const sn_matmul_attr *attr = call->attr;
    const sn_tensor *a = &call->in[0], *b = &call->in[1], *out = &call->out[0];
    if (!whole_floats(a) || !whole_floats(b) || out->dtype != SN_F32) return false;
    int da = a->n_dims - 2, db = b->n_dims - 2;
    *p = (sn_product){.m = out->shape[out->n_dims - 2], .n = out->shape[out->n_dims - 1], .n_batches = 1, .call = call};
    p->k = a->shape[da + !attr->transpose_a];
    for (int d = 0; d < out->n_dims - 2; d++) p->n_batches *= out->shape[d];
    p->a_row = a->stride[da + attr->transpose_a] / float_bytes;
    p->a_k = a->stride[da + !attr->transpose_a] / float_bytes;
    p->b_k = b->stride[db + attr->transpose_b] / float_bytes;
    p->b_column = b->stride[db + !attr->transpose_b] / float_bytes;
    p->out_row = p->n;
    p->a = a->data;
    p->b = b->data;
    p->out = out->data;
    return true;
}

static int64_t batch_offset(const sn_tensor *t, const sn_tensor *out, int64_t batch) {
    int64_t offset = 0;
    for (int d = out->n_dims - 3, e = t->n_dims - 3; d >= 0; d--, e--) {
        if (e >= 0 && t->shape[e] != 1) offset += batch % out->shape[d] * t->stride[e];
        batch /= out->shape[d];
    }
    return offset / float_bytes;
}

sn_product_batch sn_product_batch_at(const sn_product *p, int64_t batch) {
    sn_product_batch at = {p->a, p->b, p->out};
    if (!p->call) return at;
    at.a += batch_offset(&p->call->in[0], &p->call->out[0], batch);
    at.b += batch_offset(&p->call->in[1], &p->call->out[0], batch);
    at.out += batch * p->m * p->n;
    return at;
}

/* The size of each of n_parts parts, rounded up to the unit. */
static int64_t part_size(int64_t size, int64_t n_parts, int64_t unit) {
    return sn_min_i64(size, sn_round_up(sn_ceil_div(size, sn_max_i64(1, n_parts)), unit));
}

void sn_product_tiles(const sn_product *p, int n_threads, int64_t *rows, int64_t *columns) {
    const int64_t row_unit = 48, column_unit = 64;
    int64_t wanted = n_threads > 1 ? sn_ceil_div(2 * n_threads, sn_max_i64(1, p->n_batches)) : 1;
    int64_t n_across = sn_min_i64(wanted, sn_ceil_div(p->n, 2 * column_unit));
    *columns = part_size(p->n, n_across, column_unit);
    *rows = part_size(p->m, sn_ceil_div(wanted, sn_max_i64(1, n_across)), row_unit);
}

double sn_product_bf16_tolerance(const sn_call *call) {
    (void)call;
    return SN_TOLERANCE_8_BITS;
}
