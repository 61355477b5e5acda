/* See variational_shoot.h. All paths of a round march together, by Runge and Kutta's method of order 4, so that one
 * run of the graph gives the equation for all. */
#include "math/variational_shoot.h"

#include "base/alloc.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PI 3.14159265358979323846

enum {
    D = 2,
    SLOPES = 256,
    PARTS = 8,
    ROUNDS = 4,
    RINGS = 16,
    RAYS = 40,
    NODES = 1 + RINGS * RAYS,
    MOST_HITS = 32,
    MOST_WORK = 250000000
};

typedef struct shooter {
    const sn_variational *v;
    sn_functional *f;
    int d, n;                  /* n: paths of a round */
    bool back;                 /* the start is the end that is fixed, `to` */
    double begin, h;           /* of the variable */
    double *t, *q, *p;         /* n, [n][d] */
    double *k[4][2], *q0, *p0; /* stages */
    double *start;             /* [n][d] slopes to begin with */
    double *energy;            /* n: to begin with */
    double *miss;              /* [n][d] at the other end; NaN: the path does not get there */
    double *memory;
} shooter;

static bool all_fixed(const sn_variational *v, const double *end) {
    bool fixed = true;
    for (int k = 0; k < v->l.d; k++) fixed = fixed && !isnan(end[k]);
    return fixed;
}

/* Of slopes, where L is a quadratic form in them. */
static double energy(const double *a_pp, const double *p) {
    return 0.5 * (a_pp[0] * p[0] * p[0] + (a_pp[1] + a_pp[2]) * p[0] * p[1] + a_pp[3] * p[1] * p[1]);
}

/* ---- Marching ---- */

/* A_pp q'' = A_q - A_pt - A_pq q'. */
static void bend_at(const shooter *s, const sn_functional_terms *a, const double *p, int64_t i, double *bend) {
    int d = s->d;
    double r[D];
    for (int k = 0; k < d; k++) {
        r[k] = a->a_q[i * d + k] - a->a_pt[i * d + k];
        for (int l = 0; l < d; l++) r[k] -= a->a_qp[(i * d + l) * d + k] * p[l];
    }
    const double *m = a->a_pp + i * d * d;
    if (d == 1) {
        bend[0] = r[0] / m[0];
        return;
    }
    double det = m[0] * m[3] - m[1] * m[2];
    bend[0] = (m[3] * r[0] - m[1] * r[1]) / det;
    bend[1] = (m[0] * r[1] - m[2] * r[0]) / det;
}

static sn_status stage(shooter *s, int j, sn_functional_terms *terms) {
    SN_TRY(sn_functional_points_at(s->f, s->t, s->q, s->p, terms));
    memcpy(s->k[j][0], s->p, (size_t)(s->n * s->d) * sizeof(double));
    for (int64_t i = 0; i < s->n; i++) bend_at(s, terms, s->p + i * s->d, i, s->k[j][1] + i * s->d);
    return SN_OK;
}

/* A geodesic keeps its energy. One that does not is lost: steps were too long for where it came. */
static void drop_lost(shooter *s, double t, const double *a_pp) {
    for (int64_t i = 0; i < s->n; i++) {
        double now = energy(a_pp + i * D * D, s->p + i * D);
        if (t == s->begin) s->energy[i] = now;
        if (!(fabs(now - s->energy[i]) <= 1e-2 * fabs(s->energy[i]))) s->q0[i * D] = (double)NAN;
    }
}

static sn_status step(shooter *s, double t) {
    static const double ahead[4] = {0.5, 0.5, 1, 0};
    int64_t size = (int64_t)s->n * s->d;
    sn_functional_terms terms;
    memcpy(s->q0, s->q, (size_t)size * sizeof(double));
    memcpy(s->p0, s->p, (size_t)size * sizeof(double));
    for (int j = 0; j < 4; j++) {
        for (int i = 0; i < s->n; i++) s->t[i] = t + (j == 0 ? 0 : ahead[j - 1] * s->h);
        SN_TRY(stage(s, j, &terms));
        if (j == 0 && s->v->quadratic && s->d == D) drop_lost(s, t, terms.a_pp);
        for (int64_t i = 0; i < size && j < 3; i++) {
            s->q[i] = s->q0[i] + ahead[j] * s->h * s->k[j][0][i];
            s->p[i] = s->p0[i] + ahead[j] * s->h * s->k[j][1][i];
        }
    }
    double(*const state[2]) = {s->q, s->p}, *const before[2] = {s->q0, s->p0};
    for (int c = 0; c < 2; c++)
        for (int64_t i = 0; i < size; i++)
            state[c][i] =
                before[c][i] + s->h / 6 * (s->k[0][c][i] + 2 * s->k[1][c][i] + 2 * s->k[2][c][i] + s->k[3][c][i]);
    return SN_OK;
}

