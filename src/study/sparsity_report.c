/* The sparsity of the arrays of a file. */
#include "suan/measure.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/size.h"
#include "study/array_values.h"
#include "study/sparsity_stream.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const double orders[SN_ORDER_POINTS] = {1.5, 2, 4, 8, 16, 32, 64};

/* ---- One vector ---- */

/* The share of the sum that the largest i / 32 of the values hold. */
static void set_shares(const sn_sparsity_vector *v, double share[SN_SHARE_POINTS]) {
    double total = 0;
    int64_t next = v->n - 1;
    if (v->sums) {
        memcpy(share, v->sums->share, SN_SHARE_POINTS * sizeof *share);
        return;
    }
    share[0] = 0;
    for (int i = 1; i < SN_SHARE_POINTS; i++) {
        double end = (double)v->n * i / (SN_SHARE_POINTS - 1); /* in values, whole or not */
        for (; v->n - 1 - next < (int64_t)end && next >= 0; next--) total += v->sorted[next];
        share[i] = total + (next >= 0 ? (end - floor(end)) * v->sorted[next] : 0);
    }
    for (int i = 0; i < SN_SHARE_POINTS; i++) share[i] /= total;
}

static sn_status measure_vector(const sn_sparsity_report *r, const sn_sparsity_vector *v, sn_sparsity_item *sum) {
    double share[SN_SHARE_POINTS], value;
    for (int m = 0; m < r->n_measures; m++) {
        SN_TRY(sn_sparsity(v, &r->measures[m], &value));
        sum->value[m] += value;
        sum->least[m] = fmin(sum->least[m], value);
        sum->most[m] = fmax(sum->most[m], value);
    }
    for (int i = 0; i < SN_ORDER_POINTS; i++) {
        const sn_sparsity_measure m = {"by order", "", SN_SPARSITY_RATIO, 1, orders[i]};
        SN_TRY(sn_sparsity(v, &m, &value));
        sum->by_order[i] += value;
    }
    set_shares(v, share);
    for (int i = 0; i < SN_SHARE_POINTS; i++) sum->share[i] += share[i];
    return SN_OK;
}

/* ---- One array ---- */

static void take_means(sn_sparsity_item *item) {
    double n = (double)(item->rows - item->zero_rows); /* 0: everything becomes NaN, as it should */
    for (int m = 0; m < SN_SPARSITY_MOST; m++) {
        item->value[m] /= n;
        if (n == 0) item->least[m] = item->most[m] = NAN;
    }
    for (int i = 0; i < SN_ORDER_POINTS; i++) item->by_order[i] /= n;
    for (int i = 0; i < SN_SHARE_POINTS; i++) item->share[i] /= n;
}

/* ---- Where the values come from ---- */

typedef struct source {
    const sn_sparsity_options *o;
    const sn_array_choice *choice; /* NULL: x, n values */
    const double *x;
    sn_array_info info;
    int64_t array, first; /* its number; where the vector begins that is streamed */
    int64_t done;         /* of its values */
    double parts[2 * SN_SPAN_VALUES];
} source;

/* Of complex numbers the moduli. */
static sn_status read_values(source *s, int64_t from, int64_t n, double *out) {
    if (s->o->cancel && *s->o->cancel) return sn_fail(SN_ERR_CANCELLED, "sparsity: stopped");
    if (!s->choice) {
        memcpy(out, s->x + from, (size_t)n * sizeof *out);
        return SN_OK;
    }
    if (!s->info.is_complex) return sn_array_choice_read(s->choice, s->array, from, n, out);
    for (int64_t i = 0; i < n; i += SN_SPAN_VALUES) {
        int64_t m = sn_min_i64(SN_SPAN_VALUES, n - i);
        SN_TRY(sn_array_choice_read(s->choice, s->array, from + i, m, s->parts));
        for (int64_t k = 0; k < m; k++) out[i + k] = hypot(s->parts[2 * k], s->parts[2 * k + 1]);
    }
    return SN_OK;
}

static void show(source *s, int64_t more) {
    s->done += more;
    double part = (double)s->done / (double)s->info.count;
    double total = s->choice ? (double)sn_array_choice_count(s->choice) : 1;
    if (s->o->progress) s->o->progress(s->o->user, (double)s->array + part, total);
}

static sn_status read_span(void *user, int64_t from, int64_t n, double *out) {
    source *s = user;
    SN_TRY(read_values(s, s->first + from, n, out));
    if (from / (1 << 20) != (from + n) / (1 << 20)) show(s, 1 << 19); /* each value is read twice */
    return SN_OK;
}

