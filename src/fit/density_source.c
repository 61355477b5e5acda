/* Densities that are known, to draw from and to compare fits with. */
#include "base/alloc.h"
#include "base/error.h"
#include "base/number.h"
#include "base/philox.h"
#include "fit/density.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const double pi = 3.14159265358979323846;

enum { MOST_BUMPS = 64 };
enum { SAMPLES, SEED, FIRST, N_VALUES = 4 }; /* of value: those of all sources, then those of one */

struct sn_density_source {
    const struct kind *kind;
    double value[N_VALUES];
    double mean[MOST_BUMPS], deviation[MOST_BUMPS]; /* of gaussians */
    char spec[160];
};

/* A table entry. Streams of random numbers: 0 and 1 make the density, 2 and 3 the samples. */
typedef struct kind {
    sn_density_source_info info;
    void (*make)(sn_density_source *s); /* may be NULL */
    double (*log_density)(const sn_density_source *s, double y);
    double (*draw)(const sn_density_source *s, uint64_t i);
    void (*range)(const sn_density_source *s, double *low, double *high); /* all but 1e-9 or less lies there */
} kind;

static uint64_t seed_of(const sn_density_source *s) { return (uint64_t)s->value[SEED]; }
static double uniform(const sn_density_source *s, uint64_t i) {
    return fmax(sn_uniform_f64(seed_of(s), 2, i), 0x1p-54);
}
static double normal(const sn_density_source *s, uint64_t i) { return sn_normal_f64(seed_of(s), 3, i); }

/* ---- Gaussians of random means and deviations: the tutorial of De la Fuente, Singh and Balle 2024 ---- */

static void gaussians_make(sn_density_source *s) {
    for (int k = 0; k < (int)s->value[FIRST]; k++) {
        s->mean[k] = -0.5 + 0.8 * sn_uniform_f64(seed_of(s), 0, (uint64_t)k);
        s->deviation[k] = (0.25 + 0.1 * sn_uniform_f64(seed_of(s), 1, (uint64_t)k)) / 6;
    }
}

static double gaussians_log(const sn_density_source *s, double y) {
    double top = -INFINITY, sum = 0;
    for (int pass = 0; pass < 2; pass++)
        for (int k = 0; k < (int)s->value[FIRST]; k++) {
            double z = (y - s->mean[k]) / s->deviation[k], log_part = -0.5 * z * z - log(s->deviation[k]);
            if (pass == 0)
                top = fmax(top, log_part);
            else
                sum += exp(log_part - top);
        }
    return top + log(sum / s->value[FIRST]) - 0.5 * log(2 * pi);
}

static double gaussians_draw(const sn_density_source *s, uint64_t i) {
    int k = (int)(s->value[FIRST] * sn_uniform_f64(seed_of(s), 2, i));
    return s->mean[k] + s->deviation[k] * normal(s, i);
}

static void gaussians_range(const sn_density_source *s, double *low, double *high) {
    *low = INFINITY, *high = -INFINITY;
    for (int k = 0; k < (int)s->value[FIRST]; k++) {
        *low = fmin(*low, s->mean[k] - 7 * s->deviation[k]);
        *high = fmax(*high, s->mean[k] + 7 * s->deviation[k]);
    }
}

/* ---- Others ---- */

static double uniform_log(const sn_density_source *s, double y) { return (void)s, y >= 0 && y <= 1 ? 0 : -INFINITY; }
static double uniform_draw(const sn_density_source *s, uint64_t i) { return uniform(s, i); }
static void uniform_range(const sn_density_source *s, double *low, double *high) { (void)s, *low = 0, *high = 1; }

static double laplace_log(const sn_density_source *s, double y) { return (void)s, -fabs(y) - log(2); }
static double laplace_draw(const sn_density_source *s, uint64_t i) {
    double u = uniform(s, i);
    return u < 0.5 ? log(2 * u) : -log(2 * (1 - u));
}
static void laplace_range(const sn_density_source *s, double *low, double *high) { (void)s, *low = -25, *high = 25; }

static double lognormal_log(const sn_density_source *s, double y) {
    double z = log(y) / s->value[FIRST];
    return y > 0 ? -0.5 * z * z - log(y * s->value[FIRST]) - 0.5 * log(2 * pi) : -INFINITY;
}
static double lognormal_draw(const sn_density_source *s, uint64_t i) { return exp(s->value[FIRST] * normal(s, i)); }
static void lognormal_range(const sn_density_source *s, double *low, double *high) {
    *low = 0, *high = exp(7 * s->value[FIRST]);
}

static double student_log(const sn_density_source *s, double y) {
    double n = s->value[FIRST];
    return lgamma((n + 1) / 2) - lgamma(n / 2) - 0.5 * log(n * pi) - (n + 1) / 2 * log1p(y * y / n);
}
/* Bailey 1994, "Polar generation of random variates with the t-distribution". */
static double student_draw(const sn_density_source *s, uint64_t i) {
    double n = s->value[FIRST], u = uniform(s, i), v = sn_uniform_f64(seed_of(s), 3, i);
    return sqrt(n * expm1(-2 / n * log(u))) * cos(2 * pi * v);
}
static void student_range(const sn_density_source *s, double *low, double *high) {
    *high = pow(1e9, 1 / s->value[FIRST]) * 10;
    *low = -*high;
}

/* ---- The table, and how it is named ---- */

#define SHARED                                                                                                         \
    {.name = "samples", .help = "numbers to draw", .minimum = 2, .maximum = 1e7, .fallback = 20000}, {                 \
        .name = "seed", .help = "of the density and the draws", .maximum = 1e9, .fallback = 1                          \
    }

