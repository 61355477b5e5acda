/* The sparsity of more values than are held in memory. The first pass finds the largest, the second the sums and, in
 * place of sorting, counts and sums of bins: by the exponent below that of the largest and 14 bits of the fraction. */
#include "study/sparsity_stream.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/size.h"
#include "base/sum.h"

#include <string.h>

enum { fraction_bits = 14, n_bins = 1 << (8 + fraction_bits) };

typedef struct bin {
    int64_t count;
    double sum;
} bin;

typedef struct pass {
    sn_span_fn read;
    void *user;
    int64_t n, zeros;
    double largest;
    int64_t base; /* of the bins */
    bin *bins;
    sn_sum power[SN_SUM_ORDERS], entropy;
    double values[SN_SPAN_VALUES];
} pass;

void sn_sparsity_sums_want(sn_sparsity_sums *s, double order) {
    for (int i = 0; i < s->n; i++)
        if (s->order[i] == order) return;
    if (s->n < SN_SUM_ORDERS) s->order[s->n++] = order;
}

/* ---- Passes ---- */

static int64_t digits_of(double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return (int64_t)(bits >> (52 - fraction_bits));
}

static sn_status find_largest(pass *p) {
    for (int64_t from = 0; from < p->n; from += SN_SPAN_VALUES) {
        int64_t n = sn_min_i64(SN_SPAN_VALUES, p->n - from);
        double largest;
        SN_TRY(p->read(p->user, from, n, p->values));
        SN_TRY(sn_sparsity_magnitudes(p->values, n, from, &largest));
        p->largest = fmax(p->largest, largest);
    }
    return SN_OK;
}

static void add_span(pass *p, const sn_sparsity_sums *s, int64_t n) {
    double *x = p->values, total = 0;
    for (int64_t i = 0; i < n; i++) {
        x[i] /= p->largest;
        p->zeros += x[i] == 0;
        bin *b = &p->bins[sn_max_i64(0, digits_of(x[i]) - p->base)];
        b->count++;
        b->sum += x[i];
        if (x[i] > 0) total += x[i] * log(x[i]);
    }
    sn_sum_add(&p->entropy, total);
    for (int k = 0; k < s->n; k++) {
        total = 0;
        for (int64_t i = 0; i < n; i++) total += sn_sparsity_power(x[i], s->order[k]);
        sn_sum_add(&p->power[k], total);
    }
}

static sn_status add_all(pass *p, const sn_sparsity_sums *s) {
    p->base = digits_of(1) - (n_bins - 1);
    for (int64_t from = 0; from < p->n; from += SN_SPAN_VALUES) {
        int64_t n = sn_min_i64(SN_SPAN_VALUES, p->n - from);
        double unused;
        SN_TRY(p->read(p->user, from, n, p->values));
        SN_TRY(sn_sparsity_magnitudes(p->values, n, from, &unused));
        add_span(p, s, n);
    }
    return SN_OK;
}

/* ---- What the bins tell ---- */

/* The index of groups that do not overlap is that between them and, for each, its share of the values times its share
 * of the sum times its own, which within a factor 1 + h is at most h / 4. */
static void set_gini(const pass *p, double total, sn_sparsity_sums *s) {
    sn_sum between = {0, 0}, within = {0, 0};
    double n = (double)p->n;
    int64_t before = 0;
    for (int64_t b = 0; b < n_bins; b++) {
        const bin *g = &p->bins[b];
        if (g->count == 0) continue;
        double count = (double)g->count, share = g->sum / total, own = b ? 0.25 / (1 << fraction_bits) : 1;
        sn_sum_add(&between, share * ((n - (double)before - count / 2) / n));
        if (g->count > 1) sn_sum_add(&within, count / n * share * own);
        before += g->count;
    }
    s->gini = 1 - 2 * sn_sum_end(&between);
    s->gini_error = sn_sum_end(&within);
}

static void set_shares(const pass *p, double total, double share[SN_SHARE_POINTS]) {
    double taken = 0, held = 0; /* whole bins: values and their sum */
    int64_t b = n_bins - 1;
    share[0] = 0;
    for (int i = 1; i < SN_SHARE_POINTS; i++) {
        double end = (double)p->n * i / (SN_SHARE_POINTS - 1);
        for (; b >= 0 && taken + (double)p->bins[b].count <= end; b--) {
            taken += (double)p->bins[b].count;
            held += p->bins[b].sum;
        }
        double part = b >= 0 ? (end - taken) / (double)p->bins[b].count * p->bins[b].sum : 0;
        share[i] = (held + part) / total;
    }
}

static sn_status measure(pass *p, sn_sparsity_sums *s) {
    double total = 0;
    SN_TRY(find_largest(p));
    if (p->largest == 0) {
        p->zeros = p->n;
        return SN_OK;
    }
    SN_TRY(add_all(p, s));
    for (int k = 0; k < s->n; k++) s->power[k] = sn_sum_end(&p->power[k]);
    s->entropy = sn_sum_end(&p->entropy);
    for (int64_t b = 0; b < n_bins; b++) total += p->bins[b].sum;
    set_gini(p, total, s);
    set_shares(p, total, s->share);
    return SN_OK;
}

sn_status sn_sparsity_stream(sn_span_fn read, void *user, int64_t n, sn_sparsity_sums *s, sn_sparsity_vector *out) {
    pass *p = sn_calloc(1, sizeof *p);
    if (p) p->bins = sn_calloc(n_bins, sizeof *p->bins);
    if (!p || !p->bins) {
        sn_free(p);
        return sn_fail_memory("the bins of a long array");
    }
    p->read = read, p->user = user, p->n = n;
    sn_status status = measure(p, s);
    *out = (sn_sparsity_vector){.n = n, .zeros = p->zeros, .largest = p->largest, .sums = s};
    sn_free(p->bins);
    sn_free(p);
    return status;
}
