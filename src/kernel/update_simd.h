/* The update kernels, compiled once per instruction set by update_<variant>.c, which lists the records. Products and
 * sums are kept apart, as in the references, so that a step has the same bits with every instruction set (only Tiger's
 * root mean square is summed differently). */
#ifndef SN_KERNEL_UPDATE_SIMD_H
#define SN_KERNEL_UPDATE_SIMD_H

#include "base/size.h"
#include "kernel/attr.h"
#include "kernel/loops.h"
#include "kernel/simd.h"
#include "tensor/half.h"

#include <math.h>

/* Elements whose bf16 states are widened at once, summed in f32 before f64 takes over, and checked in one task. */
enum { update_stretch = 512, update_sum = 256, update_task = 16384 };

typedef struct update_job update_job;
/* One step for n elements; m and v are f32. */
typedef void (*update_step_fn)(const update_job *j, int64_t n, float *p, const float *g, float *m, float *v);

struct update_job {
    const sn_update_attr *attr;
    int64_t n, columns;
    int n_states;
    float *param;
    const float *grad;
    void *states[2];
    bool half[2]; /* the state is bf16 */
    float scale, rate, keep, add, correct1, correct2, decay;
    update_step_fn step;
    double *parts; /* of update_tiger: sum of squares and whether there is NaN, by task */
};

/* False where nothing is to be done. */
static bool update_begin(const sn_call *c, update_step_fn step, update_job *j) {
    const sn_update_attr *attr = c->attr;
    const int n_states = c->n_in - 4;
    const float *scalars = c->in[n_states + 3].data;
    double rate = (double)scalars[SN_UPDATE_RATE] * attr->rate_factor;
    *j = (update_job){.attr = attr,
                      .n = sn_tensor_count(&c->in[0]),
                      .n_states = n_states,
                      .param = c->in[0].data,
                      .grad = c->in[n_states + 1].data,
                      .scale = sn_call_has(c, n_states + 2) ? *(const float *)c->in[n_states + 2].data : 1,
                      .rate = (float)rate,
                      .keep = scalars[SN_UPDATE_KEEP],
                      .add = scalars[SN_UPDATE_ADD],
                      .correct1 = scalars[SN_UPDATE_CORRECT1],
                      .correct2 = scalars[SN_UPDATE_CORRECT2],
                      .decay = (float)(1 - rate * attr->weight_decay),
                      .step = step,
                      .parts = c->workspace};
    j->columns = c->in[0].n_dims > 0 ? c->in[0].shape[c->in[0].n_dims - 1] : 1;
    for (int k = 0; k < n_states; k++) {
        j->states[k] = c->in[k + 1].data;
        j->half[k] = c->in[k + 1].dtype == SN_BF16;
    }
    return isfinite(j->scale);
}

static void widen(const sn_bf16 *from, float *to, int64_t n) {
    for (int64_t i = 0; i < n; i++) to[i] = sn_bf16_to_f32(from[i]);
}

static void narrow(const float *from, sn_bf16 *to, int64_t n) {
    for (int64_t i = 0; i < n; i++) to[i] = sn_f32_to_bf16(from[i]);
}

/* Elements [from, to), a stretch at a time; bf16 states pass through f32. */
static void update_range(void *arg, int64_t from, int64_t to) {
    const update_job *j = arg;
    float wide[2][update_stretch];
    for (int64_t i = from; i < to; i += update_stretch) {
        int64_t n = sn_min_i64(update_stretch, to - i);
        float *state[2] = {NULL, NULL};
        for (int k = 0; k < j->n_states; k++) {
            state[k] = j->half[k] ? wide[k] : (float *)j->states[k] + i;
            if (j->half[k]) widen((const sn_bf16 *)j->states[k] + i, wide[k], n);
        }
        j->step(j, n, j->param + i, j->grad + i, state[0], state[1]);
        for (int k = 0; k < j->n_states; k++)
            if (j->half[k]) narrow(wide[k], (sn_bf16 *)j->states[k] + i, n);
    }
}

/* ---- steps ---- */

static inline vf load_some(const float *p, int64_t n) { return n >= vf_lanes ? vf_load(p) : vf_load_part(p, n); }
static inline void store_some(float *p, vf x, int64_t n) {
    if (n >= vf_lanes)
        vf_store(p, x);
    else
        vf_store_part(p, x, n);
}

/* keep m + add g */
static inline vf mix(const update_job *j, vf m, vf g) {
    return vf_add(vf_mul(vf_set(j->keep), m), vf_mul(vf_set(j->add), g));
}

