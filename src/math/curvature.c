/* A metric from its text to its tensors. */
#include "math/curvature.h"

#include "base/alloc.h"

#include <string.h>

#if SN_HAVE_FLINT
#include "math/flint_guard.h"

#include <stdio.h>

sn_frac *sn_curvature_new_fracs(sn_field *f, int64_t n) {
    sn_frac *list = sn_alloc((size_t)n * sizeof *list);
    for (int64_t i = 0; i < n && list; i++) sn_frac_init(f, &list[i]);
    return list;
}

void sn_curvature_free_fracs(sn_field *f, sn_frac *list, int64_t n) {
    for (int64_t i = 0; i < n && list; i++) sn_frac_clear(f, &list[i]);
    sn_free(list);
}

static sn_status out_of_memory(void) { return sn_fail_memory("curvature"); }

/* ---- What is given ---- */

static sn_status declare(sn_expr_scope *scope, const char *what, const char *list, bool coordinates, bool unknowns) {
    if (!list) return SN_OK;
    for (const char *p = list; *p; p += *p == ',') {
        while (*p == ' ') p++;
        size_t n = strcspn(p, ","), used = n;
        while (used && p[used - 1] == ' ') used--;
        if (unknowns)
            SN_TRY(sn_expr_declare_unknown(scope, what, p, used));
        else
            SN_TRY(sn_expr_declare(scope, what, p, used, coordinates));
        p += n;
        if (*p == ',' && p[1] == 0) return sn_fail(SN_ERR_FORMAT, "%s: \"%.100s\" has an empty item", what, list);
    }
    return SN_OK;
}

static bool is_catalogue_name(const char *text) {
    return text[strcspn(text, ";,()+*/ ")] == 0 && text[0] && !strchr("-0123456789.", text[0]);
}

static sn_status declare_all(sn_curvature *c, const sn_curvature_options *o, const sn_curvature_named *named) {
    c->scope.guess_unknowns = o->functions == NULL;
    const char *coordinates = named ? named->coordinates : o->coordinates;
    if (!coordinates || !*coordinates)
        return sn_fail(SN_ERR_ARGUMENT, "--coords: name the coordinates, as in --coords t,r,theta,phi");
    SN_TRY(declare(&c->scope, "--coords", coordinates, true, false));
    c->n = c->scope.n_coordinates;
    c->n_pairs = c->n * (c->n - 1) / 2;
    if (c->n > SN_CURVATURE_MAX_DIMENSION)
        return sn_fail(SN_ERR_LIMIT, "--coords: %d coordinates: %d are the most", c->n, SN_CURVATURE_MAX_DIMENSION);
    SN_TRY(declare(&c->scope, "--params", named ? named->parameters : o->parameters, false, false));
    return declare(&c->scope, "--functions", o->functions, false, true);
}

/* The same names in the same order, whatever the spaces. */
static bool same_list(const char *a, const char *b) {
    for (;; a++, b++) {
        while (*a == ' ') a++;
        while (*b == ' ') b++;
        if (*a != *b) return false;
        if (!*a) return true;
    }
}

/* One's own metric, or that of the catalogue, whose names may be repeated but not changed. */
static sn_status choose(sn_curvature *c, const sn_curvature_options *o, sn_curvature_named *named,
                        const char **metric) {
    *metric = o->metric;
    if (!o->metric || !*o->metric) return sn_fail(SN_ERR_ARGUMENT, "--metric: no metric is given");
    bool known = sn_curvature_lookup(o->metric, named);
    bool line = o->coordinates && !strchr(o->coordinates, ','); /* its metric may be a single name */
    if (line || (!known && !is_catalogue_name(o->metric))) return declare_all(c, o, NULL);
    if (!known) {
        const char *near = sn_curvature_nearest_name(o->metric);
        return sn_fail(SN_ERR_NOT_FOUND, "--metric: no metric \"%.60s\" in the catalogue%s%s%s", o->metric,
                       near ? ": did you mean \"" : "", near ? near : "", near ? "\"?" : " (see --catalogue)");
    }
    if ((o->coordinates && !same_list(o->coordinates, named->coordinates)) ||
        (o->parameters && !same_list(o->parameters, named->parameters)))
        return sn_fail(SN_ERR_ARGUMENT,
                       "--coords: the metric %.60s of the catalogue has its own names: coordinates %s, parameters %s",
                       o->metric, named->coordinates, *named->parameters ? named->parameters : "none");
    *metric = named->metric;
    return declare_all(c, o, named);
}

static int sym(int n, int a, int b) {
    int sign;
    return (int)sn_curvature_find(n, SN_CURVATURE_METRIC, (const int[]){a, b}, &sign);
}

