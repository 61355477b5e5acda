/* Smooth maxima of n values (after Jianlin Su, kexue.fm/archives/3290; its forms (13) and (14) are no maxima of values
 * of any sign). */
#include "op/smooth_max.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/sum.h"

#include <string.h>

typedef struct call {
    sn_smoothmax_family family;
    double k;
    const double *x;
    int64_t n, at;      /* at: of the largest */
    double value, fall; /* fall: (the largest - value) / 2 of boltzmann, which value alone does not tell exactly */
    double *gradient, *hessian; /* may be NULL; the Hessian only beside a gradient */
} call;

/* k (x_i - max), whatever their size. */
static double exponent(const call *c, int64_t i) { return 2 * (c->k * (c->x[i] / 2 - c->x[c->at] / 2)); }

/* ---- Log-sum-exp ---- */

/* The sum of e^{k (x_i - max)} without the largest itself, so that small ones are not lost beside the 1. */
static double others(const call *c) {
    sn_sum total = {0, 0};
    for (int64_t i = 0; i < c->n; i++)
        if (i != c->at) sn_sum_add(&total, exp(exponent(c, i)));
    return sn_sum_end(&total);
}

static void lse(call *c) {
    double rest = others(c), most = c->x[c->at];
    c->value = most + log1p(rest) / c->k;
    for (int64_t i = 0; i < c->n && c->gradient; i++) c->gradient[i] = exp(exponent(c, i)) / (1 + rest);
    for (int64_t i = 0; i < c->n && c->hessian; i++)
        for (int64_t j = 0; j < c->n; j++) {
            double w = c->gradient[i], without = i == c->at ? rest / (1 + rest) : 1 - w;
            c->hessian[i * c->n + j] = c->k * (i == j ? w * without : -w * c->gradient[j]);
        }
}

static void log_cosh(call *c) {
    c->k *= 2;
    lse(c);
}

/* (1/k) log of the mean of e^(k (x - max)). Where all exponents are small it is the mean of x - max and half of k times
 * the variance: the next term is below 1e-16 of these. */
static double mellow_gap(const call *c) {
    double n = (double)c->n, least = 0;
    sn_sum sums[3] = {{0, 0}};
    for (int64_t i = 0; i < c->n; i++) {
        double half = c->x[i] / 2 - c->x[c->at] / 2, e = exponent(c, i);
        least = fmin(least, e);
        sn_sum_add(&sums[0], expm1(e) / n);
        sn_sum_add(&sums[1], half / n);
        sn_sum_add(&sums[2], e * (half / n));
    }
    double sum = sn_sum_end(&sums[0]), mean = sn_sum_end(&sums[1]), square = sn_sum_end(&sums[2]);
    if (least >= -1e-8) return 2 * mean + (square - 2 * (c->k * mean) * mean);
    return (sum > -0.5 ? log1p(sum) : log1p(others(c)) - log(n)) / c->k;
}

static void mellow(call *c) {
    lse(c);
    c->value = c->x[c->at] + mellow_gap(c);
}

/* ---- Boltzmann: sum w x, w = softmax(kx) ---- */

/* k (x_i - value). */
static double lead(const call *c, int64_t i) {
    return fmax(-1e6, 2 * (c->k * (c->x[i] / 2 - c->x[c->at] / 2 + c->fall)));
}

/* What w_i lacks of 1 is not taken from it for the largest, whose w may be 1 but for what is beyond double. */
static void boltzmann(call *c) {
    double rest = others(c), total = 1 + rest, most = c->x[c->at];
    sn_sum fall = {0, 0};
    for (int64_t i = 0; i < c->n; i++) sn_sum_add(&fall, exp(exponent(c, i)) / total * (most / 2 - c->x[i] / 2));
    c->fall = sn_sum_end(&fall);
    c->value = most - c->fall - c->fall;
    for (int64_t i = 0; i < c->n && c->gradient; i++) c->gradient[i] = exp(exponent(c, i)) / total * (1 + lead(c, i));
    for (int64_t i = 0; i < c->n && c->hessian; i++)
        for (int64_t j = 0; j < c->n; j++) {
            double w = exp(exponent(c, i)) / total, v = exp(exponent(c, j)) / total, own = lead(c, i);
            double without = i == c->at ? rest / total : 1 - w;
            c->hessian[i * c->n + j] =
                c->k * w * (i == j ? without * (2 + own) - w * own : -v * (2 + own + lead(c, j)));
        }
}

/* ---- Power ---- */

/* (x_i / max)^e; neither a quotient near 1 nor one that underflows may lose what a large or a small e makes of it. */
static double ratio_power(const call *c, int64_t i, double e) {
    double x = c->x[i], most = c->x[c->at], ratio = x / most;
    if (x > most / 2) return exp(e * log1p((x - most) / most));
    return x == 0 || ratio > 1e-300 ? pow(ratio, e) : exp(e * (log(x) - log(most)));
}

