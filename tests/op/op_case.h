/* Turns the cases of an op file into calls: operands in memory, laid out plainly or as views with gaps. */
#ifndef SN_TEST_OP_CASE_H
#define SN_TEST_OP_CASE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/philox.h"
#include "graph/op.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum layout { PLAIN, TRANSPOSED, SLICED, N_LAYOUTS } layout;
static const char *const layout_names[] = {"plain", "transposed", "sliced"};

enum { guard_bytes = 64, poison = 0xFF };

typedef struct instance {
    sn_call call;
    void *in_memory[SN_MAX_INPUTS], *out_memory[SN_MAX_OUTPUTS];
    bool refused; /* infer does not take this layout, or these dtypes with f64 in the place of f32 */
} instance;

/* The value of element `flat` of input k; the same for every layout and dtype. */
static inline double case_value(const sn_op_case *c, int k, int64_t flat, uint64_t seed) {
    if (c->in[k].values) return c->in[k].values[flat];
    double u = sn_uniform_f64(seed, (uint64_t)k, (uint64_t)flat), v = c->in[k].low + (c->in[k].high - c->in[k].low) * u;
    return sn_dtype_is_float(c->in[k].dtype) ? (double)(float)v : floor(v);
}

static inline double read_element(const sn_tensor *t, int64_t flat) {
    const void *p = (const char *)t->data + sn_offset(t, flat);
    float f;
    switch (t->dtype) {
    case SN_F64: return *(const double *)p;
    case SN_I32: return *(const int32_t *)p;
    case SN_I8: return *(const int8_t *)p;
    default: sn_to_f32(t->dtype, p, &f, 1); return (double)f;
    }
}

static inline void write_element(const sn_tensor *t, int64_t flat, double v) {
    void *p = (char *)t->data + sn_offset(t, flat);
    float f = (float)v;
    switch (t->dtype) {
    case SN_F64: *(double *)p = v; break;
    case SN_I32: *(int32_t *)p = (int32_t)v; break;
    case SN_I8: *(int8_t *)p = (int8_t)v; break;
    default: sn_from_f32(t->dtype, &f, p, 1);
    }
}

static inline void *poisoned(int64_t bytes) {
    void *p = aligned_alloc(64, (size_t)((bytes + guard_bytes + 63) / 64 * 64));
    assert_non_null(p);
    return memset(p, poison, (size_t)((bytes + guard_bytes + 63) / 64 * 64));
}

/* Memory for a tensor of that shape in that layout, poisoned, gaps included. */
static inline sn_tensor place(sn_dtype dtype, int n_dims, const int64_t *shape, layout how, void **memory) {
    int64_t outer[SN_MAX_DIMS] = {0};
    for (int d = 0; d < n_dims; d++) outer[d] = shape[d];
    if (sn_dtype_is_block(dtype) || n_dims == 0 || (how == TRANSPOSED && n_dims < 2)) how = PLAIN;
    if (how == TRANSPOSED) outer[n_dims - 1] = shape[n_dims - 2], outer[n_dims - 2] = shape[n_dims - 1];
    if (how == SLICED)
        for (int d = 0; d < n_dims; d++) outer[d] += d == n_dims - 1 ? 3 : 1;
    sn_tensor t = sn_tensor_make(dtype, n_dims, outer, NULL);
    *memory = poisoned(sn_tensor_bytes(&t));
    t.data = *memory;
    if (how == TRANSPOSED) {
        int64_t last = t.stride[n_dims - 1];
        t.stride[n_dims - 1] = t.stride[n_dims - 2], t.stride[n_dims - 2] = last;
    }
    if (how == SLICED) t.data = (char *)t.data + t.stride[n_dims - 1] + t.stride[0] * (n_dims > 1);
    for (int d = 0; d < n_dims; d++) t.shape[d] = shape[d];
    return t;
}

static inline void fill_input(const sn_op_case *c, int k, const sn_tensor *t, uint64_t seed) {
    int64_t n = sn_tensor_count(t);
    if (!sn_dtype_is_block(t->dtype)) {
        for (int64_t i = 0; i < n; i++) write_element(t, i, case_value(c, k, i, seed));
        return;
    }
    float *values = malloc((size_t)n * sizeof *values + 1);
    sn_op_case as_float = *c;
    as_float.in[k].dtype = SN_F32;
    for (int64_t i = 0; i < n; i++) values[i] = (float)case_value(&as_float, k, i, seed);
    sn_from_f32(t->dtype, values, t->data, n);
    free(values);
}

static inline sn_dtype dtype_in(const sn_op_case *c, int k, bool f64) {
    return f64 && c->in[k].dtype == SN_F32 ? SN_F64 : c->in[k].dtype;
}

static inline sn_status infer_case(const sn_op_def *op, const sn_call *call, sn_tensor *out) {
    sn_tensor in[SN_MAX_INPUTS];
    for (int k = 0; k < call->n_in; k++) {
        in[k] = call->in[k];
        in[k].data = NULL;
    }
    return op->infer(call->attr, in, call->n_in, out);
}

