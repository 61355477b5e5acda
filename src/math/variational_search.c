/* See variational_search.h. */
#include "math/variational_search.h"

#include "base/alloc.h"

#include <math.h>
#include <string.h>

enum { D = SN_LAGRANGIAN_MAX_FUNCTIONS, MOST_UNKNOWNS = 1100, MOST_FAILURES = 8, SAMPLES = 33 };

/* Elements for each interval of the problem, and their degree; a search begins on the first three. */
static const struct {
    int parts, degree;
} ladder[] = {{1, 12}, {2, 14}, {4, 16}, {8, 16}, {16, 16}, {16, 24}, {32, 24}};
enum { LADDER = sizeof ladder / sizeof *ladder, SEARCHES = 3 };

static double *new_path(const sn_level *s) {
    double *u = sn_alloc((size_t)(s->mesh.n_nodes * s->v->l.d) * sizeof *u);
    if (!u) (void)sn_fail_memory("a path");
    return u;
}

static void drop(sn_search_find *f) {
    sn_free(f->u);
    if (f->level.v) sn_level_free(&f->level);
    *f = (sn_search_find){0};
}

void sn_search_free(sn_search *s) {
    for (int i = 0; i < s->n; i++) drop(&s->find[i]);
    s->n = 0;
}

/* ---- Starts ---- */

static const double amplitudes[] = {0.3, -0.3, 0.8, -0.8, -0.6, 1.6, -1.6, 0.1, -0.1, 4, -4, -0.95};
enum { AMPLITUDES = sizeof amplitudes / sizeof *amplitudes, WAVES = 2 };

static int count_bent(const sn_variational *v) { return v->l.d * WAVES * AMPLITUDES; }
static int count_turns(const sn_variational *v) { return v->l.d > 1 ? 4 * v->l.d : 0; }
static int count_starts(const sn_variational *v) { return 2 + count_turns(v) + count_bent(v); }

/* 0 descends from the straight path, 1 follows it by Newton's method, then those that go round, then the bent ones by
 * rising waves. */
static sn_search_start start_of(const sn_variational *v, int i) {
    int at = i - 2;
    if (at < 0) return (sn_search_start){.descend = i == 0};
    if (at < count_turns(v))
        return (sn_search_start){
            .function = at / 4, .amplitude = (at % 2 ? -1 : 1) * (at / 2 % 2 ? 1.2 : 0.6), .waves = 1, .turn = true};
    at -= count_turns(v);
    return (sn_search_start){.function = at % v->l.d,
                             .amplitude = amplitudes[at / v->l.d % AMPLITUDES],
                             .waves = 1 + at / (v->l.d * AMPLITUDES)};
}

static void draw_start(const sn_level *s, sn_search_start start, double *u) {
    const sn_variational *v = s->v;
    double a = v->cuts[0], b = v->cuts[v->n_intervals];
    for (int64_t i = 0; i < s->mesh.n_nodes; i++)
        for (int k = 0; k < v->l.d; k++) {
            bool left = !isnan(v->from[k]), right = !isnan(v->to[k]);
            double p = left ? v->from[k] : right ? v->to[k] - v->guess[k] : 0, q = right ? v->to[k] : p + v->guess[k];
            double tau = (s->mesh.node[i] - a) / (b - a), turn = 3.14159265358979323846 * start.waves;
            /* A free end may move: there the wave is at its crest. */
            double phase = left && right ? turn * tau : left ? (turn - 1.5707963267948966) * tau : turn * (tau + 1) / 2;
            double bend = 0;
            if (start.waves > 0 && start.function == k) bend = start.amplitude * sin(phase);
            if (start.turn && (start.function + 1) % v->l.d == k && left && right)
                bend = -fabs(start.amplitude) / 2 * sin(2 * phase);
            u[i * v->l.d + k] = p + (q - p) * tau + bend * v->scale[k];
        }
}

static sn_status solve_start(sn_level *s, sn_search_start start, double *u, double *multiplier, sn_trace *trace,
                             bool *found) {
    draw_start(s, start, u);
    *multiplier = 0;
    return start.descend ? sn_descend(s, u, trace, found) : sn_newton(s, u, multiplier, trace, found);
}

/* ---- Comparing and refining ---- */

/* The largest difference of two paths over the variable, relative to the paths' size. */
static double difference(const sn_level *s, const double *u, const sn_level *t, const double *w) {
    int d = s->v->l.d;
    double a = s->v->cuts[0], b = s->v->cuts[s->v->n_intervals], most = 0;
    for (int i = 0; i < SAMPLES; i++) {
        double x[D], y[D], at = a + (b - a) * (i + 0.37) / SAMPLES;
        sn_mesh_sample(&s->mesh, u, d, at, x, NULL);
        sn_mesh_sample(&t->mesh, w, d, at, y, NULL);
        for (int k = 0; k < d; k++) most = fmax(most, fabs(x[k] - y[k]) / (s->v->scale[k] + fabs(x[k])));
    }
    return most;
}

