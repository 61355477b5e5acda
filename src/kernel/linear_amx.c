/* linear for many rows in bf16 through AMX, for weights of 16 bits or less.
 *
 * The product is computed transposed: weights are the left operand, which tiles take row by row as they lie, so that a
 * panel of them needs only conversion to bf16 and no interleaving; it stays in the second-level cache while all rows
 * of x pass by. x is converted and interleaved by pairs once, which is the right operand's layout. Tiles of the result
 * hold 16 weights' rows by 16 rows of x, and are turned when they are stored. */
#include "base/size.h"
#include "kernel/linear.h"
#include "kernel/product.h"
#include "kernel/quant_unpack.h"
#include "kernel/tile.h"

enum { panel_budget = 1 << 20, panel_unit = 2 * tile_edge };

typedef struct amx_job amx_job;
/* One row of weights to bf16: 64 bytes to every tile_bytes-th address. */
typedef void (*convert_fn)(const uint8_t *row, uint8_t *to, int64_t k);

struct amx_job {
    sn_linear_dims dims;
    const float *x, *bias;
    const uint8_t *w;
    float *out;
    uint8_t *packed;           /* x: [x_blocks][k_steps] tiles */
    uint8_t *panels;           /* per thread: [panel_rows / 16][k_steps] tiles */
    int64_t k_steps, x_blocks; /* of 32 values, of 16 rows */
    int64_t panel_rows, panel_bytes;
    convert_fn convert;
};

/* ---- conversion to bf16 ---- */

SN_INLINE void store_line(uint8_t *to, __m512i bits) { _mm512_store_si512((void *)to, bits); }
SN_INLINE __m512 values16(__m128i codes, float scale, float min) {
    __m512 code = _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(codes));
    return _mm512_fmsub_ps(code, _mm512_set1_ps(scale), _mm512_set1_ps(min));
}

SN_INLINE void convert_blocks(const unpack *u, const uint8_t *row, uint8_t *to, int64_t k) {
    _Alignas(32) float scale[16], min[16];
    uint8_t spare[max_group_bytes];
    for (; k > 0; k -= group_size, row += u->group_bytes) {
        const uint8_t *group = whole_group(u, row, k, spare);
        u->scales(group, scale, min);
        for (int h = 0; h < group_parts && h * part_size < k; h++, to += tile_bytes) {
            __m256i codes = u->codes(group, h);
            int j = u->sub == 32 ? h : 2 * h, next = u->sub == 32 ? j : j + 1;
            __m512 low = values16(_mm256_castsi256_si128(codes), scale[j], min[j]);
            __m512 high = values16(_mm256_extracti128_si256(codes, 1), scale[next], min[next]);
            store_line(to, to_bf16(low, high));
        }
    }
}

#define SN_CONVERT(type, dtype, ...)                                                                                   \
    static void convert_##type(const uint8_t *row, uint8_t *to, int64_t k) {                                           \
        convert_blocks(&unpack_##type, row, to, k);                                                                    \
    }
SN_BLOCK_TYPES(SN_CONVERT)

/* count <= 32 halves, filled up with zeros. */
SN_INLINE __m512i load_halves(const uint8_t *row, int64_t count) {
    return _mm512_maskz_loadu_epi16(count >= 32 ? UINT32_MAX : (1u << count) - 1, row);
}

static void convert_f16(const uint8_t *row, uint8_t *to, int64_t k) {
    for (; k > 0; k -= tile_k, row += 2 * tile_k, to += tile_bytes) {
        __m512i halves = load_halves(row, k);
        store_line(to, to_bf16(_mm512_cvtph_ps(_mm512_castsi512_si256(halves)),
                               _mm512_cvtph_ps(_mm512_extracti64x4_epi64(halves, 1))));
    }
}

static void convert_bf16(const uint8_t *row, uint8_t *to, int64_t k) {
    for (; k > 0; k -= tile_k, row += 2 * tile_k, to += tile_bytes) store_line(to, load_halves(row, k));
}

