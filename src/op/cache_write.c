/* cache_write: rows into a key or value cache, in place.
 *
 * cache[slots[i], h] = convert(turn(x[i, h], angles[i])); without angles the row is copied. A slot outside
 * the cache writes nothing (rows that fill up a bucket have slot -1); no two rows of one call share a slot. */
#include "kernel/attr.h"
#include "op/turn.h"

enum { CACHE, X, SLOTS, ANGLES };

static void store_row(const sn_tensor *cache, char *to, const double *row, int64_t n) {
    float f32[SN_MAX_ROW];
    if (cache->dtype == SN_F64) {
        for (int64_t k = 0; k < n; k++) ((double *)(void *)to)[k] = row[k];
        return;
    }
    for (int64_t k = 0; k < n; k++) f32[k] = (float)row[k];
    sn_from_f32(cache->dtype, f32, to, n);
}

static void forward(const sn_call *c) {
    const sn_rope_attr *attr = c->attr;
    const sn_tensor *cache = &c->in[CACHE], *x = &c->in[X], *angles = &c->in[ANGLES];
    double row[SN_MAX_ROW];
    for (int64_t i = 0; i < x->shape[0]; i++) {
        int64_t slot = sn_i32_at(&c->in[SLOTS], i);
        if (slot < 0 || slot >= cache->shape[0]) continue;
        for (int64_t h = 0; h < x->shape[1]; h++) {
            sn_row_load(x, (const char *)x->data + i * x->stride[0] + h * x->stride[1], x->shape[2], row);
            if (sn_call_has(c, ANGLES))
                sn_row_turn(attr->layout, angles, (const char *)angles->data + i * angles->stride[0], 1, row);
            store_row(cache, (char *)cache->data + slot * cache->stride[0] + h * cache->stride[1], row, x->shape[2]);
        }
    }
}
SN_OP_FORWARD(cache_write)

#if SN_OP_MAIN
#include "base/error.h"

static sn_status check_types(const sn_tensor *cache, const sn_tensor *x, const sn_tensor *slots) {
    bool f64 = cache->dtype == SN_F64 && x->dtype == SN_F64;
    bool f32 = x->dtype == SN_F32 &&
               (cache->dtype == SN_F32 || cache->dtype == SN_F16 || cache->dtype == SN_BF16 || cache->dtype == SN_Q8_0);
    if (!f64 && !f32)
        return sn_fail(SN_ERR_SHAPE,
                       "cache_write: x %s into a cache of %s: f32 into f32, f16, bf16 or q8_0 is possible",
                       sn_dtype_name(x->dtype), sn_dtype_name(cache->dtype));
    if (slots->dtype != SN_I32 || slots->n_dims != 1 || slots->shape[0] != x->shape[0])
        return sn_fail(SN_ERR_SHAPE, "cache_write: slots %s %s must be i32 [%lld]", sn_dtype_name(slots->dtype),
                       sn_shape_text(slots), (long long)x->shape[0]);
    return SN_OK;
}

static sn_status infer(const void *attr, const sn_tensor *in, int n_in, sn_tensor *out) {
    (void)attr, (void)n_in;
    const sn_tensor *cache = &in[CACHE], *x = &in[X], *angles = &in[ANGLES];
    if (cache->n_dims != 3 || x->n_dims != 3 || cache->shape[1] != x->shape[1] || cache->shape[2] != x->shape[2] ||
        x->shape[2] > SN_MAX_ROW)
        return sn_fail(SN_ERR_SHAPE, "cache_write: x %s and cache %s must agree in [rows, heads, d <= %d]",
                       sn_shape_text(x), sn_shape_text(cache), SN_MAX_ROW);
    SN_TRY(check_types(cache, x, &in[SLOTS]));
    if (angles->n_dims >= 0 && (angles->n_dims != 3 || angles->dtype != x->dtype || angles->shape[0] != x->shape[0] ||
                                2 * angles->shape[1] > x->shape[2] || angles->shape[2] != 2))
        return sn_fail(SN_ERR_SHAPE, "cache_write: angles %s do not fit x %s: they are [rows, planes <= d/2, 2]",
                       sn_shape_text(angles), sn_shape_text(x));
    return sn_infer_like(out, cache);
}

