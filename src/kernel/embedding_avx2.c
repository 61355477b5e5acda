/* embedding of tables with unbroken rows, a few rows per task. */
#include "base/size.h"
#include "kernel/kernel.h"
#include "kernel/quant_rows.h"

enum { rows_per_task = 16 };

static void embedding_task(void *arg, int64_t task, int thread) {
    const sn_call *c = arg;
    const sn_tensor *table = &c->in[0];
    const int32_t *ids = c->in[1].data;
    int64_t n = sn_tensor_count(&c->in[1]), d = table->shape[1], end = sn_min_i64(n, (task + 1) * rows_per_task);
    (void)thread;
    for (int64_t i = task * rows_per_task; i < end; i++) {
        float *to = (float *)c->out[0].data + i * d;
        if (ids[i] < 0 || ids[i] >= table->shape[0])
            memset(to, 0, (size_t)d * sizeof *to);
        else
            row_to_f32(table->dtype, (const uint8_t *)table->data + ids[i] * table->stride[0], to, d);
    }
}

static bool applicable(const sn_call *c) {
    const sn_tensor *table = &c->in[0];
    return rows_to_f32[table->dtype] && table->stride[1] == sn_dtype_bytes(table->dtype) &&
           sn_tensor_is_contiguous(&c->in[1]);
}

static void run(const sn_call *c) {
    sn_call copy = *c;
    sn_parallel(c->team, embedding_task, &copy, sn_ceil_div(sn_tensor_count(&c->in[1]), rows_per_task));
}

const sn_kernel sn_kernel_embedding_avx2 = {
    .op = "embedding",
    .name = "avx2",
    .isa = SN_ISA_AVX2,
    .rank = 1,
    .applicable = applicable,
    .run = run,
};
