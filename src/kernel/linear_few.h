/* linear for few rows: each weight is read once, straight from where it lies, at the speed of memory. The body of
 * linear_few_<isa>.c, each of which compiles it for its instruction set.
 *
 * Quantized weights meet activations quantized to 8 bits per 32 values (integer products), or, where the call wants
 * f32, are unpacked to f32 in registers. */
#include "base/size.h"
#include "kernel/linear.h"
#ifdef __AVX512BW__
#include "kernel/linear_dot512.h"
#else
#include "kernel/linear_dot256.h"
#endif

typedef struct few_job few_job;
/* Dots of one row of w with 1 or max_tile rows of x from row r0. */
typedef void (*dot_fn)(const few_job *job, const uint8_t *w, int64_t r0, float *out);
/* Dots of two rows of w with the only row of x. */
typedef void (*pair_fn)(const few_job *job, const uint8_t *const w[2], float *out);

struct few_job {
    sn_linear_dims dims;
    const uint8_t *w;
    const float *x, *bias;
    q8_group *q8; /* dims.n_rows rows of n_groups */
    float *out;
    float *padded; /* x with rows filled up to whole groups */
    int64_t n_groups;
    const dot_fn *dot;
    pair_fn pair; /* NULL: the type has none */
    int64_t rows_per_task;
};

/* ---- quantized weights, f32 activations ---- */

SN_INLINE void dot_exact(const unpack *u, const few_job *job, const uint8_t *w, int64_t r0, int n_rows, float *out) {
    _Alignas(32) float scale[16], min[16];
    __m256 sum[max_tile];
    uint8_t spare[max_group_bytes];
    int64_t row = job->n_groups * group_size;
    for (int r = 0; r < n_rows; r++) sum[r] = _mm256_setzero_ps();
    for (int64_t g = 0; g < job->n_groups; g++) {
        const uint8_t *group = whole_group(u, w + g * u->group_bytes, job->dims.k - g * group_size, spare);
        prefetch_ahead(w + g * u->group_bytes, u->group_bytes);
        u->scales(group, scale, min);
        for (int h = 0; h < group_parts; h++) {
            __m256i codes = u->codes(group, h);
            const float *x = job->padded + r0 * row + g * group_size + h * part_size;
            for (int i = 0; i < 4; i++) {
                __m256 value = values8(u, codes, h, i, scale, min);
                for (int r = 0; r < n_rows; r++)
                    sum[r] = _mm256_fmadd_ps(value, _mm256_loadu_ps(x + r * row + 8 * i), sum[r]);
            }
        }
    }
    for (int r = 0; r < n_rows; r++) out[r] = sum8(sum[r]);
}

/* ---- float weights ---- */

SN_INLINE vf load_f32(const uint8_t *p) { return vf_load((const float *)(const void *)p); }

/* Adds the products of the last values, at most one vector. */
SN_INLINE void add_last(vf (*load)(const uint8_t *), int64_t size, const uint8_t *w, int64_t count, const float *x,
                        int64_t stride, int n_rows, float *out) {
    float value[vf_lanes];
    uint8_t spare[sizeof value] = {0};
    count = sn_min_i64(vf_lanes, count);
    memcpy(spare, w, (size_t)(count * size));
    vf_store(value, load(spare));
    for (int r = 0; r < n_rows; r++)
        for (int64_t j = 0; j < count; j++) out[r] += value[j] * x[r * stride + j];
}

/* Dots of n_w rows of w with n_rows rows of x from row r0; out is [n_w][n_rows]. A single row of x is added up in four
 * sums per row of w, so that their latencies overlap and the loads never wait. */
