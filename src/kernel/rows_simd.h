/* The kernels over the last dimension and the sum, compiled once per instruction set by rows_<variant>.c. Long sums
 * are taken in f32 by blocks and in double over the blocks. */
#ifndef SN_KERNEL_ROWS_SIMD_H
#define SN_KERNEL_ROWS_SIMD_H

#include "base/size.h"
#include "kernel/attr.h"
#include "kernel/loops.h"
#include "kernel/simd_math.h"

#include <math.h>
#include <string.h>

#define SN_ALWAYS_INLINE static inline __attribute__((always_inline))
/* Independent accumulators: enough to hide the latency of an addition, or to fill a vector in plain C. */
enum { sum_block = 4096, ways = vf_lanes == 1 ? 16 : 4, stride = ways * vf_lanes };

/* ---- sums and maxima of a stretch of memory ---- */

/* Sum of f(x, shift) over at most sum_block elements. */
SN_ALWAYS_INLINE float block_sum(const float *x, int64_t n, vf shift, vf (*f)(vf, vf)) {
    vf sum[ways], zero = vf_set(0);
    int64_t i = 0;
    for (int k = 0; k < ways; k++) sum[k] = zero;
    for (; i + stride <= n; i += stride)
        for (int k = 0; k < ways; k++) sum[k] = vf_add(sum[k], f(vf_load(x + i + k * vf_lanes), shift));
    for (; i + vf_lanes <= n; i += vf_lanes) sum[0] = vf_add(sum[0], f(vf_load(x + i), shift));
    if (i < n) sum[1] = vf_add(sum[1], vf_keep_part(f(vf_load_part(x + i, n - i), shift), n - i, zero));
    for (int half = ways / 2; half > 0; half /= 2)
        for (int k = 0; k < half; k++) sum[k] = vf_add(sum[k], sum[k + half]);
    return vf_sum(sum[0]);
}

SN_ALWAYS_INLINE double long_sum(const float *x, int64_t n, float shift, vf (*f)(vf, vf)) {
    double sum = 0;
    for (int64_t i = 0; i < n; i += sum_block)
        sum += (double)block_sum(x + i, sn_min_i64(sum_block, n - i), vf_set(shift), f);
    return sum;
}

static inline vf term_itself(vf x, vf unused) {
    (void)unused;
    return x;
}
static inline vf term_square(vf x, vf mean) {
    vf d = vf_sub(x, mean);
    return vf_mul(d, d);
}

/* Sum of e^(x - top), stored to `out` as well unless that is NULL. A pass of its own over each block for the
 * exponentials, a loop that the compiler can vectorise. */
static double exp_sum(const float *x, float *out, int64_t n, float top) {
    double sum = 0;
    vf shift = vf_set(top);
    for (int64_t begin = 0; begin < n; begin += sum_block) {
        float buffer[sum_block], *y = out ? out + begin : buffer;
        const float *from = x + begin;
        int64_t i = 0, m = sn_min_i64(sum_block, n - begin);
        for (; i + vf_lanes <= m; i += vf_lanes) vf_store(y + i, vf_exp(vf_sub(vf_load(from + i), shift)));
        if (i < m) vf_store_part(y + i, vf_exp(vf_sub(vf_load_part(from + i, m - i), shift)), m - i);
        sum += (double)block_sum(y, m, shift, term_itself);
    }
    return sum;
}

/* Columns of the tensor a row kernel works on. */
static inline int64_t columns_of(const sn_tensor *t) { return t->shape[t->n_dims - 1]; }
static inline int64_t rows_of(const sn_tensor *t) {
    int64_t rows = 1;
    for (int d = 0; d < t->n_dims - 1; d++) rows *= t->shape[d];
    return rows;
}

static float largest_of(const float *x, int64_t n) {
    vf top[ways], lowest = vf_set(-INFINITY);
    int64_t i = 0;
    for (int k = 0; k < ways; k++) top[k] = lowest;
    for (; i + stride <= n; i += stride)
        for (int k = 0; k < ways; k++) top[k] = vf_max(top[k], vf_load(x + i + k * vf_lanes));
    for (; i + vf_lanes <= n; i += vf_lanes) top[0] = vf_max(top[0], vf_load(x + i));
    if (i < n) top[1] = vf_max(top[1], vf_keep_part(vf_load_part(x + i, n - i), n - i, lowest));
    for (int k = 1; k < ways; k++) top[0] = vf_max(top[0], top[k]);
    return vf_largest(top[0]);
}

