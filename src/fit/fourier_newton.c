/* Fits of Fourier densities by Newton's method. log |A|^2 = 2 Re log A, and A is linear in the coefficients: the second
 * derivatives with respect to a_k and a_l are the mean of w^(k+l) / A^2, a Hankel matrix, so that the whole Hessian
 * costs a few times as much as a gradient. Steps are damped until the Hessian is positive definite and the likelihood
 * rises as predicted (Levenberg's rule; Nocedal and Wright, Numerical Optimization, ch. 4). */
#include "base/alloc.h"
#include "base/error.h"
#include "fit/fourier.h"
#include "fit/mixture.h"

#include <math.h>
#include <string.h>

static const double pi = 3.14159265358979323846;

enum { BLOCK = 64, MIXED = 4 };

/* Means over the points. r = 1 - x^2 = dx/dz, L the log density in z without its constants. */
typedef struct sums {
    double value;             /* L */
    double *first;            /* n pairs: w^k / A */
    double *second;           /* 2 n pairs: w^k / A^2 */
    double *mixed[MIXED];     /* n pairs: w^k / A times r, r z, r A'/A, r z A'/A */
    double slope[2], bend[3]; /* L' times 1, z; L'' times 1, z, z^2 */
} sums;

/* Points in parts: real and imaginary parts lie apart so that loops over points are vectors. */
typedef struct block {
    int count;
    double z[BLOCK], x[BLOCK], r[BLOCK];
    double wr[BLOCK], wi[BLOCK]; /* e^(-i pi x) */
    double ur[BLOCK], ui[BLOCK]; /* 1 / A */
    double gr[BLOCK], gi[BLOCK]; /* A'/A */
    double vr[BLOCK], vi[BLOCK];
} block;

/* sum_k k^power a_k w^k of each point. */
static void evaluate(const block *b, const double *a, int64_t n, int power, double *re, double *im) {
    memset(re, 0, BLOCK * sizeof *re);
    memset(im, 0, BLOCK * sizeof *im);
    for (int64_t k = n - 1; k >= 0; k--) {
        double by = power == 0   ? 1
                    : power == 1 ? (double)k
                                 : (double)(k * k),
               ar = by * a[2 * k], ai = by * a[2 * k + 1];
        for (int i = 0; i < BLOCK; i++) {
            double turned = re[i] * b->wr[i] - im[i] * b->wi[i] + ar;
            im[i] = re[i] * b->wi[i] + im[i] * b->wr[i] + ai;
            re[i] = turned;
        }
    }
}

/* Adds the sums over points of v w^k, k < n; v is used up. */
static void add_powers(block *b, int64_t n, double *out) {
    for (int64_t k = 0; k < n; k++) {
        double re = 0, im = 0;
#pragma omp simd reduction(+ : re, im)
        for (int i = 0; i < BLOCK; i++) {
            double vr = b->vr[i], vi = b->vi[i];
            re += vr, im += vi;
            b->vr[i] = vr * b->wr[i] - vi * b->wi[i];
            b->vi[i] = vr * b->wi[i] + vi * b->wr[i];
        }
        out[2 * k] += re, out[2 * k + 1] += im;
    }
}

/* Beyond the last point of a short block it is repeated, with weight 0 in every sum. */
static void load(block *b, const sn_fourier_data *d, const double *q, int64_t from) {
    double scale = d->line ? exp(q[2 * d->n + 1]) : 1;
    b->count = d->count - from < BLOCK ? (int)(d->count - from) : BLOCK;
    for (int i = 0; i < BLOCK; i++) {
        double y = d->y[from + (i < b->count ? i : b->count - 1)];
        b->z[i] = d->line ? (y - q[2 * d->n]) / scale : 0;
        b->x[i] = d->line ? tanh(b->z[i]) : y;
        b->r[i] = 1 - b->x[i] * b->x[i];
        b->wr[i] = cos(pi * b->x[i]), b->wi[i] = -sin(pi * b->x[i]);
    }
}