/* All values are 0: a corner, but of a sum. */
static void power_of_zeros(const call *c, double share) {
    bool linear = c->k == 1 || c->n == 1;
    for (int64_t i = 0; i < c->n && c->gradient; i++) c->gradient[i] = linear ? share : (double)NAN;
    for (int64_t i = 0; i < c->n * c->n && c->hessian; i++) c->hessian[i] = linear ? 0 : (double)NAN;
}

/* M = (share sum x^p)^(1/p), share 1 or 1/n. With r = x / max and T = sum r^p the gradient is
 * share r^(p-1) (share T)^(1/p-1), and what x_i lacks of being the only one is 1 - r^p / T. */
static void power_of(call *c, double share) {
    double most = c->x[c->at], p = c->k;
    sn_sum others_sum = {0, 0};
    c->value = 0;
    if (most == 0) {
        power_of_zeros(c, share);
        return;
    }
    for (int64_t i = 0; i < c->n; i++)
        if (i != c->at) sn_sum_add(&others_sum, ratio_power(c, i, p));
    double rest = sn_sum_end(&others_sum), total = 1 + rest, root = pow(share * total, 1 / p),
           scale = pow(share * total, 1 / p - 1);
    c->value = most * root;
    for (int64_t i = 0; i < c->n && c->gradient; i++) c->gradient[i] = share * ratio_power(c, i, p - 1) * scale;
    for (int64_t i = 0; i < c->n && c->hessian; i++)
        for (int64_t j = 0; j < c->n; j++) {
            double without = i == c->at ? rest / total : 1 - ratio_power(c, i, p) / total;
            double bend =
                i == j ? share * ratio_power(c, i, p - 2) * scale * root * without : -c->gradient[i] * c->gradient[j];
            c->hessian[i * c->n + j] = p == 1 || bend == 0 ? 0 : (p - 1) / root / most * bend;
        }
}

static void power(call *c) { power_of(c, 1); }
static void power_mean(call *c) { power_of(c, 1 / (double)c->n); }

/* ---- Tournament of pairs ---- */

/* The winner of from <= i < to with the derivatives of all in it, by those of the halves: with f of (u, v),
 * H = f_u H_u + f_v H_v + curvature (g_u - g_v) (g_u - g_v)^T. */
static void join(const call *c, int64_t from, int64_t middle, int64_t to, double half) {
    double wu = sn_smooth_weight(c->family, c->k, half), wv = sn_smooth_weight(c->family, c->k, -half);
    double bend = sn_smooth_curvature(c->family, c->k, half), *g = c->gradient;
    for (int64_t i = from; i < to && c->hessian; i++)
        for (int64_t j = from; j < to; j++) {
            double *h = &c->hessian[i * c->n + j];
            bool left = i < middle;
            if (left == (j < middle))
                *h = (left ? wu : wv) * *h + bend * g[i] * g[j];
            else
                *h = -bend * g[i] * g[j];
        }
    for (int64_t i = from; i < to; i++) g[i] *= i < middle ? wu : wv;
}

static double winner(const call *c, int64_t from, int64_t to) {
    if (to - from == 1) {
        if (c->gradient) c->gradient[from] = 1;
        if (c->hessian) c->hessian[from * c->n + from] = 0;
        return c->x[from];
    }
    int64_t middle = from + (to - from + 1) / 2;
    double u = winner(c, from, middle), v = winner(c, middle, to), half = u / 2 - v / 2;
    if (c->gradient) join(c, from, middle, to, half);
    return fmax(u, v) + sn_smooth_gap(c->family, c->k, half);
}

static void tournament(call *c) { c->value = winner(c, 0, c->n); }

/* ---- The families ---- */

typedef struct family_def {
    const char *name, *formula;
    void (*fn)(call *c);
    bool power;
} family_def;

static const family_def families[SN_N_SMOOTHMAX] = {
    [SN_SMOOTHMAX_LSE] = {"lse", "log(e^kx + e^ky) / k", lse, false},
    [SN_SMOOTHMAX_LOGCOSH] = {"logcosh", "(x + y + log(2 cosh kd) / k) / 2", log_cosh, false},
    [SN_SMOOTHMAX_SQRT] = {"sqrt", "(x + y + sqrt(d^2 + 1/k^2)) / 2", tournament, false},
    [SN_SMOOTHMAX_ERF] = {"erf", "(x + y + d erf kd) / 2", tournament, false},
    [SN_SMOOTHMAX_BOLTZMANN] = {"boltzmann", "(x e^kx + y e^ky) / (e^kx + e^ky)", boltzmann, false},
    [SN_SMOOTHMAX_MELLOW] = {"mellow", "log((e^kx + e^ky) / 2) / k", mellow, false},
    [SN_SMOOTHMAX_POWER] = {"power", "(x^k + y^k)^(1/k)", power, true},
    [SN_SMOOTHMAX_POWER_MEAN] = {"power-mean", "((x^k + y^k) / 2)^(1/k)", power_mean, true},
};

