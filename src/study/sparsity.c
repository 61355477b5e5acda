/* How sparse a vector is (Su, kexue.fm/archives/9595 and 9889; the last identity of the former lacks a square root). */
#include "suan/measure.h"

#include "base/error.h"
#include "base/sum.h"
#include "study/sparsity_stream.h"

#include <math.h>
#include <string.h>

static const sn_sparsity_measure measures[] = {
    {"S_0", "mean|x| / max|x|", SN_SPARSITY_MAX, 0, 0},
    {"S_1,2", "(|x|_1 / n) / |x|_2", SN_SPARSITY_NORM, 1, 2},
    {"S*_1,2", "|x|_1 / (sqrt(n) |x|_2)", SN_SPARSITY_RATIO, 1, 2},
    {"S*_1,4", "n^(-3/4) |x|_1 / |x|_4", SN_SPARSITY_RATIO, 1, 4},
    {"S*_1/2,1", "|x|_(1/2) / (n |x|_1)", SN_SPARSITY_RATIO, 0.5, 1},
    {"S*_2,4", "n^(-1/4) |x|_2 / |x|_4", SN_SPARSITY_RATIO, 2, 4},
    {"e^H/n", "exp(Shannon entropy) / n", SN_SPARSITY_ENTROPY, 0, 1},
    {"e^H_2/n", "exp(Renyi entropy of order 2) / n", SN_SPARSITY_ENTROPY, 0, 2},
    {"Gini", "Gini index: larger is sparser", SN_SPARSITY_GINI, 0, 0},
    {NULL, NULL, SN_SPARSITY_MAX, 0, 0},
};

const sn_sparsity_measure *sn_sparsity_measures(void) { return measures; }

/* ---- Sums ---- */

double sn_sparsity_power(double x, double p) {
    if (p == 1) return x;
    if (p == 2) return x * x;
    if (p == 0.5) return sqrt(x);
    if (p == 1.5) return x * sqrt(x);
    double square = x * x;
    for (int order = 4; order <= 64; order *= 2) {
        square *= square;
        if (p == order) return square;
    }
    return pow(x, p);
}

static double power_sum(const sn_sparsity_vector *v, double p) {
    sn_sum s = {0, 0};
    if (v->sums) {
        for (int i = 0; i < v->sums->n; i++)
            if (v->sums->order[i] == p) return v->sums->power[i];
        return NAN;
    }
    for (int64_t i = v->zeros; i < v->n; i++) sn_sum_add(&s, sn_sparsity_power(v->sorted[i], p));
    return sn_sum_end(&s);
}

/* |x|_p / max|x|. */
static double norm(const sn_sparsity_vector *v, double p) { return isinf(p) ? 1 : pow(power_sum(v, p), 1 / p); }

/* ---- The measures ---- */

static double of_max(const sn_sparsity_vector *v, double q, double p) {
    (void)q, (void)p;
    return power_sum(v, 1) / (double)v->n;
}

static double of_norm(const sn_sparsity_vector *v, double q, double p) {
    (void)q;
    return power_sum(v, 1) / (double)v->n / norm(v, p);
}

/* Means of powers rather than sums: no factor n^(1/p - 1/q) that could overflow. */
static double of_ratio(const sn_sparsity_vector *v, double q, double p) {
    double n = (double)v->n, upper = pow(power_sum(v, q) / n, 1 / q);
    return isinf(p) ? upper : upper / pow(power_sum(v, p) / n, 1 / p);
}

static double of_entropy(const sn_sparsity_vector *v, double q, double p) {
    (void)q;
    double n = (double)v->n, total = power_sum(v, 1);
    if (isinf(p)) return total / n;
    if (p != 1) return exp((log(power_sum(v, p)) - p * log(total)) / (1 - p)) / n;
    if (v->sums) return total * exp(-v->sums->entropy / total) / n;
    sn_sum s = {0, 0};
    for (int64_t i = v->zeros; i < v->n; i++) sn_sum_add(&s, -v->sorted[i] / total * log(v->sorted[i] / total));
    return exp(sn_sum_end(&s)) / n;
}

/* 1 - 2 sum_k c_k / |c|_1 (n - k + 1/2) / n, c rising, k from 1. */
static double of_gini(const sn_sparsity_vector *v, double q, double p) {
    (void)q, (void)p;
    if (v->sums) return v->sums->gini;
    sn_sum s = {0, 0};
    double n = (double)v->n, total = power_sum(v, 1);
    for (int64_t i = v->zeros; i < v->n; i++)
        sn_sum_add(&s, v->sorted[i] / total * (((double)(v->n - 1 - i) + 0.5) / n));
    return 1 - 2 * sn_sum_end(&s);
}