static const sn_setting plain[] = {SHARED};
static const sn_setting of_gaussians[] = {
    SHARED, {.name = "count", .help = "Gaussians", .minimum = 1, .maximum = MOST_BUMPS, .fallback = 10}};
static const sn_setting of_lognormal[] = {
    SHARED, {.name = "sigma", .help = "deviation of the logarithm", .minimum = 0.01, .maximum = 3, .fallback = 0.5}};
static const sn_setting of_student[] = {
    SHARED, {.name = "freedom", .help = "degrees of freedom", .minimum = 0.5, .maximum = 1e6, .fallback = 3}};

static const kind kinds[] = {
    {{"gaussians", "equal shares of Gaussians, means in -0.5..0.3, deviations 0.042 to 0.058", of_gaussians, 3},
     gaussians_make,
     gaussians_log,
     gaussians_draw,
     gaussians_range},
    {{"uniform", "between 0 and 1", plain, 2}, NULL, uniform_log, uniform_draw, uniform_range},
    {{"laplace", "exp(-|y|) / 2: a sharp peak", plain, 2}, NULL, laplace_log, laplace_draw, laplace_range},
    {{"lognormal", "the exponential of a Gaussian: skewed", of_lognormal, 3},
     NULL,
     lognormal_log,
     lognormal_draw,
     lognormal_range},
    {{"student", "Student's t: heavy tails", of_student, 3}, NULL, student_log, student_draw, student_range},
};
enum { N_KINDS = sizeof kinds / sizeof *kinds };

int sn_density_source_count(void) { return N_KINDS; }
const sn_density_source_info *sn_density_source_get(int i) { return i >= 0 && i < N_KINDS ? &kinds[i].info : NULL; }

static sn_status fail_unknown(const char *what, const char *word, size_t size, const char *const *known, int n) {
    char list[160] = "", wrong[32];
    snprintf(wrong, sizeof wrong, "%.*s", (int)(size < 31 ? size : 31), word);
    for (int i = 0; i < n; i++) {
        size_t used = strlen(list);
        snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "", known[i]);
    }
    const char *near = sn_nearest(wrong, known, n);
    return sn_fail(SN_ERR_ARGUMENT, "source: \"%s\" is no %s: %s%s%sknown: %s", wrong, what,
                   near ? "did you mean \"" : "", near ? near : "", near ? "\"? " : "", list);
}

static sn_status find_kind(const char *word, size_t size, const kind **out) {
    const char *names[N_KINDS];
    for (int i = 0; i < N_KINDS; i++) {
        names[i] = kinds[i].info.name;
        if (strlen(names[i]) == size && !strncmp(names[i], word, size)) {
            *out = &kinds[i];
            return SN_OK;
        }
    }
    return fail_unknown("source", word, size, names, N_KINDS);
}

/* "name=value" of `size` letters. */
static sn_status set_value(sn_density_source *s, const char *word, size_t size) {
    const char *names[N_VALUES], *equals = memchr(word, '=', size);
    size_t length = equals ? (size_t)(equals - word) : size;
    const sn_density_source_info *info = &s->kind->info;
    for (int i = 0; i < info->n_settings; i++) {
        const sn_setting *setting = &info->settings[i];
        names[i] = setting->name;
        if (strlen(setting->name) != length || strncmp(setting->name, word, length) != 0) continue;
        double x;
        bool whole = i == SAMPLES || i == SEED || setting->maximum == MOST_BUMPS;
        if (!equals || !sn_number_parse(equals + 1, size - length - 1, &x) ||
            !(x >= setting->minimum && x <= setting->maximum) || (whole && x != floor(x)))
            return sn_fail(SN_ERR_ARGUMENT, "source: %s: %s wants a %snumber from %g to %g, not \"%.*s\"", info->name,
                           setting->name, whole ? "whole " : "", setting->minimum, setting->maximum, (int)size, word);
        s->value[i] = x;
        return SN_OK;
    }
    return fail_unknown("setting of it", word, length, names, info->n_settings);
}

static sn_status parse(const char *spec, sn_density_source *s) {
    size_t size = strcspn(spec, ":");
    SN_TRY(find_kind(spec, size, &s->kind));
    for (int i = 0; i < s->kind->info.n_settings; i++) s->value[i] = s->kind->info.settings[i].fallback;
    for (const char *p = spec[size] ? spec + size + 1 : NULL; p;) {
        size = strcspn(p, ",");
        SN_TRY(set_value(s, p, size));
        p = p[size] ? p + size + 1 : NULL;
    }
    return SN_OK;
}

sn_status sn_density_source_new(const char *spec, sn_density_source **out) {
    sn_density_source *s = sn_calloc(1, sizeof *s);
    if (!s) return sn_fail_memory("a source");
    sn_status status = parse(spec, s);
    if (status != SN_OK) {
        sn_free(s);
        return status;
    }
    if (s->kind->make) s->kind->make(s);
    snprintf(s->spec, sizeof s->spec, "%s", spec);
    *out = s;
    return SN_OK;
}

void sn_density_source_free(sn_density_source *s) { sn_free(s); }
const char *sn_density_source_spec(const sn_density_source *s) { return s->spec; }
int64_t sn_density_source_samples(const sn_density_source *s) { return (int64_t)s->value[SAMPLES]; }
double sn_density_source_log(const sn_density_source *s, double y) { return s->kind->log_density(s, y); }

void sn_density_source_draw(const sn_density_source *s, int64_t n, double *out) {
    for (int64_t i = 0; i < n; i++) out[i] = s->kind->draw(s, (uint64_t)i);
}

void sn_density_source_range(const sn_density_source *s, double *low, double *high) { s->kind->range(s, low, high); }
