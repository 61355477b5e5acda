/* The elementwise kernels, compiled once per instruction set by elementwise_<variant>.c, which lists the records. */
#ifndef SN_KERNEL_ELEMENTWISE_SIMD_H
#define SN_KERNEL_ELEMENTWISE_SIMD_H

#include "kernel/attr.h"
#include "kernel/loops.h"
#include "kernel/simd_math.h"

#define SN_ALWAYS_INLINE static inline __attribute__((always_inline))

/* One loop for each way the operands advance: the compiler does not take the choice out of long bodies itself. */
SN_ALWAYS_INLINE void map1(int64_t n, float *out, const float *x, int64_t step, vf (*f)(vf)) {
    int64_t i = 0, n_distinct = step ? n : n > 0;
    for (; i + vf_lanes <= n_distinct; i += vf_lanes) vf_store(out + i, f(vf_load(x + i)));
    if (i < n_distinct) vf_store_part(out + i, f(vf_load_part(x + i, n_distinct - i)), n_distinct - i);
    for (i = n_distinct; i < n; i++) out[i] = out[0];
}

SN_ALWAYS_INLINE void map2(int64_t n, float *out, const float *const *in, const int64_t *step, vf (*f)(vf, vf)) {
    const float *a = in[0], *b = in[1];
    int64_t i = 0;
    if (n <= 0) return;
    vf one_a = vf_set(*a), one_b = vf_set(*b);
    if (step[0] && step[1])
        for (; i + vf_lanes <= n; i += vf_lanes) vf_store(out + i, f(vf_load(a + i), vf_load(b + i)));
    else if (step[0])
        for (; i + vf_lanes <= n; i += vf_lanes) vf_store(out + i, f(vf_load(a + i), one_b));
    else if (step[1])
        for (; i + vf_lanes <= n; i += vf_lanes) vf_store(out + i, f(one_a, vf_load(b + i)));
    else
        for (; i + vf_lanes <= n; i += vf_lanes) vf_store(out + i, f(one_a, one_b));
    if (i == n) return;
    vf last_a = step[0] ? vf_load_part(a + i, n - i) : one_a, last_b = step[1] ? vf_load_part(b + i, n - i) : one_b;
    vf_store_part(out + i, f(last_a, last_b), n - i);
}

static inline vf vf_neg(vf x) { return vf_sub(vf_set(0), x); }
static inline vf vf_square(vf x) { return vf_mul(x, x); }
static inline vf vf_rsqrt(vf x) { return vf_div(vf_set(1), vf_sqrt(x)); }
static inline vf vf_relu(vf x) { return vf_less(x, vf_set(0), vf_set(0), x); }
static inline vf vf_larger(vf a, vf b) { return vf_less(a, b, b, a); }
static inline vf vf_smaller(vf a, vf b) { return vf_less(b, a, b, a); }
static inline vf vf_is_less(vf a, vf b) { return vf_less(a, b, vf_set(1), vf_set(0)); }
static inline vf vf_silu_mul(vf gate, vf up) { return vf_mul(vf_silu(gate), up); }

/* run_<op> from a function of one or two vectors; work in plain operations per element. */
#define SN_MAP1(op, f, work)                                                                                           \
    static void inner_##op(int64_t n, float *out, const float *const *in, const int64_t *step, const sn_call *call) {  \
        (void)call;                                                                                                    \
        map1(n, out, in[0], step[0], f);                                                                               \
    }                                                                                                                  \
    static void run_##op(const sn_call *call) { sn_loops_run(call, 1, inner_##op, work); }
#define SN_MAP2(op, f, work)                                                                                           \
    static void inner_##op(int64_t n, float *out, const float *const *in, const int64_t *step, const sn_call *call) {  \
        (void)call;                                                                                                    \
        map2(n, out, in, step, f);                                                                                     \
    }                                                                                                                  \
    static void run_##op(const sn_call *call) { sn_loops_run(call, 2, inner_##op, work); }

