/* See spectral.h. Interpolation by the barycentric formula (Berrut and Trefethen 2004). */
#include "math/spectral.h"

#include "base/alloc.h"

#include <math.h>
#include <string.h>

#define PI 3.14159265358979323846

void sn_gauss_legendre(int n, double *x, double *w) {
    for (int i = 0; i < n; i++) {
        double z = -cos(PI * (i + 0.75) / (n + 0.5)), slope = 1;
        for (int step = 0; step < 20; step++) {
            double before = 1, p = z;
            for (int k = 2; k <= n; k++) {
                double next = ((2 * k - 1) * z * p - (k - 1) * before) / k;
                before = p, p = next;
            }
            if (n == 0) p = 1;
            slope = n * (z * p - before) / (z * z - 1);
            double move = p / slope;
            z -= move;
            if (fabs(move) < 1e-16) break;
        }
        x[i] = z;
        w[i] = 2 / ((1 - z * z) * slope * slope);
    }
}

/* The weights of an element's values in the value at xi. */
static void interpolation_row(const sn_mesh *m, double xi, double *row) {
    double sum = 0;
    int n = m->degree + 1;
    for (int j = 0; j < n; j++) {
        if (xi == m->xi[j]) {
            memset(row, 0, (size_t)n * sizeof *row);
            row[j] = 1;
            return;
        }
        row[j] = m->barycentric[j] / (xi - m->xi[j]);
        sum += row[j];
    }
    for (int j = 0; j < n; j++) row[j] /= sum;
}

void sn_gauss_row(int n, const double *x, const double *w, double at, double *row) {
    double sum = 0, half = 0, middle = 0;
    for (int i = 0; i < n; i++) half += w[i] / 2, middle += x[i] / n;
    for (int i = 0; i < n; i++) {
        double xi = (x[i] - middle) / half;
        if (at == x[i]) {
            memset(row, 0, (size_t)n * sizeof *row);
            row[i] = 1;
            return;
        }
        row[i] = (i % 2 ? -1 : 1) * sqrt((1 - xi * xi) * w[i]) / (at - x[i]);
        sum += row[i];
    }
    for (int i = 0; i < n; i++) row[i] /= sum;
}

/* c [rows][n] = a [rows][n] b [n][n] */
static void multiply(const double *a, const double *b, int rows, int n, double *c) {
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < n; j++) {
            double sum = 0;
            for (int k = 0; k < n; k++) sum += a[i * n + k] * b[k * n + j];
            c[i * n + j] = sum;
        }
}

/* Nodes, their barycentric weights, and the matrix of derivatives, its diagonal by the sum of rows. */
static void fill_element(sn_mesh *m) {
    int n = m->degree + 1;
    for (int j = 0; j < n; j++) {
        m->xi[j] = -cos(PI * j / m->degree);
        m->barycentric[j] = (j % 2 ? -1.0 : 1.0) * (j == 0 || j == m->degree ? 0.5 : 1);
    }
    m->xi[0] = -1, m->xi[m->degree] = 1;
    for (int i = 0; i < n; i++) {
        double sum = 0;
        for (int j = 0; j < n; j++) {
            if (i == j) continue;
            double d = m->barycentric[j] / m->barycentric[i] / (m->xi[i] - m->xi[j]);
            m->derivative[i * n + j] = d;
            sum += d;
        }
        m->derivative[i * n + i] = -sum;
    }
}

static void fill_points(sn_mesh *m, double *xi, double *w) {
    int n = m->degree + 1;
    sn_gauss_legendre(m->n_gauss, xi, w);
    for (int i = 0; i < m->n_gauss; i++) interpolation_row(m, xi[i], m->value + i * n);
    multiply(m->value, m->derivative, m->n_gauss, n, m->slope);
    multiply(m->slope, m->derivative, m->n_gauss, n, m->bend);
    for (int e = 0; e < m->n_elements; e++) {
        double middle = 0.5 * (m->cut[e] + m->cut[e + 1]), half = 0.5 * (m->cut[e + 1] - m->cut[e]);
        for (int j = 0; j < n; j++) m->node[e * m->degree + j] = middle + half * m->xi[j];
        for (int i = 0; i < m->n_gauss; i++) {
            m->t[e * m->n_gauss + i] = middle + half * xi[i];
            m->weight[e * m->n_gauss + i] = half * w[i];
        }
    }
    for (int e = 0; e <= m->n_elements; e++) m->node[e * m->degree] = m->cut[e];
}

sn_status sn_mesh_new(const double *cuts, int n_elements, int degree, sn_mesh *out) {
    int n = degree + 1, gauss = 2 * degree + 2;
    *out = (sn_mesh){.n_elements = n_elements, .degree = degree, .n_gauss = gauss};
    out->n_nodes = (int64_t)n_elements * degree + 1;
    out->n_points = (int64_t)n_elements * gauss;
    const size_t sizes[] = {(size_t)n_elements + 1,
                            (size_t)out->n_nodes,
                            (size_t)out->n_points,
                            (size_t)out->n_points,
                            (size_t)(gauss * n),
                            (size_t)(gauss * n),
                            (size_t)(gauss * n),
                            (size_t)n,
                            (size_t)n,
                            (size_t)n * (size_t)n,
                            (size_t)gauss,
                            (size_t)gauss};
    enum { COUNT = sizeof sizes / sizeof *sizes };
    double *part[COUNT];
    size_t total = 0;
    for (int i = 0; i < COUNT; i++) total += sizes[i];
    double *next = out->memory = sn_calloc(total, sizeof(double));
    if (!next) return sn_fail_memory("a mesh");
    for (int i = 0; i < COUNT; i++) part[i] = next, next += sizes[i];
    out->cut = part[0], out->node = part[1], out->t = part[2], out->weight = part[3];
    out->value = part[4], out->slope = part[5], out->bend = part[6];
    out->xi = part[7], out->barycentric = part[8], out->derivative = part[9];
    memcpy(out->cut, cuts, sizes[0] * sizeof(double));
    fill_element(out);
    fill_points(out, part[10], part[11]);
    return SN_OK;
}

void sn_mesh_free(sn_mesh *m) {
    sn_free(m->memory);
    *m = (sn_mesh){0};
}

void sn_mesh_sample(const sn_mesh *m, const double *u, int d, double t, double *values, double *slopes) {
    double row[SN_MESH_MAX_DEGREE + 1], bent[SN_MESH_MAX_DEGREE + 1];
    int e = 0, n = m->degree + 1;
    while (e + 1 < m->n_elements && t > m->cut[e + 1]) e++;
    double half = 0.5 * (m->cut[e + 1] - m->cut[e]);
    interpolation_row(m, (t - 0.5 * (m->cut[e] + m->cut[e + 1])) / half, row);
    multiply(row, m->derivative, 1, n, bent);
    const double *from = u + (int64_t)e * m->degree * d;
    for (int k = 0; k < d; k++) {
        double value = 0, slope = 0;
        for (int j = 0; j < n; j++) value += row[j] * from[j * d + k], slope += bent[j] * from[j * d + k];
        values[k] = value;
        if (slopes) slopes[k] = slope / half;
    }
}
