/* The Fourier basis density, fitted by Newton's method from several starts; the number of coefficients by BIC. */
#include "base/alloc.h"
#include "base/error.h"
#include "base/philox.h"
#include "base/size.h"
#include "fit/density.h"
#include "fit/fourier.h"

#include <math.h>
#include <string.h>

enum { SCREEN_POINTS = 3000, SEARCH_POINTS = 20000, SCREEN_STEPS = 8, MOST_STEPS = 200, KEPT = 2 };
enum { LBFGS_STEPS = 2000, LARGEST_HESSIAN = 128 }; /* coefficients; with more of them, or a regulariser, by L-BFGS */

typedef struct fourier {
    int64_t n;
    bool line;
    double low, high; /* of the interval */
    double *q;        /* 2 n, and on the line shift and log scale */
    double *c;        /* n pairs: of the CDF */
    double gap;       /* how far from the best density under this map, at most; NAN: not known */
} fourier;

typedef struct search {
    const sn_density_points *p;
    const sn_density_options *o;
    double *x;    /* the points on -1..1, or as they are on the line */
    double *some; /* means of neighbours, for the search: of many points not all are needed */
    double *few;  /* of more neighbours, for choosing among starts */
    int64_t n_some, n_few;
    bool line;
} search;

static int64_t unknowns(const search *s, int64_t n) { return 2 * n + (s->line ? 2 : 0); }

/* ---- Starts ---- */

/* Shift and scale of start k: from the moments, or from the middle half of the data where the tails are long; further
 * ones at random. */
static void choose_map(const search *s, int k, double *shift, double *scale) {
    static const double wide[] = {2, 1.4, 2.8, 1};
    const sn_density_points *p = s->p;
    double half = (p->y[3 * (p->n - 1) / 4] - p->y[(p->n - 1) / 4]) / 1.349;
    bool robust = k % 2 && half > 0;
    *shift = robust ? p->y[p->n / 2] : p->mean;
    *scale = (robust ? half : p->deviation) * wide[k / 2 % 4];
    if (k < 8) return;
    *shift += 0.5 * *scale * sn_normal_f64(s->o->seed, (uint64_t)k, 0);
    *scale *= exp(0.5 * sn_normal_f64(s->o->seed, (uint64_t)k, 1));
}

/* Start 0 continues a smaller fit, `before` of n_before coefficients, where there is one; the others are smoothed
 * Fourier series of the data under some map. */
static sn_status make_start(const search *s, int64_t n, int start, const double *before, int64_t n_before, double *q) {
    double room[SCREEN_POINTS];
    memset(q, 0, (size_t)unknowns(s, n) * sizeof *q);
    if (start == 0 && before) {
        memcpy(q, before, (size_t)(2 * n_before) * sizeof *q);
        if (s->line) q[2 * n] = before[2 * n_before], q[2 * n + 1] = before[2 * n_before + 1];
        return SN_OK;
    }
    if (!s->line) return sn_fourier_start(s->few, s->n_few, n, q);
    double shift, scale;
    choose_map(s, before ? start - 1 : start, &shift, &scale);
    for (int64_t i = 0; i < s->n_few; i++) room[i] = tanh((s->few[i] - shift) / scale);
    q[2 * n] = shift, q[2 * n + 1] = log(scale);
    return sn_fourier_start(room, s->n_few, n, q);
}

static sn_status descend(const search *s, int64_t n, const double *x, int64_t count, bool whole, double *q,
                         double *value) {
    sn_fourier_data data = {.y = x, .count = count, .n = n, .line = s->line, .roughness = s->o->roughness};
    bool by_newton = n <= LARGEST_HESSIAN;
    sn_status status = SN_OK;
    if (by_newton) status = sn_fourier_newton(&data, q, whole ? MOST_STEPS : SCREEN_STEPS, 1e-10, s->o->cancel, value);
    if (status == SN_OK && (!by_newton || s->o->roughness > 0)) {
        const sn_lbfgs_options o = {.max_iterations = whole ? LBFGS_STEPS : 5 * SCREEN_STEPS,
                                    .gradient_tolerance = 1e-7,
                                    .value_tolerance = 1e-9,
                                    .memory = 20,
                                    .cancel = s->o->cancel};
        sn_lbfgs_result r = {.value = INFINITY};
        status = sn_lbfgs(sn_fourier_objective, &data, q, unknowns(s, n), &o, &r);
        *value = r.value;
    }
    if (!isfinite(*value)) *value = INFINITY;
    return status == SN_ERR_NUMERIC ? SN_OK : status; /* a start that leads nowhere */
}