/* 1 / A, and adds log |A|^2. */
static void invert(block *b, const double *q, int64_t n, sums *s) {
    evaluate(b, q, n, 0, b->vr, b->vi);
    for (int i = 0; i < BLOCK; i++) {
        double size = b->vr[i] * b->vr[i] + b->vi[i] * b->vi[i], weight = i < b->count ? 1 : 0;
        if (i < b->count) s->value += log(size);
        b->ur[i] = weight * b->vr[i] / size, b->ui[i] = -weight * b->vi[i] / size;
    }
}

static void add_coefficients(block *b, int64_t n, sums *s) {
    memcpy(b->vr, b->ur, sizeof b->vr);
    memcpy(b->vi, b->ui, sizeof b->vi);
    add_powers(b, n, s->first);
    for (int i = 0; i < BLOCK; i++) {
        b->vr[i] = b->ur[i] * b->ur[i] - b->ui[i] * b->ui[i];
        b->vi[i] = 2 * b->ur[i] * b->ui[i];
    }
    add_powers(b, 2 * n - 1, s->second);
}

/* What the map to the line adds: A' = -i pi sum k a_k w^k, A'' = -pi^2 sum k^2 a_k w^k. */
static void add_map(block *b, const double *q, int64_t n, sums *s) {
    double sr[BLOCK], si[BLOCK];
    evaluate(b, q, n, 1, sr, si);
    for (int i = 0; i < BLOCK; i++) {
        b->gr[i] = pi * (si[i] * b->ur[i] + sr[i] * b->ui[i]);
        b->gi[i] = pi * (si[i] * b->ui[i] - sr[i] * b->ur[i]);
    }
    evaluate(b, q, n, 2, sr, si);
    for (int i = 0; i < b->count; i++) {
        double z = b->z[i], x = b->x[i], r = b->r[i], far = fabs(z);
        double curve = -pi * pi * (sr[i] * b->ur[i] - si[i] * b->ui[i]) - b->gr[i] * b->gr[i] + b->gi[i] * b->gi[i];
        double slope = 2 * b->gr[i] * r - 2 * x, bend = 2 * curve * r * r - 4 * b->gr[i] * x * r - 2 * r;
        s->value += 2 * (log(2) - far - log1p(exp(-2 * far)));
        s->slope[0] += slope, s->slope[1] += slope * z;
        s->bend[0] += bend, s->bend[1] += bend * z, s->bend[2] += bend * z * z;
    }
    for (int m = 0; m < MIXED; m++) {
        for (int i = 0; i < BLOCK; i++) {
            double by = m % 2 ? b->r[i] * b->z[i] : b->r[i];
            b->vr[i] = by * (m < 2 ? b->ur[i] : b->ur[i] * b->gr[i] - b->ui[i] * b->gi[i]);
            b->vi[i] = by * (m < 2 ? b->ui[i] : b->ur[i] * b->gi[i] + b->ui[i] * b->gr[i]);
        }
        add_powers(b, n, s->mixed[m]);
    }
}

int64_t sn_fourier_room(int64_t n) { return 2 * n * (1 + 2 + MIXED); }

/* The sums in `room`, divided by the number of points. */
static sums sum_up(const sn_fourier_data *d, const double *q, double *room) {
    int64_t n = d->n, size = sn_fourier_room(n);
    sums s = {.first = room, .second = room + 2 * n};
    block b;
    for (int m = 0; m < MIXED; m++) s.mixed[m] = room + (6 + 2 * m) * n;
    memset(room, 0, (size_t)size * sizeof *room);
    for (int64_t from = 0; from < d->count; from += BLOCK) {
        load(&b, d, q, from);
        invert(&b, q, n, &s);
        add_coefficients(&b, n, &s);
        if (d->line) add_map(&b, q, n, &s);
    }
    double share = 1 / (double)d->count;
    for (int64_t k = 0; k < size; k++) room[k] *= share;
    s.value *= share;
    for (int k = 0; k < 2; k++) s.slope[k] *= share;
    for (int k = 0; k < 3; k++) s.bend[k] *= share;
    return s;
}

