/* What the model tests share: an independent decoder in double precision, comparisons, test data. */
#ifndef SN_TEST_MODEL_COMMON_H
#define SN_TEST_MODEL_COMMON_H

#include "model/model.h"
#include "suan/session.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define assert_ok(expr)                                                                                                \
    do {                                                                                                               \
        sn_status assert_ok_status_ = (expr);                                                                          \
        if (assert_ok_status_ != SN_OK) fail_msg("%s: %s", #expr, sn_last_error());                                    \
    } while (0)

/* NULL after saying so where the variable is not set: the caller skips. */
static inline const char *test_data(void) {
    const char *path = getenv("SUAN_TEST_DATA");
    if (!path) print_message("SKIPPED: SUAN_TEST_DATA is not set\n");
    return path;
}

/* ---- the plain decoder: one loop per formula, no cache, no tables, no pieces ---- */

static inline double *doubles_of(const sn_model *m, const char *name, int64_t layer) {
    char full[96];
    sn_tensor t;
    sn_name_expand(name, layer, full, sizeof full);
    assert_ok(sn_model_tensor(m, full, &t));
    int64_t n = sn_tensor_count(&t);
    float *f = malloc((size_t)n * sizeof *f);
    double *out = malloc((size_t)n * sizeof *out);
    sn_to_f32(t.dtype, t.data, f, n);
    for (int64_t i = 0; i < n; i++) out[i] = (double)f[i];
    free(f);
    return out;
}

static inline void plain_matvec(const double *w, int64_t rows, int64_t columns, const double *x, double *y) {
    for (int64_t r = 0; r < rows; r++) {
        y[r] = 0;
        for (int64_t c = 0; c < columns; c++) y[r] += w[r * columns + c] * x[c];
    }
}

static inline void plain_rms(const double *x, const double *w, int64_t n, double epsilon, double *y) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += x[i] * x[i];
    for (int64_t i = 0; i < n; i++) y[i] = x[i] / sqrt(sum / (double)n + epsilon) * w[i];
}

static inline void plain_attention(const sn_model_config *c, const sn_position *p, int64_t n, const double *q,
                                   const double *k, const double *v, double *out) {
    int64_t d = c->d_head, qn = c->n_heads * d, kn = c->n_kv_heads * d;
    double *logit = malloc((size_t)n * sizeof *logit);
    for (int64_t i = 0; i < n; i++)
        for (int64_t h = 0; h < c->n_heads; h++) {
            int64_t g = h / (c->n_heads / c->n_kv_heads);
            double max = -INFINITY, sum = 0, *y = out + i * qn + h * d;
            for (int64_t j = 0; j <= i; j++) {
                logit[j] = sn_position_logit(p, q + i * qn + h * d, k + j * kn + g * d, (int)d, i, j);
                max = fmax(max, logit[j]);
            }
            memset(y, 0, (size_t)d * sizeof *y);
            for (int64_t j = 0; j <= i; j++) {
                double w = exp(logit[j] - max);
                sum += w;
                for (int64_t x = 0; x < d; x++) y[x] += w * v[j * kn + g * d + x];
            }
            for (int64_t x = 0; x < d; x++) y[x] /= sum;
        }
    free(logit);
}

