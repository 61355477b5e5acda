/* The forms, their objective and the compute optimum. */
#include "fit/scaling.h"

#include "base/alloc.h"
#include "base/error.h"
#include "fit/order.h"

#include <math.h>
#include <string.h>

/* The grids are those of Hoffmann et al. for the parameters they have. */
static const sn_scaling_law laws[] = {
    {.form = {"power", "A / N^alpha", 2, 1, {"A", "alpha"}},
     .n_terms = 1,
     .term = {{0, 1, 0}},
     .grid = {{0, 25, 6}, {0, 2, 5}}},
    {.form = {"offset", "E + A / N^alpha", 3, 1, {"A", "alpha", "E"}},
     .n_terms = 2,
     .term = {{0, 1, 0}, {2, -1, 0}},
     .grid = {{0, 25, 6}, {0, 2, 9}, {-1, 1, 5}}},
    {.form = {"chinchilla", "E + A / N^alpha + B / D^beta", 5, 2, {"A", "alpha", "E", "B", "beta"}},
     .n_terms = 3,
     .term = {{0, 1, 0}, {3, 4, 1}, {2, -1, 0}},
     .grid = {{0, 25, 6}, {0, 2, 5}, {-1, 1, 5}, {0, 25, 6}, {0, 2, 5}}},
};
enum { N_LAWS = sizeof laws / sizeof *laws };

int sn_scaling_form_count(void) { return N_LAWS; }
const sn_scaling_form *sn_scaling_form_get(int i) { return i >= 0 && i < N_LAWS ? &laws[i].form : NULL; }

const sn_scaling_form *sn_scaling_form_find(const char *name) {
    for (int i = 0; i < N_LAWS; i++)
        if (strcmp(laws[i].form.name, name) == 0) return &laws[i].form;
    return NULL;
}

const sn_scaling_law *sn_scaling_law_of(const sn_scaling_form *form) {
    for (int i = 0; i < N_LAWS; i++)
        if (form == &laws[i].form) return &laws[i];
    return NULL;
}

/* ---- The objective ---- */

double sn_huber(double r, double delta) {
    double size = fabs(r);
    return size <= delta ? 0.5 * r * r : delta * (size - 0.5 * delta);
}

/* ln of the model at one point, and the share of each term in it. */
static double log_model(const sn_scaling_law *law, const double *q, const double size[2], double *share) {
    double top = -INFINITY, sum = 0;
    for (int k = 0; k < law->n_terms; k++) {
        const sn_scaling_term *t = &law->term[k];
        share[k] = q[t->coefficient] - (t->exponent < 0 ? 0 : q[t->exponent] * size[t->size]);
        top = fmax(top, share[k]);
    }
    for (int k = 0; k < law->n_terms; k++) sum += share[k] = exp(share[k] - top);
    for (int k = 0; k < law->n_terms; k++) share[k] /= sum;
    return top + log(sum);
}

double sn_scaling_slopes(const sn_scaling_law *law, const double *q, const double size[2], double *slopes) {
    double share[SN_SCALING_TERMS], value = log_model(law, q, size, share);
    memset(slopes, 0, (size_t)law->form.n_parameters * sizeof *slopes);
    for (int k = 0; k < law->n_terms; k++) {
        const sn_scaling_term *t = &law->term[k];
        slopes[t->coefficient] += share[k];
        if (t->exponent >= 0) slopes[t->exponent] -= share[k] * size[t->size];
    }
    return value;
}

double sn_scaling_value(void *user, const double *q, double *gradient) {
    const sn_scaling_points *p = user;
    const sn_scaling_law *law = p->law;
    int n = law->form.n_parameters;
    double value = 0, slopes[SN_SCALING_MAX];
    memset(gradient, 0, (size_t)n * sizeof *gradient);
    for (int64_t i = 0; i < p->count; i++) {
        double weight = p->weight ? p->weight[i] : 1;
        if (weight == 0) continue;
        const double size[2] = {p->size[0][i], p->size[1] ? p->size[1][i] : 0};
        double r = sn_scaling_slopes(law, q, size, slopes) - p->loss[i];
        double slope = weight * fmax(-p->delta, fmin(p->delta, r));
        value += weight * sn_huber(r, p->delta);
        for (int k = 0; k < n; k++) gradient[k] += slope * slopes[k];
    }
    return value;
}