/* From s->start to s->miss; rows [step][n][2 d] of all paths where `rows` is given. */
static sn_status march(shooter *s, double *rows) {
    const sn_variational *v = s->v;
    const double *from = s->back ? v->to : v->from, *to = s->back ? v->from : v->to;
    int d = s->d;
    sn_functional_terms terms;
    memcpy(s->p, s->start, (size_t)(s->n * d) * sizeof(double));
    for (int i = 0; i < s->n * d; i++) s->q[i] = from[i % d];
    for (int j = 0; j <= SN_SHOT_STEPS; j++) {
        for (int64_t i = 0; rows && i < (int64_t)s->n * d; i++) {
            double *row = rows + ((int64_t)j * s->n + i / d) * 2 * d;
            row[i % d] = s->q[i], row[d + i % d] = s->p[i];
        }
        if (j < SN_SHOT_STEPS) SN_TRY(step(s, s->begin + j * s->h));
    }
    for (int i = 0; i < s->n; i++) s->t[i] = s->begin + SN_SHOT_STEPS * s->h;
    SN_TRY(sn_functional_points_at(s->f, s->t, s->q, s->p, &terms));
    for (int i = 0; i < s->n * d; i++) {
        s->miss[i] = isnan(to[i % d]) ? terms.a_p[i] : s->q[i] - to[i % d];
        if (v->positive[i % d] && !(s->q[i] > 0 || to[i % d] == 0)) s->miss[i] = (double)NAN;
    }
    return SN_OK;
}

/* ---- Slopes to begin with ---- */

static double pace(const shooter *s, int k) { return s->v->scale[k] / fabs(s->h * SN_SHOT_STEPS); }

/* One function: x in [-1, 1] to slopes about the straight path's, finely near it, to 200 times the scale. */
static double slope_at(const shooter *s, double x) {
    const sn_variational *v = s->v;
    double straight = (v->to[0] - v->from[0]) / fabs(s->h * SN_SHOT_STEPS);
    if (isnan(straight)) straight = 0;
    return straight + pace(s, 0) * sinh(x * 6.7) / 2;
}

typedef struct hit {
    double x[3][D], miss[3][D]; /* one function: an interval of x; two: a triangle of slopes */
} hit;

typedef struct hits {
    int n;
    hit hit[MOST_HITS];
} hits;

/* ---- One function: where the miss changes its sign, and where it nearly does ---- */

/* x and miss of n points in a row: intervals to look into. */
static void collect(const double *x, const double *miss, int n, bool dips, hits *out) {
    for (int i = 0; i + 1 < n && out->n < MOST_HITS; i++) {
        double a = miss[i], b = miss[i + 1];
        if (!isfinite(a) || !isfinite(b)) continue;
        bool crosses = (a < 0) != (b < 0);
        bool dip = dips && i > 0 && isfinite(miss[i - 1]) && (miss[i - 1] < 0) == (a < 0) && !crosses &&
                   fabs(a) <= fabs(b) && fabs(a) < fabs(miss[i - 1]);
        if (!crosses && !dip) continue;
        hit *h = &out->hit[out->n++];
        h->x[0][0] = dip ? x[i - 1] : x[i], h->x[1][0] = x[i + 1];
        h->miss[0][0] = dip ? miss[i - 1] : a, h->miss[1][0] = b;
    }
}

static sn_status scan_line(shooter *s, hits *found) {
    double x[SLOPES];
    found->n = 0;
    for (int i = 0; i < SLOPES; i++) x[i] = -1 + 2.0 * i / (SLOPES - 1), s->start[i] = slope_at(s, x[i]);
    SN_TRY(march(s, NULL));
    collect(x, s->miss, SLOPES, true, found);
    for (int round = 0; round < ROUNDS && found->n > 0; round++) {
        hits old = *found;
        found->n = 0;
        for (int i = 0; i < SLOPES; i++) {
            const hit *h = &old.hit[i / PARTS % old.n];
            x[i] = h->x[0][0] + (h->x[1][0] - h->x[0][0]) * (i % PARTS) / (PARTS - 1);
            s->start[i] = slope_at(s, x[i]);
        }
        SN_TRY(march(s, NULL));
        for (int i = 0; i < old.n; i++) collect(x + i * PARTS, s->miss + i * PARTS, PARTS, round < 2, found);
    }
    for (int i = 0; i < found->n; i++) { /* the slope where the line through the last interval's ends crosses 0 */
        hit *h = &found->hit[i];
        double a = h->miss[0][0], b = h->miss[1][0], share = a == b ? 0.5 : a / (a - b);
        h->x[0][0] = slope_at(s, h->x[0][0] + fmin(1, fmax(0, share)) * (h->x[1][0] - h->x[0][0]));
    }
    return SN_OK;
}

