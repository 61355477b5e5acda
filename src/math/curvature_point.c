/* Questions about components, and their values at a point. */
#include "math/curvature.h"

#include "base/alloc.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#if SN_HAVE_FLINT
#include "math/flint_guard.h"

int sn_curvature_dimension(const sn_curvature *c) { return c->n; }
const char *sn_curvature_coordinate(const sn_curvature *c, int index) { return c->scope.names[index]; }
const char *sn_curvature_doubt(const sn_curvature *c) { return c->field->doubt; }
const char *sn_curvature_assumption(const sn_curvature *c) { return c->field->assumption; }

bool sn_curvature_is_zero(const sn_curvature *c, sn_curvature_tensor tensor, const int *index) {
    int sign;
    int64_t i = sn_curvature_find(c->n, tensor, index, &sign);
    if (sign && c->too_large[tensor]) return c->vanishes[tensor][i];
    return sign == 0 || sn_frac_is_null(&c->tensor[tensor][i]);
}

bool sn_curvature_vanishes(const sn_curvature *c, sn_curvature_tensor tensor) {
    for (int64_t i = 0; i < sn_curvature_size(c->n, tensor); i++)
        if (c->too_large[tensor] ? !c->vanishes[tensor][i] : !sn_frac_is_null(&c->tensor[tensor][i])) return false;
    return true;
}

bool sn_curvature_is_too_large(const sn_curvature *c, sn_curvature_tensor tensor) { return c->too_large[tensor]; }

typedef struct component_text {
    sn_curvature *c;
    sn_curvature_tensor tensor;
    const int *index;
    char **text;
} component_text;

static sn_status component_as_text(void *p) {
    const component_text *t = p;
    sn_curvature *c = t->c;
    sn_curvature_tensor tensor = t->tensor;
    sn_text_out out = {0};
    sn_frac x;
    int sign;
    int64_t i = sn_curvature_find(c->n, tensor, t->index, &sign);
    if (sn_field_failed(c->field)) return c->field->status;
    if (c->too_large[tensor] && !sn_curvature_is_zero(c, tensor, t->index))
        return sn_fail(SN_ERR_LIMIT, "%s is too large to be written out", sn_curvature_tensor_name(tensor));
    sn_frac_init(c->field, &x);
    if (sign) sn_frac_set(c->field, &x, &c->tensor[tensor][i]);
    if (sign < 0) sn_frac_neg(c->field, &x, &x);
    sn_frac_print(c->field, &x, SN_EXPR_TEXT, &out);
    sn_frac_clear(c->field, &x);
    return sn_text_take(&out, t->text);
}

sn_status sn_curvature_text(sn_curvature *c, sn_curvature_tensor tensor, const int *index, char **text) {
    bool lost;
    return sn_flint_guard(component_as_text, &(component_text){c, tensor, index, text}, &lost);
}

double sn_curvature_value(sn_curvature *c, sn_curvature_tensor tensor, const int *index) {
    int sign;
    int64_t i = sn_curvature_find(c->n, tensor, index, &sign);
    if (c->n_values == 0) return (double)NAN;
    if (c->too_large[tensor])
        return sn_curvature_is_zero(c, tensor, index) ? 0 : sn_curvature_number(c->n, c->numbers, tensor, index);
    double x = sign ? sn_frac_evaluate(c->field, &c->tensor[tensor][i], c->values, c->n_values) : 0;
    return sign < 0 && x != 0 ? -x : x;
}

/* ---- What is too large to be written out ---- */

static bool any_too_large(const sn_curvature *c) {
    for (int t = 0; t < SN_CURVATURE_N_TENSORS; t++)
        if (c->too_large[t]) return true;
    return false;
}

static void look_for_zeros(sn_curvature *c, const sn_curvature_numbers *m) {
    for (int t = 0; t < SN_CURVATURE_N_TENSORS; t++) {
        sn_curvature_tensor tensor = (sn_curvature_tensor)t;
        int index[4] = {0}, sign;
        if (!c->too_large[t]) continue;
        do {
            int64_t i = sn_curvature_find(c->n, tensor, index, &sign);
            if (sign && !sn_curvature_number_is_noise(m, tensor, index)) c->vanishes[t][i] = false;
        } while (sn_curvature_next(c->n, tensor, index));
    }
}