static double (*const functions[])(const sn_sparsity_vector *, double q, double p) = {
    [SN_SPARSITY_MAX] = of_max,         [SN_SPARSITY_NORM] = of_norm, [SN_SPARSITY_RATIO] = of_ratio,
    [SN_SPARSITY_ENTROPY] = of_entropy, [SN_SPARSITY_GINI] = of_gini,
};

static sn_status check_orders(const sn_sparsity_measure *m) {
    bool fine = true;
    if (m->kind == SN_SPARSITY_NORM) fine = m->p > 1;
    if (m->kind == SN_SPARSITY_RATIO) fine = m->q > 0 && m->p > m->q && !isinf(m->q);
    if (m->kind == SN_SPARSITY_ENTROPY) fine = m->p > 0;
    if (fine) return SN_OK;
    return sn_fail(SN_ERR_ARGUMENT, "sparsity: %s has q = %g, p = %g: p > q > 0 is wanted, p > 1 beside a 1-norm",
                   m->name ? m->name : "a measure", m->q, m->p);
}

sn_status sn_sparsity(const sn_sparsity_vector *x, const sn_sparsity_measure *measure, double *out) {
    SN_TRY(check_orders(measure));
    *out = x->largest > 0 ? functions[measure->kind](x, measure->q, measure->p) : (double)NAN;
    return SN_OK;
}

/* ---- Sorting ---- */

/* By the bits, 16 at a time from the low end: of numbers of 0 or more they rise with the value. Digits that all values
 * share, as the low ones of what was f32, cost no pass. Gives where the result lies. */
static double *sort(double *x, double *spare, int64_t n) {
    static const int digits = 1 << 16;
    int64_t count[1 << 16];
    for (int shift = 0; shift < 64; shift += 16) {
        uint64_t bits;
        memset(count, 0, sizeof count);
        for (int64_t i = 0; i < n; i++) {
            memcpy(&bits, &x[i], sizeof bits);
            count[bits >> shift & 0xffff]++;
        }
        memcpy(&bits, &x[0], sizeof bits);
        if (count[bits >> shift & 0xffff] == n) continue;
        for (int64_t d = 0, at = 0; d < digits; d++) {
            int64_t here = count[d];
            count[d] = at;
            at += here;
        }
        for (int64_t i = 0; i < n; i++) {
            memcpy(&bits, &x[i], sizeof bits);
            spare[count[bits >> shift & 0xffff]++] = x[i];
        }
        double *other = x;
        x = spare, spare = other;
    }
    return x;
}

/* Few values: counting 65536 digits would cost more than all comparisons. */
static void sort_few(double *x, int64_t n) {
    for (int64_t i = 1; i < n; i++) {
        double value = x[i];
        int64_t k = i;
        for (; k > 0 && x[k - 1] > value; k--) x[k] = x[k - 1];
        x[k] = value;
    }
}

sn_status sn_sparsity_magnitudes(double *x, int64_t n, int64_t from, double *largest) {
    *largest = 0;
    for (int64_t i = 0; i < n; i++) {
        if (!isfinite(x[i]))
            return sn_fail(SN_ERR_NUMERIC, "element %lld is %s: sparsity is of finite values", (long long)(from + i),
                           isnan(x[i]) ? "NaN" : "infinite");
        x[i] = fabs(x[i]);
        *largest = fmax(*largest, x[i]);
    }
    return SN_OK;
}

sn_status sn_sparsity_prepare(double *x, int64_t n, double *spare, sn_sparsity_vector *out) {
    double largest;
    int64_t zeros = 0;
    if (n < 1) return sn_fail(SN_ERR_ARGUMENT, "sparsity: an empty vector has none");
    SN_TRY(sn_sparsity_magnitudes(x, n, 0, &largest));
    for (int64_t i = 0; i < n && largest > 0; i++) x[i] /= largest;
    for (int64_t i = 0; i < n; i++) zeros += x[i] == 0;
    if (n <= 256)
        sort_few(x, n);
    else
        x = sort(x, spare, n);
    *out = (sn_sparsity_vector){.sorted = x, .n = n, .zeros = zeros, .largest = largest};
    return SN_OK;
}
