/* The rank of the matrices of a file, and of attention. */
#include "suan/measure.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/size.h"
#include "study/array_values.h"

#include <stdio.h>
#include <string.h>

/* "name", or "name[0,3]" for matrix 3 of the first stack. */
static char *matrix_name(const char *name, const sn_tensor *t, int64_t number) {
    char text[400];
    size_t used = (size_t)snprintf(text, sizeof text, "%.200s", name);
    int64_t below = 1;
    for (int d = 0; d < t->n_dims - 2; d++) below *= t->shape[d];
    for (int d = 0; d < t->n_dims - 2 && used < sizeof text; d++) {
        below /= t->shape[d];
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%lld%s", d ? "," : "[",
                                 (long long)(number / below % t->shape[d]), d == t->n_dims - 3 ? "]" : "");
    }
    return sn_strdup(text);
}

/* Room for n more. */
static sn_status grow(sn_rank_report *r, int64_t n) {
    int64_t total, bytes;
    if (!sn_add_i64(r->n, n, &total) || !sn_mul_i64(total, sizeof *r->items, &bytes))
        return sn_fail(SN_ERR_LIMIT, "rank: more than 2^63 matrices");
    sn_rank_item *items = sn_realloc(r->items, (size_t)bytes);
    if (!items) return sn_fail_memory("a report on matrices");
    r->items = items;
    return SN_OK;
}

static sn_status add_matrix(sn_rank_report *r, char *name, const double *values, int64_t rows, int64_t cols,
                            const sn_rank_options *options) {
    sn_rank_item item = {.name = name};
    if (!name) return sn_fail_memory("a matrix's name");
    sn_status status = sn_rank(values, rows, cols, options, &item.result);
    if (status == SN_OK)
        r->items[r->n++] = item;
    else {
        status = sn_fail_in(status, "%s", name);
        sn_free(name);
    }
    return status;
}

/* The last two dimensions are a matrix. */
static sn_status add_array(sn_rank_report *r, const sn_array_choice *choice, int64_t i,
                           const sn_rank_options *options) {
    sn_tensor t;
    double *values;
    SN_TRY(sn_array_choice_values(choice, i, &t, &values));
    int64_t rows = t.shape[t.n_dims - 2], cols = t.shape[t.n_dims - 1], n = sn_tensor_count(&t) / rows / cols;
    sn_status status = grow(r, n);
    for (int64_t k = 0; k < n && status == SN_OK; k++)
        status = add_matrix(r, matrix_name(sn_array_choice_name(choice, i), &t, k), values + k * rows * cols, rows,
                            cols, options);
    sn_free(values);
    return status;
}

static sn_status fill(sn_rank_report *r, const sn_array_choice *choice, const sn_rank_options *options) {
    for (int64_t i = 0; i < sn_array_choice_count(choice); i++) {
        sn_tensor t;
        SN_TRY(sn_array_choice_shape(choice, i, &t));
        if (t.n_dims >= 2) {
            SN_TRY(add_array(r, choice, i, options));
            continue;
        }
        if (choice->n_names)
            return sn_fail(SN_ERR_SHAPE, "%s has %d dimension%s: a matrix has two", sn_array_choice_name(choice, i),
                           t.n_dims, t.n_dims == 1 ? "" : "s");
        r->skipped++;
    }
    return r->n ? SN_OK : sn_fail(SN_ERR_SHAPE, "no array has two dimensions: there is no matrix");
}

static sn_status report_new(const char *name, sn_rank_report **out) {
    sn_rank_report *r = sn_calloc(1, sizeof *r);
    if (r) r->file = sn_strdup(name);
    if (!r || !r->file) {
        sn_rank_report_free(r);
        return sn_fail_memory("a report on matrices");
    }
    *out = r;
    return SN_OK;
}

static sn_status finish(sn_status status, sn_rank_report *r, sn_rank_report **out) {
    if (status == SN_OK)
        *out = r;
    else
        sn_rank_report_free(r);
    return status;
}

sn_status sn_rank_report_new(const char *path, const char *const *arrays, int n_arrays, const sn_rank_options *options,
                             sn_rank_report **out) {
    sn_array_choice choice;
    sn_rank_report *r = NULL;
    SN_TRY(sn_array_choice_open(path, arrays, n_arrays, &choice));
    sn_status status = report_new(path, &r);
    if (status == SN_OK) {
        status = fill(r, &choice, options);
        if (status != SN_OK && status != SN_ERR_CANCELLED) status = sn_array_fail_in(path, status);
        status = finish(status, r, out);
    }
    sn_array_choice_close(&choice);
    return status;
}

sn_status sn_rank_report_attention(int64_t n, int64_t d, uint64_t seed, const sn_rank_options *options,
                                   sn_rank_report **out) {
    sn_rank_report *r = NULL;
    int64_t size;
    if (n < 1 || !sn_mul_i64(n, n, &size)) return sn_fail(SN_ERR_ARGUMENT, "attention of %lld queries", (long long)n);
    SN_TRY(report_new("random queries and keys", &r));
    double *a = sn_calloc((size_t)size, sizeof *a);
    sn_status status = a ? grow(r, SN_N_ATTENTION_FORMS) : sn_fail_memory("an attention matrix");
    for (int form = 0; form < SN_N_ATTENTION_FORMS && status == SN_OK; form++) {
        const char *name = sn_attention_form_name((sn_attention_form)form);
        status = sn_attention_sample((sn_attention_form)form, n, d, seed, a);
        if (status == SN_OK) status = add_matrix(r, sn_strdup(name), a, n, n, options);
    }
    sn_free(a);
    return finish(status, r, out);
}

void sn_rank_report_free(sn_rank_report *r) {
    if (!r) return;
    for (int64_t i = 0; i < r->n; i++) {
        sn_free(r->items[i].name);
        sn_rank_free(&r->items[i].result);
    }
    sn_free(r->items);
    sn_free(r->file);
    sn_free(r);
}
