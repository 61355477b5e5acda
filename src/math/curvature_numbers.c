/* All tensors at a point from the metric's values and derivatives: for those whose components are too large to be
 * written out. In 113 bits where the compiler has them. All is computed in units in which the metric's entries are of
 * size 1 (x_a -> x_a unit_a), so that what is small in one coordinate and large in another is judged alike. */
#include "math/curvature.h"

#include "base/alloc.h"

#include <math.h>

#if SN_HAVE_FLINT

enum { max_n = SN_CURVATURE_MAX_DIMENSION };
#ifdef __SIZEOF_FLOAT128__
__extension__ typedef __float128 quad;
#else
typedef long double quad;
#endif

typedef struct tensors {
    quad g[max_n][max_n], inverse[max_n][max_n];
    quad d1[max_n][max_n][max_n];        /* d_c g_ab at [a][b][c] */
    quad d2[max_n][max_n][max_n][max_n]; /* d_d d_c g_ab at [a][b][c][d] */
    quad lower[max_n][max_n][max_n], upper[max_n][max_n][max_n];
    quad riemann[max_n][max_n][max_n][max_n], raised[max_n][max_n][max_n][max_n], weyl[max_n][max_n][max_n][max_n];
    quad ricci[max_n][max_n], einstein[max_n][max_n], determinant, scalar, kretschmann;
} tensors;

struct sn_curvature_numbers {
    tensors value, size; /* size: with the magnitudes of all terms, for what counts as zero */
    quad unit[max_n];
};

static quad magnitude(quad x) { return x < 0 ? -x : x; }

static quad larger(quad x, quad y) { return magnitude(y) > x ? magnitude(y) : x; }

#ifdef __SIZEOF_FLOAT128__
static const double noise = 1e-22;
#else
static const double noise = 1e-15;
#endif

/* ---- Values of the metric, which may be far beyond what doubles hold ---- */

static quad two_to(int exponent) {
    quad power = exponent < 0 ? (quad)0.5 : 2, x = 1;
    for (int e = exponent < 0 ? -exponent : exponent; e; e >>= 1, power *= power)
        if (e & 1) x *= power;
    return x;
}

static bool is_finite(quad x) { return x - x == 0; }

/* x < 2^exponent, x >= 2^(exponent - 1); 0 of what is 0 or not finite */
static int exponent_of(quad x) {
    int more = 0, exponent;
    if (!is_finite(x) || !(x > 0)) return 0;
    for (; x > (quad)0x1p512; x *= (quad)0x1p-512) more += 512;
    for (; x < (quad)0x1p-512; x *= (quad)0x1p512) more -= 512;
    frexp((double)x, &exponent);
    return exponent + more;
}

static quad value(sn_field *f, const sn_frac *a, const sn_field_values *v) {
    double part[3];
    int exponent = sn_frac_evaluate_parts(f, a, v, part);
    return ((quad)part[0] + (quad)part[1] + (quad)part[2]) * two_to(exponent);
}

static int64_t sym(int n, int a, int b) {
    int sign;
    return sn_curvature_find(n, SN_CURVATURE_METRIC, (const int[]){a, b}, &sign);
}

static void read_metric(sn_curvature *c, const sn_field_values *v, tensors *out) {
    int n = c->n;
    for (int a = 0; a < n; a++)
        for (int b = a; b < n; b++) {
            int64_t i = sym(n, a, b);
            out->g[a][b] = out->g[b][a] = value(c->field, &c->tensor[SN_CURVATURE_METRIC][i], v);
            for (int k = 0; k < n; k++) {
                out->d1[a][b][k] = out->d1[b][a][k] = value(c->field, &c->first[i * n + k], v);
                for (int d = k; d < n; d++) {
                    quad x =
                        value(c->field, &c->second[i * sn_curvature_size(n, SN_CURVATURE_METRIC) + sym(n, k, d)], v);
                    out->d2[a][b][k][d] = out->d2[a][b][d][k] = out->d2[b][a][k][d] = out->d2[b][a][d][k] = x;
                }
            }
        }
}

