/* Our own f32 matrix product: packed panels and a register-blocked inner kernel. The body of gemm_<isa>.c, which
 * define VEC_BYTES (of a vector) and GEMM_ROWS (of the inner kernel) before they include it.
 *
 * Each task owns a tile of the result, at most `panel` columns wide. For every stretch of `depth` terms it packs its
 * part of B once, then walks down A in blocks of rows, packed as well. (The scheme is that of Goto and van de Geijn,
 * 2008.) */
#include "base/size.h"
#include "kernel/product.h"
#include "kernel/vec.h"
#if defined(__AVX2__)
#include "kernel/quant_rows.h"
#endif

#include <string.h>

enum {
    tile_rows = GEMM_ROWS,
    tile_columns = 2 * lanes,
    depth = 256,
    panel = 256,
    block_rows = 16 * tile_rows,
};

/* One thread's part of the workspace. */
typedef struct gemm_space {
    float b[depth * panel]; /* [panel / tile_columns][depth][tile_columns] */
    float a[block_rows * depth];
    float row[depth];
} gemm_space;

/* The inner kernel: c (tile_rows by tile_columns) = packed a by packed b. */
static inline __attribute__((always_inline)) void multiply_tile(const float *a, const float *b, int64_t count,
                                                                vec sum[tile_rows][2]) {
    for (int i = 0; i < tile_rows; i++) sum[i][0] = sum[i][1] = (vec){0};
    for (int64_t l = 0; l < count; l++, a += tile_rows, b += tile_columns) {
        vec b0 = *(const loose_vec *)b, b1 = *(const loose_vec *)(b + lanes);
#pragma GCC unroll 16
        for (int i = 0; i < tile_rows; i++) {
            vec ai = splat(a[i]);
            sum[i][0] = multiply_add(ai, b0, sum[i][0]);
            sum[i][1] = multiply_add(ai, b1, sum[i][1]);
        }
    }
}

/* Adds the tile to c, of which only rows by columns exist; `bias` (may be NULL) starts the sum when `first`. */
static void store_tile(vec sum[tile_rows][2], float *c, int64_t stride, int64_t rows, int64_t columns, bool first,
                       const float *bias) {
    if (first && !bias && rows == tile_rows && columns == tile_columns) {
        for (int64_t i = 0; i < rows; i++)
            for (int v = 0; v < 2; v++) *(loose_vec *)(c + i * stride + v * lanes) = sum[i][v];
        return;
    }
    for (int64_t i = 0; i < rows; i++) {
        float line[tile_columns];
        memcpy(line, sum[i], sizeof line);
        for (int64_t j = 0; j < columns; j++)
            c[i * stride + j] = line[j] + (!first ? c[i * stride + j] : bias ? bias[j] : 0);
    }
}

/* Packs rows i0.. of A, terms l0.. of it, [block][count][tile_rows]; rows that do not exist are zero. */
static void pack_a(const sn_product *p, const float *a, int64_t i0, int64_t rows, int64_t l0, int64_t count,
                   float *to) {
    for (int64_t i = 0; i < rows; i += tile_rows)
        for (int64_t l = 0; l < count; l++)
            for (int64_t t = 0; t < tile_rows; t++)
                *to++ = i + t < rows ? a[(i0 + i + t) * p->a_row + (l0 + l) * p->a_k] : 0;
}

static void load_row(const sn_product *p, int64_t j, int64_t l0, int64_t count, float *to) {
    const uint8_t *row = p->rows + j * p->rows_stride;
    row += l0 / sn_dtype_block(p->rows_dtype) * sn_dtype_bytes(p->rows_dtype);
#if defined(__AVX2__)
    row_to_f32(p->rows_dtype, row, to, count);
#else
    sn_to_f32(p->rows_dtype, row, to, count);
#endif
}

/* Packs columns j0.. of B, terms l0.. of it; columns that do not exist are zero. */
static void pack_b(const sn_product *p, const float *b, int64_t j0, int64_t columns, int64_t l0, int64_t count,
                   gemm_space *space) {
    int64_t whole = sn_round_up(columns, tile_columns);
    for (int64_t j = 0; j < whole; j++) {
        float *to = space->b + j / tile_columns * count * tile_columns + j % tile_columns;
        const float *from = p->rows ? space->row : b + l0 * p->b_k + (j0 + j) * p->b_column;
        int64_t step = p->rows ? 1 : p->b_k;
        if (j < columns && p->rows) load_row(p, j0 + j, l0, count, space->row);
        for (int64_t l = 0; l < count; l++) to[l * tile_columns] = j < columns ? from[l * step] : 0;
    }
}