/* All starts for a few steps on few points, the best ones to the end on some. */
static sn_status fit_size(const search *s, int64_t n, int starts, const double *before, int64_t n_before, double *best,
                          double *best_value) {
    int64_t size = unknowns(s, n);
    if (!s->line) starts = 1; /* the likelihood is concave in the density */
    double *q = sn_alloc((size_t)(size * starts) * sizeof *q), *value = sn_alloc((size_t)starts * sizeof *value);
    sn_status status = q && value ? SN_OK : sn_fail_memory("a density");
    *best_value = INFINITY;
    for (int k = 0; status == SN_OK && k < starts; k++) {
        status = make_start(s, n, k, s->line ? before : NULL, n_before, q + k * size);
        if (status == SN_OK) status = descend(s, n, s->few, s->n_few, false, q + k * size, &value[k]);
    }
    for (int round = 0; status == SN_OK && round < KEPT && round < starts; round++) {
        int first = 0;
        for (int k = 1; k < starts; k++)
            if (value[k] < value[first]) first = k;
        double end = INFINITY;
        status = descend(s, n, s->some, s->n_some, true, q + first * size, &end);
        value[first] = INFINITY;
        if (status != SN_OK || !(end < *best_value)) continue;
        *best_value = end;
        memcpy(best, q + first * size, (size_t)size * sizeof *q);
    }
    if (status == SN_OK && !isfinite(*best_value))
        status = sn_fail(SN_ERR_NUMERIC, "density: no start of the Fourier density led anywhere");
    sn_free(q);
    sn_free(value);
    return status;
}

/* ---- The number of coefficients ---- */

static int64_t free_parameters(bool line, int64_t n) { return 2 * n - 2 + (line ? 2 : 0); } /* without length, phase */

/* Grows while BIC falls, and two sizes more. */
static sn_status fit_by_bic(const search *s, double *best, int64_t *best_n) {
    static const int64_t ladder[] = {2, 3, 4, 6, 8, 11, 15, 20, 27, 36, 48, 64};
    enum { LAST = 64, WORSE = 2, STARTS = 3 };
    int starts = s->o->starts < STARTS ? s->o->starts : STARTS; /* one continues the size before */
    double *q = sn_calloc(2 * LAST + 2, sizeof *q), *before = sn_calloc(2 * LAST + 2, sizeof *before);
    double least = INFINITY, value;
    int64_t n_before = 0;
    sn_status status = q && before ? SN_OK : sn_fail_memory("a density");
    for (size_t i = 0, worse = 0; status == SN_OK && i < sizeof ladder / sizeof *ladder && worse < WORSE; i++) {
        int64_t n = ladder[i];
        if (free_parameters(s->line, n) >= s->n_some) break;
        status = fit_size(s, n, starts, n_before ? before : NULL, n_before, q, &value);
        if (status != SN_OK) break;
        double count = (double)s->n_some, bic = 2 * count * value + (double)free_parameters(s->line, n) * log(count);
        memcpy(before, q, (size_t)unknowns(s, n) * sizeof *q);
        n_before = n;
        worse++;
        if (bic >= least) continue;
        least = bic, worse = 0, *best_n = n;
        memcpy(best, q, (size_t)unknowns(s, n) * sizeof *q);
    }
    sn_free(q);
    sn_free(before);
    if (status == SN_OK && *best_n == LAST)
        sn_log_message(SN_LOG_WARN,
                       "density: %d coefficients, the most that are tried, are still the best by BIC: the data has "
                       "finer structure than a Fourier density of that size",
                       LAST);
    if (status == SN_OK && *best_n == 0)
        status = sn_fail(SN_ERR_ARGUMENT, "density: %lld points are too few for a Fourier density: %lld are the least",
                         (long long)s->p->n, (long long)free_parameters(s->line, ladder[0]) + 1);
    return status;
}

/* ---- The method ---- */

static double to_unit(const fourier *f, double y) { return 2 * (y - f->low) / (f->high - f->low) - 1; }

/* The means of at most `most` groups of neighbours among n numbers in order; gives how many. */
static int64_t thin(const double *x, int64_t n, int64_t most, double *out) {
    int64_t groups = n < most ? n : most;
    for (int64_t g = 0, i = 0; g < groups; g++) {
        int64_t first = i, end = (int64_t)((double)n * (double)(g + 1) / (double)groups);
        if (g == groups - 1) end = n;
        for (out[g] = 0; i < end; i++) out[g] += x[i] / (double)(end - first);
    }
    return groups;
}

