/* Self-consuming loops: the runs. */
#include "study/mad.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/size.h"
#include "base/threads.h"

#include <math.h>
#include <string.h>

const char *sn_mad_loop_name(sn_mad_loop loop) {
    static const char *const names[SN_MAD_LOOPS] = {"synthetic", "augmented", "fresh"};
    return (int)loop >= 0 && (int)loop < SN_MAD_LOOPS ? names[loop] : NULL;
}

const char *sn_mad_measure_name(sn_mad_measure m) {
    static const char *const names[SN_MAD_MEASURES] = {"frechet",     "precision", "recall",
                                                       "mean_square", "variance",  "w2"};
    return (int)m >= 0 && (int)m < SN_MAD_MEASURES ? names[m] : NULL;
}

/* ---- One run ---- */

/* Streams of random numbers: (run, generation, purpose), two apart because a draw may use two. */
enum { REAL, FIT, MADE, JUDGE_REAL, JUDGE_MADE, PURPOSES };

static uint64_t stream_of(int64_t run, int64_t generation, int purpose) {
    return (((uint64_t)run << 24 | (uint64_t)generation) * PURPOSES + (uint64_t)purpose) * 2;
}

typedef struct run {
    const sn_mad_options *o;
    int64_t index, n_real; /* real points that stay in the data */
    double *data;          /* of one generation: real points first */
    double *judged;        /* 2 n_judge: real, made */
    double *moments;       /* mean and covariance of model and source */
    double *out;           /* generations x SN_MAD_MEASURES */
} run;

static int64_t largest(const sn_mad_options *o) {
    int64_t made = o->pool ? o->n_synthetic * (o->generations - 1) : o->n_synthetic;
    int64_t real = o->loop == SN_MAD_SYNTHETIC ? 0 : o->loop == SN_MAD_AUGMENTED ? o->n_initial : o->n_real;
    return sn_max_i64(o->n_initial, real + made);
}

/* Not where only moments are wanted and they are known: drawing takes far longer than anything else then. */
static bool draws_to_judge(const sn_mad_options *o) { return o->n_judge > 0 || !o->model->moments || o->source->table; }

static sn_status judge_samples(const run *r, const void *model, int64_t generation, double *out) {
    const sn_mad_options *o = r->o;
    if (!draws_to_judge(o)) return SN_OK;
    int64_t n = o->n_judge > 0 ? o->n_judge : 1000, d = o->source->d;
    double *real = r->judged, *made = real + n * d;
    sn_mad_draw(o->source, o->seed, stream_of(r->index, generation, JUDGE_REAL), n, real);
    SN_TRY(o->model->sample(model, o->lambda, o->seed, stream_of(r->index, generation, JUDGE_MADE), n, made));
    SN_TRY(sn_frechet_points(made, n, real, n, d, &out[SN_MAD_FRECHET]));
    if (o->n_judge < 0) return SN_OK;
    SN_TRY(sn_neighbour_cover(made, n, real, n, d, o->neighbours, &out[SN_MAD_PRECISION]));
    return sn_neighbour_cover(real, n, made, n, d, o->neighbours, &out[SN_MAD_RECALL]);
}

static sn_status judge(const run *r, const void *model, int64_t generation) {
    const sn_mad_options *o = r->o;
    int64_t d = o->source->d;
    double *out = r->out + generation * SN_MAD_MEASURES, *mean = r->moments, *covariance = mean + d;
    double *true_mean = covariance + d * d, *true_covariance = true_mean + d;
    for (int m = 0; m < SN_MAD_MEASURES; m++) out[m] = NAN;
    SN_TRY(judge_samples(r, model, generation, out));
    if (!o->model->moments) return SN_OK;
    o->model->moments(model, mean, covariance);
    out[SN_MAD_MEAN_SQUARE] = out[SN_MAD_VARIANCE] = 0;
    for (int64_t a = 0; a < d; a++) {
        out[SN_MAD_MEAN_SQUARE] += mean[a] * mean[a] / (double)d;
        out[SN_MAD_VARIANCE] += covariance[a * d + a] / (double)d;
    }
    if (!sn_mad_source_moments(o->source, true_mean, true_covariance)) return SN_OK;
    return sn_frechet_gaussians(mean, covariance, true_mean, true_covariance, d, &out[SN_MAD_W2]);
}

