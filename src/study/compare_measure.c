/* The two measurements: which tokens are read, which losses are counted where. */
#include "study/compare.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/size.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

/* ---- Room for the results ---- */

static int by_size(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static sn_status take_lengths(sn_compare_data *d, const sn_compare_options *o) {
    d->lengths = sn_arena_array(&d->arena, (size_t)o->n_lengths, sizeof *d->lengths);
    if (!d->lengths) return sn_fail_memory("a comparison");
    for (int i = 0; i < o->n_lengths; i++) {
        d->lengths[i] = o->lengths[i];
        if (o->lengths[i] < 2 || o->lengths[i] > INT32_MAX)
            return sn_fail(SN_ERR_ARGUMENT, "compare: a length of %" PRId64 " tokens: from 2 to %d", o->lengths[i],
                           INT32_MAX);
    }
    qsort(d->lengths, (size_t)o->n_lengths, sizeof *d->lengths, by_size);
    int n = 0;
    for (int i = 0; i < o->n_lengths; i++)
        if (n == 0 || d->lengths[i] != d->lengths[n - 1]) d->lengths[n++] = d->lengths[i];
    d->result.n_lengths = n;
    return SN_OK;
}

static sn_status take_sizes(sn_compare_data *d, const sn_compare_options *o, int64_t train_length) {
    sn_compare_result *r = &d->result;
    SN_TRY(take_lengths(d, o));
    int64_t least = d->lengths[0], most = d->lengths[r->n_lengths - 1];
    r->train_length = train_length;
    r->windows = o->windows ? o->windows : 4;
    r->bucket = o->bucket ? o->bucket : 128;
    r->score = o->score ? o->score : sn_max_i64(1, sn_min_i64(train_length, least) / 2);
    if (r->windows < 1 || r->bucket < 1)
        return sn_fail(SN_ERR_ARGUMENT, "compare: %" PRId64 " windows and buckets of %" PRId64 ": at least 1",
                       r->windows, r->bucket);
    if (r->score < 1 || r->score > least)
        return sn_fail(SN_ERR_ARGUMENT,
                       "compare: the last %" PRId64 " tokens cannot be scored in contexts of %" PRId64
                       ": score from 1 to %" PRId64 ", or leave out the short lengths",
                       r->score, least, least);
    r->n_buckets = (int)sn_ceil_div(most, r->bucket);
    return SN_OK;
}

static sn_status take_methods(sn_compare_data *d, int n_methods) {
    sn_compare_result *r = &d->result;
    size_t n = (size_t)n_methods;
    r->n_methods = n_methods;
    d->methods = sn_arena_array(&d->arena, n, sizeof *d->methods);
    d->by_length = sn_arena_array(&d->arena, n, sizeof *d->by_length);
    d->by_position = sn_arena_array(&d->arena, n, sizeof *d->by_position);
    if (!d->methods || !d->by_length || !d->by_position) return sn_fail_memory("a comparison");
    r->methods = d->methods;
    for (int m = 0; m < n_methods; m++) {
        d->by_length[m] = sn_arena_array(&d->arena, (size_t)r->n_lengths, sizeof **d->by_length);
        d->by_position[m] = sn_arena_array(&d->arena, (size_t)r->n_buckets, sizeof **d->by_position);
        if (!d->by_length[m] || !d->by_position[m]) return sn_fail_memory("a comparison");
        d->methods[m] =
            (sn_compare_method){.spec = "", .note = "", .by_length = d->by_length[m], .by_position = d->by_position[m]};
    }
    return SN_OK;
}

sn_status sn_compare_data_new(const sn_compare_options *o, int64_t train_length, sn_compare_data **out) {
    if (o->n_methods < 1 || o->n_lengths < 1 || !o->lengths)
        return sn_fail(SN_ERR_ARGUMENT, "compare: at least one method and one length are needed");
    sn_compare_data *d = sn_calloc(1, sizeof *d);
    if (!d) return sn_fail_memory("a comparison");
    d->result.model = "";
    sn_status status = take_sizes(d, o, train_length);
    if (status == SN_OK) status = take_methods(d, o->n_methods);
    if (status == SN_OK)
        *out = d;
    else
        sn_compare_free(&d->result);
    return status;
}

void sn_compare_free(sn_compare_result *r) {
    sn_compare_data *d = (sn_compare_data *)r;
    if (!d) return;
    sn_arena_free(&d->arena);
    sn_free(d);
}

/* ---- Measuring ---- */

/* Losses of the scored tokens: their sum, and the sums that give the standard error. */
typedef struct tally {
    int64_t tokens, windows;
    double sum, squares, mean_sum, mean_squares;
} tally;

static void count_window(tally *t, const double *losses, int64_t n) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) {
        sum += losses[i];
        t->squares += losses[i] * losses[i];
    }
    double mean = sum / (double)n;
    t->sum += sum;
    t->tokens += n;
    t->windows++;
    t->mean_sum += mean;
    t->mean_squares += mean * mean;
}