/* Powers of two: dividing by them is exact. Each round halves how far the exponents of the rows' largest are from 0. */
static void choose_units(int n, sn_curvature_numbers *m) {
    for (int a = 0; a < n; a++) m->unit[a] = 1;
    for (int round = 0; round < 40; round++) {
        quad largest[max_n];
        for (int a = 0; a < n; a++) {
            largest[a] = 0;
            for (int b = 0; b < n; b++) largest[a] = larger(largest[a], m->value.g[a][b] / (m->unit[a] * m->unit[b]));
            largest[a] = two_to(exponent_of(largest[a]) / 2);
        }
        for (int a = 0; a < n; a++) m->unit[a] *= largest[a];
    }
}

static void use_units(int n, const quad *u, tensors *m) {
    for (int i = 0; i < n * n * n * n; i++) {
        int a = i / (n * n * n), b = i / (n * n) % n, c = i / n % n, d = i % n;
        m->d2[a][b][c][d] /= u[a] * u[b] * u[c] * u[d];
        if (d == 0) m->d1[a][b][c] /= u[a] * u[b] * u[c];
        if (d == 0 && c == 0) m->g[a][b] /= u[a] * u[b];
    }
}

static sn_status second_derivatives(sn_curvature *c) {
    int n = c->n;
    int64_t size = sn_curvature_size(n, SN_CURVATURE_METRIC);
    if (c->second) return SN_OK;
    c->second = sn_curvature_new_fracs(c->field, size * size);
    if (!c->second) return sn_fail_memory("derivatives");
    for (int64_t i = 0; i < size; i++)
        for (int k = 0; k < n; k++)
            for (int d = k; d < n; d++)
                sn_frac_derivative(c->field, &c->second[i * size + sym(n, k, d)], &c->first[i * n + k], d);
    return c->field->status;
}

/* ---- Tensors: minus is -1, or 1 for the sum of the terms' magnitudes ---- */

static void invert(int n, tensors *m) {
    quad a[max_n][2 * max_n] = {{0}};
    for (int i = 0; i < n; i++) {
        for (int k = 0; k < n; k++) a[i][k] = m->g[i][k];
        a[i][n + i] = 1;
    }
    m->determinant = 1;
    for (int c = 0; c < n; c++) {
        int p = c;
        for (int i = c; i < n; i++)
            if (magnitude(a[i][c]) > magnitude(a[p][c])) p = i;
        for (int k = 0; k < 2 * n; k++) {
            quad t = a[c][k];
            a[c][k] = a[p][k], a[p][k] = t;
        }
        quad pivot = a[c][c];
        m->determinant *= p == c ? pivot : -pivot;
        for (int k = 0; k < 2 * n; k++) a[c][k] /= pivot;
        for (int i = 0; i < n; i++) {
            quad factor = a[i][c];
            for (int k = 0; k < 2 * n && i != c; k++) a[i][k] -= factor * a[c][k];
        }
    }
    for (int i = 0; i < n; i++)
        for (int k = 0; k < n; k++) m->inverse[i][k] = a[i][n + k];
}

static void christoffel(int n, tensors *m, int minus) {
    for (int a = 0; a < n; a++)
        for (int b = 0; b < n; b++)
            for (int c = 0; c < n; c++)
                m->lower[a][b][c] = (m->d1[a][b][c] + m->d1[a][c][b] + minus * m->d1[b][c][a]) / 2;
    for (int a = 0; a < n; a++)
        for (int b = 0; b < n; b++)
            for (int c = 0; c < n; c++) {
                quad sum = 0;
                for (int d = 0; d < n; d++) sum += m->inverse[a][d] * m->lower[d][b][c];
                m->upper[a][b][c] = sum;
            }
}

