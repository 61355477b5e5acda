/* Attention matrices of random queries and keys, to measure. */
#include "suan/measure.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/philox.h"
#include "base/size.h"

#include <math.h>

typedef struct form_def {
    const char *name;
    bool softmax, causal;
} form_def;

static const form_def forms[SN_N_ATTENTION_FORMS] = {
    [SN_ATTENTION_SOFTMAX] = {"softmax, bidirectional", true, false},
    [SN_ATTENTION_SOFTMAX_CAUSAL] = {"softmax, causal", true, true},
    [SN_ATTENTION_LINEAR] = {"linear, bidirectional", false, false},
    [SN_ATTENTION_LINEAR_CAUSAL] = {"linear, causal", false, true},
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

sn_status sn_attention_sample(sn_attention_form form, int64_t n, int64_t d, uint64_t seed, double *out) {
    const form_def *f = &forms[form];
    int64_t size;
    if (n < 1 || d < 1 || !sn_mul_i64(n, d, &size) || size > INT64_MAX / 64)
        return sn_fail(SN_ERR_ARGUMENT, "attention of %lld queries of size %lld", (long long)n, (long long)d);
    double *q = sn_calloc(2 * (size_t)size, sizeof *q), *k = q ? q + size : NULL;
    if (!q) return sn_fail_memory("queries and keys");
    for (int64_t i = 0; i < 2 * size; i++) {
        double x = sn_normal_f64(seed, 0, (uint64_t)i);
        q[i] = f->softmax ? x : exp(x);
    }
    for (int64_t i = 0; i < n; i++) {
        int64_t seen = f->causal ? i + 1 : n;
        fill_row(f, q + i * d, k, seen, d, out + i * n);
        for (int64_t j = seen; j < n; j++) out[i * n + j] = 0;
    }
    sn_free(q);
    return SN_OK;
}
