/* The models and sources of self-consuming loops. */
#include "study/mad.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/philox.h"
#include "fit/mixture.h"
#include "suan/fit.h"

#include <math.h>
#include <string.h>

/* ---- Gaussian: unbiased mean and covariance ---- */

typedef struct gaussian {
    int64_t d;
    double *mean, *covariance, *factor; /* one block */
} gaussian;

static void gaussian_free(void *model) { sn_free(model); }

static sn_status gaussian_fit(void *user, const double *x, int64_t n, int64_t d, uint64_t seed, uint64_t stream,
                              void **model) {
    (void)user, (void)seed, (void)stream;
    gaussian *g = sn_calloc(1, sizeof *g + (size_t)(d + 2 * d * d) * sizeof(double));
    if (!g) return sn_fail_memory("a model");
    *g = (gaussian){.d = d, .mean = (double *)(g + 1)};
    g->covariance = g->mean + d, g->factor = g->covariance + d * d;
    for (int64_t i = 0; i < n; i++)
        for (int64_t a = 0; a < d; a++) g->mean[a] += x[i * d + a] / (double)n;
    for (int64_t i = 0; i < n; i++)
        for (int64_t a = 0; a < d; a++)
            for (int64_t b = 0; b < d; b++)
                g->covariance[a * d + b] += (x[i * d + a] - g->mean[a]) * (x[i * d + b] - g->mean[b]) / (double)(n - 1);
    sn_factor_semidefinite(g->covariance, d, g->factor); /* of few points it is singular */
    *model = g;
    return SN_OK;
}

static sn_status gaussian_sample(const void *model, double lambda, uint64_t seed, uint64_t stream, int64_t n,
                                 double *out) {
    const gaussian *g = model;
    int64_t d = g->d;
    double root = sqrt(lambda);
    for (int64_t i = 0; i < n; i++)
        for (int64_t a = d - 1; a >= 0; a--) { /* the normal numbers are put where the points go, last row first */
            if (a == d - 1)
                for (int64_t b = 0; b < d; b++) out[i * d + b] = sn_normal_f64(seed, stream, (uint64_t)(i * d + b));
            double y = 0;
            for (int64_t b = 0; b <= a; b++) y += g->factor[a * d + b] * out[i * d + b];
            out[i * d + a] = g->mean[a] + root * y;
        }
    return SN_OK;
}

static void gaussian_moments(const void *model, double *mean, double *covariance) {
    const gaussian *g = model;
    memcpy(mean, g->mean, (size_t)g->d * sizeof *mean);
    memcpy(covariance, g->covariance, (size_t)(g->d * g->d) * sizeof *covariance);
}

/* ---- Mixture ---- */

static int64_t size_of(const void *user, int64_t fallback) {
    return user && *(const int64_t *)user > 0 ? *(const int64_t *)user : fallback;
}

static sn_status mixture_fit(void *user, const double *x, int64_t n, int64_t d, uint64_t seed, uint64_t stream,
                             void **model) {
    const sn_mixture_options o = {.starts = 3, .seed = seed, .stream = stream};
    return sn_mixture_fit(x, n, d, size_of(user, 25), &o, (sn_mixture **)model, NULL);
}

static sn_status mixture_sample(const void *model, double lambda, uint64_t seed, uint64_t stream, int64_t n,
                                double *out) {
    sn_mixture_sample(model, lambda, seed, stream, n, out);
    return SN_OK;
}

static void mixture_moments(const void *model, double *mean, double *covariance) {
    const sn_mixture *m = model;
    int64_t d = m->d;
    memset(mean, 0, (size_t)d * sizeof *mean);
    memset(covariance, 0, (size_t)(d * d) * sizeof *covariance);
    for (int64_t k = 0; k < m->n; k++)
        for (int64_t a = 0; a < d; a++) mean[a] += m->weight[k] * m->mean[k * d + a];
    for (int64_t k = 0; k < m->n; k++)
        for (int64_t a = 0; a < d; a++)
            for (int64_t b = 0; b < d; b++) {
                double u = m->mean[k * d + a] - mean[a], v = m->mean[k * d + b] - mean[b];
                covariance[a * d + b] += m->weight[k] * (m->covariance[k * d * d + a * d + b] + u * v);
            }
}

static void mixture_free(void *model) { sn_mixture_free(model); }

/* ---- Fourier density ---- */

static sn_status fourier_fit(void *user, const double *x, int64_t n, int64_t d, uint64_t seed, uint64_t stream,
                             void **model) {
    const sn_density_options o = {.size = size_of(user, 14), .starts = 3, .seed = seed ^ stream << 32};
    (void)d;
    return sn_density_fit(sn_density_method_find("fourier"), x, n, &o, (sn_density **)model);
}

