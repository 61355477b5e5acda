/* Time of one attention call, and its share of what this machine can do.
 *
 *   attention_bench --rows 8192 --method rerope:window=512          prefill of 8192 tokens
 *   attention_bench --rows 1 --depth 8192 --type f16                one decoding step at depth 8192
 *
 * One JSON object per method. FLOPs count the pairs that are seen, 2 (d + d_v) each; bytes are the keys and
 * values that are seen, once. The limits are measured in the same run: f32 FMA in registers for rows > 4,
 * else reading memory. */
#include "base/alloc.h"
#include "base/cpu.h"
#include "base/philox.h"
#include "kernel/attention.h"
#include "suan/suan.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

typedef struct options {
    int64_t rows, depth, heads, kv_heads, d, repeat, layers, threads, head_major;
    const char *methods, *kernel;
    sn_dtype type;
    bool exact;
} options;

static bool cpu_time; /* with one thread: on a busy machine */

static double now(void) {
    struct timespec t;
    clock_gettime(cpu_time ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- limits ---- */

#if defined(__x86_64__)
__attribute__((target("avx512f"))) static double fma_work(void) {
    __m512 x[12], y = _mm512_set1_ps(0.9999f);
    for (int i = 0; i < 12; i++) x[i] = _mm512_set1_ps((float)i);
    for (int k = 0; k < 4000000; k++)
#pragma GCC unroll 12
        for (int i = 0; i < 12; i++) x[i] = _mm512_fmadd_ps(x[i], y, y);
    for (int i = 1; i < 12; i++) x[0] = _mm512_add_ps(x[0], x[i]);
    return (double)_mm512_reduce_add_ps(x[0]);
}
#else
static double fma_work(void) { return 0; }
#endif

static void fma_task(void *arg, int64_t task, int thread) {
    (void)thread;
    ((volatile double *)arg)[task] = fma_work();
}

static double fma_gflops(sn_team *team) {
    double sink[1024];
    if (sn_cpu_isa() < SN_ISA_AVX512) return 0;
    int64_t n = sn_team_size(team);
    double best = 1e30;
    for (int r = 0; r < 3; r++) {
        double start = now();
        sn_parallel(team, fma_task, sink, n);
        best = fmin(best, now() - start);
    }
    return (double)n * 4e6 * 12 * 16 * 2 / best * 1e-9;
}

enum { READ_BYTES = 1 << 29, READ_TASKS = 256 };
typedef struct read_job {
    const char *data;
    volatile int64_t sink[READ_TASKS];
} read_job;

static void read_task(void *arg, int64_t task, int thread) {
    read_job *job = arg;
    (void)thread;
    const int64_t *p = (const void *)(job->data + task * (READ_BYTES / READ_TASKS));
    int64_t sum[8] = {0};
    for (int64_t i = 0; i < READ_BYTES / READ_TASKS / 8; i += 8)
        for (int k = 0; k < 8; k++) sum[k] ^= p[i + k];
    for (int k = 1; k < 8; k++) sum[0] ^= sum[k];
    job->sink[task] = sum[0];
}

static double read_gbytes(sn_team *team) {
    static read_job job;
    char *data = sn_alloc(READ_BYTES);
    double best = 1e30;
    if (!data) return 0;
    memset(data, 1, READ_BYTES);
    job.data = data;
    for (int r = 0; r < 4; r++) {
        double start = now();
        sn_parallel(team, read_task, &job, READ_TASKS);
        best = fmin(best, now() - start);
    }
    sn_free(data);
    return READ_BYTES / best * 1e-9;
}

/* ---- one method ---- */

typedef struct setup {
    sn_attention_attr attr;
    int32_t sequence[4];
    sn_call call;
    const sn_kernel *kernel;
    char *keys, *values; /* `layers` caches one after the other, so that decoding finds nothing in the cache */
    int64_t cache_bytes;
} setup;

static void *fill(sn_dtype type, int64_t n) {
    float *f = sn_alloc((size_t)n * sizeof *f);
    char *to = sn_alloc((size_t)(n / sn_dtype_block(type) * sn_dtype_bytes(type)));
    uint32_t w[4];
    if (!f || !to) exit(1);
    for (int64_t i = 0; i < n; i++) {
        if (i % 4 == 0) sn_philox(1, 2, (uint64_t)i, w);
        f[i] = (float)w[i % 4] * 0x1p-31f - 1;
    }
    sn_from_f32(type, f, to, n);
    sn_free(f);
    return to;
}

static void prepare(setup *s, const options *o, sn_team *team) {
    int64_t n = o->rows + o->depth, planes = s->attr.position.n_planes, pieces = s->attr.position.n_pieces;
    int64_t q[] = {o->rows, o->heads, o->d}, k[] = {n, o->kv_heads, o->d}, one[] = {1, 4},
            table[] = {pieces, n, planes, 2};
    int64_t n_cache = n * o->kv_heads * o->d;
    float *query = fill(SN_F32, pieces * n * planes * 2), *key = fill(SN_F32, pieces * n * planes * 2);
    sn_position_tables(&s->attr.position, SN_F32, n, 0, n, query, key, NULL);
    const int32_t sequence[4] = {0, (int32_t)o->rows, (int32_t)o->depth, 0};
    memcpy(s->sequence, sequence, sizeof sequence);
    s->keys = fill(o->type, n_cache * o->layers), s->values = fill(o->type, n_cache * o->layers);
    s->cache_bytes = n_cache / sn_dtype_block(o->type) * sn_dtype_bytes(o->type);
    s->call = (sn_call){.attr = &s->attr, .n_in = 6, .n_out = 2, .team = team};
    s->call.precision = o->exact ? SN_PRECISION_F32 : SN_PRECISION_AUTO;
    s->call.in[SN_ATTENTION_Q] = sn_tensor_make(SN_F32, 3, q, fill(SN_F32, o->rows * o->heads * o->d));
    s->call.in[SN_ATTENTION_K] = sn_tensor_make(o->type, 3, k, s->keys);
    s->call.in[SN_ATTENTION_V] = sn_tensor_make(o->type, 3, k, s->values);
    if (o->head_major)
        for (int i = SN_ATTENTION_K; i <= SN_ATTENTION_V; i++) {
            s->call.in[i].stride[0] = s->call.in[i].stride[1];
            s->call.in[i].stride[1] = n * s->call.in[i].stride[0];
        }
    s->call.in[SN_ATTENTION_SEQUENCES] = sn_tensor_make(SN_I32, 2, one, s->sequence);
    s->call.in[SN_ATTENTION_QUERY_TABLE] = sn_tensor_make(SN_F32, 4, table, query);
    s->call.in[SN_ATTENTION_KEY_TABLE] = sn_tensor_make(SN_F32, 4, table, key);
    s->call.out[0] = sn_tensor_make(SN_F32, 3, q, fill(SN_F32, o->rows * o->heads * o->d));
    s->call.out[1] = sn_tensor_make(SN_F32, 2, q, fill(SN_F32, o->rows * o->heads));
    s->kernel = sn_kernel_choose("attention", &s->call);
    if (!s->kernel) {
        fprintf(stderr, "attention_bench: only the reference applies here\n");
        exit(1);
    }
    size_t bytes = s->kernel->workspace(&s->call, sn_team_size(team));
    s->call.workspace = sn_alloc_aligned(bytes + 64, 64);
}

static void release(setup *s) {
    for (int i = 0; i < 6; i++)
        if (i != SN_ATTENTION_SEQUENCES) sn_free(s->call.in[i].data);
    sn_free(s->call.out[0].data);
    sn_free(s->call.out[1].data);
    sn_free(s->call.workspace);
}

/* Seconds of one call, the fastest of `repeat` rounds over all layers. */
static double seconds_of(setup *s, const options *o) {
    double best = 1e30;
    for (int64_t r = 0; r <= o->repeat; r++) {
        double start = now();
        for (int64_t l = 0; l < o->layers; l++) {
            s->call.in[SN_ATTENTION_K].data = s->keys + l * s->cache_bytes;
            s->call.in[SN_ATTENTION_V].data = s->values + l * s->cache_bytes;
            s->kernel->run(&s->call);
        }
        best = fmin(best, (now() - start) / (double)o->layers);
    }
    s->call.in[SN_ATTENTION_K].data = s->keys;
    s->call.in[SN_ATTENTION_V].data = s->values;
    return best;
}

static int bench_method(const options *o, const sn_extend *method, sn_team *team, double fma, double gbytes) {
    setup s = {0};
    char note[256] = "";
    sn_rope_config model = {.d_head = (int)o->d,
                            .n_rot = (int)o->d,
                            .layout = SN_PAIR_HALVES,
                            .base = 10000,
                            .train_length = 2048,
                            .max_length = 2048};
    if (sn_extend_resolve(method, &model, o->rows + o->depth, &s.attr.position, note, sizeof note) != SN_OK) {
        fprintf(stderr, "attention_bench: %s\n", sn_last_error());
        return 1;
    }
    prepare(&s, o, team);
    double time = seconds_of(&s, o), pairs = 0, most = 0;
    for (int64_t r = 0; r < o->rows; r++) {
        double seen = (double)sn_position_count(&s.attr.position, o->depth + r);
        pairs += seen;
        most = fmax(most, seen);
    }
    double gflops = pairs * (double)(o->heads * o->d) * 4 / time * 1e-9;
    double read = 2 * most / (double)(o->rows + o->depth) * (double)s.cache_bytes / time * 1e-9;
    printf(
        "{\"method\": \"%s\", \"kernel\": \"%s\", \"type\": \"%s\", \"rows\": %lld, \"depth\": %lld, \"heads\": %lld, "
        "\"kv_heads\": %lld, \"d\": %lld, \"threads\": %d, \"seconds\": %.6g, \"gflops\": %.4g, \"gbytes_per_s\": "
        "%.4g, "
        "\"limit\": \"%s\", \"limit_share\": %.3f}\n",
        sn_extend_spec(method), s.kernel->name, sn_dtype_name(o->type), (long long)o->rows, (long long)o->depth,
        (long long)o->heads, (long long)o->kv_heads, (long long)o->d, sn_team_size(team), time, gflops, read,
        o->rows > 4 ? "f32 fma" : "memory", o->rows > 4 ? (fma > 0 ? gflops / fma : 0) : read / gbytes);
    fflush(stdout);
    release(&s);
    return 0;
}

static int usage(void) {
    fprintf(stderr,
            "usage: attention_bench [--rows N] [--depth N] [--heads N] [--kv-heads N] [--d N] [--type f32|f16|bf16|"
            "q8_0]\n  [--method LIST] [--threads N] [--repeat N] [--layers N] [--exact 1]\n");
    return 2;
}

static bool parse(int argc, char **argv, options *o) {
    struct {
        const char *name;
        int64_t *value;
    } numbers[] = {{"--rows", &o->rows},         {"--depth", &o->depth},   {"--heads", &o->heads},
                   {"--kv-heads", &o->kv_heads}, {"--d", &o->d},           {"--threads", &o->threads},
                   {"--repeat", &o->repeat},     {"--layers", &o->layers}, {"--head-major", &o->head_major}};
    for (int i = 1; i + 1 < argc; i += 2) {
        bool known = false;
        for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++)
            if (strcmp(argv[i], numbers[k].name) == 0) *numbers[k].value = atoll(argv[i + 1]), known = true;
        if (strcmp(argv[i], "--method") == 0) o->methods = argv[i + 1], known = true;
        if (strcmp(argv[i], "--exact") == 0) o->exact = atoi(argv[i + 1]) != 0, known = true;
        if (strcmp(argv[i], "--type") == 0) known = sn_dtype_parse(argv[i + 1], &o->type) == SN_OK;
        if (!known) return false;
    }
    return argc % 2 == 1 && o->rows > 0 && o->depth >= 0 && o->kv_heads > 0 && o->heads % o->kv_heads == 0 && o->d > 0;
}

int main(int argc, char **argv) {
    options o = {
        .rows = 2048, .heads = 32, .kv_heads = 8, .d = 64, .repeat = 3, .layers = 1, .methods = "none", .type = SN_F16};
    sn_team *team = NULL;
    sn_extend **methods = NULL;
    int n = 0, failed = 0;
    if (!parse(argc, argv, &o)) return usage();
    if (sn_team_new((int)o.threads, &team) != SN_OK || sn_extend_parse_list(o.methods, &methods, &n) != SN_OK) {
        fprintf(stderr, "attention_bench: %s\n", sn_last_error());
        sn_team_free(team);
        return 1;
    }
    cpu_time = o.threads == 1;
    double fma = fma_gflops(team), gbytes = read_gbytes(team);
    fprintf(stderr, "limits: f32 fma %.4g GFLOP/s, reading %.4g GB/s\n", fma, gbytes);
    for (int i = 0; i < n; i++) failed |= bench_method(&o, methods[i], team, fma, gbytes);
    sn_extend_list_free(methods, n);
    sn_team_free(team);
    return failed;
}
