/* Times the kernels of single ops on the bench cases of the op table. */
#include "suan/bench.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/philox.h"
#include "base/size.h"
#include "graph/op.h"

#include <stdio.h>
#include <string.h>

/* A timing is the shortest of runs that together take this long, but of at least two. */
static const double enough_seconds = 0.15;
/* Operations beyond which the reference is left out: it would take many seconds. */
static const double most_reference_flops = 5e8;
enum { most_runs = 1000, fill_row = 1024 };

typedef struct op_bench {
    const sn_op_def *op;
    const sn_op_case *c;
    const sn_limits *limits;
    sn_call call;
    void *memory[SN_MAX_INPUTS + SN_MAX_OUTPUTS + 1]; /* inputs, outputs, workspace */
    char shape[64];
} op_bench;

/* ---- operands ---- */

/* A row of random values in the case's range, repeated all over: blocks and their scales are ordinary ones. */
static void fill_operand(const sn_op_case *c, int k, const sn_tensor *t) {
    float row[fill_row];
    int64_t n = sn_tensor_count(t), size = sn_dtype_bytes(t->dtype), block = sn_dtype_block(t->dtype);
    for (int64_t i = 0; i < n; i++) {
        double v = c->in[k].low + (c->in[k].high - c->in[k].low) * sn_uniform_f64(1, (uint64_t)k, (uint64_t)i);
        if (t->dtype == SN_I32) {
            ((int32_t *)t->data)[i] = c->in[k].values ? (int32_t)c->in[k].values[i] : (int32_t)v;
            continue;
        }
        row[i % fill_row] = c->in[k].values ? (float)c->in[k].values[i] : (float)v;
        bool full = i % fill_row == fill_row - 1;
        int64_t first = i - i % fill_row;
        if (full || i == n - 1) sn_from_f32(t->dtype, row, (char *)t->data + first / block * size, i + 1 - first);
        if (full && first >= 16 * fill_row && !c->in[k].values && n - i > fill_row) { /* enough variety: copy on */
            int64_t copied = (i + 1) / block * size, left = sn_tensor_bytes(t) - copied;
            for (int64_t at = 0; at < left; at += copied)
                memcpy((char *)t->data + copied + at, t->data, (size_t)sn_min_i64(copied, left - at));
            return;
        }
    }
}

static void describe(op_bench *b) {
    size_t used = 0;
    for (int k = 0; k < b->call.n_in && used < sizeof b->shape; k++) {
        const sn_tensor *t = &b->call.in[k];
        if (t->n_dims < 0) continue;
        bool plain = t->dtype == SN_F32;
        int n = snprintf(b->shape + used, sizeof b->shape - used, "%s%s%s%s", k ? " " : "",
                         plain ? "" : sn_dtype_name(t->dtype), plain ? "" : " ", sn_shape_text(t));
        if (n > 0) used += (size_t)n;
    }
}

static sn_status allocate(void **memory, int64_t bytes) {
    *memory = sn_alloc_aligned((size_t)sn_max_i64(bytes, 1), 64);
    return *memory ? SN_OK : sn_fail_memory("the operands of an op bench");
}

static sn_status place_operands(op_bench *b) {
    const sn_op_case *c = b->c;
    b->call = (sn_call){.attr = c->attr ? c->attr : b->op->cases[0].attr, .n_in = c->n_in, .n_out = b->op->n_out};
    for (int k = 0; k < c->n_in; k++) {
        b->call.in[k].n_dims = -1;
        if (c->in[k].n_dims >= 0) b->call.in[k] = sn_tensor_make(c->in[k].dtype, c->in[k].n_dims, c->in[k].shape, NULL);
    }
    SN_TRY(b->op->infer(b->call.attr, b->call.in, c->n_in, b->call.out));
    for (int k = 0; k < c->n_in; k++) {
        sn_tensor *t = &b->call.in[k];
        if (t->n_dims < 0) continue;
        SN_TRY(allocate(&b->memory[k], sn_tensor_bytes(t)));
        t->data = b->memory[k];
        fill_operand(c, k, t);
    }
    for (int k = 0; k < b->op->n_out; k++) {
        bool aliases = b->op->flags & SN_OP_STATE;
        if (!aliases) SN_TRY(allocate(&b->memory[SN_MAX_INPUTS + k], sn_tensor_bytes(&b->call.out[k])));
        b->call.out[k].data = aliases ? b->call.in[k].data : b->memory[SN_MAX_INPUTS + k];
    }
    describe(b);
    return SN_OK;
}