/* ---- Two functions: rings of slopes, cut into triangles; those whose image holds the other end ---- */

/* Barycentric weights of 0 in the triangle of misses. */
static bool weigh(const hit *h, double w[3]) {
    const double(*m)[D] = h->miss;
    double ax = m[1][0] - m[0][0], ay = m[1][1] - m[0][1], bx = m[2][0] - m[0][0], by = m[2][1] - m[0][1];
    double det = ax * by - ay * bx;
    w[1] = (-m[0][0] * by + m[0][1] * bx) / det;
    w[2] = (-ax * m[0][1] + ay * m[0][0]) / det;
    w[0] = 1 - w[1] - w[2];
    return isfinite(w[0] + w[1] + w[2]);
}

/* Keeps it where its image holds the other end. */
static void add_triangle(const hit *h, hits *out) {
    double w[3];
    if (out->n == MOST_HITS || !weigh(h, w) || fmin(w[0], fmin(w[1], w[2])) < -1e-6) return;
    out->hit[out->n++] = *h;
}

static void try_triangle(const shooter *s, int a, int b, int c, hits *out) {
    const int at[3] = {a, b, c};
    hit h;
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < D; k++) h.x[i][k] = s->start[at[i] * D + k], h.miss[i][k] = s->miss[at[i] * D + k];
    add_triangle(&h, out);
}

static int node_of(int ring, int ray) { return ring == 0 ? 0 : 1 + (ring - 1) * RAYS + ray % RAYS; }

static void draw_rings(shooter *s) {
    for (int i = 0; i < NODES; i++) {
        double size = i == 0 ? 0 : 0.1 * pow(1.45, (i - 1) / RAYS), angle = 2 * PI * ((i - 1) % RAYS + 0.37) / RAYS;
        s->start[i * D] = size * cos(angle) * pace(s, 0), s->start[i * D + 1] = size * sin(angle) * pace(s, 1);
    }
}

/* Newton's method on the triangles, each drawn smaller about its new guess. */
static sn_status sharpen(shooter *s, hits *found, double shrink) {
    double w[3];
    for (int i = 0; i < found->n; i++) {
        hit *h = &found->hit[i];
        double middle[D] = {0};
        if (weigh(h, w))
            for (int j = 0; j < 3; j++)
                for (int k = 0; k < D; k++) middle[k] += w[j] * h->x[j][k];
        for (int j = 0; j < 3; j++)
            for (int k = 0; k < D; k++) {
                double side = j == 0 ? 0 : h->x[j][k] - h->x[0][k];
                s->start[(3 * i + j) * D + k] = middle[k] + shrink * side;
            }
    }
    SN_TRY(march(s, NULL));
    for (int i = 0; i < found->n; i++)
        for (int j = 0; j < 3; j++)
            for (int k = 0; k < D; k++) {
                found->hit[i].x[j][k] = s->start[(3 * i + j) * D + k];
                found->hit[i].miss[j][k] = s->miss[(3 * i + j) * D + k];
            }
    return SN_OK;
}

/* ---- Geodesics: a slower ray is the same ray, cut short; so one march along rays close together shows all ---- */

/* Slopes in all directions that go `far` times the straight path's length; *fine: the metric is one at the start. */
static sn_status draw_rays(shooter *s, double far, bool *fine) {
    const sn_variational *v = s->v;
    enum { SAMPLES = SN_SHOT_STEPS };
    const double time = fabs(s->h * SN_SHOT_STEPS), *from = s->back ? v->to : v->from, *to = s->back ? v->from : v->to;
    double straight[D] = {(to[0] - from[0]) / time, (to[1] - from[1]) / time}, length = 0;
    sn_functional_terms terms;
    for (int i = 0; i < s->n; i++)
        for (int k = 0; k < D; k++) {
            double share = i == 0 || i > SAMPLES ? 0 : (i - 0.5) / SAMPLES;
            s->q[i * D + k] = from[k] + share * (to[k] - from[k]), s->p[i * D + k] = straight[k];
        }
    SN_TRY(sn_functional_points_at(s->f, s->t, s->q, s->p, &terms));
    for (int i = 1; i <= SAMPLES; i++) length += sqrt(energy(terms.a_pp + i * D * D, straight)) * time / SAMPLES;
    const double *g = terms.a_pp;
    *fine = isfinite(length) && length > 0 && g[0] > 0 && g[0] * g[3] > g[1] * g[2];
    for (int i = 0; *fine && i < s->n; i++) {
        double angle = 2 * PI * (i + 0.37) / s->n, way[D] = {cos(angle) * v->scale[0], sin(angle) * v->scale[1]};
        double speed = far * length / time / sqrt(energy(g, way));
        for (int k = 0; k < D; k++) s->start[i * D + k] = speed * way[k];
    }
    return SN_OK;
}