static quad riemann(int n, const tensors *m, int minus, int a, int b, int c, int d) {
    quad sum = (m->d2[a][d][b][c] + m->d2[b][c][a][d] + minus * (m->d2[b][d][a][c] + m->d2[a][c][b][d])) / 2;
    for (int e = 0; e < n; e++)
        sum += m->lower[e][b][c] * m->upper[e][a][d] + minus * m->lower[e][b][d] * m->upper[e][a][c];
    return sum;
}

static void ricci(int n, tensors *m, int minus) {
    m->scalar = 0;
    for (int b = 0; b < n; b++)
        for (int d = 0; d < n; d++) {
            quad sum = 0;
            for (int a = 0; a < n; a++)
                for (int c = 0; c < n; c++) sum += m->inverse[a][c] * m->riemann[a][b][c][d];
            m->ricci[b][d] = sum;
            m->scalar += m->inverse[b][d] * sum;
        }
    for (int a = 0; a < n; a++)
        for (int b = 0; b < n; b++) m->einstein[a][b] = m->ricci[a][b] + minus * m->scalar * m->g[a][b] / 2;
}

static quad weyl(int n, const tensors *m, int minus, int a, int b, int c, int d) {
    if (n < 4) return 0;
    quad trace = m->g[a][c] * m->ricci[b][d] + m->g[b][d] * m->ricci[a][c] +
                 minus * (m->g[a][d] * m->ricci[b][c] + m->g[b][c] * m->ricci[a][d]);
    quad both = m->g[a][c] * m->g[b][d] + minus * m->g[a][d] * m->g[b][c];
    return m->riemann[a][b][c][d] + minus * trace / (n - 2) + m->scalar * both / ((n - 1) * (n - 2));
}

/* raised = R^ab_cd; its square, contracted, is the Kretschmann scalar. */
static void kretschmann(int n, tensors *m) {
    m->kretschmann = 0;
    for (int i = 0; i < n * n * n * n; i++) {
        int a = i / (n * n * n), b = i / (n * n) % n, c = i / n % n, d = i % n;
        quad sum = 0;
        for (int e = 0; e < n; e++)
            for (int f = 0; f < n; f++) sum += m->inverse[a][e] * m->inverse[b][f] * m->riemann[e][f][c][d];
        m->raised[a][b][c][d] = sum;
    }
    for (int i = 0; i < n * n * n * n; i++) {
        int a = i / (n * n * n), b = i / (n * n) % n, c = i / n % n, d = i % n;
        m->kretschmann += m->raised[a][b][c][d] * m->raised[c][d][a][b];
    }
}

/* Those that follow from the metric, its derivatives and its inverse. */
static void all_tensors(int n, tensors *m, int minus) {
    christoffel(n, m, minus);
    for (int i = 0; i < n * n * n * n; i++) {
        int a = i / (n * n * n), b = i / (n * n) % n, c = i / n % n, d = i % n;
        m->riemann[a][b][c][d] = riemann(n, m, minus, a, b, c, d);
    }
    ricci(n, m, minus);
    for (int i = 0; i < n * n * n * n; i++) {
        int a = i / (n * n * n), b = i / (n * n) % n, c = i / n % n, d = i % n;
        m->weyl[a][b][c][d] = weyl(n, m, minus, a, b, c, d);
    }
    kretschmann(n, m);
}

/* Magnitudes to begin with; an entry of the inverse is as large as the largest unless nothing touched it. */
static void begin_sizes(int n, const tensors *value, tensors *size) {
    quad steep = 1;
    for (int a = 0; a < n; a++)
        for (int b = 0; b < n; b++) steep = larger(steep, value->inverse[a][b]);
    for (int i = 0; i < n * n * n * n; i++) {
        int a = i / (n * n * n), b = i / (n * n) % n, c = i / n % n, d = i % n;
        size->d2[a][b][c][d] = magnitude(value->d2[a][b][c][d]);
        size->d1[a][b][c] = magnitude(value->d1[a][b][c]);
        size->g[a][b] = magnitude(value->g[a][b]);
        size->inverse[a][b] = value->inverse[a][b] == 0 ? 0 : steep;
    }
    size->determinant = 1;
}

