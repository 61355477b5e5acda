/* Matrix products of the synthetic 0.85 B Llama: GFLOP/s, GB/s of weights, and shares of this machine's limits.
 * usage: matmul_bench [-t THREADS] [-r ROWS,...] [-d TYPE,...] [-s N:K,...] [--min-time SECONDS] [--exact] */
#include "base/alloc.h"
#include "base/philox.h"
#include "kernel/kernel.h"
#include "suan/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct options {
    int n_threads;
    const char *rows, *types, *shapes;
    double seconds;
    sn_precision precision;
} options;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Every copy of the weights is another one, so that they come from memory as in a model. */
typedef struct bench {
    sn_call call;
    const sn_kernel *kernel;
    char *weights;
    int64_t copy_bytes, n_copies;
} bench;

static void fill_weights(bench *b, sn_dtype dtype, int64_t n, int64_t k) {
    float row[8192];
    int64_t row_bytes = k / sn_dtype_block(dtype) * sn_dtype_bytes(dtype);
    for (int64_t i = 0; i < k; i++) row[i] = (float)sn_normal_f64(1, 1, (uint64_t)i) * 0.02f;
    sn_from_f32(dtype, row, b->weights, k);
    for (int64_t j = 1; j < n * b->n_copies; j++) memcpy(b->weights + j * row_bytes, b->weights, (size_t)row_bytes);
}

static double best_time(bench *b, double seconds) {
    double best = 1e30, end = now() + seconds;
    for (int64_t round = 0; round < 4 || now() < end; round++) {
        b->call.in[1].data = b->weights + round % b->n_copies * b->copy_bytes;
        double begin = now();
        b->kernel->run(&b->call);
        double took = now() - begin;
        if (took < best) best = took;
    }
    return best;
}

static int run_one(const options *o, sn_team *team, const sn_limits *limits, sn_dtype dtype, int64_t n_rows, int64_t n,
                   int64_t k) {
    bench b = {.call = {.n_in = 2, .n_out = 1, .team = team, .precision = o->precision}};
    float *x = sn_alloc_aligned((size_t)(n_rows * k) * sizeof *x, 64);
    float *out = sn_alloc_aligned((size_t)(n_rows * n) * sizeof *out, 64);
    b.copy_bytes = n * (k / sn_dtype_block(dtype) * sn_dtype_bytes(dtype));
    b.n_copies = n_rows > 64 ? 2 : 1 + (512 << 20) / b.copy_bytes;
    b.weights = sn_alloc_aligned((size_t)(b.n_copies * b.copy_bytes), 64);
    void *space = NULL;
    b.call.in[0] = sn_tensor_make(SN_F32, 2, (int64_t[]){n_rows, k}, NULL);
    b.call.in[1] = sn_tensor_make(dtype, 2, (int64_t[]){n, k}, NULL);
    b.call.out[0] = sn_tensor_make(SN_F32, 2, (int64_t[]){n_rows, n}, NULL);
    b.kernel = sn_kernel_choose("linear", &b.call);
    if (b.kernel) {
        size_t bytes = b.kernel->workspace ? b.kernel->workspace(&b.call, sn_team_size(team)) : 0;
        space = sn_alloc_aligned(bytes, 64);
    }
    if (b.kernel && x && out && b.weights && space) {
        for (int64_t i = 0; i < n_rows * k; i++) x[i] = (float)sn_normal_f64(1, 2, (uint64_t)i);
        fill_weights(&b, dtype, n, k);
        b.call.in[0].data = x, b.call.out[0].data = out, b.call.workspace = space;
        double took = best_time(&b, o->seconds);
        double flops = 2 * (double)n_rows * (double)n * (double)k / took, bytes = (double)b.copy_bytes / took;
        printf("%-5s %5lld x %5lld x %5lld  %-10s %9.3f ms %8.1f GFLOP/s (%4.1f%% of bf16, %5.1f%% of f32) %6.2f GB/s "
               "(%5.1f%%)\n",
               sn_dtype_name(dtype), (long long)n_rows, (long long)n, (long long)k, b.kernel->name, took * 1e3,
               flops * 1e-9, limits->bf16_flops > 0 ? 100 * flops / limits->bf16_flops : 0,
               100 * flops / limits->f32_flops, bytes * 1e-9, 100 * bytes / limits->read_bytes);
    } else
        printf("%s %lld x %lld x %lld: %s\n", sn_dtype_name(dtype), (long long)n_rows, (long long)n, (long long)k,
               b.kernel ? "out of memory" : "only the reference applies");
    fflush(stdout);
    sn_free(space), sn_free(b.weights), sn_free(out), sn_free(x);
    return 0;
}

/* Copies item `i` of a comma-separated list; false past its end. */
static bool list_item(const char *list, int i, char *to, size_t size) {
    for (; i > 0; i--) {
        list = strchr(list, ',');
        if (!list) return false;
        list++;
    }
    snprintf(to, size, "%.*s", (int)strcspn(list, ","), list);
    return *to != '\0';
}

static int run_all(const options *o, sn_team *team, const sn_limits *limits) {
    char type[16], rows[16], shape[32];
    for (int t = 0; list_item(o->types, t, type, sizeof type); t++)
        for (int r = 0; list_item(o->rows, r, rows, sizeof rows); r++)
            for (int s = 0; list_item(o->shapes, s, shape, sizeof shape); s++) {
                sn_dtype dtype;
                char *colon = strchr(shape, ':');
                if (sn_dtype_parse(type, &dtype) != SN_OK || !colon || atoll(colon + 1) > 8192) {
                    fprintf(stderr, "matmul_bench: bad type %s or shape %s\n", type, shape);
                    return 2;
                }
                run_one(o, team, limits, dtype, atoll(rows), atoll(shape), atoll(colon + 1));
            }
    return 0;
}

int main(int argc, char **argv) {
    options o = {0, "1,512,2048", "f16,q8_0,q4_0,q4_k,q6_k", "2048:2048,5632:2048,2048:5632", 0.5, SN_PRECISION_AUTO};
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        if (strcmp(argv[i], "--exact") == 0) {
            o.precision = SN_PRECISION_F32;
            continue;
        }
        i++;
        if (strcmp(argv[i - 1], "-t") == 0)
            o.n_threads = atoi(value);
        else if (strcmp(argv[i - 1], "-r") == 0)
            o.rows = value;
        else if (strcmp(argv[i - 1], "-d") == 0)
            o.types = value;
        else if (strcmp(argv[i - 1], "-s") == 0)
            o.shapes = value;
        else if (strcmp(argv[i - 1], "--min-time") == 0)
            o.seconds = atof(value);
        else {
            fprintf(stderr,
                    "usage: matmul_bench [-t N] [-r ROWS,..] [-d TYPE,..] [-s N:K,..] [--min-time S] [--exact]\n");
            return 2;
        }
    }
    sn_team *team = NULL;
    sn_limits limits;
    if (sn_team_new(o.n_threads, &team) != SN_OK || sn_limits_measure(o.n_threads, &limits) != SN_OK) {
        fprintf(stderr, "matmul_bench: %s\n", sn_last_error());
        sn_team_free(team);
        return 1;
    }
    printf("limits with %d threads: read %.1f GB/s, f32 %.0f GFLOP/s, bf16 %.0f GFLOP/s\n", sn_team_size(team),
           limits.read_bytes * 1e-9, limits.f32_flops * 1e-9, limits.bf16_flops * 1e-9);
    int status = run_all(&o, team, &limits);
    sn_team_free(team);
    return status;
}
