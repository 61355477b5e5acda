/* A recipe's run: texts, trainings, tests, orderings. */
#include "study/recipe.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/number.h"
#include "suan/model.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* A result with all its arrays, in one arena. */
typedef struct outcome {
    sn_recipe_result result; /* first: what the caller gets is the address of this */
    sn_arena arena;
    sn_recipe_row *rows;
    sn_recipe_score **scores; /* of each row */
    double **curves;          /* of each row: repeated, then long; n_buckets each, sums over the seeds */
    sn_recipe_ordering *orderings;
    bool **held;
    sn_recipe_training *trainings;
} outcome;

typedef struct run {
    const sn_recipe *recipe;
    const sn_recipe_options *options;
    sn_recipe_data data;
    outcome *out;
    int n_seeds;
} run;

/* ---- Room for the results ---- */

static void read_numbers(const char *text, double out[SN_RECIPE_TESTS]) {
    for (int i = 0; i < SN_RECIPE_TESTS; i++) {
        text += strspn(text, " ");
        size_t n = strcspn(text, " ");
        if (n == 0 || !sn_number_parse(text, n, &out[i])) out[i] = NAN;
        text += n;
    }
}

static const char *keep(outcome *o, const char *text, bool *fine) {
    const char *copy = sn_arena_strdup(&o->arena, text);
    *fine = *fine && copy;
    return copy;
}

static sn_status take_row(run *x, int i) {
    const sn_recipe_row_def *d = &x->recipe->rows[i];
    outcome *o = x->out;
    size_t buckets = (size_t)x->recipe->test.buckets;
    bool fine = true;
    o->scores[i] = sn_arena_array(&o->arena, (size_t)x->n_seeds * SN_RECIPE_TESTS, sizeof **o->scores);
    o->curves[i] = sn_arena_array(&o->arena, 2 * buckets, sizeof **o->curves);
    sn_recipe_row *row = &o->rows[i];
    *row = (sn_recipe_row){.name = keep(o, d->name, &fine),
                           .model = keep(o, d->model, &fine),
                           .extend = keep(o, d->extend, &fine),
                           .note = keep(o, d->note, &fine),
                           .scores = o->scores[i],
                           .drawn = d->drawn};
    if (!fine || !o->scores[i] || !o->curves[i]) return sn_fail_memory("a recipe's result");
    read_numbers(d->published, row->published);
    read_numbers(d->reached, row->reached);
    row->curve[SN_RECIPE_REPEATED] = o->curves[i];
    row->curve[SN_RECIPE_LONG] = o->curves[i] + buckets;
    return SN_OK;
}

static sn_status take_claim(run *x, int i) {
    const sn_recipe_claim_def *d = &x->recipe->claims[i];
    outcome *o = x->out;
    bool fine = true;
    o->held[i] = sn_arena_array(&o->arena, (size_t)x->n_seeds, sizeof **o->held);
    o->orderings[i] = (sn_recipe_ordering){.name = keep(o, d->name, &fine),
                                           .claim = keep(o, d->text, &fine),
                                           .reached = keep(o, d->reached, &fine),
                                           .note = keep(o, d->note, &fine),
                                           .held = o->held[i],
                                           .robust = d->mini};
    return fine && o->held[i] ? SN_OK : sn_fail_memory("a recipe's result");
}

static sn_status allocate(run *x) {
    const sn_recipe *r = x->recipe;
    outcome *o = x->out;
    size_t rows = (size_t)r->n_rows, claims = (size_t)r->n_claims + 1;
    o->rows = sn_arena_array(&o->arena, rows, sizeof *o->rows);
    o->scores = sn_arena_array(&o->arena, rows, sizeof *o->scores);
    o->curves = sn_arena_array(&o->arena, rows, sizeof *o->curves);
    o->orderings = sn_arena_array(&o->arena, claims, sizeof *o->orderings);
    o->held = sn_arena_array(&o->arena, claims, sizeof *o->held);
    o->trainings = sn_arena_array(&o->arena, (size_t)x->n_seeds * SN_RECIPE_MOST, sizeof *o->trainings);
    if (!o->rows || !o->scores || !o->curves || !o->orderings || !o->held || !o->trainings)
        return sn_fail_memory("a recipe's result");
    for (int i = 0; i < r->n_rows; i++) SN_TRY(take_row(x, i));
    for (int i = 0; i < r->n_claims; i++) SN_TRY(take_claim(x, i));
    return SN_OK;
}