SN_MAP1(neg, vf_neg, 1)
SN_MAP1(abs, vf_abs, 1)
SN_MAP1(square, vf_square, 1)
SN_MAP1(sqrt, vf_sqrt, 2)
SN_MAP1(rsqrt, vf_rsqrt, 3)
SN_MAP1(relu, vf_relu, 1)
SN_MAP1(exp, vf_exp, 4)
SN_MAP1(tanh, vf_tanh, 6)
SN_MAP1(sigmoid, vf_sigmoid, 5)
SN_MAP1(erf, vf_erf, 8)
SN_MAP1(silu, vf_silu, 5)
SN_MAP1(gelu, vf_gelu, 8)
SN_MAP1(gelu_tanh, vf_gelu_tanh, 6)
SN_MAP2(add, vf_add, 1)
SN_MAP2(sub, vf_sub, 1)
SN_MAP2(mul, vf_mul, 1)
SN_MAP2(div, vf_div, 2)
SN_MAP2(max, vf_larger, 1)
SN_MAP2(min, vf_smaller, 1)
SN_MAP2(less, vf_is_less, 1)
SN_MAP2(silu_mul, vf_silu_mul, 6)

static void inner_scale(int64_t n, float *out, const float *const *in, const int64_t *step, const sn_call *call) {
    const sn_scale_attr *attr = call->attr;
    const float *x = in[0];
    vf factor = vf_set((float)attr->factor), offset = vf_set((float)attr->offset);
    vf repeated = vf_set(n > 0 ? *x : 0);
    int64_t i = 0;
    for (; i + vf_lanes <= n; i += vf_lanes)
        vf_store(out + i, vf_fma(step[0] ? vf_load(x + i) : repeated, factor, offset));
    if (i < n) vf_store_part(out + i, vf_fma(step[0] ? vf_load_part(x + i, n - i) : repeated, factor, offset), n - i);
}
static void run_scale(const sn_call *call) { sn_loops_run(call, 1, inner_scale, 1); }

/* Equal shapes without gaps: one run over memory. out[0] may be any of the inputs. */
static void silu_mul_backward_range(void *arg, int64_t from, int64_t to) {
    const sn_call *c = arg;
    const float *gate = c->in[0].data, *up = c->in[1].data, *dy = c->in[2].data;
    float *dgate = c->out[0].data, *dup = c->out[1].data;
    for (int64_t i = from; i < to; i += vf_lanes) {
        bool whole = i + vf_lanes <= to;
        vf x = whole ? vf_load(gate + i) : vf_load_part(gate + i, to - i);
        vf u = whole ? vf_load(up + i) : vf_load_part(up + i, to - i);
        vf d = whole ? vf_load(dy + i) : vf_load_part(dy + i, to - i);
        vf s = vf_sigmoid(x), silu = vf_mul(x, s);
        vf for_gate = vf_mul(vf_mul(d, u), vf_fma(silu, vf_sub(vf_set(1), s), s)), for_up = vf_mul(d, silu);
        if (whole) {
            vf_store(dgate + i, for_gate);
            vf_store(dup + i, for_up);
        } else {
            vf_store_part(dgate + i, for_gate, to - i);
            vf_store_part(dup + i, for_up, to - i);
        }
    }
}
static void run_silu_mul_backward(const sn_call *call) {
    sn_call copy = *call;
    sn_parallel_ranges(call->team, silu_mul_backward_range, &copy, sn_tensor_count(&call->out[0]), 10);
}
static bool all_contiguous(const sn_call *c) {
    for (int k = 0; k < c->n_in; k++)
        if (!sn_call_has(c, k) || c->in[k].dtype != SN_F32 || !sn_tensor_is_contiguous(&c->in[k])) return false;
    return true;
}

#define SN_CONTIGUOUS_RECORD(op_, variant, isa_, rank_)                                                                \
    { .op = #op_, .name = variant, .isa = isa_, .rank = rank_, .applicable = all_contiguous, .run = run_##op_ }

#define SN_ELEMENTWISE_RECORD(op_, variant, isa_, rank_)                                                               \
    { .op = #op_, .name = variant, .isa = isa_, .rank = rank_, .applicable = sn_loops_applicable, .run = run_##op_ }

#endif
