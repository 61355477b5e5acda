/* What the tests of positions share: configurations, resolving, the rotation of vectors by table rows. Include after
 * cmocka. */
#ifndef SN_TESTS_POSITION_COMMON_H
#define SN_TESTS_POSITION_COMMON_H

#include "base/philox.h"
#include "suan/position.h"

#include <math.h>
#include <stdbool.h>

static inline void near_at(double a, double b, double tolerance, const char *file, int line) {
    if (fabs(a - b) <= tolerance) return;
    print_error("%.17g != %.17g, difference %.3g\n", a, b, a - b);
    _fail(file, line);
}
#define assert_near(a, b, tolerance) near_at(a, b, tolerance, __FILE__, __LINE__)

static inline void random_vector(uint64_t stream, double *x, int n) {
    for (int i = 0; i < n; i++) x[i] = sn_normal_f64(7, stream, (uint64_t)i);
}

/* A model of head size d trained on `trained` tokens. */
static inline sn_rope_config model_of(int d, int64_t trained) {
    return (sn_rope_config){.d_head = d, .n_rot = d, .base = 10000, .train_length = trained};
}

static inline sn_status try_resolve(const char *spec, const sn_rope_config *model, int64_t length, sn_position *out) {
    sn_extend *e = NULL;
    sn_status status = sn_extend_parse(spec, &e);
    if (status == SN_OK) status = sn_extend_resolve(e, model, length, out, NULL, 0);
    sn_extend_free(e);
    return status;
}

static inline sn_position resolve(const char *spec, const sn_rope_config *model, int64_t length) {
    sn_position p = {.n_planes = -1};
    if (try_resolve(spec, model, length, &p) != SN_OK) fail_msg("%s: %s", spec, sn_last_error());
    return p;
}

/* out = x with its planes turned by one table row of (cos, sin). */
static inline void turn(const sn_position *p, const double *row, const double *x, double *out, int d) {
    for (int c = 0; c < d; c++) out[c] = x[c];
    for (int m = 0; m < p->n_planes; m++) {
        bool halves = p->layout == SN_PAIR_HALVES;
        int a = halves ? m : 2 * m, b = halves ? m + p->n_planes : 2 * m + 1;
        out[a] = x[a] * row[2 * m] - x[b] * row[2 * m + 1];
        out[b] = x[a] * row[2 * m + 1] + x[b] * row[2 * m];
    }
}

/* The logit by the tables, as attention computes it: the key through its canonical form. Tables have n rows. */
static inline double table_logit(const sn_position *p, const double *query, const double *key, const double *canonical,
                                 int64_t n, const double *q, const double *k, int d, int64_t i, int64_t j) {
    double held[512], turned_k[512], turned_q[512], dot = 0;
    int c = sn_position_piece(p, i, j), row = 2 * p->n_planes;
    if (c < 0) return -INFINITY;
    turn(p, canonical + j * row, k, held, d);
    turn(p, key + (c * n + j) * row, held, turned_k, d);
    turn(p, query + (c * n + i) * row, q, turned_q, d);
    for (int x = 0; x < d; x++) dot += turned_q[x] * turned_k[x];
    return dot * sn_position_scale(p, i);
}

#endif