/* Puts the data of the next generation together; gives its size. */
static sn_status gather(run *r, const void *model, int64_t generation, int64_t *n) {
    const sn_mad_options *o = r->o;
    int64_t d = o->source->d, real = 0, made = o->n_synthetic, before = 0;
    uint64_t stream = stream_of(r->index, generation, MADE);
    if (o->loop == SN_MAD_AUGMENTED) real = o->n_initial; /* they are still there */
    if (o->loop == SN_MAD_FRESH) {
        real = o->n_real;
        sn_mad_draw(o->source, o->seed, stream_of(r->index, generation, REAL), real, r->data);
    }
    if (o->pool && o->loop == SN_MAD_AUGMENTED) before = (generation - 1) * made;
    *n = real + before + made;
    return o->model->sample(model, o->lambda, o->seed, stream, made, r->data + (real + before) * d);
}

static sn_status run_generations(run *r) {
    const sn_mad_options *o = r->o;
    int64_t n = o->n_initial;
    void *model = NULL;
    sn_status status = SN_OK;
    sn_mad_draw(o->source, o->seed, stream_of(r->index, 0, REAL), n, r->data);
    for (int64_t g = 0; status == SN_OK && g < o->generations; g++) {
        if (g > 0) status = gather(r, model, g, &n);
        if (status == SN_OK && o->cancel && *o->cancel) status = sn_fail(SN_ERR_CANCELLED, "mad: cancelled");
        if (model) o->model->free(model);
        model = NULL;
        if (status == SN_OK)
            status =
                o->model->fit(o->model->user, r->data, n, o->source->d, o->seed, stream_of(r->index, g, FIT), &model);
        if (status == SN_OK) status = judge(r, model, g);
    }
    if (model) o->model->free(model);
    return status;
}

/* ---- All runs ---- */

typedef struct job {
    const sn_mad_options *o;
    double *out;       /* runs x generations x SN_MAD_MEASURES */
    sn_status *status; /* runs */
    char (*message)[256];
    int64_t first;
} job;

static void run_one(void *arg, int64_t task, int thread) {
    job *j = arg;
    const sn_mad_options *o = j->o;
    int64_t d = o->source->d, index = j->first + task, judged = o->n_judge > 0 ? o->n_judge : 1000;
    size_t size = (size_t)(largest(o) * d + 2 * judged * d + 2 * (d + d * d));
    run r = {.o = o,
             .index = index,
             .data = sn_alloc(size * sizeof(double)),
             .out = j->out + index * o->generations * SN_MAD_MEASURES};
    (void)thread;
    r.judged = r.data + largest(o) * d;
    r.moments = r.judged + 2 * judged * d;
    j->status[index] = r.data ? run_generations(&r) : sn_fail_memory("a self-consuming loop");
    if (j->status[index] != SN_OK) { /* the message belongs to this thread */
        strncpy(j->message[index], sn_last_error(), sizeof j->message[index] - 1);
        j->message[index][sizeof j->message[index] - 1] = 0;
    }
    sn_free(r.data);
}

static void sum_up(const job *j, sn_mad_result *r) {
    int64_t runs = j->o->runs, generations = j->o->generations;
    for (int64_t g = 0; g < generations; g++)
        for (int m = 0; m < SN_MAD_MEASURES; m++) {
            double mean = 0, square = 0;
            for (int64_t k = 0; k < runs; k++)
                mean += j->out[(k * generations + g) * SN_MAD_MEASURES + m] / (double)runs;
            for (int64_t k = 0; k < runs; k++) {
                double apart = j->out[(k * generations + g) * SN_MAD_MEASURES + m] - mean;
                square += apart * apart;
            }
            r->by_generation[g].value[m] = mean;
            r->by_generation[g].error[m] = runs > 1 ? sqrt(square / (double)(runs - 1) / (double)runs) : NAN;
        }
}