/* ---- Parameters as people write them ---- */

static void convert(const sn_scaling_law *law, const double *from, double *to, double (*coefficient)(double)) {
    memcpy(to, from, (size_t)law->form.n_parameters * sizeof *to);
    for (int k = 0; k < law->n_terms; k++) to[law->term[k].coefficient] = coefficient(from[law->term[k].coefficient]);
}

void sn_scaling_to_logs(const sn_scaling_law *law, const double *value, double *q) { convert(law, value, q, log); }
void sn_scaling_from_logs(const sn_scaling_law *law, const double *q, double *value) { convert(law, q, value, exp); }

double sn_scaling_at(const sn_scaling_form *form, const double *value, double n, double d) {
    const sn_scaling_law *law = sn_scaling_law_of(form);
    double sum = 0;
    for (int k = 0; law && k < law->n_terms; k++) {
        const sn_scaling_term *t = &law->term[k];
        sum += value[t->coefficient] * (t->exponent < 0 ? 1 : pow(t->size ? d : n, -value[t->exponent]));
    }
    return sum;
}

double sn_scaling_objective(const sn_scaling_form *form, const sn_scaling_data *data, double delta,
                            const double *value) {
    double sum = 0;
    for (int64_t i = 0; i < data->count; i++) {
        double model = sn_scaling_at(form, value, data->n[i], data->d ? data->d[i] : 1);
        sum += sn_huber(log(model) - log(data->loss[i]), delta > 0 ? delta : 1e-3);
    }
    return sum;
}

/* ---- Compute optimum ---- */

/* N = G (C / flops)^(beta / (alpha + beta)) with G = (alpha A / (beta B))^(1 / (alpha + beta)); false: no optimum. */
static bool optimum(const double *value, double pairs, double *n, double *exponent) {
    double a = value[0], alpha = value[1], b = value[3], beta = value[4];
    if (!(a > 0 && b > 0 && alpha > 0 && beta > 0)) return false;
    double g = exp(log(alpha * a / (beta * b)) / (alpha + beta));
    *exponent = beta / (alpha + beta);
    *n = g * pow(pairs, *exponent);
    return isfinite(*n) && *n > 0;
}

static sn_status bound(const sn_scaling_fit *fit, double pairs, double level, sn_allocation *out) {
    int64_t kept = 0;
    double exponent, *n = sn_alloc((size_t)fit->resamples * sizeof *n);
    if (!n) return sn_fail_memory("an interval");
    for (int64_t r = 0; r < fit->resamples; r++)
        kept += optimum(fit->sample + r * SN_SCALING_MAX, pairs, &n[kept], &exponent);
    sn_interval(n, kept, level, &out->n_low, &out->n_high);
    sn_free(n);
    out->d_low = pairs / out->n_high;
    out->d_high = pairs / out->n_low;
    return SN_OK;
}

sn_status sn_scaling_allocate(const sn_scaling_fit *fit, double compute, double flops, double level,
                              sn_allocation *out) {
    sn_allocation a = {.n_low = NAN, .n_high = NAN, .d_low = NAN, .d_high = NAN};
    double pairs = compute / flops;
    if (strcmp(fit->form->name, "chinchilla") != 0)
        return sn_fail(SN_ERR_ARGUMENT, "scaling: the form \"%s\" has no compute optimum: fit \"chinchilla\"",
                       fit->form->name);
    if (!(compute > 0 && flops > 0 && isfinite(pairs) && pairs > 0))
        return sn_fail(SN_ERR_ARGUMENT, "scaling: a compute of %g at %g operations each: both must be positive",
                       compute, flops);
    if (!optimum(fit->value, pairs, &a.n, &a.exponent))
        return sn_fail(SN_ERR_ARGUMENT,
                       "scaling: A %g, alpha %g, B %g, beta %g: not all positive, so there is no compute optimum",
                       fit->value[0], fit->value[1], fit->value[3], fit->value[4]);
    a.d = pairs / a.n;
    a.loss = sn_scaling_at(fit->form, fit->value, a.n, a.d);
    if (fit->resamples > 0) SN_TRY(bound(fit, pairs, level > 0 ? level : 0.95, &a));
    *out = a;
    return SN_OK;
}