static sn_status describe(run *x) {
    const sn_recipe *r = x->recipe;
    outcome *o = x->out;
    bool fine = true;
    const char *data = x->options->data ? x->options->data : "stories";
    o->result = (sn_recipe_result){.name = keep(o, r->name, &fine),
                                   .title = keep(o, r->title, &fine),
                                   .source = keep(o, r->source, &fine),
                                   .data = keep(o, data, &fine),
                                   .mini = r->mini,
                                   .n_seeds = x->n_seeds,
                                   .n_rows = r->n_rows,
                                   .n_orderings = r->n_claims,
                                   .n_buckets = (int)r->test.buckets,
                                   .windows = r->test.windows};
    if (!fine) return sn_fail_memory("a recipe's result");
    SN_TRY(allocate(x));
    o->result.rows = o->rows;
    o->result.orderings = o->orderings;
    o->result.trainings = o->trainings;
    return SN_OK;
}

void sn_recipe_result_free(sn_recipe_result *r) {
    outcome *o = (outcome *)r;
    if (!o) return;
    sn_arena_free(&o->arena);
    sn_free(o);
}

/* ---- Trainings ---- */

static sn_status train_all(run *x) {
    const sn_recipe *r = x->recipe;
    outcome *o = x->out;
    for (int seed = 0; seed < x->n_seeds; seed++)
        for (int m = 0; m < r->n_models; m++)
            if (r->models[m].used)
                SN_TRY(sn_recipe_train(r, x->options, &x->data, m, seed + 1, &o->arena,
                                       &o->trainings[o->result.n_trainings++]));
    return SN_OK;
}

/* ---- Tests ---- */

static void advance(const run *x, int64_t done) {
    const sn_recipe_options *o = x->options;
    int64_t total = (int64_t)x->recipe->n_rows * x->n_seeds;
    if (o->on_progress) o->on_progress(o->user, "testing", "rows", (double)done, (double)total);
}

static sn_status test_row(run *x, const sn_recipe_measure *m, int seed, int row, const sn_recipe_score *in) {
    outcome *o = x->out;
    sn_recipe_score *scores = o->scores[row] + seed * SN_RECIPE_TESTS;
    int64_t n = x->recipe->test.buckets;
    double *curve = sn_calloc((size_t)n, sizeof *curve);
    sn_status status = curve ? SN_OK : sn_fail_memory("a recipe's result");
    scores[SN_RECIPE_IN] = *in;
    for (int t = SN_RECIPE_REPEATED; t <= SN_RECIPE_LONG && status == SN_OK; t++) {
        double *sum = o->curves[row] + (t - SN_RECIPE_REPEATED) * n;
        status = sn_recipe_measure_test(m, (sn_recipe_test)t, &scores[t], curve);
        for (int64_t b = 0; b < n; b++) sum[b] += curve[b] / x->n_seeds;
    }
    sn_free(curve);
    return status == SN_OK ? SN_OK : sn_fail_in(status, "row %s", x->recipe->rows[row].name);
}

/* All rows of one trained model, one after another; positions of "in" are those of the training. */
static sn_status test_model(run *x, const sn_model *model, int seed, int index, int64_t *done) {
    const sn_recipe *r = x->recipe;
    sn_recipe_score in;
    sn_recipe_measure m = {.model = model,
                           .extend = "none",
                           .data = &x->data,
                           .windows = r->test.windows,
                           .n_threads = x->options->n_threads,
                           .n_buckets = (int)r->test.buckets,
                           .cancel = x->options->cancel};
    SN_TRY(sn_recipe_measure_test(&m, SN_RECIPE_IN, &in, NULL));
    for (int i = 0; i < r->n_rows; i++) {
        if (r->rows[i].model_index != index) continue;
        m.extend = r->rows[i].extend;
        SN_TRY(test_row(x, &m, seed, i, &in));
        advance(x, ++*done);
    }
    return SN_OK;
}