#define SN_CONVERT_ENTRY(type, dtype, ...) [dtype] = convert_##type,
static const convert_fn converters[SN_N_DTYPES] = {
    SN_BLOCK_TYPES(SN_CONVERT_ENTRY)[SN_F16] = convert_f16, [SN_BF16] = convert_bf16};

/* Up to 32 values of row r of x as 16 pairs; zeros where there are none. */
SN_INLINE __m512i load_pairs(const amx_job *job, int64_t r, int64_t from) {
    if (r >= job->dims.n_rows) return _mm512_setzero_si512();
    return load_bf16(job->x + r * job->dims.x_stride + from, job->dims.k - from);
}

static void pack_task(void *arg, int64_t block, int thread) {
    const amx_job *job = arg;
    (void)thread;
    for (int64_t s = 0; s < job->k_steps; s++) {
        __m512i v[tile_edge];
        for (int i = 0; i < tile_edge; i++) v[i] = load_pairs(job, block * tile_edge + i, s * tile_k);
        transpose16(v);
        uint8_t *to = job->packed + (block * job->k_steps + s) * tile_bytes;
        for (int i = 0; i < tile_edge; i++) store_line(to + 64 * i, v[i]);
    }
}

/* ---- the product ---- */

/* Turns the tile of weights j0.. by rows r0.. and stores what exists of it. */
static void store_result(const amx_job *job, float *tile, int64_t j0, int64_t r0) {
    __m512i v[tile_edge];
    int64_t n = job->dims.n, rows = sn_min_i64(tile_edge, job->dims.n_rows - r0);
    if (j0 >= n) return;
    __mmask16 mask = (__mmask16)(n - j0 >= 16 ? 0xffff : (1 << (n - j0)) - 1);
    __m512 bias = job->bias ? _mm512_maskz_loadu_ps(mask, job->bias + j0) : _mm512_setzero_ps();
    for (int i = 0; i < tile_edge; i++) v[i] = _mm512_load_si512(tile + tile_edge * i);
    transpose16(v);
    for (int i = 0; i < tile_edge; i++)
        if (i < rows)
            _mm512_mask_storeu_ps(job->out + (r0 + i) * n + j0, mask, _mm512_add_ps(_mm512_castsi512_ps(v[i]), bias));
}

/* Two tiles of weights by two of x. */
static void multiply_2x2(const amx_job *job, const uint8_t *a, const uint8_t *b, int64_t j0, int64_t r0) {
    int64_t next = job->k_steps * tile_bytes;
    _Alignas(64) float tile[4][tile_edge * tile_edge];
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    for (int64_t at = 0; at < next; at += tile_bytes) {
        _tile_loadd(4, a + at, 64);
        _tile_loadd(6, b + at, 64);
        _tile_loadd(5, a + next + at, 64);
        _tile_loadd(7, b + next + at, 64);
        _tile_dpbf16ps(0, 4, 6);
        _tile_dpbf16ps(1, 5, 6);
        _tile_dpbf16ps(2, 4, 7);
        _tile_dpbf16ps(3, 5, 7);
    }
    _tile_stored(0, tile[0], 64);
    _tile_stored(1, tile[1], 64);
    _tile_stored(2, tile[2], 64);
    _tile_stored(3, tile[3], 64);
    for (int i = 0; i < 4; i++) store_result(job, tile[i], j0 + i % 2 * tile_edge, r0 + i / 2 * tile_edge);
}

/* Two tiles of weights by the last, odd one of x. */
static void multiply_2x1(const amx_job *job, const uint8_t *a, const uint8_t *b, int64_t j0, int64_t r0) {
    int64_t next = job->k_steps * tile_bytes;
    _Alignas(64) float tile[2][tile_edge * tile_edge];
    _tile_zero(0);
    _tile_zero(1);
    for (int64_t at = 0; at < next; at += tile_bytes) {
        _tile_loadd(4, a + at, 64);
        _tile_loadd(6, b + at, 64);
        _tile_loadd(5, a + next + at, 64);
        _tile_dpbf16ps(0, 4, 6);
        _tile_dpbf16ps(1, 5, 6);
    }
    _tile_stored(0, tile[0], 64);
    _tile_stored(1, tile[1], 64);
    for (int i = 0; i < 2; i++) store_result(job, tile[i], j0 + i * tile_edge, r0);
}