/* ---- Vectors of an array ---- */

enum { hold_by_default = 1 << 24 };
static int64_t held(const sn_sparsity_options *o) { return o->hold > 0 ? o->hold : hold_by_default; }

static sn_status add_vector(const sn_sparsity_report *r, const sn_sparsity_vector *v, sn_sparsity_item *item) {
    item->zeros += v->zeros;
    item->largest = fmax(item->largest, v->largest);
    item->zero_rows += v->largest == 0;
    return v->largest > 0 ? measure_vector(r, v, item) : SN_OK;
}

static sn_status in_row(sn_status status, const sn_sparsity_item *item, int64_t row) {
    return status == SN_OK || status == SN_ERR_CANCELLED || item->rows == 1
               ? status
               : sn_fail_in(status, "row %lld", (long long)row);
}

static sn_status measure_long(const sn_sparsity_report *r, source *s, int64_t length, sn_sparsity_item *item) {
    sn_sparsity_sums sums = {0};
    sn_sparsity_sums_want(&sums, 1);
    for (int m = 0; m < r->n_measures; m++) {
        if (r->measures[m].q > 0) sn_sparsity_sums_want(&sums, r->measures[m].q);
        if (r->measures[m].p > 0 && !isinf(r->measures[m].p)) sn_sparsity_sums_want(&sums, r->measures[m].p);
    }
    for (int i = 0; i < SN_ORDER_POINTS; i++) sn_sparsity_sums_want(&sums, orders[i]);
    for (int64_t i = 0; i < item->rows; i++) {
        sn_sparsity_vector v;
        s->first = i * length;
        SN_TRY(in_row(sn_sparsity_stream(read_span, s, length, &sums, &v), item, i));
        SN_TRY(add_vector(r, &v, item));
        if (v.largest > 0) item->gini_error = fmax(item->gini_error, sums.gini_error);
    }
    return SN_OK;
}

/* As many rows at a time as are held. */
static sn_status measure_short(const sn_sparsity_report *r, source *s, int64_t length, double *values, int64_t batch,
                               sn_sparsity_item *item) {
    for (int64_t row = 0; row < item->rows; row += batch) {
        int64_t n = sn_min_i64(batch, item->rows - row);
        SN_TRY(read_values(s, row * length, n * length, values));
        for (int64_t i = 0; i < n; i++) {
            sn_sparsity_vector v;
            SN_TRY(
                in_row(sn_sparsity_prepare(values + i * length, length, values + batch * length, &v), item, row + i));
            SN_TRY(add_vector(r, &v, item));
        }
        show(s, n * length);
    }
    return SN_OK;
}

static sn_status measure_rows(const sn_sparsity_report *r, source *s, int64_t length, sn_sparsity_item *item) {
    for (int m = 0; m < SN_SPARSITY_MOST; m++) item->least[m] = INFINITY, item->most[m] = -INFINITY;
    sn_status status;
    if (length > held(s->o))
        status = measure_long(r, s, length, item);
    else {
        int64_t batch = sn_min_i64(item->rows, sn_max_i64(1, 65536 / length));
        double *values = sn_calloc((size_t)((batch + 1) * length), sizeof *values);
        status = values ? measure_short(r, s, length, values, batch, item) : sn_fail_memory("the values of an array");
        sn_free(values);
    }
    if (status == SN_OK) take_means(item);
    return status;
}

static sn_status measure_array(const sn_sparsity_report *r, source *s, sn_sparsity_item *item) {
    const sn_array_info *a = &s->info;
    if (a->count == 0) return sn_fail(SN_ERR_SHAPE, "the array is empty: there is nothing to measure");
    item->type = a->type;
    item->n_dims = a->n_dims;
    item->count = a->count;
    memcpy(item->shape, a->shape, sizeof item->shape);
    int64_t length = r->rows && a->n_dims > 0 ? a->shape[a->n_dims - 1] : item->count;
    item->rows = item->count / length;
    return measure_rows(r, s, length, item);
}

/* ---- The report ---- */

static sn_status set_measures(sn_sparsity_report *r, const sn_sparsity_options *o) {
    for (const sn_sparsity_measure *m = sn_sparsity_measures(); m->name; m++) r->measures[r->n_measures++] = *m;
    if (!(o->p > 0)) return SN_OK;
    double q = o->q > 0 ? o->q : 1, value;
    snprintf(r->extra_name, sizeof r->extra_name, "S*_%g,%g", q, o->p);
    r->measures[r->n_measures] =
        (sn_sparsity_measure){r->extra_name, "n^(1/p - 1/q) |x|_q / |x|_p", SN_SPARSITY_RATIO, q, o->p};
    const sn_sparsity_vector probe = {.sorted = (const double[]){1}, .n = 1, .largest = 1};
    return sn_sparsity(&probe, &r->measures[r->n_measures++], &value);
}

