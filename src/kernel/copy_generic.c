/* The ops that move elements, for any processor and any plain dtype: memory is the limit, not the instructions. */
#include "base/size.h"
#include "kernel/attr.h"
#include "kernel/loops.h"

#include <string.h>

static bool always(const sn_call *call) {
    (void)call;
    return true;
}

static void run_copy(const sn_call *c) { sn_strided_copy(c->team, &c->out[0], &c->in[0]); }

/* The part of t that starts at `from` along dim and has `length` there. */
static sn_tensor part_of(const sn_tensor *t, int dim, int64_t from, int64_t length) {
    sn_tensor part = *t;
    part.shape[dim] = length;
    part.data = (char *)t->data + from * t->stride[dim];
    return part;
}

static void run_concat(const sn_call *c) {
    const sn_dim_attr *attr = c->attr;
    int64_t from = 0;
    for (int k = 0; k < c->n_in; k++) {
        int64_t length = c->in[k].shape[attr->dim];
        sn_tensor part = part_of(&c->out[0], attr->dim, from, length);
        sn_strided_copy(c->team, &part, &c->in[k]);
        from += length;
    }
}

static void run_pad_zero(const sn_call *c) {
    const sn_pad_attr *attr = c->attr;
    memset(c->out[0].data, 0, (size_t)sn_tensor_bytes(&c->out[0]));
    sn_tensor part = part_of(&c->out[0], attr->dim, attr->from, c->in[0].shape[attr->dim]);
    sn_strided_copy(c->team, &part, &c->in[0]);
}

/* ---- gather: whole rows that are contiguous ---- */

static int64_t row_bytes(const sn_tensor *t) {
    sn_tensor row = *t;
    row.shape[0] = 1;
    return sn_tensor_bytes(&row);
}

static bool has_whole_rows(const sn_call *c) {
    sn_tensor row = c->in[0];
    row.shape[0] = 1;
    return sn_tensor_is_contiguous(&row);
}

static void gather_rows(void *arg, int64_t from, int64_t to) {
    const sn_call *c = arg;
    const sn_tensor *x = &c->in[0];
    int64_t bytes = row_bytes(x);
    for (int64_t i = from; i < to; i++) {
        int64_t row = *(const int32_t *)sn_element_at(&c->in[1], i);
        char *out = (char *)c->out[0].data + i * bytes;
        if (row < 0 || row >= x->shape[0])
            memset(out, 0, (size_t)bytes);
        else
            memcpy(out, (const char *)x->data + row * x->stride[0], (size_t)bytes);
    }
}

static void run_gather(const sn_call *c) {
    sn_call copy = *c;
    sn_parallel_ranges(c->team, gather_rows, &copy, c->in[1].shape[0], row_bytes(&c->in[0]) / 4);
}

/* ---- scatter_add: each task owns strips of columns, so rows are added in order whatever the team ---- */

enum { strip = 64 };

static bool is_f32_rows(const sn_call *c) { return c->in[0].dtype == SN_F32 && has_whole_rows(c); }
static int64_t row_columns(const sn_call *c) { return row_bytes(&c->in[0]) / (int64_t)sizeof(float); }

static void scatter_strips(void *arg, int64_t from, int64_t to) {
    const sn_call *c = arg;
    const sn_tensor *x = &c->in[0], *out = &c->out[0];
    int64_t columns = row_columns(c), begin = from * strip, width = sn_min_i64(columns, to * strip) - begin;
    float *y = (float *)out->data + begin;
    for (int64_t i = 0; i < out->shape[0]; i++) memset(y + i * columns, 0, (size_t)width * sizeof *y);
    for (int64_t i = 0; i < x->shape[0]; i++) {
        int64_t row = *(const int32_t *)sn_element_at(&c->in[1], i);
        if (row < 0 || row >= out->shape[0]) continue;
        const float *add = (const float *)(const void *)((const char *)x->data + i * x->stride[0]) + begin;
        for (int64_t j = 0; j < width; j++) y[row * columns + j] += add[j];
    }
}

static void run_scatter_add(const sn_call *c) {
    sn_call copy = *c;
    int64_t work = strip * (c->in[0].shape[0] + c->out[0].shape[0]);
    sn_parallel_ranges(c->team, scatter_strips, &copy, sn_ceil_div(row_columns(c), strip), work);
}

const sn_kernel sn_kernel_copy_generic = {
    .op = "copy", .name = "generic", .rank = 1, .applicable = always, .run = run_copy};
const sn_kernel sn_kernel_concat_generic = {
    .op = "concat", .name = "generic", .rank = 1, .applicable = always, .run = run_concat};
const sn_kernel sn_kernel_pad_zero_generic = {
    .op = "pad_zero", .name = "generic", .rank = 1, .applicable = always, .run = run_pad_zero};
const sn_kernel sn_kernel_gather_generic = {
    .op = "gather", .name = "generic", .rank = 1, .applicable = has_whole_rows, .run = run_gather};
const sn_kernel sn_kernel_scatter_add_generic = {
    .op = "scatter_add", .name = "generic", .rank = 1, .applicable = is_f32_rows, .run = run_scatter_add};
