/* Singular values and ln |det| of random square matrices: rank_bench [N ...] (512 1024 2048), with one thread and two.
 * The same by NumPy: bench/rank_peer.py. Seconds of the fastest of several runs. */
#include "base/clock.h"
#include "base/philox.h"
#include "suan/measure.h"

#include <stdio.h>
#include <stdlib.h>

static double best_of(const double *a, int64_t n, int threads) {
    double best = 1e30, end = sn_now() + 5;
    for (int run = 0; run < 3 || (sn_now() < end && run < 20); run++) {
        sn_rank_result r;
        double begin = sn_now();
        if (sn_rank(a, n, n, &(sn_rank_options){.threads = threads}, &r) != SN_OK) return -1;
        double took = sn_now() - begin;
        best = took < best ? took : best;
        sn_rank_free(&r);
    }
    return best;
}

int main(int argc, char **argv) {
    static const char *const usual[] = {"512", "1024", "2048"};
    printf("%6s %12s %12s\n", "n", "1 thread", "2 threads");
    for (int i = 0; i < (argc > 1 ? argc - 1 : 3); i++) {
        int64_t n = strtol(argc > 1 ? argv[i + 1] : usual[i], NULL, 10);
        double *a = n > 0 ? malloc((size_t)(n * n) * sizeof *a) : NULL;
        if (!a) return 1;
        for (int64_t k = 0; k < n * n; k++) a[k] = sn_normal_f64(1, 0, (uint64_t)k);
        printf("%6lld %10.3f s %10.3f s\n", (long long)n, best_of(a, n, 1), best_of(a, n, 2));
        free(a);
    }
    return 0;
}