/* out = (x - shift) * factor * weight + bias; weight and bias may be NULL. */
static void affine_row(float *out, const float *x, int64_t n, float shift, float factor, const float *weight,
                       const float *bias) {
    vf s = vf_set(shift), f = vf_set(factor);
    int64_t i = 0;
    for (; i + vf_lanes <= n; i += vf_lanes) {
        vf y = vf_mul(vf_sub(vf_load(x + i), s), f);
        if (weight) y = vf_mul(y, vf_load(weight + i));
        if (bias) y = vf_add(y, vf_load(bias + i));
        vf_store(out + i, y);
    }
    if (i == n) return;
    vf y = vf_mul(vf_sub(vf_load_part(x + i, n - i), s), f);
    if (weight) y = vf_mul(y, vf_load_part(weight + i, n - i));
    if (bias) y = vf_add(y, vf_load_part(bias + i, n - i));
    vf_store_part(out + i, y, n - i);
}

/* ---- row kernels: fn(arg = call, first row, end row) ---- */

static float *out_row(const sn_call *c, int64_t row) { return (float *)c->out[0].data + row * columns_of(&c->out[0]); }
static const float *vector_or_null(const sn_call *c, int k) { return sn_call_has(c, k) ? c->in[k].data : NULL; }

static void softmax_rows(void *arg, int64_t from, int64_t to) {
    const sn_call *c = arg;
    int64_t n = columns_of(&c->in[0]);
    for (int64_t i = from; i < to; i++) {
        const float *x = sn_row_at(&c->in[0], i);
        float *y = out_row(c, i);
        double sum = exp_sum(x, y, n, largest_of(x, n));
        affine_row(y, y, n, 0, (float)(1 / sum), NULL, NULL);
    }
}

static void log_softmax_rows(void *arg, int64_t from, int64_t to) {
    const sn_call *c = arg;
    int64_t n = columns_of(&c->in[0]);
    for (int64_t i = from; i < to; i++) {
        const float *x = sn_row_at(&c->in[0], i);
        float top = largest_of(x, n);
        double log_sum = log(exp_sum(x, NULL, n, top));
        affine_row(out_row(c, i), x, n, (float)((double)top + log_sum), 1, NULL, NULL);
    }
}

static void rms_norm_rows(void *arg, int64_t from, int64_t to) {
    const sn_call *c = arg;
    const sn_norm_attr *attr = c->attr;
    int64_t n = columns_of(&c->in[0]);
    for (int64_t i = from; i < to; i++) {
        const float *x = sn_row_at(&c->in[0], i);
        double square = long_sum(x, n, 0, term_square);
        float factor = (float)(1 / sqrt(square / (double)n + attr->epsilon));
        affine_row(out_row(c, i), x, n, 0, factor, vector_or_null(c, 1), NULL);
    }
}

static void layer_norm_rows(void *arg, int64_t from, int64_t to) {
    const sn_call *c = arg;
    const sn_norm_attr *attr = c->attr;
    int64_t n = columns_of(&c->in[0]);
    for (int64_t i = from; i < to; i++) {
        const float *x = sn_row_at(&c->in[0], i);
        float mean = (float)(long_sum(x, n, 0, term_itself) / (double)n);
        double square = long_sum(x, n, mean, term_square);
        float factor = (float)(1 / sqrt(square / (double)n + attr->epsilon));
        affine_row(out_row(c, i), x, n, mean, factor, vector_or_null(c, 1), vector_or_null(c, 2));
    }
}

/* ---- the gradient of rms_norm: chunks of rows, each with its own part of the weight's gradient ---- */

enum { norm_chunk = 64 };

/* One row: dx, and its part of dweight added to `part`. */
static void rms_norm_backward_row(const float *x, const float *dy, const float *weight, int64_t n, double epsilon,
                                  float *dx, float *part) {
    vf square = vf_set(0), dot = vf_set(0), one = vf_set(1);
    for (int64_t j = 0; j < n; j += vf_lanes) {
        int64_t left = sn_min_i64(vf_lanes, n - j);
        vf v = vf_load_part(x + j, left), d = vf_load_part(dy + j, left);
        square = vf_fma(v, v, square);
        dot = vf_fma(vf_mul(v, d), weight ? vf_load_part(weight + j, left) : one, dot);
    }
    double s = 1 / sqrt((double)vf_sum(square) / (double)n + epsilon);
    vf scale = vf_set((float)s), back = vf_set((float)(-s * s * s * (double)vf_sum(dot) / (double)n));
    for (int64_t j = 0; j < n; j += vf_lanes) {
        int64_t left = sn_min_i64(vf_lanes, n - j);
        vf v = vf_load_part(x + j, left), d = vf_mul(vf_load_part(dy + j, left), scale);
        vf_store_part(part + j, vf_fma(v, d, vf_load_part(part + j, left)), left);
        if (weight) d = vf_mul(d, vf_load_part(weight + j, left));
        vf_store_part(dx + j, vf_fma(v, back, d), left);
    }
}

