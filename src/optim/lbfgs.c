/* L-BFGS with a strong Wolfe line search, in double (Nocedal & Wright, Numerical Optimization, 2nd ed., algorithms
 * 7.4, 3.5 and 3.6). Where the function is not finite a step was too long: the search goes on below it. */
#include "suan/optim.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/size.h"

#include <float.h>
#include <math.h>
#include <string.h>

static const double sufficient_decrease = 1e-4, curvature = 0.9;
enum { most_trials = 60, default_memory = 10, default_iterations = 1000 };

/* A point along the search direction: its distance, the value, and the slope there. */
typedef struct probe {
    double step, value, slope;
} probe;

typedef struct search {
    sn_fit_fn f;
    void *user;
    int64_t n, evaluations;
    int memory;
    double *x, *g, *new_x, *new_g, *direction; /* n each */
    double *s, *y, *rho, *alpha;               /* pairs: memory rows of n; 1 / (y s); of the two-loop recursion */
    int64_t n_pairs, next;                     /* pairs kept; where the next one goes */
    double value;
} search;

static double dot(const double *a, const double *b, int64_t n) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += a[i] * b[i];
    return sum;
}

static double largest(const double *a, int64_t n) {
    double m = 0;
    for (int64_t i = 0; i < n; i++) m = isnan(a[i]) ? INFINITY : fmax(m, fabs(a[i]));
    return m;
}

/* Evaluates at x + step * direction. A value or slope that is not finite counts as infinitely high. */
static probe evaluate(search *w, double step) {
    for (int64_t i = 0; i < w->n; i++) w->new_x[i] = w->x[i] + step * w->direction[i];
    w->evaluations++;
    double value = w->f(w->user, w->new_x, w->new_g), slope = dot(w->new_g, w->direction, w->n);
    if (!isfinite(value) || !isfinite(slope)) return (probe){step, INFINITY, INFINITY};
    return (probe){step, value, slope};
}

/* ---- the line search ---- */

/* Where the cubic through two points and their slopes is least, kept off the ends; the middle where there is none. */
static double interpolate(const probe *a, const probe *b) {
    double width = b->step - a->step, middle = a->step + 0.5 * width;
    if (!isfinite(b->value) || !isfinite(a->value)) return a->step + 0.1 * width;
    double d1 = a->slope + b->slope - 3 * (a->value - b->value) / (a->step - b->step);
    double square = d1 * d1 - a->slope * b->slope;
    if (!(square >= 0)) return middle;
    double d2 = copysign(sqrt(square), width);
    double at = b->step - width * (b->slope + d2 - d1) / (b->slope - a->slope + 2 * d2);
    double share = (at - a->step) / width;
    return isfinite(share) && share > 0.1 && share < 0.9 ? at : middle;
}

/* What rounding can make of the value: near the minimum a good step may seem to rise by it. */
static double rounding(const probe *start) { return 4 * DBL_EPSILON * fabs(start->value); }

static bool decreases(const probe *p, const probe *start) {
    return p->value <= start->value + sufficient_decrease * p->step * start->slope + rounding(start);
}

static bool is_flat(const probe *p, const probe *start) { return fabs(p->slope) <= -curvature * start->slope; }

/* Narrows an interval that holds acceptable steps; `low` is the lowest point known. False where none was found; then
 * *out is the lowest point that decreases, if any. */
static bool zoom(search *w, const probe *start, probe low, probe high, int trials, probe *out) {
    for (; trials < most_trials; trials++) {
        probe p = evaluate(w, interpolate(&low, &high));
        if (p.step == low.step || p.step == high.step) break;
        if (!decreases(&p, start) || p.value > low.value + rounding(start)) {
            high = p;
            continue;
        }
        if (is_flat(&p, start)) {
            *out = p;
            return true;
        }
        if (p.slope * (high.step - low.step) >= 0) high = low;
        low = p;
    }
    *out = low;
    return false;
}

/* A step that meets the strong Wolfe conditions, or else one that only decreases; false where there is neither. The
 * new point is left in new_x, new_g. */
static bool line_search(search *w, double first_step, probe *out) {
    probe start = {0, w->value, dot(w->g, w->direction, w->n)}, last = start;
    double step = first_step;
    bool found = false;
    *out = start;
    for (int trials = 0; trials < most_trials && !found; trials++) {
        probe p = evaluate(w, step);
        if (!decreases(&p, &start) || (trials > 0 && p.value > last.value + rounding(&start))) {
            found = zoom(w, &start, last, p, trials + 1, out);
            break;
        }
        *out = p;
        if (is_flat(&p, &start)) return true;
        if (p.slope >= 0) {
            found = zoom(w, &start, p, last, trials + 1, out);
            break;
        }
        last = p;
        step *= 2;
    }
    if (!found && out->step > 0) *out = evaluate(w, out->step);
    return out->step > 0 && isfinite(out->value);
}

/* ---- the direction ---- */