static bool is_known(const sn_search *s, const sn_level *level, const double *u, double within) {
    for (int i = 0; i < s->n; i++)
        if (difference(&s->find[i].level, s->find[i].u, level, u) < within) return true;
    return false;
}

/* Takes level and u over. */
static void take(sn_search_find *f, sn_level *level, double *u) {
    sn_free(f->u);
    if (f->level.v) sn_level_free(&f->level);
    f->level = *level;
    f->u = u;
    *level = (sn_level){0};
}

/* What a change of J is measured by: J, and the energy of the path. */
static double value_size(const sn_level *s, const double *u) {
    int d = s->v->l.d;
    double size = fabs(s->j);
    for (int64_t i = d; i < s->mesh.n_nodes * d; i++)
        size += s->force * (u[i] - u[i - d]) * (u[i] - u[i - d]) / (s->mesh.node[i / d] - s->mesh.node[i / d - 1]);
    for (int k = 0; k < d; k++) /* a path that stands has no energy: then that of a hundredth of the scale */
        size += s->force * 1e-4 * s->v->scale[k] * s->v->scale[k] / (s->v->cuts[s->v->n_intervals] - s->v->cuts[0]);
    return size > 0 ? size : 1;
}

/* One finer mesh. *better: it converged, and to the same path. */
static sn_status refine_once(const sn_search *s, sn_search_find *f, int rung, bool *better) {
    sn_level finer;
    bool found = false;
    double multiplier = f->multiplier, change = INFINITY;
    SN_TRY(sn_level_new(s->v, ladder[rung].parts, ladder[rung].degree, &finer));
    double *u = new_path(&finer);
    sn_status status = u ? SN_OK : SN_ERR_MEMORY;
    if (u) {
        sn_level_transfer(&finer, &f->level.mesh, f->u, u);
        status = sn_newton(&finer, u, &multiplier, NULL, &found);
    }
    if (found) change = difference(&finer, u, &f->level, f->u);
    if (found) f->value_change = fabs(finer.j - f->level.j) / value_size(&finer, u);
    *better = status == SN_OK && found && change < 0.3;
    if (!*better) {
        sn_free(u);
        sn_level_free(&finer);
        return status;
    }
    f->change = change;
    f->multiplier = multiplier;
    take(f, &finer, u);
    return SN_OK;
}

static bool fits(const sn_variational *v, int rung) {
    if (rung >= LADDER || ladder[rung].parts * v->n_intervals > 64) return false;
    return (int64_t)v->n_intervals * ladder[rung].parts * ladder[rung].degree * v->l.d <= MOST_UNKNOWNS;
}

/* Have this mesh and the one before counted as many directions of the second variation? A path may stand still, such as
 * y = 0, long before the variations that matter can be drawn. */
static sn_status count(sn_search_find *f, int64_t before[2]) {
    int64_t now[2] = {-1, -1};
    bool fine;
    SN_TRY(sn_level_count(&f->level, f->u, f->multiplier, &now[0], &now[1], &fine));
    f->counted = fine && now[0] == before[0] && now[1] == before[1];
    before[0] = now[0], before[1] = now[1];
    return SN_OK;
}

/* Up the ladder until the path stands still, or moves by rounding only, and its directions are counted. *real: it moved
 * by 1e-4 at most, J by 1e-2. */
static sn_status refine(const sn_search *s, sn_search_find *f, bool *real) {
    int64_t directions[2] = {-2, -2};
    bool better = true, still = false;
    f->change = f->value_change = 1;
    SN_TRY(count(f, directions));
    f->counted = false;
    for (int i = f->depth + 1; better && !(still && f->counted) && fits(s->v, i); i++) {
        double before = fmax(f->change, f->value_change);
        SN_TRY(refine_once(s, f, i, &better));
        double now = fmax(f->change, f->value_change);
        still = better && (now <= 1e-11 || (now < 1e-8 && now > 0.2 * before));
        if (better && now < 1e-2) SN_TRY(count(f, directions));
    }
    *real = f->change < 1e-4 && f->value_change < 1e-2;
    return SN_OK;
}

/* ---- The search ---- */