static void collect_rays(const shooter *s, const double *rows, hits *found) {
    const double *to = s->back ? s->v->from : s->v->to;
    for (int j = 0; j < SN_SHOT_STEPS; j++)
        for (int i = 0; i < s->n; i++) {
            const int ray[4] = {i, i, (i + 1) % s->n, (i + 1) % s->n}, at[4] = {j, j + 1, j, j + 1};
            for (int half = 0; half < 2; half++) {
                hit h;
                for (int c = 0; c < 3; c++)
                    for (int k = 0; k < D; k++) {
                        int n = half + c;
                        h.x[c][k] = s->start[ray[n] * D + k] * at[n] / SN_SHOT_STEPS;
                        h.miss[c][k] = rows[((int64_t)at[n] * s->n + ray[n]) * 2 * D + k] - to[k];
                    }
                add_triangle(&h, found);
            }
        }
}

/* *fine: rays could be drawn. */
static sn_status scan_rays(shooter *s, hits *found, bool *fine) {
    SN_TRY(draw_rays(s, 4, fine));
    if (!*fine) return SN_OK;
    double *rows = sn_alloc((size_t)((SN_SHOT_STEPS + 1) * s->n * 2 * D) * sizeof *rows);
    if (!rows) return sn_fail_memory("rays");
    sn_status status = march(s, rows);
    if (status == SN_OK) collect_rays(s, rows, found);
    sn_free(rows);
    return status;
}

static sn_status scan_rings(shooter *s, hits *found) {
    draw_rings(s);
    SN_TRY(march(s, NULL));
    for (int ring = 0; ring < RINGS; ring++)
        for (int ray = 0; ray < RAYS; ray++) {
            int a = node_of(ring, ray), b = node_of(ring + 1, ray), c = node_of(ring + 1, ray + 1);
            try_triangle(s, a, b, c, found);
            if (ring > 0) try_triangle(s, a, c, node_of(ring, ray + 1), found);
        }
    return SN_OK;
}

static sn_status scan_plane(shooter *s, hits *found) {
    bool rays = s->v->quadratic && all_fixed(s->v, s->v->from) && all_fixed(s->v, s->v->to);
    found->n = 0;
    if (rays) SN_TRY(scan_rays(s, found, &rays));
    return rays ? SN_OK : scan_rings(s, found);
}

/* ---- The shots ---- */

static void shooter_free(shooter *s) {
    sn_functional_free(s->f);
    sn_free(s->memory);
    *s = (shooter){0};
}

static int64_t work_of(const sn_variational *v, int paths) {
    return sn_lagrangian_work(&v->l, paths) * 4 * SN_SHOT_STEPS;
}

/* How many paths march at once: of geodesics fewer where the expression is long. */
static int paths_of(const sn_variational *v) {
    int n = v->l.d == 1 ? SLOPES : NODES;
    while (v->quadratic && v->l.d == D && n > 2 * SN_SHOT_STEPS && work_of(v, n) > MOST_WORK / 2) n /= 2;
    return n;
}

int64_t sn_shoot_work(const sn_variational *v) {
    bool starts = all_fixed(v, v->from) || all_fixed(v, v->to);
    if (!starts || v->l.d > D || v->l.constraint || v->n_intervals > 1) return 0;
    int64_t work = work_of(v, paths_of(v));
    return work <= MOST_WORK ? work : 0;
}

static sn_status shooter_new(const sn_variational *v, int n, shooter *s) {
    int d = v->l.d;
    double a = v->cuts[0], b = v->cuts[1];
    *s = (shooter){.v = v, .d = d, .n = n, .back = !all_fixed(v, v->from)};
    s->begin = s->back ? b : a, s->h = (s->back ? a - b : b - a) / SN_SHOT_STEPS;
    size_t size = (size_t)(n * d);
    double *at = s->memory = sn_calloc(size * 14 + 2 * (size_t)n, sizeof *at);
    if (!at) return sn_fail_memory("paths");
    s->q = at, s->p = at + size, s->q0 = at + 2 * size, s->p0 = at + 3 * size, s->start = at + 4 * size;
    s->miss = at + 5 * size;
    for (int j = 0; j < 8; j++) s->k[j / 2][j % 2] = at + (6 + (size_t)j) * size;
    s->t = at + 14 * size, s->energy = s->t + n;
    return sn_functional_points_new(&v->l, n, v->cancel, &s->f);
}