sn_status sn_curvature_find_zeros(sn_curvature *c) {
    int tried = 0, singular = 0;
    if (!any_too_large(c)) return SN_OK;
    c->field->work = 0;
    c->field->doubt = "some tensors are too large to be written out";
    for (int t = 0; t < SN_CURVATURE_N_TENSORS; t++) {
        int64_t size = sn_curvature_size(c->n, (sn_curvature_tensor)t);
        if (!c->too_large[t]) continue;
        c->vanishes[t] = sn_alloc((size_t)size * sizeof(bool));
        if (!c->vanishes[t]) return sn_fail_memory("curvature");
        for (int64_t i = 0; i < size; i++) c->vanishes[t][i] = true;
    }
    for (uint64_t seed = 1; seed < 200 && tried < 3; seed++) {
        sn_field_values v;
        sn_curvature_numbers *m = NULL;
        bool real = sn_field_random_point(c->field, seed, &v);
        sn_status status = real ? sn_curvature_numbers_new(c, &v, &m) : SN_OK;
        bool singular_here = m && sn_curvature_number_is_singular(c->n, m);
        if (m && (singular_here || sn_curvature_number_is_real(c->n, m))) {
            singular += singular_here;
            look_for_zeros(c, m);
            tried++;
        }
        sn_free(m);
        sn_field_values_free(&v);
        if (status != SN_OK) return status;
    }
    if (tried && singular == tried)
        return sn_fail(SN_ERR_ARGUMENT, "--metric: the metric is singular: its determinant is 0 at random points");
    for (int t = 0; t < SN_CURVATURE_N_TENSORS && !tried; t++)
        for (int64_t i = 0; c->too_large[t] && i < sn_curvature_size(c->n, (sn_curvature_tensor)t); i++)
            c->vanishes[t][i] = false;
    return SN_OK;
}

/* ---- Points ---- */

typedef struct point {
    const sn_expr *names[SN_EXPR_MAX_NAMES], *unknowns[SN_EXPR_MAX_UNKNOWNS];
    sn_expr_scope constants; /* without names */
} point;