/* Of a full matrix, entries that mirror each other must be the same function. */
static sn_status keep_upper(sn_curvature *c, const sn_expr **all, sn_frac *fractions) {
    int n = c->n;
    for (int i = 0; i < n; i++)
        for (int k = i + 1; k < n; k++) {
            sn_frac difference;
            sn_frac_init(c->field, &difference);
            sn_frac_sub(c->field, &difference, &fractions[i * n + k], &fractions[k * n + i]);
            bool same = sn_frac_is_zero(c->field, &difference);
            sn_frac_clear(c->field, &difference);
            if (!same && c->field->status == SN_OK)
                return sn_fail(SN_ERR_ARGUMENT,
                               "--metric: the matrix is not symmetric: row %d, entry %d differs from row %d, entry %d",
                               i + 1, k + 1, k + 1, i + 1);
        }
    for (int i = 0; i < n; i++)
        for (int k = i; k < n; k++) {
            c->entries[sym(n, i, k)] = all[i * n + k];
            sn_frac_set(c->field, &c->tensor[SN_CURVATURE_METRIC][sym(n, i, k)], &fractions[i * n + k]);
        }
    return c->field->status;
}

static sn_status new_tensors(sn_curvature *c) {
    for (int t = 0; t < SN_CURVATURE_N_TENSORS; t++) {
        c->tensor[t] = sn_curvature_new_fracs(c->field, sn_curvature_size(c->n, (sn_curvature_tensor)t));
        if (!c->tensor[t]) return out_of_memory();
    }
    return SN_OK;
}

static sn_status read_metric(sn_curvature *c, const char *metric, const volatile int *cancel) {
    int n = c->n;
    const sn_expr **all = sn_calloc((size_t)(n * n), sizeof *all);
    sn_frac *fractions = sn_calloc((size_t)(n * n), sizeof *fractions);
    c->entries = sn_calloc((size_t)(n * (n + 1) / 2), sizeof *c->entries);
    sn_status status = all && fractions && c->entries ? SN_OK : out_of_memory();
    if (status == SN_OK) status = sn_curvature_parse_metric(&c->scope, metric, all);
    if (status == SN_OK) {
        char place[64] = "--metric";
        int failed;
        status = sn_field_open(&c->scope, all, n * n, cancel, &c->field, fractions, &failed);
        if (failed >= 0) snprintf(place, sizeof place, "--metric, row %d, entry %d", failed / n + 1, failed % n + 1);
        if (status != SN_OK) status = sn_fail_in(status, "%s", place);
    }
    if (status == SN_OK) {
        status = new_tensors(c);
        if (status == SN_OK) status = keep_upper(c, all, fractions);
        for (int i = 0; i < n * n; i++) sn_frac_clear(c->field, &fractions[i]);
    }
    sn_free(all);
    sn_free(fractions);
    return status;
}

typedef struct opening {
    sn_curvature *c;
    const sn_curvature_options *options;
} opening;

static sn_status open_it(void *p) {
    opening *o = p;
    sn_curvature_named named;
    const char *metric;
    SN_TRY(choose(o->c, o->options, &named, &metric));
    SN_TRY(read_metric(o->c, metric, o->options->cancel));
    return sn_curvature_compute(o->c);
}

sn_status sn_curvature_open(const sn_curvature_options *options, sn_curvature **out) {
    sn_curvature *c = sn_calloc(1, sizeof *c);
    bool lost = false;
    if (!c) return out_of_memory();
    c->cancel = options->cancel;
    c->progress = options->progress;
    c->progress_user = options->progress_user;
    sn_status status = sn_flint_guard(open_it, &(opening){c, options}, &lost);
    if (lost) return status; /* what it was doing is not in a state to be freed */
    if (status != SN_OK) {
        sn_curvature_close(c);
        return status;
    }
    *out = c;
    return SN_OK;
}

void sn_curvature_close(sn_curvature *c) {
    if (!c) return;
    for (int i = 0; i < c->n_values; i++) sn_field_values_free(&c->values[i]);
    for (int t = 0; t < SN_CURVATURE_N_TENSORS; t++)
        if (c->tensor[t])
            sn_curvature_free_fracs(c->field, c->tensor[t], sn_curvature_size(c->n, (sn_curvature_tensor)t));
    if (c->field) {
        int64_t size = sn_curvature_size(c->n, SN_CURVATURE_METRIC);
        sn_curvature_free_fracs(c->field, c->first, size * c->n);
        sn_curvature_free_fracs(c->field, c->second, size * size);
    }
    sn_field_close(c->field);
    for (int t = 0; t < SN_CURVATURE_N_TENSORS; t++) sn_free(c->vanishes[t]);
    sn_free(c->entries);
    sn_free(c->numbers);
    sn_expr_scope_free(&c->scope);
    sn_free(c);
}

#else

static sn_status no_flint(void) {
    return sn_fail(SN_ERR_UNSUPPORTED, "curvature: this build has no FLINT: install libflint-dev and build again");
}

sn_status sn_curvature_open(const sn_curvature_options *options, sn_curvature **out) {
    (void)options, (void)out;
    return no_flint();
}
void sn_curvature_close(sn_curvature *c) { (void)c; }

#endif