static bool is_family(sn_smoothmax_family f) { return (int)f >= 0 && f < SN_N_SMOOTHMAX; }
const char *sn_smoothmax_name(sn_smoothmax_family f) { return is_family(f) ? families[f].name : ""; }
const char *sn_smoothmax_formula(sn_smoothmax_family f) { return is_family(f) ? families[f].formula : ""; }

static sn_status check_sharpness(sn_smoothmax_family f, double k) {
    if (!is_family(f)) return sn_fail(SN_ERR_ARGUMENT, "smooth maximum: there is no family %d", (int)f);
    if (!(k >= 1e-300 && k <= 1e300))
        return sn_fail(SN_ERR_ARGUMENT, "smooth maximum: k = %g: the sharpness is from 1e-300 to 1e300", k);
    if (families[f].power && k < 1)
        return sn_fail(SN_ERR_ARGUMENT, "smooth maximum: %s with k = %g: a power is 1 or more", families[f].name, k);
    return SN_OK;
}

static sn_status check_values(call *c) {
    if (c->n < 1) return sn_fail(SN_ERR_ARGUMENT, "smooth maximum: of %lld values", (long long)c->n);
    for (int64_t i = 0; i < c->n; i++) {
        if (!isfinite(c->x[i]))
            return sn_fail(SN_ERR_NUMERIC, "smooth maximum: value %lld is %s", (long long)i,
                           isnan(c->x[i]) ? "NaN" : "infinite");
        if (families[c->family].power && c->x[i] < 0)
            return sn_fail(SN_ERR_ARGUMENT, "smooth maximum: value %lld, %g, is below 0: %s is of values of 0 or more",
                           (long long)i, c->x[i], families[c->family].name);
        if (c->x[i] > c->x[c->at]) c->at = i;
    }
    return SN_OK;
}

sn_status sn_smoothmax(sn_smoothmax_family family, double k, const double *x, int64_t n, double *value,
                       double *gradient, double *hessian) {
    call c = {.family = family, .k = k, .x = x, .n = n, .gradient = gradient, .hessian = hessian};
    double *own = NULL;
    SN_TRY(check_sharpness(family, k));
    SN_TRY(check_values(&c));
    if (hessian && !gradient) c.gradient = own = sn_calloc((size_t)n, sizeof *own);
    if (hessian && !c.gradient) return sn_fail_memory("a gradient");
    families[family].fn(&c);
    sn_free(own);
    *value = c.value;
    return SN_OK;
}

sn_status sn_smoothabs(sn_smoothmax_family family, double k, double d, double *value, double *first, double *second) {
    SN_TRY(check_sharpness(family, k));
    if (families[family].power)
        return sn_fail(SN_ERR_ARGUMENT, "smooth |d|: there is none behind %s", families[family].name);
    if (!isfinite(d)) return sn_fail(SN_ERR_NUMERIC, "smooth |d|: d is not finite");
    if (value) *value = fabs(d) + 2 * sn_smooth_gap(family, k, d / 2);
    if (first) *first = sn_smooth_weight(family, k, d / 2) - sn_smooth_weight(family, k, -d / 2);
    if (second) *second = 2 * sn_smooth_curvature(family, k, d / 2);
    return SN_OK;
}

/* ---- Bounds ---- */

/* W(x) of w e^w = x, x >= 0, by Newton from above. */
static double lambert_w(double x) {
    double w = log1p(x);
    for (int i = 0; i < 50; i++) w -= (w - x * exp(-w)) / (1 + w);
    return w;
}

static double depth(int64_t n) {
    int levels = 0;
    while (levels < 62 && (int64_t)1 << levels < n) levels++;
    return levels;
}

static const double erf_worst = 0.12018779341550550838; /* max of t erfc(t) / 2, at t = 0.5315968851493932 */

sn_status sn_smoothmax_bounds(sn_smoothmax_family family, double k, int64_t n, sn_smoothmax_bound *out) {
    SN_TRY(check_sharpness(family, k));
    if (n < 1) return sn_fail(SN_ERR_ARGUMENT, "smooth maximum: of %lld values", (long long)n);
    double count = (double)n;
    *out = (sn_smoothmax_bound){.relative = families[family].power};
    switch (family) {
    case SN_SMOOTHMAX_LSE: out->high = log(count) / k; break;
    case SN_SMOOTHMAX_LOGCOSH: out->high = log(count) / (2 * k); break;
    case SN_SMOOTHMAX_SQRT: out->high = depth(n) / (2 * k); break;
    case SN_SMOOTHMAX_ERF: out->low = -depth(n) * erf_worst / k; break;
    case SN_SMOOTHMAX_BOLTZMANN: out->low = -lambert_w((count - 1) / 2.71828182845904523536) / k; break;
    case SN_SMOOTHMAX_MELLOW: out->low = -log(count) / k; break;
    case SN_SMOOTHMAX_POWER: out->low = 1, out->high = pow(count, 1 / k); break;
    default: out->low = pow(count, -1 / k), out->high = 1; break;
    }
    out->low += 0; /* no -0 of one value */
    return SN_OK;
}