SN_INLINE void dot_float(vf (*load)(const uint8_t *), int64_t size, const few_job *job, const uint8_t *const w[],
                         int n_w, int64_t r0, int n_rows, float *out) {
    int64_t k = job->dims.k, stride = job->dims.x_stride, i = 0;
    const float *x = job->x + r0 * stride;
    const int ways = n_rows == 1 ? 4 : 2;
    vf sum[max_tile][4];
    for (int r = 0; r < n_w * n_rows; r++)
        for (int way = 0; way < 4; way++) sum[r][way] = vf_set(0);
    for (; i + vf_lanes * ways <= k; i += vf_lanes * ways) {
#pragma GCC unroll 2
        for (int v = 0; v < n_w; v++)
#pragma GCC unroll 4
            for (int64_t b = 0; b < vf_lanes * ways * size; b += 64)
                _mm_prefetch((const char *)w[v] + i * size + b + 4096, _MM_HINT_T1);
#pragma GCC unroll 4
        for (int way = 0; way < ways; way++)
#pragma GCC unroll 2
            for (int v = 0; v < n_w; v++) {
                vf value = load(w[v] + (i + vf_lanes * way) * size);
#pragma GCC unroll 4
                for (int r = 0; r < n_rows; r++)
                    sum[v * n_rows + r][way] =
                        vf_fma(value, vf_load(x + r * stride + i + vf_lanes * way), sum[v * n_rows + r][way]);
            }
    }
    for (int v = 0; v < n_w * n_rows; v++) {
        const vf *s = sum[v];
        out[v] = vf_sum(vf_add(vf_add(s[0], s[1]), vf_add(s[2], s[3])));
    }
    for (; i < k; i += vf_lanes)
        for (int v = 0; v < n_w; v++)
            add_last(load, size, w[v] + i * size, k - i, x + i, stride, n_rows, &out[v * n_rows]);
}

/* ---- one function per type and tile height, so that the loops over rows have constant bounds ---- */

SN_INLINE void dot_q8_job(const unpack *u, const few_job *job, const uint8_t *w, int64_t r0, int n_rows, float *out) {
    dot_q8(u, w, job->dims.k, job->q8 + r0 * job->n_groups, job->n_groups, n_rows, out);
}

#define SN_DOTS(type, dtype, block, bytes, sub, wide, codes, scales)                                                   \
    static void q8_##type##_1(const few_job *job, const uint8_t *w, int64_t r0, float *out) {                          \
        dot_q8_job(&unpack_##type, job, w, r0, 1, out);                                                                \
    }                                                                                                                  \
    static void q8_##type##_4(const few_job *job, const uint8_t *w, int64_t r0, float *out) {                          \
        dot_q8_job(&unpack_##type, job, w, r0, max_tile, out);                                                         \
    }                                                                                                                  \
    static void exact_##type##_1(const few_job *job, const uint8_t *w, int64_t r0, float *out) {                       \
        dot_exact(&unpack_##type, job, w, r0, 1, out);                                                                 \
    }                                                                                                                  \
    static void exact_##type##_4(const few_job *job, const uint8_t *w, int64_t r0, float *out) {                       \
        dot_exact(&unpack_##type, job, w, r0, max_tile, out);                                                          \
    }
SN_BLOCK_TYPES(SN_DOTS)

#define SN_FLOAT_DOTS(type, size)                                                                                      \
    static void type##_1(const few_job *job, const uint8_t *w, int64_t r0, float *out) {                               \
        dot_float(load_##type, size, job, &w, 1, r0, 1, out);                                                          \
    }                                                                                                                  \
    static void type##_4(const few_job *job, const uint8_t *w, int64_t r0, float *out) {                               \
        dot_float(load_##type, size, job, &w, 1, r0, max_tile, out);                                                   \
    }                                                                                                                  \
    static void type##_pair(const few_job *job, const uint8_t *const w[2], float *out) {                               \
        dot_float(load_##type, size, job, w, 2, 0, 1, out);                                                            \
    }
SN_FLOAT_DOTS(f32, 4)
SN_FLOAT_DOTS(f16, 2)
SN_FLOAT_DOTS(bf16, 2)

