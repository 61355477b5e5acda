/* ops_bench [OP] [THREADS]: every kernel of the ops against the machine's limits. */
#include "suan/bench.h"

#include <stdio.h>
#include <stdlib.h>

static sn_status show(void *user, const sn_bench_op *r) {
    (void)user;
    printf("%-14s %-9s %-36s %9.0f us %8.2f GFLOP/s %7.2f GB/s %6.1f %%\n", r->op, r->kernel, r->shape,
           1e6 * r->seconds, 1e-9 * r->flops, 1e-9 * r->bytes, 100 * r->limit_share);
    fflush(stdout);
    return SN_OK;
}

int main(int argc, char **argv) {
    int n_threads = argc > 2 ? atoi(argv[2]) : 0;
    sn_limits limits;
    sn_status status = sn_limits_measure(n_threads, &limits);
    if (status == SN_OK) {
        printf("limits: %.1f GB/s, f32 %.0f GFLOP/s, bf16 %.0f GFLOP/s\n", 1e-9 * limits.read_bytes,
               1e-9 * limits.f32_flops, 1e-9 * limits.bf16_flops);
        status = sn_bench_ops(argc > 1 && argv[1][0] ? argv[1] : NULL, n_threads, &limits, show, NULL);
    }
    if (status != SN_OK) fprintf(stderr, "%s\n", sn_last_error());
    return status != SN_OK;
}