static sn_status test_all(run *x) {
    int64_t done = 0;
    outcome *o = x->out;
    for (int i = 0; i < o->result.n_trainings; i++) {
        sn_recipe_training *t = &o->trainings[i];
        sn_model *model;
        int index = 0;
        while (strcmp(x->recipe->models[index].name, t->model) != 0) index++;
        SN_TRY(sn_model_open(t->path, &model));
        t->n_params = sn_model_n_params(model);
        sn_status status = test_model(x, model, (int)t->seed - 1, index, &done);
        sn_model_free(model);
        if (status != SN_OK) return sn_fail_in(status, "%s, seed %" PRId64, t->model, t->seed);
    }
    return SN_OK;
}

/* ---- Results ---- */

static void conclude_row(const run *x, sn_recipe_row *row) {
    double n = x->n_seeds;
    for (int t = 0; t < SN_RECIPE_TESTS; t++) {
        sn_recipe_score mean = {0}, square = {0};
        for (int s = 0; s < x->n_seeds; s++) {
            mean.accuracy += row->scores[s * SN_RECIPE_TESTS + t].accuracy / n;
            mean.loss += row->scores[s * SN_RECIPE_TESTS + t].loss / n;
        }
        for (int s = 0; s < x->n_seeds; s++) {
            double a = row->scores[s * SN_RECIPE_TESTS + t].accuracy - mean.accuracy;
            double l = row->scores[s * SN_RECIPE_TESTS + t].loss - mean.loss;
            square.accuracy += a * a;
            square.loss += l * l;
        }
        row->mean[t] = mean;
        if (n > 1) row->spread[t] = (sn_recipe_score){sqrt(square.accuracy / (n - 1)), sqrt(square.loss / (n - 1))};
    }
}

static void judge(const run *x) {
    sn_recipe_score scores[SN_RECIPE_MOST * SN_RECIPE_TESTS];
    outcome *o = x->out;
    for (int s = 0; s < x->n_seeds; s++) {
        for (int i = 0; i < x->recipe->n_rows; i++)
            memcpy(scores + i * SN_RECIPE_TESTS, o->scores[i] + s * SN_RECIPE_TESTS, SN_RECIPE_TESTS * sizeof *scores);
        for (int c = 0; c < x->recipe->n_claims; c++) {
            o->held[c][s] = sn_recipe_claim_holds(&x->recipe->claims[c].claim, scores);
            o->orderings[c].n_held += o->held[c][s];
        }
    }
}

static sn_status work(run *x) {
    outcome *o = x->out;
    SN_TRY(describe(x));
    SN_TRY(sn_recipe_data_make(x->recipe, x->options, &x->data));
    o->result.window = x->data.window;
    o->result.length = x->data.length;
    o->result.period = x->data.period;
    o->result.tokens = x->data.length * x->recipe->test.windows;
    SN_TRY(train_all(x));
    SN_TRY(test_all(x));
    for (int i = 0; i < o->result.n_rows; i++) conclude_row(x, &o->rows[i]);
    judge(x);
    return SN_OK;
}

sn_status sn_recipe_run(const sn_recipe *r, const sn_recipe_options *options, sn_recipe_result **out) {
    if (!r || !options || !options->out || !options->out[0])
        return sn_fail(SN_ERR_ARGUMENT, "recipe: a recipe and a folder for its work are needed");
    int64_t seeds = options->seeds ? options->seeds : r->seeds;
    if (seeds < 1 || seeds > 16) return sn_fail(SN_ERR_ARGUMENT, "recipe: %" PRId64 " seeds: from 1 to 16", seeds);
    run x = {.recipe = r, .options = options, .n_seeds = (int)seeds};
    x.out = sn_calloc(1, sizeof *x.out);
    if (!x.out) return sn_fail_memory("a recipe's result");
    sn_status status = work(&x);
    sn_recipe_data_free(&x.data);
    if (status == SN_OK)
        *out = &x.out->result;
    else
        sn_recipe_result_free(&x.out->result);
    return status;
}
