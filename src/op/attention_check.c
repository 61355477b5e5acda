#include "graph/op.h"

#if SN_OP_MAIN
#include "base/error.h"
#include "kernel/attention.h"
#include "op/attention_parts.h"
#include "op/turn.h"

static sn_status check_heads(const char *op, const sn_tensor *q, const sn_tensor *k, const sn_tensor *v) {
    if (q->n_dims != 3 || k->n_dims != 3 || v->n_dims != 3)
        return sn_fail(SN_ERR_SHAPE, "%s: q %s, k %s and v %s must be [rows, heads, d]", op, sn_shape_text(q),
                       sn_shape_text(k), sn_shape_text(v));
    if (k->shape[0] != v->shape[0] || k->shape[1] != v->shape[1])
        return sn_fail(SN_ERR_SHAPE, "%s: k %s and v %s differ in slots or heads", op, sn_shape_text(k),
                       sn_shape_text(v));
    if (k->shape[1] < 1 || q->shape[1] % k->shape[1] != 0)
        return sn_fail(SN_ERR_SHAPE, "%s: %lld query heads cannot share %lld key heads evenly", op,
                       (long long)q->shape[1], (long long)k->shape[1]);
    if (q->shape[2] != k->shape[2])
        return sn_fail(SN_ERR_SHAPE, "%s: q has heads of %lld components and k of %lld", op, (long long)q->shape[2],
                       (long long)k->shape[2]);
    _Static_assert((int)SN_ATTENTION_MAX_HEAD <= (int)SN_MAX_ROW, "the references hold every head the kernels do");
    if (q->shape[2] > SN_ATTENTION_MAX_HEAD || v->shape[2] > SN_ATTENTION_MAX_HEAD)
        return sn_fail(SN_ERR_SHAPE, "%s: heads of %lld and %lld components: at most %d are possible", op,
                       (long long)q->shape[2], (long long)v->shape[2], SN_ATTENTION_MAX_HEAD);
    return SN_OK;
}

static bool is_cache_type(sn_dtype dtype) {
    return dtype == SN_F32 || dtype == SN_F16 || dtype == SN_BF16 || dtype == SN_Q8_0;
}

static sn_status check_types(const char *op, const sn_tensor *q, const sn_tensor *k, const sn_tensor *v) {
    bool f64 = q->dtype == SN_F64 && k->dtype == SN_F64 && v->dtype == SN_F64;
    bool f32 = q->dtype == SN_F32 && is_cache_type(k->dtype) && is_cache_type(v->dtype);
    if (f64 || f32) return SN_OK;
    return sn_fail(SN_ERR_SHAPE,
                   "%s: q %s with k %s and v %s: q is f32 and the cache f32, f16, bf16 or q8_0, or all f64", op,
                   sn_dtype_name(q->dtype), sn_dtype_name(k->dtype), sn_dtype_name(v->dtype));
}

static sn_status check_table(const char *op, const sn_position *p, const sn_tensor *q, const sn_tensor *t) {
    if (t->n_dims < 0 && p->n_planes == 0) return SN_OK;
    if (t->n_dims == 4 && t->dtype == q->dtype && t->shape[0] == p->n_pieces && t->shape[2] == p->n_planes &&
        t->shape[3] == 2)
        return SN_OK;
    return sn_fail(SN_ERR_SHAPE, "%s: a position table must be %s [%d, positions, %d, 2], not %s %s", op,
                   sn_dtype_name(q->dtype), p->n_pieces, p->n_planes, t->n_dims < 0 ? "none" : sn_dtype_name(t->dtype),
                   t->n_dims < 0 ? "" : sn_shape_text(t));
}

sn_status sn_attention_check(const char *op, const sn_attention_attr *attr, const sn_tensor *in) {
    const sn_position *p = &attr->position;
    const sn_tensor *q = &in[SN_ATTENTION_Q], *sequences = &in[SN_ATTENTION_SEQUENCES];
    const sn_tensor *query = &in[SN_ATTENTION_QUERY_TABLE], *key = &in[SN_ATTENTION_KEY_TABLE];
    SN_TRY(check_heads(op, q, &in[SN_ATTENTION_K], &in[SN_ATTENTION_V]));
    SN_TRY(check_types(op, q, &in[SN_ATTENTION_K], &in[SN_ATTENTION_V]));
    if (sequences->n_dims != 2 || sequences->shape[1] != 4 || sequences->dtype != SN_I32)
        return sn_fail(SN_ERR_SHAPE, "%s: the sequence table must be i32 [sequences, 4], not %s %s", op,
                       sn_dtype_name(sequences->dtype), sn_shape_text(sequences));
    if (p->n_pieces < 1 || p->n_pieces > SN_MAX_PIECES || p->n_planes < 0 || 2 * p->n_planes > q->shape[2])
        return sn_fail(SN_ERR_SHAPE, "%s: %d pieces and %d planes do not fit heads of %lld components", op, p->n_pieces,
                       p->n_planes, (long long)q->shape[2]);
    SN_TRY(check_table(op, p, q, query));
    SN_TRY(check_table(op, p, q, key));
    if ((query->n_dims < 0) != (key->n_dims < 0) || (query->n_dims == 4 && query->shape[1] != key->shape[1]))
        return sn_fail(SN_ERR_SHAPE, "%s: the query and the key table differ in positions", op);
    return SN_OK;
}
#endif