static sn_status consider(sn_search *s, int depth, sn_search_start start, const sn_level *coarse, const double *u,
                          double multiplier) {
    sn_search_find f = {.depth = depth, .start = start, .multiplier = multiplier};
    bool real = false;
    if (is_known(s, coarse, u, 1e-3)) return SN_OK;
    SN_TRY(sn_level_new(s->v, ladder[depth].parts, ladder[depth].degree, &f.level));
    f.u = new_path(&f.level);
    sn_status status = f.u ? SN_OK : SN_ERR_MEMORY;
    if (f.u) {
        memcpy(f.u, u, (size_t)(coarse->mesh.n_nodes * s->v->l.d) * sizeof *u);
        status = refine(s, &f, &real);
    }
    s->failures += status == SN_OK && !real;
    if (status == SN_OK && real && !is_known(s, &f.level, f.u, 1e-5))
        s->find[s->n++] = f;
    else
        drop(&f);
    return status;
}

static sn_status search_at(sn_search *s, int depth) {
    sn_level level;
    s->failures = 0;
    SN_TRY(sn_level_new(s->v, ladder[depth].parts, ladder[depth].degree, &level));
    double *u = new_path(&level), multiplier;
    sn_status status = u ? SN_OK : SN_ERR_MEMORY;
    for (int i = 0; status == SN_OK && i < count_starts(s->v) && s->n < SN_SEARCH_MOST && s->failures < MOST_FAILURES;
         i++) {
        bool found, fine = false;
        sn_search_start start = start_of(s->v, i);
        if (s->none_finite) {
            draw_start(&level, start, u);
            status = sn_level_linearise(&level, u, 0, true, &fine);
            s->none_finite = !fine;
        }
        if (status == SN_OK) status = solve_start(&level, start, u, &multiplier, NULL, &found);
        if (status == SN_OK && found) status = consider(s, depth, start, &level, u, multiplier);
    }
    sn_free(u);
    sn_level_free(&level);
    return status;
}

static void sort(sn_search *s) {
    double sign = s->v->greatest ? -1 : 1;
    for (int i = 1; i < s->n; i++)
        for (int k = i; k > 0 && sign * s->find[k].level.j < sign * s->find[k - 1].level.j; k--) {
            sn_search_find f = s->find[k];
            s->find[k] = s->find[k - 1], s->find[k - 1] = f;
        }
}

static void remove_find(sn_search *s, int i) {
    drop(&s->find[i]);
    for (s->n--; i < s->n; i++) s->find[i] = s->find[i + 1];
    s->find[s->n] = (sn_search_find){0};
}

sn_status sn_search_run(const sn_variational *v, sn_search *out) {
    *out = (sn_search){.v = v, .none_finite = true};
    sn_status status = SN_OK;
    for (int depth = 0; status == SN_OK && depth < SEARCHES && out->n == 0; depth++) status = search_at(out, depth);
    sort(out);
    for (int i = 0; status == SN_OK && i < out->n; i++) {
        sn_search_find *f = &out->find[i];
        status = sn_second_variation_at(&f->level, f->u, f->multiplier, f->counted, &f->second);
        if (status == SN_OK && !isfinite(f->second.residual + f->second.edge)) remove_find(out, i--);
    }
    if (status != SN_OK) sn_search_free(out);
    return status;
}

sn_status sn_search_retrace(const sn_search *s, int i, sn_trace *trace) {
    const sn_search_find *f = &s->find[i];
    sn_level level;
    bool found;
    double multiplier;
    SN_TRY(sn_level_new(s->v, ladder[f->depth].parts, ladder[f->depth].degree, &level));
    double *u = new_path(&level);
    sn_status status = u ? solve_start(&level, f->start, u, &multiplier, trace, &found) : SN_ERR_MEMORY;
    sn_free(u);
    sn_level_free(&level);
    return status;
}

static sn_status solve_degree(const sn_search *s, const sn_search_find *f, int degree, double *unknowns,
                              double *value_error, double *path_error) {
    sn_level level;
    bool found = false;
    double multiplier = f->multiplier;
    SN_TRY(sn_level_new(s->v, 1, degree, &level));
    double *u = new_path(&level);
    sn_status status = u ? SN_OK : SN_ERR_MEMORY;
    if (u) {
        sn_level_transfer(&level, &f->level.mesh, f->u, u);
        status = sn_newton(&level, u, &multiplier, NULL, &found);
    }
    *unknowns = (double)level.n;
    if (found) {
        *value_error = fabs(level.j - f->level.j) / fmax(fabs(f->level.j), 1e-300);
        *path_error = difference(&level, u, &f->level, f->u);
    }
    sn_free(u);
    sn_level_free(&level);
    return status;
}

sn_status sn_search_degrees(const sn_search *s, int i, const int *degrees, int n, double *unknowns, double *value_error,
                            double *path_error) {
    for (int k = 0; k < n; k++) {
        unknowns[k] = 0, value_error[k] = path_error[k] = (double)NAN;
        SN_TRY(solve_degree(s, &s->find[i], degrees[k], &unknowns[k], &value_error[k], &path_error[k]));
    }
    return SN_OK;
}
