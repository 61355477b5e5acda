#include "study/dense.h"

#include "base/size.h"

sn_dense_parts sn_dense_choose(void) {
    sn_dense_parts parts;
    const sn_dense_attr attr = {&parts};
    const sn_call call = {.attr = &attr};
    sn_kernel_choose("dense_f64", &call)->run(&call); /* the plain one applies everywhere */
    return parts;
}

/* Small matrices are not worth waking the team. */
static void share(int64_t work, const sn_dense *d, sn_task_fn fn, void *arg, int64_t tasks) {
    sn_parallel(work > 65536 ? d->team : NULL, fn, arg, tasks);
}

/* ---- Matrix and vector ---- */

typedef struct product {
    const sn_dense_parts *parts;
    const sn_matrix *a;
    const double *v;
    double *out;
    int64_t stride;
} product;

/* A strip of columns: no task needs another's sums. */
static void left_strip(void *arg, int64_t task, int thread) {
    const product *p = arg;
    int64_t from = task * SN_DENSE_STRIP, n = sn_min_i64(SN_DENSE_STRIP, p->a->cols - from);
    (void)thread;
    p->parts->combine(p->a->at + from, p->a->rows, p->a->stride, p->v, n, p->out + from);
}

void sn_product_left(const sn_dense *d, const sn_matrix *a, const double *v, double *out) {
    product p = {&d->parts, a, v, out, 1};
    share(a->rows * a->cols, d, left_strip, &p, sn_ceil_div(a->cols, SN_DENSE_STRIP));
}

static void right_rows(void *arg, int64_t task, int thread) {
    const product *p = arg;
    int64_t to = sn_min_i64(p->a->rows, (task + 1) * SN_DENSE_STRIP);
    (void)thread;
    for (int64_t i = task * SN_DENSE_STRIP; i < to; i++)
        p->out[i * p->stride] = p->parts->dot(p->a->at + i * p->a->stride, p->v, p->a->cols);
}

void sn_product_right(const sn_dense *d, const sn_matrix *a, const double *u, double *out, int64_t stride) {
    product p = {&d->parts, a, u, out, stride};
    share(a->rows * a->cols, d, right_rows, &p, sn_ceil_div(a->rows, SN_DENSE_STRIP));
}

/* ---- Matrix and matrix ---- */

typedef struct update {
    const sn_dense_parts *parts;
    const sn_matrix *c, *a;
    const double *packed; /* of b, by block_cols columns: depth x block_cols, zeros beyond the last */
    int64_t depth;
} update;

enum { task_rows = 64 };

static void update_rows(void *arg, int64_t task, int thread) {
    const update *u = arg;
    const sn_dense_parts *parts = u->parts;
    int64_t from = task * task_rows, to = sn_min_i64(u->c->rows, from + task_rows);
    (void)thread;
    for (int64_t j = 0; j < u->c->cols; j += parts->block_cols)
        for (int64_t i = from; i < to; i += parts->block_rows)
            parts->subtract(u->c->at + i * u->c->stride + j, u->c->stride, sn_min_i64(parts->block_rows, to - i),
                            sn_min_i64(parts->block_cols, u->c->cols - j), u->a->at + i * u->a->stride, u->a->stride,
                            u->packed + j * u->depth, u->depth);
}

int64_t sn_packed_size(int64_t cols, int64_t depth) { return sn_round_up(cols, 64) * depth; }

static void pack(const sn_matrix *b, int64_t width, double *packed) {
    for (int64_t j = 0; j < b->cols; j += width)
        for (int64_t l = 0; l < b->rows; l++)
            for (int64_t q = 0; q < width; q++) *packed++ = j + q < b->cols ? b->at[l * b->stride + j + q] : 0;
}

void sn_subtract_product(const sn_dense *d, const sn_matrix *c, const sn_matrix *a, const sn_matrix *b,
                         double *packed) {
    update u = {&d->parts, c, a, packed, b->rows};
    if (c->rows < 1 || c->cols < 1) return;
    pack(b, d->parts.block_cols, packed);
    share(c->rows * c->cols, d, update_rows, &u, sn_ceil_div(c->rows, task_rows));
}