/* -1, 0 or 1; NaN stays */
static inline vf vf_sign(vf x) {
    vf zero = vf_set(0);
    return vf_less(zero, x, vf_set(1), vf_less(x, zero, vf_set(-1), x));
}

static void step_sgd(const update_job *j, int64_t n, float *p, const float *g, float *m, float *v) {
    const vf momentum = vf_set((float)j->attr->beta1), rate = vf_set(j->rate), decay = vf_set(j->decay);
    (void)v;
    for (int64_t i = 0; i < n; i += vf_lanes) {
        vf gi = vf_mul(load_some(g + i, n - i), vf_set(j->scale)), mi = mix(j, load_some(m + i, n - i), gi);
        vf step = j->attr->nesterov ? vf_add(gi, vf_mul(momentum, mi)) : mi;
        store_some(m + i, mi, n - i);
        if (j->rate == 0) continue;
        vf kept = vf_mul(load_some(p + i, n - i), decay);
        store_some(p + i, vf_sub(kept, vf_mul(rate, step)), n - i);
    }
}

static void step_adamw(const update_job *j, int64_t n, float *p, const float *g, float *m, float *v) {
    const vf beta2 = vf_set((float)j->attr->beta2), rest2 = vf_set((float)(1 - j->attr->beta2));
    const vf epsilon = vf_set((float)j->attr->epsilon), rate = vf_set(j->rate * j->correct1);
    const vf correct2 = vf_set(j->correct2), decay = vf_set(j->decay);
    for (int64_t i = 0; i < n; i += vf_lanes) {
        vf gi = vf_mul(load_some(g + i, n - i), vf_set(j->scale)), mi = mix(j, load_some(m + i, n - i), gi);
        vf vi = vf_add(vf_mul(beta2, load_some(v + i, n - i)), vf_mul(rest2, vf_mul(gi, gi)));
        vf step = vf_div(mi, vf_add(vf_mul(vf_sqrt(vi), correct2), epsilon));
        store_some(m + i, mi, n - i);
        store_some(v + i, vi, n - i);
        vf kept = vf_mul(load_some(p + i, n - i), decay);
        store_some(p + i, vf_sub(kept, vf_mul(rate, step)), n - i);
    }
}

/* p - rate (sign(direction) + decay p) */
static inline vf sign_step(vf p, vf direction, vf rate, vf decay) {
    return vf_sub(p, vf_mul(rate, vf_add(vf_sign(direction), vf_mul(decay, p))));
}

static void step_lion(const update_job *j, int64_t n, float *p, const float *g, float *m, float *v) {
    const vf beta1 = vf_set((float)j->attr->beta1), rest1 = vf_set((float)(1 - j->attr->beta1));
    const vf rate = vf_set(j->rate), decay = vf_set((float)j->attr->weight_decay);
    (void)v;
    for (int64_t i = 0; i < n; i += vf_lanes) {
        vf gi = vf_mul(load_some(g + i, n - i), vf_set(j->scale)), mi = load_some(m + i, n - i);
        vf direction = vf_add(vf_mul(beta1, mi), vf_mul(rest1, gi));
        store_some(p + i, sign_step(load_some(p + i, n - i), direction, rate, decay), n - i);
        store_some(m + i, mix(j, mi, gi), n - i);
    }
}

static void step_tiger(const update_job *j, int64_t n, float *p, const float *g, float *m, float *v) {
    const vf rate = vf_set(j->rate), decay = vf_set((float)j->attr->weight_decay);
    (void)v;
    for (int64_t i = 0; i < n; i += vf_lanes) {
        vf gi = vf_mul(load_some(g + i, n - i), vf_set(j->scale)), mi = mix(j, load_some(m + i, n - i), gi);
        store_some(m + i, mi, n - i);
        if (j->rate != 0) store_some(p + i, sign_step(load_some(p + i, n - i), mi, rate, decay), n - i);
    }
}

/* ---- update_tiger: what must be known of the whole parameter before a step ---- */

static double sum_of_squares(const float *p, int64_t n) {
    double sum = 0;
    for (int64_t from = 0; from < n; from += update_sum) {
        int64_t to = sn_min_i64(n, from + update_sum);
        vf part = vf_set(0);
        for (int64_t i = from; i < to; i += vf_lanes) {
            vf x = load_some(p + i, to - i);
            part = vf_add(part, vf_mul(x, x));
        }
        sum += (double)vf_sum(part);
    }
    return sum;
}

