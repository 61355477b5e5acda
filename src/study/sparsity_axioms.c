/* The axioms of sparsity measures, tried on random vectors. */
#include "suan/measure.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/philox.h"

#include <math.h>
#include <string.h>

enum { most = 24 };

/* Measured values this close are the same: a rounding error of vectors this short is below 1e-14. */
static const double tolerance = 1e-12;

typedef struct trial {
    const sn_sparsity_measure *measure;
    uint64_t seed, index;
    int64_t drawn;
    double x[2 * most + 1];
    int64_t n;
} trial;

static double draw(trial *t) { return sn_uniform_f64(t->seed, t->index, (uint64_t)t->drawn++); }

/* 2 to 24 values of 0 or more, no two alike: uniform, or with heavy tails; some have zeros in them. */
static void draw_vector(trial *t) {
    double shape = 1 + 4 * draw(t), empty = draw(t) < 0.3 ? 0.3 : 0;
    t->n = 2 + (int64_t)(draw(t) * (most - 1));
    for (int64_t i = 0; i < t->n; i++) t->x[i] = draw(t) < empty ? 0 : pow(0.02 + draw(t), shape);
    t->x[0] = 0.5, t->x[1] = 1 + draw(t); /* never constant, never all zero */
}

static double measure(const trial *t) {
    double copy[2 * most + 1], spare[2 * most + 1], value = NAN;
    sn_sparsity_vector v;
    memcpy(copy, t->x, sizeof copy);
    if (sn_sparsity_prepare(copy, t->n, spare, &v) != SN_OK) return NAN;
    if (sn_sparsity(&v, t->measure, &value) != SN_OK) return NAN;
    return t->measure->kind == SN_SPARSITY_GINI ? 1 - value : value; /* smaller is sparser */
}

/* ---- What each axiom does to the vector ---- */

static void robin_hood(trial *t) {
    int64_t rich, poor;
    do {
        rich = (int64_t)(draw(t) * (double)t->n);
        poor = (int64_t)(draw(t) * (double)t->n);
    } while (t->x[rich] - t->x[poor] < 0.05);
    double alpha = (0.05 + 0.9 * draw(t)) * (t->x[rich] - t->x[poor]) / 2;
    t->x[rich] -= alpha, t->x[poor] += alpha;
}

static void scale(trial *t) {
    double c = exp(20 * draw(t) - 10);
    for (int64_t i = 0; i < t->n; i++) t->x[i] *= c;
}

static void lift(trial *t) {
    double c = 0.05 + 2 * draw(t);
    for (int64_t i = 0; i < t->n; i++) t->x[i] += c;
}

static void clone(trial *t) {
    memcpy(t->x + t->n, t->x, (size_t)t->n * sizeof *t->x);
    t->n *= 2;
}

/* Twice as much again for one that is far above all others already (make_rich). */
static void enrich(trial *t) { t->x[0] *= 1.5; }

static void append_zero(trial *t) { t->x[t->n++] = 0; }

static void make_rich(trial *t) {
    double total = 0;
    for (int64_t i = 0; i < t->n; i++) total += t->x[i];
    t->x[0] = 20 * (double)t->n * total;
}

typedef struct axiom_def {
    const char *name;
    void (*change)(trial *t);
    void (*before)(trial *t); /* may be NULL */
    int direction;            /* of S: 1 rises, -1 falls, 0 stays */
} axiom_def;

static const axiom_def axioms[SN_N_AXIOMS] = {
    [SN_AXIOM_ROBIN_HOOD] = {"D1 Robin Hood", robin_hood, NULL, 1},
    [SN_AXIOM_SCALE] = {"D2 scale", scale, NULL, 0},
    [SN_AXIOM_RISING] = {"D3 rising tide", lift, NULL, 1},
    [SN_AXIOM_CLONE] = {"D4 cloning", clone, NULL, 0},
    [SN_AXIOM_RICH] = {"P1 one grows", enrich, make_rich, -1},
    [SN_AXIOM_ZERO] = {"P2 a zero more", append_zero, NULL, -1},
};

const char *sn_sparsity_axiom_name(sn_sparsity_axiom axiom) { return axioms[axiom].name; }

static void try_once(trial *t, const axiom_def *axiom, sn_axiom_count *count) {
    draw_vector(t);
    if (axiom->before) axiom->before(t);
    double old = measure(t);
    axiom->change(t);
    double change = measure(t) - old;
    bool same = fabs(change) <= tolerance * fabs(old);
    count->trials++;
    if (axiom->direction == 0)
        count->wrong += !same;
    else if (same)
        count->equal++;
    else
        count->wrong += !(change * axiom->direction > 0);
}

sn_status sn_sparsity_try_axioms(const sn_sparsity_measure *measure_, int64_t trials, uint64_t seed,
                                 sn_axiom_count out[SN_N_AXIOMS]) {
    double unused;
    const sn_sparsity_vector probe = {.sorted = (const double[]){1}, .n = 1, .largest = 1};
    if (trials < 1) return sn_fail(SN_ERR_ARGUMENT, "sparsity: %lld trials of the axioms", (long long)trials);
    SN_TRY(sn_sparsity(&probe, measure_, &unused));
    for (int a = 0; a < SN_N_AXIOMS; a++) {
        out[a] = (sn_axiom_count){0};
        for (int64_t i = 0; i < trials; i++) {
            trial t = {.measure = measure_, .seed = seed, .index = (uint64_t)(i * SN_N_AXIOMS + a)};
            try_once(&t, &axioms[a], &out[a]);
        }
    }
    return SN_OK;
}
