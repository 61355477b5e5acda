/* Measures the machine's limits: memory reads and arithmetic peaks. Each figure is the best of many rounds of about
 * a millisecond, so that other work on the machine disturbs it little. */
#include "suan/bench.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "kernel/peak.h"

#include <string.h>

enum { buffer_bytes = 256 << 20, n_slices = 64, slices_at_once = 8 };

typedef struct measurement {
    const uint64_t *data;
    int64_t first_slice; /* moves on with each round, so that caches do not help */
    const sn_kernel *kernel;
    sn_peak_attr attr;
    double flops[n_slices];
    volatile uint64_t sink;
} measurement;

static void read_slice(void *arg, int64_t task, int thread) {
    measurement *m = arg;
    enum { n = buffer_bytes / n_slices / 8 };
    const uint64_t *p = m->data + (m->first_slice + task) % n_slices * n;
    uint64_t sum[8] = {0};
    (void)thread;
    for (int64_t i = 0; i < n; i += 8) {
        __builtin_prefetch(p + i + 256); /* keeps the stream going across pages */
        for (int j = 0; j < 8; j++) sum[j] += p[i + j];
    }
    m->sink = sum[0] ^ sum[1] ^ sum[2] ^ sum[3] ^ sum[4] ^ sum[5] ^ sum[6] ^ sum[7];
}

static void run_peak(void *arg, int64_t task, int thread) {
    measurement *m = arg;
    sn_peak_attr attr = {m->attr.iterations, &m->flops[task]};
    sn_call call = {.attr = &attr};
    (void)thread;
    m->kernel->run(&call);
}

/* The shortest of the rounds that fit into `seconds`; at least three. */
static double best_time(sn_team *team, sn_task_fn fn, measurement *m, int64_t n_tasks, double seconds) {
    double best = 1e30, end = sn_now() + seconds;
    for (int round = 0; round < 3 || sn_now() < end; round++) {
        double begin = sn_now();
        sn_parallel(team, fn, m, n_tasks);
        double took = sn_now() - begin;
        if (took < best) best = took;
        m->first_slice += slices_at_once;
    }
    return best;
}

static double peak(sn_team *team, const char *op, int64_t iterations, measurement *m, double seconds) {
    sn_call call = {0};
    m->kernel = sn_kernel_choose(op, &call);
    if (!m->kernel) return 0;
    m->attr.iterations = iterations;
    int64_t n_tasks = sn_team_size(team) < n_slices ? sn_team_size(team) : n_slices;
    double took = best_time(team, run_peak, m, n_tasks, seconds);
    return m->flops[0] * (double)n_tasks / took;
}

sn_status sn_limits_measure(int n_threads, sn_limits *out) {
    const double seconds = 1;
    sn_team *team = NULL;
    measurement m = {0};
    SN_TRY(sn_team_new(n_threads, &team));
    uint64_t *data = sn_alloc_aligned(buffer_bytes, 64);
    if (!data) {
        sn_team_free(team);
        return sn_fail_memory("the memory read test");
    }
    memset(data, 1, buffer_bytes);
    m.data = data;
    double bytes = (double)buffer_bytes / n_slices * slices_at_once;
    out->read_bytes = bytes / best_time(team, read_slice, &m, slices_at_once, seconds / 2);
    out->f32_flops = peak(team, "peak_f32", 200000, &m, seconds / 6);
    out->bf16_flops = peak(team, "peak_bf16", 40000, &m, seconds / 6);
    sn_free(data);
    sn_team_free(team);
    return SN_OK;
}
