/* The body of the cache_write and rope kernels, compiled for AVX2 and AVX-512. */
#ifndef SN_KERNEL_CACHE_WRITE_H
#define SN_KERNEL_CACHE_WRITE_H

#include "kernel/attention.h"
#include "kernel/attention_row.h"
#include "kernel/attr.h"
#include "kernel/kernel.h"

enum { CACHE, X, SLOTS, ANGLES, MAX_ROW = SN_ATTENTION_MAX_HEAD, ROWS_PER_TASK = 16 };

static bool last_packed(const sn_tensor *t) { return t->stride[t->n_dims - 1] == sn_dtype_bytes(t->dtype); }

static bool angles_packed(const sn_tensor *t) { return last_packed(t) && t->stride[1] == 2 * t->stride[2]; }

/* Rows `from` and on of x, turned and stored; `to` finds where a row goes, NULL for nowhere. */
static void write_rows(const sn_call *c, const sn_tensor *x, const sn_tensor *angles, float sign, int64_t task,
                       char *(*place)(const sn_call *c, int64_t row), const sn_tensor *out) {
    const sn_rope_attr *attr = c->attr;
    float row[MAX_ROW + LANES];
    int64_t end = (task + 1) * ROWS_PER_TASK < x->shape[0] ? (task + 1) * ROWS_PER_TASK : x->shape[0];
    for (int64_t i = task * ROWS_PER_TASK; i < end; i++) {
        char *to = place(c, i);
        for (int64_t h = 0; to && h < x->shape[1]; h++) {
            row_load(SN_F32, (const char *)x->data + i * x->stride[0] + h * x->stride[1], x->shape[2], row);
            if (angles)
                row_turn(attr->layout, angles->shape[1],
                         (const float *)(const void *)((const char *)angles->data + i * angles->stride[0]), sign, row);
            row_store(out->dtype, row, x->shape[2], to + h * out->stride[1]);
        }
    }
}

/* ---- cache_write ---- */

static char *slot_place(const sn_call *c, int64_t row) {
    const sn_tensor *cache = &c->in[CACHE], *slots = &c->in[SLOTS];
    int64_t slot = *(const int32_t *)(const void *)((const char *)slots->data + row * slots->stride[0]);
    return slot < 0 || slot >= cache->shape[0] ? NULL : (char *)cache->data + slot * cache->stride[0];
}

static void cache_write_task(void *arg, int64_t task, int thread) {
    const sn_call *c = arg;
    (void)thread;
    write_rows(c, &c->in[X], sn_call_has(c, ANGLES) ? &c->in[ANGLES] : NULL, 1, task, slot_place, &c->in[CACHE]);
}

/* Two rows of one call may not name the same slot: which of them stays would depend on the threads. */
static void cache_write_run(const sn_call *c) {
    sn_call copy = *c;
    int64_t n_tasks = (c->in[X].shape[0] + ROWS_PER_TASK - 1) / ROWS_PER_TASK;
    sn_parallel(c->team, cache_write_task, &copy, n_tasks);
}

static bool cache_write_applicable(const sn_call *c) {
    sn_dtype type = c->in[CACHE].dtype;
    return c->in[X].dtype == SN_F32 && last_packed(&c->in[X]) && last_packed(&c->in[CACHE]) &&
           (type == SN_F32 || type == SN_F16 || type == SN_BF16 || type == SN_Q8_0) &&
           (!sn_call_has(c, ANGLES) || angles_packed(&c->in[ANGLES]));
}

/* ---- rope ---- */

static char *row_place(const sn_call *c, int64_t row) { return (char *)c->out[0].data + row * c->out[0].stride[0]; }

static void rope_task(void *arg, int64_t task, int thread) {
    const sn_call *c = arg;
    const sn_rope_attr *attr = c->attr;
    (void)thread;
    write_rows(c, &c->in[0], &c->in[1], attr->transpose ? -1 : 1, task, row_place, &c->out[0]);
}

static void rope_run(const sn_call *c) {
    sn_call copy = *c;
    sn_parallel(c->team, rope_task, &copy, (c->in[0].shape[0] + ROWS_PER_TASK - 1) / ROWS_PER_TASK);
}

static bool rope_applicable(const sn_call *c) {
    return c->in[0].dtype == SN_F32 && last_packed(&c->in[0]) && angles_packed(&c->in[1]);
}

#endif