/* Measures the array that the source tells of; one that was not asked for may be left out. */
static sn_status add_array(sn_sparsity_report *r, source *s, const char *name, bool may_leave_out) {
    sn_sparsity_item item = {0};
    sn_status status = s->choice ? sn_array_choice_info(s->choice, s->array, &s->info) : SN_OK;
    if (status == SN_OK) {
        status = measure_array(r, s, &item);
        if (status != SN_OK && status != SN_ERR_CANCELLED) status = sn_fail_in(status, "%s", name);
    }
    if (may_leave_out && (status == SN_ERR_UNSUPPORTED || status == SN_ERR_SHAPE))
        return sn_left_out_add(&r->left_out, &r->n_left_out, name);
    SN_TRY(status);
    item.name = sn_strdup(name);
    if (!item.name) return sn_fail_memory("an array's name");
    r->items[r->n++] = item;
    return SN_OK;
}

static sn_status new_report(const char *file, int64_t n, const sn_sparsity_options *o, sn_sparsity_report **out) {
    sn_sparsity_report *r = *out = sn_calloc(1, sizeof *r);
    if (!r) return sn_fail_memory("a report on arrays");
    r->rows = o->rows;
    r->file = sn_strdup(file);
    r->items = sn_calloc((size_t)n, sizeof *r->items);
    return r->file && r->items ? set_measures(r, o) : sn_fail_memory("a report on arrays");
}

static sn_status fill(sn_sparsity_report *r, source *s) {
    int64_t n = sn_array_choice_count(s->choice);
    for (int64_t i = 0; i < n; i++) {
        s->array = i, s->done = 0;
        SN_TRY(add_array(r, s, sn_array_choice_name(s->choice, i), s->choice->n_names == 0 && n > 1));
    }
    if (r->n) return SN_OK;
    return sn_fail(SN_ERR_UNSUPPORTED, "none of %lld arrays can be measured: %s: %s", (long long)n, r->left_out[0].name,
                   r->left_out[0].why);
}

/* *r and *s are freed here. */
static sn_status finish(sn_status status, source *s, sn_sparsity_report *r, sn_sparsity_report **out) {
    sn_free(s);
    if (status == SN_OK)
        *out = r;
    else
        sn_sparsity_report_free(r);
    return status;
}

static const sn_sparsity_options defaults = {0};

sn_status sn_sparsity_report_new(const char *path, const sn_sparsity_options *options, sn_sparsity_report **out) {
    const sn_sparsity_options *o = options ? options : &defaults;
    sn_array_choice choice;
    sn_sparsity_report *r = NULL;
    SN_TRY(sn_array_choice_open(path, o->arrays, o->n_arrays, &choice));
    source *s = sn_calloc(1, sizeof *s);
    sn_status status =
        s ? new_report(path, sn_array_choice_count(&choice), o, &r) : sn_fail_memory("a report on arrays");
    if (status == SN_OK) {
        s->o = o, s->choice = &choice;
        status = fill(r, s);
        if (status != SN_OK && status != SN_ERR_CANCELLED && status != SN_ERR_MEMORY)
            status = sn_array_fail_in(path, status);
    }
    sn_array_choice_close(&choice);
    return finish(status, s, r, out);
}

sn_status sn_sparsity_report_values(const double *x, int64_t n, const sn_sparsity_options *options,
                                    sn_sparsity_report **out) {
    const sn_sparsity_options *o = options ? options : &defaults;
    sn_sparsity_report *r = NULL;
    source *s = sn_calloc(1, sizeof *s);
    sn_status status = s ? new_report("values", 1, o, &r) : sn_fail_memory("a report on values");
    if (status == SN_OK) {
        s->o = o, s->x = x;
        s->info = (sn_array_info){.type = "f64", .n_dims = 1, .shape = {n}, .count = n};
        status = add_array(r, s, "values", false);
    }
    return finish(status, s, r, out);
}

void sn_sparsity_report_free(sn_sparsity_report *r) {
    if (!r) return;
    for (int64_t i = 0; i < r->n; i++) sn_free(r->items[i].name);
    sn_left_out_free(r->left_out, r->n_left_out);
    sn_free(r->items);
    sn_free(r->file);
    sn_free(r);
}
