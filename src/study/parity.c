/* Multitask sparse parity: one network's training and what is measured on the way. */
#include "study/parity.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/size.h"
#include "study/parity_net.h"
#include "train/source_tokens.h"

#include <math.h>

typedef struct parity {
    sn_arena arena;
    sn_parity_options o;
    sn_parity_result *r;
    sn_parity_tasks tasks;
    sn_parity_codes codes;
    sn_parity_net net;
} parity;

/* ---- Blocks of examples ---- */

static void put(parity *p, int64_t row, const sn_parity_example *e) {
    sn_parity_block *b = &p->net.block;
    sn_parity_spread(&p->codes, &e->bits, p->o.bits, b->bits + row * p->o.bits);
    b->task[row] = (int32_t)e->task;
    b->answer[row] = (uint8_t)e->answer;
}

/* Which example comes at place i of the training: a new one, or of a fixed set each once a round, in a new order. */
static int64_t place(const sn_parity_options *o, int64_t i) {
    if (o->examples == 0) return i;
    return sn_shuffled(o->seed, SN_PARITY_ORDER + ((uint64_t)(i / o->examples) << 8), i % o->examples, o->examples);
}

static sn_status step(parity *p, int64_t index, double *loss) {
    const sn_parity_options *o = &p->o;
    sn_parity_block *b = &p->net.block;
    int64_t batch = o->batch;
    *loss = 0;
    sn_parity_net_begin(&p->net);
    for (int64_t done = 0; done < batch; done += b->n) {
        b->n = sn_min_i64(b->rows, batch - done);
        for (int64_t row = 0; row < b->n; row++) {
            int64_t i = place(o, index * batch + done + row);
            sn_parity_example e = sn_parity_draw(&p->tasks, -1, SN_PARITY_TRAIN, i);
            put(p, row, &e);
        }
        SN_TRY(sn_parity_net_add(&p->net, 1 / (double)batch, loss));
    }
    sn_parity_net_finish(&p->net);
    sn_parity_net_update(&p->net, o->rate);
    return isfinite(*loss) ? SN_OK
                           : sn_fail(SN_ERR_NUMERIC, "parity: the loss is not finite at step %lld", (long long)index);
}

/* ---- Measurement ---- */

/* Each task's loss on its own examples. They are the same each time. */
static sn_status measure(parity *p, int64_t step) {
    const sn_parity_options *o = &p->o;
    sn_parity_block *b = &p->net.block;
    int64_t mark = p->r->n_marks++, total = o->tasks * o->test;
    double *task_loss = p->r->task_loss + mark * o->tasks;
    p->r->step[mark] = step;
    for (int64_t done = 0; done < total; done += b->n) {
        b->n = sn_min_i64(b->rows, total - done);
        for (int64_t row = 0; row < b->n; row++) {
            sn_parity_example e = sn_parity_draw(&p->tasks, (done + row) / o->test, SN_PARITY_TEST, done + row);
            put(p, row, &e);
        }
        SN_TRY(sn_parity_net_forward(&p->net));
        for (int64_t row = 0; row < b->n; row++)
            task_loss[b->task[row]] += sn_parity_loss(p->net.margin[row], b->answer[row]);
    }
    for (int64_t k = 0; k < o->tasks; k++) {
        task_loss[k] /= (double)o->test * log(2);
        p->r->loss[mark] += p->tasks.probability[k] * task_loss[k];
    }
    return SN_OK;
}

/* ---- The run ---- */

/* After how many steps mark m is made: 1 first, `steps` last, at equal ratios, each only once. */
static int64_t step_of(const sn_parity_options *o, int64_t m) {
    return (int64_t)llround(pow((double)o->steps, (double)m / (double)(o->marks - 1)));
}

/* On a fixed set the loss turns up when it is known by heart; far beyond its least value nothing is to come. */
static bool is_over(const sn_parity_result *r) {
    int64_t best = 0, last = r->n_marks - 1;
    if (r->options.examples == 0 || r->options.patience == 0) return false;
    for (int64_t m = 1; m <= last; m++)
        if (r->loss[m] < r->loss[best]) best = m;
    return (double)r->step[last] > r->options.patience * (double)r->step[best] && last >= r->options.marks / 2;
}

static sn_status train(parity *p) {
    const sn_parity_options *o = &p->o;
    int64_t mark = 0;
    for (int64_t i = 0; i < o->steps; i++) {
        double loss;
        if (o->cancel && *o->cancel) return sn_fail(SN_ERR_CANCELLED, "parity: cancelled");
        SN_TRY(step(p, i, &loss));
        while (mark < o->marks && step_of(o, mark) < i + 1) mark++;
        if (mark < o->marks && step_of(o, mark) == i + 1) {
            SN_TRY(measure(p, i + 1));
            if (is_over(p->r)) break;
        }
        if (o->progress && (i + 1) % 16 == 0) o->progress(o->user, i + 1, o->steps);
    }
    if (o->progress) o->progress(o->user, o->steps, o->steps);
    return SN_OK;
}

/* About so many numbers of the hidden layer are worked on at once: they fit into the second-level cache beside the
 * weights. */