/* Where all made points are kept, lambda below 1 lets the variance die as a power of the generation; at 1 it has some
 * limit. */
static void set_limits(const sn_mad_options *o, int64_t n_real, double *limit) {
    if (o->pool) {
        if (o->lambda < 1) limit[SN_MAD_VARIANCE] = 0;
        return;
    }
    const sn_mad_moments first = sn_mad_moments_first(o->n_initial);
    sn_mad_moments m = sn_mad_moments_limit(&first, o->loop, n_real, o->n_synthetic, o->lambda);
    limit[SN_MAD_MEAN_SQUARE] = m.mean_square;
    limit[SN_MAD_VARIANCE] = m.variance;
}

static void expect(const sn_mad_options *o, sn_mad_result *r) {
    bool known =
        strcmp(o->model->name, "gaussian") == 0 && !o->source->table && strcmp(o->source->name, "gaussian") == 0;
    int64_t n_real = o->loop == SN_MAD_AUGMENTED ? o->n_initial : o->n_real;
    sn_mad_moments m = sn_mad_moments_first(o->n_initial);
    for (int k = 0; k < SN_MAD_MEASURES; k++) r->limit[k] = NAN;
    if (known) set_limits(o, n_real, r->limit);
    for (int64_t g = 0; g < o->generations; g++) {
        double *out = r->by_generation[g].expected;
        for (int k = 0; k < SN_MAD_MEASURES; k++) out[k] = NAN;
        if (!known) continue;
        if (g > 0 && o->pool)
            m = sn_mad_moments_pooled(&m, n_real + (g - 1) * o->n_synthetic, o->n_synthetic, o->lambda);
        else if (g > 0)
            m = sn_mad_moments_next(&m, o->loop, n_real, o->n_synthetic, o->lambda);
        out[SN_MAD_MEAN_SQUARE] = m.mean_square;
        out[SN_MAD_VARIANCE] = m.variance;
        if (o->source->d == 1) out[SN_MAD_W2] = sn_mad_expected_w2(&m);
    }
}

static sn_status run_all(job *j, sn_team *team) {
    int64_t part = 4 * (int64_t)sn_team_size(team);
    for (j->first = 0; j->first < j->o->runs; j->first += part) {
        int64_t n = sn_min_i64(part, j->o->runs - j->first);
        sn_parallel(team, run_one, j, n);
        for (int64_t k = j->first; k < j->first + n; k++)
            if (j->status[k] != SN_OK) return sn_fail(j->status[k], "%s", j->message[k]);
        if (j->o->progress) j->o->progress(j->o->user, j->first + n, j->o->runs);
    }
    return SN_OK;
}

/* Squares of the values must be finite, and each column must vary. */
static sn_status check_table(const sn_mad_source *s) {
    for (int64_t k = 0; k < s->d && s->table; k++) {
        bool varies = false;
        for (int64_t i = 0; i < s->n_table; i++) {
            double x = s->table[i * s->d + k];
            if (!(fabs(x) <= 1e100))
                return sn_fail(SN_ERR_ARGUMENT, "mad: row %lld, column %lld: %g is too large: 1e100 is the most",
                               (long long)i + 1, (long long)k + 1, x);
            varies |= x != s->table[k];
        }
        if (!varies)
            return sn_fail(SN_ERR_ARGUMENT, "mad: column %lld does not vary: there is nothing to learn",
                           (long long)k + 1);
    }
    return SN_OK;
}

