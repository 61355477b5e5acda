/* accumulate and update_average of f32: bound by memory, so plain C that the compiler vectorises will do. */
#include "kernel/attr.h"
#include "kernel/loops.h"

typedef struct job {
    float *state;
    const float *x;
    float keep, scale;
} job;

static void overwrite(void *arg, int64_t from, int64_t to) {
    const job *j = arg;
    for (int64_t i = from; i < to; i++) j->state[i] = j->scale * j->x[i];
}

static void add(void *arg, int64_t from, int64_t to) {
    const job *j = arg;
    for (int64_t i = from; i < to; i++) j->state[i] = j->keep * j->state[i] + j->scale * j->x[i];
}

static void follow(void *arg, int64_t from, int64_t to) {
    const job *j = arg;
    for (int64_t i = from; i < to; i++) j->state[i] += j->scale * (j->x[i] - j->state[i]);
}

static void run_accumulate(const sn_call *c) {
    const float *factors = c->in[2].data;
    job j = {c->out[0].data, c->in[1].data, factors[0], factors[1]};
    sn_parallel_ranges(c->team, j.keep == 0 ? overwrite : add, &j, sn_tensor_count(&c->out[0]), 1);
}

static void run_update_average(const sn_call *c) {
    const sn_average_attr *attr = c->attr;
    job j = {c->out[0].data, c->in[1].data, 0, (float)(1 - attr->decay)};
    sn_parallel_ranges(c->team, follow, &j, sn_tensor_count(&c->out[0]), 1);
}

static bool applicable(const sn_call *c) { return c->in[0].dtype == SN_F32; }

const sn_kernel sn_kernel_accumulate_generic = {
    .op = "accumulate", .name = "generic", .rank = 1, .applicable = applicable, .run = run_accumulate};
const sn_kernel sn_kernel_update_average_generic = {
    .op = "update_average", .name = "generic", .rank = 1, .applicable = applicable, .run = run_update_average};