static sn_status search_new(search *s) {
    int64_t n = s->p->n;
    fourier unit = {.low = s->p->low, .high = s->p->high};
    s->x = sn_alloc((size_t)n * 3 * sizeof *s->x);
    if (!s->x) return sn_fail_memory("a density");
    s->some = s->x + n, s->few = s->some + n;
    for (int64_t i = 0; i < n; i++) s->x[i] = s->line ? s->p->y[i] : to_unit(&unit, s->p->y[i]);
    s->n_some = thin(s->x, n, SEARCH_POINTS, s->some);
    s->n_few = thin(s->x, n, SCREEN_POINTS, s->few);
    return SN_OK;
}

static void fourier_free(void *model) {
    fourier *f = model;
    if (!f) return;
    sn_free(f->q);
    sn_free(f->c);
    sn_free(f);
}

static sn_status fit_into(search *s, fourier *f) {
    double value;
    int64_t room = s->o->size > 64 ? s->o->size : 64;
    SN_TRY(search_new(s));
    f->q = sn_calloc((size_t)(2 * room + 2), sizeof *f->q);
    f->c = sn_calloc((size_t)room, 2 * sizeof *f->c);
    if (!f->q || !f->c) return sn_fail_memory("a density");
    f->n = s->o->size;
    if (f->n == 0)
        SN_TRY(fit_by_bic(s, f->q, &f->n));
    else
        SN_TRY(fit_size(s, f->n, s->o->starts, NULL, 0, f->q, &value));
    if (s->n_some < s->p->n) SN_TRY(descend(s, f->n, s->x, s->p->n, true, f->q, &value));
    const sn_fourier_data data = {.y = s->x, .count = s->p->n, .n = f->n, .line = s->line};
    f->gap = NAN;
    if (f->n <= LARGEST_HESSIAN && s->o->roughness == 0) SN_TRY(sn_fourier_gap(&data, f->q, &f->gap));
    double power = 0;
    for (int64_t k = 0; k < 2 * f->n; k++) power += f->q[k] * f->q[k];
    for (int64_t k = 0; k < 2 * f->n; k++) f->q[k] /= sqrt(power);
    sn_fourier_correlate(f->q, f->n, f->c);
    return SN_OK;
}

static sn_status fourier_fit(const sn_density_points *p, const sn_density_options *o, void **model) {
    search s = {.p = p, .o = o, .line = !p->interval};
    fourier *f = sn_calloc(1, sizeof *f);
    if (!f) return sn_fail_memory("a density");
    f->line = s.line, f->low = p->low, f->high = p->high;
    sn_status status = fit_into(&s, f);
    sn_free(s.x);
    if (status == SN_OK)
        *model = f;
    else
        fourier_free(f);
    return status;
}

static double fourier_log(const void *model, double y) {
    const fourier *f = model;
    if (!f->line) return sn_fourier_log_density(f->q, f->n, to_unit(f, y)) + log(2 / (f->high - f->low));
    double scale = f->q[2 * f->n + 1], z = (y - f->q[2 * f->n]) / exp(scale);
    double log_slope = 2 * (log(2) - fabs(z) - log1p(exp(-2 * fabs(z)))); /* of 1 - tanh(z)^2 */
    return sn_fourier_log_density(f->q, f->n, tanh(z)) + log_slope - scale;
}

static double fourier_cdf(const void *model, double y) {
    const fourier *f = model;
    double x = f->line ? tanh((y - f->q[2 * f->n]) / exp(f->q[2 * f->n + 1])) : to_unit(f, y);
    return sn_fourier_cdf(f->c, f->n, x);
}

static void fourier_describe(const void *model, sn_density_info *info) {
    const fourier *f = model;
    info->size = f->n;
    info->n_parameters = free_parameters(f->line, f->n);
    info->coefficient = f->q;
    info->gap = f->gap;
    info->shift = f->line ? f->q[2 * f->n] : 0;
    info->scale = f->line ? exp(f->q[2 * f->n + 1]) : 0;
}

const sn_density_ops sn_density_fourier = {
    .method = {"fourier", "coefficients", "Fourier basis density: a squared trigonometric polynomial"},
    .bounded = true,
    .fit = fourier_fit,
    .log_density = fourier_log,
    .cdf = fourier_cdf,
    .describe = fourier_describe,
    .free = fourier_free,
};