static sn_status check(const sn_mad_options *o) {
    enum { MOST = 1 << 24, MOST_DIMS = 64 };
    if (!o->model || !o->source) return sn_fail(SN_ERR_ARGUMENT, "mad: a model and a source are wanted");
    int64_t d = o->source->d;
    if (d < 1 || d > MOST_DIMS || (o->model->most_dims > 0 && d > o->model->most_dims))
        return sn_fail(SN_ERR_ARGUMENT, "mad: %lld dimensions: the model \"%s\" takes 1 to %lld", (long long)d,
                       o->model->name, (long long)(o->model->most_dims ? o->model->most_dims : MOST_DIMS));
    if (!sn_mad_loop_name(o->loop)) return sn_fail(SN_ERR_ARGUMENT, "mad: there is no loop %d", (int)o->loop);
    if (!(o->lambda > 0 && o->lambda <= 1))
        return sn_fail(SN_ERR_ARGUMENT, "mad: a sampling bias lambda of %g: above 0, at most 1", o->lambda);
    if (o->n_initial < 2 || o->n_real < 1 || o->n_synthetic < 1 || largest(o) < 2 || largest(o) > MOST)
        return sn_fail(SN_ERR_ARGUMENT, "mad: %lld first, %lld real and %lld made points a generation: 2 to %d in all",
                       (long long)o->n_initial, (long long)o->n_real, (long long)o->n_synthetic, MOST);
    if (o->loop == SN_MAD_SYNTHETIC && o->n_synthetic < 2)
        return sn_fail(SN_ERR_ARGUMENT, "mad: a loop of made points alone needs two of them");
    if (o->generations < 1 || o->generations > 1 << 20 || o->runs < 1 || o->runs > 1 << 20)
        return sn_fail(SN_ERR_ARGUMENT, "mad: generations and runs are from 1 to %d", 1 << 20);
    if (o->n_judge == 1 || o->n_judge > 1 << 20 || (o->n_judge > 0 && o->n_judge <= o->neighbours))
        return sn_fail(SN_ERR_ARGUMENT, "mad: %lld points to judge by: more than neighbours (%d) are wanted",
                       (long long)o->n_judge, o->neighbours);
    return check_table(o->source);
}

static void fill_zeros(sn_mad_options *o) {
    if (o->lambda == 0) o->lambda = 1;
    if (o->generations == 0) o->generations = 10;
    if (o->n_initial == 0) o->n_initial = 1000;
    if (o->n_real == 0) o->n_real = o->n_initial;
    if (o->n_synthetic == 0) o->n_synthetic = o->n_initial;
    if (o->n_judge == 0) o->n_judge = 1000;
    if (o->source && o->source->table && o->n_judge > o->source->n_table) {
        /* rows drawn again and again would be their own neighbours, at distance 0 */
        sn_log_message(SN_LOG_WARN, "mad: judging by %lld points, as many as the table has rows",
                       (long long)o->source->n_table);
        o->n_judge = o->source->n_table;
    }
    if (o->neighbours == 0) o->neighbours = 5;
    if (o->runs == 0) o->runs = 1;
    if (o->loop != SN_MAD_AUGMENTED) o->pool = false;
}

sn_status sn_mad_run(const sn_mad_options *options, sn_mad_result *out) {
    sn_mad_result r = {.options = *options};
    sn_team *team = NULL;
    fill_zeros(&r.options);
    SN_TRY(check(&r.options));
    int64_t runs = r.options.runs, generations = r.options.generations;
    job j = {.o = &r.options,
             .out = sn_calloc((size_t)(runs * generations), SN_MAD_MEASURES * sizeof *j.out),
             .status = sn_calloc((size_t)runs, sizeof *j.status),
             .message = sn_calloc((size_t)runs, sizeof *j.message)};
    r.by_generation = sn_calloc((size_t)generations, sizeof *r.by_generation);
    sn_status status =
        j.out && j.status && j.message && r.by_generation ? SN_OK : sn_fail_memory("a self-consuming loop");
    if (status == SN_OK) status = sn_team_new(options->n_threads, &team);
    if (status == SN_OK) status = run_all(&j, team);
    if (status == SN_OK) {
        sum_up(&j, &r);
        expect(&r.options, &r);
        *out = r;
    } else
        sn_free(r.by_generation);
    sn_team_free(team);
    sn_free(j.out);
    sn_free(j.status);
    sn_free(j.message);
    return status;
}

void sn_mad_free(sn_mad_result *r) {
    if (!r) return;
    sn_free(r->by_generation);
    r->by_generation = NULL;
}