/* The rows of shift and log scale, by which z changes by -1 / scale and -z. */
static void put_map(const sums *s, int64_t n, double scale, double *g, double *h) {
    int64_t u = 2 * n + 2, t = 2 * n, l = t + 1;
    g[t] = s->slope[0] / scale;
    g[l] = s->slope[1] + 1;
    h[t * u + t] = -s->bend[0] / (scale * scale);
    h[t * u + l] = h[l * u + t] = -(s->bend[1] + s->slope[0]) / scale;
    h[l * u + l] = -s->bend[2] - s->slope[1];
    for (int64_t k = 0; k < n; k++)
        for (int m = 0; m < 2; m++) { /* d(w^k / A)/dz = r (-i pi k - A'/A) w^k / A */
            const double *plain = s->mixed[m] + 2 * k, *turned = s->mixed[m + 2] + 2 * k;
            double re = pi * (double)k * plain[1] - turned[0], im = -pi * (double)k * plain[0] - turned[1];
            double by = m == 0 ? 2 / scale : 2;
            int64_t row = m == 0 ? t : l;
            h[2 * k * u + row] = h[row * u + 2 * k] = by * re;
            h[(2 * k + 1) * u + row] = h[row * u + 2 * k + 1] = -by * im;
        }
}

double sn_fourier_hessian(const sn_fourier_data *d, const double *q, double *g, double *h, double *room) {
    int64_t n = d->n, u = 2 * n + (d->line ? 2 : 0);
    sums s = sum_up(d, q, room);
    double power = 0, scale = d->line ? exp(q[2 * n + 1]) : 1;
    for (int64_t k = 0; k < 2 * n; k++) power += q[k] * q[k];
    for (int64_t k = 0; k < n; k++) {
        g[2 * k] = 2 * (q[2 * k] / power - s.first[2 * k]);
        g[2 * k + 1] = 2 * (q[2 * k + 1] / power + s.first[2 * k + 1]);
        for (int64_t j = 0; j < n; j++) {
            double re = 2 * s.second[2 * (k + j)], im = 2 * s.second[2 * (k + j) + 1];
            h[2 * k * u + 2 * j] = re, h[(2 * k + 1) * u + 2 * j + 1] = -re;
            h[2 * k * u + 2 * j + 1] = h[(2 * k + 1) * u + 2 * j] = -im;
        }
    }
    for (int64_t k = 0; k < 2 * n; k++) {
        for (int64_t j = 0; j < 2 * n; j++) h[k * u + j] -= 4 * q[k] * q[j] / (power * power);
        h[k * u + k] += 2 / power;
    }
    if (d->line) put_map(&s, n, scale, g, h);
    return log(2 * power) - s.value + log(scale);
}

/* ---- Newton's method ---- */

typedef struct newton {
    const sn_fourier_data *d;
    int64_t u;         /* unknowns */
    double *q, *g, *h; /* where we are */
    double *trial, *trial_g, *trial_h;
    double *step, *factor, *room;
    double value, damping, predicted;
} newton;

/* Solves (h + damping + what the length and the phase of the coefficients need) step = -g; false where that matrix is
 * not positive definite. Those two directions do not change the density: the gradient is at right angles to them. */
