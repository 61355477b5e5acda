/* See variational_search.h. */
#include "math/variational_search.h"

#include "base/alloc.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum { D = SN_LAGRANGIAN_MAX_FUNCTIONS, MOST_UNKNOWNS = 1100, SAMPLES = 33 };

/* Elements for each interval of the problem, and their degree; a search begins on the first three. */
static const struct {
    int parts, degree;
} ladder[] = {{1, 12}, {2, 14}, {4, 16}, {8, 16}, {16, 16}, {16, 24}, {32, 24}};
enum { LADDER = sizeof ladder / sizeof *ladder, SEARCHES = 3, SHOT_RUNG = 2 };
static_assert((int)LADDER == (int)SN_SEARCH_RUNGS, "a mesh for each rung");

/* What a search may cost, in the units of sn_lagrangian_work: about a second and a half; starts take two thirds. */
static const int64_t most_work = 600000000, most_starts = 400000000;

static double *new_path(const sn_level *s) {
    double *u = sn_alloc((size_t)(s->mesh.n_nodes * s->v->l.d) * sizeof *u);
    if (!u) (void)sn_fail_memory("a path");
    return u;
}

static void drop(sn_search_find *f) {
    sn_free(f->u);
    sn_free(f->coarse);
    *f = (sn_search_find){0};
}

void sn_search_free(sn_search *s) {
    for (int i = 0; i < s->n; i++) drop(&s->find[i]);
    for (int i = 0; i < LADDER; i++) sn_level_free(&s->rung[i]);
    sn_shots_free(&s->shots);
    s->n = 0;
}

sn_status sn_search_level(sn_search *s, int rung, sn_level **out) {
    *out = &s->rung[rung];
    if ((*out)->v) return SN_OK;
    s->work += sn_lagrangian_work(&s->v->l, 1000); /* its graph */
    return sn_level_new(s->v, ladder[rung].parts, ladder[rung].degree, *out);
}

/* ---- Starts ---- */

static const double amplitudes[] = {0.3, -0.3, 0.8, -0.8, -0.6, 1.6, -1.6, 0.1, -0.1, 4, -4, -0.95};
enum { AMPLITUDES = sizeof amplitudes / sizeof *amplitudes };

/* Constraints are not shot: they get more waves. */
static int count_bent(const sn_variational *v) { return v->l.d * (v->l.constraint ? 4 : 2) * AMPLITUDES; }
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