/* ---- timing ---- */

static double shortest_run(const sn_call *call, sn_run_fn run) {
    double best = 0, begin = sn_now();
    for (int i = 0; i < most_runs && (i < 2 || sn_now() - begin < enough_seconds); i++) {
        double start = sn_now();
        run(call);
        double seconds = sn_now() - start;
        if (i == 0 || seconds < best) best = seconds;
        if (seconds > 2 * enough_seconds) break;
    }
    return best;
}

/* Seconds the machine's limits allow for the call: small weight types may be multiplied in bf16. */
static double least_seconds(const op_bench *b, sn_cost cost) {
    double peak = b->limits->f32_flops;
    for (int k = 0; k < b->call.n_in; k++) {
        sn_dtype t = b->call.in[k].dtype;
        bool small = b->call.in[k].n_dims >= 0 && t != SN_F32 && t != SN_F64 && t != SN_I32;
        if (small && b->limits->bf16_flops > peak) peak = b->limits->bf16_flops;
    }
    double compute = cost.flops / peak, memory = cost.bytes / b->limits->read_bytes;
    return compute > memory ? compute : memory;
}

static sn_status report(const op_bench *b, const char *kernel, sn_run_fn run,
                        sn_status (*sink)(void *user, const sn_bench_op *result), void *user) {
    sn_cost cost = b->op->cost(b->call.attr, b->call.in, b->call.n_in, b->call.out);
    double seconds = shortest_run(&b->call, run);
    sn_bench_op r = {.seconds = seconds,
                     .flops = cost.flops / seconds,
                     .bytes = cost.bytes / seconds,
                     .limit_share = least_seconds(b, cost) / seconds};
    snprintf(r.op, sizeof r.op, "%s", b->op->name);
    snprintf(r.kernel, sizeof r.kernel, "%s", kernel);
    snprintf(r.shape, sizeof r.shape, "%s", b->shape);
    return sink(user, &r);
}

static sn_status bench_case(op_bench *b, sn_team *team, sn_status (*sink)(void *user, const sn_bench_op *result),
                            void *user) {
    SN_TRY(place_operands(b));
    b->call.team = team;
    void **workspace = &b->memory[SN_MAX_INPUTS + SN_MAX_OUTPUTS];
    for (const sn_kernel *const *k = sn_kernel_table; *k; k++) {
        if (strcmp((*k)->op, b->op->name) != 0 || (*k)->isa > sn_cpu_isa() || !(*k)->applicable(&b->call)) continue;
        size_t bytes = (*k)->workspace ? (*k)->workspace(&b->call, sn_team_size(team)) : 0;
        sn_free(*workspace);
        SN_TRY(allocate(workspace, (int64_t)bytes));
        b->call.workspace = *workspace;
        SN_TRY(report(b, (*k)->name, (*k)->run, sink, user));
    }
    if (b->op->cost(b->call.attr, b->call.in, b->call.n_in, b->call.out).flops > most_reference_flops) return SN_OK;
    return report(b, "ref", b->op->forward_f32, sink, user);
}

static sn_status bench_op(const sn_op_def *op, sn_team *team, const sn_limits *limits,
                          sn_status (*sink)(void *user, const sn_bench_op *result), void *user) {
    sn_status status = SN_OK;
    for (int i = 0; i < op->n_bench_cases && status == SN_OK; i++) {
        op_bench b = {.op = op, .c = &op->bench_cases[i], .limits = limits};
        status = bench_case(&b, team, sink, user);
        for (size_t k = 0; k < sizeof b.memory / sizeof *b.memory; k++) sn_free(b.memory[k]);
    }
    return status;
}

sn_status sn_bench_ops(const char *op, int n_threads, const sn_limits *limits,
                       sn_status (*sink)(void *user, const sn_bench_op *result), void *user) {
    sn_team *team = NULL;
    bool found = false;
    SN_TRY(sn_team_new(n_threads, &team));
    sn_status status = SN_OK;
    for (const sn_op_def *const *p = sn_op_table; *p && status == SN_OK; p++) {
        if ((op && strcmp((*p)->name, op) != 0) || (*p)->n_bench_cases == 0) continue;
        found = true;
        status = bench_op(*p, team, limits, sink, user);
    }
    sn_team_free(team);
    if (status == SN_OK && !found)
        return sn_fail(SN_ERR_NOT_FOUND, "bench: there is no op \"%s\" that can be timed: see docs/ops.md",
                       op ? op : "");
    return status;
}
