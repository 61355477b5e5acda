/* The rank of the matrices of a file, and of attention. */
#include "suan/measure.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/size.h"
#include "study/array_values.h"
#include "study/rank_tall.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* "name", or "name[0,3]" for matrix 3 of the first stack. */
static char *matrix_name(const char *name, const sn_array_info *t, int64_t number) {
    char text[900];
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

/* Takes the name; `status` is that of measuring. */
static sn_status add_item(sn_rank_report *r, sn_status status, sn_rank_item item) {
    if (status == SN_OK) {
        r->items[r->n++] = item;
        return SN_OK;
    }
    if (status != SN_ERR_CANCELLED) status = sn_fail_in(status, "%s", item.name);
    sn_free(item.name);
    return status;
}

/* ---- The arrays of a file ---- */

typedef struct source {
    const sn_array_choice *choice;
    int64_t array, first; /* its number; its element where the matrix begins */
    sn_array_info info;
    int64_t rows, cols, matrix, matrices; /* which of a stack of how many */
    const sn_rank_options *outer;         /* of the report; may be NULL */
    sn_rank_options o;                    /* of one matrix */
} source;

/* Of a wide matrix columns, as rows. */
static sn_status read_rows(void *user, int64_t from, int64_t n, double *out) {
    const source *s = user;
    if (s->rows >= s->cols)
        return sn_array_choice_read(s->choice, s->array, s->first + from * s->cols, n * s->cols, out);
    double part[SN_TALL_ROWS];
    for (int64_t i = 0; i < s->rows; i++) {
        SN_TRY(sn_array_choice_read(s->choice, s->array, s->first + i * s->cols + from, n, part));
        for (int64_t j = 0; j < n; j++) out[j * s->rows + i] = part[j];
    }
    return SN_OK;
}

/* One that is much longer than wide goes through memory a few rows at a time. */
static sn_status measure_matrix(source *s, sn_rank_result *out) {
    int64_t longer = sn_max_i64(s->rows, s->cols), shorter = sn_min_i64(s->rows, s->cols),
            parts = s->info.is_complex + 1;
    if (!s->info.is_complex && longer / 2 >= shorter && longer > SN_TALL_ROWS)
        return sn_rank_tall(read_rows, s, s->rows, s->cols, &s->o, out);
    int64_t count = s->rows * s->cols;
    double *values = sn_calloc((size_t)count, (size_t)parts * sizeof *values);
    if (!values) return sn_fail_memory("a matrix");
    sn_status status = sn_array_choice_read(s->choice, s->array, s->first, count, values);
    if (status == SN_OK)
        status = (s->info.is_complex ? sn_rank_complex : sn_rank)(values, s->rows, s->cols, &s->o, out);
    sn_free(values);
    return status;
}

/* Of the work on one matrix. */
static void show(void *user, double done, double total) {
    const source *s = user;
    double part = ((double)s->matrix + done / total) / (double)s->matrices;
    s->outer->progress(s->outer->user, (double)s->array + part, (double)sn_array_choice_count(s->choice));
}

/* The last two dimensions are a matrix. */
static sn_status add_array(sn_rank_report *r, source *s) {
    const sn_array_info *a = &s->info;
    const char *name = sn_array_choice_name(s->choice, s->array);
    s->rows = a->shape[a->n_dims - 2], s->cols = a->shape[a->n_dims - 1];
    s->matrices = a->count / s->rows / s->cols;
    SN_TRY(grow(r, s->matrices));
    for (s->matrix = 0; s->matrix < s->matrices; s->matrix++) {
        sn_rank_item item = {.name = matrix_name(name, a, s->matrix), .type = a->type, .claimed_log_det = NAN};
        if (!item.name) return sn_fail_memory("a matrix's name");
        s->first = s->matrix * s->rows * s->cols;
        SN_TRY(add_item(r, measure_matrix(s, &item.result), item));
        if (s->o.progress) show(s, 1, 1);
    }
    return SN_OK;
}

static sn_status fill(sn_rank_report *r, const sn_array_choice *choice, const sn_rank_options *options) {
    int64_t n = sn_array_choice_count(choice);
    bool may_leave_out = choice->n_names == 0 && n > 1;
    source s = {.choice = choice, .outer = options};
    if (options) s.o = *options;
    if (s.o.progress) s.o.progress = show, s.o.user = &s;
    for (s.array = 0; s.array < n; s.array++) {
        const char *name = sn_array_choice_name(choice, s.array);
        sn_status status = sn_array_choice_info(choice, s.array, &s.info);
        if (status == SN_OK && s.info.n_dims < 2) {
            if (choice->n_names)
                return sn_fail(SN_ERR_SHAPE, "%s has %d dimension%s: a matrix has two", name, s.info.n_dims,
                               s.info.n_dims == 1 ? "" : "s");
            r->skipped++;
            continue;
        }
        if (status == SN_OK && s.info.count == 0)
            status = sn_fail(SN_ERR_SHAPE, "%s: the array is empty: there is nothing to measure", name);
        if (may_leave_out && (status == SN_ERR_UNSUPPORTED || status == SN_ERR_SHAPE)) {
            SN_TRY(sn_left_out_add(&r->left_out, &r->n_left_out, name));
            continue;
        }
        SN_TRY(status);
        SN_TRY(add_array(r, &s));
    }
    if (r->n) return SN_OK;
    if (r->n_left_out)
        return sn_fail(SN_ERR_UNSUPPORTED, "no matrix can be measured: %s: %s", r->left_out[0].name,
                       r->left_out[0].why);
    return sn_fail(SN_ERR_SHAPE, "no array has two dimensions: there is no matrix");
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
        sn_rank_item item = {.name = NULL};
        if (status == SN_OK)
            status =
                sn_attention_claims((sn_attention_form)form, n, d, seed, &item.claimed_rank, &item.claimed_log_det);
        if (status != SN_OK) break;
        item.name = sn_strdup(name);
        status = item.name ? add_item(r, sn_rank(a, n, n, options, &item.result), item) : sn_fail_memory("a name");
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
    sn_left_out_free(r->left_out, r->n_left_out);
    sn_free(r->items);
    sn_free(r->file);
    sn_free(r);
}