sn_status sn_curvature_numbers_new(sn_curvature *c, const sn_field_values *v, sn_curvature_numbers **out) {
    SN_TRY(second_derivatives(c));
    sn_curvature_numbers *m = sn_calloc(1, sizeof *m);
    if (!m) return sn_fail_memory("values");
    read_metric(c, v, &m->value);
    choose_units(c->n, m);
    use_units(c->n, m->unit, &m->value);
    invert(c->n, &m->value);
    all_tensors(c->n, &m->value, -1);
    begin_sizes(c->n, &m->value, &m->size);
    all_tensors(c->n, &m->size, 1);
    *out = m;
    return SN_OK;
}

static quad component(const tensors *m, sn_curvature_tensor tensor, const int *i) {
    switch (tensor) {
    case SN_CURVATURE_INVERSE: return m->inverse[i[0]][i[1]];
    case SN_CURVATURE_DETERMINANT: return m->determinant;
    case SN_CURVATURE_CHRISTOFFEL: return m->upper[i[0]][i[1]][i[2]];
    case SN_CURVATURE_RIEMANN: return m->riemann[i[0]][i[1]][i[2]][i[3]];
    case SN_CURVATURE_RICCI: return m->ricci[i[0]][i[1]];
    case SN_CURVATURE_SCALAR: return m->scalar;
    case SN_CURVATURE_WEYL: return m->weyl[i[0]][i[1]][i[2]][i[3]];
    case SN_CURVATURE_EINSTEIN: return m->einstein[i[0]][i[1]];
    default: return m->kretschmann;
    }
}

bool sn_curvature_number_is_real(int n, const sn_curvature_numbers *m) {
    bool real = is_finite(m->value.kretschmann) && is_finite(m->value.scalar);
    for (int a = 0; a < n; a++)
        for (int b = 0; b < n; b++) real = real && is_finite(m->value.g[a][b]);
    return real;
}

bool sn_curvature_number_is_singular(int n, const sn_curvature_numbers *m) {
    for (int a = 0; a < n; a++)
        for (int b = 0; b < n; b++)
            if (!is_finite(m->value.g[a][b])) return false;
    return !(magnitude(m->value.determinant) > (quad)1e-25); /* of entries of size 1 */
}

/* What turns a component into one in the coordinates as they were given. */
static quad unit_of(int n, const sn_curvature_numbers *m, sn_curvature_tensor tensor, const int *i) {
    const quad *u = m->unit;
    quad all = 1;
    switch (tensor) {
    case SN_CURVATURE_INVERSE: return 1 / (u[i[0]] * u[i[1]]);
    case SN_CURVATURE_CHRISTOFFEL: return u[i[1]] * u[i[2]] / u[i[0]];
    case SN_CURVATURE_RIEMANN:
    case SN_CURVATURE_WEYL: return u[i[0]] * u[i[1]] * u[i[2]] * u[i[3]];
    case SN_CURVATURE_RICCI:
    case SN_CURVATURE_EINSTEIN: return u[i[0]] * u[i[1]];
    case SN_CURVATURE_DETERMINANT:
        for (int a = 0; a < n; a++) all *= u[a] * u[a];
        return all;
    default: return 1;
    }
}

double sn_curvature_number(int n, const sn_curvature_numbers *m, sn_curvature_tensor tensor, const int *index) {
    return (double)(component(&m->value, tensor, index) * unit_of(n, m, tensor, index));
}

bool sn_curvature_number_is_noise(const sn_curvature_numbers *m, sn_curvature_tensor tensor, const int *index) {
    return magnitude(component(&m->value, tensor, index)) <= component(&m->size, tensor, index) * (quad)noise;
}

#endif
