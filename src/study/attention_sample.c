/* Attention matrices of random queries and keys, to measure. */
#include "suan/measure.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/philox.h"
#include "base/size.h"

#include <math.h>

typedef struct form_def {
    const char *name;
    bool softmax, causal, reversed, equal;
} form_def;

static const form_def forms[SN_N_ATTENTION_FORMS] = {
    [SN_ATTENTION_SOFTMAX] = {"softmax, bidirectional", true, false, false, false},
    [SN_ATTENTION_SOFTMAX_CAUSAL] = {"softmax, causal", true, true, false, false},
    [SN_ATTENTION_LINEAR] = {"linear, bidirectional", false, false, false, false},
    [SN_ATTENTION_LINEAR_CAUSAL] = {"linear, causal", false, true, false, false},
    [SN_ATTENTION_SOFTMAX_REVERSED] = {"softmax, causal, reversed", true, true, true, false},
    [SN_ATTENTION_EQUAL] = {"equal logits, bidirectional", true, false, false, true},
    [SN_ATTENTION_EQUAL_CAUSAL] = {"equal logits, causal", true, true, false, true},
};

const char *sn_attention_form_name(sn_attention_form form) { return forms[form].name; }

static double product(const double *q, const double *k, int64_t d) {
    double total = 0;
    for (int64_t c = 0; c < d; c++) total += q[c] * k[c];
    return total;
}

static void fill_row(const form_def *form, const double *q, const double *k, int64_t seen, int64_t d, double *row) {
    double most = -INFINITY, total = 0;
    for (int64_t j = 0; j < seen; j++) {
        row[j] = product(q, k + j * d, d);
        if (form->softmax) row[j] /= sqrt((double)d);
        most = fmax(most, row[j]);
    }
    for (int64_t j = 0; j < seen; j++) {
        if (form->softmax) row[j] = exp(row[j] - most);
        total += row[j];
    }
    for (int64_t j = 0; j < seen; j++) row[j] /= total;
}

typedef struct sample {
    double *q, *k; /* n x d */
    int64_t n, d;
} sample;

static sn_status draw(const form_def *f, int64_t n, int64_t d, uint64_t seed, sample *out) {
    int64_t size;
    if (n < 1 || d < 1 || !sn_mul_i64(n, d, &size) || size > INT64_MAX / 64)
        return sn_fail(SN_ERR_ARGUMENT, "attention of %lld queries of size %lld", (long long)n, (long long)d);
    double *q = sn_calloc(2 * (size_t)size, sizeof *q);
    if (!q) return sn_fail_memory("queries and keys");
    for (int64_t i = 0; i < 2 * size && !f->equal; i++) {
        double x = sn_normal_f64(seed, 0, (uint64_t)i);
        q[i] = f->softmax ? x : exp(x);
    }
    *out = (sample){q, q + size, n, d};
    return SN_OK;
}

sn_status sn_attention_sample(sn_attention_form form, int64_t n, int64_t d, uint64_t seed, double *out) {
    const form_def *f = &forms[form];
    sample s;
    SN_TRY(draw(f, n, d, seed, &s));
    for (int64_t i = 0; i < n; i++) {
        int64_t seen = f->causal ? i + 1 : n;
        fill_row(f, s.q + i * d, s.k, seen, d, out + i * n);
        for (int64_t j = seen; j < n; j++) out[i * n + j] = 0;
    }
    for (int64_t i = 0; i < n * n / 2 && f->reversed; i++) { /* rows and columns in reverse order */
        double x = out[i];
        out[i] = out[n * n - 1 - i];
        out[n * n - 1 - i] = x;
    }
    sn_free(s.q);
    return SN_OK;
}

/* ln of the weight that query i gives to key i, by ln of a sum of exponentials or of products. */
static double log_own_weight(const form_def *f, const sample *s, int64_t i) {
    const double *q = s->q + i * s->d;
    double most = -INFINITY, total = 0, own = product(q, s->k + i * s->d, s->d), root = sqrt((double)s->d);
    if (!f->softmax) {
        for (int64_t j = 0; j <= i; j++) total += product(q, s->k + j * s->d, s->d);
        return log(own) - log(total);
    }
    for (int64_t j = 0; j <= i; j++) most = fmax(most, product(q, s->k + j * s->d, s->d) / root);
    for (int64_t j = 0; j <= i; j++) total += exp(product(q, s->k + j * s->d, s->d) / root - most);
    return own / root - most - log(total);
}

sn_status sn_attention_claims(sn_attention_form form, int64_t n, int64_t d, uint64_t seed, int64_t *rank,
                              double *log_det) {
    const form_def *f = &forms[form];
    sample s;
    SN_TRY(draw(f, n, d, seed, &s));
    *log_det = f->causal ? 0 : (double)NAN;
    *rank = f->causal ? n : f->equal ? 1 : f->softmax ? 0 : sn_min_i64(n, d);
    for (int64_t i = 0; i < n && f->causal; i++) *log_det += log_own_weight(f, &s, i);
    sn_free(s.q);
    return SN_OK;
}