static sn_status unknown_target(const sn_curvature *c, const char *name, size_t n) {
    const char *known[SN_EXPR_MAX_NAMES];
    char word[SN_EXPR_MAX_WORD + 8];
    snprintf(word, sizeof word, "%.*s", (int)(n < SN_EXPR_MAX_WORD ? n : SN_EXPR_MAX_WORD), name);
    for (int i = 0; i < c->scope.n_names; i++) known[i] = c->scope.names[i];
    const char *near = sn_nearest(word, known, c->scope.n_names);
    return sn_fail(SN_ERR_NOT_FOUND, "--at: \"%s\" is neither a coordinate nor a parameter%s%s%s", word,
                   near ? ": did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

/* One NAME=VALUE or FUNCTION(...)=EXPRESSION. */
static sn_status read_item(sn_curvature *c, point *p, const char *item, size_t size) {
    const char *equals = memchr(item, '=', size);
    if (!equals) return sn_fail(SN_ERR_FORMAT, "--at: \"%.*s\" is no NAME=VALUE", (int)(size < 60 ? size : 60), item);
    size_t n = (size_t)(equals - item), rest = size - n - 1, stem;
    while (n && *item == ' ') item++, n--;
    while (n && item[n - 1] == ' ') n--;
    for (stem = 0; stem < n && item[stem] != '(';) stem++;
    int name = sn_expr_find_name(&c->scope, item, n);
    for (int i = 0; i < c->scope.n_unknowns && name < 0; i++) {
        if (strlen(c->scope.unknowns[i].name) != stem || memcmp(c->scope.unknowns[i].name, item, stem) != 0) continue;
        if (p->unknowns[i]) return sn_fail(SN_ERR_ARGUMENT, "--at: %s is given twice", c->scope.unknowns[i].name);
        return sn_expr_parse(&c->scope, "--at", equals + 1, rest, &p->unknowns[i]);
    }
    if (name < 0) return unknown_target(c, item, n);
    if (p->names[name]) return sn_fail(SN_ERR_ARGUMENT, "--at: %s is given twice", c->scope.names[name]);
    return sn_expr_parse(&p->constants, "--at", equals + 1, rest, &p->names[name]);
}

static sn_status read_point(sn_curvature *c, point *p, const char *text) {
    size_t size = strlen(text), from = 0;
    int depth = 0;
    for (size_t i = 0; i <= size; i++) {
        if (i < size && text[i] == '(') depth++;
        if (i < size && text[i] == ')') depth--;
        if (i < size && (text[i] != ',' || depth > 0)) continue;
        SN_TRY(read_item(c, p, text + from, i - from));
        from = i + 1;
    }
    return SN_OK;
}

/* The fractions may differ from what was typed by the sign of a root, where an assumption does not hold at the point.
 */
static sn_status check_entries(sn_curvature *c, const sn_field_point *p) {
    for (int64_t i = 0; i < sn_curvature_size(c->n, SN_CURVATURE_METRIC); i++) {
        double typed = sn_field_evaluate_tree(p, c->entries[i]);
        double exact = sn_frac_evaluate(c->field, &c->tensor[SN_CURVATURE_METRIC][i], c->values, c->n_values);
        if (isfinite(typed) && isfinite(exact) && fabs(typed - exact) <= 1e-9 * (fabs(typed) + fabs(exact)) + 1e-60)
            continue;
        if (isfinite(typed) && isfinite(exact))
            return sn_fail(SN_ERR_NUMERIC, "--at: %s, which does not hold at this point",
                           c->field->assumption ? c->field->assumption : "a root has another sign");
        return sn_fail(SN_ERR_NUMERIC, "--at: the metric is not finite and real at this point");
    }
    if (c->too_large[SN_CURVATURE_DETERMINANT]) return SN_OK;
    double det[3]; /* which may be far beyond what doubles hold */
    (void)sn_frac_evaluate_parts(c->field, c->tensor[SN_CURVATURE_DETERMINANT], &c->values[c->n_values - 1], det);
    if (isfinite(det[0]) && det[0] != 0) return SN_OK;
    return sn_fail(SN_ERR_NUMERIC, "--at: the metric is singular at this point (its determinant is %g)", det[0]);
}

static sn_status set_values(sn_curvature *c, const point *p) {
    static const mpfr_prec_t precision[] = {192, 512, 2048};
    const sn_field_point where = {p->names, p->unknowns, &c->scope};
    for (int i = 0; i < 3; i++) {
        sn_status status = sn_field_evaluate_gens(c->field, &where, precision[i], &c->values[i]);
        if (status != SN_OK) return sn_fail_in(status, "--at");
        c->n_values = i + 1;
    }
    SN_TRY(check_entries(c, &where));
    if (!any_too_large(c)) return SN_OK;
    SN_TRY(sn_curvature_numbers_new(c, &c->values[1], &c->numbers));
    if (sn_curvature_number_is_singular(c->n, c->numbers))
        return sn_fail(SN_ERR_NUMERIC, "--at: the metric is singular at this point");
    if (sn_curvature_number_is_real(c->n, c->numbers)) return SN_OK;
    return sn_fail(SN_ERR_NUMERIC, "--at: the metric's values are beyond range at this point");
}

static void drop_values(sn_curvature *c) {
    sn_free(c->numbers);
    c->numbers = NULL;
    for (int i = 0; i < c->n_values; i++) sn_field_values_free(&c->values[i]);
    c->n_values = 0;
}

sn_status sn_curvature_set_point(sn_curvature *c, const char *text) {
    point *p = sn_calloc(1, sizeof *p);
    if (!p) return sn_fail_memory("a point");
    drop_values(c);
    sn_status status = read_point(c, p, text);
    if (status == SN_OK) status = set_values(c, p);
    if (status == SN_OK && sn_field_failed(c->field)) status = c->field->status;
    if (status != SN_OK) drop_values(c);
    sn_expr_scope_free(&p->constants);
    sn_free(p);
    return status;
}

#else

int sn_curvature_dimension(const sn_curvature *c) { return c ? 0 : 0; }
const char *sn_curvature_coordinate(const sn_curvature *c, int index) { return (void)c, (void)index, ""; }
const char *sn_curvature_doubt(const sn_curvature *c) { return (void)c, NULL; }
const char *sn_curvature_assumption(const sn_curvature *c) { return (void)c, NULL; }
bool sn_curvature_is_zero(const sn_curvature *c, sn_curvature_tensor tensor, const int *index) {
    return (void)c, (void)tensor, (void)index, false;
}
bool sn_curvature_vanishes(const sn_curvature *c, sn_curvature_tensor tensor) { return (void)c, (void)tensor, false; }
bool sn_curvature_is_too_large(const sn_curvature *c, sn_curvature_tensor tensor) {
    return (void)c, (void)tensor, false;
}
double sn_curvature_value(sn_curvature *c, sn_curvature_tensor tensor, const int *index) {
    return (void)c, (void)tensor, (void)index, (double)NAN;
}
sn_status sn_curvature_text(sn_curvature *c, sn_curvature_tensor tensor, const int *index, char **text) {
    return (void)c, (void)tensor, (void)index, (void)text, sn_fail(SN_ERR_UNSUPPORTED, "this build has no FLINT");
}
sn_status sn_curvature_set_point(sn_curvature *c, const char *text) {
    return (void)c, (void)text, sn_fail(SN_ERR_UNSUPPORTED, "this build has no FLINT");
}

#endif