#define SN_DOTS_ENTRY(type, dtype, ...)                                                                                \
    [dtype] = {{q8_##type##_1, q8_##type##_4}, {exact_##type##_1, exact_##type##_4}},
/* By type; [0] with rounded activations where they help, [1] in f32; of height 1 and max_tile. */
static const dot_fn dots[SN_N_DTYPES][2][2] = {
    SN_BLOCK_TYPES(SN_DOTS_ENTRY)[SN_F32] = {{f32_1, f32_4}, {f32_1, f32_4}},
    [SN_F16] = {{f16_1, f16_4}, {f16_1, f16_4}}, [SN_BF16] = {{bf16_1, bf16_4}, {bf16_1, bf16_4}}};
static const pair_fn pairs[SN_N_DTYPES] = {[SN_F32] = f32_pair, [SN_F16] = f16_pair, [SN_BF16] = bf16_pair};

/* ---- the call ---- */

static bool applicable(const sn_call *c) {
    sn_linear_dims dims;
    return sn_linear_dims_get(c, &dims) && dots[c->in[1].dtype][0][0] && dims.n_rows <= SN_LINEAR_FEW_ROWS;
}

static size_t workspace(const sn_call *c, int n_threads) {
    sn_linear_dims dims;
    (void)n_threads;
    if (!sn_linear_dims_get(c, &dims) || !sn_dtype_is_block(c->in[1].dtype)) return 0;
    size_t n_groups = (size_t)(dims.n_rows * sn_ceil_div(dims.k, group_size));
    return n_groups * (c->precision == SN_PRECISION_F32 ? group_size * sizeof(float) : sizeof(q8_group));
}

/* Puts x where the dots of block types read it. */
static void prepare(few_job *job, const sn_call *c) {
    const sn_linear_dims *dims = &job->dims;
    job->q8 = c->workspace;
    job->padded = c->workspace;
    for (int64_t r = 0; r < dims->n_rows; r++) {
        const float *from = job->x + r * dims->x_stride;
        float *to = job->padded + r * job->n_groups * group_size;
        if (c->precision != SN_PRECISION_F32) {
            quantize_row(from, dims->k, job->q8 + r * job->n_groups);
            continue;
        }
        memcpy(to, from, (size_t)dims->k * sizeof *to);
        memset(to + dims->k, 0, (size_t)(job->n_groups * group_size - dims->k) * sizeof *to);
    }
}

/* The two rows lie half a task apart: of two streams, more is on its way from memory than of one. */
static void pair_task(void *arg, int64_t index, int thread) {
    const few_job *job = arg;
    (void)thread;
    int64_t from = index * job->rows_per_task, to = sn_min_i64(job->dims.n, from + job->rows_per_task);
    int64_t half = sn_ceil_div(to - from, 2);
    for (int64_t i = from; i < from + half; i++) {
        const int64_t j[2] = {i, sn_min_i64(i + half, to - 1)};
        const uint8_t *w[2] = {job->w + j[0] * job->dims.w_stride, job->w + j[1] * job->dims.w_stride};
        float sum[2];
        job->pair(job, w, sum);
        for (int v = 0; v < 2; v++) job->out[j[v]] = sum[v] + (job->bias ? job->bias[j[v]] : 0);
    }
}

static void task(void *arg, int64_t index, int thread) {
    const few_job *job = arg;
    (void)thread;
    int64_t n = job->dims.n, from = index * job->rows_per_task, to = sn_min_i64(n, from + job->rows_per_task);
    for (int64_t j = from; j < to; j++) {
        const uint8_t *w = job->w + j * job->dims.w_stride;
        float bias = job->bias ? job->bias[j] : 0;
        for (int64_t r = 0; r < job->dims.n_rows;) {
            float sum[max_tile];
            int height = job->dims.n_rows - r >= max_tile ? max_tile : 1;
            job->dot[height > 1](job, w, r, sum);
            for (int i = 0; i < height; i++) job->out[(r + i) * n + j] = sum[i] + bias;
            r += height;
        }
    }
}

/* Long pieces, the same number for each thread: two threads that read close to each other fetch the same lines ahead,
 * which costs a third of the bandwidth. */
static int64_t rows_per_task(const sn_linear_dims *dims, int n_threads) {
    enum { longest = 2 << 20, shortest = 64 << 10, least_pieces = 4 };
    int64_t bytes = dims->n * dims->w_stride, row = sn_max_i64(1, dims->w_stride);
    int64_t pieces = n_threads * sn_max_i64(least_pieces, sn_ceil_div(bytes, (int64_t)n_threads * longest));
    return sn_max_i64(sn_ceil_div(dims->n, pieces), sn_max_i64(1, shortest / row));
}

static void run(const sn_call *c) {
    few_job job = {.w = c->in[1].data, .x = c->in[0].data, .out = c->out[0].data};
    sn_linear_dims_get(c, &job.dims);
    if (sn_call_has(c, 2)) job.bias = c->in[2].data;
    job.dot = dots[c->in[1].dtype][c->precision == SN_PRECISION_F32];
    job.n_groups = sn_ceil_div(job.dims.k, group_size);
    if (sn_dtype_is_block(c->in[1].dtype)) prepare(&job, c);
    job.rows_per_task = rows_per_task(&job.dims, sn_team_size(c->team));
    job.pair = job.dims.n_rows == 1 ? pairs[c->in[1].dtype] : NULL;
    if (job.dims.n_rows > 0)
        sn_parallel(c->team, job.pair ? pair_task : task, &job, sn_ceil_div(job.dims.n, job.rows_per_task));
}