/* p^(1/lambda) on a grid of quantiles; there the CDF is the sum of p^(1/lambda - 1) over equal steps of u. */
static sn_status fourier_sample(const void *model, double lambda, uint64_t seed, uint64_t stream, int64_t n,
                                double *out) {
    enum { GRID = 4096 };
    if (lambda == 1) {
        sn_density_sample(model, seed, stream, n, out);
        return SN_OK;
    }
    double *y = sn_alloc(2 * GRID * sizeof *y), *sum = y + GRID, top = -INFINITY, total = 0;
    if (!y) return sn_fail_memory("samples");
    for (int k = 0; k < GRID; k++) {
        y[k] = sn_density_quantile(model, (k + 0.5) / GRID);
        sum[k] = (1 / lambda - 1) * sn_density_log(model, y[k]);
        top = fmax(top, sum[k]);
    }
    for (int k = 0; k < GRID; k++) sum[k] = total += exp(sum[k] - top);
    for (int64_t i = 0; i < n; i++) {
        double u = total * sn_uniform_f64(seed, stream, (uint64_t)i);
        int low = 0, high = GRID - 1;
        while (low < high) {
            int middle = (low + high) / 2;
            if (sum[middle] < u)
                low = middle + 1;
            else
                high = middle;
        }
        double before = low > 0 ? sum[low - 1] : 0, share = (u - before) / (sum[low] - before) - 0.5;
        int next = share < 0 ? low - 1 : low + 1;
        out[i] = y[low] + fabs(share) * (next >= 0 && next < GRID ? y[next] - y[low] : 0);
    }
    sn_free(y);
    return SN_OK;
}

static void fourier_free(void *model) { sn_density_free(model); }

/* ---- Tables ---- */

static const sn_mad_model models[] = {
    {"gaussian", "a Gaussian with the mean and covariance of the data", 0, NULL, gaussian_fit, gaussian_sample,
     gaussian_moments, gaussian_free},
    {"mixture", "a mixture of Gaussians, by EM", 64, NULL, mixture_fit, mixture_sample, mixture_moments, mixture_free},
    {"fourier", "a Fourier basis density of one variable", 1, NULL, fourier_fit, fourier_sample, NULL, fourier_free},
};
enum { N_MODELS = sizeof models / sizeof *models };

int sn_mad_model_count(void) { return N_MODELS; }
const sn_mad_model *sn_mad_model_get(int i) { return i >= 0 && i < N_MODELS ? &models[i] : NULL; }

const sn_mad_model *sn_mad_model_find(const char *name) {
    for (int i = 0; i < N_MODELS; i++)
        if (strcmp(models[i].name, name) == 0) return &models[i];
    return NULL;
}

static const double grid_deviation = 0.05;

sn_status sn_mad_source_named(const char *name, int64_t d, sn_mad_source *out) {
    bool is_grid = strcmp(name, "grid") == 0;
    if (!is_grid && strcmp(name, "gaussian") != 0)
        return sn_fail(SN_ERR_NOT_FOUND, "mad: there is no source \"%s\": gaussian, grid, or a table", name);
    if (is_grid && d != 0 && d != 2) return sn_fail(SN_ERR_ARGUMENT, "mad: the grid lies in a plane: 2 dimensions");
    *out = (sn_mad_source){.name = is_grid ? "grid" : "gaussian", .d = is_grid ? 2 : d > 0 ? d : 1};
    return SN_OK;
}

void sn_mad_draw(const sn_mad_source *s, uint64_t seed, uint64_t stream, int64_t n, double *out) {
    int64_t d = s->d;
    bool is_grid = !s->table && strcmp(s->name, "grid") == 0;
    for (int64_t i = 0; i < n; i++) {
        if (s->table) {
            int64_t row = (int64_t)(sn_uniform_f64(seed, stream, (uint64_t)i) * (double)s->n_table);
            memcpy(out + i * d, s->table + row * d, (size_t)d * sizeof *out);
            continue;
        }
        for (int64_t a = 0; a < d; a++) out[i * d + a] = sn_normal_f64(seed, stream, (uint64_t)(i * d + a));
        if (!is_grid) continue;
        int mode = (int)(25 * sn_uniform_f64(seed, stream + 1, (uint64_t)i));
        out[2 * i] = mode % 5 - 2 + grid_deviation * out[2 * i];
        out[2 * i + 1] = mode / 5 - 2 + grid_deviation * out[2 * i + 1];
    }
}

bool sn_mad_source_moments(const sn_mad_source *s, double *mean, double *covariance) {
    if (s->table) return false;
    double variance = strcmp(s->name, "grid") == 0 ? 2 + grid_deviation * grid_deviation : 1;
    for (int64_t a = 0; a < s->d; a++) {
        mean[a] = 0;
        for (int64_t b = 0; b < s->d; b++) covariance[a * s->d + b] = a == b ? variance : 0;
    }
    return true;
}
