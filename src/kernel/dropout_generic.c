/* dropout of contiguous f32: one Philox block gives the draws of four elements. */
#include "base/philox.h"
#include "base/size.h"
#include "kernel/attr.h"
#include "kernel/loops.h"

typedef struct job {
    const sn_dropout_attr *attr;
    uint64_t stream;
    const float *x;
    float *y;
    int64_t n;
} job;

/* Blocks of four elements; the same comparison as sn_uniform_f32 makes. */
static void drop_blocks(void *arg, int64_t from, int64_t to) {
    const job *j = arg;
    const float rate = (float)j->attr->rate, factor = (float)(1 / (1 - j->attr->rate));
    for (int64_t block = from; block < to; block++) {
        uint32_t draw[4];
        sn_philox(j->attr->seed, j->stream, (uint64_t)block, draw);
        for (int64_t i = 4 * block; i < sn_min_i64(j->n, 4 * block + 4); i++)
            j->y[i] = (float)(draw[i & 3] >> 8) * 0x1p-24f >= rate ? j->x[i] * factor : 0;
    }
}

static void run(const sn_call *c) {
    const sn_dropout_attr *attr = c->attr;
    job j = {attr, sn_dropout_stream(attr, *(const int32_t *)c->in[1].data), c->in[0].data, c->out[0].data,
             sn_tensor_count(&c->out[0])};
    sn_parallel_ranges(c->team, drop_blocks, &j, sn_ceil_div(j.n, 4), 64);
}

static bool applicable(const sn_call *c) { return c->in[0].dtype == SN_F32 && sn_tensor_is_contiguous(&c->in[0]); }

const sn_kernel sn_kernel_dropout_generic = {
    .op = "dropout", .name = "generic", .rank = 1, .applicable = applicable, .run = run};
