/* Tokens per second of a model, reading and writing, at a depth, against the machine's limits. */
#include "suan/bench.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/philox.h"
#include "base/size.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

typedef struct bench {
    const sn_model *model;
    const sn_model_config *config;
    const sn_limits *limits;
    sn_session *session;
    int32_t *tokens;
    int64_t depth, capacity;
    int repetitions;
} bench;

static sn_status read_tokens(bench *b, int64_t n) {
    return sn_session_append(b->session, 0, b->tokens + b->depth, n, 1, NULL, NULL);
}

static sn_status write_tokens(bench *b, int64_t n) {
    for (int64_t i = 0; i < n; i++)
        SN_TRY(sn_session_append(b->session, 0, b->tokens + b->depth + i, 1, 1, NULL, NULL));
    return SN_OK;
}

/* Operations of reading n tokens after `depth`: the matrices, attention, and one row of logits. */
static double read_flops(const bench *b, int64_t n) {
    const sn_model_config *c = b->config;
    double q = (double)(c->n_heads * c->d_head), kv = (double)(c->n_kv_heads * c->d_head), e = (double)c->n_embd;
    double ffn = (c->ffn == SN_FFN_GATED ? 3 : 2) * e * (double)c->d_ff;
    double layer = 2 * (e * (2 * q + 2 * kv) + ffn);
    double keys_seen = (double)n * ((double)b->depth + ((double)n + 1) / 2);
    return (double)c->n_layers * ((double)n * layer + 4 * q * keys_seen) + 2 * e * (double)c->n_vocab;
}

/* Bytes that making n tokens after `depth` must read: every weight but the embedding rows not looked up, and the
 * cache so far, each time. */
static double write_bytes(const bench *b, int64_t n) {
    sn_session_memory memory = sn_session_memory_get(b->session);
    sn_tensor embedding;
    double weights = (double)memory.weight_bytes;
    if (!b->config->tied_head && sn_model_tensor(b->model, "embed.weight", &embedding) == SN_OK)
        weights -= (double)sn_tensor_bytes(&embedding);
    double per_key = (double)memory.cache_bytes / (double)b->capacity;
    return (double)n * (weights + per_key * ((double)b->depth + ((double)n + 1) / 2));
}

typedef sn_status (*work_fn)(bench *b, int64_t n);

/* Seconds of each repetition: their mean rate in tokens per second, and its deviation. */
static sn_status measure(bench *b, work_fn work, int64_t n, double *mean, double *stddev) {
    double sum = 0, square = 0, count = b->repetitions;
    for (int r = -1; r < b->repetitions; r++) { /* the first round makes the plans */
        int64_t tokens = r < 0 && work == write_tokens ? 1 : n;
        SN_TRY(sn_session_truncate(b->session, 0, b->depth));
        double begin = sn_now();
        SN_TRY(work(b, tokens));
        double rate = (double)tokens / (sn_now() - begin);
        if (r < 0) continue;
        sum += rate;
        square += rate * rate;
    }
    *mean = sum / count;
    *stddev = count > 1 ? sqrt(fmax(0, (square - sum * sum / count) / (count - 1))) : 0;
    return SN_OK;
}

static void name_test(const bench *b, const char *kind, int64_t n, char *name, size_t size) {
    if (b->depth > 0)
        snprintf(name, size, "%s%" PRId64 " @ d%" PRId64, kind, n, b->depth);
    else
        snprintf(name, size, "%s%" PRId64, kind, n);
}

static sn_status bench_reading(bench *b, int64_t n, sn_bench_result *out) {
    bool reduced = sn_model_bytes(b->model) <= 3 * sn_model_n_params(b->model) && b->limits->bf16_flops > 0;
    double peak = reduced ? b->limits->bf16_flops : b->limits->f32_flops;
    name_test(b, "pp", n, out->test, sizeof out->test);
    SN_TRY(measure(b, read_tokens, n, &out->tokens_per_second, &out->stddev));
    out->limit_share = peak > 0 ? read_flops(b, n) / (double)n * out->tokens_per_second / peak : 0;
    return SN_OK;
}

static sn_status bench_writing(bench *b, int64_t n, sn_bench_result *out) {
    double bandwidth = b->limits->read_bytes;
    name_test(b, "tg", n, out->test, sizeof out->test);
    SN_TRY(measure(b, write_tokens, n, &out->tokens_per_second, &out->stddev));
    out->limit_share = bandwidth > 0 ? write_bytes(b, n) / (double)n * out->tokens_per_second / bandwidth : 0;
    return SN_OK;
}

static sn_status run_tests(bench *b, const sn_bench_options *o, sn_bench_result *results, int *n_results) {
    if (b->depth > 0) SN_TRY(sn_session_append(b->session, 0, b->tokens, b->depth, 0, NULL, NULL));
    if (o->n_prompt > 0) SN_TRY(bench_reading(b, o->n_prompt, &results[(*n_results)++]));
    if (o->n_generate > 0) SN_TRY(bench_writing(b, o->n_generate, &results[(*n_results)++]));
    return SN_OK;
}

static sn_status prepare(bench *b, const sn_bench_options *o) {
    sn_session_options session = o->session;
    int64_t needed = o->depth + sn_max_i64(sn_max_i64(o->n_prompt, o->n_generate), 1);
    if (o->n_prompt < 0 || o->n_generate < 0 || o->depth < 0 || o->repetitions < 0)
        return sn_fail(SN_ERR_ARGUMENT, "bench: negative token counts: give 0 to leave a test out");
    if (!session.capacity) session.capacity = needed;
    if (session.capacity < needed)
        return sn_fail(SN_ERR_LIMIT, "bench: the tests need a context of %" PRId64 ", not %" PRId64, needed,
                       session.capacity);
    b->capacity = session.capacity;
    b->tokens = sn_alloc((size_t)needed * sizeof *b->tokens);
    if (!b->tokens) return sn_fail_memory("the benchmark's tokens");
    for (int64_t i = 0; i < needed; i++)
        b->tokens[i] = (int32_t)(sn_uniform_f64(1, 0, (uint64_t)i) * (double)b->config->n_vocab);
    return sn_session_new(b->model, &session, &b->session);
}

sn_status sn_bench_model(const sn_model *m, const sn_bench_options *options, const sn_limits *limits,
                         sn_bench_result *results, int *n_results) {
    bench b = {.model = m,
               .config = sn_model_get_config(m),
               .limits = limits,
               .depth = options->depth,
               .repetitions = options->repetitions ? options->repetitions : 3};
    *n_results = 0;
    sn_status status = prepare(&b, options);
    if (status == SN_OK) status = run_tests(&b, options, results, n_results);
    sn_session_free(b.session);
    sn_free(b.tokens);
    return status;
}