/* A Llama layer on the residual stream x [n, n_embd], in place. */
static inline void plain_layer(const sn_model *m, int64_t layer, const sn_position *p, int64_t n, double *x) {
    const sn_model_config *c = &m->config;
    int64_t e = c->n_embd, qn = c->n_heads * c->d_head, kn = c->n_kv_heads * c->d_head, f = c->d_ff;
    static const char *const names[] = {"layers.#.attn_norm.weight", "layers.#.q.weight",  "layers.#.k.weight",
                                        "layers.#.v.weight",         "layers.#.o.weight",  "layers.#.ffn_norm.weight",
                                        "layers.#.gate.weight",      "layers.#.up.weight", "layers.#.down.weight"};
    double *w[9];
    for (int i = 0; i < 9; i++) w[i] = doubles_of(m, names[i], layer);
    size_t size = sizeof(double);
    double *h = malloc((size_t)e * size), *q = malloc((size_t)(n * qn) * size), *k = malloc((size_t)(n * kn) * size);
    double *v = malloc((size_t)(n * kn) * size), *y = malloc((size_t)(n * qn) * size);
    double *gate = malloc((size_t)f * size), *up = malloc((size_t)f * size), *t = malloc((size_t)e * size);
    for (int64_t i = 0; i < n; i++) {
        plain_rms(x + i * e, w[0], e, c->norm_epsilon, h);
        plain_matvec(w[1], qn, e, h, q + i * qn);
        plain_matvec(w[2], kn, e, h, k + i * kn);
        plain_matvec(w[3], kn, e, h, v + i * kn);
    }
    plain_attention(c, p, n, q, k, v, y);
    for (int64_t i = 0; i < n; i++) {
        plain_matvec(w[4], e, qn, y + i * qn, t);
        for (int64_t j = 0; j < e; j++) x[i * e + j] += t[j];
        plain_rms(x + i * e, w[5], e, c->norm_epsilon, h);
        plain_matvec(w[6], f, e, h, gate);
        plain_matvec(w[7], f, e, h, up);
        for (int64_t j = 0; j < f; j++) up[j] *= gate[j] / (1 + exp(-gate[j]));
        plain_matvec(w[8], e, f, up, t);
        for (int64_t j = 0; j < e; j++) x[i * e + j] += t[j];
    }
    for (int i = 0; i < 9; i++) free(w[i]);
    free(h), free(q), free(k), free(v), free(y), free(gate), free(up), free(t);
}

/* Logits [n, n_vocab] of a Llama, allocated. */
static inline double *plain_logits(const sn_model *m, const sn_position *p, const int32_t *tokens, int64_t n) {
    const sn_model_config *c = &m->config;
    int64_t e = c->n_embd;
    double *embed = doubles_of(m, "embed.weight", 0), *norm = doubles_of(m, "norm.weight", 0);
    double *head = c->tied_head ? embed : doubles_of(m, "head.weight", 0);
    double *x = malloc((size_t)(n * e) * sizeof *x), *h = malloc((size_t)e * sizeof *h);
    double *out = malloc((size_t)(n * c->n_vocab) * sizeof *out);
    for (int64_t i = 0; i < n; i++) memcpy(x + i * e, embed + tokens[i] * e, (size_t)e * sizeof *x);
    for (int64_t layer = 0; layer < c->n_layers; layer++) plain_layer(m, layer, p, n, x);
    for (int64_t i = 0; i < n; i++) {
        plain_rms(x + i * e, norm, e, c->norm_epsilon, h);
        plain_matvec(head, c->n_vocab, e, h, out + i * c->n_vocab);
    }
    if (head != embed) free(head);
    free(embed), free(norm), free(x), free(h);
    return out;
}

/* ---- running sessions ---- */

typedef struct logits_store {
    float *rows; /* [n, n_vocab] */
    int64_t n_vocab, n;
} logits_store;

static inline sn_status store_logits(void *user, int64_t index, const float *logits, int64_t n_vocab) {
    logits_store *s = user;
    (void)index;
    memcpy(s->rows + s->n * n_vocab, logits, (size_t)n_vocab * sizeof *logits);
    s->n++;
    return SN_OK;
}

/* Feeds the tokens in pieces of the given sizes (the last one repeats) and gives all logits, allocated. */
static inline float *chunked_logits(const sn_model *m, const sn_session_options *options, const int32_t *tokens,
                                    int64_t n, const int *sizes, int n_sizes) {
    sn_session *s = NULL;
    assert_ok(sn_session_new(m, options, &s));
    logits_store store = {malloc((size_t)(n * m->config.n_vocab) * sizeof(float)), m->config.n_vocab, 0};
    for (int64_t done = 0, i = 0; done < n; i++) {
        int64_t size = sizes[i < n_sizes ? i : n_sizes - 1];
        if (size > n - done) size = n - done;
        assert_ok(sn_session_append(s, 0, tokens + done, size, 2, store_logits, &store));
        done += size;
    }
    assert_int_equal(store.n, n);
    assert_int_equal(sn_session_length(s, 0), n);
    sn_session_free(s);
    return store.rows;
}

static inline void random_tokens(uint64_t seed, int64_t n_vocab, int32_t *out, int64_t n) {
    uint64_t x = seed * 2654435761u + 12345;
    for (int64_t i = 0; i < n; i++) {
        x = x * 6364136223846793005u + 1442695040888963407u;
        out[i] = (int32_t)((x >> 33) % (uint64_t)n_vocab);
    }
}

#endif