static bool find_step(newton *w) {
    int64_t u = w->u, n = w->d->n;
    double power = 0, *f = w->factor;
    for (int64_t k = 0; k < 2 * n; k++) power += w->q[k] * w->q[k];
    memcpy(f, w->h, (size_t)(u * u) * sizeof *f);
    for (int64_t k = 0; k < 2 * n; k++) {
        double turned_k = k % 2 ? w->q[k - 1] : -w->q[k + 1];
        for (int64_t j = 0; j < 2 * n; j++) {
            double turned_j = j % 2 ? w->q[j - 1] : -w->q[j + 1];
            f[k * u + j] += 4 * (w->q[k] * w->q[j] + turned_k * turned_j) / (power * power);
        }
        f[k * u + k] += w->damping * 2 / power;
    }
    if (w->d->line) { /* in units of the scale */
        f[2 * n * u + 2 * n] += w->damping * exp(-2 * w->q[2 * n + 1]);
        f[(2 * n + 1) * u + 2 * n + 1] += w->damping;
    }
    if (!sn_cholesky(f, u, f)) return false;
    for (int64_t i = 0; i < u; i++) {
        double sum = -w->g[i];
        for (int64_t j = 0; j < i; j++) sum -= f[i * u + j] * w->step[j];
        w->step[i] = sum / f[i * u + i];
    }
    for (int64_t i = u - 1; i >= 0; i--) {
        w->step[i] /= f[i * u + i];
        for (int64_t j = 0; j < i; j++) w->step[j] -= f[i * u + j] * w->step[i];
    }
    w->predicted = 0;
    for (int64_t i = 0; i < u; i++) {
        double row = 0;
        for (int64_t j = 0; j < u; j++) row += w->h[i * u + j] * w->step[j];
        w->predicted -= w->step[i] * (w->g[i] + row / 2);
    }
    return !w->d->line || fabs(w->step[u - 1]) < 1; /* a map by other than e times is another start */
}

static void swap(double **a, double **b) {
    double *kept = *a;
    *a = *b, *b = kept;
}

/* One step, with as much damping as it needs; false where none lowers the value. */
static bool advance(newton *w) {
    enum { MOST_TRIES = 30 };
    for (int k = 0; k < MOST_TRIES; k++, w->damping = fmax(4 * w->damping, 1e-6)) {
        if (!find_step(w)) continue;
        for (int64_t i = 0; i < w->u; i++) w->trial[i] = w->q[i] + w->step[i];
        double value = sn_fourier_hessian(w->d, w->trial, w->trial_g, w->trial_h, w->room);
        double share = (w->value - value) / w->predicted; /* of what was promised */
        if (!(share > 1e-4)) continue;
        w->value = value;
        w->damping = share > 0.75 ? fmax(w->damping / 6, 1e-12) : share < 0.25 ? 2 * w->damping : w->damping;
        swap(&w->q, &w->trial);
        swap(&w->g, &w->trial_g);
        swap(&w->h, &w->trial_h);
        return true;
    }
    return false;
}

sn_status sn_fourier_newton(const sn_fourier_data *d, double *q, int64_t steps, double tolerance,
                            const volatile int *cancel, double *value) {
    int64_t n = d->n, u = 2 * n + (d->line ? 2 : 0);
    double *memory = sn_alloc((size_t)(5 * u + 3 * u * u + sn_fourier_room(n)) * sizeof *memory);
    if (!memory) return sn_fail_memory("a density");
    newton w = {.d = d, .u = u, .q = memory, .damping = 1e-2};
    w.g = w.q + u, w.trial = w.g + u, w.trial_g = w.trial + u, w.step = w.trial_g + u;
    w.h = w.step + u, w.trial_h = w.h + u * u, w.factor = w.trial_h + u * u, w.room = w.factor + u * u;
    memcpy(w.q, q, (size_t)u * sizeof *q);
    w.value = sn_fourier_hessian(d, w.q, w.g, w.h, w.room);
    sn_status status = isfinite(w.value) ? SN_OK : sn_fail(SN_ERR_NUMERIC, "density: no finite start");
    for (int64_t k = 0; status == SN_OK && k < steps; k++) {
        if (cancel && *cancel) status = sn_fail(SN_ERR_CANCELLED, "density: cancelled");
        if (!advance(&w) || w.predicted < tolerance) break;
    }
    double power = 0;
    for (int64_t k = 0; k < 2 * n; k++) power += w.q[k] * w.q[k];
    for (int64_t k = 0; k < u; k++) q[k] = k < 2 * n ? w.q[k] / sqrt(power) : w.q[k];
    *value = w.value;
    sn_free(memory);
    return status;
}