static void convert_panel(const amx_job *job, int64_t j0, int64_t rows, uint8_t *panel) {
    for (int64_t j = 0; j < rows; j++) {
        uint8_t *to = panel + j / tile_edge * job->k_steps * tile_bytes + j % tile_edge * 64;
        job->convert(job->w + (j0 + j) * job->dims.w_stride, to, job->dims.k);
    }
}

static void panel_task(void *arg, int64_t index, int thread) {
    const amx_job *job = arg;
    uint8_t *panel = job->panels + thread * job->panel_bytes;
    int64_t j0 = index * job->panel_rows, rows = sn_min_i64(job->panel_rows, job->dims.n - j0);
    int64_t line = job->k_steps * tile_bytes;
    convert_panel(job, j0, rows, panel);
    tiles_begin();
    for (int64_t block = 0; block < job->x_blocks; block += 2)
        for (int64_t j = 0; j < rows; j += panel_unit) {
            const uint8_t *a = panel + j / tile_edge * line, *b = job->packed + block * line;
            if (block + 1 < job->x_blocks)
                multiply_2x2(job, a, b, j0 + j, block * tile_edge);
            else
                multiply_2x1(job, a, b, j0 + j, block * tile_edge);
        }
    _tile_release();
}

/* ---- the call ---- */

/* Panels as large as the cache allows, but enough of them to go round. */
static void plan_job(amx_job *job, int n_threads) {
    const sn_linear_dims *dims = &job->dims;
    job->k_steps = sn_ceil_div(dims->k, tile_k);
    job->x_blocks = sn_ceil_div(dims->n_rows, tile_edge);
    int64_t fitting = panel_budget / sn_max_i64(1, job->k_steps * 64), share = sn_ceil_div(dims->n, 2 * n_threads);
    int64_t rows = sn_min_i64(256, sn_min_i64(fitting, share));
    job->panel_rows = sn_max_i64(panel_unit, rows / panel_unit * panel_unit);
    job->panel_bytes = job->panel_rows / tile_edge * job->k_steps * tile_bytes;
}

static bool applicable(const sn_call *c) {
    sn_linear_dims dims;
    return c->precision != SN_PRECISION_F32 && converters[c->in[1].dtype] && sn_linear_dims_get(c, &dims) &&
           dims.n_rows > SN_LINEAR_FEW_ROWS;
}

static size_t workspace(const sn_call *c, int n_threads) {
    amx_job job = {0};
    if (!sn_linear_dims_get(c, &job.dims)) return 0;
    plan_job(&job, n_threads);
    return (size_t)(job.x_blocks * job.k_steps * tile_bytes + n_threads * job.panel_bytes);
}

static void run(const sn_call *c) {
    amx_job job = {.x = c->in[0].data, .w = c->in[1].data, .out = c->out[0].data};
    sn_linear_dims_get(c, &job.dims);
    plan_job(&job, sn_team_size(c->team));
    if (sn_call_has(c, 2)) job.bias = c->in[2].data;
    job.convert = converters[c->in[1].dtype];
    job.packed = c->workspace;
    job.panels = job.packed + job.x_blocks * job.k_steps * tile_bytes;
    sn_parallel(c->team, pack_task, &job, job.x_blocks);
    sn_parallel(c->team, panel_task, &job, sn_ceil_div(job.dims.n, job.panel_rows));
}

const sn_kernel sn_kernel_linear_amx = {
    .op = "linear",
    .name = "amx",
    .isa = SN_ISA_AMX,
    .rank = 40,
    .applicable = applicable,
    .workspace = workspace,
    .run = run,
    .tolerance = sn_product_bf16_tolerance,
};