static void draw_bent(const sn_level *s, sn_search_start start, double *u) {
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

static void draw_shot(const sn_level *s, const sn_shots *shots, int shot, double *u) {
    int d = s->v->l.d;
    int64_t last = s->mesh.n_nodes - 1;
    for (int64_t i = 0; i <= last; i++) sn_shot_sample(shots, shot, s->mesh.node[i], u + i * d);
    for (int k = 0; k < d; k++) {
        if (!isnan(s->v->from[k])) u[k] = s->v->from[k];
        if (!isnan(s->v->to[k])) u[last * d + k] = s->v->to[k];
    }
}

static void draw(const sn_search *search, const sn_level *s, sn_search_start start, double *u) {
    if (start.shot > 0)
        draw_shot(s, &search->shots, start.shot - 1, u);
    else
        draw_bent(s, start, u);
}

static sn_status solve_start(const sn_search *search, sn_level *s, sn_search_start start, double *u, double *multiplier,
                             sn_trace *trace, bool *found) {
    draw(search, s, start, u);
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

/* On the mesh of a search the same path comes out the same; else to what the meshes tell apart. */
static bool is_known(sn_search *s, int depth, const sn_level *level, const double *u) {
    for (int i = 0; i < s->n; i++) {
        const sn_search_find *f = &s->find[i];
        bool same = f->depth == depth;
        const sn_level *its = &s->rung[same ? f->depth : f->rung];
        if (difference(its, same ? f->coarse : f->u, level, u) < (same ? 1e-6 : 1e-3)) return true;
    }
    return false;
}

static bool is_found(const sn_search *s, const sn_search_find *f) {
    for (int i = 0; i < s->n; i++) {
        const sn_search_find *g = &s->find[i];
        double apart = difference(&s->rung[g->rung], g->u, &s->rung[f->rung], f->u);
        if (apart < 1e-7 + 3 * (f->change + g->change)) return true;
    }
    return false;
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
static sn_status refine_once(sn_search *s, sn_search_find *f, int rung, bool *better) {
    sn_level *finer;
    bool found = false;
    double multiplier = f->multiplier, change = INFINITY;
    SN_TRY(sn_search_level(s, rung, &finer));
    const sn_level *before = &s->rung[f->rung];
    double *u = new_path(finer);
    if (!u) return SN_ERR_MEMORY;
    sn_level_transfer(finer, &before->mesh, f->u, u);
    sn_status status = sn_newton(finer, u, &multiplier, NULL, &found);
    if (found) change = difference(finer, u, before, f->u);
    *better = status == SN_OK && found && change < 0.3;
    if (!*better) {
        sn_free(u);
        return status;
    }
    f->value_change = fabs(finer->j - f->j) / value_size(finer, u);
    f->change = change, f->size = value_size(finer, u);
    f->multiplier = multiplier;
    sn_free(f->u);
    f->u = u, f->j = finer->j, f->rung = rung, f->unknowns = finer->n;
    return SN_OK;
}

/* Is there room and work left for this mesh? */
static bool fits(sn_search *s, int rung) {
    const sn_variational *v = s->v;
    if (rung >= LADDER || ladder[rung].parts * v->n_intervals > 64) return false;
    int64_t unknowns = (int64_t)v->n_intervals * ladder[rung].parts * ladder[rung].degree * v->l.d;
    if (unknowns > MOST_UNKNOWNS) return false;
    int64_t each = sn_lagrangian_work(&v->l, 2 * unknowns / v->l.d);
    if (s->work + 4 * each <= most_work) return true;
    s->spent = true;
    return false;
}

/* Have this mesh and the one before counted as many directions of the second variation? A path may stand still, such as
 * y = 0, long before the variations that matter can be drawn. */
static sn_status count(sn_search *s, sn_search_find *f, int64_t before[2]) {
    int64_t now[2] = {-1, -1};
    bool fine;
    SN_TRY(sn_level_count(&s->rung[f->rung], f->u, f->multiplier, &now[0], &now[1], &fine));
    f->counted = fine && now[0] == before[0] && now[1] == before[1];
    before[0] = now[0], before[1] = now[1];
    return SN_OK;
}

static void add_work(sn_search *s) {
    for (int i = 0; i < LADDER; i++) s->work += s->rung[i].work, s->rung[i].work = 0;
}

/* Up the ladder until the path stands still, or moves by rounding only, and its directions are counted. *real: it moved
 * by 1e-4 at most, J by 1e-2. */
static sn_status refine(sn_search *s, sn_search_find *f, bool *real) {
    int64_t directions[2] = {-2, -2};
    bool better = true, still = false;
    f->change = f->value_change = 1;
    SN_TRY(count(s, f, directions));
    f->counted = false;
    for (int i = f->depth + 1; better && !(still && f->counted) && fits(s, i); i++) {
        double before = fmax(f->change, f->value_change);
        SN_TRY(refine_once(s, f, i, &better));
        double now = fmax(f->change, f->value_change);
        still = better && (now <= 1e-11 || (now < 1e-8 && now > 0.2 * before));
        if (better && now < 1e-2) SN_TRY(count(s, f, directions));
        add_work(s);
    }
    *real = f->change < 1e-4 && f->value_change < 1e-2;
    return SN_OK;
}

/* ---- The search ---- */

/* Is a path so large that its ends say nothing? Between ends half a period apart nothing is stationary, and what the
 * rounding of their distance and the mesh let through has a height of 1e13 and more. */
static bool is_lost(const sn_search *s, const sn_search_find *f) {
    const sn_mesh *mesh = &s->rung[f->rung].mesh;
    int d = s->v->l.d;
    for (int64_t i = 0; i < mesh->n_nodes; i++)
        for (int k = 0; k < d; k++)
            if (fabs(f->u[i * d + k]) > 1e11 * s->v->scale[k]) return true;
    return false;
}

sn_status sn_search_consider(sn_search *s, int depth, sn_search_start start, const double *u, double multiplier) {
    const sn_level *level = &s->rung[depth];
    sn_search_find f = {.depth = depth, .rung = depth, .start = start, .multiplier = multiplier, .j = level->j};
    bool real = false;
    if (is_known(s, depth, level, u)) return SN_OK;
    f.unknowns = level->n;
    f.u = new_path(level), f.coarse = new_path(level);
    sn_status status = f.u && f.coarse ? SN_OK : SN_ERR_MEMORY;
    if (status == SN_OK) {
        size_t size = (size_t)(level->mesh.n_nodes * s->v->l.d) * sizeof *u;
        memcpy(f.u, u, size);
        memcpy(f.coarse, u, size);
        status = refine(s, &f, &real);
        real = real && !is_lost(s, &f);
    }
    s->failures += status == SN_OK && !real;
    if (status == SN_OK && real && !is_found(s, &f))
        s->find[s->n++] = f;
    else
        drop(&f);
    return status;
}

/* May the search go on? Tells who watches. */
static bool goes_on(sn_search *s) {
    s->full = s->n == SN_SEARCH_MOST;
    s->spent = s->spent || s->work > most_starts;
    if (s->v->progress) s->v->progress(s->v->progress_user, s->tried, s->planned);
    return !s->full && !s->spent && s->failures < SN_SEARCH_FAILURES;
}

static sn_status try_start(sn_search *s, int rung, sn_search_start start, double *u) {
    bool found = false, fine = false;
    double multiplier;
    sn_level *level = &s->rung[rung];
    s->tried++;
    if (s->none_finite) {
        draw(s, level, start, u);
        SN_TRY(sn_level_linearise(level, u, 0, true, &fine));
        s->none_finite = !fine;
    }
    SN_TRY(solve_start(s, level, start, u, &multiplier, NULL, &found));
    if (found) SN_TRY(sn_search_consider(s, rung, start, u, multiplier));
    add_work(s);
    return SN_OK;
}

/* Starts `first` to `last` of a row: bent paths, or shots. */
static sn_status search_at(sn_search *s, int rung, int first, int last, bool shots) {
    sn_level *level;
    SN_TRY(sn_search_level(s, rung, &level));
    double *u = new_path(level);
    sn_status status = u ? SN_OK : SN_ERR_MEMORY;
    s->failures = 0;
    for (int i = first; status == SN_OK && i < last && goes_on(s); i++)
        status = try_start(s, rung, shots ? (sn_search_start){.shot = i + 1} : start_of(s->v, i), u);
    sn_free(u);
    return status;
}

/* The straight path, the shots, the bent paths; where that finds nothing, bent paths on finer meshes, and the straight
 * one on the finest: enough where the equation is linear. */
static sn_status search(sn_search *s) {
    int straight = 2, all = count_starts(s->v);
    s->planned = all;
    SN_TRY(search_at(s, 0, 0, straight, false));
    int64_t shooting = sn_shoot_work(s->v);
    if (shooting > 0 && !s->spent) {
        SN_TRY(sn_shoot(s->v, &s->shots));
        s->work += shooting;
        s->planned += s->shots.n;
        SN_TRY(search_at(s, SHOT_RUNG, 0, s->shots.n, true));
    }
    SN_TRY(search_at(s, 0, straight, all, false));
    if (s->v->brief) return SN_OK;
    for (int depth = 1; depth < SEARCHES && s->n == 0 && !s->spent; depth++) {
        s->planned += all;
        SN_TRY(search_at(s, depth, 0, all, false));
    }
    if (s->n == 0 && s->v->l.constraint && !s->spent) SN_TRY(sn_search_walk(s));
    for (int rung = SEARCHES; s->n == 0 && !s->spent && fits(s, rung + 1); rung++) {
        s->planned += straight;
        SN_TRY(search_at(s, rung, 0, straight, false));
    }
    return SN_OK;
}

static void sort(sn_search *s) {
    double sign = s->v->greatest ? -1 : 1;
    for (int i = 1; i < s->n; i++)
        for (int k = i; k > 0 && sign * s->find[k].j < sign * s->find[k - 1].j; k--) {
            sn_search_find f = s->find[k];
            s->find[k] = s->find[k - 1], s->find[k - 1] = f;
        }
}

static void remove_find(sn_search *s, int i) {
    drop(&s->find[i]);
    for (s->n--; i < s->n; i++) s->find[i] = s->find[i + 1];
    s->find[s->n] = (sn_search_find){0};
}

/* Degenerate paths of the same value lie in a family, such as b sin(x) between conjugate points: one stands for all. */
static bool joins_family(sn_search *s, int i) {
    sn_search_find *f = &s->find[i];
    for (int k = 0; k < i; k++) {
        sn_search_find *g = &s->find[k], other = *g;
        if (f->second.flat == 0 || g->second.flat == 0 || f->second.worse != g->second.worse) continue;
        if (fabs(f->j - g->j) > 1e-9 * fmax(f->size, g->size)) continue;
        if (f->change < g->change) *g = *f, *f = other; /* the one that stands stillest */
        g->family = other.family + 1;
        return true;
    }
    return false;
}

sn_status sn_search_run(const sn_variational *v, sn_search *out) {
    *out = (sn_search){.v = v, .none_finite = true};
    sn_status status = search(out);
    sort(out);
    for (int i = 0; status == SN_OK && i < out->n; i++) {
        sn_search_find *f = &out->find[i];
        status = sn_second_variation_at(&out->rung[f->rung], f->u, f->multiplier, f->counted, &f->second);
        bool solves = f->second.residual < 0.1; /* corners do not, on any mesh */
        if (status != SN_OK) continue;
        if (solves && isfinite(f->second.edge) && !joins_family(out, i)) continue;
        out->dropped += !solves;
        remove_find(out, i--);
    }
    if (status != SN_OK) sn_search_free(out);
    return status;
}

sn_status sn_search_retrace(sn_search *s, int i, sn_trace *trace) {
    const sn_search_find *f = &s->find[i];
    bool found;
    double multiplier, *u = new_path(&s->rung[f->depth]);
    if (!u) return SN_ERR_MEMORY;
    sn_level *level = &s->rung[f->depth];
    sn_status status;
    if (f->start.walked) {
        memcpy(u, f->coarse, (size_t)(level->mesh.n_nodes * s->v->l.d) * sizeof *u);
        multiplier = f->multiplier;
        status = sn_newton(level, u, &multiplier, trace, &found);
    } else {
        status = solve_start(s, level, f->start, u, &multiplier, trace, &found);
    }
    sn_free(u);
    return status;
}

static sn_status solve_degree(sn_search *s, const sn_search_find *f, int degree, double *unknowns, double *value_error,
                              double *path_error) {
    sn_level level;
    bool found = false;
    double multiplier = f->multiplier;
    SN_TRY(sn_level_new(s->v, 1, degree, &level));
    double *u = new_path(&level);
    sn_status status = u ? SN_OK : SN_ERR_MEMORY;
    if (u) {
        sn_level_transfer(&level, &s->rung[f->rung].mesh, f->u, u);
        status = sn_newton(&level, u, &multiplier, NULL, &found);
    }
    *unknowns = (double)level.n;
    if (found) {
        *value_error = fabs(level.j - f->j) / fmax(fabs(f->j), 1e-300);
        *path_error = difference(&level, u, &s->rung[f->rung], f->u);
    }
    sn_free(u);
    sn_level_free(&level);
    return status;
}

sn_status sn_search_degrees(sn_search *s, int i, const int *degrees, int n, double *unknowns, double *value_error,
                            double *path_error) {
    for (int k = 0; k < n; k++) {
        unknowns[k] = 0, value_error[k] = path_error[k] = (double)NAN;
        SN_TRY(solve_degree(s, &s->find[i], degrees[k], &unknowns[k], &value_error[k], &path_error[k]));
    }
    return SN_OK;
}