static inline void place_outputs(const sn_op_def *op, instance *x) {
    for (int k = 0; k < op->n_out; k++) {
        sn_tensor *out = &x->call.out[k];
        if (k == 0 && op->flags & SN_OP_VIEW) {
            out->data = (char *)x->call.in[0].data + (op->view_offset ? op->view_offset(x->call.attr, x->call.in) : 0);
        } else if (op->flags & SN_OP_STATE) {
            out->data = x->call.in[k].data;
        } else {
            out->data = x->out_memory[k] = poisoned(sn_tensor_bytes(out));
        }
    }
}

/* Operands with values, outputs poisoned. */
static inline instance instance_new(const sn_op_def *op, const sn_op_case *c, bool f64, layout how, uint64_t seed) {
    instance x = {.call = {.attr = c->attr, .n_in = c->n_in, .n_out = op->n_out}};
    for (int k = 0; k < c->n_in; k++) {
        x.call.in[k].n_dims = -1;
        if (c->in[k].n_dims < 0) continue;
        layout own = k < op->n_out && op->flags & SN_OP_STATE ? PLAIN : how; /* a state is never a view */
        x.call.in[k] = place(dtype_in(c, k, f64), c->in[k].n_dims, c->in[k].shape, own, &x.in_memory[k]);
        fill_input(c, k, &x.call.in[k], seed);
    }
    sn_status status = infer_case(op, &x.call, x.call.out);
    bool may_refuse = f64 || (how != PLAIN && strstr(sn_last_error(), "contiguous"));
    if (status == SN_ERR_SHAPE && may_refuse)
        x.refused = true;
    else if (status != SN_OK)
        fail_msg("%s (%s): %s", op->name, layout_names[how], sn_last_error());
    else
        place_outputs(op, &x);
    return x;
}

static inline void instance_free(instance *x) {
    for (int k = 0; k < SN_MAX_INPUTS; k++) free(x->in_memory[k]);
    for (int k = 0; k < SN_MAX_OUTPUTS; k++) free(x->out_memory[k]);
}

static inline bool touches_f64(const sn_call *call) {
    for (int i = 0; i < call->n_in; i++)
        if (call->in[i].n_dims >= 0 && call->in[i].dtype == SN_F64) return true;
    for (int i = 0; i < call->n_out; i++)
        if (call->out[i].dtype == SN_F64) return true;
    return false;
}

/* The reference that a plan would run; views have none. */
static inline void run_reference(const sn_op_def *op, const sn_call *call) {
    if (op->flags & SN_OP_VIEW) return;
    (touches_f64(call) ? op->forward_f64 : op->forward_f32)(call);
}

/* Every element of every float output was written, and nothing behind the outputs. */
static inline void check_written(const sn_op_def *op, const instance *x, const char *what) {
    for (int k = 0; k < op->n_out; k++) {
        const sn_tensor *t = &x->call.out[k];
        if (!x->out_memory[k]) continue;
        const unsigned char *p = x->out_memory[k];
        int64_t bytes = sn_tensor_bytes(t), size = sn_dtype_bytes(t->dtype);
        for (int64_t i = 0; i < guard_bytes; i++)
            if (p[bytes + i] != poison) fail_msg("%s, %s: wrote behind output %d", op->name, what, k);
        for (int64_t i = 0; sn_dtype_is_float(t->dtype) && i + size <= bytes; i += size) {
            int64_t same = 0;
            while (same < size && p[i + same] == poison) same++;
            if (same == size)
                fail_msg("%s, %s: element %lld of output %d is not written", op->name, what, (long long)(i / size), k);
        }
    }
}

/* Outputs of `got` against `want`, relative to the element or a tenth of the largest one. */
static inline void compare_outputs(const sn_op_def *op, const instance *want, const instance *got, double tolerance,
                                   const char *what) {
    for (int k = 0; k < op->n_out; k++) {
        const sn_tensor *a = &want->call.out[k], *b = &got->call.out[k];
        if (sn_dtype_is_block(a->dtype)) {
            assert_memory_equal(a->data, b->data, (size_t)sn_tensor_bytes(a));
            continue;
        }
        int64_t n = sn_tensor_count(a);
        double largest = 0;
        for (int64_t i = 0; i < n; i++)
            if (isfinite(read_element(a, i))) largest = fmax(largest, fabs(read_element(a, i)));
        for (int64_t i = 0; i < n; i++) {
            double w = read_element(a, i), g = read_element(b, i);
            if (w == g || (isnan(w) && isnan(g))) continue;
            if (!(fabs(w - g) <= tolerance * fmax(fabs(w), 0.1 * largest)))
                fail_msg("%s, %s: output %d, element %lld is %.9g, not %.9g", op->name, what, k, (long long)i, g, w);
        }
    }
}

#endif