static double strength(const shooter *s, const hit *h) { /* how far the slopes are from 0, in paces */
    double sum = 0;
    for (int k = 0; k < s->d; k++) sum += fabs(h->x[0][k]) / pace(s, k);
    return sum;
}

static void sort(const shooter *s, hits *found) {
    for (int i = 1; i < found->n; i++)
        for (int k = i; k > 0 && strength(s, &found->hit[k]) < strength(s, &found->hit[k - 1]); k--) {
            hit h = found->hit[k];
            found->hit[k] = found->hit[k - 1], found->hit[k - 1] = h;
        }
}

/* Marches the hits once more and keeps the paths of those that arrive. */
static sn_status keep(shooter *s, const hits *found, sn_shots *out) {
    int d = s->d, rows = SN_SHOT_STEPS + 1;
    double *all = sn_alloc((size_t)(rows * s->n * 2 * d) * sizeof *all);
    out->t = sn_alloc((size_t)rows * sizeof *out->t);
    out->path = sn_alloc((size_t)(SN_MOST_SHOTS * rows * 2 * d) * sizeof *out->path);
    sn_status status = all && out->t && out->path ? SN_OK : sn_fail_memory("paths");
    for (int i = 0; status == SN_OK && i < s->n * d; i++) s->start[i] = found->hit[i / d % found->n].x[0][i % d];
    if (status == SN_OK) status = march(s, all);
    for (int j = 0; status == SN_OK && j < rows; j++) out->t[s->back ? rows - 1 - j : j] = s->begin + j * s->h;
    for (int i = 0; status == SN_OK && i < found->n && out->n < SN_MOST_SHOTS; i++) {
        double off = 0, *path = out->path + (int64_t)out->n * rows * 2 * d;
        for (int k = 0; k < d; k++)
            if (!isnan((s->back ? s->v->from : s->v->to)[k])) off += fabs(s->miss[i * d + k]) / s->v->scale[k];
        if (!(off < 0.3)) continue;
        for (int j = 0; j < rows; j++)
            memcpy(path + (s->back ? rows - 1 - j : j) * 2 * d, all + (j * s->n + i) * 2 * d,
                   (size_t)(2 * d) * sizeof *all);
        out->n++;
    }
    sn_free(all);
    return status;
}

sn_status sn_shoot(const sn_variational *v, sn_shots *out) {
    shooter s;
    hits found;
    *out = (sn_shots){.d = v->l.d};
    sn_status status = shooter_new(v, paths_of(v), &s);
    out->tried = s.n;
    if (status == SN_OK) status = v->l.d == 1 ? scan_line(&s, &found) : scan_plane(&s, &found);
    if (status == SN_OK && v->l.d == D && found.n > 0) {
        shooter_free(&s);
        status = shooter_new(v, 3 * MOST_HITS, &s);
        for (int round = 0; status == SN_OK && round < ROUNDS; round++) status = sharpen(&s, &found, 0.2);
    }
    if (status == SN_OK && found.n > 0) {
        sort(&s, &found);
        status = keep(&s, &found, out);
    }
    shooter_free(&s);
    if (status != SN_OK) sn_shots_free(out);
    return status;
}

void sn_shots_free(sn_shots *s) {
    sn_free(s->t);
    sn_free(s->path);
    *s = (sn_shots){0};
}

void sn_shot_sample(const sn_shots *s, int shot, double t, double *q) {
    int d = s->d, rows = SN_SHOT_STEPS + 1, i = 0;
    double h = (s->t[rows - 1] - s->t[0]) / SN_SHOT_STEPS;
    i = (int)((t - s->t[0]) / h);
    i = i < 0 ? 0 : i > SN_SHOT_STEPS - 1 ? SN_SHOT_STEPS - 1 : i;
    const double *a = s->path + ((int64_t)shot * rows + i) * 2 * d, *b = a + 2 * d;
    double x = (t - s->t[i]) / h, y = 1 - x;
    for (int k = 0; k < d; k++)
        q[k] = y * y * (1 + 2 * x) * a[k] + x * x * (1 + 2 * y) * b[k] + h * x * y * (y * a[d + k] - x * b[d + k]);
}