/* Every number is below 1 or above a half in magnitude; NaN is neither. */
static bool any_nan(const float *g, int64_t n) {
    const vf none = vf_set(0), one = vf_set(1), half = vf_set(0.5f);
    vf found = none;
    for (int64_t i = 0; i < n; i += vf_lanes) {
        vf x = vf_abs(load_some(g + i, n - i));
        found = vf_max(found, vf_less(x, one, none, vf_less(half, x, none, one)));
    }
    return vf_largest(found) > 0;
}

static void inspect_task(void *arg, int64_t task, int thread) {
    const update_job *j = arg;
    int64_t from = task * update_task, n = sn_min_i64(update_task, j->n - from);
    bool by_rms = j->rate != 0 && j->attr->rate_by == SN_RATE_RMS;
    (void)thread;
    j->parts[2 * task] = by_rms ? sum_of_squares(j->param + from, n) : 0;
    j->parts[2 * task + 1] = any_nan(j->grad + from, n);
}

static void shrink_range(void *arg, int64_t from, int64_t to) {
    const update_job *j = arg;
    const vf centre = vf_set((float)j->attr->shrink_centre), shrink = vf_set((float)j->attr->shrink);
    for (int64_t i = from; i < to; i += vf_lanes) {
        vf away = vf_sub(load_some(j->param + i, to - i), centre);
        store_some(j->param + i, vf_add(vf_mul(away, shrink), centre), to - i);
    }
}

static void update_rows(void *arg, int64_t from, int64_t to) {
    for (int64_t row = from; row < to; row++) {
        update_job j = *(const update_job *)arg;
        int64_t first = row * j.columns;
        if (j.rate != 0) j.rate *= (float)sqrt(sum_of_squares(j.param + first, j.columns) / (double)j.columns);
        update_range(&j, first, first + j.columns);
    }
}

static void tiger_run(sn_team *team, update_job *j) {
    const int64_t n_tasks = sn_ceil_div(j->n, update_task);
    double sum = 0, nan = 0;
    sn_parallel(team, inspect_task, j, n_tasks);
    for (int64_t t = 0; t < n_tasks; t++) sum += j->parts[2 * t], nan += j->parts[2 * t + 1];
    if (nan > 0) {
        sn_parallel_ranges(team, shrink_range, j, j->n, 2);
        return;
    }
    if (j->attr->rate_by == SN_RATE_ROW_RMS) {
        sn_parallel_ranges(team, update_rows, j, j->n / j->columns, 4 * j->columns);
        return;
    }
    if (j->attr->rate_by == SN_RATE_RMS) j->rate *= (float)sqrt(sum / (double)j->n);
    sn_parallel_ranges(team, update_range, j, j->n, 4);
}

/* ---- records ---- */

static bool update_applicable(const sn_call *c) {
    return c->in[0].dtype == SN_F32 && sn_tensor_is_contiguous(&c->in[c->n_in - 3]) &&
           sn_tensor_is_contiguous(&c->in[c->n_in - 1]);
}

static size_t tiger_workspace(const sn_call *c, int n_threads) {
    (void)n_threads;
    return 2 * sizeof(double) * (size_t)sn_ceil_div(sn_tensor_count(&c->in[0]), update_task);
}

static void run_update(const sn_call *c, update_step_fn step, int work) {
    update_job j;
    if (update_begin(c, step, &j)) sn_parallel_ranges(c->team, update_range, &j, j.n, work);
}

static void run_sgd(const sn_call *c) { run_update(c, step_sgd, 4); }
static void run_adamw(const sn_call *c) { run_update(c, step_adamw, 8); }
static void run_lion(const sn_call *c) { run_update(c, step_lion, 4); }
static void run_tiger(const sn_call *c) {
    update_job j;
    if (update_begin(c, step_tiger, &j) && j.n > 0) tiger_run(c->team, &j);
}

#define SN_UPDATE_RECORD(rule, variant, isa_, rank_)                                                                   \
    {                                                                                                                  \
        .op = "update_" #rule, .name = variant, .isa = isa_, .rank = rank_, .applicable = update_applicable,           \
        .run = run_##rule                                                                                              \
    }
#define SN_UPDATE_RECORD_TIGER(variant, isa_, rank_)                                                                   \
    {                                                                                                                  \
        .op = "update_tiger", .name = variant, .isa = isa_, .rank = rank_, .applicable = update_applicable,            \
        .workspace = tiger_workspace, .run = run_tiger                                                                 \
    }

#endif