static int64_t block_rows(const sn_parity_options *o) {
    enum { NUMBERS = 128 * 1024, LEAST = 64, MOST = 2048 };
    int64_t rows = sn_max_i64(LEAST, sn_min_i64(MOST, NUMBERS / o->width));
    return sn_ceil_div(o->batch, sn_ceil_div(o->batch, rows));
}

static sn_status run(parity *p) {
    const sn_parity_options *o = &p->o;
    SN_TRY(sn_parity_tasks_new(&p->arena, o, &p->tasks));
    sn_parity_codes_make(o->zero_one ? 0 : -1, 1, &p->codes);
    SN_TRY(sn_parity_net_new(&p->arena, o->tasks, o->bits, o->width, block_rows(o),
                             o->bf16 ? SN_PRECISION_BF16 : SN_PRECISION_AUTO, o->seed, SN_PARITY_WEIGHTS, &p->net));
    return train(p);
}

static void fill_zeros(sn_parity_options *o) {
    if (o->tasks == 0) o->tasks = 16;
    if (o->bits == 0) o->bits = 16;
    if (o->subset == 0) o->subset = 3;
    if (o->gamma == 0) o->gamma = 0.4;
    if (o->width == 0) o->width = 128;
    if (o->batch == 0) o->batch = 512;
    if (o->steps == 0) o->steps = 10000;
    if (o->marks == 0) o->marks = 60;
    if (o->test == 0) o->test = 256;
    if (o->rate == 0) o->rate = 1e-3;
    if (o->examples > 0) o->batch = sn_min_i64(o->batch, o->examples);
}

static sn_status check(const sn_parity_options *o) {
    enum { MOST = 1 << 20 };
    if (o->tasks < 1 || o->tasks > 4096 || o->bits < 1 || o->bits > SN_PARITY_BITS || o->subset < 1 ||
        o->subset > o->bits)
        return sn_fail(SN_ERR_ARGUMENT, "parity: %lld tasks of %lld among %lld bits: at most 4096, and %d bits",
                       (long long)o->tasks, (long long)o->subset, (long long)o->bits, SN_PARITY_BITS);
    if (!(o->gamma > 0 && o->gamma < 100) || !(o->rate > 0 && o->rate < 100) || !(o->patience >= 0))
        return sn_fail(SN_ERR_ARGUMENT, "parity: gamma %g or rate %g: above 0, below 100", o->gamma, o->rate);
    if (o->width < 1 || o->width > MOST || o->batch < 1 || o->batch > MOST || o->test < 1 || o->test > MOST)
        return sn_fail(SN_ERR_ARGUMENT, "parity: width, batch or test examples out of range (1 to %d)", MOST);
    if (o->steps < 2 || o->steps > (int64_t)1 << 40 || o->marks < 2 || o->marks > 4096)
        return sn_fail(SN_ERR_ARGUMENT, "parity: at least two steps and 2 to 4096 marks are wanted");
    if (o->examples < 0 || o->examples > (int64_t)1 << 40)
        return sn_fail(SN_ERR_ARGUMENT, "parity: a data set of %lld examples", (long long)o->examples);
    return SN_OK;
}

sn_status sn_parity_complete(sn_parity_options *o) {
    fill_zeros(o);
    return check(o);
}

sn_status sn_parity_result_new(const sn_parity_options *o, sn_parity_result *out) {
    const sn_quanta q = {.gamma = o->gamma, .tasks = o->tasks};
    size_t marks = (size_t)o->marks, tasks = (size_t)o->tasks;
    sn_parity_result r = {.options = *o, .n_parameters = sn_parity_net_count(o->tasks, o->bits, o->width)};
    r.step = sn_calloc(marks, sizeof *r.step);
    r.loss = sn_calloc(marks, sizeof *r.loss);
    r.task_loss = sn_calloc(marks * tasks, sizeof *r.task_loss);
    r.probability = sn_calloc(tasks, sizeof *r.probability);
    r.learned_at = sn_calloc(tasks, sizeof *r.learned_at);
    if (!r.step || !r.loss || !r.task_loss || !r.probability || !r.learned_at) {
        sn_parity_free(&r);
        return sn_fail_memory("an experiment");
    }
    for (int64_t k = 0; k < o->tasks; k++) r.probability[k] = sn_quanta_probability(&q, k + 1);
    *out = r;
    return SN_OK;
}

sn_status sn_parity_run(const sn_parity_options *options, sn_parity_result *out) {
    parity p = {.o = *options};
    sn_parity_result r;
    SN_TRY(sn_parity_complete(&p.o));
    SN_TRY(sn_parity_result_new(&p.o, &r));
    p.r = &r;
    sn_status status = run(&p);
    sn_parity_net_free(&p.net);
    sn_arena_free(&p.arena);
    if (status != SN_OK) {
        sn_parity_free(&r);
        return status;
    }
    sn_parity_sum_up(&r);
    *out = r;
    return SN_OK;
}

void sn_parity_free(sn_parity_result *r) {
    if (!r) return;
    sn_free(r->step);
    sn_free(r->loss);
    sn_free(r->task_loss);
    sn_free(r->probability);
    sn_free(r->learned_at);
    *r = (sn_parity_result){0};
}