static sn_cost cost(const void *attr, const sn_tensor *in, int n_in, const sn_tensor *out) {
    (void)attr, (void)n_in, (void)out;
    double n = (double)sn_tensor_count(&in[X]);
    double element = (double)sn_dtype_bytes(in[CACHE].dtype) / (double)sn_dtype_block(in[CACHE].dtype);
    return (sn_cost){in[ANGLES].n_dims >= 0 ? 3 * n : 0, n * (4 + element)};
}

static const sn_rope_attr halves = {SN_PAIR_HALVES, false}, interleaved = {SN_PAIR_INTERLEAVED, false};
static const double three_slots[] = {4, -1, 1};
#define THREE_SLOTS                                                                                                    \
    { .n_dims = 1, .shape = {3}, .dtype = SN_I32, .values = three_slots }
static const sn_op_case cases[] = {
    {4,
     {SN_CASE_F32(-1, 1, 3, 5, 2, 6), SN_CASE_F32(-1, 1, 3, 3, 2, 6), THREE_SLOTS, SN_CASE_F32(-1, 1, 3, 3, 2, 2)},
     &halves},
    {4,
     {SN_CASE_IN(SN_F16, -1, 1, 3, 5, 2, 38), SN_CASE_F32(-1, 1, 3, 3, 2, 38), THREE_SLOTS,
      SN_CASE_F32(-1, 1, 3, 3, 19, 2)},
     &interleaved},
    {4,
     {SN_CASE_IN(SN_BF16, -1, 1, 3, 5, 1, 37), SN_CASE_F32(-1, 1, 3, 3, 1, 37), THREE_SLOTS, SN_CASE_ABSENT},
     &interleaved},
    {4,
     {SN_CASE_IN(SN_Q8_0, -1, 1, 3, 5, 1, 64), SN_CASE_F32(-1, 1, 3, 3, 1, 64), THREE_SLOTS, SN_CASE_ABSENT},
     &halves},
    {4,
     {SN_CASE_IN(SN_BF16, -1, 1, 3, 5, 1, 70), SN_CASE_F32(-1, 1, 3, 3, 1, 70), THREE_SLOTS,
      SN_CASE_F32(-1, 1, 3, 3, 33, 2)},
     &halves},
};
static const sn_op_case bad_cases[] = {
    {4, {SN_CASE_F32(-1, 1, 3, 5, 2, 6), SN_CASE_F32(-1, 1, 3, 3, 2, 5), THREE_SLOTS, SN_CASE_ABSENT}, &halves},
    {4,
     {SN_CASE_F32(-1, 1, 3, 5, 2, 6), SN_CASE_F32(-1, 1, 3, 3, 2, 6), THREE_SLOTS, SN_CASE_F32(-1, 1, 3, 3, 4, 2)},
     &halves},
};

const sn_op_def sn_op_cache_write = {
    .name = "cache_write",
    .formula = "cache[slots[i], h] = turn(x[i, h], angles[i])",
    .source = "",
    .min_in = 4,
    .max_in = 4,
    .n_out = 1,
    .attr_size = sizeof(sn_rope_attr),
    .flags = SN_OP_STATE,
    .infer = infer,
    .forward_f32 = sn_forward_f32_cache_write,
    .forward_f64 = sn_forward_f64_cache_write,
    .no_gradient = "it changes a cache in place: differentiate attention over plain keys and values",
    .cost = cost,
    .cases = cases,
    .n_cases = SN_COUNT(cases),
    .bad_cases = bad_cases,
    .n_bad_cases = SN_COUNT(bad_cases),
};

sn_value *sn_cache_write(sn_graph *g, sn_value *cache, sn_value *x, sn_value *slots, sn_value *angles,
                         sn_pair_layout layout) {
    sn_rope_attr attr = {.layout = layout};
    sn_value *in[] = {cache, x, slots, angles};
    return sn_node_append(g, &sn_op_cache_write, in, 4, 1u << ANGLES, &attr);
}
#endif