static double standard_error(double sum, double squares, int64_t n) {
    if (n < 2) return 0;
    double count = (double)n, mean = sum / count;
    return sqrt(fmax(0, squares / count - mean * mean) / (count - 1));
}

static sn_compare_length conclude(const tally *t, int64_t length) {
    double error = t->windows > 1 ? standard_error(t->mean_sum, t->mean_squares, t->windows)
                                  : standard_error(t->sum, t->squares, t->tokens);
    return (sn_compare_length){length, t->tokens, t->sum / (double)t->tokens, error};
}

static void count_positions(sn_compare_bucket *buckets, int64_t bucket, const double *losses, int64_t n) {
    for (int64_t i = 0; i < n; i++) buckets[i / bucket].loss += losses[i];
}

/* The whole windows: all positions, and (a) at the largest length, whose context is the window itself. */
static sn_status measure_windows(sn_compare_data *d, int method, const int32_t *ids, const sn_compare_source *source,
                                 double *losses) {
    const sn_compare_result *r = &d->result;
    int64_t length = d->lengths[r->n_lengths - 1];
    sn_compare_bucket *buckets = d->by_position[method];
    tally t = {0}, all = {0};
    SN_TRY(source->open(source->user, method, length));
    for (int64_t w = 0; w < r->windows; w++) {
        SN_TRY(source->losses(source->user, ids + w * length, length, 0, losses));
        count_positions(buckets, r->bucket, losses, length);
        count_window(&t, losses + length - r->score, r->score);
        count_window(&all, losses, length);
    }
    for (int b = 0; b < r->n_buckets; b++) {
        buckets[b].from = b * r->bucket;
        buckets[b].to = sn_min_i64(length, buckets[b].from + r->bucket);
        buckets[b].tokens = r->windows * (buckets[b].to - buckets[b].from);
        buckets[b].loss /= (double)buckets[b].tokens;
    }
    d->by_length[method][r->n_lengths - 1] = conclude(&t, length);
    d->methods[method].loss = all.sum / (double)all.tokens;
    return SN_OK;
}

static sn_status measure_length(sn_compare_data *d, int method, int which, const int32_t *ids,
                                const sn_compare_source *source, double *losses) {
    const sn_compare_result *r = &d->result;
    int64_t length = d->lengths[which], window = d->lengths[r->n_lengths - 1];
    tally t = {0};
    SN_TRY(source->open(source->user, method, length));
    for (int64_t w = 0; w < r->windows; w++) {
        const int32_t *end = ids + (w + 1) * window;
        SN_TRY(source->losses(source->user, end - length, length, length - r->score, losses));
        count_window(&t, losses, r->score);
    }
    d->by_length[method][which] = conclude(&t, length);
    return SN_OK;
}

static sn_status measure_method(sn_compare_data *d, int method, const int32_t *ids, const sn_compare_source *source,
                                double *losses) {
    SN_TRY(measure_windows(d, method, ids, source, losses));
    for (int i = 0; i + 1 < d->result.n_lengths; i++) SN_TRY(measure_length(d, method, i, ids, source, losses));
    return SN_OK;
}

sn_status sn_compare_measure(sn_compare_data *d, const int32_t *ids, const sn_compare_source *source) {
    double *losses = sn_alloc((size_t)d->lengths[d->result.n_lengths - 1] * sizeof *losses);
    sn_status status = losses ? SN_OK : sn_fail_memory("the losses of a window");
    for (int m = 0; m < d->result.n_methods && status == SN_OK; m++) {
        status = measure_method(d, m, ids, source, losses);
        if (status != SN_OK && status != SN_ERR_CANCELLED) sn_fail_in(status, "compare: %s", d->methods[m].spec);
    }
    sn_free(losses);
    return status;
}