static void rms_norm_backward_chunks(void *arg, int64_t from, int64_t to) {
    const sn_call *c = arg;
    const sn_norm_attr *attr = c->attr;
    int64_t n = columns_of(&c->in[0]), rows = rows_of(&c->in[0]);
    for (int64_t chunk = from; chunk < to; chunk++) {
        float *part = (float *)c->workspace + chunk * n;
        memset(part, 0, (size_t)n * sizeof *part);
        for (int64_t i = chunk * norm_chunk; i < sn_min_i64(rows, (chunk + 1) * norm_chunk); i++)
            rms_norm_backward_row(sn_row_at(&c->in[0], i), sn_row_at(&c->in[2], i), vector_or_null(c, 1), n,
                                  attr->epsilon, out_row(c, i), part);
    }
}

static int64_t norm_chunks(const sn_call *c) { return sn_ceil_div(rows_of(&c->in[0]), norm_chunk); }

static size_t workspace_rms_norm_backward(const sn_call *c, int n_threads) {
    (void)n_threads;
    return (size_t)(norm_chunks(c) * columns_of(&c->in[0])) * sizeof(float);
}

static void run_rms_norm_backward(const sn_call *c) {
    sn_call copy = *c;
    int64_t n = columns_of(&c->in[0]), n_chunks = norm_chunks(c);
    const float *parts = c->workspace;
    float *dweight = c->out[1].data;
    sn_parallel_ranges(c->team, rms_norm_backward_chunks, &copy, n_chunks, 4 * norm_chunk * n);
    for (int64_t j = 0; j < n; j++) {
        double sum = 0;
        for (int64_t k = 0; k < n_chunks; k++) sum += (double)parts[k * n + j];
        dweight[j] = (float)sum;
    }
}

/* The loss of each row into the workspace. */
static void cross_entropy_rows(void *arg, int64_t from, int64_t to) {
    const sn_call *c = arg;
    int64_t n = columns_of(&c->in[0]);
    double *loss = c->workspace;
    for (int64_t i = from; i < to; i++) {
        int64_t target = *(const int32_t *)sn_element_at(&c->in[1], i);
        loss[i] = target < 0 ? 0 : NAN;
        if (target < 0 || target >= n) continue;
        const float *x = sn_row_at(&c->in[0], i);
        float top = largest_of(x, n);
        loss[i] = (double)top + log(exp_sum(x, NULL, n, top)) - (double)x[target];
    }
}

static void run_rows(const sn_call *c, sn_range_fn fn, int64_t work) {
    sn_call copy = *c;
    sn_parallel_ranges(c->team, fn, &copy, rows_of(&c->in[0]), work * columns_of(&c->in[0]));
}

static void run_softmax(const sn_call *c) { run_rows(c, softmax_rows, 6); }
static void run_log_softmax(const sn_call *c) { run_rows(c, log_softmax_rows, 6); }
static void run_rms_norm(const sn_call *c) { run_rows(c, rms_norm_rows, 2); }
static void run_layer_norm(const sn_call *c) { run_rows(c, layer_norm_rows, 3); }
static void run_cross_entropy(const sn_call *c) {
    const double *loss = c->workspace;
    int64_t n = rows_of(&c->in[0]), n_counted = 0;
    double total = 0;
    run_rows(c, cross_entropy_rows, 5);
    for (int64_t i = 0; i < n; i++) {
        n_counted += *(const int32_t *)sn_element_at(&c->in[1], i) >= 0;
        total += loss[i];
    }
    *(float *)c->out[0].data = (float)(n_counted ? total / (double)n_counted : 0);
}

/* ---- sum: rows by blocks into the workspace, other dims by strips of columns ---- */

enum { row_chunk = 4 * sum_block, strip = 128, strip_rows = 64 };

typedef struct sum_shape {
    int64_t outer, n, inner, n_chunks; /* input as [outer, n, inner]; chunks of a row */
} sum_shape;