/* Columns of B that lie side by side are copied line by line. */
static void pack_b_lines(const sn_product *p, const float *b, int64_t j0, int64_t columns, int64_t l0, int64_t count,
                         gemm_space *space) {
    for (int64_t j = 0; j < columns; j += tile_columns) {
        int64_t width = sn_min_i64(tile_columns, columns - j);
        float *to = space->b + j * count;
        for (int64_t l = 0; l < count; l++, to += tile_columns) {
            memcpy(to, b + (l0 + l) * p->b_k + j0 + j, (size_t)width * sizeof *to);
            for (int64_t t = width; t < tile_columns; t++) to[t] = 0;
        }
    }
}

typedef struct gemm_job {
    sn_product p;
    gemm_space *spaces;
    int64_t part_rows, part_columns, n_down, n_across;
} gemm_job;

static void multiply_block(const sn_product *p, const gemm_space *space, float *out, int64_t i0, int64_t rows,
                           int64_t j0, int64_t columns, int64_t l0, int64_t count) {
    for (int64_t j = 0; j < columns; j += tile_columns)
        for (int64_t i = 0; i < rows; i += tile_rows) {
            vec sum[tile_rows][2];
            multiply_tile(space->a + i * count, space->b + j * count, count, sum);
            store_tile(sum, out + (i0 + i) * p->out_row + j0 + j, p->out_row, sn_min_i64(tile_rows, rows - i),
                       sn_min_i64(tile_columns, columns - j), l0 == 0, p->bias ? p->bias + j0 + j : NULL);
        }
}

static void gemm_task(void *arg, int64_t index, int thread) {
    const gemm_job *job = arg;
    const sn_product *p = &job->p;
    gemm_space *space = job->spaces + thread;
    int64_t n_parts = job->n_down * job->n_across, part = index % n_parts;
    sn_product_batch at = sn_product_batch_at(p, index / n_parts);
    int64_t from = part / job->n_across * job->part_rows, to = sn_min_i64(p->m, from + job->part_rows);
    int64_t j0 = part % job->n_across * job->part_columns, columns = sn_min_i64(job->part_columns, p->n - j0);
    for (int64_t l0 = 0; l0 < sn_max_i64(1, p->k); l0 += depth) {
        int64_t count = sn_min_i64(depth, p->k - l0);
        if (!p->rows && p->b_column == 1)
            pack_b_lines(p, at.b, j0, columns, l0, count, space);
        else
            pack_b(p, at.b, j0, columns, l0, count, space);
        for (int64_t i0 = from; i0 < to; i0 += block_rows) {
            int64_t rows = sn_min_i64(block_rows, to - i0);
            pack_a(p, at.a, i0, rows, l0, count, space->a);
            multiply_block(p, space, at.out, i0, rows, j0, columns, l0, count);
        }
    }
}

static size_t gemm_workspace(const sn_call *c, int n_threads) {
    (void)c;
    return (size_t)n_threads * sizeof(gemm_space);
}

static void gemm_run(const sn_call *c, const sn_product *p) {
    gemm_job job = {.p = *p, .spaces = c->workspace};
    if (p->m == 0 || p->n == 0) return;
    sn_product_tiles(p, sn_team_size(c->team), &job.part_rows, &job.part_columns);
    job.part_columns = sn_min_i64(job.part_columns, panel);
    job.n_down = sn_ceil_div(p->m, job.part_rows);
    job.n_across = sn_ceil_div(p->n, job.part_columns);
    sn_parallel(c->team, gemm_task, &job, p->n_batches * job.n_down * job.n_across);
}

static bool linear_applicable(const sn_call *c) {
    sn_product p;
    return sn_product_of_linear(c, &p);
}
static void linear_run(const sn_call *c) {
    sn_product p;
    if (sn_product_of_linear(c, &p)) gemm_run(c, &p);
}
static bool matmul_applicable(const sn_call *c) {
    sn_product p;
    return sn_product_of_matmul(c, &p);
}
static void matmul_run(const sn_call *c) {
    sn_product p;
    if (sn_product_of_matmul(c, &p)) gemm_run(c, &p);
}