/* -H g by the two-loop recursion over the pairs, newest first; H_0 is scaled by the newest pair. */
static void find_direction(search *w) {
    int64_t n = w->n, newest = (w->next + w->memory - 1) % w->memory;
    double *d = w->direction;
    for (int64_t i = 0; i < n; i++) d[i] = -w->g[i];
    for (int64_t k = 0; k < w->n_pairs; k++) {
        int64_t j = (newest + w->memory - k) % w->memory;
        w->alpha[j] = w->rho[j] * dot(w->s + j * n, d, n);
        for (int64_t i = 0; i < n; i++) d[i] -= w->alpha[j] * w->y[j * n + i];
    }
    if (w->n_pairs > 0) {
        const double *y = w->y + newest * n;
        double scale = 1 / (w->rho[newest] * dot(y, y, n));
        for (int64_t i = 0; i < n; i++) d[i] *= scale;
    }
    for (int64_t k = w->n_pairs - 1; k >= 0; k--) {
        int64_t j = (newest + w->memory - k) % w->memory;
        double beta = w->rho[j] * dot(w->y + j * n, d, n);
        for (int64_t i = 0; i < n; i++) d[i] += (w->alpha[j] - beta) * w->s[j * n + i];
    }
}

/* Takes over the new point; a pair without positive curvature is not kept. */
static void accept(search *w, double value) {
    int64_t n = w->n;
    double *s = w->s + w->next * n, *y = w->y + w->next * n;
    for (int64_t i = 0; i < n; i++) {
        s[i] = w->new_x[i] - w->x[i];
        y[i] = w->new_g[i] - w->g[i];
    }
    double product = dot(s, y, n);
    if (product > 1e-16 * sqrt(dot(s, s, n) * dot(y, y, n))) {
        w->rho[w->next] = 1 / product;
        w->next = (w->next + 1) % w->memory;
        if (w->n_pairs < w->memory) w->n_pairs++;
    }
    memcpy(w->x, w->new_x, (size_t)n * sizeof *w->x);
    memcpy(w->g, w->new_g, (size_t)n * sizeof *w->g);
    w->value = value;
}

/* One iteration; false where no step decreases the value, not even along the gradient. */
static bool iterate(search *w) {
    probe p;
    for (;;) {
        find_direction(w);
        double slope = dot(w->g, w->direction, w->n);
        bool first = w->n_pairs == 0;
        if (slope < 0 && line_search(w, first ? fmin(1, 1 / largest(w->g, w->n)) : 1, &p)) break;
        if (first) return false;
        w->n_pairs = 0; /* start again from the gradient */
    }
    accept(w, p.value);
    return true;
}

/* ---- the whole ---- */

static sn_status minimise(search *w, const sn_lbfgs_options *o, sn_lbfgs_result *r) {
    w->value = w->f(w->user, w->x, w->g);
    w->evaluations = 1;
    if (!isfinite(w->value) || !isfinite(largest(w->g, w->n)))
        return sn_fail(SN_ERR_NUMERIC, "l-bfgs: the value or the gradient at the start is not finite: start elsewhere");
    r->reason = "the iterations are used up";
    for (r->iterations = 0; r->iterations < o->max_iterations; r->iterations++) {
        if (o->cancel && *o->cancel) return sn_fail(SN_ERR_CANCELLED, "l-bfgs: cancelled");
        r->converged = largest(w->g, w->n) <= o->gradient_tolerance;
        r->reason = r->converged ? "the gradient is small" : r->reason;
        if (r->converged) break;
        double before = w->value;
        if (!iterate(w)) {
            r->reason = "no step decreases the value";
            break;
        }
        if (before - w->value <= o->value_tolerance * fabs(before)) {
            r->converged = true;
            r->reason = "the value hardly decreases";
            r->iterations++;
            break;
        }
    }
    return SN_OK;
}

static sn_status search_new(search *w, double **memory) {
    int64_t rows = 4 + 2 * (int64_t)w->memory, size;
    if (!sn_mul_i64(w->n, rows, &size) || !sn_add_i64(size, 2 * (int64_t)w->memory, &size))
        return sn_fail(SN_ERR_LIMIT, "l-bfgs: %lld unknowns are too many", (long long)w->n);
    double *p = sn_calloc((size_t)size, sizeof *p);
    if (!p) return sn_fail_memory("l-bfgs");
    *memory = p;
    w->g = p, w->new_x = p + w->n, w->new_g = p + 2 * w->n, w->direction = p + 3 * w->n;
    w->s = p + 4 * w->n, w->y = w->s + w->memory * w->n;
    w->rho = w->y + w->memory * w->n, w->alpha = w->rho + w->memory;
    return SN_OK;
}

sn_status sn_lbfgs(sn_fit_fn f, void *user, double *x, int64_t n, const sn_lbfgs_options *options,
                   sn_lbfgs_result *result) {
    sn_lbfgs_options o = options ? *options : (sn_lbfgs_options){0};
    sn_lbfgs_result r = {0};
    if (n < 0 || o.memory < 0) return sn_fail(SN_ERR_ARGUMENT, "l-bfgs: negative size or memory");
    if (o.memory == 0) o.memory = default_memory;
    if (o.max_iterations == 0) o.max_iterations = default_iterations;
    if (o.gradient_tolerance == 0) o.gradient_tolerance = 1e-8;
    if (o.value_tolerance == 0) o.value_tolerance = 1e-14;
    search w = {.f = f, .user = user, .n = n, .memory = o.memory, .x = x};
    double *memory = NULL;
    SN_TRY(search_new(&w, &memory));
    sn_status status = minimise(&w, &o, &r);
    r.value = w.value;
    r.gradient_norm = largest(w.g, n);
    r.evaluations = w.evaluations;
    sn_free(memory);
    if (status == SN_OK && result) *result = r;
    return status;
}