static sum_shape sum_shape_of(const sn_call *c) {
    const sn_dim_attr *attr = c->attr;
    const sn_tensor *x = &c->in[0];
    sum_shape s = {1, x->shape[attr->dim], 1, 0};
    for (int d = 0; d < attr->dim; d++) s.outer *= x->shape[d];
    for (int d = attr->dim + 1; d < x->n_dims; d++) s.inner *= x->shape[d];
    s.n_chunks = sn_max_i64(1, sn_ceil_div(s.n, row_chunk));
    return s;
}

static void sum_row_chunks(void *arg, int64_t from, int64_t to) {
    const sn_call *c = arg;
    sum_shape s = sum_shape_of(c);
    for (int64_t i = from; i < to; i++) {
        int64_t begin = i % s.n_chunks * row_chunk;
        const float *x = (const float *)c->in[0].data + i / s.n_chunks * s.n + begin;
        ((double *)c->workspace)[i] = long_sum(x, sn_min_i64(row_chunk, s.n - begin), 0, term_itself);
    }
}

static void sum_strip(float *out, const float *x, int64_t n, int64_t inner, int64_t width) {
    double total[strip] = {0};
    for (int64_t k = 0; k < n; k += strip_rows) {
        float part[strip] = {0};
        for (int64_t r = k; r < sn_min_i64(n, k + strip_rows); r++)
            for (int64_t i = 0; i < width; i++) part[i] += x[r * inner + i];
        for (int64_t i = 0; i < width; i++) total[i] += (double)part[i];
    }
    for (int64_t i = 0; i < width; i++) out[i] = (float)total[i];
}

static void sum_strips(void *arg, int64_t from, int64_t to) {
    const sn_call *c = arg;
    sum_shape s = sum_shape_of(c);
    int64_t n_strips = sn_ceil_div(s.inner, strip);
    for (int64_t i = from; i < to; i++) {
        int64_t o = i / n_strips, begin = i % n_strips * strip;
        sum_strip((float *)c->out[0].data + o * s.inner + begin,
                  (const float *)c->in[0].data + o * s.n * s.inner + begin, s.n, s.inner,
                  sn_min_i64(strip, s.inner - begin));
    }
}

static void run_sum(const sn_call *c) {
    sum_shape s = sum_shape_of(c);
    sn_call copy = *c;
    if (s.inner != 1) {
        sn_parallel_ranges(c->team, sum_strips, &copy, s.outer * sn_ceil_div(s.inner, strip), s.n * strip);
        return;
    }
    sn_parallel_ranges(c->team, sum_row_chunks, &copy, s.outer * s.n_chunks, sn_min_i64(s.n, row_chunk));
    for (int64_t o = 0; o < s.outer; o++) {
        double total = 0;
        for (int64_t k = 0; k < s.n_chunks; k++) total += ((double *)c->workspace)[o * s.n_chunks + k];
        ((float *)c->out[0].data)[o] = (float)total;
    }
}

static size_t workspace_sum(const sn_call *c, int n_threads) {
    sum_shape s = sum_shape_of(c);
    (void)n_threads;
    return s.inner == 1 ? (size_t)(s.outer * s.n_chunks) * sizeof(double) : 0;
}

/* ---- records ---- */

static size_t workspace_cross_entropy(const sn_call *c, int n_threads) {
    (void)n_threads;
    return (size_t)rows_of(&c->in[0]) * sizeof(double);
}

static bool has_unit_columns(const sn_tensor *t) {
    return t->dtype == SN_F32 && (t->shape[t->n_dims - 1] == 1 || t->stride[t->n_dims - 1] == (int64_t)sizeof(float));
}

/* Rows of f32 without gaps between columns; the optional vectors of the norms likewise. */
static bool applicable_rows(const sn_call *c) {
    for (int k = 0; k < c->n_in; k++)
        if (sn_call_has(c, k) && !has_unit_columns(&c->in[k])) return false;
    return true;
}
static bool applicable_cross_entropy(const sn_call *c) { return has_unit_columns(&c->in[0]); }
static bool applicable_sum(const sn_call *c) { return c->in[0].dtype == SN_F32 && sn_tensor_is_contiguous(&c->in[0]); }

#define SN_ROWS_RECORD(op_, variant, isa_, rank_, applicable_, workspace_)                                             \
    {                                                                                                                  \
        .op = #op_, .name = variant, .isa = isa_, .rank = rank_, .applicable = applicable_, .workspace = workspace_,   \
        .run = run_##op_                                                                                               \
    }

#endif
