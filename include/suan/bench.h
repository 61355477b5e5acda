/* Benchmarks against the machine's own limits. */
#ifndef SUAN_BENCH_H
#define SUAN_BENCH_H

#include "suan/session.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What this machine can do with the given threads, measured in about a second. */
typedef struct sn_limits {
    double read_bytes; /* bytes read from memory per second */
    double f32_flops;  /* f32 multiply-adds (two operations each) per second, best instruction set in use */
    double bf16_flops; /* bf16 matrix products through AMX or AVX-512 BF16; 0 where there are none */
} sn_limits;
/* n_threads 0: one per core. */
SN_API sn_status sn_limits_measure(int n_threads, sn_limits *out);

typedef struct sn_bench_options {
    int64_t n_prompt, n_generate; /* tokens read at once, tokens made one by one; 0: leave that test out */
    int64_t depth;                /* tokens already in the context before each test */
    int repetitions;              /* 0: 3 */
    sn_session_options session;   /* capacity 0: what the tests need */
} sn_bench_options;

typedef struct sn_bench_result {
    char test[48]; /* "pp512", "tg128", "pp512 @ d4096" */
    double tokens_per_second, stddev;
    double limit_share; /* of the bound: operations over the measured peak for pp, bytes read over bandwidth for tg */
} sn_bench_result;

/* Runs the tests on the model; results holds 2 entries, *n_results are filled. Tokens are drawn at random. */
SN_API sn_status sn_bench_model(const sn_model *m, const sn_bench_options *options, const sn_limits *limits,
                                sn_bench_result *results, int *n_results);

/* One op with one kernel on one shape. */
typedef struct sn_bench_op {
    char op[32], kernel[32], shape[64];
    double seconds, flops, bytes; /* per second for the last two */
    double limit_share;           /* of whichever limit binds */
} sn_bench_op;

/* Times every applicable kernel and the reference of the named op (NULL: all); hands each result to `sink`. */
SN_API sn_status sn_bench_ops(const char *op, int n_threads, const sn_limits *limits,
                              sn_status (*sink)(void *user, const sn_bench_op *result), void *user);

#ifdef __cplusplus
}
#endif
#endif
