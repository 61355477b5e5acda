/* The sparsity of the arrays of a file. */
#include "suan/measure.h"

#include "base/alloc.h"
#include "base/error.h"
#include "study/array_values.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const double orders[SN_ORDER_POINTS] = {1.5, 2, 4, 8, 16, 32, 64};

/* ---- One vector ---- */

/* The share of the sum that the largest i / 32 of the values hold. */
static void set_shares(const sn_sparsity_vector *v, double share[SN_SHARE_POINTS]) {
    double total = 0;
    int64_t next = v->n - 1;
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

static sn_status measure_rows(const sn_sparsity_report *r, double *values, int64_t length, const volatile int *cancel,
                              sn_sparsity_item *item) {
    for (int m = 0; m < SN_SPARSITY_MOST; m++) item->least[m] = INFINITY, item->most[m] = -INFINITY;
    for (int64_t i = 0; i < item->rows; i++) {
        sn_sparsity_vector v;
        if (cancel && *cancel) return sn_fail(SN_ERR_CANCELLED, "sparsity: stopped");
        sn_status status = sn_sparsity_prepare(values + i * length, length, values + item->count, &v);
        if (status != SN_OK && item->rows > 1) return sn_fail_in(status, "row %lld", (long long)i);
        SN_TRY(status);
        item->zeros += v.zeros;
        item->largest = fmax(item->largest, v.largest);
        item->zero_rows += v.largest == 0;
        if (v.largest > 0) SN_TRY(measure_vector(r, &v, item));
    }
    take_means(item);
    return SN_OK;
}

static sn_status measure_array(const sn_sparsity_report *r, const sn_array_choice *choice, int64_t i,
                               const volatile int *cancel, sn_sparsity_item *item) {
    sn_tensor t;
    double *values;
    item->name = sn_strdup(sn_array_choice_name(choice, i));
    if (!item->name) return sn_fail_memory("an array's name");
    SN_TRY(sn_array_choice_values(choice, i, &t, &values));
    item->n_dims = t.n_dims;
    memcpy(item->shape, t.shape, sizeof item->shape);
    item->count = sn_tensor_count(&t);
    int64_t length = r->rows && t.n_dims > 0 ? t.shape[t.n_dims - 1] : item->count;
    item->rows = item->count / length;
    sn_status status = measure_rows(r, values, length, cancel, item);
    sn_free(values);
    return status == SN_OK ? status : sn_fail_in(status, "%s", item->name);
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

static sn_status fill(sn_sparsity_report *r, const sn_array_choice *choice, const char *path,
                      const sn_sparsity_options *o) {
    int64_t n = sn_array_choice_count(choice);
    r->file = sn_strdup(path);
    r->items = sn_calloc((size_t)n, sizeof *r->items);
    if (!r->file || !r->items) return sn_fail_memory("a report on arrays");
    r->rows = o->rows;
    for (; r->n < n; r->n++) {
        sn_status status = measure_array(r, choice, r->n, o->cancel, &r->items[r->n]);
        if (status == SN_OK) continue;
        r->n++; /* its name is to be freed */
        return status == SN_ERR_CANCELLED ? status : sn_array_fail_in(path, status);
    }
    return SN_OK;
}

sn_status sn_sparsity_report_new(const char *path, const sn_sparsity_options *options, sn_sparsity_report **out) {
    static const sn_sparsity_options defaults = {0};
    const sn_sparsity_options *o = options ? options : &defaults;
    sn_array_choice choice;
    sn_sparsity_report *r = sn_calloc(1, sizeof *r);
    if (!r) return sn_fail_memory("a report on arrays");
    sn_status status = set_measures(r, o);
    if (status == SN_OK) status = sn_array_choice_open(path, o->arrays, o->n_arrays, &choice);
    if (status == SN_OK) {
        status = fill(r, &choice, path, o);
        sn_array_choice_close(&choice);
    }
    if (status == SN_OK)
        *out = r;
    else
        sn_sparsity_report_free(r);
    return status;
}

void sn_sparsity_report_free(sn_sparsity_report *r) {
    if (!r) return;
    for (int64_t i = 0; i < r->n; i++) sn_free(r->items[i].name);
    sn_free(r->items);
    sn_free(r->file);
    sn_free(r);
}
