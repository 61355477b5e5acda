#include "kernel/loops.h"

#include "base/size.h"

#include <string.h>

/* Plain operations that pay for waking a thread, and a good size for one task. */
enum { parallel_work = 65536, task_work = 32768 };

/* ---- ranges ---- */

typedef struct ranges {
    sn_range_fn fn;
    void *arg;
    int64_t n, size;
} ranges;

static void run_range(void *p, int64_t task, int thread) {
    const ranges *r = p;
    (void)thread;
    r->fn(r->arg, task * r->size, sn_min_i64(r->n, (task + 1) * r->size));
}

void sn_parallel_ranges(sn_team *team, sn_range_fn fn, void *arg, int64_t n, int64_t work_per_item) {
    ranges r = {fn, arg, n, sn_max_i64(1, task_work / sn_max_i64(1, work_per_item))};
    if (n <= 0) return;
    if (sn_team_size(team) == 1 || n * sn_max_i64(1, work_per_item) < parallel_work)
        fn(arg, 0, n);
    else
        sn_parallel(team, run_range, &r, sn_ceil_div(n, r.size));
}

/* ---- merged dims, innermost first; strides in bytes; operand 0 is the output ---- */

typedef struct loops {
    int n_dims, n_operands;
    int64_t shape[SN_MAX_DIMS], stride[1 + SN_LOOP_OPERANDS][SN_MAX_DIMS];
    char *data[1 + SN_LOOP_OPERANDS];
} loops;

/* Stride of t along dim d of an n-dimensional output it is broadcast to. */
static int64_t stride_along(const sn_tensor *t, int n_dims, int d) {
    int own = d - (n_dims - t->n_dims);
    return own < 0 || t->shape[own] == 1 ? 0 : t->stride[own];
}

static bool joins(const loops *l, const int64_t *stride) {
    int top = l->n_dims - 1;
    for (int k = 0; k < l->n_operands; k++)
        if (stride[k] != l->stride[k][top] * l->shape[top]) return false;
    return top >= 0;
}

static loops merge_dims(const sn_tensor *out, const sn_tensor *in, int n_in) {
    loops l = {.n_operands = 1 + n_in};
    for (int k = 0; k <= n_in; k++) l.data[k] = k == 0 ? out->data : in[k - 1].data;
    for (int d = out->n_dims - 1; d >= 0; d--) {
        int64_t stride[1 + SN_LOOP_OPERANDS];
        if (out->shape[d] == 1) continue;
        for (int k = 0; k <= n_in; k++) stride[k] = stride_along(k == 0 ? out : &in[k - 1], out->n_dims, d);
        if (l.n_dims > 0 && joins(&l, stride)) {
            l.shape[l.n_dims - 1] *= out->shape[d];
            continue;
        }
        l.shape[l.n_dims] = out->shape[d];
        for (int k = 0; k <= n_in; k++) l.stride[k][l.n_dims] = stride[k];
        l.n_dims++;
    }
    if (l.n_dims == 0) l.shape[l.n_dims++] = 1;
    return l;
}

/* Addresses of element `flat`, a multiple of nothing in particular; returns how far the innermost run goes on. */
static int64_t locate(const loops *l, int64_t flat, char **at) {
    int64_t inner = flat % l->shape[0], rest = flat / l->shape[0];
    for (int k = 0; k < l->n_operands; k++) at[k] = l->data[k] + inner * l->stride[k][0];
    for (int d = 1; d < l->n_dims; d++) {
        int64_t index = rest % l->shape[d];
        rest /= l->shape[d];
        for (int k = 0; k < l->n_operands; k++) at[k] += index * l->stride[k][d];
    }
    return l->shape[0] - inner;
}

/* ---- elementwise ---- */

bool sn_loops_applicable(const sn_call *call) {
    if (call->out[0].dtype != SN_F32 || call->n_in > SN_LOOP_OPERANDS) return false;
    for (int k = 0; k < call->n_in; k++)
        if (call->in[k].n_dims < 0 || call->in[k].dtype != SN_F32) return false;
    loops l = merge_dims(&call->out[0], call->in, call->n_in);
    for (int k = 0; k <= call->n_in; k++)
        if (l.shape[0] > 1 && l.stride[k][0] != 0 && l.stride[k][0] != (int64_t)sizeof(float)) return false;
    return true;
}

typedef struct elementwise {
    const sn_call *call;
    sn_inner_fn inner;
    loops loops;
    int64_t step[SN_LOOP_OPERANDS];
} elementwise;

static void run_elements(void *p, int64_t from, int64_t to) {
    const elementwise *e = p;
    while (from < to) {
        char *at[1 + SN_LOOP_OPERANDS];
        int64_t n = sn_min_i64(to - from, locate(&e->loops, from, at));
        const float *in[SN_LOOP_OPERANDS] = {0};
        for (int k = 1; k < e->loops.n_operands; k++) in[k - 1] = (const float *)(void *)at[k];
        e->inner(n, (float *)(void *)at[0], in, e->step, e->call);
        from += n;
    }
}

void sn_loops_run(const sn_call *call, int n_in, sn_inner_fn inner, int work) {
    elementwise e = {.call = call, .inner = inner, .loops = merge_dims(&call->out[0], call->in, n_in)};
    for (int k = 0; k < n_in; k++) e.step[k] = e.loops.stride[k + 1][0] != 0;
    sn_parallel_ranges(call->team, run_elements, &e, sn_tensor_count(&call->out[0]), work);
}

/* ---- copies ---- */

typedef struct copies {
    loops loops;
    int64_t size;
} copies;

static void copy_run(char *to, int64_t to_stride, const char *from, int64_t from_stride, int64_t size, int64_t n) {
    if (to_stride == size && from_stride == size)
        memcpy(to, from, (size_t)(n * size));
    else if (size == 4)
        for (int64_t i = 0; i < n; i++) memcpy(to + i * to_stride, from + i * from_stride, 4);
    else if (size == 8)
        for (int64_t i = 0; i < n; i++) memcpy(to + i * to_stride, from + i * from_stride, 8);
    else
        for (int64_t i = 0; i < n; i++) memcpy(to + i * to_stride, from + i * from_stride, (size_t)size);
}

static void run_copies(void *p, int64_t from, int64_t to) {
    const copies *c = p;
    while (from < to) {
        char *at[1 + SN_LOOP_OPERANDS];
        int64_t n = sn_min_i64(to - from, locate(&c->loops, from, at));
        /* These loops have two operands. NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage) */
        copy_run(at[0], c->loops.stride[0][0], at[1], c->loops.stride[1][0], c->size, n);
        from += n;
    }
}

void sn_strided_copy(sn_team *team, const sn_tensor *to, const sn_tensor *from) {
    copies c = {merge_dims(to, from, 1), sn_dtype_bytes(from->dtype)};
    sn_parallel_ranges(team, run_copies, &c, sn_tensor_count(from), 1);
}
