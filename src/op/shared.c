#include "op/shared.h"

#if SN_OP_MAIN
#include "base/error.h"
#include "base/philox.h"

#include <string.h>

sn_tensor sn_tensor_part(const sn_tensor *t, int dim, int64_t from, int64_t to) {
    sn_tensor part = *t;
    part.shape[dim] = to - from;
    part.data = (char *)t->data + from * t->stride[dim];
    return part;
}

void sn_copy_strided(const sn_tensor *to, const sn_tensor *from) {
    int64_t n = sn_tensor_count(from);
    size_t size = (size_t)sn_dtype_bytes(from->dtype);
    for (int64_t i = 0; i < n; i++)
        memcpy((char *)to->data + sn_offset(to, i), (const char *)from->data + sn_offset(from, i), size);
}

sn_status sn_need_real(const sn_tensor *t, const char *what) {
    if (t->dtype == SN_F32 || t->dtype == SN_F64) return SN_OK;
    return sn_fail(SN_ERR_SHAPE, "%s is %s: cast it to f32 or f64 first", what, sn_dtype_name(t->dtype));
}

sn_status sn_need_i32(const sn_tensor *t, const char *what) {
    if (t->dtype == SN_I32) return SN_OK;
    return sn_fail(SN_ERR_SHAPE, "%s is %s: it must be i32", what, sn_dtype_name(t->dtype));
}

sn_status sn_need_plain(const sn_tensor *t, const char *what) {
    if (!sn_dtype_is_block(t->dtype)) return SN_OK;
    return sn_fail(SN_ERR_SHAPE, "%s is %s: cast the quantized type to f32 first", what, sn_dtype_name(t->dtype));
}

sn_status sn_need_rows(const sn_tensor *t, const char *what) {
    SN_TRY(sn_need_real(t, what));
    if (t->n_dims > 0) return SN_OK;
    return sn_fail(SN_ERR_SHAPE, "%s is a scalar: it needs at least one dimension", what);
}

sn_status sn_need_dim(const sn_tensor *t, int dim) {
    if (dim >= 0 && dim < t->n_dims) return SN_OK;
    return sn_fail(SN_ERR_SHAPE, "dimension %d does not exist in %s", dim, sn_shape_text(t));
}

int sn_resolve_dim(const sn_value *x, int dim) { return x && dim < 0 ? dim + sn_value_tensor(x)->n_dims : dim; }

sn_cost sn_cost_none(const void *attr, const sn_tensor *in, int n_in, const sn_tensor *out) {
    (void)attr, (void)in, (void)n_in, (void)out;
    return (sn_cost){0, 0};
}

sn_cost sn_cost_move(const void *attr, const sn_tensor *in, int n_in, const sn_tensor *out) {
    return (sn_cost){0, sn_cost_elementwise(attr, in, n_in, out).bytes};
}

sn_cost sn_cost_elementwise(const void *attr, const sn_tensor *in, int n_in, const sn_tensor *out) {
    (void)attr;
    double bytes = (double)sn_tensor_bytes(out);
    for (int i = 0; i < n_in; i++)
        if (in[i].n_dims >= 0) bytes += (double)sn_tensor_bytes(&in[i]);
    return (sn_cost){(double)sn_tensor_count(out), bytes};
}

int64_t sn_random_int(uint64_t seed, uint64_t index, int64_t low, int64_t high) {
    return low + (int64_t)(sn_uniform_f64(seed, 77, index) * (double)(high - low + 1));
}

/* 1 to 4 dims, up to a few ten thousand elements, mostly odd lengths. */
static int random_shape(uint64_t seed, int64_t *shape) {
    static const int64_t longest[] = {0, 40000, 200, 40, 12};
    int n_dims = (int)sn_random_int(seed, 0, 1, 4);
    for (int d = 0; d < n_dims; d++) shape[d] = sn_random_int(seed, 1 + (uint64_t)d, 1, longest[n_dims]);
    return n_dims;
}

void sn_random_unary(uint64_t seed, sn_op_case *out) {
    out->n_in = 1;
    out->in[0].n_dims = random_shape(seed, out->in[0].shape);
}

void sn_random_binary(uint64_t seed, sn_op_case *out) {
    int64_t shape[SN_MAX_DIMS];
    int n_dims = random_shape(seed, shape);
    int narrow = (int)sn_random_int(seed, 8, 0, 2); /* which operand is broadcast; 2: neither */
    out->n_in = 2;
    for (int i = 0; i < 2; i++) {
        int drop = i == narrow ? (int)sn_random_int(seed, 9, 0, n_dims) : 0;
        out->in[i].n_dims = n_dims - drop;
        for (int d = drop; d < n_dims; d++) {
            bool one = i == narrow && sn_random_int(seed, 10 + (uint64_t)d, 0, 2) == 0;
            out->in[i].shape[d - drop] = one ? 1 : shape[d];
        }
    }
}

void sn_random_rows(uint64_t seed, sn_op_case *out) {
    int n_dims = (int)sn_random_int(seed, 0, 1, 3);
    int64_t *shape = out->in[0].shape;
    for (int d = 0; d < n_dims - 1; d++) shape[d] = sn_random_int(seed, 1 + (uint64_t)d, 1, 20);
    shape[n_dims - 1] = sn_random_int(seed, 7, 1, sn_random_int(seed, 8, 0, 1) ? 40 : 1500);
    out->n_in = 1;
    out->in[0].n_dims = n_dims;
}

const sn_op_case sn_bench_unary[SN_N_BENCH_UNARY] = {{.n_in = 1, .in = {SN_CASE_F32(0.1, 2, 2, 2048, 2048)}}};
const sn_op_case sn_bench_binary[SN_N_BENCH_BINARY] = {
    {.n_in = 2, .in = {SN_CASE_F32(0.1, 2, 2, 2048, 2048), SN_CASE_F32(0.1, 2, 2, 2048, 2048)}},
    {.n_in = 2, .in = {SN_CASE_F32(0.1, 2, 2, 2048, 2048), SN_CASE_F32(0.1, 2, 1, 2048)}},
};

sn_value *sn_scalar_like(sn_graph *g, const sn_value *v, double value) {
    return v ? sn_fill(g, sn_value_tensor(v)->dtype, 0, NULL, value) : NULL;
}

#endif
